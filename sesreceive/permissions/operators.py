"""The operators of conditions: one table, and how a request without the key is judged by each.

A positive operator asks that one value of the policy fits, a negative one that none does; a key that the request does
not have fails the first and passes the second [IAM User Guide, "IAM JSON policy elements: Condition operators"].
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sesreceive.permissions.wildcard import fits, fits_arn

__all__ = ["is_operator", "satisfied", "takes_wildcards"]

Fits = Callable[[str, str], bool]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _date(text: str) -> float | None:
    if (seconds := _number(text)) is not None:
        return seconds
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _ordered(read: Callable[[str], float | None], compare: Callable[[Any, Any], bool]) -> Fits:
    """Compares the value of the request with that of the policy, in this order."""

    def holds(wanted: str, value: str) -> bool:
        left, right = read(value), read(wanted)
        return left is not None and right is not None and compare(left, right)

    return holds


def _in_network(wanted: str, value: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _same_bytes(wanted: str, value: str) -> bool:
    try:
        return base64.b64decode(wanted, validate=True) == base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False


# Base operator: whether a value of the policy fits one of the request, and whether the operator is negative.
_BASES: Mapping[str, tuple[Fits, bool]] = {
    "stringequals": (operator.eq, False),
    "stringnotequals": (operator.eq, True),
    "stringequalsignorecase": (lambda wanted, value: wanted.lower() == value.lower(), False),
    "stringnotequalsignorecase": (lambda wanted, value: wanted.lower() == value.lower(), True),
    "stringlike": (fits, False),
    "stringnotlike": (fits, True),
    "arnequals": (fits_arn, False),
    "arnlike": (fits_arn, False),
    "arnnotequals": (fits_arn, True),
    "arnnotlike": (fits_arn, True),
    "bool": (lambda wanted, value: wanted.lower() == value.lower(), False),
    "binaryequals": (_same_bytes, False),
    "ipaddress": (_in_network, False),
    "notipaddress": (_in_network, True),
    **{
        f"{kind}{name}": (_ordered(read, compare), negative)
        for kind, read in (("numeric", _number), ("date", _date))
        for name, compare, negative in (
            ("equals", operator.eq, False),
            ("notequals", operator.eq, True),
            ("lessthan", operator.lt, False),
            ("lessthanequals", operator.le, False),
            ("greaterthan", operator.gt, False),
            ("greaterthanequals", operator.ge, False),
        )
    },
}
_SET = re.compile(r"(?:(forallvalues|foranyvalue):)?(.*?)(ifexists)?", re.IGNORECASE)


def _parts(name: str) -> tuple[str, str, bool]:
    match = _SET.fullmatch(name)
    assert match is not None  # the middle takes everything
    return (match[1] or "").lower(), match[2].lower(), match[3] is not None


def is_operator(name: str) -> bool:
    """Whether IAM has an operator of that name.

    Examples
    --------
    >>> is_operator("ForAnyValue:StringLike"), is_operator("ArnLikeIfExists"), is_operator("StringEqual")
    (True, True, False)
    """
    quantifier, base, if_exists = _parts(name)
    return base in _BASES or (base == "null" and not if_exists and not quantifier)


def takes_wildcards(name: str) -> bool:
    """Whether ``*`` and ``?`` in the values of the policy stand for other characters.

    Examples
    --------
    >>> takes_wildcards("StringLike"), takes_wildcards("StringEquals"), takes_wildcards("ArnEquals")
    (True, False, True)
    """
    base = _parts(name)[1]
    return base.startswith("arn") or base.endswith("like")


def satisfied(name: str, wanted: tuple[str | bool, ...], values: tuple[str, ...]) -> bool:
    """Whether the values of the request satisfy an operator with the values of the policy.

    Parameters
    ----------
    name : str
        The operator, with its prefix and ``IfExists``.
    wanted : tuple of str or bool
        Values of the policy, variables put in; True is one that everything fits, False one that nothing does.
    values : tuple of str
        Those of the request; none where it does not have the key.

    Examples
    --------
    >>> satisfied("StringEquals", ("111122223333",), ("111122223333",)), satisfied("StringNotEquals", ("a",), ())
    (True, True)
    >>> satisfied("Null", ("true",), ()), satisfied("StringLike", ("a*",), ())
    (True, False)
    """
    quantifier, base, if_exists = _parts(name)
    if base == "null":
        absent = {"true": not values, "false": bool(values)}
        return any(word if isinstance(word, bool) else absent.get(word.lower(), False) for word in wanted)
    fit, negative = _BASES[base]
    if not values:
        return if_exists or quantifier == "forallvalues" or (negative and not quantifier)

    def holds(value: str) -> bool:
        return any(word if isinstance(word, bool) else fit(word, value) for word in wanted) is not negative

    # Without a prefix the key has one value; of several, a negative operator asks of each.
    every = quantifier == "forallvalues" or (negative and not quantifier)
    return all(map(holds, values)) if every else any(map(holds, values))
