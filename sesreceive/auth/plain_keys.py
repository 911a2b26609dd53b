r"""Keys in Python alone, for a browser that has no ``cryptography``; see `sesreceive.auth.arithmetic`.

RSA is PKCS #1 v1.5 with SHA-256 (RFC 8017 section 8.2). What counts as a key, and as a signature, is what
``cryptography`` with OpenSSL takes; ``tests/auth/test_plain_keys.py`` asks both. Secrets leak through times, so this is
for trying things out and nothing else.
"""

from __future__ import annotations

import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from hashlib import sha256

from sesreceive.auth import plain_ed25519

__all__ = ["new_ed25519", "new_rsa", "read_ed25519", "read_private_ed25519", "read_private_rsa", "read_rsa"]

_INTEGER, _BITS, _OCTETS, _NULL, _SEQUENCE = 0x02, 0x03, 0x04, b"\x05\x00", 0x30
# The object identifier rsaEncryption, 1.2.840.113549.1.1.1 (RFC 8017 appendix A.1).
_RSA = bytes.fromhex("06092a864886f70d010101")
# DigestInfo of SHA-256 up to the hash (RFC 8017 section 9.2, note 1).
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")

# What OpenSSL computes with: OPENSSL_RSA_MAX_MODULUS_BITS, and of a key beyond OPENSSL_RSA_SMALL_MODULUS_BITS an
# exponent of at most OPENSSL_RSA_MAX_PUBEXP_BITS. Without them a hostile key costs minutes.
_MOST_BITS, _SMALL_BITS, _MOST_EXPONENT_BITS = 16_384, 3_072, 64


@dataclass(frozen=True, slots=True)
class _PublicRsa:
    n: int
    e: int

    @property
    def bits(self) -> int:
        return self.n.bit_length()

    @property
    def der(self) -> bytes:
        key = _wrapped(_SEQUENCE, _integer(self.n) + _integer(self.e))
        return _wrapped(_SEQUENCE, _wrapped(_SEQUENCE, _RSA + _NULL) + _wrapped(_BITS, b"\0" + key))

    def verifies(self, signature: bytes, signed: bytes) -> bool:
        size = _octets(self.n)
        too_much = self.bits > _MOST_BITS or (self.bits > _SMALL_BITS and self.e.bit_length() > _MOST_EXPONENT_BITS)
        value = int.from_bytes(signature)
        wanted = _padded(signed, size)
        if too_much or wanted is None or len(signature) != size or value >= self.n or self.n % 2 == 0:
            return False
        return pow(value, self.e, self.n).to_bytes(size) == wanted


@dataclass(frozen=True, slots=True)
class _PrivateRsa:
    n: int
    e: int
    d: int = field(repr=False)
    p: int = field(repr=False)
    q: int = field(repr=False)
    kind: str = "rsa"

    @property
    def public(self) -> _PublicRsa:
        return _PublicRsa(self.n, self.e)

    @property
    def secret(self) -> bytes:
        exponents = (self.d % (self.p - 1), self.d % (self.q - 1), pow(self.q, -1, self.p))
        parts = (0, self.n, self.e, self.d, self.p, self.q, *exponents)
        der = _wrapped(_SEQUENCE, b"".join(map(_integer, parts)))
        lines = re.findall(b".{1,64}", b64encode(der))
        return b"\n".join((b"-----BEGIN RSA PRIVATE KEY-----", *lines, b"-----END RSA PRIVATE KEY-----", b""))

    def sign(self, data: bytes) -> bytes:
        size = _octets(self.n)
        wanted = _padded(data, size)
        assert wanted is not None, "keys of ours have at least 512 bits"
        return pow(int.from_bytes(wanted), self.d, self.n).to_bytes(size)


@dataclass(frozen=True, slots=True)
class _PublicEd25519:
    der: bytes
    bits: int = 256

    def verifies(self, signature: bytes, signed: bytes) -> bool:
        return plain_ed25519.verifies(self.der, signature, signed)


@dataclass(frozen=True, slots=True)
class _PrivateEd25519:
    seed: bytes = field(repr=False)
    kind: str = "ed25519"

    @property
    def public(self) -> _PublicEd25519:
        return _PublicEd25519(plain_ed25519.public(self.seed))

    @property
    def secret(self) -> bytes:
        return b64encode(self.seed)

    def sign(self, data: bytes) -> bytes:
        return plain_ed25519.sign(self.seed, data)


def read_rsa(der: bytes) -> _PublicRsa | None:
    """The RSA key of a SubjectPublicKeyInfo or a bare RSAPublicKey; None where it is none."""
    try:
        n, e = _numbers(_unwrapped_info(der))
    except ValueError:
        try:
            n, e = _numbers(der)
        except ValueError:
            return None
    # `cryptography` refuses the rest: an exponent that is even, 1, or not below the modulus.
    return _PublicRsa(n, e) if n >= 3 and 3 <= e < n and e % 2 == 1 else None


def read_ed25519(raw: bytes) -> _PublicEd25519 | None:
    """The Ed25519 key of 32 octets; None where it is none."""
    return _PublicEd25519(raw) if len(raw) == 32 else None


def read_private_rsa(pem: bytes) -> _PrivateRsa:
    """The RSA key of a PEM file of ours, PKCS #8 or PKCS #1."""
    block = re.search(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----([^-]*)-----END", pem)
    assert block is not None, "a PEM file of ours has a key"
    der = b64decode(block[1])
    fields = _parts(_only(der, _SEQUENCE))
    if len(fields) == 3:  # PKCS #8: version, algorithm, key
        fields = _parts(_only(_read(fields[2][1], _OCTETS), _SEQUENCE))
    _, n, e, d, p, q = (int.from_bytes(_read(part, _INTEGER)) for _, part in fields[:6])
    return _PrivateRsa(n, e, d, p, q)


def new_rsa(bits: int) -> _PrivateRsa:
    """A new RSA key, by two random primes (FIPS 186-5 appendix A.1.3, without its proofs)."""
    e = 65537
    while True:
        p, q = _prime((bits + 1) // 2), _prime(bits // 2)
        n, phi = p * q, (p - 1) * (q - 1)
        if p != q and n.bit_length() == bits and phi % e:
            return _PrivateRsa(n, e, pow(e, -1, phi), p, q)


def read_private_ed25519(raw: bytes) -> _PrivateEd25519:
    """The Ed25519 key of 32 octets."""
    return _PrivateEd25519(raw)


def new_ed25519() -> _PrivateEd25519:
    """A new Ed25519 key."""
    return _PrivateEd25519(secrets.token_bytes(32))


# ---------------------------------------------------------------- PKCS #1


def _octets(n: int) -> int:
    return (n.bit_length() + 7) // 8


def _padded(data: bytes, size: int) -> bytes | None:
    """What a signature over `data` has inside (RFC 8017 section 9.2); None where the key is too short for it."""
    hashed = _DIGEST_INFO + sha256(data).digest()
    padding = size - len(hashed) - 3
    return None if padding < 8 else b"\0\1" + b"\xff" * padding + b"\0" + hashed


_SMALL_PRIMES = [number for number in range(3, 1_000, 2) if all(number % lower for lower in range(3, number, 2))]


def _prime(bits: int) -> int:
    while True:
        # The two upper bits are set, so that the product of two has all the bits that were asked for.
        candidate = secrets.randbits(bits) | (3 << (bits - 2)) | 1
        if all(candidate % prime for prime in _SMALL_PRIMES) and _is_probable_prime(candidate):
            return candidate


def _is_probable_prime(number: int, rounds: int = 20) -> bool:
    """Miller and Rabin's test: wrong for less than one composite number in 4 ** rounds."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(rounds):
        power = pow(2 + secrets.randbelow(number - 3), odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True


# ---------------------------------------------------------------- DER (X.690)


def _unwrapped_info(der: bytes) -> bytes:
    """The key inside a SubjectPublicKeyInfo whose algorithm is RSA."""
    parts = _parts(_only(der, _SEQUENCE))
    if len(parts) != 2:
        raise ValueError
    (_, algorithm), (_, key) = parts
    if _read(algorithm, _SEQUENCE) not in (_RSA, _RSA + _NULL):
        raise ValueError
    bits = _read(key, _BITS)
    if bits[:1] != b"\0":  # bits left over at the end
        raise ValueError
    return bits[1:]


def _numbers(der: bytes) -> tuple[int, int]:
    """Modulus and exponent of an RSAPublicKey (RFC 8017 appendix A.1.1)."""
    parts = _parts(_only(der, _SEQUENCE))
    if len(parts) != 2:
        raise ValueError
    return _positive(parts[0][1]), _positive(parts[1][1])


def _positive(element: bytes) -> int:
    content = _read(element, _INTEGER)
    if not content or content[0] & 0x80 or (len(content) > 1 and content[0] == 0 and not content[1] & 0x80):
        raise ValueError
    return int.from_bytes(content)


def _only(der: bytes, tag: int) -> bytes:
    """The content of an element behind which nothing comes."""
    parts = _parts(der)
    if len(parts) != 1:
        raise ValueError
    return _read(parts[0][1], tag)


def _read(element: bytes, tag: int) -> bytes:
    """The content of one element of this tag."""
    found, start, end = _frame(element, 0)
    if found != tag or end != len(element):
        raise ValueError
    return element[start:end]


def _parts(content: bytes) -> list[tuple[int, bytes]]:
    """The elements of a sequence's content: tag and octets of each."""
    parts, at = [], 0
    while at < len(content):
        tag, _, end = _frame(content, at)
        parts.append((tag, content[at:end]))
        at = end
    return parts


def _frame(der: bytes, at: int) -> tuple[int, int, int]:
    """Tag of the element at `at`, where its content starts and where it ends; lengths in the shortest form only."""
    if len(der) < at + 2 or der[at] & 0x1F == 0x1F:
        raise ValueError
    length, start = der[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        digits = der[start : start + count]
        if not 1 <= count <= 4 or len(digits) < count or digits[0] == 0:
            raise ValueError
        length, start = int.from_bytes(digits), start + count
        if length < 0x80:
            raise ValueError
    if start + length > len(der):
        raise ValueError
    return der[at], start, start + length


def _wrapped(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    digits = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(digits)]) + digits + content


def _integer(value: int) -> bytes:
    return _wrapped(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1))
