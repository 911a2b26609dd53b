"""IP address filters: who may not send to the account, who may in any case, and the documented recipes."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import ipywidgets as W

from sesreceive._html import code, escape, prose, ticked
from sesreceive.account import edits
from sesreceive.account.account import Account
from sesreceive.account.filters import Policy, ReceiptFilter
from sesreceive.account.member import Member
from sesreceive.errors import Problem, ValidationError
from sesreceive.receiver import Receiver
from sesreceive.stages import filtering
from sesreceive.ui.bench import Bench
from sesreceive.ui.fields import Form, problems_at
from sesreceive.ui.kit import Part, bench_of, button, html, problem_html
from sesreceive.ui.listing import Listing
from sesreceive.wording import count, expected

__all__ = ["RECIPES", "FilterEditor", "Recipe"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Filters for a purpose.

    Attributes
    ----------
    title : str
        The purpose.
    what : str
        What the filters do, as a sentence.
    source : str
        Who says so.
    asks : str
        What the addresses are that it is given.
    make : callable
        The filters, of the addresses and the names that are taken.
    """

    title: str
    what: str
    source: str
    asks: str
    make: Callable[[tuple[str, ...], tuple[str, ...]], tuple[ReceiptFilter, ...]]

    def filters(self, addresses: Iterable[str], taken: Iterable[str] = ()) -> tuple[ReceiptFilter, ...]:
        """The filters of the recipe, with names that are not taken.

        Raises
        ------
        ValidationError
            When an address is none SES takes; all of them are listed.
        """
        given = tuple(addresses)
        if not given:
            raise ValidationError(Problem("addresses", f"expected {self.asks} but got none", self.source))
        made = self.make(given, tuple(taken))
        if problems := [problem for one in made for problem in one.problems()]:
            raise ValidationError(*problems)
        return made


def _named(policy: Policy, base: str, addresses: tuple[str, ...], taken: tuple[str, ...]) -> tuple[ReceiptFilter, ...]:
    made: list[ReceiptFilter] = []
    for address in addresses:
        name = edits.free_name(base, [*taken, *(one.name for one in made)])
        made.append(ReceiptFilter(name=name, policy=policy, cidr=address))
    return tuple(made)


def _block_all_but(addresses: tuple[str, ...], taken: tuple[str, ...]) -> tuple[ReceiptFilter, ...]:
    everyone = _named(Policy.BLOCK, "block-all", ("0.0.0.0/0",), taken)
    return (*everyone, *_named(Policy.ALLOW, "trusted", addresses, taken))


_CONCEPTS = 'Developer Guide, "Email receiving concepts"'
_FILTERS = 'Developer Guide, "Create IP address filters"'

RECIPES: tuple[Recipe, ...] = (
    Recipe(
        "Block all but trusted addresses",
        "All of IPv4 (0.0.0.0/0) is blocked, and the addresses you name are allowed: Allow wins over Block.",
        _CONCEPTS,
        "the addresses you trust",
        _block_all_but,
    ),
    Recipe(
        "Allow servers in Amazon EC2",
        "SES blocks the address space of EC2 by default; the addresses you name are allowed all the same.",
        _CONCEPTS,
        "the addresses of your servers",
        lambda addresses, taken: _named(Policy.ALLOW, "allow-ec2", addresses, taken),
    ),
    Recipe(
        "Allow senders on a block list",
        "SES blocks addresses on lists such as Spamhaus; those you name are allowed all the same.",
        _CONCEPTS,
        "the addresses to let in",
        lambda addresses, taken: _named(Policy.ALLOW, "allow-listed", addresses, taken),
    ),
    Recipe(
        "Block senders",
        "Mail from the addresses and ranges you name is refused before it is sent.",
        _FILTERS,
        "the addresses to refuse",
        lambda addresses, taken: _named(Policy.BLOCK, "block", addresses, taken),
    ),
)


class FilterEditor(Part):
    """The IP address filters of an account; their order has no meaning.

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
            "filter",
            self._on_choice,
            rows=5,
            buttons=(
                ("Add block", lambda: self.add(Policy.BLOCK)),
                ("Add allow", lambda: self.add(Policy.ALLOW)),
                ("Delete filter", self.delete),
            ),
        )
        self.form = Form(
            self, ReceiptFilter, self._on_field, labels={"name": "Filter name", "cidr": "Address or range"}
        )
        self.recipe = W.Dropdown(
            options=[(one.title, at) for at, one in enumerate(RECIPES)],
            description="Recipe",
            tooltip="Filters for a purpose",
            style={"description_width": "initial"},
            layout=W.Layout(width="auto"),
        )
        self.addresses = W.Text(
            description="Addresses",
            placeholder="such as 192.0.2.10, 198.51.100.0/24",
            style={"description_width": "initial"},
            layout=W.Layout(width="auto", flex="1 1 200px"),
        )
        self.recipe_note = html()
        self.recipe.observe(self.guard(self._tell_recipe), "value")
        use = self.on_click(button("Use recipe", hint="Add the filters of the recipe"), self.use_recipe)
        self.tried = W.Text(
            description="Try an IP address",
            placeholder="such as 203.0.113.9",
            style={"description_width": "initial"},
            layout=W.Layout(width="auto"),
        )
        self.tried.observe(self.guard(self._tell_outcome), "value")
        self.outcome = html()
        left = W.VBox([self.list, self.tried, self.outcome], layout=W.Layout(flex="1 1 380px", min_width="0"))
        recipe = W.HBox([self.recipe, self.addresses, use], layout=W.Layout(flex_flow="row wrap"))
        right = W.VBox([self.form, recipe, self.recipe_note], layout=W.Layout(flex="1 1 430px", min_width="0"))
        super().__init__(bench, [W.HBox([left, right], layout=W.Layout(flex_flow="row wrap"))], title="IP filters")
        bench.observe(self._on_account, "account")
        self._tell_recipe()
        self._show()

    @property
    def filter(self) -> ReceiptFilter | None:
        """The filter on screen."""
        filters = self.bench.account.filters
        return filters[self.at] if 0 <= self.at < len(filters) else None

    # ------------------------------------------------------------------ showing

    def _on_account(self, change: dict[str, Any]) -> None:
        old, new = change["old"].filters, change["new"].filters
        if not self._own and old != new:
            same = (at for at, one in enumerate(new) if at >= len(old) or one != old[at])
            self.at = next(same, self.at)
        self._show()

    def _show(self) -> None:
        account = self.bench.account
        self.at = max(0, min(self.at, len(account.filters) - 1))
        problems = self.bench.problems
        lines = []
        for at, one in enumerate(account.filters):
            wrong = any(problem.path.startswith(f"filters[{at}]") for problem in problems)
            lines.append(f"{'✗ ' if wrong else ''}{one.policy:<5} {one.cidr}  {one.name}")
        self.list.show(lines, self.at)
        self.form.layout.display = None if self.filter else "none"
        if self.filter:
            self.form.show(self.filter, problems_at(problems, f"filters[{self.at}]"))
        self._tell_outcome()

    def _tell_recipe(self) -> None:
        recipe = RECIPES[self.recipe.value]
        self.recipe_note.value = (
            f'<span class="ses-hint">{escape(recipe.what)} Name {escape(recipe.asks)}. [{escape(recipe.source)}]</span>'
        )

    def _tell_outcome(self) -> None:
        self.outcome.value = outcome(self.bench, self.tried.value.strip())

    # ------------------------------------------------------------------ editing

    def _edit(self, account: Account, what: str, at: int, typing: str = "") -> None:
        self._own, self.at = True, at
        try:
            self.bench.edit(account, what, typing=typing)
        finally:
            self._own = False

    def _on_choice(self, at: int) -> str | None:
        self.bench.settle()
        self.at = at
        self._show()
        return f"filter {self.filter.name}" if self.filter else None

    def _on_field(self, new: ReceiptFilter, item: Member) -> str:
        what = f"changed the {item.name} of a filter"
        account = self.bench.account.replace(filters=edits.replaced(self.bench.account.filters, self.at, new))
        self._edit(account, what, self.at, f"filters[{self.at}].{item.name}")
        return what

    def add(self, policy: Policy) -> str:
        """Add a filter that says what the form asks for."""
        names = tuple(one.name for one in self.bench.account.filters)
        return self._add(_named(policy, policy.value.lower(), ("192.0.2.0/24",), names))

    def use_recipe(self) -> str:
        """Add the filters of the recipe that is chosen; the addresses stand between commas or blanks."""
        names = [one.name for one in self.bench.account.filters]
        given = [one for one in re.split(r"[\s,;]+", self.addresses.value) if one]
        return self._add(RECIPES[self.recipe.value].filters(given, names))

    def _add(self, made: tuple[ReceiptFilter, ...]) -> str:
        filters = self.bench.account.filters
        what = f"added {count(len(made), 'filter')}: {', '.join(one.name for one in made)}"
        self._edit(self.bench.account.replace(filters=(*filters, *made)), what, len(filters))
        return what

    def delete(self) -> str:
        """Delete the filter on screen."""
        if self.filter is None:
            return "no filter to delete"
        what = f"deleted the filter {self.filter.name}"
        rest = edits.removed(self.bench.account.filters, self.at)
        self._edit(self.bench.account.replace(filters=rest), what, max(0, self.at - 1))
        return f"{what}; Undo brings it back"

    def snapshot(self) -> str:
        """The filters as a table."""
        from sesreceive.account.display import body

        return body(Account(filters=self.bench.account.filters))


def outcome(bench: Bench, tried: str) -> str:
    """What becomes of mail from an address, and why, as HTML."""
    if not tried:
        return '<span class="ses-hint">Type the address of a sender to see whether its mail is let in.</span>'
    try:
        address = ipaddress.ip_address(tried)
    except ValueError:
        return problem_html(expected("an IPv4 or IPv6 address", tried))
    receiver = bench.receiver
    decision = filtering.decide(
        bench.account.filters, str(address), receiver.provider_lists, receiver.assumptions, resolver=receiver.resolver
    )
    state = ticked(decision.accepted, "let in" if decision.accepted else "refused")
    reply = "" if decision.accepted else f" with {code(decision.reply)}"
    return f"{state}{reply}<br>because {prose(decision.reason)}"
