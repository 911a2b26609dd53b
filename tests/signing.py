"""A DKIM signer that can be told to do everything wrong.

For good signatures dkimpy is the oracle (`test_dkim_oracle.py`); it neither takes a clock nor leaves out a tag,
so the tables of failures sign here.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from sesreceive.auth import canonical
from sesreceive.mail.message import Message

Key = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@cache
def rsa_key(bits: int = 1024) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def small_rsa_key(bits: int = 512) -> rsa.RSAPublicKey:
    """A public key that is too small; `cryptography` does not generate such any more."""
    return rsa.RSAPublicNumbers(e=65537, n=2 ** (bits - 1) + 1).public_key()


@cache
def ed25519_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def public_text(key: Key | rsa.RSAPublicKey) -> str:
    """The ``p=`` value of the key's record."""
    public = key if isinstance(key, rsa.RSAPublicKey) else key.public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        raw = public.public_bytes_raw()
    else:
        raw = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(raw).decode()


def record(key: Key, extra: str = "") -> str:
    """The key's TXT record."""
    kind = "ed25519" if isinstance(key, ed25519.Ed25519PrivateKey) else "rsa"
    return f"v=DKIM1; k={kind}; {extra}p={public_text(key)}"


def pem(key: rsa.RSAPrivateKey) -> bytes:
    """The private key as dkimpy reads it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def sign(raw: bytes, key: Key, *, over: Mapping[str, str | None] | None = None) -> bytes:
    """The message with a signature on top.

    `over` replaces tags, in the order they are written; None leaves a tag out. The body hash covers ``l=`` octets
    where it is a number, and the signature fits whatever the tags say.
    """
    algorithm = "ed25519-sha256" if isinstance(key, ed25519.Ed25519PrivateKey) else "rsa-sha256"
    tags: dict[str, str | None] = {
        "v": "1", "a": algorithm, "c": "relaxed/relaxed", "d": "example.org", "s": "s1", "h": "From:Subject",
        "bh": "", "b": "",
    }  # fmt: skip
    tags.update(over or {})
    tags["b"] = tags.pop("b")  # last, as it is filled in last
    message = Message(raw)
    forms = [form.encode() for form in (tags["c"] or "simple/simple").split("/")]
    known = [form if form in canonical.ALGORITHMS else b"simple" for form in (*forms, b"simple")]
    length = int(tags["l"]) if (tags.get("l") or "").isdigit() else None
    body = canonical.body(known[1], canonical.crlf(bytes(message.body)))
    if tags["bh"] == "":
        tags["bh"] = base64.b64encode(hashlib.sha256(bytes(body)[:length]).digest()).decode()
    value = " " + "; ".join(f"{name}={text}" for name, text in tags.items() if text is not None)
    if tags["b"] == "":
        signed = b"".join(_fields(message, known[0], tags["h"] or ""))
        signed += canonical.header(known[0], b"DKIM-Signature", value.encode()).removesuffix(b"\r\n")
        if isinstance(key, ed25519.Ed25519PrivateKey):
            made = key.sign(hashlib.sha256(signed).digest())
        else:
            made = key.sign(signed, padding.PKCS1v15(), SHA256())
        value += base64.b64encode(made).decode()
    return b"DKIM-Signature:" + value.encode() + b"\r\n" + raw


def _fields(message: Message, form: bytes, names: str) -> list[bytes]:
    left = {name.strip(): list(message.all(name.strip())) for name in names.split(":")}
    taken = []
    for name in names.split(":"):
        if fields := left[name.strip()]:
            item = fields.pop()
            taken.append(canonical.header(form, item.name, item.value))
    return taken
