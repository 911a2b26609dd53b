"""What all configuration values have in common: they are frozen, tidy their arguments, and edit into new values.

A value may break a constraint of SES (an editor needs that; `problems` tells), but not hold a thing of the
wrong kind: a text where a list belongs is refused when the value is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Self

from sesreceive.account.member import Kind, Member, members
from sesreceive.errors import Problem, Problems, ValidationError
from sesreceive.wording import either, expected, wrong_kind

if TYPE_CHECKING:
    from sesreceive.account.account import Account

__all__ = ["TIDY", "Unfit", "Value", "tidy"]


class Unfit(Exception):  # noqa: N818 - a signal between these modules, not an error of the library
    """A thing of the wrong kind; the text says what was expected and what came."""


class Value:
    """Base of the configuration values."""

    __slots__ = ()

    # Name of the structure, and who defines it; together the source of an error.
    api_name: ClassVar[str] = ""
    authority: ClassVar[str] = "SES API"
    # Whether `to_api` writes only what JSON can hold; boto3 has datetimes.
    plain: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Turn lists into tuples and words into enum members; refuse what is of the wrong kind."""
        problems = []
        for item in members(type(self)):
            given = getattr(self, item.name)
            try:
                tidied = tidy(item, given)
            except Unfit as error:
                path = f"{type(self).__name__}.{item.name}"
                problems.append(Problem(path, str(error), item.origin(self.origin())))
            else:
                if tidied is not given:
                    object.__setattr__(self, item.name, tidied)
        if problems:
            raise ValidationError(*problems)

    @classmethod
    def origin(cls) -> str:
        """Who defines the structure, as the source of a problem."""
        return f"{cls.authority} {cls.api_name}"

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed.

        Raises
        ------
        ValidationError
            When a new value is of the wrong kind.
        """
        return replace(self, **changes)  # type: ignore[type-var]  # every subclass is a dataclass

    def problems(self, account: Account | None = None) -> Problems:
        """What SES would refuse, outermost first; empty when it would take the value.

        Parameters
        ----------
        account : Account, optional
            The account the value is meant for; verified identities and the region are checked only then.
        """
        from sesreceive.account.validate import problems

        return problems(self, account=account)

    def validate(self, account: Account | None = None) -> Self:
        """The value itself, when SES would take it.

        Raises
        ------
        ValidationError
            When it would not; all problems are listed.
        """
        if found := self.problems(account):
            raise ValidationError(*found)
        return self

    @classmethod
    def from_api(cls, data: Mapping[str, Any]) -> Self:
        """The value that boto3 writes as `data`.

        Raises
        ------
        ValidationError
            When `data` has unknown, missing or wrong members; all of them are listed, with the API's spelling.
        """
        from sesreceive.account.api import from_api

        return from_api(cls, data)

    def to_api(self) -> dict[str, Any]:
        """The value as boto3 writes it: defaults are spelled out, members that are not set are left out."""
        from sesreceive.account.api import to_api

        return to_api(self)

    def to_code(self, *, name: str | None = None) -> str:
        """Python that makes an equal value, optionally bound to `name`."""
        from sesreceive.account.code import to_code

        return to_code(self, name=name)

    def __repr__(self) -> str:
        """One line: the call that makes the value."""
        from sesreceive.account.code import short

        return short(self)

    def _repr_html_(self) -> str:
        """The value as Jupyter shows it."""
        from sesreceive.account.display import to_html

        return to_html(self)


def tidy(item: Member, given: Any) -> Any:
    """`given` as the field holds it; `Unfit` where it is of the wrong kind."""
    if given is None and item.optional:
        return None
    return TIDY[item.kind](item, given)


def _text(item: Member, given: Any) -> str:
    if not isinstance(given, str):
        raise Unfit(wrong_kind("text", given))
    return given


def _flag(item: Member, given: Any) -> bool:
    if not isinstance(given, bool):
        raise Unfit(wrong_kind("true or false", given))
    return given


def _choice(item: Member, given: Any) -> StrEnum:
    words = item.enum or ()
    try:
        return next(word for word in words if word == given)
    except StopIteration:
        raise Unfit(expected(either(words), given, words)) from None


def _elements(what: str, given: Any) -> tuple[Any, ...]:
    if type(given) is tuple:
        return given
    # A text is a sequence too, and a set has no order.
    if isinstance(given, (str, bytes, Mapping, Set)) or not isinstance(given, Iterable):
        raise Unfit(wrong_kind(f"a list of {what}", given))
    return tuple(given)


def _texts(item: Member, given: Any) -> tuple[str, ...]:
    found = _elements("texts", given)
    for position, one in enumerate(found):
        if not isinstance(one, str):
            raise Unfit(f"{wrong_kind('text', one)} at position {position}")
    return found


def _timestamp(item: Member, given: Any) -> datetime:
    if isinstance(given, str):
        try:
            given = datetime.fromisoformat(given)
        except ValueError:
            raise Unfit(expected("a time such as `2026-01-02T10:05:05Z`", given)) from None
    if not isinstance(given, datetime):
        raise Unfit(wrong_kind("a time such as `2026-01-02T10:05:05Z`", given))
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def _values(item: Member, given: Any) -> tuple[Any, ...]:
    kind = item.of or Value
    found = _elements(f"{kind.__name__} values", given)
    for position, one in enumerate(found):
        if not isinstance(one, kind):
            raise Unfit(f"{wrong_kind(f'a {kind.__name__}', one)} at position {position}")
    return found


def _identities(item: Member, given: Any) -> tuple[Any, ...]:
    kind = item.of or Value
    found = _elements("identities", given)
    if any(isinstance(one, str) for one in found):
        found = tuple(kind(name=one) if isinstance(one, str) else one for one in found)
    return _values(item, found)


TIDY: Mapping[Kind, Callable[[Member, Any], Any]] = {
    Kind.TEXT: _text,
    Kind.FLAG: _flag,
    Kind.CHOICE: _choice,
    Kind.TEXTS: _texts,
    Kind.TIMESTAMP: _timestamp,
    Kind.VALUES: _values,
    Kind.ACTIONS: _values,
    Kind.IDENTITIES: _identities,
}
