"""ARC (RFC 8617): what the hosts on the way say they found, and whether their seals hold.

dkimpy verifies the chain. SES writes nothing about ARC [observed], so no verdict follows from it: it is there to
explain why mail that was forwarded fails SPF and DKIM here. Around dkimpy stand the bounds that hostile mail needs:
its body hash takes time with the square of a run of blanks, and its header passes are made once a seal.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sesreceive.auth import canonical
from sesreceive.auth.body_hashes import BodyHashes
from sesreceive.auth.results import ArcResult, ArcSet, ArcStatus
from sesreceive.auth.tags import TagList, decoded
from sesreceive.dns.names import normalize
from sesreceive.dns.resolver import DnsStatus, Resolver
from sesreceive.errors import one_line
from sesreceive.mail.message import HeaderField, Message, unfold

__all__ = ["FIELDS", "verify"]

FIELDS = ("ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results")

MAX_SETS = 50  # RFC 8617 section 4.2.1

# What dkimpy may be given to work through, as RFC 6376 section 6.1 lets a verifier limit it; the numbers are ours. For
# each set dkimpy goes through all fields once a signed name.
MAX_HEADER_OCTETS, MAX_HEADER_FIELDS, MAX_SIGNED_NAMES = 262_144, 1000, 200

_INSTANCE = re.compile(r"[ \t]*i[ \t]*=[ \t]*([0-9]{1,3})[ \t]*;")
# A method and its result (RFC 8601 section 2.2), at the beginning of a part.
_RESULT = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)(?:\s*/\s*[0-9]+)?\s*=\s*([A-Za-z]+)")
_IN_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+"?|\\.|[^"()\\]++|[()]|\\', re.DOTALL)

_log = logging.getLogger(__name__)
_log.setLevel(logging.CRITICAL)  # dkimpy logs what it also returns


def verify(message: Message, resolver: Resolver, bodies: BodyHashes | None = None) -> ArcResult | None:
    r"""Whether the chain of a message holds, and what each host says it found; None without ARC fields.

    Parameters
    ----------
    message : Message
        The message as it came.
    resolver : Resolver
        Where the keys are.
    bodies : BodyHashes, optional
        The hashes of the message's body, where they are made already.

    Notes
    -----
    dkimpy compares a ``t=`` in the future with the machine's clock, not with the time the mail arrived.

    Examples
    --------
    >>> from sesreceive.dns.zone import Zone
    >>> verify(Message(b"From: ana@example.org\r\n\r\n"), Zone()) is None
    True
    >>> verify(Message(b"ARC-Seal: i=1; a=rsa-sha256\r\nFrom: ana@example.org\r\n\r\n"), Zone()).reason
    'the chain does not hold: Incomplete ARC set for instance 1 (RFC 8617 section 5.2)'

    References
    ----------
    RFC 8617 sections 4 and 5.2.
    """
    fields = [item for name in FIELDS for item in message.all(name)]
    if not fields:
        return None
    if problem := _too_much(message):
        return ArcResult(status=ArcStatus.FAIL, sets=(), reason=f"the chain is not verified: {problem}")
    sets = _sets(message)
    keys = _Keys(resolver)
    try:
        verifier = _verifier()(message.raw, bodies or BodyHashes(message))
        status, _, why = verifier.verify(dnsfunc=keys.text)
    except Exception as error:  # noqa: BLE001 - hostile fields that dkimpy stumbles over are a broken chain
        status, why = b"fail", f"it cannot be read ({type(error).__name__})"
    if status == b"pass":
        return ArcResult(status=ArcStatus.PASS, sets=sets, reason=_held(sets))
    detail = keys.problem or one_line(why).rstrip(". ")
    return ArcResult(
        status=ArcStatus.FAIL, sets=sets, reason=f"the chain does not hold: {detail} (RFC 8617 section 5.2)"
    )


def _held(sets: Sequence[ArcSet]) -> str:
    names = list(dict.fromkeys(f"`{one_line(one.sealed_by, 80)}`" for one in sets))
    return f"the seal{'s' * (len(sets) > 1)} of {', '.join(names[:5])}{' …' * (len(names) > 5)} verif" + (
        "ies" if len(sets) == 1 else "y"
    )


def _too_much(message: Message) -> str:
    """Why dkimpy shall not be given this message, as part of a sentence; empty where it may."""
    if message.header_end > MAX_HEADER_OCTETS or len(message.fields) > MAX_HEADER_FIELDS:
        return f"the header has more than {MAX_HEADER_OCTETS} octets or {MAX_HEADER_FIELDS} fields"
    signed = (item.value.count(b":") for item in message.all("ARC-Message-Signature"))
    if max(signed, default=0) > MAX_SIGNED_NAMES:
        return f"a signature names more than {MAX_SIGNED_NAMES} fields"
    if any(len(message.all(name)) > MAX_SETS for name in FIELDS):
        return f"it has more than {MAX_SETS} sets (RFC 8617 section 4.2.1)"
    return ""


# ------------------------------------------------------------------------ what the fields say


def _sets(message: Message) -> tuple[ArcSet, ...]:
    """The sets as their fields say, the oldest first; whether they are true is another question."""
    seals = {instance: tags for item in message.all("ARC-Seal") if (instance := _instance(tags := _tags(item)))}
    sets = []
    for item in message.all("ARC-Authentication-Results")[:MAX_SETS]:
        text = _without_comments(unfold(item.value).decode("utf-8", "replace"))
        if found := _INSTANCE.match(text):
            parts = text[found.end() :].split(";")
            results = tuple((r[1].lower(), r[2].lower()) for part in parts[1:] if (r := _RESULT.match(part)))
            sets.append(
                ArcSet(
                    instance=int(found[1]),
                    authserv_id=one_line((parts[0].split() or [""])[0]),
                    results=results,
                    sealed_by=one_line(seals.get(int(found[1]), {}).get(b"d", b"").decode("utf-8", "replace")),
                )
            )
    return tuple(sorted(sets, key=lambda one: one.instance))


def _tags(item: HeaderField) -> Mapping[bytes, bytes]:
    return TagList.parse(item.value).tags


def _instance(tags: Mapping[bytes, bytes]) -> int:
    number = tags.get(b"i", b"")
    return int(number) if number.isdigit() and len(number) <= 3 else 0


def _without_comments(text: str) -> str:
    """The text outside comments, which nest."""
    depth, kept = 0, []
    for token in _IN_TEXT.findall(text):
        if token == "(":
            depth += 1
        elif token == ")":
            depth = max(depth - 1, 0)
        elif not depth:
            kept.append(token)
    return "".join(kept)


# ------------------------------------------------------------------------ dkimpy


class _Keys:
    """Key records for dkimpy; remembers what DNS did not answer, which dkimpy would call a bad signature."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.problem = ""

    def text(self, name: bytes, timeout: int = 5) -> bytes | None:
        owner = normalize(name.decode("utf-8", "replace"))
        answer = self.resolver.resolve(owner, "TXT")
        if answer.status is not DnsStatus.FOUND:
            self.problem = self.problem or f"there is no key `{one_line(owner)}`: {answer.status.value}"
            return None
        texts = [value if isinstance(value, bytes) else value.encode("utf-8", "replace") for value in answer.values]
        # Of several records the one that says it is a key; dkimpy would take the first.
        return next((text for text in texts if text.startswith(b"v=DKIM1")), texts[0])


@cache  # loaded when the first message with a chain comes
def _verifier() -> Callable[[bytes, BodyHashes], Any]:
    """Dkimpy's verifier of chains, with body hashes that take time in proportion to the body."""
    import dkim

    class Verifier(dkim.ARC):  # type: ignore[misc]  # dkimpy has no types
        def __init__(self, raw: bytes, bodies: BodyHashes) -> None:
            super().__init__(raw, logger=_log, minkey=1024)
            self.bodies = bodies

        def verify_sig_process(self, sig: dict[bytes, bytes], *arguments: Any) -> Any:
            """Check one signature; dkimpy leaves the body out where there is no ``bh=``, so it is hashed here."""
            if b"bh" in sig:
                header_form, slash, body_form = sig.get(b"c", b"relaxed/relaxed").partition(b"/")
                form = body_form if slash else b"simple"
                if header_form not in canonical.ALGORITHMS or form not in canonical.ALGORITHMS:
                    raise dkim.ValidationError("unknown canonicalization")
                length = int(sig[b"l"]) if sig.get(b"l", b"").isdigit() else None
                if self.bodies.digest(form, length) != decoded(sig[b"bh"]):
                    raise dkim.ValidationError("body hash mismatch")
                sig = {name: value for name, value in sig.items() if name != b"bh"}
            return super().verify_sig_process(sig, *arguments)

    return Verifier
