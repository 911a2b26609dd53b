"""`drift`: what an account has and its template has not, and the reverse, each with a mail that shows it.

A value that the template leaves open is no drift: it is what the account has. A name that CloudFormation makes up holds
the logical id, and is met by it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from sesreceive.account.account import Account
from sesreceive.account.member import members
from sesreceive.account.placeholder_text import PlaceholderText
from sesreceive.account.value import Value
from sesreceive.errors import one_line
from sesreceive.formats.drift_rows import Drift, DriftRow
from sesreceive.formats.drift_witness import Witness
from sesreceive.formats.loaded import Loaded
from sesreceive.formats.loading import load
from sesreceive.formats.unresolved import MADE_UP
from sesreceive.formats.untold import PLURALS, untold

__all__ = ["Drift", "drift"]


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
        return Loaded(account=source, complete=True)
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
        self.unknown = list(untold(live))

    def drift(self) -> Drift:
        self.rule_sets()
        self.identities()
        self.named("filter", self.template.filters, self.account.filters)
        active, wanted = self.account.active, self.template.active
        if not self.same(wanted or "", active or "") and "active rule set" not in self.unknown:
            details = f"it is {_shown(active)}, in the template {_shown(wanted)}"
            self.rows.insert(0, ("active rule set", active or wanted or "", "both", details, ()))
        template = _renamed(self.template, self.real)
        witness = Witness(*self._told(template))
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
            not_compared=tuple(PLURALS[what] for what in self.unknown),
            template=template,
            account=self.account,
        )

    def _told(self, template: Account) -> tuple[Account, Account]:
        """Both with what neither is known to lack: mail then shows what is known to differ."""
        differing = {value.name for what, _, _, _, values in self.rows if what == "identity" for value in values}
        shared = {
            one.name: one for one in (*template.identities, *self.account.identities) if one.name not in differing
        }
        filters = template.filters if "filter" in self.unknown else self.account.filters
        whole = []
        for account in (template, self.account):
            # Where the account did not tell of an identity, it has it as the template does.
            own = [shared.get(one.name, one) if "identity" in self.unknown else one for one in account.identities]
            names = {one.name for one in own}
            others = [one for name, one in shared.items() if name not in names]
            whole.append(account.replace(identities=[*own, *others]))
        return whole[0], whole[1].replace(filters=filters)

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
        ours, theirs = set(wanted), set(found)
        shared = [one for one in wanted if one in theirs]
        left = sorted(one for one in wanted if one not in theirs)
        return (*shared, *left), (*shared, *sorted(one for one in found if one not in ours))

    # -------------------------------------------------------------- what has a name

    def pairs(self, wanted: Sequence[Any], found: Sequence[Any]) -> list[tuple[Any, Any]]:
        """Those of the same name; then made up and open names, each with what is left and may be it."""
        by_name = {one.name: one for one in found}
        pairs = [(one, by_name.pop(one.name)) for one in wanted if one.name in by_name]
        taken = {id(ours) for ours, _ in pairs}
        for ours in wanted:
            if id(ours) in taken:
                continue
            theirs = self.met(ours.name, by_name)
            if theirs is not None:
                self.same(ours.name, theirs.name)
                del by_name[theirs.name]
                pairs.append((ours, theirs))
            else:
                pairs.append((ours, None))
        return pairs + [(None, one) for one in by_name.values()]

    def met(self, wanted: str, by_name: Mapping[str, Any]) -> Any:
        """What the account has for an open or made up name; None for nothing."""
        if wanted in self.real:
            return by_name.get(self.real[wanted])
        if isinstance(wanted, PlaceholderText):
            return next(iter(by_name.values()), None)
        if wanted in self.made_up:
            return next((value for name, value in by_name.items() if wanted in name), None)
        return None

    def named(self, what: str, wanted: Sequence[Any], found: Sequence[Any]) -> None:
        for ours, theirs in self.pairs(wanted, found):
            if theirs is None:
                if what in self.unknown:
                    continue  # what the account did not tell of is not known to be missing
                self.rows.append((what, ours.name, "template", "", (ours,)))
            elif ours is None:
                self.rows.append((what, theirs.name, "account", "", (theirs,)))
            elif told := self.unlike(ours, theirs):
                self.rows.append((what, theirs.name, "both", "; ".join(told), (ours, theirs)))

    def identities(self) -> None:
        if "identity" in self.unknown:
            return
        # Those that stand in for identities defined elsewhere say nothing of the account.
        own = [one for one in self.template.identities if not isinstance(one.name, PlaceholderText)]
        if own or not self.made.placeholders:
            found = self.account.identities
            stood = {str(one.name) for one in self.template.identities if isinstance(one.name, PlaceholderText)}
            self.named("identity", own, [one for one in found if one.name not in stood])

    def rule_sets(self) -> None:
        for ours, theirs in self.pairs(self.template.rule_sets, self.account.rule_sets):
            if theirs is None:
                if "rule set" not in self.unknown:
                    self.rows.append(("rule set", ours.name, "template", "", ours.rules))
                continue
            if ours is None:
                self.rows.append(("rule set", theirs.name, "account", "", theirs.rules))
                continue
            if not theirs.rules and "rule" in self.unknown:
                continue
            pairs = self.pairs(ours.rules, theirs.rules)
            self.named("rule", ours.rules, theirs.rules)
            both = [(mine, other) for mine, other in pairs if mine is not None and other is not None]
            met = {id(mine): other for mine, other in both}
            kept = {id(other) for _, other in both}
            as_found = [rule.name for rule in theirs.rules if id(rule) in kept]
            as_written = [met[id(rule)].name for rule in ours.rules if id(rule) in met]
            if as_found != as_written:
                moved = {name for name, wanted in zip(as_found, as_written, strict=True) if name != wanted}
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
