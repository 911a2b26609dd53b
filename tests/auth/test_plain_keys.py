"""The keys in Python alone answer as ``cryptography`` does: on all DKIM cases, on vectors, on broken keys."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from auth import test_dkim
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import example, given, settings
from hypothesis import strategies as st
from signing import ed25519_key, pem, rsa_key

import sesreceive as ses
from sesreceive.auth import arithmetic as choice
from sesreceive.auth import dkim, plain_ed25519
from sesreceive.auth.arithmetic import PLAIN_NOTE, arithmetic
from sesreceive.auth.results import DkimResult
from sesreceive.dns.zone import Zone
from sesreceive.lab.sign import SigningKey, sign
from sesreceive.mail.message import Message

PLAIN, LIBRARY = arithmetic(plain=True), arithmetic(plain=False)
MAIL = b"From: ana@example.org\r\nSubject: hello\r\n\r\nHello\r\n"


def spki(key: Any) -> bytes:
    return bytes(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def bare(key: Any) -> bytes:
    return bytes(key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1))


# ---------------------------------------------------------------- all DKIM cases


def without_note(result: DkimResult) -> DkimResult:
    return replace(result, reason=result.reason.replace(PLAIN_NOTE, ""))


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every `dkim.verify` is asked twice, once with each; the reasons of those that Python computed are the value."""
    reasons: list[str] = []
    verify = dkim.verify  # by its name in the tests

    def asked_twice(*arguments: Any, **options: Any) -> tuple[DkimResult, ...]:
        answers = verify(*arguments, **options)
        options = {name: value for name, value in options.items() if name != "memory"}
        with monkeypatch.context() as patch:
            patch.setattr(choice, "_PLAIN", True)
            computed = verify(*arguments, **options)
        assert tuple(map(without_note, computed)) == tuple(answers)
        reasons.extend(result.reason for result in computed)
        return answers

    monkeypatch.setattr(test_dkim, "verify", asked_twice)
    return reasons


# The tables of tests/auth/test_dkim.py, each with the test that has it.
TABLES = {
    "GOOD": "test_a_good_signature_passes",
    "RECORDS": "test_the_key_is_found",
    "TAGS": "test_a_signature_that_cannot_pass_says_why",
    "KEYS": "test_a_key_that_does_not_fit_says_why",
    "CHANGED": "test_a_relaxed_signature_survives_what_it_should",
}


@pytest.mark.parametrize("name", TABLES)
def test_every_case_of_the_dkim_tables_comes_to_the_same(name: str, both: list[str]) -> None:
    rows = getattr(test_dkim, name)
    for row in rows:
        columns = row[1:] if name in ("GOOD", "RECORDS") else row
        getattr(test_dkim, TABLES[name])(*columns)
    assert len(both) >= len(rows)


def test_ed25519_comes_to_the_same(both: list[str]) -> None:
    test_dkim.test_ed25519_passes()
    assert any("ed25519" in reason and PLAIN_NOTE in reason for reason in both)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["first-steps", "zoo"])
def test_every_signature_of_the_sample_mail_comes_to_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = ses.datasets.load(name)

    def results() -> list[tuple[DkimResult, ...]]:
        report = dataset.receiver().replay(dataset.mail)
        return [one.authentication.dkim if one.authentication else () for one in report]

    answers = results()
    monkeypatch.setattr(choice, "_PLAIN", True)
    computed = results()
    assert [tuple(map(without_note, one)) for one in computed] == [tuple(one) for one in answers]
    assert any(PLAIN_NOTE in result.reason for one in computed for result in one)


def test_who_computes_is_said_and_only_where_it_is_python(monkeypatch: pytest.MonkeyPatch) -> None:
    key = SigningKey(domain="example.org", selector="s1", private=LIBRARY.read_private_rsa(pem(rsa_key())))
    zone, signed = Zone({key.name: {"TXT": key.record}}), sign(MAIL, key, signed_at=1)
    for raw in (signed, signed.replace(b"Subject: hello", b"Subject: hallo")):
        (by_library,) = dkim.verify(Message(raw), zone, now=2.0)
        monkeypatch.setattr(choice, "_PLAIN", True)
        (by_python,) = dkim.verify(Message(raw), zone, now=2.0)
        monkeypatch.setattr(choice, "_PLAIN", False)
        assert PLAIN_NOTE in by_python.reason
        assert without_note(by_python) == by_library
    assert not choice.is_plain()


# ---------------------------------------------------------------- RSA


@pytest.mark.parametrize("bits", [1024, 1032, 2048])
def test_signatures_of_rsa_are_the_same_octets(bits: int) -> None:
    text = pem(rsa_key(bits))
    plain, library = PLAIN.read_private_rsa(text), LIBRARY.read_private_rsa(text)
    assert plain.sign(MAIL) == library.sign(MAIL)
    assert plain.secret == library.secret
    assert plain.public.der == library.public.der == spki(rsa_key(bits))
    assert plain.public.bits == library.public.bits == bits
    pkcs8 = rsa_key(bits).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert PLAIN.read_private_rsa(pkcs8) == plain


def test_a_new_rsa_key_is_one_for_the_library_too() -> None:
    key = PLAIN.new_rsa(1024)
    assert key.public.bits == 1024
    assert LIBRARY.read_private_rsa(key.secret).sign(MAIL) == key.sign(MAIL)
    assert PLAIN.new_rsa(1024) != key


def test_a_new_ed25519_key_is_one_for_the_library_too() -> None:
    key = PLAIN.new_ed25519()
    library = LIBRARY.read_ed25519(key.public.der)
    assert library is not None
    assert library.verifies(key.sign(MAIL), MAIL)
    assert not library.verifies(key.sign(MAIL), MAIL + b" ")


NUMBERS = [
    # what is odd about the key        n                       e
    ("an even exponent", rsa_key().public_key().public_numbers().n, 65536),
    ("the exponent 1", rsa_key().public_key().public_numbers().n, 1),
    ("the exponent 3", rsa_key().public_key().public_numbers().n, 3),
    ("an exponent as large as the modulus", 2**1023 + 1, 2**1023 + 1),
    ("an even modulus", 2**1023, 65537),
    ("512 bits", 2**511 + 1, 65537),
    ("seven bits", 101, 3),
    ("zero", 0, 0),
    ("a large exponent of a large key", 2**4095 + 1, 2**65 + 1),
    ("an exponent of 64 bits of a large key", 2**4095 + 1, 2**63 + 1),
    ("more bits than OpenSSL computes with", 2**16500 + 1, 65537),
]


@pytest.mark.parametrize("n, e", [row[1:] for row in NUMBERS], ids=[row[0] for row in NUMBERS])
def test_odd_numbers_are_a_key_for_both_or_for_none(n: int, e: int) -> None:
    from sesreceive.auth.plain_keys import _integer, _wrapped

    same_answers(_wrapped(0x30, _integer(n) + _integer(e)))


def same_answers(der: bytes) -> None:
    plain, library = PLAIN.read_rsa(der), LIBRARY.read_rsa(der)
    assert (plain is None) == (library is None)
    if plain is not None and library is not None:
        assert plain.bits == library.bits
        size = (plain.bits + 7) // 8
        for signature in (b"", b"\0" * size, b"\0" * (size - 1) + b"\1", b"\xff" * size, b"\1" * (size + 1)):
            assert plain.verifies(signature, MAIL) == library.verifies(signature, MAIL)


# Made anew each time, so they have names: what a test is called is the same in every process.
KEYS_OF_OTHER_KINDS = {
    "of a curve": spki(ec.generate_private_key(ec.SECP256R1())),
    "Ed25519": spki(ed25519_key()),
    "nothing": b"",
    "a tag alone": b"\x30",
    "of no length": b"\x30\x80\x00\x00",
    "an octet more": spki(rsa_key()) + b"\0",
    "an octet less": spki(rsa_key())[:-1],
    "a bare RSA key": bare(rsa_key()),
}


@pytest.mark.parametrize("der", KEYS_OF_OTHER_KINDS.values(), ids=KEYS_OF_OTHER_KINDS)
def test_what_is_no_key_is_none_for_both(der: bytes) -> None:
    same_answers(der)


@given(at=st.integers(0, 161), octet=st.integers(0, 255))
@settings(max_examples=60)
@example(at=24, octet=0)  # the identifier of the algorithm
@pytest.mark.slow
def test_a_key_with_one_octet_changed_is_read_alike(at: int, octet: int) -> None:
    der = bytearray(spki(rsa_key()))
    der[at % len(der)] = octet
    same_answers(bytes(der))


@given(at=st.integers(0, 127), bit=st.integers(0, 7))
@settings(max_examples=25)
def test_a_signature_with_one_bit_changed_fits_for_none(at: int, bit: int) -> None:
    key = PLAIN.read_private_rsa(pem(rsa_key()))
    signature = bytearray(key.sign(MAIL))
    assert key.public.verifies(bytes(signature), MAIL)
    signature[at] ^= 1 << bit
    assert not key.public.verifies(bytes(signature), MAIL)


def test_what_is_padded_otherwise_is_no_signature() -> None:
    """What Bleichenbacher forged (2006): a short padding, the hash, and room to make it a cube."""
    private = rsa_key().private_numbers()
    n = private.public_numbers.n
    wanted = pow(int.from_bytes(PLAIN.read_private_rsa(pem(rsa_key())).sign(MAIL)), 65537, n).to_bytes(128)
    hashed = wanted[wanted.index(b"\0", 2) + 1 :]
    forged = b"\0\1" + b"\xff" * 8 + b"\0" + hashed
    forged += b"\x55" * (128 - len(forged))
    signature = pow(int.from_bytes(forged), private.d, n).to_bytes(128)
    for reader in (PLAIN, LIBRARY):
        key = reader.read_rsa(spki(rsa_key()))
        assert key is not None
        assert not key.verifies(signature, MAIL)


# ---------------------------------------------------------------- Ed25519

# RFC 8032 section 7.1: secret key, public key, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]


@pytest.mark.parametrize("seed, public, message, signature", VECTORS)
def test_the_vectors_of_the_rfc(seed: str, public: str, message: str, signature: str) -> None:
    octets = [bytes.fromhex(text) for text in (seed, public, message, signature)]
    assert plain_ed25519.public(octets[0]) == octets[1]
    assert plain_ed25519.sign(octets[0], octets[2]) == octets[3]
    assert plain_ed25519.verifies(octets[1], octets[3], octets[2])


# Points of small order and ordinates that are not in the shortest form, as in the tables of Chalkias and others (2020).
ODD_POINTS = [
    bytes(32),
    b"\1" + bytes(31),
    b"\1" + bytes(30) + b"\x80",
    bytes(31) + b"\x80",
    b"\xec" + b"\xff" * 30 + b"\x7f",
    b"\xec" + b"\xff" * 31,
    b"\xed" + b"\xff" * 30 + b"\x7f",
    b"\xed" + b"\xff" * 31,
    b"\xee" + b"\xff" * 30 + b"\x7f",
    b"\xee" + b"\xff" * 31,
    b"\xff" * 32,
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
    b"\2" + bytes(31),
]


@pytest.mark.parametrize("key", ODD_POINTS)
@pytest.mark.parametrize("point", ODD_POINTS)
def test_odd_points_fit_for_both_or_for_none(key: bytes, point: bytes) -> None:
    library = LIBRARY.read_ed25519(key)
    plain = PLAIN.read_ed25519(key)
    assert library is not None
    assert plain is not None
    for response in (0, 1, plain_ed25519._ORDER, plain_ed25519._ORDER - 1):
        signature = point + response.to_bytes(32, "little")
        for message in (b"", b"one", b"two", b"three"):
            assert plain.verifies(signature, message) == library.verifies(signature, message)


@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=80), at=st.integers(0, 511))
@settings(max_examples=15, deadline=None)
def test_signatures_of_ed25519_are_the_same_octets(seed: bytes, message: bytes, at: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    signature = private.sign(message)
    public = private.public_key().public_bytes_raw()
    assert plain_ed25519.sign(seed, message) == signature
    changed = bytearray(signature)
    changed[at // 8] ^= 1 << at % 8
    assert plain_ed25519.verifies(public, signature, message)
    assert not plain_ed25519.verifies(public, bytes(changed), message)


@pytest.mark.parametrize("raw", [b"", bytes(31), bytes(33)])
def test_an_ed25519_key_has_32_octets(raw: bytes) -> None:
    assert PLAIN.read_ed25519(raw) is LIBRARY.read_ed25519(raw) is None


# ---------------------------------------------------------------- ours


def test_what_the_service_signs_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from sesreceive.writing import ses_keys

    def made() -> tuple[str, object]:
        ses_keys._private_key.cache_clear()
        ses_keys._public_key.cache_clear()
        return ses_keys.sign(MAIL), ses_keys.zone_records("us-east-1")

    by_library = made()
    monkeypatch.setattr(choice, "_PLAIN", True)
    assert made() == by_library
    ses_keys._private_key.cache_clear()
    ses_keys._public_key.cache_clear()


def test_the_lab_signs_with_keys_of_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "_PLAIN", True)
    key = SigningKey.generate("example.org", "s1", bits=1024)
    signed = sign(MAIL, key, signed_at=1)
    assert "private" not in repr(key)
    assert str(key.private.secret) not in repr(key.private)
    zone = Zone({key.name: {"TXT": key.record}})
    assert [one.status.value for one in dkim.verify(Message(signed), zone, now=2.0)] == ["pass"]
    monkeypatch.setattr(choice, "_PLAIN", False)
    assert [one.status.value for one in dkim.verify(Message(signed), zone, now=2.0)] == ["pass"]
    assert base64.b64decode(key.record.rpartition("p=")[2])
    assert isinstance(rsa_key(), rsa.RSAPrivateKey)


@given(st.binary(min_size=32, max_size=32))
@settings(max_examples=20, deadline=None)
def test_32_octets_are_the_same_ed25519_key_for_both(raw: bytes) -> None:
    plain, library = PLAIN.read_private_ed25519(raw), LIBRARY.read_private_ed25519(raw)
    assert (plain.secret, plain.public.der) == (library.secret, library.public.der)
    assert plain.sign(MAIL) == library.sign(MAIL)
