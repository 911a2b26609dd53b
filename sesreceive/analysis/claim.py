"""A claim about some mail and an outcome, and the search for the mail that breaks it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.rule_set import ReceiptRule
from sesreceive.analysis.address_ranges import AddressRange
from sesreceive.analysis.class_decisions import ClassDecisions
from sesreceive.analysis.classes import MailClass, RecipientClass, SizeClass
from sesreceive.analysis.function_models import FunctionModels, Functions, scenarios
from sesreceive.analysis.intent_scope import Scope
from sesreceive.analysis.intent_search import Course, way_past, way_to
from sesreceive.analysis.meetings import Meetings, Occasion
from sesreceive.analysis.open_points import used
from sesreceive.analysis.partition import Partition
from sesreceive.analysis.predicates import VerdictIs
from sesreceive.analysis.proof import Proof
from sesreceive.analysis.reachability import Reachability
from sesreceive.analysis.walk import Certainty, refuses
from sesreceive.analysis.wanted_effect import Does
from sesreceive.analysis.witness import Answer, Witness
from sesreceive.assumption import Assumptions
from sesreceive.errors import InputError, one_line
from sesreceive.flow import Flow
from sesreceive.verdict import Verdicts
from sesreceive.wording import count, expected

__all__ = ["ANSWERS", "Claim"]

ANSWERS = ("accepted", "refused")
_NONE = Verdicts()


class _Case(NamedTuple):
    """Somebody who is asked about, with the circumstances, and the rules that apply to a message to them alone."""

    recipient: RecipientClass
    address: str
    client: AddressRange
    tls: bool
    occasion: Occasion
    size_bytes: int
    verdicts: Verdicts
    fired: tuple[int, ...]
    rules: Sequence[ReceiptRule]

    @property
    def size(self) -> SizeClass:
        return self.occasion.size


class _Broken(NamedTuple):
    """A mail that breaks a claim; the best is the one that is surest and smallest."""

    sure: bool
    course: Course
    case: _Case
    because: str

    @property
    def rank(self) -> tuple[bool, bool, int, int, bool]:
        alone = self.course.company is None
        return not self.sure, not alone, len(self.course.needs), self.case.size_bytes, not self.case.tls


class Claim:
    """A claim, and the mail that breaks it."""

    def __init__(
        self,
        account: Account,
        outcome: Does | str,
        scope: Scope,
        unless: VerdictIs | Iterable[VerdictIs],
        functions: Functions | None,
        assumptions: Assumptions | None,
    ) -> None:
        if not isinstance(outcome, Does) and outcome not in ANSWERS:
            raise InputError(expected("`Does(…)`, `accepted` or `refused`", outcome, ANSWERS))
        self.account, self.outcome, self.scope = account, outcome, scope
        self.unless = (unless,) if isinstance(unless, VerdictIs) else tuple(unless)
        self.assumptions = assumptions or Assumptions()
        self.functions = functions or {}
        self.models = FunctionModels(self.functions, account, self.assumptions)
        self.partition = Partition(account, scope.asked, assumptions=assumptions)
        self.judged = ClassDecisions(account, self.partition)
        self.asked = tuple(scope.recipients(self.partition, self.judged))
        if not self.asked:
            raise InputError(f"no mail is meant: no recipient is {scope.text.removeprefix('mail for ')}")

    def always(self) -> Proof:
        """That the mail always comes to the outcome."""
        verb = "always comes to" if isinstance(self.outcome, Does) else "is always"
        return replace(self._proof(verb, self._missing()), again=lambda readings: self._with(readings).always())

    def never(self) -> Proof:
        """That it never does."""
        verb = "never comes to" if isinstance(self.outcome, Does) else "is never"
        return replace(self._proof(verb, self._coming()), again=lambda readings: self._with(readings).never())

    def _with(self, readings: Assumptions) -> Claim:
        """The same claim with other readings of the open points."""
        return Claim(self.account, self.outcome, self.scope, self.unless, self.functions, readings)

    # ------------------------------------------------------------------ what breaks it

    def _missing(self) -> Iterator[_Broken]:
        """Mail that does not come to the outcome."""
        if not isinstance(self.outcome, Does):
            yield from self._answered(accepted=self.outcome == "refused")
            return
        yield from self._answered(accepted=False)
        scope, wanted = self.assumptions.oversize_scope, self.outcome.is_done_by
        for case in self._cases():
            past = way_past(case.rules, case.fired, case.occasion, scope, wanted)
            if past is None:
                continue
            sure = not past.needs or way_to(case.rules, case.fired, case.size, scope, wanted) is None
            course = past._replace(needs=()) if sure else past
            yield _Broken(sure, course, case, _why_missed(case, past))

    def _coming(self) -> Iterator[_Broken]:
        """Mail that comes to the outcome."""
        if not isinstance(self.outcome, Does):
            yield from self._answered(accepted=self.outcome == "accepted")
            return
        for case in self._cases():
            scope = self.assumptions.oversize_scope
            course = way_to(case.rules, case.fired, case.size, scope, self.outcome.is_done_by)
            if course is not None:
                because = f"rule `{one_line(case.rules[course.rule].name, 64)}` does it"
                yield _Broken(not course.needs, course, case, because)

    def _answered(self, *, accepted: bool) -> Iterator[_Broken]:
        """Recipients that are answered so."""
        any_client = not isinstance(self.outcome, Does) and not self.scope.clients
        sources = [one for one in self.partition.clients if one.version] if any_client else self._sources
        outcomes: dict[bool, AddressRange] = {}
        for client in sorted(sources, key=lambda one: one is not self.partition.ordinary.client):
            outcomes.setdefault(self.judged.filtered(client).accepted, client)
        for recipient, address in self.asked:
            for let_in, client in outcomes.items():
                for tls in self._tls:
                    reply = self.judged.reply(recipient, let_in=let_in, tls=tls)
                    if reply.accepted is accepted:
                        case = _Case(recipient, address, client, tls, Occasion(tls, SizeClass.SMALL), 0, _NONE, (), ())
                        yield _Broken(True, Course((), None, -1), case, f"the answer is {reply}")

    @property
    def _tls(self) -> tuple[bool, ...]:
        return (True, False) if self.scope.tls is None else (self.scope.tls,)

    @property
    def _sources(self) -> tuple[AddressRange, ...]:
        return self.scope.sources(self.partition, self.judged)

    def _cases(self) -> Iterator[_Case]:
        """Everybody who is asked about in all circumstances in which they are taken."""
        client = next((one for one in self._sources if self.judged.filtered(one).accepted), None)
        if client is None:
            return
        seen: list[Account] = []
        for verdicts in scenarios(self.models.checks, self.unless):
            known = self.models.known(verdicts)
            if known in seen:
                continue
            seen.append(known)
            reach = Reachability(known, self.assumptions, self.scope.asked)
            for occasion, size_bytes in self._occasions(reach):
                done: set[tuple[int, ...]] = {()}  # who is refused is none of these
                for recipient, address in self.asked:
                    fired = reach.judged.fired_alone(recipient, tls=occasion.tls)
                    if fired not in done:
                        done.add(fired)
                        yield _Case(
                            recipient, address, client, occasion.tls, occasion, size_bytes, verdicts, fired, reach.rules
                        )  # fmt: skip

    def _occasions(self, reach: Reachability) -> Iterator[tuple[Occasion, int]]:
        refusing = any(refuses(action) for rule in reach.rules for action in rule.actions)
        meetings = Meetings(reach)
        for tls in self._tls:
            for size, size_bytes in self.scope.sizes(self.partition):
                if size is SizeClass.SMALL or refusing or self.scope.size is not None:
                    yield meetings.occasion(tls, size), size_bytes

    # ------------------------------------------------------------------ the proof

    def _proof(self, verb: str, broken: Iterator[_Broken]) -> Proof:
        """The answer, with the surest and smallest mail that breaks the claim."""
        unless = f", unless {' or '.join(map(str, self.unless))}" if self.unless else ""
        claim = f"{self.scope.text} {verb} {self.outcome}{unless}"
        points = used(self.account, assumptions=self.assumptions)
        best = min(broken, key=lambda one: one.rank, default=None)
        if best is None:
            because = f"proved for {count(len(self.asked), 'class')} of recipients, in any company"
            if not self._sources:
                because = "the filters refuse every client"
            return Proof(claim=claim, certainty=Certainty.ALWAYS, because=because, assumptions=points)
        verdicts = [f"the {check} verdict is {getattr(best.case.verdicts, check)}" for check in self.models.checks]
        return Proof(
            claim=claim,
            certainty=Certainty.NEVER if best.sure else Certainty.POSSIBLY,
            because=best.because,
            needs=tuple(dict.fromkeys((*verdicts, *(need.text for need in best.course.needs)))),
            witness=self._witness(best),
            assumptions=points,
        )

    def _witness(self, broken: _Broken) -> Witness:
        company = (broken.course.company,) if broken.course.company is not None else ()
        ordinary = self.partition.ordinary
        case = broken.case
        mail = MailClass((case.recipient, *company), case.client, case.tls, ordinary.sender, case.size)
        made = self.partition.witness(mail).to(case.address, *(one.representative for one in company))
        answers = tuple(self._answers(broken, mail.recipients))
        return Witness(envelope=made.envelope, size_bytes=case.size_bytes, answers=answers)

    def _answers(self, broken: _Broken, recipients: Iterable[RecipientClass]) -> Iterator[Answer]:
        """What functions answer, call by call: what is known of them, else what is needed, else CONTINUE."""
        needed = {(need.rule, need.action): need.flows[0] for need in broken.course.needs if need.flows}
        last = max(broken.course.rule, max((rule for rule, _ in needed), default=-1))
        for position in self.judged.fired_together(recipients, tls=broken.case.tls):
            rule = self.judged.rules[position]
            if position > last or _given_up(rule.actions, broken.case.size, self.assumptions):
                continue
            for index, action in enumerate(rule.actions):
                flow = action.flow()
                if action.waits:
                    known = self.models.answer(rule, action, broken.case.verdicts)
                    flow = known or needed.get((position, index), Flow.CONTINUE)
                    yield Answer(getattr(action, "function_arn", ""), flow)
                if flow is Flow.STOP_RULE_SET:
                    return
                if flow is Flow.STOP_RULE:
                    break


def _given_up(actions: Iterable[ReceiptAction], size: SizeClass, assumptions: Assumptions) -> bool:
    return size is SizeClass.LARGE and assumptions.oversize_scope == "rule" and any(map(refuses, actions))


def _matching(case: _Case) -> Iterator[ReceiptAction]:
    return (action for position in case.fired for action in case.rules[position].actions)


def _why_missed(case: _Case, past: Course) -> str:
    if past.rule < 0:
        if case.size is not SizeClass.SMALL and any(map(refuses, _matching(case))):
            return "the message is too large for an SNS action of a rule that matches"
        return "no rule that matches does it"
    name = one_line(case.rules[past.rule].name, 64)
    if past.company is not None:
        return f"rule `{name}`, which {past.company.text} matches, ends the rule set before it"
    return f"rule `{name}` ends the rule set before it"
