"""Keys by ``cryptography``; see `sesreceive.auth.arithmetic`."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)

__all__ = ["new_ed25519", "new_rsa", "read_ed25519", "read_private_ed25519", "read_private_rsa", "read_rsa"]

_PADDING, _SHA256 = PKCS1v15(), SHA256()


@dataclass(frozen=True, slots=True)
class _PublicRsa:
    key: RSAPublicKey

    @property
    def bits(self) -> int:
        return self.key.key_size

    @property
    def der(self) -> bytes:
        return self.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def verifies(self, signature: bytes, signed: bytes) -> bool:
        try:
            self.key.verify(signature, signed, _PADDING, _SHA256)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class _PublicEd25519:
    key: Ed25519PublicKey
    bits: int = 256

    @property
    def der(self) -> bytes:
        return self.key.public_bytes_raw()

    def verifies(self, signature: bytes, signed: bytes) -> bool:
        try:
            self.key.verify(signature, signed)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class _PrivateRsa:
    key: RSAPrivateKey = field(repr=False)
    kind: str = "rsa"

    @property
    def public(self) -> _PublicRsa:
        return _PublicRsa(self.key.public_key())

    @property
    def secret(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data, _PADDING, _SHA256)


@dataclass(frozen=True, slots=True)
class _PrivateEd25519:
    key: Ed25519PrivateKey = field(repr=False)
    kind: str = "ed25519"

    @property
    def public(self) -> _PublicEd25519:
        return _PublicEd25519(self.key.public_key())

    @property
    def secret(self) -> bytes:
        return b64encode(self.key.private_bytes_raw())

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data)


def read_rsa(der: bytes) -> _PublicRsa | None:
    """The RSA key of a SubjectPublicKeyInfo or a bare RSAPublicKey; None where it is none."""
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        return None
    return _PublicRsa(key) if isinstance(key, RSAPublicKey) else None


def read_ed25519(raw: bytes) -> _PublicEd25519 | None:
    """The Ed25519 key of 32 octets; None where it is none."""
    try:
        return _PublicEd25519(Ed25519PublicKey.from_public_bytes(raw))
    except ValueError:
        return None


def read_private_rsa(pem: bytes) -> _PrivateRsa:
    """The RSA key of a PEM file of ours."""
    key = load_pem_private_key(pem, password=None)
    assert isinstance(key, RSAPrivateKey)
    return _PrivateRsa(key)


def read_private_ed25519(raw: bytes) -> _PrivateEd25519:
    """The Ed25519 key of 32 octets."""
    return _PrivateEd25519(Ed25519PrivateKey.from_private_bytes(raw))


def new_rsa(bits: int) -> _PrivateRsa:
    """A new RSA key."""
    return _PrivateRsa(generate_private_key(public_exponent=65537, key_size=bits))


def new_ed25519() -> _PrivateEd25519:
    """A new Ed25519 key."""
    return _PrivateEd25519(Ed25519PrivateKey.generate())
