"""DKIM: what keeps a signature from passing, one row each; what a good one may look like."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import pytest
from signing import ed25519_key, public_text, record, rsa_key, sign, small_rsa_key

from sesreceive.auth.dkim import MAX_SIGNATURES, verify, verify_signature
from sesreceive.auth.failures import FAILURES, Failure
from sesreceive.auth.results import DkimResult
from sesreceive.dns.zone import Zone
from sesreceive.mail.message import Message

NOW = 1_700_000_000
RAW = b"From: Ana <ana@example.org>\r\nTo: bo@example.com\r\nSubject: hello\r\n\r\nBody of the  message.\r\n"
AT = "s1._domainkey.example.org"


def zone(text: str | list[str] | None = None) -> Zone:
    return Zone({AT: {"TXT": record(rsa_key()) if text is None else text}})


def result(raw: bytes, dns: Zone | None = None, now: float = NOW) -> DkimResult:
    (only,) = verify(Message(raw), zone() if dns is None else dns, now)
    return only


# ------------------------------------------------------------------------ good signatures

GOOD: list[tuple[str, Mapping[str, str | None], str]] = [
    # what                                        tags                                        key record, extra
    ("as most are",                               {},                                         ""),
    ("both forms left out",                       {"c": None},                                ""),
    ("one form",                                  {"c": "relaxed"},                           ""),
    ("simple",                                    {"c": "simple/simple"},                     ""),
    ("more names than fields",                    {"h": "From:From:Subject:Cc"},              ""),
    ("names in any case",                         {"h": "fRoM : SUBJECT"},                    ""),
    ("identity in a subdomain",                   {"i": "ana@news.example.org"},              ""),
    ("identity without a local part",             {"i": "@example.org"},                      ""),
    ("identity in quoted-printable",              {"i": "ana=2Bnews=40news.example.org"},     ""),
    ("identity with a coded semicolon",           {"i": "=3B=3B@example.org"},                ""),
    ("identity that is folded",                   {"i": "ana@news\r\n .example.org"},         ""),
    ("domain in capitals",                        {"d": "EXAMPLE.org"},                       ""),
    ("several query methods",                     {"q": "dns/other : dns/txt"},               ""),
    ("made and expiring",                         {"t": str(NOW), "x": str(NOW + 60)},        ""),
    ("at the second it expires",                  {"t": "1", "x": str(NOW)},                  ""),
    ("a clock nine hours ahead",                  {"t": str(NOW + 9 * 3600)},                 ""),
    ("a tag nobody knows",                        {"zz": "1"},                                ""),
    ("only a part of the body",                   {"l": "4"},                                 ""),
    ("nothing of the body",                       {"l": "0"},                                 ""),
    ("the whole body",                            {"l": "22"},                                ""),
    ("key for e-mail",                            {},                                         "s=email; "),
    ("key for several services",                  {},                                         "s=email:web; "),
    ("key for every service",                     {},                                         "s=*; "),
    ("key with hashes",                           {},                                         "h=sha1:sha256; "),
    ("key in test mode",                          {},                                         "t=y; "),
    ("strict key, identity in the domain",        {"i": "ana@example.org"},                   "t=y:s; "),
    ("notes in the key",                          {},                                         "n=hello; "),
    ("obsolete granularity of RFC 4871",          {},                                         "g=*; "),
]  # fmt: skip


@pytest.mark.parametrize("tags,extra", [row[1:] for row in GOOD], ids=[row[0] for row in GOOD])
def test_a_good_signature_passes(tags: dict[str, str | None], extra: str) -> None:
    got = result(sign(RAW, rsa_key(), over=tags), zone(record(rsa_key(), extra)))
    assert (got.status, got.key_bits) == ("pass", 1024), got.reason
    assert got.domain == "example.org"
    assert AT in got.reason


def test_ed25519_passes() -> None:
    key = ed25519_key()
    got = result(sign(RAW, key), zone(record(key)))
    assert (got.status, got.algorithm, got.key_bits) == ("pass", "ed25519-sha256", 256)


RECORDS: list[tuple[str, list[str]]] = [
    ("without a version", [f"p={public_text(rsa_key())}"]),
    ("folded key", [f"v=DKIM1; p={public_text(rsa_key())[:50]} {public_text(rsa_key())[50:]}"]),
    ("beside records about something else", ["v=spf1 -all", "hello", record(rsa_key())]),
    ("beside a revoked one", ["v=DKIM1; p=", record(rsa_key())]),
    ("beside a broken one", ["v=DKIM1; p=!!!!", record(rsa_key())]),
    ("beside another domain's", [record(rsa_key(2048)), record(rsa_key())]),
]


@pytest.mark.parametrize("texts", [row[1] for row in RECORDS], ids=[row[0] for row in RECORDS])
def test_the_key_is_found(texts: list[str]) -> None:
    assert result(sign(RAW, rsa_key()), zone(texts)).status == "pass"


def test_an_rsa_key_without_its_wrapping_is_a_key() -> None:
    # RFC 6376 says RSAPublicKey, most domains publish SubjectPublicKeyInfo; both are in use.
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    raw = rsa_key().public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    assert result(sign(RAW, rsa_key()), zone(f"p={base64.b64encode(raw).decode()}")).status == "pass"


# ------------------------------------------------------------------------ bad ones


TAGS: list[tuple[Mapping[str, str | None], Failure, str]] = [
    # tags                               failure                      a part of the reason
    ({"v": "2"},                         Failure.VERSION,             "version `2`, not `1`"),
    ({"v": None},                        Failure.MISSING_TAG,         "no tag `v`"),
    ({"a": None},                        Failure.MISSING_TAG,         "no tag `a`"),
    ({"b": None},                        Failure.MISSING_TAG,         "no tag `b`"),
    ({"bh": None},                       Failure.MISSING_TAG,         "no tag `bh`"),
    ({"d": None},                        Failure.MISSING_TAG,         "no tag `d`"),
    ({"h": None},                        Failure.MISSING_TAG,         "no tag `h`"),
    ({"s": None},                        Failure.MISSING_TAG,         "no tag `s`"),
    ({"a": "rsa-sha1"},                  Failure.ALGORITHM_FORBIDDEN, "`rsa-sha1` must not"),
    ({"a": "rsa-md5"},                   Failure.ALGORITHM_UNKNOWN,   "`rsa-md5` is unknown"),
    ({"a": "ed25519-sha256"},            Failure.KEY_TYPE,            "is `rsa`, the signature wants `ed25519`"),
    ({"d": "example(.org"},              Failure.BAD_VALUE,           "`d=example(.org` is no domain"),
    ({"d": "org"},                       Failure.BAD_VALUE,           "`d=org` is no domain"),
    ({"d": ""},                          Failure.BAD_VALUE,           "`d=` is no domain"),
    ({"s": "a..b"},                      Failure.BAD_VALUE,           "`s=a..b` is no selector"),
    ({"b": "***"},                       Failure.BAD_VALUE,           "`b=***` is no base64"),
    ({"bh": "***"},                      Failure.BAD_VALUE,           "`bh=***` is no base64"),
    ({"c": "strict"},                    Failure.BAD_VALUE,           "`c=strict` is no canonicalization"),
    ({"c": "simple/simple/simple"},      Failure.BAD_VALUE,           "`c=simple/simple/simple` is no"),
    ({"l": "-1"},                        Failure.BAD_VALUE,           "`l=-1` is no number"),
    ({"l": "9" * 77},                    Failure.BAD_VALUE,           "is no number"),
    ({"t": "now"},                       Failure.BAD_VALUE,           "`t=now` is no number"),
    ({"x": "1.5"},                       Failure.BAD_VALUE,           "`x=1.5` is no number"),
    ({"h": "Subject"},                   Failure.FROM_NOT_SIGNED,     "does not cover the From"),
    ({"h": ""},                          Failure.FROM_NOT_SIGNED,     "does not cover the From"),
    ({"q": "http"},                      Failure.QUERY_METHOD,        "`q=http` is unknown"),
    ({"i": "ana@example.net"},           Failure.IDENTITY,            "`i=ana@example.net` does not lie in"),
    ({"i": "ana@badexample.org"},        Failure.IDENTITY,            "does not lie in `example.org`"),
    ({"i": "ana=40example.net"},         Failure.IDENTITY,            "does not lie in `example.org`"),
    ({"i": "@example=2Enet"},            Failure.IDENTITY,            "does not lie in `example.org`"),
    ({"i": "example.org"},               Failure.IDENTITY,            "does not lie in `example.org`"),
    ({"t": str(NOW), "x": str(NOW)},     Failure.TIMES,               f"expires at {NOW}, and it was made"),
    ({"x": str(NOW - 1)},                Failure.EXPIRED,             f"expired at {NOW - 1}, and it is {NOW}"),
    ({"t": str(NOW + 11 * 3600)},        Failure.FUTURE,              "and it is only"),
    ({"l": "23"},                        Failure.BODY_LENGTH,         "covers 23 octets of the body"),
    ({"bh": base64.b64encode(b"?" * 32).decode()}, Failure.BODY_HASH,           "signature says `Pz8/"),
    ({"b": base64.b64encode(b"?" * 128).decode()}, Failure.SIGNATURE,           "does not fit the key"),
    ({"b": "AAAA"},                      Failure.SIGNATURE,           "does not fit the key"),
]  # fmt: skip


@pytest.mark.parametrize("tags,failure,part", TAGS)
def test_a_signature_that_cannot_pass_says_why(tags: dict[str, str | None], failure: Failure, part: str) -> None:
    got = result(sign(RAW, rsa_key(), over=tags))
    assert part in got.reason
    assert (got.failure, got.status) == (failure, FAILURES[failure][0]), got.reason
    assert got.reason.endswith(f"({FAILURES[failure][1]})")


KEYS: list[tuple[str | list[str] | None, Failure, str]] = [
    # key record                                    failure              a part of the reason
    (None,                                          Failure.NO_KEY,      f"there is no key `{AT}`: nxdomain"),
    ("v=spf1 -all",                                 Failure.NO_KEY,      "none of the TXT records"),
    (f"v=DKIM2; p={public_text(rsa_key())}",        Failure.NO_KEY,      "none of the TXT records"),
    (f"k=rsa; v=DKIM1; p={public_text(rsa_key())}", Failure.NO_KEY,      "none of the TXT records"),
    ("TIMEOUT",                                     Failure.DNS,         f"no answer for the key `{AT}`: timeout"),
    ("SERVFAIL",                                    Failure.DNS,         f"no answer for the key `{AT}`: servfail"),
    ("v=DKIM1; p=",                                 Failure.KEY_REVOKED, "has been revoked"),
    ("v=DKIM1; p",                                  Failure.KEY_SYNTAX,  "`p` is no `tag=value`"),
    ("v=DKIM1; k=rsa",                              Failure.KEY_SYNTAX,  "tag `p` is missing"),
    ("v=DKIM1; p=%%%",                              Failure.KEY_SYNTAX,  "`p=` is no base64"),
    ("v=DKIM1; p=aGVsbG8=",                         Failure.KEY_SYNTAX,  "`p=` is no RSA public key"),
    (f"v=DKIM1; k=rsa; p={public_text(ed25519_key())}", Failure.KEY_SYNTAX,  "`p=` is no RSA public key"),
    (f"v=DKIM1; p={public_text(rsa_key())}; p=",    Failure.KEY_SYNTAX,  "tag `p` comes twice"),
    (record(ed25519_key()),                         Failure.KEY_TYPE,    "is `ed25519`, the signature wants `rsa`"),
    (f"v=DKIM1; k=dsa; p={public_text(rsa_key())}", Failure.KEY_TYPE,    "is `dsa`, the signature wants `rsa`"),
    (record(rsa_key(), "h=sha1; "),                 Failure.KEY_HASH,    "does not allow `sha256`"),
    (record(rsa_key(), "s=tlsrpt; "),               Failure.KEY_SERVICE, "is not for e-mail"),
    (f"v=DKIM1; p={public_text(small_rsa_key())}",  Failure.KEY_SIZE,    "has 512 bits, fewer than 1024"),
    (record(rsa_key(2048)),                         Failure.SIGNATURE,   "does not fit the key"),
    (["v=DKIM1; p=", record(rsa_key(2048))],        Failure.SIGNATURE,   "does not fit the key"),
    (["v=DKIM1; p=", "v=DKIM1; k=dsa; p=AA=="],     Failure.KEY_REVOKED, "has been revoked"),
]  # fmt: skip


@pytest.mark.parametrize("text,failure,part", KEYS)
def test_a_key_that_does_not_fit_says_why(text: str | list[str] | None, failure: Failure, part: str) -> None:
    got = result(sign(RAW, rsa_key()), Zone() if text is None else zone(text))
    assert part in got.reason
    assert (got.failure, got.status) == (failure, FAILURES[failure][0]), got.reason
    assert got.reason.endswith(f"({FAILURES[failure][1]})")


def test_a_strict_key_wants_the_identity_in_the_domain_itself() -> None:
    raw = sign(RAW, rsa_key(), over={"i": "ana@news.example.org"})
    got = result(raw, zone(record(rsa_key(), "t=s; ")))
    assert got.status == FAILURES[Failure.KEY_IDENTITY][0]
    assert "`i=` is not in `example.org` itself" in got.reason


BROKEN_LISTS = [
    # value of the field             domain         a part of the reason
    (b"",                            "",             "no tag `v`"),
    (b";;",                          "",             "`` is no `tag=value`"),
    (b"v=1; d=Example.org; hello",   "example.org",  "`hello` is no `tag=value`"),
    (b"v=1; d=example.org; d=b.org", "example.org",  "tag `d` comes twice"),
    (b"v=1; 1a=x; d=example.org",    "example.org",  "`1a=x` is no `tag=value`"),
    (b"v=1; \xff\x00=x",             "",             "is no `tag=value`"),
]  # fmt: skip


@pytest.mark.parametrize("value,domain,part", BROKEN_LISTS)
def test_a_list_that_cannot_be_read_is_a_permerror_that_names_the_domain(value: bytes, domain: str, part: str) -> None:
    got = result(b"DKIM-Signature: " + value + b"\r\n" + RAW)
    assert (got.status, got.domain) == ("permerror", domain)
    assert part in got.reason


def test_every_failure_is_in_the_table_and_in_a_test() -> None:
    tested = {row[1] for row in (*TAGS, *KEYS)} | {Failure.SYNTAX, Failure.KEY_IDENTITY, Failure.TOO_MANY}
    assert set(FAILURES) == set(Failure) == tested


# ------------------------------------------------------------------------ the message

CHANGED = [
    # what is done to a signed message                       result
    (lambda raw: raw,                                        "pass"),
    (lambda raw: raw.replace(b"Subject: hello", b"SUBJECT:  hello \t"), "pass"),
    (lambda raw: raw.replace(b"Subject: hello", b"Subject:\r\n hello"), "pass"),
    (lambda raw: raw.replace(b"the  message.", b"the \t message. \t"), "pass"),
    (lambda raw: raw + b"\r\n \r\n\r\n",                       "pass"),
    (lambda raw: raw.replace(b"\r\n", b"\n"),                "pass"),
    (lambda raw: b"Received: by mx.example.org\r\n" + raw,   "pass"),
    (lambda raw: raw.replace(b"To: bo", b"To: cy"),          "pass"),
    (lambda raw: b"no field\r\n" + raw,                      "pass"),
    (lambda raw: raw.replace(b"Subject: hello", b"Subject: hallo"), "fail"),
    (lambda raw: raw.replace(b"Ana", b"Bo"),                 "fail"),
    (lambda raw: raw.replace(b"message.", b"massage."),      "fail"),
    (lambda raw: raw + b"more\r\n",                          "fail"),
    (lambda raw: raw.replace(b"\nFrom:", b"\nForm:"),            "fail"),
]  # fmt: skip


@pytest.mark.parametrize("change,status", CHANGED)
def test_a_relaxed_signature_survives_what_it_should(change: object, status: str) -> None:
    assert callable(change)
    assert result(change(sign(RAW, rsa_key()))).status == status


def test_fields_of_one_name_are_taken_from_the_bottom() -> None:
    raw = sign(b"Received: one\r\n" + RAW, rsa_key(), over={"h": "From:Received"})
    above = raw.replace(b"Received: one", b"Received: zero\r\nReceived: one")
    below = raw.replace(b"Received: one", b"Received: one\r\nReceived: two")
    assert (result(above).status, result(below).status) == ("pass", "fail")


def test_a_name_signed_once_more_than_there_are_fields_forbids_another() -> None:
    raw = sign(RAW, rsa_key(), over={"h": "From:Subject:Subject"})
    assert result(raw).status == "pass"
    assert result(b"Subject: other\r\n" + raw).status == "fail"


def test_a_second_from_field_above_does_not_change_the_result() -> None:
    # RFC 6376 section 5.4.2 to the letter; dkimpy signs one From more in secret. DMARC refuses such mail.
    raw = sign(RAW, rsa_key())
    assert result(b"From: eve@example.net\r\n" + raw).status == "pass"


def test_blanks_before_the_colon_count_in_the_simple_form_only() -> None:
    relaxed, simple = sign(RAW, rsa_key()), sign(RAW, rsa_key(), over={"c": "simple/simple"})
    blanks = [raw.replace(b"\r\nSubject:", b"\r\nSubject \t:") for raw in (relaxed, simple)]
    assert [result(raw).status for raw in (relaxed, simple, *blanks)] == ["pass", "pass", "pass", "fail"]


def test_white_space_in_b_may_change_anywhere() -> None:
    raw = sign(RAW, rsa_key(), over={"c": "simple/simple"})
    before, b, value = raw.partition(b"; b=")
    assert result(before + b + b"\r\n\t " + value[:20] + b"\r\n  " + value[20:]).status == "pass"


def test_each_signature_has_a_result_in_the_order_of_the_header() -> None:
    key = ed25519_key()
    raw = sign(sign(RAW, rsa_key()), key, over={"s": "s2", "d": "example.net"})
    dns = zone() | {"s2._domainkey.example.net": {"TXT": record(key)}}
    results = verify(Message(raw), dns, NOW)
    assert [(one.domain, one.status) for one in results] == [("example.net", "pass"), ("example.org", "pass")]
    assert [verify_signature(Message(raw), index, dns, NOW) for index in (0, 1)] == list(results)


def test_a_signature_may_cover_the_ones_below_it_but_never_itself() -> None:
    raw = sign(sign(RAW, rsa_key()), rsa_key(), over={"h": "From:DKIM-Signature:DKIM-Signature"})
    assert [one.status for one in verify(Message(raw), zone(), NOW)] == ["pass", "pass"]


def test_signatures_beyond_the_limit_are_not_verified() -> None:
    field = sign(RAW, rsa_key()).removesuffix(RAW)
    results = verify(Message(field * (MAX_SIGNATURES + 2) + RAW), zone(), NOW)
    assert [one.status for one in results] == ["pass"] * MAX_SIGNATURES + ["permerror"] * 2
    assert results[-1].reason == f"only the first {MAX_SIGNATURES} signatures are verified (RFC 6376 section 6.1)"


def test_an_unsigned_message_has_no_result() -> None:
    assert verify(Message(RAW), zone(), NOW) == ()


def test_a_test_key_and_a_part_of_the_body_are_mentioned() -> None:
    got = result(sign(RAW, rsa_key(), over={"l": "4"}), zone(record(rsa_key(), "t=y; ")))
    assert got.reason == (
        f"the rsa-sha256 signature fits the 1024-bit key `{AT}`; only the first 4 octets of the body are signed; "
        "the key is marked as a test (`t=y`)"
    )


def test_an_internationalised_domain_is_looked_up_by_its_a_label() -> None:
    dns = Zone({"s1._domainkey.münchen.example": {"TXT": record(rsa_key())}})
    got = result(sign(RAW, rsa_key(), over={"d": "münchen.example"}), dns)
    assert (got.status, got.domain) == ("pass", "xn--mnchen-3ya.example")
