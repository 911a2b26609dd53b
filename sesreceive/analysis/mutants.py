"""Which small mistakes in an account a corpus of mail, or a suite of tests, would not notice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, overload

from sesreceive import _html
from sesreceive.account.account import Account
from sesreceive.analysis.compare import equivalent
from sesreceive.analysis.comparison import ends_alike
from sesreceive.analysis.covering_corpus import CoveringCorpus
from sesreceive.analysis.mutations import mutations
from sesreceive.analysis.rerun import reruns
from sesreceive.analysis.witness import Witness
from sesreceive.assumption import Assumptions
from sesreceive.effects import Invoke
from sesreceive.errors import one_line
from sesreceive.reception import Reception
from sesreceive.report.frames import frame_of_rows
from sesreceive.signs import NO, YES
from sesreceive.wording import count

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Mutant", "Mutants", "mutants", "tried_mutants"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """An account with one small mistake, and whether it was noticed.

    Attributes
    ----------
    what : str
        What was changed.
    status : str
        ``noticed``: some mail ends otherwise. ``survived``: none does, and some mail would. ``equivalent``: it is
        proved that no mail would. ``refused``: SES would not take the account.
    noticed_by : str
        Name of the first mail that ends otherwise; of a refused one why.
    witness : Witness or None
        Of a survivor the mail that would show it.
    account : Account
        The changed account.
    """

    what: str
    status: str
    noticed_by: str = ""
    witness: Witness | None = None
    account: Account

    def __repr__(self) -> str:
        """One line."""
        by = f" by {one_line(self.noticed_by, 200)}" if self.noticed_by else ""
        shown = f"; a mail {one_line(self.witness.text, 300)} would show it" if self.witness is not None else ""
        return f"<{one_line(self.what, 240)}: {one_line(self.status, 12)}{by}{shown}>"


class Mutants(Sequence[Mutant]):
    """All mutants of an account, in the order of the configuration.

    Attributes
    ----------
    account : Account
        The account as it is.
    """

    def __init__(self, account: Account, found: Iterable[Mutant]) -> None:
        self.account = account
        self._found = tuple(found)

    @overload
    def __getitem__(self, key: int) -> Mutant: ...
    @overload
    def __getitem__(self, key: slice) -> Sequence[Mutant]: ...
    def __getitem__(self, key: int | slice) -> Mutant | Sequence[Mutant]:
        """One mutant, or some."""
        return self._found[key]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._found)

    def of(self, status: str) -> tuple[Mutant, ...]:
        """Those of one status."""
        return tuple(one for one in self._found if one.status == status)

    @property
    def survivors(self) -> tuple[Mutant, ...]:
        """Those that nobody noticed and that some mail would show."""
        return self.of("survived")

    @property
    def score(self) -> float:
        """Of the mutants that can be noticed those that were, in percent; 100 where there are none."""
        noticed = len(self.of("noticed"))
        countable = noticed + len(self.survivors)
        return 100.0 * noticed / countable if countable else 100.0

    def frame(self) -> pd.DataFrame:
        """One row a mutant, in the order of the configuration.

        Returns
        -------
        pandas.DataFrame
            what : string         what was changed
            status : category     noticed, survived, equivalent or refused
            noticed_by : string   the first mail that ends otherwise; of a refused one why
            witness : string      of a survivor the mail that would show it, as a line
        """
        rows = [(one.what, one.status, one.noticed_by, one.witness.text if one.witness else "") for one in self._found]
        words = ["noticed", "survived", "equivalent", "refused"]
        return frame_of_rows(rows, {"what": "string", "status": words, "noticed_by": "string", "witness": "string"})

    @property
    def text(self) -> str:
        """The score, then each survivor with the mail that would show it."""
        lines = [repr(self)[1:-1]]
        for one in self.survivors:
            lines.append(f"  survived: {one_line(one.what, 240)}")
            if one.witness is not None:
                lines.append(f"      shown by a mail {one_line(one.witness.text, 400)}")
        return "\n".join(lines)

    def __str__(self) -> str:
        """The same."""
        return self.text

    def __repr__(self) -> str:
        """One line: how many of each status."""
        others = f", {len(self.of('equivalent'))} equivalent, {len(self.of('refused'))} that SES refuses"
        return (
            f"<{count(len(self), 'mutant')}: {len(self.of('noticed'))} noticed, {len(self.survivors)} survived"
            f"{others}; score {int(self.score):d} %>"
        )

    def _repr_html_(self) -> str:
        rows = [
            (
                _html.prose(one.what, 240),
                _html.mark(*_MARKS[one.status]),
                _html.prose(one.noticed_by, 240),
                _html.prose(one.witness.text, 400) if one.witness is not None else "",
            )
            for one in sorted(self._found, key=lambda one: tuple(_MARKS).index(one.status))
        ]
        heads = ("what was changed", "is", "noticed by", "the mail that would show it")
        return _html.frame(self.text, _html.table(heads, rows, caption=repr(self)[1:-1]))


_MARKS = {
    "survived": (f"{NO} survived", "bad"),
    "noticed": (f"{YES} noticed", "good"),
    "equivalent": ("equivalent", "note"),
    "refused": ("refused", "note"),
}

Tried = Callable[[Account], str]
"""Tells what notices a changed account; empty for nothing."""


def mutants(
    account: Account, corpus: CoveringCorpus | Iterable[Reception], *, assumptions: Assumptions | None = None
) -> Mutants:
    """Which small mistakes in an account the mail of a corpus would not notice.

    Parameters
    ----------
    account : Account
        The account.
    corpus : CoveringCorpus, Report, or iterable of Reception
        The mail. Of receptions what is known is taken over, and functions answer what they answered.
    assumptions : Assumptions, optional
        How the open points of SES are read.

    Returns
    -------
    Mutants
        A mutant is noticed when some mail ends otherwise to the world: in a reply, or in what is done to a target.

    Raises
    ------
    InputError
        When the report was made with ``keep=False`` and has no receptions.

    Notes
    -----
    Each mutant receives the mail until one ends otherwise; of those that survive `equivalent` is asked whether any
    mail would.

    Examples
    --------
    >>> import sesreceive as ses
    >>> from sesreceive.analysis.covering_corpus import covering_corpus
    >>> rule = ses.ReceiptRule(
    ...     name="ana", enabled=True, recipients=("ana@example.com",), actions=(ses.S3Action(bucket_name="inbox"),)
    ... )
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> found = mutants(account, covering_corpus(account))
    >>> found
    <7 mutants: 4 noticed, 3 survived, 0 equivalent, 0 that SES refuses; score 57 %>
    >>> found.survivors[0].what, found.survivors[0].witness.envelope.tls
    ('require TLS for ana', False)
    """
    if isinstance(corpus, CoveringCorpus):
        before = tuple(corpus.receive(assumptions=assumptions))

        def again(changed: Account) -> Iterator[Reception]:
            return corpus.receive(changed, assumptions=assumptions)
    else:
        before = tuple(corpus)

        def again(changed: Account) -> Iterator[Reception]:
            # An account is checked once for each run of messages whose functions answered the same.
            for answers, some in groupby(before, key=_answers):
                yield from reruns(some, account=changed, assumptions=assumptions, answers=answers)

    def noticed(changed: Account) -> str:
        for number, (one, other) in enumerate(zip(before, again(changed), strict=True), 1):
            if not ends_alike(one, other):
                return one.name or f"#{number}"
        return ""

    return tried_mutants(account, noticed, assumptions=assumptions)


def tried_mutants(account: Account, noticed: Tried, *, assumptions: Assumptions | None = None) -> Mutants:
    """Which small mistakes something does not notice, such as a suite of tests that is run for each changed account.

    Parameters
    ----------
    account : Account
        The account.
    noticed : callable
        Takes a changed account and gives what noticed it; empty for nothing.
    assumptions : Assumptions, optional
        How the open points of SES are read.
    """
    found = []
    for what, make in mutations(account):
        changed = make()
        if problems := changed.problems():
            by = one_line(problems[0], 300)
            found.append(Mutant(what=what, status="refused", noticed_by=by, account=changed))
        elif by := noticed(changed):
            found.append(Mutant(what=what, status="noticed", noticed_by=by, account=changed))
        else:
            proof = equivalent(account, changed, assumptions=assumptions)
            status = "equivalent" if proof.holds else "survived"
            found.append(Mutant(what=what, status=status, witness=proof.witness, account=changed))
    return Mutants(account, found)


def _answers(reception: Reception) -> dict[str, dict[str, str]]:
    """What the functions that rules waited for answered; the last time, where one was asked more than once."""
    return {
        done.effect.function_arn: {"disposition": done.outcome.flow.value}
        for done in reception.performed
        if isinstance(done.effect, Invoke) and done.effect.invocation_type == "RequestResponse"
        if not done.outcome.failed
    }
