"""The longest match over many networks, against asking each network."""

from __future__ import annotations

import tracemalloc
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.errors import InputError
from sesreceive.stages.filtering import ProviderList
from sesreceive.stages.prefixes import PrefixTable, address_number, prefix_of

ADDRESSES = [
    # text                   version  printed
    ("192.0.2.1",            4,       "192.0.2.1"),
    ("255.255.255.255",      4,       "255.255.255.255"),
    ("::ffff:192.0.2.1",     4,       "192.0.2.1"),
    ("2001:0DB8::0001",      6,       "2001:db8::1"),
    ("::",                   6,       "::"),
]  # fmt: skip
NO_ADDRESSES = (
    "",
    "192.0.2",
    "192.0.2.256",
    "192.0.2.01",
    "192.0.2.1.1",
    "192.0.2.+1",
    "192.0.2.１",
    " 192.0.2.1",
    "x",
)


@pytest.mark.parametrize("text, version, printed", ADDRESSES)
def test_an_address_is_its_number(text: str, version: int, printed: str) -> None:
    assert address_number(text) == (version, int(ip_address(printed)), printed)


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="IPv4 or IPv6"):
        address_number(text)
    with pytest.raises(InputError, match="provider list `bad`: expected an address or CIDR block but got"):
        ProviderList("bad", (text,))


@pytest.mark.parametrize(
    "text",
    ("192.0.2.0/33", "192.0.2.0/024", "192.0.2.0/255.255.255.0", "192.0.2.0/+8", "192.0.2.0/", "::/129", "::1/64"),
)
def test_a_network_is_read_as_ipaddress_reads_it(text: str) -> None:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        with pytest.raises(ValueError, match=r"not permitted|does not appear|Only decimal|not a valid"):
            prefix_of(text)
    else:
        assert prefix_of(text) == (network.version, int(network.network_address), network.prefixlen)


# Close together, so that networks lie in each other and an address lies in many.
numbers_4 = st.integers(0, 15).map(lambda n: n << 28 | n << 4 | n)
numbers_6 = st.integers(0, 15).map(lambda n: n << 124 | n << 62 | n)
prefixes = st.lists(
    st.tuples(st.just(4), numbers_4, st.integers(0, 32)) | st.tuples(st.just(6), numbers_6, st.integers(0, 128)),
    max_size=12,
)
questions = st.tuples(st.just(4), numbers_4) | st.tuples(st.just(6), numbers_6)
BITS = {4: 32, 6: 128}


@given(prefixes, st.lists(questions, min_size=1, max_size=12), st.integers(0, 64))
def test_the_narrowest_network_is_found(
    raw: list[tuple[int, int, int]], asked: list[tuple[int, int]], most: int
) -> None:
    cut = [(v, n >> BITS[v] - p << BITS[v] - p, min(p, most) if v == 6 else p) for v, n, p in raw]
    cut = [(v, n >> BITS[v] - p << BITS[v] - p, p) for v, n, p in cut]
    table = PrefixTable([None, *cut])
    for version, number in asked:
        inside = [
            (-length, position)
            for position, (v, start, length) in enumerate(cut, start=1)
            if v == version and number >> BITS[v] - length == start >> BITS[v] - length
        ]
        assert table.find(version, number) == (min(inside)[1] if inside else -1)


@pytest.mark.slow
def test_the_memory_of_a_table_grows_with_its_networks_and_no_faster() -> None:
    def held(count: int) -> int:
        tracemalloc.start()
        table = PrefixTable((4, number << 12, 20 + number % 9) for number in range(count))
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert table.find(4, 5 << 12) == 5
        return size

    small, large = held(10_000), held(40_000)
    assert large < 5 * small
    assert large < 40_000 * 40  # bytes for each network: two ranges of twelve, and room to grow
