"""ARC sets for mail of our own (RFC 8617): what a host that passes mail on says it found, sealed with its key.

dkimpy seals, at a time that is told. Whether what a host says is true is nobody's business here: a lie is sealed, too.
"""

from __future__ import annotations

import logging
import re

from sesreceive.errors import InputError, MissingExtraError, one_line
from sesreceive.lab.sign import SigningKey

__all__ = ["seal"]

_log = logging.getLogger(__name__)
_log.setLevel(logging.CRITICAL)  # what dkimpy logs comes back as an error

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def seal(raw: bytes, key: SigningKey, *, host: str, results: str, signed_at: float) -> bytes:
    r"""The message as a host passes it on: one more ARC set on top, and under it the field Authentication-Results.

    Parameters
    ----------
    raw : bytes
        The message, lines ending in CRLF.
    key : SigningKey
        The host's RSA key, published as one of DKIM is.
    host : str
        The name that it gives itself.
    results : str
        What it found, in the words of RFC 8601. Where the message has sets already, ``arc=pass`` has to be among them,
        or ``arc=fail``, which ends the chain.
    signed_at : float
        The ``t=`` tag, in seconds since 1970.

    Raises
    ------
    InputError
        When the host is no name, the results cannot be read or do not fit the chain, the key is not RSA, or the message
        has no From field.
    MissingExtraError
        When authres is not installed, with which dkimpy reads the results.

    Examples
    --------
    >>> from sesreceive.auth import arc
    >>> from sesreceive.dns.zone import Zone
    >>> from sesreceive.mail.message import Message
    >>> key = SigningKey.generate("example.net", "s1", bits=1024)
    >>> passed_on = seal(
    ...     b"From: ana@example.org\r\n\r\nhello\r\n", key, host="mx.example.net",
    ...     results="spf=pass smtp.mailfrom=example.org", signed_at=1_767_348_000,
    ... )
    >>> chain = arc.verify(Message(passed_on), Zone({key.name: {"TXT": key.record}}))
    >>> chain.status.value, chain.sets[0].results
    ('pass', (('spf', 'pass'),))

    References
    ----------
    RFC 8617 section 5.1; RFC 8601 section 2.2.
    """
    if not _HOST.fullmatch(host):
        raise InputError(f"host: expected a name such as `mx.example.net` but got `{one_line(host)}`")
    if not results.isprintable():
        raise InputError(f"results: expected one line such as `spf=pass` but got `{one_line(results)}`")
    if key.kind != "rsa":
        raise InputError(f"key: expected an RSA key, since dkimpy seals with no other, but got `{key.kind}`")
    _need_authres()
    from dkim import ARC, DKIMException

    raw = f"Authentication-Results: {host}; {results}\r\n".encode() + raw
    try:
        sealer = ARC(raw, logger=_log)
        made: list[bytes] = sealer.sign(
            key.selector.encode("ascii"),
            key.domain.encode("ascii"),
            key.secret,
            host.encode("ascii"),
            timestamp=int(signed_at),
        )
    except DKIMException as error:
        raise InputError(f"the message cannot be sealed: {one_line(error)}") from None
    if not made:
        raise InputError(
            "results: expected words such as `spf=pass smtp.mailfrom=example.org`, with `arc=pass` where the message "
            f"has a set already, but got `{one_line(results)}`"
        )
    return b"".join(made) + raw


def _need_authres() -> None:
    try:
        import authres  # noqa: F401 - dkimpy reads Authentication-Results with it
    except ImportError:
        raise MissingExtraError("authres", extra="notebook", purpose="an ARC seal") from None
