"""The author domains of a message: those of its From field (RFC 5322 section 3.6.2), whatever stands there.

The addresses are those that every reader of `sesreceive.mail.loose_addresses` sees. Where a wrong answer lets a forged
message pass, DMARC is stricter in three points:

- What JavaMail passes over, such as `x@y` in ``ana@example.org (Ana) x@y``, counts, too: a mail program may show it.
  All domains are evaluated and the worst result decides (RFC 7489 section 6.6.1).
- An address counts however long it is, also where SMTP could not say it.
- Of a field beyond all real ones nothing is read.

A domain in a display name, a comment, a route, a group's name or an encoded word never counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from sesreceive.auth.domains import published_domain
from sesreceive.auth.remembered import MAX_TEXT, Memory
from sesreceive.mail.address import domain_of
from sesreceive.mail.loose_addresses import addresses_in, scan_addresses
from sesreceive.mail.message import Message, unfold

__all__ = ["Author"]

# RFC 5322 section 2.1.1 holds a line to 998 octets and no field to anything; we choose what a real one never reaches.
MAX_FROM_OCTETS = 65_536


@dataclass(frozen=True, slots=True)
class Author:
    """Who a message says it is from.

    Attributes
    ----------
    fields : int
        How many From fields there are; RFC 5322 wants one.
    domains : tuple of str
        The domains of the addresses of the first one, as A-labels, in order, none twice.
    problem : str
        Why there is no domain, as part of a sentence; empty where there is one.
    """

    fields: int
    domains: tuple[str, ...] = ()
    problem: str = ""

    @classmethod
    def of(cls, message: Message, memory: Memory | None = None) -> Author:
        r"""The author of a message; never raises.

        Examples
        --------
        >>> Author.of(Message(b"From: \"a, b\" (x@y) <ana@Example.ORG>\r\n\r\n")).domains
        ('example.org',)
        >>> Author.of(Message(b"From: undisclosed:;\r\n\r\n")).problem
        'the From field names no domain'
        """
        found = message.all("From")
        if not found:
            return cls(0, problem="the message has no From field")
        value = found[0].value
        if len(value) > MAX_FROM_OCTETS:
            return cls(len(found), problem=f"the From field has more than {MAX_FROM_OCTETS} octets")
        domains = memory.authors.get(value) if memory is not None else None
        if domains is None:
            domains = _domains(unfold(value).decode("utf-8", "replace"))
            if memory is not None and len(value) <= MAX_TEXT:
                memory.authors.keep(value, domains)
        return cls(len(found), domains, "" if domains else "the From field names no domain")


def _domains(text: str) -> tuple[str, ...]:
    """The domains of all addresses in a From field, by either way to read it."""
    return tuple(
        dict.fromkeys(
            domain
            for address in (*addresses_in(text), *scan_addresses(text))
            if (domain := published_domain(domain_of(address)))
        )
    )
