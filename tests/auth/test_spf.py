"""SPF around the RFC's suite: the traps of the wrapped library, whose record decided, and the sentences."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.assumption import Assumptions
from sesreceive.auth.remembered import Memory
from sesreceive.auth.results import SpfResult, SpfStatus
from sesreceive.auth.spf import MAX_RECORD_OCTETS, check_host
from sesreceive.dns.recording import Recording
from sesreceive.dns.resolver import DnsAnswer, DnsStatus
from sesreceive.dns.zone import Zone

IP = "192.0.2.7"

ZONE = Zone(
    {
        "example.org": {"TXT": "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all", "MX": (10, "mx.example.org")},
        "mx.example.org": {"A": "192.0.2.25", "TXT": "v=spf1 a -all"},
        "a.example.org": {"TXT": "v=spf1 a:mx.example.org -all"},
        "soft.example.org": {"TXT": "v=spf1 ~all"},
        "maybe.example.org": {"TXT": "v=spf1 ?all"},
        "open.example.org": {"TXT": "v=spf1 ip4:198.51.100.1"},
        "none.example.org": {"TXT": "hello"},
        "two.example.org": {"TXT": ["v=spf1 -all", "v=spf1 ~all"]},
        "broken.example.org": {"TXT": "v=spf1 ipv4:x -all"},
        "latin.example.org": {"TXT": b"v=spf1 a:caf\xe9.example -all"},
        "long.example.org": {"TXT": "v=spf1 " + "ip4:198.51.100.1 " * (MAX_RECORD_OCTETS // 16) + "-all"},
        "redirect.example.org": {"TXT": "v=spf1 redirect=_spf.example.net"},
        "twice.example.org": {"TXT": "v=spf1 redirect=redirect.example.org"},
        "include.example.org": {"TXT": "v=spf1 include:_spf.example.net -all"},
        "nowhere.example.org": {"TXT": "v=spf1 redirect=gone.example.org"},
        "inside.example.org": {"TXT": "v=spf1 include:none.example.org -all"},
        "waits.example.org": {"TXT": "v=spf1 include:slow.example.org -all"},
        "loop.example.org": {"TXT": "v=spf1 include:loop2.example.org -all"},
        "loop2.example.org": {"TXT": "v=spf1 include:loop.example.org -all"},
        "voids.example.org": {"TXT": "v=spf1 a:x.example.org a:y.example.org a:z.example.org -all"},
        "explains.example.org": {"TXT": "v=spf1 -all exp=why.example.org"},
        "why.example.org": {"TXT": "%{i} may not send for %{o} at %{t}"},
        "local.example.org": {"TXT": "v=spf1 exists:%{l}.names.example.org -all"},
        "ana.names.example.org": {"A": "127.0.0.2"},
        "_spf.example.net": {"TXT": "v=spf1 ip4:192.0.2.0/24 -all"},
        "slow.example.org": "TIMEOUT",
        "down.example.org": "SERVFAIL",
        "münchen.example": {"TXT": "v=spf1 ip4:192.0.2.7 -all"},
    }
)


def check(mail_from: str, ip: str = IP, helo: str = "mx.example.org") -> SpfResult:
    return check_host(ip, mail_from, helo, ZONE)


CASES = [
    # sender                     status       domain that decided     mechanism                    reason
    ("ana@example.org",          "pass",      "example.org",          "ip4:192.0.2.0/24",
     "`ip4:192.0.2.0/24` in the record of `example.org` covers 192.0.2.7"),
    ("ana@soft.example.org",     "softfail",  "soft.example.org",     "~all",
     "no mechanism before `~all` in the record of `soft.example.org` covers 192.0.2.7"),
    ("ana@a.example.org",        "fail",      "a.example.org",        "-all",
     "no mechanism before `-all` in the record of `a.example.org` covers 192.0.2.7"),
    ("ana@maybe.example.org",    "neutral",   "maybe.example.org",    "?all",
     "no mechanism before `?all` in the record of `maybe.example.org` covers 192.0.2.7"),
    ("ana@open.example.org",     "neutral",   "open.example.org",     "",
     "no mechanism in the record of `open.example.org` covers 192.0.2.7 (RFC 7208 section 4.7)"),
    ("ana@none.example.org",     "none",      "none.example.org",     "",
     "`none.example.org` publishes no SPF record"),
    ("ana@gone.example.org",     "none",      "gone.example.org",     "",
     "`gone.example.org` publishes no SPF record"),
    ("ana@two.example.org",      "permerror", "two.example.org",      "",
     "`two.example.org` publishes more than one SPF record (RFC 7208 section 4.5)"),
    ("ana@broken.example.org",   "permerror", "broken.example.org",   "",
     "the record of `broken.example.org` is not valid: unknown mechanism found: `ipv4:x` (RFC 7208 section 4.6)"),
    ("ana@latin.example.org",    "permerror", "latin.example.org",    "",
     "the record of `latin.example.org` is not ASCII (RFC 7208 section 3.1)"),
    ("ana@long.example.org",     "permerror", "long.example.org",     "",
     "the record of `long.example.org` is not valid: it has more than 4096 octets (RFC 7208 section 4.6)"),
    ("ana@redirect.example.org", "pass",      "_spf.example.net",     "ip4:192.0.2.0/24",
     "`ip4:192.0.2.0/24` in the record of `_spf.example.net` covers 192.0.2.7"),
    ("ana@twice.example.org",    "pass",      "_spf.example.net",     "ip4:192.0.2.0/24",
     "`ip4:192.0.2.0/24` in the record of `_spf.example.net` covers 192.0.2.7"),
    ("ana@include.example.org",  "pass",      "include.example.org",  "include:_spf.example.net",
     "`include:_spf.example.net` in the record of `include.example.org` covers 192.0.2.7"),
    ("ana@nowhere.example.org",  "permerror", "nowhere.example.org",  "",
     "`redirect=gone.example.org` leads to no SPF record (RFC 7208 section 6.1)"),
    ("ana@inside.example.org",   "permerror", "inside.example.org",   "",
     "`include:none.example.org` leads to no SPF record (RFC 7208 section 5.2)"),
    ("ana@loop.example.org",     "permerror", "loop.example.org",     "",
     "the look-up limit of 10 was passed (RFC 7208 section 4.6.4)"),
    ("ana@voids.example.org",    "fail",      "voids.example.org",    "-all",
     "no mechanism before `-all` in the record of `voids.example.org` covers 192.0.2.7"),
    ("ana@slow.example.org",     "temperror", "slow.example.org",     "",
     "DNS gave no answer for `TXT slow.example.org`: timeout (RFC 7208 section 2.6.6)"),
    ("ana@waits.example.org",    "temperror", "waits.example.org",    "",
     "DNS gave no answer for `TXT slow.example.org`: timeout (RFC 7208 section 2.6.6)"),
    ("ana@down.example.org",     "temperror", "down.example.org",     "",
     "DNS gave no answer for `TXT down.example.org`: servfail (RFC 7208 section 2.6.6)"),
    ("ana@München.Example",      "pass",      "xn--mnchen-3ya.example", "ip4:192.0.2.7",
     "`ip4:192.0.2.7` in the record of `xn--mnchen-3ya.example` covers 192.0.2.7"),
    ("ana@Example.ORG.",         "pass",      "example.org",          "ip4:192.0.2.0/24",
     "`ip4:192.0.2.0/24` in the record of `example.org` covers 192.0.2.7"),
    ('"ana@open.example.org"@a.example.org', "fail", "a.example.org", "-all",
     "no mechanism before `-all` in the record of `a.example.org` covers 192.0.2.7"),
    ("ana@local.example.org",    "pass",      "local.example.org",    "exists:%{l}.names.example.org",
     "`exists:%{l}.names.example.org` in the record of `local.example.org` covers 192.0.2.7"),
    ("example.org",              "pass",      "example.org",          "ip4:192.0.2.0/24",
     "`ip4:192.0.2.0/24` in the record of `example.org` covers 192.0.2.7"),
    ("ana",                      "none",      "ana",                  "",
     "`ana` is no domain that could have a record (RFC 7208 section 4.3)"),
    ("ana@",                     "none",      "",                     "",
     "`` is no domain that could have a record (RFC 7208 section 4.3)"),
    ("ana@localhost",            "none",      "localhost",            "",
     "`localhost` is no domain that could have a record (RFC 7208 section 4.3)"),
    ("ana@[192.0.2.7]",          "none",      "[192.0.2.7]",          "",
     "`[192.0.2.7]` is no domain that could have a record (RFC 7208 section 4.3)"),
]  # fmt: skip


@pytest.mark.parametrize("sender,status,domain,mechanism,reason", CASES, ids=[row[0] for row in CASES])
def test_a_sender_is_judged_and_told_why(sender: str, status: str, domain: str, mechanism: str, reason: str) -> None:
    result = check(sender)
    assert (result.status.value, result.domain, result.mechanism) == (status, domain, mechanism)
    assert result.reason == reason
    assert result.envelope_from == sender


@pytest.mark.parametrize("status", SpfStatus)
def test_every_result_of_the_rfc_is_in_the_table(status: SpfStatus) -> None:
    assert status in {row[1] for row in CASES}


# A record that includes itself is followed from left to right, like any other (RFC 7208 sections 4.6 and 4.6.2).
CIRCLES = [
    # record of d.example                              client         status        mechanism
    ("v=spf1 ip4:192.0.2.1 include:d.example -all",    "192.0.2.1",   "pass",       "ip4:192.0.2.1"),
    ("v=spf1 ip4:192.0.2.1 include:d.example -all",    "192.0.2.2",   "permerror",  ""),
    ("v=spf1 ip4:192.0.2.1 include:D.Example -all",    "192.0.2.1",   "pass",       "ip4:192.0.2.1"),
    ("v=spf1 ip4:192.0.2.1 -include:%{d} -all",        "192.0.2.1",   "pass",       "ip4:192.0.2.1"),
    ("v=spf1 ?ip4:192.0.2.1 include:d.example -all",   "192.0.2.1",   "neutral",    "?ip4:192.0.2.1"),
    ("v=spf1 include:d.example ip4:192.0.2.1 -all",    "192.0.2.1",   "permerror",  ""),
    ("v=spf1 -all include:d.example",                  "192.0.2.1",   "fail",       "-all"),
    ("v=spf1 ip4:192.0.2.1 include -all",              "192.0.2.1",   "permerror",  ""),
    ("v=spf1 ip4:192.0.2.1 ?Include -all",             "192.0.2.1",   "permerror",  ""),
    ("v=spf1 ip4:192.0.2.1 ~exists -all",              "192.0.2.1",   "permerror",  ""),
    ("v=spf1 ip4:192.0.2.1 redirect=d.example",        "192.0.2.1",   "pass",       "ip4:192.0.2.1"),
    ("v=spf1 ip4:192.0.2.1 redirect=d.example",        "192.0.2.2",   "permerror",  ""),
]  # fmt: skip


@pytest.mark.parametrize("record,client,status,mechanism", CIRCLES)
def test_a_record_that_includes_itself_may_match_before(record: str, client: str, status: str, mechanism: str) -> None:
    result = check_host(client, "ana@d.example", "mx.example.org", Zone({"d.example": {"TXT": record}}))
    assert (result.status, result.mechanism) == (status, mechanism)


PTR = "7.2.0.192.in-addr.arpa"
SLOW_NAME = {PTR: {"PTR": ["slow.example.org", "mx.example.org"]}, "mx.example.org": {"A": IP}}
VOIDS = "v=spf1 a:x.example.org a:y.example.org a:z.example.org -all"

SETTINGS: list[tuple[str, str, dict[str, Any], dict[str, str]]] = [
    # what                                   record                              other records  result by setting
    ("an address of a name",                 "v=spf1 ptr:example.org -all",      SLOW_NAME,
     {"skip": "pass", "temperror": "temperror"}),
    ("the names of the client",              "v=spf1 ptr:example.org -all",      {PTR: "TIMEOUT"},
     {"skip": "fail", "temperror": "temperror"}),
    ("the names, in a macro",                "v=spf1 exists:%{p}.names.example.org -all",
     {PTR: "SERVFAIL", "unknown.names.example.org": {"A": "127.0.0.2"}}, {"skip": "pass", "temperror": "temperror"}),
    ("an address, in a macro",               "v=spf1 exists:%{p}.names.example.org -all",
     SLOW_NAME | {"mx.example.org.names.example.org": {"A": "127.0.0.2"}}, {"skip": "pass", "temperror": "temperror"}),
    ("outside of it a failure is one",       "v=spf1 a:slow.example.org -all",   {},
     {"skip": "temperror", "temperror": "temperror"}),
    ("three that find nothing",              VOIDS, {},
     {"unlimited": "fail", "2": "permerror"}),
    ("two that find nothing",                VOIDS.replace(" a:z.example.org", ""), {},
     {"unlimited": "fail", "2": "fail"}),
]  # fmt: skip


@pytest.mark.parametrize("record,others,results", [row[1:] for row in SETTINGS], ids=[row[0] for row in SETTINGS])
def test_open_points_are_decided_by_their_setting(record: str, others: dict[str, Any], results: dict[str, str]) -> None:
    zone = Zone({"s.example": {"TXT": record}, "slow.example.org": "TIMEOUT", **others})
    memory = Memory()  # shared: a remembered result is that of one setting
    for setting, status in results.items():
        named = {"spf_void_lookups": int(setting) if setting.isdigit() else setting}
        assumptions = Assumptions(**(named if setting in ("unlimited", "2") else {"spf_ptr_errors": setting}))
        for _ in range(2):
            result = check_host(IP, "ana@s.example", "", zone, assumptions=assumptions, memory=memory)
            assert result.status == status, setting


def test_too_many_void_look_ups_say_so() -> None:
    result = check_host(IP, "ana@voids.example.org", "", ZONE, assumptions=Assumptions(spf_void_lookups=2))
    assert result.reason == "more than 2 look-ups found nothing (RFC 7208 section 4.6.4)"


def test_a_remembered_result_counts_while_dns_answers_alike() -> None:
    memory = Memory()
    before = Zone({"example.org": {"TXT": "v=spf1 ip4:192.0.2.7 -all"}})
    after = Zone({"example.org": {"TXT": "v=spf1 -all"}})
    statuses = [check_host(IP, "ana@example.org", "", zone, memory=memory).status for zone in (before, before, after)]
    assert statuses == ["pass", "pass", "fail"]
    assert len(memory.senders) == 1


CLIENTS = [
    # client address           status        reason has
    ("192.0.2.7",              "pass",       "covers 192.0.2.7"),
    ("198.51.100.1",           "fail",       "covers 198.51.100.1"),
    ("2001:db8::7",            "pass",       "`ip6:2001:db8::/32`"),
    ("2001:DB8:0:0::7",        "pass",       "`ip6:2001:db8::/32`"),
    ("::ffff:192.0.2.7",       "pass",       "`ip4:192.0.2.0/24` in the record of `example.org` covers 192.0.2.7"),
    ("::ffff:198.51.100.1",    "fail",       "covers 198.51.100.1"),
    ("fe80::1%eth0",           "fail",       "covers fe80::1"),
    ("mx.example.org",         "permerror",  "`mx.example.org` is no IP address"),
    ("",                       "none",       "the address of the client is not known, so there is nothing to check"),
]  # fmt: skip


@pytest.mark.parametrize("ip,status,part", CLIENTS)
def test_any_way_to_write_the_address_counts(ip: str, status: str, part: str) -> None:
    result = check("ana@example.org", ip)
    assert result.status == status
    assert part in result.reason
    assert result.client_ip == ip


def test_the_null_sender_is_the_postmaster_of_helo() -> None:
    result = check("", ip="192.0.2.25", helo="mx.example.org")
    assert (result.status, result.envelope_from, result.domain) == (
        "pass",
        "postmaster@mx.example.org",
        "mx.example.org",
    )


@pytest.mark.parametrize("helo", ["localhost", "[192.0.2.7]", "", "x" * 300 + ".example.org"])
def test_a_helo_that_is_no_domain_gives_the_null_sender_none(helo: str) -> None:
    assert check("", helo=helo).status == "none"


def test_a_domain_of_more_than_253_characters_has_no_record() -> None:
    long = ".".join(["a" * 50] * 5)
    zone = Zone({"*.example.org": {"TXT": "v=spf1 -all"}})
    assert check_host(IP, f"ana@{long[:200]}.example.org", "", zone).status == "fail"
    assert check_host(IP, f"ana@{long}.example.org", "", zone).status == "none"


def test_the_explanation_of_the_domain_is_kept_and_uses_our_clock() -> None:
    result = check_host(IP, "ana@explains.example.org", "", ZONE, now=12.5)
    assert result.explanation == "192.0.2.7 may not send for explains.example.org at 12"
    assert check("ana@a.example.org").explanation == ""


def test_the_questions_are_those_the_record_leads_to() -> None:
    recording = Recording(ZONE)
    check_host(IP, "ana@twice.example.org", "", recording)
    assert [str(question) for question in recording.questions] == [
        "TXT twice.example.org -> found",
        "TXT redirect.example.org -> found",
        "TXT _spf.example.net -> found",
    ]


# ------------------------------------------------------------------------ laws

words = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["example.org", "ana@example.org", "a@b@c", '"@"@example.org', "@", "x" * 400]),
)

TERMS = """
    a mx ptr all -all ~all ?all + - include:example.org include: exists:%{i}.example.org redirect=example.org
    exp=example.org a:%{l}.%{d} a:%{s} a:%{h} a:%{p} a:%{L}.%{H} mx:%{d2}/24//64 ip4:192.0.2.0/24 ip4:%{i} ip6:::1
    ip6:2001:db8::/129 a/0 a//0 % %{ %{z} x=y = v=spf1 é moo
"""
LONG_TERMS = ["a:" + "b" * 300 + ".c", "a:" + "%{d}." * 40 + "c", "a:" + "%{l}" * 400 + ".c"]

terms = st.sampled_from([*TERMS.split(), *LONG_TERMS, "\x00", "\x7f"])
records = st.one_of(
    st.lists(terms, max_size=12).map(lambda found: ("v=spf1 " + " ".join(found)).encode()), st.binary(max_size=40)
)


class Whatever:
    """A resolver whose every answer is drawn."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw

    def resolve(self, name: str, rdtype: str) -> DnsAnswer:
        values: dict[str, st.SearchStrategy[Any]] = {
            "TXT": records,
            "A": st.sampled_from(["192.0.2.7", "198.51.100.1", "nonsense"]),
            "AAAA": st.sampled_from(["2001:db8::7", "nonsense"]),
            "MX": st.sampled_from(["10 mx.example.org", "0 .", "nonsense"]),
            "PTR": st.sampled_from(["mx.example.org", "nonsense", ""]),
        }
        status = self.draw(st.sampled_from([*[DnsStatus.FOUND] * 5, *DnsStatus]))
        if status is not DnsStatus.FOUND:
            return DnsAnswer(status)
        return DnsAnswer(status, tuple(self.draw(st.lists(values[rdtype], min_size=1, max_size=3))))


@given(data=st.data(), ip=st.one_of(st.ip_addresses().map(str), words), sender=words, helo=words)
def test_whatever_anybody_says_there_is_a_result(data: st.DataObject, ip: str, sender: str, helo: str) -> None:
    result = check_host(ip, sender, helo, Whatever(data.draw))
    assert result.status in SpfStatus
    assert result.reason
    assert "\n" not in result.reason


@given(st.text(alphabet=st.characters(), max_size=30), st.text(alphabet=st.characters(), max_size=30))
def test_any_text_may_be_said_by_a_client(sender: str, helo: str) -> None:
    for mail_from in (sender, f"{sender}@example.org", f"ana@{sender}.example"):
        assert check_host(IP, mail_from, helo, ZONE).reason
