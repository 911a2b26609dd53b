"""What the code of a Lambda handler does with mail, read off its text; it is never run and never imported.

Python alone is read. What is found is a reading, not a proof: names that are put together at run time are not seen.
"""

from __future__ import annotations

import ast
import inspect
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sesreceive.datasets import DatasetFunction
from sesreceive.errors import one_line
from sesreceive.functions.registry import Handler

__all__ = ["HandlerCode", "read_handler"]

# Of a module; a handler of a mail pipeline has some hundred lines.
_MAX_BYTES = 1 << 20
_SENDS = frozenset(
    ("send_email", "send_raw_email", "send_templated_email", "send_bounce", "sendmail", "send_message", "send_mail")
)
# A handler that names one of these looks whether a machine wrote (RFC 3834 section 2, RFC 2919).
_MACHINE = ("auto-submitted", "precedence", "list-id", "list-unsubscribe", "x-auto-response-suppress", "x-loop")
_HEADERS = frozenset(("commonHeaders", "headers", "returnPath"))
_VERDICTS = ("spfVerdict", "dkimVerdict", "dmarcVerdict")
_DROPPING = frozenset(("STOP_RULE", "STOP_RULE_SET"))


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerCode:
    """What was read of a handler; a line is 0 where there is no such thing.

    Attributes
    ----------
    sends : int
        The line where it sends mail.
    asks_machine : bool
        Whether it looks at a header by which machines say that they are machines.
    disposition : int
        The line of a disposition that it may answer.
    drops_gray : int
        The line where everything but PASS is dropped.
    decides_by_header : int
        The line of a decision on what the sender wrote, in code that looks at no authentication verdict.
    """

    sends: int = 0
    asks_machine: bool = False
    disposition: int = 0
    drops_gray: int = 0
    decides_by_header: int = 0


def read_handler(function: Any) -> HandlerCode | str:
    """What the code of a function does, or why it cannot be read.

    Parameters
    ----------
    function : Handler or callable
        A handler as it is deployed, or a Python function.

    Examples
    --------
    >>> def answer(event, context):
    ...     boto3.client("ses").send_email(Source="a@example.com")
    >>> read_handler(len)
    'its code is not Python that can be read'
    """
    try:
        text = _source(function)
        if isinstance(text, bytes) and len(text) > _MAX_BYTES:
            return f"its code is longer than {_MAX_BYTES} bytes"
        tree = _reached(ast.parse(text), _name(function))
    except (OSError, TypeError, KeyError, zipfile.BadZipFile):
        return "its code is not Python that can be read"
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"its code is not Python: {one_line(error, 120)}"
    return _read(tree)


def _name(function: Any) -> str:
    """The name of the function in its module; empty where the text is the function alone."""
    if isinstance(function, Handler):
        return function.handler.rpartition(".")[2]
    return function.name if isinstance(function, DatasetFunction) else ""


def _reached(module: ast.Module, name: str) -> ast.Module:
    """The function with what it names in its module, one by one, and the constants of the module."""
    defined = {
        node.name: node
        for node in module.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    }
    name = _called_in_table(module, name)
    if name not in defined:
        return module
    wanted, reached = [name], {}
    while wanted:
        node = defined[current := wanted.pop()]
        reached[current] = node
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        wanted += [other for other in names if other in defined and other not in reached and other not in wanted]
    rest = [node for node in module.body if not isinstance(node, tuple(map(type, defined.values())))]
    return ast.Module(body=[*rest, *reached.values()], type_ignores=[])


def _called_in_table(module: ast.Module, name: str) -> str:
    """The function that a dataset's table ``FUNCTIONS`` has under a name; the name itself where there is no table."""
    for node in module.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            for key, value in zip(node.value.keys, node.value.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == name and isinstance(value, ast.Name):
                    return value.id
    return name


def _source(function: Any) -> str | bytes:
    if isinstance(function, DatasetFunction):
        return function.path.read_bytes()
    if not isinstance(function, Handler):
        return inspect.cleandoc("\n" + inspect.getsource(function))
    if not function.runtime.startswith("python"):
        raise TypeError(function.runtime)
    path = Path(function.path)
    name = function.handler.rpartition(".")[0].replace(".", "/") + ".py"
    if path.is_dir():
        path = path / name
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive, archive.open(name) as file:
            return file.read(_MAX_BYTES + 1)
    with path.open("rb") as file:
        return file.read(_MAX_BYTES + 1)


def _read(tree: ast.AST) -> HandlerCode:
    nodes = list(ast.walk(tree))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    lowered = " ".join(texts).lower()
    sends = next((node.lineno for node in nodes if isinstance(node, ast.Call) and _called(node) in _SENDS), 0)
    drops = bool(_DROPPING & set(texts))
    passing = next((node.lineno for node in nodes if isinstance(node, ast.Compare) and _is_not_pass(node)), 0)
    gray = any(text in ("GRAY", "FAIL") for text in texts)
    authenticates = any(name in text for name in _VERDICTS for text in texts)
    return HandlerCode(
        sends=sends,
        asks_machine=any(word in lowered for word in _MACHINE),
        disposition=next(map(_line, filter(_is_disposition, nodes)), 0),
        drops_gray=passing if drops and not gray else 0,
        decides_by_header=0 if authenticates or not drops else next(_decisions(nodes), 0),
    )


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 0))


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _is_not_pass(node: ast.Compare) -> bool:
    """``x != "PASS"`` or ``x not in ("PASS", …)``."""
    sides = [node.left, *node.comparators]
    named = any(isinstance(part, ast.Constant) and part.value == "PASS" for side in sides for part in ast.walk(side))
    return named and any(isinstance(op, (ast.NotEq, ast.NotIn)) for op in node.ops)


def _is_disposition(node: ast.AST) -> bool:
    if isinstance(node, ast.Dict):
        return any(isinstance(key, ast.Constant) and key.value == "disposition" for key in node.keys)
    return isinstance(node, ast.Call) and any(one.arg == "disposition" for one in node.keywords)


def _decisions(nodes: list[ast.AST]) -> Iterator[int]:
    """The lines of decisions on what comes from a header, directly or by one variable after another."""
    assigned = [
        ([target.id for target in node.targets if isinstance(target, ast.Name)], node.value)
        for node in nodes
        if isinstance(node, ast.Assign)
    ]
    tainted: set[str] = set()
    for _ in range(len(assigned)):
        more = {name for names, value in assigned if _speaks_of(value, tainted) for name in names} - tainted
        if not more:
            break
        tainted |= more
    for node in nodes:
        if isinstance(node, (ast.If, ast.IfExp, ast.While)) and _speaks_of(node.test, tainted):
            yield node.lineno


def _speaks_of(node: ast.AST, tainted: set[str]) -> bool:
    return any(
        (isinstance(part, ast.Constant) and part.value in _HEADERS)
        or (isinstance(part, ast.Name) and part.id in tainted)
        for part in ast.walk(node)
    )
