"""Capstone: take over a broken account.

An account with ten faults, each found by one of the tools, repaired one by one and graded part by part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sesreceive.account.account import Account
from sesreceive.account.filters import ReceiptFilter
from sesreceive.actions import StopAction
from sesreceive.analysis.compare import equivalent
from sesreceive.analysis.intents import Does, NumberIs, VerdictIs, must, must_never
from sesreceive.analysis.proof import Proof
from sesreceive.effects import PutObject
from sesreceive.gallery.pieces import store, topic_arn
from sesreceive.lessons import takeover
from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.exercise import Exercise, Mistake
from sesreceive.lessons.parts import Part, PartsGoal
from sesreceive.lessons.takeover import ACCOUNT, with_rule

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK = "23-capstone.ipynb"

_SPAM = VerdictIs("spam", "FAIL")
_ANSWERS = {"drop-spam": {"STOP_RULE_SET": _SPAM}}


def repaired(*names: str) -> Account:
    """The account with these of the repairs."""
    account = ACCOUNT
    for name in names:
        account = _REPAIRS[name](account)
    return account


def _without_stop(account: Account, *names: str) -> Account:
    """The account without the Stop actions of these rules of the active set; of all rules where none is named."""
    active = account.active_rule_set
    for rule in active.rules if active is not None else ():
        if not names or rule.name in names:
            actions = tuple(action for action in rule.actions if not isinstance(action, StopAction))
            account = with_rule(account, rule.name, actions=actions)
    return account


_REPAIRS: dict[str, Callable[[Account], Account]] = {
    "doors": lambda account: account.with_filter(ReceiptFilter.block("::/0", name="nobody-else-v6")),
    "large-orders": lambda account: with_rule(account, "orders", actions=(store("orders/", topic="warehouse"),)),
    "invoices": lambda account: _without_stop(account, "everybody"),
    "co-recipients": lambda account: _without_stop(account, "board"),
    "vault": lambda account: with_rule(account, "billing", tls_policy="Require"),
    "subdomains": lambda account: with_rule(account, "everybody", recipients=("example.com", ".example.com")),
    "shop": lambda account: with_rule(account, "shop", actions=(store("incoming/", bucket="shop-mail"),)),
    "abuse": lambda account: with_rule(account, "abuse", enabled=True),
    "spam": lambda account: with_rule(account, "drop-spam", scan_enabled=True),
    "support": lambda account: with_rule(account, "support", recipients=("support@example.com",)),
}


def _always(account: Account, outcome: Does, recipients: Any, **options: Any) -> Proof:
    """Whether mail that is no spam comes to an outcome."""
    return must(account, outcome, recipients=recipients, unless=_SPAM, functions=_ANSWERS, **options)


def _by_itself(account: Account, outcome: Does, recipients: Any, **options: Any) -> Proof:
    """The same without any Stop action: whom a Stop takes mail from is asked in other parts."""
    return _always(_without_stop(account), outcome, recipients, **options)


def _topic(name: str) -> Does:
    return Does("Publish", topic_arn(name))


def _first(*proofs: Callable[[], Proof]) -> Proof:
    """The first that does not hold, or the last."""
    for prove in proofs:
        proof = prove()
        if not proof:
            break
    return proof


def _doors(account: Account) -> Proof:
    goal = repaired("doors")
    return equivalent(goal.replace(filters=account.filters), goal)


def _large_orders(account: Account) -> Proof:
    large = NumberIs("GREATER_THAN", 1_000_000)
    return _first(
        lambda: _by_itself(account, Does("PutObject", "inbox", "orders/"), "orders@example.com", size=large),
        lambda: _by_itself(account, _topic("warehouse"), "orders@example.com", size=large),
    )


def _invoices(account: Account) -> bool:
    return _stores(account, ("invoices@example.com",), "ledger/invoices/") and _stores(
        account, ("ana@example.com", "shop@example.net"), "inbox/mail/", "shop-mail/"
    )


def _co_recipients(account: Account) -> Proof:
    return _first(
        lambda: _always(account, Does("PutObject", "inbox", "board/"), "chair@example.com"),
        lambda: _always(account, Does("PutObject", "inbox", "mail/"), "example.com"),
    )


def _vault(account: Account) -> Proof:
    return _first(
        lambda: must_never(account, Does("PutObject", "vault"), tls=False),
        lambda: _by_itself(account, Does("PutObject", "vault", "billing/"), "billing@example.com", tls=True),
    )


def _stores(account: Account, to: tuple[str, ...], *places: str) -> bool:
    """Whether a mail to these recipients lies in each of these places, `bucket/prefix`."""
    # What is asked for counts here; whether the policies allow it is another part.
    asked_for = [done.effect for done in takeover.receive(account, "a mail", to).performed]
    keys = [f"{one.bucket}/{one.key}" for one in asked_for if isinstance(one, PutObject)]
    return all(any(key.startswith(place) for key in keys) for place in places)


def _spam(account: Account) -> bool:
    mails = (("ana@example.com",), ("shop@example.net",), ("orders@example.com", "abuse@example.com"))
    kept = [takeover.receive(account, "win a prize", to, spam=True) for to in mails]
    return not any(isinstance(effect, PutObject) for one in kept for effect in one.effects)


PARTS = (
    Part(
        name="doors",
        task="Mail comes through the two relays, and from nowhere else.",
        holds=_doors,
        hint="ask `ses.lint(account)`: there is more than one kind of address.",
    ),
    Part(
        name="large-orders",
        task="An order of any size lies under `orders/`, and the topic `warehouse` is told.",
        holds=_large_orders,
        hint="ask `ses.lint(account)` what a topic takes.",
    ),
    Part(
        name="invoices",
        task="Mail to invoices@example.com lies in the bucket `ledger` under `invoices/`; a mail to Ana and to the "
        "shop lies with both.",
        holds=_invoices,
        hint="ask `ses.unreachable(account)` which rule no mail reaches.",
    ),
    Part(
        name="co-recipients",
        task="Mail to an address in example.com lies under `mail/`, that of the chair under `board/` too, whoever "
        "else it is to.",
        holds=_co_recipients,
        hint="ask `ses.interference(account)` who takes mail away from whom.",
    ),
    Part(
        name="vault",
        task="Mail to billing@example.com lies in the bucket `vault`, and nothing that came in clear text ever does.",
        holds=_vault,
        hint="ask `ses.must_never` with `tls=False`.",
    ),
    Part(
        name="subdomains",
        task="Mail to the subdomains of example.com lies under `mail/`, too.",
        holds=lambda account: _by_itself(account, Does("PutObject", "inbox", "mail/"), ".example.com"),
        hint="ask `ses.must` for an address in a subdomain, and look at the conditions.",
    ),
    Part(
        name="shop",
        task="Mail to the shop, example.net, lies in the bucket `shop-mail`, whose policy is another team's.",
        holds=lambda account: (
            not takeover.PERMISSIONS.refusals(account)
            and bool(_by_itself(account, Does("PutObject", "shop-mail"), "shop@example.net", tls=True))
        ),
        hint="ask `PERMISSIONS.refusals(account)` what the policy lets SES write, and where.",
    ),
    Part(
        name="abuse",
        task="The topic `security` is told of mail to abuse@example.com.",
        holds=lambda account: _by_itself(account, _topic("security"), "abuse@example.com"),
        hint="ask `ses.drift(TEMPLATE, account)` what somebody changed by hand.",
    ),
    Part(
        name="spam",
        task="Spam is stored nowhere.",
        holds=_spam,
        hint="ask `ses.differences` what would become of the mail of last month now.",
    ),
    Part(
        name="support",
        task="The topic `support` is told of mail to support@example.com.",
        holds=lambda account: _by_itself(account, _topic("support"), "support@example.com"),
        hint="ask `ses.coverage` which condition no mail of last month met.",
    ),
)

_ALL = tuple(_REPAIRS)

EXERCISES = (
    Exercise(
        name="repair",
        task="You take over the mail of a company. Somebody has left, and there are ten faults in the account. Each "
        "of ten wishes is broken by one of them. Repair the account; the policies, functions and topics stay as they "
        "are.",
        start=ACCOUNT,
        goal=PartsGoal(account=repaired(*_ALL), base=ACCOUNT, parts=PARTS),
        mistakes=(
            Mistake(
                ACCOUNT, "begin with `ses.lint(account)`: it knows of two of the ten, and of more that is no fault."
            ),
            Mistake(
                repaired(*(name for name in _ALL if name != "subdomains")),
                "a domain takes nothing below itself.",
            ),
            Mistake(
                repaired(*(name for name in _ALL if name != "shop")),
                "a key begins with its prefix, letter by letter.",
            ),
            Mistake(
                repaired(*(name for name in _ALL if name != "co-recipients")),
                "a Stop ends the rules for everybody that the mail is to.",
            ),
        ),
        fact="Each fault is of a kind that mail shows late or never, and that a question shows at once",
        source='Developer Guide, "Email receiving concepts"',
    ),
    Exercise(
        name="silent",
        task="The policy of a bucket does not let SES write. Mail for its rule comes in for a year. Who is told?",
        goal=ChoiceGoal(
            "nobody: the senders read `250`, and a metric of CloudWatch counts what was given up",
            {
                "the senders, in the dialogue": "SES answers at the end of the data and acts later.",
                "the senders, by a bounce": "a bounce comes from a Bounce action, or for a size; not for a failure.",
                "the team that has the bucket, by S3": "S3 refuses a write and tells nobody but the one who asked.",
            },
        ),
        fact="A failing action is tried again for 36 hours and then given up; the metric is `PublishExpired`",
        source='Developer Guide, "Viewing metrics"',
    ),
    Exercise(
        name="never-met",
        task="A rule waits for `suport@example.com`, a slip of the pen. Which question finds it?",
        goal=ChoiceGoal(
            "`ses.coverage`, of the mail of last month",
            {
                "`ses.unreachable`": "a mail to this address would fire the rule, so it is not dead.",
                "`account.problems()`": "SES takes it: it is an address like any other.",
                "`ses.interference`": "that is about two recipients of one mail.",
            },
        ),
        fact="What could happen is proved; what never happens only real mail shows",
        source="SES API ReceiptRule.Recipients",
    ),
)
