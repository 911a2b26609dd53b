"""The trace as a tree, ready to be shown: what stands in a line, and which lines are folded away.

Text and HTML draw the same tree, so they say the same words in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sesreceive.trace.events import Kind, Op, Stage, TraceEvent
from sesreceive.trace.facts import ConnectionFact, RecipientFact, ResultFact, StopFact
from sesreceive.trace.vocabulary import COUNTED, STEPS, TITLES, term
from sesreceive.wording import count

__all__ = ["Fold", "Node", "tree"]

# Of a longer run of lines that come to the same, this many are shown. Step 4 repeats what step 2 has said about the
# rules that do not match, and each recipient brings all rules with it.
_FOLD = 12
_FOLD_OF: Mapping[tuple[Stage, Kind], int] = {
    (Stage.EVALUATION, Kind.RULE): 2,
    (Stage.RECIPIENTS, Kind.RECIPIENT): 3,
}
# How many conditions of a rule its line names.
_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One line, and the lines below it.

    Attributes
    ----------
    op : Op
        What happened; decides the mark.
    word : str
        What happened, in a word; empty for the heading of a step.
    label : str
        What it is about: kind and name. Not escaped.
    reason : str
        Because of what. Not escaped.
    """

    op: Op
    word: str
    label: str
    reason: str = ""
    inside: tuple[Node | Fold, ...] = ()

    @property
    def mark(self) -> str:
        """The mark of `op`."""
        return term(None, self.op).mark


@dataclass(frozen=True, slots=True)
class Fold:
    """Lines that are folded away: a run that came to the same, or what few want to know.

    Attributes
    ----------
    nodes : tuple of Node
        The lines.
    summary : str
        What they are.
    aside : bool
        Whether a short text does not even mention them.
    """

    nodes: tuple[Node, ...] = field(repr=False)
    summary: str = ""
    aside: bool = False


def tree(trace: Iterable[TraceEvent]) -> tuple[Node, ...]:
    """The steps of one message, each with what was considered in it.

    Examples
    --------
    >>> from sesreceive.trace.events import TraceLog
    >>> log = TraceLog(Stage.FILTERING)
    >>> with log.within(Kind.STAGE, "192.0.2.1", "none of 30 filters contains 192.0.2.1"):
    ...     for number in range(30):
    ...         log.add(Kind.FILTER, Op.MISS, f"f{number}", "does not contain it")
    >>> [step] = tree(log.events())
    >>> step.label, len(step.inside), step.inside[-1].summary
    ('step 1, filtering of 192.0.2.1', 13, '18 more filters miss')
    """
    inside: dict[int, list[TraceEvent]] = {}
    known = {-1}
    for event in trace:
        # An event whose place is not in this trace, as in a selection of events, stands at the top.
        inside.setdefault(event.parent if event.parent in known else -1, []).append(event)
        known.add(event.seq)
    top = sorted(inside.get(-1, ()), key=lambda event: _ORDER[event.stage])
    grow = _Growth(inside)
    return tuple(grow.step(stage, tuple(events)) for stage, events in groupby(top, key=lambda event: event.stage))


_ORDER = {stage: number for number, stage in enumerate(Stage)}


@dataclass(frozen=True, slots=True)
class _Growth:
    """What all nodes of one tree are made with."""

    inside: Mapping[int, Sequence[TraceEvent]]

    def step(self, stage: Stage, events: Sequence[TraceEvent]) -> Node:
        """One step: its own event where it has one, else a heading over its events."""
        label = STEPS[stage].named(stage)
        first = events[0]
        if len(events) > 1 or first.kind is not Kind.STAGE:
            return Node(op=Op.ENTER, word="", label=label, inside=self.below(events))
        if first.subject not in ("", str(stage)):
            label += f" of {first.subject}"
        if isinstance(first.fact, ConnectionFact):
            label += ", accepted" if first.fact.accepted else ", refused"
        inside = _known(first) + self.below(self.inside.get(first.seq, ()))
        return Node(op=first.op, word="", label=label, reason=first.reason, inside=inside)

    def node(self, event: TraceEvent) -> Node:
        """One event and what lies in it."""
        op, reason, events = event.op, event.reason, list(self.inside.get(event.seq, ()))
        if events and events[-1].op is Op.STOP:
            op = Op.STOP
            if isinstance(events[-1].fact, StopFact) and not events[-1].fact.because:
                del events[-1]  # it ends the evaluation because that is what it does
        if event.kind is Kind.RULE and event.stage is Stage.RECIPIENTS:
            below: tuple[Node | Fold, ...] = self.conditions(event, events)
            if op is Op.MISS and len(events) > 1:
                reason = f"{reason} ({_some(event.subject for event in events)})"
        else:
            below = self.below(events)
        word = _word(event, op)
        return Node(
            op=op,
            word=word,
            label=_label(event),
            reason=reason.removeprefix(f"{word}: "),
            inside=below + _questions(event),
        )

    def conditions(self, rule: TraceEvent, events: Sequence[TraceEvent]) -> tuple[Fold, ...]:
        """The conditions of a rule, aside: the rule gives the reason, and one condition has nothing to add."""
        if not events or (len(events) == 1 and events[0].reason == rule.reason):
            return ()
        return (Fold(tuple(map(self.node, events)), f"{len(events)} conditions", aside=True),)

    def below(self, events: Iterable[TraceEvent]) -> tuple[Node | Fold, ...]:
        """The nodes of some events that stand side by side, long runs of them folded."""
        shown: list[Node | Fold] = []
        for (stage, kind, op), run in groupby(events, key=lambda event: (event.stage, event.kind, event.op)):
            nodes = [self.node(event) for event in run]
            most = _FOLD_OF.get((stage, kind), _FOLD)
            came_to = COUNTED.get((kind, op), COUNTED.get((None, op), ""))
            if came_to and len(nodes) > most + 1:
                shown += nodes[:most]
                shown.append(Fold(tuple(nodes[most:]), f"{len(nodes) - most} more {TITLES[kind]}s {came_to}"))
            else:
                shown += nodes
        return tuple(shown)


def _known(step: TraceEvent) -> tuple[Node, ...]:
    """How envelope and time are known, above what follows from them."""
    fact = step.fact
    if not isinstance(fact, ConnectionFact):
        return ()
    said = (("envelope", fact.envelope), ("time of arrival", fact.arrived))
    return tuple(Node(op=Op.ENTER, word="known", label=label, reason=how) for label, how in said if how)


def _some(subjects: Iterable[str]) -> str:
    """A few names, quoted."""
    names = [f"`{subject}`" for subject in subjects]
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")


def _questions(event: TraceEvent) -> tuple[Fold, ...]:
    """What a check asked of DNS."""
    asked = event.fact.questions if isinstance(event.fact, ResultFact) else ()
    nodes = tuple(Node(op=Op.ENTER, word="asked", label="DNS", reason=question) for question in asked)
    return (Fold(nodes, count(len(nodes), "DNS question"), aside=True),) if nodes else ()


def _word(event: TraceEvent, op: Op) -> str:
    # The result of SPF, a scanner's verdict: more than "yes" or "no".
    return event.result or term(event.kind, op).short


def _label(event: TraceEvent) -> str:
    match event.kind:
        case Kind.CHECK | Kind.STAGE:
            return event.subject
        case Kind.ACTION:
            # Inside the action, where the evaluation ends, the name has been said.
            return "" if event.op is Op.STOP else f"{event.subject} #{event.action + 1}"
        case Kind.EFFECT:
            # The reason of an effect that took place starts with the operation.
            return "" if event.reason.startswith(event.subject) else event.subject
        case Kind.RECIPIENT:
            answer = f" → {event.fact.reply}" if isinstance(event.fact, RecipientFact) else ""
            return f"recipient {event.subject}{answer}"
        case _:
            return f"{TITLES[event.kind]} `{event.subject}`"
