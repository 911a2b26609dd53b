"""Text with each private word replaced: what counts as one, and which words of a header say nothing of anybody."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Set as AbstractSet
from functools import cache
from typing import TYPE_CHECKING

from sesreceive.redact.stand_ins import StandIns

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

__all__ = ["HEADER_WORDS", "TAG_WORDS", "mask", "mask_octets", "words_of"]


# Charsets of mail that are not read as UTF-8; other codecs of Python, such as punycode, are none.
_OTHER_CHARSET = re.compile(r"(?i)utf-?_?(16|32)|iso-?_?(8859|2022)|latin|windows|cp\d|koi8|gb|big5|shift|sjis|euc|mac")


def words_of(text: str) -> frozenset[str]:
    """The words of a list in lower case."""
    return frozenset(text.lower().split())


# What the grammar of trace, authentication and MIME fields is made of (RFC 5321, 5322, 6376, 7208, 7489, 8601, 2045).
HEADER_WORDS = words_of("""
    from by with for id via smtp esmtp esmtps esmtpa esmtpsa lmtp http https mailto tls tlsv1 tls1 tls1_2 tls1_3 cipher
    mon tue wed thu fri sat sun jan feb mar apr may jun jul aug sep oct nov dec utc gmt est pst cet
    spf dkim dmarc arc dkim-signature pass fail softfail neutral none temperror permerror policy hardfail bestguesspass
    smtp mailfrom mail rcpttos helo envelope receiver client ip header reason domain of sender designates permitted
    does not designate as action quarantine reject dis sp pct adkim aspf rua ruf fo ri np
    v a b bh c d h i k l n o q r s t x z p rsa sha1 sha256 ed25519 relaxed simple dns txt cv tlsrpt
    spf1 dkim1 dmarc1 all include redirect exp exists ptr mx ip4 ip6 u afrf
    mime version content type disposition transfer encoding text plain html multipart mixed alternative related report
    signed digest parallel message rfc822 delivery status partial external body application octet stream json xml pdf
    pkcs7 signature image png jpeg gif audio video calendar csv charset boundary name filename size format flowed delsp
    inline attachment 7bit 8bit binary quoted printable base64 utf utf-8 us ascii protocol micalg
    received message to cc bcc reply subject date references in list unsubscribe return path
    delivery-status reporting mta final recipient original action diagnostic code failed delayed delivered relayed
    auto submitted generated replied no yes normal high low bulk urgent precedence
""")
# Tags and attributes of HTML; what an attribute holds is replaced but for links' schemes.
TAG_WORDS = words_of("""
    html head body title meta link style script div span p br hr a b i u em strong small big sub sup h1 h2 h3 h4 h5 h6
    ul ol li dl dt dd table thead tbody tfoot tr td th caption col colgroup img font center pre code blockquote form
    input button label select option textarea iframe object doctype public href src alt width height border class id
    style align valign bgcolor color size face cellpadding cellspacing colspan rowspan target rel type name content
    http https mailto cid equiv charset utf 8 text css
""")

_CHARACTER = r"[0-9A-Za-z_\x80-\U0010ffff]"
_NAME = rf"{_CHARACTER}++(?:-++{_CHARACTER}++)*+"
_GRAMMAR = (
    # What the grammar of a header says with numbers: times, tags of a signature, charsets.
    r"(?P<grammar>\b\d{1,2}\s{1,4}(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s{1,4}\d{2,4}\s{1,4}"
    r"\d{1,2}:\d\d(?::\d\d)?(?:\s{1,4}[+-]\d{4})?"
    r"|\b(?:[vtxli]|pct)=\d{1,12}\b|\bcharset\s{0,4}=\s{0,4}\"?[\w.:+-]{1,40}|(?<![\w.])\d{1,2}(?:\.\d{1,2})?\b(?!\.\d))|"
)
# A local part of an address is private whatever words it is made of (RFC 5321 section 4.5.3.1.1: 64 octets at most).
_LOCAL = r"(?P<local>[0-9A-Za-z!#$%&'*+/?^_`{|}~.\x80-\U0010ffff-]{1,128}+(?=@))|"
# A selector is a label of DNS, so it gets the stand-in that it has there.
_SELECTOR = rf"(?P<selector>(?<![\w.])[sS]\s{{0,4}}=\s{{0,4}}{_NAME}(?:\.{_NAME})*+)|"
_TOKENS = (
    r"(?P<encoded>=\?[^?\s]{1,60}\?[bBqQ]\?[^?\r\n]*+\?=)"
    r"|(?P<ip6>(?<![\w.])(?:[0-9A-Fa-f]{0,4}:){2,7}"
    r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{1,4})?(?:/\d{1,3})?(?![\w:]))"
    r"|(?P<ip4>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?+(?!\w|[.-]\w))"
    r"|(?P<host>(?<=@)" + _NAME + r"(?:\." + _NAME + r")*+)"
    r"|(?P<dotted>(?<![\w-])" + _NAME + r"(?:\." + _NAME + r")++)"
    r"|(?P<word>[0-9A-Za-z\x80-\U0010ffff]++)"
)
_IN_TEXT = re.compile(_LOCAL + _TOKENS)
_IN_HEADER = re.compile(_LOCAL + _SELECTOR + _GRAMMAR + _TOKENS)


def mask(text: str, stand_ins: StandIns, keep: AbstractSet[str] = frozenset()) -> str:
    r"""The text with stand-ins for its words, domains and IP addresses; spaces, folds and marks stay.

    Parameters
    ----------
    text : str
        Octets that are no UTF-8 as `surrogateescape` reads them.
    stand_ins : StandIns
        While it learns, the text comes back as it is.
    keep : set of str
        Words, in lower case, that stay; with `HEADER_WORDS` the numbers of a header's grammar stay, too.

    Examples
    --------
    >>> stand_ins = StandIns()
    >>> _ = mask("from mx.example.org ([192.0.2.1])", stand_ins, HEADER_WORDS)
    >>> stand_ins.settle()
    >>> masked = mask("from mx.example.org ([192.0.2.1])", stand_ins, HEADER_WORDS)
    >>> masked[:5], masked[-21:], len(masked)
    ('from ', 'example ([192.0.2.0])', 33)
    """

    def replaced(found: re.Match[str]) -> str:
        token, kind = found[0], found.lastgroup
        if kind == "grammar":
            return token
        if kind == "local":
            return stand_ins.words(token)
        if kind == "selector":
            return token[0] + stand_ins.words(token[1:])
        if kind in ("ip4", "ip6"):
            try:
                return stand_ins.network(token)
            except ValueError:
                return stand_ins.words(token, keep)
        if kind == "encoded":
            return _encoded_word(token, stand_ins)
        if kind == "host" or (kind == "dotted" and _is_domain(token, stand_ins)):
            return token if token.lower() in keep else stand_ins.domain(token)
        return stand_ins.words(token, keep)

    return (_IN_HEADER if keep is HEADER_WORDS else _IN_TEXT).sub(replaced, text)


def mask_octets(octets: bytes, stand_ins: StandIns, keep: AbstractSet[str] = frozenset(), charset: str = "") -> bytes:
    """`mask` for text in a charset; where that is unknown or untrue, each octet above 127 for itself."""
    if _OTHER_CHARSET.match(charset):
        try:
            masked = mask(octets.decode(charset), stand_ins, keep)
            return octets if stand_ins.learning else _encoded(masked, charset)
        except (LookupError, UnicodeError, ValueError):
            pass
    masked = mask(octets.decode("utf-8", "surrogateescape"), stand_ins, keep)
    return octets if stand_ins.learning else masked.encode("utf-8", "surrogateescape")


# One letter of many alphabets: a charset has at least one of them, or nothing but ASCII.
_FILLERS = "éжαא가あ中x"


def _encoded(text: str, charset: str) -> bytes:
    """The text in its charset, each letter beyond ASCII as one that the charset has."""
    for filler in _FILLERS:
        try:
            return re.sub(r"[^\x00-\x7f]", filler, text).encode(charset)
        except UnicodeEncodeError:
            continue
    raise UnicodeError(charset)


def _encoded_word(token: str, stand_ins: StandIns) -> str:
    """An encoded word (RFC 2047) of the same charset and encoding, whose text is replaced."""
    _, charset, encoding, text, _ = token.split("?")
    try:
        if encoding in "bB":
            octets = b64decode(text, validate=True)
        else:
            octets = binascii.a2b_qp(text.replace("_", " ").encode("utf-8", "surrogateescape"), header=False)
    except (binascii.Error, ValueError):
        return "=?" + "?".join((charset, encoding, stand_ins.words(text))) + "?="
    masked = mask_octets(octets, stand_ins, charset=charset.partition("*")[0])
    if stand_ins.learning:
        return token
    if encoding in "bB":
        written = b64encode(masked).decode()
    else:
        written = "".join(chr(o) if chr(o).isalnum() and o < 128 else "_" if o == 32 else f"={o:02X}" for o in masked)
    return f"=?{charset}?{encoding}?{written}?="


def _is_domain(name: str, stand_ins: StandIns) -> bool:
    """Whether a name with dots is a domain: it is known as one, or ends as those on the Internet do."""
    lower = name.lower().rstrip(".")
    if lower.endswith(".arpa") or stand_ins.is_known_domain(lower):
        return True
    try:
        return bool(_suffixes().publicsuffix(lower)) and lower.rpartition(".")[2].isascii()
    except (ValueError, UnicodeError):
        return False


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=False)
