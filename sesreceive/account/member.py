"""Members: what the SES API calls the fields of a value, and what may stand in them.

A value declares each field with `dataclasses.field(metadata=member("BucketName", …))`. The API spelling is
written there and never derived. Import, export, validation, forms and documentation read `members(cls)`.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from typing import Any
from weakref import WeakKeyDictionary

from sesreceive.limits import Limit

__all__ = ["Kind", "Member", "member", "members"]


class Kind(StrEnum):
    """What a member holds."""

    TEXT = "text"
    FLAG = "flag"
    CHOICE = "choice"
    TEXTS = "texts"
    TIMESTAMP = "timestamp"
    VALUES = "values"
    ACTIONS = "actions"
    IDENTITIES = "identities"


def member(
    api: str,
    *,
    doc: str,
    kind: Kind = Kind.TEXT,
    required: bool = False,
    min: int | None = None,  # noqa: A002 - the word of the API model
    max: int | None = None,  # noqa: A002
    pattern: Limit[str] | None = None,
    enum: type[StrEnum] | None = None,
    of: type | None = None,
    within: str = "",
    arn: str = "",
    identity: bool = False,
    nullable: bool = False,
    example: str = "",
    source: str = "",
) -> dict[str, Any]:
    """Metadata of a field that is a member of the API.

    Parameters
    ----------
    api : str
        The API's spelling.
    doc : str
        What the member says, as one clause; forms and documentation show it.
    kind : Kind
        What it holds; ``CHOICE`` where an `enum` is given.
    required : bool
        Whether the API refuses a request without it.
    min, max : int, optional
        Least and greatest length in characters.
    pattern : Limit, optional
        What the whole text has to match.
    enum : type of StrEnum, optional
        The allowed words.
    of : type, optional
        Class of the elements of a list of values.
    within : str
        Name of the structure around the member, as in ``IpFilter.Cidr``.
    arn : str
        Service whose ARN it is, where that has to lie in the region of the account.
    identity : bool
        Whether it has to be an address under a verified identity.
    nullable : bool
        Whether ``null`` says that it is not given; boto3 refuses None.
    example : str
        A value to show in an empty form field.
    source : str
        Who states the constraint, where that is not the API model.

    Examples
    --------
    >>> member("HeaderName", doc="name of the header", required=True)["api"]
    'HeaderName'
    """
    return {
        "api": api,
        "doc": doc,
        "kind": Kind.CHOICE if enum else kind,
        "required": required,
        "min": min,
        "max": max,
        "pattern": pattern.value if pattern else None,
        "limit": pattern,
        "enum": enum,
        "of": of,
        "within": within,
        "arn": arn,
        "identity": identity,
        "nullable": nullable,
        "example": example,
        "source": source,
    }


@dataclass(frozen=True, slots=True)
class Member:
    """A field of a value and its metadata; the attributes are those of `member`.

    Attributes
    ----------
    name : str
        The field's name in Python.
    default : object
        Its default; ``dataclasses.MISSING`` where there is none.
    """

    name: str
    default: Any
    api: str
    doc: str
    kind: Kind
    required: bool
    min: int | None
    max: int | None
    pattern: str | None
    limit: Limit[str] | None
    enum: type[StrEnum] | None
    of: type | None
    within: str
    arn: str
    identity: bool
    nullable: bool
    example: str
    source: str

    @property
    def optional(self) -> bool:
        """Whether None stands for "not given"."""
        return self.default is None

    @property
    def path(self) -> str:
        """The API's spelling, with the structure around it."""
        return f"{self.within}.{self.api}" if self.within else self.api

    def origin(self, structure: str) -> str:
        """Who states its constraints: its own source, or the `structure` it is a member of."""
        return self.source or f"{structure}.{self.path}"


def members(cls: type[Any]) -> tuple[Member, ...]:
    """The members of a value class, in the order of its fields.

    Raises
    ------
    TypeError
        When a field does not say what the API calls it.
    """
    if (known := _MEMBERS.get(cls)) is not None:
        return known
    found = []
    for item in fields(cls):
        if "api" not in item.metadata:
            raise TypeError(
                f"`{cls.__name__}.{item.name}` has no API spelling: "
                'declare it with field(metadata=member("…", doc="…"))'
            )
        found.append(
            Member(name=item.name, default=MISSING if item.default is MISSING else item.default, **item.metadata)
        )
    return _MEMBERS.setdefault(cls, tuple(found))


# A class that a notebook cell defines again is not kept alive.
_MEMBERS: WeakKeyDictionary[type, tuple[Member, ...]] = WeakKeyDictionary()
