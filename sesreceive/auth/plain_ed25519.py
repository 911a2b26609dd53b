"""Ed25519 in Python alone (RFC 8032 section 5.1), for a browser; see `sesreceive.auth.arithmetic`.

Where the RFC leaves a choice this does what OpenSSL does: a key's ordinate may be larger than the prime, a signature is
compared as octets, and no cofactor is multiplied out. Points are in extended coordinates, X Y Z T with XY = ZT.
"""

from __future__ import annotations

from hashlib import sha512

__all__ = ["public", "sign", "verifies"]

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)

_Point = tuple[int, int, int, int]
_NEUTRAL: _Point = (0, 1, 1, 0)


def public(seed: bytes) -> bytes:
    """The public key of a private one (section 5.1.5).

    Examples
    --------
    >>> public(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")).hex()[:16]
    'd75a980182b10ab7'
    """
    scalar, _ = _expanded(seed)
    return _written(_times(scalar, _BASE))


def sign(seed: bytes, message: bytes) -> bytes:
    """The signature over a message (section 5.1.6)."""
    scalar, prefix = _expanded(seed)
    nonce = _number(prefix + message)
    commitment = _written(_times(nonce, _BASE))
    challenge = _number(commitment + public(seed) + message)
    return commitment + ((nonce + challenge * scalar) % _ORDER).to_bytes(32, "little")


def verifies(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature over a message was made with the other half of the key (section 5.1.7)."""
    point = _read(key)
    if point is None or len(signature) != 64:
        return False
    response = int.from_bytes(signature[32:], "little")
    if response >= _ORDER:
        return False
    challenge = _number(signature[:32] + key + message)
    x, y, z, t = point
    negative = (-x % _P, y, z, -t % _P)
    return _written(_plus(_times(response, _BASE), _times(challenge, negative))) == signature[:32]


def _expanded(seed: bytes) -> tuple[int, bytes]:
    digest = sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little")
    return (scalar & ((1 << 254) - 8)) | (1 << 254), digest[32:]


def _number(data: bytes) -> int:
    return int.from_bytes(sha512(data).digest(), "little") % _ORDER


def _plus(one: _Point, two: _Point) -> _Point:
    """The sum of two points, doubling included (section 5.1.4)."""
    x1, y1, z1, t1 = one
    x2, y2, z2, t2 = two
    a, b = (y1 - x1) * (y2 - x2) % _P, (y1 + x1) * (y2 + x2) % _P
    c, d = 2 * t1 * t2 * _D % _P, 2 * z1 * z2 % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(scalar: int, point: _Point) -> _Point:
    result = _NEUTRAL
    while scalar:
        if scalar & 1:
            result = _plus(result, point)
        point, scalar = _plus(point, point), scalar >> 1
    return result


def _written(point: _Point) -> bytes:
    """A point as 32 octets (section 5.1.2)."""
    x, y, z, _ = point
    inverse = pow(z, -1, _P)
    x, y = x * inverse % _P, y * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _read(octets: bytes) -> _Point | None:
    """The point of 32 octets; None where no point of the curve has this ordinate (section 5.1.3)."""
    value = int.from_bytes(octets, "little")
    sign_bit, y = value >> 255, (value & ((1 << 255) - 1)) % _P
    squared = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(squared, (_P + 3) // 8, _P)
    if (x * x - squared) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - squared) % _P:
        return None
    if x & 1 != sign_bit:
        x = -x % _P
    return x, y, 1, x * y % _P


def _base() -> _Point:
    """The point that all multiples start from: its ordinate is 4/5, its abscissa even."""
    point = _read((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
    assert point is not None
    return point


_BASE = _base()
