"""Traffic is the same for the same seed, reaches what the accounts name, and comes to the verdicts its table says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.analysis.coverage_tally import coverage
from sesreceive.lab.traffic import WRITERS, Traffic, Writer
from tests.scenario import scenario_account

ACCOUNT = scenario_account()
MADE = Traffic(accounts=(ACCOUNT,), messages=400)


@pytest.fixture(scope="module")
def report() -> ses.Report:
    return ses.Receiver(ACCOUNT, seed=1, resolver=MADE.resolver(ses.Zone())).replay(MADE)


def test_the_same_seed_is_the_same_mail_and_another_one_is_not() -> None:
    some = Traffic(accounts=(ACCOUNT,), messages=20)
    again, other = Traffic(accounts=(ACCOUNT,), messages=20), Traffic(accounts=(ACCOUNT,), messages=20, seed=2)
    assert list(some) == list(some) == list(again)
    assert some.zone.resolve("lab._domainkey.news.example", "TXT") == again.zone.resolve(
        "lab._domainkey.news.example", "TXT"
    )
    assert [item.raw for item in some] != [item.raw for item in other]
    assert len(some) == len(list(some)) == 20
    times = [item.envelope.received_at for item in some if item.envelope.received_at]
    assert times == sorted(times)


def test_every_rule_condition_and_filter_is_met(report: ses.Report) -> None:
    found = coverage(ACCOUNT, report)
    missed = {str(item.key.kind) for item in found.missed}
    assert missed <= {"action", "disposition"}, "functions that are not there let all mail go on"


# writer → verdicts of spf, dkim, dmarc, spam, virus, where the client is its own
VERDICTS = {
    "customer": "PASS PASS PASS PASS PASS",
    "newsletter": "PASS PASS PASS PASS PASS",
    "forwarded": "FAIL PASS PASS PASS PASS",
    "no-records": "GRAY GRAY GRAY PASS PASS",
    "forged": "FAIL GRAY FAIL PASS PASS",
    "spam": "PASS GRAY GRAY FAIL PASS",
    "large": "PASS GRAY GRAY PASS PASS",
    "bounce": "GRAY PASS PASS PASS PASS",
    "virus": "PASS GRAY GRAY PASS FAIL",
}


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
def test_what_a_writer_sends_comes_to_its_verdicts(writer: Writer) -> None:
    made = Traffic(accounts=(ACCOUNT,), messages=6, writers=(writer,))
    received = ses.Receiver(ACCOUNT, seed=1, resolver=made.resolver(ses.Zone())).replay(made)
    own = [one for one in received if one.envelope.client_ip == writer.client_ip and one.verdicts]
    names = ("spf", "dkim", "dmarc", "spam", "virus")
    found = {" ".join(getattr(one.verdicts, name) for name in names) for one in own}
    assert found == {VERDICTS[writer.name]}


def test_mail_of_everybody_else_is_looked_up_where_it_was() -> None:
    zone = ses.Zone({"example.org": {"TXT": "v=spf1 -all"}, "news.example": {"TXT": "not asked"}})
    resolver = MADE.resolver(zone)
    assert resolver.resolve("example.org", "TXT").values == zone.resolve("example.org", "TXT").values
    assert "spf1" in str(resolver.resolve("news.example", "TXT").values)
    assert resolver.resolve("x.news.example", "TXT").values == ()


ODD = Writer(name="odd", share=1, domain="odd.example", client_ip="192.0.2.1")


def odd(**fields: Any) -> dict[str, Any]:
    return {"writers": (replace(ODD, **fields),)}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"accounts": ()}, "traffic: expected accounts but got none"),
    ({"writers": ()}, "traffic: expected writers but got none"),
    ({"messages": True}, "traffic messages: expected a number from 1 but got `True`"),
    ({"seed": "x"}, "traffic seed: expected a number from 0 but got `x`"),
    ({"messages": "3"}, "traffic messages: expected a number from 1 but got `3`"),
    ({"start": datetime(2026, 1, 1)}, "traffic start: expected a time with its zone"),  # noqa: DTZ001 - that is the point
    ({"every_s": -1.0}, "traffic every_s: expected a number of seconds from 0 but got `-1.0`"),
    ({"every_s": float("nan")}, "traffic every_s: expected a number of seconds from 0 but got `nan`"),
    ({"every_s": "1"}, "traffic every_s: expected a number of seconds from 0 but got `1`"),
    (odd(name="a\r\nb"), "expected a plain word"),
    (odd(domain="o\r\ndd"), "a domain in lower case"),
    (odd(share=0), "expected shares of which"),
    (odd(marker="spm"), "expected `spam`, `virus` or nothing but got `spm`"),
    (odd(size_bytes=(9, 1)), "expected a smallest and a largest size"),
]  # fmt: skip


@pytest.mark.parametrize("change, sentence", WRONG)
def test_what_no_mail_can_be_made_of_is_refused(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ses.InputError, match=sentence) as caught:
        Traffic(**{"accounts": (ACCOUNT,), **change})
    assert "\n" not in str(caught.value)


def test_an_account_without_rules_and_filters_has_traffic_too() -> None:
    assert len(list(Traffic(accounts=(ses.Account(),), messages=5, writers=(ODD,)))) == 5
    assert "\n" not in repr(MADE)
