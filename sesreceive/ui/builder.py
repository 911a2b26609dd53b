"""The rule set builder: everything an account has, edited on screen, undone without limit, and shown as code."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as W
import traitlets

from sesreceive._html import details, escape, prose, ticked
from sesreceive.account.account import Account
from sesreceive.formats.languages import LANGUAGES, Language
from sesreceive.receiver import Receiver
from sesreceive.ui.bench import Bench
from sesreceive.ui.code_view import CodeView
from sesreceive.ui.filter_editor import FilterEditor
from sesreceive.ui.identity_editor import IdentityEditor
from sesreceive.ui.kit import Part, Section, allow, bench_of, button, classed, html
from sesreceive.ui.opening import Opening
from sesreceive.ui.rule_editor import RuleEditor
from sesreceive.ui.saving import Saved, Saving, file_name
from sesreceive.ui.whereabouts import place_words
from sesreceive.wording import count

__all__ = ["RuleSetBuilder"]

_PROBLEMS = 6


class RuleSetBuilder(Part):
    """Build what Amazon SES is told: identities, IP filters, rule sets, rules and their actions.

    Parameters
    ----------
    receiver : Receiver, Bench or Account, optional
        Whose account is edited; an empty one by default.

    Attributes
    ----------
    value : Account
        The account on screen, as it is, problems included; assigning one puts it on screen.

    Examples
    --------
    >>> import sesreceive as ses
    >>> builder = RuleSetBuilder(ses.Account(identities=["example.com"]))
    >>> builder.rules.sets.new(), builder.rules.add_rule()
    ('made the rule set rules and activated it', 'added the rule rule-1 as number 1 of 1')
    >>> builder.value["rules"]["rule-1"]
    <ReceiptRule rule-1: enabled, scanned, all recipients → no action>
    >>> builder.undo()
    'undone: added the rule rule-1'
    """

    value = traitlets.Instance(Account)

    def __init__(self, receiver: Receiver | Bench | Account | None = None) -> None:
        if receiver is None or isinstance(receiver, Account):
            bench = _bench(receiver or Account())
        else:
            bench = bench_of(receiver)
        self.bench = bench  # the pieces below ask for it
        self.rules, self.filters, self.identities = RuleEditor(bench), FilterEditor(bench), IdentityEditor(bench)
        self.code = CodeView(bench, layout=W.Layout(display="none"))
        for part in (self.rules, self.filters, self.identities, self.code):
            part.within(self)
        self.rules.identify, self.rules.unfold = self.identify, self._fold
        self.sections = {
            "identities": Section([self.identities]),
            "filters": Section([self.filters]),
            "rules": Section([self.rules], opened=True),
        }
        self.undo_button = self.on_click(button("Undo", hint="Take the last change back"), self.undo)
        self.redo_button = self.on_click(button("Redo", hint="Make the change again that was undone"), self.redo)
        self.code_button = self.on_click(button("Show code", hint="Show what is on screen as code"), self.toggle_code)
        self.step = classed(html(), "ses-builder-step")
        self.problems = html()
        self.saving = Saving(self, _forms(bench), ["account"])
        self.opening = Opening(self)
        bar = W.HBox(
            [self.undo_button, self.redo_button, self.code_button, self.opening, self.saving, self.step],
            layout=W.Layout(flex_flow="row wrap", align_items="center"),
        )
        super().__init__(
            bench,
            [bar, self.code, classed(W.VBox([*self.sections.values()]), "ses-sections", "ses-grow"), self.problems],
            title="Rule set builder",
            value=bench.account,
        )
        classed(self, "ses-fits", "ses-builder")
        traitlets.link((bench, "account"), (self, "value"))
        bench.observe(lambda _: self._show(), ["account", "can_undo", "can_redo"])
        self._show()

    def _show(self) -> None:
        account = self.bench.account
        verified = sum(one.is_verified for one in account.identities)
        identities = count(len(account.identities), "identity")
        self.sections["identities"].tell(f"Identities: {identities}, {verified} verified")
        self.sections["filters"].tell(f"IP filters: {count(len(account.filters), 'filter')}")
        active = account.active_rule_set
        state = f"{active.name} active with {count(len(active.rules), 'rule')}" if active else "none active"
        self.sections["rules"].tell(f"Rule sets: {count(len(account.rule_sets), 'rule set')}, {state}")
        self.problems.value = _told(account, self.bench)
        allow(self.undo_button, "" if self.bench.can_undo else "nothing was changed yet")
        allow(self.redo_button, "" if self.bench.can_redo else "nothing was undone")
        later = self.bench.next_step
        known = [f"Undo: {self.bench.step.what}"] * self.bench.can_undo
        known += [f"Redo: {later.what}"] if later else []
        self.step.value = f'<span class="ses-hint">{escape(" · ".join(known) or "nothing changed yet")}</span>'

    def identify(self) -> str:
        """Add an identity that mail can be received for, and show it."""
        self.sections["identities"].opened = True
        return self.identities.add()

    def _fold(self) -> None:
        """Leave the room to the rules."""
        self.sections["identities"].opened = False

    # ------------------------------------------------------------------ history and code

    def undo(self) -> str:
        """Take the last change back."""
        if not self.bench.can_undo:
            return "nothing to undo"
        self.bench.undo()
        return self.bench.status

    def redo(self) -> str:
        """Make the change again that was undone last."""
        if not self.bench.can_redo:
            return "nothing to redo"
        self.bench.redo()
        return self.bench.status

    def toggle_code(self) -> str:
        """Show the code of what is on screen, or hide it."""
        hidden = self.code.layout.display == "none"
        self.code.layout.display = None if hidden else "none"
        self.code_button.description = "Hide code" if hidden else "Show code"
        self.code.refresh()
        return "the code is below" if hidden else "the code is hidden"

    # ------------------------------------------------------------------ as values

    def to_code(self) -> str:
        """Python that makes an account equal to the one on screen."""
        return self.bench.account.to_code(name="account")

    def snapshot(self) -> str:
        """The account as tables."""
        from sesreceive.account.display import body

        return body(self.bench.account)

    def __repr__(self) -> str:
        """One line: what is on screen."""
        return f"<RuleSetBuilder: {self.bench.account!r}>"


# How a file of each language ends.
_ENDINGS = {"python": "py", "json": "json", "boto3": "py", "cloudformation": "yaml", "cdk": "py"}


def _forms(bench: Bench) -> dict[str, Callable[[], Saved]]:
    """The account as a file of each language there is; the one that is read back without loss first."""

    def saved(language: Language) -> Callable[[], Saved]:
        ending = _ENDINGS.get(language.name, "tf" if language.name.startswith("terraform") else "txt")
        name = file_name("account" if language.name != "terraform-import" else "import", ending)
        return lambda: Saved(name, language.write(bench.account).encode(), "text/plain")

    return {one.title: saved(one) for one in sorted(LANGUAGES, key=lambda one: one.read is None)}


def _bench(account: Account) -> Bench:
    """A bench for an account that may have problems, which a receiver would not take."""
    bench = Bench(Receiver(Account()))
    bench.start(account)
    return bench


def _told(account: Account, bench: Bench) -> str:
    """Whether SES would take the account, and if not, why."""
    found = bench.problems
    if not found:
        return ticked(True, "SES would take this configuration.")
    rows = "".join(
        f"<li><strong>{escape(place_words(one.path, account))}</strong>: {prose(one.message)} "
        f"<span class='ses-note'>[{escape(one.source)}]</span></li>"
        for one in found[:_PROBLEMS]
    )
    more = f"<li>and {len(found) - _PROBLEMS} more</li>" if len(found) > _PROBLEMS else ""
    head = ticked(False, f"SES would refuse this configuration: {count(len(found), 'problem')}")
    return details(head, f"<ul>{rows}{more}</ul>", opened=True)
