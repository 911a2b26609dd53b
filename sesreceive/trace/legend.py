"""What the stand-ins of an account stand for, said in the trace wherever one turns up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from sesreceive.account.account import Account
from sesreceive.account.stand_in import stand_ins
from sesreceive.trace.events import Trace, TraceEvent

__all__ = ["Legend"]


class Legend:
    """The stand-ins of one account.

    Parameters
    ----------
    account : Account
        An account that was read from a template may have some; one that was written by hand has none.

    Examples
    --------
    >>> from sesreceive.account.stand_in import StandIn
    >>> domain = StandIn("var-domain.example", stands_for="var.domain, main.tf:12")
    >>> Legend(Account(identities=[domain])).remark("var-domain.example is verified")
    'var-domain.example is verified; `var-domain.example` stands for var.domain, main.tf:12'
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.known = stand_ins(account)

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

    def explain(self, trace: Iterable[TraceEvent]) -> Trace:
        """The trace, where each step says once what the stand-ins it names stand for."""
        said: dict[str, set[str]] = {}
        return Trace(
            event._replace(reason=self.remark(event.reason, said.setdefault(event.stage, set()))) for event in trace
        )
