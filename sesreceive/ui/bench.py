"""The state behind the workbench: one object that every part shows and edits, and that knows no widget.

Values are immutable, so an edit puts another `Account` in the place of the one before; undo and redo walk over a
list of them. A part observes the traits it shows; nothing is mutated in place, since traitlets would not see it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import traitlets

from sesreceive.account.account import Account
from sesreceive.dns.zone import Zone
from sesreceive.errors import Problem
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception

__all__ = ["Bench", "Edit"]


@dataclass(frozen=True, slots=True)
class Edit:
    """One step of the history: the account after it, and what was done, as a sentence."""

    account: Account
    what: str


class Bench(traitlets.HasTraits):
    """Account, zone, received mail and selection; what every part of the workbench reads and changes.

    Parameters
    ----------
    receiver : Receiver
        Receives the mail; its account is where editing starts.

    Attributes
    ----------
    account : Account
        What is on screen; may be invalid while it is typed. Assigning one is an edit that can be undone.
    zone : Zone
        DNS as the receiver sees it.
    receptions : tuple of Reception
        Everything received so far, oldest first.
    selected : int
        Position of the message shown in detail; -1 when none is.
    status : str
        What the last action did, as one sentence.
    views : tuple of str
        The views that somebody can be sent to; none where a part stands alone.
    wanted_view : str
        The view that was asked for, until it is shown.
    draft : Reception or None
        The message that is to be changed and sent again.
    sends : bool
        Whether mail can be sent from here; not where the messages are those of a server elsewhere.
    can_undo, can_redo : bool
        Whether there is a step to go.
    lock : RLock
        Held while a callback runs. JupyterLab sends the clicks of some widgets to a second thread of the kernel
        ("subshell"), so that two callbacks could run at a time.

    Examples
    --------
    >>> bench = Bench(Receiver(Account(identities=("example.com",)), seed=1))
    >>> bench.edit(bench.account.with_identity("example.net"), "added the identity example.net")
    >>> bench.undo()
    >>> [identity.name for identity in bench.account.identities], bench.status
    (['example.com'], 'undone: added the identity example.net')
    """

    account = traitlets.Instance(Account)
    zone = traitlets.Instance(Zone)
    receptions = traitlets.Tuple()
    selected = traitlets.Int(-1)
    status = traitlets.Unicode("")
    views = traitlets.Tuple()
    wanted_view = traitlets.Unicode("")
    draft = traitlets.Instance(Reception, allow_none=True)
    sends = traitlets.Bool(True)
    can_undo = traitlets.Bool(False)
    can_redo = traitlets.Bool(False)

    def __init__(self, receiver: Receiver) -> None:
        self.lock = threading.RLock()
        super().__init__(account=receiver.account, zone=_zone(receiver))
        self.receiver = receiver
        self._history: list[Edit] = [Edit(receiver.account, "the account as it was given")]
        self._at = 0
        self._typing = ""
        self._problems: tuple[Account, tuple[Problem, ...]] | None = None
        self.observe(self._assigned, "account")
        self.observe(lambda change: setattr(receiver, "resolver", change["new"]), "zone")

    # ------------------------------------------------------------------ editing

    def edit(self, account: Account, what: str, *, typing: str = "") -> None:
        """Put `account` on screen as one step of the history; `what` says what was done.

        Parameters
        ----------
        typing : str
            Name of the field that is typed in. Edits of one field that follow each other are one step.
        """
        if account == self.account:
            return
        if typing and typing == self._typing:
            before = self._history[self._at - 1]
            if account == before.account:  # typed, and taken out again
                del self._history[self._at :]
                self._typing = ""
                self._go(self._at - 1, "as it was before")
                return
            self._history[self._at] = Edit(account, what)
            self._go(self._at, what)
        else:
            self._append(account, what)
        self._typing = typing

    def start(self, account: Account) -> None:
        """Begin anew with an account, with no history; unlike the one of a receiver it may have problems."""
        self.settle()
        self._history = [Edit(account, "the account as it was given")]
        self._go(0, "")

    def before(self, typing: str) -> Account:
        """The account as it was before that field was typed in; the one on screen where it is not."""
        return self._history[self._at - 1].account if typing and typing == self._typing else self.account

    def settle(self) -> None:
        """Let the next edit begin a step of its own, whatever field it is in."""
        self._typing = ""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What SES would refuse of the account on screen."""
        if self._problems is None or self._problems[0] is not self.account:
            self._problems = (self.account, self.account.problems())
        return self._problems[1]

    def undo(self) -> None:
        """Take the last step back; nothing happens at the first."""
        self.settle()
        if self._at > 0:
            self._go(self._at - 1, f"undone: {self._history[self._at].what}")

    def redo(self) -> None:
        """Take the step again that was undone last."""
        self.settle()
        if self._at + 1 < len(self._history):
            self._go(self._at + 1, f"redone: {self._history[self._at + 1].what}")

    @property
    def history(self) -> tuple[Edit, ...]:
        """All steps, the undone ones included."""
        return tuple(self._history)

    @property
    def step(self) -> Edit:
        """The step whose account is on screen: what an undo takes back."""
        return self._history[self._at]

    @property
    def next_step(self) -> Edit | None:
        """The step that a redo takes; None where nothing was undone."""
        later = self._history[self._at + 1 :]
        return later[0] if later else None

    def _append(self, account: Account, what: str) -> None:
        del self._history[self._at + 1 :]
        self._history.append(Edit(account, what))
        self._go(len(self._history) - 1, what)

    def _go(self, position: int, status: str) -> None:
        self._at = position
        with self.hold_trait_notifications():
            self.account = self._history[position].account
            self.can_undo = position > 0
            self.can_redo = position + 1 < len(self._history)
            self.status = status

    def _assigned(self, change: dict[str, Any]) -> None:
        """An account assigned from code is an edit like any other."""
        if change["new"] != self._history[self._at].account:
            self.settle()
            self._append(change["new"], "assigned from code")

    # ------------------------------------------------------------------ receiving

    def receive(self, raw: bytes | Message, envelope: Envelope, *, name: str = "") -> Reception:
        """Receive one message with what is on screen, and select it.

        Raises
        ------
        ValidationError
            When the account on screen has problems; all of them are listed.
        """
        if self.receiver.account != self.account:
            self.receiver.account = self.account
        reception = self.receiver.receive(raw, envelope, name=name or f"message {len(self.receptions) + 1}")
        self.add([reception])
        return reception

    def add(self, receptions: Iterable[Reception], *, select: bool = True) -> None:
        """Append receptions, such as those of a live server, and select the last unless told not to."""
        self.settle()
        new = tuple(receptions)
        if new:
            with self.hold_trait_notifications():
                self.receptions = (*self.receptions, *new)
                if select:
                    self.selected = len(self.receptions) - 1
                self.status = f"{new[-1].name or 'a message'} was {'accepted' if new[-1].accepted else 'refused'}"

    def send_again(self) -> Reception | None:
        """Receive the selected message once more, with what is on screen; None where there is none.

        Raises
        ------
        ValidationError
            When the account on screen has problems.
        """
        sent = self.reception
        return self.receive(sent.message, sent.envelope, name=f"{sent.name or 'message'}, again") if sent else None

    def show(self, view: str) -> None:
        """Ask for a view; nothing happens where no workbench has it."""
        if view in self.views:
            self.wanted_view = view

    @property
    def reception(self) -> Reception | None:
        """The selected message, or None."""
        return self.receptions[self.selected] if 0 <= self.selected < len(self.receptions) else None


def _zone(receiver: Receiver) -> Zone:
    return receiver.resolver if isinstance(receiver.resolver, Zone) else Zone({})
