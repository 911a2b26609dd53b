"""One field of one artefact changed at a time: the path of the row that has to come of it, and the changed bytes.

A new artefact is a function that yields such pairs, and a row in `ARTEFACTS`.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from sesreceive.captures.block_values import FORM, block_fields, refolded, values_of
from sesreceive.captures.recognition import returned_part
from sesreceive.mail.message import Message
from sesreceive.mail.ses_block import FOLD

Mutation = tuple[str, bytes]
MARK = "~"


def changed_value(name: str, value: str, part: str) -> str | None:
    """The value of a field of the block with that part changed and no other; None where the form would change, too."""
    told = values_of(name, value)
    old = told[part]
    new = {"t": "1", "region": "eu-west-9"}.get(part, f"{old}{MARK}")
    if part.endswith("result"):
        new = "neutral" if old != "neutral" else "fail"
    for found in re.finditer(re.escape(old), value):
        other = value[: found.start()] + new + value[found.end() :]
        if values_of(name, other) == {**told, part: new}:
            return other
    return None


def block_mutations(raw: bytes, prefix: str = "") -> Iterator[Mutation]:
    """Each value of each field that SES wrote above a message, and the form of those that are folded."""
    message = Message(raw)
    start, _, block = block_fields(message)
    for position, (name, value) in enumerate(block, start=start):
        at = message.field_ends[position - 1] if position else 0
        end = message.field_ends[position]
        for part in values_of(name, value):
            other = changed_value(name, value, part) if part != FORM else form_of(value)
            if other is not None and part != "id":  # with another id it is another mail's: see the mixed-up captures
                line = f"{name}: {other}\r\n".encode()
                yield f"{prefix}{name}.{part}", raw[:at] + line + raw[end:]


def form_of(value: str) -> str | None:
    """Another form with the same values, where a value is folded."""
    return value.replace(FOLD, "\r\n  ", 1) if FOLD in value else None


def header_mutations(raw: bytes, prefix: str = "") -> Iterator[Mutation]:
    """Each field of the sender's header, and the body."""
    message = Message(raw)
    start, end, _ = block_fields(message)
    seen: dict[str, int] = {}
    for position, field in enumerate(message.fields):
        if start <= position < end:
            continue
        name = field.name.decode()
        number = seen[name] = seen.get(name, 0) + 1
        at = message.field_ends[position] - 2
        yield f"{prefix}header.{name}" + (f"#{number}" if number > 1 else ""), raw[:at] + MARK.encode() + raw[at:]


def object_mutations(raw: bytes) -> Iterator[Mutation]:
    yield from block_mutations(raw)
    yield from header_mutations(raw)
    yield "body", raw + b"more\r\n"


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Every scalar of a JSON value: its path, and the keys that lead there."""
    if isinstance(value, dict):
        for name, below in value.items():
            for deeper, keys in leaves(below, f"{path}.{name}" if path else name):
                yield deeper, [name, *keys]
    elif isinstance(value, list):
        for number, below in enumerate(value):
            for deeper, keys in leaves(below, f"{path}[{number}]"):
                yield deeper, [number, *keys]
    else:
        yield path, []


def with_leaf(document: Any, keys: list[Any], new: Any) -> Any:
    other = copy.deepcopy(document)
    place = other
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = new
    return other


def at(document: Any, keys: list[Any]) -> Any:
    for key in keys:
        document = document[key]
    return document


def compact(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def json_mutations(raw: bytes) -> Iterator[Mutation]:
    """Each member of a notification or event; of ``mail.headers`` each value, SES's own part by part."""
    document = json.loads(raw)
    root = ["Records", 0, "ses"] if "Records" in document else []
    told = at(document, root)
    for path, keys in leaves({name: value for name, value in told.items() if name != "content"}):
        if path.startswith("mail.headers["):
            continue
        old = at(told, keys)
        if isinstance(old, bool):
            new: Any = not old
        elif isinstance(old, int):
            new = f"{old}{MARK}"
        elif path.endswith("imestamp"):
            new = old.replace("Z", "9Z")
        else:
            new = f"{old}{MARK}"
        if path == "mail.messageId":
            continue  # it is then another mail's: see the mixed-up captures
        yield path, compact(with_leaf(document, [*root, *keys], new))
    seen: dict[str, int] = {}
    for number, entry in enumerate(told["mail"]["headers"]):
        name, value = entry["name"], entry["value"]
        keys = [*root, "mail", "headers", number, "value"]
        if number < len(block_fields(Message(_block_of(told)))[2]):
            for part in values_of(name, refolded(name, value)):
                other = changed_value(name, refolded(name, value), part) if part != FORM else None
                if other is not None and part != "id":
                    yield f"mail.headers.{name}.{part}", compact(with_leaf(document, keys, other.replace(FOLD, " ")))
            continue
        count = seen[name] = seen.get(name, 0) + 1
        path = f"mail.headers.{name}" + (f"#{count}" if count > 1 else "")
        yield path, compact(with_leaf(document, keys, f"{value}{MARK}"))
    for name in ("eventSource", "eventVersion") if root else ():
        yield name, compact(with_leaf(document, ["Records", 0, name], f"x{MARK}"))
    if isinstance(told.get("content"), str) and told["receipt"]["action"]["encoding"] == "UTF8":
        for path, content in object_mutations(told["content"].encode()):
            yield f"content.{path}", compact({**document, "content": content.decode()})


def _block_of(told: Any) -> bytes:
    lines = [f"{one['name']}: {refolded(one['name'], one['value'])}\r\n" for one in told["mail"]["headers"]]
    return "".join(lines).encode() + b"\r\n"


def envelope_mutations(raw: bytes) -> Iterator[Mutation]:
    """Each member of an SNS envelope but its message and its type, by which it is known."""
    document = json.loads(raw)
    root = ["Records", 0] if "Records" in document else []
    for path, keys in leaves(at(document, root)):
        if keys[-1] in ("Message", "Type", "EventSource") or not isinstance(at(document, [*root, *keys]), str):
            continue
        new = at(document, [*root, *keys]) + MARK
        yield f"SNS.{path}", compact(with_leaf(document, [*root, *keys], new))


def bounce_mutations(raw: bytes) -> Iterator[Mutation]:
    """Each field of a bounce: its header, its sentence, its report, and the header that is returned."""
    message = Message(raw)
    for position, field in enumerate(message.fields):
        name = field.name.decode()
        end = message.field_ends[position] - 2
        if name != "Content-Type":
            yield f"header.{name}", raw[:end] + MARK.encode() + raw[end:]
    yield "sentence", raw.replace(b"could not", b"could  not", 1)
    report = raw.index(b"Reporting-MTA")
    for found in re.finditer(
        rb"^(Reporting-MTA|Arrival-Date|Action|Diagnostic-Code|Status): [^\r\n]*", raw, re.MULTILINE
    ):
        if found.start() >= report:
            yield f"report.{found.group(1).decode()}", raw[: found.end()] + MARK.encode() + raw[found.end() :]
    returned = returned_part(raw)
    for path, other in [*block_mutations(returned, "returned."), *header_mutations(returned, "returned.")]:
        yield path, raw.replace(returned, other)


def transcript_mutations(raw: bytes) -> Iterator[Mutation]:
    """The last line of each answer of SES, but for the one with the message id."""
    lines = raw.decode().splitlines()
    number, said = 0, ""
    for place, line in enumerate(lines):
        if line.startswith("C: "):
            said = line[3:]
        elif line[6:7] != "-":
            verb = said.partition(" ")[0]
            what = "greeting" if not number else "message" if said == "." else verb
            other = f"{line}{MARK}" if said != "." else f"{line} bye"
            yield f"{number}. {what}", "\n".join([*lines[:place], other, *lines[place + 1 :]]).encode()
            number, said = number + 1, ""


def metadata_mutations(raw: bytes) -> Iterator[Mutation]:
    """Each pair of the metadata of an encrypted object, and each pair that its key is bound to."""
    metadata = json.loads(raw)["metadata"]
    for name, value in metadata.items():
        if name == "x-amz-matdesc":
            bound = json.loads(value)
            for pair in bound:
                if pair != "aws:ses:message-id":
                    other = compact({**bound, pair: bound[pair] + MARK}).decode()
                    yield f"{name} {pair}", compact({"metadata": {**metadata, name: other}})
            yield f"{name} (form)", compact({"metadata": {**metadata, name: json.dumps(bound)}})
        else:
            yield name, compact({"metadata": {**metadata, name: value + MARK}})


def log_mutations(raw: bytes) -> Iterator[Mutation]:
    yield "answer", raw.replace(b"(250 OK", b"(250 Ok")


ARTEFACTS: dict[str, Callable[[bytes], Iterator[Mutation]]] = {
    "object": object_mutations,
    "notification": json_mutations,
    "notification with content": json_mutations,
    "event": json_mutations,
    "HTTP delivery": envelope_mutations,
    "record of a function": envelope_mutations,
    "bounce": bounce_mutations,
    "transcript": transcript_mutations,
    "metadata": metadata_mutations,
    "log": log_mutations,
}
