"""Object keys as file names: every key comes back, no name leads outside or is too long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.backends.object_names import SIDECAR, key_of, name_of, parts_of, text_of

NASTY = st.text(st.sampled_from("/.%\\\0\n ~aA-_é日😀mtejson"), max_size=60)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300) | NASTY


@given(KEYS)
def test_a_key_comes_back_from_its_file_name(key: str) -> None:
    assert key_of(parts_of(key)) == key


@given(KEYS)
def test_no_name_is_special_to_a_file_system(key: str) -> None:
    for part in parts_of(key):
        assert 0 < len(part.encode()) + len("%file" + SIDECAR) <= 255
        assert part not in (".", "..")
        assert not part.startswith(".")
        assert not part.endswith((".", SIDECAR))
        assert set(part).isdisjoint('/\\\0\n:*?"<>| ')


@given(KEYS, KEYS)
def test_two_keys_never_have_one_name(one: str, other: str) -> None:
    assert (parts_of(one) == parts_of(other)) is (one == other)


@given(st.lists(st.text(st.sampled_from("%2Eeabx/.mpty"), min_size=1, max_size=12), min_size=1, max_size=4).map(tuple))
def test_a_name_that_no_key_has_is_no_key(parts: tuple[str, ...]) -> None:
    key = key_of(parts)
    assert key is None or parts_of(key) == parts


@given(KEYS)
def test_one_text_has_one_file_name(text: str) -> None:
    assert text_of(name_of(text)) == text or text == ""
    assert "/" not in name_of(text)


@pytest.mark.parametrize("key, parts", [
    ("0vfh", ("0vfh",)),
    ("Invoices/2026-01/0vfh", ("Invoices", "2026-01", "0vfh")),
    ("a_b.c=d+e@f,g", ("a_b.c=d+e@f,g",)),
    ("AMAZON_SES_SETUP_NOTIFICATION", ("AMAZON_SES_SETUP_NOTIFICATION",)),
])  # fmt: skip
def test_an_ordinary_key_is_the_path_it_looks_like(key: str, parts: tuple[str, ...]) -> None:
    assert parts_of(key) == parts
