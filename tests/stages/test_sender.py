"""MAIL FROM is judged before anything else is said, and a refusal says why."""

from __future__ import annotations

import pytest

import sesreceive as ses
from sesreceive.stages.sender import decide

LONG = "a" * 240 + "@example.org"
DECISIONS = [
    # MAIL FROM                SIZE=                  reply
    ("",                       "",                    "250 Ok"),
    ("ana@example.org",        "",                    "250 Ok"),
    ("ana@example.org",        "1000",                "250 Ok"),
    ("ana@example.org",        "1001",                "552 5.3.4 Message size exceeds fixed limit"),
    ("ana@example.org",        "9" * 5_000,           "552 5.3.4 Message size exceeds fixed limit"),
    ("ana@example.org",        "many",                "250 Ok"),
    ("ana@example.org",        "-1",                  "250 Ok"),
    ("@relay.example:a@b.org", "",                    "250 Ok"),
    ("postmaster",             "",                    "250 Ok"),
    ("a..b@example.org",       "",                    "553 <a..b@example.org> Invalid email address."),
    ("ana@",                   "",                    "553 <ana@> Invalid email address."),
    ("an\ud800a@example.org",  "",                    "553 <an\ud800a@example.org> Invalid email address."),
    (LONG,                     "",                    "250 Ok"),
    ("bb" + LONG,              "",                    "250 Ok"),
    ("bbb" + LONG,             "",                    f"553 <bbb{LONG}> Invalid email address."),
    ("a" * 287,                "",                    f"553 <{'a' * 287}> Invalid email address."),
    ("a" * 288,                "",                    "501 Input line length is too long!"),
    ('"ana@example.org',       "",                    "501 Syntax: MAIL FROM: <address>"),
    ("ana> SIZE=1",            "",                    "501 Syntax: MAIL FROM: <address>"),
]  # fmt: skip


@pytest.mark.parametrize(("mail_from", "size", "reply"), DECISIONS)
def test_decisions(mail_from: str, size: str, reply: str) -> None:
    decision = decide(mail_from, size=size, bounds=ses.Bounds(message_bytes=1_000, command_bytes=300))
    assert str(decision.reply) == reply
    assert decision.accepted == (reply == "250 Ok")
    assert bool(decision.reason) == bool(decision.events) == (not decision.accepted)
