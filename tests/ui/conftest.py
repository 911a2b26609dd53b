"""Widgets without a browser: an error in a callback fails the test instead of going to a log."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("ipywidgets")


@pytest.fixture(autouse=True)
def strict_callbacks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a click or an edit raises is raised in the test; ``@pytest.mark.usefixtures("shown_errors")`` undoes it."""
    from ipywidgets.widgets.widget import CallbackDispatcher

    from sesreceive.ui.kit import Part

    def call(self: Any, *arguments: Any, **options: Any) -> Any:
        answer = None
        for callback in list(self.callbacks):
            answer = callback(*arguments, **options)
        return answer

    def fail(self: Part, error: BaseException) -> None:
        raise error

    monkeypatch.setattr(CallbackDispatcher, "__call__", call)
    if "shown_errors" not in request.fixturenames:
        monkeypatch.setattr(Part, "fail", fail)


@pytest.fixture
def shown_errors() -> None:
    """Errors are shown in the part, as its reader sees them."""
