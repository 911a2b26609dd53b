"""RFC 2047 words in header values, decoded as far as SES decodes them: words that are a whole token.

A token is what stands between blanks. ``=?UTF-8?Q?d=C3=A9ficit?=`` is decoded, but a word in quotes or with anything
stuck to it is not [observed]; that is what JavaMail's ``decodeText`` does in its strict form [inferred]. Linear in the
length of the value.
"""

from __future__ import annotations

import binascii
import re
from encodings import normalize_encoding
from encodings.aliases import aliases
from functools import lru_cache

__all__ = ["decode_words"]

# RFC 2047 section 2, with the language suffix of RFC 2231 section 5. The look-around makes it a whole token.
_WORD = re.compile(
    r"(?<![^ \t\r\n])=\?(?P<charset>[!-)+->@-~]{1,40})(?:\*[!->@-~]*)?\?(?P<encoding>[bBqQ])\?"
    r"(?P<text>[!->@-~]*)\?=(?![^ \t\r\n])"
)
_BETWEEN_WORDS = re.compile(r"[ \t\r\n]+\Z")
_Q_TEXT = re.compile(r"(?:[^=]++|=[0-9A-Fa-f]{2})*+")

# Python's codecs that are no charset of a mail: they are slow on hostile input, or no text at all.
_NO_CHARSETS = {"base64_codec", "bz2_codec", "hex_codec", "mbcs", "quopri_codec", "rot_13", "tactis", "utf_7",
                "uu_codec", "zlib_codec"}  # fmt: skip
# Charsets that Python knows but has no alias for, and a name that it only came to know later.
_MORE_CHARSETS = {"cp874", "koi8_t", "koi8_u"}
_ALIASES = {**aliases, "windows_31j": "cp932"}
_CHARSETS = (set(aliases.values()) | _MORE_CHARSETS) - _NO_CHARSETS


def decode_words(text: str) -> str:
    """The text with its encoded words decoded; blanks between two of them vanish.

    With a charset nobody knows, or a word that is not what it says, the value stays as it is.

    Examples
    --------
    >>> decode_words("El =?UTF-8?Q?d=C3=A9ficit?= =?utf-8?b?IG1lbm9y?=")
    'El déficit menor'
    >>> decode_words('"=?US-ASCII?Q?Tax_office?=" <tax@example.org>')
    '"=?US-ASCII?Q?Tax_office?=" <tax@example.org>'
    """
    if "=?" not in text:
        return text
    pieces: list[str] = []
    end = 0
    follows_word = False
    for found in _WORD.finditer(text):
        decoded = _decode(found["charset"], found["encoding"].upper(), found["text"])
        if decoded is None:
            return text
        between = text[end : found.start()]
        if not (follows_word and _BETWEEN_WORDS.match(between)):
            pieces.append(between)
        pieces.append(decoded)
        end = found.end()
        follows_word = True
    pieces.append(text[end:])
    return "".join(pieces)


def _decode(charset: str, encoding: str, text: str) -> str | None:
    codec = _codec(charset)
    if codec is None:
        return None
    if encoding == "Q":
        if not _Q_TEXT.fullmatch(text):
            return None
        raw = binascii.a2b_qp(text, header=True)
    else:
        try:
            raw = binascii.a2b_base64(text)
        except binascii.Error:
            return None
    try:
        return raw.decode(codec, "replace")
    except (LookupError, UnicodeError):  # the codec is missing in this build, or knows no "replace"
        return None


@lru_cache(maxsize=256)
def _codec(charset: str) -> str | None:
    """Python's name of a charset; looked up in a table, so that a hostile name imports nothing."""
    name = normalize_encoding(charset).lower()
    names = (name, name.replace("windows_", "cp"))
    return next((codec for codec in (_ALIASES.get(one, one) for one in names) if codec in _CHARSETS), None)
