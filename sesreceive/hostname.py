"""How domain names are compared: the one rule for letter case and the final dot, for DNS, mail and accounts."""

from __future__ import annotations

__all__ = ["plain_domain"]


def plain_domain(name: str) -> str:
    """The name in lower case, without the one final dot that says it is absolute (RFC 1034 section 3.1).

    Two dots end in an empty label: they stay, and the name stays invalid, however often this is done.

    Examples
    --------
    >>> plain_domain("Example.COM."), plain_domain("example.com"), plain_domain("example.com..")
    ('example.com', 'example.com', 'example.com..')
    """
    if name.endswith(".") and not name.endswith(".."):
        name = name[:-1]
    return name.lower()
