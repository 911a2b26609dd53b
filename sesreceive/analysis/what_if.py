"""What would have become of mail that was received, had something been otherwise, and where the two ways part.

Otherwise may be the account, a verdict, or what a function answers. `replayed` sends receptions once more through the
pipeline, `differences` lays both ends side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from sesreceive import _html
from sesreceive.account.account import Account
from sesreceive.analysis.rerun import reruns
from sesreceive.errors import InputError, one_line
from sesreceive.reading.changes import Change, Where, changes
from sesreceive.reception import Reception
from sesreceive.report.frames import frame_of_rows
from sesreceive.wording import count, expected

if TYPE_CHECKING:
    import pandas as pd

    from sesreceive.analysis.comparison import Comparison

__all__ = ["Change", "Difference", "Differences", "Where", "changes", "differences", "label", "replayed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A message that would end differently.

    Attributes
    ----------
    message : str
        Its name, or ``#`` and its number.
    before, after : Reception
        Both ends.
    changes : tuple of Change
        All that differs, in the order mail comes by: what a rule does follows on whether it fires. The first is where
        the ways part.
    """

    message: str
    before: Reception
    after: Reception
    changes: tuple[Change, ...]

    def __repr__(self) -> str:
        """One line: where the ways part."""
        more = f", and {count(len(self.changes) - 1, 'more change')}" if len(self.changes) > 1 else ""
        return f"<{one_line(self.message)}: {one_line(self.changes[0])}{more}>"


# Changes that are shown before the rest is folded.
_UNFOLDED = 20


class Differences(Sequence[Difference]):
    r"""The messages that would end differently, in the order they were received.

    Parameters
    ----------
    found : iterable of Difference
        Those that differ.
    compared : int
        How many were looked at.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, actions=(ses.S3Action(bucket_name="inbox"),))
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> receiver = ses.Receiver(account, seed=1)
    >>> recipients = ("ana@example.com", "bo@example.net")
    >>> received = [receiver.receive(b"\r\n", rcpt_to=[to], client_ip="192.0.2.1") for to in recipients]
    >>> stricter = account.with_filter(ses.ReceiptFilter.block("192.0.2.0/24", name="test-net"))
    >>> found = differences(received, replayed(received, stricter))
    >>> found
    <Differences: 1 of 2 messages would end differently>
    >>> for change in found[0].changes[:2]:
    ...     print(change)
    recipient ana@example.com: 250 Ok → 550 5.7.1 IP address blacklisted by recipient (Block filter `test-net` ...)
    rule all: fires → is not looked at (the message is refused)
    """

    def __init__(self, found: Iterable[Difference], compared: int) -> None:
        self._found = tuple(found)
        self.compared = compared

    @overload
    def __getitem__(self, key: int) -> Difference: ...
    @overload
    def __getitem__(self, key: slice) -> Sequence[Difference]: ...
    def __getitem__(self, key: int | slice) -> Difference | Sequence[Difference]:
        """One of them, or some."""
        return self._found[key]

    def __len__(self) -> int:
        """How many would end differently."""
        return len(self._found)

    def frame(self) -> pd.DataFrame:
        """One row per change, by message as received, then in the order mail comes by; empty when all ends alike.

        Returns
        -------
        pandas.DataFrame
            message : string     name of the message, or ``#`` and its number
            where : category     recipient, verdict, rule, effect, contents, order of rules or stop
            subject : string     which recipient, verdict, rule or effect
            before : string      what it came to; ``–`` for nothing
            after : string       what it would come to
            why : string         the reason, as the trace gives it
        """
        rows = [
            (one.message, str(change.where), change.subject, change.before, change.after, change.why)
            for one in self._found
            for change in one.changes
        ]
        names = ("message", "where", "subject", "before", "after", "why")
        return frame_of_rows(rows, {**dict.fromkeys(names, "string"), "where": [str(one) for one in Where]})

    def __repr__(self) -> str:
        """One line: how many."""
        return f"<Differences: {len(self)} of {count(self.compared, 'message')} would end differently>"

    def _repr_html_(self) -> str:
        rows = [
            (
                _html.prose(one.message, 200),
                _html.prose(f"{change.where} {change.subject}", 200),
                _html.prose(change.before, 200),
                _html.prose(change.after, 200),
                _html.prose(change.why, 300),
            )
            for one in self._found[:200]
            for change in one.changes
        ]
        heads = ("message", "where", "before", "after", "why")
        rich = _html.table(heads, rows[:_UNFOLDED], caption=repr(self)[1:-1], sentences=True)
        if rest := rows[_UNFOLDED:]:
            rich += _html.details(count(len(rest), "more change"), _html.table(heads, rest, sentences=True))
        return _html.frame(repr(self), rich)


def replayed(receptions: Iterable[Reception], /, *arguments: Any, **circumstances: Any) -> tuple[Reception, ...]:
    """What would have become of messages under other circumstances; nothing is performed.

    Parameters
    ----------
    receptions : iterable of Reception
        What became of them; a `Report` or ``server.receptions``, too.
    account : Account, optional
        Another configuration; may be given without its name.
    **circumstances
        ``account``, ``assumptions``, ``answers``, ``verdicts``, ``functions`` and ``receiver``, as
        `sesreceive.analysis.rerun.rerun` takes them.

    Raises
    ------
    ValidationError
        When the account breaks documented constraints, or there is no such verdict.
    """
    if arguments:
        (circumstances["account"],) = arguments
    return tuple(reruns(receptions, **circumstances))


@overload
def differences(before: Account, after: Account) -> Comparison: ...
@overload
def differences(before: Iterable[Reception], after: Iterable[Reception]) -> Differences: ...
def differences(
    before: Account | Iterable[Reception], after: Account | Iterable[Reception]
) -> Comparison | Differences:
    """Where two series of receptions of the same messages part; of two accounts, where they treat any mail differently.

    Parameters
    ----------
    before, after : iterable of Reception, or Account
        Receptions of the same messages, in the same order; or two accounts, which `analysis.compare.compare` is asked
        about.

    Raises
    ------
    InputError
        When one is an account and the other is not.
    ValueError
        When one series is longer than the other.
    """
    if isinstance(before, Account) and isinstance(after, Account):
        # What compares accounts shows its answer as receptions, so it stands above.
        from sesreceive.analysis.compare import compare

        return compare(before, after)
    if isinstance(before, Account) or isinstance(after, Account):
        kinds = " and ".join(type(side).__name__ for side in (before, after))
        raise InputError(expected("two accounts or two series of receptions", kinds))
    differing, compared = [], 0
    for number, (was, would_be) in enumerate(zip(before, after, strict=True)):
        compared += 1
        if changed := changes(was, would_be):
            differing.append(Difference(message=label(was, number), before=was, after=would_be, changes=changed))
    return Differences(differing, compared)


def label(reception: Reception, number: int) -> str:
    """What a message is called: its name, or ``#`` and its number, counted from 0."""
    return reception.name or f"#{number}"
