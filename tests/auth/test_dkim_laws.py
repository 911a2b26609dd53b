"""DKIM on bytes that nobody would call a message."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from signing import record, rsa_key, sign

from sesreceive.auth import canonical
from sesreceive.auth.body_hashes import BodyHashes
from sesreceive.auth.dkim import _names, _Verification, verify
from sesreceive.auth.keys import KeyRecord
from sesreceive.auth.remembered import Memory
from sesreceive.auth.results import DkimStatus
from sesreceive.auth.tags import TagList
from sesreceive.dns.resolver import DnsAnswer, DnsStatus
from sesreceive.dns.zone import Zone
from sesreceive.mail.message import Message

SIGNED = sign(b"From: ana@example.org\r\nSubject: a\r\n\r\nbody\r\n", rsa_key())
ZONE = Zone({"s1._domainkey.example.org": {"TXT": record(rsa_key())}})

PIECES = """
    DKIM-Signature: dkim-signature From: ; = v=1 a=rsa-sha256 b= bh= c=relaxed/simple d=example.org h=From:From s=s1 l=3
    x=1 i=@ AAAA
"""
pieces = st.sampled_from(
    [*(word.encode() for word in PIECES.split()), b" ", b"\t", b"\r\n", b"\n", b"\r", b"\x00", b"\xff", b"From ", b" :"]
)


@given(st.one_of(st.binary(max_size=100), st.lists(pieces, max_size=40).map(b"".join)))
def test_any_bytes_have_one_result_a_signature(raw: bytes) -> None:
    message = Message(raw)
    results = verify(message, ZONE, 0.0)
    assert len(results) == len(message.all("DKIM-Signature"))
    assert all(one.status in DkimStatus and one.reason and "\n" not in one.reason for one in results)


@given(st.integers(0, len(SIGNED)), st.integers(0, len(SIGNED)), st.binary(max_size=6))
def test_a_signed_message_that_was_cut_and_patched_has_results(start: int, end: int, patch: bytes) -> None:
    raw = SIGNED[:start] + patch + SIGNED[end:]
    assert len(verify(Message(raw), ZONE, 0.0)) == len(Message(raw).all("DKIM-Signature"))


header_pieces = st.lists(
    st.sampled_from(
        [
            b"To:",
            b"TO :",
            b"to:",
            b"a",
            b" ",
            b"\t",
            b"  ",
            b"\r\n",
            b"\r\n ",
            b"\n",
            b"\n\t",
            b"\r",
            b"\v",
            b"\f",
            b"\x00\xff",
        ]
    ),
    max_size=20,
).map(b"".join)


@given(header_pieces, st.sampled_from(canonical.ALGORITHMS))
def test_fields_are_signed_in_the_canonical_form(header: bytes, form: bytes) -> None:
    message = Message(b"From: ana@example.org\r\n" + header)
    checks = _Verification(message, ZONE, 0.0, Memory(), BodyHashes(message))
    names = iter(_names(message))
    want: dict[str, list[bytes]] = {}
    for item, name in zip(message.fields, names, strict=True):
        made = canonical.header(form, item.name if form == b"relaxed" else name, item.value)
        want.setdefault(item.name.decode().lower(), []).append(made[:-2])
    assert {name: list(checks._named(form, name)) for name in message.by_name} == want


class Drawn:
    """A resolver that gives one answer to everything."""

    def __init__(self, answer: DnsAnswer) -> None:
        self.answer = answer

    def resolve(self, name: str, rdtype: str) -> DnsAnswer:
        return self.answer


keys = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=20),
    st.binary(max_size=40).map(lambda raw: b"v=DKIM1; p=" + raw),
    st.integers(0, 200).map(lambda at: record(rsa_key())[:at]),
)


@given(st.sampled_from(DnsStatus), st.lists(keys, max_size=8))
def test_any_key_record_gives_a_result(status: DnsStatus, values: list[str | bytes]) -> None:
    (result,) = verify(Message(SIGNED), Drawn(DnsAnswer(status, tuple(values))), 0.0)
    assert result.status is not DkimStatus.PASS
    assert result.reason


@given(st.binary(max_size=80))
def test_any_bytes_are_a_tag_list_or_say_why_not(text: bytes) -> None:
    found = TagList.parse(text)
    assert all(b";" not in value for value in found.tags.values())
    KeyRecord.parse(text)
