"""What was known and how the message looked at one moment of its way; what the debugger shows, without a widget.

Everything is read from the trace and from what was in force; headers are written by the functions that write them
for the actions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sesreceive.account.rule_set import ReceiptRule
from sesreceive.actions.context import ActionContext
from sesreceive.mail.address import domain_of
from sesreceive.reading.authorship import Added, Field, fields_of, sent_fields
from sesreceive.reading.moments import Moment, moments
from sesreceive.reception import Reception
from sesreceive.stages import scanning
from sesreceive.stages.provider_lists import DnsList
from sesreceive.trace.events import Kind, Op, Stage, TraceEvent
from sesreceive.trace.facts import Check, RecipientFact, ResultFact, RuleFact
from sesreceive.trace.vocabulary import AHEAD, NEVER, NOT_NAMED, NOW, STEPS, Term, term
from sesreceive.verdict import Verdicts
from sesreceive.wording import count

__all__ = ["Place", "RecipientThen", "RuleThen", "Scene", "Stops"]


@dataclass(frozen=True, slots=True)
class Place:
    """A piece of the configuration: where it stands, as problems of the account say it, and what it says."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class RecipientThen:
    """A recipient at a moment: what became of it so far, as a term of `trace.vocabulary`."""

    address: str
    term: Term
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RuleThen:
    """A rule of the active set at a moment: its position from 1, its name, and what became of it so far."""

    position: int
    name: str
    term: Term
    actions: tuple[str, ...] = ()

    @property
    def remaining(self) -> bool:
        """Whether it is still to come."""
        return self.term is AHEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One moment.

    Attributes
    ----------
    moment : Moment
        What it is about.
    way : tuple of str
        Where that lies: step, recipient or rule, action.
    said : str
        What happened, as one sentence.
    because : tuple of Place
        The configuration it comes from; empty where none has a say.
    asked : tuple of str
        What was asked of DNS.
    recipients : tuple of RecipientThen
        Every recipient the client named, in order.
    fields : tuple of Field
        The header as an action would see it now.
    rules : tuple of RuleThen
        Every rule of the active set.
    decides : str
        What decided the message, where it is this; else empty.
    """

    moment: Moment
    way: tuple[str, ...]
    said: str
    because: tuple[Place, ...]
    asked: tuple[str, ...]
    recipients: tuple[RecipientThen, ...]
    fields: tuple[Field, ...]
    rules: tuple[RuleThen, ...]
    decides: str = ""


class Stops:
    r"""All moments of one reception, and the scene at each.

    Examples
    --------
    >>> import sesreceive as ses
    >>> reception = ses.Receiver(ses.Account(identities=("example.com",)), seed=1).receive(
    ...     b"Subject: hello\r\n\r\n", rcpt_to=["ana@example.com"])
    >>> walk = Stops(reception)
    >>> scene = walk.scene(len(walk) - 1)
    >>> scene.said
    'refused with 550 5.1.1 Requested action not taken: mailbox unavailable: no receipt rule set is active, so ...'
    >>> [(field.by, field.name) for field in scene.fields]
    [('the sender', 'Subject')]
    """

    def __init__(self, reception: Reception) -> None:
        self.reception = reception
        self.moments = moments(reception.trace)
        self.decided = reception.decided
        self._receipt = reception.receipt if reception.accepted else None
        active = reception.account.active_rule_set
        self._rules: tuple[ReceiptRule, ...] = active.rules if active else ()
        self._by_name = {rule.name: rule for rule in self._rules}
        self._decisive = self.index(self.decided.event)

    def __len__(self) -> int:
        """How many moments there are."""
        return len(self.moments)

    def scene(self, at: int) -> Scene:
        """What was known at one of them."""
        moment = self.moments[at]
        event = moment.event
        past = self.moments[: at + 1]
        return Scene(
            moment=moment,
            way=self._way(event),
            said=_said(moment),
            because=tuple(self._because(event)),
            asked=event.fact.questions if isinstance(event.fact, ResultFact) else (),
            recipients=self._recipients(past),
            fields=self._fields(past),
            rules=self._states(past),
            decides=self.decided.sentence if at == self._decisive else "",
        )

    def index(self, event: TraceEvent | None) -> int:
        """The moment at which an event tells its reason: of a rule that fires the first, else the last."""
        places = [at for at, moment in enumerate(self.moments) if event and moment.event.seq == event.seq]
        if not places or event is None:
            return len(self.moments) - 1
        return places[0] if (event.stage, event.kind) == (Stage.EVALUATION, Kind.RULE) else places[-1]

    # ------------------------------------------------------------------ where

    def _way(self, event: TraceEvent) -> tuple[str, ...]:
        names: list[str] = []
        inside: TraceEvent | None = event
        while inside is not None:
            if inside.kind is not Kind.STAGE and _name(inside) not in names[-1:]:
                names.append(_name(inside))
            inside = self.reception.trace[inside.parent] if inside.parent >= 0 else None
        return (STEPS[event.stage].named(), *reversed(names))

    def _because(self, event: TraceEvent) -> Iterator[Place]:
        account = self.reception.account
        match event.stage, event.kind:
            case Stage.FILTERING, Kind.STAGE:
                by = self.reception.decision.decided_by
                yield from self._filters(by) if by else [Place("filters", count(len(account.filters), "filter"))]
            case Stage.FILTERING, _:
                yield from self._filters(event.subject)
            case (Stage.RECIPIENTS, Kind.CHECK) if event.check is Check.IP_FILTERS:
                yield from self._filters(self.reception.decision.decided_by)
            case (Stage.RECIPIENTS, Kind.CHECK) if event.check is Check.VERIFIED_IDENTITY:
                yield from self._identities(event.recipient)
            case (Stage.RECIPIENTS, Kind.CHECK) if event.check is Check.ACTIVE_RULE_SET:
                yield Place("active", account.active or "no rule set is active")
            case Stage.SCANNING, _:
                scanned = [rule.name for rule in self._rules if rule.scan_enabled and rule.enabled]
                yield Place(
                    "scan_enabled", f"on in the enabled rules {', '.join(scanned)}" if scanned else "off in all"
                )
            case Stage.EVALUATION, Kind.STAGE:
                yield Place("active", account.active or "no rule set is active")
            case _ if event.rule:
                yield from self._rule(event)

    def _filters(self, name: str) -> Iterator[Place]:
        for position, item in enumerate(self.reception.account.filters):
            if item.name == name:
                yield Place(f"filters[{position}]", repr(item))
        for listed in self.reception.provider_lists:
            if listed.name == name:
                size = (
                    f"asked at {listed.zone}" if isinstance(listed, DnsList) else count(len(listed.networks), "network")
                )
                yield Place("", f"provider list {name}, {size}")

    def _identities(self, recipient: str) -> Iterator[Place]:
        account, domain = self.reception.account, domain_of(recipient)
        covered = self.reception.assumptions.subdomains_verified
        covering = account.is_verified(domain, subdomains=covered) if domain else None
        for position, identity in enumerate(account.identities):
            if identity == covering or (covering is None and identity.name.lower() == domain):
                yield Place(f"identities[{position}]", repr(identity))
        if covering is None:
            yield Place("identities", ", ".join(identity.name for identity in account.identities) or "none")

    def _rule(self, event: TraceEvent) -> Iterator[Place]:
        rule = self._by_name.get(event.rule)
        if rule is None:
            return
        sets = [rule_set.name for rule_set in self.reception.account.rule_sets]
        where = f"rule_sets[{sets.index(self.reception.account.active or '')}].rules[{self._rules.index(rule)}]"
        if event.kind is Kind.CONDITION and event.subject in rule.recipients:
            yield Place(f"{where}.recipients[{rule.recipients.index(event.subject)}]", event.subject)
        elif 0 <= event.action < len(rule.actions):
            yield Place(f"{where}.actions[{event.action}]", repr(rule.actions[event.action]))
        else:
            yield Place(where, repr(rule))

    # ------------------------------------------------------------------ what was known

    def _recipients(self, past: Sequence[Moment]) -> tuple[RecipientThen, ...]:
        met = [moment for moment in past if moment.event.kind is Kind.RECIPIENT]
        entered = [moment.event for moment in met if moment.entering]
        left = [moment.event for moment in met if not moment.entering]
        known: list[RecipientThen] = []
        for position, decision in enumerate(self.reception.recipients):
            if position < len(left):
                answer = term(Kind.RECIPIENT, left[position].op)
                known.append(RecipientThen(decision.recipient, answer, left[position].reason))
            elif position < len(entered):
                known.append(RecipientThen(decision.recipient, NOW))
            else:
                over = not decision.events and bool(past) and past[-1].event.stage is not Stage.FILTERING
                answer, reason = (term(Kind.RECIPIENT, Op.MISS), decision.reason) if over else (NOT_NAMED, "")
                known.append(RecipientThen(decision.recipient, answer, reason))
        return tuple(known)

    def _states(self, past: Sequence[Moment]) -> tuple[RuleThen, ...]:
        seen: dict[str, Term] = {}
        ran: dict[str, dict[int, Op | None]] = {}
        for moment in past:
            event = moment.event
            if event.stage is not Stage.EVALUATION:
                continue
            if event.kind is Kind.RULE:
                seen[event.subject] = NOW if moment.entering else term(Kind.RULE, event.op)
            elif event.kind is Kind.ACTION:
                actions = ran.setdefault(event.rule, {})
                # Where an action ends the evaluation, that is an event inside it.
                if actions.get(event.action) is not Op.STOP:
                    actions[event.action] = None if moment.entering else event.op
        # That a refused message never comes to the rules is known at its end only.
        waits = AHEAD if self.reception.accepted or len(past) < len(self.moments) else NEVER
        return tuple(
            RuleThen(position, rule.name, seen.get(rule.name, waits), _actions(rule, ran.get(rule.name)))
            for position, rule in enumerate(self._rules, start=1)
        )

    def _fields(self, past: Sequence[Moment]) -> tuple[Field, ...]:
        event = past[-1].event
        if self._receipt is None or self.reception.verdicts is None or event.stage is not Stage.EVALUATION:
            return sent_fields(self.reception.message)
        verdicts = self.reception.verdicts
        rule = self._by_name.get(event.rule)
        # A rule that is passed over is not shown the message.
        if rule is not None and not (event.kind is Kind.RULE and event.op is not Op.MATCH):
            verdicts = scanning.seen_by(rule, verdicts, self.reception.assumptions)
        return fields_of(self._receipt, verdicts, self._added(past))

    def _added(self, past: Sequence[Moment]) -> tuple[Added, ...]:
        """Headers that actions have added by now: who, name and value."""
        added: list[Added] = []
        scoped = self.reception.assumptions.added_header_scope == "rule"
        recipients: tuple[str, ...] = ()
        for moment in past:
            event = moment.event
            if event.stage is not Stage.EVALUATION:
                continue
            if event.kind is Kind.RULE:
                recipients = event.fact.recipients if isinstance(event.fact, RuleFact) else ()
                added = [] if scoped else added
            ran = event.kind is Kind.ACTION and event.op in (Op.EFFECT, Op.FAIL) and not moment.entering
            rule = self._by_name.get(event.rule)
            if ran and rule is not None and event.action < len(rule.actions):
                context = self._context(rule, event.action, recipients, [(name, value) for _, name, value in added])
                action = rule.actions[event.action]
                new = () if action.refuses(context) else action.adds_headers(context)
                added += [(f"rule {rule.name}, action {event.action + 1}", name, value) for name, value in new]
        return tuple(added)

    def _context(
        self, rule: ReceiptRule, action: int, recipients: tuple[str, ...], added: list[tuple[str, str]]
    ) -> ActionContext:
        receipt, verdicts = self._receipt, self.reception.verdicts or Verdicts()
        assert receipt is not None
        seen = scanning.seen_by(rule, verdicts, self.reception.assumptions)
        return ActionContext(
            receipt=receipt, rule=rule, action=action, recipients=recipients, verdicts=seen, added=tuple(added)
        )


# ------------------------------------------------------------------ words

# How a moment is told that begins something; what lies in it is still to come.
_BEGINNING: Mapping[tuple[Stage, Kind], str] = {
    (Stage.FILTERING, Kind.STAGE): "{0.subject} connects and is held against the IP filters",
    (Stage.RECIPIENTS, Kind.RECIPIENT): "the client names `{0.subject}`: is it accepted?",
    (Stage.RECIPIENTS, Kind.RULE): "does the rule `{0.subject}` match `{0.recipient}`?",
    (Stage.AUTHENTICATION, Kind.STAGE): "the message was taken; SPF, DKIM and DMARC look at its sender",
    (Stage.SCANNING, Kind.STAGE): "spam and virus scanning: {0.reason}",
    (Stage.EVALUATION, Kind.STAGE): "the rules of `{0.subject}` are looked at, one after the other",
    (Stage.EVALUATION, Kind.RULE): "the rule `{0.subject}` fires: {0.reason}",
    (Stage.EVALUATION, Kind.ACTION): "{0.subject} in position {1} is run",
}
# And how one is told that ends it, where the reason alone would not do.
_ENDING: Mapping[tuple[Stage, Kind], str] = {
    (Stage.AUTHENTICATION, Kind.STAGE): "{0.reason}",
    (Stage.SCANNING, Kind.STAGE): "scanning is over: {0.reason}",
    (Stage.EVALUATION, Kind.STAGE): "all rules were looked at",
    (Stage.EVALUATION, Kind.ACTION): "{2}: {0.reason}",
    (Stage.EVALUATION, Kind.EFFECT): "{0.reason}",
}


def _actions(rule: ReceiptRule, ran: Mapping[int, Op | None] | None) -> tuple[str, ...]:
    """What became of each action of a rule; an op of None is that of the one that runs now."""
    if ran is None:
        return ()
    words = {number: "runs now" if op is None else term(Kind.ACTION, op).word for number, op in ran.items()}
    return tuple(
        f"{type(action).__name__} {words.get(number, AHEAD.word)}" for number, action in enumerate(rule.actions)
    )


def _said(moment: Moment) -> str:
    event = moment.event
    place = (event.stage, event.kind)
    if moment.entering:
        return _BEGINNING.get(place, "{0.subject}").format(event, event.action + 1)
    if event.kind is Kind.RECIPIENT:
        word = term(Kind.RECIPIENT, event.op).word
        answer = event.fact.reply if isinstance(event.fact, RecipientFact) else ""
        return f"{word} with {answer}: {event.reason}"
    if place == (Stage.EVALUATION, Kind.RULE):
        if event.op is Op.MATCH:
            return f"the rule `{event.subject}` is over"
        return f"the rule `{event.subject}` is passed over: {event.reason}"
    word = term(Kind.ACTION, event.op).word
    return _ENDING.get(place, "{0.reason}").format(event, event.action + 1, word) or event.subject


def _name(event: TraceEvent) -> str:
    match event.kind:
        case Kind.CHECK | Kind.RECIPIENT | Kind.EFFECT:
            return event.subject
        case Kind.ACTION:
            return f"action {event.action + 1}, {event.subject}"
        case _:
            return f"{event.kind} {event.subject}"
