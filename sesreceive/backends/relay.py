"""Handing bounces to a real SMTP host, so that they can be read in a mail program; off unless asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sesreceive.errors import InputError, one_line

__all__ = ["Relay"]

_PLACE = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^:\[\]\s]+)):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """An SMTP host that takes every bounce.

    Attributes
    ----------
    host : str
        Name or address.
    port : int
        Port.
    timeout_s : float
        Seconds to wait for the host at each step.

    Examples
    --------
    >>> Relay.at("127.0.0.1:1025")
    Relay(host='127.0.0.1', port=1025, timeout_s=5.0)
    >>> Relay.at("[::1]:1025").host
    '::1'
    >>> Relay.at("localhost")
    Traceback (most recent call last):
    sesreceive.errors.InputError: relay: expected `host:port` such as `127.0.0.1:1025` but got `localhost`
    """

    host: str
    port: int
    timeout_s: float = 5.0

    @classmethod
    def at(cls, place: str) -> Relay:
        """The host named ``host:port``."""
        found = _PLACE.fullmatch(place)
        port = int(found["port"]) if found else 0
        if found is None or not 0 < port < 65_536:
            raise InputError(f"relay: expected `host:port` such as `127.0.0.1:1025` but got `{one_line(place)}`")
        return cls(host=found["v6"] or found["host"], port=port)

    def send(self, recipient: str, raw: bytes) -> str:
        """Hand over one message from the null sender; why that failed as one sentence, empty when it did not."""
        import smtplib

        if not recipient.isprintable() or not set(recipient).isdisjoint("<>"):
            return f"`{self}` cannot be given the recipient `{one_line(recipient)}`"
        try:
            # Without a name of its own smtplib looks one up, which may take long.
            with smtplib.SMTP(self.host, self.port, local_hostname="localhost", timeout=self.timeout_s) as client:
                client.ehlo()
                options = ["BODY=8BITMIME"] if client.has_extn("8bitmime") and not raw.isascii() else []
                options += [] if recipient.isascii() else ["SMTPUTF8"]
                # Step by step: `sendmail` would parse the address and send what it made of it.
                steps: tuple[Callable[[], tuple[int, bytes]], ...] = (
                    lambda: client.mail("", options),
                    lambda: client.docmd("RCPT", f"TO:<{recipient}>"),
                    lambda: client.data(raw),
                )
                for step in steps:
                    code, text = step()
                    if not 200 <= code < 300:
                        return f"`{self}` refused the bounce: {code} {one_line(text.decode('utf-8', 'replace'))}"
        except smtplib.SMTPResponseException as error:
            text = error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode()
            return f"`{self}` refused the bounce: {error.smtp_code} {one_line(text.decode('utf-8', 'replace'))}"
        except (OSError, smtplib.SMTPException, ValueError) as error:
            said = getattr(error, "strerror", None) or str(error)
            return f"`{self}` could not take the bounce: {one_line(said[:1].lower() + said[1:])}"
        return ""

    def __str__(self) -> str:
        """The place, as it is given."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
