"""Everything of an account that SES takes and that will go wrong; each with reason, source, fix, lesson and mail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from sesreceive import _html
from sesreceive.account.account import Account
from sesreceive.analysis.lint_advice import ADVICE, Level
from sesreceive.analysis.lint_finding import LintFinding
from sesreceive.analysis.lint_handlers import HandlerLint
from sesreceive.analysis.lint_rules import lint_rules
from sesreceive.analysis.lint_settings import lint_settings
from sesreceive.analysis.reachability import Reachability
from sesreceive.analysis.unreachable import unreachable
from sesreceive.assumption import Assumptions
from sesreceive.errors import InputError, one_line
from sesreceive.report.frames import frame_of_rows
from sesreceive.signs import WARNS
from sesreceive.wording import count, expected

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Lint", "lint"]

# Findings of one kind that a text shows.
_SHOWN = 20


class Lint(Sequence[LintFinding]):
    """The findings about an account, in the order of its paths; warnings weigh more than notes.

    Attributes
    ----------
    account : Account
        The account.
    unread : mapping of str to str
        Functions whose code was not read, by name, and why.
    """

    def __init__(self, account: Account, found: Iterable[LintFinding], unread: Mapping[str, str]) -> None:
        self.account, self.unread = account, dict(unread)
        self._found = tuple(found)

    @overload
    def __getitem__(self, key: int) -> LintFinding: ...
    @overload
    def __getitem__(self, key: slice) -> Sequence[LintFinding]: ...
    def __getitem__(self, key: int | slice) -> LintFinding | Sequence[LintFinding]:
        """One finding, or some."""
        return self._found[key]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._found)

    @property
    def warnings(self) -> tuple[LintFinding, ...]:
        """Those by which mail is lost, doubled or abused."""
        return tuple(one for one in self._found if one.level is Level.WARNING)

    @property
    def notes(self) -> tuple[LintFinding, ...]:
        """Those that may be meant."""
        return tuple(one for one in self._found if one.level is Level.NOTE)

    def without(self, codes: Iterable[str]) -> Lint:
        """The others.

        Raises
        ------
        InputError
            When there is no finding of such a code at all.
        """
        codes = tuple(codes)
        for code in codes:
            if code not in ADVICE:
                raise InputError(f"code: {expected('the code of a finding', code, ADVICE)}")
        return Lint(self.account, (one for one in self._found if one.code not in codes), self.unread)

    def frame(self) -> pd.DataFrame:
        """One row a finding.

        Returns
        -------
        pandas.DataFrame
            level : category    warning or note
            code : string       which kind of finding
            path : string       where
            message : string    the reason
            source : string     who says so
            fix : string        what to do about it
            lesson : string     what is behind it
            witness : string    the mail that shows it, as a line; empty where none can
            no_mail : string    why none can
        """
        rows = [
            (
                str(one.level),
                one.code,
                one.path,
                one.message,
                one.source,
                one.fix,
                one.lesson,
                mail.text if (mail := one.witness) is not None else "",
                one.no_mail,
            )
            for one in self._found
        ]
        texts = ("code", "path", "message", "source", "fix", "lesson", "witness", "no_mail")
        return frame_of_rows(rows, {"level": [str(level) for level in Level], **dict.fromkeys(texts, "string")})

    def _lines(self) -> Iterator[str]:
        shown: Counter[str] = Counter()
        for one in self._found:
            shown[one.code] += 1
            if shown[one.code] <= _SHOWN:
                yield from one.lines
        for code, number in shown.items():
            if number > _SHOWN:
                yield f"and {number - _SHOWN} more of {one_line(code, 40)}: `frame()` has all"
        for name, why in self.unread.items():
            yield f"not read: function {one_line(name, 80)}: {one_line(why, 200)}"
        yield repr(self)[1:-1]

    @property
    def text(self) -> str:
        """Three lines a finding, of very many of a kind the first; then what was not read, and how many there are."""
        return "\n".join(self._lines())

    def __str__(self) -> str:
        """The same."""
        return self.text

    def __repr__(self) -> str:
        """One line: how many."""
        return f"<{count(len(self.warnings), 'warning')}, {count(len(self.notes), 'note')}>"

    def _repr_html_(self) -> str:
        rows = [
            (
                _name(one),
                _html.code(one.path),
                _html.prose(one.message, 600) + f'<br><span class="ses-note">{_html.escape(one.source)}</span>',
                _html.prose(one.fix, 400),
                _html.prose(one.lesson, 400),
                _html.prose(mail.text if (mail := one.witness) is not None else one.no_mail, 400),
            )
            for one in self._found[:200]
        ]
        heads = ("what", "where", "why", "fix", "lesson", "the mail that shows it")
        return _html.frame(self.text, _html.table(heads, rows, caption=repr(self)[1:-1]))


def _name(finding: LintFinding) -> str:
    """What kind of finding it is, and what it weighs in a sign and a word."""
    heavy = finding.level is Level.WARNING
    name = _html.mark(f"{WARNS} {finding.code}" if heavy else finding.code, "bad" if heavy else "note")
    return f"{name} {_html.mark(finding.level, 'note')}"


def lint(
    account: Account, *, functions: Mapping[str, Any] | None = None, assumptions: Assumptions | None = None
) -> Lint:
    """What of an account SES takes and will go wrong.

    Parameters
    ----------
    account : Account
        The account; one that SES would not take may be asked about, too.
    functions : mapping, optional
        Lambda functions by ARN or plain name, such as ``Loaded.functions``: their code is read, never run.
    assumptions : Assumptions, optional
        How the open points of SES are read.

    Returns
    -------
    Lint
        Each finding has the mail that shows it, or says why none can.

    Notes
    -----
    Costs what `unreachable` costs; mail is made when it is asked for.

    Examples
    --------
    >>> import sesreceive as ses
    >>> gone = ses.ReceiptRule(
    ...     name="gone", enabled=True, recipients=("gone@example.com",),
    ...     actions=(ses.BounceAction.template("mailbox-does-not-exist", sender="postmaster@example.com"),),
    ... )
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(gone,)),)
    ... )
    >>> found = lint(account)
    >>> found
    <1 warning, 1 note>
    >>> print(found[0].message)
    `gone` bounces to whoever the sender claims to be, whether or not SPF, DKIM and DMARC pass
    >>> found[0].confirmed(account)
    True
    """
    reach = Reachability(account, assumptions)
    names = [rule_set.name for rule_set in account.rule_sets]
    path = f"rule_sets[{names.index(account.active)}]" if account.active in names else ""
    found = [*lint_settings(reach, unreachable(account, assumptions=assumptions), path), *lint_rules(reach, path)]
    handlers = HandlerLint(reach, path, functions or {})
    return Lint(account, sorted((*found, *handlers.findings), key=_place), handlers.unread if functions else {})


def _place(finding: LintFinding) -> tuple[tuple[str, int], ...]:
    """Where a finding stands, so that position 10 comes behind position 9."""
    parts = finding.path.replace("[", ".").replace("]", "").split(".")
    return tuple((("", int(part)) if part.isdigit() else (part, -1)) for part in parts)
