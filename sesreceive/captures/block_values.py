r"""The fields that SES writes above a mail, each taken apart into values and the form around them.

Values and form are compared apart: a field that says something else and a field that is folded, ordered or worded in
another way are two kinds of difference. `VALUES` has a reader for each field of `sesreceive.mail.ses_block.BLOCK`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from sesreceive.mail.message import Message
from sesreceive.mail.ses_block import BLOCK, FOLD, block_start

__all__ = ["FORM", "VALUES", "BlockFields", "block_fields", "refolded", "values_of"]

# What the form of a field is called among its values.
FORM = "form"

BlockFields = list[tuple[str, str]]
"""Name and value of each field of a block, folds kept, in order."""

_NEWLINE = re.compile(r"\r?\n")
_FOLDS = re.compile(r"(\r\n[ \t]+)")
# Brackets within the brackets are what a redacted address leaves: `[[REDACTED]]`.
_RECEIVED = re.compile(
    r"from (?P<helo>.*) \((?:(?P<client_name>\S*) )?\[(?P<client_ip>\[?[^\[\]]*\]?)\]\)\r\n[ \t]+"
    r"by inbound-smtp\.(?P<region>[a-z0-9-]+)\.amazonaws\.com with SMTP id (?P<id>[^\s;]+)"
    r"(?:\r\n[ \t]+for (?P<recipient>.+))?;\r\n[ \t]+(?P<date>[^\r\n]+)"
)
_SPF = (
    r"(?P<result>[A-Za-z]+) \(spfCheck: (?P<comment>.*)\) client-ip=(?P<client_ip>[^;\s]*); "
    r"envelope-from=(?P<mail_from>.*); helo=(?P<helo>.*);"
)
_RECEIVED_SPF = re.compile(_SPF)
_SPF_LINE = re.compile(f"spf={_SPF}")
_DKIM_LINE = re.compile(r"dkim=(?P<result>[A-Za-z]+) header\.i=@?(?P<domain>.*);")
_DMARC_LINE = re.compile(r"dmarc=(?P<result>[A-Za-z]+) header\.from=(?P<domain>.*);")
_PATH = re.compile(r"<(?P<mail_from>.*)>")
_VERDICT = re.compile(r"(?P<verdict>\S*)")
_TOKEN = re.compile(r"(?P<token>.*)", re.DOTALL)


def _by(pattern: re.Pattern[str]) -> Callable[[str], dict[str, str]]:
    def read(value: str) -> dict[str, str]:
        return _groups(pattern, value)

    return read


def _groups(pattern: re.Pattern[str], value: str, prefix: str = "") -> dict[str, str]:
    """The named groups, and the value with each of them as its name in braces; all of it is form where none fits."""
    match = pattern.fullmatch(value)
    if match is None:
        return {f"{prefix}{FORM}": value}
    values = {f"{prefix}{name}": text for name, text in match.groupdict().items() if text is not None}
    form, at = [], 0
    for name, (start, end) in sorted(((n, match.span(n)) for n in match.groupdict()), key=lambda one: one[1]):
        if start >= 0:
            form += [value[at:start], f"{{{name}}}"]
            at = end
    return {**values, f"{prefix}{FORM}": "".join([*form, value[at:]])}


def _results(value: str) -> dict[str, str]:
    """``Authentication-Results``, a line each: the server, SPF, each signature, DMARC."""
    values: dict[str, str] = {}
    forms, signatures = [], 0
    for number, line in enumerate(_FOLDS.split(value)):
        if number % 2:  # what stands between two lines
            parts = {FORM: line}
        elif number and line.startswith("spf="):
            parts = _groups(_SPF_LINE, line, "spf.")
        elif number and line.startswith("dkim="):
            parts = _groups(_DKIM_LINE, line, f"dkim[{signatures}].")
            signatures += 1
        elif number and line.startswith("dmarc="):
            parts = _groups(_DMARC_LINE, line, "dmarc.")
        else:
            parts = {FORM: line}
        forms += [parts.pop(name) for name in list(parts) if name.endswith(FORM)]
        values |= parts
    return {**values, FORM: "".join(forms)}


def _tags(value: str) -> dict[str, str]:
    """``X-SES-DKIM-SIGNATURE`` by its tags; the form is their order and what stands between."""
    values, form = {}, []
    for piece in value.split("; "):
        name, sign, text = piece.partition("=")
        if sign and name.strip().isalpha() and name.strip() not in values:
            end = ";" if text.endswith(";") else ""
            values[name.strip()] = text.removesuffix(end)
            form.append(f"{name}={{}}{end}")
        else:
            form.append(piece)
    return {**values, FORM: "; ".join(form)}


VALUES: Mapping[str, Callable[[str], dict[str, str]]] = {
    "Return-Path": _by(_PATH),
    "Received": _by(_RECEIVED),
    "X-SES-Spam-Verdict": _by(_VERDICT),
    "X-SES-Virus-Verdict": _by(_VERDICT),
    "Received-SPF": _by(_RECEIVED_SPF),
    "Authentication-Results": _results,
    "X-SES-RECEIPT": _by(_TOKEN),
    "X-SES-DKIM-SIGNATURE": _tags,
}


def values_of(name: str, value: str) -> dict[str, str]:
    r"""The values in a field of the block by name, and its form.

    Examples
    --------
    >>> values_of("Return-Path", "<ana@example.org>")
    {'mail_from': 'ana@example.org', 'form': '<{mail_from}>'}
    >>> values_of("Authentication-Results", "amazonses.com;\r\n dmarc=pass header.from=example.org;")["dmarc.result"]
    'pass'
    >>> values_of("Return-Path", "ana")
    {'form': 'ana'}
    """
    return VALUES[name](value)


def block_fields(message: Message) -> tuple[int, int, BlockFields]:
    """Where the block of SES begins and ends, by position of fields, and its fields; empty where there is none.

    A field that SES should have written may be missing, and added ones may stand above or behind.
    """
    start = block_start(message)
    if start is None:
        return 0, 0, []
    found: BlockFields = []
    position = start
    for expected in BLOCK:
        if position < len(message.fields) and message.fields[position].name.decode("ascii") == expected.name:
            text = message.fields[position].value.decode("utf-8", "surrogateescape")
            found.append((expected.name, _NEWLINE.sub("\r\n", text.removeprefix(" "))))
            position += 1
    return start, position, found


# How the two folded values look on one line, as JSON has them. HELO and MAIL FROM are the sender's text, so what is
# fixed is looked for from the end.
_UNFOLDED_RECEIVED = re.compile(
    r"(from .* \((?:\S* )?\[\[?[^\[\]]*\]?\]\)) (by inbound-smtp\.\S+ with SMTP id [^\s;]+;?) (?:(for .+;) )?([^;]+)",
    re.DOTALL,
)
_LAST_RESULT = re.compile(r" (dkim=[A-Za-z]+ header\.i=\S*;|dmarc=[A-Za-z]+ header\.from=\S*;)")
# Signatures that are told apart in one value; no mail has as many.
_MOST_RESULTS = 200


def refolded(name: str, value: str) -> str:
    r"""The value of a field of the block with the folds that SES gives it, from the one line that JSON has.

    Examples
    --------
    >>> refolded("Authentication-Results", "amazonses.com; spf=none (x) helo=a; dkim=pass header.i=@example.org;")
    'amazonses.com;\r\n spf=none (x) helo=a;\r\n dkim=pass header.i=@example.org;'
    """
    if name == "Received":
        match = _UNFOLDED_RECEIVED.fullmatch(value)
        return FOLD.join(filter(None, match.groups())) if match else value
    if name != "Authentication-Results":
        return value
    first, space, rest = value.partition(" ")
    return FOLD.join([first, *reversed(list(_from_the_end(rest)))]) if space else value


def _from_the_end(rest: str) -> Iterator[str]:
    for _ in range(_MOST_RESULTS):
        at = max(rest.rfind(" dkim="), rest.rfind(" dmarc="))
        match = _LAST_RESULT.fullmatch(rest, at) if at >= 0 else None
        if match is None:
            break
        yield match.group(1)
        rest = rest[:at]
    yield rest
