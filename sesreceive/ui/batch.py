"""A list of messages that is sent as it is, each with its own envelope, to its end or until it is stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from sesreceive.mail.corpus import Item
from sesreceive.reception import Reception
from sesreceive.ui.kit import Part, allow, button, html
from sesreceive.ui.slices import Slices
from sesreceive.wording import count

__all__ = ["Batch"]

# What is received is handed on this often.
_SHOW_S = 0.3


class Batch:
    """Sends a list of messages; its two buttons and how far it is.

    Parameters
    ----------
    part : Part
        Shows the widgets; the receiver is that of its bench.
    items : callable
        Gives the messages when the button is pressed, and raises where there are none.
    received : callable
        Takes what became of them, in order, a few at a time.

    Attributes
    ----------
    send_button, stop_button, progress : Widget
        What the part shows.
    """

    def __init__(
        self, part: Part, items: Callable[[], Iterable[Item]], received: Callable[[list[Reception]], None]
    ) -> None:
        self._bench, self._items, self._received = part.bench, items, received
        self._waiting: list[Reception] = []
        self._count, self._shown_s = 0, 0.0
        self._slices = Slices(part, self._on_slice)
        hint = "Send all messages of the list, each with its own envelope"
        self.send_button = part.on_click(button("Send all", hint=hint), self.send)
        self.stop_button = part.on_click(button("Stop", hint="Stop sending"), self.stop)
        self.progress = html()
        self._allow_stop()

    def send(self) -> None:
        """Every message of the list is being sent."""
        items = self._items()
        self._count, self._shown_s = 0, time.monotonic()
        self._slices.start(self._receive(items))
        self._allow_stop()

    def stop(self) -> str:
        """Nothing more is sent; what was received stays."""
        stopped = self._slices.stop()
        self._allow_stop()
        self._hand_on()
        return f"stopped after {count(self._count, 'message')}" if stopped else "nothing is being sent"

    def _receive(self, items: Iterable[Item]) -> Iterator[None]:
        for item in items:
            self._waiting.append(self._bench.receiver.receive(item.raw, item.envelope, name=item.name))
            self._count += 1
            yield

    def _on_slice(self, last: bool) -> str | None:
        if last:
            self._allow_stop()
        if last or time.monotonic() - self._shown_s > _SHOW_S:
            self._shown_s = time.monotonic()
            self._hand_on()
            self.progress.value = f'<span class="ses-hint">{count(self._count, "message")} sent</span>'
        return f"{count(self._count, 'message')} sent" if last else None

    def _hand_on(self) -> None:
        received, self._waiting = self._waiting, []
        if received:
            self._received(received)

    def _allow_stop(self) -> None:
        allow(self.stop_button, "" if self._slices.running else "nothing is being sent")
