"""Terraform's expressions: what each comes to. A row is an expression and its value; `OPEN` where nobody can know it.

The values were compared with `terraform console` where a row says nothing else; test_oracles.py does it again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sesreceive.formats.draft import Draft
from sesreceive.formats.hcl import parse_expression
from sesreceive.formats.hcl_values import Scope
from sesreceive.formats.terraform_module import Module
from sesreceive.formats.terraform_project import Project
from sesreceive.formats.unresolved import is_open

OPEN = object()

FOLDER = """
variable "open" {}
variable "name" { default = "mail" }
variable "list" { default = ["a", "b"] }
variable "empty" { default = [] }
variable "map" { default = { x = 1, y = 2 } }
variable "none" { default = null }
variable "flag" { default = true }
variable "rules" {
  type = list(object({ name = string, on = optional(bool, true), to = optional(list(string), []) }))
  default = [{ name = "first" }, { name = "second", on = false, to = ["x@example.com"] }]
}
locals {
  domain = "${var.name}.example.com"
  deep   = { a = [{ b = "c" }] }
}
"""

EXPRESSIONS: list[tuple[str, Any]] = [
    # literals and operators
    ("1 + 2 * 3", 7),
    ("(1 + 2) * 3", 9),
    ("10 / 4", 2.5),
    ("10 / 5", 2),
    ("7 % 3", 1),
    ("-var.map.x", -1),
    ("1 < 2 && !false", True),
    ('1 == "1"', False),
    ('"a" != "b" || false', True),
    ("null == var.none", True),
    ("var.none != null", False),
    # templates
    ('"${var.name}-x"', "mail-x"),
    ('"$${var.name}"', "${var.name}"),
    ('"a\\tb\\u00e9"', "a\tbé"),
    ('"%{ if var.flag }on%{ else }off%{ endif }"', "on"),
    ('"%{ for x in var.list }<${x}>%{ endfor }"', "<a><b>"),
    ('"${1}"', 1),
    ('"n${1}"', "n1"),
    # references
    ("local.domain", "mail.example.com"),
    ("local.deep.a[0].b", "c"),
    ("local.deep.a.0.b", "c"),
    ('var.map["x"]', 1),
    ("var.list[1]", "b"),
    ("local.deep.a[*].b", ["c"]),
    ("var.none[*]", []),
    # conditionals and collections
    ('var.flag ? "yes" : "no"', "yes"),
    ("[for x in var.list : upper(x)]", ["A", "B"]),
    ('[for x in var.list : x if x != "a"]', ["b"]),
    ('[for i, x in var.list : "${i}${x}"]', ["0a", "1b"]),
    ("{ for k, v in var.map : v => k }", {"1": "x", "2": "y"}),
    ("{ for x in var.list : x => x... }", {"a": ["a"], "b": ["b"]}),
    ("[for x in {} : x]", []),
    ('{ a = 1, "b" = 2, (var.name) = 3 }', {"a": 1, "b": 2, "mail": 3}),
    ("[for r in var.rules : r.name if r.on]", ["first"]),
    ("var.rules[0].to", []),
    # functions
    ('format("%s-%02d-%%", "a", 3)', "a-03-%"),
    ('formatlist("%s@example.com", var.list)', ["a@example.com", "b@example.com"]),
    ('join(",", var.list)', "a,b"),
    ('split(",", "a,b")', ["a", "b"]),
    ('lookup(var.map, "z", 9)', 9),
    ("merge(var.map, { y = 3 })", {"x": 1, "y": 3}),
    ('concat(var.list, ["c"])', ["a", "b", "c"]),
    ('toset(["b", "a", "b"])', ["a", "b"]),
    ("keys(var.map)", ["x", "y"]),
    ("values(var.map)", [1, 2]),
    ("length(var.list)", 2),
    ('length("abc")', 3),
    ('replace("a.b", ".", "-")', "a-b"),
    ('replace("a1b22", "/[0-9]+/", "#")', "a#b#"),
    ("jsonencode({ a = [1] })", '{"a":[1]}'),
    ('jsondecode("{\\"a\\": 1}").a', 1),
    ('yamldecode("a: [1]").a[0]', 1),
    ('coalesce("", null, "x")', "x"),
    ('coalescelist([], ["x"])', ["x"]),
    ('compact(["a", "", null])', ["a"]),
    ("flatten([[1], [2, [3]]])", [1, 2, 3]),
    ('distinct(["a", "a"])', ["a"]),
    ("element(var.list, 3)", "b"),
    ('contains(var.list, "a")', True),
    ("one([])", None),
    ('zipmap(["a"], [1])', {"a": 1}),
    ('try(var.map.zz, "fallback")', "fallback"),
    ("can(var.map.zz)", False),
    ('title("two words")', "Two Words"),
    ('trimsuffix("a.", ".")', "a"),
    ('substr("hello", 1, 3)', "ell"),
    ('regex("[a-z]+", "12ab")', "ab"),
    ('startswith("abc", "ab")', True),
    ("range(3)", [0, 1, 2]),
    ("max(1, 3, 2)", 3),
    ('tostring(1)', "1"),
    ('tonumber("2")', 2),
    ('sort(["b", "a"])', ["a", "b"]),
    ("reverse(var.list)", ["b", "a"]),
    ('merge([{ a = 1 }, { b = 2 }]...)', {"a": 1, "b": 2}),
    ('base64encode("a")', "YQ=="),
    # what nobody can know
    ("var.open", OPEN),
    ("var.open == null", OPEN),
    ("upper(var.open)", OPEN),
    ("length(var.open)", OPEN),
    ("var.open.inner[0]", OPEN),
    ("timestamp()", OPEN),
    ("false && var.open", False),
    ("true || var.open", True),
    ("var.open == var.open", True),
    ('contains(["a", var.open], "a")', True),
    ("length([var.open])", 1),
    ('try(var.map.zz, var.open)', OPEN),
]  # fmt: skip

# Text in which open parts stand between known ones: the known ones stay.
PARTLY = [
    ('"in@${var.open}"', "in@${var.open}"),
    ('format("%s@%s", "in", var.open)', "in@${var.open}"),
    ('join("@", ["in", var.open])', "in@${var.open}"),
    ('split("@", "in@${var.open}")[1]', "var.open"),
    ('join("", [var.open])', "var.open"),
    ('join("", [for one in [1] : var.open])', "var.open"),
    ("try(var.map.zz, var.open)", "var.open"),
    ('coalesce("", var.open)', "var.open"),
    ('element(["a", var.open], 1)', "var.open"),
    ('lookup({ a = var.open }, "a")', "var.open"),
    ("upper(var.open)", "upper(var.open)"),
]

# What Terraform refuses: a problem that names the place, and an open value.
REFUSED = [
    ("var.nmae", "did you mean `name`?"),
    ("local.domian", "did you mean `domain`?"),
    ("var.map.zz", "the object has no `zz`"),
    ("var.list[7]", "the list has no such element"),
    ('var.list["--1"]', "the list has no such element"),
    ('var.list["²"]', "the list has no such element"),
    (f'var.list["{"9" * 5000}"]', "the list has no such element"),
    ("{ for x in var.list : var.list => x }", "`var.list`: expected a text but got a list"),
    ("1 / 0", "division by zero"),
    ('"a" + 1', "expected numbers"),
    ('"${var.list}x"', "expected a text but got a list"),
    ("nothing.at_all", "expected a name that means something here"),
    ("lookup(var.map)", "expected another number of arguments"),
    ('regex("(a+)+b", "aaa")', "nested repetition"),
    ("!1", "expected true or false"),
]


@pytest.fixture
def module(tmp_path: Path) -> Module:
    (tmp_path / "main.tf").write_text(FOLDER)
    draft = Draft(origin="", format="Terraform")
    return Module(Project(draft, tmp_path, region=None, account_id=None), tmp_path, path="", inputs={}, regions={})


def value_of(module: Module, expression: str) -> Any:
    return module.evaluator.value(parse_expression(expression, "main.tf", 1), Scope())


@pytest.mark.parametrize(("expression", "value"), EXPRESSIONS)
def test_an_expression_has_its_value(module: Module, expression: str, value: Any) -> None:
    found = value_of(module, expression)
    assert is_open(found) if value is OPEN else found == value
    assert module.project.draft.problems == []


@pytest.mark.parametrize(("expression", "written"), PARTLY)
def test_the_known_parts_of_a_text_stay(module: Module, expression: str, written: str) -> None:
    assert value_of(module, expression).name == written


@pytest.mark.parametrize(("expression", "why"), REFUSED)
def test_what_terraform_refuses_is_a_problem_and_open(module: Module, expression: str, why: str) -> None:
    assert is_open(value_of(module, expression))
    (problem,) = module.project.draft.problems
    assert why in problem.message
    assert problem.path.startswith("main.tf:1:")


def test_an_open_condition_takes_the_branch_that_makes_something(module: Module) -> None:
    assert value_of(module, 'var.open ? ["a"] : []') == ["a"]
    assert value_of(module, "var.open ? [] : [1]") == [1]
    assert [(opened.name, value) for opened, value, _ in module.project.draft.assumed] == [
        ("var.open", "true"),
        ("var.open", "false"),
    ]


def test_open_lists_stay_lists_of_unknown_length(module: Module) -> None:
    first, last = value_of(module, 'concat(var.open, ["x"])')
    assert first.many
    assert last == "x"
    (element,) = value_of(module, '[for one in var.open : "${one}@example.com"]')
    assert element.name.endswith("@example.com")
