"""The code of the teacher's page, and of the reference, runs as it stands, one block after the other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGES = Path(__file__).resolve().parents[2] / "notebooks"


@pytest.mark.skipif(not PAGES.is_dir(), reason="an installed package has no documentation")
@pytest.mark.parametrize("page", ["teaching.md", "reference/lessons.md", "exercises.md"])
def test_the_code_of_a_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (PAGES / page).read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    monkeypatch.chdir(tmp_path)
    known: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, page, "exec"), known)
