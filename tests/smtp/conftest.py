"""Live tests wait long for what has to come."""

from __future__ import annotations

import pytest

from sesreceive.smtp.server import Server
from tests.patience import PATIENCE_S


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """`wait_for` gives up later than it does for a user; where a test wants it to give up, it says after how long."""
    monkeypatch.setattr(Server.wait_for, "__defaults__", (1, PATIENCE_S))
