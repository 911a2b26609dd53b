"""How far an account is from its template, as a value: rows, what was taken of open values, what was not compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sesreceive._html import code, escape, frame, table
from sesreceive.account.account import Account
from sesreceive.analysis.compare import compare
from sesreceive.errors import Problem, one_line
from sesreceive.formats.drift_witness import envelope_words
from sesreceive.report.frames import frame_of_rows
from sesreceive.wording import count

if TYPE_CHECKING:
    import pandas as pd

    from sesreceive.analysis.comparison import Comparison

__all__ = ["Drift", "DriftRow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRow:
    """One thing that differs.

    Attributes
    ----------
    what : str
        ``identity``, ``filter``, ``rule set``, ``rule``, ``order`` or ``active rule set``.
    name : str
        Which, in the account where it has it.
    side : str
        ``account`` for what the account alone has, ``template`` for what the template alone has, ``both`` for what
        both have and not alike.
    details : str
        The members that are not alike, with both values.
    mail : mapping
        The envelope of a mail that is received otherwise: ``rcpt_to``, ``client_ip``, ``tls``; empty where none of
        those that were tried is.
    in_account, in_template : str
        What becomes of it.
    """

    what: str
    name: str
    side: str
    details: str = ""
    mail: Mapping[str, Any] = field(default_factory=dict, hash=False)
    in_account: str = ""
    in_template: str = ""

    def __str__(self) -> str:
        """One line: what differs, and the mail that shows it."""
        where = {"account": "only in the account", "template": "only in the template", "both": "not alike"}[self.side]
        text = f"{self.what} {one_line(self.name, 80)}: {where}"
        if self.details:
            text += f": {one_line(self.details, 600)}"
        if self.mail:
            text += f"; {envelope_words(self.mail)}: account {self.in_account}, template {self.in_template}"
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far an account is from its template.

    Attributes
    ----------
    rows : tuple of DriftRow
        What differs: what is active, identities, filters, rule sets, rules, their order.
    assumed : mapping
        Open values of the template, with what the account has in their place.
    problems : tuple of Problem
        Of reading either of them.
    not_compared : tuple of str
        What the account did not tell of, so that nobody knows whether the template has more: ``filters``.
    template, account : Account
        What was compared.
    """

    rows: tuple[DriftRow, ...]
    assumed: Mapping[str, str] = field(default_factory=dict, hash=False)
    problems: tuple[Problem, ...] = ()
    not_compared: tuple[str, ...] = ()
    template: Account = field(repr=False)
    account: Account = field(repr=False)

    def frame(self) -> pd.DataFrame:
        """What differs, as a table.

        Returns
        -------
        pandas.DataFrame
            One row a difference; empty where there is none.

            what : string          identity, filter, rule set, rule, order or active rule set
            name : string          which
            side : string          account, template or both
            details : string       the members that are not alike
            mail : string          the envelope of a mail that shows it; missing where none was found
            in_account : string    what becomes of it in the account
            in_template : string   what becomes of it in the template
        """
        rows = [
            (
                one.what,
                one.name,
                one.side,
                one.details,
                envelope_words(one.mail) or None,
                one.in_account,
                one.in_template,
            )
            for one in self.rows
        ]
        columns = ["what", "name", "side", "details", "mail", "in_account", "in_template"]
        return frame_of_rows(rows, dict.fromkeys(columns, "string"))

    @property
    def comparison(self) -> Comparison:
        """Where the account treats mail otherwise than the template, for all mail and proved: `sesreceive.compare`.

        What the account did not tell of (`not_compared`) is compared as it was read, so mostly as missing.

        Raises
        ------
        ValidationError
            When SES would refuse one of them.
        """
        return compare(self.account, self.template)

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.rows)

    def __len__(self) -> int:
        """How much differs."""
        return len(self.rows)

    def __repr__(self) -> str:
        """One line: how much differs."""
        return f"<Drift: {count(len(self.rows), 'difference')}, {count(len(self.assumed), 'open value')} filled>"

    def __str__(self) -> str:
        """Everything as text."""
        lines = [str(one) for one in self.rows] or ["the account has what the template has"]
        if self.not_compared:
            lines.append(f"not compared, as the account did not tell: {', '.join(self.not_compared)}")
        lines += [f"open: {one_line(name, 200)} is `{one_line(value, 200)}`" for name, value in self.assumed.items()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """A table of the differences."""
        rows = [
            [escape(one.what), code(one.name), escape(one.side), escape(one.details), code(envelope_words(one.mail)),
             escape(one.in_account), escape(one.in_template)]
            for one in self.rows
        ]  # fmt: skip
        head = ["what", "name", "where", "not alike", "a mail that shows it", "account", "template"]
        return frame(str(self), f"<div>{escape(repr(self))}</div>" + (table(head, rows) if rows else ""))
