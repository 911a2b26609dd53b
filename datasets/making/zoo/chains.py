"""ARC (RFC 8617): forwarders write down what they have seen. SES does not mention ARC; we assume that it ignores it."""

from __future__ import annotations

from making.compose import fields, written
from making.sign import seal
from making.zoo.case import Case, case
from making.zoo.world import ESP, LIST, signed

SEEN = ("Authentication-Results", "esp.example; spf=pass; dkim=pass header.d=example.org; dmarc=pass")
FOOTER = b"-- \r\nThe list of lamps\r\n"
BROKEN = "spf=pass dkim=fail/FAIL dmarc=fail/reject"
LISTED = {"host": LIST, "mail_from": "lamps-bounces@gardenclub.example"}


def _claimed(slug: str, *sets: str) -> bytes:
    """With ARC fields that nobody has computed."""
    return "".join(f"{line}\r\n" for line in sets).encode() + signed(slug) + FOOTER


def _set(instance: int, cv: str) -> tuple[str, str, str]:
    return (
        f"ARC-Seal: i={instance}; a=rsa-sha256; t=1767344400; cv={cv}; d=gardenclub.example; s=list; b=Zm9yZ2Vk",
        f"ARC-Message-Signature: i={instance}; a=rsa-sha256; d=gardenclub.example; s=list; h=from; bh=Zm9y; b=Zm9yZ2Vk",
        f"ARC-Authentication-Results: i={instance}; gardenclub.example; dkim=pass; dmarc=pass",
    )


CASES: tuple[Case, ...] = (
    case(
        "sealed",
        "a service has sealed what it saw before a list changed the mail",
        "The seal does not repair DMARC here: the verdict is FAIL although the chain tells of a PASS.",
        seal(fields(SEEN) + signed("sealed") + FOOTER, "shared", "esp.example", at=written("sealed")),
        auth=BROKEN,
        host=ESP,
        mail_from="bounce@esp.example",
    ),
    case(
        "made-up-chain",
        "three ARC fields whose signatures are nonsense",
        "Anybody can write such fields: without checking the seal they mean nothing.",
        _claimed("made-up", *_set(1, "none")),
        {"header ARC-Authentication-Results": ["i=1; gardenclub.example; dkim=pass; dmarc=pass"]},
        auth=BROKEN,
        **LISTED,
    ),
    case(
        "chain-that-failed",
        "the last seal says `cv=fail`",
        "A chain that has failed once stays failed for all who come later.",
        _claimed("cv-fail", *_set(2, "fail"), *_set(1, "none")),
        auth=BROKEN,
        **LISTED,
    ),
    case(
        "gap-in-the-chain",
        "sets 1 and 3, but no set 2",
        "The numbers have to be complete: a missing set makes the chain invalid.",
        _claimed("gap", *_set(3, "pass"), *_set(1, "none")),
        auth=BROKEN,
        **LISTED,
    ),
    case(
        "results-without-seal",
        "ARC-Authentication-Results without the two other fields of its set",
        "One field of three is no set: it is text.",
        _claimed("no-seal", _set(1, "none")[2]),
        auth=BROKEN,
        **LISTED,
    ),
    case(
        "chain-around-a-good-mail",
        "a made-up chain around a mail whose own signature is still good",
        "The author's signature decides; nonsense around it does no harm.",
        "".join(f"{line}\r\n" for line in _set(1, "none")).encode() + signed("good-inside"),
        auth="spf=pass dkim=pass/PASS dmarc=pass",
        **LISTED,
    ),
)
