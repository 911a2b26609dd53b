"""Environments of their own for programs that read what we write: a Python one or an npm one, below ``tests/.cache``.

What is installed there is pinned and made once; where no registry can be reached, the test that wants it is skipped and
says why.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

try:
    import fcntl
except ImportError:  # Windows, where the tests run in one process
    fcntl = None  # type: ignore[assignment]

CACHE = Path(__file__).parent / ".cache"
INSTALL_S = 300


def python_with(name: str, *requirements: str) -> Path:
    """The interpreter of an environment that has these packages; `name` says what it is for, and of which version."""
    kept = CACHE / f"{name}-py{sys.version_info.major}.{sys.version_info.minor}"
    _made(kept, requirements, _install_python)
    return _python(kept)


def node_with(name: str, *packages: str) -> Path:
    """A folder whose ``node_modules`` has these packages."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip(f"{packages[0]} needs Node.js and npm, and they are not both there")
    kept = CACHE / name
    _made(kept, packages, _install_node)
    return kept


def _made(kept: Path, wanted: tuple[str, ...], install: Callable[[Path, tuple[str, ...]], str]) -> None:
    """Have a folder with what is wanted, made once and whole; skip the test where it cannot be."""
    CACHE.mkdir(exist_ok=True)
    with _alone(CACHE / f"{kept.name}.lock"):
        _make(kept, wanted, install)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """No other process of the tests is in here for the same: it would take away what this one uses."""
    with lock.open("w") as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(kept: Path, wanted: tuple[str, ...], install: Callable[[Path, tuple[str, ...]], str]) -> None:
    note = kept / "installed.txt"
    if note.exists() and note.read_text(encoding="utf-8").split() == list(wanted):
        return
    making = Path(tempfile.mkdtemp(dir=CACHE, prefix=f"{kept.name}-"))
    try:
        why_not = install(making, wanted)
    except (OSError, subprocess.SubprocessError) as error:
        why_not = str(error)
    if why_not:
        shutil.rmtree(making)
        pytest.skip(f"{wanted[0]} cannot be installed: {why_not}")
    (making / note.name).write_text("\n".join(wanted), encoding="utf-8")
    # An environment has its own path in its scripts, but nothing here runs one.
    shutil.rmtree(kept, ignore_errors=True)
    os.replace(making, kept)


def _python(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _install_python(environment: Path, requirements: tuple[str, ...]) -> str:
    uv = shutil.which("uv")
    if uv:
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, environment], check=True)
        command = [uv, "pip", "install", "--quiet", "--python", _python(environment)]
    else:
        venv.create(environment, with_pip=True)
        command = [_python(environment), "-m", "pip", "install", "--quiet", "--retries", "1"]
    return _said([*command, *requirements])


def _install_node(folder: Path, packages: tuple[str, ...]) -> str:
    npm = shutil.which("npm")
    assert npm is not None  # `node_with` has looked
    (folder / "package.json").write_text("{}", encoding="ascii")
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1", "--loglevel=error", "--save-exact"]
    return _said([npm, "install", *options, *packages], folder)


def _said(command: list[str | Path], folder: Path | None = None) -> str:
    """Run an installer; what went wrong, or nothing."""
    environment = {**os.environ, "npm_config_update_notifier": "false"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=INSTALL_S, check=False
    )
    return (done.stderr.strip().splitlines() or ["the installer said nothing"])[-1] if done.returncode else ""
