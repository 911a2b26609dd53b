"""Whether policies allow one access: a Deny first, then an Allow, else no; and which statement or condition decided.

A value that a template leaves open may be the right one: an Allow takes it for that, a Deny does not, and the decision
says which values it was taken of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from sesreceive.account.placeholder_text import PlaceholderText
from sesreceive.errors import one_line
from sesreceive.permissions.operators import satisfied, takes_wildcards
from sesreceive.permissions.policy import Condition, Policy, Statement
from sesreceive.permissions.wildcard import fits, plain, with_variables

__all__ = ["Access", "Decision", "decide"]


# What a request may well have and nobody outside it knows [IAM User Guide, "AWS global condition context keys"].
_UNKNOWN = re.compile(
    r"aws:(sourceorgid|sourceorgpaths|sourceaccounttags?|resourceaccount|resourceorgid|resourceorgpaths|resourcetag/.*)"
    r"|s3:resourceaccount|kms:resourcealiases"
)
# Only principals of an account have these; a service never does.
_UNKNOWN_OF_ROLE = re.compile(r"aws:(principalorgid|principalorgpaths|principaltag/.*|userid|tokenissuetime)")
_TIMES = ("aws:currenttime", "aws:epochtime")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who wants to do what to which resource.

    Attributes
    ----------
    action, resource : str
        ``s3:PutObject`` and ``arn:aws:s3:::inbox/0vfh``.
    service : str
        The service principal; empty where a role asks.
    role : str
        ARN of the role that asks.
    context : mapping
        Values by condition key in lower case.
    """

    action: str
    resource: str
    service: str = "ses.amazonaws.com"
    role: str = ""
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    @property
    def who(self) -> str:
        """The principal as a sentence names it."""
        return self.service or self.role

    def is_asked_by(self, kind: str, name: str | None) -> bool:
        """Whether a principal of a policy is this one, by itself; None is a name that is anybody's of its kind."""
        if kind in ("*", "AWS") and name == "*":
            return True
        if self.service:
            return kind in ("Service", "*") and name in (None, self.service)
        return kind in ("AWS", "*") and name in (None, self.role)

    def is_of(self, kind: str, name: str) -> bool:
        """Whether a principal of a policy is the account of the role, whose own policies then have to allow it."""
        account = self.role.split(":")[4] if self.role.count(":") >= 5 else ""
        return kind == "AWS" and account != "" and name in (account, f"arn:aws:iam::{account}:root")

    def is_unknown(self, key: str) -> bool:
        """Whether the request may have the condition key with a value that nobody here knows."""
        if key in self.context:
            return False
        if _UNKNOWN.fullmatch(key) or key in _TIMES:
            return True
        return not self.service and _UNKNOWN_OF_ROLE.fullmatch(key) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What came of it.

    Attributes
    ----------
    allowed : bool
        Whether it may.
    reason : str
        The statement that allows or denies, or why none allows, as the end of a sentence.
    denied : bool
        Whether a Deny said so, which no other policy can make good.
    delegated : bool
        Whether it is allowed to the account of the role alone, so that policies of the role have to allow it, too.
    assumed : tuple of str
        Open values of a template that were taken to fit, and values of the request that nobody knows.
    """

    allowed: bool
    reason: str
    denied: bool = False
    delegated: bool = False
    assumed: tuple[str, ...] = ()


class _Reading:
    """One statement held against one access; the first thing that does not fit is kept in `why`."""

    def __init__(self, statement: Statement, access: Access, version: str) -> None:
        self.statement, self.access, self.version = statement, access, version
        self.assumed: list[str] = []
        self.why = ""
        # How far it went: a statement that fails on its condition alone is the one to tell of.
        self.depth = 0
        self.delegated = False

    def applies(self) -> bool:
        """Whether it does, taking what is open for what allows; what that was is in `assumed`."""
        for depth, check in enumerate(self.checks()):
            before = len(self.assumed)
            why = check()
            if not why:
                continue
            if not self.why:
                self.depth, self.why = min(depth, 3), why
            if len(self.assumed) == before:  # it does not apply whatever the open values are
                self.assumed.clear()
                return False
        return not self.why

    def checks(self) -> Iterator[Callable[[], str]]:
        yield from (self.principal, self.action, self.resource)
        yield from (partial(self.condition, condition) for condition in self.statement.conditions)

    def settled(self, holds: Callable[[bool], bool], values: Iterable[str]) -> bool:
        """The answer: with open values as they stand, then fitting anything; where both differ, the one that allows."""
        answer = holds(False)
        opened = [value.stands_for for value in values if isinstance(value, PlaceholderText)]
        if not opened or holds(True) is answer:
            return answer
        self.assumed += opened
        return self.statement.allows

    def principal(self) -> str:
        wanted, excluded = self.statement.principals, self.statement.not_principals
        listed = wanted if excluded is None else excluded
        if listed is None:
            return ""  # a policy of a role names nobody: it is for the role

        def named(anything: bool) -> bool:
            return any(
                self.access.is_asked_by(kind, None if anything and isinstance(name, PlaceholderText) else name)
                or self.access.is_of(kind, name)
                for kind, name in listed
            )

        names = [name for _, name in listed]
        if excluded is not None:
            return "" if self.settled(lambda anything: not named(anything), names) else f"it excludes {self.access.who}"
        if not self.settled(named, names):
            return f"it is not for {self.access.who}"
        self.delegated = not any(
            self.access.is_asked_by(kind, None if isinstance(name, PlaceholderText) else name) for kind, name in listed
        )
        return ""

    def action(self) -> str:
        action = self.access.action.lower()
        wanted, excluded = self.statement.actions, self.statement.not_actions
        listed = (wanted if wanted is not None else excluded) or ()

        def named(anything: bool) -> bool:
            return any(
                (anything and isinstance(name, PlaceholderText)) or fits(name.lower(), action) for name in listed
            )

        held = self.settled(lambda anything: named(anything) is (wanted is not None), listed)
        return "" if held else f"it is not about {self.access.action}"

    def resource(self) -> str:
        wanted, excluded = self.statement.resources, self.statement.not_resources
        if wanted is None and excluded is None:
            return ""  # trust policies name no resource: it is the role
        listed = (wanted if wanted is not None else excluded) or ()

        def named(anything: bool) -> bool:
            return any((anything and isinstance(name, PlaceholderText)) or self.names(name) for name in listed)

        if self.settled(lambda anything: named(anything) is (wanted is not None), listed):
            return ""
        shown = ", ".join(f"`{one_line(name, 120)}`" for name in listed[:4])
        return f"its {'Resource' if wanted is not None else 'NotResource'} is {shown}"

    def names(self, pattern: str) -> bool:
        made = with_variables(pattern, self.access.context, self.version)
        return made is not None and fits(made, self.access.resource)

    def condition(self, condition: Condition) -> str:
        context, key = self.access.context, condition.key.lower()
        values = context.get(key, ())
        if self.access.is_unknown(key):
            self.assumed.append(f"`{one_line(condition.key, 80)}` of the request")
            return "" if self.statement.allows else f"its condition {condition} is taken not to hold"

        def holds(anything: bool) -> bool:
            return satisfied(condition.operator, tuple(self.wanted(condition, anything)), values)

        if self.settled(holds, condition.values):
            return ""
        shown = " and ".join(f"`{one_line(value, 160)}`" for value in values) or "not in the request"
        return f"its condition {condition} fails: the value is {shown}"

    def wanted(self, condition: Condition, anything: bool) -> Iterator[str | bool]:
        """The values of a condition with variables put in; True for an open one that is to fit anything."""
        for value in condition.values:
            if anything and isinstance(value, PlaceholderText):
                yield True
            else:
                made = with_variables(value, self.access.context, self.version)
                yield False if made is None else made if takes_wildcards(condition.operator) else plain(made)


def decide(policies: Sequence[Policy], access: Access, *, none: str = "no policy allows it") -> Decision:
    """What the policies say together of one access.

    Parameters
    ----------
    policies : sequence of Policy
        All that are attached; those that AWS would not take are not in force.
    access : Access
        Who wants what.
    none : str
        What to say where no statement is near.

    Examples
    --------
    >>> policy = Policy.read({"Statement": [{"Sid": "puts", "Effect": "Allow", "Action": "s3:PutObject",
    ...     "Principal": {"Service": "ses.amazonaws.com"}, "Resource": "arn:aws:s3:::inbox/*",
    ...     "Condition": {"StringEquals": {"aws:SourceAccount": "444455556666"}}}]}, "main.tf:3")
    >>> access = Access(action="s3:PutObject", resource="arn:aws:s3:::inbox/0vfh",
    ...     context={"aws:sourceaccount": ("111122223333",)})
    >>> decide([policy], access).reason.partition(" fails: ")[2]
    'the value is `111122223333` (statement `puts`, main.tf:3)'
    """
    allowing: Decision | None = None
    nearest: tuple[int, str] = (0, "")
    doubts: list[str] = []
    for policy in policies:
        if policy.problems:
            nearest = (9, f"AWS does not take the policy: {one_line(policy.problems[0], 400)}")
            continue
        for statement in policy.statements:
            reading = _Reading(statement, access, policy.version)
            applies = reading.applies()
            where = f"{statement.label}, {policy.place}" if policy.place else statement.label
            if not applies:
                if not statement.allows:
                    doubts += reading.assumed
                elif reading.depth > nearest[0]:
                    nearest = (reading.depth, f"{reading.why} ({where})")
                continue
            if not statement.allows:
                return Decision(allowed=False, denied=True, reason=f"it is denied ({where})")
            if allowing is None or _rank(reading.delegated, reading.assumed) < _rank(
                allowing.delegated, allowing.assumed
            ):
                allowing = Decision(
                    allowed=True,
                    reason=f"allowed ({where})",
                    delegated=reading.delegated,
                    assumed=tuple(reading.assumed),
                )
    if allowing is not None:
        return replace(allowing, assumed=tuple(dict.fromkeys([*allowing.assumed, *doubts])))
    # A statement for somebody else, or about something else, is no near miss.
    return Decision(allowed=False, reason=nearest[1] if nearest[0] >= 2 else none)


def _rank(delegated: bool, assumed: Sequence[str]) -> tuple[bool, bool]:
    """The order of statements that allow: those that need nothing else first."""
    return delegated, bool(assumed)
