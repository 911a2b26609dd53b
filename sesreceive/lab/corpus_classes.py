"""The messages of a corpus in classes: what is in one class ends alike, so that one message of each is judged.

Which class a message is in is told by its envelope and its size (`analysis.partition`) and by what effects came to
before. Nothing here decides what becomes of a class: its first message is given to the judges. What no class can tell,
such as the answer of a function that is called, is judged message by message; `alone` says of how many, and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.actions.add_header import AddHeaderAction
from sesreceive.actions.bounce import BounceAction
from sesreceive.actions.connect import ConnectAction
from sesreceive.actions.lambda_ import LambdaAction
from sesreceive.actions.s3 import S3Action
from sesreceive.actions.sns import SNSAction
from sesreceive.actions.stop import StopAction
from sesreceive.actions.workmail import WorkmailAction
from sesreceive.analysis.classes import SenderClass, SizeClass
from sesreceive.analysis.partition import Partition
from sesreceive.assumption import Assumptions
from sesreceive.bounds import Bounds
from sesreceive.lab.known_mail import Fact, KnownMail

__all__ = ["CorpusClasses"]

# Actions that ask the same of the world for every message of a class; of one that is not ours nothing is known.
_ALIKE = {
    AddHeaderAction, BounceAction, ConnectAction, LambdaAction, S3Action, SNSAction, StopAction, WorkmailAction
}  # fmt: skip

_SENDER = "its sender is refused"
_EDGE = "its size is close to the limit of SNS actions"
_LINES = "text lines are limited, so its bytes decide"
_ACTION = "an action is none of those that SES has"
_FUNCTIONS = "functions are called, and their answers decide"
_PERMISSIONS = "permissions are asked for each message"

K = TypeVar("K")
V = TypeVar("V")


class _Known(dict[K, V], Generic[K, V]):
    """What a function says of a key, asked once."""

    def __init__(self, asked: Callable[[K], V]) -> None:
        super().__init__()
        self._asked = asked

    def __missing__(self, key: K) -> V:
        value = self[key] = self._asked(key)
        return value


class _Cut:
    """The partition for some accounts by one reading of the open points, its classes as small numbers."""

    def __init__(self, accounts: Collection[Account], assumptions: Assumptions, bounds: Bounds) -> None:
        self.assumptions, self.bounds = assumptions, bounds
        partition = Partition(*accounts, assumptions=assumptions, bounds=bounds)
        numbers: _Known[Hashable, int] = _Known(lambda key: len(numbers))
        self.recipients: _Known[str, int] = _Known(lambda recipient: numbers[partition.place(recipient)])
        self.clients: _Known[str, int] = _Known(lambda client: numbers[partition.client_class(client)])
        self.senders: _Known[str, SenderClass] = _Known(partition.sender_class)
        self.size_class = partition.size_class
        self.small_bytes = partition.size_range(SizeClass.SMALL)[1]

    def fits(self, fact: Fact) -> bool:
        return (fact.assumptions, fact.bounds) == (self.assumptions, self.bounds)


class CorpusClasses:
    """The classes of a corpus for several accounts at once.

    Parameters
    ----------
    mail : KnownMail
        The messages.
    accounts : collection of Account
        Under each of them the messages of a class end alike.
    calls : bool
        Whether functions are called where an event is another one than before.
    permissions : bool
        Whether it is asked for each message what SES is allowed.

    Attributes
    ----------
    facts : list of Fact
        What is known of each message.
    of : list of int
        The class of each message.
    firsts : list of int
        The first message of each class; classes are numbered in the order in which they are met.
    sizes : list of int
        How many messages are in each class.
    alone : Counter of str
        Why messages are classes of their own, and how many.
    """

    def __init__(
        self, mail: KnownMail, accounts: Collection[Account], *, calls: bool = False, permissions: bool = False
    ) -> None:
        actions = {type(action) for account in accounts for action in _actions(account)}
        self._publishes = SNSAction in actions
        self._why_all = (
            _ACTION if not actions <= _ALIKE
            else _FUNCTIONS if calls and LambdaAction in actions
            else _PERMISSIONS if permissions
            else ""
        )  # fmt: skip
        self._accounts = accounts
        self._cuts: list[_Cut] = []
        self.facts: list[Fact] = []
        self.of: list[int] = []
        self.firsts: list[int] = []
        self.sizes: list[int] = []
        self.alone: Counter[str] = Counter()
        places: dict[Any, int] = {}
        cut: _Cut | None = None
        for number, fact in enumerate(mail.facts()):
            if cut is None or fact.assumptions is not cut.assumptions or fact.bounds is not cut.bounds:
                cut = self._cut(fact)
            key, why = self._key(cut, fact)
            place = places.setdefault(number if why else key, len(self.firsts))
            if place == len(self.firsts):
                self.firsts.append(number)
                self.sizes.append(0)
            if why:
                self.alone[why] += 1
            self.sizes[place] += 1
            self.of.append(place)
            self.facts.append(fact)

    def __len__(self) -> int:
        """How many classes."""
        return len(self.firsts)

    def members(self, places: Iterable[int]) -> list[int]:
        """The messages of these classes, in order."""
        wanted = set(places)
        return [number for number, place in enumerate(self.of) if place in wanted] if wanted else []

    def _cut(self, fact: Fact) -> _Cut:
        """The partition by the readings that hold for a message; chunks of a replay bring equal ones along."""
        for cut in self._cuts:
            if cut.fits(fact):
                return cut
        self._cuts.append(_Cut(self._accounts, fact.assumptions, fact.bounds))
        return self._cuts[-1]

    def _key(self, cut: _Cut, fact: Fact) -> tuple[Hashable, str]:
        """What the messages of a class have in common, and why a message is in one of its own."""
        if why := self._why_all or fact.why_alone or (_LINES if cut.assumptions.text_line_limit else ""):
            return None, why
        sender = cut.senders[fact.mail_from]
        if sender is SenderClass.REFUSED:
            return None, _SENDER  # the answer names it
        size = SizeClass.SMALL if fact.size_bytes <= cut.small_bytes else cut.size_class(fact.size_bytes)
        if size is SizeClass.EDGE:
            if self._publishes:
                return None, _EDGE
            size = SizeClass.SMALL
        recipients = cut.recipients
        to = tuple([recipients[recipient] for recipient in fact.rcpt_to])
        return (id(cut), to, cut.clients[fact.client_ip], fact.tls, not fact.mail_from, size.value, fact.rest), ""


def _actions(account: Account) -> Iterator[ReceiptAction]:
    active = account.active_rule_set
    for rule in active.rules if active is not None else ():
        yield from rule.actions
