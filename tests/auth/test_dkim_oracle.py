"""dkimpy as oracle: what it signs we pass, and after any change of a byte both say the same."""

from __future__ import annotations

import base64
import itertools
import re
import sys
from typing import Any

import dkim
import pytest
import suites
from hypothesis import given, settings
from hypothesis import strategies as st
from signing import ed25519_key, pem, record, rsa_key

from sesreceive.auth import canonical
from sesreceive.auth.body_hashes import BodyHashes
from sesreceive.auth.dkim import verify
from sesreceive.auth.keys import KeyRecord
from sesreceive.dns.zone import Zone
from sesreceive.mail.message import Message

ED25519_SEED = base64.b64encode(ed25519_key().private_bytes_raw())
KEYS = {
    b"rsa-sha256": (pem(rsa_key()), record(rsa_key())),
    b"ed25519-sha256": (ED25519_SEED, record(ed25519_key())),
}
ZONE = Zone(
    {
        "rsa-sha256._domainkey.example.org": {"TXT": KEYS[b"rsa-sha256"][1]},
        "ed25519-sha256._domainkey.example.org": {"TXT": KEYS[b"ed25519-sha256"][1]},
    }
)
FORMS = list(itertools.product([b"simple", b"relaxed"], repeat=2))
ALGORITHMS = list(KEYS)


def lookup(name: bytes, timeout: int = 5) -> bytes | None:
    answer = ZONE.resolve(name.decode("ascii", "replace"), "TXT")
    return bytes(answer.values[0]) if answer.values else None  # type: ignore[arg-type]  # TXT is bytes


def dkimpy_says(raw: bytes, index: int = 0) -> bool | None:
    """Whether dkimpy verifies the signature; None where it cannot read the message."""
    try:
        return bool(dkim.DKIM(raw).verify(idx=index, dnsfunc=lookup))
    except (dkim.MessageFormatError, IndexError):
        return None
    except (dkim.DKIMException, ValueError):  # ValueError: base64
        return False


def signed(raw: bytes, algorithm: bytes, forms: tuple[bytes, bytes], **more: Any) -> bytes:
    key = KEYS[algorithm][0]
    return bytes(
        dkim.sign(raw, algorithm, b"example.org", key, canonicalize=forms, signature_algorithm=algorithm, **more) + raw
    )


def made_at(raw: bytes) -> int:
    """When dkimpy signed: it takes no clock."""
    found = re.search(rb"\bt=(\d+)", raw)
    return int(found.group(1)) if found else 0


# ------------------------------------------------------------------------ messages

lines = st.text(alphabet="ab \t.:;=-é\xa0", max_size=12).map(str.encode)
bodies = st.lists(
    st.sampled_from([b" ", b"\t", b"  ", b"a", b"bc", b"\r\n", b"\r\n\r\n", b"\r", b"\xff", b" " * 9]), max_size=14
)
names = st.sampled_from([b"To", b"Subject", b"SUBJECT", b"Date", b"X-Odd", b"Received", b"Message-ID"])


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    fields = [b"From: Ana <ana@example.org>\r\n"]
    for name in draw(st.lists(names, max_size=5)):
        folded = b"\r\n ".join(line + b"x" for line in draw(st.lists(lines, min_size=1, max_size=3)))
        fields.insert(draw(st.integers(0, len(fields))), name + b":" + folded + b"\r\n")
    return b"".join(fields) + b"\r\n" + _ended(b"".join(draw(bodies)))


def _ended(body: bytes) -> bytes:
    """The body without blanks behind its last line end.

    RFC 6376 section 3.4.4 has blanks at the end of lines ignored first and a missing CRLF added last; dkimpy adds it
    first, so that blanks behind the last line end stay as one. `test_a_last_line_without_crlf` has these.
    """
    return body.rstrip(b" \t")


@given(raw=messages(), algorithm=st.sampled_from(ALGORITHMS), forms=st.sampled_from(FORMS), length=st.booleans())
def test_what_dkimpy_signs_passes(raw: bytes, algorithm: bytes, forms: tuple[bytes, bytes], length: bool) -> None:
    mail = signed(raw, algorithm, forms, length=length)
    (got,) = verify(Message(mail), ZONE, made_at(mail))
    assert got.status == "pass", got.reason
    assert dkimpy_says(mail) is True


@given(
    raw=messages(),
    algorithm=st.sampled_from(ALGORITHMS),
    forms=st.sampled_from(FORMS),
    where=st.floats(0, 1, exclude_max=True),
    octet=st.one_of(st.sampled_from(b" \t\r\n;=:aA0"), st.integers(0, 255)),
    how=st.sampled_from(["replace", "insert", "delete"]),
)
def test_after_any_change_both_say_the_same(
    raw: bytes, algorithm: bytes, forms: tuple[bytes, bytes], where: float, octet: int, how: str
) -> None:
    mail = signed(raw, algorithm, forms)
    now = made_at(mail)
    at = int(where * len(mail))
    keep = at if how == "insert" else at + 1
    changed = mail[:at] + (b"" if how == "delete" else bytes([octet])) + mail[keep:]
    says = dkimpy_says(changed)
    ours = [one.status == "pass" for one in verify(Message(changed), ZONE, now)]
    if says is None:  # dkimpy gives up on the message; it is received all the same
        return
    if changed != _ended(changed):
        return
    assert any(ours) is says, (changed, [one.reason for one in verify(Message(changed), ZONE, now)])


@given(raw=messages(), first=st.sampled_from(ALGORITHMS), second=st.sampled_from(ALGORITHMS))
def test_two_signatures_are_two_results(raw: bytes, first: bytes, second: bytes) -> None:
    mail = signed(signed(raw, first, (b"relaxed", b"relaxed")), second, (b"relaxed", b"simple"))
    results = verify(Message(mail), ZONE, made_at(mail))
    assert [(one.algorithm, one.status) for one in results] == [(second.decode(), "pass"), (first.decode(), "pass")]
    assert [dkimpy_says(mail, index) for index in (0, 1)] == [True, True]


@pytest.mark.parametrize("forms", FORMS)
def test_lines_that_end_in_lf_count_as_if_they_ended_in_crlf(forms: tuple[bytes, bytes]) -> None:
    mail = signed(b"From: ana@example.org\nSubject: a\n b\n\nbody \n\nend\n\n\n", b"rsa-sha256", forms).replace(
        b"\r\n", b"\n"
    )
    assert dkimpy_says(mail) is True
    assert verify(Message(mail), ZONE, made_at(mail))[0].status == "pass"


# ------------------------------------------------------------------------ canonical forms


@given(st.one_of(bodies.map(b"".join), st.binary(max_size=60)))
def test_bodies_have_the_canonical_form_of_dkimpy(body: bytes) -> None:
    body = _ended(canonical.crlf(body))
    for form, oracle in ((b"simple", dkim.canonicalization.Simple), (b"relaxed", dkim.canonicalization.Relaxed)):
        assert bytes(canonical.body(form, body)) == oracle.canonicalize_body(body)


@given(st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n"]), max_size=12).map(b"".join))
def test_a_last_line_without_crlf_loses_its_blanks_as_any_other(body: bytes) -> None:
    ended = body if body.endswith(b"\r\n") or not body else body + b"\r\n"
    assert bytes(canonical.body(b"relaxed", body)) == bytes(canonical.body(b"relaxed", ended))


large_pieces = st.lists(
    st.sampled_from([b" ", b"\t", b"a", b"bc  ", b"\r\n", b" \r\n", b"\t \r\n\r\n", b"\r", b"\n", b" " * 9]),
    min_size=1,
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(
    large_pieces.map(b"".join),
    st.sampled_from([canonical.LARGE, canonical.PIECE, 2 * canonical.PIECE]),
    st.integers(-3, 3),
    large_pieces.map(b"".join),
)
def test_large_bodies_have_the_canonical_form_of_dkimpy(part: bytes, size: int, shift: int, end: bytes) -> None:
    # At the border of what numpy reads, and of the pieces it reads it in.
    body = _ended((part * (size // len(part) + 1))[: size + shift] + end)
    lines = canonical.crlf(body)
    assert lines == body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    for form, oracle in ((b"simple", dkim.canonicalization.Simple), (b"relaxed", dkim.canonicalization.Relaxed)):
        want = oracle.canonicalize_body(lines)
        assert bytes(canonical.body(form, lines)) == want
        # As it came, behind a header, and with the way of small bodies.
        assert bytes(canonical.body(form, b"a: b\n\n" + body, 6)) == want
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(canonical, "LARGE", sys.maxsize)
            assert bytes(canonical.body(form, body)) == want


odd_pieces = st.sampled_from([b" ", b"\t", b"  ", b"a", b"\r\n", b"\r\n\r\n", b" \r\n", b"\r", b"\n", b"\x00", b"\xff"])


@settings(max_examples=300)
@given(
    st.one_of(st.binary(min_size=1, max_size=30), st.lists(odd_pieces, min_size=1, max_size=30).map(b"".join)),
    st.integers(1, 9),
    st.one_of(st.none(), st.integers(0, 12)),
)
def test_the_ways_of_large_and_small_bodies_end_alike(body: bytes, piece: int, length: int | None) -> None:
    message = Message(b"From: ana@example.org\r\n\r\n" + body)
    small = BodyHashes(message)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canonical, "LARGE", 1)
        patch.setattr(canonical, "PIECE", piece)
        large = BodyHashes(message)
        digests = [large.digest(form, length) for form in canonical.ALGORITHMS]
        bodies = [bytes(large.body(form)) for form in canonical.ALGORITHMS]
    assert bodies == [bytes(small.body(form)) for form in canonical.ALGORITHMS]
    assert digests == [small.digest(form, length) for form in canonical.ALGORITHMS]
    lines = _ended(canonical.crlf(body))
    assert bytes(canonical.body(b"relaxed", lines)) == dkim.canonicalization.Relaxed.canonicalize_body(lines)


@pytest.mark.parametrize("before", [b"", b"x", b"x\r\n", b"\r", b"x\r", b"\n\r" * 9, b"\r\r\n"])
@pytest.mark.parametrize("lines", [0, 1, 2, 63, 64, 65, 4_095, 4_096, 4_097, 12_353])
def test_empty_lines_at_the_end_are_taken_off_however_many(before: bytes, lines: int) -> None:
    body = canonical.crlf(before) + b"\r\n" * lines
    for form, oracle in ((b"simple", dkim.canonicalization.Simple), (b"relaxed", dkim.canonicalization.Relaxed)):
        assert bytes(canonical.body(form, body)) == oracle.canonicalize_body(body)


@given(st.binary(max_size=60), st.integers(0, 40))
def test_runs_of_blanks_of_any_length_become_one(text: bytes, blanks: int) -> None:
    body = canonical.crlf(text.replace(b"a", b" " * blanks).replace(b"b", b"\t" * blanks) + b" " * blanks + b"end\r\n")
    assert bytes(canonical.body(b"relaxed", body)) == dkim.canonicalization.Relaxed.canonicalize_body(body)


@given(st.binary(max_size=60))
def test_fields_have_the_canonical_form_of_dkimpy(value: bytes) -> None:
    # Only SP and HTAB are white space to RFC 6376 section 3.4.2; dkimpy takes four more octets from the ends.
    value = canonical.crlf(b"<" + value + b">")
    for form, oracle in ((b"simple", dkim.canonicalization.Simple), (b"relaxed", dkim.canonicalization.Relaxed)):
        for around in (value, b" \t" + value + b" \t", b"\r\n " + value):
            ((name, wanted),) = oracle.canonicalize_headers([(b"Sub-JECT", around + b"\r\n")])
            assert canonical.header(form, b"Sub-JECT", around) == name + b":" + wanted


# ------------------------------------------------------------------------ dkimpy's own samples

DATA = "dkim/tests/data"

SAMPLES = [
    # message                    results, one a signature    a part of the first reason
    ("rfc6376.signed.msg",       ["pass", "pass"],           "256-bit key `brisbane._domainkey.football.example.com`"),
    ("rfc6376.signed.rsa.msg",   ["pass"],                   "1024-bit key `test._domainkey.football.example.com`"),
    ("rfc6376.signed.no_t.msg",  ["fail"],                   "a signed header field changed, or another key signed"),
    ("ed25519test2.msg",         ["pass"],                   "256-bit key `sed._domainkey.test.ex`"),
    ("test2.message",            ["pass"],                   "2048-bit key `20120113._domainkey.gmail.com`"),
    ("test.message.baddomain",   ["permerror"],              "`d=legitimate.com(.attacker.com` is no domain"),
    ("message.mbox",             ["permerror"],              "there is no key `2007-00._domainkey.kitterman.com`"),
    ("ed25519test.msg",          [],                         ""),
    ("rfc6376.msg",              [],                         ""),
    ("rfc6376.w1258.msg",        [],                         ""),
    ("test.message",             [],                         ""),
    ("test_extra.message",       [],                         ""),
    ("test_nofrom.message",      [],                         ""),
]  # fmt: skip


@pytest.mark.network
@pytest.mark.parametrize("name,statuses,part", SAMPLES)
def test_the_sample_messages_of_dkimpy(name: str, statuses: list[str], part: str) -> None:
    zone = Zone(
        {
            "test._domainkey.football.example.com": {"TXT": suites.read(suites.DKIMPY, f"{DATA}/test.txt")},
            # RFC 8463 appendix A
            "brisbane._domainkey.football.example.com": {
                "TXT": "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
            },
            "sed._domainkey.test.ex": {"TXT": suites.read(suites.DKIMPY, f"{DATA}/eximtest.dns")},
            "20120113._domainkey.gmail.com": {"TXT": _key_in_the_tests(b"20120113._domainkey.gmail.com.")},
        }
    )
    results = verify(Message(suites.read(suites.DKIMPY, f"{DATA}/{name}")), zone, 1_700_000_000)
    assert [one.status.value for one in results] == statuses
    assert part in (results[0].reason if results else "")


def _key_in_the_tests(name: bytes) -> bytes:
    """A key record that dkimpy's own tests have as a literal."""
    text = suites.read(suites.DKIMPY, "dkim/tests/test_dkim.py")
    found = re.search(re.escape(name) + rb"': \"\"\"(.*?)\"\"\"", text, re.DOTALL)
    assert found is not None
    return found.group(1).replace(b"\\\n", b"")


RECORDS = [
    # record                                    bits   problem
    ("1024_testkey_wo_markers.pub.txt",         1024,  ""),
    ("1024_testkey_wo_markers.pub.rsa.txt",     1024,  ""),
    ("2048_testkey_wo_markers.pub.txt",         2048,  ""),
    ("2048_testkey_wo_markers.pub.rsa.txt",     2048,  ""),
    ("2048_testkey_PKCS8.key.pub.txt",          2048,  ""),
    ("test_tlsrpt.txt",                         1024,  ""),
    ("ed25519test.dns",                         256,   ""),
    ("test_bad.txt",                            0,     "`p=` is no RSA public key"),
    ("badk.txt",                                0,     ""),
]  # fmt: skip


@pytest.mark.network
@pytest.mark.parametrize("name,bits,problem", RECORDS)
def test_the_key_records_of_dkimpy(name: str, bits: int, problem: str) -> None:
    record = KeyRecord.parse(suites.read(suites.DKIMPY, f"{DATA}/{name}"))
    assert record is not None
    assert (record.bits, record.problem, record.public is not None) == (bits, problem, bits > 0)


@pytest.mark.network
def test_a_record_of_another_version_is_no_key_record() -> None:
    assert KeyRecord.parse(suites.read(suites.DKIMPY, f"{DATA}/badversion.txt")) is None
