"""The grammar of domains, identities and recipient conditions.

Refused by the service [observed]: empty text, blanks, empty labels (``a..b``), labels that start or end with
``-``. What else a name may hold is left to DNS.
"""

from __future__ import annotations

import re

from sesreceive.mail.address import Mailbox

__all__ = ["is_address", "is_domain", "is_recipient"]

# Whitespace and control characters of any script; also what makes a local part end.
_BLANK = re.compile(r"[\s\x00-\x1F\x7F-\x9F]")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


def is_domain(text: str) -> bool:
    """Whether the text is labels between single dots, none with ``-`` at an end.

    Examples
    --------
    >>> [is_domain(text) for text in ("example.com", "a..b", ".example.com", "-a.example", "a b")]
    [True, False, False, False, False]
    """
    if "@" in text or _BLANK.search(text):
        return False
    return all(label and label[0] != "-" and label[-1] != "-" for label in text.split("."))


def is_address(text: str) -> bool:
    """Whether the text is a local part and a domain.

    Examples
    --------
    >>> [is_address(text) for text in ("ana+x@example.com", "@example.com", "a@b@example.com", "ana@")]
    [True, False, False, False]
    """
    mailbox = Mailbox.parse(text)
    local = mailbox.local
    # As written: a final dot is understood in an address of mail and refused in a configuration.
    if _BLANK.search(text) or not local or not is_domain(text[len(local) + 1 :].lower()):
        return False
    return "@" not in local or _QUOTED.fullmatch(local) is not None


def is_recipient(text: str) -> bool:
    """Whether a rule may have the text as a recipient: an address, a domain, or a domain behind a dot.

    Examples
    --------
    >>> [is_recipient(text) for text in ("ana@example.com", "example.com", ".example.com", "")]
    [True, True, True, False]
    """
    return is_address(text) if "@" in text else is_domain(text.removeprefix("."))
