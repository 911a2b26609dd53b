"""Bounces and backscatter.

A refusal in the dialogue harms nobody. A bounce is a letter to whoever the mail says it is from.
"""

from __future__ import annotations

from sesreceive.gallery.pieces import STOP, account, bounce, rule, start, store, wait_for
from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.equivalence import RulesGoal
from sesreceive.lessons.exercise import Exercise, Mistake

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK = "11-bounces.ipynb"

BO = ("bo@example.com",)
NO_MAILBOX = bounce("mailbox-does-not-exist")
ana = rule("ana", store("ana/"), to=("ana@example.com",))
LEFT = account(rule("left", NO_MAILBOX, STOP, to=BO), ana)
GATE = wait_for("only-true-senders")
EXERCISES = (
    Exercise(
        name="no-letter",
        task="Bo has left. Repair the account: who writes to Bo hears at once that the mailbox is not there, and "
        "nobody ever gets a letter about it. Mail to Ana stays as it is.",
        start=LEFT,
        goal=RulesGoal(account(ana)),
        also=(account(rule("left", NO_MAILBOX, STOP, to=BO).replace(enabled=False), ana),),
        mistakes=(
            Mistake(LEFT, "the client reads `250`, and SES writes a letter. When does it read `550`?"),
            Mistake(account(rule("left", STOP, to=BO), ana), "the mail is taken, and nobody is told anything."),
            Mistake(account(rule("ana", store("ana/"))), "a rule without conditions takes mail to everybody."),
        ),
        fact="What no rule takes is refused in the dialogue, and its own server tells the sender",
        tag="observed",
        source="public transcripts",
    ),
    Exercise(
        name="gate-first",
        task="Bo has left. Her mail is to be bounced (template `mailbox-does-not-exist`, from "
        "postmaster@example.com), but only where the function `only-true-senders` answers CONTINUE; with any other "
        "answer nobody is written to. All mail to Ana is stored, also a mail to both of them, whatever the function "
        "answers.",
        start=account(rule("left", NO_MAILBOX, to=BO), ana),
        goal=RulesGoal(account(ana, rule("left", GATE, NO_MAILBOX, to=BO))),
        also=(account(ana, rule("left", GATE, NO_MAILBOX, STOP, to=BO)),),
        mistakes=(
            Mistake(account(rule("left", NO_MAILBOX, to=BO), ana), "who is asked before the letter goes out?"),
            Mistake(
                account(ana, rule("left", NO_MAILBOX, GATE, to=BO)),
                "the letter is written before the function is asked.",
            ),
            Mistake(
                account(ana, rule("left", start("only-true-senders"), NO_MAILBOX, to=BO)),
                "does SES wait for this function?",
            ),
            Mistake(
                account(rule("left", GATE, NO_MAILBOX, to=BO), ana),
                "look at the mail to both, where the function ends the whole rule set.",
            ),
            Mistake(
                account(ana, rule("gate", GATE, to=BO), rule("left", NO_MAILBOX, to=BO)),
                "STOP_RULE ends one rule. Is the letter in it?",
            ),
        ),
        fact="A bounce stands behind its gate in the same rule, and what must not depend on the gate stands in front",
        source='Developer Guide, "Lambda function action"',
    ),
    Exercise(
        name="backscatter",
        task="A program at a strange address sends a thousand mails in Ana's name to an address that you bounce. Who "
        "gets a thousand letters?",
        goal=ChoiceGoal(
            "Ana",
            {
                "the program": "a letter goes to an address, not to the host that connected.",
                "nobody: SPF fails": "SES knows that SPF failed, and the Bounce action does not ask.",
                "your postmaster": "this is who signs the letters.",
            },
        ),
        fact="Bounces to people who wrote nothing are backscatter, and lists of bad senders know those who send it",
        source='Developer Guide, "Bounce action"',
    ),
)
