"""The marker scanner looks into what mail clients send, layer by layer, within bounds that it tells of."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import quopri
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest
from cost import assert_in_proportion
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive import limits
from sesreceive.scan.markers import EICAR
from sesreceive.scan.scanner import Finding

Layer = Callable[[bytes], bytes]


def in_base64(data: bytes) -> bytes:
    return b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(data).replace(b"\n", b"\r\n")


def in_quoted(data: bytes) -> bytes:
    return b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + quopri.encodestring(data)


def in_uuencode(data: bytes) -> bytes:
    rows = (binascii.b2a_uu(data[at : at + 45], backtick=True) for at in range(0, len(data), 45))
    return b"begin 644 eicar.com\n" + b"".join(rows) + b"`\nend\n"


def in_gzip(data: bytes) -> bytes:
    return gzip.compress(data)


def in_zip(data: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("readme.txt", "hello")
        archive.writestr("eicar.com", data)
        archive.writestr("empty.txt", "")
    return out.getvalue()


def in_stored_zip(data: bytes) -> bytes:
    return in_zip(data, zipfile.ZIP_STORED)


class Stream(io.RawIOBase):
    """Takes octets and cannot go back, so that a zip has its sizes behind its entries."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, octets: bytes) -> int:  # type: ignore[override]
        self.data += octets
        return len(octets)


def in_streamed_zip(data: bytes) -> bytes:
    out = Stream()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        archive.writestr("readme.txt", "hello")
        archive.writestr("eicar.com", data)
    return bytes(out.data)


# from the inside out
LAYERS: list[tuple[Layer, ...]] = [
    (),
    (in_base64,),
    (in_quoted,),
    (in_uuencode,),
    (in_gzip, in_base64),
    (in_zip, in_base64),
    (in_stored_zip, in_base64),
    (in_streamed_zip, in_base64),
    (in_zip, in_uuencode),
    (in_gzip, in_zip, in_base64),
    (in_zip, in_zip, in_base64),
    (in_zip, in_gzip, in_zip, in_base64),
    (in_base64, in_zip, in_base64),
    (in_uuencode, in_base64),
]


def virus(raw: bytes) -> Finding:
    return list(ses.MarkerScanner().scan(ses.Message(raw), ses.Envelope()))[1]


@pytest.mark.parametrize("layers", LAYERS, ids=lambda row: " in ".join(one.__name__[3:] for one in row) or "plain")
def test_a_marker_is_found_in_every_layer_and_nothing_where_there_is_none(layers):
    for data, verdict in ((EICAR, "FAIL"), (b"hello" * 20, "PASS")):
        for layer in layers:
            data = layer(data)
        found = virus(b"From: ana@example.org\r\n" + (data if layers else b"\r\n" + data))
        assert found.verdict == verdict, found.reason


BEYOND = [
    # what is packed                                                    in the reason
    (lambda: in_base64(in_gzip(b"\0" * 20_000_000)),                     "unpacks to more than 8 times"),
    (lambda: in_base64(in_zip(b"\0" * 20_000_000)),                      "unpacks to more than 8 times"),
    (lambda: in_base64(nested(in_gzip, 9)),                              "packed more than 6 times over"),
    (lambda: in_base64(many(2_000)),                                     "more than 1000 files"),
    (lambda: in_base64(in_gzip(bytes(range(256)) * 40)[:-60]),           ""),
    (lambda: in_base64(in_gzip(b"x")[:10] + b"\xff" * 200),              "is damaged"),
    (lambda: in_base64(encrypted()),                                     "is encrypted"),
]  # fmt: skip


def nested(layer: Layer, depth: int) -> bytes:
    data = EICAR
    for _ in range(depth):
        data = layer(data)
    return data


def many(number: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for at in range(number):
            archive.writestr(str(at), "")
    return out.getvalue()


def encrypted() -> bytes:
    data = bytearray(in_zip(b"hello" * 20))
    data[6] |= 1  # general purpose flag, APPNOTE.TXT section 4.4.4
    return bytes(data)


@pytest.mark.parametrize("make, reason", BEYOND)
def test_what_is_not_looked_at_is_no_pass(make, reason):
    found = virus(b"From: ana@example.org\r\n" + make())
    assert found.verdict == ("PROCESSING_FAILED" if reason else "PASS")
    assert reason in found.reason


def test_a_marker_that_was_found_counts_whatever_else_there_is():
    raw = b"From: ana@example.org\r\n\r\n" + EICAR + b"\r\n" + in_base64(in_gzip(b"\0" * 20_000_000))
    assert virus(raw).verdict == "FAIL"


def test_a_marker_between_two_pieces_of_a_large_file_is_found():
    piece = limits.UNPACKED_PIECE.value
    random = bytes((at * at * 31 + (at >> 3)) & 255 for at in range(1 << 16))
    large = (random * (piece // len(random) + 1))[: piece - 30] + EICAR
    assert virus(b"From: ana@example.org\r\n" + in_base64(in_gzip(large + random))).verdict == "FAIL"


@given(st.binary(max_size=300), st.sampled_from([b"\x1f\x8b\x08", b"PK\x03\x04", b"begin 644 x\n", b""]))
def test_any_octets_get_a_verdict(data, start):
    assert virus(in_base64(start + data)).verdict in ("PASS", "PROCESSING_FAILED")
    assert virus(b"\r\n" + start + data).verdict in ("PASS", "PROCESSING_FAILED")


def test_a_bomb_takes_no_more_memory_than_the_bounds():
    raw = in_base64(in_gzip(b"\0" * 100_000_000))
    message = ses.Message(raw)
    tracemalloc.start()
    try:
        list(ses.MarkerScanner().scan(message, ses.Envelope()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * len(raw) + 4 * limits.UNPACKED_PIECE.value


COSTS = {
    "lines of base64": lambda size: in_base64(b"\0" * size) + in_base64(in_gzip(b"x" * 100)),
    "begin lines": lambda size: b"begin 644 a\n" * (size // 12),
    "zip heads": lambda size: in_base64(b"PK\x03\x04" * (size // 4)),
    "empty gzips": lambda size: in_base64(in_gzip(b"")) * (size // 100),
    "short lines": lambda size: b"UEsDB\n" + b"a\n" * (size // 2),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", COSTS)
def test_looking_costs_in_proportion(name):
    def work(size: int):
        raw = COSTS[name](size)
        return lambda: virus(raw)

    assert_in_proportion(work, 2_000_000)
