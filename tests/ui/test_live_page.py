"""The page over messages that come from elsewhere: the latest first, bounded, and without what cannot be done there."""

from __future__ import annotations

from typing import Any

import pytest

import sesreceive as ses
from sesreceive.ui import live_page
from sesreceive.ui.live_page import LivePage


def received(number: int) -> list[ses.Reception]:
    receiver = ses.Receiver(ses.Account(identities=("example.com",)), seed=1)
    return [
        receiver.receive(b"Subject: hello\r\n\r\n", rcpt_to=["ana@example.com"], name=f"smtp-{at}")
        for at in range(number)
    ]


@pytest.fixture
def page() -> LivePage:
    return LivePage("127.0.0.1:2525")


def results(page: LivePage) -> Any:
    return page.part("4 Results")[0]


def test_the_latest_message_is_first_and_selected(page: LivePage) -> None:
    page.take(received(3))
    assert [line.name for line in results(page).visible] == ["smtp-2", "smtp-1", "smtp-0"]
    assert page.bench.reception is not None
    assert page.bench.reception.name == "smtp-2"


def test_who_looks_at_an_earlier_message_goes_on_looking_at_it(page: LivePage) -> None:
    first, second, third = received(3)
    page.take([first, second])
    page.bench.selected = 0
    page.take([third])
    assert page.bench.reception is first


def test_only_what_can_be_done_is_offered(page: LivePage) -> None:
    page.take(received(1))
    actions = results(page).detail.actions
    offered = [view for view, button in actions.views.items() if button.layout.display is None]
    assert offered == ["5 Path", "6 Step"]
    assert actions.again.layout.display == "none"
    actions.views["5 Path"].click()
    assert page.views.value == "5 Path"


def test_a_page_that_stays_open_keeps_the_latest(page: LivePage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_page, "_MOST", 4)
    monkeypatch.setattr(live_page, "_SPARE", 2)
    mail = received(10)
    page.take(mail[:4])
    page.bench.selected = 3
    for reception in mail[4:]:
        page.take([reception])
    assert [one.name for one in page.bench.receptions] == [one.name for one in mail[-len(page.bench.receptions) :]]
    assert 4 <= len(page.bench.receptions) <= 6
    assert page.bench.reception is mail[-1]  # it was the latest, so the view follows
