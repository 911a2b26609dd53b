"""JSON from outside: whatever is wrong with it is one sentence, at once."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive
from sesreceive.errors import InputError
from sesreceive.json_input import MAX_DEPTH, JsonError, parse_json

# text, the sentence behind "acc.json"
WRONG = [
    ("", " is not JSON: line 1, column 1: expected a value but got nothing"),
    ("{", " is not JSON: line 1, column 2: expected a name in double quotes but got nothing"),
    ('["a', " is not JSON: line 1, column 2: the text that begins here has no end"),
    ("[1 2]", " is not JSON: line 1, column 4: expected a comma or the end of the list or object but got `2`"),
    ("[,]", " is not JSON: line 1, column 2: expected a value but got `,`"),
    ("{} {}", " is not JSON: line 1, column 4: expected the end of the text but got `{`"),
    ('{"a": 1} x', " is not JSON: line 1, column 10: expected the end of the text but got `x`"),
    ("[" * 100_000, " is nested too deeply: expected at most 100 levels"),
    ('{"a":' * 100_000, " is nested too deeply: expected at most 100 levels"),
    ("[" * 101 + "]" * 101, " is nested too deeply: expected at most 100 levels"),
    ('{"a":' * 101 + "1" + "}" * 101, " is nested too deeply: expected at most 100 levels"),
    ("9" * 6000, ": expected numbers of at most 300 digits but got one of 6000"),
    ("[-" + "9" * 301 + "]", ": expected numbers of at most 300 digits but got one of 301"),
    ('{"a": {"b": 1, "b": 2}}', ": line 1, column 16: the member `b` is given twice"),
    ('{"\\u001b[2J": 1, "\\u001b[2J": 2}', ": line 1, column 18: the member `\\x1b[2J` is given twice"),
    ("[NaN]", ": `NaN` is no number that JSON has"),
    ("-Infinity", ": `-Infinity` is no number that JSON has"),
    (b'{"a": "\xe9"}', " is not UTF-8 text: byte 7 is not"),
    ('{"a": 1}'.encode("utf-16"), " is not UTF-8 text: byte 0 is not"),
    ('{"a": 1}'.encode("utf-32"), " is not UTF-8 text: byte 0 is not"),
]  # fmt: skip


@pytest.mark.parametrize("text, sentence", WRONG, ids=[sentence[:40] for _, sentence in WRONG])
def test_what_is_wrong_is_one_sentence(text: str | bytes, sentence: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_json(text, where="acc.json")
    assert str(raised.value) == f"acc.json{sentence}"


@pytest.mark.parametrize("text", ["[" * MAX_DEPTH + "]" * MAX_DEPTH, b'\xef\xbb\xbf{"a": 1}', " 1e5 ", '"\\ud800"'])
def test_what_is_allowed_is_read(text: str | bytes) -> None:
    assert parse_json(text) == json.loads(text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(VALUES)
def test_what_is_written_is_read_back(value: object) -> None:
    assert parse_json(json.dumps(value)) == value


@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,0-.eE1\\u\x00é', max_size=60))
def test_any_text_is_read_or_refused(text: str | bytes) -> None:
    try:
        sentence = str(parse_json(text) and "")
    except InputError as error:
        sentence = str(error)
    assert "\n" not in sentence


# text, line, column, problem
PLACES = [
    ('{"a": 1,\n "b" 2}', 2, 6, "expected a colon but got `2`"),
    ("[" * 101 + "]" * 101, 1, 1, "it is nested too deeply: expected at most 100 levels"),
    ('{"a": 1,\n "a": 2}', 2, 2, "the member `a` is given twice"),
    (b"\xff", 1, 1, "it is not UTF-8 text: byte 0 is not"),
]


@pytest.mark.parametrize("text, line, column, problem", PLACES)
def test_an_error_tells_where_for_readers_that_say_it_their_way(text: str | bytes, line, column, problem) -> None:
    with pytest.raises(JsonError) as raised:
        parse_json(text)
    assert (raised.value.line, raised.value.column, raised.value.problem) == (line, column, problem)


# file, why it reads JSON itself
ITSELF = {
    "json_input.py": "it is the one place",
    "functions/bootstrap.py": "runs in the handler's process, without this package; both texts are ours",
    "functions/result.py": "what a function gives back is handed on as its runtime wrote it, NaN and any depth",
}


@pytest.mark.slow
def test_json_is_loaded_in_one_place():
    root = Path(sesreceive.__file__).parent
    loads = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "json":
                loads |= {path} if node.attr in ("load", "loads", "JSONDecoder") else set()
            elif isinstance(node, ast.ImportFrom) and node.module == "json":
                loads.add(path)
    names = {path.relative_to(root).as_posix() for path in loads}
    assert names == set(ITSELF)
