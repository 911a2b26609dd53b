"""The zoo of odd mail: every message ends as its answer key says, and nothing of it is lost."""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest

import sesreceive as ses
from sesreceive import datasets
from sesreceive.datasets import Dataset
from sesreceive.reception import Reception
from tests.sample_data import answer, expanded

# Where sesreceive differs from the key today, and why; a row that no longer differs has to go.
KNOWN_DIFFERENCES: Mapping[str, str] = {}

ROWS = datasets.load("zoo").expected
SES_FIELDS_END = "X-SES-DKIM-SIGNATURE"  # the last field of the block that SES puts on top
RESULTS = "Authentication-Results"
LEAST = 180


@cache
def zoo() -> Dataset:
    return datasets.load("zoo")


@cache
def receptions() -> Mapping[str, tuple[Reception, Any]]:
    """Each message by name: what became of it, and the notification of the rule `keep`, where there is one."""
    results = {}
    for path in sorted(zoo().mail.glob("*.eml")):
        receiver = zoo().receiver()
        envelope = ses.Envelope.from_json(path.with_suffix(".envelope.json").read_bytes())
        reception = receiver.receive(path.read_bytes(), envelope, name=path.stem)
        topic = receiver.backend.topics.get("arn:aws:sns:us-east-1:111122223333:kept", ())
        results[path.stem] = (reception, topic[0].json() if topic else None)
    return results


# ---------------------------------------------------------------- the answer key


def _by_ses(told: Any) -> list[tuple[str, str]]:
    pairs = [(item["name"], item["value"]) for item in told["mail"]["headers"]]
    return pairs[: [name for name, _ in pairs].index(SES_FIELDS_END) + 1]


def _by_sender(told: Any) -> list[tuple[str, str]]:
    return [(item["name"], item["value"]) for item in told["mail"]["headers"]][len(_by_ses(told)) :]


def _values(pairs: list[tuple[str, str]], name: str) -> list[str]:
    return [value for named, value in pairs if named == name]


# The first words of a fact's name, and how the fact is read; any other name is a member of commonHeaders.
READERS: Mapping[str, Callable[[Reception, Any, str], Any]] = {
    "destination": lambda reception, told, _: told["mail"]["destination"],
    "headersTruncated": lambda reception, told, _: told["mail"]["headersTruncated"],
    "source": lambda reception, told, _: told["mail"]["source"],
    "recipients": lambda reception, told, _: told["receipt"]["recipients"],
    "sender fields": lambda reception, told, _: len(_by_sender(told)),
    "header ": lambda reception, told, name: _values(_by_sender(told), name),
    "ses count ": lambda reception, told, name: len(_values(_by_ses(told), name)),
    "ses ": lambda reception, told, name: _values(_by_ses(told), name),
    "dkim items": lambda reception, told, _: re.findall(r"dkim=(\w+)", "".join(_values(_by_ses(told), RESULTS))),
    "spf domain": lambda reception, told, _: reception.authentication.spf.domain,
    "spf explanation": lambda reception, told, _: reception.authentication.spf.explanation,
}


def stated(fact: str, reception: Reception, told: Any) -> Any:
    for start, read in READERS.items():
        if fact == start or (start.endswith(" ") and fact.startswith(start)):
            return read(reception, told, fact.removeprefix(start))
    return told["mail"]["commonHeaders"].get(fact)


def _cases() -> list[Any]:
    differs = {name: pytest.mark.xfail(reason=why, strict=True) for name, why in KNOWN_DIFFERENCES.items()}
    return [
        pytest.param(row, id=row["message"], marks=[differs[row["message"]]] if row["message"] in differs else [])
        for row in ROWS
    ]


@pytest.mark.parametrize("row", _cases())
def test_every_message_ends_as_the_answer_key_says(row: dict[str, str]) -> None:
    reception, told = receptions()[row["message"]]
    expected = {name: row[name] for name in row if name not in ("message", "about", "lesson", "facts")}
    assert answer(reception) == expected | {"replies": expanded(row["replies"])}
    facts = json.loads(row["facts"] or "{}")
    assert {fact: stated(fact, reception, told) for fact in facts} == facts


def test_the_known_differences_are_messages_of_the_zoo() -> None:
    assert set(KNOWN_DIFFERENCES) <= {row["message"] for row in ROWS}


# ---------------------------------------------------------------- what holds for all of them


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["message"])
def test_what_is_stored_ends_with_the_octets_that_came(row: dict[str, str]) -> None:
    raw = (zoo().mail / f"{row['message']}.eml").read_bytes()
    receiver = zoo().receiver()
    envelope = ses.Envelope.from_json((zoo().mail / f"{row['message']}.envelope.json").read_bytes())
    reception = receiver.receive(raw, envelope)
    assert reception.message.raw == raw
    for stored in receiver.backend.buckets["zoo"].values() if "keep:S3Action" in row["actions"] else ():
        assert stored.body.endswith(raw)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["message"])
def test_every_explanation_is_printable_and_says_why(row: dict[str, str]) -> None:
    reception, _ = receptions()[row["message"]]
    text = str(reception.explain(full=True))
    assert len(text.splitlines()) > 3
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u200e\u200f]", text) is None
    assert "<script>" not in reception._repr_html_()


def test_a_replay_gives_the_same_answers_as_receiving_one_by_one() -> None:
    report = zoo().receiver().replay(zoo().mail)
    assert [reception.name for reception in report] == [row["message"] for row in ROWS]
    for reception in report:
        alone, _ = receptions()[reception.name]
        assert (reception.replies, reception.rules, reception.verdicts) == (alone.replies, alone.rules, alone.verdicts)


# ---------------------------------------------------------------- the collection


def test_there_are_enough_messages_and_each_has_one_row() -> None:
    names = [row["message"] for row in ROWS]
    assert len(names) >= LEAST
    assert names == sorted(path.stem for path in zoo().mail.glob("*.eml"))
    assert names == sorted(path.name.removesuffix(".envelope.json") for path in zoo().mail.glob("*.json"))


def test_names_and_sentences_are_unique_and_messages_small() -> None:
    for column in ("about", "lesson"):
        assert [text for text, times in Counter(row[column] for row in ROWS).items() if times > 1] == []
    slugs = Counter(row["message"].partition("-")[2] for row in ROWS)
    assert [slug for slug, times in slugs.items() if times > 1] == []
    assert max(path.stat().st_size for path in zoo().mail.glob("*.eml")) < 16_384


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["message"])
def test_a_lesson_is_one_plain_sentence(row: dict[str, str]) -> None:
    assert re.fullmatch(r"(`?[A-Z]|commonHeaders|mail\.headers|`).*[.?!]", row["lesson"])
    assert 30 <= len(row["lesson"]) <= 140
    assert 10 <= len(row["about"]) <= 120
    assert not row["about"].endswith(".")


def test_the_readme_lists_every_message_with_its_lesson() -> None:
    text = (zoo().path / "README.md").read_text(encoding="utf-8")
    for row in ROWS:
        cells = (f"`{row['message']}`", row["about"], row["lesson"])
        assert "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |" in text


# ---------------------------------------------------------------- harmless

RESERVED_NETWORKS = [
    ipaddress.ip_network(text)
    for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "127.0.0.0/8")
]
RESERVED_NAME = re.compile(
    r"(?:[\w-]+\.)*(?:example|example\.(?:com|org|net)|localhost|in-addr\.arpa)\.?", re.IGNORECASE
)
# What stands behind an @ in the sent octets or in an envelope and is no domain.
NO_DOMAINS = {"b", "home", "build"}


def test_every_domain_in_mail_envelopes_and_zone_is_reserved_for_documentation() -> None:
    text = b"\n".join(path.read_bytes() for path in sorted(zoo().mail.iterdir())).decode("utf-8", "replace")
    domains = set(re.findall(r"@([\w-]+(?:\.[\w-]+)*)", text))
    zone = (zoo().path / "zone.txt").read_text(encoding="utf-8")
    domains |= {line.split()[0] for line in zone.splitlines() if re.match(r"\w", line)}
    domains |= set(re.findall(r"https?://([\w.-]+)", text))
    assert sorted(name for name in domains - NO_DOMAINS if not RESERVED_NAME.fullmatch(name)) == []


def test_every_address_is_reserved_for_documentation() -> None:
    zone = (zoo().path / "zone.txt").read_text(encoding="utf-8").replace('." "', ".")  # one address is cut in two
    found = {text for pair in re.findall(r"IN (?:A|AAAA) (\S+)|ip[46]:([0-9a-f:.]+[^ \",]*)", zone) for text in pair}
    found |= {reception.envelope.client_ip for reception, _ in receptions().values()}
    for text in sorted(found - {"", "192.0.2.0/33"}):  # the one that is broken on purpose
        network = ipaddress.ip_network(text.partition(",")[0].removeprefix("::ffff:"), strict=False)
        assert any(network.version == net.version and network.subnet_of(net) for net in RESERVED_NETWORKS), text
