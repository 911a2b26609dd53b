"""Everything on screen as code: Python, the API's JSON, calls of boto3, and what else `LANGUAGES` holds."""

from __future__ import annotations

from typing import Any

import ipywidgets as W

from sesreceive._html import escape, prose
from sesreceive.account.account import Account
from sesreceive.formats.languages import LANGUAGES
from sesreceive.receiver import Receiver
from sesreceive.ui.bench import Bench
from sesreceive.ui.kit import Part, bench_of, button, html
from sesreceive.wording import count

__all__ = ["CodeView"]


class CodeView(Part):
    """The account on screen as code, to be copied.

    Parameters
    ----------
    receiver : Receiver or Bench
        Whose account is shown.
    """

    def __init__(self, receiver: Receiver | Bench, **options: Any) -> None:
        bench = bench_of(receiver)
        self.bench = bench
        self._written: tuple[int, Account] | None = None
        self.language = W.Dropdown(
            options=[(one.title, at) for at, one in enumerate(LANGUAGES)],
            description="Code as",
            style={"description_width": "initial"},
            layout=W.Layout(width="auto"),
        )
        self.language.observe(self.guard(self._on_language), "value")
        self.note = html()
        self.text = W.Textarea(
            description="Code",
            rows=18,
            layout=W.Layout(width="auto"),
            tooltip="Select all and copy",
            continuous_update=False,
        )
        self.text.add_class("ses-stacked")
        self.use = self.on_click(button("Use this JSON", hint="Put the account of this text on screen"), self.use_text)
        head = W.HBox([self.language, self.use], layout=W.Layout(flex_flow="row wrap"))
        super().__init__(bench, [head, self.note, self.text], title="Code", **options)
        bench.observe(lambda _: self.refresh(), "account")
        self.refresh()

    @property
    def code(self) -> str:
        """The text on screen."""
        return str(self.text.value)

    def refresh(self) -> None:
        """Write the account down again, where that is on screen."""
        language = LANGUAGES[self.language.value]
        wanted = (self.language.value, self.bench.account)
        if self.layout.display != "none" and self._written != wanted:
            self._written = wanted
            self.text.value = language.write(self.bench.account)
        self.use.layout.display = None if language.read else "none"
        self.note.value = f'<span class="ses-hint">{prose(language.what)}</span>'

    def _on_language(self) -> str:
        self.refresh()
        return f"code as {LANGUAGES[self.language.value].title}"

    def use_text(self) -> str:
        """Put the account that the text describes on screen."""
        language = LANGUAGES[self.language.value]
        if language.read is None:
            return f"{language.title} cannot be read back"
        account = language.read(self.text.value)
        self.bench.edit(account, f"read the account from {language.title}")
        found = self.bench.problems
        return "the account of the text is on screen" + (f", with {count(len(found), 'problem')}" if found else "")

    def snapshot(self) -> str:
        """The code as it is."""
        return f"<pre>{escape(self.text.value, 100_000)}</pre>"
