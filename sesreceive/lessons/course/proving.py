"""Proving a rule set.

A test shows one mail. A proof is about all mail, and where it fails it shows the smallest mail that breaks the claim.
"""

from __future__ import annotations

from sesreceive.account.account import Account
from sesreceive.account.rule_set import ReceiptRule
from sesreceive.analysis.intents import must, must_never
from sesreceive.analysis.unreachable import unreachable
from sesreceive.analysis.wanted_effect import Does
from sesreceive.gallery.pieces import STOP, account, bounce, rule, store
from sesreceive.lessons.differing_mail import DifferingMailGoal
from sesreceive.lessons.exercise import Exercise, Mistake
from sesreceive.lessons.known_value import ValueGoal
from sesreceive.lessons.parts import Part, PartsGoal
from sesreceive.lessons.played_mail import ENVELOPE

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK = "07-proving-a-rule-set.ipynb"

STORED = Does("PutObject", "inbox")
abuse = rule("abuse", store("abuse/"), to=("abuse@example.com",))
billing = rule("billing", store("billing/"), STOP, to=("billing@example.com",))
support = rule("support", store("support/"), STOP, to=("support@example.com",))
rest = rule("rest", store("rest/"), STOP, to=("example.com",))
DEAD = account(abuse, rest, billing, rule("europe", store("eu/"), to=(".example.com",)))
TWO_STOPS = account(billing, support)
SWAPPED = account(support, billing)
LOOSE = account(
    rule("closed", bounce("mailbox-does-not-exist"), STOP, to=("old@example.com",)),
    rule("office", store("office/"), STOP, to=("example.com",)),
    abuse,
)


def _strict(*rules: ReceiptRule) -> Account:
    return account(*(one.replace(tls_policy="Require") for one in rules))


office = rule("office", store("office/"), to=("example.com",))
SAFE = _strict(abuse, office)

EXERCISES = (
    Exercise(
        name="dead",
        task="Which rule of this account runs for no mail at all?",
        start=DEAD,
        goal=ValueGoal("names", lambda: [one.name for one in unreachable(DEAD).dead if one.kind == "rule"]),
        mistakes=(
            Mistake("europe", "its recipients are in subdomains; is one of the rules in front for these?"),
            Mistake("abuse", "it stands first."),
            Mistake(("billing", "europe"), "only one of the two is dead."),
        ),
        fact="A rule is dead where a rule in front stops the rule set for all of its recipients",
        source='Developer Guide, "Stop rule set action"',
    ),
    Exercise(
        name="show-it",
        task="Two accounts have the same two rules, each with a Stop, in another order. Give an `Envelope` of a mail "
        "that they treat differently.",
        start=TWO_STOPS,
        goal=DifferingMailGoal(before=TWO_STOPS, after=SWAPPED),
        mistakes=(
            Mistake(ENVELOPE.to("billing@example.com"), "one recipient meets one rule. What if both rules match?"),
            Mistake(ENVELOPE.to("support@example.com"), "both accounts have a rule for it, and nothing else matches."),
            Mistake(ENVELOPE.to("ana@example.com"), "it is refused by both."),
        ),
        also=(ENVELOPE.to("support@example.com", "ana@example.com", "BILLING@example.com"),),
        fact="Two accounts may agree on every recipient alone, and not on a mail to two of them",
        source='Developer Guide, "Email receiving concepts"',
    ),
    Exercise(
        name="three-claims",
        task="Repair the account, so that three claims hold for all mail: nothing is stored that came in clear text; "
        "every mail over TLS to abuse@example.com is stored; no bounce is ever sent. Each claim is graded alone.",
        start=LOOSE,
        goal=PartsGoal(
            account=SAFE,
            parts=(
                Part(
                    name="tls",
                    task="nothing is stored that came in clear text",
                    holds=lambda one: must_never(one, STORED, tls=False),
                    hint="every rule has a policy of its own",
                ),
                Part(
                    name="abuse",
                    task="every mail over TLS to abuse@example.com is stored",
                    holds=lambda one: must(one, STORED, recipients="abuse@example.com", tls=True),
                    hint="look at the mail that shows it: to whom else is it?",
                ),
                Part(
                    name="no-bounce",
                    task="no bounce is ever sent",
                    holds=lambda one: must_never(one, Does("SendBounce")),
                    hint="what is refused in the dialogue needs no bounce",
                ),
            ),
        ),
        mistakes=(
            Mistake(LOOSE, "begin with one claim: which rule breaks it?"),
            Mistake(_strict(*LOOSE.rule_sets[0].rules), "one claim holds now. Which rule sends letters?"),
            Mistake(account(abuse, office), "no letters any more. And the mail in clear text?"),
        ),
        fact="`ses.must` and `ses.must_never` prove such claims, and their witness is the mail to look at",
        source="the documentation of this library",
    ),
)
