"""The workbench: every view over one state, made when it is first shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import sesreceive as ses
from sesreceive import ui
from tests.conftest import MESSAGE, make_account, make_rule


@pytest.fixture
def workbench() -> ui.Workbench:
    return ui.Workbench(ses.Receiver(make_account(make_rule("all", ses.S3Action(bucket_name="inbox"))), seed=1))


def test_one_view_is_shown_at_a_time(workbench: ui.Workbench) -> None:
    for view in workbench.views.options:
        workbench.show(view)
        assert workbench.stack.selected_index == workbench.views.index
        assert workbench.stack.children[workbench.stack.selected_index].children == workbench.part(view)
        assert workbench.part(view)
        assert workbench.alert.value == ""


def test_what_is_built_is_what_the_next_message_meets(workbench: ui.Workbench) -> None:
    envelope = ses.Envelope(rcpt_to=("ana@example.com",))
    assert workbench.bench.receive(MESSAGE, envelope).accepted
    workbench.value = make_account()
    assert not workbench.bench.receive(MESSAGE, envelope).accepted
    workbench.bench.undo()
    assert workbench.bench.receive(MESSAGE, envelope).accepted
    assert repr(workbench) == "<Workbench: 1 identity, 0 filters, 1 rule set; 3 messages received>"


def test_what_is_done_anywhere_is_told_in_its_status_line(workbench: ui.Workbench) -> None:
    workbench.bench.edit(workbench.value.with_identity("example.net"), "added the identity <b>example.net</b>")
    assert "added the identity &lt;b&gt;example.net&lt;/b&gt;" in workbench.status.value


def test_without_a_kernel_the_configuration_and_the_mail_are_seen(workbench: ui.Workbench) -> None:
    workbench.bench.receive(MESSAGE, ses.Envelope(rcpt_to=("ana@example.com",)), name="<script>")
    picture = workbench.snapshot()
    assert "inbox" in picture
    assert "&lt;script&gt;" in picture
    assert "<script>" not in picture


def test_a_message_is_opened_stepped_through_changed_and_sent_again(workbench: ui.Workbench) -> None:
    bench = workbench.bench
    bench.receive(MESSAGE, ses.Envelope(rcpt_to=("ana@example.com",)), name="first")
    workbench.show("4 Results")
    (results,) = workbench.part("4 Results")
    assert "first" in results.detail.head.value
    for view in ("5 Path", "6 Step", "7 What if", "2 Send"):
        results.detail.actions.views[view].click()
        assert workbench.views.value == view
    composer = workbench.part("2 Send")[0]
    assert composer.message() == MESSAGE
    assert composer.envelope().rcpt_to == ("ana@example.com",)
    results.detail.actions.again.click()
    assert [reception.name for reception in bench.receptions] == ["first", "first, again"]


def test_what_was_sent_is_opened_from_where_it_was_sent(workbench: ui.Workbench) -> None:
    composer = workbench.part("2 Send")[0]
    assert composer.sent.layout.display == "none"
    composer.send_button.click()
    assert composer.sent.layout.display is None
    for view in ("4 Results", "5 Path", "6 Step"):
        composer.sent.views[view].click()
        assert workbench.views.value == view
    workbench.bench.receive(MESSAGE, ses.Envelope(rcpt_to=("ana@example.com",)))
    assert composer.sent.layout.display == "none"


def widgets(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from widgets(child)


UNKNOWN = [
    # what names a view or page                                           what it says
    (lambda: ui.Workbench(views=["4 Result"]),                            "view: .* did you mean `4 Results`"),
    (lambda: ui.Workbench(views=["5 Path"]).show("4 Results"),            "view: expected `5 Path` but got `4 Re"),
    (lambda: ui.Workbench().part("Build"),                                "view: .* but got `Build`"),
    (lambda: setattr(ui.MessageView(ses.Report()), "page", "Header"),     "page: .* did you mean `Headers`"),
]  # fmt: skip


@pytest.mark.parametrize(("names", "sentence"), UNKNOWN, ids=[row[1] for row in UNKNOWN])
def test_a_view_that_is_not_there_is_one_sentence(names: Callable[[], object], sentence: str) -> None:
    with pytest.raises(ses.InputError, match=sentence):
        names()


def test_a_saved_workbench_of_some_views_shows_what_these_have() -> None:
    workbench = ui.Workbench(ses.Account(identities=("example.com",)), views=["1 Build"])
    assert "example.com" in workbench.snapshot()
    assert ui.Workbench(views=["5 Path"]).snapshot() == ""


def test_every_part_that_is_exported_is_used(workbench: ui.Workbench) -> None:
    for view in workbench.views.options:
        workbench.part(view)
    used = {type(widget) for widget in widgets(workbench)} | {type(workbench.bench)}
    used.add(type(ses.lessons.exercise("order/stop").form()))  # a lesson shows it, not the workbench
    assert {name for name in ui.__all__ if getattr(ui, name) not in used} == set()
