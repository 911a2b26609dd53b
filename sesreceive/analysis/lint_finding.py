"""One thing of an account that SES takes and that will go wrong, with the mail that shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sesreceive.account.account import Account
from sesreceive.analysis.lint_advice import ADVICE, Level
from sesreceive.analysis.witness import Witness
from sesreceive.assumption import Assumptions
from sesreceive.errors import one_line
from sesreceive.reception import Reception

__all__ = ["LintFinding"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFinding:
    """What was found, where, and the mail that shows it.

    Attributes
    ----------
    code : str
        Which kind of finding: a key of `sesreceive.analysis.lint_advice.ADVICE`.
    path : str
        Where: ``rule_sets[0].rules[1].actions[0]``.
    message : str
        The reason, as a clause.
    no_mail : str
        Why no mail can show it; empty where one does.
    shown_by : callable or None
        Makes `witness`.
    shows : callable or None
        Whether a reception of it shows the finding.
    """

    code: str
    path: str
    message: str
    no_mail: str = ""
    shown_by: Callable[[], Witness] | None = field(default=None, repr=False, compare=False)
    shows: Callable[[Reception], bool] | None = field(default=None, repr=False, compare=False)

    @property
    def level(self) -> Level:
        """``warning`` or ``note``."""
        return ADVICE[self.code].level

    @property
    def source(self) -> str:
        """Who says so."""
        return ADVICE[self.code].source

    @property
    def fix(self) -> str:
        """What to do about it."""
        return ADVICE[self.code].fix

    @property
    def lesson(self) -> str:
        """What is behind it, in general."""
        return ADVICE[self.code].lesson

    @property
    def witness(self) -> Witness | None:
        """The mail that shows it; None where `no_mail` says why there is none."""
        return self.shown_by() if self.shown_by is not None else None

    def confirmed(self, account: Account, *, assumptions: Assumptions | None = None) -> bool:
        """Whether `Receiver.receive` does with the mail what the finding says; False where there is no mail.

        Raises
        ------
        ValidationError
            When SES would refuse the account.
        """
        mail = self.witness
        if mail is None or self.shows is None:
            return False
        return self.shows(mail.receive(account, assumptions=assumptions))

    @property
    def lines(self) -> tuple[str, ...]:
        """The finding, the fix and the mail, a line each, safe to print."""
        mail = self.witness
        shown = f"shown by a mail {mail.text}" if mail is not None else f"no mail shows it: {self.no_mail}"
        return (
            f"{self.level} {self.code} {one_line(self.path, 200)}: {one_line(self.message, 600)} [{self.source}]",
            f"    fix: {self.fix}",
            f"    {one_line(shown, 600)}",
        )

    def __str__(self) -> str:
        """The first of the lines."""
        return self.lines[0]

    def __repr__(self) -> str:
        """One line."""
        return f"<{one_line(self.code, 40)} at {one_line(self.path, 200)}: {one_line(self.message, 400)}>"
