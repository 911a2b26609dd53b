"""The page on large corpora: its blocks run, one after the other, as a reader copies them."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[1] / "notebooks" / "scale.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
# The first line of a block that not everybody can run, and what it needs.
NEEDS = {"# needs sesreceive[dask]": "dask", "# needs sesreceive[spark]": "pyspark"}


def needed(block: str) -> str | None:
    return NEEDS.get(block.splitlines()[0])


def run(blocks: list[str], folder: Path) -> str:
    script = folder / "page.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    # The workers of Spark take the Python that is on the path otherwise.
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run(
        [sys.executable, script], cwd=folder, env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_block_is_python_and_says_what_it_needs() -> None:
    assert len(BLOCKS) >= 8
    for block in BLOCKS:
        compile(block, str(PAGE), "exec")
    assert {needed(block) for block in BLOCKS} == {None, *NEEDS.values()}


@pytest.mark.slow
def test_the_blocks_run_in_order(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="Parquet is an extra: `pip install 'sesreceive[parquet]'`")
    printed = run([block for block in BLOCKS if needed(block) is None], tmp_path)
    assert "<ReplayFolder of " in printed
    assert "are those of an earlier run" in printed
    assert "core hours" in printed


@pytest.mark.slow
@pytest.mark.parametrize("library", sorted(NEEDS.values()))
def test_the_blocks_of_a_cluster_run(library: str, tmp_path: Path) -> None:
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is an extra; Spark needs Java 17 and pandas before 3")
    run([block for block in BLOCKS if needed(block) in (None, library)], tmp_path)
