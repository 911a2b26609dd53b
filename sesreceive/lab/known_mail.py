"""Mail that was received once, with all that was found out about it, to be judged under as many accounts as wanted."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

from sesreceive.account.account import Account
from sesreceive.analysis.rerun import reruns
from sesreceive.assumption import Assumptions
from sesreceive.bounds import Bounds
from sesreceive.effects import Effect, Flow, Invoke, Outcome
from sesreceive.functions.registry import Functions, outcome_of
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.stages.provider_lists import AnyList, asks_dns

__all__ = ["Fact", "Joined", "KnownMail", "ReceivedMail", "Rehearsal", "listed"]


class Fact(NamedTuple):
    """What is known of a message before it is judged: all that the end of a message follows from, but its bytes.

    Attributes
    ----------
    name : str
        What it is called; empty where it has no name.
    size_bytes : int
        Its size.
    client_ip, mail_from, rcpt_to, tls
        As in `Envelope`.
    assumptions, bounds
        By which it is judged.
    rest : hashable
        What else tells it from other messages: which effects did not simply succeed before, and how it was answered.
    why_alone : str
        Why all this does not tell how it ends; empty where it does.
    """

    name: str
    size_bytes: int
    client_ip: str
    mail_from: str
    rcpt_to: tuple[str, ...]
    tls: bool
    assumptions: Assumptions
    bounds: Bounds
    rest: Hashable = None
    why_alone: str = ""


class KnownMail(Protocol):
    """Messages that can be judged under any account; nothing is performed."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not known of them, a sentence each."""
        ...

    def __len__(self) -> int:
        """How many."""
        ...

    def facts(self) -> Iterator[Fact]:
        """What is known of each before it is judged, in order."""
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

    def facts(self) -> Iterator[Fact]:
        """What is known of each before it is judged, in order."""
        for reception in self._received:
            envelope = reception.envelope
            rest, why_alone = _rest(reception)
            yield Fact(
                reception.name,
                reception.message.size_bytes,
                envelope.client_ip,
                envelope.mail_from,
                envelope.rcpt_to,
                envelope.tls,
                reception.assumptions,
                reception.bounds,
                rest,
                why_alone,
            )

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


def _rest(reception: Reception) -> tuple[Hashable, str]:
    """The rest of a fact, and why the message is judged alone."""
    lists: tuple[Hashable, ...] = ()
    why_alone = ""
    if reception.provider_lists:
        lists, why_alone = listed(reception.provider_lists, reception.envelope.client_ip)
    # Of a session that a server held, answers may stand on what is not in the envelope.
    codes = tuple([answer.reply.code for answer in reception.recipients])
    reply = "" if reception.accepted else str(reception.reply)
    outcomes = tuple(
        [
            (done.effect.rule, done.effect.action, done.effect.operation, done.effect.target, done.errors,
             done.outcome.error, str(done.outcome.flow))
            for done in reception.performed
            if done.failures or done.outcome.error or done.outcome.flow is not Flow.CONTINUE
        ]
    )  # fmt: skip
    return (codes, reply, outcomes, lists), why_alone


def listed(lists: Sequence[AnyList], client_ip: str) -> tuple[tuple[Hashable, ...], str]:
    """What provider lists make of a client follows from its address; where DNS is asked, it does not."""
    if asks_dns(lists):
        return (), "lists in DNS are asked for its client"
    return (client_ip, *map(id, lists)), ""


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

    def facts(self) -> Iterator[Fact]:
        """What is known of each before it is judged, in order."""
        for part in self.parts:
            yield from part.facts()

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
