"""Published test suites, taken from the source distributions they are part of.

Nothing of them is in the repository. pip downloads a distribution into ``tests/.cache`` (not under version
control) the first time; the file is pinned and must have the digest below. Where no registry can be reached, the
tests are skipped and say so.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

CACHE = Path(__file__).parent / ".cache"
TIMEOUT_S = 100


@dataclass(frozen=True)
class SourceDistribution:
    """A package whose source distribution has test cases."""

    name: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        return f"{self.name}-{self.version}.tar.gz"


PYSPF = SourceDistribution("pyspf", "2.0.14", "57a7ef01bda090173aafb6af0106251686ed73f03db4e911fcd34c57fc347186")
DKIMPY = SourceDistribution("dkimpy", "1.1.8", "b5f60fb47bbf5d8d762f134bcea0c388eba6b498342a682a21f1686545094b77")


def read(source: SourceDistribution, member: str) -> bytes:
    """One file of a source distribution, named by its path below the top folder; skips the test without it."""
    with tarfile.open(_fetched(source)) as archive:
        file = archive.extractfile(f"{source.name}-{source.version}/{member}")
        assert file is not None, f"{source.file} has no {member}"
        return file.read()


def _fetched(source: SourceDistribution) -> Path:
    kept = CACHE / source.file
    if not kept.exists():
        _download(source)
    digest = hashlib.sha256(kept.read_bytes()).hexdigest()
    if digest != source.sha256:
        kept.unlink()
        pytest.fail(f"{source.file} has the SHA-256 {digest}, not {source.sha256}")
    return kept


def _download(source: SourceDistribution) -> None:
    CACHE.mkdir(exist_ok=True)
    said = "there is no pip"
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        for pip in _pips():
            command = [
                *pip,
                "download",
                "--quiet",
                "--no-deps",
                "--no-binary",
                ":all:",
                "--retries",
                "1",
                "--dest",
                folder,
            ]
            try:
                done = subprocess.run(
                    [*command, f"{source.name}=={source.version}"],
                    capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
                )  # fmt: skip
            except (OSError, subprocess.TimeoutExpired) as error:
                said = str(error)
                continue
            found = Path(folder) / source.file
            if found.exists():
                os.replace(found, CACHE / source.file)
                return
            said = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
    pytest.skip(f"{source.file} cannot be downloaded: {said}")


def _pips() -> Iterator[list[str]]:
    """Ways to run pip; an environment that uv made has none of its own."""
    base = getattr(sys, "_base_executable", sys.executable)
    for python in dict.fromkeys((sys.executable, base)):
        if subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
            yield [python, "-m", "pip"]
    if uv := shutil.which("uv"):
        yield [uv, "tool", "run", "pip"]
