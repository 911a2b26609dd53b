"""JSON that somebody else wrote, read in one way: what cannot be read is one sentence, and nothing is guessed.

`json.loads` lets through what RFC 8259 leaves to chance or forbids: a name that stands twice (the last one wins, in
silence), NaN, UTF-16. And what it refuses, it refuses in five ways, one of them a RecursionError. Account files,
envelopes, provider lists, metadata of objects and answers of scanners all come through here; the few texts that do not
stand in `tests/test_json_input.py`, each with its reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NoReturn

from sesreceive.errors import InputError, one_line

__all__ = ["MAX_DEPTH", "JsonError", "parse_json"]

# A receipt rule set is six levels deep. Python's own limit depends on who calls, and readers recurse, too.
MAX_DEPTH = 100
# Python refuses to convert more than 4,300 digits, as that takes quadratic time; no number here has twenty.
_MAX_DIGITS = 300
_TOO_DEEP = f"is nested too deeply: expected at most {MAX_DEPTH} levels"


class JsonError(InputError):
    """A text that is no JSON, in one sentence.

    Attributes
    ----------
    problem : str
        The sentence without what the text is called and where in it.
    line, column : int
        Where, from 1; of what is wrong with all of it the start.
    """

    def __init__(self, sentence: str, *, problem: str, line: int = 1, column: int = 1) -> None:
        super().__init__(sentence)
        self.problem, self.line, self.column = problem, line, column


def parse_json(text: str | bytes, *, where: str = "the text") -> Any:
    r"""The value that the text stands for; every other text raises one error of one sentence.

    Parameters
    ----------
    text : str or bytes
        JSON (RFC 8259); bytes are UTF-8, with or without a byte order mark.
    where : str
        What the error calls it, such as ``account `acc.json` ``.

    Raises
    ------
    JsonError
        An `InputError`, when the text is no JSON, is not UTF-8, names a member twice, holds NaN or an infinite
        number, is nested more than `MAX_DEPTH` levels deep, or has a number of more than 300 digits.

    Examples
    --------
    >>> parse_json('{"tls": true}')
    {'tls': True}
    >>> parse_json(b'{"tls": true, "tls": false}', where="envelope `a.envelope.json`")
    Traceback (most recent call last):
    sesreceive.json_input.JsonError: envelope `a.envelope.json`: the member `tls` is given twice
    >>> parse_json("{tls: true}")
    Traceback (most recent call last):
    sesreceive.json_input.JsonError: the text is not JSON: line 1, column 2: Expecting property name ...
    """
    if isinstance(text, bytes | bytearray):
        try:
            text = bytes(text).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise _error(where, f"is not UTF-8 text: byte {error.start} is not") from None

    def refuse(problem: str) -> NoReturn:
        raise JsonError(f"{where}: {problem}", problem=problem)

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            refuse(f"the member `{one_line(_twice(name for name, _ in pairs), 80)}` is given twice")
        return found

    def integer(digits: str) -> int:
        if len(digits) > _MAX_DIGITS:
            refuse(f"expected numbers of at most {_MAX_DIGITS} digits but got one of {len(digits.lstrip('-'))}")
        return int(digits)

    def constant(name: str) -> NoReturn:
        refuse(f"`{name}` is no number that JSON has")

    try:
        value = json.loads(text, object_pairs_hook=members, parse_int=integer, parse_constant=constant)
    except InputError:
        raise
    except json.JSONDecodeError as error:
        sentence = f"{where} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        raise JsonError(sentence, problem=error.msg, line=error.lineno, column=error.colno) from None
    except RecursionError:
        raise _error(where, _TOO_DEEP) from None
    if _depth(value) > MAX_DEPTH:
        raise _error(where, _TOO_DEEP)
    return value


def _error(where: str, problem: str) -> JsonError:
    return JsonError(f"{where} {problem}", problem=f"it {problem}")


def _twice(names: Iterable[str]) -> str:
    seen: set[str] = set()
    return next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]


def _depth(value: Any) -> int:
    """How many lists and objects lie in each other, looked at level by level; no further than is allowed."""
    level, depth = [value], 0
    while level := [one for one in level if isinstance(one, dict | list)]:
        depth += 1
        if depth > MAX_DEPTH:
            break
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one)]
    return depth
