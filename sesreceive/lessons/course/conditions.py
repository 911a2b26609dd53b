"""Conditions, labels and subdomains.

A condition is an address, an address with a label, a domain, or a dot and a domain.
"""

from __future__ import annotations

from sesreceive.account.account import Account
from sesreceive.gallery.pieces import account, rule, store
from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.equivalence import RulesGoal
from sesreceive.lessons.exercise import Exercise, Mistake
from sesreceive.lessons.known_value import ValueGoal
from sesreceive.lessons.played_mail import received

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK = "10-conditions.ipynb"
TWO = ("example.com", "example.net")


def _for(*conditions: str) -> Account:
    return account(rule("rule", store("mail/"), to=conditions), domains=TWO)


def _taken(configured: Account, *addresses: str) -> list[str]:
    return [one.recipient for one in received(configured, *addresses).recipients if one.accepted]


SUBDOMAINS = account(rule("rule", store("mail/"), to=(".example.com",)))
ADDRESSES = (
    "ana@example.com",
    "ana@eu.example.com",
    "ana@a.eu.example.com",
    "ana@badexample.com",
    "ANA+shop@EU.EXAMPLE.COM",
)

EXERCISES = (
    Exercise(
        name="domain-and-below",
        task="One rule stores mail under `mail/` in the bucket `inbox`: all mail to example.com and to its "
        "subdomains, and none to example.net, which is verified, too. Give the rule.",
        start=account(domains=TWO),
        goal=RulesGoal(_for("example.com", ".example.com")),
        also=(_for(".EXAMPLE.com", "example.com", "ana@example.com"),),
        mistakes=(
            Mistake(_for("example.com"), "a domain takes nothing below itself."),
            Mistake(_for(".example.com"), "a dot and a domain takes what is below, and not the domain itself."),
            Mistake(_for(), "no condition means every verified domain."),
            Mistake(_for("example.com", "eu.example.com"), "there may be more subdomains than one."),
        ),
        fact="`example.com` takes the addresses in the domain, `.example.com` those in its subdomains",
        source='Developer Guide, "Creating receipt rules"',
    ),
    Exercise(
        name="one-label",
        task="Store only what Ana's web shop writes to: the address ana+shop@example.com. Her other mail is not "
        "taken here.",
        start=account(domains=TWO),
        goal=RulesGoal(_for("ana+shop@example.com")),
        also=(_for("Ana+Shop@Example.com"),),
        mistakes=(
            Mistake(_for("ana@example.com"), "an address without a label takes every label."),
            Mistake(_for("shop@example.com"), "this is another mailbox: the label stands behind a `+`."),
            Mistake(_for("example.com"), "look at the addresses of the others."),
        ),
        fact="An address takes all of its labels; an address with a label takes that one alone",
        source='Developer Guide, "Creating receipt rules"',
    ),
    Exercise(
        name="below",
        task=f"A rule has the condition `.example.com`. To which of these is mail taken: {', '.join(ADDRESSES)}?",
        start=SUBDOMAINS,
        goal=ValueGoal("names", lambda: _taken(SUBDOMAINS, *ADDRESSES)),
        mistakes=(
            Mistake(
                ("ana@example.com", "ana@eu.example.com", "ana@a.eu.example.com", "ana+shop@eu.example.com"),
                "is example.com below itself?",
            ),
            Mistake(("ana@eu.example.com", "ana+shop@eu.example.com"), "how deep does it go?"),
            Mistake(("ana@eu.example.com", "ana@a.eu.example.com"), "do letter case and labels count for a domain?"),
        ),
        fact="A dot and a domain takes subdomains at any depth; letter case never counts",
        source='Developer Guide, "Creating receipt rules"',
    ),
    Exercise(
        name="everybody-but",
        task="All mail to example.com is to be stored, but nothing to ana@example.com. Can conditions alone say so?",
        goal=ChoiceGoal(
            "no: a condition cannot say `not`; an earlier rule for Ana with a Stop does it",
            {
                "yes: `!ana@example.com`": "there is no sign for `not` in a condition.",
                "yes: put ana@example.com behind example.com in the list": "conditions of a rule have no order: one "
                "of them is enough.",
                "yes: make a rule for Ana without actions in front": "a rule without actions and without a Stop "
                "changes nothing for the next.",
            },
        ),
        fact="Conditions of a rule are joined by `or`; there is no `not`",
        source='Developer Guide, "Creating receipt rules"',
    ),
)
