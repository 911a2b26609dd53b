"""Where the laws find files to begin with, and where they write those they try."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def files(*patterns: str) -> list[bytes]:
    return [path.read_bytes() for pattern in patterns for path in sorted(ROOT.glob(pattern))]


def scratch() -> str | None:
    """A folder in memory where there is one: a million small files are no good for a disk."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
