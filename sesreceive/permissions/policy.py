"""A policy as a value: its statements, read from JSON, with what AWS would refuse of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sesreceive.account.placeholder_text import PlaceholderText
from sesreceive.errors import Problem, one_line
from sesreceive.permissions.operators import is_operator
from sesreceive.wording import expected, shown

__all__ = ["Condition", "Policy", "Statement"]

_SOURCE = "IAM JSON policy reference"
_VERSIONS = ("2012-10-17", "2008-10-17")
_ELEMENTS = frozenset(
    {
        "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
    }
)  # fmt: skip
_PRINCIPALS = ("AWS", "Service", "Federated", "CanonicalUser")
# What a policy is on → elements that it has to have, and that it may not have.
_ON: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "": ((), ()),
    "resource": (("Principal", "Resource"), ()),
    "role": (("Resource",), ("Principal",)),
    "trust": (("Principal",), ("Resource",)),
}
_OF = {"role": "a policy of a role", "trust": "a trust policy"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One key of one operator: ``StringEquals``, ``aws:SourceAccount`` and the values it may have."""

    operator: str
    key: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        """As a part of a sentence."""
        listed = " or ".join(f"`{one_line(value, 120)}`" for value in self.values) or "no value"
        return f"`{self.key}` {self.operator} {listed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement of a policy; what it does not have is None.

    Attributes
    ----------
    label : str
        Its ``Sid``, or its number.
    allows : bool
        Whether its effect is ``Allow``.
    principals, not_principals : tuple of (str, str), optional
        Kind and value: ``("Service", "ses.amazonaws.com")``; ``("*", "*")`` is everybody.
    """

    label: str
    allows: bool
    principals: tuple[tuple[str, str], ...] | None = None
    not_principals: tuple[tuple[str, str], ...] | None = None
    actions: tuple[str, ...] | None = None
    not_actions: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    not_resources: tuple[str, ...] | None = None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy document.

    Attributes
    ----------
    place : str
        Where it is written, as sentences name it.
    version : str
        Of the policy language; without ``2012-10-17`` there are no variables.
    problems : tuple of Problem
        Why AWS would not take it; it is in force all the same nowhere then.

    Examples
    --------
    >>> policy = Policy.read({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:PutObject",
    ...     "Principal": {"Service": "ses.amazonaws.com"}, "Resource": "arn:aws:s3:::inbox/*"}}, "main.tf:3")
    >>> policy.statements[0].actions, policy.problems
    (('s3:PutObject',), ())
    >>> print(Policy.read({"Statement": [{"Effect": "allow", "Action": "*"}]}, "main.tf:3").problems[0])
    main.tf:3: statement 1: Effect: expected Allow or Deny but got `allow` [IAM JSON policy reference]
    """

    statements: tuple[Statement, ...] = ()
    place: str = ""
    version: str = "2008-10-17"
    problems: tuple[Problem, ...] = ()

    @classmethod
    def read(cls, document: Any, place: str = "policy", *, on: str = "") -> Policy:
        """The policy in parsed JSON.

        Parameters
        ----------
        document : mapping
            The policy; all else is a problem.
        place : str
            Where it is written.
        on : str
            What it is on: a ``resource``, a ``role`` or, as the trust policy of a role, ``trust``; each has elements of
            its own. Nothing is asked of them by default.
        """
        problems: list[Problem] = []

        def refuse(message: str) -> None:
            problems.append(Problem(place, message, _SOURCE))

        if not isinstance(document, Mapping):
            refuse(expected("a policy with statements", document))
            return cls(place=place, problems=tuple(problems))
        version = document.get("Version", "2008-10-17")
        if str(version) not in _VERSIONS:
            refuse(f"Version: {expected(' or '.join(_VERSIONS), version)}")
        written = document.get("Statement")
        if written is None or written == []:
            refuse("expected at least one Statement but got none")
        rows = written if isinstance(written, list) else [] if written is None else [written]
        statements = [made for number, row in enumerate(rows, 1) if (made := _statement(row, number, refuse, on))]
        return cls(statements=tuple(statements), place=place, version=str(version), problems=tuple(problems))

    @classmethod
    def unreadable(cls, message: str, place: str) -> Policy:
        """A policy that is there and cannot be read; it is in force nowhere."""
        return cls(place=place, problems=(Problem(place, message, _SOURCE),))


def _statement(row: Any, number: int, refuse: Any, on: str) -> Statement | None:
    if not isinstance(row, Mapping):
        refuse(f"statement {number}: {expected('an object', row)}")
        return None
    sid = row.get("Sid")
    label = f"statement `{one_line(sid, 80)}`" if isinstance(sid, str) and sid else f"statement {number}"
    for name in (name for name in row if name not in _ELEMENTS):
        refuse(f"{label}: {expected('an element of a statement', name, _ELEMENTS)}")
    effect = row.get("Effect")
    if effect not in ("Allow", "Deny"):
        refuse(f"{label}: Effect: {expected('Allow or Deny', effect)}")
        return None
    for name in ("Action", "Resource", "Principal"):
        if row.get(name) is not None and row.get(f"Not{name}") is not None:
            refuse(f"{label}: expected {name} or Not{name} but got both")
    needed, forbidden = _ON[on]
    for name in ("Action", *needed):
        if row.get(name) is None and row.get(f"Not{name}") is None:
            refuse(f"{label}: expected {'an' if name == 'Action' else 'a'} {name} or Not{name} but got none")
    for name in [prefix + element for element in forbidden for prefix in ("", "Not")]:
        if row.get(name) is not None:
            refuse(f"{label}: expected no {name} in {_OF[on]} but got {shown(row[name])}")
    for name in ("Action", "NotAction"):
        for action in _texts(row.get(name), "", lambda _: None) or ():
            if action != "*" and ":" not in action and not isinstance(action, PlaceholderText):
                refuse(f"{label}: {name}: {expected('`service:Action` such as `s3:PutObject`', action)}")
    return Statement(
        label=label,
        allows=effect == "Allow",
        principals=_principals(row.get("Principal"), label, refuse),
        not_principals=_principals(row.get("NotPrincipal"), label, refuse),
        actions=_texts(row.get("Action"), f"{label}: Action", refuse),
        not_actions=_texts(row.get("NotAction"), f"{label}: NotAction", refuse),
        resources=_texts(row.get("Resource"), f"{label}: Resource", refuse),
        not_resources=_texts(row.get("NotResource"), f"{label}: NotResource", refuse),
        conditions=tuple(_conditions(row.get("Condition"), label, refuse)),
    )


def _principals(value: Any, label: str, refuse: Any) -> tuple[tuple[str, str], ...] | None:
    if value is None:
        return None
    if isinstance(value, str):
        if value != "*" and not isinstance(value, PlaceholderText):
            refuse(f"{label}: Principal: {expected('`*` or an object', value)}")
        return (("*", value),)
    if not isinstance(value, Mapping):
        refuse(f"{label}: Principal: {expected('`*` or an object', value)}")
        return ()
    for kind in (kind for kind in value if kind not in _PRINCIPALS):
        refuse(f"{label}: Principal: {expected('a kind of principal', kind, _PRINCIPALS)}")
    return tuple(
        (str(kind), one)
        for kind, names in value.items()
        for one in _texts(names, f"{label}: Principal.{kind}", refuse) or ()
    )


def _texts(value: Any, what: str, refuse: Any) -> tuple[str, ...] | None:
    """One text or a list of them; truths and numbers as JSON writes them."""
    if value is None:
        return None
    made: list[str] = []
    for one in value if isinstance(value, (list, tuple)) else [value]:
        if isinstance(one, bool):
            made.append(str(one).lower())
        elif isinstance(one, (str, int, float)):
            made.append(one if isinstance(one, str) else str(one))
        else:
            refuse(f"{what}: {expected('text', one)}")
    return tuple(made)


def _conditions(value: Any, label: str, refuse: Any) -> Iterator[Condition]:
    if value is None:
        return
    if not isinstance(value, Mapping):
        refuse(f"{label}: Condition: {expected('an object', value)}")
        return
    for operator, keys in value.items():
        if not is_operator(str(operator)):
            refuse(f"{label}: Condition: {expected('an operator', operator)}")
        elif not isinstance(keys, Mapping):
            refuse(f"{label}: Condition.{operator}: {expected('an object', keys)}")
        else:
            for key, values in keys.items():
                listed = _texts(values, f"{label}: Condition.{operator}.{key}", refuse) or ()
                yield Condition(operator=str(operator), key=str(key), values=listed)
