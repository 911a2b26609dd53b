"""Whether policies allow one access: a Deny first, then an Allow, else no; and which statement or condition decided.

A value that a template leaves open may be the right one: an Allow takes it for that, a Deny does not, and the decision
says which values it was taken of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sesreceive.account.placeholder_text import PlaceholderText
from sesreceive.errors import one_line
from sesreceive.permissions.operators import satisfied
from sesreceive.permissions.policy import Condition, Policy, Statement
from sesreceive.permissions.wildcard import fits, with_variables

__all__ = ["Access", "Decision", "decide"]


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

    def is_asked_by(self, kind: str, name: str) -> bool:
        """Whether a principal of a policy is this one."""
        if kind in ("*", "AWS") and name == "*":
            return True
        if self.service:
            return kind == "Service" and name == self.service
        account = self.role.split(":")[4] if self.role.count(":") >= 5 else ""
        return kind == "AWS" and name in (self.role, account, f"arn:aws:iam::{account}:root")


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
    assumed : tuple of str
        Open values of a template that were taken to fit.
    """

    allowed: bool
    reason: str
    denied: bool = False
    assumed: tuple[str, ...] = ()


class _Reading:
    """One statement held against one access; the first thing that does not fit is kept in `why`."""

    def __init__(self, statement: Statement, access: Access, version: str) -> None:
        self.statement, self.access, self.version = statement, access, version
        self.assumed: list[str] = []
        self.why = ""
        # How far it went: a statement that fails on its condition alone is the one to tell of.
        self.depth = 0

    def applies(self) -> bool:
        checks: tuple[Callable[[], str], ...] = (self.principal, self.action, self.resource, self.conditions)
        for depth, check in enumerate(checks):
            self.depth, self.why = depth, check()
            if self.why:
                return False
        return True

    def lenient(self, held: bool, values: Iterable[str]) -> bool:
        """The answer, where an open value among those of the policy may change it: to what allows."""
        opened = [one.stands_for for one in values if isinstance(one, PlaceholderText)]
        if not opened or held is self.statement.allows:
            return held
        self.assumed += opened
        return self.statement.allows

    def principal(self) -> str:
        wanted, excluded = self.statement.principals, self.statement.not_principals
        ours = self.access.is_asked_by
        if excluded is not None:
            held = not any(ours(*one) for one in excluded)
            return "" if self.lenient(held, (name for _, name in excluded)) else f"it excludes {self.access.who}"
        if wanted is None:
            return ""  # a policy of a role names nobody: it is for the role
        held = any(ours(*one) for one in wanted)
        return "" if self.lenient(held, (name for _, name in wanted)) else f"it is not for {self.access.who}"

    def action(self) -> str:
        action = self.access.action.lower()
        wanted, excluded = self.statement.actions, self.statement.not_actions
        held = (
            any(fits(one.lower(), action) for one in wanted)
            if wanted is not None
            else not any(fits(one.lower(), action) for one in excluded or ())
        )
        return "" if self.lenient(held, wanted or excluded or ()) else f"it is not about {self.access.action}"

    def resource(self) -> str:
        wanted, excluded = self.statement.resources, self.statement.not_resources
        if wanted is None and excluded is None:
            return ""  # trust policies name no resource: it is the role
        held = any(map(self.names, wanted)) if wanted is not None else not any(map(self.names, excluded or ()))
        if self.lenient(held, wanted or excluded or ()):
            return ""
        listed = ", ".join(f"`{one_line(one, 120)}`" for one in (wanted or excluded or ())[:4])
        return f"its {'Resource' if wanted is not None else 'NotResource'} is {listed}"

    def names(self, pattern: str) -> bool:
        made = with_variables(pattern, self.access.context, self.version)
        return made is not None and fits(made, self.access.resource)

    def conditions(self) -> str:
        return next((why for one in self.statement.conditions if (why := self.condition(one))), "")

    def condition(self, condition: Condition) -> str:
        context = self.access.context
        values = context.get(condition.key.lower(), ())
        wanted = tuple(with_variables(one, context, self.version) for one in condition.values)
        # Where nothing was put in, the value itself, which may be a stand-in.
        if self.lenient(satisfied(condition.operator, wanted, values), condition.values):
            return ""
        shown = " and ".join(f"`{one_line(one, 160)}`" for one in values) or "not in the request"
        return f"its condition {condition} fails: the value is {shown}"


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
    allowing: tuple[str, list[str]] | None = None
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
            if allowing is None:
                allowing = (f"allowed ({where})", reading.assumed)
    if allowing is not None:
        return Decision(allowed=True, reason=allowing[0], assumed=tuple(dict.fromkeys([*allowing[1], *doubts])))
    # A statement for somebody else, or about something else, is no near miss.
    return Decision(allowed=False, reason=nearest[1] if nearest[0] >= 2 else none)
