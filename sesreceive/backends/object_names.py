"""Object keys as file names: readable where they can be, never outside their folder, and reversible.

An ordinary key such as ``invoices/0vfh`` is the path it looks like. Everything a file system could take for
something else is escaped: ``..``, an empty part, control characters, a part that is too long, a name that ends like
a metadata file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

__all__ = ["SIDECAR", "key_of", "name_of", "parts_of", "text_of"]

SIDECAR = ".meta.json"  # what a metadata file is called after its object
_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+@,")
# File systems allow 255 bytes; the name of the metadata file has to fit, too.
_LONGEST = 200
# None of these is a hexadecimal escape, so no key can be escaped to one.
_EMPTY, _GOES_ON = "%empty", "%"
_ESCAPES = re.compile(r"(?:[^%]|%[0-9A-F]{2})*")


def parts_of(key: str) -> tuple[str, ...]:
    """The folders and the file of a key.

    Examples
    --------
    >>> parts_of("invoices/0vfh")
    ('invoices', '0vfh')
    >>> parts_of("../a b//.x")
    ('%2E%2E', 'a%20b', '%empty', '%2Ex')
    >>> key_of(parts_of("../a b//.x"))
    '../a b//.x'
    """
    return tuple(piece for part in key.split("/") for piece in _pieces(part))


def key_of(parts: tuple[str, ...]) -> str | None:
    """The key whose `parts_of` these are, or None where there is none.

    Examples
    --------
    >>> key_of(("invoices", "my mail.eml")) is None
    True
    """
    whole: list[str] = [""]
    for part in parts:
        if part.endswith(_GOES_ON):
            whole[-1] += part.removesuffix(_GOES_ON)
        else:
            whole[-1] += "" if part == _EMPTY else part
            whole.append("")
    texts = whole[:-1]
    if not all(_ESCAPES.fullmatch(text) for text in texts):
        return None
    try:
        key = "/".join(unquote_to_bytes(text).decode() for text in texts)
    except UnicodeDecodeError:
        return None
    return key if parts_of(key) == parts else None


def name_of(text: str) -> str:
    """One file name for one text, such as a bucket's name.

    Examples
    --------
    >>> name_of("../up")
    '%2E.%2Fup'
    """
    return "".join(_undotted(list(_tokens(text)))) or _EMPTY


def text_of(name: str) -> str | None:
    """The text whose `name_of` this is, or None."""
    if not _ESCAPES.fullmatch(name):
        return None
    text = unquote_to_bytes(name).decode("utf-8", "replace")
    return text if name_of(text) == name else None


def _tokens(text: str) -> Iterator[str]:
    """Each byte as it is, or as ``%XX``."""
    return (chr(byte) if chr(byte) in _SAFE else f"%{byte:02X}" for byte in text.encode())


def _undotted(tokens: list[str]) -> list[str]:
    """Names that start with a dot are the library's own, and not every system has one that ends with a dot."""
    for end in (0, -1):
        if tokens and tokens[end] == ".":
            tokens[end] = "%2E"
    return tokens


def _pieces(part: str) -> list[str]:
    if not part:
        return [_EMPTY]
    pieces: list[list[str]] = [[]]
    length = 0
    for token in _tokens(part):
        if length + len(token) > _LONGEST:
            pieces.append([])
            length = 0
        pieces[-1].append(token)
        length += len(token)
    *before, last = ("".join(_undotted(piece)) for piece in pieces)
    if last.endswith(SIDECAR):
        last = last.removesuffix(SIDECAR) + SIDECAR.replace(".json", "%2Ejson")
    return [*(piece + _GOES_ON for piece in before), last]
