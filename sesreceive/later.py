"""Fields whose value is made when somebody reads it: most stored objects and notifications of a replay are never read.

`made_once` is a property that keeps what it has made.

`later` stands in for the value where an object is made, in a field that `made_when_read` names; who reads the field,
compares the object or pickles it gets the value, made once. What it is made of must not change meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast, overload

__all__ = ["is_made_when_read", "later", "made_once", "made_when_read", "most_of", "size_of", "unread"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Class = TypeVar("Class", bound=type)


class made_once(Generic[T_co]):  # noqa: N801  # used as `property` is
    """A property that is worked out when it is read first, and kept.

    Two threads may both work it out; both get what was kept first, so that its parts can be known by `id`.
    `functools.cached_property` takes a lock up to Python 3.11, and with it twice as long: a message has five of these.

    Examples
    --------
    >>> class Line:
    ...     @made_once
    ...     def words(self):
    ...         return "a b".split()
    >>> line = Line()
    >>> line.words is line.words
    True
    """

    def __init__(self, make: Callable[[Any], T_co]) -> None:
        self.make, self.name, self.__doc__ = make, make.__name__, make.__doc__

    @overload
    def __get__(self, owner: None, kind: type) -> made_once[T_co]: ...

    @overload
    def __get__(self, owner: object, kind: type | None = None) -> T_co: ...

    def __get__(self, owner: object | None, kind: type | None = None) -> Any:
        """What was made; from then on the instance has it as an attribute, and this is not asked again."""
        if owner is None:
            return self
        return owner.__dict__.setdefault(self.name, self.make(owner))


class _Later:
    """A value that is not made yet, or was made once."""

    __slots__ = ("_make", "_most", "_size", "_value", "_values")

    def __init__(
        self,
        make: Callable[..., Any],
        values: tuple[Any, ...],
        size: Callable[..., int] | None,
        most: Callable[..., int] | None,
    ) -> None:
        self._make: Callable[..., Any] | None = make
        self._values, self._size, self._most = values, size, most

    def value(self) -> Any:
        # In this order: another thread that makes it meanwhile lets go of the values last.
        values, make = self._values, self._make
        if make is not None:
            self._value = make(*values)
            self._make = None
            self._values = ()  # lets go of what it was made of
        return self._value

    def size(self) -> int:
        size, values = self._size, self._values
        return len(self.value()) if size is None or self._make is None else size(*values)

    def most(self) -> int | None:
        most, values = self._most, self._values
        return None if most is None or self._make is None else most(*values)

    def __reduce__(self) -> tuple[Any, ...]:
        """What it is made of travels, or the value where it is made; for who pickles what `unread` gives."""
        values, make = self._values, self._make  # as in `value`
        if make is None:
            return _made, (self._value,)
        return _Later, (make, values, self._size, self._most)


def _made(value: Any) -> _Later:
    """What stands for a value that is there already."""
    made = _Later(_itself, (), None, None)
    made._value, made._make = value, None
    return made


def _itself() -> None: ...


def later(
    make: Callable[..., T],
    *values: Any,
    size: Callable[..., int] | None = None,
    most: Callable[..., int] | None = None,
) -> T:
    """What `make` gives for these values, made when it is read; only for a field that `made_when_read` names.

    Parameters
    ----------
    make : callable
        Makes it.
    *values
        What it is called with.
    size : callable, optional
        Gives its length for the same values, where that can be had for less.
    most : callable, optional
        Gives a number of octets that it surely does not exceed.
    """
    return cast("T", _Later(make, values, size, most))


def made_when_read(*names: str) -> Callable[[Class], Class]:
    """A decorator of dataclasses with slots: these fields may hold what `later` gives.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @made_when_read("text")
    ... @dataclass(frozen=True, slots=True)
    ... class Letter:
    ...     text: str
    >>> letter = Letter(text=later(str.upper, "hello"))
    >>> letter.text, letter == Letter(text="HELLO")
    ('HELLO', True)
    """

    def decorate(cls: Class) -> Class:
        for name in names:
            setattr(cls, name, _Field(cls.__dict__[name]))
        return cls

    return decorate


class _Field:
    """Takes the place of the slot of a field."""

    def __init__(self, slot: Any) -> None:
        self.slot = slot
        self.__doc__ = slot.__doc__

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        value = self.slot.__get__(instance, owner)
        if type(value) is _Later:
            value = value.value()
            self.slot.__set__(instance, value)
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        self.slot.__set__(instance, value)


def unread(instance: object, name: str) -> Any:
    """What a field holds, made or not: to hand it on to another object that makes it when it is read."""
    return getattr(type(instance), name).slot.__get__(instance)


def is_made_when_read(cls: type, name: str) -> bool:
    """Whether `made_when_read` names that field of the class."""
    return isinstance(getattr(cls, name, None), _Field)


def size_of(instance: object, name: str) -> int:
    """The length of a field's value, which is not made where its size is known."""
    value = unread(instance, name)
    return value.size() if type(value) is _Later else len(value)


def most_of(instance: object, name: str) -> int | None:
    """A number of octets that a field's value surely does not exceed; None where that takes to make it."""
    value = unread(instance, name)
    return value.most() if type(value) is _Later else None
