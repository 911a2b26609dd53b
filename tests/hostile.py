"""Mail and zones that were made to be dear to read: for the tests of its cost and for the benchmark."""

from __future__ import annotations

import base64
import gzip
import io
import zipfile
from collections.abc import Callable, Mapping

__all__ = ["END", "FROM", "MESSAGES", "ZONES"]

END = b"\r\n\r\nhello\r\n"
FROM = b"From: Ana <ana@example.org>\r\nTo: bo@example.com\r\nSubject: hello\r\n"


def filled(head: bytes, unit: bytes, size: int, tail: bytes = b"") -> bytes:
    """`head`, the unit as often as it fits, `tail`."""
    return head + unit * max(1, (size - len(head) - len(tail)) // len(unit)) + tail


def deep_mime(size: int) -> bytes:
    """A thousand multiparts, each in the one before it, and text in the last."""
    depth = 1000
    heads = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level) for level in range(depth)
    )
    return filled(FROM + b"MIME-Version: 1.0\r\n" + heads + b"Content-Type: text/plain\r\n\r\n", b"hello\r\n", size)


def zip_bomb(size: int) -> bytes:
    """Zip within zip: ten of a megabyte of nothing in each of several layers."""
    data = b"\x00" * (10 * size)
    for _ in range(3):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in "abcde":
                archive.writestr(name, data)
        data = out.getvalue()
    body = base64.encodebytes(data)
    head = FROM + b"MIME-Version: 1.0\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head + body + b"=\r\n" * ((size - len(body)) // 3)


def gzip_bomb(size: int) -> bytes:
    body = base64.encodebytes(gzip.compress(b"\x00" * (10 * size)))
    head = FROM + b"MIME-Version: 1.0\r\nContent-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head + body + b"\r\n" * ((size - len(body)) // 2)


def gzip_of(text: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """A message of so many octets with ten times as many packed in it, in pieces of a megabyte."""

    def make(size: int) -> bytes:
        piece = text(1 << 20)
        body = base64.encodebytes(gzip.compress(piece * (10 * size // len(piece)), 1))
        head = FROM + b"MIME-Version: 1.0\r\nContent-Type: application/gzip\r\n"
        head += b"Content-Transfer-Encoding: base64\r\n\r\n"
        return head + body + b"\r\n" * ((size - len(body)) // 2)

    return make


# What base64 makes of the EICAR string, with signs within that no block of base64 has.
_NO_BLOCK = base64.b64encode(b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*")
_NO_BLOCK = b"=".join(_NO_BLOCK[at : at + 2] for at in range(0, len(_NO_BLOCK), 2))

# name → the message of so many octets
MESSAGES: Mapping[str, Callable[[int], bytes]] = {
    "plain text": lambda size: filled(FROM + b"\r\n", b"hello, this is a line of text\r\n", size),
    "lines `a`": lambda size: filled(FROM, b"a\n", size, END),
    "lines `.`": lambda size: filled(FROM, b".\r\n", size, END),
    "lines `a:`": lambda size: filled(FROM, b"a:\n", size, END),
    "one field": lambda size: filled(FROM + b"X: ", b"x", size, END),
    "one subject": lambda size: filled(b"From: ana@example.org\r\nSubject: ", b"x\r\n ", size, END),
    "one From": lambda size: filled(b"From: ", b"\xc3\xa9 ", size, END),
    "a million addresses": lambda size: filled(b"From: ana@example.org\r\nTo: ", b"bo@example.com,", size, END),
    "short addresses": lambda size: filled(b"From: ana@example.org\r\nTo: ", b"a,", size, END),
    "groups": lambda size: filled(b"From: ana@example.org\r\nTo: ", b"g:a@b.example;,", size, END),
    "nested comments": lambda size: b"From: ana@example.org\r\nTo: " + b"(" * (size // 2) + b")" * (size // 2) + END,
    "signatures": lambda size: filled(FROM, b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=a\r\n", size, END),
    "signature of many tags": lambda size: filled(FROM + b"DKIM-Signature: v=1; ", b"a=b; ", size, END),
    "signature of many names": lambda size: filled(
        FROM + b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=a; bh=aGk=; b=aGk=; h=from", b":a", size, END
    ),
    "seals": lambda size: filled(FROM, b"ARC-Seal: i=1; a=rsa-sha256; d=example.org; s=a\r\n", size, END),
    "chain results": lambda size: filled(FROM + b"ARC-Authentication-Results: i=1; ", b"(a)x=y;", size, END),
    "MIME a thousand deep": deep_mime,
    "parameters of RFC 2231": lambda size: filled(
        FROM + b"Content-Type: text/plain", b"; name*0*=utf-8''%41", size, END
    ),
    "encoded words": lambda size: filled(b"From: ana@example.org\r\nSubject: ", b"=?utf-8?q?=41?= ", size, END),
    "encoded words, short": lambda size: filled(b"From: ana@example.org\r\nSubject: ", b"=?a?q?? ", size, END),
    "a body of blanks": lambda size: filled(FROM + b"\r\n", b" ", size, b"\r\n"),
    "a body of line ends": lambda size: filled(FROM + b"\r\n", b"\r\n", size),
    "many small parts": lambda size: filled(
        FROM + b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n', b"--b\r\n\r\n\r\n", size
    ),
    "zip in zip": zip_bomb,
    "gzip of nothing": gzip_bomb,
    "gzip of line ends": gzip_of(lambda size: b"base64\nUEsDB\n" + b"\r\n" * (size // 2)),
    "gzip of no base64": gzip_of(lambda size: b"base64\n" + _NO_BLOCK + b"\r\n" * (size // 2)),
    "gzip of `=`": gzip_of(lambda size: b"quoted-printable\n" + b"=" * size),
}

# name → the zone of so many records of one name
ZONES: Mapping[str, Callable[[int], str]] = {
    "zone of one string": lambda records: 'example.org. IN TXT "v=spf1 ip4:192.0.2.1 -all"\n' * records,
    "zone of strings": lambda records: "".join(
        f'example.org. IN TXT "v=spf1 ip4:192.0.2.{number} -all"\n' for number in range(records)
    ),
    "zone of addresses": lambda records: "".join(
        f"example.org. IN A 192.{number >> 16}.{number >> 8 & 255}.{number & 255}\n" for number in range(records)
    ),
}
