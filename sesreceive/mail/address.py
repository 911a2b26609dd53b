"""Mailbox addresses of the SMTP envelope (RFC 5321 section 4.1.2), split and compared.

The one place that knows where a local part ends, what a label is and how an internationalised domain is
written; SMTP, recipient conditions, SPF and DMARC all ask here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

import idna

from sesreceive.hostname import plain_domain

__all__ = ["Mailbox", "domain_of", "host_address", "is_host_address", "parent_domains", "to_ascii_domain", "unmapped"]

# An escaped character, or a quoted string. Where nothing closes a quote it is a character as any other; all quotes
# behind it are then escaped, so none is tried again in vain.
_ESCAPED_OR_QUOTED = re.compile(r'\\.|"(?:[^"\\]++|\\.)*+"', re.DOTALL)

# An IPv6 address with an IPv4 address in it; what is longer has a zone.
_ADDRESS_LENGTH = 45


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address as it was sent, and its parts.

    Attributes
    ----------
    text : str
        The address as sent, no angle brackets.
    local : str
        What stands before the last ``@`` outside quotes; the whole text where there is none.
    domain : str
        What stands behind it, in lower case and without a final dot; empty where there is none.
    """

    text: str
    local: str
    domain: str

    @classmethod
    def parse(cls, text: str) -> Mailbox:
        """Split an address at the last ``@`` outside quoted strings, which is never part of a domain.

        Examples
        --------
        >>> Mailbox.parse("Ana+news@Example.COM")
        Mailbox(text='Ana+news@Example.COM', local='Ana+news', domain='example.com')
        >>> Mailbox.parse('"a@b"@example.com').local
        '"a@b"'
        >>> Mailbox.parse("postmaster").domain
        ''
        >>> Mailbox.parse('"a@b"')
        Mailbox(text='"a@b"', local='"a@b"', domain='')
        """
        local, at, domain = text.rpartition("@")
        if '"' in domain:  # else no quoted string ends behind the `@`, so it is in none
            unquoted = _ESCAPED_OR_QUOTED.sub(_hidden, text)
            position = unquoted.rfind("@")
            if position < 0:
                return cls(text=text, local=text, domain="")
            local, domain = text[:position], text[position + 1 :]
        elif not at:
            return cls(text=text, local=text, domain="")
        return cls(text=text, local=local, domain=plain_domain(domain))

    @property
    def is_divided(self) -> bool:
        """Whether the address has an ``@`` outside quoted strings, though perhaps nothing behind it."""
        return len(self.local) < len(self.text)

    @property
    def folded(self) -> str:
        """The address for comparison, in lower case: SES matches without regard to case [observed]."""
        return f"{self.local.lower()}@{self.domain}"

    @property
    def without_label(self) -> str:
        """The folded address with the ``+label`` taken out; the label starts at the first ``+`` [inferred].

        Examples
        --------
        >>> Mailbox.parse("Ana+a+b@example.com").without_label
        'ana@example.com'
        """
        return f"{self.local.lower().partition('+')[0]}@{self.domain}"


def _hidden(match: re.Match[str]) -> str:
    """A quoted string without its at-signs, as long as it was."""
    return match[0].replace("@", "-") if match[0][0] == '"' else match[0]


def domain_of(address: str) -> str:
    """The domain of an address, in lower case and without a final dot; empty where there is none.

    Examples
    --------
    >>> domain_of("ana@Example.com.")
    'example.com'
    """
    return Mailbox.parse(address).domain


def unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The address as it is compared everywhere: IPv4 that is mapped into IPv6 is IPv4 (RFC 4291 section 2.5.5.2)."""
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def host_address(text: str) -> IPv4Address | IPv6Address:
    """The IP address of a host, without an IPv6 zone; one that is mapped into IPv6 is the IPv4 address in it.

    Raises
    ------
    ValueError
        When the text is no IP address.

    Examples
    --------
    >>> print(host_address("::ffff:192.0.2.1"), host_address("fe80::1%eth0"))
    192.0.2.1 fe80::1
    """
    return _read_once(text) if type(text) is str and len(text) <= _ADDRESS_LENGTH else _read(text)


def _read(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        address = IPv6Address(int(address))  # RFC 4007 section 11: a zone means something on its own host only
    return unmapped(address)


# A client is named in each of its messages; a text of any length is no key.
_read_once = lru_cache(maxsize=1_024)(_read)


def is_host_address(text: str) -> bool:
    """Whether the text is an IP address.

    Examples
    --------
    >>> is_host_address("192.0.2.1"), is_host_address("")
    (True, False)
    """
    try:
        host_address(text)
    except ValueError:
        return False
    return True


def parent_domains(domain: str) -> tuple[str, ...]:
    """The domains that `domain` lies in, nearest first, without itself.

    Examples
    --------
    >>> parent_domains("a.b.example.com")
    ('b.example.com', 'example.com', 'com')
    """
    labels = domain.split(".")
    return tuple(".".join(labels[start:]) for start in range(1, len(labels)))


def to_ascii_domain(domain: str) -> str | None:
    """The A-label form of a domain (RFC 5891), or None where it has none.

    Examples
    --------
    >>> to_ascii_domain("münchen.example")
    'xn--mnchen-3ya.example'
    >>> to_ascii_domain("Example.COM")
    'example.com'
    >>> to_ascii_domain("a..b") is None
    True
    """
    domain = plain_domain(domain)
    labels = domain.split(".")
    if domain.isascii():
        fits = len(domain) <= 253 and all(0 < len(label) <= 63 for label in labels)
        return domain if fits else None
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None
