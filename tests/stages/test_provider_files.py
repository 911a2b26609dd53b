"""Lists of networks as AWS and Spamhaus publish them: what is read, and one sentence for what is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

import sesreceive as ses
from sesreceive.stages.provider_lists import ListKind

AWS = """{
  "syncToken": "1767312000",
  "createDate": "2026-01-02-03-04-05",
  "prefixes": [
    {"ip_prefix": "192.0.2.0/24", "region": "eu-west-1", "service": "AMAZON", "network_border_group": "eu-west-1"},
    {"ip_prefix": "203.0.113.0/25", "region": "eu-west-1", "service": "EC2", "network_border_group": "eu-west-1"},
    {"ip_prefix": "198.51.100.0/24", "region": "eu-west-1", "service": "EC2_INSTANCE_CONNECT"}
  ],
  "ipv6_prefixes": [
    {"ipv6_prefix": "2001:db8:a::/48", "region": "eu-west-1", "service": "S3", "network_border_group": "eu-west-1"},
    {"ipv6_prefix": "2001:db8:ec2::/48", "region": "eu-west-1", "service": "EC2", "network_border_group": "eu-west-1"}
  ]
}
"""
DROP_TEXT = """; Spamhaus DROP List 2026/01/02 - (c) 2026 The Spamhaus Project
; https://www.spamhaus.org/drop/drop.txt
; Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT
; Expires: Fri, 02 Jan 2026 04:04:05 GMT
192.0.2.0/24 ; SBL1
198.51.100.0/25 ; SBL2
"""
DROP_V4 = """{"cidr":"192.0.2.0/24","sblid":"SBL1","rir":"arin"}
{"type":"metadata","timestamp":1767323045,"size":49,"records":1,"copyright":"(c) 2026 The Spamhaus Project SLU"}
"""
DROP_V6 = """{"cidr":"2001:db8::/48","sblid":"SBL3","rir":"ripencc"}
{"type":"metadata","timestamp":1767409445,"size":55,"records":1}
"""
DAY = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

READ = [
    # what it is            text                         kind            networks                             published
    ("ip-ranges.json",      AWS,                         ListKind.EC2,   "203.0.113.0/25 2001:db8:ec2::/48",  DAY),
    ("without line ends",   json.dumps(json.loads(AWS)), ListKind.EC2,   "203.0.113.0/25 2001:db8:ec2::/48",  DAY),
    ("with a byte mark",    "\ufeff" + AWS,              ListKind.EC2,   "203.0.113.0/25 2001:db8:ec2::/48",  DAY),
    ("DROP as text",        DROP_TEXT,                   ListKind.DROP,  "192.0.2.0/24 198.51.100.0/25",      DAY),
    ("DROP with CRLF", DROP_TEXT.replace("\n", "\r\n"),  ListKind.DROP,  "192.0.2.0/24 198.51.100.0/25",      DAY),
    ("DROP of no date",     "; ours\n192.0.2.0/24",      ListKind.DROP,  "192.0.2.0/24",                      None),
    ("DROP of a bad date",  "; Last-Modified: soon\n192.0.2.0/24", ListKind.DROP, "192.0.2.0/24",             None),
    ("DROP as JSON",        DROP_V4,                     ListKind.DROP,  "192.0.2.0/24",                      DAY),
    ("both, the older date", DROP_V6 + DROP_V4,          ListKind.DROP,  "2001:db8::/48 192.0.2.0/24",        DAY),
    ("DROP of no metadata", '{"cidr":"192.0.2.1"}',      ListKind.DROP,  "192.0.2.1",                         None),
    ("a network a line",    "192.0.2.1 # us\n\n2001:db8::/32", ListKind.PLAIN, "192.0.2.1 2001:db8::/32",     None),
    ("nothing",             "",                          ListKind.PLAIN, "",                                  None),
]  # fmt: skip


@pytest.mark.parametrize("_, text, kind, networks, published", READ)
def test_a_published_list_is_read(
    tmp_path: Path, _: str, text: str, kind: ListKind, networks: str, published: datetime | None
) -> None:
    path = tmp_path / "provider.list"
    path.write_text(text, encoding="utf-8", newline="")
    read = ses.ProviderList.read(path)
    assert (read.name, read.kind, read.networks) == ("provider", kind, tuple(networks.split()))
    assert read.published == published
    # A method of its own for each form says so where the file is of that form, and reads the same.
    if kind is not ListKind.PLAIN:
        named = ses.ProviderList.ec2(path) if kind is ListKind.EC2 else ses.ProviderList.drop(path)
        assert (named.networks, named.published) == (read.networks, read.published)
        assert named.name == {"ec2": "EC2", "drop": "Spamhaus DROP"}[kind]


REFUSED = [
    # read as  text                                                 what is said
    ("ec2",    "<html>\nmoved</html>",                              "line 1: expected JSON, expected a value but got"),
    ("ec2",    AWS.replace('"syncToken": ', '"syncToken" '),        "line 2: expected JSON, expected a colon"),
    ("ec2",    AWS[:200],                                           "line 5: expected JSON"),
    ("ec2",    "[]",                                      "line 1: expected an object with `prefixes` but got"),
    ("ec2",    "{}",                                    "line 1: expected a list as `prefixes` but got nothing"),
    ("ec2",    '{\n"prefixes": 7}',                     "line 2: expected a list as `prefixes` but got the number `7`"),
    ("ec2",    '{"prefixes":[1]}',                      "line 1: expected an object as `prefixes[0]` but got"),
    ("ec2",    '{"prefixes":[{"service":"EC2"}]}',      "expected a network as `prefixes[0].ip_prefix` but"),
    ("ec2",    AWS.replace('"EC2"', '"EC3"'),           "line 1: expected networks of the service `EC2`"),
    ("ec2",    AWS.replace("2026-01-02-03-04-05", "2026"),          "line 3: expected a date such as"),
    ("ec2",    AWS.replace("203.0.113.0/25", "203.0.113.0/33"),
               "line 6: expected an address or CIDR block but got `203.0.113.0/33`"),
    ("ec2",    "[" * 100_000,                                       "line 1: expected JSON, it is nested too deeply"),
    ("ec2",    '{"prefixes":' + "7" * 5_000 + "}",                  "line 1: expected JSON, expected numbers of"),
    ("ec2",    DROP_V4,                                             "line 2: expected JSON, expected the end"),
    ("drop",   AWS,                                                 "line 1: expected a JSON object but got `{`"),
    ("drop",   DROP_V4 + "{",                                       "line 3: expected a JSON object but got `{`"),
    ("drop",   DROP_V4.partition("\n")[2],     "line 2: expected 1 network, as its metadata says, but got 0"),
    ("drop",   DROP_V4.replace(":1,", ":9,"),  "line 3: expected 9 networks, as its metadata says, but got 1"),
    ("drop",   DROP_V4.replace(":1,", ':"many",'), "line 2: expected whole numbers as `timestamp` and `records`"),
    ("drop",   '{"asn":64496}',                "line 1: expected a network as `cidr` but got nothing"),
    ("drop",   "; nothing today\n",            "line 2: expected networks but there is none"),
    ("drop",   DROP_TEXT + "<br>",             "line 7: expected an address or CIDR block but got `<br>`"),
    ("drop",   '\n{"cidr":"x\\u001b[2J"}',     "line 2: expected an address or CIDR block but got `x\\x1b[2J`"),
    ("read",   "192.0.2.0/24\n\n192.0.2.256",  "line 3: expected an address or CIDR block but got `192.0.2.256`"),
]  # fmt: skip


@pytest.mark.parametrize("how, text, said", REFUSED)
def test_what_is_no_such_list_is_told_in_one_sentence(tmp_path: Path, how: str, text: str, said: str) -> None:
    path = tmp_path / "list"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ses.InputError) as raised:
        getattr(ses.ProviderList, how)(path)
    sentence = str(raised.value)
    assert said in sentence
    assert sentence.startswith("provider list `")
    assert sentence.isprintable()
    assert len(sentence) < 400


def test_octets_that_are_no_text_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(b"192.0.2.1\n\xff\n")
    with pytest.raises(ses.InputError, match="line 2: expected text in UTF-8"):
        ses.ProviderList.drop(path)


AGES = [
    (datetime(2026, 1, 2, 4, tzinfo=UTC), "EC2: 2 networks, published 2026-01-02 03:04 UTC, less than a day ago"),
    (datetime(2026, 1, 3, 4, tzinfo=UTC), "EC2: 2 networks, published 2026-01-02 03:04 UTC, 1 day ago"),
    (datetime(2027, 1, 2, 4, tzinfo=UTC), "EC2: 2 networks, published 2026-01-02 03:04 UTC, 365 days ago"),
    (datetime(2025, 1, 2, 4, tzinfo=UTC), "EC2: 2 networks, published 2026-01-02 03:04 UTC, in the future"),
]


@pytest.mark.parametrize("now, said", AGES)
def test_a_list_says_how_old_it_is(tmp_path: Path, now: datetime, said: str) -> None:
    path = tmp_path / "ip-ranges.json"
    path.write_text(AWS, encoding="utf-8")
    assert ses.ProviderList.ec2(path).about(now) == said


def test_the_trace_has_the_network_and_the_day_of_the_list(tmp_path: Path) -> None:
    path = tmp_path / "ip-ranges.json"
    path.write_text(AWS, encoding="utf-8")
    receiver = ses.Receiver(ses.Account(identities=("example.com",)), provider_lists=[ses.ProviderList.ec2(path)])
    for client, why in (
        ("203.0.113.9", "203.0.113.0/25 contains 203.0.113.9, in the list of 2026-01-02"),
        ("2001:db8:ec2::9", "2001:db8:ec2::/48 contains 2001:db8:ec2::9, in the list of 2026-01-02"),
        ("192.0.2.1", "lists no network with 192.0.2.1, in the list of 2026-01-02"),
    ):
        reception = receiver.receive(b"", client_ip=client, rcpt_to=["ana@example.com"])
        assert reception.trace.select(subject="EC2")[0].reason == why


def test_a_long_list_is_read_once_a_line_and_asked_by_one_search(tmp_path: Path) -> None:
    """Counted, not timed: how many networks are parsed while a list of 20,000 is read and asked."""
    path = tmp_path / "long.txt"
    path.write_text("".join(f"10.{n >> 8 & 255}.{n & 255}.0/24\n" for n in range(20_000)), encoding="utf-8")
    parsed = 0

    def count(text: str) -> object:
        nonlocal parsed
        parsed += 1
        return prefix_of(text)

    from sesreceive.stages import provider_lists

    prefix_of = provider_lists.prefix_of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(provider_lists, "prefix_of", count)
        read = ses.ProviderList.read(path)
        assert str(read.covers("10.7.8.9")) == "10.7.8.0/24"
    assert parsed == 20_000
