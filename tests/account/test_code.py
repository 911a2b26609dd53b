"""Values as Python and as one line."""

from __future__ import annotations

import ast
from typing import Any

import pytest
import strategies as our
from hypothesis import given, settings

import sesreceive as ses
from sesreceive.account.identities import Identity
from sesreceive.errors import one_line

CLASSES = [Identity, ses.ReceiptFilter, ses.ReceiptAction, ses.ReceiptRule, ses.ReceiptRuleSet, ses.Account]


def run(code: str) -> Any:
    """What the last expression of some code is."""
    *before, last = ast.parse(code).body
    names: dict[str, Any] = {}
    exec(compile(ast.Module(before, []), "<code>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<code>", "eval"), names)


@pytest.mark.parametrize("cls", CLASSES)
def test_the_code_of_a_value_makes_an_equal_value(cls):
    @given(our.wild(cls))
    @settings(max_examples=50)
    def law(value):
        assert run(value.to_code()) == value
        assert run(value.to_code(name="it") + "it") == value

    law()


@pytest.mark.parametrize("cls", CLASSES)
def test_a_repr_is_one_line_that_a_terminal_can_show(cls):
    @given(our.wild(cls))
    @settings(max_examples=50)
    def law(value):
        assert repr(value) == one_line(repr(value), limit=10**6)

    law()


ACCOUNT = ses.Account(
    identities=["example.com", Identity(name="example.net", verification_status="Pending")],
    filters=[
        ses.ReceiptFilter.block("203.0.113.0/24", name="test-net"),
        ses.ReceiptFilter.allow("203.0.113.9", name="hq"),
    ],
    rule_sets=[
        ses.ReceiptRuleSet(
            name="main",
            created_timestamp="2026-01-02T10:05:05Z",
            rules=[
                ses.ReceiptRule(
                    name="invoices",
                    enabled=True,
                    scan_enabled=True,
                    tls_policy="Require",
                    recipients=["billing@example.com", ".example.com"],
                    actions=[
                        ses.AddHeaderAction(header_name="X-Team", header_value='say "hello"'),
                        ses.S3Action(bucket_name="inbox", object_key_prefix="invoices/"),
                        ses.BounceAction.template("mailbox-does-not-exist", sender="postmaster@example.com"),
                        ses.StopAction(),
                    ],
                ),
                ses.ReceiptRule(name="rest"),
            ],
        )
    ],
    active="main",
)


def test_code_is_what_one_would_have_written():
    assert (
        ACCOUNT.to_code(name="account")
        == """\
import sesreceive as ses

account = ses.Account(
    identities=["example.com", ses.Identity(name="example.net", verification_status="Pending")],
    filters=[
        ses.ReceiptFilter.block("203.0.113.0/24", name="test-net"),
        ses.ReceiptFilter.allow("203.0.113.9", name="hq"),
    ],
    rule_sets=[
        ses.ReceiptRuleSet(
            name="main",
            created_timestamp="2026-01-02T10:05:05+00:00",
            rules=[
                ses.ReceiptRule(
                    name="invoices",
                    enabled=True,
                    scan_enabled=True,
                    tls_policy="Require",
                    recipients=["billing@example.com", ".example.com"],
                    actions=[
                        ses.AddHeaderAction(header_name="X-Team", header_value='say "hello"'),
                        ses.S3Action(bucket_name="inbox", object_key_prefix="invoices/"),
                        ses.BounceAction(
                            smtp_reply_code="550",
                            status_code="5.1.1",
                            message="Mailbox does not exist",
                            sender="postmaster@example.com",
                        ),
                        ses.StopAction(),
                    ],
                ),
                ses.ReceiptRule(name="rest"),
            ],
        ),
    ],
    active="main",
)
"""
    )


REPRS = [
    (ACCOUNT, "<Account 111122223333 in us-east-1: 2 identities, 2 filters, 1 rule set, main active>"),
    (ACCOUNT["main"], "<ReceiptRuleSet main: 2 rules, 1 enabled>"),
    (
        ACCOUNT["main"]["invoices"],
        (
            "<ReceiptRule invoices: enabled, scanned, TLS required, billing@example.com, .example.com → "
            "AddHeaderAction, S3Action, BounceAction, StopAction>"
        ),
    ),
    (ACCOUNT["main"]["rest"], "<ReceiptRule rest: disabled, all recipients → no action>"),
    (
        ses.ReceiptRule(name="many", recipients=[f"{name}@example.com" for name in "abcde"]),
        "<ReceiptRule many: disabled, a@example.com, b@example.com, c@example.com and 2 more → no action>",
    ),
    (ACCOUNT.filters[0], "ReceiptFilter.block('203.0.113.0/24', name='test-net')"),
    (ACCOUNT.identities[1], "Identity(name='example.net', verification_status='Pending')"),
    (ses.StopAction(), "StopAction()"),
    (ses.S3Action(bucket_name="inbox", object_key_prefix=""), "S3Action(bucket_name='inbox', object_key_prefix='')"),
]


@pytest.mark.parametrize(("value", "line"), REPRS)
def test_a_repr_says_the_facts(value, line):
    assert repr(value) == line
