"""Two accounts compared: the mail that they treat differently, as a value with the smallest of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, overload

from sesreceive import _html
from sesreceive.account.account import Account
from sesreceive.analysis.address_ranges import AddressRange
from sesreceive.analysis.classes import RecipientClass, SizeClass
from sesreceive.analysis.open_points import Otherwise, otherwise, used
from sesreceive.analysis.what_if import Difference, Differences, changes
from sesreceive.analysis.witness import Answer, Witness
from sesreceive.assumption import Assumption, Assumptions
from sesreceive.effects import Effect
from sesreceive.errors import one_line
from sesreceive.reading.changes import untimed
from sesreceive.reception import Reception
from sesreceive.report.frames import frame_of_rows
from sesreceive.shown import Shown
from sesreceive.wording import count

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Comparison", "Disagreement", "ends_alike"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement(Shown):
    """Mail that two accounts treat differently.

    Attributes
    ----------
    recipients : tuple of RecipientClass
        Whom one message is to: one class, or two where only both together make a difference.
    alike : tuple of RecipientClass
        Further classes of which the same holds, where it is one recipient.
    clients : tuple of AddressRange
        Where it comes from; empty for everywhere.
    tls : tuple of bool
        With TLS, without, or both.
    sizes : tuple of SizeClass
        Of the message; empty for every size.
    before, after : str
        What becomes of it.
    answers : tuple of Answer
        What functions answer in the mail that shows it.
    needs : bool
        Whether it takes these answers.
    witness : Witness
        The smallest such mail.
    """

    accounts: tuple[Account, Account]
    assumptions: Assumptions
    recipients: tuple[RecipientClass, ...]
    alike: tuple[RecipientClass, ...] = ()
    clients: tuple[AddressRange, ...] = ()
    tls: tuple[bool, ...] = (True, False)
    sizes: tuple[SizeClass, ...] = ()
    before: str
    after: str
    answers: tuple[Answer, ...] = ()
    witness: Witness

    @property
    def whom(self) -> str:
        """Whom the message is to, as part of a sentence."""
        names = [one.text for one in self.recipients]
        if len(names) > 1:
            return f"one message to {' and '.join(names)}"
        return names[0] + (f" and {count(len(self.alike), 'more class')}" if self.alike else "")

    @property
    def circumstances(self) -> str:
        """Client, TLS, size and answers that it takes; empty where it is always so."""
        parts = []
        if self.clients:
            more = f" and {count(len(self.clients) - 1, 'more range')}" if len(self.clients) > 1 else ""
            parts.append(f"from {self.clients[0].text}{more}")
        if len(self.tls) == 1:
            parts.append("over TLS" if self.tls[0] else "in clear text")
        if self.sizes:
            parts.append(" or ".join(str(one) for one in self.sizes))
        return ", ".join([*parts, *(str(one) for one in self.answers)])

    def receptions(self) -> tuple[Reception, Reception]:
        """What becomes of the mail in either account, by the whole pipeline."""
        before, after = (self.witness.receive(account, assumptions=self.assumptions) for account in self.accounts)
        return before, after

    @property
    def difference(self) -> Difference:
        """Both ends side by side, as what-if shows them."""
        before, after = self.receptions()
        return Difference(message=self.whom, before=before, after=after, changes=changes(before, after))

    def __repr__(self) -> str:
        """One line: whom, when, what before and after."""
        when = f" ({one_line(self.circumstances, 300)})" if self.circumstances else ""
        return f"<{one_line(self.whom, 300)}{when}: {one_line(self.before, 200)} → {one_line(self.after, 200)}>"


class Comparison(Sequence[Disagreement]):
    """Where two accounts treat mail differently; true in a condition where they do anywhere.

    Attributes
    ----------
    before, after : Account
        The accounts.
    order : str
        Where the order of effects counts: ``target`` or ``all``.
    undecided : tuple of str
        What was neither proved nor shown to differ, as sentences; empty as a rule.
    proved_for : str
        For how many recipients of one message the answer is proved where nothing differs.
    assumptions : tuple of Assumption
        The open points of SES that the answer rests on.
    """

    def __init__(
        self,
        before: Account,
        after: Account,
        disagreements: Iterable[Disagreement],
        *,
        order: str,
        undecided: Iterable[str] = (),
        proved_for: str = "any number of recipients",
        assumptions: Assumptions | None = None,
        again: Callable[[Assumptions], Comparison],
    ) -> None:
        self._again = again
        self.before, self.after, self.order = before, after, order
        self._disagreements = tuple(disagreements)
        self.undecided = tuple(undecided)
        self.proved_for = proved_for
        self._read = assumptions
        self.assumptions: tuple[Assumption, ...] = used(before, after, assumptions=assumptions)

    @property
    def equal(self) -> bool:
        """Whether it is proved that both treat all mail alike."""
        return not self._disagreements and not self.undecided

    @overload
    def __getitem__(self, key: int) -> Disagreement: ...
    @overload
    def __getitem__(self, key: slice) -> Sequence[Disagreement]: ...
    def __getitem__(self, key: int | slice) -> Disagreement | Sequence[Disagreement]:
        """One of them, or some."""
        return self._disagreements[key]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._disagreements)

    @property
    def differences(self) -> Differences:
        """Both ends of each mail that shows a difference, side by side, as what-if shows them."""
        return Differences([one.difference for one in self._disagreements], len(self._disagreements))

    def save(self, folder: str | Path) -> tuple[Path, ...]:
        """Write the mail of each difference, ``difference-0.eml`` and so on, with its envelope and answers beside it.

        Raises
        ------
        OSError
            When the folder cannot be written to.
        """
        return tuple(one.witness.save(folder, f"difference-{number}") for number, one in enumerate(self._disagreements))

    def assumed(self) -> tuple[Otherwise, ...]:
        """The open points of SES where another reading would answer otherwise; the question is asked once for each."""

        def ask(assumptions: Assumptions) -> str:
            differences = self._again(assumptions)
            return "; ".join(f"{one.whom}: {one.before} → {one.after}" for one in differences) or "no difference"

        return otherwise(ask, self.assumptions, self._read)

    def frame(self) -> pd.DataFrame:
        """One row for each difference: recipients alone first, then pairs; empty where there is none.

        Returns
        -------
        pandas.DataFrame
            recipients : string      whom one message is to
            classes : int64          how many classes of recipients it is so for
            circumstances : string   client, TLS, size and answers that it takes; empty for always
            before : string          what becomes of it
            after : string           what would become of it
            witness : string         the mail that shows it, as a line
        """
        rows = [
            (one.whom, 1 + len(one.alike), one.circumstances, one.before, one.after, one.witness.text)
            for one in self._disagreements
        ]
        names = ["recipients", "classes", "circumstances", "before", "after", "witness"]
        return frame_of_rows(rows, {**dict.fromkeys(names, "string"), "classes": "int64"})

    def __repr__(self) -> str:
        """One line: equal, and for how many recipients; or how many differences."""
        undecided = f"; {count(len(self.undecided), 'question')} undecided" if self.undecided else ""
        if self._disagreements:
            pairs = sum(len(one.recipients) > 1 for one in self._disagreements)
            return f"<Comparison: {count(len(self), 'difference')}, {pairs} of them for pairs of recipients{undecided}>"
        if undecided:
            return f"<Comparison: no difference was found{undecided}>"
        return f"<Comparison: all mail is treated alike, proved for {one_line(self.proved_for)} in one message>"

    def _repr_html_(self) -> str:
        rows = [
            (
                _html.prose(one.whom, 300),
                _html.prose(one.circumstances, 300) or "always",
                _html.escape(one.before, 200),
                _html.escape(one.after, 200),
                _html.prose(one.witness.text, 300),
            )
            for one in self._disagreements[:200]
        ]
        heads = ("whom", "when", "before", "after", "the mail that shows it")
        text = "\n".join([repr(self), *map(repr, self._disagreements[:40]), *map(one_line, self.undecided)])
        doubts = "".join(f"<p>{_html.prose(one)}</p>" for one in self.undecided)
        body = (
            _html.table(heads, rows, caption=repr(self)[1:-1], sentences=True)
            if rows
            else f"<p>{_html.escape(repr(self)[1:-1])}</p>"
        )
        return _html.frame(text, body + doubts)


def ends_alike(before: Reception, after: Reception, *, order: str = "target") -> bool:
    """Whether two ends of one message are the same to the world: answers, and effects by target, whoever asks for them.

    What a bounce or a notification says of itself, its rule and the time it took, does not count.
    """
    if [str(one) for one in before.replies] != [str(one) for one in after.replies] or before.accepted != after.accepted:
        return False
    rows = [_by_target(one.effects, order) for one in (before, after)]
    if rows[0].keys() != rows[1].keys():
        return False
    return all(
        len(effects) == len(rows[1][target]) and all(map(_same, effects, rows[1][target]))
        for target, effects in rows[0].items()
    )


def _by_target(effects: Iterable[Effect], order: str) -> dict[tuple[str, str], list[Effect]]:
    rows: dict[tuple[str, str], list[Effect]] = {}
    for effect in effects:
        target = (effect.operation, effect.target) if order == "target" else ("", "")
        rows.setdefault(target, []).append(effect)
    return rows


def _same(before: Effect, after: Effect) -> bool:
    if type(before) is not type(after):
        return False
    names = [item.name for item in fields(before) if item.name not in ("rule", "action")]
    return all(untimed(getattr(before, name)) == untimed(getattr(after, name)) for name in names)
