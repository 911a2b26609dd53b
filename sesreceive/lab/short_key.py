"""RSA keys that are too short to protect anything, to see how they are refused; `cryptography` makes none any more.

The numbers come from the operating system's random source, as those of good keys do: it is the length that is weak.
"""

from __future__ import annotations

import secrets

from cryptography.hazmat.primitives.asymmetric import rsa

__all__ = ["MAKES_FROM", "short_key"]

MAKES_FROM = 1024  # bits that `cryptography` makes itself

_EXPONENT = 65537
# Rounds of the test for primes: one that is none passes with a chance under 4 ** -40.
_ROUNDS = 40
_SMALL_PRIMES = (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47)


def short_key(bits: int) -> rsa.RSAPrivateKey:
    """A new RSA key with exactly so many bits, 512 or more and an even number.

    Examples
    --------
    >>> short_key(512).key_size
    512

    References
    ----------
    RFC 8017 section 3.2; FIPS 186-5 appendix B.3.1 for the test of primes.
    """
    first = second = _prime(bits // 2)
    while second == first:
        second = _prime(bits // 2)
    private = pow(_EXPONENT, -1, (first - 1) * (second - 1))
    return rsa.RSAPrivateNumbers(
        p=first,
        q=second,
        d=private,
        dmp1=rsa.rsa_crt_dmp1(private, first),
        dmq1=rsa.rsa_crt_dmq1(private, second),
        iqmp=rsa.rsa_crt_iqmp(first, second),
        public_numbers=rsa.RSAPublicNumbers(_EXPONENT, first * second),
    ).private_key()


def _prime(bits: int) -> int:
    """A prime of so many bits whose two highest are set, so that the product of two has twice as many."""
    while True:
        number = secrets.randbits(bits) | 3 << (bits - 2) | 1
        if number % _EXPONENT != 1 and all(number % small for small in _SMALL_PRIMES) and _is_prime(number):
            return number


def _is_prime(number: int) -> bool:
    """Whether an odd number is a prime, by the test of Miller and Rabin."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    return all(_witnesses_none(number, odd, twos) for _ in range(_ROUNDS))


def _witnesses_none(number: int, odd: int, twos: int) -> bool:
    power = pow(secrets.randbelow(number - 3) + 2, odd, number)
    if power in (1, number - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % number
        if power == number - 1:
            return True
    return False
