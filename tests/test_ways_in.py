"""The same mail gets the same answer, trace and rows by `Receiver.receive`, by replay and over a real SMTP connection.

`CASES` is a table to add a row to; the property test makes envelopes, good and bad, and messages around every limit.
What a client never comes to send, a server cannot know: where the sender is refused no recipient is named, and where
nobody is accepted there is no message. `received` keeps what it was given, and the law is that it changed nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.mail.corpus import Item
from sesreceive.report.rows import rows_of
from sesreceive.smtp.channel import any_certificate, stuffed
from sesreceive.smtp.framing import KEPT_BYTES
from tests.conftest import make_account, make_rule

BOUNDS = ses.Bounds(message_bytes=70_000, recipients_named=6, command_bytes=300, errors=1_000)
ASSUMPTIONS = ses.Assumptions(max_recipients=3, text_line_limit=100)
ANA = ses.Envelope(client_ip="198.51.100.7", helo="mx.example.org", mail_from="ana@example.org")
MESSAGE = b"From: ana@example.org\r\nSubject: hello\r\n\r\nbody\r\n"


def receiver() -> ses.Receiver:
    """Takes mail for example.com and below, secure@ over TLS alone, nothing from 203.0.113.0/24."""
    store = ses.S3Action(bucket_name="inbox")
    account = make_account(
        make_rule("secure", store, recipients=("secure@example.com",), tls_policy=ses.TlsPolicy.REQUIRE),
        make_rule("shelf", store, recipients=("bo@example.com", "cy@example.com")),
        make_rule("below", store, recipients=(".example.com",)),
        filters=(ses.ReceiptFilter.block("203.0.113.0/24", name="test-net-3"),),
    )
    return ses.Receiver(account, seed=1, assumptions=ASSUMPTIONS, bounds=BOUNDS)


# ---------------------------------------------------------------- the client

CLOSED = "501 Input line length is too long!"  # and the server hangs up


@dataclass
class Client:
    """Says one mail to a server as far as it comes: it stops at a refused sender, and sends no message to nobody."""

    server: Any
    envelope: ses.Envelope

    def send(self, raw: bytes) -> tuple[list[str], bool, bool]:
        """The last line of each reply, and whether recipients were named and the message was sent."""
        self.replies: list[str] = []
        named = sent = False
        with ExitStack() as opened:
            self.socket = opened.enter_context(socket.create_connection(self.server.address, 20))
            self.file = opened.enter_context(self.socket.makefile("rb"))
            self.hear()
            if self.envelope.tls:
                assert self.say("STARTTLS").startswith("220")
                self.socket = opened.enter_context(any_certificate().wrap_socket(self.socket))
                self.file = opened.enter_context(self.socket.makefile("rb"))
                self.replies = self.replies[:1]
            self.say(f"EHLO {self.envelope.helo}")
            answer = self.say(f"MAIL FROM:<{self.envelope.mail_from}>")
            if answer == CLOSED:
                return self.replies, named, sent
            if answer.startswith("250"):
                named = True
                for recipient in self.envelope.rcpt_to:
                    if self.say(f"RCPT TO:<{recipient}>") == CLOSED:
                        return self.replies, named, sent
                if self.say("DATA").startswith("354"):
                    sent = True
                    self.socket.sendall(stuffed(raw))
                    self.hear()
            self.say("QUIT")
        return self.replies, named, sent

    def say(self, line: str) -> str:
        self.socket.sendall(line.encode() + b"\r\n")
        return self.hear()

    def hear(self) -> str:
        lines: list[bytes] = []
        while not lines or lines[-1][3:4] == b"-":
            line = self.file.readline()
            assert line, "the server hung up"
            lines.append(line)
        self.replies.append(lines[-1].decode().rstrip("\r\n"))
        return self.replies[-1]


# ---------------------------------------------------------------- what is compared

# Of a message that was never sent, and recipients that were never named.
UNSENT, UNNAMED = ("subject", "size_bytes"), ("recipients",)


def rows(reception: ses.Reception, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """Every cell of every table, but for the columns of what a server cannot know."""
    made = rows_of(reception)
    tables = {name: list(map(str, rows)) for name, rows in made._asdict().items() if name != "messages"}
    cells = made.messages[0]._asdict()
    return {**tables, "messages": {name: str(cell) for name, cell in cells.items() if name not in without}}


def judged(reception: ses.Reception) -> dict[str, Any]:
    """Answers, reasons and trace."""
    return {
        "sender": str(reception.sender.reply), "recipients": list(map(str, reception.replies)),
        "reply": str(reception.reply), "refusal": reception.refusal, "trace": list(map(str, reception.trace)),
        "explained": str(reception.explain(full=True)), "verdicts": reception.verdicts, "effects": reception.effects,
    }  # fmt: skip


def check(raw: bytes, envelope: ses.Envelope) -> ses.Reception:
    """Send one mail in all ways, compare, and give what `receive` made of it."""
    envelope = envelope.changed(**{name: getattr(envelope, name) for name in envelope.to_json()})  # all of it is given
    direct = receiver().receive(raw, envelope, name="smtp-1")
    (replayed,) = receiver().replay([Item(name="smtp-1", raw=raw, envelope=envelope)])
    with receiver().smtp(tls=envelope.tls, client_addresses=lambda peer: envelope.client_ip) as server:
        replies, named, sent = Client(server, envelope).send(raw)
        (live,) = server.wait_for(1, kind="all")
        assert not server.failures
    unknown = (*(() if named else UNNAMED), *(() if sent else UNSENT))
    assert judged(direct) == judged(replayed) == judged(live)
    assert rows(direct) == rows(replayed)
    assert rows(direct, without=unknown) == rows(live, without=unknown)
    assert heard(live, sent) == replies[2 : 2 + len(heard(live, sent))]
    kept = raw if direct.accepted or len(raw) <= KEPT_BYTES else raw[:KEPT_BYTES]
    assert (live.message.raw, live.message.size_bytes) == ((kept, len(raw)) if sent else (b"", 0))
    if not direct.accepted:
        assert direct.refusal
        assert direct.refusal in str(direct.explain(full=True))
    return direct


def heard(reception: ses.Reception, sent: bool) -> list[str]:
    """The replies to MAIL, each RCPT and DATA, and to the message, as the reception has them.

    Where more recipients were named than are remembered, those up to the first that is not.
    """
    answers = [str(reception.sender.reply), *map(str, reception.replies)]
    if any("named after the first" in event.reason for event in reception.trace):
        return answers[: 1 + BOUNDS.recipients_named]
    return [*answers, "354 End data with <CR><LF>.<CR><LF>", str(reception.reply)] if sent else answers


# ---------------------------------------------------------------- by hand

BO = "bo@example.com"
TLS = replace(ANA, tls=True)


def by(mail_from: str) -> ses.Envelope:
    """To Bo, from somebody else."""
    return replace(ANA, mail_from=mail_from).to(BO)


CASES = [
    # what is special             envelope                                      message                       reply
    ("nothing",                   ANA.to(BO),                                   MESSAGE,                      "250"),
    ("empty message",             ANA.to(BO),                                   b"",                          "250"),
    ("dots",                      ANA.to(BO),                                   b".\r\n..\r\n",               "250"),
    ("bare line ends",            ANA.to(BO),                                   b"a\nb\rc\r\n",               "250"),
    ("null sender",               by(""),                                       MESSAGE,                      "250"),
    ("sender without domain",     by("ana"),                                    MESSAGE,                      "250"),
    ("sender with source route",  by("@b.example:a@b.org"),                     MESSAGE,                      "250"),
    ("blanks around the sender",  by(" a@b.org "),                              MESSAGE,                      "250"),
    ("two dots in the sender",    by("a..b@example.org"),                       MESSAGE,                      "553"),
    ("quote left open",           by('"a@example.org'),                         MESSAGE,                      "501"),
    ("sender of 255 octets",      by("a" * 243 + "@example.org"),               MESSAGE,                      "553"),
    ("longest command",           by("a" * 287),                                MESSAGE,                      "553"),
    ("sender too long to say",    by("a" * 288),                                MESSAGE,                      "501"),
    ("far too long to say",       by("ü" * 900),                                MESSAGE,                      "501"),
    ("nobody",                    ANA,                                          MESSAGE,                      "503"),
    ("nobody accepted",           ANA.to("x@example.net", "y@example.org"),     MESSAGE,                      "550"),
    ("recipient without address", ANA.to(""),                                   MESSAGE,                      "550"),
    ("open quote after a good",   ANA.to(BO, '"x@example.com'),                 MESSAGE,                      "250"),
    ("only an open quote",        ANA.to('"x@example.com'),                     MESSAGE,                      "501"),
    ("recipient with a route",    ANA.to("@b.example:bo@example.com"),          MESSAGE,                      "250"),
    ("long recipient after good", ANA.to(BO, "a" * 300 + "@b.example.com", BO), MESSAGE,                      "501"),
    ("blocked",                   replace(ANA, client_ip="203.0.113.9").to(BO), MESSAGE,                      "550"),
    ("TLS required",              ANA.to("secure@example.com"),                 MESSAGE,                      "530"),
    ("over TLS",                  TLS.to("secure@example.com"),                 MESSAGE,                      "250"),
    ("more than max_recipients",  ANA.to(*[BO] * 4),                            MESSAGE,                      "250"),
    ("more than are judged",      ANA.to(*["x@example.net"] * 3, *[BO] * 5),    MESSAGE,                      "250"),
    ("many unknown",              ANA.to(*["x@example.net"] * 9),               MESSAGE,                      "550"),
    ("longest line",              ANA.to(BO),                                   b"x" * 98 + b"\r\n",          "250"),
    ("line too long",             ANA.to(BO),                                   b"x" * 99 + b"\r\n",          "500"),
    ("largest message",           ANA.to(BO),                                   b"x" * 68 + b"\r\n" * 34_966, "250"),
    ("message too large",         ANA.to(BO),                                   b"x" * 69 + b"\r\n" * 34_966, "552"),
    ("too large, with dots",      ANA.to(BO),                                   b".\r\n" * 30_000,            "552"),
    ("too large, subject first",  ANA.to(BO),                                   MESSAGE + b"\r\n" * 90_000,   "552"),
]  # fmt: skip


@pytest.mark.parametrize(("envelope", "raw", "reply"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_all_ways_agree(envelope: ses.Envelope, raw: bytes, reply: str) -> None:
    assert str(check(raw, envelope).reply).startswith(reply)


# ---------------------------------------------------------------- made

SAID = st.text(st.sampled_from('ab.@"\\<:, +ü='), max_size=12)
SENDERS = st.one_of(
    st.sampled_from(["", "ana@example.org", '"a b"@example.org', "a..b@example.org", "@r.example:ana@example.org"]),
    SAID,
    st.integers(280, 295).map("a".__mul__),
    st.integers(240, 246).map(lambda size: "a" * size + "@example.org"),
)
RECIPIENTS = st.one_of(
    st.sampled_from([BO, "Cy@Example.com", "x@a.example.com", "secure@example.com", "x@example.net", "postmaster"]),
    SAID,
    SAID.map(lambda text: f"{text}@a.example.com"),
    st.integers(270, 282).map(lambda size: "a" * size + "@a.example.com"),
)
PIECES = st.sampled_from(
    [b"\r\n", b".", b"..\r\n", b"\r\n.\r\n", b"a", b"\n", b"\r", b"\0", b"\xff", b"Subject: x\r\n"]
)
LINES = st.integers(90, 110).map(lambda size: b"x" * size + b"\r\n")
LARGE = st.integers(69_900, 70_100).map(lambda size: b"ab\r\n" * (size // 4) + b"x" * (size % 4) + b"\r\n")
BODIES = st.lists(PIECES | LINES, max_size=8).map(b"".join).map(lambda raw: raw + b"\r\n" if raw else raw)


def envelopes() -> st.SearchStrategy[ses.Envelope]:
    """Who connects, from whom, to whom: what may be said between angle brackets, and more."""
    return st.builds(
        ses.Envelope, client_ip=st.sampled_from(["198.51.100.7", "203.0.113.9", "2001:db8::7"]),
        helo=st.just("mx.example.org"), mail_from=SENDERS, rcpt_to=st.lists(RECIPIENTS, max_size=9).map(tuple),
        tls=st.booleans(),
    )  # fmt: skip


@given(envelopes(), BODIES | LARGE)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.slow
def test_all_ways_agree_on_any_mail(envelope: ses.Envelope, raw: bytes) -> None:
    check(raw, envelope)


def test_what_is_not_taken_for_want_of_room_leaves_its_reason() -> None:
    bounds = replace(BOUNDS, buffered_bytes=20_000)
    with receiver().smtp(tls=False, bounds=bounds) as server:
        replies, _, sent = Client(server, ANA.to(BO)).send(MESSAGE + b"\r\n" * 12_000)
        (live,) = server.wait_for(1, kind="refused")
    assert sent
    assert replies[-2] == str(live.reply) == "452 4.3.1 Insufficient system storage"
    assert live.refusal == "too much mail was under way in all sessions together"
    assert live.message.size_bytes == len(MESSAGE) + 24_000


def again() -> Iterator[tuple[bytes, ses.Envelope]]:
    yield MESSAGE + b"\r\n" * 90_000, ANA.to(BO)
    yield MESSAGE, replace(ANA, mail_from="a..b@example.org").to(BO)


@pytest.mark.parametrize(("raw", "envelope"), list(again()))
def test_a_refusal_is_the_same_when_it_is_run_again(raw: bytes, envelope: ses.Envelope) -> None:
    with receiver().smtp(tls=envelope.tls, client_addresses=lambda peer: envelope.client_ip) as server:
        Client(server, envelope).send(raw)
        (live,) = server.wait_for(1, kind="all")
    assert judged(receiver().replay([live])[0]) == judged(live)
