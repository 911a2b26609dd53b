"""Domain names as DNS compares them: lower case, A-labels, no final dot."""

from __future__ import annotations

import idna

from sesreceive.hostname import plain_domain

__all__ = ["is_valid", "normalize", "parents"]

# RFC 1035 section 2.3.4, in octets; a name of 255 octets on the wire is at most 253 characters as text.
MAX_LABEL, MAX_NAME = 63, 253


def normalize(name: str) -> str:
    """The name for comparison; a label that has no A-label form (RFC 5891) stays as it is.

    Examples
    --------
    >>> normalize("_DMARC.München.example.")
    '_dmarc.xn--mnchen-3ya.example'
    """
    name = plain_domain(name)
    if name.isascii() or len(name) > MAX_NAME:  # A-labels are never shorter
        return name
    return ".".join(map(_a_label, name.split(".")))


def _a_label(label: str) -> str:
    if label.isascii() or len(label) > MAX_LABEL:
        return label
    try:
        return idna.encode(label, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return label


def is_valid(name: str) -> bool:
    """Whether DNS can hold this name, given as `normalize` returns it.

    Examples
    --------
    >>> is_valid("_spf.example.org"), is_valid("a..b"), is_valid("x" * 64 + ".example")
    (True, False, False)
    """
    return (
        name.isascii()
        and len(name) <= MAX_NAME
        and (name == "" or all(0 < len(label) <= MAX_LABEL for label in name.split(".")))
    )


def parents(name: str) -> tuple[str, ...]:
    """The names above `name`, nearest first, without the root.

    Examples
    --------
    >>> parents("mx.example.org")
    ('example.org', 'org')
    """
    found = []
    while "." in name:
        name = name.partition(".")[2]
        found.append(name)
    return tuple(found)
