"""What rules do to a message, in a form in which two accounts that do the same are equal.

A message meets a list of rules. What they do is a tree: a piece in which nothing is asked, then a function whose answer
decides how it goes on, or a size. Pieces are written in a normal form and trees are numbered, each once, in a table
that both accounts share: two of them do the same, whatever functions answer, if they have the same number.

Inside a piece the effects on one target (bucket, topic, function, organisation, address) keep their order; those on
different targets do not tell which came first, unless asked to.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sesreceive.account.action import ReceiptAction
from sesreceive.account.rule_set import ReceiptRule
from sesreceive.analysis.action_targets import is_visible, names_recipients, targets
from sesreceive.analysis.classes import SizeClass
from sesreceive.analysis.walk import refuses
from sesreceive.analysis.witness import Answer
from sesreceive.assumption import Assumptions
from sesreceive.effects import Flow

__all__ = ["Programs", "TooManyWays"]

Number = int
Fired = Sequence[tuple[int, ReceiptRule]]
Recipients = Callable[[int], Hashable]

# Headers that rules add only if functions say so make a state of each set of them; no rule set that is meant has more.
_MOST_STATES = 200


class TooManyWays(Exception):  # noqa: N818 - it never leaves this package
    """Which headers are added depends on so many answers that the ways were not counted to the end."""


@dataclass(frozen=True, slots=True)
class _At:
    """A place in a program: the next action of a rule, and the headers that were added on the way."""

    place: int
    action: int
    added: tuple[ReceiptAction, ...]
    before_rule: tuple[ReceiptAction, ...]


class Programs:
    """Numbers of what lists of rules do.

    Parameters
    ----------
    assumptions : Assumptions
        The readings of sizes, scans and headers.
    order : str
        ``target``: order counts where two effects touch the same target; ``all``: it always counts.
    """

    def __init__(self, assumptions: Assumptions, order: str = "target") -> None:
        self.assumptions = assumptions
        self.order = order
        self._numbers: dict[Any, Number] = {}
        self._forms: list[Any] = []
        self._states = 0
        self._end: Hashable = ()  # what stands behind the last rule of the program that is being numbered

    def number(
        self,
        fired: Fired,
        size: SizeClass,
        recipients: Recipients = lambda position: None,
        *,
        strict: bool = False,
        scans: bool | None = None,
        goes_on: bool = False,
    ) -> Number:
        """The number of what these rules do to a message of a size.

        Parameters
        ----------
        fired : sequence of (int, ReceiptRule)
            The rules that match, with their positions.
        recipients : callable
            Whom the rule in a position matches; a key for them will do.
        strict : bool
            Whether a header counts that is added and that nobody sees. Cheaper; that numbers differ means less.
        scans : bool, optional
            Whether another rule has the message scanned for all; asked of these rules if not given.
        goes_on : bool
            Whether it counts that the last rule is left behind, since other rules follow.

        Raises
        ------
        TooManyWays
            When too many sets of headers are possible; never with `strict`.
        """
        self._states = 0
        if not any(map(_adds_header, (action for _, rule in fired for action in rule.actions))):
            strict = True  # it makes no difference then
        elif self.assumptions.added_header_scope == "rule":
            strict = False  # a header ends with its rule, which is no place that strict trees keep
        scans = self.scans(fired) if scans is None else scans
        self._end = ("on",) if goes_on else ()
        known: dict[_At, Number] = {}
        if strict:  # from the end, so that no node waits for another
            for start in _starts(fired, size):
                self._node(fired, start, size, recipients, scans, strict, known)
        return self._node(fired, _At(0, -1, (), ()), size, recipients, scans, strict, known)

    def scans(self, fired: Fired) -> bool:
        """Whether one of these rules has a message scanned for all of them."""
        return self.assumptions.scan_scope == "per-message" and any(rule.scan_enabled for _, rule in fired)

    def parting(self, one: Number, other: Number) -> tuple[Answer, ...]:
        """The answers of functions with which two trees that differ part, in order of the calls.

        None are needed where they differ although every function goes on. Else it is the way to where they part, at
        which the functions that come next end the set, so that nothing behind them makes up for it.
        """
        if self._going_on(one) != self._going_on(other):
            return ()
        forms = self._forms
        answers: list[Answer] = []
        while one != other:
            (piece, tail), (other_piece, other_tail) = forms[one], forms[other]
            asks = bool(tail) and tail[0] == "ask"
            if not asks or piece != other_piece or tail[:2] != other_tail[:2]:
                next_asked = [end[1][0] for end in (tail, other_tail) if end and end[0] == "ask"]
                ends = dict.fromkeys(getattr(action, "function_arn", "") for action in next_asked)
                answers.extend(Answer(arn, Flow.STOP_RULE_SET) for arn in ends)
                break
            flow, at = (Flow.CONTINUE, 2) if tail[2] != other_tail[2] else (Flow.STOP_RULE, 3)
            answers.append(Answer(getattr(tail[1][0], "function_arn", ""), flow))
            one, other = tail[at], other_tail[at]
        return tuple(answers)

    def _going_on(self, number: Number) -> dict[Hashable, list[Hashable]]:
        """The effects by target where every function goes on."""
        rows: dict[Hashable, list[Hashable]] = {}
        tail: Any = (None, None, number)
        while tail and tail[0] in (None, "ask"):
            piece, after = self._forms[tail[2]]
            for target, row in piece if isinstance(piece, frozenset) else ():
                rows.setdefault(target, []).extend(row)
            tail = after if isinstance(after, tuple) else ()
            if tail and tail[0] == "ask":
                target = None if self.order == "all" else ("Invoke", getattr(tail[1][0], "function_arn", ""))
                rows.setdefault(target, []).append((("Invoke", getattr(tail[1][0], "function_arn", "")), tail[1]))
        return rows

    def _node(
        self,
        fired: Fired,
        at: _At,
        size: SizeClass,
        recipients: Recipients,
        scans: bool,
        strict: bool,
        known: dict[_At, Number],
    ) -> Number:
        if at in known:
            return known[at]
        self._states += 1
        if not strict and (self._states > _MOST_STATES):
            raise TooManyWays
        piece = _Piece(self.order, at.added)
        place, index, before_rule = at.place, at.action, at.before_rule
        tail: Hashable = ()

        def follow(place: int, action: int) -> Number:
            added = () if strict else piece.added
            if action == -1 and self.assumptions.added_header_scope == "rule" and not strict:
                added = before_rule
            start = _At(place, action, added, before_rule if action >= 0 else added)
            return self._node(fired, start, size, recipients, scans, strict, known)

        while place < len(fired):
            position, rule = fired[place]
            sees = rule.scan_enabled or scans
            if index < 0:
                before_rule = piece.added
                index = 0
                first = next((one for one in rule.actions if refuses(one)), None)
                if first is not None and self.assumptions.oversize_scope == "rule" and size is not SizeClass.SMALL:
                    bounce = (("oversize", recipients(position)), piece.seen(sees))
                    if size is SizeClass.EDGE:
                        given_up = self._bounced(bounce, follow(place + 1, -1))
                        tail = ("size", sees, piece.added, follow(place, 0), given_up)
                        break
                    piece.put("bounce", bounce)
                    place, index = place + 1, -1
                    continue
            if index >= len(rule.actions):
                if self.assumptions.added_header_scope == "rule":
                    piece.added = before_rule
                place, index = place + 1, -1
                continue
            action = rule.actions[index]
            what = self._what(action, rule, recipients(position), piece.seen(sees))
            if refuses(action) and size is not SizeClass.SMALL:
                bounce = (("oversize", recipients(position)), piece.seen(sees))
                if size is SizeClass.EDGE:
                    refused = self._bounced(bounce, follow(place, index + 1))
                    taken = self._node_number(((what,), follow(place, index + 1)))
                    tail = ("size", sees, piece.added, taken, refused)
                    break
                piece.put("bounce", bounce)
                index += 1
                continue
            if action.waits:
                tail = ("ask", what, follow(place, index + 1), follow(place + 1, -1))
                break
            for target in targets(action) if is_visible(action) else ():
                piece.put(target, what)
            if _adds_header(action):
                piece.add(action, strict)
            flow = action.flow()
            if flow is Flow.STOP_RULE_SET:
                break
            index = len(rule.actions) if flow is Flow.STOP_RULE else index + 1
        else:
            tail = self._end
        number = self._node_number((piece.form(), tail))
        known[at] = number
        return number

    def _bounced(self, bounce: Hashable, after: Number) -> Number:
        return self._node_number((("bounce", bounce), after))

    def _node_number(self, form: Any) -> Number:
        number = self._numbers.get(form)
        if number is None:
            number = self._numbers[form] = len(self._forms)
            self._forms.append(form)
        return number

    @staticmethod
    def _what(action: ReceiptAction, rule: ReceiptRule, recipients: Hashable, seen: Hashable) -> Hashable:
        """What of a message and its rule is in what the action writes."""
        # The name of the rule is in the encryption context of an object.
        name = rule.name if getattr(action, "kms_key_arn", None) else ""
        return action, name, recipients if is_visible(action) and names_recipients(action) else None, seen


def _adds_header(action: ReceiptAction) -> bool:
    return type(action).adds_headers is not ReceiptAction.adds_headers


def _starts(fired: Fired, size: SizeClass) -> Iterator[_At]:
    """Where a node of a strict tree can begin, the last first."""
    for place in range(len(fired) - 1, -1, -1):
        actions = fired[place][1].actions
        yield _At(place + 1, -1, (), ())
        for index in range(len(actions) - 1, -1, -1):
            if actions[index].waits or (size is SizeClass.EDGE and refuses(actions[index])):
                yield _At(place, index + 1, (), ())
        if size is SizeClass.EDGE:
            yield _At(place, 0, (), ())


class _Piece:
    """Effects between two questions, by target or in one row; and the headers that were added."""

    def __init__(self, order: str, added: tuple[ReceiptAction, ...]) -> None:
        self.one_row = order == "all"
        self.added = added
        self.by_target: dict[Hashable, list[Hashable]] = {}

    def seen(self, scanned: bool) -> Hashable:
        """What an action sees besides the message: the verdicts of a scan, and headers."""
        return scanned, self.added

    def put(self, target: Hashable, what: Hashable) -> None:
        """One effect more."""
        self.by_target.setdefault(None if self.one_row else target, []).append((target, what))

    def add(self, action: ReceiptAction, strict: bool) -> None:
        """One header more; with `strict` it is an effect, too."""
        self.added = (*self.added, action)
        if strict:
            self.by_target.setdefault("header", []).append(action)

    def form(self) -> Hashable:
        """The normal form."""
        return frozenset((target, tuple(row)) for target, row in self.by_target.items())
