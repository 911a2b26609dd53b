"""RFC 2047 words in header values, decoded as SES decodes them: as JavaMail's ``decodeText`` does [observed].

A token is what stands between blanks. One that begins with an encoded word is decoded, and what is attached behind the
word stays: ``=?UTF-8?B?0JLQsNGI0LU=?=. Mail`` is ``Ваше. Mail`` [observed]; a word in quotes or behind other
characters is left as it is [observed]. A test holds this against JavaMail itself. Linear in the length of the value.
"""

from __future__ import annotations

import binascii
import codecs
import re
from encodings import normalize_encoding
from encodings.aliases import aliases
from functools import lru_cache

__all__ = ["decode_words"]

# A token that may begin with an encoded word: charset, with the language suffix of RFC 2231 section 5 cut off,
# encoding, text up to the first `?=`, and what is attached.
_TOKEN = re.compile(r"(?<![^ \t\r\n])=\?([^ \t\r\n]++)")
_WORD = re.compile(
    r"(?P<charset>[^?*]*+)(?:\*[^?]*+)?+\?(?P<encoding>[^?]*+)\?(?P<text>(?:[^?]++|\?(?!=))*+)\?=", re.DOTALL
)
_NOT_BLANK = re.compile(r"[^ \t\r\n]")
_Q_TEXT = re.compile(rb"(?:[^=]++|=[0-9A-Fa-f]{2})*+")

# Python's codecs that are no charset of a mail: they are slow on hostile input, or no text at all.
_NO_CHARSETS = {
    "base64_codec",
    "bz2_codec",
    "hex_codec",
    "mbcs",
    "quopri_codec",
    "rot_13",
    "tactis",
    "utf_7",
    "uu_codec",
    "zlib_codec",
}
# Charsets that Python knows but has no alias for, and a name that it only came to know later.
_MORE_CHARSETS = {"cp874", "koi8_t", "koi8_u"}
_ALIASES = {**aliases, "windows_31j": "cp932"}
_CHARSETS = (set(aliases.values()) | _MORE_CHARSETS) - _NO_CHARSETS


# What JavaMail reads in place of a charset: the larger set that the mails of these names are really written in, and
# Latin-1 for ASCII, so that no byte is lost.
_READ_AS = {"gb2312": "gb18030", "gbk": "gb18030", "cp936": "gb18030", "ascii": "latin_1"}
# Without a byte order mark Java reads these in network order, Python in that of the machine.
_MARKED = {
    "utf_16": ("utf_16_be", (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)),
    "utf_32": ("utf_32_be", (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)),
}


class _UnsupportedError(Exception):
    """A charset or encoding that nobody knows: JavaMail gives up on the whole value."""


def decode_words(text: str) -> str:
    """The text with its encoded words decoded; blanks between two of them vanish.

    With a charset or encoding that nobody knows the value stays as it is; a word that is not what it says stays alone.

    Examples
    --------
    >>> decode_words("El =?UTF-8?Q?d=C3=A9ficit?= =?utf-8?b?IG1lbm9y?=")
    'El déficit menor'
    >>> decode_words("=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=, Ana")
    'Grüße, Ana'
    >>> decode_words('"=?US-ASCII?Q?Tax_office?=" <tax@example.org>')
    '"=?US-ASCII?Q?Tax_office?=" <tax@example.org>'
    """
    if "=?" not in text:
        return text
    pieces: list[str] = []
    end = 0  # of the last word that was decoded
    follows_word = False
    for token in _TOKEN.finditer(text):
        try:
            decoded = _decode_token(token.group(1))
        except _UnsupportedError:
            return text
        if decoded is None:
            continue
        between = text[end : token.start()]
        if not follows_word or _NOT_BLANK.search(between):
            pieces.append(between)
        pieces.append(decoded)
        end, follows_word = token.end(), True
    pieces.append(text[end:])
    return "".join(pieces)


def _decode_token(token: str) -> str | None:
    """What a token says whose `=?` is cut off, or None where it begins with no encoded word."""
    word = _WORD.match(token)
    if word is None:
        return None
    decoded = _decode(word["charset"], word["encoding"].upper(), word["text"])
    return None if decoded is None else decoded + token[word.end() :]


def _decode(charset: str, encoding: str, text: str) -> str | None:
    if not text:
        return ""
    codec = _codec(charset) if len(charset) <= _LONGEST_CHARSET else None
    if codec is None or encoding not in ("B", "Q"):
        raise _UnsupportedError
    # JavaMail takes the low byte of each UTF-16 unit; in what is really an encoded word all of it is ASCII.
    octets = text.encode("ascii") if text.isascii() else text.encode("utf-16-le", "surrogatepass")[::2]
    if encoding == "Q":
        if not _Q_TEXT.fullmatch(octets):
            return None
        raw = binascii.a2b_qp(octets, header=True)
    else:
        try:
            raw = binascii.a2b_base64(octets)
        except binascii.Error:
            return None
    if codec in _MARKED:
        unmarked, marks = _MARKED[codec]
        codec = codec if raw.startswith(marks) else unmarked
    try:
        return raw.decode(codec, "replace")
    except (LookupError, UnicodeError):  # the codec is missing in this build, or knows no "replace"
        raise _UnsupportedError from None


_LONGEST_CHARSET = 40


@lru_cache(maxsize=256)
def _codec(charset: str) -> str | None:
    """Python's name of a charset; looked up in a table, so that a hostile name imports nothing."""
    name = normalize_encoding(charset).lower()
    names = (name, name.replace("windows_", "cp"))
    codec = next((codec for codec in (_ALIASES.get(one, one) for one in names) if codec in _CHARSETS), None)
    return None if codec is None else _READ_AS.get(codec, codec)
