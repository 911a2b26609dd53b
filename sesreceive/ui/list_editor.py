"""What the editors of a list of values of the account have in common: which one is on screen, and its edits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as W

from sesreceive import signs
from sesreceive.account import edits
from sesreceive.account.account import Account
from sesreceive.account.display import body
from sesreceive.account.member import Member
from sesreceive.ui.bench import Bench
from sesreceive.ui.fields import Form, problems_at
from sesreceive.ui.kit import Part
from sesreceive.ui.listing import Listing

__all__ = ["ListEditor"]


class ListEditor(Part):
    """A list beside the form of the one that is chosen. A subclass says whose list it is, and how a line reads.

    Attributes
    ----------
    noun : str
        What is edited, as the status line calls it.
    member : str
        The member of the account that holds the list.
    list, form : Listing and Form
        Made by the subclass before ``super().__init__`` is called.
    at : int
        Position of the one on screen.
    """

    noun: str
    member: str
    list: Listing
    form: Form

    def __init__(self, bench: Bench, contents: Sequence[W.Widget], *, title: str) -> None:
        self.bench = bench
        self.at = 0
        self._own = False
        super().__init__(bench, [*contents], title=title)
        bench.observe(self._on_account, "account")

    def line(self, item: Any) -> str:
        """One of them as a line of the list."""
        raise NotImplementedError

    @property
    def items(self) -> tuple[Any, ...]:
        """What the account has of them."""
        return tuple(getattr(self.bench.account, self.member))

    @property
    def chosen(self) -> Any | None:
        """The one on screen."""
        items = self.items
        return items[self.at] if 0 <= self.at < len(items) else None

    # ------------------------------------------------------------------ showing

    def _on_account(self, change: dict[str, Any]) -> None:
        old, new = (getattr(change[when], self.member) for when in ("old", "new"))
        if not self._own and old != new:
            self.at = next((at for at, one in enumerate(new) if at >= len(old) or one != old[at]), self.at)
        self.show()

    def show(self) -> None:
        """Put the list and the one that is chosen on screen."""
        items, problems = self.items, self.bench.problems
        self.at = max(0, min(self.at, len(items) - 1))
        wrong = [any(one.path.startswith(f"{self.member}[{at}]") for one in problems) for at in range(len(items))]
        self.list.show(
            [f"{f'{signs.NO} ' * bad}{self.line(item)}" for item, bad in zip(items, wrong, strict=True)], self.at
        )
        chosen = self.chosen
        self.form.layout.display = None if chosen else "none"
        if chosen:
            self.form.show(chosen, problems_at(problems, f"{self.member}[{self.at}]"))

    # ------------------------------------------------------------------ editing

    def edit(self, items: Sequence[Any], what: str, at: int, typing: str = "") -> None:
        """Put these in the account, and the one at that position on screen."""
        self._own, self.at = True, at
        try:
            self.bench.edit(self.bench.account.replace(**{self.member: tuple(items)}), what, typing=typing)
        finally:
            self._own = False

    def on_choice(self, at: int) -> str | None:
        """Show another one."""
        self.bench.settle()
        self.at = at
        self.show()
        return f"{self.noun} {self.chosen.name}" if self.chosen else None

    def on_field(self, new: Any, item: Member) -> str:
        """Take over what was typed in the form."""
        what = f"changed the {item.name.replace('_', ' ')} of the {self.noun}"
        self.edit(edits.replaced(self.items, self.at, new), what, self.at, f"{self.member}[{self.at}].{item.name}")
        return what

    def delete(self) -> str:
        """Delete the one on screen."""
        if self.chosen is None:
            return f"no {self.noun} to delete"
        what = f"deleted the {self.noun} {self.chosen.name}"
        self.edit(edits.removed(self.items, self.at), what, max(0, self.at - 1))
        return f"{what}; Undo brings it back"

    def snapshot(self) -> str:
        """The list as a table."""
        return body(Account().replace(**{self.member: self.items}))
