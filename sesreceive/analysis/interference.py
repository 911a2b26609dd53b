"""Recipients of one message that get in each other's way: the rule for one changes what happens for another.

Rules are asked once a message, not once a recipient. A rule that one recipient matches may end the rule set before the
rules of another, have the message bounced that another gets, or add a header to what is stored for another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, overload

from sesreceive import _html, signs
from sesreceive.account.account import Account
from sesreceive.analysis.classes import RecipientClass
from sesreceive.analysis.meetings import Meeting, Meetings
from sesreceive.analysis.open_points import Otherwise, otherwise, used
from sesreceive.analysis.reachability import Reachability
from sesreceive.analysis.walk import Certainty, Need
from sesreceive.analysis.witness import Witness
from sesreceive.assumption import Assumption, Assumptions
from sesreceive.errors import one_line
from sesreceive.report.frames import frame_of_rows
from sesreceive.shown import Shown
from sesreceive.wording import count

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Influence", "Interference", "interference"]

# kind → what happens, with the names of both rules and both recipients
_SENTENCES = {
    "stop": "`{rule}` stops the rule set for {one}, so `{changed}` does nothing for {two}",
    "answer": "a function of `{rule}` ends the rule set for {one}, so `{changed}` does nothing for {two}",
    "header": "what `{changed}` does for {two} has the header that `{rule}` adds for {one}",
    "bounce": "`{rule}` has the message bounced for {one}, and `{changed}` takes it for {two}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence(Shown):
    """A rule that changes what another rule does for somebody else in the same message.

    Attributes
    ----------
    kind : str
        ``stop``: it ends the rule set before the other. ``answer``: a function of it may. ``header``: it adds a header
        that the other's effects have. ``bounce``: the sender is told that the message bounced, and the other takes it.
    rule, changed : str
        Names of the rule and of the other.
    recipient, other : RecipientClass
        Whom the rule matches, and whom the other matches and the rule does not.
    certainty : Certainty
        ``always`` in such a message, or ``possibly``, if functions answer so.
    needs : tuple of str
        For ``possibly``: what functions have to answer.
    witness, alone : Witness
        The smallest message to both, and the same to the other alone.
    """

    kind: str
    rule: str
    changed: str
    recipient: RecipientClass
    other: RecipientClass
    certainty: Certainty
    needs: tuple[str, ...] = ()
    meeting: Meeting = field(repr=False, compare=False)
    reach: Reachability = field(repr=False, compare=False)

    @property
    def because(self) -> str:
        """What happens, as one sentence."""
        rule, changed = one_line(self.rule, 64), one_line(self.changed, 64)
        return _SENTENCES[self.kind].format(rule=rule, changed=changed, one=self.recipient.text, two=self.other.text)

    @property
    def witness(self) -> Witness:
        """The smallest message to both."""
        return self._mail((self.recipient, self.other), self.meeting.needs)

    @property
    def alone(self) -> Witness:
        """The same message to the other alone, who is answered and served as in no company."""
        return self._mail((self.other,), self.meeting.needs_alone)

    def _mail(self, recipients: Iterable[RecipientClass], needs: Sequence[Need]) -> Witness:
        mail = self.reach.mail(*recipients, tls=self.meeting.tls, size=self.meeting.size)
        answers = tuple(answer for need in needs if (answer := need.answer) is not None)
        return Witness(envelope=mail.envelope, size_bytes=mail.size_bytes, answers=answers)

    def __repr__(self) -> str:
        """One line."""
        needs = f" if {one_line(' and '.join(self.needs), 300)}" if self.needs else ""
        return f"<{one_line(self.because, 500)}{needs}>"


class Interference(Sequence[Influence]):
    """What rules do to the other recipients of a message; true in a condition where there is anything.

    Attributes
    ----------
    account : Account
        The account that was asked about.
    assumptions : tuple of Assumption
        The open points of SES that the answer rests on.
    """

    def __init__(self, account: Account, influences: Iterable[Influence], assumptions: Assumptions | None) -> None:
        self.account = account
        self._influences = tuple(influences)
        self._read = assumptions
        self.assumptions: tuple[Assumption, ...] = used(account, assumptions=assumptions)

    @overload
    def __getitem__(self, key: int) -> Influence: ...
    @overload
    def __getitem__(self, key: slice) -> Sequence[Influence]: ...
    def __getitem__(self, key: int | slice) -> Influence | Sequence[Influence]:
        """One of them, or some."""
        return self._influences[key]

    def __len__(self) -> int:
        """How many pairs of rules, by kind."""
        return len(self._influences)

    def assumed(self) -> tuple[Otherwise, ...]:
        """The open points of SES where another reading would answer otherwise; the question is asked once for each."""

        def ask(assumptions: Assumptions) -> str:
            influences = interference(self.account, assumptions=assumptions)
            return (
                "; ".join(f"{one.rule}, {one.kind}: {one.changed}" for one in influences) or "no rule changes anything"
            )

        return otherwise(ask, self.assumptions, self._read)

    def frame(self) -> pd.DataFrame:
        """One row for each two rules and kind, in the order of the rules; empty where nobody gets in another's way.

        Returns
        -------
        pandas.DataFrame
            kind : category        stop, answer, header or bounce
            rule : string          the rule
            recipient : string     whom it matches
            changed : string       the rule that does otherwise
            other : string         whom that one matches
            certainty : category   always, or possibly: if functions answer so
            needs : string         what they have to answer, separated by ``and``
            witness : string       the mail that shows it, as a line
        """
        rows = [
            (
                one.kind,
                one.rule,
                one.recipient.text,
                one.changed,
                one.other.text,
                str(one.certainty),
                " and ".join(one.needs),
                one.witness.text,
            )
            for one in self._influences
        ]
        names = ["kind", "rule", "recipient", "changed", "other", "certainty", "needs", "witness"]
        kinds = {
            "kind": list(_SENTENCES),
            "certainty": [str(one) for one in Certainty],
        }
        return frame_of_rows(rows, {**dict.fromkeys(names, "string"), **kinds})

    def __repr__(self) -> str:
        """One line: how many rules change what others do, and how many others."""
        if not self:
            return "<Interference: no rule changes what happens for another recipient of the same message>"
        rules = len({one.rule for one in self._influences})
        others = len({one.changed for one in self._influences})
        verb, changed = "changes" if rules == 1 else "change", count(others, "rule")
        return f"<Interference: {count(rules, 'rule')} {verb} what {changed} would do for another recipient>"

    def _repr_html_(self) -> str:
        groups: dict[tuple[str, str], list[Influence]] = {}
        for one in self._influences:
            groups.setdefault((one.rule, one.kind), []).append(one)
        rows = []
        for some in groups.values():
            first = min(some, key=lambda one: len(one.needs))
            others = [_html.code(one_line(one.changed, 64)) for one in some if one is not first]
            rows.append(
                (
                    _html.prose(first.because, 500),
                    _html.mark(*_MARKS[first.certainty]),
                    _html.prose(" and ".join(first.needs), 300) or signs.NONE,
                    ", ".join(others[:40]) or signs.NONE,
                    _html.prose(first.witness.text, 400),
                )
            )
        heads = ("in one message", "is so", "if", "and the same for", "the mail that shows it")
        text = "\n".join([repr(self), *map(repr, self._influences[:40])])
        caption = repr(self)[1:-1]
        body = _html.table(heads, rows, caption=caption, sentences=True) if rows else f"<p>{_html.escape(caption)}</p>"
        return _html.frame(text, body)


_MARKS = {Certainty.ALWAYS: (f"{signs.YES} always", "note"), Certainty.POSSIBLY: ("? possibly", "note")}


def interference(account: Account, *, assumptions: Assumptions | None = None) -> Interference:
    """For which two recipients of one message the rule for one changes what happens for the other.

    Parameters
    ----------
    account : Account
        The account.
    assumptions : Assumptions, optional
        How the open points of SES are read.

    Returns
    -------
    Interference
        One row for each two rules and kind, with two recipients and the smallest message to both.

    Notes
    -----
    Looked at are rules with Stop, Bounce or Lambda, and AddHeader, which changes what others get, too; not looked at
    are messages close to the size limit of SNS actions, and that one rule's scan may show in another
    (``Assumptions(scan_scope="per-message")``). For *r* rules and *g* different sets of rules that recipients match,
    the time is of the order *g r* + *r*², whatever the number of recipients
    (``tests/benchmarks/bench_prove.py``).

    Examples
    --------
    >>> import sesreceive as ses
    >>> kept = ses.S3Action(bucket_name="inbox")
    >>> ana = ses.ReceiptRule(
    ...     name="ana", enabled=True, recipients=("ana@example.com",), actions=(kept, ses.StopAction())
    ... )
    >>> bo = ses.ReceiptRule(name="bo", enabled=True, recipients=("bo@example.com",), actions=(kept,))
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(ana, bo)),)
    ... )
    >>> (influence,) = interference(account)
    >>> influence
    <`ana` stops the rule set for `ana@example.com`, so `bo` does nothing for `bo@example.com`>
    >>> influence.alone.receive(account).rules, influence.witness.receive(account).rules
    (('bo',), ('ana',))
    """
    reach = Reachability(account, assumptions)
    return Interference(account, (_influence(reach, meeting) for meeting in Meetings(reach)), assumptions)


def _influence(reach: Reachability, meeting: Meeting) -> Influence:
    needs = tuple(dict.fromkeys(need.text for need in meeting.needs))
    return Influence(
        kind=meeting.kind,
        rule=reach.rules[meeting.rule].name,
        changed=reach.rules[meeting.changed].name,
        recipient=meeting.one,
        other=meeting.two,
        certainty=Certainty.POSSIBLY if needs else Certainty.ALWAYS,
        needs=needs,
        meeting=meeting,
        reach=reach,
    )
