"""DKIM: what a signature covers and what not, what breaks it, and keys that are not for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from making.compose import FIRST, fields, letter, written
from making.sign import sign
from making.zoo.case import ANA, Case, case
from making.zoo.world import CROOK, ESP, LIST, NET, ORG, ORG_AUTH, signed

SUBJECT = b"Subject: Your order"
# SPF passes and is aligned, so DMARC passes whatever becomes of the signature.
PERMERROR = "spf=pass dkim=permerror/PROCESSING_FAILED dmarc=pass"
FAIL = "spf=pass dkim=fail/FAIL dmarc=pass"
# A field that is no signature: RFC 6376 calls it an error, SES lists nothing and takes the mail as unsigned.
NO_SIGNATURE = "spf=pass dkim=permerror/GRAY dmarc=pass"
NO_ITEM = {"dkim items": []}
USUAL = ("from", "to", "subject", "date", "message-id")


def _case(slug: str, about: str, lesson: str, raw: bytes, auth: str = ORG_AUTH, facts: Any = None, **more: Any) -> Case:
    """Mail of example.org from its own host."""
    return case(
        slug, about, lesson, raw, facts, **{"host": ORG, "mail_from": "orders@example.org", "auth": auth, **more}
    )


def _changed(slug: str, old: bytes, new: bytes, **options: Any) -> bytes:
    """A signed letter with one place changed after it was signed."""
    raw = signed(slug, **options)
    assert raw.count(old) >= 1, f"{slug}: there is no {old!r} to change"
    return raw.replace(old, new, 1)


def _dropped(slug: str, start: bytes) -> bytes:
    """A signed letter whose signature has lost a tag."""
    raw = signed(slug)
    at = raw.index(start)
    return raw[:at] + raw[raw.index(b";", at) + 1 :]


def _replayed(slug: str, **options: Any) -> bytes:
    """A mail that a crook got from example.org, before he sent it on."""
    return signed(slug, to="crook@crook.example", subject="Win a lamp", body="Click here.\n", **options)


def _two(slug: str, first: tuple[str, str], second: tuple[str, str], **options: Any) -> bytes:
    """Signed by two, the first of them on top."""
    return sign(signed(slug, by=second, **options), *first, at=written(slug))


NEWS = "News <news@example.net>"
START = "Jo <jo@startup.example>"

CASES: tuple[Case, ...] = (
    _case(
        "length-and-more",
        "signed up to a length (`l=`), with a paragraph added behind it",
        "A signature with `l=` says nothing about what comes after: the text below the invoice is not the author's.",
        signed("length", body="Pay 10 EUR to account 1.\n", length=True) + b"Correction: pay to account 2.\r\n",
    ),
    _case(
        "length-zero",
        "signed with `l=0`: none of the body is covered",
        "With `l=0` any text at all can stand under a valid signature.",
        signed("length-zero", body="", length=True) + b"All of this was added later.\r\n",
    ),
    _case(
        "length-too-long",
        "`l=` counts more octets than the body has left",
        "Something was cut off on the way, so the signature fails.",
        _changed(
            "length-long", b"Delivery on Friday.\r\n", b"", body="Forty lamps.\nDelivery on Friday.\n", length=True
        ),
        FAIL,
    ),
    _case(
        "replayed",
        "a signed mail to somebody else, sent again to Ana from a crook's host",
        "A valid signature does not say for whom the mail was meant: replays pass DKIM and DMARC.",
        _replayed("replayed"),
        "spf=pass dkim=pass/PASS dmarc=pass",
        {"to": ["crook@crook.example"], "recipients": [ANA], "spf domain": "crook.example"},
        host=CROOK,
        mail_from="promo@crook.example",
    ),
    _case(
        "replayed-with-new-to",
        "a replayed mail whose To, which was not signed, was replaced by the victim's address",
        "Sign To and Subject: what is not in `h=` may be exchanged.",
        _replayed("replayed-to", covers=("from", "subject", "date", "message-id")).replace(
            b"To: crook@crook.example", b"To: ana@example.com"
        ),
        "spf=pass dkim=pass/PASS dmarc=pass",
        {"to": [ANA]},
        host=CROOK,
        mail_from="promo@crook.example",
    ),
    _case(
        "second-subject-on-top",
        "a second Subject added above a signed one: the signature covers the lower one",
        "SES shows the upper, unsigned subject while the signature passes: look for doubled fields.",
        fields(("Subject", "Account closed")) + signed("subject-top"),
        ORG_AUTH,
        {"subject": "Account closed", "header Subject": ["Account closed", "Your order"]},
    ),
    _case(
        "second-subject-oversigned",
        "a second Subject added above a signed one, with the name twice in `h=` (oversigning)",
        "A name that is signed once more than it is there breaks the signature as soon as somebody adds one.",
        fields(("Subject", "Account closed")) + signed("subject-over", covers=(*USUAL, "subject", "from")),
        FAIL,
    ),
    _case(
        "second-from-not-oversigned",
        "a second From added above the signed one, which `h=` names once",
        "The signature passes, but for the lower From: with two of them DMARC gives no answer.",
        fields(("From", "writer@plain.example")) + signed("from-top", covers=USUAL),
        "spf=pass dkim=pass/GRAY dmarc=permerror",
        {"from": ["writer@plain.example", "Orders <orders@example.org>"]},
    ),
    _case(
        "second-from-oversigned",
        "a second From added above the signed one, which `h=` names twice",
        "Oversigning From is what most signers do: the addition breaks the signature.",
        fields(("From", "writer@plain.example")) + signed("from-over"),
        "spf=pass dkim=fail/GRAY dmarc=permerror",
    ),
    _case(
        "unsigned-subject-changed",
        "the Subject is not in `h=` and was changed",
        "A signature covers the fields of `h=` only.",
        _changed("subject-unsigned", SUBJECT, b"Subject: Pay at once", covers=("from", "to", "date", "message-id")),
        ORG_AUTH,
        {"subject": "Pay at once"},
    ),
    _case(
        "list-footer",
        "a mailing list added its footer",
        "Every change of the body breaks the signature; here SPF of the author's own host still saves DMARC.",
        signed("footer") + b"-- \r\nYou are on the list of lamps.\r\n",
        FAIL,
    ),
    _case(
        "list-prefix",
        "a mailing list put its name into the Subject",
        "Lists that write `[list]` into the subject break the author's signature.",
        _changed("prefix", SUBJECT, b"Subject: [lamps] Your order"),
        FAIL,
    ),
    _case(
        "refolded-relaxed",
        "a server folded the Subject anew; the canonical form is relaxed",
        "The relaxed form does not care how white space is written.",
        _changed("refold-relaxed", SUBJECT, b"Subject:  Your\r\n\torder"),
    ),
    _case(
        "refolded-simple",
        "a server folded the Subject anew; the canonical form is simple",
        "The simple form allows no change at all, not even of a blank.",
        _changed("refold-simple", SUBJECT, b"Subject:  Your\r\n\torder", canonicalization="simple/simple"),
        FAIL,
    ),
    _case(
        "renamed-relaxed",
        "a server wrote `SUBJECT` for `Subject`; the canonical form is relaxed",
        "The relaxed form compares names in lower case.",
        _changed("rename", SUBJECT, b"SUBJECT: Your order"),
    ),
    _case(
        "blank-lines-added",
        "empty lines were added at the end of the body",
        "Both canonical forms ignore empty lines at the end.",
        signed("blank-lines") + b"\r\n\r\n\r\n",
    ),
    _case(
        "blanks-at-line-end",
        "blanks were added at the end of a line; the body's form is relaxed",
        "The relaxed form ignores blanks at the end of a line.",
        _changed("line-end", b"Forty lamps.\r\n", b"Forty lamps.  \r\n"),
    ),
    _case(
        "from-not-signed",
        "`h=` leaves From out, which RFC 6376 forbids",
        "A signature that does not cover From is invalid, however well it fits.",
        _changed("from-unsigned", b"h=from : ", b"h=", covers=USUAL),
        PERMERROR,
    ),
    _case(
        "expired",
        "the signature was good until yesterday (`x=`)",
        "A signature can run out; mail that waited too long in a queue fails.",
        signed("expired", at=FIRST - timedelta(days=9), expires=timedelta(days=8)),
        FAIL,
    ),
    _case(
        "from-the-future",
        "the signature says that it was made in 2099",
        "A clock that is wrong by years makes every signature fail.",
        signed("future", at=datetime(2099, 1, 1, tzinfo=UTC)),
        FAIL,
    ),
    _case(
        "wrong-key",
        "DNS has the public half of another key",
        "After a change of keys DNS and signer have to agree: this is what it looks like when they do not.",
        signed("wrong-key", by=("other", "example.org"), key="jan2026._domainkey.example.org"),
        FAIL,
    ),
    _case(
        "no-key",
        "DNS has no record under the selector",
        "A missing key is a permanent error: look for a typing mistake in the selector.",
        signed("no-key", by=("absent", "example.org"), key="jan2026._domainkey.example.org"),
        PERMERROR,
    ),
    _case(
        "revoked-key",
        "the key was taken back: its record has an empty `p=`",
        "An empty key says: do not believe this selector any more.",
        signed("revoked", by=("old2024", "example.org")),
        PERMERROR,
    ),
    _case(
        "broken-key",
        "the key record holds what is no base64",
        "A key that was pasted with a line too much cannot be read.",
        signed("broken-key", by=("garbage", "example.org"), key="jan2026._domainkey.example.org"),
        PERMERROR,
    ),
    _case(
        "key-times-out",
        "the question for the key gets no answer",
        "A time-out is not a failure: the same mail may pass an hour later.",
        signed("key-time", by=("lost", "example.org"), key="jan2026._domainkey.example.org"),
        "spf=pass dkim=temperror/PROCESSING_FAILED dmarc=pass",
    ),
    _case(
        "key-for-exact-domain",
        "the key is for the domain itself (`t=s`), and `i=` names a subdomain",
        "`t=s` forbids what is allowed otherwise: identities in subdomains.",
        signed(
            "strict-key",
            by=("strict", "example.org"),
            key="jan2026._domainkey.example.org",
            identity="desk@shop.example.org",
        ),
        PERMERROR,
    ),
    _case(
        "identity-in-subdomain",
        "`i=` names a subdomain, and the key has no `t=s`",
        "`i=` may lie below `d=`; the verdict looks at `d=`.",
        signed("identity", identity="desk@shop.example.org"),
    ),
    _case(
        "identity-elsewhere",
        "`i=` names another domain than `d=`",
        "`i=` has to lie in `d=`, so nobody signs in another's name.",
        _changed("elsewhere", b"i=desk@shop.example.org", b"i=desk@shop.example.net", identity="desk@shop.example.org"),
        PERMERROR,
    ),
    _case(
        "key-for-reports",
        "the key is for TLS reports (`s=tlsrpt`)",
        "A key can be bound to one service; this one is not for mail.",
        signed("reports", by=("reports", "example.org"), key="jan2026._domainkey.example.org"),
        PERMERROR,
    ),
    _case(
        "key-for-sha1",
        "the key allows SHA-1 alone (`h=sha1`)",
        "A key that demands an algorithm of the past can verify nothing today.",
        signed("sha1-key", by=("sha1", "example.org"), key="jan2026._domainkey.example.org"),
        PERMERROR,
    ),
    _case(
        "key-of-another-kind",
        "the record has an Ed25519 key, the signature is RSA",
        "Give each kind of key a selector of its own.",
        signed("curve", by=("curve", "example.org"), key="jan2026._domainkey.example.org"),
        PERMERROR,
    ),
    _case(
        "key-under-test",
        "the key is marked as a test (`t=y`)",
        "The mark asks for kindness towards failures; a signature that fits passes all the same.",
        signed("testing", by=("test", "example.org"), key="jan2026._domainkey.example.org"),
    ),
    _case(
        "sha1-signature",
        "signed with rsa-sha1, which RFC 8301 has taken away",
        "SHA-1 is no longer accepted, however well the signature fits.",
        signed("sha1", algorithm="rsa-sha1"),
        PERMERROR,
    ),
    _case(
        "unknown-algorithm",
        "an algorithm that nobody has defined",
        "An unknown algorithm is an error of the signature, not of the mail.",
        _changed("algorithm", b"a=rsa-sha256", b"a=rsa-sha999"),
        PERMERROR,
    ),
    _case(
        "version-2",
        "a signature of version 2, which does not exist",
        "There is one version of DKIM, and it is 1: anything else cannot be verified.",
        _changed("version", b"v=1;", b"v=2;"),
        PERMERROR,
    ),
    _case(
        "tag-twice",
        "a tag that comes twice",
        "A list with doubles is no list of tags: the field is no signature, and the mail counts as unsigned.",
        _changed("tag-twice", b"q=dns/txt;", b"q=dns/txt; q=dns/txt;"),
        NO_SIGNATURE,
        NO_ITEM,
    ),
    _case(
        "no-body-hash",
        "the body hash (`bh=`) is missing",
        "Without `bh=` nothing covers the body, so the signature is none.",
        _dropped("no-bh", b"bh="),
        PERMERROR,
    ),
    _case(
        "no-domain",
        "a signature without `d=`: nobody has signed",
        "A signature without a signer counts for nothing: SES does not even list it.",
        _dropped("no-domain", b"d=example.org"),
        NO_SIGNATURE,
        NO_ITEM,
    ),
    _case(
        "key-in-the-place-of-a-signature",
        "somebody pasted a key record into the DKIM-Signature field",
        "SES leaves such a field out of its results: look at the raw header when a signature seems to be missing.",
        fields(("DKIM-Signature", "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3"))
        + letter("pasted", sender="orders@example.org", to=ANA, subject="Your order", body="Forty lamps.\n"),
        NO_SIGNATURE,
        NO_ITEM,
    ),
    _case(
        "signed-by-the-service",
        "signed by the sending service alone, with an author of its customer",
        "A valid signature of another domain is GRAY: it is not the author's.",
        signed("service", sender=START, by=("shared", "esp.example")),
        "spf=pass dkim=pass/GRAY dmarc=fail/none",
        host=ESP,
        mail_from="bounce@esp.example",
    ),
    _case(
        "signed-for-the-customer",
        "signed by the service with the customer's own key",
        "One record in the customer's DNS turns GRAY into PASS, for DKIM and for DMARC.",
        signed("customer", sender=START, by=("k1", "startup.example")),
        "spf=pass dkim=pass/PASS dmarc=pass",
        host=ESP,
        mail_from="bounce@esp.example",
    ),
    _case(
        "signed-by-both",
        "signed by the service and with the customer's key",
        "One good signature of the author's domain is enough, wherever it stands.",
        _two("both", ("shared", "esp.example"), ("k1", "startup.example"), sender=START),
        "spf=pass dkim=pass|pass/PASS dmarc=pass",
        host=ESP,
        mail_from="bounce@esp.example",
    ),
    _case(
        "one-of-two-broken",
        "two signatures of one domain: one lost its key, one is good",
        "The best signature of the author's domain counts.",
        sign(
            signed("one-broken"),
            "absent",
            "example.org",
            key="jan2026._domainkey.example.org",
            at=written("one-broken"),
        ),
        "spf=pass dkim=permerror|pass/PASS dmarc=pass",
    ),
    _case(
        "signed-by-the-parent",
        "the author is in a subdomain, the signature is of the domain above it",
        "DMARC takes the parent's signature, SES's DKIM verdict does not: PASS and GRAY in one mail.",
        signed("parent", sender="News <news@letters.example.net>", by=("rsa2026", "example.net")),
        "spf=pass dkim=pass/GRAY dmarc=pass",
        host=NET,
        mail_from="b@example.net",
    ),
    _case(
        "ed25519",
        "signed with Ed25519 alone, as RFC 8463 allows",
        "Not every receiver knows Ed25519 yet: sign with RSA as well.",
        signed("ed25519", sender=NEWS, by=("ed2026", "example.net")),
        "spf=pass dkim=pass/PASS dmarc=pass",
        host=NET,
        mail_from="b@example.net",
    ),
    _case(
        "forwarded-untouched",
        "a list passed a signed mail on without changing it",
        "SPF names the list, and DMARC passes by the author's signature alone: this is what DKIM is for.",
        signed("forwarded"),
        "spf=pass dkim=pass/PASS dmarc=pass",
        {"spf domain": "gardenclub.example"},
        host=LIST,
        mail_from="lamps-bounces@gardenclub.example",
    ),
    _case(
        "forwarded-and-changed",
        "a list passed a signed mail on and added a footer",
        "SPF names the list, the signature is broken, and the author asks to reject: lists break DMARC like this.",
        signed("forwarded-changed") + b"-- \r\nThe list of lamps\r\n",
        "spf=pass dkim=fail/FAIL dmarc=fail/reject",
        host=LIST,
        mail_from="lamps-bounces@gardenclub.example",
    ),
)
