"""What a request may hold, and every constraint it breaks, in the words of the service.

The second layer of 11 checks an operation makes: whatever a request breaks of its model is listed in one
``ValidationError`` [observed]. A shape is a value; the requests of all operations are in `sesreceive.control.requests`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from sesreceive.errors import ApiError, Problem, ValidationError, one_line
from sesreceive.limits import Limit
from sesreceive.wording import expected, wrong_kind

__all__ = ["Anything", "Flag", "Many", "Names", "Number", "Shape", "Structure", "Text", "check"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Base of the shapes.

    Attributes
    ----------
    required : bool
        Whether it must be there; None stands for not given.
    """

    kinds: ClassVar[tuple[type, ...]] = (object,)
    words: ClassVar[str] = "anything"

    required: bool = False

    def within(self, value: Any, path: str) -> Iterator[tuple[str, str]]:
        """The constraints that a value of the right kind breaks: path and constraint."""
        return iter(())

    def misfits(self, value: Any, path: str) -> Iterator[Problem]:
        """What a typed client would not send: wrong kinds and unknown members."""
        return iter(())


class Anything(Shape):
    """A value that is looked at elsewhere, or a time."""

    __slots__ = ()


class Flag(Shape):
    """True or false."""

    __slots__ = ()

    kinds = (bool,)
    words = "true or false"


class Number(Shape):
    """A whole number."""

    __slots__ = ()

    kinds = (int,)
    words = "a whole number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Shape):
    """A text: its length in characters, its pattern, its words."""

    kinds: ClassVar[tuple[type, ...]] = (str,)
    words: ClassVar[str] = "text"

    min: int = 0
    max: int | None = None
    pattern: Limit[str] | None = None
    enum: type[StrEnum] | tuple[str, ...] = ()

    def within(self, value: Any, path: str) -> Iterator[tuple[str, str]]:
        """Length before pattern; an empty text breaks both [observed]."""
        if len(value) < self.min:
            yield path, f"Member must have length greater than or equal to {self.min}"
        if self.max is not None and len(value) > self.max:
            yield path, f"Member must have length less than or equal to {self.max}"
        elif self.pattern is not None and not re.fullmatch(self.pattern.value, value, re.ASCII):
            yield path, f"Member must satisfy regular expression pattern: {self.pattern.value}"
        words = list(self.enum)
        if words and value not in words:
            yield path, f"Member must satisfy enum value set: [{', '.join(words)}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure(Shape):
    """Members by their API names, in the order in which they are checked."""

    kinds: ClassVar[tuple[type, ...]] = (Mapping,)
    words: ClassVar[str] = "an object"

    members: Mapping[str, Shape] = field(default_factory=dict)

    def within(self, value: Any, path: str) -> Iterator[tuple[str, str]]:
        """What the members break."""
        for name, shape in self.members.items():
            given, where = value.get(name), _below(path, name)
            if given is not None:
                yield from shape.within(given, where)
            elif shape.required:
                yield where, "Member must not be null"

    def misfits(self, value: Any, path: str) -> Iterator[Problem]:
        """Unknown members, then the members' own."""
        for name, given in value.items():
            where = f"{path}.{one_line(name, 80)}" if path else one_line(name, 80)
            shape = self.members.get(name)
            if shape is None:
                yield Problem(where, expected("a member of the request", name, self.members), "SES API")
            elif given is not None:
                yield from _fit(shape, given, where)


@dataclass(frozen=True, slots=True, kw_only=True)
class Many(Shape):
    """A list; its elements are counted from 1 in a path, as the service does."""

    kinds: ClassVar[tuple[type, ...]] = (list, tuple)
    words: ClassVar[str] = "a list"

    of: Shape

    def within(self, value: Any, path: str) -> Iterator[tuple[str, str]]:
        """What the elements break."""
        for position, given in enumerate(value, 1):
            where = f"{path}.{position}.member"
            if given is not None:
                yield from self.of.within(given, where)
            elif self.of.required:
                yield where, "Member must not be null"

    def misfits(self, value: Any, path: str) -> Iterator[Problem]:
        """Those of the elements."""
        for position, given in enumerate(value):
            if given is not None or self.of.required:
                yield from _fit(self.of, given, f"{path}[{position}]")


class Names(Many):
    """A list of names: whatever is wrong with any of them is one violation of the list [observed]."""

    __slots__ = ()

    def within(self, value: Any, path: str) -> Iterator[tuple[str, str]]:
        """One line for all elements."""
        name = self.of
        assert isinstance(name, Text)
        assert name.pattern is not None
        if any(True for given in value for _ in name.within(given or "", path)):
            yield (
                path,
                (
                    f"Member must satisfy constraint: [Member must have length less than or equal to {name.max}, "
                    f"Member must have length greater than or equal to {name.min}, "
                    f"Member must satisfy regular expression pattern: {name.pattern.value}]"
                ),
            )


def check(shape: Structure, request: Mapping[str, Any]) -> None:
    """Nothing, when the request satisfies its shape.

    Raises
    ------
    ValidationError
        When it holds what no typed client would send: an unknown member, a number where a text belongs.
    ApiError
        ``ValidationError`` with every constraint it breaks.

    Examples
    --------
    >>> named = Structure(members={"RuleSetName": Text(required=True, min=1)})
    >>> check(named, {"RuleSetName": ""})
    Traceback (most recent call last):
    sesreceive.errors.ApiError: ValidationError: 1 validation error detected: Value at 'ruleSetName' failed to satisfy
    constraint: Member must have length greater than or equal to 1
    """
    if misfits := list(shape.misfits(request, "")):
        raise ValidationError(*misfits)
    broken = [f"Value at '{path}' failed to satisfy constraint: {text}" for path, text in shape.within(request, "")]
    if broken:
        errors = "error" if len(broken) == 1 else "errors"
        raise ApiError("ValidationError", f"{len(broken)} validation {errors} detected: {'; '.join(broken)}")


def _fit(shape: Shape, value: Any, path: str) -> Iterator[Problem]:
    # True is a number in Python and in no other place.
    if not isinstance(value, shape.kinds) or (
        isinstance(value, bool) and bool not in shape.kinds and object not in shape.kinds
    ):
        yield Problem(path, wrong_kind(shape.words, value), "SES API")
    else:
        yield from shape.misfits(value, path)


def _below(path: str, name: str) -> str:
    """The path of a member: API names begin in lower case there, as in ``sNSAction`` and ``iAMRoleARN`` [observed]."""
    name = name[:1].lower() + name[1:]
    return f"{path}.{name}" if path else name
