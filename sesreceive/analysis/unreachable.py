"""Rules, conditions, actions and filters that can never take effect, and those that nothing would change without.

*Dead* is what no mail reaches. *Redundant* is what some mail reaches and nothing would be different without. Both are
proved over all classes of mail (`analysis.classes`); each row has a mail that shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, overload

from sesreceive import _html, signs
from sesreceive.account.account import Account
from sesreceive.analysis.open_points import Otherwise, otherwise, used
from sesreceive.analysis.part_reach import BLOCKED, Reach, parts
from sesreceive.analysis.reachability import Reachability
from sesreceive.analysis.walk import Certainty
from sesreceive.assumption import Assumption, Assumptions
from sesreceive.errors import one_line
from sesreceive.report.frames import frame_of_rows
from sesreceive.wording import count

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Unreachable", "unreachable"]


class Unreachable(Sequence[Reach]):
    """What of an account is dead or redundant, in the order of the configuration.

    Attributes
    ----------
    account : Account
        The account that was asked about.
    items : tuple of Reach
        Everything that was looked at, the rest too.
    assumptions : tuple of Assumption
        The open points of SES that the answer rests on.
    note : str
        What holds for all of it, such as that no rule set is active.
    """

    def __init__(self, account: Account, items: Iterable[Reach], assumptions: Assumptions | None, note: str) -> None:
        self.account = account
        self.items = tuple(items)
        self.note = note
        self._read = assumptions
        self.assumptions: tuple[Assumption, ...] = used(account, assumptions=assumptions)
        self._found = tuple(one for one in self.items if one.dead or one.redundant)

    @classmethod
    def of(cls, reach: Reachability, items: Iterable[Reach]) -> Unreachable:
        """The answer about an account, of `part_reach.parts` of it, which may have been made in pieces."""
        note = "no rule set is active, so nothing is received" if reach.account.active_rule_set is None else ""
        if not note and not reach.clients:
            note = BLOCKED
        return cls(reach.account, items, reach.assumptions, note)

    @property
    def dead(self) -> tuple[Reach, ...]:
        """What can never take effect."""
        return tuple(one for one in self.items if one.dead)

    @property
    def redundant(self) -> tuple[Reach, ...]:
        """What takes effect, and nothing would change without it."""
        return tuple(one for one in self.items if one.redundant)

    @property
    def possible(self) -> tuple[Reach, ...]:
        """What is reached only if functions answer so."""
        return tuple(one for one in self.items if one.reached is Certainty.POSSIBLY)

    def rule(self, name: str) -> Reach:
        """The row of a rule.

        Raises
        ------
        KeyError
            When the active rule set has no such rule.
        """
        for one in self.items:
            if one.kind == "rule" and one.name == name:
                return one
        raise KeyError(f"no rule `{one_line(name)}` in the active rule set")

    @overload
    def __getitem__(self, key: int) -> Reach: ...
    @overload
    def __getitem__(self, key: slice) -> Sequence[Reach]: ...
    def __getitem__(self, key: int | slice) -> Reach | Sequence[Reach]:
        """One of what is dead or redundant, or some."""
        return self._found[key]

    def __len__(self) -> int:
        """How many are dead or redundant."""
        return len(self._found)

    def assumed(self) -> tuple[Otherwise, ...]:
        """The open points of SES where another reading would answer otherwise; the question is asked once for each."""

        def ask(assumptions: Assumptions) -> str:
            found = unreachable(self.account, assumptions=assumptions)
            return "; ".join(f"{one.what} is {one.status}" for one in found) or "nothing is dead or redundant"

        return otherwise(ask, self.assumptions, self._read)

    def frame(self) -> pd.DataFrame:
        """One row for each rule, condition, action and filter, in the order of the configuration.

        Returns
        -------
        pandas.DataFrame
            kind : category        rule, condition, action or filter
            name : string          of the rule or filter
            part : string          the condition, the action, or the network of the filter
            reached : category     always, possibly or never
            dead : bool            whether it can never take effect
            redundant : bool       whether nothing would change without it
            because : string       why
            covered_by : string    what stands before it or does the same, separated by a comma
            needs : string         what functions have to answer, separated by ``and``
            witness : string       the mail that shows it, as a line; empty where there is none
        """
        rows = [
            (
                one.kind,
                one.name,
                one.part,
                str(one.reached),
                one.dead,
                one.redundant,
                one.because,
                ", ".join(one.covered_by),
                " and ".join(one.needs),
                one.witness.text if one.witness else "",
            )
            for one in self.items
        ]
        names = ("kind", "name", "part", "reached", "dead", "redundant", "because", "covered_by", "needs", "witness")
        return frame_of_rows(
            rows,
            {
                **dict.fromkeys(names, "string"),
                "kind": ["rule", "condition", "action", "filter"],
                "reached": [str(one) for one in Certainty],
                "dead": "bool",
                "redundant": "bool",
            },
        )

    def __repr__(self) -> str:
        """One line: how many are dead, redundant, and reached only if functions answer so."""
        note = f"; {one_line(self.note, 200)}" if self.note else ""
        numbers = f"{len(self.dead)} dead, {len(self.redundant)} redundant, {len(self.possible)}"
        return (
            f"<Unreachable: {numbers} reached only if a function answers so, of {count(len(self.items), 'part')}{note}>"
        )

    def _repr_html_(self) -> str:
        shown = [*self._found, *(one for one in self.possible if one.kind == "rule")]
        rows = [
            (
                _html.escape(one.what, 240),
                _html.mark(*_MARKS[one.status]),
                _html.prose(one.because or " and ".join(one.needs), 400),
                _html.escape(", ".join(one.covered_by), 200) or signs.NONE,
                _html.prose(one.witness.text, 400) if one.witness else signs.NONE,
            )
            for one in shown[:200]
        ]
        heads = ("what", "is", "because", "covered by", "the mail that shows it")
        text = "\n".join([repr(self), *map(repr, shown[:40])])
        return _html.frame(
            text, _html.table(heads, rows, caption=repr(self)[1:-1], sentences=True) + _used_html(self.assumptions)
        )


_MARKS = {
    "dead": (f"{signs.NO} dead", "bad"),
    "redundant": ("redundant", "warn"),
    "possibly": ("? possibly", "note"),
    "always": (f"{signs.YES} reached", "good"),
}


def _used_html(assumptions: Sequence[Assumption]) -> str:
    """What the answer rests on, folded."""
    rows = [
        (_html.code(one.name), _html.escape(one.value), _html.escape(one.tag), _html.prose(one.meaning, 300))
        for one in assumptions
    ]
    if not rows:
        return ""
    body = _html.table(("open point", "read as", "known how", "what it is"), rows)
    return _html.details(_html.escape(f"rests on {count(len(rows), 'open point')} of SES"), body)


def unreachable(account: Account, *, assumptions: Assumptions | None = None) -> Unreachable:
    """What of the filters and of the active rule set can never take effect, and what nothing would change without.

    Parameters
    ----------
    account : Account
        The account; one that SES would not take may be asked about, too.
    assumptions : Assumptions, optional
        How the open points of SES are read.

    Returns
    -------
    Unreachable
        With the reason, what covers it, and a mail that shows it for each.

    Notes
    -----
    Lists that AWS keeps of clients are not in an account and are not looked at. Functions are taken to answer anything.
    Time is linear in the conditions and at most quadratic in the rules: 200 rules of 100 conditions and 100 filters
    take seconds (``tests/benchmarks/bench_prove.py``).

    Examples
    --------
    >>> import sesreceive as ses
    >>> everybody = ses.ReceiptRule(name="everybody", enabled=True, actions=(ses.StopAction(),))
    >>> ana = ses.ReceiptRule(name="ana", enabled=True, recipients=("ana@example.com",))
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main",
    ...     rule_sets=(ses.ReceiptRuleSet(name="main", rules=(everybody, ana)),),
    ... )
    >>> found = unreachable(account)
    >>> found.rule("ana")
    <rule ana is dead: `everybody` stops the rule set for all of its recipients>
    >>> found.rule("ana").witness.receive(account).rules
    ('everybody',)
    """
    reach = Reachability(account, assumptions)
    return Unreachable.of(reach, parts(reach))
