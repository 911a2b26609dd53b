"""The envelope of one SMTP transaction (RFC 5321 section 2.3.1): who is connecting, from whom, to whom."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sesreceive.errors import InputError, one_line
from sesreceive.mail.address import host_address

__all__ = ["Envelope"]

_ENDS = re.compile(r"[\r\n\0]")
_TEXTS = ("client_ip", "helo", "mail_from", "client_name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the SMTP session said before the message.

    Attributes
    ----------
    client_ip : str
        Address of the connecting host, IPv4 or IPv6.
    helo : str
        Argument of HELO or EHLO.
    mail_from : str
        Reverse-path without angle brackets; empty for the null sender ``<>``.
    rcpt_to : tuple of str
        Forward-paths without angle brackets, in the order and case they were sent.
    tls : bool
        Whether the session was encrypted when the recipients were named.
    client_name : str
        Reverse DNS name of the client; empty when there is none.

    Examples
    --------
    >>> Envelope(helo="mx.example.org", mail_from="", rcpt_to=("ana@example.com",)).is_null_sender
    True
    """

    client_ip: str = "192.0.2.1"
    helo: str = "localhost"
    mail_from: str = ""
    rcpt_to: tuple[str, ...] = ()
    tls: bool = False
    client_name: str = ""

    def __post_init__(self) -> None:
        """Refuse what no SMTP session could say: a client without an address, a recipient that is no text."""
        for name in _TEXTS:
            _say(name, getattr(self, name))
        try:
            host_address(self.client_ip)
        except ValueError:
            raise InputError(
                f"envelope client_ip: expected an IPv4 or IPv6 address but got `{one_line(self.client_ip)}`"
            ) from None
        if not isinstance(self.tls, bool):
            raise InputError(f"envelope tls: expected True or False but got `{one_line(self.tls)}`")
        given: Any = self.rcpt_to
        if isinstance(given, str | bytes) or not isinstance(given, Iterable):
            raise InputError(f"envelope rcpt_to: expected a list of addresses but got `{one_line(given)}`")
        object.__setattr__(self, "rcpt_to", tuple(_say("rcpt_to", one) for one in given))

    @property
    def is_null_sender(self) -> bool:
        """Whether the reverse-path is ``<>``, as in bounces (RFC 5321 section 4.5.5)."""
        return self.mail_from == ""

    def to(self, *rcpt_to: str) -> Envelope:
        """The same envelope with other recipients."""
        return self if rcpt_to == self.rcpt_to else replace(self, rcpt_to=rcpt_to)

    def to_json(self) -> dict[str, Any]:
        """The envelope as JSON values, as kept beside a message in a dataset."""
        return {
            "client_ip": self.client_ip,
            "client_name": self.client_name,
            "helo": self.helo,
            "mail_from": self.mail_from,
            "rcpt_to": list(self.rcpt_to),
            "tls": self.tls,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | str | bytes, *, where: str = "envelope") -> Envelope:
        """The envelope of a dataset's ``.envelope.json`` file.

        Raises
        ------
        InputError
            When the text is no JSON object, or has members that an envelope has not.

        Examples
        --------
        >>> Envelope.from_json('{"mail_from": "ana@example.org", "rcpt_to": ["bo@example.com"]}').rcpt_to
        ('bo@example.com',)
        """
        if isinstance(value, str | bytes):
            try:
                value = json.loads(value)
            except ValueError as error:
                raise InputError(f"{where}: expected a JSON object but the text is no JSON ({error})") from None
        if not isinstance(value, Mapping):
            raise InputError(f"{where}: expected a JSON object but got `{one_line(value)}`")
        unknown = sorted(set(value) - set(cls.__dataclass_fields__))
        if unknown:
            known = ", ".join(cls.__dataclass_fields__)
            raise InputError(f"{where}: expected only {known} but got `{one_line(', '.join(map(str, unknown)))}`")
        try:
            return cls(**value)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None


def _say(name: str, text: Any) -> str:
    """`text`, when it can stand in an SMTP command: no line end and no NUL (RFC 5321 section 2.3.8)."""
    if not isinstance(text, str):
        raise InputError(f"envelope {name}: expected text but got `{one_line(text)}`")
    if _ENDS.search(text):
        raise InputError(f"envelope {name}: expected text without line ends and NUL but got `{one_line(text)}`")
    return text
