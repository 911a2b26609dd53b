"""Identities: the domains whose mail the account receives, and the addresses it may send bounces from."""

from __future__ import annotations

from typing import Any

import ipywidgets as W

from sesreceive.account import edits
from sesreceive.account.account import Account
from sesreceive.account.identities import Identity
from sesreceive.account.member import Member
from sesreceive.receiver import Receiver
from sesreceive.ui.bench import Bench
from sesreceive.ui.fields import Form, problems_at
from sesreceive.ui.kit import Part, bench_of, caption
from sesreceive.ui.listing import Listing

__all__ = ["IdentityEditor"]


class IdentityEditor(Part):
    """The identities of an account, and the account's id and region.

    Parameters
    ----------
    receiver : Receiver or Bench
        Whose account is edited.
    """

    def __init__(self, receiver: Receiver | Bench) -> None:
        bench = bench_of(receiver)
        self.bench = bench
        self.at = 0
        self._own = False
        self.list = Listing(
            self,
            "identity",
            self._on_choice,
            rows=4,
            buttons=(("Add identity", self.add), ("Delete identity", self.delete)),
        )
        self.form = Form(
            self, Identity, self._on_field, labels={"name": "Domain or address"}, never_empty=("verification_token",)
        )
        self.account_form = Form(self, Account, self._on_account_field, only=("region", "account_id"))
        note = caption(
            "Mail is received for verified domains and what is under them; an address may only send bounces."
        )
        left = W.VBox([self.list, note], layout=W.Layout(flex="1 1 380px", min_width="0"))
        right = W.VBox([self.form, self.account_form], layout=W.Layout(flex="1 1 430px", min_width="0"))
        contents = [W.HBox([left, right], layout=W.Layout(flex_flow="row wrap"))]
        super().__init__(bench, contents, title="Identities")
        bench.observe(self._on_account, "account")
        self._show()

    @property
    def identity(self) -> Identity | None:
        """The identity on screen."""
        identities = self.bench.account.identities
        return identities[self.at] if 0 <= self.at < len(identities) else None

    # ------------------------------------------------------------------ showing

    def _on_account(self, change: dict[str, Any]) -> None:
        old, new = change["old"].identities, change["new"].identities
        if not self._own and old != new:
            self.at = next((at for at, one in enumerate(new) if at >= len(old) or one != old[at]), self.at)
        self._show()

    def _show(self) -> None:
        account, problems = self.bench.account, self.bench.problems
        self.at = max(0, min(self.at, len(account.identities) - 1))
        lines = []
        for at, one in enumerate(account.identities):
            wrong = any(problem.path.startswith(f"identities[{at}]") for problem in problems)
            kind = "domain" if one.is_domain else "address"
            lines.append(f"{'✗ ' if wrong else ''}{one.name}  ({kind}, {one.verification_status})")
        self.list.show(lines, self.at)
        self.form.layout.display = None if self.identity else "none"
        if self.identity:
            self.form.show(self.identity, problems_at(problems, f"identities[{self.at}]"))
        self.account_form.show(account, problems_at(problems, ""))

    # ------------------------------------------------------------------ editing

    def _edit(self, identities: tuple[Identity, ...], what: str, at: int, typing: str = "") -> None:
        self._own, self.at = True, at
        try:
            self.bench.edit(self.bench.account.replace(identities=identities), what, typing=typing)
        finally:
            self._own = False

    def _on_choice(self, at: int) -> str | None:
        self.bench.settle()
        self.at = at
        self._show()
        return f"identity {self.identity.name}" if self.identity else None

    def _on_field(self, new: Identity, item: Member) -> str:
        what = f"changed {item.name.replace('_', ' ')} of an identity"
        changed = edits.replaced(self.bench.account.identities, self.at, new)
        self._edit(changed, what, self.at, f"identities[{self.at}].{item.name}")
        return what

    def _on_account_field(self, account: Account, item: Member) -> str:
        what = f"changed the {item.name.replace('_', ' ')} of the account"
        self.bench.edit(account, what, typing=item.name)
        return what

    def add(self) -> str:
        """Add a verified domain."""
        identities = self.bench.account.identities
        taken = {one.name for one in identities}
        names = (f"{name}example.com" for name in ("", *(f"site{number}." for number in range(1, len(taken) + 2))))
        name = next(name for name in names if name not in taken)
        self._edit((*identities, Identity(name=name)), f"added the identity {name}", len(identities))
        return f"added the identity {name}"

    def delete(self) -> str:
        """Delete the identity on screen."""
        if self.identity is None:
            return "no identity to delete"
        what = f"deleted the identity {self.identity.name}"
        self._edit(edits.removed(self.bench.account.identities, self.at), what, max(0, self.at - 1))
        return f"{what}; Undo brings it back"

    def snapshot(self) -> str:
        """The identities as a table."""
        from sesreceive.account.display import body

        return body(Account(identities=self.bench.account.identities))
