"""The message as SES hands it on: its header block, then the sender's bytes, with added headers in their place.

It is the body of the S3 object, the ``content`` of an SNS notification, and what WorkMail and Connect get. Where a
header that an AddHeader action adds stands is decided here once, for bytes, JSON, bounces and pictures alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sesreceive.mail.message import HeaderField, Message
from sesreceive.mail.ses_block import BLOCK, FOLD
from sesreceive.verdict import Verdicts
from sesreceive.writing.authentication_results import single_line
from sesreceive.writing.receipt import Receipt, SesField

__all__ = [
    "Added",
    "Layout",
    "added_fields",
    "header_block",
    "laid_out",
    "most_stored",
    "sent_header",
    "ses_fields",
    "stored_message",
    "stored_size",
    "to_bytes",
]

Added = Sequence[tuple[str, str]]
"""Headers that AddHeader actions have added so far: name and value, in action order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the fields of a stored message stand.

    Attributes
    ----------
    block : tuple of SesField
        All that stands above the sender's message, in order.
    inside : dict of int to list of SesField
        Added fields behind a field of the sender's header, by the position of that field.
    last : tuple of SesField
        Added fields behind the sender's last field.
    added : tuple of SesField
        The added fields in action order; the same objects as stand in the other three.
    """

    block: tuple[SesField, ...]
    inside: dict[int, list[SesField]] = field(default_factory=dict)
    last: tuple[SesField, ...] = ()
    added: tuple[SesField, ...] = ()

    def fields(self, message: Message) -> Iterator[SesField | HeaderField]:
        """All fields in order: SES's and added ones, and the message's own."""
        yield from self.block
        for position, own in enumerate(message.fields):
            yield own
            if position in self.inside:
                yield from self.inside[position]
        yield from self.last


def laid_out(receipt: Receipt, verdicts: Verdicts, added: Added = ()) -> Layout:
    """Where SES's own fields and the added ones stand.

    An added field stands behind the last field of its name, else at the end of the sender's header, as JavaMail's
    ``addHeader`` has it [observed in three public traces]; the other readings put it above the sender's message.
    """
    return _layout(receipt, _own(receipt, verdicts, receipt.proof_fields), added)


def _layout(receipt: Receipt, own: tuple[SesField, ...], added: Added) -> Layout:
    """Where these fields of SES and the added ones stand."""
    extra = added_fields(added)
    match receipt.assumptions.added_header_position:
        case "top":
            return Layout(block=(*extra, *own), added=extra)
        case "after-ses-block":
            return Layout(block=(*own, *extra), added=extra)
    return _behind_their_name(own, receipt.message, extra)


def _behind_their_name(own: tuple[SesField, ...], message: Message, extra: tuple[SesField, ...]) -> Layout:
    block: dict[int, list[SesField]] = {}
    inside: dict[int, list[SesField]] = {}
    groups: dict[str, list[SesField]] = {}  # by name: where the next one of it goes
    last: list[list[SesField]] = []
    for item in extra:
        key = item[0].lower()
        if key not in groups:
            if message.all(key):
                positions = [at for at, sent in enumerate(message.fields) if sent.name.lower() == key.encode("ascii")]
                groups[key] = inside.setdefault(positions[-1], [])
            elif positions := [at for at, (name, _) in enumerate(own) if name.lower() == key]:
                groups[key] = block.setdefault(positions[-1], [])
            else:
                groups[key] = []
                last.append(groups[key])
        groups[key].append(item)
    whole = [entry for at, sent in enumerate(own) for entry in (sent, *block.get(at, ()))]
    return Layout(
        block=tuple(whole), inside=inside, last=tuple(entry for group in last for entry in group), added=extra
    )


def stored_message(receipt: Receipt, verdicts: Verdicts, added: Added = ()) -> bytes:
    """The bytes one rule's actions see: the header block, the message as it came, and what was added to its header.

    Parameters
    ----------
    receipt : Receipt
        The accepted mail.
    verdicts : Verdicts
        As the rule sees them: without scanning there are no scan headers [observed].
    added : sequence of (str, str)
        Headers added so far.
    """
    message = receipt.message
    block = header_block(receipt, verdicts, added)
    if not added:
        return b"".join((block, message.raw))
    spliced = _spliced(message, laid_out(receipt, verdicts, added))
    return b"".join((block, *spliced, memoryview(message.raw)[message.header_end :]))


def stored_size(receipt: Receipt, verdicts: Verdicts, added: Added = ()) -> int:
    """Length of `stored_message` in bytes, without making or signing it."""
    key = ("size", verdicts.spam, verdicts.virus, tuple(added))
    size: int | None = receipt.memo.get(key)
    if size is None:
        message, end = receipt.message, receipt.message.header_end
        if added and end and message.raw[end - 1] != _LF:  # a line that lacks its end gets one before an added field
            layout = _layout(receipt, _own(receipt, verdicts, _NO_PROOF), added)
            size = len(_written(layout.block)) + sum(map(len, _spliced(message, layout))) - end
        else:  # wherever an added field stands it is as long
            own = _own(receipt, verdicts, _NO_PROOF)
            size = len(_written((*own, *added_fields(added))))
        size += receipt.proof_size + len(message.raw)
        receipt.memo[key] = size
    return size


def most_stored(receipt: Receipt, added: Added = ()) -> int:
    """A size that `stored_message` surely does not exceed, had without writing a field of it."""
    envelope, results = receipt.envelope, receipt.results
    spf = results.spf
    said = (
        f"{envelope.mail_from}{envelope.helo}{envelope.helo}{envelope.client_name}{spf.domain}{spf.envelope_from}"
        f"{spf.helo}{results.dmarc.domain}{''.join(envelope.rcpt_to[:1])}"
    )
    signers = "".join([one.identity + one.domain for one in results.dkim])
    texts = "".join([name + value for name, value in added])
    # Twice what Received-SPF repeats; the addresses and what SES makes up are ASCII.
    plain = 2 * len(receipt.region) + len(receipt.message_id) + 3 * len(envelope.client_ip) + 4 * len(spf.client_ip)
    octets = 1 if said.isascii() and signers.isascii() and texts.isascii() else _UTF8
    return (
        len(receipt.message.raw)
        + octets * (2 * len(said) + len(signers) + len(texts))
        + plain
        + _FRAME
        + _FIELD_FRAME * (len(results.dkim) + len(added))
    )


# Octets of one character at most; what SES writes of its own for each signature and each added header, and for all.
_UTF8, _FIELD_FRAME, _FRAME = 4, 64, 2_048
_LF = ord("\n")
_NO_PROOF: tuple[SesField, ...] = (("X-SES-RECEIPT", ("",)), ("X-SES-DKIM-SIGNATURE", ("",)))


def header_block(receipt: Receipt, verdicts: Verdicts, added: Added = ()) -> bytes:
    """All that stands above the sender's message; every line ends in CRLF.

    Only ``Received`` and ``Authentication-Results`` are folded, by CRLF and one space [observed]. Made once for all
    actions that see the same.
    """
    key = ("header block", verdicts.spam, verdicts.virus, tuple(added))
    block: bytes | None = receipt.memo.get(key)
    if block is None:
        block = receipt.memo[key] = _written(laid_out(receipt, verdicts, added).block)
    return block


def sent_header(receipt: Receipt, verdicts: Verdicts, added: Added = ()) -> bytes:
    """The sender's header with the fields that were added to it, without the empty line; else as it came."""
    header = receipt.message.header
    if not added:
        return header
    key = ("sent header", verdicts.spam, verdicts.virus, tuple(added))
    whole: bytes | None = receipt.memo.get(key)
    if whole is None:
        whole = receipt.memo[key] = b"".join(_spliced(receipt.message, laid_out(receipt, verdicts, added)))
    return whole


def _spliced(message: Message, layout: Layout) -> Iterator[bytes | memoryview]:
    """The sender's header in pieces, which are no copies, with the added fields between them."""
    header, start = memoryview(message.raw)[: message.header_end], 0
    for position in sorted(layout.inside):
        end = message.field_ends[position]
        yield from _whole_line(header[start:end])
        yield _written(layout.inside[position])
        start = end
    rest = header[start:]
    yield from _whole_line(rest) if layout.last else (rest,)
    yield _written(layout.last)


def _whole_line(text: memoryview) -> tuple[bytes | memoryview, ...]:
    """The text with the end of its last line, which a message without a body may lack."""
    return (text,) if not text or text[-1] == ord("\n") else (text, b"\r\n")


def ses_fields(receipt: Receipt, verdicts: Verdicts, added: Added = ()) -> tuple[SesField, ...]:
    """The fields above the sender's message in order."""
    return laid_out(receipt, verdicts, added).block


def _own(receipt: Receipt, verdicts: Verdicts, proof: Iterable[SesField]) -> tuple[SesField, ...]:
    """The fields that SES itself writes, in order; the last two, which take long to make, are given."""
    written = dict((*receipt.origin_fields, *_scan_fields(verdicts), *receipt.sender_fields, *proof))
    # One table for both ways: what is written in this order is taken off in this order.
    return tuple((field.name, written[field.name]) for field in BLOCK if field.name in written)


def _scan_fields(verdicts: Verdicts) -> tuple[SesField, ...]:
    if not verdicts.scanned:
        return ()
    return ("X-SES-Spam-Verdict", (str(verdicts.spam),)), ("X-SES-Virus-Verdict", (str(verdicts.virus),))


def added_fields(added: Added) -> tuple[SesField, ...]:
    """Added headers as fields of one line each: there is no folding."""
    return tuple((single_line(name), (single_line(value),)) for name, value in added)


def to_bytes(text: str) -> bytes:
    r"""UTF-8, with bytes that were no UTF-8 when they came as they were.

    Examples
    --------
    >>> to_bytes(b"caf\xe9".decode("utf-8", "surrogateescape"))
    b'caf\xe9'
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _written(fields: Iterable[SesField]) -> bytes:
    return to_bytes("".join(f"{name}: {FOLD.join(parts)}\r\n" for name, parts in fields))
