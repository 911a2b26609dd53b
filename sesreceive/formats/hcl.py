"""HCL, Terraform's language, as a small tree with places: the only file that knows python-hcl2.

Its parse tree is used, not its dictionaries: only the tree has lines, and it tells a text from an expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sesreceive.errors import MissingExtraError
from sesreceive.formats.hcl_nodes import (
    Attr,
    Binary,
    Block,
    Call,
    Conditional,
    Each,
    Index,
    Items,
    Literal,
    Name,
    Node,
    Pairs,
    Splat,
    Template,
    Unary,
)
from sesreceive.formats.marked_yaml import Syntax
from sesreceive.formats.place import Place

__all__ = [
    "Attr",
    "Binary",
    "Block",
    "Call",
    "Conditional",
    "Each",
    "Index",
    "Items",
    "Literal",
    "Name",
    "Node",
    "Pairs",
    "Splat",
    "Template",
    "Unary",
    "parse_expression",
    "parse_hcl",
    "parse_template",
]

_DEPTH = 100
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_HEREDOC = re.compile(r"<<(-?)([^\s]+)\r?\n(.*?)\r?\n?[ \t]*\2\s*\Z", re.DOTALL)


def parse_hcl(text: str, file: str) -> Block:
    r"""A file as one block without a type.

    Raises
    ------
    Syntax
        When the text is no HCL.

    Examples
    --------
    >>> block = parse_hcl('locals {\n  domain = "example.com"\n}', "main.tf").blocks[0]
    >>> block.type, block.attributes["domain"].value, str(block.places["domain"])
    ('locals', 'example.com', 'main.tf:2:3')
    """
    tree = _tree(text, file, 0)
    return _Converter(text, file, 0).body(tree.children[0], "", (), Place(file, 1), 0)


def parse_expression(text: str, file: str, line: int = 0) -> Node:
    """One expression.

    Raises
    ------
    Syntax
        When the text is none.
    """
    whole = f"x = {text}"
    tree = _tree(whole, file, max(line - 1, 0))
    block = _Converter(whole, file, max(line - 1, 0)).body(tree.children[0], "", (), Place(file, line), 0)
    if set(block.attributes) != {"x"} or block.blocks:
        raise Syntax(Place(file, line), "expected one expression but there is more")
    return block.attributes["x"]


def parse_template(text: str, file: str, line: int = 0) -> Node:
    """A text that may hold ``${…}``, as in heredocs and JSON.

    Raises
    ------
    Syntax
        When an expression inside is none.
    """
    quoted = text.replace("\\", "\\\\")
    quoted = "".join(_outside_quotes(quoted))
    return parse_expression(f'"{quoted}"', file, line)


def _outside_quotes(text: str) -> Iterator[str]:
    """The text with what a quoted text has to escape: quotes and line ends outside of ``${…}``."""
    depth = position = 0
    while position < len(text):
        two = text[position : position + 2]
        one = text[position]
        if depth == 0 and two in ("${", "%{") and text[position - 1 : position] != two[0]:
            depth, position = 1, position + 2
            yield two
            continue
        if depth:
            depth += (one == "{") - (one == "}")
            yield " " if one in "\r\n" else one
        else:
            yield {'"': '\\"', "\n": "\\n", "\r": "\\r"}.get(one, one)
        position += 1


def _tree(text: str, file: str, offset: int) -> Any:
    try:
        import hcl2
        from lark.exceptions import LarkError, UnexpectedInput
    except ImportError:
        raise MissingExtraError("hcl2", extra="terraform", purpose="reading Terraform") from None
    try:
        return hcl2.parses_to_tree(text)
    except UnexpectedInput as error:
        # The parser's own texts quote the file, which may hold a secret.
        line, column = getattr(error, "line", -1), getattr(error, "column", -1)
        place = Place(file, line + offset, column) if line > 0 else Place(file, text.count("\n") + 1 + offset)
        raise Syntax(place, "expected HCL but what stands here is none") from None
    except (LarkError, RecursionError):
        raise Syntax(Place(file), "expected HCL but the file is none") from None


class _Converter:
    """Turns the parser's tree into ours."""

    def __init__(self, text: str, file: str, offset: int) -> None:
        self.source, self.file, self.offset = text + "\n", file, offset

    # -------------------------------------------------------------- blocks

    def body(self, tree: Any, kind: str, labels: tuple[str, ...], place: Place, depth: int) -> Block:
        block = Block(type=kind, labels=labels, place=place)
        for child in tree.children:
            data = getattr(child, "data", None)
            if data == "attribute":
                name = self.word(child.children[0])
                if name in block.attributes:
                    raise Syntax(self.place(child), f"expected each argument once but got `{name}` again")
                block.attributes[name] = self.node(child.children[-1], depth + 1)
                block.places[name] = self.place(child)
            elif data == "block":
                words = [self.label(one) for one in child.children[:-1] if getattr(one, "data", "") in _LABELS]
                body = next(one for one in child.children if getattr(one, "data", None) == "body")
                block.blocks.append(self.body(body, words[0], tuple(words[1:]), self.place(child), depth + 1))
        return block

    def word(self, tree: Any) -> str:
        return str(tree.children[0]) if hasattr(tree, "children") else str(tree)

    def label(self, tree: Any) -> str:
        if tree.data == "string":
            return "".join(
                str(part.children[0]) for part in tree.children if getattr(part, "data", "") == "string_part"
            )
        return self.word(tree)

    def place(self, tree: Any) -> Place:
        meta = tree.meta
        return Place(self.file) if meta.empty else Place(self.file, meta.line + self.offset, meta.column)

    def about(self, tree: Any) -> dict[str, Any]:
        meta = tree.meta
        text = "" if meta.empty else self.source[meta.start_pos : meta.end_pos]
        return {"place": self.place(tree), "text": " ".join(text.split())[:200]}

    # -------------------------------------------------------------- expressions

    def node(self, tree: Any, depth: int) -> Node:
        if depth > _DEPTH:
            raise Syntax(self.place(tree), f"expected at most {_DEPTH} levels but it is nested deeper")
        handler = getattr(self, f"on_{tree.data}", None)
        if handler is None:
            raise Syntax(self.place(tree), f"expected an expression but this one is not known ({tree.data})")
        made: Node = handler(tree, depth + 1)
        return made

    def parts(self, tree: Any) -> list[Any]:
        """The children that are expressions and not blanks or signs."""
        return [one for one in tree.children if getattr(one, "data", "new_line_or_comment") != "new_line_or_comment"]

    def on_expr_term(self, tree: Any, depth: int) -> Node:
        return self.node(self.parts(tree)[0], depth)

    def on_identifier(self, tree: Any, depth: int) -> Node:
        return Name(name=str(tree.children[0]), **self.about(tree))

    def on_keyword(self, tree: Any, depth: int) -> Node:
        return Name(name=str(tree.children[0]), **self.about(tree))

    def on_literal_value(self, tree: Any, depth: int) -> Node:
        word = str(tree.children[0])
        return Literal(value={"true": True, "false": False}.get(word), **self.about(tree))

    def on_int_lit(self, tree: Any, depth: int) -> Node:
        digits = "".join(map(str, tree.children))
        if len(digits) > 400:
            raise Syntax(self.place(tree), "expected a number but it has more than 400 digits")
        return Literal(value=int(digits), **self.about(tree))

    def on_float_lit(self, tree: Any, depth: int) -> Node:
        return Literal(value=float("".join(map(str, tree.children))), **self.about(tree))

    def on_string(self, tree: Any, depth: int) -> Node:
        pieces: list[Any] = []
        for part in tree.children:
            if getattr(part, "data", "") != "string_part":
                continue
            inner = part.children[0]
            if hasattr(inner, "data"):
                pieces.append(inner)
            elif inner.type.startswith("ESCAPED"):
                pieces.append(str(inner)[1:])
            else:
                pieces.append(_unescaped(str(inner)))
        parts, rest = self.directives(pieces, depth)
        if rest:
            raise Syntax(self.place(tree), "expected a directive to be opened before it is closed")
        if all(isinstance(part, str) for part in parts):
            return Literal(value="".join(parts), **self.about(tree))
        return Template(parts=tuple(parts), **self.about(tree))

    def directives(self, pieces: list[Any], depth: int) -> tuple[list[Any], list[Any]]:
        """The parts up to an ``else`` or end, and the rest that begins with it."""
        parts: list[Any] = []
        while pieces:
            piece = pieces[0]
            kind = getattr(piece, "data", "text")
            if kind in ("template_else", "template_endif", "template_endfor"):
                return parts, pieces
            pieces = pieces[1:]
            if kind == "text":
                parts.append(piece)
            elif kind == "interpolation":
                parts.append(self.node(self.parts(piece)[0], depth))
            elif kind == "template_if_start":
                condition = self.node(self.parts(piece)[0], depth)
                yes, pieces = self.directives(pieces, depth + 1)
                no: list[Any] = []
                if pieces and pieces[0].data == "template_else":
                    no, pieces = self.directives(pieces[1:], depth + 1)
                pieces = pieces[1:]
                parts.append(("if", condition, tuple(yes), tuple(no)))
            elif kind == "template_for_start":
                *names, collection = self.parts(piece)
                body, pieces = self.directives(pieces, depth + 1)
                pieces = pieces[1:]
                words = [self.word(one) for one in names]
                key, name = words if len(words) == 2 else ("", words[0])
                parts.append(("for", key, name, self.node(collection, depth), tuple(body)))
        return parts, []

    def on_template_string(self, tree: Any, depth: int) -> Node:
        return Literal(value=str(tree.children[0]).strip('\\"'), **self.about(tree))

    def on_heredoc_template(self, tree: Any, depth: int) -> Node:
        match = _HEREDOC.match(str(tree.children[0]))
        text = match[3] if match else ""
        if match and match[1]:
            lines = text.split("\n")
            indents = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()]
            text = "\n".join(line[min(indents, default=0) :] for line in lines)
        about = self.about(tree)
        if "${" not in text and "%{" not in text:
            return Literal(value=text + "\n" if text else "", **about)
        return parse_template(text + "\n", self.file, about["place"].line + 1)

    on_heredoc_template_trim = on_heredoc_template

    def on_tuple(self, tree: Any, depth: int) -> Node:
        return Items(items=tuple(self.node(one, depth) for one in self.parts(tree)), **self.about(tree))

    def on_object(self, tree: Any, depth: int) -> Node:
        pairs = []
        for element in self.parts(tree):
            key_tree, value_tree = self.parts(element)
            inner = self.parts(key_tree)[0]
            key = self.node(inner, depth)
            # A bare word is a key; in brackets it is an expression.
            if isinstance(key, Name) and key.text == key.name and not self.bracketed(inner):
                key = Literal(value=key.name, place=key.place, text=key.text)
            pairs.append((key, self.node(value_tree, depth)))
        return Pairs(pairs=tuple(pairs), **self.about(tree))

    @staticmethod
    def bracketed(tree: Any) -> bool:
        return bool(tree.children) and str(tree.children[0]) == "("

    def on_conditional(self, tree: Any, depth: int) -> Node:
        condition, yes, no = (self.node(one, depth) for one in self.parts(tree))
        return Conditional(condition=condition, yes=yes, no=no, **self.about(tree))

    def on_binary_op(self, tree: Any, depth: int) -> Node:
        left, term = self.parts(tree)
        # A long sum nests to the left, a level for each term; it is taken apart without recursion.
        terms = [term]
        while left.data == "binary_op":
            left, term = self.parts(left)
            terms.append(term)
        made = self.node(left, depth)
        for one in reversed(terms):
            operator, right = self.parts(one)
            made = Binary(
                operator=str(operator.children[0]), left=made, right=self.node(right, depth), **self.about(tree)
            )
        return made

    def on_unary_op(self, tree: Any, depth: int) -> Node:
        return Unary(operator=str(tree.children[0]), of=self.node(tree.children[-1], depth), **self.about(tree))

    def on_function_call(self, tree: Any, depth: int) -> Node:
        parts = self.parts(tree)
        name = "::".join(self.word(one) for one in parts if one.data == "identifier")
        arguments = next((one for one in parts if one.data == "arguments"), None)
        nodes = () if arguments is None else tuple(self.node(one, depth) for one in self.parts(arguments))
        spread = arguments is not None and any(
            str(one) == "..." for one in arguments.children if not hasattr(one, "data")
        )
        return Call(name=name, arguments=nodes, spread=spread, **self.about(tree))

    def on_get_attr_expr_term(self, tree: Any, depth: int) -> Node:
        return self.chain(tree, depth)

    on_index_expr_term = on_get_attr_expr_term

    def chain(self, tree: Any, depth: int) -> Node:
        """A reference: ``a.b[0].c``, taken apart without recursion."""
        steps = []
        while tree.data in ("get_attr_expr_term", "index_expr_term") or (
            tree.data == "expr_term"
            and getattr(self.parts(tree)[0], "data", "") in ("get_attr_expr_term", "index_expr_term")
        ):
            if tree.data == "expr_term":
                tree = self.parts(tree)[0]
                continue
            of, step = self.parts(tree)
            steps.append((tree, step))
            tree = of
        made = self.node(tree, depth)
        for whole, step in reversed(steps):
            found = self.step(step, depth)
            if isinstance(found, str):
                made = Attr(of=made, name=found, **self.about(whole))
            else:
                made = Index(of=made, key=found, **self.about(whole))
        return made

    def step(self, tree: Any, depth: int) -> str | Node:
        if tree.data == "get_attr":
            return self.word(self.parts(tree)[0])
        if tree.data == "short_index":
            return Literal(value=int(str(tree.children[-1])), **self.about(tree))
        return self.node(self.parts(tree)[0], depth)

    def on_attr_splat_expr_term(self, tree: Any, depth: int) -> Node:
        of, splat = self.parts(tree)
        steps = tuple(self.step(one, depth) for one in self.parts(splat))
        return Splat(of=self.node(of, depth), steps=steps, **self.about(tree))

    on_full_splat_expr_term = on_attr_splat_expr_term

    def on_for_tuple_expr(self, tree: Any, depth: int) -> Node:
        intro, *values = (one for one in self.parts(tree))
        condition = next((one for one in values if one.data == "for_cond"), None)
        values = [one for one in values if one.data != "for_cond"]
        *names, collection = self.parts(intro)
        words = [self.word(one) for one in names]
        key, name = words if len(words) == 2 else ("", words[0])
        grouped = any(str(one) == "..." for one in tree.children if not hasattr(one, "data"))
        nodes = [self.node(one, depth) for one in values]
        return Each(
            key=key,
            name=name,
            collection=self.node(collection, depth),
            key_of=nodes[0] if len(nodes) == 2 else None,
            value_of=nodes[-1],
            condition=self.node(self.parts(condition)[0], depth) if condition is not None else None,
            grouped=grouped,
            **self.about(tree),
        )

    on_for_object_expr = on_for_tuple_expr


_LABELS = frozenset({"identifier", "keyword", "literal_value", "string"})


def _unescaped(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        if code := match[1] or match[2]:
            number = int(code, 16)
            return chr(number) if number <= 0x10FFFF else "\ufffd"
        return _ESCAPES.get(match[3], match[0])

    return _ESCAPE.sub(plain, text) if "\\" in text else text
