"""`drift`: what an account has and its template has not, and the reverse, each with a mail that shows it.

A value that the template leaves open is no drift: it is what the account has. A name that CloudFormation makes up holds
the logical id, and is met by it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sesreceive._html import code, escape, frame, table
from sesreceive.account.account import Account
from sesreceive.account.member import members
from sesreceive.account.placeholder_text import PlaceholderText
from sesreceive.account.rule_set import ReceiptRuleSet
from sesreceive.account.value import Value
from sesreceive.errors import Problem, one_line
from sesreceive.formats.drift_witness import Witness, envelope_words
from sesreceive.formats.loaded import Loaded
from sesreceive.formats.loading import load
from sesreceive.formats.unresolved import MADE_UP
from sesreceive.wording import count

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Drift", "DriftRow", "drift"]


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
    template, account : Account
        What was compared.
    """

    rows: tuple[DriftRow, ...]
    assumed: Mapping[str, str] = field(default_factory=dict, hash=False)
    problems: tuple[Problem, ...] = ()
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
        import pandas as pd

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
        return pd.DataFrame(rows, columns=columns).astype("string")

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


def drift(
    template: Any,
    client: Any,
    *,
    variables: Mapping[str, Any] | None = None,
    region: str | None = None,
    account_id: str | None = None,
) -> Drift:
    """What an account has and its template has not, and the reverse.

    Parameters
    ----------
    template : str, path, mapping, Loaded or Account
        As `load` takes it.
    client : boto3 client or session, str, path, mapping, Loaded or Account
        The account: live, or as describe commands printed it.
    variables, region, account_id : optional
        For the template, as `load` takes them; region and account are those of the account by default.

    Returns
    -------
    Drift
        Identities of the account that the template does not define are no drift where the template defines none at
        all, as then they are elsewhere.

    Raises
    ------
    InputError
        When there is no such file, or nothing about receiving in it.

    Examples
    --------
    >>> rule = {"Name": "store", "Enabled": True, "Recipients": ["example.com"]}
    >>> before = {"Metadata": {"Name": "main"}, "Rules": [rule]}
    >>> after = {"Metadata": {"Name": "main"}, "Rules": [{**rule, "Enabled": False}]}
    >>> print(drift(before, after).rows[0].details)
    enabled is False, in the template True
    >>> drift(before, after)
    <Drift: 1 difference, 0 open values filled>
    """
    live = _loaded(client, None, None, None)
    made = _loaded(template, variables, region or live.account.region, account_id or live.account.account_id)
    return _Comparison(made, live).drift()


def _loaded(source: Any, variables: Mapping[str, Any] | None, region: str | None, account_id: str | None) -> Loaded:
    if isinstance(source, Loaded):
        return source
    if isinstance(source, Account):
        return Loaded(account=source)
    if isinstance(source, os.PathLike):
        source = os.fspath(source)
    return load(source, variables=variables, region=region, account_id=account_id)


class _Comparison:
    def __init__(self, made: Loaded, live: Loaded) -> None:
        self.made, self.live = made, live
        self.template, self.account = made.account, live.account
        self.assumed: dict[str, str] = {}
        # What the account has for stand-ins and for names that CloudFormation makes up.
        self.real: dict[str, str] = {}
        self.made_up = {one.value for one in made.placeholders if one.why == MADE_UP}
        self.rows: list[tuple[str, str, str, str, tuple[Any, ...]]] = []

    def drift(self) -> Drift:
        self.rule_sets()
        # What the account did not tell of is not known to be missing.
        silent = {problem.path for problem in self.live.problems}
        if not silent & {"list_identities", "get_identity_verification_attributes"}:
            self.identities()
        if "list_receipt_filters" not in silent:
            self.named("filter", self.template.filters, self.account.filters)
        active, wanted = self.account.active, self.template.active
        if not self.same(wanted or "", active or ""):
            details = f"it is {_shown(active)}, in the template {_shown(wanted)}"
            self.rows.insert(0, ("active rule set", active or wanted or "", "both", details, ()))
        template = _renamed(self.template, self.real)
        witness = Witness(template, self.account)
        rows = []
        for what, name, side, details, values in self.rows:
            mail, in_account, in_template = witness.of(values)
            rows.append(
                DriftRow(
                    what=what,
                    name=name,
                    side=side,
                    details=details,
                    mail=mail,
                    in_account=in_account,
                    in_template=in_template,
                )
            )
        return Drift(
            rows=tuple(rows),
            assumed=self.assumed,
            problems=(*self.made.problems, *self.live.problems),
            template=template,
            account=self.account,
        )

    # -------------------------------------------------------------- values

    def same(self, wanted: Any, found: Any) -> bool:
        """Whether the template's value is the account's, where an open one may be anything that it was not before."""
        if isinstance(wanted, str) and wanted in self.real:
            return bool(self.real[wanted] == found)
        if isinstance(wanted, PlaceholderText) and isinstance(found, str) and found:
            self.assumed[wanted.stands_for] = found
            self.real[str(wanted)] = found
            return True
        if isinstance(wanted, str) and isinstance(found, str) and wanted in self.made_up and wanted in found:
            self.real[wanted] = found
            return True
        if isinstance(wanted, tuple) and isinstance(found, tuple):
            return len(wanted) == len(found) and all(map(self.same, wanted, found))
        if isinstance(wanted, Value) and type(wanted) is type(found):
            return not self.unlike(wanted, found)
        alike: bool = wanted == found
        return alike

    def unlike(self, wanted: Value, found: Value) -> list[str]:
        """The members that are not alike, as parts of a sentence."""
        told = []
        for item in members(type(wanted)):
            ours, theirs = getattr(wanted, item.name), getattr(found, item.name)
            if item.name in ("created_timestamp", "rules"):
                continue
            if item.name == "recipients":  # a set, whatever order it was written in
                ours, theirs = self.paired(ours, theirs)
            if not self.same(ours, theirs):
                told.append(f"{item.name} is {_shown(theirs)}, in the template {_shown(ours)}")
        return told

    def paired(self, wanted: Sequence[str], found: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Both in one order, what they share first."""
        shared = [one for one in wanted if one in found]
        left = [one for one in wanted if one not in found]
        return (*shared, *sorted(left)), (*shared, *sorted(one for one in found if one not in shared))

    # -------------------------------------------------------------- what has a name

    def pairs(self, wanted: Sequence[Any], found: Sequence[Any]) -> list[tuple[Any, Any]]:
        """Those of the same name; then made up and open names, each with what is left and may be it."""
        by_name = {one.name: one for one in found}
        pairs = [(one, by_name.pop(one.name)) for one in wanted if one.name in by_name]
        taken = {id(ours) for ours, _ in pairs}
        for ours in wanted:
            if id(ours) in taken:
                continue
            theirs = next((one for name, one in by_name.items() if self.may_be(ours.name, name)), None)
            if theirs is not None:
                self.same(ours.name, theirs.name)
                del by_name[theirs.name]
                pairs.append((ours, theirs))
            else:
                pairs.append((ours, None))
        return pairs + [(None, one) for one in by_name.values()]

    def may_be(self, wanted: str, found: str) -> bool:
        if wanted in self.real:
            return self.real[wanted] == found
        return isinstance(wanted, PlaceholderText) or (wanted in self.made_up and wanted in found)

    def named(self, what: str, wanted: Sequence[Any], found: Sequence[Any]) -> None:
        for ours, theirs in self.pairs(wanted, found):
            if theirs is None:
                self.rows.append((what, ours.name, "template", "", (ours,)))
            elif ours is None:
                self.rows.append((what, theirs.name, "account", "", (theirs,)))
            elif told := self.unlike(ours, theirs):
                self.rows.append((what, theirs.name, "both", "; ".join(told), (ours, theirs)))

    def identities(self) -> None:
        # Those that stand in for identities defined elsewhere say nothing of the account.
        own = [one for one in self.template.identities if not isinstance(one.name, PlaceholderText)]
        if own or not self.made.placeholders:
            found = self.account.identities
            stood = {str(one.name) for one in self.template.identities if isinstance(one.name, PlaceholderText)}
            self.named("identity", own, [one for one in found if one.name not in stood])

    def rule_sets(self) -> None:
        for ours, theirs in self.pairs(self.template.rule_sets, self.account.rule_sets):
            if theirs is None or ours is None:
                one: ReceiptRuleSet = ours or theirs
                self.rows.append(("rule set", one.name, "template" if theirs is None else "account", "", one.rules))
                continue
            pairs = self.pairs(ours.rules, theirs.rules)
            self.named("rule", ours.rules, theirs.rules)
            both = [(mine, other) for mine, other in pairs if mine is not None and other is not None]
            as_found = [rule.name for rule in theirs.rules if any(other is rule for _, other in both)]
            as_written = [other.name for rule in ours.rules for mine, other in both if mine is rule]
            if as_found != as_written:
                moved = [name for name, wanted in zip(as_found, as_written, strict=True) if name != wanted]
                details = f"{_shown(tuple(as_found))}, in the template {_shown(tuple(as_written))}"
                touched = tuple(rule for rule in theirs.rules if rule.name in moved)
                self.rows.append(("order", theirs.name, "both", details, touched))


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_shown(one) for one in value) + "]" if value else "empty"
    if value is None or value == "":
        return "not set"
    return f"`{one_line(value, 120)}`" if isinstance(value, str) else one_line(repr(value), 160)


def _renamed(account: Account, real: Mapping[str, str]) -> Account:
    """The template's account with what the live one has for open values."""
    made: Account = _put(account, real)
    return made


def _put(value: Any, real: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return real.get(value, value)
    if isinstance(value, tuple):
        return tuple(_put(one, real) for one in value)
    if isinstance(value, Value):
        changed = {item.name: _put(getattr(value, item.name), real) for item in members(type(value))}
        return value.replace(**changed)
    return value
