"""Hypothesis strategies for configuration: accounts that SES would take, and ones that it would not.

`accounts()` and its parts are valid: no problems. `wild(cls)` has any text in every field, so it is good for laws
that must hold for whatever a user typed.
"""

from __future__ import annotations

import string
from datetime import timedelta, timezone
from typing import Any

from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.account.identities import Identity, VerificationStatus
from sesreceive.account.member import Kind, Member, members
from sesreceive.account.value import Value

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
    v4, v6 = st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).filter(lambda ip: not ip.ipv4_mapped).map(str)
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


def actions(*, sender: str = "postmaster@example.com") -> st.SearchStrategy[ses.ReceiptAction]:
    """Any of the eight actions, but for `StopAction`; bounces come from `sender`."""
    return st.one_of(
        st.builds(
            ses.AddHeaderAction,
            header_name=st.text(string.ascii_letters + "-_", min_size=1, max_size=50),
            header_value=_header_text,
        ),
        st.builds(
            ses.BounceAction,
            smtp_reply_code=st.sampled_from(["550", "552", "450", "500"]),
            status_code=st.none() | st.sampled_from(["5.1.1", "4.0.0", "5.7.26"]),
            message=st.text(min_size=1, max_size=30),
            sender=st.just(sender),
            topic_arn=_topic,
        ),
        st.builds(ses.ConnectAction, instance_arn=instance_arns, iam_role_arn=role_arns),
        st.builds(
            ses.LambdaAction,
            function_arn=function_arns,
            invocation_type=st.sampled_from(["Event", "RequestResponse"]),
            topic_arn=_topic,
        ),
        st.builds(
            ses.S3Action,
            bucket_name=st.text(string.ascii_lowercase + string.digits, min_size=3, max_size=10),
            object_key_prefix=st.none() | st.text(max_size=10),
            kms_key_arn=st.none() | kms_key_arns,
            topic_arn=_topic,
            iam_role_arn=st.none() | role_arns,
        ),
        st.builds(ses.SNSAction, topic_arn=topic_arns, encoding=st.sampled_from(["UTF-8", "Base64"])),
        st.builds(ses.WorkmailAction, organization_arn=organization_arns, topic_arn=_topic),
    )


# ---------------------------------------------------------------- rules and accounts


@st.composite
def rules(draw: st.DrawFn, name: st.SearchStrategy[str] = names) -> ses.ReceiptRule:
    """A rule; if it stops, it does so at its end."""
    chosen = draw(st.lists(actions(), max_size=4))
    if draw(st.booleans()):
        chosen.append(ses.StopAction(topic_arn=draw(_topic)))
    return ses.ReceiptRule(
        name=draw(name),
        enabled=draw(st.booleans()),
        scan_enabled=draw(st.booleans()),
        tls_policy=draw(st.sampled_from(ses.TlsPolicy)),
        recipients=draw(st.lists(recipients(), max_size=4)),
        actions=chosen,
    )


_times = st.datetimes(timezones=st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours))))


@st.composite
def rule_sets(draw: st.DrawFn, name: st.SearchStrategy[str] = names) -> ses.ReceiptRuleSet:
    """A rule set whose rules have names of their own."""
    return ses.ReceiptRuleSet(
        name=draw(name),
        created_timestamp=draw(st.none() | _times),
        rules=draw(st.lists(rules(), max_size=4, unique_by=lambda rule: rule.name)),
    )


def filters(name: st.SearchStrategy[str] = names) -> st.SearchStrategy[ses.ReceiptFilter]:
    """A filter."""
    return st.builds(ses.ReceiptFilter, name=name, policy=st.sampled_from(ses.Policy), cidr=cidrs())


def identities() -> st.SearchStrategy[Identity]:
    """A domain or an address, verified or not."""
    return st.builds(
        Identity,
        name=domains() | addresses(),
        verification_status=st.sampled_from(VerificationStatus),
        verification_token=st.none() | st.text(_ALNUM + "+/=", min_size=1, max_size=44),
    )


@st.composite
def accounts(draw: st.DrawFn) -> ses.Account:
    """An account that SES would take: `example.com` is verified, the active rule set exists."""
    more = draw(st.lists(identities(), max_size=3, unique_by=lambda one: one.name))
    sets = draw(st.lists(rule_sets(), max_size=3, unique_by=lambda one: one.name))
    return ses.Account(
        identities=("example.com", *(one for one in more if one.name != "example.com")),
        filters=draw(st.lists(filters(), max_size=3, unique_by=lambda one: one.name)),
        rule_sets=sets,
        active=draw(st.sampled_from([None, *(one.name for one in sets)])),
        region=REGION,
        account_id=ACCOUNT_ID,
    )


# ---------------------------------------------------------------- anything at all

# Text of any kind, quotes, controls, bidirectional marks and markup among it; lone surrogates too.
texts = st.text(max_size=20) | st.text("\"'\\\n\r\t\x00\x1b\u202e\u2028\ud800<>&{}`é", max_size=10)


def wild(cls: type[Value]) -> st.SearchStrategy[Any]:
    """Values of a class, or of any action class, with any text in every field."""
    if cls is ses.ReceiptAction:
        return st.one_of([wild(one) for one in ses.ReceiptAction.registry.values()])
    return st.builds(cls, **{item.name: _wild(item) for item in members(cls)})


def _wild(item: Member) -> st.SearchStrategy[Any]:
    if item.kind is Kind.CHOICE:
        return st.sampled_from(item.enum)
    if item.kind in (Kind.VALUES, Kind.ACTIONS):
        return st.lists(wild(item.of), max_size=3)
    if item.kind is Kind.IDENTITIES:  # the API has a mapping for them
        return st.lists(wild(item.of), max_size=3, unique_by=lambda one: one.name)
    kinds = {
        Kind.TEXT: texts,
        Kind.FLAG: st.booleans(),
        Kind.TEXTS: st.lists(texts, max_size=3),
        Kind.TIMESTAMP: _times,
    }
    return st.none() | kinds[item.kind] if item.optional else kinds[item.kind]
