"""Step 4: the rules of the active set in order, and every matching rule's actions in order.

`plan` says, without touching anything, which rules apply to whom; `evaluate` folds over the plan. What an action
causes is a value; `perform` carries it out and is the only place where the world is touched. A function called
with RequestResponse may stop what follows and AddHeader changes what later actions see, so the effects cannot be
listed up front.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sesreceive.account.action import ReceiptAction
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet, TlsPolicy
from sesreceive.actions.context import ActionContext
from sesreceive.assumption import Assumptions
from sesreceive.effects import Effect, Flow, Invoke, Outcome, Publish
from sesreceive.later import later
from sesreceive.stages.conditions import match
from sesreceive.stages.index import RuleIndex
from sesreceive.stages.recipients import RecipientDecision
from sesreceive.stages.retries import Attempted, attempt
from sesreceive.trace.deferred import Deferred
from sesreceive.trace.events import Kind, Op, Stage, TraceEvent, TraceLog
from sesreceive.trace.facts import Check, EffectFact, Metric, RuleFact, StopFact
from sesreceive.verdict import Verdicts
from sesreceive.writing.receipt import Receipt
from sesreceive.writing.setup import RECEIPT_SUBJECT

__all__ = ["Evaluation", "Plan", "PlannedRule", "evaluate", "plan"]

Perform = Callable[[Effect], Outcome]

_DEFAULT = Assumptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRule:
    """One rule of the set and what it is to this message.

    Attributes
    ----------
    rule : ReceiptRule
        The rule.
    op : Op
        ``match``: its actions may run; ``miss``: it matches no accepted recipient; ``skip``: it is not looked at.
    reason : str
        One sentence.
    recipients : tuple of str
        Accepted recipients it matches, in the order and case they were sent.
    """

    rule: ReceiptRule
    op: Op
    reason: str
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the rules of the active set are to this message.

    Attributes
    ----------
    rule_set : ReceiptRuleSet or None
        The active rule set.
    recipients : tuple of str
        The accepted recipients, as they were sent.
    tls : bool
        Whether the session was encrypted.
    matching : tuple of PlannedRule
        The rules whose actions may run, in order.
    positions : tuple of int
        Where they stand in the rule set.
    """

    rule_set: ReceiptRuleSet | None
    recipients: tuple[str, ...] = ()
    tls: bool = False
    assumptions: Assumptions = _DEFAULT
    matching: tuple[PlannedRule, ...] = ()
    positions: tuple[int, ...] = ()

    @property
    def rules(self) -> tuple[PlannedRule, ...]:
        """Every rule of the set in order; those that match nobody are held against every recipient for that."""
        matching = dict(zip(self.positions, self.matching, strict=True))
        rules = self.rule_set.rules if self.rule_set is not None else ()
        return tuple(matching.get(position) or self.other(rule) for position, rule in enumerate(rules))

    def other(self, rule: ReceiptRule) -> PlannedRule:
        """What a rule is whose actions do not run."""
        if not rule.enabled:
            return PlannedRule(rule=rule, op=Op.SKIP, reason="the rule is not enabled")
        results = [match(c, r, self.assumptions) for r in self.recipients for c in rule.recipients]
        always = not rule.recipients and bool(self.recipients)
        if not always and not any(result.matches for result in results):
            named, conditions = len(self.recipients), len(rule.recipients)
            reason = f"none of {named} accepted recipients is matched by its {conditions} conditions"
            if len(results) == 1:
                reason = results[0].reason
            return PlannedRule(rule=rule, op=Op.MISS, reason=reason)
        return PlannedRule(rule=rule, op=Op.SKIP, reason="the rule requires TLS and the mail came in clear text")

    @property
    def scans(self) -> bool:
        """Whether the content is scanned: some rule that may run has ScanEnabled [inferred]."""
        return any(planned.rule.scan_enabled for planned in self.matching)


def plan(
    rule_set: ReceiptRuleSet | None,
    decisions: Iterable[RecipientDecision],
    *,
    tls: bool = False,
    assumptions: Assumptions | None = None,
) -> Plan:
    """Which rules apply to the accepted recipients; nothing is performed.

    Parameters
    ----------
    rule_set : ReceiptRuleSet or None
        The active rule set.
    decisions : iterable of RecipientDecision
        From `recipients.decide`; the refused ones are passed over. What matches is taken over from them, but where the
        rule set was another one when they were made.
    tls : bool
        Whether the session was encrypted.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rules = ses.ReceiptRuleSet(name="main", rules=(
    ...     ses.ReceiptRule(name="off", recipients=("example.com",)),
    ...     ses.ReceiptRule(name="all", enabled=True),
    ... ))
    >>> account = ses.Account(identities=("example.com",), rule_sets=(rules,), active="main")
    >>> decision = ses.Receiver(account).on_rcpt(ses.Receiver(account).on_connect("192.0.2.1"), "ana@example.com")
    >>> for planned in plan(rules, [decision]).rules:
    ...     print(planned.rule.name, planned.op.value, planned.recipients)
    off skip ()
    all match ('ana@example.com',)
    """
    assumptions = assumptions or _DEFAULT
    accepted = [decision for decision in decisions if decision.accepted]
    recipients = tuple([decision.recipient for decision in accepted])
    if rule_set is None:
        return Plan(rule_set=None, recipients=recipients, tls=tls, assumptions=assumptions)
    # The recipients of each rule in order, each with the condition that matches it.
    matched: dict[int, list[tuple[str, int]]] = {}
    for decision in accepted:
        found = decision.matched
        if decision.rule_set is not rule_set:  # the account was changed between RCPT and the end of DATA
            found = RuleIndex(rule_set, assumptions.label_match).matching(decision.recipient)
        for position, condition in found:
            matched.setdefault(position, []).append((decision.recipient, condition))
    matching: dict[int, PlannedRule] = {}
    for position in sorted(matched):
        rule = rule_set.rules[position]
        if tls or rule.tls_policy is not TlsPolicy.REQUIRE:
            matching[position] = _matching(rule, matched[position], len(recipients), assumptions)
    return Plan(
        rule_set=rule_set, recipients=recipients, tls=tls, assumptions=assumptions,
        matching=tuple(matching.values()), positions=tuple(matching),
    )  # fmt: skip


def _matching(
    rule: ReceiptRule, matched: Sequence[tuple[str, int]], accepted: int, assumptions: Assumptions
) -> PlannedRule:
    if not rule.recipients:
        recipients = tuple([recipient for recipient, _ in matched])
        reason = "a rule without recipient conditions is for every accepted recipient"
    else:
        recipients = tuple(dict(matched))
        first, condition = matched[0]
        reason = match(rule.recipients[condition], first, assumptions).reason
        if len(recipients) > 1:
            reason = f"matches {len(recipients)} of {accepted} accepted recipients; {reason}"
    return PlannedRule(rule=rule, op=Op.MATCH, reason=reason, recipients=recipients)


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
        Of these the ones of the rules that fired, and what lies in them; numbered among themselves.
    """

    performed: tuple[Attempted, ...] = ()
    stopped_by: str = ""
    events: Sequence[TraceEvent] = field(default=(), repr=False)
    fired: tuple[TraceEvent, ...] = field(default=(), repr=False)


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
        fired = self.log.events()
        return Evaluation(
            performed=tuple(self.performed), stopped_by=stopped_by, fired=fired,
            events=Deferred(Stage.EVALUATION, _events, planned, stopped_by, fired),
        )  # fmt: skip

    def rule(self, item: PlannedRule) -> Flow:
        """All actions of one matching rule."""
        before = self.added
        flow, stopped_at = Flow.CONTINUE, ""
        verdicts = self.verdicts_for(item.rule)
        impossible = self.impossible(item, verdicts)
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
            topic = getattr(action, "topic_arn", None)
            told = action.notifies(context) if topic and not any(one.failed for one in outcomes) else None
            if topic and told is not None:
                message = later(self.context(item, index, verdicts).notification, told)
                publish = Publish(topic_arn=topic, subject=RECEIPT_SUBJECT, message=message, **context.about)
                outcomes += self.effects((publish,), context)
            flow = self.flow(action, outcomes)
            failed = next((outcome for outcome in outcomes if outcome.failed), None) if outcomes else None
            if failed is not None:
                self.log.amend(position, op=Op.FAIL, reason=failed.error)
            elif flow is not Flow.CONTINUE:
                what = "rule set" if flow is Flow.STOP_RULE_SET else "rule"
                because = next((o.reason for o in outcomes if o.flow is flow and o.reason), "")
                reason = f"evaluation of the {what} ends here: {because or doing}"
                fact = StopFact(flow, because)
                self.log.add(Kind.ACTION, Op.STOP, name, reason, rule=rule, action=index, fact=fact)
        return flow

    def flow(self, action: ReceiptAction, outcomes: Sequence[Outcome]) -> Flow:
        """The strictest of what the action and its outcomes say; a failed function as the assumption has it."""
        answers = [action.flow(), *[outcome.flow for outcome in outcomes]]
        waits = getattr(action, "invocation_type", "") == "RequestResponse"
        if waits and self.assumptions.on_lambda_error == "stop_rule_set" and any(one.failed for one in outcomes):
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
            for event in self.described(done):
                op, reason, fact = event
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
                break
        return outcomes

    def described(self, done: Attempted) -> Iterator[tuple[Op, str, EffectFact]]:
        """One event for each run of attempts that failed alike, one for what came of it."""
        effect, outcome = done.effect, done.outcome
        first = 1
        for error, same in groupby(done.failures, key=lambda outcome: outcome.error):
            *_, last = alike = tuple(same)
            count = len(alike)
            which = f"attempt {first}" if count == 1 else f"attempts {first} to {first + count - 1}"
            first += count
            yield (
                Op.FAIL,
                f"{which} failed: {error}",
                EffectFact(Metric.PUBLISH_FAILURE, effect.target, count, log=last.log),
            )
        if outcome.failed:
            if done.expired:
                how = f"given up after {done.waited_s / 3600:.0f} hours and {len(done.errors)} attempts"
                if len(done.errors) == 1:
                    how = "given up at once, since no retry can help"
                yield (
                    Op.FAIL,
                    f"{how}: {outcome.error}",
                    EffectFact(Metric.PUBLISH_EXPIRED, effect.target),
                )
            return
        reason = effect.describe() + (f": {outcome.reason}" if outcome.reason else "")
        returned, log = (outcome.value, outcome.log) if isinstance(effect, Invoke) else (None, "")
        yield Op.EFFECT, reason, EffectFact(Metric.PUBLISH_SUCCESS, effect.target, 1, returned, log)

    def context(self, item: PlannedRule, index: int, verdicts: Verdicts) -> ActionContext:
        """What the action in this position knows now."""
        elapsed_ms = round((self.now_s + self.virtual_s) * 1000)
        return ActionContext(self.receipt, item.rule, index, item.recipients, verdicts, self.added, elapsed_ms)


def _events(planned: Plan, stopped_by: str, fired: Sequence[TraceEvent]) -> tuple[TraceEvent, ...]:
    """Every rule of the set in order: what fired as it was noted then, and why the others did not."""
    log = TraceLog(Stage.EVALUATION)
    name = planned.rule_set.name if planned.rule_set is not None else ""
    reason = f"`{name}` is the rule set that was active when the mail was received"
    # The events of one rule after the other: each begins with the one at the top.
    noted: list[list[TraceEvent]] = []
    for event in fired:
        if event.parent < 0:
            noted.append([])
        noted[-1].append(event)
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
