"""What a domain is to authentication: the name of a host or zone that somebody could publish records at."""

from __future__ import annotations

import re
from functools import lru_cache

from sesreceive.mail.address import to_ascii_domain

__all__ = ["published_domain"]

# Letters, digits and hyphens (RFC 5321 section 4.1.2), and the underscore that records are published under.
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")

_MAX_TEXT = 254  # RFC 1035 section 2.3.4, with a final dot; no A-label is shorter than what it stands for


def published_domain(text: str, *, labels: int = 2) -> str | None:
    """The domain as A-labels, lower case; None where it is none or has fewer labels.

    Examples
    --------
    >>> published_domain("München.example.")
    'xn--mnchen-3ya.example'
    >>> published_domain("example(.org"), published_domain("localhost"), published_domain("s1", labels=1)
    (None, None, 's1')
    """
    return _published(text, labels) if len(text) <= _MAX_TEXT else None


@lru_cache(maxsize=4096)
def _published(text: str, labels: int) -> str | None:
    domain = to_ascii_domain(text)
    if domain is None or domain.count(".") < labels - 1:
        return None
    return domain if all(map(_LABEL.fullmatch, domain.split("."))) else None
