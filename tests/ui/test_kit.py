"""What all parts are made of."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.ui import kit
from sesreceive.ui.kit import Part, Section, bench_of, button, prose


def a_part(**options: Any) -> Part:
    return Part(bench_of(ses.Receiver(ses.Account(), seed=1)), [], **options)


@pytest.mark.usefixtures("shown_errors")
def test_an_error_of_a_callback_is_shown_escaped_and_forgotten_by_the_next_success():
    part = a_part()

    def breaks() -> str:
        raise KeyError("<b>what</b>")

    part.on_click(button("Break"), breaks).click()
    assert 'role="alert"' in part.alert.value
    assert "KeyError: &#x27;&lt;b&gt;what&lt;/b&gt;&#x27;" in part.alert.value
    part.on_click(button("Mend"), lambda: "mended").click()
    assert part.alert.value == ""
    assert part.status.value == '<div role="status" class="ses-status">mended</div>'


@pytest.mark.usefixtures("shown_errors")
def test_a_part_within_another_speaks_through_it():
    outer, inner = a_part(), a_part()
    assert inner.within(outer) is inner
    inner.say("done")
    assert "done" in outer.status.value
    inner.fail(ses.InputError("went wrong"))
    assert "went wrong" in outer.alert.value
    assert inner.status not in inner.children


def test_a_section_folds_and_says_what_is_inside():
    section = Section([button("inside")])
    section.tell("Filters: 2")
    assert (section.head.description, section.body.layout.display) == ("▸ Filters: 2", "none")
    section.head.click()
    assert (section.head.description, section.body.layout.display) == ("▾ Filters: 2", None)


@pytest.mark.parametrize("text", ["`a`", "a `<b>` c `d`", "no end `<i>", "<script>", "", "``"])
def test_prose_has_no_markup_but_its_own(text):
    made = prose(text)
    assert made.replace("<code>", "").replace("</code>", "").count("<") == 0
    assert made.count("<code>") == made.count("</code>") == text.count("`") // 2


class Counter(Part):
    count = 0

    def snapshot(self) -> str:
        return f"<b>count {self.count}</b>"


def test_the_saved_picture_is_renewed_once_after_changes(monkeypatch):
    monkeypatch.setattr(kit, "_REST_S", 0.0)
    saved = []

    class Handle:
        def update(self, bundle: dict[str, str], raw: bool) -> None:
            saved.append(bundle["text/html"])

    part, outer = Counter(bench_of(ses.Receiver(ses.Account(), seed=1)), []), a_part()
    part._saved.append(Handle())

    async def change() -> None:
        for _ in range(3):
            part.count += 1
            part.changed()
        part.bench.edit(ses.Account(region="eu-west-1"), "moved")
        await asyncio.sleep(0.01)

    asyncio.run(change())
    assert len(saved) == 1
    assert "<b>count 3</b>" in saved[0]
    part.within(outer)
    outer._saved.append(Handle())
    asyncio.run(change())
    assert len(saved) == 3  # its own, and that of the part it is within


def test_without_a_loop_a_change_is_not_an_error():
    part = Counter(bench_of(ses.Receiver(ses.Account(), seed=1)), [])
    part._saved.append(object())
    part.changed()
