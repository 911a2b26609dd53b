"""The Query protocol of the API: form bodies to requests, answers and refusals to XML documents.

What there is to read and write is botocore's `ServiceModel`, so names and nesting are those of the API. A body is read
in one pass over its sorted keys; what it makes is as large as the body, whatever numbers stand in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from sesreceive.control.requests import REQUESTS
from sesreceive.errors import ApiError, MissingExtraError

__all__ = ["NAMESPACE", "answer_xml", "error_xml", "is_receiving", "read_request"]

NAMESPACE = "http://ses.amazonaws.com/doc/2010-12-01/"
VERSION = "2010-12-01"

# What XML 1.0 cannot hold (section 2.2); the service's way is not public, U+FFFD is ours.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_INDEX = re.compile(r"[0-9]{1,10}")
# A tree of the keys: names to trees, or the text that stands there.
_Tree = dict[str, Any]


def read_request(body: bytes) -> tuple[str, dict[str, Any]]:
    """The operation and the members of a form body, in boto3's spelling.

    Parameters
    ----------
    body : bytes
        ``application/x-www-form-urlencoded``, with ``Action`` and ``Version``.

    Raises
    ------
    ApiError
        ``MissingAction``, ``InvalidAction``, or ``MalformedInput`` where a text is no index, boolean, number or time.

    Examples
    --------
    >>> read_request(b"Action=ReorderReceiptRuleSet&Version=2010-12-01&RuleNames.member.2=b&RuleNames.member.1=a")
    ('ReorderReceiptRuleSet', {'RuleNames': ['a', 'b']})
    """
    try:
        fields = parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise ApiError("MalformedInput", "the body is no form of UTF-8 text") from None
    form = dict(fields)
    operation = form.pop("Action", "")
    if not operation:
        raise ApiError("MissingAction", "the request has no Action")
    if operation not in REQUESTS:
        raise ApiError("InvalidAction", f"Could not find operation {operation} for version {VERSION}")
    shape = _model().operation_model(operation).input_shape
    return operation, {} if shape is None else _Reader().structure(shape, _tree(form))


def is_receiving(operation: str) -> bool | None:
    """Whether an operation is of receiving or of identities; None when SES has none of that name.

    Examples
    --------
    >>> is_receiving("CreateReceiptRule"), is_receiving("SendEmail"), is_receiving("CreateTopic")
    (True, False, None)
    """
    if operation in REQUESTS:
        return True
    return False if operation in _operations() else None


def answer_xml(operation: str, members: Mapping[str, Any], request_id: str) -> bytes:
    """The document of an answer.

    Examples
    --------
    >>> answer_xml("DeleteReceiptRule", {}, "id").decode()
    '<DeleteReceiptRuleResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><DeleteReceiptRuleResult></DeleteReceiptRuleResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DeleteReceiptRuleResponse>'
    """
    shape = _model().operation_model(operation).output_shape
    result = _element(f"{operation}Result", "" if shape is None else _content(shape, members))
    metadata = _element("ResponseMetadata", _element("RequestId", _text(request_id)))
    return f'<{operation}Response xmlns="{NAMESPACE}">{result}{metadata}</{operation}Response>'.encode()


def error_xml(error: ApiError, request_id: str) -> bytes:
    """The document of a refusal, which goes with HTTP status 400.

    Examples
    --------
    >>> b"<Code>RuleDoesNotExist</Code>" in error_xml(ApiError("RuleDoesNotExist", "Rule does not exist: a"), "id")
    True
    """
    said = {"Type": "Sender", "Code": error.code, "Message": error.message, **error.members}
    content = "".join(_element(name, _text(text)) for name, text in said.items())
    identified = _element("RequestId", _text(request_id))
    return f'<ErrorResponse xmlns="{NAMESPACE}">{_element("Error", content)}{identified}</ErrorResponse>'.encode()


@lru_cache(maxsize=1)
def _model() -> Any:
    try:
        from botocore.loaders import Loader
        from botocore.model import ServiceModel
    except ImportError as error:
        raise MissingExtraError("botocore", extra="aws", purpose="The Query protocol") from error
    return ServiceModel(Loader().load_service_model("ses", "service-2"))


@lru_cache(maxsize=1)
def _operations() -> frozenset[str]:
    return frozenset(_model().operation_names)


# ---------------------------------------------------------------- reading


def _tree(form: Mapping[str, str]) -> _Tree:
    """The keys of a form, cut at their dots; no API name lies deeper than twelve steps."""
    root: _Tree = {}
    for key in sorted(form):
        *steps, last = key.split(".", 12)
        here = root
        for step in steps:
            below = here.get(step)
            if not isinstance(below, dict):
                below = here[step] = {}
            here = below
        here[last] = form[key]
    return root


class _Reader:
    """Reads the trees of one request."""

    def __init__(self) -> None:
        # Gaps in lists become empty elements [observed]. More than any quota allows tells nothing new, and a number
        # of ten digits must not size what is made here.
        self.room = 1000

    def structure(self, shape: Any, tree: _Tree) -> dict[str, Any]:
        # Keys that the model does not name are left where they are, as the service does.
        return {name: self.value(member, tree[name]) for name, member in shape.members.items() if name in tree}

    def value(self, shape: Any, given: Any) -> Any:
        if shape.type_name == "structure":
            return self.structure(shape, given) if isinstance(given, dict) else {}
        if shape.type_name == "list":
            return self.elements(shape, given)
        if not isinstance(given, str):
            raise ApiError("MalformedInput", "Unexpected complex element termination")
        return _SCALARS.get(shape.type_name, str)(given)

    def elements(self, shape: Any, given: Any) -> list[Any]:
        members = given.get("member") if isinstance(given, dict) else None
        if not isinstance(members, dict):
            return []  # `Recipients=` is an empty list
        by_index: dict[int, Any] = {}
        for text, element in members.items():
            if not _INDEX.fullmatch(text) or int(text) == 0:
                raise ApiError("MalformedInput", f"{text} is not a valid index")
            by_index[int(text)] = element
        empty: Any = {} if shape.member.type_name == "structure" else ""
        values: list[Any] = []
        before = 0
        for index in sorted(by_index):
            gap = min(index - before - 1, self.room)
            self.room -= gap
            values += [empty] * gap
            values.append(self.value(shape.member, by_index[index]))
            before = index
        return values


def _boolean(text: str) -> bool:
    if text not in _BOOLEANS:
        raise ApiError("MalformedInput", f"{text}: boolean must follow xsd1.1 definition")
    return _BOOLEANS[text]


def _integer(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,10}", text, re.ASCII):
        raise ApiError("MalformedInput", f"{text} is not a valid number")
    return int(text)


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ApiError("MalformedInput", f"{text} is not a valid time") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


_SCALARS: Mapping[str, Any] = {"boolean": _boolean, "integer": _integer, "timestamp": _time}

# ---------------------------------------------------------------- writing


def _element(name: str, content: str) -> str:
    return f"<{name}>{content}</{name}>"


def _text(text: str) -> str:
    if not _SPECIAL.search(text):
        return text
    # A carriage return would come back as a line feed (XML 1.0 section 2.11).
    return escape(_NO_XML.sub("\ufffd", text), {"\r": "&#13;"})


def _content(shape: Any, value: Any) -> str:
    return _writer(shape)(value)


# Shapes have names of their own, and botocore looks each member up anew: a writer for each is made once.
_WRITERS: dict[str, Callable[[Any], str]] = {}


def _writer(shape: Any) -> Callable[[Any], str]:
    if shape.name not in _WRITERS:
        make = _KINDS.get(shape.type_name, lambda shape: lambda value: _text(str(value)))
        _WRITERS[shape.name] = make(shape)
    return _WRITERS[shape.name]


def _structure(shape: Any) -> Callable[[Any], str]:
    members = [(name, f"<{name}>", _writer(member), f"</{name}>") for name, member in shape.members.items()]

    def write(value: Any) -> str:
        return "".join(
            [start + write(value[name]) + end for name, start, write, end in members if value.get(name) is not None]
        )

    return write


def _list(shape: Any) -> Callable[[Any], str]:
    write_element = _writer(shape.member)
    return lambda value: "".join([f"<member>{write_element(one)}</member>" for one in value])


def _map(shape: Any) -> Callable[[Any], str]:
    write_value = _writer(shape.value)
    return lambda value: "".join(
        [
            _element("entry", _element("key", _text(key)) + _element("value", write_value(one)))
            for key, one in value.items()
        ]
    )


def _boolean_text(shape: Any) -> Callable[[Any], str]:
    return lambda value: "true" if value else "false"


def _time_text(shape: Any) -> Callable[[Any], str]:
    return lambda value: f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}Z"


_KINDS: Mapping[str, Callable[[Any], Callable[[Any], str]]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "boolean": _boolean_text,
    "timestamp": _time_text,
}
