"""Whether two fields agree, and how: the five classes, and the rows that a comparison comes to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sesreceive.captures.block_values import FORM
from sesreceive.captures.capture import Capture, Kind
from sesreceive.captures.recognition import PRETTY
from sesreceive.captures.witnesses import redacted
from sesreceive.errors import one_line
from sesreceive.likeness.artefacts import Artefact, Field, Fields, Sort

if TYPE_CHECKING:
    from sesreceive.captures.reconstruction import Reconstruction

__all__ = ["UNSIGNED", "Agreement", "Row", "beside", "compared", "same_shape"]


UNSIGNED = "the body is not the one that SES signed: it was cut or changed since"
"""Why the body hash of a signature is not compared, where no copy of the body has it."""


class Agreement(StrEnum):
    """How a field that SES wrote and ours agree."""

    EQUAL = "equal"
    EQUAL_BUT_FOR = "equal but for ids, dates and signatures"
    READING = "agrees under another reading"
    DIFFERENT = "differs"
    NOT_COMPARABLE = "not comparable"

    @property
    def agrees(self) -> bool:
        """Whether it counts as equal."""
        return self in (Agreement.EQUAL, Agreement.EQUAL_BUT_FOR)

    @property
    def counts(self) -> bool:
        """Whether it counts at all."""
        return self is not Agreement.NOT_COMPARABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One field of one capture beside ours.

    Attributes
    ----------
    mail : int
        Number of the mail, from 1.
    capture : str
        Name of the capture.
    kind : Kind
        What the capture is.
    artefact : Artefact
        What the field counts as.
    path : str
        The field; may hold names of headers that the sender sent.
    place : str
        The same without a word of the mail.
    agreement : Agreement
        How the two agree.
    captured, ours : str or None
        The values; None where there is no such field.
    why : str
        The reading that explains it, or why it cannot be compared.
    """

    mail: int
    capture: str
    kind: Kind
    artefact: Artefact
    path: str
    place: str
    agreement: Agreement
    captured: str | None = None
    ours: str | None = None
    why: str = ""

    def __str__(self) -> str:
        """The row as one safe line."""
        where = f"{one_line(self.capture, 60)}: {one_line(self.path, 80)}"
        if self.agreement in (Agreement.DIFFERENT, Agreement.READING):
            theirs, own = beside(self.captured, self.ours)
            told = f"{_quoted(theirs)} by SES, {_quoted(own)} here"
            return f"{where}: {told}" + (f" ({one_line(self.why)})" if self.why else "")
        return f"{where}: {self.agreement.value}" + (f" ({one_line(self.why)})" if self.why else "")


# How much of two long values is shown, and how much of it before the place where they part.
_SHOWN, _BEFORE = 80, 30


def beside(captured: str | None, ours: str | None, most: int = _SHOWN) -> tuple[str | None, str | None]:
    """Two values as they are shown: long ones from a little before the place where they part.

    Examples
    --------
    >>> beside("a" * 100 + "x", "a" * 100 + "y", most=50)
    ('…aaaaaaaaaaaaaaaaaaaaaaaaaaaaaax', '…aaaaaaaaaaaaaaaaaaaaaaaaaaaaaay')
    >>> beside("x", None)
    ('x', None)
    """
    if captured is None or ours is None or max(len(captured), len(ours)) <= most:
        return captured, ours
    parted = (at for at, (one, other) in enumerate(zip(captured, ours, strict=False)) if one != other)
    start = next(parted, min(len(captured), len(ours))) - _BEFORE
    return (captured, ours) if start <= 0 else (f"…{captured[start:]}", f"…{ours[start:]}")


def _quoted(value: str | None) -> str:
    return "nothing" if value is None else f"`{one_line(value, _SHOWN)}`"


_WORD = re.compile(r"[A-Za-z0-9+/=]+")
_DIGIT = re.compile(r"\d")
_NAME = re.compile(r"Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec")
_NEAR_S = 3  # the signature is made in the second of receipt, or one or two later [observed]


def same_shape(captured: str, ours: str, sort: Sort) -> bool:
    """Whether two ids or dates have the same shape.

    Examples
    --------
    >>> same_shape("Fri, 2 Jan 2026", "Sat, 12 Dec 2020", Sort.DATE), same_shape("a1-b2", "c3 d4", Sort.ID)
    (True, False)
    >>> same_shape("1767348306", "1767348305", Sort.NEAR), same_shape("1767348400", "1767348305", Sort.NEAR)
    (True, False)
    """
    if sort is Sort.NEAR:
        return (
            captured.isascii()
            and captured.isdigit()
            and len(captured) < 19
            and ours.isdigit()
            and 0 <= int(captured) - int(ours) <= _NEAR_S
        )
    if sort is Sort.DATE:
        return _dated(captured) == _dated(ours)
    return _token(captured) == _token(ours)


def _dated(text: str) -> str:
    return re.sub(r"0+", "0", _NAME.sub("Nnn", _DIGIT.sub("0", text)))


def _token(text: str) -> str:
    # numbers in an id may be parted by points and dashes: `2026.01.02-198.51.100.7`
    return re.sub(r"\s+", " ", re.sub(r"x(?:[.-]x)+", "x", _WORD.sub("x", text)))


# Parts that are taken over from the captures while authentication and scanning are not done here.
_FORCED = ("spf.result", "spf.comment", "results", "policy")


def compared(
    captured: Fields,
    ours: Fields,
    capture: Capture,
    mail: Reconstruction,
    number: int,
    *,
    authenticated: bool,
) -> Iterator[Row]:
    """The rows of one capture, in its order; what we write and it has not comes last.

    Parameters
    ----------
    captured, ours : Fields
        The fields of both.
    capture : Capture
        Where the first are from.
    mail : Reconstruction
        What is known of the mail.
    number : int
        Number of the mail.
    authenticated : bool
        Whether SPF, DKIM and DMARC were evaluated here; else their results are those of the captures.
    """
    # a field of which a part was taken out, so that no part of it can be read
    hidden = tuple(
        path.removesuffix(FORM)
        for path, field in captured.items()
        if path.endswith(f".{FORM}") and redacted(field.value)
    )
    for path in [*captured, *(path for path in ours if path not in captured)]:
        theirs, own = captured.get(path), ours.get(path)
        field = theirs or own
        assert field is not None
        if theirs is None and path.startswith(hidden):
            agreement, why = Agreement.NOT_COMPARABLE, "it was redacted"
        else:
            agreement, why = _agreement(theirs, own, field, capture, mail, authenticated)
        yield Row(
            mail=number,
            capture=capture.name,
            kind=capture.kind,
            artefact=field.artefact,
            path=path,
            place=field.place,
            agreement=agreement,
            captured=theirs.value if theirs is not None else None,
            ours=own.value if own is not None else None,
            why=why,
        )


def _agreement(
    theirs: Field | None, own: Field | None, field: Field, capture: Capture, mail: Reconstruction, authenticated: bool
) -> tuple[Agreement, str]:
    reason = _incomparable(theirs, own, field, capture, mail)
    if reason:
        return Agreement.NOT_COMPARABLE, reason
    if theirs is not None and own is not None:
        if theirs.value == own.value:
            taken = _taken(field, capture, mail, authenticated)
            return (Agreement.NOT_COMPARABLE, taken) if taken else (Agreement.EQUAL, "")
        if field.sort is not Sort.EXACT and same_shape(theirs.value, own.value, field.sort):
            return Agreement.EQUAL_BUT_FOR, ""
    return Agreement.DIFFERENT, ""


def _incomparable(theirs: Field | None, own: Field | None, field: Field, capture: Capture, mail: Reconstruction) -> str:
    """Why nothing can be said of a field, whatever stands there; empty where something can."""
    if theirs is not None and redacted(theirs.value):
        return "it was redacted"
    if own is not None and own.sort is Sort.NEAR and mail.envelope.received_at is None:
        return "no capture says when the mail arrived"
    if field.part == "middle":
        return "the transcript begins in the middle of a session"
    if field.part == "json order" and PRETTY in capture.gaps:
        return PRETTY
    if field.part == "json order" and mail.cut:
        return "the header is cut in all captures"
    if not mail.whole and field.part in ("body", "body_hash"):
        return "the body is not captured"
    if _unsigned(theirs, own, mail):
        return UNSIGNED
    if not mail.whole and field.part == "header":
        return "the header is known from JSON alone, without its folds"
    if field.part == "transport" and theirs is None:
        return "a mailbox or an editor may have taken it off"
    about_recipients = field.part == "recipient" or field.path.endswith("Received.form")
    if about_recipients and mail.several_unknown:
        return "several recipients were accepted, and not all are known"
    if about_recipients and mail.recipients_unknown:
        return "no capture names a recipient"
    if mail.cut and theirs is not None and own is None and field.path.startswith(("mail.commonHeaders", "mail.dest")):
        return "the header is cut in all captures"
    if mail.cut and field.path.startswith(("mail.destination", "mail.headersTruncated")):
        return "the header is cut in all captures"
    if any(gap.startswith("it is cut") for gap in capture.gaps) and _may_be_cut(theirs, own, field):
        return "the capture is cut"
    if mail.added_unknown and _may_be_added(theirs, own, field):
        return "an added header cannot be told from the sender's without the account"
    return ""


def _unsigned(theirs: Field | None, own: Field | None, mail: Reconstruction) -> bool:
    """Whether a body hash cannot be had here: most captures have it, and none has that of the body that is known."""
    if theirs is None or own is None or theirs.part != "body_hash" or theirs.value == own.value:
        return False
    hashes = mail.witnesses.said.get("body_hash", ())
    return theirs.value == mail.witnesses.most("body_hash") and own.value not in hashes


def _may_be_cut(theirs: Field | None, own: Field | None, field: Field) -> bool:
    """Whether a field of a capture that is cut may have gone on."""
    if theirs is None or field.path == FORM:
        return True
    return own is not None and theirs.value != own.value and own.value.startswith(theirs.value)


def _may_be_added(theirs: Field | None, own: Field | None, field: Field) -> bool:
    """Whether a header stands on one side alone; or, of the order of headers, whether one side has some more."""
    if field.part in ("header", "json header"):
        return theirs is None or own is None
    if field.part not in ("order", "json header order") or theirs is None or own is None:
        return False
    fewer, more = sorted((theirs.value.split(", "), own.value.split(", ")), key=len)
    names = iter(more)
    return len(fewer) < len(more) and all(name in names for name in fewer)


def _taken(field: Field, capture: Capture, mail: Reconstruction, authenticated: bool) -> str:
    """Why an equal field proves nothing: what stands there was read from there."""
    if field.part in mail.sole or (field.part == "time" and len(mail.witnesses.times) < 2):
        return "it stands here alone, so it was read from here"
    if field.part in _FORCED and not authenticated:
        return "it was taken over from the captures"
    if field.part in ("spam", "virus") and field.value != "DISABLED":
        return "what the scanners of SES found was taken over from the captures"
    method = field.path.removeprefix("receipt.").partition("Verdict")[0]
    if field.part == "verdict" and method in mail.from_verdicts and not authenticated:
        return "only the verdict is captured, and it was taken over"
    if field.part in ("header", "body", "json header") and capture.name == mail.source:
        return "the mail was read from here"
    return ""
