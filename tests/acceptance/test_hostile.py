"""Whatever mail contains: it is accepted or refused, never a crash, and its bytes are never changed."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.mail.message import Message
from tests.conftest import make_account, make_rule

TOPIC = "arn:aws:sns:us-east-1:111122223333:mail"
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:gate"
EVERYTHING = make_rule(
    "everything",
    ses.AddHeaderAction(header_name="X-A", header_value="1"),
    ses.S3Action(bucket_name="inbox"),
    ses.SNSAction(topic_arn=TOPIC),
    ses.LambdaAction(function_arn=FUNCTION),
    ses.BounceAction.template("mailbox-full", sender="postmaster@example.com"),
    ses.WorkmailAction(organization_arn="arn:aws:workmail:us-east-1:111122223333:organization/m-" + "0" * 32),
    scan_enabled=True,
)
ACCOUNT = make_account(EVERYTHING)

# What a sender can get past an SMTP server into a header or body.
PIECES = st.sampled_from(
    [
        b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b";", b"=", b"\xff", b"\xc3\xa4", b'"', b"(",
        b")", b"<", b">", b"@", b"From: ",
        b"To: <a@b>, ", b"Received: ", b"Authentication-Results: amazonses.com; spf=pass", b"<script>",
        b"DKIM-Signature: ", b"v=1; a=rsa-sha256; ", b"d=example.org; s=s; ", b"bh=; b=; h=from", b".\r\n", b"\x1b[2J",
        b"Subject: =?utf-8?q?=ff?=", b"=?x?b?", b"Content-Type: multipart/mixed; boundary=", b"--",
        "é".encode("latin-1"),
    ]
)  # fmt: skip
MAIL = st.lists(PIECES, max_size=40).map(b"".join) | st.binary(max_size=300)


@given(MAIL)
@example(b"")
@example(b"\r\n")
@example(b"no header at all")
@example(b"From: a@b")
@example(b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; h=from; bh=; b=\r\n\r\n")
def test_any_bytes_are_received_and_stored_as_they_came(raw: bytes) -> None:
    receiver = ses.Receiver(ACCOUNT, seed=1)
    reception = receiver.receive(raw, rcpt_to=["ana@example.com"], mail_from="bo@example.org")
    assert reception.accepted
    assert [done.outcome.error for done in reception.performed] == [""] * len(reception.performed)
    stored = receiver.backend.buckets["inbox"][reception.message_id].body
    message = Message(raw)
    whole_line = b"" if not message.header or message.header.endswith(b"\n") else b"\r\n"
    assert stored.endswith(message.header + whole_line + b"X-A: 1\r\n" + raw[message.header_end :])
    for published in receiver.backend.topics[TOPIC]:
        json.loads(published.message)
    assert str(reception.explain())
    assert "<script>" not in reception._repr_html_()


# What may stand in an address without quotes: no controls, blanks or specials.
ATOMS = st.characters(blacklist_categories=("Cc", "Cs", "Zs", "Zl", "Zp"), blacklist_characters='()<>[]:;@\\,."\ufffd')


@given(st.text(ATOMS, min_size=1, max_size=40), st.sampled_from(["", "a b", '"', "\u202e"]))
def test_whatever_the_session_says_is_kept_on_its_line(text: str, more: str) -> None:
    receiver = ses.Receiver(ACCOUNT, seed=1)
    reception = receiver.receive(
        b"Subject: x\r\n\r\n", rcpt_to=[f"{text}@example.com"], mail_from=f"{text}@example.org", helo=text + more
    )
    assert reception.accepted
    stored = receiver.backend.buckets["inbox"][reception.message_id].body
    head = stored[: stored.index(b"Subject: x\r\nX-A: 1\r\n\r\n")]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if line and not line.startswith(b" ")]
    assert names == [
        b"Return-Path", b"Received", b"X-SES-Spam-Verdict", b"X-SES-Virus-Verdict", b"Received-SPF",
        b"Authentication-Results", b"X-SES-RECEIPT", b"X-SES-DKIM-SIGNATURE",
    ]  # fmt: skip


@pytest.mark.parametrize("field", ["mail_from", "helo", "client_name"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\0"])
def test_an_envelope_that_no_session_could_say_is_one_sentence(field: str, end: str) -> None:
    with pytest.raises(
        ses.InputError, match=rf"envelope {field}: expected text without line ends and NUL but got `a\\x"
    ):
        ses.Envelope(**{field: f"a{end}b"})


BIG = [
    # name                          bytes
    ("one header of 10 MB", b"X: " + b"a" * 10_000_000 + b"\r\n\r\n"),
    ("100 000 header lines", b"X: y\r\n" * 100_000 + b"\r\nbody"),
    ("one field of 100 000 folds", b"X: y\r\n" + b" y\r\n" * 100_000 + b"\r\nbody"),
    ("a body of blanks", b"Subject: x\r\n\r\n" + (b" " * 997 + b"x\r\n") * 10_000),
    ("10 MB of open comments in From", b"From: " + b"(" * 10_000_000 + b"\r\n\r\n"),
    ("10 MB of addresses", b"To: " + b"<a@b>," * 1_600_000 + b"\r\n\r\n"),
    ("10 MB of encoded words", b"Subject: " + b"=?utf-8?q?a?= " * 700_000 + b"\r\n\r\n"),
    ("1 000 signatures", b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; h=from; bh=eA==; b=eA==\r\n" * 1000),
    ("a signature of 5 MB", b"DKIM-Signature: v=1; h=" + b"a:" * 2_500_000 + b"\r\nFrom: a@example.org\r\n\r\n"),
    ("10 MB of base64", b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUFB" * 2_500_000),
]


@pytest.mark.slow
@pytest.mark.timeout(900)  # linear takes a second or two, quadratic an hour
@pytest.mark.parametrize("name, raw", BIG, ids=[name for name, _ in BIG])
def test_large_and_odd_mail_is_received(name: str, raw: bytes) -> None:
    receiver = ses.Receiver(ACCOUNT, resolver={"s._domainkey.example.org": {"TXT": ["v=DKIM1; p=eA=="]}}, seed=1)
    reception = receiver.receive(raw, rcpt_to=["ana@example.com"], mail_from="bo@example.org")
    assert reception.accepted
    if len(raw) > 153_600:
        assert [bounce.status_code for bounce in receiver.backend.bounces] == ["5.2.3"]
