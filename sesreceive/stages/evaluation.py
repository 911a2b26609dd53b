"""Step 4: the rules of the active set in order, and every matching rule's actions in order.

`plan` says, without touching anything, which rules apply to whom; `evaluate` folds over the plan. What an action
causes is a value; `perform` carries it out and is the only place where the world is touched. A function called
with RequestResponse may stop what follows and AddHeader changes what later actions see, so the effects cannot be
listed up front.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter
from typing import Any

from sesreceive import limits
from sesreceive.account.action import ReceiptAction
from sesreceive.account.rule_set import ReceiptRule
from sesreceive.actions.context import ActionContext
from sesreceive.effects import Effect, Flow, Invoke, Outcome, Publish, SendBounce
from sesreceive.stages.local_parts import parted_by
from sesreceive.stages.planning import Plan, PlannedRule, plan
from sesreceive.stages.retries import Attempted, attempt
from sesreceive.trace.deferred import Deferred
from sesreceive.trace.events import Kind, Op, Stage, TraceEvent, TraceLog
from sesreceive.trace.facts import Check, EffectFact, Metric, RuleFact, StopFact
from sesreceive.trace.outline import Outline, Remembered, outlined
from sesreceive.verdict import Verdicts
from sesreceive.writing.dsn import bounce_dsn
from sesreceive.writing.receipt import Receipt
from sesreceive.writing.send_bounce import BOUNCE_TYPES
from sesreceive.writing.setup import RECEIPT_SUBJECT
from sesreceive.writing.sizes import oversize_sender

__all__ = ["Evaluation", "Plan", "PlannedRule", "Sentences", "evaluate", "plan"]

Perform = Callable[[Effect], Outcome]


@dataclass(slots=True)
class Sentences:
    """What is said of each effect that took place, in order; made when it is first asked for.

    An S3 object's says its size, for which all its headers are written. Once they are made the effects are let go.
    """

    performed: tuple[Attempted, ...] = ()
    made: tuple[str, ...] | None = None

    def __iter__(self) -> Iterator[str]:
        """The sentences."""
        if self.made is None:
            self.made = tuple([_took_place(done) for done in self.performed if not done.outcome.failed])
            self.performed = ()
        return iter(self.made)

    def __eq__(self, other: object) -> bool:
        """Equal when they say the same."""
        return isinstance(other, Sentences) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        """That of a tuple of them."""
        return hash(tuple(self))

    def __reduce__(self) -> tuple[Any, ...]:
        """The sentences travel, not the effects."""
        return Sentences, ((), tuple(self))


def _failures(done: Attempted) -> list[tuple[Op, str, EffectFact]]:
    """One event for each run of attempts that failed alike."""
    events = []
    first = 1
    for error, same in groupby(done.failures, key=lambda outcome: outcome.error):
        *_, last = alike = tuple(same)
        count = len(alike)
        which = f"attempt {first}" if count == 1 else f"attempts {first} to {first + count - 1}"
        first += count
        fact = EffectFact(Metric.PUBLISH_FAILURE, done.effect.target, count, log=last.log)
        events.append((Op.FAIL, f"{which} failed: {error}", fact))
    return events


def _took_place(done: Attempted) -> str:
    return done.effect.describe() + (f": {done.outcome.reason}" if done.outcome.reason else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What the rules caused.

    Attributes
    ----------
    performed : tuple of Attempted
        Every effect that was asked for, its outcome and its attempts, in order.
    stopped_by : str
        Rule whose action ended the evaluation of the set; empty when all rules were looked at.
    events : sequence of TraceEvent
        The trace, with one event for every rule of the set.
    fired : tuple of TraceEvent
        Of these the ones of the rules that fired, and what lies in them; numbered among themselves, and effects that
        took place without their sentences.
    sentences : Sentences
        These sentences.
    """

    performed: tuple[Attempted, ...] = ()
    stopped_by: str = ""
    events: Sequence[TraceEvent] = field(default=(), repr=False)
    fired: tuple[TraceEvent, ...] = field(default=(), repr=False)
    sentences: Sentences = field(default_factory=Sentences, repr=False)


def evaluate(
    planned: Plan,
    perform: Perform,
    receipt: Receipt,
    verdicts_for: Callable[[ReceiptRule], Verdicts],
    elapsed_s: Callable[[], float] = lambda: 0.0,
) -> Evaluation:
    """Run the actions of every matching rule, in order, through `perform`.

    Parameters
    ----------
    planned : Plan
        From `plan`.
    perform : callable
        Effect to Outcome; a failed one is retried by `stages.retries`.
    receipt : Receipt
        The accepted mail.
    verdicts_for : callable
        The verdicts a rule sees, which depend on its ScanEnabled.
    elapsed_s : callable
        Seconds since receipt, without the virtual time of retries.

    References
    ----------
    Amazon SES Developer Guide, "Email receiving concepts", step 4: rules and actions apply in the order defined.
    """
    return _Run(perform, receipt, verdicts_for, elapsed_s).over(planned)


class _Run:
    """One evaluation: the fold's state is the headers added so far, the virtual time and the events."""

    def __init__(
        self,
        perform: Perform,
        receipt: Receipt,
        verdicts_for: Callable[[ReceiptRule], Verdicts],
        elapsed_s: Callable[[], float],
    ) -> None:
        self.perform = perform
        self.receipt = receipt
        self.assumptions = receipt.assumptions
        self.verdicts_for = verdicts_for
        self.elapsed_s = elapsed_s
        self.now_s = elapsed_s()  # read once an action, so that times do not depend on how often one looks
        self.virtual_s = 0.0
        self.added: tuple[tuple[str, str], ...] = ()
        self.performed: list[Attempted] = []
        self.bounced: set[str] = set()
        self.log = TraceLog(Stage.EVALUATION)

    def over(self, planned: Plan) -> Evaluation:
        """All rules of the plan."""
        stopped_by = ""
        for item in planned.matching:
            name = item.rule.name
            fact = RuleFact(item.recipients)
            with self.log.within(Kind.RULE, name, item.reason, op=item.op, rule=name, fact=fact):
                if self.rule(item) is Flow.STOP_RULE_SET:
                    stopped_by = name
                    break
        fired, performed = self.log.events(), tuple(self.performed)
        sentences = Sentences(performed)
        return Evaluation(
            performed=performed,
            stopped_by=stopped_by,
            fired=fired,
            sentences=sentences,
            events=Deferred(Stage.EVALUATION, _events, planned, stopped_by, fired, sentences),
        )

    def rule(self, item: PlannedRule) -> Flow:
        """All actions of one matching rule."""
        before = self.added
        flow, stopped_at = Flow.CONTINUE, ""
        verdicts = self.verdicts_for(item.rule)
        impossible = self.oversized(item, verdicts) or self.impossible(item, verdicts)
        for index, action in enumerate(item.rule.actions):
            name = type(action).__name__
            if impossible or flow is not Flow.CONTINUE:
                why = impossible or f"the rule was left at its {stopped_at}"
                self.log.add(Kind.ACTION, Op.SKIP, name, why, rule=item.rule.name, action=index)
            else:
                flow = self.action(item, index, action, verdicts)
                stopped_at = f"{name} in position {index + 1}"
        if self.assumptions.added_header_scope == "rule":
            self.added = before
        return flow

    def oversized(self, item: PlannedRule, verdicts: Verdicts) -> str:
        """Why no rule runs for a message that was taken although it is over SES's limit; its recipients bounce once."""
        receipt = self.receipt
        size, limit = receipt.message.size_bytes, limits.MESSAGE_SIZE.value
        if size <= limit or self.assumptions.oversize_message != "dsn":
            return ""
        reason = f"the message has {size} bytes, {limit} is the most that SES takes, so it bounces"
        untold = tuple(recipient for recipient in item.recipients if recipient not in self.bounced)
        self.bounced |= set(untold)
        with self.log.within(
            Kind.CHECK, Check.MESSAGE_SIZE.value, reason, op=Op.MISS, fact=Check.MESSAGE_SIZE, rule=item.rule.name
        ):
            if untold and not (receipt.envelope.is_null_sender and self.assumptions.null_sender_bounce == "never"):
                context = self.context(item, 0, verdicts)
                self.effects((_too_large(receipt, untold, context),), context)
        return reason

    def impossible(self, item: PlannedRule, verdicts: Verdicts) -> str:
        """Why the rule is given up before its first action: an action that cannot take the message."""
        if self.assumptions.oversize_scope != "rule":
            return ""
        for index, action in enumerate(item.rule.actions):
            if type(action).refuses is ReceiptAction.refuses:
                continue  # it takes every message
            context = self.context(item, index, verdicts)
            refusal = action.refuses(context)
            if refusal is not None:
                reason, effects = refusal
                where: dict[str, Any] = {"rule": item.rule.name, "action": index}
                check = Check.MESSAGE_SIZE
                with self.log.within(Kind.CHECK, check.value, reason, op=Op.MISS, fact=check, **where):
                    self.effects(effects, context)
                return reason
        return ""

    def action(self, item: PlannedRule, index: int, action: ReceiptAction, verdicts: Verdicts) -> Flow:
        """One action: its headers, its effects, its notification; then where evaluation goes."""
        self.now_s = self.elapsed_s()
        context = self.context(item, index, verdicts)
        name, rule, position = type(action).__name__, item.rule.name, self.log.position + 1
        doing = action.describe(context)
        with self.log.within(Kind.ACTION, name, doing, op=Op.EFFECT, rule=rule, action=index):
            refusal = action.refuses(context)
            if refusal is not None:
                reason, effects = refusal
                self.effects(effects, context)
                self.log.amend(position, op=Op.FAIL, reason=reason)
                return Flow.CONTINUE
            self.added += tuple(action.adds_headers(context))
            outcomes = self.effects(action.effects(context), context)
            topic = action.topic_arn
            told = action.notifies(context) if topic and not any(one.failed for one in outcomes) else None
            if topic and told is not None:
                message = self.context(item, index, verdicts).later_notification(told)
                publish = Publish(topic_arn=topic, subject=RECEIPT_SUBJECT, message=message, **context.about)
                outcomes += self.effects((publish,), context)
            flow = self.flow(action, outcomes)
            failed = next((outcome for outcome in outcomes if outcome.failed), None) if outcomes else None
            if failed is not None:
                self.log.amend(position, op=Op.FAIL, reason=failed.error)
            elif flow is not Flow.CONTINUE:
                what = "rule set" if flow is Flow.STOP_RULE_SET else "rule"
                because = next((o.reason for o in outcomes if o.flow is flow and o.reason), "")
                reason = f"evaluation of the {what} ends here" + (f": {because}" if because else "")
                fact = StopFact(flow, because)
                self.log.add(Kind.ACTION, Op.STOP, name, reason, rule=rule, action=index, fact=fact)
        return flow

    def flow(self, action: ReceiptAction, outcomes: Sequence[Outcome]) -> Flow:
        """The strictest of what the action and its outcomes say; a failed function as the assumption has it."""
        answers = [action.flow(), *[outcome.flow for outcome in outcomes]]
        if action.waits and self.assumptions.on_lambda_error == "stop_rule_set" and any(one.failed for one in outcomes):
            answers.append(Flow.STOP_RULE_SET)
        for flow in (Flow.STOP_RULE_SET, Flow.STOP_RULE):
            if flow in answers:
                return flow
        return Flow.CONTINUE

    def effects(self, effects: Sequence[Effect], context: ActionContext) -> list[Outcome]:
        """Perform each effect; the first that fails for good ends the action."""
        outcomes: list[Outcome] = []
        for effect in effects:
            done = attempt(effect, self.perform, self.assumptions, at_s=self.now_s + self.virtual_s)
            self.virtual_s += done.waited_s
            self.performed.append(done)
            outcomes.append(done.outcome)
            for op, reason, fact in self.described(done):
                self.log.add(
                    Kind.EFFECT,
                    op,
                    effect.operation,
                    reason,
                    rule=context.rule.name,
                    action=context.action,
                    fact=fact,
                )
            if done.outcome.failed:
                if done.outcome.remedy:
                    self.log.add(
                        Kind.CHECK,
                        Op.MISS,
                        Check.PERMISSION.value,
                        done.outcome.remedy,
                        rule=context.rule.name,
                        action=context.action,
                        fact=Check.PERMISSION,
                    )
                break
        return outcomes

    def described(self, done: Attempted) -> Sequence[tuple[Op, str, EffectFact]]:
        """One event for each run of attempts that failed alike, one for what came of it."""
        effect, outcome = done.effect, done.outcome
        if not outcome.error:
            returned, log = (outcome.value, outcome.log) if isinstance(effect, Invoke) else (None, "")
            # The sentence is one of `Sentences`: making it here takes a tenth of a replay.
            came = (Op.EFFECT, "", EffectFact(Metric.PUBLISH_SUCCESS, effect.target, 1, returned, log))
            return (*_failures(done), came) if done.failures else (came,)
        events = _failures(done)
        if done.expired:
            how = f"given up after {done.waited_s / 3600:.0f} hours and {len(done.errors)} attempts"
            if len(done.errors) == 1:
                how = "given up at once, since no retry can help"
            events.append((Op.FAIL, f"{how}: {outcome.error}", EffectFact(Metric.PUBLISH_EXPIRED, effect.target)))
        return events

    def context(self, item: PlannedRule, index: int, verdicts: Verdicts) -> ActionContext:
        """What the action in this position knows now."""
        elapsed_ms = round((self.now_s + self.virtual_s) * 1000)
        return ActionContext(self.receipt, item.rule, index, item.recipients, verdicts, self.added, elapsed_ms)


def _events(
    planned: Plan, stopped_by: str, fired: Sequence[TraceEvent], sentences: Sentences
) -> tuple[TraceEvent, ...]:
    """Every rule of the set in order: what fired as it was noted then, and why the others did not."""
    log = TraceLog(Stage.EVALUATION)
    name = planned.rule_set.name if planned.rule_set is not None else ""
    reason = f"`{name}` is the rule set that was active when the mail was received"
    # The events of one rule after the other: each begins with the one at the top.
    noted: list[list[TraceEvent]] = []
    said = iter(sentences)
    for event in fired:
        if event.parent < 0:
            noted.append([])
        noted[-1].append(event._replace(reason=next(said)) if _has_sentence(event) else event)
    blocks = dict(zip(planned.positions, noted, strict=False))
    stopped = False
    with log.within(Kind.STAGE, name, reason):
        for position, rule in enumerate(planned.rule_set.rules if planned.rule_set is not None else ()):
            if stopped:
                why = f"evaluation of the rule set ended in the rule `{stopped_by}`"
                log.add(Kind.RULE, Op.SKIP, rule.name, why, rule=rule.name)
            elif position in blocks:
                log.take(blocks[position])
                stopped = bool(stopped_by) and len(blocks) == 1
                del blocks[position]
            else:
                item = planned.other(rule)
                fact = RuleFact(item.recipients)
                log.add(Kind.RULE, item.op, rule.name, item.reason, rule=rule.name, fact=fact)
    return log.events()


def _has_sentence(event: TraceEvent) -> bool:
    """Whether it is an effect that took place, whose reason is one of `Sentences`."""
    return event.kind is Kind.EFFECT and event.op is Op.EFFECT


# Of an event all but its stage, reason and fact.
_SHAPE = itemgetter(*(at for at, name in enumerate(TraceEvent._fields) if name not in {"stage", "reason", "fact"}))
_REASON = itemgetter(TraceEvent._fields.index("reason"))


def _outline(
    remembered: Remembered, planned: Plan, stopped_by: str, fired: Sequence[TraceEvent], sentences: Sentences
) -> Outline:
    """Messages for which the same rules did the same differ in reasons; the other rules look at recipients alone."""
    parts_of = parted_by(planned.rule_set, remembered)
    parted = [parts_of[recipient] for recipient in planned.recipients]
    rests = tuple([local if rest is None else (rest,) for local, rest in parted])
    shapes = tuple(map(_SHAPE, fired))
    about = id(planned.rule_set), id(planned.assumptions), planned.positions, stopped_by
    texts = [*map(_REASON, fired), *[local for local, _ in parted]]
    key = about, rests, shapes
    # Where an effect took place, its sentence is the reason.
    effects = remembered.get(key)
    if effects is None:
        effects = remembered[key] = [at for at, event in enumerate(fired) if _has_sentence(event)]
    for at, sentence in zip(effects, sentences, strict=False):
        texts[at] = sentence
    return Outline(key, tuple(texts))


def _with_texts(
    texts: Sequence[str], planned: Plan, stopped_by: str, fired: Sequence[TraceEvent], sentences: Sentences
) -> tuple[TraceEvent, ...]:
    parted = parted_by(planned.rule_set, {})
    changed = tuple(event._replace(reason=text) for event, text in zip(fired, texts, strict=False))
    others = []
    for recipient, text in zip(planned.recipients, texts[len(fired) :], strict=True):
        local, rest = parted[recipient]
        others.append(local if rest is None else text + rest)
    said = Sentences((), tuple(event.reason for event in changed if _has_sentence(event)))
    return _events(replace(planned, recipients=tuple(others)), stopped_by, changed, said)


outlined(_events, _outline, _with_texts)


def _too_large(receipt: Receipt, recipients: tuple[str, ...], context: ActionContext) -> SendBounce:
    """The bounce of a message over 40 MB; that it has the words of the bounce template is inferred."""
    code, status, text = BOUNCE_TYPES["MessageTooLarge"]
    sender = oversize_sender(receipt, recipients)
    raw = bounce_dsn(
        receipt,
        recipients=recipients,
        sender=sender,
        smtp_reply_code=code,
        status_code=status,
        message=text,
        verdicts=Verdicts(),
        with_ses_headers=False,
    )
    return SendBounce(
        sender=sender,
        destination=receipt.envelope.mail_from,
        recipients=recipients,
        smtp_reply_code=code,
        status_code=status,
        message=text,
        raw=raw,
        **context.about,
    )
