"""Identities: the domains whose mail the account receives, and the addresses it may send bounces from."""

from __future__ import annotations

import ipywidgets as W

from sesreceive.account.account import Account
from sesreceive.account.identities import Identity
from sesreceive.account.member import Member
from sesreceive.receiver import Receiver
from sesreceive.ui.bench import Bench
from sesreceive.ui.fields import Form, problems_at
from sesreceive.ui.kit import bench_of, caption
from sesreceive.ui.list_editor import ListEditor
from sesreceive.ui.listing import Listing

__all__ = ["IdentityEditor"]


class IdentityEditor(ListEditor):
    """The identities of an account, and the account's id and region.

    Parameters
    ----------
    receiver : Receiver or Bench
        Whose account is edited.
    """

    noun, member = "identity", "identities"

    def __init__(self, receiver: Receiver | Bench) -> None:
        self.list = Listing(
            self,
            "identity",
            self.on_choice,
            rows=4,
            buttons=(("Add identity", self.add), ("Delete identity", self.delete)),
        )
        self.form = Form(
            self, Identity, self.on_field, labels={"name": "Domain or address"}, never_empty=("verification_token",)
        )
        self.account_form = Form(self, Account, self._on_account_field, only=("region", "account_id"))
        note = caption(
            "Mail is received for verified domains and what is under them; an address may only send bounces."
        )
        left = W.VBox([self.list, note], layout=W.Layout(flex="1 1 380px", min_width="0"))
        right = W.VBox([self.form, self.account_form], layout=W.Layout(flex="1 1 430px", min_width="0"))
        contents = [W.HBox([left, right], layout=W.Layout(flex_flow="row wrap"))]
        super().__init__(bench_of(receiver), contents, title="Identities")
        self.show()

    @property
    def identity(self) -> Identity | None:
        """The identity on screen."""
        return self.chosen

    def line(self, item: Identity) -> str:
        """Its name, what it is and whether it is verified."""
        return f"{item.name}  ({'domain' if item.is_domain else 'address'}, {item.verification_status})"

    def show(self) -> None:
        """Put the identities and the account's own members on screen."""
        super().show()
        self.account_form.show(self.bench.account, problems_at(self.bench.problems, ""))

    def _on_account_field(self, account: Account, item: Member) -> str:
        what = f"changed the {item.name.replace('_', ' ')} of the account"
        self.bench.edit(account, what, typing=item.name)
        return what

    def add(self) -> str:
        """Add a verified domain."""
        taken = {one.name for one in self.items}
        names = (f"{name}example.com" for name in ("", *(f"site{number}." for number in range(1, len(taken) + 2))))
        name = next(name for name in names if name not in taken)
        self.edit((*self.items, Identity(name=name)), f"added the identity {name}", len(self.items))
        return f"added the identity {name}"
