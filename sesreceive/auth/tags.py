"""Tag lists, the ``name=value; …`` of DKIM signatures and key records (RFC 6376 section 3.2)."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field

from sesreceive import limits

__all__ = ["TagList", "decoded", "items", "unquoted"]

_FWS = b" \t\r\n"
_NAME = re.compile(rb"[A-Za-z][A-Za-z0-9_]*")
_HEX_OCTET = re.compile(rb"=([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class TagList:
    """What could be read of a tag list.

    Attributes
    ----------
    tags : dict of bytes to bytes
        Values by name, without the white space around them; the first one where a name comes twice.
    problem : str
        The first thing that is wrong with the list; empty for a good one.
    """

    tags: dict[bytes, bytes] = field(default_factory=dict)
    problem: str = ""

    @classmethod
    def parse(cls, text: bytes) -> TagList:
        r"""Read a list; a semicolon may end it.

        Examples
        --------
        >>> TagList.parse(b" v=1; h=From :\r\n To;")
        TagList(tags={b'v': b'1', b'h': b'From :\r\n To'}, problem='')
        >>> TagList.parse(b"v=1; v=2").problem
        'tag `v` comes twice'
        """
        if text.count(b";") > limits.TAGS_READ.value:
            return cls({}, f"it has more than {limits.TAGS_READ.value} tags")
        tags: dict[bytes, bytes] = {}
        problem = ""
        specs = text.split(b";")
        if not specs[-1].strip(_FWS):
            specs.pop()
        for spec in specs:
            name, equals, value = spec.partition(b"=")
            name = name.strip(_FWS)
            if not equals or not (name.isalpha() or _NAME.fullmatch(name)):
                problem = problem or f"`{_shown(spec)}` is no `tag=value`"
            elif name in tags:
                problem = problem or f"tag `{_shown(name)}` comes twice"
            else:
                tags[name] = value.strip(_FWS)
        return cls(tags, problem)


def items(value: bytes) -> tuple[bytes, ...]:
    r"""The items of a colon-separated value, without white space and without empty ones.

    Examples
    --------
    >>> items(b"From :To:\r\n Subject:")
    (b'From', b'To', b'Subject')
    """
    return tuple([item for part in value.split(b":") if (item := part.strip(_FWS))])


def decoded(value: bytes) -> bytes | None:
    r"""The octets of a base64 value that may be folded; None where it is not base64.

    Examples
    --------
    >>> decoded(b"aGVs\r\n bG8=")
    b'hello'
    >>> decoded(b"aGV") is None
    True
    """
    try:
        return binascii.a2b_base64(b"".join(value.split()), strict_mode=True)
    except binascii.Error:
        return None


def unquoted(value: bytes) -> bytes:
    r"""The octets of a dkim-quoted-printable value (section 2.11): white space goes, ``=`` and two digits are an octet.

    Examples
    --------
    >>> unquoted(b"ana=2Bnews=40\r\n example.org")
    b'ana+news@example.org'
    >>> unquoted(b"=zz")
    b'=zz'
    """
    value = b"".join(value.split())
    return _HEX_OCTET.sub(lambda digits: bytes.fromhex(digits[1].decode()), value) if b"=" in value else value


def _shown(text: bytes) -> str:
    return text.strip(_FWS)[:40].decode("utf-8", "replace")
