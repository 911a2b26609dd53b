"""The keys that SES signs received mail with: selectors, the public record, and the signature itself.

SES's own private keys are its secret, so mail received here is signed with a test key that is shipped and public; a
zone with `zone_records` in it makes the signature verify. It proves nothing about who wrote a message.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode, b64encode
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from sesreceive.auth.arithmetic import PrivateKey, arithmetic

__all__ = ["SELECTORS", "SIGNING_DOMAIN", "selector", "sign", "zone_records"]

SIGNING_DOMAIN = "amazonses.com"

# Selectors seen in public samples; the real service changes them every few years [observed].
SELECTORS: Mapping[str, str] = {
    "us-east-1": "ug7nbtf4gccmlpwj322ax3p6ow6yfsug",
    "eu-west-1": "ihchhvubuqgjsxyuhssfvqohv7z3u4hn",
}


def selector(region: str) -> str:
    """The selector of a region: a seen one, else 32 characters of the same alphabet made from the region's name.

    Examples
    --------
    >>> selector("eu-west-1")
    'ihchhvubuqgjsxyuhssfvqohv7z3u4hn'
    >>> len(selector("eu-north-1"))
    32
    """
    return SELECTORS.get(region) or b32encode(hashlib.sha256(region.encode()).digest()[:20]).decode().lower()


def zone_records(region: str) -> dict[str, dict[str, list[str]]]:
    """The DNS record a verifier asks for, in the form `Zone` takes: name, type, values.

    Examples
    --------
    >>> [name] = zone_records("us-east-1")
    >>> name
    'ug7nbtf4gccmlpwj322ax3p6ow6yfsug._domainkey.amazonses.com'
    >>> zone_records("us-east-1")[name]["TXT"][0][:24]
    'v=DKIM1; k=rsa; p=MIGfMA'
    """
    return {f"{selector(region)}._domainkey.{SIGNING_DOMAIN}": {"TXT": [f"v=DKIM1; k=rsa; p={_public_key()}"]}}


def sign(data: bytes) -> str:
    """The RSA-SHA256 signature of `data` in base64: 172 characters, as of the service's 1024-bit keys [observed]."""
    return b64encode(_private_key().sign(data)).decode("ascii")


@cache
def _private_key() -> PrivateKey:
    return arithmetic().read_private_rsa(files(__package__).joinpath("ses_test_key.pem").read_bytes())


@cache
def _public_key() -> str:
    return b64encode(_private_key().public.der).decode("ascii")
