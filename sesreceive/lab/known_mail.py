"""Mail that was received once, with all that was found out about it, to be judged under as many accounts as wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sesreceive.account.account import Account
from sesreceive.analysis.rerun import reruns
from sesreceive.effects import Effect, Invoke, Outcome
from sesreceive.functions.registry import Functions, outcome_of
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception

__all__ = ["Joined", "KnownMail", "ReceivedMail", "Rehearsal"]


class KnownMail(Protocol):
    """Messages that can be judged under any account; nothing is performed."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not known of them, a sentence each."""
        ...

    def __len__(self) -> int:
        """How many."""
        ...

    def under(self, account: Account, numbers: Iterable[int] | None = None) -> Iterator[Reception]:
        """What becomes of them in an account, of all or of those in these positions."""
        ...


class ReceivedMail:
    """Messages whose receptions are kept.

    What the first account did not need, since it refused a message or scanned none, is found out when another account
    needs it, and known from then on.

    Parameters
    ----------
    receptions : iterable of Reception
        What became of them; never changed.
    receiver : Receiver
        Whose DNS and scanners are asked for what is not known.
    functions : Functions, optional
        Called where an event is another one than before; without them each answers as it did.
    """

    notes: tuple[str, ...] = ()

    def __init__(self, receptions: Iterable[Reception], receiver: Receiver, functions: Functions | None = None) -> None:
        self._received = list(receptions)
        # By position, the receptions of which more is known than when they were received.
        self._learned: dict[int, Reception] = {}
        self._receiver, self._functions = receiver, functions

    def __len__(self) -> int:
        """How many."""
        return len(self._received)

    def under(self, account: Account, numbers: Iterable[int] | None = None) -> Iterator[Reception]:
        """What becomes of them in an account; in the one they were received under, what did become of them."""
        wanted = range(len(self._received)) if numbers is None else numbers

        def asked_for() -> Iterator[Reception]:
            while True:
                yield self._known(number)  # the one where the loop below stands

        again = reruns(asked_for(), account=account, functions=self._functions, receiver=self._receiver)
        last: tuple[Account | None, bool] = None, False
        for number in wanted:
            received = self._received[number]
            if last[0] is not received.account:
                last = received.account, received.account == account
            if last[1]:
                yield received
                continue
            reception = next(again)
            self._learn(number, reception)
            yield reception

    def _known(self, number: int) -> Reception:
        return self._learned.get(number) or self._received[number]

    def _learn(self, number: int, reception: Reception) -> None:
        known = self._known(number)
        learned: dict[str, Any] = {}
        if known.authentication is None and reception.authentication is not None:
            learned["authentication"] = reception.authentication
        scanned = known.scan is not None and known.scan.findings
        if not scanned and reception.scan is not None and reception.scan.findings:
            learned["scan"] = reception.scan
        if learned:
            self._learned[number] = replace(known, **learned)


@dataclass(frozen=True, slots=True)
class Joined:
    """Several collections as one, in order."""

    parts: Sequence[KnownMail]

    @property
    def notes(self) -> tuple[str, ...]:
        """Those of all of them."""
        return tuple(dict.fromkeys(note for part in self.parts for note in part.notes))

    def __len__(self) -> int:
        """How many."""
        return sum(map(len, self.parts))

    def under(self, account: Account, numbers: Iterable[int] | None = None) -> Iterator[Reception]:
        """What becomes of them in an account."""
        wanted = None if numbers is None else sorted(numbers)
        start = 0
        for part in self.parts:
            end = start + len(part)
            yield from part.under(
                account, None if wanted is None else [number - start for number in wanted if start <= number < end]
            )
            start = end


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A backend in which every effect succeeds and leaves nothing behind; functions are called where there are some."""

    functions: Functions | None = None

    def perform(self, effect: Effect) -> Outcome:
        """Success, or what the function answers."""
        if self.functions is not None and isinstance(effect, Invoke):
            called = self.functions.call(effect)
            if called is not None:
                return outcome_of(called, effect)
        return Outcome()
