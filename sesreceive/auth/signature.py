"""A DKIM-Signature field, read and checked for what can be wrong with it alone (RFC 6376 section 3.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from sesreceive import limits
from sesreceive.auth import canonical
from sesreceive.auth.domains import published_domain
from sesreceive.auth.failures import Failed, Failure
from sesreceive.auth.remembered import MAX_TEXT, Memory
from sesreceive.auth.tags import TagList, decoded, items, unquoted
from sesreceive.errors import one_line

__all__ = ["ALGORITHMS", "Signature", "Signer"]

# RFC 6376 section 3.3 and RFC 8463 section 3: the algorithms there are, and the key type each wants. RFC 8301
# section 3.1 took `rsa-sha1` away.
ALGORITHMS = {"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}

# How far t= may lie in the future. Unspecified ("MAY ignore"); we choose what dkimpy allows, ten hours.
CLOCK_SKEW_S = 36_000

_REQUIRED = (b"v", b"a", b"b", b"bh", b"d", b"h", b"s")
_ALL_REQUIRED = frozenset(_REQUIRED)
_NUMBER = re.compile(rb"[0-9]{1,76}")  # as long as section 3.5 lets l= be


# The tags that are alike in all mail of one signer, unless they are left out.
_OF_SIGNER = (b"v", b"a", b"d", b"s", b"c", b"h", b"q", b"i", b"l")


class Signer(NamedTuple):
    """What those tags say.

    Attributes
    ----------
    domain : str
        The ``d=`` tag as A-labels, lower case.
    selector : str
        The ``s=`` tag as it stands there.
    key_name : str
        Where DNS has the key (section 3.6.2.1).
    identity, agent_domain : str
        The ``i=`` tag, or ``@`` and the domain; its domain: `domain` or one below it.
    algorithm : str
        The ``a=`` tag.
    header_form, body_form : bytes
        The canonical forms of ``c=``.
    fields : tuple of str
        Names of the signed fields in lower case, in the order of ``h=``.
    length : int or None
        Octets of the body that are signed; None for all.
    """

    domain: str
    selector: str
    key_name: str
    identity: str
    agent_domain: str
    algorithm: str
    header_form: bytes
    body_form: bytes
    fields: tuple[str, ...]
    length: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What one signature says.

    Attributes
    ----------
    signer : Signer
        What is alike in all mail of whoever signed.
    body_hash, value : bytes
        The ``bh=`` and ``b=`` tags, decoded.
    signed_at, expires_at : int or None
        The ``t=`` and ``x=`` tags, in seconds since 1970.
    """

    signer: Signer
    body_hash: bytes
    value: bytes
    signed_at: int | None = None
    expires_at: int | None = None

    @classmethod
    def of(cls, found: TagList, memory: Memory | None = None) -> Signature:
        """The signature of a tag list.

        Raises
        ------
        Failed
            When it cannot be verified, whatever the message and the key are.
        """
        tags = found.tags
        if found.problem:
            raise Failed(Failure.SYNTAX, f"the signature cannot be read: {one_line(found.problem)}")
        if not tags.keys() >= _ALL_REQUIRED:
            missing = [name for name in _REQUIRED if name not in tags]
            raise Failed(Failure.MISSING_TAG, f"the signature has no tag `{missing[0].decode()}`")
        key = tuple(map(tags.get, _OF_SIGNER))
        signer = None if memory is None else memory.signers.get(key)
        value, body_hash = decoded(tags[b"b"]), decoded(tags[b"bh"])
        if signer is None or not value or not body_hash:
            signer = _signer(tags, value, body_hash)
            if memory is not None and sum(map(len, filter(None, key))) <= MAX_TEXT:
                memory.signers.keep(key, signer)
        assert value is not None
        assert body_hash is not None
        signed_at, expires_at = _number(tags, b"t"), _number(tags, b"x")
        if signed_at is not None and expires_at is not None and expires_at <= signed_at:
            raise Failed(Failure.TIMES, f"the signature expires at {expires_at}, and it was made at {signed_at}")
        return cls(signer=signer, body_hash=body_hash, value=value, signed_at=signed_at, expires_at=expires_at)

    def check_time(self, now: float) -> None:
        """Raise Failed unless the signature is valid at `now`.

        Raises
        ------
        Failed
            When it has expired or is from the future.
        """
        if self.expires_at is not None and now > self.expires_at:
            raise Failed(Failure.EXPIRED, f"the signature expired at {self.expires_at}, and it is {now:.0f}")
        if self.signed_at is not None and self.signed_at > now + CLOCK_SKEW_S:
            raise Failed(Failure.FUTURE, f"the signature is from {self.signed_at}, and it is only {now:.0f}")


def _signer(tags: dict[bytes, bytes], value: bytes | None, body_hash: bytes | None) -> Signer:
    """What the tags of the signer say, all of them checked in the order in which they are reported."""
    if tags[b"v"] != b"1":
        raise Failed(Failure.VERSION, f"the signature has version `{shown(tags[b'v'])}`, not `1`")
    algorithm = text_of(tags[b"a"])
    if algorithm == "rsa-sha1":
        raise Failed(Failure.ALGORITHM_FORBIDDEN, "`rsa-sha1` must not be used any more")
    if algorithm not in ALGORITHMS:
        raise Failed(Failure.ALGORITHM_UNKNOWN, f"the algorithm `{shown(tags[b'a'])}` is unknown")
    if (domain := published_domain(text_of(tags[b"d"]))) is None:
        raise _bad(tags, b"d", "no domain")
    if (selector := published_domain(text_of(tags[b"s"]), labels=1)) is None:
        raise _bad(tags, b"s", "no selector")
    if not value:
        raise _bad(tags, b"b", "no base64")
    if not body_hash:
        raise _bad(tags, b"bh", "no base64")
    header_form, slash, body_form = tags.get(b"c", b"simple/simple").partition(b"/")
    body_form = body_form if slash else b"simple"
    if header_form not in canonical.ALGORITHMS or body_form not in canonical.ALGORITHMS:
        raise _bad(tags, b"c", "no canonicalization that is known")
    if tags[b"h"].count(b":") >= limits.SIGNED_NAMES.value:
        raise Failed(Failure.BAD_VALUE, f"`h=` names more than {limits.SIGNED_NAMES.value} fields")
    fields = tuple(b":".join(items(tags[b"h"])).lower().decode("utf-8", "replace").split(":"))
    if "from" not in fields:
        raise Failed(Failure.FROM_NOT_SIGNED, "the signature does not cover the From field")
    if b"q" in tags and b"dns/txt" not in items(tags[b"q"]):
        raise Failed(Failure.QUERY_METHOD, f"the query method `q={shown(tags[b'q'])}` is unknown")
    agent, identity = domain, b""
    if b"i" in tags:
        identity = unquoted(tags[b"i"])
        _, at, name = identity.rpartition(b"@")
        agent = published_domain(text_of(name)) or ""
        if not at or not f".{agent}".endswith(f".{domain}"):
            raise Failed(Failure.IDENTITY, f"`i={shown(tags[b'i'])}` does not lie in `{domain}`")
    return Signer(
        domain=domain,
        selector=text_of(tags[b"s"]),
        key_name=f"{selector}._domainkey.{domain}",
        identity=identity.decode("utf-8", "replace") or f"@{domain}",
        agent_domain=agent,
        algorithm=algorithm,
        header_form=header_form,
        body_form=body_form,
        fields=fields,
        length=_number(tags, b"l"),
    )


def text_of(value: bytes) -> str:
    """A tag's value as text on one line."""
    words = value.split()
    return (value if words == [value] else b"".join(words)).decode("utf-8", "replace")


def shown(value: bytes) -> str:
    """A tag's value for a sentence."""
    return one_line(text_of(value), 80)


def _number(tags: dict[bytes, bytes], name: bytes) -> int | None:
    if name not in tags:
        return None
    if not _NUMBER.fullmatch(tags[name]):
        raise _bad(tags, name, "no number")
    return int(tags[name])


def _bad(tags: dict[bytes, bytes], name: bytes, what: str) -> Failed:
    return Failed(Failure.BAD_VALUE, f"`{name.decode()}={shown(tags[name])}` is {what}")
