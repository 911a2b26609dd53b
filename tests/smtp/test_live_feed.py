"""Another process follows a live server: everything from the first message on, and only with the key."""

from __future__ import annotations

import smtplib
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.errors import ServerError
from sesreceive.smtp.live_feed import ADDRESS, KEY, LiveFeed, followed

ACCOUNT = ses.Account(
    identities=("example.com",),
    rule_sets=(ses.ReceiptRuleSet(name="main", rules=(ses.ReceiptRule(name="all", enabled=True),)),),
    active="main",
)


@pytest.fixture
def server() -> Any:
    with ses.Receiver(ACCOUNT, seed=1).smtp() as server:
        yield server


@pytest.fixture
def feed(server: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    feed = LiveFeed(server)
    for name, value in feed.environment.items():
        monkeypatch.setenv(name, value)
    yield feed
    feed.stop()


def send(server: Any, *recipients: str) -> None:
    with smtplib.SMTP(*server.address) as client:
        for recipient in recipients:
            client.sendmail("ana@example.org", [recipient], b"Subject: hello\r\n\r\n\xff\x00\r\n")
    server.wait_for(len(recipients), 60, kind="all")


def take(reader: Any, number: int) -> list[ses.Reception]:
    taken: list[ses.Reception] = []
    while len(taken) < number:
        taken += next(reader)
    return taken


def test_what_came_before_and_what_comes_is_handed_over_whole(server: Any, feed: LiveFeed) -> None:
    send(server, "bo@example.com")
    early = followed()
    assert [reception.envelope.rcpt_to for reception in take(early, 1)] == [("bo@example.com",)]
    send(server, "cy@example.com", "dee@example.com")
    for reader in (early, followed()):
        taken = take(reader, 2 if reader is early else 3)[-2:]
        assert [one.message.raw for one in taken] == [one.message.raw for one in server.receptions[-2:]]
        assert [str(one.explain()) for one in taken] == [str(one.explain()) for one in server.receptions[-2:]]


def test_nobody_follows_without_the_key(server: Any, feed: LiveFeed) -> None:
    with pytest.raises(AuthenticationError):
        Client(feed.environment[ADDRESS], authkey=b"guessed")
    send(server, "bo@example.com")
    assert len(take(followed(), 1)) == 1  # and the others are not disturbed


def test_it_stops_at_whatever_moment_its_thread_sees_it(server: Any) -> None:
    """Also when the thread saw the end before it was woken: nobody accepts the connection that wakes it then."""
    feed = LiveFeed(server)
    feed._ended.set()
    Client(feed._address, authkey=feed._key).close()
    feed._thread.join(60)
    assert not feed._thread.is_alive()
    feed._ended.clear()
    feed.stop()


@pytest.mark.slow
def test_a_server_that_stops_ends_what_follows(server: Any, feed: LiveFeed) -> None:
    send(server, "bo@example.com")
    reader = followed()
    take(reader, 1)
    feed.stop()
    assert list(reader) == []
    with pytest.raises(ServerError, match="does not run any more"):
        next(followed())


def test_without_a_server_the_answer_says_what_starts_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (ADDRESS, KEY):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ServerError, match="serve --ui"):
        next(followed())
