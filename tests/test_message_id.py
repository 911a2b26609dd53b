"""Message ids have the shape of the service's, and a seed makes them repeat."""

from __future__ import annotations

import pickle
import re
from base64 import b32hexdecode
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.message_id import MESSAGE_ID, RandomMessageIds, SeededMessageIds, new_message_id


@given(st.binary(min_size=24, max_size=24))
def test_an_id_is_25_bytes_in_base32hex_the_last_of_which_is_1(entropy: bytes) -> None:
    made = new_message_id(entropy)
    assert re.fullmatch(r"[0-9a-v]{38}[08go]1", made)
    assert made[-2:] in ("01", "81", "g1", "o1")
    assert b32hexdecode(made.upper()) == entropy + b"\x01"


@pytest.mark.parametrize("length", [0, 23, 25])
def test_an_id_needs_24_bytes(length: int) -> None:
    with pytest.raises(ValueError, match=f"made of 24 bytes but got {length}"):
        new_message_id(bytes(length))


def test_the_same_seed_gives_the_same_ids_in_the_same_order() -> None:
    one, other = SeededMessageIds("lesson"), SeededMessageIds("lesson")
    ids = [one() for _ in range(20)]
    assert ids == [other.at(index) for index in range(20)]
    assert len(set(ids)) == 20
    assert all(MESSAGE_ID.fullmatch(made) for made in ids)
    assert SeededMessageIds("other")() not in ids


def test_a_copy_in_another_process_goes_on_where_it_was() -> None:
    ids = SeededMessageIds(3)
    ids()
    assert pickle.loads(pickle.dumps(ids))() == ids.at(1)


def test_threads_share_the_ids_out_without_repeating_one() -> None:
    ids = SeededMessageIds(3)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: ids(), range(200)))
    assert sorted(made) == sorted(ids.at(index) for index in range(200))


def test_random_ids_have_the_same_shape_and_do_not_repeat() -> None:
    ids = RandomMessageIds()
    made = {ids() for _ in range(1_000)}
    assert len(made) == 1_000
    assert all(MESSAGE_ID.fullmatch(one) for one in made)
    digits = [{one[at] for one in made} for at in range(40)]
    assert digits == [set("0123456789abcdefghijklmnopqrstuv")] * 38 + [set("08go"), {"1"}]  # each free bit is random
