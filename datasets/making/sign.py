"""DKIM signatures by dkimpy, with the private test keys of ``datasets/keys`` and a fixed time.

RSA PKCS #1 v1.5 and Ed25519 signatures hold no chance, so that the same message, key and time give the same bytes.
"""

from __future__ import annotations

import base64
import logging
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import dkim
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

KEYS = Path(__file__).parent.parent / "keys"


class _Signer(dkim.DKIM):
    """dkimpy's signer with `t` and `x` told instead of read from the machine's clock."""

    def __init__(self, raw: bytes, signed_at: datetime, expires: timedelta | None) -> None:
        super().__init__(raw, logger=logging.getLogger("datasets"))
        self.signed_at = int(signed_at.timestamp())
        self.expires_at = int((signed_at + expires).timestamp()) if expires else None

    def gen_header(self, fields: list[tuple[bytes, bytes]], *args: Any, **options: Any) -> bytes:
        place = next(at for at, (tag, _) in enumerate(fields) if tag == b"t")
        fields[place] = (b"t", b"%d" % self.signed_at)
        if self.expires_at is not None:
            fields.insert(place + 1, (b"x", b"%d" % self.expires_at))
        header: bytes = super().gen_header(fields, *args, **options)
        return header


@cache
def _private_key(name: str) -> RSAPrivateKey | Ed25519PrivateKey:
    key = load_pem_private_key((KEYS / f"{name}.pem").read_bytes(), password=None)
    assert isinstance(key, RSAPrivateKey | Ed25519PrivateKey), name
    return key


def sign(
    raw: bytes,
    selector: str,
    domain: str,
    *,
    at: datetime,
    key: str = "",
    expires: timedelta | None = None,
    canonicalization: str = "relaxed/relaxed",
    length: bool = False,
    algorithm: str = "",
    covers: tuple[str, ...] = (),
    identity: str = "",
) -> bytes:
    """The message with one more DKIM-Signature at its top.

    Parameters
    ----------
    selector, domain : str
        The ``s=`` and ``d=`` tags. The key is the file ``SELECTOR._domainkey.DOMAIN.pem`` unless `key` names another.
    at, expires : datetime, timedelta
        The ``t=`` tag, and how much later ``x=`` is; no ``x=`` without `expires`.
    canonicalization : str
        The ``c=`` tag.
    length : bool
        Whether to add ``l=`` with the present length of the body.
    algorithm : str
        The ``a=`` tag; by the kind of the key unless given.
    covers : tuple of str
        The ``h=`` tag; a name that comes twice is signed once more than it is there. Unless given, every usual field
        that is there, and From once more than it is there.
    identity : str
        The ``i=`` tag; none unless given.
    """
    private = _private_key(key or f"{selector}._domainkey.{domain}")
    if isinstance(private, RSAPrivateKey):
        secret = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    else:
        secret = base64.b64encode(private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
    default = "rsa-sha256" if isinstance(private, RSAPrivateKey) else "ed25519-sha256"
    header: bytes = _Signer(raw, at, expires).sign(
        selector.encode(),
        domain.encode(),
        secret,
        signature_algorithm=(algorithm or default).encode(),
        canonicalize=tuple(canonicalization.encode().split(b"/")),
        length=length,
        include_headers=[name.encode() for name in covers] or None,
        identity=identity.encode() or None,
    )
    return header + raw


def seal(raw: bytes, selector: str, domain: str, *, at: datetime) -> bytes:
    """The message with one more ARC set at its top (RFC 8617), made from its Authentication-Results of `domain`."""
    private = _private_key(f"{selector}._domainkey.{domain}")
    assert isinstance(private, RSAPrivateKey), "dkimpy seals with RSA"
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    header: list[bytes] = dkim.ARC(raw, logger=logging.getLogger("datasets")).sign(
        selector.encode(), domain.encode(), secret, domain.encode(), timestamp=int(at.timestamp())
    )
    return b"".join(header) + raw


def key_record(name: str, tags: str = "") -> str:
    """The TXT record that publishes a key of ``datasets/keys``, in strings of at most 255 octets.

    `tags` are further ones, each with its semicolon.
    """
    public = _private_key(name).public_key()
    if isinstance(_private_key(name), RSAPrivateKey):
        kind, data = "rsa", public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:  # RFC 8463 section 4.2: the raw 32 octets
        kind, data = "ed25519", public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    text = f"v=DKIM1; {tags and tags + ' '}k={kind}; p={base64.b64encode(data).decode()}"
    return " ".join(f'"{text[at : at + 250]}"' for at in range(0, len(text), 250))
