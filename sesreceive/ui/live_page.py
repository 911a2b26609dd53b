"""The page of ``serve --ui``: what a server in another process receives, as it comes, and why."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from IPython.display import display

from sesreceive._html import code
from sesreceive.account.account import Account
from sesreceive.errors import one_line
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.smtp.live_feed import followed
from sesreceive.ui.bench import Bench
from sesreceive.ui.kit import html
from sesreceive.ui.results_view import Results
from sesreceive.ui.workbench import Workbench
from sesreceive.wording import count

__all__ = ["LivePage"]

_VIEWS = ("4 Results", "5 Path", "6 Step")

# Messages that a page keeps, the latest; and how many more may come before the earliest are dropped.
_MOST, _SPARE = 10_000, 1_000


class LivePage(Workbench):
    """The workbench's results, path and debugger over messages that come from elsewhere, the latest first.

    Parameters
    ----------
    where : str
        Where to send mail to, such as ``127.0.0.1:2525``.

    Examples
    --------
    >>> import sesreceive as ses
    >>> page = LivePage("127.0.0.1:2525")
    >>> page.take([ses.Receiver(ses.Account(), seed=1).receive(b"", rcpt_to=["ana@example.com"], name="smtp-1")])
    >>> page
    <LivePage: 1 message>
    >>> page.bench.status
    'smtp-1 was refused'
    """

    def __init__(self, where: str) -> None:
        bench = Bench(Receiver(Account()))
        bench.sends = False
        super().__init__(bench, views=_VIEWS)
        self.where = html(f"<p>Send mail to {code(where)}: each message appears here, the latest first.</p>")
        self.children = [self.where, *self.children]
        (results,) = self.part("4 Results")
        if isinstance(results, Results):
            results.backwards.value = True

    def take(self, receptions: Iterable[Reception]) -> None:
        """Show what came; somebody who looks at an earlier message goes on looking at it."""
        bench = self.bench
        latest = bench.selected in (-1, len(bench.receptions) - 1)
        with bench.lock:
            bench.add(receptions, select=latest)
            dropped = len(bench.receptions) - _MOST
            if dropped > _SPARE:
                with bench.hold_trait_notifications():
                    bench.receptions = bench.receptions[dropped:]
                    bench.selected = max(bench.selected - dropped, 0)

    def follow(self, came: Iterator[list[Reception]] | None = None) -> None:
        """Take what the server of the environment receives, from now on and by itself; the kernel's loop has to run.

        Raises
        ------
        ServerError
            When there is no server.
        """
        arriving = followed() if came is None else came
        loop = asyncio.get_running_loop()

        def read() -> None:
            for batch in arriving:
                loop.call_soon_threadsafe(self.guard(self.take), batch)
            loop.call_soon_threadsafe(self.say, "the server has stopped: nothing more comes in")

        threading.Thread(target=read, name="live page", daemon=True).start()

    def _ipython_display_(self, **options: Any) -> None:
        """Show the widgets alone: a page is not saved."""
        for view in _VIEWS:
            self.part(view)
        self._show(self.views.value)
        show: Any = display
        show({**self._repr_widget_(), "text/plain": one_line(repr(self))}, raw=True)

    def _repr_widget_(self) -> dict[str, Any]:
        return {
            "application/vnd.jupyter.widget-view+json": {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self.model_id,
            }
        }

    def __repr__(self) -> str:
        """One line: how much came in."""
        return f"<LivePage: {count(len(self.bench.receptions), 'message')}>"
