"""The pages about the code say what the code says: rooms, layers, doors, and every name that they quote.

``GOLDEN=write pytest tests/test_documents.py`` writes the parts between two marks anew.
"""

from __future__ import annotations

import ast
import importlib
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sesreceive.analysis.lint_advice import ADVICE

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "sesreceive"
PAGES = ROOT / "notebooks"
ARCHITECTURE = PAGES / "architecture.md"
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]["contracts"]
LAYERS, _, CORE = CONTRACTS


def modules() -> dict[str, Path]:
    """The rooms, and the file with the docstring of each."""
    files = {path.stem: path for path in PACKAGE.glob("*.py") if path.stem != "__init__"}
    return files | {path.parent.name: path for path in PACKAGE.glob("*/__init__.py")}


def first_line(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def layers() -> list[list[str]]:
    """The rooms of each layer that are there, top to bottom."""
    there = modules()
    named = [re.findall(r"\w+", line) for line in LAYERS["layers"]]
    return [rooms for line in named if (rooms := [name for name in line if name in there])]


def written_rooms() -> str:
    there = modules()
    rows = [f"| `{name}` | {first_line(there[name]).replace('``', '`')} |" for line in layers() for name in line]
    return "\n".join(["| room | what lives there |", "| --- | --- |", *rows])


def written_layers() -> str:
    return "\n".join("    " + " | ".join(line) for line in layers())


def written_doors() -> str:
    pairs = [door.replace("sesreceive.", "").split(" -> ") for door in LAYERS["ignore_imports"]]
    return "\n".join(["| from | to |", "| --- | --- |", *(f"| `{start}` | `{end}` |" for start, end in pairs)])


def written_core() -> str:
    def listed(names: list[str]) -> str:
        return ", ".join(f"`{name.removeprefix('sesreceive.')}`" for name in names)

    return f"{listed(CORE['source_modules'])} import none of {listed(CORE['forbidden_modules'])}."


def written_findings() -> str:
    rows = [f"| `{code}` | {one.level} | {one.lesson} | {one.fix} | {one.source} |" for code, one in ADVICE.items()]
    return "\n".join(["| code | weight | lesson | fix | source |", "| --- | --- | --- | --- | --- |", *rows])


def written_exercises() -> str:
    return importlib.import_module("sesreceive.lessons").everything().markdown()


PARTS: list[tuple[str, str, Callable[[], str]]] = [
    ("CONTRIBUTING.md",           "layers", written_layers),
    ("notebooks/architecture.md", "rooms",  written_rooms),
    ("notebooks/architecture.md", "layers", written_layers),
    ("notebooks/architecture.md", "doors",  written_doors),
    ("notebooks/architecture.md", "core",   written_core),
    ("notebooks/checks.md",       "findings", written_findings),
    ("notebooks/exercises.md",    "exercises", written_exercises),
]  # fmt: skip


@pytest.mark.parametrize(("page", "part", "made"), PARTS, ids=[f"{page}-{part}" for page, part, _ in PARTS])
def test_what_a_page_lists_is_what_is_there(page: str, part: str, made: Callable[[], str]) -> None:
    path = ROOT / page
    text = path.read_text(encoding="utf-8")
    marked = re.compile(rf"(<!-- {part}: [^\n]*-->\n).*?(<!-- end of {part} -->)", re.DOTALL)
    assert len(marked.findall(text)) == 1
    now = marked.sub(lambda found: f"{found[1]}\n{made()}\n\n{found[2]}", text)
    if os.environ.get("GOLDEN") == "write":
        path.write_text(now, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == now


def test_every_room_has_its_place() -> None:
    assert {name for line in layers() for name in line} == modules().keys()


@pytest.mark.parametrize(("name", "path"), sorted(modules().items()))
def test_a_room_says_in_one_line_what_lives_there(name: str, path: Path) -> None:
    line = first_line(path)
    assert 20 <= len(line) <= 120
    assert line.endswith(".")


def quoted(text: str) -> Iterator[str]:
    """What stands between back quotes, without code blocks."""
    return (found[1] for found in re.finditer(r"`([^`\n]+)`", re.sub(r"(?m)^    .*$", "", text)))


def exists(name: str) -> bool:
    """Whether a dotted name is one of the package, a module of it or what is in one."""
    value: Any = importlib.import_module("sesreceive")
    path = "sesreceive"
    for part in name.split("."):
        path = f"{path}.{part}"
        try:
            value = importlib.import_module(path)
        except ImportError:
            fields = getattr(value, "__dataclass_fields__", {})
            if not hasattr(value, part) and part not in fields:
                return False
            value = getattr(value, part, None)
    return True


def test_every_name_on_the_architecture_page_exists() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8").partition("<!-- rooms:")[0]
    files = {name for name in quoted(text) if "/" in name}
    names = {
        name for name in quoted(text) if re.fullmatch(r"\w+(\.\w+)*", name) and name not in sys.stdlib_module_names
    }
    assert len(files) >= 5
    assert len(names) >= 40
    assert {name for name in files if not any((folder / name).exists() for folder in (ROOT, PACKAGE))} == set()
    assert {name for name in names if not exists(name)} == set()


def test_a_name_that_is_not_there_is_found_out() -> None:
    assert exists("stages.recipients.decide")
    assert exists("Envelope.received_at")
    assert not exists("stages.recipients.decided_by_nobody")
    assert not exists("stages.nowhere.decide")


def test_every_public_name_has_a_page_of_the_reference() -> None:
    sys.path.insert(0, str(PAGES))
    try:
        hooks = pytest.importorskip("_hooks", reason="the documentation's tools are not installed")
    finally:
        sys.path.remove(str(PAGES))
    pages = {path: path.read_text(encoding="utf-8") for path in sorted((PAGES / "reference").glob("*.md"))}
    named = [room for text in pages.values() for mark in hooks.ROOM.findall(text) for room in mark.split()]
    assert sorted(named) == sorted(hooks.public_homes())
    entries = [entry for text in pages.values() for entry in re.findall(r"(?m)^::: sesreceive\.(\S+)$", text)]
    assert len(entries) == len(set(entries))
    assert [entry for entry in entries if not exists(entry)] == []


def test_every_page_is_in_the_navigation() -> None:
    navigation = re.search(r"(?ms)^nav:\n.*?(?=^\S)", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    assert navigation is not None
    shown = set(re.findall(r": (\S+\.(?:md|ipynb))$", navigation[0], re.MULTILINE))
    assert yaml.safe_load(navigation[0])["nav"]
    pages = {path.relative_to(PAGES) for kind in ("md", "ipynb") for path in PAGES.rglob(f"*.{kind}")}
    assert shown == {path.as_posix() for path in pages if not any(part.startswith(".") for part in path.parts)}


def test_the_picture_of_what_if_says_what_is_computed() -> None:
    from sesreceive import datasets
    from sesreceive.analysis.left_out import left_out
    from sesreceive.analysis.what_if import differences, replayed

    dataset = datasets.load("anycompany")
    received = list(dataset.receiver().replay(dataset.mail))
    without = dict(left_out(dataset.account))["the rule quarantine"]()
    changed = differences(received, replayed(received, without))
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"{len(changed)} of {len(received)} messages would end differently without the rule quarantine" in text
