"""Step 2 and the end of the data: each answer, its limit at −1, 0 and +1, and the event that says why."""

from __future__ import annotations

import pytest

import sesreceive as ses
from sesreceive import limits
from tests.conftest import make_account, make_rule

ACCOUNT = make_account(make_rule("all"))


@pytest.mark.parametrize("more, reply", [(-1, "250"), (0, "250"), (1, "552 5.3.4 Message size exceeds fixed limit")])
def test_a_message_over_40_mb_is_refused_at_the_end_of_its_data(more: int, reply: str) -> None:
    raw = b"x" * (limits.MESSAGE_SIZE.value + more)
    reception = ses.Receiver(ACCOUNT, seed=1, scanners=()).receive(raw, rcpt_to=["ana@example.com"])
    assert str(reception.reply).startswith(reply)
    assert ("the most that is taken" in str(reception.explain())) is (more > 0)


@pytest.mark.parametrize("count, refused", [(99, 0), (100, 0), (101, 1), (103, 3)])
def test_the_101st_recipient_is_one_too_many(count: int, refused: int) -> None:
    reception = ses.Receiver(ACCOUNT, seed=1).receive(b"", rcpt_to=[f"u{n}@example.com" for n in range(count)])
    codes = [reply.code for reply in reception.replies]
    assert codes == [250] * (count - refused) + [452] * refused
    assert reception.accepted


def test_a_refused_recipient_does_not_count_towards_the_limit() -> None:
    rcpt_to = [f"u{n}@example.net" for n in range(150)] + ["ana@example.com"]
    assert ses.Receiver(ACCOUNT, seed=1).receive(b"", rcpt_to=rcpt_to).replies[-1].code == 250


def test_mail_to_nobody_needs_a_recipient() -> None:
    reception = ses.Receiver(ACCOUNT, seed=1).receive(b"")
    assert str(reception.reply) == "503 Error: need RCPT command"
    assert "the message was sent to nobody" in str(reception.explain())


UNKNOWN = "is under no verified domain identity of this account"
IDENTITIES = [
    # identity, its status, recipient, accepted, reason
    ("example.com", "Success", "ana@example.com", True, "matched by `all`"),
    ("example.com", "Success", "ana@a.b.example.com", True, "matched by `all`"),
    ("EXAMPLE.com", "Success", "ana@example.COM", True, "matched by `all`"),
    ("example.com", "Pending", "ana@example.com", False, "the domain identity `example.com` is not verified yet"),
    ("example.com", "Success", "ana@badexample.com", False, f"`badexample.com` {UNKNOWN}"),
    ("ana@example.com", "Success", "ana@example.com", False, f"`example.com` {UNKNOWN}"),
    ("example.com", "Success", "postmaster", False, "the address has no domain, so no verified identity covers it"),
]  # fmt: skip


@pytest.mark.parametrize("identity, status, recipient, accepted, reason", IDENTITIES)
def test_mail_is_accepted_under_verified_domains_only(
    identity: str, status: str, recipient: str, accepted: bool, reason: str
) -> None:
    account = ACCOUNT.replace(identities=(ses.Identity(name=identity, verification_status=status),))
    (decision,) = ses.Receiver(account, seed=1).receive(b"", rcpt_to=[recipient]).recipients
    assert (decision.accepted, decision.reason) == (accepted, reason)
