"""What cannot be read is an error of one sentence, never a default: a row for each place where text becomes a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.errors import SesReceiveError
from sesreceive.mail.corpus import read
from sesreceive.mail.reply import Reply
from sesreceive.smtp.channel import address_of


def table(**cells: Any) -> Callable[[], object]:
    return lambda: next(read([{"raw": b"", **cells}]))


UNREADABLE = [
    # what is read, and what the sentence names
    (lambda: ses.Assumptions(tls_required_reply="421: try TLS"), "assumptions.tls_required_reply: expected a refusal"),
    (lambda: ses.Assumptions(tls_required_reply="250 Ok"), "assumptions.tls_required_reply: expected a refusal"),
    (lambda: ses.Assumptions(tls_required_reply="no"), "assumptions.tls_required_reply: expected a refusal"),
    (
        lambda: ses.Assumptions(tls_required_reply="550 a\r\n250 b"),
        "assumptions.tls_required_reply: expected a refusal",
    ),
    (lambda: ses.Assumptions(max_recipients=0), "max_recipients: expected a whole number of at least 1"),
    (lambda: ses.Assumptions(max_recipients=True), "max_recipients: expected a whole number of at least 1"),
    (lambda: ses.Assumptions(text_line_limit=-1), "text_line_limit: expected a whole number of at least 0"),
    (lambda: ses.Assumptions(oversize_sender="a\r\nBcc: b"), "assumptions.oversize_sender: expected text on one line"),
    (lambda: ses.Assumptions(object_content_type=7), "assumptions.object_content_type: expected text on one line"),
    (lambda: Reply.parse("421: try TLS"), "reply: expected a code of three digits"),
    (lambda: Reply.parse(""), "reply: expected a code of three digits"),
    (lambda: Reply.parse("250 a\r\n250 b"), "reply: expected a code of three digits"),
    (lambda: Reply.parse("999 hello"), "reply: expected a code of three digits"),
    (lambda: ses.Envelope(tls="no"), "envelope tls: expected True or False but got `no`"),
    (lambda: ses.Envelope.from_json('{"tls": "no"}'), "envelope tls: expected True or False but got `no`"),
    (table(tls="perhaps"), "envelope tls: expected True or False but got `perhaps`"),
    (table(tls=2), "envelope tls: expected True or False but got `2`"),
    (lambda: address_of("localhost:99999"), "to: expected a server"),
]


@pytest.mark.parametrize(("attempt", "sentence"), UNREADABLE)
def test_unreadable_is_an_error(attempt: Callable[[], object], sentence: str) -> None:
    with pytest.raises(SesReceiveError) as caught:
        attempt()
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("cell", "tls"), [("True", True), ("no", False), ("0", False), (1, True), (0.0, False)])
def test_a_table_says_yes_and_no_in_words_too(cell: object, tls: bool) -> None:
    assert next(read([{"raw": b"", "tls": cell}])).envelope.tls is tls


@pytest.mark.parametrize("text", ["", "5.7.1 No", "hello", "5.7.1", "\x00"])
@pytest.mark.parametrize("code", [250, 354, 421, 550])
def test_the_code_of_a_server_counts_whatever_it_says(code: int, text: str) -> None:
    reply = Reply.read(code, text)
    assert (reply.code, reply.accepted) == (code, code == 250)
