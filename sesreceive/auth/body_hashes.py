"""The body of one message in its canonical forms, and their hashes: each is made once, for DKIM and ARC alike."""

from __future__ import annotations

from hashlib import sha256

from sesreceive.auth import canonical
from sesreceive.mail.message import Message

__all__ = ["BodyHashes"]


class BodyHashes:
    r"""What the signatures of one message share of its body.

    Examples
    --------
    >>> hashes = BodyHashes(Message(b"From: ana@example.org\r\n\r\nhello \r\n"))
    >>> bytes(hashes.body(b"relaxed"))
    b'hello\r\n'
    """

    def __init__(self, message: Message) -> None:
        self.message = message
        self._bodies: dict[bytes, bytes | memoryview] = {}
        self._digests: dict[tuple[bytes, int | None], bytes] = {}

    def body(self, form: bytes) -> bytes | memoryview:
        """The body in a canonical form (RFC 6376 section 3.4)."""
        if form not in self._bodies:
            self._bodies[form] = canonical.body(form, self.message.raw, self.message.body_start)
        return self._bodies[form]

    def digest(self, form: bytes, length: int | None = None) -> bytes:
        """The SHA-256 of the first `length` octets of it; of all without one."""
        key = (form, length)
        if key not in self._digests:
            body = self.body(form)
            self._digests[key] = sha256(body if length is None else memoryview(body)[:length]).digest()
        return self._digests[key]
