"""A form for any configuration value, made from the metadata of its class: one control a member.

Nothing here knows a class by name. What a member holds decides its control (`CONTROLS`), its metadata the words
beside it, and the validator says what is wrong with it while it is typed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import MISSING, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import ipywidgets as W

from sesreceive._html import escape
from sesreceive.account.account import Account
from sesreceive.account.member import Kind, Member, members
from sesreceive.account.value import Unfit, Value, tidy
from sesreceive.arn import Arn
from sesreceive.errors import Problem
from sesreceive.ui.kit import Part, classed, html, problem_html
from sesreceive.ui.whereabouts import label_text
from sesreceive.wording import sendable

__all__ = ["CONTROLS", "Control", "Form", "blank", "label_of", "problems_at"]

LABEL_WIDTH = "150px"


def label_of(item: Member) -> str:
    """What a member is called on screen.

    Examples
    --------
    >>> import sesreceive as ses
    >>> [label_of(item) for item in members(ses.S3Action)][:3]
    ['Bucket name', 'Object key prefix', 'KMS key ARN']
    """
    return label_text(item.name)


def blank(cls: type[Value], account: Account, **given: Any) -> Any:
    """A new value to start from: required members say what their metadata has for an example.

    ARNs lie in the account and its region, and addresses under its first verified domain, so that the value is one
    SES would take.

    Examples
    --------
    >>> import sesreceive as ses
    >>> account = ses.Account(identities=["example.net"], region="eu-west-1")
    >>> blank(ses.SNSAction, account).topic_arn
    'arn:aws:sns:eu-west-1:111122223333:mail'
    >>> blank(ses.BounceAction, account).sender
    'postmaster@example.net'
    """
    for item in members(cls):
        if item.default is MISSING and item.name not in given:
            given[item.name] = _BLANK[item.kind](item, account)
    return cls(**given)


def _example(item: Member, account: Account) -> str:
    text = item.example
    if arn := Arn.parse(text):
        region, owner = arn.region and account.region, arn.account_id and account.account_id
        return str(arn._replace(region=region, account_id=owner))
    domain = next((one.name for one in account.identities if one.is_domain and one.is_verified), "")
    return f"{text.partition('@')[0]}@{domain}" if item.identity and domain else text


_BLANK: Mapping[Kind, Callable[[Member, Account], Any]] = {
    Kind.TEXT: _example,
    Kind.FLAG: lambda item, account: False,
    Kind.CHOICE: lambda item, account: next(iter(item.enum or ())),
    Kind.TEXTS: lambda item, account: (),
    Kind.TIMESTAMP: lambda item, account: datetime(2026, 1, 1, tzinfo=UTC),
    Kind.VALUES: lambda item, account: (),
    Kind.ACTIONS: lambda item, account: (),
    Kind.IDENTITIES: lambda item, account: (),
}


def problems_at(problems: Iterable[Problem], path: str) -> dict[str, list[str]]:
    """The problems of the value at `path` by member, in the words of the validator; those of itself under ``""``.

    Examples
    --------
    >>> found = problems_at([Problem("rules[1].recipients[0]", "expected an address")], "rules[1]")
    >>> dict(found)
    {'recipients': ['expected an address']}
    """
    found: dict[str, list[str]] = defaultdict(list)
    for problem in problems:
        if problem.path == path:
            found[""].append(problem.message)
        elif problem.path.startswith(f"{path}.") or not path:
            rest = problem.path[len(path) + 1 if path else 0 :]
            if name := re.match(r"\w+", rest):
                found[name[0]].append(problem.message)
    return found


# ---------------------------------------------------------------- controls


@dataclass(frozen=True, slots=True)
class Control:
    """What stands on screen for one member.

    Attributes
    ----------
    widget : Widget
        What is shown.
    inputs : tuple of Widget
        The widgets whose ``value`` the reader changes.
    read : callable
        Gives what the member is to hold; raises `Unfit` where it cannot be read.
    write : callable
        Puts what the member holds on screen.
    """

    widget: W.Widget
    inputs: tuple[W.Widget, ...]
    read: Callable[[], Any]
    write: Callable[[Any], None]


def _options(item: Member, label: str) -> dict[str, Any]:
    return {
        "description": label,
        "tooltip": item.doc,
        "style": {"description_width": LABEL_WIDTH},
        "layout": W.Layout(width="auto"),
    }


def _text_control(item: Member, label: str) -> Control:
    box = W.Text(placeholder=item.example and f"such as {item.example}", **_options(item, label))
    if not item.optional:
        return Control(box, (box,), lambda: box.value, lambda given: setattr(box, "value", sendable(given)))
    if not _may_be_empty(item):
        return Control(
            box, (box,), lambda: box.value or None, lambda given: setattr(box, "value", sendable(given or ""))
        )
    empty = W.Checkbox(
        description=f"{label} is set, to the empty text",
        style={"description_width": LABEL_WIDTH},
        layout=W.Layout(width="auto"),
    )

    def write(given: str | None) -> None:
        box.value, empty.value = sendable(given or ""), given == ""

    return Control(W.VBox([box, empty]), (box, empty), lambda: box.value or ("" if empty.value else None), write)


def _may_be_empty(item: Member) -> bool:
    """Whether the empty text says something else than "not set"."""
    return not item.min and (item.pattern is None or re.fullmatch(item.pattern, "") is not None)


def _flag_control(item: Member, label: str) -> Control:
    box = W.Checkbox(**_options(item, label))
    return Control(box, (box,), lambda: box.value, lambda given: setattr(box, "value", given))


def _choice_control(item: Member, label: str) -> Control:
    words: list[tuple[str, Any]] = [(str(word), word) for word in item.enum or ()]
    if item.optional:
        words.insert(0, ("not set", None))
    box = W.Dropdown(options=words, **_options(item, label))
    return Control(box, (box,), lambda: box.value, lambda given: setattr(box, "value", given))


def _texts_control(item: Member, label: str) -> Control:
    box = W.Textarea(
        placeholder=f"one a line{item.example and ', such as '}{item.example}",
        rows=3,
        **_options(item, f"{label}, one a line"),
    )
    return Control(
        box,
        (box,),
        lambda: tuple(line.strip() for line in box.value.splitlines() if line.strip()),
        lambda given: setattr(box, "value", sendable("\n".join(given))),
    )


def _timestamp_control(item: Member, label: str) -> Control:
    box = W.Text(placeholder="such as 2026-01-02T10:05:05Z", **_options(item, label))

    def read() -> datetime | None:
        return None if not box.value and item.optional else tidy(item, box.value)

    return Control(box, (box,), read, lambda given: setattr(box, "value", given.isoformat() if given else ""))


def _closed_control(item: Member, label: str) -> Control:
    """A list of values inside a value: shown, and edited in code."""
    held: list[Any] = [()]
    shown = html()

    def write(given: Any) -> None:
        held[0] = given
        shown.value = f"{escape(label)}: {escape(given)} <span class='ses-hint'>(edit it in code)</span>"

    return Control(shown, (), lambda: held[0], write)


CONTROLS: Mapping[Kind, Callable[[Member, str], Control]] = {
    Kind.TEXT: _text_control,
    Kind.FLAG: _flag_control,
    Kind.CHOICE: _choice_control,
    Kind.TEXTS: _texts_control,
    Kind.TIMESTAMP: _timestamp_control,
    Kind.VALUES: _closed_control,
    Kind.ACTIONS: _closed_control,
    Kind.IDENTITIES: _closed_control,
}


# ---------------------------------------------------------------- forms


class Form(W.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Controls for the members of a value, each with what is wrong with it, or what it says, in a line below.

    Parameters
    ----------
    part : Part
        Whose form it is; it shows the errors of `edited`.
    cls : type
        Class of the value.
    edited : callable
        Is given the new value and the member that was changed; what it returns is told in the status line.
    only : collection of str, optional
        Names of the members to show; all by default.
    labels : mapping, optional
        What members are called, where `label_of` would not do.
    never_empty : collection of str
        Names of optional texts that may be not set, but not empty, though the API's model does not say so.
    """

    def __init__(
        self,
        part: Part,
        cls: type[Value],
        edited: Callable[[Any, Member], str | None],
        *,
        only: Collection[str] | None = None,
        labels: Mapping[str, str] | None = None,
        never_empty: Collection[str] = (),
    ) -> None:
        self.cls = cls
        self.value: Any = None
        self._edited = edited
        self._showing = False
        self._items = [
            replace(item, min=item.min or int(item.name in never_empty))
            for item in members(cls)
            if only is None or item.name in only
        ]
        self.labels = {item.name: (labels or {}).get(item.name, label_of(item)) for item in self._items}
        self.controls = {item.name: CONTROLS[item.kind](item, self.labels[item.name]) for item in self._items}
        self.notes = {item.name: html() for item in self._items}
        self._unfit: dict[str, str] = {}
        self._found: Mapping[str, Collection[str]] = {}
        for item in self._items:
            for box in self.controls[item.name].inputs:
                box.observe(part.guard(self._on_input(item)), "value")
        rows = []
        for item in self._items:
            if item.kind is not Kind.FLAG:
                self.notes[item.name].layout.margin = f"-2px 0 3px calc({LABEL_WIDTH} + 10px)"
            row = [self.controls[item.name].widget, self.notes[item.name]]
            # What is ticked leaves room for its words beside it.
            rows += [classed(W.HBox(row), "ses-flag")] if item.kind is Kind.FLAG else row
        super().__init__(rows)

    def show(self, value: Any, found: Mapping[str, Collection[str]]) -> None:
        """Put a value on screen, and its problems by member; what is typed right now is left alone.

        The browser's messages come in several threads: what the reader typed may be in a control already and wait for
        its turn to be read. So a member that is as it was shown last is not written again.
        """
        self._showing = True
        try:
            for item in self._items:
                given = getattr(value, item.name)
                if self.value is not None and getattr(self.value, item.name) == given:
                    continue
                self._unfit.pop(item.name, None)
                # Lines and times that say the same in other words are not rewritten under the cursor.
                if item.kind not in (Kind.TEXTS, Kind.TIMESTAMP) or not self._holds(item, given):
                    self.controls[item.name].write(given)
        finally:
            self._showing = False
        self.value, self._found = value, found
        self._tell()

    def _holds(self, item: Member, given: Any) -> bool:
        try:
            return bool(self.controls[item.name].read() == given)
        except Unfit:
            return False

    def _tell(self) -> None:
        """Below each control: what is wrong, or else what it says."""
        for item in self._items:
            wrong = [self._unfit[item.name]] if item.name in self._unfit else self._found.get(item.name, ())
            if wrong:
                text = "<br>".join(problem_html(one) for one in wrong)
            else:
                text = f'<span class="ses-hint">{escape(item.doc)}</span>'
            self.notes[item.name].value = text

    def _on_input(self, item: Member) -> Callable[[], str | None]:
        def on_input() -> str | None:
            if self._showing or self.value is None:
                return None
            try:
                given = self.controls[item.name].read()
                value = self.value.replace(**{item.name: given})
            except Unfit as error:
                self._unfit[item.name] = str(error)
                self._tell()
                return None
            self._unfit.pop(item.name, None)
            self._tell()
            return None if value == self.value else self._edited(value, item)

        return on_input
