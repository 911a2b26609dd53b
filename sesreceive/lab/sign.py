"""DKIM signatures for mail of our own, to send through the pipeline: dkimpy signs, at a time that is told.

The keys are for trying things out: they are made on the spot and published in a `Zone`, never in the real DNS.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sesreceive.auth.arithmetic import PrivateKey, arithmetic
from sesreceive.auth.domains import published_domain
from sesreceive.errors import InputError, MissingExtraError, one_line
from sesreceive.wording import expected, wrong_kind

__all__ = ["CANONICALIZATIONS", "KEY_KINDS", "SigningKey", "sign"]

KEY_KINDS = ("rsa", "ed25519")
CANONICALIZATIONS = ("relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple")

# RFC 8301 section 3.2: signers use at least 1024 bits and should use 2048; verifiers take up to 4096. Much under 512
# there is no room for an rsa-sha256 signature (RFC 8017 section 9.2).
BITS, SHORTEST, LONGEST = 2048, 512, 4096
MAKES_FROM = 1024  # bits that `cryptography` makes itself

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key and where its public half is published.

    Attributes
    ----------
    domain, selector : str
        The ``d=`` and ``s=`` tags, as A-labels.
    private : key
        RSA or Ed25519; never shown.

    Examples
    --------
    >>> key = SigningKey.generate("example.org", "s1", kind="ed25519")
    >>> key
    SigningKey(domain='example.org', selector='s1')
    >>> key.name, key.record[:22]
    ('s1._domainkey.example.org', 'v=DKIM1; k=ed25519; p=')

    References
    ----------
    RFC 6376 section 3.6; RFC 8463 section 4.
    """

    domain: str
    selector: str
    private: PrivateKey = field(repr=False)

    @classmethod
    def generate(cls, domain: str, selector: str, *, kind: str = "rsa", bits: int = BITS) -> SigningKey:
        """A new key.

        Parameters
        ----------
        domain, selector : str
            The ``d=`` and ``s=`` tags.
        kind : str
            ``rsa`` or ``ed25519``.
        bits : int
            Length of an RSA key, even, from 512 to 4096. One under 1024 is for seeing it refused.

        Raises
        ------
        InputError
            When DNS cannot hold domain or selector, or there is no such kind or length.
        """
        owner, label = published_domain(domain), published_domain(selector, labels=1)
        if owner is None:
            raise InputError(f"signing domain: expected a domain such as `example.org` but got `{one_line(domain)}`")
        if label is None:
            raise InputError(f"selector: expected a name such as `s1` but got `{one_line(selector)}`")
        if kind not in KEY_KINDS:
            raise InputError(f"kind of key: expected `rsa` or `ed25519` but got `{one_line(kind)}`")
        made = _rsa_key(bits) if kind == "rsa" else arithmetic().new_ed25519()
        return cls(domain=owner, selector=label, private=made)

    @property
    def kind(self) -> str:
        """``rsa`` or ``ed25519``."""
        return self.private.kind

    @property
    def name(self) -> str:
        """Where DNS has the public key."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def secret(self) -> bytes:
        """The private half as dkimpy takes it: PEM, for Ed25519 the octets in base64."""
        return self.private.secret

    @property
    def record(self) -> str:
        """The TXT record that publishes it."""
        # RFC 6376 section 3.6.1, RFC 8463 section 4.2.
        return f"v=DKIM1; k={self.kind}; p={base64.b64encode(self.private.public.der).decode()}"


def _rsa_key(bits: int) -> PrivateKey:
    wanted = f"an even number from {SHORTEST} to {LONGEST}"
    if type(bits) is not int:
        raise InputError(f"bits of an RSA key: {wrong_kind(wanted, bits)}")
    if not SHORTEST <= bits <= LONGEST or bits % 2:
        raise InputError(f"bits of an RSA key: {expected(wanted, bits)}")
    if bits >= MAKES_FROM:
        return arithmetic().new_rsa(bits)
    # A key to see refused: it is the length that is weak, the primes are as random as those of good keys.
    return arithmetic().read_private_rsa(arithmetic(plain=True).new_rsa(bits).secret)


def sign(
    raw: bytes,
    key: SigningKey,
    *,
    signed_at: float,
    canonicalization: str = "relaxed/relaxed",
    fields: Iterable[str] = (),
    length: bool = False,
    expires_at: float | None = None,
) -> bytes:
    r"""The message with one more DKIM-Signature at its top.

    Parameters
    ----------
    raw : bytes
        The message, lines ending in CRLF.
    key : SigningKey
        Whose signature it is.
    signed_at : float
        The ``t=`` tag, in seconds since 1970.
    canonicalization : str
        The ``c=`` tag.
    fields : iterable of str
        Names of the fields that are signed; by default all of them but those that change on the way.
    length : bool
        Whether ``l=`` says how much of the body is signed, so that more can be put behind it.
    expires_at : float, optional
        The ``x=`` tag, in seconds since 1970: behind it the signature is none. It is written as it is given; one
        that is not behind `signed_at` makes a signature that no verifier takes.

    Raises
    ------
    InputError
        When the message has no From field, or the canonicalization is none.
    MissingExtraError
        When Ed25519 is asked for and PyNaCl is not installed.

    Examples
    --------
    >>> from sesreceive.auth import dkim
    >>> from sesreceive.dns.zone import Zone
    >>> from sesreceive.mail.message import Message
    >>> key = SigningKey.generate("example.org", "s1", bits=1024)
    >>> signed = sign(b"From: ana@example.org\r\n\r\nhello\r\n", key, signed_at=1_767_348_000)
    >>> [one.status.value for one in dkim.verify(Message(signed), Zone({key.name: {"TXT": key.record}}), now=1.8e9)]
    ['pass']

    References
    ----------
    RFC 6376 section 5.
    """
    if canonicalization not in CANONICALIZATIONS:
        known = ", ".join(f"`{one}`" for one in CANONICALIZATIONS)
        raise InputError(f"canonicalization: expected one of {known} but got `{one_line(canonicalization)}`")
    from dkim import DKIMException

    if key.kind == "ed25519":
        _need_nacl()
    names = [name.encode("ascii", "replace") for name in fields]
    forms = tuple(canonicalization.encode().split(b"/"))
    try:
        header: bytes = _signer()(raw, int(signed_at), expires_at).sign(
            key.selector.encode("ascii"),
            key.domain.encode("ascii"),
            key.secret,
            signature_algorithm=f"{key.kind}-sha256".encode(),
            canonicalize=forms,
            include_headers=names or None,
            length=length,
        )
    except DKIMException as error:
        raise InputError(f"the message cannot be signed: {one_line(error)}") from None
    return header + raw


@cache
def _signer() -> Any:
    """The signer of dkimpy, with `t` told, not read from the machine's clock, and with `x`; imported when needed."""
    import dkim

    class Signer(dkim.DKIM):  # type: ignore[misc]  # dkimpy has no types
        def __init__(self, raw: bytes, signed_at: int, expires_at: float | None) -> None:
            super().__init__(raw, logger=_log)
            self.times = [(b"t", b"%d" % signed_at)]
            if expires_at is not None:
                self.times.append((b"x", b"%d" % int(expires_at)))

        def gen_header(self, fields: list[tuple[bytes, bytes]], *arguments: Any, **options: Any) -> Any:
            told = [told for field in fields for told in (self.times if field[0] == b"t" else [field])]
            return super().gen_header(told, *arguments, **options)

    return Signer


def _need_nacl() -> None:
    try:
        import nacl.signing  # noqa: F401 - dkimpy signs Ed25519 with it
    except ImportError:
        raise MissingExtraError("pynacl", extra="notebook", purpose="an Ed25519 signature") from None
