"""The envelope of one SMTP transaction (RFC 5321 section 2.3.1): who is connecting, from whom, to whom, and when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any

from sesreceive.errors import InputError, one_line
from sesreceive.json_input import parse_json
from sesreceive.mail.address import host_address, is_host_address
from sesreceive.mail.mailbox_path import is_bracketed
from sesreceive.mail.provenance import Origin, Provenance, Unsaid, told, weakest
from sesreceive.shown import Shown
from sesreceive.wording import either, expected

__all__ = ["NOT_IN_COMMANDS", "Envelope"]

# What no word of an SMTP command holds.
NOT_IN_COMMANDS = re.compile(r"[\r\n\0]")
_TEXTS = ("client_ip", "helo", "mail_from", "client_name")
# What a session says of itself. A client without a name in DNS is no gap, and without a time the mail arrives now.
_SAID = ("client_ip", "helo", "mail_from", "rcpt_to", "tls")
# RFC 5321 section 4.5.3.1.4 wants 512 octets of a command line; no line of SMTP has more than 998.
_LONGEST = 998
# An address as it stands in a file: blanks and angle brackets in quotes only.
_ADDRESS = re.compile(r'(?:"(?:[^"\\]++|\\.)*+"|[^\s"<>]++)++')


def _unsaid(value: Any) -> Any:
    return Unsaid(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope(Shown):
    """What the SMTP session said before the message, and when the message came.

    Attributes
    ----------
    client_ip : str
        Address of the connecting host, IPv4 or IPv6; empty where it is not known. Nothing is judged by it then: SPF
        is not checked, and no IP filter is asked.
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
    received_at : datetime or None
        When the mail arrived, with its zone; DKIM's ``t=`` and ``x=``, ``Received`` and the notification speak of it.
        None is now, by the receiver's clock.
    origins : mapping of str to Provenance
        How parts are known that were not simply given; see `provenance`. Envelopes that say the same are equal
        whatever stands here.

    Examples
    --------
    >>> Envelope(helo="mx.example.org", mail_from="", rcpt_to=("ana@example.com",)).is_null_sender
    True
    >>> print(Envelope(client_ip="192.0.2.1", rcpt_to=("ana@example.com",), mail_from="").told)
    given: client_ip, mail_from, rcpt_to; assumed: helo, tls
    """

    client_ip: str = _unsaid("")
    helo: str = _unsaid("localhost")
    mail_from: str = _unsaid("")
    rcpt_to: tuple[str, ...] = _unsaid(())
    tls: bool = _unsaid(False)
    client_name: str = _unsaid("")
    received_at: datetime | None = None
    origins: Mapping[str, Provenance] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what no SMTP session could say: an address that is none, a recipient that is no text."""
        if self._is_as_heard():
            object.__setattr__(self, "origins", {})
            return
        origins = dict(self.origins)
        for name in (*_TEXTS, "rcpt_to", "tls"):
            value: Any = getattr(self, name)
            if isinstance(value, Unsaid):
                object.__setattr__(self, name, value.value)
                unknown = name == "client_ip" or (name == "rcpt_to" and not value.value)
                origins[name] = Provenance(Origin.UNKNOWN if unknown else Origin.ASSUMED, "", value.value)
        for name in _TEXTS:
            _say(name, getattr(self, name))
        _no_brackets("mail_from", self.mail_from)
        if self.client_ip:
            try:
                host_address(self.client_ip)
            except ValueError:
                raise InputError(
                    f"envelope client_ip: expected an IPv4 or IPv6 address but got `{one_line(self.client_ip)}`"
                ) from None
        else:
            origins["client_ip"] = Provenance(Origin.UNKNOWN, "", "")
        recipients: Any = self.rcpt_to
        if isinstance(recipients, str | bytes | Mapping) or not isinstance(recipients, Iterable):
            raise InputError(f"envelope rcpt_to: expected a list of addresses but got `{one_line(recipients)}`")
        object.__setattr__(self, "rcpt_to", tuple(_no_brackets("rcpt_to", _say("rcpt_to", one)) for one in recipients))
        if not isinstance(self.tls, bool):
            raise InputError(f"envelope tls: expected True or False but got `{one_line(self.tls)}`")
        if self.received_at is not None:
            object.__setattr__(self, "received_at", _time(self.received_at))
        # What was changed since was given.
        kept = {name: one for name, one in origins.items() if one.value == getattr(self, name)}
        object.__setattr__(self, "origins", kept)

    def _is_as_heard(self) -> bool:
        """Whether it is what a session gives: every part given, and none that has to be looked at more closely."""
        recipients, tls = self.rcpt_to, self.tls
        if self.origins or self.received_at is not None or type(recipients) is not tuple or type(tls) is not bool:
            return False
        try:
            said = "".join((self.client_ip, self.helo, self.mail_from, self.client_name, *recipients))
        except TypeError:
            return False
        if ">" in said or not (said.isprintable() or NOT_IN_COMMANDS.search(said) is None):
            return False
        return is_host_address(self.client_ip)

    @property
    def is_null_sender(self) -> bool:
        """Whether the reverse-path is ``<>``, as in bounces (RFC 5321 section 4.5.5)."""
        return self.mail_from == ""

    @property
    def provenance(self) -> dict[str, Provenance]:
        """How each part is known that a session says; the time and the client's name only where there is one."""
        names = (*_SAID, *(name for name in ("client_name", "received_at") if getattr(self, name)))
        given = Provenance(Origin.GIVEN)
        return {name: self.origins.get(name, given) for name in names}

    @property
    def certainty(self) -> Origin:
        """How surely the envelope is known: as its part that is known least."""
        if not self.origins:  # so it is with every session
            return Origin.GIVEN
        return weakest(one for name, one in self.origins.items() if name in _SAID or getattr(self, name))

    @property
    def told(self) -> str:
        """Which parts were given, read and from where, assumed, or are not known, as one line."""
        return str(Origin.GIVEN) if self.certainty is Origin.GIVEN else told(self.provenance)

    def to(self, *rcpt_to: str) -> Envelope:
        """The same envelope with these recipients; how they are known stays where they are some of those there were."""
        if rcpt_to == self.rcpt_to:
            return self
        origins = dict(self.origins)
        if "rcpt_to" in origins and set(rcpt_to) <= set(self.rcpt_to):
            origins["rcpt_to"] = replace(origins["rcpt_to"], value=rcpt_to)
        return replace(self, rcpt_to=rcpt_to, origins=origins)

    def changed(self, **parts: Any) -> Envelope:
        """The envelope with these parts, which are given then, also where they say the same as before.

        Raises
        ------
        InputError
            When it has no part of that name, or no SMTP session could say this.

        Examples
        --------
        >>> Envelope().changed(tls=False, client_ip="192.0.2.1").provenance["tls"].origin.value
        'given'
        """
        names = [part.name for part in fields(self) if part.name != "origins"]
        for name in parts:
            if name not in names:
                raise InputError(f"envelope: {expected(either(names), name, names)}")
        origins = {name: one for name, one in self.origins.items() if name not in parts}
        return replace(self, **{"origins": origins, **parts})

    def to_json(self) -> dict[str, Any]:
        """The envelope as JSON values, as kept beside a message in a dataset; the time only where there is one."""
        told = {
            "client_ip": self.client_ip,
            "client_name": self.client_name,
            "helo": self.helo,
            "mail_from": self.mail_from,
            "rcpt_to": list(self.rcpt_to),
            "tls": self.tls,
        }
        return told if self.received_at is None else {**told, "received_at": self.received_at.isoformat()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | str | bytes, *, where: str = "envelope") -> Envelope:
        """The envelope of a dataset's ``.envelope.json`` file.

        Raises
        ------
        InputError
            When the text is no JSON object, or has members that an envelope has not, or of another kind.

        Examples
        --------
        >>> Envelope.from_json('{"mail_from": "ana@example.org", "rcpt_to": ["bo@example.com"]}').rcpt_to
        ('bo@example.com',)
        >>> Envelope.from_json('{"tls": "x"}')
        Traceback (most recent call last):
        sesreceive.errors.InputError: envelope: envelope tls: expected True or False but got `x`
        """
        if isinstance(value, str | bytes):
            value = parse_json(value, where=where)
        if not isinstance(value, Mapping):
            raise InputError(f"{where}: expected a JSON object but got `{one_line(value)}`")
        known = [name for name in cls.__dataclass_fields__ if name != "origins"]
        unknown = sorted(map(str, set(value) - set(known)))
        if unknown:
            raise InputError(f"{where}: expected only {', '.join(known)} but got `{one_line(', '.join(unknown))}`")
        try:
            envelope = cls(**value)
            for name, addresses in (("rcpt_to", envelope.rcpt_to), ("mail_from", (envelope.mail_from or "-",))):
                for address in addresses:
                    if len(address) > _LONGEST or not _ADDRESS.fullmatch(address):
                        raise InputError(f"envelope {name}: expected an address but got `{one_line(address)}`")
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
        return envelope


def _say(name: str, text: Any) -> str:
    """`text`, when it can stand in an SMTP command: no line end and no NUL (RFC 5321 section 2.3.8)."""
    if not isinstance(text, str):
        raise InputError(f"envelope {name}: expected text but got `{one_line(text)}`")
    if NOT_IN_COMMANDS.search(text):
        raise InputError(f"envelope {name}: expected text without line ends and NUL but got `{one_line(text)}`")
    return text


def _no_brackets(name: str, address: str) -> str:
    if is_bracketed(address):
        raise InputError(f"envelope {name}: expected an address without angle brackets but got `{one_line(address)}`")
    return address


def _time(value: Any) -> datetime:
    """The time in UTC; text is ISO 8601."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else value
        if hasattr(time, "to_pydatetime"):  # pandas
            time = time.to_pydatetime()
        if isinstance(time, datetime) and time.tzinfo is not None and time.utcoffset() is not None:
            time = time.astimezone(UTC)
            if time.year >= 1970:
                return datetime.fromisoformat(time.isoformat())
    except (ValueError, OverflowError):
        pass
    raise InputError(
        "envelope received_at: expected a time with its zone, such as `2026-01-02T10:05:05Z`, "
        f"but got `{one_line(value)}`"
    )
