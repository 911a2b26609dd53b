"""Of a class of recipients a member that a text is so of: classes are cut by what accounts name, texts by anything.

A class is an address with some part of it free: the label, the local part, or names below a domain. What a text
asks for is put into the free part, at its ends and behind and before words that nobody named; what comes out is looked
up in the partition, so no member is given that is not one.
"""

from __future__ import annotations

from collections.abc import Iterator

from sesreceive.analysis.classes import RecipientClass, RecipientKind
from sesreceive.analysis.partition import Partition
from sesreceive.analysis.predicates import TextIs
from sesreceive.mail.address import Mailbox

__all__ = ["member"]

# What is put beside what is asked for; several, since one may be named, or be what must not be there.
_WORDS = ("x", "q7", "zz9", "someone", "k0k0", "w1w2w3")


def member(partition: Partition, recipient: RecipientClass, text: TextIs) -> str | None:
    """An address of the class of which the text holds; None where there is none.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", recipients=("example.com",))
    >>> rules = ses.ReceiptRuleSet(name="main", rules=(rule,))
    >>> partition = Partition(ses.Account(rule_sets=(rules,), active="main"))
    >>> (anybody, below, *_) = partition.recipients
    >>> member(partition, anybody, TextIs("STARTS_WITH", "no-reply"))
    'no-reply@example.com'
    >>> member(partition, anybody, TextIs("ENDS_WITH", "@example.org"))
    >>> member(partition, below, TextIs("CONTAINS", "@news."))
    'someone@news.example.com'
    """
    place = recipient.kind, recipient.literal
    for address in _candidates(recipient, text):
        if text.holds(folded(address)):
            found = partition.recipient_class(address)
            if (found.kind, found.literal) == place:
                return address
    return None


def folded(address: str) -> str:
    """An address as texts are asked about it: in lower case, its quotes taken off."""
    return Mailbox.parse(address).folded


def _candidates(recipient: RecipientClass, text: TextIs) -> Iterator[str]:
    yield recipient.representative
    local, _, domain = recipient.representative.rpartition("@")
    base = recipient.literal.rpartition("@")[0] if recipient.kind is RecipientKind.LABEL else ""
    values = ("",) if text.negated else text.values
    for value in values:
        yield value
        for local_part, names in _parts(value):
            locals_ = list(_beside(local_part, local))
            if base:  # what is asked for may reach from the base into the label
                locals_ = [f"{base}+{word.removeprefix(f'{base}+')}" for word in locals_]
                ends = [local_part[at:] for at in range(len(local_part) + 1)]
                locals_ += [f"{base}+{end}{word}" for end in ends for word in ("", *_WORDS)]
            for one in locals_:
                if recipient.kind is not RecipientKind.SUBDOMAIN:
                    yield f"{one}@{domain}"
                    continue
                for name in _names(names):
                    yield f"{one}@{name}.{recipient.literal}"


def _parts(value: str) -> Iterator[tuple[str, str]]:
    """What of a text may stand in a local part, and what in names below a domain."""
    if "@" in value:
        local, _, names = value.rpartition("@")
        yield local, names
        return
    yield value, ""
    yield "", value


def _beside(piece: str, usual: str) -> Iterator[str]:
    """Local parts with a piece in them: alone, at the end, at the beginning, between."""
    if not piece:
        yield usual
    for word in ("", *_WORDS):
        for other in ("", *_WORDS):
            if made := f"{word}{piece}{other}":
                yield made


def _names(piece: str) -> Iterator[str]:
    """Names below a domain: the piece may reach into the domain, so each of its beginnings counts, and each end."""
    yield "sub"
    yield from _WORDS
    for at in range(len(piece) + 1):
        start, end = piece[:at].strip("."), piece[at:].strip(".")
        for part in dict.fromkeys((start, end)):
            if part:
                yield part
                for word in _WORDS:
                    yield f"{part}{word}"
                    yield f"{word}{part}"
                    yield f"{part}.{word}"
                    yield f"{word}.{part}"
