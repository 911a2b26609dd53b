"""JSON that somebody else wrote, read in one way: what cannot be read is one sentence, and nothing is guessed.

`json.loads` lets through what RFC 8259 leaves to chance or forbids: a name that stands twice (the last one wins, in
silence), NaN, UTF-16. And what it refuses, it refuses in five ways, one of them a RecursionError. Account files,
envelopes, provider lists, metadata of objects and answers of scanners all come through here; the few texts that do not
stand in `tests/test_json_input.py`, each with its reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn, TypeAlias

from sesreceive.errors import InputError, one_line

__all__ = ["MAX_DEPTH", "JsonError", "Places", "parse_json", "places"]

# A receipt rule set is six levels deep. Python's own limit depends on who calls, and readers recurse, too.
MAX_DEPTH = 100
# Python refuses to convert more than 4,300 digits, as that takes quadratic time; no number here has twenty.
_MAX_DIGITS = 300
# Members given twice that an error names.
_LISTED = 10
_TOO_DEEP = f"is nested too deeply: expected at most {MAX_DEPTH} levels"


# What Python says, which differs by its version → what was expected there.
_EXPECTED = {
    "Expecting value": "a value",
    "Expecting property name enclosed in double quotes": "a name in double quotes",
    "Expecting ':' delimiter": "a colon",
    "Expecting ',' delimiter": "a comma or the end of the list or object",
    "Extra data": "the end of the text",
    "Illegal trailing comma before end of object": "no comma before the end of the object",
    "Illegal trailing comma before end of array": "no comma before the end of the list",
}

Made: TypeAlias = Callable[[list[tuple[str, Any]]], Any]


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


def parse_json(text: str | bytes, *, where: str = "the text", made: Made | None = None) -> Any:
    r"""The value that the text stands for; every other text raises one error of one sentence.

    Parameters
    ----------
    text : str or bytes
        JSON (RFC 8259); bytes are UTF-8, with or without a byte order mark.
    where : str
        What the error calls it, such as ``account `acc.json` ``.
    made : callable, optional
        Makes an object of its names and values, and says itself what becomes of a name that stands twice; by default a
        dict, in which none does.

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
    sesreceive.json_input.JsonError: envelope `a.envelope.json`: line 1, column 15: the member `tls` is given twice
    >>> parse_json("[1, 2")
    Traceback (most recent call last):
    sesreceive.json_input.JsonError: the text is not JSON: line 1, column 6: expected a comma or the end of the list ...
    """
    if isinstance(text, bytes | bytearray):
        try:
            text = bytes(text).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise _error(where, f"is not UTF-8 text: byte {error.start} is not") from None

    if made is None:
        try:
            return _plain(text)
        except (ValueError, RecursionError):
            pass  # what is wrong is looked for again, to say where

    def refuse(problem: str) -> NoReturn:
        raise JsonError(f"{where}: {problem}", problem=problem)

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            repeated.append(True)
        return found

    repeated: list[bool] = []

    def integer(digits: str) -> int:
        if len(digits) > _MAX_DIGITS:
            refuse(f"expected numbers of at most {_MAX_DIGITS} digits but got one of {len(digits.lstrip('-'))}")
        return int(digits)

    def constant(name: str) -> NoReturn:
        refuse(f"`{name}` is no number that JSON has")

    try:
        value = json.loads(text, object_pairs_hook=made or members, parse_int=integer, parse_constant=constant)
    except InputError:
        raise
    except json.JSONDecodeError as error:
        problem = _expected(error)
        sentence = f"{where} is not JSON: line {error.lineno}, column {error.colno}: {problem}"
        raise JsonError(sentence, problem=problem, line=error.lineno, column=error.colno) from None
    except RecursionError:
        raise _error(where, _TOO_DEEP) from None
    if _depth(value) > MAX_DEPTH:
        raise _error(where, _TOO_DEEP)
    if repeated:
        raise _twice(where, text)
    return value


def _plain(text: str) -> Any:
    """The value of a text in which nothing is wrong, which most are; ValueError for any other."""
    value = _PLAIN.decode(text)
    # Each level takes a bracket: with few of them nobody need look.
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise ValueError
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError
    return members


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError
    return int(digits)


def _constant(name: str) -> NoReturn:
    raise ValueError


# Made once: it takes longer to make than to read a text of a kilobyte with it.
_PLAIN = json.JSONDecoder(object_pairs_hook=_members, parse_int=_integer, parse_constant=_constant)


def _expected(error: json.JSONDecodeError) -> str:
    """What was expected at this place and what stands there; the words of Python where none of ours are known."""
    wanted = _EXPECTED.get(error.msg)
    if wanted is None:
        return "the text that begins here has no end" if error.msg.startswith("Unterminated") else error.msg
    word = re.compile(r"\w+|\W|").match(error.doc, error.pos)
    stands = word[0] if word else ""
    return f"expected {wanted} but got " + (f"`{one_line(stands, 40)}`" if stands.strip() else "nothing")


def _error(where: str, problem: str) -> JsonError:
    return JsonError(f"{where} {problem}", problem=f"it {problem}")


def _twice(where: str, text: str) -> JsonError:
    """The error that names the members given twice, each with its place."""
    again = _walk(text)[1]
    texts = [f"the member `{one_line(name, 80)}` is given twice" for name, _ in again[:_LISTED]]
    placed = [f"line {line}, column {column}: {said}" for said, (_, (line, column)) in zip(texts, again, strict=False)]
    more = f"; and {len(again) - _LISTED} more" if len(again) > _LISTED else ""
    (line, column), others = again[0][1], "".join(f"; {said}" for said in placed[1:])
    return JsonError(
        f"{where}: {'; '.join(placed)}{more}", problem=f"{texts[0]}{others}{more}", line=line, column=column
    )


def _depth(value: Any) -> int:
    """How many lists and objects lie in each other, looked at level by level; no further than is allowed."""
    level, depth = [value], 0
    while level := [one for one in level if isinstance(one, dict | list)]:
        depth += 1
        if depth > MAX_DEPTH:
            break
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one)]
    return depth


# Names and positions from the root → line and column of what stands there, both from 1.
Places: TypeAlias = dict[tuple[str | int, ...], tuple[int, int]]

_TOKEN = re.compile(r'[{}\[\],:]|"(?:[^"\\]|\\.)*"|[^\s{}\[\],:"]+', re.DOTALL)


def places(text: str) -> Places:
    r"""Where each value of a JSON text stands: of a member, the place of its name.

    Parameters
    ----------
    text : str
        JSON that `parse_json` reads.

    Examples
    --------
    >>> places('{"Filters": [\n  {"Name": "office"}]}')[("Filters", 0, "Name")]
    (2, 4)
    """
    return _walk(text)[0]


def _walk(text: str) -> tuple[Places, list[tuple[str, tuple[int, int]]]]:
    """Where each value stands, and the names that stand twice in their object with the place of the later one."""
    twice: list[tuple[str, tuple[int, int]]] = []
    found: Places = {(): (1, 1)}
    path: list[str | int] = []
    line, line_start, counted = 1, 0, 0
    name_is_next = False
    for token in _TOKEN.finditer(text):
        line += text.count("\n", counted, token.start())
        line_start = max(line_start, text.rfind("\n", counted, token.start()) + 1)
        counted = token.start()
        word = token[0]
        place = (line, token.start() - line_start + 1)
        if word in "{[":
            found.setdefault(tuple(path), place)
            path.append(0 if word == "[" else "")
            name_is_next = word == "{"
        elif word in "}]":
            path.pop()
            name_is_next = False
        elif word == ",":
            last = path[-1]
            path[-1] = last + 1 if isinstance(last, int) else ""
            name_is_next = not isinstance(last, int)
        elif name_is_next:
            name = str(json.loads(word))
            path[-1] = name
            if tuple(path) in found:
                twice.append((name, place))
            found[tuple(path)] = place
            name_is_next = False
        elif word != ":":
            found.setdefault(tuple(path), place)
    return found, twice
