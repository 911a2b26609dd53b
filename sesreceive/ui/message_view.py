"""Everything about one message: replies, verdicts, headers, what was stored, told, called and bounced, and why."""

from __future__ import annotations

from typing import Any

import ipywidgets as W

from sesreceive._html import code, escape, prose, ticked
from sesreceive.errors import InputError
from sesreceive.lab.fixture import fixture, zipped
from sesreceive.reception import Reception
from sesreceive.ui.bench import Bench
from sesreceive.ui.kit import Part, allow, bench_of, button, html
from sesreceive.ui.message_actions import MessageActions
from sesreceive.ui.pages import PAGES, pages_html, verdict_mark
from sesreceive.ui.saving import Saved, Saving, file_name, no_message
from sesreceive.wording import either, expected

__all__ = ["MessageView"]

_EMPTY = "nothing received yet: send a message, and everything about it stands here"


class MessageView(Part):
    """Everything about the selected message, a page at a time.

    Parameters
    ----------
    given : Bench, Receiver, Reception or Report
        Whose selected message is shown; the only one of a reception, the last one of a report.

    Examples
    --------
    >>> import sesreceive as ses
    >>> reception = ses.Receiver(ses.Account(identities=("example.com",)), seed=1).receive(
    ...     b"", rcpt_to=["ana@example.com"])
    >>> MessageView(reception)
    <MessageView of 550 5.1.1 Requested action not taken: mailbox unavailable>
    """

    def __init__(self, given: Bench | Any) -> None:
        self.bench = bench = bench_of(given)  # the pieces below ask for it
        self.head = html()
        self.earlier = button("‹", hint="Previous message")
        self.later = button("›", hint="Next message")
        self.pages = W.Tab([html() for _ in PAGES], titles=[page.title for page in PAGES], selected_index=0)
        self.actions = MessageActions(self)
        self.saving = Saving(
            self,
            {"message (.eml)": self._message, "fixture (.zip)": self._fixture},
            ["selected", "receptions"],
            lambda: no_message(bench),
        )
        bar = W.HBox([self.earlier, self.later, self.actions, self.saving], layout=W.Layout(flex_flow="row wrap"))
        super().__init__(bench, [self.head, bar, self.pages], title="Message")
        self.add_class("ses-message")
        self.on_click(self.earlier, lambda: self._move(-1))
        self.on_click(self.later, lambda: self._move(+1))
        self.on_change(self.pages, lambda _: self._draw_page(), "selected_index")
        self.watch(self._draw, ["selected", "receptions"])
        self._drawn: Reception | None = None
        self._draw()

    @property
    def page(self) -> str:
        """Title of the page that is open; assign another to turn to it."""
        return PAGES[self.pages.selected_index or 0].title

    @page.setter
    def page(self, title: str) -> None:
        titles = [page.title for page in PAGES]
        if title not in titles:
            raise InputError(f"page: {expected(either(titles), title, titles)}")
        self.pages.selected_index = titles.index(title)

    def _move(self, by: int) -> str:
        self.bench.selected = min(max(self.bench.selected + by, 0), len(self.bench.receptions) - 1)
        return f"message {self.bench.selected + 1} of {len(self.bench.receptions)}"

    def _reception(self) -> Reception:
        if self.bench.reception is None:
            raise InputError("there is no message to save yet")
        return self.bench.reception

    def _message(self) -> Saved:
        """The mail as it came."""
        reception = self._reception()
        return Saved(file_name(reception.name or "message", "eml"), reception.message.raw, "message/rfc822")

    def _fixture(self) -> Saved:
        """What became of the mail, as files for tests."""
        reception = self._reception()
        return Saved(
            file_name(f"{reception.name or 'message'}-fixture", "zip"), zipped(fixture(reception)), "application/zip"
        )

    def _draw(self) -> None:
        reception = self.bench.reception
        at, total = self.bench.selected, len(self.bench.receptions)
        allow(self.earlier, "" if at > 0 else "it is the first message")
        allow(self.later, "" if at < total - 1 else "it is the last message")
        if reception is self._drawn and reception is not None:
            return
        self._drawn = reception
        self.head.value = _head(reception)
        for place, page in enumerate(PAGES):
            self.pages.set_title(place, page.label(reception) if reception else page.title)
            self.pages.children[place].value = ""
        self._draw_page()

    def _draw_page(self) -> None:
        """Fill the page that is open, where that was not done yet."""
        place = self.pages.selected_index or 0
        target = self.pages.children[place]
        if self._drawn is not None and not target.value:
            target.value = f'<div class="ses-rich">{PAGES[place].contents(self._drawn)}</div>'
        self.changed()

    def snapshot(self) -> str:
        """The head, the summary and the page that is open."""
        if self._drawn is None:
            return f"<p>{escape(_EMPTY)}</p>"
        return _head(self._drawn) + pages_html(self._drawn, ("Summary", self.page))

    def __repr__(self) -> str:
        """One line: which message."""
        return f"<MessageView of {repr(self._drawn)[1:-1]}>" if self._drawn else "<MessageView of nothing yet>"


def _head(reception: Reception | None) -> str:
    """The subject, the answer, who sent it, and the verdicts."""
    if reception is None:
        return f'<p class="ses-hint">{escape(_EMPTY)}</p>'
    envelope, verdicts = reception.envelope, reception.verdicts
    subject = escape(reception.subject) or "no subject"
    client = f"{code(envelope.client_ip)} calls itself {code(envelope.helo)}" if envelope.client_ip else "a client"
    to = code(", ".join(envelope.rcpt_to[:3]) or "nobody")
    more = f" and {len(envelope.rcpt_to) - 3} more" if len(envelope.rcpt_to) > 3 else ""
    checked = " ".join(
        f'<span class="ses-pill">{word} {verdict_mark(getattr(verdicts, word.lower()))}</span>'
        for word in ("SPF", "DKIM", "DMARC", "spam", "virus")
        if verdicts is not None
    )
    return (
        f'<div class="ses-message-head"><strong class="ses-title">{subject}</strong> '
        f'<span class="ses-note">{escape(reception.name or "message")}</span><br>'
        f"{ticked(reception.accepted, reception.reply)}: {prose(reception.decided.sentence)}<br>"
        f'<span class="ses-note">{client}, from {code(envelope.mail_from or "<>")} to {to}{more}</span>'
        f"{f'<br>{checked}' if checked else ''}</div>"
    )
