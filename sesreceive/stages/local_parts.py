"""Recipients without their local parts, where no condition of a rule set tells these from others.

Of most recipients a rule set knows nothing but the domain, so what is said of one is said of the others, but for its
name. A trace is not read that way, the tables of many traces are (`trace.outline`).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from itertools import chain

from sesreceive.account.rule_set import ReceiptRuleSet
from sesreceive.hostname import plain_domain
from sesreceive.mail.address import Mailbox
from sesreceive.stages.conditions import split_label
from sesreceive.trace.outline import Remembered

__all__ = ["local_parts", "parted_by", "without_local_part"]

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


class _Parted(dict[str, tuple[str, str | None]]):
    """Recipients without their local parts, by the conditions of a rule set; see `without_local_part`."""

    def __init__(self, rule_set: ReceiptRuleSet | None) -> None:
        super().__init__()
        self.rule_set = rule_set  # kept, so that its id stays its own
        rules = rule_set.rules if rule_set is not None else ()
        self.named = local_parts(chain.from_iterable(rule.recipients for rule in rules))

    def __missing__(self, recipient: str) -> tuple[str, str | None]:
        parts = self[recipient] = without_local_part(recipient, self.named)
        return parts


def parted_by(rule_set: ReceiptRuleSet | None, remembered: Remembered) -> Mapping[str, tuple[str, str | None]]:
    """For any recipient its local part and the rest, where no condition of the rule set tells it from others.

    Both are found out once for each set and recipient that a reader meets.
    """
    key = id(rule_set)
    parted: _Parted | None = remembered.get(key)
    if parted is None:
        parted = remembered[key] = _Parted(rule_set)
    return parted
