"""What the stand-ins of an account stand for, said in the trace wherever one turns up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, overload

from sesreceive.account.account import Account
from sesreceive.account.placeholder_text import placeholder_texts
from sesreceive.trace.events import TraceEvent

__all__ = ["Legend"]


class Legend:
    """The stand-ins of one account.

    Parameters
    ----------
    account : Account
        An account that was read from a template may have some; one that was written by hand has none.

    Examples
    --------
    >>> from sesreceive.account.placeholder_text import PlaceholderText
    >>> domain = PlaceholderText("var-domain.example", stands_for="var.domain, main.tf:12")
    >>> Legend(Account(identities=[domain])).remark("var-domain.example is verified")
    'var-domain.example is verified; `var-domain.example` stands for var.domain, main.tf:12'
    """

    def __init__(self, account: Account) -> None:
        self.account = account

    @cached_property
    def known(self) -> dict[str, str]:
        """The stand-ins, and what they stand for."""
        return placeholder_texts(self.account)

    def __bool__(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.known)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # The longest first, so that an address is not taken for its domain.
        words = sorted(self.known, key=len, reverse=True)
        return re.compile("|".join(rf"(?<![\w.@-]){re.escape(word)}(?![\w-])" for word in words))

    def remark(self, sentence: str, said: set[str] | None = None) -> str:
        """The sentence, and what the stand-ins in it stand for; those in `said` were said before."""
        said = set() if said is None else said
        named = [word for word in dict.fromkeys(self._pattern.findall(sentence)) if word not in said]
        said.update(named)
        return "; ".join([sentence, *(f"`{word}` stands for {self.known[word]}" for word in named)])

    def explain(self, part: Sequence[TraceEvent]) -> Sequence[TraceEvent]:
        """The events of a part of a trace; each stand-in is explained where the part first names it."""
        return _Explained(part, self)


class _Explained(Sequence[TraceEvent]):
    """A part of a trace, with remarks that are made when it is read."""

    def __init__(self, part: Sequence[TraceEvent], legend: Legend) -> None:
        self.part, self.legend = part, legend

    @property
    def stage(self) -> Any:
        """The one stage of all its events, where the part has one; `Trace.of` asks."""
        return getattr(self.part, "stage", None)

    def __iter__(self) -> Iterator[TraceEvent]:
        said: set[str] = set()
        for event in self.part:
            yield event._replace(reason=self.legend.remark(event.reason, said))

    def __len__(self) -> int:
        return len(self.part)

    @overload
    def __getitem__(self, index: int) -> TraceEvent: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[TraceEvent]: ...
    def __getitem__(self, index: int | slice) -> TraceEvent | Sequence[TraceEvent]:
        return tuple(self)[index]
