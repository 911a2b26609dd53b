"""The table of replies against the specification."""

from __future__ import annotations

from sesreceive.limits import Tag
from sesreceive.smtp.replies import REPLIES, replies

# Seen in transcripts, logs and probes of the real service: to be matched to the letter.
OBSERVED = {
    "220 {host} {banner}",
    "250 {host} / 8BITMIME / STARTTLS / Ok",
    "250 Ok",
    "550 5.1.1 Requested action not taken: mailbox unavailable",
    "550 5.7.1 IP address blacklisted by recipient",
    "503 Error: need RCPT command",
    "250 OK {id}",
}
INFERRED = {
    "250 {host}",
    "501 Syntax: EHLO hostname",
    "220 Ready to start TLS",
    "503 5.5.1 Sender already specified.",
    "501 Syntax: MAIL FROM: <address>",
    "553 <{address}> Invalid email address.",
    "503 5.5.1 Error: need MAIL command",
    "452 Error: too many recipients",
    "354 End data with <CR><LF>.<CR><LF>",
    "530 5.7.0 Must issue a STARTTLS command first",
    "552 5.3.4 Message size exceeds fixed limit",
    "221 Bye",
    "502 VRFY command is disabled",
    "502 EXPN command is disabled",
    "500 Error: command not implemented",
    "421 Timeout waiting for data from client.",
    "421 Too many connections, try again later",
    "454 4.7.0 Throttling failure: try again later",
}


def test_every_public_reply_is_in_the_table_word_for_word() -> None:
    assert {str(row.reply) for row in REPLIES if row.tag is Tag.OBSERVED} == OBSERVED
    assert {str(row.reply) for row in REPLIES if row.tag is Tag.INFERRED} >= INFERRED


def test_every_row_says_when_and_who_says_so() -> None:
    assert all(row.moment and row.source for row in REPLIES)
    assert len({row.moment for row in REPLIES}) == len(REPLIES)


def test_the_table_is_a_frame() -> None:
    frame = replies()
    assert list(frame.columns) == ["moment", "reply", "tag", "source"]
    assert len(frame) == len(REPLIES)
