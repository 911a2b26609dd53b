"""An address to try: which rules match it, and what SES would answer, while the rules are edited."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

import ipywidgets as W

from sesreceive import signs
from sesreceive._html import code, prose, ticked
from sesreceive.account.account import Account
from sesreceive.account.rule_set import ReceiptRuleSet
from sesreceive.stages import filtering, recipients
from sesreceive.stages.recipients import RecipientDecision
from sesreceive.ui.kit import Part, html
from sesreceive.wording import expected

__all__ = ["TryOut"]

# Where the mail comes from at first: of documentation space (RFC 5737) the address that is let in.
_CLIENTS = ("198.51.100.7", "192.0.2.7", "203.0.113.7")


class TryOut(W.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Boxes for a recipient, the sender's IP address and TLS, and the answer below.

    Parameters
    ----------
    part : Part
        Whose piece it is.
    changed : callable
        Is called when something else is tried.
    """

    def __init__(self, part: Part, changed: Callable[[], None]) -> None:
        self.part = part
        account = part.bench.account
        self.box = W.Text(
            value=_first_address(account),
            description="Try an address",
            placeholder="such as ana@example.com",
            tooltip="See which rules and conditions match it",
            style={"description_width": "initial"},
            layout=W.Layout(width="auto"),
        )
        self.ip_box = W.Text(
            value=_first_client(account),
            description="from IP address",
            style={"description_width": "initial"},
            layout=W.Layout(width="230px"),
        )
        self.tls = W.Checkbox(description="over TLS", value=True, indent=False, layout=W.Layout(width="auto"))
        self.outcome = html()
        how = W.HBox([self.ip_box, self.tls], layout=W.Layout(flex_flow="row wrap", align_items="center"))
        super().__init__([self.box, how, self.outcome])
        for box in (self.box, self.ip_box, self.tls):
            box.observe(part.guard(changed), "value")

    @property
    def address(self) -> str:
        """The recipient that is tried; empty when none is."""
        return str(self.box.value).strip()

    @property
    def client_ip(self) -> str:
        """Where it comes from; empty while what is typed is no IP address yet."""
        try:
            return str(ipaddress.ip_address(self.ip_box.value.strip()))
        except ValueError:
            return ""

    def decide(self, rule_set: ReceiptRuleSet) -> RecipientDecision | None:
        """What SES would answer, were that rule set the active one, and show it; None when nothing is tried."""
        if not self.address:
            self.outcome.value = (
                f'<span class="ses-hint">Type an address to see which rules match it ({signs.BACK} in the list).</span>'
            )
            return None
        if not self.client_ip:
            wrong = prose(expected("an IPv4 or IPv6 address", self.ip_box.value))
            self.outcome.value = f'<span class="ses-bad">{signs.NO} {wrong}</span>'
            return None
        # Only this set, since two may have the same name while one is typed.
        account = self.part.bench.account.replace(rule_sets=(rule_set,), active=rule_set.name)
        receiver = self.part.bench.receiver
        let_in = filtering.decide(
            account.filters, self.client_ip, receiver.provider_lists, receiver.assumptions, resolver=receiver.resolver
        )
        decision = recipients.decide(
            account, self.address, let_in, tls=self.tls.value, assumptions=receiver.assumptions
        )
        state = ticked(decision.accepted, "accepted" if decision.accepted else "refused")
        self.outcome.value = (
            f"{state} with {code(decision.reply)}<br>because {prose(decision.reason)}"
            f'<br><span class="ses-hint">as if {code(rule_set.name)} were active, from {code(self.client_ip)}</span>'
        )
        return decision


def _first_address(account: Account) -> str:
    """An address to try first: of the first rule that is for one, else in the first domain."""
    active = account.active_rule_set
    named = [one for rule in (active.rules if active else ()) for one in rule.recipients if "@" in one]
    domains = [f"ana@{one.name}" for one in account.identities if one.is_domain and one.is_verified]
    return next(iter([*named, *domains]), "")


def _first_client(account: Account) -> str:
    """An IP address that the filters let in, where one of `_CLIENTS` is."""
    return next((one for one in _CLIENTS if filtering.decide(account.filters, one).accepted), _CLIENTS[0])
