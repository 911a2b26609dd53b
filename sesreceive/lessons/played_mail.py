"""What becomes of a small mail by an account: how the exercises work out the values that they ask for."""

from __future__ import annotations

from typing import Any

from sesreceive.account.account import Account
from sesreceive.backends.memory import MemoryBackend
from sesreceive.mail.envelope import Envelope
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception

__all__ = ["ENVELOPE", "HELLO", "folders", "received"]

HELLO = b"From: Ana <ana@example.org>\r\nTo: ana@example.com\r\nSubject: hello\r\n\r\nHello\r\n"

ENVELOPE = Envelope(
    client_ip="198.51.100.7",
    helo="mx.example.org",
    mail_from="ana@example.org",
    rcpt_to=("ana@example.com",),
    tls=True,
)


def received(account: Account, *to: str, raw: bytes = HELLO, zone: Any = None, **envelope: Any) -> Reception:
    """What becomes of the mail to these recipients; `envelope` are fields in place of `ENVELOPE`'s.

    Examples
    --------
    >>> str(received(Account(), "ana@example.com").replies[0])
    '550 5.1.1 Requested action not taken: mailbox unavailable'
    """
    return Receiver(account, resolver=zone, seed=1).receive(raw, ENVELOPE, rcpt_to=to, **envelope)


def folders(account: Account, *to: str) -> list[str]:
    """The first parts of the keys under which the mail lies, in order."""
    backend = MemoryBackend()
    Receiver(account, backend=backend, seed=1).receive(HELLO, ENVELOPE, rcpt_to=to)
    return [key.partition("/")[0] for bucket in backend.buckets.values() for key in bucket]
