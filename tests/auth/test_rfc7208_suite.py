"""The RFC 7208 test suite, every case through our zone and check_host()."""

from __future__ import annotations

from typing import Any

import pytest
import suites
import yaml

from sesreceive.assumption import Assumptions
from sesreceive.auth.spf import check_host
from sesreceive.dns.zone import Zone

pytestmark = pytest.mark.network

CASES = 203

# The suite holds to the letter of the RFC, also where SES is assumed to be more generous.
RFC = Assumptions(spf_void_lookups=2)

# The scenarios of the suite and how many cases each has.
SCENARIOS = {
    "Initial processing": 16,
    "Record lookup": 7,
    "Selecting records": 10,
    "Record evaluation": 12,
    "ALL mechanism syntax": 5,
    "PTR mechanism syntax": 8,
    "A mechanism syntax": 29,
    "Include mechanism semantics and syntax": 9,
    "MX mechanism syntax": 21,
    "EXISTS mechanism syntax": 7,
    "IP4 mechanism syntax": 9,
    "IP6 mechanism syntax": 9,
    "Semantics of exp and other modifiers": 24,
    "Macro expansion rules": 24,
    "Processing limits": 11,
    "Test cases from implementation bugs": 2,
}

# Case → why it cannot hold here. Every case of the suite does.
SKIPPED: dict[str, str] = {}


@pytest.fixture(scope="module")
def scenarios() -> dict[str, Any]:
    text = suites.read(suites.PYSPF, "test/rfc7208-tests.yml")
    return {one["description"]: one for one in yaml.safe_load_all(text)}


def zone_of(scenario: dict[str, Any]) -> Zone:
    """The zone of a scenario; SPF rows stand for TXT unless a name has TXT rows of its own."""
    records: dict[str, dict[str, Any]] = {}
    for name, rows in scenario["zonedata"].items():
        node = records.setdefault(name, {})
        has_txt = any("TXT" in row for row in rows if isinstance(row, dict))
        for row in rows:
            if row == "TIMEOUT":
                node["*"] = "TIMEOUT"
                continue
            ((rdtype, value),) = row.items()
            if value == "NONE" or (rdtype == "SPF" and has_txt):
                continue
            rdtype = "TXT" if rdtype == "SPF" else rdtype
            node.setdefault(rdtype, []).append(tuple(value) if rdtype == "MX" else value)
    return Zone(records)


def test_the_suite_is_the_one_we_know(scenarios: dict[str, Any]) -> None:
    assert {name: len(one["tests"]) for name, one in scenarios.items()} == SCENARIOS
    assert sum(SCENARIOS.values()) == CASES


@pytest.mark.parametrize("name", SCENARIOS)
def test_check_host_gives_the_result_of_the_suite(name: str, scenarios: dict[str, Any]) -> None:
    scenario = scenarios[name]
    zone = zone_of(scenario)
    differences = {}
    for case, wanted in scenario["tests"].items():
        if case in SKIPPED:
            continue
        result = check_host(wanted["host"], wanted["mailfrom"], wanted["helo"], zone, assumptions=RFC)
        allowed = wanted["result"] if isinstance(wanted["result"], list) else [wanted["result"]]
        explanation = wanted.get("explanation", "DEFAULT")
        said = result.explanation or "DEFAULT"
        if result.status not in allowed or ("explanation" in wanted and said != explanation):
            differences[case] = (str(result.status), said, "instead of", allowed, explanation)
    assert differences == {}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_zones_of_the_suite_survive_being_written_as_text(name: str, scenarios: dict[str, Any]) -> None:
    zone = zone_of(scenarios[name])
    assert Zone.parse(zone.to_text()) == zone
