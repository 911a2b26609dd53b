"""Forms made from metadata: every member has its control, and says what is wrong while it is typed."""

from __future__ import annotations

import dataclasses
import html
from datetime import UTC, datetime
from typing import Any

import pytest
import strategies as our
from hypothesis import given, settings

import sesreceive as ses
from sesreceive.account.identities import Identity
from sesreceive.account.member import Kind, member, members
from sesreceive.ui.fields import CONTROLS, Form, blank, problems_at
from sesreceive.ui.kit import Part, bench_of

CLASSES = [Identity, ses.ReceiptFilter, ses.ReceiptRule, ses.ReceiptRuleSet, *ses.ReceiptAction.registry.values()]


@pytest.fixture
def part() -> Part:
    return Part(bench_of(ses.Receiver(ses.Account(identities=("example.com",)))), [])


def seen(form: Form) -> str:
    """All a reader sees below the controls."""
    return html.unescape(" ".join(note.value for note in form.notes.values()))


def test_there_is_a_control_for_every_kind():
    assert set(CONTROLS) == set(Kind)


@pytest.mark.parametrize("cls", CLASSES)
def test_every_member_has_a_labelled_control_and_says_what_it_is(cls, part):
    form = Form(part, cls, lambda value, item: None)
    form.show(blank(cls, part.bench.account), {})
    for item in members(cls):
        assert item.doc in seen(form)
        for box in form.controls[item.name].inputs:
            assert form.labels[item.name] in box.description


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.slow
def test_a_form_holds_what_it_shows(cls):
    part = Part(bench_of(ses.Receiver(ses.Account())), [])

    @given(our.wild(cls))
    @settings(max_examples=30)
    def law(value):
        form = Form(part, cls, lambda value, item: pytest.fail("showing is no edit"))
        form.show(value, {})
        for item in members(cls):
            given = getattr(value, item.name)
            if item.kind is Kind.TEXTS:  # one a line: what blanks and line ends there are is not kept
                given = tuple(line.strip() for text in given for line in clean(text).splitlines() if line.strip())
            if item.kind is Kind.TEXT and given is not None:
                never_empty = item.optional and len(form.controls[item.name].inputs) == 1
                given = clean(given) or (None if never_empty else "")
            assert form.controls[item.name].read() == given

    law()


def clean(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def test_a_new_value_is_one_that_ses_takes():
    account = ses.Account(identities=("example.net",), region="eu-west-1", account_id="222233334444")
    for cls in ses.ReceiptAction.registry.values():
        assert blank(cls, account).problems(account) == ()


def test_what_is_typed_becomes_a_value(part):
    got: list[Any] = []
    form = Form(part, ses.S3Action, lambda value, item: got.append((value, item.name)))
    form.show(ses.S3Action(bucket_name="inbox"), {})
    form.controls["bucket_name"].inputs[0].value = "mail"
    assert got == [(ses.S3Action(bucket_name="mail"), "bucket_name")]


def test_empty_is_told_from_not_set_where_that_makes_a_difference(part):
    got: list[Any] = []

    def edited(value, item):
        got.append(value.object_key_prefix)
        form.show(value, {})

    form = Form(part, ses.S3Action, edited)
    form.show(ses.S3Action(bucket_name="inbox"), {})
    text, empty = form.controls["object_key_prefix"].inputs
    empty.value = True
    text.value = "a"
    assert not empty.value
    text.value = ""
    assert got == ["", "a", None]
    assert len(form.controls["topic_arn"].inputs) == 1


def test_problems_stand_in_the_words_of_the_validator(part):
    rule = ses.ReceiptRule(name="a b", recipients=["@"])
    account = ses.Account(rule_sets=[ses.ReceiptRuleSet(name="main", rules=[rule])])
    found = problems_at(account.problems(), "rule_sets[0].rules[0]")
    form = Form(part, ses.ReceiptRule, lambda value, item: None)
    form.show(rule, found)
    for problem in rule.problems():
        assert problem.message.replace("`", "") in seen(form).replace("<code>", "").replace("</code>", "")
    assert [problem.message for problem in rule.problems()] == [*found["name"], *found["recipients"]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Odd(ses.account.value.Value):
    at: datetime | None = dataclasses.field(default=None, metadata=member("At", kind=Kind.TIMESTAMP, doc="when"))
    names: tuple[str, ...] = dataclasses.field(default=(), metadata=member("Names", kind=Kind.TEXTS, doc="who"))


def test_what_cannot_be_read_stays_on_screen_and_says_why(part):
    got: list[Any] = []
    form = Form(part, Odd, lambda value, item: got.append(value))
    form.show(Odd(), {})
    box = form.controls["at"].inputs[0]
    box.value = "2026-13"
    assert got == []
    assert "expected a time such as" in seen(form)
    form.show(Odd(), {})  # something else was changed
    assert (box.value, "expected a time" in seen(form)) == ("2026-13", True)
    box.value = "2026-01-02T10:05:05Z"
    assert got == [Odd(at=datetime(2026, 1, 2, 10, 5, 5, tzinfo=UTC))]
    assert "expected a time" not in seen(form)


def test_lines_are_not_rewritten_under_the_cursor(part):
    got: list[Any] = []

    def edited(value, item):
        got.append(value.names)
        form.show(value, {})

    form = Form(part, Odd, edited)
    form.show(Odd(), {})
    box = form.controls["names"].inputs[0]
    for text in ("a", "a\n", "a\n\n", "a\n\nb"):
        box.value = text
        assert box.value == text
    assert got == [("a",), ("a", "b")]


def test_text_of_a_value_is_never_markup(part):
    form = Form(part, ses.AddHeaderAction, lambda value, item: None)
    found = problems_at(ses.AddHeaderAction(header_name="<script>", header_value="\x00<b>").problems(), "")
    form.show(ses.AddHeaderAction(header_name="<script>", header_value="\x00<b>"), found)
    told = " ".join(note.value for note in form.notes.values())
    assert "<script>" not in told
    assert "<b>" not in told
