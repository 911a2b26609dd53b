"""The mail that an endpoint has received: the latest, for SendBounce and for programs that wait for it."""

from __future__ import annotations

import copy
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

from sesreceive.account.account import Account
from sesreceive.backends.memory import MemoryBackend
from sesreceive.receiver import Receiver, Submission
from sesreceive.reception import Reception
from sesreceive.stages.taken_over import TakenOver

__all__ = ["EndpointReceiver", "ReceivedMail"]


class ReceivedMail(Mapping[str, Reception]):
    """The latest receptions by message id; refused ones, which have none, are kept beside them.

    Parameters
    ----------
    keep : int
        How many receptions are kept, the latest.

    Examples
    --------
    >>> import sesreceive as ses
    >>> mail = ReceivedMail(keep=1)
    >>> receiver = EndpointReceiver(ses.Account(identities=["example.com"]), mail, seed=1)
    >>> for name in ("ana", "bo"):
    ...     reception = receiver.receive(b"", rcpt_to=[f"{name}@example.org"])
    >>> mail.total, [reception.envelope.rcpt_to for reception in mail.wait(count=2, timeout_s=0)]
    (2, [('bo@example.org',)])
    """

    def __init__(self, keep: int = 1_000) -> None:
        self.keep = keep
        self.total = 0
        self._changed = threading.Condition()
        self._latest: OrderedDict[int, Reception] = OrderedDict()
        self._numbers: dict[str, int] = {}
        self._in_work: dict[str, tuple[Receiver, Submission]] = {}
        self._closed = False

    def begin(self, receiver: Receiver, submission: Submission) -> None:
        """The message is one that a function which its rules call may bounce."""
        with self._changed:
            self._in_work[submission.message_id] = receiver, submission

    def end(self, submission: Submission, reception: Reception | None) -> None:
        """The message was processed; None where that raised an error."""
        with self._changed:
            self._in_work.pop(submission.message_id, None)
            if reception is None:
                return
            self.total += 1
            self._latest[self.total] = reception
            if reception.message_id:
                self._numbers[reception.message_id] = self.total
            while len(self._latest) > self.keep:
                number, oldest = self._latest.popitem(last=False)
                if self._numbers.get(oldest.message_id) == number:
                    del self._numbers[oldest.message_id]
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody waits any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait(self, *, count: int = 0, to: str = "", timeout_s: float = 0.0) -> list[Reception]:
        """The kept receptions, oldest first, once there were `count`, or `timeout_s` seconds later.

        Parameters
        ----------
        count : int
            How many there have to be: since the start, or, with `to`, among those that are kept.
        to : str
            A recipient; only messages that named it, in whatever case, count and are given.
        timeout_s : float
            How long to wait for them.
        """
        until = time.monotonic() + timeout_s
        with self._changed:
            while True:
                chosen = [one for one in self._latest.values() if not to or _names(one, to)]
                enough = (len(chosen) if to else self.total) >= count
                left = until - time.monotonic()
                if enough or left <= 0 or self._closed:
                    return chosen
                self._changed.wait(left)

    def __getitem__(self, message_id: str) -> Reception:
        """The reception of a message, also of one whose rules are still at work: then as far as it is known."""
        with self._changed:
            if message_id in self._numbers:
                return self._latest[self._numbers[message_id]]
            receiver, submission = self._in_work[message_id]
        # Judged once more without doing anything: what its bounce says is the same.
        judge = copy.copy(receiver)
        judge.backend = MemoryBackend()
        return Receiver.process(judge, submission)

    def __iter__(self) -> Iterator[str]:
        """The message ids, the oldest first."""
        with self._changed:
            return iter([*self._numbers, *self._in_work])

    def __len__(self) -> int:
        """How many accepted messages are known."""
        return len(self._numbers) + len(self._in_work)

    def __repr__(self) -> str:
        """One line: how many there are."""
        return f"<ReceivedMail: {self.total} since the start, the latest {len(self._latest)} kept>"


def _names(reception: Reception, recipient: str) -> bool:
    return any(one.lower() == recipient.lower() for one in reception.envelope.rcpt_to)


class EndpointReceiver(Receiver):
    """A receiver whose receptions are kept.

    Parameters
    ----------
    account : Account
        As for `Receiver`.
    mail : ReceivedMail
        Where they are kept.
    **settings
        As for `Receiver`.
    """

    def __init__(self, account: Account, mail: ReceivedMail, **settings: Any) -> None:
        super().__init__(account, **settings)
        self.mail = mail

    @classmethod
    def like(cls, receiver: Receiver, mail: ReceivedMail, **settings: Any) -> EndpointReceiver:
        """The receiver once more, with some settings changed."""
        names = (
            "resolver", "backend", "scanners", "provider_lists", "assumptions", "bounds", "permissions", "clock",
            "message_ids",
        )  # fmt: skip
        return cls(receiver.account, mail, **{name: getattr(receiver, name) for name in names} | settings)

    def process(self, submission: Submission, *, known: Reception | TakenOver | None = None) -> Reception:
        """As a receiver does; meanwhile the message may be bounced, afterwards it is kept."""
        reception = None
        if submission.accepted:
            self.mail.begin(self, submission)
        try:
            reception = super().process(submission, known=known)
            return reception
        finally:
            self.mail.end(submission, reception)
