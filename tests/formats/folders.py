"""Folders of templates for tests, written from texts."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

import sesreceive as ses


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """The folder, with these files in it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    return folder


def rules(loaded: ses.Loaded) -> dict[str, ses.ReceiptRule]:
    """All rules by name."""
    return {rule.name: rule for rule_set in loaded.account.rule_sets for rule in rule_set.rules}


def told(loaded: ses.Loaded, words: str) -> str:
    """The one problem that has these words, as text."""
    found = [str(problem) for problem in loaded.problems if words in str(problem)]
    assert len(found) == 1, [str(problem) for problem in loaded.problems]
    return found[0]


def stood_for(loaded: ses.Loaded) -> dict[str, str]:
    """What each placeholder stands for, with the file and line of its first use."""
    return {one.value: f"{one.stands_for}, {one.places[0].short}" for one in loaded.placeholders}
