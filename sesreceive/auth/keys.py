"""Public keys of DKIM as DNS publishes them (RFC 6376 section 3.6.1, RFC 8463)."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from sesreceive.auth.arithmetic import PublicKey, arithmetic
from sesreceive.auth.tags import TagList, decoded, items

__all__ = ["KeyRecord"]

_NAMES = {"rsa": "RSA", "ed25519": "Ed25519"}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """One key record, read.

    Attributes
    ----------
    kind : str
        ``rsa`` or ``ed25519``; whatever ``k=`` says where it is neither.
    public : key or None
        The key; None where there is none to use, and then `problem` or `is_revoked` says why.
    bits : int
        Size of the key.
    hashes, services : tuple of str
        The ``h=`` and ``s=`` tags; empty where the record leaves them open.
    is_revoked : bool
        Whether ``p=`` is empty.
    is_strict : bool
        Whether ``t=s`` wants the domain of ``i=`` to be that of ``d=``.
    is_testing : bool
        Whether ``t=y`` says that the domain is trying DKIM out.
    problem : str
        What is wrong with the record; empty for a good one.
    """

    kind: str = "rsa"
    public: PublicKey | None = None
    bits: int = 0
    hashes: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    is_revoked: bool = False
    is_strict: bool = False
    is_testing: bool = False
    problem: str = ""

    @classmethod
    def parse(cls, text: bytes) -> KeyRecord | None:
        """The key of a TXT record, or None where the record is about something else.

        A key record starts with ``v=DKIM1`` or, as that is optional, has a ``p=``.

        Examples
        --------
        >>> KeyRecord.parse(b"v=spf1 -all") is None
        True
        >>> KeyRecord.parse(b"v=DKIM1; p=").is_revoked
        True
        >>> KeyRecord.parse(b"v=DKIM1; p=AAAA").problem
        '`p=` is no RSA public key'
        """
        tag_list = TagList.parse(text)
        tags = tag_list.tags
        version = tags.get(b"v")
        if version is None and b"p" not in tags:
            return None
        if version is not None and (version != b"DKIM1" or next(iter(tags)) != b"v"):
            return None  # section 3.6.1: records that start with another version are discarded
        kind = tags.get(b"k", b"rsa").decode("ascii", "replace")
        flags = items(tags.get(b"t", b""))
        public, bits, problem = _public(kind, tags.get(b"p"))
        return cls(
            kind=kind,
            public=None if tag_list.problem else public,
            bits=bits,
            hashes=tuple(item.decode("ascii", "replace") for item in items(tags.get(b"h", b""))),
            services=tuple(item.decode("ascii", "replace") for item in items(tags.get(b"s", b""))),
            is_revoked=tags.get(b"p") == b"",
            is_strict=b"s" in flags,
            is_testing=b"y" in flags,
            problem=tag_list.problem or problem,
        )

    def verifies(self, signature: bytes, signed: bytes) -> bool:
        """Whether `signature` was made over `signed` with this key; Ed25519 signs the digest (RFC 8463)."""
        if self.public is None:
            return False
        return self.public.verifies(signature, sha256(signed).digest() if self.kind == "ed25519" else signed)


def _public(kind: str, text: bytes | None) -> tuple[PublicKey | None, int, str]:
    """The key of a ``p=`` tag and its bits, or what is wrong with it."""
    if text is None:
        return None, 0, "tag `p` is missing"
    if text == b"":
        return None, 0, ""
    raw = decoded(text)
    if raw is None:
        return None, 0, "`p=` is no base64"
    if kind not in _NAMES:
        return None, 0, ""
    key = arithmetic().read_rsa(raw) if kind == "rsa" else arithmetic().read_ed25519(raw)
    return (None, 0, f"`p=` is no {_NAMES[kind]} public key") if key is None else (key, key.bits, "")
