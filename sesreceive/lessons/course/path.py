"""A mail arrives: the path.

A client connects, names recipients, sends the message. Filters, rules and actions are asked in this order, and each
refusal has its moment.
"""

from __future__ import annotations

from sesreceive.account.filters import ReceiptFilter
from sesreceive.gallery.pieces import STOP, account, bounce, rule, store
from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.equivalence import RulesGoal
from sesreceive.lessons.exercise import Exercise, Mistake
from sesreceive.lessons.known_value import ValueGoal
from sesreceive.lessons.played_mail import received

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK = "01-first-steps.ipynb"

ANA_ALONE = account(rule("ana", store("ana/"), to=("ana@example.com",)))
THREE = account(
    rule("billing", store("billing/"), to=("billing@example.com",)),
    rule("support", store("support/"), STOP, to=(".example.com",)),
    rule("rest", bounce("mailbox-does-not-exist"), to=("example.com",)),
)
SWITCHED_OFF = rule("billing", store("billing/"), to=("billing@example.com",)).replace(enabled=False)

EXERCISES = (
    Exercise(
        name="first-rule",
        task="Mail to billing@example.com is to be stored in the bucket `inbox` under `billing/`. Nothing else is "
        "taken. Write the rule.",
        start=account(),
        goal=RulesGoal(account(rule("billing", store("billing/"), to=("billing@example.com",)))),
        also=(
            rule("another name", store("billing/"), STOP, to=("BILLING@example.com",)).replace(name="another-name"),
            account(rule("billing", store("billing/"), to=("billing@example.com",)), SWITCHED_OFF.replace(name="off")),
        ),
        mistakes=(
            Mistake(
                account(SWITCHED_OFF), "nothing is received. Is the rule enabled? The API creates rules switched off."
            ),
            Mistake(
                rule("billing", store("billing/"), to=("example.com",)),
                "look at the other addresses of the domain: a domain as a condition takes all of them.",
            ),
            Mistake(
                rule("billing", store("billing/")),
                "a rule without conditions is for every recipient of every verified domain.",
            ),
            Mistake(
                rule("billing", store(""), to=("billing@example.com",)), "where does the object lie in the bucket?"
            ),
        ),
        fact="A rule is for the recipients that its conditions name, and does nothing until it is enabled",
        source='Developer Guide, "Creating receipt rules"',
    ),
    Exercise(
        name="no-rule",
        task="The account takes mail for ana@example.com alone. A client names bo@example.com as recipient. With "
        "which code is it answered?",
        start=ANA_ALONE,
        goal=ValueGoal("number", lambda: received(ANA_ALONE, "bo@example.com").replies[0].code),
        mistakes=(
            Mistake(250, "look at the conditions: which of them takes bo@example.com?"),
            Mistake(421, "this closes a connection that is too busy; here nothing is busy."),
            Mistake(451, "a code that begins with 4 asks the sender to try again. Would it help to wait?"),
        ),
        fact="A recipient that no enabled rule takes is refused in the dialogue, and no bounce is written",
        tag="observed",
        source="public transcripts",
    ),
    Exercise(
        name="which-rules",
        task="A mail arrives for billing@example.com. Which rules fire, in order?",
        start=THREE,
        goal=ValueGoal("names in order", lambda: received(THREE, "billing@example.com").rules),
        mistakes=(
            Mistake(("billing",), "SES does not end at the first rule that matches. What ends it?"),
            Mistake(
                ("billing", "support", "rest"), "`.example.com` has a dot in front. Is billing@example.com below it?"
            ),
            Mistake(("rest", "billing"), "these are the right rules; in which order are rules asked?"),
        ),
        fact="Every enabled rule that matches runs, in the order of the rule set, until something stops it",
        source='Developer Guide, "Email receiving concepts"',
    ),
    Exercise(
        name="first-no",
        task="A filter blocks the client's network. The client names a recipient that no rule takes, either. What "
        "does it read first?",
        start=ANA_ALONE.with_filter(ReceiptFilter.block("203.0.113.0/24", name="bad")),
        goal=ChoiceGoal(
            "`550 5.7.1`: its IP address is refused",
            {
                "`550 5.1.1`: the mailbox is unavailable": "the recipient is wrong, too, but filters come before "
                "recipients.",
                "nothing: the connection is closed before any answer": "SES greets it and says no at RCPT TO, for "
                "every recipient.",
                "`250`, and the mail is dropped later": "a filter is asked while the client is connected, and it "
                "hears of it.",
            },
        ),
        fact="Filters are asked before recipients; the refusal is said at RCPT TO",
        tag="observed",
        source="public transcripts",
    ),
    Exercise(
        name="nothing-active",
        task="An account has a verified domain and a rule set with good rules, but no rule set is active. What "
        "becomes of its mail?",
        start=ANA_ALONE.activate(None),
        goal=ChoiceGoal(
            "every recipient is refused with `550`",
            {
                "the only rule set is used": "no rule set is used until it is made active, however many there are.",
                "mail is taken and nothing is done with it": "no recipient is taken that no enabled rule is for.",
                "SES waits and delivers it when a rule set is active": "the sender gets its answer at once, and SES "
                "keeps nothing for later.",
            },
        ),
        fact="Without an active rule set nothing is received",
        tag="observed",
        source="public reports of users",
    ),
)
