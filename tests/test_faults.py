"""The page of faults names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", (ROOT / "notebooks" / "faults.md").read_text(encoding="utf-8"))


def test_the_page_names_tests():
    assert len(NAMED) > 20


@pytest.mark.parametrize("path, name", NAMED)
def test_a_test_that_the_page_names_exists(path, name):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
