"""X-SES-DKIM-SIGNATURE is a real signature: dkimpy verifies it with the key that the tool publishes."""

from __future__ import annotations

import re

import dkim
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.assumption import Assumptions
from sesreceive.dns.zone import Zone
from sesreceive.writing.receipt import Receipt
from sesreceive.writing.ses_keys import SELECTORS, selector, zone_records
from sesreceive.writing.stored_message import stored_message
from tests.writing.samples import MAIL, SCANNED, receipt_of

FORM = re.compile(
    r"a=rsa-sha256; q=dns/txt; b=[A-Za-z0-9+/]{171}=; c=relaxed/simple; s=[a-z2-7]{32}; d=amazonses\.com; "
    r"t=1767348305; v=1; bh=[A-Za-z0-9+/]{43}=; "
    r"h=From:To:Cc:Bcc:Subject:Date:Message-ID:MIME-Version:Content-Type:X-SES-RECEIPT;"
)

MESSAGES = {
    "plain": MAIL,
    "everything that is signed": (
        b"Content-Type: text/plain;\r\n\tcharset=utf-8\r\nMIME-Version: 1.0\r\n"
        b"Bcc: x@example.com\r\nCC:  y@example.com \r\n" + MAIL
    ),
    "repeated fields": b"Subject: first\r\nTo: first@example.com\r\n" + MAIL,
    "a receipt of the sender's": b"X-SES-RECEIPT: forged\r\n" + MAIL,
    "signed by the sender": b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=k; h=from; bh=A=; b=B=\r\n" + MAIL,
    "empty body": MAIL.partition(b"\r\n\r\n")[0] + b"\r\n\r\n",
    "empty lines at the end": MAIL + b"\r\n\r\n\r\n",
    "no line end": MAIL.rstrip(),
    "bare line feeds": MAIL.replace(b"\r\n", b"\n"),
    "blanks": MAIL + b"a \t b  \r\n \r\n",
    "8-bit": MAIL + bytes(range(128, 256)),
}


def verifies(stored: bytes, region: str = "eu-west-1") -> bool:
    """Whether dkimpy accepts the first signature, once the field has the name that dkimpy looks for."""
    zone = Zone(zone_records(region))

    def txt(name: bytes, timeout: int = 5) -> bytes | None:
        values = zone.resolve(name.decode().rstrip("."), "TXT").values
        return values[0] if values else None

    signed = stored.replace(b"\r\nX-SES-DKIM-SIGNATURE:", b"\r\nDKIM-Signature:", 1)
    assert signed != stored
    return bool(dkim.DKIM(signed).verify(idx=0, dnsfunc=txt))


@pytest.mark.parametrize("raw", MESSAGES.values(), ids=MESSAGES.keys())
def test_the_signature_verifies_once_the_field_is_renamed(raw: bytes) -> None:
    stored = stored_message(receipt_of(raw), SCANNED)
    assert verifies(stored)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "eu-north-1", "ap-southeast-2"])
def test_every_region_has_a_selector_whose_key_is_published(region: str) -> None:
    receipt = receipt_of(region=region)
    assert re.search("s=([a-z2-7]{32});", receipt.signature).group(1) == selector(region)
    assert verifies(stored_message(receipt, SCANNED), region)
    assert set(SELECTORS) <= {"us-east-1", "eu-west-1"}


@pytest.mark.parametrize(
    "place, changed",
    [(b"hello\r\n", b"hullo\r\n"), (b"Subject: hello", b"Subject: hullo"), (b"AEFBQUFBQUFBQUF", b"AEFBQUFBQUFBQUE")],
    ids=["body", "subject", "receipt"],
)
def test_a_changed_message_does_not_verify(place: bytes, changed: bytes) -> None:
    stored = stored_message(receipt_of(), SCANNED)
    head, found, tail = stored.rpartition(place)
    assert found
    tampered = head + changed + tail
    try:
        assert not verifies(tampered)
    except dkim.ValidationError as error:
        assert "body hash mismatch" in str(error)  # noqa: PT017 - dkimpy says some failures so, some as False


def test_added_headers_do_not_break_the_signature() -> None:
    assert verifies(stored_message(receipt_of(), SCANNED, (("X-Reviewed", "yes"),)))


def test_the_value_has_the_form_of_the_services_signatures() -> None:
    assert FORM.fullmatch(receipt_of().signature)


def test_the_field_can_be_assumed_to_be_signed_under_its_own_name() -> None:
    """dkimpy's verification proper, given the field as it is named."""
    receipt = receipt_of(assumptions=Assumptions(ses_signature_name="X-SES-DKIM-SIGNATURE"))
    stored = stored_message(receipt, SCANNED)
    assert verifies_under_its_own_name(stored, receipt)
    assert not verifies(stored)
    assert not verifies_under_its_own_name(stored_message(receipt_of(), SCANNED), receipt_of())


def verifies_under_its_own_name(stored: bytes, receipt: Receipt) -> bool:
    verifier = dkim.DKIM(stored)
    value = b" " + receipt.signature.encode() + b"\r\n"
    tags = dkim.util.parse_tag_value(value)
    dkim.validate_signature_fields(tags)
    names = [name.lower() for name in re.split(rb"\s*:\s*", tags[b"h"])]
    [record] = next(iter(zone_records(receipt.region).values()))["TXT"]
    return bool(verifier.verify_sig(tags, names, (b"X-SES-DKIM-SIGNATURE", value), lambda *_, **__: record.encode()))


PIECES = [b"a", b" ", b"\t", b"\r\n", b"\r", b"  ", b"\r\n\r\n", b"\x00", b"\xff"]


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_every_body_verifies(pieces: list[bytes]) -> None:
    assert verifies(stored_message(receipt_of(MAIL + b"".join(pieces)), SCANNED))
