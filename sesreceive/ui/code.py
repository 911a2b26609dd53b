"""Everything on screen as code: Python, the API's JSON, calls of boto3, and what else `LANGUAGES` holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ipywidgets as W

from sesreceive._html import escape
from sesreceive.account.account import Account
from sesreceive.account.wording import count
from sesreceive.errors import InputError
from sesreceive.receiver import Receiver
from sesreceive.ui.calls import to_boto3
from sesreceive.ui.fields import sendable
from sesreceive.ui.kit import Part, bench_of, button, html
from sesreceive.ui.model import Bench

__all__ = ["LANGUAGES", "CodeView", "Language", "to_json", "to_python"]


@dataclass(frozen=True, slots=True)
class Language:
    """One way to write an account down.

    Attributes
    ----------
    title : str
        Its name.
    what : str
        What the text is good for, as a sentence.
    write : callable
        The text of an account.
    read : callable, optional
        The account of a text, where it can be read back.
    """

    title: str
    what: str
    write: Callable[[Account], str]
    read: Callable[[str], Account] | None = None


def to_python(account: Account) -> str:
    """Python that binds an equal account to ``account``."""
    return account.to_code(name="account")


def to_json(account: Account) -> str:
    """The account as the API writes its parts, as one JSON object: what `Account.load` reads."""
    return sendable(json.dumps(account.to_api(), indent=2, ensure_ascii=False) + "\n")


def from_json(text: str) -> Account:
    """The account in a JSON text.

    Raises
    ------
    InputError
        When the text is no JSON.
    ValidationError
        When it has unknown, missing or wrong members; all of them are listed.
    """
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InputError(f"the text is not JSON: {where}: {error.msg}") from error
    except RecursionError as error:
        raise InputError("the text is nested too deeply") from error
    return Account.from_api(data)


# What "Show code" offers, in this order. CloudFormation and Terraform have their place behind these.
LANGUAGES: list[Language] = [
    Language("Python", "Run it in a cell: `account` is then equal to what is on screen.", to_python),
    Language("API JSON", "What Account.load reads; change it here and press Use this JSON.", to_json, from_json),
    Language("boto3 calls", "A script that makes all of it in an AWS account, in an order that works.", to_boto3),
]


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
            options=[(one.title, at) for at, one in enumerate(LANGUAGES)], description="Code as",
            style={"description_width": "initial"}, layout=W.Layout(width="auto"),
        )  # fmt: skip
        self.language.observe(self.guard(self._on_language), "value")
        self.note = html()
        self.text = W.Textarea(
            description="Code", rows=18, layout=W.Layout(width="auto"), tooltip="Select all and copy",
            continuous_update=False,
        )  # fmt: skip
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
        self.note.value = f'<span class="ses-hint">{escape(language.what)}</span>'

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
