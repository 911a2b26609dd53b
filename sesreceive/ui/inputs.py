"""The controls of the parts that send mail: labelled, and with what is wrong in a line below while one types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import ipywidgets as W

from sesreceive._html import prose
from sesreceive.errors import SesReceiveError
from sesreceive.ui.kit import Part, classed, html, problem_html

__all__ = ["LABEL_WIDTH", "Checked", "choice", "several", "tick"]

LABEL_WIDTH = "150px"

_STYLE = {"description_width": LABEL_WIDTH}


def choice(label: str, options: Iterable[Any], *, hint: str = "", narrow: bool = False) -> W.Dropdown:
    """A list to choose one from; a narrow one stands beside others."""
    made = W.Dropdown(
        options=list(options),
        description=label,
        tooltip=hint or label,
        style={"description_width": "initial"} if narrow else _STYLE,
        layout=W.Layout(width="auto", min_width="0", margin="2px 12px 2px 2px" if narrow else None),
    )
    return classed(made, "ses-half") if narrow else made


def tick(label: str, *, value: bool = False, hint: str = "") -> W.Checkbox:
    """A box to tick."""
    return W.Checkbox(
        value=value,
        description=label,
        tooltip=hint or label,
        indent=False,
        layout=W.Layout(width="auto", margin="2px 12px 2px 2px"),
    )


def several(text: str) -> tuple[str, ...]:
    r"""The entries of a text: one a line, or separated by commas; empty ones do not count.

    Examples
    --------
    >>> several("ana@example.org, bo@example.com\n\ncy@example.net")
    ('ana@example.org', 'bo@example.com', 'cy@example.net')
    """
    return tuple(one.strip() for line in text.split("\n") for one in line.split(",") if one.strip())


class Checked(W.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A box for text, and below it what is wrong with the text, or a hint.

    Parameters
    ----------
    part : Part
        Whose box it is; it shows the errors of `changed`.
    label : str
        What it is called.
    check : callable, optional
        Is given the text; what it raises is what is wrong.
    changed : callable, optional
        Is given the text when it was changed by the reader; what it returns is told.
    rows : int
        Lines of the box; 0 for a box of one line.
    """

    def __init__(
        self,
        part: Part,
        label: str,
        value: str = "",
        *,
        check: Callable[[str], object] | None = None,
        changed: Callable[[str], str | None] | None = None,
        rows: int = 0,
        placeholder: str = "",
        hint: str = "",
        above: bool = False,
    ) -> None:
        self._check, self._changed = check, changed
        self._hint = hint
        self._showing = False
        options: dict[str, Any] = {
            "value": value,
            "description": label,
            "placeholder": placeholder,
            "tooltip": hint or label,
            "style": {"description_width": "initial"} if above else _STYLE,
            "layout": W.Layout(width="auto"),
        }
        self.box = W.Textarea(rows=rows, **options) if rows else W.Text(**options)
        if above:
            self.box.add_class("ses-stacked")
        self.note = html(layout=W.Layout(margin="-2px 0 3px " + ("2px" if above else f"calc({LABEL_WIDTH} + 10px)")))
        super().__init__([self.box, self.note])
        self.box.observe(part.guard(self._on_input), "value")
        self._tell()

    @property
    def value(self) -> str:
        """The text."""
        return str(self.box.value)

    @value.setter
    def value(self, text: str) -> None:
        """Put a text on screen; nobody is told."""
        self._showing = True
        try:
            if self.box.value != text:
                self.box.value = text
        finally:
            self._showing = False
        self._tell()

    @property
    def problem(self) -> str:
        """What is wrong with the text; empty when nothing is."""
        if self._check is not None:
            try:
                self._check(self.value)
            except (SesReceiveError, ValueError) as error:
                return re.sub(r"^(envelope \w+|message \w+): ", "", str(error))  # the field stands before it
        return ""

    def _tell(self) -> None:
        problem = self.problem
        hint = f'<span class="ses-hint">{prose(self._hint)}</span>' if self._hint else ""
        text = problem_html(problem) if problem else hint
        if self.note.value != text:
            self.note.value = text
        self.note.layout.display = None if text else "none"

    def _on_input(self) -> str | None:
        if self._showing:
            return None
        self._tell()
        return self._changed(self.value) if self._changed is not None else None
