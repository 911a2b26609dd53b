"""Mail::DKIM and mailauth as oracles of DKIM: generated messages, and a table of every difference there is."""

from __future__ import annotations

import base64
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from oracles import drivers
from oracles.differences import Explains, explained
from signing import ed25519_key, public_text, record, rsa_key, sign

from sesreceive.auth.dkim import verify
from sesreceive.auth.results import DkimResult, Failure
from sesreceive.dns.zone import Zone
from sesreceive.mail.message import Message

# The oracles read the clock of the machine, so the signatures are made around it.
NOW = int(datetime.now(UTC).timestamp())

BODY = [b"hello", b" ", b"  ", b"\t", b"\r\n", b"\r\n\r\n", b".", b"=20", b"a b", b" \r\n", b"\r\n", b"\xc3\xa9"]
SUBJECTS = [b"hello", b"two  blanks", b"folded\r\n here", b" leading", b"trailing ", b"tab\there"]
FORMS = ["relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple", "relaxed", "simple", None, "relaxed/x"]

# What is done to the tags of a signature, and how often.
TAGS: list[tuple[int, dict[str, str | None]]] = [
    (30, {}),
    (2, {"i": "ana@example.org"}), (2, {"i": "ana@news.example.org"}), (1, {"i": "@example.net"}),
    (1, {"i": "ana=40example.org"}), (1, {"i": "=61na@example.org"}), (1, {"v": "2"}), (1, {"v": None}),
    (1, {"a": "rsa-sha1"}), (1, {"a": "rsa-md5"}),
    (1, {"d": "EXAMPLE.org"}), (1, {"d": None}), (1, {"s": None}), (1, {"h": None}), (1, {"h": "Subject"}),
    (2, {"h": "From:Subject:Subject:Cc"}), (2, {"h": "from : SUBJECT"}), (2, {"h": "From:To:Subject:Received"}),
    (1, {"q": "dns/txt"}), (1, {"q": "http"}), (1, {"l": "3"}), (1, {"l": "0"}), (1, {"l": "99999"}), (1, {"l": "x"}),
    (2, {"t": str(NOW - 100)}), (1, {"x": str(NOW - 86_400 * 3)}), (1, {"t": "1", "x": str(NOW + 10**6)}),
    (1, {"t": str(NOW), "x": str(NOW - 10)}), (1, {"t": str(NOW + 86_400 * 3)}), (1, {"bh": "AAAA"}),
    (1, {"b": "AAAA"}), (1, {"zz": "1"}), (1, {"x": "never"}),
]  # fmt: skip

KEYS: list[tuple[int, Any]] = [
    (30, record(rsa_key())),
    (1, record(rsa_key(), "t=y; ")), (1, record(rsa_key(), "t=s; ")), (1, record(rsa_key(), "s=email; ")),
    (1, record(rsa_key(), "s=*; ")), (1, record(rsa_key(), "s=tlsrpt; ")), (1, record(rsa_key(), "h=sha256; ")),
    (1, record(rsa_key(), "h=sha1; ")), (1, f"p={public_text(rsa_key())}"), (1, "v=DKIM1; p="),
    (1, record(rsa_key(2048))), (1, record(ed25519_key())), (1, "v=spf1 -all"), (1, "TIMEOUT"), (1, None),
    (1, f"v=DKIM2; p={public_text(rsa_key())}"),
    (1, f"v=DKIM1; p={public_text(rsa_key())[:60]} {public_text(rsa_key())[60:]}"), (1, "v=DKIM1; k=rsa; p=AAAA"),
    (1, f"v=DKIM1; n=notes; p={public_text(rsa_key())};"), (1, f"v=DKIM1; k=dsa; p={public_text(rsa_key())}"),
]  # fmt: skip


def changed_nothing(raw: bytes) -> bytes:
    return raw


CHANGES: list[tuple[int, Callable[[bytes], bytes]]] = [
    (30, changed_nothing),
    (1, lambda raw: raw + b"more\r\n"),
    (1, lambda raw: raw + b"\r\n\r\n"),
    (1, lambda raw: raw.rstrip(b"\r\n")),
    (1, lambda raw: raw.replace(b"Ana", b"Eve")),
    (1, lambda raw: raw.replace(b"hello", b"hello ")),
    (1, lambda raw: raw.replace(b"Subject:", b"SUBJECT:", 1)),
    (1, lambda raw: raw.replace(b"Subject: ", b"Subject:  ")),
    (1, lambda raw: raw.replace(b"Subject: ", b"Subject:\r\n ")),
    (1, lambda raw: raw.replace(b"\r\n\r\n", b"\r\nCc: cy@example.net\r\n\r\n", 1)),
    (1, lambda raw: raw.replace(b" b=", b" b= ", 1)),
    (1, lambda raw: raw.replace(b"; b=", b"; b=\r\n\t", 1)),
    (1, lambda raw: b"Subject: other\r\n" + raw),
    (1, lambda raw: b"Received: by mx.example.net\r\n" + raw),
]


@dataclass(frozen=True)
class Case:
    raw: bytes
    zone: Zone


def case(seed: int) -> Case:
    """One generated message and where its key is."""
    rnd = random.Random(seed)

    def drawn(rows: list[tuple[int, Any]]) -> Any:
        return rnd.choices([row for _, row in rows], [weight for weight, _ in rows])[0]

    body = b"".join(rnd.choices(BODY, k=rnd.randrange(9))) + rnd.choice([b"\r\n", b"\r\n", b"\r\n", b""])
    raw = b"From: Ana <ana@example.org>\r\nTo: bo@example.com\r\nSubject: " + rnd.choice(SUBJECTS) + b"\r\n\r\n" + body
    key = ed25519_key() if rnd.random() < 0.1 else rsa_key()
    tags = {"c": rnd.choices(FORMS, [6, 4, 2, 2, 1, 1, 1, 1])[0], **drawn(TAGS)}
    text = drawn(KEYS) if key is rsa_key() else record(key)
    records: dict[str, Any] = {}
    if text is not None:
        records["s1._domainkey.example.org"] = text if text == "TIMEOUT" else {"TXT": text}
    return Case(drawn(CHANGES)(sign(raw, key, over=tags)), Zone(records))


# ------------------------------------------------------------------------ differences

Difference = Explains[Case, DkimResult, dict[str, Any]]
Table = list[tuple[str, Difference]]


def failing(*failures: Failure) -> Difference:
    """We say why the signature cannot pass, and it passes for them."""
    return lambda made, ours, theirs: ours.failure in failures


def unfinished_body(made: Case, ours: DkimResult, theirs: dict[str, Any]) -> bool:
    """It passes for us, and the body has a last line without CRLF."""
    body = bytes(Message(made.raw).body)
    return ours.status == "pass" and body != b"" and not body.endswith(b"\r\n")


TIMES = "RFC 6376 section 3.5, tag t=: a verifier may ignore a signature from the future"
BODY_COUNT = "RFC 6376 section 3.5, tag l=: the count must not be larger than the body in canonical form"
UNSIGNED_FROM = "RFC 6376 section 6.1.1: the h= tag must include the From field"
NO_NUMBER = "RFC 6376 section 3.5, tags l= and x=: an unsigned decimal integer"
NO_TAG = "RFC 6376 sections 3.5 and 6.1.1: v=1 is required, so that a signature without it is a PERMFAIL"
NOTHING_SIGNED = "RFC 6376 section 3.5, tag l=: zero is a value, and says that nothing of the body is signed"

# Why we stay with our result, and the differences it explains.
MAIL_DKIM: Table = [
    ("RFC 8463 section 3: ed25519-sha256 is an algorithm of DKIM; this Mail::DKIM has none but RSA",
     lambda made, ours, theirs: "unsupported algorithm ed25519" in theirs["detail"]),
    ("RFC 6376 sections 3.4.3 and 3.4.4: a CRLF is added to a body without one; Mail::DKIM leaves that line out",
     unfinished_body),
    (f"{NOTHING_SIGNED}; Mail::DKIM takes it for no tag",
     lambda made, ours, theirs: ours.status == "pass" and b" l=0;" in made.raw),
    (f"{UNSIGNED_FROM}; Mail::DKIM does not look", failing(Failure.FROM_NOT_SIGNED)),
    (f"{NO_TAG}; Mail::DKIM reads it as DomainKeys did", failing(Failure.MISSING_TAG)),
    (f"{NO_NUMBER}; Mail::DKIM takes what is none for zero", failing(Failure.BAD_VALUE)),
    (f"{BODY_COUNT}; Mail::DKIM does not compare", failing(Failure.BODY_LENGTH)),
    (f"{TIMES}; Mail::DKIM does not", failing(Failure.FUTURE)),
]  # fmt: skip

MAILAUTH: Table = [
    ("RFC 5322 section 2.1: a body is optional, and so is the empty line before it; mailauth finds no header then",
     lambda made, ours, theirs: theirs["detail"] == "message not signed" and b"\r\n\r\n" not in made.raw),
    (f"{NOTHING_SIGNED}; mailauth takes it for no tag",
     lambda made, ours, theirs: ours.status == "pass" and b" l=0;" in made.raw),
    ("RFC 6376 section 3.4.4: blanks at the end of lines go, then a missing CRLF is added; mailauth adds it first",
     lambda made, ours, theirs: unfinished_body(made, ours, theirs) and made.raw.endswith((b" ", b"\t"))),
    ("RFC 6376 section 6.1.1: the domain of i= must be that of d= or below it; mailauth does not compare",
     failing(Failure.IDENTITY)),
    ("RFC 6376 section 6.1.1: a signature of another version is not verified; mailauth does not look",
     failing(Failure.VERSION)),
    (f"{UNSIGNED_FROM}; mailauth does not look", failing(Failure.FROM_NOT_SIGNED)),
    (f"{NO_TAG}; mailauth does not look", failing(Failure.MISSING_TAG)),
    (f"{NO_NUMBER}; mailauth ignores what is none, and reads `c=relaxed/x` as simple", failing(Failure.BAD_VALUE)),
    (f"{BODY_COUNT}; mailauth does not compare", failing(Failure.BODY_LENGTH)),
    (f"{TIMES}; mailauth does not", failing(Failure.FUTURE)),
    ("RFC 6376 section 3.5, tag q=: unrecognised query methods are ignored, and none is left; mailauth does not look",
     failing(Failure.QUERY_METHOD)),
    ("RFC 6376 section 6.1.2, step 6: a key whose h= does not list the hash is ignored; mailauth does not look",
     failing(Failure.KEY_HASH)),
    ("RFC 6376 section 3.6.1, tag s=: a key for another service is ignored; mailauth does not look",
     failing(Failure.KEY_SERVICE)),
]  # fmt: skip


def compare(oracle: drivers.Oracle, table: Table, count: int, **kind: str) -> Counter[str]:
    """How often each row of the table explains a difference in what passes."""

    def asked(made: Case) -> dict[str, Any]:
        zone = drivers.answers_of(made.zone)
        answer = oracle.ask(zone=zone, raw=base64.b64encode(made.raw).decode(), **kind)
        return (answer["signatures"] or [{"result": "none", "detail": answer.get("error", "no signature")}])[0]

    return explained(
        ((made, verify(Message(made.raw), made.zone, NOW)[0], asked(made)) for made in map(case, range(count))),
        table,
        alike=lambda ours, theirs: (ours.status == "pass") == (theirs["result"] == "pass"),
        described=lambda made, ours, theirs: (
            f"we {ours.status} ({ours.reason}), they {theirs}\n{made.raw!r}\n{made.zone.to_text()}"
        ),
    )


@pytest.fixture(scope="module")
def mail_dkim() -> Iterator[drivers.Oracle]:
    yield from drivers.mail_dkim()


@pytest.fixture(scope="module")
def mailauth() -> Iterator[drivers.Oracle]:
    yield from drivers.mailauth()


EVERYDAY, ALL = 150, 2000


@pytest.mark.perl
def test_mail_dkim_gives_the_same_results(mail_dkim: drivers.Oracle) -> None:
    compare(mail_dkim, MAIL_DKIM, EVERYDAY)


@pytest.mark.node
@pytest.mark.network
def test_mailauth_gives_the_same_results(mailauth: drivers.Oracle) -> None:
    compare(mailauth, MAILAUTH, EVERYDAY, kind="dkim")


@pytest.mark.slow
@pytest.mark.perl
def test_every_difference_from_mail_dkim_is_explained(mail_dkim: drivers.Oracle) -> None:
    used = compare(mail_dkim, MAIL_DKIM, ALL)
    assert set(used) == {why for why, _ in MAIL_DKIM}, "a row explains nothing any more"


@pytest.mark.slow
@pytest.mark.node
@pytest.mark.network
def test_every_difference_from_mailauth_is_explained(mailauth: drivers.Oracle) -> None:
    used = compare(mailauth, MAILAUTH, ALL, kind="dkim")
    assert set(used) == {why for why, _ in MAILAUTH}, "a row explains nothing any more"


def test_the_generated_messages_pass_and_fail() -> None:
    made = (case(seed) for seed in range(EVERYDAY))
    results = Counter(verify(Message(one.raw), one.zone, NOW)[0].status.value for one in made)
    assert min(results[status] for status in ("pass", "fail", "permerror", "temperror")) >= 1, results
