"""What has to hold for any octets at all, one law for each reader of what strangers send.

A law is a function of octets that raises nothing: an `AssertionError` is a broken law, any other exception is a reader
that gave up on its input. `run.py` looks for octets that break one; `test_laws.py` tries the kept ones every day.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from sesreceive import datasets
from sesreceive.account.account import Account
from sesreceive.assumption import Assumptions
from sesreceive.auth.author import Author
from sesreceive.auth.dkim import verify
from sesreceive.auth.dmarc import DmarcRecord, evaluate
from sesreceive.auth.keys import KeyRecord
from sesreceive.auth.results import SpfResult, SpfStatus
from sesreceive.auth.spf import check_host
from sesreceive.bounds import Bounds
from sesreceive.datasets import Dataset
from sesreceive.dns.zone import Zone
from sesreceive.errors import InputError, ValidationError, one_line
from sesreceive.mail.address import Mailbox
from sesreceive.mail.address_list import parse_addresses, render
from sesreceive.mail.encoded_words import decode_words
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.loose_addresses import addresses_in
from sesreceive.mail.mbox import messages_in
from sesreceive.mail.message import Message
from tests.fuzz import account_readers, words
from tests.fuzz.scratch import ROOT, files, scratch
from tests.smtp.world import converse

ZOO = ROOT / "datasets" / "zoo"
NOW = 1_767_348_305.0  # 2 January 2026, when the zoo was written
BODY = b"From: ana@example.org\r\nSubject: x\r\n\r\nbody\r\n"


def _text(data: bytes) -> str:
    """Any text, lone surrogates included, as a header with octets beyond ASCII may give it."""
    return data.decode("utf-8", "surrogateescape")


# ---------------------------------------------------------------- the laws


def message(data: bytes) -> None:
    """A message is its header, an empty line and its body, octet for octet, and every field stands in the header."""
    parsed = Message(data)
    assert parsed.header + data[parsed.header_end : parsed.body_start] + bytes(parsed.body) == data
    place = 0
    for field in parsed.fields:
        for part in (field.name, field.value):
            place = parsed.header.index(part, place) + len(part)
    assert sum(map(len, parsed.by_name.values())) == len(parsed.fields)
    parsed.get("subject")
    repr(parsed)


def dkim(data: bytes) -> None:
    """Each DKIM-Signature field has one result with a reason, whatever is in it or in the message."""
    zone = _zone()
    for raw in (data, b"DKIM-Signature: " + data + b"\r\n" + BODY):
        parsed = Message(raw)
        results = verify(parsed, zone, NOW)
        assert len(results) == len(parsed.all("DKIM-Signature"))
        assert all(result.reason for result in results)


def dkim_key(data: bytes) -> None:
    """A record of a known kind of key holds a key, or is revoked, or has a problem in words; or it is no record."""
    record = KeyRecord.parse(data)
    if record is not None and record.kind in ("rsa", "ed25519"):
        assert record.public is not None or record.is_revoked or record.problem


def dmarc(data: bytes) -> None:
    """Any text as a policy record, and any From field, give a result with a reason."""
    text = data.decode("utf-8", "replace")
    DmarcRecord.parse(text)
    zone = Zone({"_dmarc.example.org": {"TXT": data}}) if data else Zone()
    spf = SpfResult(
        status=SpfStatus.NONE,
        domain="example.org",
        envelope_from="ana@example.org",
        client_ip="192.0.2.1",
        helo="mx.example.org",
    )
    assert evaluate(Message(BODY), spf, (), zone).reason
    assert evaluate(Message(b"From: " + data + b"\r\n\r\n"), spf, (), zone).reason


def spf(data: bytes) -> None:
    """Any octets as an SPF record give a result with a reason, and the same one when asked again."""
    record = b"v=spf1 " + data
    zone = Zone(
        {"example.org": {"TXT": record, "A": "192.0.2.9"}, "a.example.org": {"TXT": "v=spf1 include:example.org"}}
    )
    asked = [check_host("192.0.2.1", "ana@example.org", "mx.example.org", zone) for _ in range(2)]
    assert asked[0] == asked[1]
    assert asked[0].reason
    assert check_host("2001:db8::1", data.decode("utf-8", "replace"), "mx.example.org", zone).reason


def addresses(data: bytes) -> None:
    """A list of addresses is read or refused, and what is printed of one can be read again as one with its address."""
    text = data.decode("utf-8", "replace")
    for address in parse_addresses(text) or ():
        assert address.address in text
        assert address.address in render(address)
    author = Author.of(Message(b"From: " + data + b"\r\n\r\n"))
    assert bool(author.domains) != bool(author.problem)
    mailbox = Mailbox.parse(text)
    assert mailbox.local + "@" * mailbox.is_divided + text[len(mailbox.local) + 1 :] == text
    assert all(0 < address.rfind("@") < len(address) - 1 for address in addresses_in(text))


def encoded_words(data: bytes) -> None:
    """Decoding raises nothing, and leaves a text without `=?` as it is."""
    text = _text(data)
    decoded = decode_words(text)
    assert "=?" in text or decoded == text


def smtp(data: bytes) -> None:
    """However a stream is cut into packets, the replies and the messages are the same; the first octets say where."""
    cuts, stream = list(data[:8]), data[8:]
    places = sorted({0, len(stream), *(min(cut, len(stream)) for cut in cuts)})
    packets = [stream[start:end] for start, end in pairwise(places)]
    tight, short = Bounds(command_bytes=60, message_bytes=150, errors=6), Assumptions(text_line_limit=40)
    written, closed, got = converse([stream], bounds=tight, assumptions=short)
    assert b"421 4.3.0" not in written, "an error of ours"
    again = converse(packets, bounds=tight, assumptions=short)
    assert (written, closed) == again[:2]
    assert [(one.envelope, one.message.raw) for one in got] == [(one.envelope, one.message.raw) for one in again[2]]


def mbox(data: bytes) -> None:
    """Any file is read or refused in a sentence; a mailbox gives its messages back, but for what is its own in them."""
    with suppress(InputError):
        assert all(isinstance(raw, bytes) for raw in messages_in(data.splitlines(keepends=True)))
    written = [_ended(part) for part in data.split(b"\xff\xff")]
    if any(raw.lstrip(b"\r\n> \t").startswith(b"From ") or b"content-length" in raw.lower() for raw in written):
        return
    lines = [line for raw in written for line in _mailbox_lines(raw)]
    assert list(messages_in(lines)) == written


def zone(data: bytes) -> None:
    """A zone file is refused with its line, or what it is printed as is the same zone."""
    try:
        parsed = Zone.parse(data.decode("utf-8", "replace"))
    except InputError:
        return
    assert Zone.parse(parsed.to_text()) == parsed
    for name in parsed.names:
        parsed.resolve(name, "TXT")


def account(data: bytes) -> None:
    """An account file is refused in sentences, or comes back from its own API shapes unchanged."""
    with tempfile.NamedTemporaryFile(suffix=".json", dir=scratch()) as file:
        file.write(data)
        file.flush()
        try:
            loaded = Account.load(file.name)
        except (InputError, ValidationError):
            return
    assert Account.from_api(json.loads(json.dumps(loaded.to_api()))) == loaded
    assert all(str(problem) for problem in loaded.problems())


def envelope(data: bytes) -> None:
    """An envelope file is refused in a sentence, or comes back unchanged."""
    try:
        read = Envelope.from_json(data)
    except InputError:
        return
    assert Envelope.from_json(json.dumps(read.to_json())) == read


def reception(data: bytes) -> None:
    """Any octets are received: stored as they came, told of in JSON, and explained in lines that move no terminal."""
    receiver = _zoo().receiver()
    received = receiver.receive(data, mail_from="writer@plain.example", rcpt_to=["ana@example.com"])
    (stored,) = receiver.backend.buckets["zoo"].values()
    assert stored.body.endswith(data)
    (topic,) = receiver.backend.topics.values()
    assert topic[0].json()["mail"]["messageId"] == received.message_id
    # Letters that Unicode has not given away yet may stand in it: which these are depends on the Python.
    for line in str(received.explain(full=True)).split("\n"):
        assert line == one_line(line, len(line) + 1)


# ---------------------------------------------------------------- what they need


def _ended(raw: bytes) -> bytes:
    return raw if raw.endswith(b"\n") else raw + b"\n"


def _mailbox_lines(raw: bytes) -> Iterator[bytes]:
    """A message as mboxrd has it: a line of its own in front, `>` before From lines, an empty line behind."""
    yield b"From ana@example.org Fri Jan  2 10:05:05 2026\n"
    for line in raw.split(b"\n")[:-1]:
        yield b">" * line.lstrip(b">").startswith(b"From ") + line + b"\n"
    yield b"\n"


@cache
def _zoo() -> Dataset:
    return datasets.load("zoo")


def _zone() -> Zone:
    return _zoo().zone


# ---------------------------------------------------------------- the table


@dataclass(frozen=True, kw_only=True)
class Law:
    """One law, and where its first inputs come from.

    Attributes
    ----------
    holds : callable
        The law; its docstring says it in words.
    seeds : callable
        Inputs to begin with.
    words : tuple of bytes
        What the fuzzer puts in whole, since it would take long to find it letter by letter.
    longest : int
        Octets of the longest input that is tried.
    """

    holds: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    words: tuple[bytes, ...] = ()
    longest: int = 4096


def _mail() -> list[bytes]:
    return [path.read_bytes() for path in sorted((ZOO / "mail").glob("*.eml"))]


def _fields(*names: str) -> list[bytes]:
    """The values of these fields in the zoo, each once."""
    found = (field.value.strip() for raw in _mail() for name in names for field in Message(raw).all(name))
    return list(dict.fromkeys(found))


def _records(cut: bytes, start: bytes = b"") -> list[bytes]:
    """The TXT records of the zoo's zone that begin like this, without what is cut off."""
    texts = (record.value for record in _zone().records if record.rdtype == "TXT")
    octets = (text if isinstance(text, bytes) else str(text).encode() for text in texts)
    return [text.removeprefix(cut) for text in octets if text.startswith(start or cut)]


def _zone_lines() -> list[str]:
    """The lines of two zones, each a zone by itself."""
    texts = ((ROOT / "datasets" / name / "zone.txt").read_text(encoding="utf-8") for name in ("zoo", "anycompany"))
    return [line for text in texts for line in text.splitlines() if line]


def _sessions() -> Iterator[bytes]:
    start = b"EHLO mx.example.org\r\nMAIL FROM:<ana@example.org>\r\nRCPT TO:<bo@example.com>\r\nDATA\r\n"
    for end in (b"\r\n.\r\n", b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n..\r\n"):
        yield bytes(range(20, 100, 10)) + start + b"Subject: x\r\n\r\nhidden" + end + b"MAIL FROM:<>\r\nQUIT\r\n"
    yield bytes(8) + b"HELO x\nRSET\r\nNOOP\r\nVRFY a\r\nSTARTTLS\r\nXCLIENT ADDR=192.0.2.1\r\n"


LAWS: Mapping[str, Law] = {
    "message": Law(holds=message, words=words.HEADER, seeds=_mail),
    "dkim": Law(holds=dkim, words=(*words.HEADER, *words.DKIM), seeds=lambda: _fields("DKIM-Signature") + _mail()[:20]),
    "dkim-key": Law(holds=dkim_key, words=words.DKIM, seeds=lambda: _records(b"", b"v=DKIM1")),
    "dmarc": Law(
        holds=dmarc, words=(*words.DMARC, *words.ADDRESS), seeds=lambda: _records(b"", b"v=DMARC1") + _fields("From")
    ),
    "spf": Law(holds=spf, words=words.SPF, seeds=lambda: _records(b"v=spf1 "), longest=600),
    "addresses": Law(
        holds=addresses, words=words.ADDRESS, seeds=lambda: _fields("From", "To", "Cc", "Sender", "Reply-To")
    ),
    "encoded-words": Law(holds=encoded_words, words=words.CODED, seeds=lambda: _fields("Subject", "From")),
    "smtp": Law(holds=smtp, words=words.SMTP, seeds=_sessions, longest=600),
    "mbox": Law(
        holds=mbox, words=words.MBOX, seeds=lambda: [raw[:2000] + b"\xff\xff" + raw[:300] for raw in _mail()[::8]]
    ),
    "zone": Law(holds=zone, words=words.ZONES, seeds=lambda: [line.encode() for line in _zone_lines()]),
    "account": Law(
        holds=account,
        words=words.ACCOUNT,
        seeds=lambda: files("datasets/*/account.json", "tests/account/invalid/*.json"),
    ),
    "envelope": Law(holds=envelope, words=words.ENVELOPE, seeds=lambda: files("datasets/zoo/mail/03*.envelope.json")),
    "template": Law(
        holds=account_readers.template,
        words=words.TEMPLATE,
        seeds=lambda: list(account_readers.exported("cloudformation")),
    ),
    "serverless": Law(
        holds=account_readers.serverless,
        words=words.TEMPLATE,
        seeds=lambda: [account_readers.SERVICE, *account_readers.exported("cloudformation")],
    ),
    "terraform": Law(
        holds=account_readers.terraform,
        words=words.TERRAFORM,
        seeds=lambda: [account_readers.MODULE, *account_readers.exported("terraform")],
    ),
    "terraform-json": Law(
        holds=account_readers.terraform_json,
        words=words.TERRAFORM_JSON,
        seeds=lambda: list(account_readers.TERRAFORM_JSON),
    ),
    "api-json": Law(
        holds=account_readers.api_json,
        words=words.ACCOUNT,
        seeds=lambda: [*files("datasets/*/account.json"), *account_readers.API_SHAPES],
    ),
    "query": Law(holds=account_readers.query, words=words.QUERY, seeds=lambda: list(account_readers.bodies())),
    "reception": Law(holds=reception, words=(*words.HEADER, *words.DKIM), seeds=_mail),
}
