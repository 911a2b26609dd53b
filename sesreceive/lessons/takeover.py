"""What the capstone takes over: an account with ten faults, and what lies beside it on the desk.

The wishes of the company are the parts of the exercise ``capstone/repair``. All names are reserved for documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from zlib import crc32

from sesreceive.account.account import Account
from sesreceive.account.filters import ReceiptFilter
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet
from sesreceive.backends.memory import MemoryBackend
from sesreceive.gallery.pieces import STOP, publish, rule, store, wait_for
from sesreceive.lab.compose import Draft
from sesreceive.mail.envelope import Envelope
from sesreceive.permissions import Permissions, Policy, Target
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.report import Report
from sesreceive.scan.markers import GTUBE

__all__ = ["ACCOUNT", "HANDLERS", "PERMISSIONS", "TEMPLATE", "ZONE", "last_month", "receive", "with_rule"]

# The two relays that all mail comes through, and the host of the first that sends the mail of last month.
RELAY, RELAY_V6 = "198.51.100.0/24", "2001:db8:25::/48"
_CLIENT = "198.51.100.7"


def _account(*rules: ReceiptRule) -> Account:
    return Account(
        identities=("example.com", "example.net"),
        filters=(
            ReceiptFilter.allow(RELAY, name="relay"),
            ReceiptFilter.allow(RELAY_V6, name="relay-v6"),
            ReceiptFilter.block("0.0.0.0/0", name="nobody-else"),
        ),
        rule_sets=(ReceiptRuleSet(name="main", rules=rules),),
        active="main",
    )


def drop_spam(event: dict[str, Any], context: object) -> dict[str, str]:
    """End everything for spam."""
    spam = event["Records"][0]["ses"]["receipt"]["spamVerdict"]["status"]
    return {"disposition": "STOP_RULE_SET" if spam == "FAIL" else "CONTINUE"}


HANDLERS: Mapping[str, Callable[..., Any]] = {"drop-spam": drop_spam}

ACCOUNT = _account(
    rule("drop-spam", wait_for("drop-spam")).replace(scan_enabled=False),
    rule("board", store("board/"), STOP, to=("chair@example.com",)),
    rule("support", store("support/", topic="support"), to=("suport@example.com",)),
    rule("abuse", store("abuse/", topic="security"), to=("abuse@example.com",)).replace(enabled=False),
    rule("orders", store("orders/"), publish("warehouse"), to=("orders@example.com",)),
    rule("billing", store("billing/", bucket="vault"), to=("billing@example.com",)),
    rule("everybody", store("mail/"), STOP, to=("example.com",)),
    rule("invoices", store("invoices/", bucket="ledger"), to=("invoices@example.com",)),
    rule("shop", store("in/", bucket="shop-mail"), to=("example.net",)),
)
"""The account as it is found."""


def with_rule(account: Account, name: str, **changes: Any) -> Account:
    """The account with another value in a rule of the active set."""
    active = account.active_rule_set
    if active is None:
        raise ValueError("no rule set is active")
    rules = tuple(one.replace(**changes) if one.name == name else one for one in active.rules)
    return account.with_rule_set(active.replace(rules=rules))


TEMPLATE = with_rule(ACCOUNT, "abuse", enabled=True)
"""What was deployed: the template in the repository. Somebody has used the console since."""

_BEFORE = with_rule(ACCOUNT, "drop-spam", scan_enabled=True)

_SHOP_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "MailOfTheShop",
            "Effect": "Allow",
            "Principal": {"Service": "ses.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::shop-mail/incoming/*",
            "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}},
        }
    ],
}
PERMISSIONS = Permissions(
    targets=(Target(kind="bucket", name="shop-mail", policy=(Policy.read(_SHOP_POLICY, "policy of the shop"),)),)
)
"""The policy of a bucket that belongs to another team: it cannot be changed, the account has to fit it."""

ZONE = {"example.org": {"TXT": [f"v=spf1 ip4:{RELAY} ip6:{RELAY_V6} -all"]}}

# Name, recipients, whether TLS was used, whether it is spam.
_MONTH: tuple[tuple[str, tuple[str, ...], bool, bool], ...] = (
    ("a question", ("support@example.com",), True, False),
    ("another question", ("support@example.com",), True, False),
    ("an order", ("orders@example.com",), True, False),
    ("a bill", ("billing@example.com",), True, False),
    ("an invoice", ("invoices@example.com",), True, False),
    ("to the chair", ("chair@example.com",), True, False),
    ("to Ana", ("ana@example.com",), True, False),
    ("to Ana and Bo", ("ana@example.com", "bo@example.com"), False, False),
    ("from the shop", ("shop@example.net",), True, False),
    ("win a prize", ("ana@example.com",), False, True),
    ("win two prizes", ("shop@example.net",), False, True),
)


def receive(account: Account, name: str, to: tuple[str, ...], *, tls: bool = True, spam: bool = False) -> Reception:
    """What becomes of a mail through the relay, with the functions of the company and the policies as they are.

    Examples
    --------
    >>> receive(ACCOUNT, "hello", ("ana@example.com",)).rules
    ('drop-spam', 'everybody')
    """
    raw = Draft(
        sender="Ana <ana@example.org>",
        to=", ".join(to),
        subject=name,
        text="hello\n" + (GTUBE.decode() + "\n" if spam else ""),
        message_id=f"{name.replace(' ', '-')}@example.org",
    ).to_bytes()
    backend = MemoryBackend(functions=HANDLERS)
    receiver = Receiver(account, resolver=ZONE, backend=backend, permissions=PERMISSIONS, seed=crc32(name.encode()))
    envelope = Envelope(client_ip=_CLIENT, helo="mx.example.org", mail_from="ana@example.org", rcpt_to=to, tls=tls)
    return receiver.receive(raw, envelope, name=name)


@cache
def last_month() -> Report:
    """The mail of last month, as it was received then.

    Examples
    --------
    >>> last_month()
    <Report of 11 messages: 11 accepted, 0 refused, 22 rules fired, 22 effects>
    """
    return Report([receive(_BEFORE, name, to, tls=tls, spam=spam) for name, to, tls, spam in _MONTH])
