"""A walk over rules that one message matches: what is reached for sure, what if functions answer so, what never.

A function that a rule waits for has three answers: it goes on, the rule is left, the set is left. They are carried
along as states through the rules, so a walk costs what its rules have actions, however many functions there are;
nothing is tried out. The same holds for a message close to the size that SNS actions take: a rule may be given up.

What an action does to the walk is read off `ReceiptAction.flow`, `waits` and `refuses`, as `stages.evaluation` does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from sesreceive.account.action import ReceiptAction
from sesreceive.account.rule_set import ReceiptRule
from sesreceive.actions.lambda_ import LambdaAction
from sesreceive.analysis.classes import SizeClass
from sesreceive.analysis.witness import Answer
from sesreceive.assumption import Assumptions
from sesreceive.effects import Flow
from sesreceive.errors import one_line
from sesreceive.functions.lambda_context import function_name

__all__ = ["Certainty", "Need", "Reached", "Step", "is_plain", "needs_of", "refuses", "stops", "through", "walk"]


class Certainty(StrEnum):
    """Whether something happens to each mail of a class whatever functions answer, if they answer so, or never."""

    ALWAYS = "always"
    POSSIBLY = "possibly"
    NEVER = "never"


class Need(NamedTuple):
    """What a function has to answer, or a size has to be, so that the walk goes on here.

    Attributes
    ----------
    rule, action : int
        Positions of the rule and of its action.
    function_arn : str
        The function; empty where it is the size of the message that decides.
    flows : tuple of Flow
        The answers with which the walk goes on, the simplest first.
    before : Need or None
        What is needed before.
    """

    rule: int
    action: int
    function_arn: str
    flows: tuple[Flow, ...]
    before: Need | None

    @property
    def text(self) -> str:
        """The need as a clause, such as "`gate` answers STOP_RULE"."""
        if not self.function_arn:
            return "the message is close to the size limit of SNS actions"
        name = one_line(function_name(self.function_arn), 80)
        if self.flows == _GOES_ON:
            return f"`{name}` does not answer STOP_RULE_SET"
        return f"`{name}` answers {self.flows[0].value}"

    @property
    def answer(self) -> Answer | None:
        """The simplest answer; None where no function is asked."""
        return Answer(self.function_arn, self.flows[0]) if self.function_arn else None


_GOES_ON = (Flow.CONTINUE, Flow.STOP_RULE)


class Reached(NamedTuple):
    """A rule or an action that the walk comes to.

    Attributes
    ----------
    rule, action : int
        Positions; -1 for the rule itself.
    needs : Need or None
        What is needed for it, the last first, linked by `Need.before`; None where nothing is: then it is reached
        always.
    """

    rule: int
    action: int
    needs: Need | None

    @property
    def certainty(self) -> Certainty:
        """Always or possibly; what is never reached does not come up."""
        return Certainty.ALWAYS if self.needs is None else Certainty.POSSIBLY


def needs_of(last: Need | None) -> tuple[Need, ...]:
    """All needs, in the order in which the functions are called."""
    needs = []
    while last is not None:
        needs.append(last)
        last = last.before
    return tuple(reversed(needs))


def refuses(action: ReceiptAction) -> bool:
    """Whether the action may refuse a message for its size."""
    return type(action).refuses is not ReceiptAction.refuses


def walk(
    rules: Iterable[tuple[int, ReceiptRule]], size: SizeClass, assumptions: Assumptions | None = None
) -> Iterator[Reached]:
    """What is reached, in order, of the rules that a message matches.

    Parameters
    ----------
    rules : iterable of (int, ReceiptRule)
        The matching rules with their positions, in order.
    size : SizeClass
        Of the message. One over 40 MB reaches rules and none of their actions; one close to the limit of SNS may.
    assumptions : Assumptions, optional
        Whether a message that is too large gives up the rule or the action.

    Notes
    -----
    Where several ways lead on, the one with the fewest needs is told. Linear in the actions.

    Examples
    --------
    >>> import sesreceive as ses
    >>> arn = "arn:aws:lambda:us-east-1:111122223333:function:gate"
    >>> gate = ses.LambdaAction(function_arn=arn, invocation_type="RequestResponse")
    >>> first = ses.ReceiptRule(name="first", enabled=True, actions=(gate, ses.StopAction()))
    >>> last = ses.ReceiptRule(name="last", enabled=True, actions=(ses.S3Action(bucket_name="inbox"),))
    >>> for reached in walk([(0, first), (1, last)], SizeClass.SMALL):
    ...     print(reached.rule, reached.action, [need.text for need in needs_of(reached.needs)])
    0 -1 []
    0 0 []
    0 1 ['`gate` answers CONTINUE']
    1 -1 ['`gate` answers STOP_RULE']
    1 0 ['`gate` answers STOP_RULE']
    """
    scope = (assumptions or Assumptions()).oversize_scope
    before: Need | None = None
    for position, rule in rules:
        step = through(position, rule, size, scope, before)
        yield from step.reached
        if step.ends:
            return
        before = step.needs


class Step(NamedTuple):
    """What a rule does to a walk.

    Attributes
    ----------
    reached : list of Reached
        The rule and those of its actions that are reached.
    ends : bool
        Whether no rule behind it is reached, whatever functions answer.
    needs : Need or None
        Else what is needed to go on behind it.
    """

    reached: list[Reached]
    ends: bool
    needs: Need | None


def is_plain(rule: ReceiptRule) -> bool:
    """Whether neither functions nor sizes matter to the walk through the rule: all its actions are reached with it."""
    return not any(action.waits or refuses(action) or action.flow() is Flow.STOP_RULE for action in rule.actions)


def stops(rule: ReceiptRule) -> bool:
    """Whether the rule has an action that ends the rule set, once it is reached."""
    return any(action.flow() is Flow.STOP_RULE_SET for action in rule.actions)


def through(position: int, rule: ReceiptRule, size: SizeClass, scope: str, before: Need | None) -> Step:
    """The walk through one rule; `scope` is `Assumptions.oversize_scope`, `before` what is needed to come here."""
    reached = [Reached(position, -1, before)]
    actions = rule.actions
    refusing = size is not SizeClass.SMALL and any(map(refuses, actions))
    if size is SizeClass.OVER or (refusing and size is SizeClass.LARGE and scope == "rule"):
        return Step(reached, False, before)
    # The first way to leave the rule without its end, what is needed for the next action, and to go on by the end.
    out: Need | None = None
    inside: Need | None = before
    on: Need | None = before
    if refusing and size is SizeClass.EDGE:
        out = inside = Need(position, -1, "", (), before)
    ended = False
    for index, action in enumerate(actions):
        if not (refusing and size is SizeClass.LARGE and refuses(action)):
            reached.append(Reached(position, index, inside))
        if action.waits:
            arn = action.function_arn if isinstance(action, LambdaAction) else action.api_name
            out = out or Need(position, index, arn, (Flow.STOP_RULE,), inside)
            on = Need(position, index, arn, _GOES_ON, on)
            inside = Need(position, index, arn, (Flow.CONTINUE,), inside)
        flow = action.flow()
        if flow is not Flow.CONTINUE:
            ended = flow is Flow.STOP_RULE_SET
            break
    if not ended:
        return Step(reached, False, on)
    return Step(reached, out is None, out)
