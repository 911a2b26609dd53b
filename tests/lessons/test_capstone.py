"""The capstone: each planted fault is found by the tool that its hint names, and by none once it is repaired."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import sesreceive as ses
from sesreceive.analysis.what_if import replayed
from sesreceive.lessons import takeover
from sesreceive.lessons.course import capstone
from sesreceive.lessons.takeover import ACCOUNT, HANDLERS, PERMISSIONS, TEMPLATE, last_month

EXERCISE = ses.lessons.exercise("capstone/repair")
VAULT, INBOX = ses.Does("PutObject", "vault"), ses.Does("PutObject", "inbox")
GATE = {"drop-spam": {"STOP_RULE_SET": ses.VerdictIs("spam", "FAIL")}}


def linted(code: str) -> Callable[[ses.Account], bool]:
    return lambda account: any(one.code == code for one in ses.lint(account).warnings)


def missed_condition(account: ses.Account) -> bool:
    """Whether mail of last month met every condition but one of `support` that a mail could meet."""
    items = ses.coverage(account, replayed(last_month(), account)).items
    return any(one.key.kind == "condition" and one.key.name == "support" and not one.messages for one in items)


def spam_is_kept(account: ses.Account) -> bool:
    now = replayed(last_month(), account, functions=HANDLERS)
    changed = ses.differences(last_month(), now).frame().query("where == 'rule'")
    return "win a prize" in set(changed["message"])


def dead(account: ses.Account) -> bool:
    return "invoices" in {one.name for one in ses.unreachable(account).dead}


def taken_away(account: ses.Account) -> bool:
    found = {(one.kind, one.rule, one.changed) for one in ses.interference(account)}
    return ("stop", "board", "everybody") in found


def subdomains_left_out(account: ses.Account) -> bool:
    spam = ses.VerdictIs("spam", "FAIL")
    return not ses.must(account, INBOX, recipients=".example.com", unless=spam, functions=GATE)


def drifted(account: ses.Account) -> bool:
    return "abuse" in {row.name for row in ses.drift(TEMPLATE, account).rows}


# The part, the tool that its hint names, and whether that tool finds the fault.
TOOLS: list[tuple[str, str, Callable[[ses.Account], bool]]] = [
    ("doors",         "ses.lint",         linted("ipv6-open")),
    ("large-orders",  "ses.lint",         linted("size-trap")),
    ("invoices",      "ses.unreachable",  dead),
    ("co-recipients", "ses.interference", taken_away),
    ("vault",         "ses.must_never",   lambda account: not ses.must_never(account, VAULT, tls=False)),
    ("subdomains",    "ses.must",         subdomains_left_out),
    ("shop",          "PERMISSIONS",      lambda account: bool(PERMISSIONS.refusals(account))),
    ("abuse",         "ses.drift",        drifted),
    ("spam",          "ses.differences",  spam_is_kept),
    ("support",       "ses.coverage",     missed_condition),
]  # fmt: skip


@pytest.mark.parametrize(("part", "tool", "finds"), TOOLS, ids=[row[0] for row in TOOLS])
def test_a_planted_fault_is_found_by_its_tool_until_it_is_repaired(
    part: str, tool: str, finds: Callable[[ses.Account], bool]
) -> None:
    (hint,) = [one.hint for one in capstone.PARTS if one.name == part]
    assert tool in hint
    assert finds(ACCOUNT)
    assert not finds(EXERCISE.goal.solution)


def test_there_are_ten_and_each_has_its_tool() -> None:
    assert [row[0] for row in TOOLS] == [part.name for part in capstone.PARTS]
    assert len(TOOLS) == 10
    tools = [row[1] for row in TOOLS]
    assert len(set(tools)) == 9  # lint finds two, as the notebook says
    assert tools.count("ses.lint") == 2


@pytest.mark.slow
@pytest.mark.parametrize("part", [row[0] for row in TOOLS])
def test_a_repair_mends_its_own_part_and_no_other(part: str) -> None:
    result = EXERCISE.check(capstone.repaired(part))
    assert [one.name for one in result.parts if one] == [part]
    assert result.score == pytest.approx(0.1)


def test_nothing_is_repaired_at_first_and_no_hint_is_the_answer() -> None:
    result = EXERCISE.check(ACCOUNT)
    assert result.score == 0
    assert "ses.lint" in result.hint
    told = str(result)
    for answer in ("::/0", ".example.com`", "incoming/", "ScanEnabled", "support@example.com`"):
        assert answer not in told


def test_the_mail_of_last_month_is_the_same_on_each_run() -> None:
    again = [takeover.receive(one.account, one.name, one.envelope.rcpt_to) for one in last_month()[:1]]
    assert again[0].message_id == last_month()[0].message_id
