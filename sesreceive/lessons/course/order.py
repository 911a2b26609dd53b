"""Order, Stop, and mail delivered twice.

Every rule that matches runs, until something stops the rule set: then it is over for the whole mail.
"""

from __future__ import annotations

from sesreceive.gallery.pieces import STOP, account, bounce, rule, store
from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.equivalence import RulesGoal
from sesreceive.lessons.exercise import Exercise, Mistake
from sesreceive.lessons.known_value import ValueGoal
from sesreceive.lessons.played_mail import folders

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK = "08-order-and-stop.ipynb"

BILLING, SUPPORT = ("billing@example.com",), ("support@example.com",)
company = rule("company", store("company/"), to=("example.com",))
billing = rule("billing", store("billing/"), to=BILLING)
billing_alone = rule("billing", store("billing/"), STOP, to=BILLING)
TWICE = account(billing, company)
STOPPED = account(billing_alone, company)
left = rule("left", bounce("mailbox-does-not-exist"), to=("bo@example.com",))
left_alone = rule("left", bounce("mailbox-does-not-exist"), STOP, to=("bo@example.com",))


EXERCISES = (
    Exercise(
        name="stop",
        task="Mail with billing@example.com among its recipients lies in `billing/` and in no other folder; all "
        "other mail to example.com lies in `company/`. Both are prefixes in the bucket `inbox`. Repair the account.",
        start=TWICE,
        goal=RulesGoal(STOPPED),
        also=(account(billing, rule("stop", STOP, to=BILLING), company),),
        mistakes=(
            Mistake(TWICE, "mail to billing lies in two folders: what ends the rules?"),
            Mistake(account(company, billing_alone), "a Stop ends what stands behind it; what stands in front?"),
            Mistake(
                account(rule("company", store("company/"), STOP, to=("example.com",)), billing_alone),
                "is there any mail that reaches the second rule?",
            ),
            Mistake(account(billing_alone), "and the other mail?"),
        ),
        fact="A Stop ends the rule set for the mail, so the more specific rule goes first",
        source='Developer Guide, "Stop rule set action"',
    ),
    Exercise(
        name="bounce",
        task="Bo has left. Her mail meets two rules: the first bounces it, the second stores all mail of the "
        "company. There is no Stop. What becomes of a mail to Bo?",
        start=account(left, company),
        goal=ChoiceGoal(
            "it is bounced, and stored",
            {
                "it is bounced": "a Bounce stops nothing: the second rule matches, too.",
                "it is stored": "the first rule matches, and its action runs.",
                "it is refused in the dialogue": "a rule takes her address, so the client reads `250`; the bounce is "
                "a mail that SES writes later.",
            },
        ),
        fact="A Bounce is no Stop: the guide's own example has a Stop behind it",
        source='Developer Guide, "Bounce action"',
    ),
    Exercise(
        name="bounce-one",
        task="The wish of many: mail to bo@example.com is bounced with the template `mailbox-does-not-exist` from "
        "postmaster@example.com, and not stored; everything else to example.com lies in `company/`.",
        start=account(left, company),
        goal=RulesGoal(account(left_alone, company)),
        also=(account(left, rule("end", STOP, to=("bo@example.com",)), company),),
        mistakes=(
            Mistake(account(left, company), "the mail is bounced, and then?"),
            Mistake(account(left_alone), "and the mail of everybody else?"),
            Mistake(account(rule("left", STOP, to=("bo@example.com",)), company), "does Ana learn that Bo has left?"),
            Mistake(
                account(rule("left", bounce("mailbox-does-not-exist"), STOP, to=("example.com",)), company),
                "whose mail is bounced now?",
            ),
        ),
        fact="A Bounce needs a Stop behind it, or the rules that follow have the mail as well",
        source='Developer Guide, "Bounce action"',
    ),
    Exercise(
        name="two-recipients",
        task="The account has a Stop in its first rule. One mail goes to billing@example.com and "
        "support@example.com. In which folders does it lie?",
        start=STOPPED,
        goal=ValueGoal("names in order", lambda: folders(STOPPED, *BILLING, *SUPPORT)),
        mistakes=(
            Mistake(
                ("billing", "company"),
                "rules run once for a mail, not once for each recipient. What does the Stop end?",
            ),
            Mistake(("company",), "which rule is asked first?"),
            Mistake(("billing", "billing"), "how often does a rule run for one mail?"),
        ),
        fact="A Stop ends the rules for the mail with all of its recipients",
        source='Developer Guide, "Email receiving concepts"',
    ),
    Exercise(
        name="both-buckets",
        task="Mail to billing@example.com lies in the bucket `billing`, mail to support@example.com in the bucket "
        "`support`, and a mail to both in both. Nothing else is taken.",
        start=account(
            rule("billing", store(bucket="billing"), STOP, to=BILLING),
            rule("support", store(bucket="support"), STOP, to=SUPPORT),
        ),
        goal=RulesGoal(
            account(
                rule("billing", store(bucket="billing"), to=BILLING),
                rule("support", store(bucket="support"), to=SUPPORT),
            )
        ),
        also=(
            account(
                rule("support", store(bucket="support"), to=SUPPORT),
                rule("billing", store(bucket="billing"), to=BILLING),
            ),
            account(
                rule("support", store(bucket="support"), to=SUPPORT),
                rule("billing", store(bucket="billing"), STOP, to=BILLING),
            ),
        ),
        mistakes=(
            Mistake(
                account(
                    rule("billing", store(bucket="billing"), STOP, to=BILLING),
                    rule("support", store(bucket="support"), to=SUPPORT),
                ),
                "look at the mail to both: does it reach the second rule?",
            ),
            Mistake(
                rule("all", store(bucket="billing"), store(bucket="support"), to=(*BILLING, *SUPPORT)),
                "a rule with two conditions does all of its actions for either.",
            ),
            Mistake(
                account(
                    rule("billing", store(bucket="billing"), to=BILLING),
                    rule("support", store(bucket="support"), to=("example.com",)),
                ),
                "a domain takes more than one mailbox.",
            ),
        ),
        fact="Rules for different recipients need no Stop, and a Stop takes mail away from the other recipients",
        source='Developer Guide, "Email receiving concepts"',
    ),
)
