"""How long a test waits for what has to come: long, because a busy machine is slow, not wrong.

No test asserts how long something took. What has to happen is waited for, with a limit that only a hang reaches; what
must not take forever is left to the time limit of pytest; what something costs is told by `tests/cost.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["PATIENCE_S", "until"]

PATIENCE_S = 60.0


def until(condition: Callable[[], object], what: str = "") -> None:
    """Wait until the condition holds; the test fails when it still does not after `PATIENCE_S`.

    Parameters
    ----------
    condition : callable
        Is asked again and again.
    what : str
        What is waited for, for the report of the failure.
    """
    last_call = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > last_call:
            raise AssertionError(f"waited {PATIENCE_S:g} s in vain for {what or condition}")
        time.sleep(0.005)
