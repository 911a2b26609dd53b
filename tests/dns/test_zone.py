"""A zone: what it answers, what it is read from, what it says of a broken line."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.dns.resolver import DnsStatus
from sesreceive.dns.zone import Zone
from sesreceive.errors import ZoneError

TEXT = r"""
$ORIGIN example.org.
$TTL 1h
@            IN SOA  ns.example.org. hostmaster.example.org. (
                 2026112401 ; serial
                 2h 30m 2w 1h )
             IN NS   ns
             3600 IN MX 10 mx               ; class and time to live in either order
             IN 3600 MX 20 mx.example.net.
             TXT     "v=spf1 mx " "-all"    ; the strings of one record are joined
             TXT     unquoted
ns           A       192.0.2.53
mx           A       192.0.2.25
MX           AAAA    2001:DB8::25
www          CNAME   @
s1._domainkey TXT ( "v=DKIM1; k=rsa; "
                    "p=AAAA" )
*.lists      IN MX   10 mx
host.lists   IN A    192.0.2.9
_sip._tcp    SRV     0 5 5060 sip
quoted       TXT     "a \"b\" \\ \059 \200 é"
münchen      A       192.0.2.1
25.2.0.192.in-addr.arpa. PTR mx

$ORIGIN .
unrelated.example   A   198.51.100.1
nullmx.example.     MX  0 .
$TIMEOUT  slow.example.
$SERVFAIL half.example. TXT MX
half.example A 192.0.2.2
$TIMEOUT *.dead.example
"""

ZONE = Zone.parse(TEXT)

ANSWERS: list[tuple[str, str, str, tuple[str | bytes, ...]]] = [
    # name                          type     status       values
    ("example.org",                 "TXT",   "found",     (b"v=spf1 mx -all", b"unquoted")),
    ("example.org",                 "MX",    "found",     ("10 mx.example.org", "20 mx.example.net")),
    ("EXAMPLE.org.",                "mx",    "found",     ("10 mx.example.org", "20 mx.example.net")),
    ("example.org",                 "NS",    "found",     ("ns.example.org",)),
    ("example.org",                 "A",     "nodata",    ()),
    ("mx.example.org",              "A",     "found",     ("192.0.2.25",)),
    ("mx.example.org",              "AAAA",  "found",     ("2001:db8::25",)),
    ("www.example.org",             "TXT",   "found",     (b"v=spf1 mx -all", b"unquoted")),
    ("www.example.org",             "CNAME", "found",     ("example.org",)),
    ("www.example.org",             "AAAA",  "nodata",    ()),
    ("s1._domainkey.example.org",   "TXT",   "found",     (b"v=DKIM1; k=rsa; p=AAAA",)),
    ("_domainkey.example.org",      "TXT",   "nodata",    ()),
    ("org",                         "TXT",   "nodata",    ()),
    ("gone.example.org",            "TXT",   "nxdomain",  ()),
    ("example",                     "TXT",   "nodata",    ()),
    ("x.lists.example.org",         "MX",    "found",     ("10 mx.example.org",)),
    ("a.b.lists.example.org",       "MX",    "found",     ("10 mx.example.org",)),
    ("x.lists.example.org",         "TXT",   "nodata",    ()),
    ("lists.example.org",           "MX",    "nodata",    ()),
    ("host.lists.example.org",      "MX",    "nodata",    ()),
    ("x.host.lists.example.org",    "MX",    "nxdomain",  ()),
    ("_sip._tcp.example.org",       "SRV",   "found",     ("0 5 5060 sip.example.org.",)),
    ("quoted.example.org",          "TXT",   "found",     (b'a "b" \\ ; \xc8 \xc3\xa9',)),
    ("münchen.example.org",         "A",     "found",     ("192.0.2.1",)),
    ("xn--mnchen-3ya.EXAMPLE.org",  "A",     "found",     ("192.0.2.1",)),
    ("25.2.0.192.in-addr.arpa",     "PTR",   "found",     ("mx.example.org",)),
    ("unrelated.example",           "A",     "found",     ("198.51.100.1",)),
    ("nullmx.example",              "MX",    "found",     ("0 .",)),
    ("slow.example",                "TXT",   "timeout",   ()),
    ("slow.example",                "A",     "timeout",   ()),
    ("x.slow.example",              "A",     "nxdomain",  ()),
    ("half.example",                "TXT",   "servfail",  ()),
    ("half.example",                "A",     "found",     ("192.0.2.2",)),
    ("half.example",                "AAAA",  "nodata",    ()),
    ("x.dead.example",              "A",     "timeout",   ()),
    ("",                            "A",     "nodata",    ()),
    ("a..b",                        "A",     "nxdomain",  ()),
    ("x" * 64 + ".lists.example.org", "MX",  "nxdomain",  ()),
    ("x." * 130 + "lists.example.org", "MX", "nxdomain",  ()),
]  # fmt: skip


@pytest.mark.parametrize("name,rdtype,status,values", ANSWERS)
def test_a_zone_answers(name: str, rdtype: str, status: str, values: tuple[str | bytes, ...]) -> None:
    answer = ZONE.resolve(name, rdtype)
    assert (answer.status.value, answer.values) == (status, values)


@pytest.mark.parametrize("status", DnsStatus)
def test_every_end_of_a_look_up_is_in_the_table(status: DnsStatus) -> None:
    assert status in {row[2] for row in ANSWERS}


BROKEN = [
    # text                                           line   expected
    ("example.org. IN A 192.0.2.300",                1,     "expected an IPv4 address [RFC 1035 section 3.4.1]"),
    ("example.org. IN A 192.0.2.1 192.0.2.2",        1,     "expected an IPv4 address"),
    ("example.org. IN A",                            1,     "expected an IPv4 address"),
    ("example.org. IN AAAA 192.0.2.1",               1,     "expected an IPv6 address [RFC 3596 section 2.4]"),
    ("\n\nexample.org. IN MX mx.example.org.",       3,     "expected a preference from 0 to 65535 and a name"),
    ("example.org. IN MX 65536 mx",                  1,     "expected a preference from 0 to 65535 and a name"),
    ("example.org. IN MX -1 mx",                     1,     "expected a preference from 0 to 65535 and a name"),
    ("example.org. IN TXT",                          1,     "expected one or more strings [RFC 1035 section 3.3.14]"),
    ("www CNAME a b",                                1,     "expected a name [RFC 1035 section 3.3.1]"),
    ("x PTR a..b",                                   1,     "expected a name [RFC 1035 section 3.3.12]"),
    ("a. A 192.0.2.1\nexample.org. IN TXTT x",       2,     "expected a record type such as A, AAAA, MX or TXT (did"),
    ("example.org. IN TYPO x",                       1,     "expected a record type such as A, AAAA, MX or TXT"),
    ("example.org. IN ANY x",                        1,     "expected a record type"),
    ("example.org.",                                 1,     "expected a record type and data"),
    ("example.org. 3600 IN",                         1,     "expected a record type and data"),
    ("example.org. CH A 192.0.2.1",                  1,     "expected class IN"),
    ("   IN A 192.0.2.1",                            1,     "expected a name before the first record"),
    ("a..b. A 192.0.2.1",                            1,     "expected a name of labels of 1 to 63 characters"),
    ("x" * 64 + ". A 192.0.2.1",                     1,     "expected a name of labels of 1 to 63 characters"),
    ("$INCLUDE other.zone",                          1,     "expected $ORIGIN and a name, $TTL and a time"),
    ("$TTL soon",                                    1,     "expected $ORIGIN and a name, $TTL and a time"),
    ("$ORIGIN",                                      1,     "expected $ORIGIN and a name"),
    ("$TIMEOUT",                                     1,     "$TIMEOUT or $SERVFAIL and a name"),
    ("$TIMEOUT a. TXTT",                             1,     "expected a record type such as A, AAAA, MX or TXT"),
    ('a. A 192.0.2.1\na. TXT "open',                 2,     "expected closed quotes and parentheses"),
    ('a. TXT "two\nlines"',                          1,     "expected closed quotes and parentheses"),
    ("a. TXT ( b\nc. A 192.0.2.1",                   1,     "expected closed quotes and parentheses"),
    ("a. TXT b )",                                   1,     "expected closed quotes and parentheses"),
    ("a. SRV 0 5 x sip.",                            1,     "expected the data of SRV"),
    ("a. TXT \\300x",                                1,     "expected"),
    ("a. A 192.0.2.1\r\nb. A x\r\n",                 2,     "expected an IPv4 address"),
]  # fmt: skip


@pytest.mark.parametrize("text,number,expected", BROKEN)
def test_a_broken_line_is_named_with_what_was_expected(text: str, number: int, expected: str) -> None:
    with pytest.raises(ZoneError) as caught:
        Zone.parse(text)
    message = str(caught.value)
    assert message.startswith(f"zone line {number}: expected ")
    assert expected in message
    line = text.replace("\r\n", "\n").split("\n")[number - 1].strip()
    assert message.endswith(f" but got `{line}`")


MAPPINGS: list[tuple[Any, str, str, str]] = [
    # mapping                                   where               expected                                   got
    ({"example.org": 5},                        "example.org",      "record types with values",                "5"),
    ({"example.org": "SLOW"},                   "example.org",      "TIMEOUT, SERVFAIL or record types",       "SLOW"),
    ({"example.org": {"TXTT": "x"}},            "example.org",      "a record type such as A, AAAA,",          "TXTT"),
    ({"example.org": {"A": "x"}},               "example.org A",    "an IPv4 address",                         "x"),
    ({"example.org": {"A": ["192.0.2.1", 5]}},  "example.org A",    "an IPv4 address",                         "5"),
    ({"example.org": {"A": 5}},                 "example.org A",    "a list of values",                        "5"),
    ({"example.org": {"MX": "mx"}},             "example.org MX",   "a preference from 0 to 65535 and a name", "mx"),
    ({"example.org": {"MX": [("x", "mx")]}},    "example.org MX",   "a preference from 0 to 65535", "('x', 'mx')"),
    ({"example.org": {"TXT": [5]}},             "example.org TXT",  "one or more strings",                     "5"),
    ({"example.org": {"SRV": "x"}},             "example.org SRV",  "the data of SRV",                         "x"),
    ({"a..b": {"A": "192.0.2.1"}},              "",                 "a name of labels of 1 to 63 characters",  "a..b"),
    ({5: {"A": "192.0.2.1"}},                   "",                 "a name as text",                          "5"),
    ({"a\r\nb": "x"},                           "a\\x0d\\x0ab",     "TIMEOUT, SERVFAIL or record types",       "x"),
]  # fmt: skip


@pytest.mark.parametrize("mapping,where,expected,got", MAPPINGS)
def test_a_broken_mapping_says_where_and_what_was_expected(mapping: Any, where: str, expected: str, got: str) -> None:
    with pytest.raises(ZoneError) as caught:
        Zone(mapping)
    message = str(caught.value)
    place = f"zone `{where}`" if where else "zone"
    assert message.startswith(f"{place}: expected {expected}")
    assert message.endswith(f" but got `{got}`")


SAME = [
    # mapping                                                      zone text
    ({"example.org": {"TXT": "v=spf1 -all"}},                      'example.org. TXT "v=spf1 -all"'),
    ({"example.org": {"TXT": ["one", "two"]}},                     "example.org TXT one\nexample.org TXT two"),
    ({"example.org": {"TXT": [["one ", "two"]]}},                  'example.org TXT "one " two'),
    ({"example.org": {"TXT": [b"\xff"]}},                          r"example.org TXT \255"),
    ({"example.org": {"MX": (10, "mx.example.org")}},              "example.org MX 10 mx.example.org"),
    ({"example.org": {"MX": ["10 mx.example.org."]}},              "example.org MX 10 mx.example.org"),
    ({"example.org": {"mx": [(10, "a"), (20, "b")]}},              "example.org MX 10 a\n MX 20 b"),
    ({"example.org": {"A": ["192.0.2.1", "192.0.2.2"]}},           "example.org A 192.0.2.1\n A 192.0.2.2"),
    ({"example.org": "TIMEOUT"},                                   "$TIMEOUT example.org"),
    ({"example.org": DnsStatus.SERVFAIL},                          "$SERVFAIL example.org"),
    ({"example.org": {"TXT": "TIMEOUT", "A": "192.0.2.1"}},        "$TIMEOUT example.org TXT\nexample.org A 192.0.2.1"),
    ({"example.org": {"*": "SERVFAIL", "A": "192.0.2.1"}},         "$SERVFAIL example.org\nexample.org A 192.0.2.1"),
    ({"a b.example.org": {"A": "192.0.2.1"}},                      r"a\032b.example.org A 192.0.2.1"),
    ({"EXAMPLE.org.": {"CNAME": "A.Example.NET."}},                "example.org CNAME a.example.net"),
    ({"example.org": {"TXT": []}, "example.net": {}},              "; nothing"),
]  # fmt: skip


@pytest.mark.parametrize("mapping,text", SAME)
def test_a_mapping_and_a_text_are_the_same_zone(mapping: dict[str, Any], text: str) -> None:
    assert Zone(mapping) == Zone.parse(text)
    assert Zone.parse(Zone(mapping).to_text()) == Zone(mapping)


def test_the_zone_of_all_forms_survives_being_written_as_text() -> None:
    assert Zone.parse(ZONE.to_text()) == ZONE
    assert hash(Zone.parse(ZONE.to_text())) == hash(ZONE)


def test_a_key_longer_than_255_octets_may_be_one_string() -> None:
    key = "v=DKIM1; p=" + "A" * 700
    zone = Zone.parse(f's1._domainkey.example.org. TXT "{key}"')
    assert zone.resolve("s1._domainkey.example.org", "TXT").values == (key.encode(),)
    assert zone.to_text().count('"') == 6


# ------------------------------------------------------------------------ aliases


def chain(length: int) -> Zone:
    links = {f"c{at}.example.org": {"CNAME": f"c{at + 1}.example.org"} for at in range(length)}
    return Zone({**links, f"c{length}.example.org": {"A": "192.0.2.1"}})


ALIASES = [
    # zone                                                           status
    (chain(1),                                                       "found"),
    (chain(10),                                                      "found"),
    (chain(11),                                                      "nodata"),
    (chain(1000),                                                    "nodata"),
    (Zone({"c0.example.org": {"CNAME": "c0.example.org"}}),          "nodata"),
    (Zone({"c0.example.org": {"CNAME": "a.example.org"}, "a.example.org": {"CNAME": "C0.example.org."}}), "nodata"),
    (Zone({"c0.example.org": {"CNAME": "gone.example.net"}}),        "nxdomain"),
    (Zone({"c0.example.org": {"CNAME": "slow.example"}, "slow.example": "TIMEOUT"}), "timeout"),
]  # fmt: skip


@pytest.mark.parametrize("zone,status", ALIASES)
def test_aliases_are_followed_to_an_end(zone: Zone, status: str) -> None:
    assert zone.resolve("c0.example.org", "A").status == status


# ------------------------------------------------------------------------ values


def test_edits_give_new_zones() -> None:
    zone = Zone({"example.org": {"A": "192.0.2.1", "TXT": "x"}, "mx.example.org": {"A": "192.0.2.2"}})
    before = zone.to_text()
    changed = zone.with_records({"example.org": {"A": ["192.0.2.3"]}, "example.net": "TIMEOUT"})
    assert changed.resolve("example.org", "A").values == ("192.0.2.3",)
    assert changed.resolve("example.org", "TXT").values == (b"x",)
    assert changed.resolve("example.net", "A").status == "timeout"
    assert zone.without("EXAMPLE.org").resolve("example.org", "A").status == "nodata"  # mx is still below it
    assert zone.without("mx.example.org").resolve("mx.example.org", "A").status == "nxdomain"
    assert zone.without("example.org", "txt").resolve("example.org", "TXT").status == "nodata"
    assert zone.without("example.org", "txt").resolve("example.org", "A").status == "found"
    assert changed.without("example.net").without("nobody.example") == zone | {"example.org": {"A": "192.0.2.3"}}
    assert zone.to_text() == before


def test_the_right_side_of_a_merge_counts() -> None:
    left, right = Zone({"a.example": {"A": "192.0.2.1", "TXT": "l"}}), Zone({"a.example": {"A": "192.0.2.2"}})
    assert (left | right).records == left.merge(right).records
    assert (left | right).resolve("a.example", "A").values == ("192.0.2.2",)
    assert (left | right).resolve("a.example", "TXT").values == (b"l",)
    with pytest.raises(TypeError):
        left | 5


def test_a_zone_cannot_be_changed_through_what_it_gives_away() -> None:
    given_records: dict[str, Any] = {"example.org": {"A": ["192.0.2.1"]}}
    zone = Zone(given_records)
    given_records["example.org"]["A"].append("192.0.2.2")
    given_records["example.net"] = "TIMEOUT"
    assert zone == Zone({"example.org": {"A": "192.0.2.1"}})
    assert (zone.names, len(zone.records)) == (("example.org",), 1)


def test_zones_travel_between_processes() -> None:
    assert pickle.loads(pickle.dumps(ZONE)) == ZONE


def test_the_public_name_is_this_zone() -> None:
    assert ses.Zone is Zone
    assert ses.ZoneError is ZoneError


def test_a_zone_shows_itself_on_one_line() -> None:
    assert repr(Zone()) == "<Zone of 0 names, 0 records>"
    assert repr(Zone({"a.example": {"A": "192.0.2.1"}})) == "<Zone of 1 name, 1 record>"
    assert repr(Zone({"a.example": "TIMEOUT"})) == "<Zone of 1 name, 0 records, 1 failing>"


def test_a_zone_shows_itself_as_a_table_that_mail_cannot_write_into() -> None:
    html = Zone({"<b>.example": {"TXT": "<script>", "CNAME": "&"}, "slow.example": "TIMEOUT"})._repr_html_()
    assert html.count("<tr>") == 4
    for cell in ("&lt;b&gt;.example", "&lt;script&gt;", "&amp;", "slow.example", "every other type", "timeout"):
        assert cell in html
    assert "<script>" not in html
    assert "<b>" not in html


def test_a_long_table_says_how_much_is_left_out() -> None:
    html = Zone({f"h{number}.example": {"A": "192.0.2.1"} for number in range(600)})._repr_html_()
    assert html.count("<tr>") == 501
    assert "and 100 more" in html


# ------------------------------------------------------------------------ laws

labels = st.text(st.characters(max_codepoint=0x17F, exclude_characters="."), min_size=1, max_size=8)
names = st.lists(labels, min_size=1, max_size=3).map(".".join)
records = st.fixed_dictionaries(
    {},
    optional={
        "A": st.lists(st.ip_addresses(v=4).map(str), min_size=1, max_size=2),
        "AAAA": st.lists(st.ip_addresses(v=6).map(str), min_size=1, max_size=2),
        "TXT": st.lists(st.one_of(st.binary(max_size=300), st.text(max_size=20)), min_size=1, max_size=2),
        "MX": st.lists(st.tuples(st.integers(0, 65535), st.sampled_from(["mx.example.org", "."])), max_size=2),
        "*": st.sampled_from(["TIMEOUT", "SERVFAIL"]),
    },
)


@given(st.dictionaries(st.one_of(names, st.sampled_from(["example.org", "*.example.org"])), records, max_size=4))
def test_any_zone_survives_being_written_as_text(mapping: dict[str, Any]) -> None:
    try:
        zone = Zone(mapping)
    except ZoneError:
        return  # a name that DNS cannot hold
    assert Zone.parse(zone.to_text()) == zone


@given(st.text(max_size=60))
def test_any_text_is_a_zone_or_one_sentence(text: str) -> None:
    message = ""
    try:
        Zone.parse(text)
    except ZoneError as error:
        message = str(error)
    assert message == "" or message.startswith("zone line ")
    assert "\n" not in message


@given(st.text(max_size=40), st.sampled_from(["A", "TXT", "*", "", "x"]))
def test_any_question_has_an_answer(name: str, rdtype: str) -> None:
    assert ZONE.resolve(name, rdtype).status in DnsStatus


# Lines that are read together where they begin alike; some begin alike and are of no such kind.
ALIKE = st.lists(
    st.sampled_from(
        [
            'a.example IN TXT "v=spf1 -all"', 'a.example IN TXT "x" ', 'a.example IN TXT "x" "y"', 'a.example TXT "é"',
            "a.example IN A 192.0.2.1", "a.example IN A 192.0.2.255", "a.example IN A 0.0.0.0", 'b 60 IN TXT "b"',
            ' IN TXT "the same name"', " IN A 192.0.2.9", "$ORIGIN example.org.", '@ IN TXT "origin"',
            "a.example IN A 192.0.2.1 ; four", "$TIMEOUT a.example TXT", 'a.example in txt "low"',
            "A.EXAMPLE. A 192.0.2.3",
        ]
    ),
    max_size=12,
)  # fmt: skip


@given(ALIKE, st.integers(1, 4))
def test_lines_that_begin_alike_are_read_as_each_alone(lines, times):
    lines = ["first.example A 192.0.2.1", *(line for line in lines for _ in range(times))]
    together, alone = Zone.parse("\n".join(lines) + "\n"), Zone.parse("\n\n".join(lines))
    assert together == alone
    assert together.records == alone.records


@pytest.mark.parametrize("value", ["192.0.2.256", "192.0.2.01", "192.0.2", "192.0.2.1.1", "1192.0.2.1"])
def test_an_address_that_is_none_is_refused_among_lines_that_begin_alike(value):
    text = "a.example IN A 192.0.2.1\n" * 3 + f"a.example IN A {value}\n" + "a.example IN A 192.0.2.1\n"
    with pytest.raises(ZoneError, match=f"^zone line 4: expected an IPv4 address .* but got `a.example IN A {value}`"):
        Zone.parse(text)
