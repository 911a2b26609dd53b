"""Runs a consumer in an environment of its own: JSON in, JSON out."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ANSWER_S = 120


def ask(*command: str | Path, question: Any) -> Any:
    """What the program prints, as JSON; where it does not end well, the test fails with what it says."""
    done = subprocess.run(
        command, input=json.dumps(question), capture_output=True, text=True, timeout=ANSWER_S, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
