"""The trace as a tree, ready to be shown: what stands in a line, and which lines are folded away.

Text and HTML draw the same tree, so they say the same words in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sesreceive.trace.events import Kind, Op, Stage, TraceEvent

__all__ = ["FOLD", "MARKS", "Fold", "Node", "tree"]

# A mark for the eye; the word next to it says the same.
MARKS: Mapping[Op, str] = {
    Op.ENTER: "•",
    Op.MATCH: "✓",
    Op.MISS: "✗",
    Op.SKIP: "–",
    Op.EFFECT: "→",
    Op.FAIL: "!",
    Op.STOP: "■",
    Op.EXIT: "•",
}

# Where the name of an op would be read wrongly: a recipient does not "match", a check is not "missed".
_WORDS: Mapping[tuple[Kind, Op], str] = {
    (Kind.RECIPIENT, Op.MATCH): "accepted",
    (Kind.RECIPIENT, Op.MISS): "refused",
    (Kind.CHECK, Op.MATCH): "yes",
    (Kind.CHECK, Op.MISS): "no",
}
# Facts of a check that say more than "yes" or "no": an SPF result, a verdict.
_RESULTS = ("result", "verdict")

# The steps as the Developer Guide counts them ("Email receiving concepts"); checking identity and content is one.
_STEPS: Mapping[Stage, str] = {
    Stage.FILTERING: "step 1, filtering",
    Stage.RECIPIENTS: "step 2, recipients",
    Stage.AUTHENTICATION: "step 3, authentication",
    Stage.SCANNING: "step 3, scanning",
    Stage.EVALUATION: "step 4, evaluation",
}

# Of a longer run of lines that miss or are skipped, this many are shown.
FOLD = 12
_FOLDED = (Op.MISS, Op.SKIP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One line, and the lines below it.

    Attributes
    ----------
    op : Op
        What happened; decides the mark.
    word : str
        What happened, in a word.
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
        return MARKS[self.op]


@dataclass(frozen=True, slots=True)
class Fold:
    """A run of lines that came to nothing in the same way."""

    nodes: tuple[Node, ...] = field(repr=False)
    summary: str = ""


def tree(trace: Iterable[TraceEvent], *, fold: int | None = FOLD) -> tuple[Node, ...]:
    """The steps of one message, each with what was considered in it.

    Parameters
    ----------
    trace : iterable of TraceEvent
        The events, in order.
    fold : int, optional
        How many lines in a row may miss or be skipped alike before the rest is folded away; None for all.

    Examples
    --------
    >>> from sesreceive.trace.events import TraceLog
    >>> log = TraceLog(Stage.FILTERING)
    >>> with log.within(Kind.STAGE, "192.0.2.1", "none of 30 filters contains 192.0.2.1"):
    ...     for number in range(30):
    ...         log.add(Kind.FILTER, Op.MISS, f"f{number}", "does not contain it")
    >>> [step] = tree(log.events())
    >>> step.label, len(step.inside), step.inside[-1].summary
    ('step 1, filtering: 192.0.2.1', 13, '18 more filters miss')
    """
    inside: dict[int, list[TraceEvent]] = {}
    known = {-1}
    for event in trace:
        # An event whose place is not in this trace, as in a selection of events, stands at the top.
        inside.setdefault(event.parent if event.parent in known else -1, []).append(event)
        known.add(event.seq)
    top = sorted(inside.get(-1, ()), key=lambda event: _ORDER[event.stage])
    grow = _Growth(inside, fold)
    return tuple(grow.step(stage, tuple(events)) for stage, events in groupby(top, key=lambda event: event.stage))


_ORDER = {stage: number for number, stage in enumerate(Stage)}


@dataclass(frozen=True, slots=True)
class _Growth:
    """What all nodes of one tree are made with."""

    inside: Mapping[int, Sequence[TraceEvent]]
    fold: int | None

    def step(self, stage: Stage, events: Sequence[TraceEvent]) -> Node:
        """One step: its own event where it has one, else a heading over its events."""
        name = _STEPS[stage]
        first = events[0]
        if len(events) > 1 or first.kind is not Kind.STAGE:
            return Node(op=Op.ENTER, word="", label=name, inside=self.below(events))
        label = f"{name}: {first.subject}" if first.subject not in ("", str(stage)) else name
        return Node(
            op=first.op, word="", label=label, reason=first.reason, inside=self.below(self.inside.get(first.seq, ()))
        )

    def node(self, event: TraceEvent) -> Node:
        """One event and what lies in it."""
        events = self.inside.get(event.seq, ())
        if len(events) == 1 and events[0].reason == event.reason and events[0].seq not in self.inside:
            events = ()  # a rule with one condition says what the condition says
        return Node(op=event.op, word=_word(event), label=_label(event), reason=event.reason, inside=self.below(events))

    def below(self, events: Iterable[TraceEvent]) -> tuple[Node | Fold, ...]:
        """The nodes of some events that stand side by side, long runs of them folded."""
        shown: list[Node | Fold] = []
        for (kind, op), run in groupby(events, key=lambda event: (event.kind, event.op)):
            nodes = [self.node(event) for event in run]
            if self.fold is not None and op in _FOLDED and len(nodes) > self.fold + 1:
                summary = f"{len(nodes) - self.fold} more {kind}s {_COUNTED[op]}"
                shown += [*nodes[: self.fold], Fold(tuple(nodes[self.fold :]), summary)]
            else:
                shown += nodes
        return tuple(shown)


_COUNTED: Mapping[Op, str] = {Op.MISS: "miss", Op.SKIP: "are skipped"}


def _word(event: TraceEvent) -> str:
    if event.kind is Kind.CHECK and event.op in (Op.MATCH, Op.MISS):
        result = next((event.data[name] for name in _RESULTS if name in event.data), None)
        if isinstance(result, str):
            return str(result)
    return _WORDS.get((event.kind, event.op), str(event.op))


def _label(event: TraceEvent) -> str:
    match event.kind:
        case Kind.CHECK | Kind.STAGE:
            return event.subject
        case Kind.ACTION:
            return f"{event.subject} #{event.action + 1}"
        case Kind.EFFECT:
            # The reason of an effect that took place starts with the operation.
            return "" if event.reason.startswith(event.subject) else event.subject
        case Kind.RECIPIENT:
            reply = event.data.get("reply", "")
            return f"recipient {event.subject} → {reply}" if reply else f"recipient {event.subject}"
        case _:
            return f"{event.kind} `{event.subject}`"
