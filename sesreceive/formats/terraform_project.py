"""What all modules of one Terraform run share: parsed files, values of variables, the draft that takes problems."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sesreceive.errors import one_line
from sesreceive.formats import hcl
from sesreceive.formats.draft import Draft
from sesreceive.formats.hcl_json import block_of_json
from sesreceive.formats.hcl_values import Evaluator, Scope
from sesreceive.formats.marked_yaml import Syntax
from sesreceive.formats.place import Place
from sesreceive.formats.template_files import text_of_file
from sesreceive.formats.unresolved import Open
from sesreceive.json_input import JsonError, parse_json

__all__ = ["SUFFIXES", "Project"]

SUFFIXES = (".tf", ".tofu", ".tf.json", ".tofu.json")


class Project:
    """What all modules of a run share.

    Parameters
    ----------
    draft : Draft
        Takes problems and assumptions.
    top : Path
        Places are relative to it.
    """

    def __init__(self, draft: Draft, top: Path, *, region: str | None, account_id: str | None) -> None:
        self.draft, self.top = draft, top
        self.region, self.account_id = region, account_id
        # What the files say; the ARNs in them tell where they belong.
        self.texts: list[str] = []
        self.assumed: set[tuple[str, Place, str, str]] = set()
        self._blocks: dict[Path, list[hcl.Block]] = {}

    def blocks(self, folder: Path) -> list[hcl.Block]:
        """The top-level blocks of a folder's files, parsed once."""
        key = folder.resolve()
        if key not in self._blocks:
            paths = sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIXES) and path.is_file())
            # Terraform reads override files last and merges them; here they are said instead.
            self._blocks[key] = [block for path in paths for block in self._parsed(path)]
        return self._blocks[key]

    def _parsed(self, path: Path) -> list[hcl.Block]:
        name = self.named(path)
        if re.search(r"(?:^|_)override\.(?:tf|tofu)(?:\.json)?$", path.name):
            self.draft.problem(
                name, "an override file, which is not merged here: what it changes is not seen", "sesreceive"
            )
            return []
        text = text_of_file(path, self.draft, name)
        if text is None:
            return []
        self.texts.append(text)
        try:
            return block_of_json(text, name).blocks if path.name.endswith(".json") else hcl.parse_hcl(text, name).blocks
        except Syntax as error:
            self.draft.problem(error.place, str(error), "HCL")
            return []

    def named(self, path: Path) -> str:
        """A path as places show it."""
        try:
            return path.resolve().relative_to(self.top.resolve()).as_posix()
        except ValueError:
            return path.name

    def inputs(self, folder: Path) -> dict[str, Any]:
        """What ``terraform.tfvars`` and then ``*.auto.tfvars`` say, the later winning."""
        names = ["terraform.tfvars", "terraform.tfvars.json"]
        names += sorted(path.name for path in folder.iterdir() if re.search(r"\.auto\.tfvars(?:\.json)?$", path.name))
        found: dict[str, Any] = {}
        for name in names:
            path = folder / name
            text = text_of_file(path, self.draft, self.named(path)) if path.is_file() else None
            if text is None:
                continue
            try:
                if name.endswith(".json"):
                    values = parse_json(text)
                    if not isinstance(values, dict):
                        why = "expected an object of names and values"
                        self.draft.problem(Place(self.named(path)), why, "Terraform language")
                        continue
                    found.update(values)
                    continue
                block = hcl.parse_hcl(text, self.named(path))
            except JsonError as error:
                place = Place(self.named(path), error.line, error.column)
                self.draft.problem(place, f"expected values of variables: {error.problem}", "JSON")
                continue
            except Syntax as error:
                self.draft.problem(error.place, "expected values of variables but it cannot be read", "HCL")
                continue
            found.update(_constants(block, self))
        return found


def _constants(block: hcl.Block, project: Project) -> dict[str, Any]:
    """The values of a file of variables, which has no references."""
    evaluator = Evaluator(_NoNames(project.draft))
    return {name: evaluator.value(node, Scope()) for name, node in block.attributes.items()}


class _NoNames:
    """A world without names."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    def name(self, name: str, node: hcl.Node, scope: Scope) -> Any:
        self.problem(node.place, f"expected a value but got the reference `{one_line(node.text, 80)}`")
        return Open(node.text, node.place, "a reference in a file of variables")

    def problem(self, place: Place, message: str) -> None:
        self.draft.problem(place, message, "Terraform language")

    def assume(self, opened: Open, value: str, kind: str) -> None:
        self.draft.assumed.append((opened, value, kind))

    def call(self, name: str, arguments: list[Any], node: hcl.Call, scope: Scope) -> Any:
        return NotImplemented
