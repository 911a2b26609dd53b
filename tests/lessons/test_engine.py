"""Parts are graded one by one, a mistake is known by what it does, and a result holds nothing of the goal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

import sesreceive as ses
from sesreceive import lessons
from sesreceive.errors import InputError
from sesreceive.gallery.pieces import STOP, account, rule, store
from sesreceive.lessons import Exercise, Mistake, Part, PartsGoal, ProgressFile, RulesGoal

BILLING = rule("billing", store("billing/"), to=("billing@example.com",))
INSECURE = account(BILLING, rule("rest", store("rest/"), to=("example.com",)))
SECURE = account(
    BILLING.with_action(STOP).replace(tls_policy="Require"),
    rule("rest", store("rest/"), to=("example.com",)).replace(tls_policy="Require"),
)
STORED = ses.Does("PutObject", "inbox")


def stored_once(configured: ses.Account) -> bool:
    return not [one for one in ses.interference(configured) if one.kind != "stop"] and any(
        STOP in one.actions
        for one in configured.active_rule_set.rules  # type: ignore[union-attr]
    )


REPAIR = Exercise(
    name="repair",
    task="Take nothing in clear text, and store invoices once.",
    goal=PartsGoal(
        account=SECURE,
        parts=(
            Part(
                name="clear-text",
                task="nothing is stored that came in clear text",
                holds=lambda one: ses.must_never(one, STORED, tls=False),
                hint="look at the TLS policy of every rule",
            ),
            Part(name="once", task="an invoice lies in one folder", holds=stored_once, hint="what ends the rules?"),
            Part(
                name="invoices",
                task="every invoice over TLS is stored",
                holds=lambda one: ses.must(one, STORED, recipients="billing@example.com", tls=True),
            ),
        ),
    ),
    mistakes=(Mistake(INSECURE, "nothing was changed yet"),),
    fact="a fact",
    source="a source",
)


def test_parts_are_graded_one_by_one_with_a_mail() -> None:
    result = REPAIR.check(INSECURE)
    assert [(part.name, part.passed) for part in result.parts] == [
        ("clear-text", False),
        ("once", False),
        ("invoices", True),
    ]
    assert result.score == pytest.approx(1 / 3)
    assert result.hint == "nothing was changed yet"
    assert result.parts[0].witness is not None
    assert result.envelope is not None
    assert not result.envelope.tls
    assert "rest" in str(result.explain())
    half = REPAIR.check(account(*(one.replace(tls_policy="Require") for one in INSECURE.active_rule_set.rules)))  # type: ignore[union-attr]
    assert [part.passed for part in half.parts] == [True, False, True]
    assert not half.hint
    assert REPAIR.check(SECURE).score == 1


def test_a_mail_that_no_rule_takes_is_a_part_that_does_not_hold() -> None:
    result = REPAIR.check(account())
    assert not result
    assert not result.parts[2]
    assert "\n" not in str(result.parts[2].message)


def held(value: Any, seen: set[int]) -> Iterator[Any]:
    """Everything that a value holds, at any depth."""
    if id(value) in seen or isinstance(value, str | bytes | int | float | None):
        return
    seen.add(id(value))
    yield value
    inside: list[Any] = []
    if is_dataclass(value) and not isinstance(value, type):
        inside += [getattr(value, one.name) for one in fields(value)]
    elif isinstance(value, dict):
        inside += [*value, *value.values()]
    elif isinstance(value, list | tuple | set | frozenset):
        inside += value
    elif callable(value):
        inside += [cell.cell_contents for cell in getattr(value, "__closure__", None) or ()]
    else:
        inside += list(getattr(value, "__dict__", {}).values())
    for one in inside:
        yield from held(one, seen)


@pytest.mark.parametrize("name", [one.id for one in lessons.everything().exercises])
def test_a_result_holds_nothing_of_the_goal(name: str) -> None:
    exercise = lessons.exercise(name)
    solution = exercise.goal.solution
    everything = list(held(exercise.check(exercise.wrong[0].answer), set()))
    assert not [one for one in everything if isinstance(one, lessons.Goal | Exercise | Part)]
    assert not [one for one in everything if type(one) is type(solution) and one == solution]


def test_a_wrong_answer_shows_a_mail_that_can_be_explained() -> None:
    exercise = lessons.exercise("order/stop")
    result = exercise.check(exercise.start)
    assert result.envelope is not None
    assert "billing@example.com" in result.envelope.rcpt_to
    assert result.mail is not None
    assert "company" in str(result.explain())
    assert result.hint
    assert repr(result).count("\n") == 0
    assert "<script" not in result._repr_html_()


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (42, "expected an account, a rule set, or a list of rules but got the number `42`"),
        ("rules", "expected an account, a rule set, or a list of rules but got the text `rules`"),
        ([BILLING, 3], "expected an account, a rule set, or a list of rules but got the number `3`"),
        ({"Rules": 3}, "expected an account, a rule set, or a list of rules: "),
        ([BILLING.replace(name="a b")], "SES would refuse this: rule_sets[0].rules[0].name: "),
        (SECURE.replace(active="mian"), "SES would refuse this: active: "),
    ],
)
def test_another_kind_of_answer_is_one_sentence(answer: Any, sentence: str) -> None:
    result = lessons.check("order/stop", answer)
    assert not result
    assert result.message.startswith(sentence)
    assert "\n" not in result.message


@pytest.mark.parametrize(
    ("name", "answer", "sentence"),
    [
        ("own-mail/envelope-sender", "x\x1b[31m", "`x\\x1b[31m` is not right"),
        ("own-mail/envelope-sender", "x" * 10_000, f"`{'x' * 79}…` is not right"),
        ("order/two-recipients", [], "nothing is not right"),
        ("failures/how-long", 10**400, f"`1{'0' * 78}…` is not right"),
        (
            "functions/polite",
            lambda event: None,
            "a mail of a person: what is done is `Invoke answer`, wanted `Invoke polite`, `Invoke answer` (function",
        ),
        ("scanning/test-virus", "\ud800", "expected a message, as bytes but got the text `\\ud800`"),
    ],
)
def test_what_a_wrong_value_says_is_one_short_line(name: str, answer: Any, sentence: str) -> None:
    message = lessons.check(name, answer).message
    assert message.startswith(sentence)
    assert len(message) < 400
    assert "\n" not in message


# What a file that was handed in may hold in the place of an answer.
ODD = [
    None, True, 5, 10**50, 1.5, "", "x", "\0", "\ud800", [], {}, [[]], [{}], [None], ["\ud800"],
    {"raw": "abc"}, {"raw": "é"}, {"raw": 5}, {"raw": [1]}, {"raw": None}, {"raw": "", "envelope": 5}, {"mail": ""},
    {"envelope": {}}, {"envelope": {"client_ip": 5}}, {"envelope": {"rcpt_to": ["\ud800@example.com"]}},
    {"client_ip": 5}, {"rcpt_to": 5}, {"mail_from": None}, {"example.org": 5}, {"example.org": {"TXT": [5]}},
    {"": {"TXT": ["x"]}}, {"\ud800": {"TXT": ["x"]}}, {"Rules": 5}, {"Name": 5}, {"Name": "x", "Actions": [5]},
    {"RuleSets": 5}, {"Filters": 5}, {"IpFilter": 5}, [{"IpFilter": 5, "Name": "a"}], [{"Name": "x", "Recipients": 5}],
    {"Metadata": {"Name": "x"}, "Rules": []}, {"Name": "x", "Recipients": ["example.com"]},
]  # fmt: skip
# An exercise of each kind of goal and of each kind of value.
KINDS = {
    (type(one.goal), getattr(one.goal, "kind", getattr(one.goal, "gives", ""))): one
    for one in lessons.everything().exercises
}


@pytest.mark.parametrize("exercise", KINDS.values(), ids=lambda one: one.id)
def test_no_odd_answer_passes_or_ends_the_grading(exercise: Exercise) -> None:
    for odd in ODD:
        result = exercise.check(odd)
        assert not result
        assert result.message
        assert "\n" not in result.message


def test_rules_are_no_filters_and_bring_none_of_the_solution() -> None:
    rules = account(rule("everything", store("mail/"))).active_rule_set
    for answer in (rules, rules.to_api(), rules.rules[0].to_api()):  # type: ignore[union-attr]
        assert lessons.check("filters/block-network", answer).message.startswith(
            "expected a list of IP address filters"
        )
    capstone = lessons.exercise("capstone/repair")
    assert capstone.check(capstone.start.active_rule_set).score == 0


def test_another_host_and_another_letter_are_no_answer() -> None:
    envelope = ses.Envelope(client_ip="198.51.100.7", mail_from="a@example.org", rcpt_to=("ana@example.com",))
    result = lessons.check("dmarc/align", envelope)
    assert result.message == "your mail: another host connects, wanted 203.0.113.40"
    result = lessons.check("forwarding/pass-on", b"From: forwarder@example.net\r\n\r\nanother text\r\n")
    assert result.message == "your message: the text of the letter is not in it"


@pytest.mark.parametrize("network", ["198.51.100.6/31", "198.51.100.0/24"])
def test_a_network_is_not_one_host(network: str) -> None:
    assert not lessons.check("spf/one-host", f'example.org TXT "v=spf1 ip4:{network} -all"')
    assert not lessons.check("spf/partner", f'example.org TXT "v=spf1 ip4:{network} include:example.net -all"')


@pytest.mark.parametrize("path", [None, 5, "a\0b"])
def test_where_progress_is_kept_is_a_path(path: Any) -> None:
    with pytest.raises(InputError, match="expected the path of a file or folder but got "):
        ProgressFile(path)
    with pytest.raises(InputError, match=r"progress: expected a ProgressFile but got `p.json`"):
        lessons.check("order/bounce", "a", "p.json")  # type: ignore[arg-type]


@pytest.mark.parametrize("name, ending", [("ordr", "`ordr`; did you mean `order`?"), ([], "`[]`"), (None, "nothing")])
def test_a_lesson_that_there_is_not_is_one_sentence(name: Any, ending: str) -> None:
    with pytest.raises(InputError, match=rf"^lessons: expected .* but got {re.escape(ending)}$"):
        lessons.load(name)


@pytest.mark.parametrize(
    ("name", "near"), [("order/stopp", "stop"), ("ordr/stop", "order"), ("stop", "order/stop"), (3, "order/stop")]
)
def test_a_name_that_is_none_says_which_there_are(name: Any, near: str) -> None:
    with pytest.raises(InputError, match=near):
        lessons.exercise(name)


def test_rules_may_be_given_in_every_form() -> None:
    goal = RulesGoal(account(BILLING))
    api = account(BILLING).to_api()
    forms = (BILLING, [BILLING], account(BILLING).active_rule_set, account(BILLING), api, BILLING.to_api())
    assert all(goal.finding(goal.read(one)).passed for one in (*forms, api["RuleSets"][0], [BILLING.to_api()]))


def test_scanning_counts_only_where_a_task_is_about_it() -> None:
    unscanned = BILLING.replace(scan_enabled=False)
    for scanning in (False, True):
        goal = RulesGoal(account(BILLING), scanning=scanning)
        assert goal.finding(goal.read(unscanned)).passed is not scanning


def test_what_passed_once_stays_passed(tmp_path: Any) -> None:
    path = tmp_path / "progress.json"
    progress = ProgressFile(path)
    exercise = lessons.exercise("order/bounce")
    for answer in ("z", exercise.goal.solution, "z"):
        lessons.check("order/bounce", answer, progress)
    again = ProgressFile(path)
    assert (again.passed, again.attempts("order/bounce")) == (("order/bounce",), 2)
    assert repr(again) == "<ProgressFile progress.json: 1 passed of 1 tried>"
    assert list(again.frame().columns) == ["exercise", "attempts", "passed", "score"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"exercises": {"a": 1}}', '{"exercises": {"a": {"attempts": "1"}}}'])
def test_a_file_that_is_no_progress_is_left_alone(tmp_path: Any, text: str) -> None:
    path = tmp_path / "progress.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"progress\.json"):
        ProgressFile(path)
    assert path.read_text() == text


def test_a_progress_file_that_cannot_be_written_is_a_sentence(tmp_path: Any) -> None:
    with pytest.raises(InputError, match="cannot write progress"):
        lessons.check("order/bounce", "a", ProgressFile(tmp_path / "none" / "progress.json"))
