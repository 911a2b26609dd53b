"""The way of one message through the service, as boxes: what stands in each, how it came out, and why.

A pure reading of the trace; `flow` draws it. With `at`, the boxes are what was known at that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from sesreceive.account.filters import Policy
from sesreceive.plot.box import Box, Shape, State
from sesreceive.reading.moments import Moment, moments
from sesreceive.reception import Reception
from sesreceive.trace.events import Kind, Op, Stage, TraceEvent
from sesreceive.trace.facts import FilterFact, StopFact
from sesreceive.trace.vocabulary import NOT_REACHED, NOW, STEPS, TITLES, Tone, result, term
from sesreceive.wording import count

__all__ = ["path"]


# Boxes of a kind that are shown before the rest is counted, and names that a count mentions.
_SHOWN, _NAMED = 4, 6
# How the box of an event is drawn.
_STATES: Mapping[Op, State] = {
    Op.MATCH: State.ON,
    Op.MISS: State.OFF,
    Op.SKIP: State.SKIPPED,
    Op.EFFECT: State.ON,
    Op.FAIL: State.FAILED,
    Op.STOP: State.STOPPED,
}
# What several filters, or rules, come to that have no consequences.
_FOLDED: Mapping[Kind, str] = {Kind.FILTER: "do not contain it", Kind.RULE: term(Kind.RULE, Op.MISS).word}
# What an effect is called where they are counted.
_DONE: Mapping[str, str] = {
    "PutObject": "object stored",
    "Publish": "notification published",
    "Invoke": "function called",
    "SendBounce": "bounce sent",
    "DeliverToWorkMail": "delivery to WorkMail",
    "StartEmailContact": "contact started",
}


def path(reception: Reception, *, at: int | None = None, full: bool = False) -> tuple[Box, ...]:
    """The boxes from the connection to the outcome, in the order of the way.

    Parameters
    ----------
    reception : Reception
        What became of the message.
    at : int, optional
        Position in `moments`: what comes behind it is shown as not reached yet.
    full : bool
        Whether every filter, recipient and rule has a box, those without consequences too.

    Examples
    --------
    >>> import sesreceive as ses
    >>> account = ses.Account(identities=("example.com",), filters=(ses.ReceiptFilter.block("192.0.2.1", name="me"),))
    >>> reception = ses.Receiver(account, seed=1).receive(b"", rcpt_to=["ana@example.com"], client_ip="192.0.2.1")
    >>> for box in path(reception):
    ...     print(box.title, "|", box.word)
    192.0.2.1 connects | clear text
    Step 1: IP filters | blocked
    Step 2: recipients | none accepted
    550 5.7.1 IP address blacklisted by recipient | refused
    Step 3: authentication | not reached
    Step 3: content scanning | not reached
    Step 4: receipt rules | not reached
    """
    return _Path(reception, at, full).boxes()


class _Path:
    """The reading of one trace."""

    def __init__(self, reception: Reception, at: int | None, full: bool) -> None:
        self.reception = reception
        self.full = full
        self.inside: dict[int, list[TraceEvent]] = {}
        for event in reception.trace:
            self.inside.setdefault(event.parent, []).append(event)
        self.entered, self.left = {event.seq for event in reception.trace}, {event.seq for event in reception.trace}
        self.here = -1
        self.over = True
        if at is not None:
            stops = moments(reception.trace)
            gone = stops[: at + 1]
            self.entered = {moment.event.seq for moment in gone}
            self.left = {moment.event.seq for moment in gone if not moment.entering}
            self.over = at + 1 >= len(stops)
            self.here = self._shown(gone[-1]) if gone else -1

    def _shown(self, moment: Moment) -> int:
        """The event whose box shows a moment: conditions, effects, single checks and stops have none of their own."""
        event = moment.event
        while event.parent >= 0 and (
            event.kind in (Kind.CONDITION, Kind.EFFECT)
            or event.op is Op.STOP
            or (event.stage is Stage.RECIPIENTS and event.kind is not Kind.RECIPIENT)
        ):
            event = self.reception.trace[event.parent]
        return event.seq

    # ------------------------------------------------------------------ the way

    def boxes(self) -> tuple[Box, ...]:
        accepted = self.reception.accepted
        refused = [] if accepted else [self.end()]
        steps = [self.filtering(), *self.refusing(Stage.SENDER), self.recipients(), *self.refusing(Stage.BODY)]
        later = [self.step(Stage.AUTHENTICATION), self.step(Stage.SCANNING), self.evaluation()]
        return (self.start(), *steps, *refused, *later, *([self.end()] if accepted else []))

    def start(self) -> Box:
        envelope = self.reception.envelope
        tls = "over TLS" if envelope.tls else "clear text"
        sender = f"from {envelope.mail_from}" if envelope.mail_from else "from the null sender <>, as bounces are"
        named = f"{count(len(self.reception.recipients), 'recipient')} named"
        return Box(
            shape=Shape.START,
            state=State.ON,
            title=f"{envelope.client_ip or 'a client not known'} connects",
            word=tls,
            reason=f"it calls itself {envelope.helo or 'nothing'}; mail {sender}; {named}",
        )

    def filtering(self) -> Box:
        events = [event for event in self.inside.get(-1, ()) if event.stage is Stage.FILTERING]
        if not events:
            return self.unreached(Stage.FILTERING)
        top = events[0]
        accepted = self.reception.decision.accepted
        by = self.reception.decision.decided_by
        state, word = (State.ON, "let through") if accepted else (State.ENDED, "blocked")

        def box(event: TraceEvent) -> Box:
            decides = event.op is Op.MATCH and event.subject == by
            policy = event.fact.policy if isinstance(event.fact, FilterFact) else Policy.BLOCK
            leaf = self.leaf(event, f"{event.kind} {event.subject}", f"{policy}, decides" if decides else "")
            blocks = decides and not accepted and leaf.state is State.ON
            return replace(leaf, state=State.ENDED) if blocks else leaf

        inside = self.group(self.inside.get(top.seq, ()), box, Kind.FILTER)
        return self.container(Shape.STEP, top, _title(Stage.FILTERING), state, word, inside)

    def recipients(self) -> Box:
        events = [event for event in self.inside.get(-1, ()) if event.stage is Stage.RECIPIENTS]
        if not events:
            return self.unreached(Stage.RECIPIENTS, "no recipient was named")
        taken = sum(event.op is Op.MATCH for event in events)
        known = [event for event in events if event.seq in self.left]
        if len(known) < len(events):
            state, reason = self.progress([event.seq for event in events]), ""
            word = NOW.word if state is State.NOW else NOT_REACHED.word
        elif not taken:
            state, word = State.ENDED, "none accepted"
            reason = "without a recipient there is no message to look at"
        else:
            state, word = State.ON, f"{taken} of {len(events)} accepted" if len(events) > 1 else "accepted"
            reason = "under a verified domain, and some enabled rule matches"
            if taken < len(events):
                reason = "the rules are run for the accepted recipients only"
        inside: list[Box] = []
        shown = {event.seq for event in (events if self.full else events[:_SHOWN])} | {self.here}
        for (own, answer), run in groupby(events, key=lambda event: (event.seq in shown, self.answer(event))):
            rest = list(run)
            if own or len(rest) == 1:
                inside += [self.recipient(event, answer) for event in rest]
            else:
                inside.append(self.fold(rest, count(len(rest), "more recipient"), answer))
        return Box(
            shape=Shape.STEP,
            state=state,
            title=_title(Stage.RECIPIENTS),
            word=word,
            reason=reason,
            inside=tuple(inside),
        )

    def refusing(self, stage: Stage) -> list[Box]:
        """What refused the sender or the message as a whole; they have no box where nothing did."""
        events = [event for event in self.inside.get(-1, ()) if event.stage is stage and event.op is Op.MISS]
        word = term(Kind.RECIPIENT, Op.MISS).word
        boxes = [self.leaf(event, f"{_title(stage)}: {event.subject}", word, Shape.STEP) for event in events]
        return [replace(box, state=State.ENDED) if box.state is State.OFF else box for box in boxes]

    def recipient(self, event: TraceEvent, answer: str) -> Box:
        box = self.leaf(event, event.subject, answer)
        return replace(box, state=State.ENDED) if box.state is State.OFF else box

    def answer(self, event: TraceEvent) -> str:
        """How a recipient was answered, as far as that is known."""
        if event.seq not in self.left:
            return NOW.word if event.seq in self.entered else NOT_REACHED.word
        return term(Kind.RECIPIENT, event.op).word

    def step(self, stage: Stage) -> Box:
        events = [event for event in self.inside.get(-1, ()) if event.stage is stage]
        if not events:
            return self.unreached(stage)
        top = events[0]
        checks = self.inside.get(top.seq, ())
        off = all(event.op is Op.SKIP for event in checks)
        word = "off" if off else "scanned" if stage is Stage.SCANNING else "checked"

        def box(event: TraceEvent) -> Box:
            word = event.result
            leaf = self.leaf(event, event.subject, word)
            failed = leaf.state is State.OFF and bool(word) and result(word).tone in (Tone.BAD, Tone.WARN)
            reason = leaf.reason.removeprefix(f"{word}: ")
            return replace(leaf, reason=reason, state=State.FAILED if failed else leaf.state)

        inside = [box(event) for event in (checks if self.full else checks[: 2 * _SHOWN])]
        if len(inside) < len(checks):
            inside.append(self.fold(checks[len(inside) :], count(len(checks) - len(inside), "more check"), ""))
        state = State.SKIPPED if off else State.ON
        return self.container(Shape.STEP, top, _title(stage), state, word, inside)

    def evaluation(self) -> Box:
        events = [event for event in self.inside.get(-1, ()) if event.stage is Stage.EVALUATION]
        if not events:
            return self.unreached(Stage.EVALUATION)
        top = events[0]
        rules = self.inside.get(top.seq, ())
        fired = sum(event.op is Op.MATCH for event in rules)
        title = f"{_title(Stage.EVALUATION)} of {top.subject}" if top.subject else _title(Stage.EVALUATION)
        inside = self.group(rules, self.rule, Kind.RULE)
        state = State.ON if fired else State.OFF
        return self.container(Shape.STEP, top, title, state, f"{fired} of {len(rules)} fired", inside)

    def rule(self, event: TraceEvent) -> Box:
        if event.op is not Op.MATCH:
            return self.leaf(event, f"rule {event.subject}", "", Shape.RULE)
        acts: dict[tuple[int, bool], TraceEvent] = {}
        for inner in self.inside.get(event.seq, ()):
            acts[inner.action, inner.kind is Kind.ACTION] = inner
        # Where an action ends the evaluation, that is an event inside the action.
        inside = []
        for act in acts.values():
            last = next((event for event in self.inside.get(act.seq, ()) if event.op is Op.STOP), act)
            inside.append(self.action(act, last))
        ended = any(box.state is State.STOPPED for box in inside)
        word = term(Kind.RULE, Op.MATCH).word + (", left early" if ended else "")
        state = State.ON
        if event.subject == self.reception.stopped_by:
            state, word = State.STOPPED, term(Kind.RULE, Op.STOP).word
        return self.container(Shape.RULE, event, f"rule {event.subject}", state, word, inside)

    def action(self, act: TraceEvent, last: TraceEvent) -> Box:
        if act.kind is not Kind.ACTION:
            return self.leaf(act, act.subject, term(None, Op.FAIL).word, Shape.ACTION)
        word = term(Kind.ACTION, last.op).word
        box = self.leaf(act, f"{act.action + 1} {act.subject}", word, Shape.ACTION)
        if box.state in (State.AHEAD, State.NOW):
            return box
        # An action that ends the evaluation because that is what it does has said so itself.
        itself = isinstance(last.fact, StopFact) and not last.fact.because
        return replace(box, state=_STATES[last.op], reason=act.reason if itself else last.reason)

    def end(self) -> Box:
        reception = self.reception
        if not self.over:
            return Box(shape=Shape.END, state=State.AHEAD, title="Outcome", word=NOT_REACHED.word)
        if not reception.accepted:
            return Box(
                shape=Shape.END,
                state=State.ENDED,
                title=str(reception.reply),
                word="refused",
                reason=reception.decided.sentence,
            )
        counts: dict[str, int] = {}
        for effect in reception.effects:
            name = _DONE.get(effect.operation, effect.operation)
            counts[name] = counts.get(name, 0) + 1
        done = ", ".join(_counted(number, noun) for noun, number in counts.items())
        failed = sum(one.outcome.failed for one in reception.performed)
        also = f"; {count(failed, 'effect')} failed" if failed else ""
        return Box(
            shape=Shape.END,
            state=State.FAILED if failed else State.ON,
            title=str(reception.reply),
            word="accepted",
            reason=f"{done or 'nothing was done with it'}{also}; {reception.decided.sentence}",
        )

    # ------------------------------------------------------------------ kinds of boxes

    def unreached(self, stage: Stage, reason: str = "") -> Box:
        """A step the message never came to."""
        return Box(shape=Shape.STEP, state=State.SKIPPED, title=_title(stage), word="not reached", reason=reason)

    def container(
        self, shape: Shape, event: TraceEvent, title: str, state: State, word: str, inside: Iterable[Box]
    ) -> Box:
        """A box that others lie in; while they are looked at, its outcome is not known."""
        if event.seq not in self.left:
            now = event.seq in self.entered
            state, word = (State.NOW, NOW.word) if now else (State.AHEAD, NOT_REACHED.word)
        reason = event.reason if event.seq in self.left else ""
        here = event.seq == self.here
        return Box(shape=shape, state=state, title=title, word=word, reason=reason, inside=tuple(inside), here=here)

    def leaf(self, event: TraceEvent, title: str, word: str, shape: Shape = Shape.PART) -> Box:
        """A box for an event, without what lies in it."""
        state = _STATES.get(event.op, State.ON)
        word = word or term(event.kind, event.op).word
        here = event.seq == self.here
        if event.seq not in self.left:
            now = event.seq in self.entered
            state, word = (State.NOW, NOW.word) if now else (State.AHEAD, NOT_REACHED.word)
            return Box(shape=shape, state=state, title=title, word=word, here=here)
        return Box(shape=shape, state=state, title=title, word=word, reason=event.reason, here=here)

    def fold(self, events: Sequence[TraceEvent], title: str, word: str) -> Box:
        """Several events that came to the same, in one box."""
        names = [event.subject for event in events]
        reason = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
        state = _STATES.get(events[0].op, State.ON)
        seen = self.progress([event.seq for event in events])
        if seen is not State.ON:
            state, word = seen, word if seen is State.NOW else NOT_REACHED.word
        here = any(event.seq == self.here for event in events)
        return Box(shape=Shape.FOLD, state=state, title=title, word=word, reason=reason, here=here)

    def group(self, events: Sequence[TraceEvent], box: Callable[[TraceEvent], Box], kind: Kind) -> list[Box]:
        """The events as boxes; runs of those that came to nothing, or are still to come, as one each."""
        made: list[Box] = []
        for key, run in groupby(events, key=self.alike):
            same = list(run)
            if not key or (len(same) == 1 and key != "ahead"):
                made += map(box, same)
            elif key == "ahead":
                made.append(self.fold(same, count(len(same), TITLES[kind]), NOT_REACHED.word))
            else:
                verb = term(kind, Op.SKIP).word if same[0].op is Op.SKIP else _FOLDED[kind]
                made.append(self.fold(same, count(len(same), TITLES[kind]), verb))
        return made

    def alike(self, event: TraceEvent) -> str:
        """What an event has in common with those it is folded with; empty where it has a box of its own."""
        if event.seq not in self.entered:
            return "ahead"
        if self.full or event.seq == self.here or event.op not in (Op.MISS, Op.SKIP):
            return ""
        return f"skip: {event.reason}" if event.op is Op.SKIP else "miss"

    def progress(self, seqs: Sequence[int]) -> State:
        """Whether all of some events are over, some are, or none is."""
        if all(seq in self.left for seq in seqs):
            return State.ON
        return State.NOW if any(seq in self.entered for seq in seqs) else State.AHEAD


def _title(stage: Stage) -> str:
    number, title = STEPS[stage]
    return f"Step {number}: {title}" if number else f"{title[0].upper()}{title[1:]}"


def _counted(number: int, noun: str) -> str:
    head, _, tail = noun.partition(" ")
    return f"{count(number, head)} {tail}".strip()
