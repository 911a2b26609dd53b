"""What is signed here is accepted by dkimpy and by our own verifier, until something is changed."""

from __future__ import annotations

import dkim as oracle
import pytest

from sesreceive.auth import dkim
from sesreceive.auth.results import Failure
from sesreceive.dns.zone import Zone
from sesreceive.errors import InputError
from sesreceive.lab.sign import CANONICALIZATIONS, KEY_KINDS, SigningKey, sign
from sesreceive.mail.message import Message

NOW = 1_767_348_000
RAW = b"From: Ana <ana@example.org>\r\nTo: bo@example.com\r\nSubject: hello\r\n\r\nsome  text \r\n\r\n"
KEYS = {kind: SigningKey.generate("example.org", f"{kind}1", kind=kind, bits=1024) for kind in KEY_KINDS}
ZONE = Zone({key.name: {"TXT": key.record} for key in KEYS.values()})


def status(raw: bytes, *, now: float = NOW) -> list[str]:
    return [one.status.value for one in dkim.verify(Message(raw), ZONE, now)]


@pytest.mark.parametrize("kind", KEY_KINDS)
@pytest.mark.parametrize("canonicalization", CANONICALIZATIONS)
def test_a_signature_is_accepted_by_us_and_by_the_oracle(kind: str, canonicalization: str) -> None:
    key = KEYS[kind]
    signed = sign(RAW, key, signed_at=NOW, canonicalization=canonicalization)
    assert signed.endswith(RAW)
    assert status(signed) == ["pass"]
    assert oracle.verify(signed, dnsfunc=lambda name, timeout=5: key.record.encode(), minkey=1024)


# what is done to the signed message → the result
CHANGES = [
    (lambda raw: raw, "pass"),
    (lambda raw: raw.replace(b"some", b"same"), "fail"),
    (lambda raw: raw.replace(b"hello", b"bye"), "fail"),
    (lambda raw: raw.replace(b"some  text", b"some text"), "pass"),
    (lambda raw: b"X-Added: on the way\r\n" + raw, "pass"),
]


@pytest.mark.parametrize("change, want", CHANGES)
def test_a_change_on_the_way_breaks_it_where_it_should(change: object, want: str) -> None:
    assert callable(change)
    assert status(change(sign(RAW, KEYS["rsa"], signed_at=NOW))) == [want]


def test_the_time_is_the_one_that_was_told() -> None:
    assert status(sign(RAW, KEYS["rsa"], signed_at=NOW + 100_000)) == ["fail"]
    assert b" t=1767348000;" in sign(RAW, KEYS["rsa"], signed_at=NOW + 0.9).replace(b"\r\n", b"")


def test_with_a_length_more_may_follow() -> None:
    assert status(sign(RAW, KEYS["rsa"], signed_at=NOW, length=True) + b"more\r\n") == ["pass"]


@pytest.mark.parametrize("later, want", [(60, "fail"), (59, "pass"), (-3600, "pass")])
def test_a_signature_expires_when_it_was_told(later: int, want: str) -> None:
    signed = sign(RAW, KEYS["rsa"], signed_at=NOW, expires_at=NOW + 59.5)
    assert b" t=1767348000; x=1767348059;" in signed.replace(b"\r\n", b"")
    assert status(signed, now=NOW + later) == [want]
    (result,) = dkim.verify(Message(signed), ZONE, NOW + later)
    assert result.failure is (Failure.EXPIRED if want == "fail" else None)


def test_a_signature_that_ends_before_it_begins_is_none() -> None:
    (result,) = dkim.verify(Message(sign(RAW, KEYS["rsa"], signed_at=NOW, expires_at=NOW)), ZONE, NOW)
    assert result.failure is Failure.TIMES


@pytest.mark.parametrize("bits", [512, 768, 1022])
def test_a_short_key_signs_what_the_oracle_verifies_and_rfc_8301_refuses(bits: int) -> None:
    key = SigningKey.generate("example.org", "short", bits=bits)
    signed = sign(RAW, key, signed_at=NOW)
    assert oracle.verify(signed, dnsfunc=lambda name, timeout=5: key.record.encode(), minkey=bits)
    (result,) = dkim.verify(Message(signed), Zone({key.name: {"TXT": key.record}}), NOW)
    assert (result.failure, result.key_bits) == (Failure.KEY_SIZE, bits)


def test_only_the_fields_named_are_signed() -> None:
    signed = sign(RAW, KEYS["rsa"], signed_at=NOW, fields=("From",))
    assert status(signed.replace(b"Subject: hello", b"Subject: bye")) == ["pass"]


def test_an_internationalised_domain_signs_by_its_a_labels() -> None:
    key = SigningKey.generate("bücher.example", "s1", kind="ed25519")
    assert key.name == "s1._domainkey.xn--bcher-kva.example"
    (result,) = dkim.verify(Message(sign(RAW, key, signed_at=NOW)), Zone({key.name: {"TXT": key.record}}), NOW)
    assert (result.status.value, result.domain) == ("pass", "xn--bcher-kva.example")


BITS = "bits of an RSA key: expected an even number from 512 to 4096"
WRONG = [
    (lambda: SigningKey.generate("no domain", "s1"), "signing domain: expected a domain such as `example.org`"),
    (lambda: SigningKey.generate("example.org", "a b"), "selector: expected a name such as `s1` but got `a b`"),
    (lambda: SigningKey.generate("example.org", "s1", kind="dsa"), "kind of key: expected `rsa` or `ed25519`"),
    (lambda: SigningKey.generate("example.org", "s1", bits=500), f"{BITS} but got `500`"),
    (lambda: SigningKey.generate("example.org", "s1", bits=1025), f"{BITS} but got `1025`"),
    (lambda: SigningKey.generate("example.org", "s1", bits=1 << 20), f"{BITS} but got `1048576`"),
    (lambda: SigningKey.generate("example.org", "s1", bits="2048"), f"{BITS} but got the text `2048`"),  # type: ignore[arg-type]
    (lambda: sign(RAW, KEYS["rsa"], signed_at=NOW, canonicalization="loose"), "canonicalization: expected one of"),
    (lambda: sign(RAW, KEYS["rsa"], signed_at=NOW, fields=("To",)), "the message cannot be signed"),
    (lambda: sign(b"nonsense", KEYS["rsa"], signed_at=NOW), "the message cannot be signed"),
]


@pytest.mark.parametrize("act, told", WRONG)
def test_what_cannot_be_signed_is_refused(act: object, told: str) -> None:
    assert callable(act)
    with pytest.raises(InputError) as refused:
        act()
    assert str(refused.value).startswith(told)
