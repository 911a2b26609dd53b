"""How a problem is said: what was expected, what came, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from sesreceive.errors import one_line

__all__ = ["count", "either", "expected", "is_whole", "sendable", "shown", "wrong_kind"]


def shown(value: object) -> str:
    """A value as an error message quotes it.

    Examples
    --------
    >>> shown("a b"), shown(""), shown(None), shown(["x"])
    ('`a b`', '``', 'nothing', "`['x']`")
    """
    return "nothing" if value is None else f"`{one_line(value, 80)}`"


def either(words: Iterable[str]) -> str:
    """The words one may choose from.

    Examples
    --------
    >>> either(["Allow", "Block"])
    '`Allow` or `Block`'
    """
    *most, last = [f"`{word}`" for word in words] or ["nothing"]
    return f"{', '.join(most)} or {last}" if most else last


def count(number: int, noun: str) -> str:
    """A number with its noun.

    Examples
    --------
    >>> count(1, "rule"), count(0, "identity"), count(2, "day"), count(2, "class")
    ('1 rule', '0 identities', '2 days', '2 classes')
    """
    if number == 1:
        return f"1 {noun}"
    if noun.endswith(("s", "x", "ch")):
        return f"{number} {noun}es"
    changes = noun.endswith("y") and noun[-2:-1] not in "aeiou"
    return f"{number} {noun[:-1]}ies" if changes else f"{number} {noun}s"


def expected(what: str, got: object, near: Iterable[str] = ()) -> str:
    """The sentence of a problem, with a suggestion when one of `near` is.

    Examples
    --------
    >>> expected("`Optional` or `Require`", "Requre", ["Optional", "Require"])
    'expected `Optional` or `Require` but got `Requre`; did you mean `Require`?'
    """
    sentence = f"expected {what} but got {shown(got)}"
    if isinstance(got, str) and len(got) <= 200:
        # Words that differ in case alone are nearer than difflib thinks.
        folded = {word.lower(): word for word in reversed(list(near)) if word != got}
        if found := get_close_matches(got.lower(), folded, n=1):
            sentence += f"; did you mean `{folded[found[0]]}`?"
    return sentence


def wrong_kind(what: str, got: object) -> str:
    """The sentence of a problem, where what came is another kind of thing.

    Examples
    --------
    >>> wrong_kind("true or false", "true")
    'expected true or false but got the text `true`'
    >>> wrong_kind("text", None)
    'expected text but got nothing'
    """
    kinds = (
        (str, "the text "),
        (bool, ""),
        ((int, float), "the number "),
        (Mapping, "the object "),
        ((list, tuple), "the list "),
    )
    kind = next((noun for types, noun in kinds if isinstance(got, types)), "")
    return f"expected {what} but got {kind}{shown(got)}"


def is_whole(value: object, least: int) -> bool:
    """Whether it is a whole number from `least`; True and 1.0 are none.

    Examples
    --------
    >>> is_whole(1, 1), is_whole(0, 1), is_whole(True, 1), is_whole("1", 1)
    (True, False, False, False)
    """
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def sendable(text: str) -> str:
    """The text as UTF-8 can carry it to the browser: half a surrogate pair becomes an escape."""
    return text.encode("utf-8", "backslashreplace").decode()
