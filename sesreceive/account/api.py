"""Values from and to the dicts of the SES API, as boto3 writes them.

One walker for all values, driven by the metadata of their fields. Reading looks at everything and lists all
problems at once, in the API's spelling.

The forms:

=========================  ==============================================================================
`ReceiptRule`              the ``Rule`` that CreateReceiptRule is given
`ReceiptFilter`            the ``Filter`` that CreateReceiptFilter is given
`ReceiptRuleSet`           what DescribeReceiptRuleSet returns
an action                  an element of ``Actions``: ``{"S3Action": {"BucketName": "inbox"}}``
`Identity`                 ``{"Identity": "example.com", "VerificationStatus": "Success"}``
`Account`                  all of it, as one object that JSON can hold (see there)
=========================  ==============================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sesreceive.account.action import ReceiptAction
from sesreceive.account.member import Kind, Member, members
from sesreceive.account.value import TIDY, Unfit, Value
from sesreceive.errors import Problem, ValidationError, one_line
from sesreceive.wording import either, expected, shown, wrong_kind

__all__ = ["Reading", "from_api", "read", "to_api"]

V = TypeVar("V", bound=Value)

# What boto3 adds to every answer.
_TOLERATED = frozenset({"ResponseMetadata"})
_ABSENT: Any = object()


@dataclass(frozen=True, slots=True)
class Reading(Generic[V]):
    """What could be read, and what could not.

    Attributes
    ----------
    value : Value or None
        The value without the parts that are wrong; None where a required part is.
    problems : tuple of Problem
        All that is wrong; empty when `value` is the whole truth.
    """

    value: V | None
    problems: tuple[Problem, ...]


def read(cls: type[V], data: object, *, path: str = "", fill: bool = False) -> Reading[V]:
    """As much of a value as `data` holds, and all problems.

    Parameters
    ----------
    cls : type
        What to read; `ReceiptAction` for any action.
    data : object
        What the API has for it.
    path : str
        Where `data` stands, in front of the paths of the problems.
    fill : bool
        Whether an example stands in the value for what is wrong, where it could not be left out: so that the rest can
        be looked at, each part at its position. Such a value is not what `data` says.

    Examples
    --------
    >>> import sesreceive as ses
    >>> found = read(ses.ReceiptRule, {"Name": "r", "Enabld": True})
    >>> found.value
    <ReceiptRule r: disabled, all recipients → no action>
    >>> print(*found.problems)
    Enabld: expected a member of ReceiptRule but got `Enabld`; did you mean `Enabled`? [SES API ReceiptRule]
    """
    reader = _Reader(fill=fill)
    value = reader.action(data, path, cls) if issubclass(cls, ReceiptAction) else reader.structure(cls, data, path)
    return Reading(value, tuple(reader.problems))


def from_api(cls: type[V], data: object) -> V:
    """The value that `data` describes.

    Raises
    ------
    ValidationError
        When `data` has unknown, missing or wrong members; all of them are listed.
    """
    found = read(cls, data)
    if found.problems or found.value is None:
        raise ValidationError(*found.problems)
    return found.value


def to_api(value: Value) -> dict[str, Any]:
    """The dict that boto3 has for a value; see the forms above."""
    written = _write(value, plain=value.plain)
    return {value.api_name: written} if isinstance(value, ReceiptAction) else written


# ---------------------------------------------------------------- reading


def _shape(cls: type[Value]) -> dict[str, Member | dict[str, Member]]:
    """The members of a structure by API name; a structure inside it is a dict of its own."""
    shape: dict[str, Member | dict[str, Member]] = {}
    for item in members(cls):
        if item.within:
            inner = shape.setdefault(item.within, {})
            assert isinstance(inner, dict)
            inner[item.api] = item
        else:
            shape[item.api] = item
    return shape


class _Reader:
    """Walks over one piece of data and collects what is wrong with it."""

    def __init__(self, *, fill: bool = False) -> None:
        self.problems: list[Problem] = []
        self._fill = fill

    def problem(self, path: str, message: str, source: str) -> None:
        self.problems.append(Problem(path, message, source))

    def structure(self, cls: type[Value], data: object, path: str) -> Any:
        found: dict[str, Any] = {}
        complete = self.members(cls, _shape(cls), data, path, cls.api_name, found)
        if self._fill:
            return _filled(cls, found)
        return cls(**found) if complete else None

    def members(
        self,
        cls: type[Value],
        shape: Mapping[str, Member | dict[str, Member]],
        data: object,
        path: str,
        name: str,
        found: dict[str, Any],
    ) -> bool:
        """Put what `data` says of the members in `found`; whether all required ones are there and usable."""
        if not isinstance(data, Mapping):
            self.problem(path, wrong_kind(f"an object with the members of {name}", data), cls.origin())
            return False
        for key in data:
            if key not in shape and not (not path and key in _TOLERATED):
                message = expected(f"a member of {name}", key, shape)
                self.problem(_join(path, key), message, cls.origin())
        complete = True
        for key, item in shape.items():
            given, where = data.get(key, _ABSENT), _join(path, key)
            if isinstance(item, dict):
                if given is _ABSENT:
                    inside = " and ".join(name for name, one in item.items() if one.required)
                    message = f"expected an object with {inside}, which is required, but got nothing"
                    self.problem(where, message, cls.origin())
                    complete = False
                else:
                    complete &= self.members(cls, item, given, where, key, found)
                continue
            value = _ABSENT
            if given is _ABSENT or (given is None and item.nullable):
                if item.required:
                    message = f"expected {_kind(item)}, which is required, but got nothing"
                    self.problem(where, message, item.origin(cls.origin()))
            else:
                value = self.member(cls, item, given, where)
            if value is not _ABSENT:
                found[item.name] = value
            elif item.required:
                complete = False
        return complete

    def member(self, cls: type[Value], item: Member, given: Any, path: str) -> Any:
        source = item.origin(cls.origin())
        many = _MANY.get(item.kind)
        try:
            if many is None:
                return TIDY[item.kind](item, given)
            return many(self, item, given, path, source)
        except Unfit as error:
            self.problem(path, str(error), source)
            return _ABSENT

    def texts(self, item: Member, given: Any, path: str, source: str) -> tuple[str, ...]:
        for position, one in enumerate(given := _list("texts", given)):
            if not isinstance(one, str):
                self.problem(f"{path}[{position}]", wrong_kind("text", one), source)
        instead = (item.example,) if self._fill else ()
        return tuple(text for one in given for text in ((one,) if isinstance(one, str) else instead))

    def values(self, item: Member, given: Any, path: str, source: str) -> tuple[Any, ...]:
        assert item.of is not None
        found = [
            self.structure(item.of, one, f"{path}[{position}]") for position, one in enumerate(_list("objects", given))
        ]
        return tuple(one for one in found if one is not None)

    def actions(self, item: Member, given: Any, path: str, source: str) -> tuple[Any, ...]:
        found = [
            self.action(one, f"{path}[{position}]", ReceiptAction)
            for position, one in enumerate(_list("actions", given))
        ]
        return tuple(one for one in found if one is not None)

    def identities(self, item: Member, given: Any, path: str, source: str) -> tuple[Any, ...]:
        assert item.of is not None
        if not isinstance(given, Mapping):
            names = self.texts(item, _list("identities", given), path, source)
            return tuple(item.of(name=name) for name in names)
        found = []
        for name, attributes in given.items():
            where = f"{path}[{one_line(name, 80)}]"
            if not isinstance(name, str) or not isinstance(attributes, Mapping):
                self.problem(where, wrong_kind("an object with VerificationStatus", attributes), source)
            elif "Identity" in attributes:
                self.problem(f"{where}.Identity", expected("no such member", attributes["Identity"]), source)
            else:
                found.append(self.structure(item.of, {"Identity": name, **attributes}, where))
        return tuple(one for one in found if one is not None)

    def action(self, data: object, path: str, wanted: type[Value]) -> Any:
        """The action in an element of ``Actions``, which holds exactly one."""
        source = "SES API ReceiptAction"
        registry = ReceiptAction.registry
        if not isinstance(data, Mapping):
            self.problem(path, wrong_kind("an object with one action type", data), source)
            return self._any_action()
        known = [key for key in data if key in registry and issubclass(registry[key], wanted)]
        for key in data:
            if key not in known:
                names = [name for name, cls in registry.items() if issubclass(cls, wanted)]
                self.problem(_join(path, key), expected(_action_types(names), key, names), source)
        if len(known) > 1:
            self.problem(path, f"expected exactly one action type but got {' and '.join(map(shown, known))}", source)
        if not data:
            self.problem(path, "expected exactly one action type but got nothing", source)
        found = [self.structure(registry[key], data[key], _join(path, key)) for key in known]
        return found[0] if found else self._any_action()

    def _any_action(self) -> Any:
        """An action to fill a place with, of a kind that may stand anywhere."""
        cls = ReceiptAction.registry.get("AddHeaderAction")
        return _filled(cls, {}) if self._fill and cls is not None else None


_MANY: Mapping[Kind, Callable[[_Reader, Member, Any, str, str], tuple[Any, ...]]] = {
    Kind.TEXTS: _Reader.texts,
    Kind.VALUES: _Reader.values,
    Kind.ACTIONS: _Reader.actions,
    Kind.IDENTITIES: _Reader.identities,
}

_KINDS: Mapping[Kind, str] = {
    Kind.TEXT: "text",
    Kind.FLAG: "true or false",
    Kind.TEXTS: "a list of texts",
    Kind.TIMESTAMP: "a time",
    Kind.VALUES: "a list of objects",
    Kind.ACTIONS: "a list of actions",
    Kind.IDENTITIES: "a list of identities",
}


def _filled(cls: type[Value], found: Mapping[str, Any]) -> Any:
    """A value of what was found, with an example for each required member that was not."""
    missing = {item.name: _example(item) for item in members(cls) if item.required and item.name not in found}
    return cls(**missing, **found)


def _example(item: Member) -> Any:
    """Something that a member of this kind may hold."""
    if item.kind is Kind.CHOICE:
        return next(iter(item.enum or ()))
    return {Kind.TEXT: item.example, Kind.FLAG: False}.get(item.kind, ())


def _kind(item: Member) -> str:
    return either(item.enum) if item.enum else _KINDS[item.kind]


def _action_types(names: list[str]) -> str:
    return f"an action type ({', '.join(sorted(names))})" if len(names) > 1 else either(names)


def _list(what: str, given: Any) -> list[Any] | tuple[Any, ...]:
    if not isinstance(given, (list, tuple)):
        raise Unfit(wrong_kind(f"a list of {what}", given))
    return given


def _join(path: str, key: object) -> str:
    name = one_line(key, 80)
    return f"{path}.{name}" if path else name


# ---------------------------------------------------------------- writing


def _write(value: Value, *, plain: bool) -> dict[str, Any]:
    written: dict[str, Any] = {}
    for item in members(type(value)):
        given = getattr(value, item.name)
        # SES leaves Recipients out where there are none [observed].
        if given is None or (item.kind is Kind.TEXTS and not given):
            continue
        target = written.setdefault(item.within, {}) if item.within else written
        target[item.api] = _WRITE[item.kind](given, plain)
    return written


def _write_identities(given: Any, plain: bool) -> Any:
    if all(one.is_verified and one.verification_token is None for one in given):
        return [one.name for one in given]
    attributes = {}
    for one in given:
        written = _write(one, plain=plain)
        attributes[written.pop("Identity")] = written
    return attributes


# `plain` asks for what JSON can hold.
_WRITE: Mapping[Kind, Callable[[Any, bool], Any]] = {
    Kind.TEXT: lambda given, plain: given,
    Kind.FLAG: lambda given, plain: given,
    Kind.CHOICE: lambda given, plain: given.value,
    Kind.TEXTS: lambda given, plain: list(given),
    Kind.TIMESTAMP: lambda given, plain: given.isoformat() if plain else given,
    Kind.VALUES: lambda given, plain: [_write(one, plain=plain) for one in given],
    Kind.ACTIONS: lambda given, plain: [{one.api_name: _write(one, plain=plain)} for one in given],
    Kind.IDENTITIES: _write_identities,
}
