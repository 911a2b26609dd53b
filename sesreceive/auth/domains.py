"""What a domain is to authentication: the name of a host or zone that somebody could publish records at."""

from __future__ import annotations

import re

from sesreceive.hostname import plain_domain
from sesreceive.mail.address import to_ascii_domain

__all__ = ["published_domain"]

# Labels of letters, digits and hyphens (RFC 5321 section 4.1.2), and the underscore that records are published under.
_NAME = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*+")

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
    if len(text) > _MAX_TEXT:
        return None
    domain = plain_domain(text) if text.isascii() else to_ascii_domain(text)
    if domain is None or len(domain) >= _MAX_TEXT or domain.count(".") < labels - 1:
        return None
    return domain if _NAME.fullmatch(domain) else None
