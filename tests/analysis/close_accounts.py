"""Hypothesis strategies for accounts whose rules meet, and for mail that falls between them.

Words are drawn from few, so that conditions cover each other, filters nest, rules stop each other and functions steer.
"""

from __future__ import annotations

from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.account.identities import Identity
from sesreceive.analysis.witness import Answer, Witness, witness
from sesreceive.effects import Flow

DOMAINS = ("example.com", "mx.example.com", "a.mx.example.com", "example.org", "b.example.org")
LOCALS = ("ana", "bo", "ana+x", "ana+y", "bo+x+y")
ARN = "arn:aws:lambda:us-east-1:111122223333:function:{}".format
TOPIC = "arn:aws:sns:us-east-1:111122223333:{}".format

addresses = st.builds("{}@{}".format, st.sampled_from(LOCALS), st.sampled_from(DOMAINS))
conditions = st.one_of(
    addresses, addresses, st.sampled_from(DOMAINS), st.sampled_from(DOMAINS).map(lambda one: f".{one}")
)

ACTIONS = (
    ses.S3Action(bucket_name="inbox"),
    ses.S3Action(bucket_name="inbox", object_key_prefix="b/"),
    ses.S3Action(bucket_name="other", topic_arn=TOPIC("told")),
    ses.SNSAction(topic_arn=TOPIC("mail")),
    ses.AddHeaderAction(header_name="X-Team", header_value="a"),
    ses.AddHeaderAction(header_name="X-Team", header_value="b"),
    ses.BounceAction(smtp_reply_code="550", message="no", sender="postmaster@example.com"),
    ses.LambdaAction(function_arn=ARN("gate"), invocation_type="RequestResponse"),
    ses.LambdaAction(function_arn=ARN("door"), invocation_type="RequestResponse"),
    ses.LambdaAction(function_arn=ARN("log")),
)
actions = st.sampled_from(ACTIONS)


@st.composite
def rules(draw: st.DrawFn, name: str) -> ses.ReceiptRule:
    """A rule that is likely to be enabled, and to stop."""
    chosen = draw(st.lists(actions, max_size=3))
    if draw(st.booleans()):
        chosen.append(ses.StopAction())
    return ses.ReceiptRule(
        name=name,
        enabled=draw(st.sampled_from((True, True, True, False))),
        scan_enabled=draw(st.booleans()),
        tls_policy=draw(st.sampled_from(("Optional", "Optional", "Require"))),
        recipients=draw(st.lists(conditions, max_size=3)),
        actions=chosen,
    )


CIDRS = (
    "192.0.2.0/24",
    "192.0.2.0/25",
    "192.0.2.128/25",
    "192.0.2.7",
    "0.0.0.0/0",
    "::/0",
    "2001:db8::/32",
    "::ffff:0:0/96",
)
filters = st.lists(
    st.builds(
        ses.ReceiptFilter,
        name=st.integers(0, 99).map("filter-{}".format),
        policy=st.sampled_from(ses.Policy),
        cidr=st.sampled_from(CIDRS[:-1]) | st.sampled_from(("2001:db8:1::/48", "198.51.100.0/24")),
    ),
    max_size=4,
    unique_by=lambda one: one.name,
)


@st.composite
def accounts(draw: st.DrawFn, most_rules: int = 4) -> ses.Account:
    """An account that SES would take, with few words in it."""
    some = draw(st.integers(0, most_rules))
    identities = draw(
        st.lists(
            st.builds(
                Identity, name=st.sampled_from(DOMAINS), verification_status=st.sampled_from(("Success", "Pending"))
            ),
            max_size=2,
            unique_by=lambda one: one.name,
        )
    )
    return ses.Account(
        identities=("example.com", *(one for one in identities if one.name != "example.com")),
        filters=draw(filters),
        rule_sets=(ses.ReceiptRuleSet(name="main", rules=[draw(rules(f"rule-{at}")) for at in range(some)]),),
        active=draw(st.sampled_from(("main", "main", "main", "main", "main", None))),
    )


recipients = st.one_of(
    addresses,
    addresses,
    addresses.map(str.upper),
    st.builds(
        "{}@{}".format,
        st.sampled_from(("someone", "ana+tag", "ana+x+y", "bo+", "+x", '"ana"', '"a@b"', "x" * 990)),
        st.sampled_from((*DOMAINS, "sub.example.com", "x.a.mx.example.com", "elsewhere.example", "example.com.", "")),
    ),
    st.sampled_from(("postmaster", "a>b", '"ana', "@relay.example:ana@example.com", " bo@example.com ")),
)
clients = st.one_of(
    st.sampled_from(("192.0.2.7", "192.0.2.200", "198.51.100.1", "2001:db8::1", "::ffff:192.0.2.7", "203.0.113.9", "")),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
)
answers = st.lists(st.builds(Answer, st.sampled_from((ARN("gate"), ARN("door"))), st.sampled_from(Flow)), max_size=6)


@st.composite
def mails(draw: st.DrawFn, most: int = 3) -> Witness:
    """A mail with the answers that functions give while it is received."""
    return witness(
        *draw(st.lists(recipients, min_size=1, max_size=most)),
        client_ip=draw(clients),
        tls=draw(st.booleans()),
        mail_from=draw(st.sampled_from(("ana@example.org", "ana@example.org", "", "bo@mx.example.com", "a..b@x"))),
        size_bytes=draw(st.sampled_from((0, 0, 0, 100_000, 153_100, 153_600, 153_601, 200_000))),
        answers=draw(answers),
    )


@st.composite
def edited(draw: st.DrawFn) -> tuple[ses.Account, ses.Account]:
    """An account, and the same after an edit or two; often one that changes little."""
    account = draw(accounts())
    after = account
    for _ in range(draw(st.integers(0, 2))):
        after = draw(_edits(after))
    return account, after


@st.composite
def _edits(draw: st.DrawFn, account: ses.Account) -> ses.Account:
    kind = draw(
        st.sampled_from(("swap", "swap", "swap", "drop", "action", "condition", "filter", "stop", "split", "rule"))
    )
    active = account.rule_sets[0]
    listed = list(active.rules)
    if kind == "filter" and account.filters:
        return account.replace(filters=account.filters[1:])
    if not listed:
        return account
    at = draw(st.integers(0, len(listed) - 1))
    chosen = listed[at]
    if kind == "swap":
        other = draw(st.integers(0, len(listed) - 1))
        listed[at], listed[other] = listed[other], listed[at]
    elif kind == "drop":
        del listed[at]
    elif kind == "action":
        listed[at] = chosen.replace(actions=chosen.actions[1:])
    elif kind == "condition" and len(chosen.recipients) > 1:
        listed[at] = chosen.replace(recipients=chosen.recipients[1:])
    elif kind == "stop" and not (chosen.actions and isinstance(chosen.actions[-1], ses.StopAction)):
        listed[at] = chosen.with_action(ses.StopAction())
    elif kind == "split" and len(chosen.recipients) > 1:
        listed[at : at + 1] = [
            chosen.replace(recipients=chosen.recipients[:1]),
            chosen.replace(recipients=chosen.recipients[1:], name=f"{chosen.name}-b"),
        ]
        if len({one.name for one in listed}) < len(listed):
            return account
    elif kind == "rule":
        listed.insert(at, draw(rules(f"new-{len(listed)}")))
        if len({one.name for one in listed}) < len(listed):
            return account
    return account.with_rule_set(active.replace(rules=listed))


outcomes = st.sampled_from(
    (
        ses.Does("PutObject", "inbox"),
        ses.Does("PutObject"),
        ses.Does("PutObject", "inbox", prefix="b/"),
        ses.Does("Publish", TOPIC("mail")),
        ses.Does("Invoke", ARN("log")),
        ses.Does("SendBounce"),
        "accepted",
        "refused",
    )
)
