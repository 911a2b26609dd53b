"""Recipient conditions of a rule, and at once what each of them covers.

The pipeline itself answers: `stages.conditions` what a condition is for and whether it matches the address that is
tried, the account whether the domain is verified, the validator what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import ipywidgets as W

from sesreceive import signs
from sesreceive._html import code, mark, prose, table, ticked
from sesreceive.account.account import Account
from sesreceive.assumption import Assumptions
from sesreceive.errors import Problem
from sesreceive.mail.address import domain_of
from sesreceive.stages.conditions import covers, match
from sesreceive.ui.fields import LABEL_WIDTH
from sesreceive.ui.kit import Part, html, problem_html
from sesreceive.wording import count, sendable

__all__ = ["Recipients", "coverage"]

_SHOWN = 20


def coverage(
    conditions: tuple[str, ...],
    account: Account,
    tried: str,
    wrong: dict[int, str],
    assumptions: Assumptions,
) -> str:
    """A table of what each condition is for and whether it matches `tried`, as HTML.

    Of many conditions the first are shown, and those with something to tell: a problem, or a match.

    Parameters
    ----------
    tried : str
        An address; empty when none is tried.
    wrong : dict
        Problems by position.
    """
    if not conditions:
        names = ", ".join(code(one.name) for one in account.identities if one.is_domain and one.is_verified)
        every = f"every address in and under {names}" if names else "nothing: no domain is verified"
        return f'<span class="ses-hint">No recipients: the rule is for {every}.</span>'
    rows = []
    for at, condition in enumerate(conditions):
        result = match(condition, tried, assumptions) if tried and at not in wrong else None
        if at >= _SHOWN and at not in wrong and not (result and result.matches):
            continue
        told = _meaning(condition, account, wrong.get(at, ""), assumptions)
        if result:
            fits = ticked(True, "matches") if result.matches else mark(f"{signs.NONE} no match", "note")
            told += f"<br>{fits}: {prose(result.reason)}"
        rows.append([code(condition), told])
    heads = ["condition", f"what it is for, and whether {tried} matches" if tried else "what it is for"]
    left_out = len(conditions) - len(rows)
    more = f'<span class="ses-hint">and {count(left_out, "condition")} more</span>' if left_out else ""
    return f'<div class="ses-rich ses-conditions">{table(heads, rows, limit=2 * _SHOWN)}{more}</div>'


def _meaning(condition: str, account: Account, wrong: str, assumptions: Assumptions) -> str:
    if wrong:
        return problem_html(wrong)
    domain = domain_of(condition) if "@" in condition else condition.removeprefix(".").lower()
    if account.is_verified(domain, subdomains=assumptions.subdomains_verified):
        return prose(covers(condition, assumptions))
    unverified = f"{signs.WARNS} no verified identity covers {domain}, so its mail is refused"
    return f"{prose(covers(condition, assumptions))}<br>{mark(unverified, 'warn')}"


class Recipients(W.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Conditions, one a line, with a table of what they are for below.

    Parameters
    ----------
    part : Part
        Whose piece it is.
    edited : callable
        Is given the new conditions.
    """

    def __init__(self, part: Part, edited: Callable[[tuple[str, ...]], str | None]) -> None:
        self.part = part
        self._edited = edited
        self._held: tuple[str, ...] = ()
        self._showing = False
        self.box = W.Textarea(
            description="Recipients, one a line",
            rows=4,
            style={"description_width": LABEL_WIDTH},
            placeholder="billing@example.com, example.com or .example.com; nothing for all verified domains",
            layout=W.Layout(width="auto"),
        )
        self.table = html()
        super().__init__([self.box, self.table])
        self.box.observe(part.guard(self._on_input), "value")

    def read(self) -> tuple[str, ...]:
        """The conditions as they are typed; empty lines do not count."""
        return tuple(line.strip() for line in self.box.value.split("\n") if line.strip())

    def show(self, conditions: tuple[str, ...], account: Account, tried: str, problems: Iterable[Problem]) -> None:
        """Put conditions on screen; `problems` are those of the rule, by their path in it.

        Conditions that are as they were shown last are not written again: what differs from them then was typed and
        waits for its turn to be read.
        """
        changed, self._held = conditions != self._held, conditions
        if changed and self.read() != conditions:
            self._showing = True
            try:
                self.box.value = sendable("\n".join(conditions))
            finally:
                self._showing = False
        wrong, whole = {}, []
        for problem in problems:
            if found := re.search(r"recipients\[(\d+)\]$", problem.path):
                wrong[int(found[1])] = problem.message
            elif problem.path.endswith("recipients"):
                whole.append(problem_html(problem.message, "div"))
        self.table.value = "".join(whole) + coverage(
            conditions, account, tried, wrong, self.part.bench.receiver.assumptions
        )

    def _on_input(self) -> str | None:
        if self._showing or self.read() == self._held:
            return None
        return self._edited(self.read())
