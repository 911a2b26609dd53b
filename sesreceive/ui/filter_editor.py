"""IP address filters: who may not send to the account, who may in any case, and the documented recipes."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import ipywidgets as W

from sesreceive._html import code, escape, prose, ticked
from sesreceive.account import edits
from sesreceive.account.filters import Policy, ReceiptFilter
from sesreceive.errors import Problem, ValidationError
from sesreceive.receiver import Receiver
from sesreceive.stages import filtering
from sesreceive.ui.bench import Bench
from sesreceive.ui.fields import Form
from sesreceive.ui.kit import bench_of, button, html, problem_html
from sesreceive.ui.list_editor import ListEditor
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


class FilterEditor(ListEditor):
    """The IP address filters of an account; their order has no meaning.

    Parameters
    ----------
    receiver : Receiver or Bench
        Whose account is edited.
    """

    noun, member = "filter", "filters"

    def __init__(self, receiver: Receiver | Bench) -> None:
        self.list = Listing(
            self,
            "filter",
            self.on_choice,
            rows=5,
            buttons=(
                ("Add block", lambda: self.add(Policy.BLOCK)),
                ("Add allow", lambda: self.add(Policy.ALLOW)),
                ("Delete filter", self.delete),
            ),
        )
        self.form = Form(self, ReceiptFilter, self.on_field, labels={"name": "Filter name", "cidr": "Address or range"})
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
        contents = [W.HBox([left, right], layout=W.Layout(flex_flow="row wrap"))]
        super().__init__(bench_of(receiver), contents, title="IP filters")
        self._tell_recipe()
        self.show()

    @property
    def filter(self) -> ReceiptFilter | None:
        """The filter on screen."""
        return self.chosen

    def line(self, item: ReceiptFilter) -> str:
        """What it does with whom, and its name."""
        return f"{item.policy:<5} {item.cidr}  {item.name}"

    def show(self) -> None:
        """Put the filters on screen, and what becomes of the address that is tried."""
        super().show()
        self._tell_outcome()

    def _tell_recipe(self) -> None:
        recipe = RECIPES[self.recipe.value]
        self.recipe_note.value = (
            f'<span class="ses-hint">{escape(recipe.what)} Name {escape(recipe.asks)}. [{escape(recipe.source)}]</span>'
        )

    def _tell_outcome(self) -> None:
        self.outcome.value = outcome(self.bench, self.tried.value.strip())

    # ------------------------------------------------------------------ editing

    def add(self, policy: Policy) -> str:
        """Add a filter that says what the form asks for."""
        names = tuple(one.name for one in self.items)
        return self._add(_named(policy, policy.value.lower(), ("192.0.2.0/24",), names))

    def use_recipe(self) -> str:
        """Add the filters of the recipe that is chosen; the addresses stand between commas or blanks."""
        names = [one.name for one in self.items]
        given = [one for one in re.split(r"[\s,;]+", self.addresses.value) if one]
        return self._add(RECIPES[self.recipe.value].filters(given, names))

    def _add(self, made: tuple[ReceiptFilter, ...]) -> str:
        what = f"added {count(len(made), 'filter')}: {', '.join(one.name for one in made)}"
        self.edit((*self.items, *made), what, len(self.items))
        return what


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
