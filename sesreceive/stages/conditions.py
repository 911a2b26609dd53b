"""Recipient conditions: which recipients a rule is for, and why one does not match.

==========================  ==============================================  ======================
condition                   matches                                         source
==========================  ==============================================  ======================
``user@example.com``        that address and every ``user+label`` of it     documented, observed
``user+label@example.com``  that label only                                 inferred
``example.com``             any address in exactly that domain              documented, observed
``.example.com``            any address in a subdomain of any depth         documented
(none)                      everything under the verified domains           documented
==========================  ==============================================  ======================

Letter case never matters [observed]; ``*`` is no wildcard [inferred].
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from typing import NamedTuple

from sesreceive.assumption import Assumptions
from sesreceive.hostname import plain_domain
from sesreceive.mail.address import Mailbox

__all__ = ["ConditionResult", "covers", "local_parts", "match", "without_local_part"]

_DEFAULT = Assumptions()


class ConditionResult(NamedTuple):
    """Whether a condition matches a recipient, and the sentence that says why."""

    matches: bool
    reason: str


def match(condition: str, recipient: str, assumptions: Assumptions | None = None) -> ConditionResult:
    """Whether the condition of a rule matches one recipient.

    Examples
    --------
    >>> match(".example.com", "ana@example.com").reason
    '`.example.com` covers subdomains only; `ana@example.com` is in the domain itself'
    >>> match("ana@example.com", "Ana+news@EXAMPLE.com").matches
    True
    >>> match("ana+news@example.com", "ana@example.com").reason
    '`ana+news@example.com` is for the label `news` only; `ana@example.com` has no label'

    References
    ----------
    Amazon SES Developer Guide, "Creating receipt rules".
    """
    label_match = (assumptions or _DEFAULT).label_match
    wanted = plain_domain(condition)
    mailbox = Mailbox.parse(recipient)
    if "@" in wanted:
        return _match_address(condition, Mailbox.parse(wanted), mailbox, label_match)
    if wanted.startswith("."):
        return _match_subdomains(condition, wanted[1:], mailbox)
    return _match_domain(condition, wanted, mailbox)


def covers(condition: str, assumptions: Assumptions | None = None) -> str:
    """What a condition is for, as a clause: the table above for this one.

    Examples
    --------
    >>> covers("ana@example.com")
    '`ana@example.com` and every `ana+label@example.com`'
    >>> covers("ana+news@example.com")
    'the label `news` of `ana@example.com` only'
    >>> covers("example.com")
    'every address in `example.com` itself, none in a subdomain'
    >>> covers(".example.com")
    'every address in a subdomain of `example.com`, however deep, none in the domain itself'
    """
    wanted = plain_domain(condition)
    if "@" in wanted:
        mailbox = Mailbox.parse(wanted)
        name, label = split_label(mailbox.local, (assumptions or _DEFAULT).label_match)
        if label is None:
            return f"`{wanted}` and every `{name}+label@{mailbox.domain}`"
        return f"the label `{label}` of `{name}@{mailbox.domain}` only"
    if wanted.startswith("."):
        return f"every address in a subdomain of `{wanted[1:]}`, however deep, none in the domain itself"
    return f"every address in `{wanted}` itself, none in a subdomain"


# Characters that mean nothing: no label, no quotes. Longer ones are rare.
_PLAIN_LOCAL_PART = re.compile(r"[A-Za-z0-9._-]{1,64}")


def local_parts(conditions: Iterable[str]) -> frozenset[str]:
    """The local parts, in lower case and without a label, of the addresses among the conditions.

    Examples
    --------
    >>> sorted(local_parts(["Ana+news@example.com", "bo@example.com", "example.com"]))
    ['ana', 'bo']
    """
    locals_ = [Mailbox.parse(wanted).local for wanted in map(plain_domain, conditions) if "@" in wanted]
    # By either reading of where a label begins.
    return frozenset(split_label(local, reading)[0] for local in locals_ for reading in ("first-plus", "last-plus"))


def without_local_part(recipient: str, named: Container[str]) -> tuple[str, str | None]:
    """A local part that no condition tells from others, and the rest of the address; or the address, and None.

    Two recipients with the same rest match the same conditions, and for the same reasons but for the local part in
    them: all that `match` compares of a local part is its name with those of the conditions.

    Parameters
    ----------
    recipient : str
        The address.
    named : container of str
        The `local_parts` of the conditions.

    Examples
    --------
    >>> without_local_part("cy@Example.com", {"ana", "bo"})
    ('cy', '@Example.com')
    >>> without_local_part("Ana@example.com", {"ana", "bo"})
    ('Ana@example.com', None)
    """
    local, at, domain = recipient.rpartition("@")
    if not at or '"' in domain or _PLAIN_LOCAL_PART.fullmatch(local) is None or local.lower() in named:
        return recipient, None
    return local, at + domain


def _match_domain(condition: str, wanted: str, mailbox: Mailbox) -> ConditionResult:
    if mailbox.domain == wanted:
        return ConditionResult(True, f"`{mailbox.text}` is in the domain `{condition}`")
    if mailbox.domain.endswith(f".{wanted}"):
        return ConditionResult(
            False,
            f"`{condition}` covers the domain itself only; `{mailbox.text}` is in the subdomain `{mailbox.domain}`",
        )
    return ConditionResult(False, f"`{mailbox.text}` is not in the domain `{condition}`")


def _match_subdomains(condition: str, wanted: str, mailbox: Mailbox) -> ConditionResult:
    if mailbox.domain.endswith(f".{wanted}"):
        return ConditionResult(True, f"`{mailbox.domain}` is a subdomain of `{wanted}`")
    if mailbox.domain == wanted:
        return ConditionResult(False, f"`{condition}` covers subdomains only; `{mailbox.text}` is in the domain itself")
    return ConditionResult(False, f"`{mailbox.domain}` is not a subdomain of `{wanted}`")


def _match_address(condition: str, wanted: Mailbox, mailbox: Mailbox, label_match: str) -> ConditionResult:
    if mailbox.folded == wanted.folded:
        return ConditionResult(True, f"`{mailbox.text}` is the address `{condition}`")
    if mailbox.domain != wanted.domain:
        place = "a subdomain" if mailbox.domain.endswith(f".{wanted.domain}") else "another domain"
        return ConditionResult(False, f"`{mailbox.text}` is in {place}, not in `{wanted.domain}`")
    name, label = split_label(mailbox.local.lower(), label_match)
    wanted_name, wanted_label = split_label(wanted.local, label_match)
    if name != wanted_name:
        return ConditionResult(False, f"`{mailbox.text}` is another address than `{condition}`")
    if wanted_label is None:
        return ConditionResult(True, f"`{mailbox.text}` is `{condition}` with the label `{label}`")
    found = f"has the label `{label}`" if label is not None else "has no label"
    return ConditionResult(False, f"`{condition}` is for the label `{wanted_label}` only; `{mailbox.text}` {found}")


def split_label(local: str, label_match: str) -> tuple[str, str | None]:
    """A local part without its label, and the label; None where there is none.

    Examples
    --------
    >>> split_label("ana+a+b", "first-plus")
    ('ana', 'a+b')
    >>> split_label("ana+a+b", "last-plus")
    ('ana+a', 'b')
    """
    if label_match == "last-plus":
        name, plus, label = local.rpartition("+")
        return (name, label) if plus else (local, None)
    name, plus, label = local.partition("+")
    return name, label if plus else None
