"""All mail, cut into finitely many classes: within one, every filter, condition and rule says the same of each mail.

The language of receipt rules is small: addresses with and without a label, domains, what lies below a domain, networks,
TLS, sizes. So the literals that stand in an account cut what can come into classes, and one mail of each, judged by
the code that judges mail, answers for all. Nothing here knows what a rule *means*: `stages.recipients` and
`stages.filtering` decide on the representatives.

=============  =============================================================  ============================
what           classes                                                        how many
=============  =============================================================  ============================
recipient      each address that a condition names; it with a label that      at most 2 an address and 2 a
               none names; each domain that is named, with another local      domain, and 5
               part; below each domain; elsewhere; without a domain;
               what cannot stand between angle brackets; too long
client         pieces between the ends of the networks of the filters         at most 2 n + 1 a version
TLS            with and without                                               2
sender         the null sender, one under a verified domain, another, none    4
               that SMTP takes
size           taken by every action; close to the limit of SNS; above it;    5
               above 40 MB and taken; refused for its size
=============  =============================================================  ============================

Which of the recipients of one message come together in a rule, and what functions answer, is the business of
`analysis.walk`: there are three answers and they are carried along as states.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sesreceive.analysis.address_ranges import AddressRange
from sesreceive.errors import one_line

__all__ = ["MailClass", "RecipientClass", "RecipientKind", "SenderClass", "SizeClass"]


class RecipientKind(StrEnum):
    """How a recipient stands to the literals of the accounts."""

    ADDRESS = "address"
    LABEL = "label"
    DOMAIN = "domain"
    SUBDOMAIN = "subdomain"
    ELSEWHERE = "elsewhere"
    NO_DOMAIN = "no domain"
    UNSAYABLE = "unsayable"
    TOO_LONG = "too long"


@dataclass(frozen=True, slots=True)
class RecipientClass:
    """Recipients of which every condition says the same.

    Attributes
    ----------
    kind : RecipientKind
        How they stand to the literals.
    literal : str
        The address or domain they are about; empty where they are about none.
    representative : str
        One of them.
    """

    kind: RecipientKind
    literal: str
    representative: str

    @property
    def text(self) -> str:
        """What it is, as part of a sentence.

        Examples
        --------
        >>> RecipientClass(RecipientKind.LABEL, "ana@example.com", "ana+tag@example.com").text
        '`ana@example.com` with a label that no condition names'
        """
        return _TEXTS[self.kind].format(one_line(self.literal, 120))


_TEXTS = {
    RecipientKind.ADDRESS: "`{}`",
    RecipientKind.LABEL: "`{}` with a label that no condition names",
    RecipientKind.DOMAIN: "an address in `{}` that no condition names",
    RecipientKind.SUBDOMAIN: "an address below `{}`, in no domain that is named",
    RecipientKind.ELSEWHERE: "an address in no domain that is named",
    RecipientKind.NO_DOMAIN: "an address without a domain",
    RecipientKind.UNSAYABLE: "an address that cannot stand between angle brackets",
    RecipientKind.TOO_LONG: "an address that is longer than a command may be",
}


class SenderClass(StrEnum):
    """How the reverse-path stands to the account."""

    NULL = "null sender"
    INSIDE = "under a verified domain"
    OUTSIDE = "elsewhere"
    REFUSED = "no valid address"


class SizeClass(StrEnum):
    """How a message stands to the limits: of an SNS action, of SES, and of the reading of an oversize message."""

    SMALL = "taken by every action"
    EDGE = "close to the limit of SNS actions"
    LARGE = "too large for SNS actions"
    OVER = "over 40 MB and bounced"
    REFUSED = "too large to be taken"


@dataclass(frozen=True, slots=True)
class MailClass:
    """The classes that one mail is in; two mails of equal classes are decided alike.

    Attributes
    ----------
    recipients : tuple of RecipientClass
        One a recipient, in order.
    client : AddressRange
        Where it comes from.
    tls : bool
        Whether the session was encrypted.
    sender : SenderClass
        Of the reverse-path.
    size : SizeClass
        Of the message.
    """

    recipients: tuple[RecipientClass, ...]
    client: AddressRange
    tls: bool
    sender: SenderClass
    size: SizeClass
