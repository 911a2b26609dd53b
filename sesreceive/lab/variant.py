"""What one account made of the corpus of an experiment: how each message ends, what differs, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from sesreceive.account.account import Account
from sesreceive.analysis.reasons import Reason, reasons
from sesreceive.analysis.what_if import Difference, Differences
from sesreceive.errors import one_line
from sesreceive.lab.ends import End, counted
from sesreceive.lab.known_mail import KnownMail
from sesreceive.reading.changes import changes
from sesreceive.reception import Reception
from sesreceive.report import Report
from sesreceive.report.cost import Cost, Prices, reckoned
from sesreceive.shown import Shown
from sesreceive.wording import count

__all__ = ["Mail", "Variant"]


class Mail(NamedTuple):
    """What every variant has in common of a message."""

    name: str
    size_bytes: int
    client_ip: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Variant(Shown):
    """What one account made of the corpus.

    Attributes
    ----------
    name : str
        What the experiment calls it.
    account : Account
        The account.
    ends : tuple of End
        How each message ends, in the order of the corpus.
    numbers : tuple of int
        The positions of the messages that end otherwise than under the first variant, or write something else.
    """

    name: str
    account: Account
    ends: tuple[End, ...] = field(repr=False)
    numbers: tuple[int, ...] = ()
    _first: Account = field(repr=False)
    _mail: KnownMail = field(repr=False)
    _common: Sequence[Mail] = field(repr=False)
    _prices: Prices = field(repr=False)

    @cached_property
    def differences(self) -> Differences:
        """Both ends of each message that ends otherwise, side by side, and why; made when it is first asked for."""
        found = [
            Difference(message=self._common[number].name, before=before, after=after, changes=changes(before, after))
            for number, before, after in self._both_ends()
        ]
        return Differences(found, len(self.ends))

    def _both_ends(self) -> Iterator[tuple[int, Reception, Reception]]:
        befores, afters = (self._mail.under(account, self.numbers) for account in (self._first, self.account))
        return zip(self.numbers, befores, afters, strict=True)

    @cached_property
    def report(self) -> Report:
        """The report on the whole corpus under this account, with all tables and pictures; made when asked for."""
        return Report(self._mail.under(self.account))

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        """Where messages part from the first variant, the most frequent first."""
        return reasons((self._common[number].name, before, after) for number, before, after in self._both_ends())

    def cost(self, prices: Prices | None = None) -> Cost:
        """What AWS would charge for the corpus under this account, by the prices given or those of the experiment."""
        mail = (
            (fact.size_bytes, end.accepted, fact.client_ip, end.blocked_by)
            for fact, end in zip(self._common, self.ends, strict=True)
        )
        deeds = (
            (number, deed.rule, deed.operation, deed.with_content)
            for number, end in enumerate(self.ends)
            for deed in end.deeds
        )
        return reckoned(mail, deeds, prices or self._prices)

    @cached_property
    def outcomes(self) -> Counter[tuple[str, str]]:
        """How often each outcome occurs; see `sesreceive.lab.ends.counted`."""
        return counted(self.ends)

    def __repr__(self) -> str:
        """One line: how many were accepted, and how many end otherwise."""
        accepted = sum(end.accepted for end in self.ends)
        return (
            f"<Variant {one_line(self.name, 80)}: {accepted} of {count(len(self.ends), 'message')} accepted, "
            f"{len(self.numbers)} end otherwise>"
        )
