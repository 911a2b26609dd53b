"""The page on troubleshooting quotes what the trace says: a reader searches for the sentence that is on the screen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import sesreceive as ses

PAGE = (Path(__file__).parents[1] / "notebooks" / "troubleshooting.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Why did my rule not fire?")[2].partition("## ")[0]
# Two sentences for one cause stand in one cell.
QUOTED = [part for cell in re.findall(r"^\| (.+?) \|", SECTION, re.MULTILINE)[2:] for part in cell.split("; or: ")]

STOP = ses.ReceiptRule(name="first", enabled=True, actions=(ses.StopAction(),))
OFFICE = ses.ReceiptFilter.block("198.51.100.0/24", name="office")

# what is configured besides a rule `mine` for            recipient                 what the trace has to say
CAUSES: list[tuple[dict[str, Any], str, str, str]] = [
    ({},                            ".example.com",         "ana@example.com",        "covers subdomains only"),
    ({},                            "example.com",          "ana@mail.example.com",   "covers the domain itself only"),
    ({},                            "bo@example.com",       "ana@example.com",        "no enabled rule of `main`"),
    ({"enabled": False},            "example.com",          "ana@example.com",        "no rule of the active rule set"),
    ({"enabled": False, "before": (STOP,)}, "example.com",  "ana@example.com",        "the rule is not enabled"),
    ({"before": (STOP,)},           "example.com",          "ana@example.com",        "ended in the rule `first`"),
    ({"active": None},              "example.com",          "ana@example.com",        "no receipt rule set is active"),
    ({"identities": ("example.net",)}, "example.com",       "ana@mail.example.com",   "no verified domain identity"),
    ({"filters": (OFFICE,)},        "example.com",          "ana@example.com",        "Block filter `office`"),
    ({"tls_policy": "Require"},     "example.com",          "ana@example.com",        "requires TLS (`mine`)"),
]  # fmt: skip


def trace_of(settings: dict[str, Any], condition: str, recipient: str) -> str:
    of_rule = {name: settings[name] for name in ("enabled", "tls_policy") if name in settings}
    of_account = {name: settings[name] for name in ("identities", "active", "filters") if name in settings}
    mine = ses.ReceiptRule(name="mine", recipients=(condition,), **{"enabled": True, **of_rule})
    rules = ses.ReceiptRuleSet(name="main", rules=(*settings.get("before", ()), mine))
    account = ses.Account(rule_sets=(rules,), **{"identities": ("example.com",), "active": "main", **of_account})
    reception = ses.Receiver(account, seed=1).receive(
        b"To: bo@example.com\r\n\r\n",
        client_ip="198.51.100.7",
        tls=False,
        mail_from="ana@example.org",
        rcpt_to=[recipient],
    )
    return str(reception.explain(full=True))


@pytest.mark.parametrize(("settings", "condition", "recipient", "words"), CAUSES, ids=[row[-1] for row in CAUSES])
def test_a_cause_is_quoted_as_the_trace_says_it(
    settings: dict[str, Any], condition: str, recipient: str, words: str
) -> None:
    (quoted,) = [sentence for sentence in QUOTED if words in sentence]
    assert quoted in trace_of(settings, condition, recipient)


def test_every_quoted_sentence_has_its_cause() -> None:
    assert [sentence for sentence in QUOTED if not any(row[-1] in sentence for row in CAUSES)] == []
