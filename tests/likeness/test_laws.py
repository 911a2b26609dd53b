"""Whatever the account and the mail: what is written here scores 100 % against itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from strategies import rules

import sesreceive as ses
from sesreceive.account.rule_set import ReceiptRuleSet

_texts = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=20)
_recipients = st.sampled_from(["a@example.com", "b+x@example.com", "c@sub.example.com"])
_headers = st.lists(
    st.tuples(st.sampled_from(["Subject", "X-A", "From", "To", "Cc", "Date", "DKIM-Signature"]), _texts), max_size=6
)


# a smaller example would take minutes to find: shrinking is left out
@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(
    more=st.lists(rules(), min_size=1, max_size=3, unique_by=lambda rule: rule.name),
    headers=_headers,
    body=st.binary(max_size=60),
    recipients=st.lists(_recipients, min_size=1, max_size=3, unique=True),
    sender=st.sampled_from(["", "ana@example.org"]),
    name=st.sampled_from(["", "mx.example.org"]),
)  # fmt: skip
@pytest.mark.slow
def test_our_own_output_scores_a_hundred_per_cent(
    more: list[Any], headers: list[Any], body: bytes, recipients: list[str], sender: str, name: str
) -> None:
    open_rules = tuple(rule.replace(enabled=True, recipients=()) for rule in more)
    rule_sets = (ReceiptRuleSet(name="main", rules=open_rules),)
    whole = ses.Account(identities=("example.com",), rule_sets=rule_sets, active="main")
    assume(not whole.problems())
    raw = "".join(f"{key}: {value}\r\n" for key, value in headers).encode() + b"\r\n" + body
    receiver = ses.Receiver(whole, seed=1)
    reception = receiver.receive(
        raw,
        mail_from=sender,
        rcpt_to=recipients,
        tls=True,
        helo="mx.example.org",
        client_name=name,
        client_ip="192.0.2.1",
    )
    backend = receiver.backend
    told = [
        *(one for bucket in backend.buckets.values() for one in bucket.values()),
        *(one for topic in backend.topics.values() for one in topic),
        *backend.invocations, *backend.bounces,
    ]  # fmt: skip
    assume(told and reception.accepted)
    captures = ses.captures.read(told, kms=backend.kms)
    assert not captures.unrecognised
    score = ses.fidelity(captures, account=whole, readings=False)
    assert [str(row) for row in score.different] == []
    assert len(captures.mails) == 1
