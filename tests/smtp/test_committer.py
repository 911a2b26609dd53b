"""Messages that end together are kept together, in the order of their answers, before anybody is told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

import sesreceive as ses
from sesreceive.backends.spool import Segment, Spool, SpooledMessage
from sesreceive.receiver import Submission
from sesreceive.smtp.committer import Committer
from tests.conftest import make_account, make_rule


class Kept:
    """In place of the workers: what was handed on to them, and what was not kept."""

    def __init__(self) -> None:
        self.accepted: list[str] = []
        self.released = self.noted = 0

    def put_kept(self, kept: Sequence[tuple[Submission, int, Segment]]) -> None:
        self.accepted += [submission.message_id for submission, _, _ in kept]

    def release(self, octets: int) -> None:
        self.released += octets

    def note(self, submission: Submission) -> None:
        self.noted += 1

    def fail(self, submission: Submission | None, error: BaseException) -> None:
        raise error


class Counting(Spool):
    """A spool that counts its syncs."""

    writes = 0
    is_full = False

    def write(self, messages: Sequence[SpooledMessage]) -> Segment:
        self.writes += 1
        if self.is_full:
            raise OSError(28, "No space left on device")
        return super().write(messages)


RECEIVER = ses.Receiver(make_account(make_rule("all")), seed=1)


def submission(number: int) -> Submission:
    envelope = ses.Envelope(client_ip="192.0.2.1", mail_from="ana@example.org", rcpt_to=("bo@example.com",))
    return RECEIVER.submit(ses.Message(b"Subject: %d\r\n\r\n" % number), envelope)


def spooled(one: Submission) -> SpooledMessage:
    return SpooledMessage(
        message_id=one.message_id, received_s=0.0, envelope=one.envelope, settings="none", raw=one.message.raw
    )


def committed(spool: Counting, kept: Kept, turns: Sequence[int]) -> list[Submission]:
    """What came of so many messages in each turn of the loop."""
    committer = Committer(spool, kept, spooled)  # type: ignore[arg-type]

    async def run() -> list[Submission]:
        answers: list[Submission] = []
        for count in turns:
            answers += await asyncio.gather(*(committer.commit(submission(number), 10) for number in range(count)))
        await committer.settled()
        return answers

    committer.start("test")
    try:
        return asyncio.run(run())
    finally:
        committer.stop()


# Messages that end in each turn of the loop, and the most syncs that they take.
TURNS = [((1,), 1), ((100,), 1), ((1, 100, 1), 3), ((600,), 2)]


@pytest.mark.parametrize("turns, syncs", TURNS)
def test_what_ends_in_one_turn_is_kept_by_one_sync(tmp_path: Path, turns: tuple[int, ...], syncs: int) -> None:
    spool, kept = Counting(tmp_path, sync=False), Kept()
    answers = committed(spool, kept, turns)
    assert spool.writes <= syncs
    assert [one.message_id for one in answers] == kept.accepted == list(Spool.waiting(tmp_path))
    assert len(kept.accepted) == sum(turns)
    spool.close()


def test_nobody_is_told_250_when_the_disk_is_full(tmp_path: Path) -> None:
    spool, kept = Counting(tmp_path, sync=False), Kept()
    spool.is_full = True
    answers = committed(spool, kept, (3, 2))
    assert {one.reply.code for one in answers} == {452}
    assert all("No space left on device" in one.events[-1].reason for one in answers)
    assert (kept.accepted, kept.released, kept.noted) == ([], 50, 5)
    spool.close()
