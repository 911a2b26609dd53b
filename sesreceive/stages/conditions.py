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

from typing import NamedTuple

from sesreceive.assumption import Assumptions
from sesreceive.hostname import plain_domain
from sesreceive.mail.address import Mailbox

__all__ = ["ConditionResult", "covers", "match", "split_label"]

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
