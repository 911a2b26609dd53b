"""DKIM verification (RFC 6376, RFC 8301, RFC 8463): one result for each signature of a message.

The work is `hashlib` and `cryptography`; dkimpy signs our samples and is the oracle of the tests. What can be
wrong with a signature is one table, in `failures`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence

from sesreceive import limits
from sesreceive.auth import canonical
from sesreceive.auth.arithmetic import PLAIN_NOTE, is_plain
from sesreceive.auth.body_hashes import BodyHashes
from sesreceive.auth.domains import published_domain
from sesreceive.auth.failures import FAILURES, Failed, Failure
from sesreceive.auth.keys import KeyRecord
from sesreceive.auth.remembered import MAX_TEXT, Memory
from sesreceive.auth.results import DkimResult, DkimStatus
from sesreceive.auth.signature import ALGORITHMS, Signature, Signer, text_of
from sesreceive.auth.tags import TagList, unquoted
from sesreceive.dns.resolver import DnsStatus, Resolver
from sesreceive.errors import one_line
from sesreceive.later import made_once
from sesreceive.mail.message import HeaderField, Message

__all__ = ["MAX_KEYS", "MAX_SIGNATURES", "MIN_RSA_BITS", "verify", "verify_signature"]

# RFC 6376 section 6.1 lets a verifier limit its work and names no number; we choose.
MAX_SIGNATURES, MAX_RESULTS = limits.SIGNATURES_VERIFIED.value, limits.SIGNATURES_REPORTED.value
# Key records tried for one signature. Section 6.1.2, step 3: choose one or cycle through; the number is ours.
MAX_KEYS = 5

MIN_RSA_BITS = 1024  # RFC 8301 section 3.2: signatures with smaller keys are not valid

# The value of b= with the white space around it: empty in what is signed (section 3.7). Two patterns, since one that
# begins with either place meets each octet on its own.
_B_TAG = rb"[ \t\r\n]*b[ \t\r\n]*=([^;]*)"
_B_FIRST, _B_LATER = re.compile(_B_TAG), re.compile(rb";" + _B_TAG)

_OWN = "dkim-signature"


def verify(
    message: Message,
    resolver: Resolver,
    now: float,
    *,
    memory: Memory | None = None,
    bodies: BodyHashes | None = None,
) -> tuple[DkimResult, ...]:
    r"""The result of every signature, in the order of the header; empty for an unsigned message.

    Parameters
    ----------
    message : Message
        The message as it came. Lines that end in a bare LF count as if they ended in CRLF.
    resolver : Resolver
        Where the keys are.
    now : float
        The time that ``t=`` and ``x=`` are compared with, in seconds since 1970.
    memory : Memory, optional
        Keys that earlier messages have led to.
    bodies : BodyHashes, optional
        The hashes of the message's body, to be shared with ARC.

    Returns
    -------
    tuple of DkimResult
        Always one a DKIM-Signature field, also for one that is no signature (`DkimResult.is_signature`); whatever the
        message holds, nothing is raised. Behind `limits.SIGNATURES_REPORTED` fields no more are told one by one.

    Examples
    --------
    >>> from sesreceive.dns.zone import Zone
    >>> message = Message(b"DKIM-Signature: v=1; d=example.org\r\nFrom: ana@example.org\r\n\r\n")
    >>> [(result.status.value, result.reason) for result in verify(message, Zone(), now=0)]
    [('permerror', 'the signature has no tag `a` (RFC 6376 section 6.1.1)')]

    References
    ----------
    RFC 6376 section 6; RFC 8601 section 2.7.1.
    """
    checks = _Verification(message, resolver, now, memory or Memory(), bodies or BodyHashes(message))
    return tuple(checks.result(index) for index in range(min(len(checks.signatures), MAX_RESULTS)))


def verify_signature(message: Message, index: int, resolver: Resolver, now: float) -> DkimResult:
    """The result of one signature, counted from 0 at the top; see `verify`."""
    return _Verification(message, resolver, now, Memory(), BodyHashes(message)).result(index)


class _Verification:
    """What the signatures of one message share: its fields by name, their canonical forms, the body's hashes."""

    def __init__(self, message: Message, resolver: Resolver, now: float, memory: Memory, bodies: BodyHashes) -> None:
        self.message, self.resolver, self.now, self.memory = message, resolver, now, memory
        self.signatures = message.all("DKIM-Signature")
        self.bodies = bodies
        # The canonical fields of a name, as they stand in the message, without their last line end.
        self._headers: dict[bytes, dict[str, Sequence[bytes]]] = {form: {} for form in canonical.ALGORITHMS}
        self._names: dict[int, bytes] = {}

    def result(self, index: int) -> DkimResult:
        """Verify the signature at this place."""
        tag_list = TagList.parse(self.signatures[index].value)
        tags = tag_list.tags
        try:
            if index >= MAX_SIGNATURES:
                raise Failed(Failure.TOO_MANY, self._too_many(index))
            signature = Signature.of(tag_list, self.memory)
            signature.check_time(self.now)
            key = self._key(self.signatures[index], signature)
        except Failed as failed:
            status, source = FAILURES[failed.failure]
            domain = text_of(tags.get(b"d", b""))
            domain = published_domain(domain) or domain.lower()
            identity = unquoted(tags[b"i"]).decode("utf-8", "replace") if b"i" in tags else ""
            return DkimResult(
                status=status,
                domain=domain,
                identity=identity or (f"@{domain}" if domain else ""),
                selector=text_of(tags.get(b"s", b"")),
                algorithm=text_of(tags.get(b"a", b"")),
                key_bits=failed.key_bits,
                failure=failed.failure,
                reason=f"{failed.detail} ({source})",
            )
        signer = signature.signer
        return DkimResult(
            status=DkimStatus.PASS,
            domain=signer.domain,
            identity=signer.identity,
            selector=signer.selector,
            algorithm=signer.algorithm,
            key_bits=key.bits,
            reason=_passed(signer, key),
        )

    def _too_many(self, index: int) -> str:
        left = len(self.signatures) - MAX_RESULTS if index == MAX_RESULTS - 1 else 0
        more = f"; {left} more have no result of their own" if left > 0 else ""
        return f"only the first {MAX_SIGNATURES} signatures are verified{more}"

    # ---------------------------------------------------------------- the key (section 6.1.2)

    def _key(self, field: HeaderField, signature: Signature) -> KeyRecord:
        """The key that fits, of those in DNS."""
        reported: Failed | None = None
        for key in self._keys(signature.signer.key_name):
            try:
                _check_key(key, signature.signer)
                self._check_body(signature, key)
                self._check_signature(field, signature, key)
            except Failed as failed:
                # Of several keys the first counts that was really tried, else the first.
                if reported is None or (_is_fail(failed) and not _is_fail(reported)):
                    reported = failed
            else:
                return key
        raise reported or Failed(Failure.NO_KEY, f"none of the TXT records at `{signature.signer.key_name}` is a key")

    def _keys(self, name: str) -> tuple[KeyRecord, ...]:
        answer = self.resolver.resolve(name, "TXT")
        if answer.is_failure:
            raise Failed(Failure.DNS, f"DNS gave no answer for the key `{name}`: {answer.status.value}")
        if answer.status is not DnsStatus.FOUND:
            raise Failed(Failure.NO_KEY, f"there is no key `{name}`: {answer.status.value}")
        texts = (value if isinstance(value, bytes) else value.encode("utf-8", "replace") for value in answer.values)
        return tuple([key for text in texts if (key := self._read(text))])[:MAX_KEYS]

    def _read(self, text: bytes) -> KeyRecord | None:
        keys = self.memory.keys
        if text in keys:
            return keys[text]
        key = KeyRecord.parse(text)
        return keys.keep(text, key) if len(text) <= MAX_TEXT else key

    # ---------------------------------------------------------------- the hashes (section 6.1.3)

    def _check_body(self, signature: Signature, key: KeyRecord) -> None:
        form, length = signature.signer.body_form, signature.signer.length
        if length is not None and length > len(body := self.bodies.body(form)):
            short = f"the signature covers {length} octets of the body, and there are {len(body)}"
            raise Failed(Failure.BODY_LENGTH, short, key.bits)
        digest = self.bodies.digest(form, length)
        if digest != signature.body_hash:
            got, signed = _base64(digest), _base64(signature.body_hash)
            changed = f"the body changed after signing: body hash is `{got}`, signature says `{signed}`"
            raise Failed(Failure.BODY_HASH, changed, key.bits)

    def _check_signature(self, field: HeaderField, signature: Signature, key: KeyRecord) -> None:
        if not key.verifies(signature.value, self._signed(field, signature)):
            differs = (
                f"the signature does not fit the key `{signature.signer.key_name}`: "
                "a signed header field changed, or another key signed"
            ) + (PLAIN_NOTE if is_plain() else "")
            raise Failed(Failure.SIGNATURE, differs, key.bits)

    def _signed(self, field: HeaderField, signature: Signature) -> bytes:
        """What was signed: the fields that ``h=`` names, then the signature itself without its value."""
        form = signature.signer.header_form
        headers = self._headers[form]
        left: dict[str, int] = {}  # fields of a name that are still to be taken
        pieces: list[bytes] = []
        for name in signature.signer.fields:
            # Section 5.4.2: from the bottom up; a name without a field left stands for nothing.
            made = headers.get(name)
            if made is None:
                made = headers[name] = self._named(form, name)
            at = left.get(name, len(made)) - 1
            if name == _OWN and at >= 0 and self.signatures[at] is field:
                at -= 1  # a signature never covers itself (section 3.5, tag h=)
            if at < 0:
                left[name] = 0
                continue
            left[name] = at
            pieces.append(made[at])
        value = field.value
        if found := _B_FIRST.match(value) or _B_LATER.search(value):
            value = value[: found.start(1)] + value[found.end() :]
        pieces.append(self._canonical(form, field, value))
        return b"\r\n".join(pieces)

    def _named(self, form: bytes, name: str) -> Sequence[bytes]:
        """The fields of a name in canonical form, without their last line ends."""
        named = self.message.by_name.get(name)
        if named is None:
            return ()
        if form == b"relaxed" and self._has_plain_blanks:
            start = named[0][0].lower() + b":"
            # All at once what `canonical.header` does step by step; the same where only blanks are white space.
            return [start + b" ".join(item[1].split()) for item in named]
        return [self._canonical(form, item, item[1]) for item in named]

    def _canonical(self, form: bytes, field: HeaderField, value: bytes) -> bytes:
        """A field of the message in canonical form with this value, without its last line end."""
        if form == b"relaxed" and self._has_plain_blanks:
            return b"%b:%b" % (field[0].lower(), b" ".join(value.split()))
        return canonical.header(form, self._name(form, field), value).removesuffix(b"\r\n")

    @made_once
    def _has_plain_blanks(self) -> bool:
        return canonical.has_plain_blanks(self.message.raw, self.message.read_end)

    def _name(self, form: bytes, field: HeaderField) -> bytes:
        """What stands before the colon; in the simple form with the blanks of obsolete syntax."""
        if form == b"relaxed":
            return field.name
        if not self._names:
            self._names = dict(zip(map(id, self.message.fields), _names(self.message), strict=True))
        return self._names[id(field)]


def _is_fail(failed: Failed) -> bool:
    return FAILURES[failed.failure][0] is DkimStatus.FAIL


def _check_key(key: KeyRecord, signer: Signer) -> None:
    """Raise Failed unless the key may verify signatures of this signer (section 6.1.2, steps 4 to 8)."""
    at = f"the key `{signer.key_name}`"
    kind = ALGORITHMS[signer.algorithm]
    if key.problem:
        raise Failed(Failure.KEY_SYNTAX, f"{at} cannot be read: {one_line(key.problem)}")
    if key.is_revoked:
        raise Failed(Failure.KEY_REVOKED, f"{at} has been revoked: `p=` is empty")
    if key.kind != kind:
        raise Failed(Failure.KEY_TYPE, f"{at} is `{one_line(key.kind, 40)}`, the signature wants `{kind}`", key.bits)
    if key.hashes and "sha256" not in key.hashes:
        raise Failed(Failure.KEY_HASH, f"{at} does not allow `sha256`", key.bits)
    if key.services and not {"*", "email"} & set(key.services):
        raise Failed(Failure.KEY_SERVICE, f"{at} is not for e-mail", key.bits)
    if key.is_strict and signer.agent_domain != signer.domain:
        raise Failed(Failure.KEY_IDENTITY, f"{at} has `t=s`, and `i=` is not in `{signer.domain}` itself", key.bits)
    if kind == "rsa" and key.bits < MIN_RSA_BITS:
        raise Failed(Failure.KEY_SIZE, f"{at} has {key.bits} bits, fewer than {MIN_RSA_BITS}", key.bits)


def _passed(signer: Signer, key: KeyRecord) -> str:
    sentence = f"the {signer.algorithm} signature fits the {key.bits}-bit key `{signer.key_name}`"
    if is_plain():
        sentence += PLAIN_NOTE
    if signer.length is not None:
        sentence += f"; only the first {signer.length} octets of the body are signed"
    return sentence + ("; the key is marked as a test (`t=y`)" if key.is_testing else "")


def _names(message: Message) -> Iterator[bytes]:
    """The text before the colon of each field, found again in the header block."""
    header = message.raw
    at = 0
    for item in message.fields:
        start = at
        if item.name:
            at = header.index(b":", at) + 1
            yield header[start : at - 1]
        else:
            yield b""
        at += len(item.value)
        at = header.find(b"\n", at, message.header_end) + 1 or message.header_end


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
