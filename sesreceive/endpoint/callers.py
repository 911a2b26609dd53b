"""Who asks and whom: which requests may come at all, and which service and region one is for."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from sesreceive.errors import one_line

__all__ = ["Scope", "refusal", "scope_of"]

_CREDENTIAL = re.compile(r"[^/\s,]+/[0-9]{8}/([a-z0-9-]{1,40})/([a-z0-9-]{1,60})/aws4_request")
# What a browser says of a request that another site has made (Fetch Metadata Request Headers, section 2).
_OTHER_SITES = ("cross-site", "same-site")


class Scope(NamedTuple):
    """Region and service a request is signed for; both empty when it is not signed."""

    region: str = ""
    service: str = ""


def scope_of(environ: Mapping[str, Any]) -> Scope:
    """The credential scope of a request: of its Authorization field, or of its URL when that is signed in advance.

    Signatures are not checked: any key will do.

    Examples
    --------
    >>> scope_of({"HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=key/20260102/eu-west-1/ses/aws4_request, Sig…"})
    Scope(region='eu-west-1', service='ses')
    """
    text = environ.get("HTTP_AUTHORIZATION", "")
    if not text and "X-Amz-Credential=" in environ.get("QUERY_STRING", ""):
        text = parse_qs(environ["QUERY_STRING"])["X-Amz-Credential"][0]
    found = _CREDENTIAL.search(text)
    return Scope(found[1], found[2]) if found else Scope()


def refusal(environ: Mapping[str, Any], hosts: Collection[str] = ()) -> str:
    """Why a request is turned away, as a sentence; empty when it may come.

    Whoever reaches the endpoint runs code here, so no web page may: neither under a name of its own that leads to
    this machine (the Host field tells) nor by a form that it sends (Origin and Sec-Fetch-Site tell).

    Parameters
    ----------
    environ : mapping
        The WSGI environment.
    hosts : collection of str
        Names of this machine besides those of loopback.

    Examples
    --------
    >>> refusal({"HTTP_HOST": "localhost:4579"}), refusal({"HTTP_HOST": "bucket.localhost"})
    ('', '')
    >>> refusal({"HTTP_HOST": "example.com"})
    'the Host `example.com` is none of this machine: expected localhost or 127.0.0.1'
    """
    host = environ.get("HTTP_HOST", "")
    name = _name(host)
    if not (_is_loopback(name) or name in hosts):
        return f"the Host `{one_line(host)}` is none of this machine: expected localhost or 127.0.0.1"
    origin = environ.get("HTTP_ORIGIN", "")
    if origin and origin != f"http://{host}":
        return f"the page `{one_line(origin)}` may not use this endpoint"
    if environ.get("HTTP_SEC_FETCH_SITE", "") in _OTHER_SITES:
        return "a page of another site may not use this endpoint"
    return ""


def _name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").removesuffix(".")
    except ValueError:
        return ""


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761 section 6.3
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
