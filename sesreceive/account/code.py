"""Values as Python: the code that makes an equal value, and the one line that `repr` shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sesreceive.account.filters import Policy, ReceiptFilter
from sesreceive.account.identities import Identity
from sesreceive.account.member import Kind, Member, members
from sesreceive.account.value import Value

__all__ = ["short", "to_code"]

_WIDTH = 100


def to_code(value: Value, *, name: str | None = None) -> str:
    """Python that makes an equal value: the import, and an expression or an assignment to `name`.

    Fields that have their default are left out.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="invoices", enabled=True, actions=[ses.S3Action(bucket_name="inbox")])
    >>> print(to_code(rule, name="rule"))
    import sesreceive as ses
    <BLANKLINE>
    rule = ses.ReceiptRule(name="invoices", enabled=True, actions=[ses.S3Action(bucket_name="inbox")])
    <BLANKLINE>
    """
    imports = {"import sesreceive as ses"}
    tree = _tree(value, imports)
    head = f"{name} = " if name else ""
    return "\n".join(sorted(imports, key=_import_order)) + f"\n\n{head}{_render(tree, 0, len(head))}\n"


def short(value: Value) -> str:
    """The call that makes an equal value, on one line.

    Examples
    --------
    >>> import sesreceive as ses
    >>> short(ses.ReceiptFilter.block("192.0.2.0/24", name="test-net"))
    "ReceiptFilter.block('192.0.2.0/24', name='test-net')"
    """
    if isinstance(value, ReceiptFilter):
        return f"ReceiptFilter.{_verb(value)}({value.cidr!r}, name={value.name!r})"
    given = (f"{item.name}={_plain(value, item)!r}" for item in _set(value))
    return f"{type(value).__name__}({', '.join(given)})"


# ---------------------------------------------------------------- a call and its arguments


@dataclass(frozen=True, slots=True)
class _Call:
    """Something with brackets: a call with arguments, or a list."""

    head: str
    close: str
    parts: tuple[tuple[str, _Call | str], ...]


def _tree(value: Value, imports: set[str]) -> _Call:
    head = _head(type(value), imports)
    if isinstance(value, ReceiptFilter):
        return _Call(f"{head}.{_verb(value)}(", ")", (("", _quote(value.cidr)), ("name=", _quote(value.name))))
    parts = tuple((f"{item.name}=", _argument(value, item, imports)) for item in _set(value))
    return _Call(f"{head}(", ")", parts)


def _argument(value: Value, item: Member, imports: set[str]) -> _Call | str:
    given = _plain(value, item)
    if not isinstance(given, tuple):
        return _quote(given)
    return _Call("[", "]", tuple(("", _element(one, imports)) for one in given))


def _element(one: Any, imports: set[str]) -> _Call | str:
    if isinstance(one, Identity) and [item.name for item in _set(one)] == ["name"]:
        return _quote(one.name)
    return _tree(one, imports) if isinstance(one, Value) else _quote(one)


def _set(value: Value) -> list[Member]:
    """The members that are not at their default."""
    return [item for item in members(type(value)) if getattr(value, item.name) != item.default]


def _plain(value: Value, item: Member) -> Any:
    """What a member holds, words and times as text."""
    given = getattr(value, item.name)
    if given is None:
        return None
    if item.kind is Kind.TIMESTAMP:
        return given.isoformat()
    return given.value if item.kind is Kind.CHOICE else given


def _verb(value: ReceiptFilter) -> str:
    return "block" if value.policy is Policy.BLOCK else "allow"


def _head(cls: type, imports: set[str]) -> str:
    if cls.__module__.partition(".")[0] == "sesreceive":
        return f"ses.{cls.__name__}"
    if cls.__module__ != "__main__":  # a class of a notebook cell is simply there
        imports.add(f"from {cls.__module__} import {cls.__name__}")
    return cls.__name__


def _import_order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line


def _quote(value: Any) -> str:
    text = repr(value)
    if isinstance(value, str) and '"' not in text and text.startswith("'"):
        return f'"{text[1:-1]}"'
    return text


def _flat(node: _Call | str) -> str:
    if isinstance(node, str):
        return node
    return node.head + ", ".join(label + _flat(part) for label, part in node.parts) + node.close


def _render(node: _Call | str, indent: int, used: int) -> str:
    """The node on one line where it fits behind `used` characters, else an argument a line."""
    flat = _flat(node)
    if isinstance(node, str) or not node.parts or used + len(flat) <= _WIDTH:
        return flat
    inside = " " * (indent + 4)
    lines = [f"{inside}{label}{_render(part, indent + 4, indent + 5 + len(label))},\n" for label, part in node.parts]
    return f"{node.head}\n{''.join(lines)}{' ' * indent}{node.close}"
