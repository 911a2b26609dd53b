"""Hypothesis strategies: accounts that SES would take, their parts, and mail with envelopes that reach their rules.

    from hypothesis import given
    from sesreceive.testing import strategies

    @given(strategies.mails(account))
    def test_nothing_without_tls_is_stored(mail): ...

Everything that `accounts` and its parts give is valid: it has no problems.
"""

from __future__ import annotations

import string
from datetime import timedelta, timezone
from ipaddress import IPv6Address

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.filters import Policy, ReceiptFilter
from sesreceive.account.identities import Identity, VerificationStatus
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet, TlsPolicy
from sesreceive.actions import (
    AddHeaderAction,
    BounceAction,
    ConnectAction,
    LambdaAction,
    S3Action,
    SNSAction,
    StopAction,
    WorkmailAction,
)
from sesreceive.analysis.classes import RecipientKind, SenderClass
from sesreceive.analysis.partition import Partition
from sesreceive.errors import MissingExtraError
from sesreceive.mail.envelope import Envelope
from sesreceive.testing.builders import Mail

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtraError("hypothesis", extra="testing", purpose="sesreceive.testing.strategies") from None

__all__ = [
    "accounts",
    "actions",
    "addresses",
    "cidrs",
    "domains",
    "envelopes",
    "filters",
    "identities",
    "mails",
    "messages",
    "recipients",
    "rule_sets",
    "rules",
]

REGION = "us-east-1"
ACCOUNT_ID = "111122223333"

# ---------------------------------------------------------------- words

_ALNUM = string.ascii_letters + string.digits

labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
names = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,62}[a-zA-Z0-9])?", fullmatch=True)
local_parts = st.from_regex(r"[a-zA-Z0-9]{1,8}(\+[a-zA-Z0-9]{0,5})?", fullmatch=True)


@st.composite
def domains(draw: st.DrawFn, *, parents: tuple[str, ...] = ("example.com", "example.org", "example.net")) -> str:
    """A domain at or below one of `parents`."""
    return ".".join([*draw(st.lists(labels, max_size=2)), draw(st.sampled_from(parents))])


@st.composite
def addresses(draw: st.DrawFn, domain: st.SearchStrategy[str] | None = None) -> str:
    """An e-mail address."""
    return f"{draw(local_parts)}@{draw(domain or domains())}"


def recipients() -> st.SearchStrategy[str]:
    """A recipient condition: an address, a domain or a domain behind a dot."""
    return st.one_of(addresses(), domains(), domains().map(lambda domain: f".{domain}"))


def cidrs() -> st.SearchStrategy[str]:
    """What a filter takes: IPv4 and IPv6, with and without a prefix length, host bits set or not."""
    v4 = st.ip_addresses(v=4).map(str)
    v6 = st.ip_addresses(v=6).map(str).filter(lambda text: IPv6Address(text).ipv4_mapped is None)
    return st.one_of(
        v4,
        v6,
        st.builds("{}/{}".format, v4, st.integers(0, 32)),
        st.builds("{}/{}".format, v6, st.integers(0, 128)),
    )


# ---------------------------------------------------------------- ARNs

_words = st.text(_ALNUM, min_size=1, max_size=8)
topic_arns = st.builds(f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:{{}}".format, _words)
function_arns = st.builds(f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{{}}".format, _words)
kms_key_arns = st.builds(f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:alias/{{}}".format, _words)
role_arns = st.builds(f"arn:aws:iam::{ACCOUNT_ID}:role/{{}}".format, _words)
organization_arns = st.builds(f"arn:aws:workmail:{REGION}:{ACCOUNT_ID}:organization/m-{{}}".format, _words)
instance_arns = st.uuids().map(f"arn:aws:connect:{REGION}:{ACCOUNT_ID}:instance/{{}}".format)

# ---------------------------------------------------------------- actions

_topic = st.none() | topic_arns
_header_text = st.text(st.characters(exclude_categories=("Cc", "Cs"), include_characters="\t"), max_size=40)


def actions(*, sender: str = "postmaster@example.com") -> st.SearchStrategy[ReceiptAction]:
    """Any of the eight actions, but for `StopAction`; bounces come from `sender`."""
    return st.one_of(
        st.builds(
            AddHeaderAction,
            header_name=st.text(string.ascii_letters + "-_", min_size=1, max_size=50),
            header_value=_header_text,
        ),
        st.builds(
            BounceAction,
            smtp_reply_code=st.sampled_from(["550", "552", "450", "500"]),
            status_code=st.none() | st.sampled_from(["5.1.1", "4.0.0", "5.7.26"]),
            message=st.text(min_size=1, max_size=30),
            sender=st.just(sender),
            topic_arn=_topic,
        ),
        st.builds(ConnectAction, instance_arn=instance_arns, iam_role_arn=role_arns),
        st.builds(
            LambdaAction,
            function_arn=function_arns,
            invocation_type=st.sampled_from(["Event", "RequestResponse"]),
            topic_arn=_topic,
        ),
        st.builds(
            S3Action,
            bucket_name=st.text(string.ascii_lowercase + string.digits, min_size=3, max_size=10),
            object_key_prefix=st.none() | st.text(max_size=10),
            kms_key_arn=st.none() | kms_key_arns,
            topic_arn=_topic,
            iam_role_arn=st.none() | role_arns,
        ),
        st.builds(SNSAction, topic_arn=topic_arns, encoding=st.sampled_from(["UTF-8", "Base64"])),
        st.builds(WorkmailAction, organization_arn=organization_arns, topic_arn=_topic),
    )


# ---------------------------------------------------------------- rules and accounts


@st.composite
def rules(draw: st.DrawFn, name: st.SearchStrategy[str] = names) -> ReceiptRule:
    """A rule; if it stops, it does so at its end."""
    chosen = draw(st.lists(actions(), max_size=4))
    if draw(st.booleans()):
        chosen.append(StopAction(topic_arn=draw(_topic)))
    return ReceiptRule(
        name=draw(name),
        enabled=draw(st.booleans()),
        scan_enabled=draw(st.booleans()),
        tls_policy=draw(st.sampled_from(TlsPolicy)),
        recipients=draw(st.lists(recipients(), max_size=4)),
        actions=chosen,
    )


times = st.datetimes(timezones=st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours))))


@st.composite
def rule_sets(draw: st.DrawFn, name: st.SearchStrategy[str] = names) -> ReceiptRuleSet:
    """A rule set whose rules have names of their own."""
    return ReceiptRuleSet(
        name=draw(name),
        created_timestamp=draw(st.none() | times),
        rules=draw(st.lists(rules(), max_size=4, unique_by=lambda rule: rule.name)),
    )


def filters(name: st.SearchStrategy[str] = names) -> st.SearchStrategy[ReceiptFilter]:
    """A filter."""
    return st.builds(ReceiptFilter, name=name, policy=st.sampled_from(Policy), cidr=cidrs())


def identities() -> st.SearchStrategy[Identity]:
    """A domain or an address, verified or not."""
    return st.builds(
        Identity,
        name=domains() | addresses(),
        verification_status=st.sampled_from(VerificationStatus),
        verification_token=st.none() | st.text(_ALNUM + "+/=", min_size=1, max_size=44),
    )


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """An account that SES would take: `example.com` is verified, the active rule set exists."""
    more = draw(st.lists(identities(), max_size=3, unique_by=lambda one: one.name))
    sets = draw(st.lists(rule_sets(), max_size=3, unique_by=lambda one: one.name))
    return Account(
        identities=("example.com", *(one for one in more if one.name != "example.com")),
        filters=draw(st.lists(filters(), max_size=3, unique_by=lambda one: one.name)),
        rule_sets=sets,
        active=draw(st.sampled_from([None, *(one.name for one in sets)])),
        region=REGION,
        account_id=ACCOUNT_ID,
    )


# ---------------------------------------------------------------- mail

_field_text = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), max_size=40)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A message: some fields in any order, then any text or any bytes; lines may be as long as they like."""
    fields = draw(
        st.lists(
            st.sampled_from(["From", "To", "Cc", "Subject", "Date", "Auto-Submitted", "List-Id", "X-Other"]), max_size=6
        )
    )
    lines = [f"{name}: {draw(_field_text)}\r\n".encode() for name in fields]
    body = draw(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace")))
    return b"".join(lines) + b"\r\n" + body


@st.composite
def envelopes(draw: st.DrawFn, account: Account | None = None, *, most: int = 3) -> Envelope:
    """An envelope; of an account one whose recipients and client come from all classes that its rules and filters make.

    Parameters
    ----------
    account : Account, optional
        Whose addresses, domains and networks it is about.
    most : int
        How many recipients it has at most.
    """
    if account is None:
        to = draw(st.lists(addresses(), min_size=1, max_size=most))
        client_ip = str(draw(st.ip_addresses()))
        sender = draw(st.just("") | addresses())
    else:
        partition = Partition(account)
        likely = [one for one in partition.recipients if one.kind is not RecipientKind.TOO_LONG]
        to = [one.representative for one in draw(st.lists(st.sampled_from(likely), min_size=1, max_size=most))]
        client_ip = draw(st.sampled_from(partition.clients)).representative
        senders = [one for one in partition.senders if one is not SenderClass.REFUSED]
        sender = partition.sender(draw(st.sampled_from(senders)))
    return Envelope(
        client_ip=client_ip, helo="mx.example.org", mail_from=sender, rcpt_to=tuple(to), tls=draw(st.booleans())
    )


@st.composite
def mails(draw: st.DrawFn, account: Account | None = None, *, most: int = 3) -> Mail:
    """A message with an envelope, as `messages` and `envelopes` give them."""
    return Mail(message=draw(messages()), envelope=draw(envelopes(account, most=most)))
