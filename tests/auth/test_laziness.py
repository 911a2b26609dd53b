"""What the checks stand on is loaded when they are used, so that importing the package stays quick."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def test_importing_the_package_loads_none_of_the_libraries_behind_the_checks() -> None:
    code = "import sesreceive, sys; print([m for m in ('spf', 'dns', 'publicsuffixlist', 'dkim') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_checking_a_message_warns_of_nothing(tmp_path: Path) -> None:
    # pyspf has an invalid escape sequence in a docstring, which Python reports when it compiles the module
    code = (
        "from sesreceive.auth.spf import check_host\n"
        "from sesreceive.dns.zone import Zone\n"
        "print(check_host('192.0.2.1', 'ana@example.org', '', Zone()).status)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path)},
    )  # fmt: skip
    assert (done.stdout.strip(), done.stderr) == ("none", "")
