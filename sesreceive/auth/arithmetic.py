"""Who computes with keys: the library ``cryptography``, or Python itself in a browser that has no such library.

A browser runs Python as WebAssembly, and no package registry has ``cryptography`` built for it. There, and nowhere
else, `sesreceive.auth.plain_keys` takes its place: the same answers, slower, and without any defence against who
measures times. The trace says so (`PLAIN_NOTE`).
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Protocol

__all__ = ["PLAIN_NOTE", "Arithmetic", "PrivateKey", "PublicKey", "arithmetic", "has_to_compute", "is_plain"]

PLAIN_NOTE = "; computed in Python, since this browser has no `cryptography`"


class PublicKey(Protocol):
    """A key that tells whether a signature was made with its other half."""

    @property
    def bits(self) -> int:
        """Size of the key."""

    @property
    def der(self) -> bytes:
        """The key as DNS publishes it: of RSA the SubjectPublicKeyInfo, of Ed25519 the 32 octets."""

    def verifies(self, signature: bytes, signed: bytes) -> bool:
        """Whether `signature` was made over `signed`; RSA hashes it with SHA-256 first."""


class PrivateKey(Protocol):
    """A key that signs."""

    @property
    def kind(self) -> str:
        """``rsa`` or ``ed25519``."""

    @property
    def public(self) -> PublicKey:
        """Its other half."""

    @property
    def secret(self) -> bytes:
        """The key as dkimpy takes it: of RSA the PEM of PKCS #1, of Ed25519 the 32 octets in base64."""

    def sign(self, data: bytes) -> bytes:
        """The signature over `data`; RSA hashes it with SHA-256 first."""


class Arithmetic(Protocol):
    """Keys out of their octets, and new ones."""

    def read_rsa(self, der: bytes) -> PublicKey | None:
        """The RSA key of a SubjectPublicKeyInfo or a bare RSAPublicKey; None where it is none."""

    def read_ed25519(self, raw: bytes) -> PublicKey | None:
        """The Ed25519 key of 32 octets; None where it is none."""

    def read_private_rsa(self, pem: bytes) -> PrivateKey:
        """The RSA key of a PEM file of ours."""

    def read_private_ed25519(self, raw: bytes) -> PrivateKey:
        """The Ed25519 key of 32 octets."""

    def new_rsa(self, bits: int) -> PrivateKey:
        """A new RSA key."""

    def new_ed25519(self) -> PrivateKey:
        """A new Ed25519 key."""


def has_to_compute(platform: str, has_library: bool) -> bool:
    """Whether Python itself has to compute: in a browser without ``cryptography``, and nowhere else.

    Examples
    --------
    >>> has_to_compute("emscripten", False), has_to_compute("emscripten", True), has_to_compute("linux", False)
    (True, False, False)
    """
    return platform == "emscripten" and not has_library


_PLAIN = has_to_compute(sys.platform, find_spec("cryptography") is not None)


def is_plain() -> bool:
    """Whether Python itself computes here."""
    return _PLAIN


def arithmetic(*, plain: bool | None = None) -> Arithmetic:
    """Who computes here; `plain` asks for one of the two.

    Examples
    --------
    >>> arithmetic().__name__
    'sesreceive.auth.library_keys'
    """
    if is_plain() if plain is None else plain:
        from sesreceive.auth import plain_keys

        return plain_keys
    from sesreceive.auth import library_keys

    return library_keys
