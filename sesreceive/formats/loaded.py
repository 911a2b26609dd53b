"""What came out of a template: the account, what is wrong or open, and the stand-ins with what they stand for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sesreceive._html import code, details, escape, frame, table
from sesreceive.account.account import Account
from sesreceive.account.display import body
from sesreceive.errors import Problem, one_line
from sesreceive.formats.place import Place
from sesreceive.permissions.guard import Permissions
from sesreceive.report.frames import frame_of_rows
from sesreceive.wording import count

if TYPE_CHECKING:
    import pandas as pd

    from sesreceive.receiver import Receiver

__all__ = ["Loaded", "Placeholder"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholder:
    """A legal value that stands for one the template leaves open.

    Attributes
    ----------
    value : str
        What the account has.
    stands_for : str
        The open expression: ``var.domain``.
    kind : str
        What kind of value it is: domain, address, bucket, topic, condition …
    why : str
        Why it is open.
    places : tuple of Place
        Every place that uses it, the first first.

    Examples
    --------
    >>> print(Placeholder(value="var-domain.example", stands_for="var.domain", kind="domain", places=(
    ...     Place("main.tf", 12),)))
    var-domain.example stands for var.domain, main.tf:12
    """

    value: str
    stands_for: str
    kind: str
    why: str = ""
    places: tuple[Place, ...] = ()

    @property
    def file(self) -> str:
        """The file of its first use."""
        return self.places[0].file if self.places else ""

    @property
    def line(self) -> int:
        """The line of its first use, from 1."""
        return self.places[0].line if self.places else 0

    def seen_at(self, place: Place) -> Placeholder:
        """A copy with one more place."""
        return replace(self, places=(*self.places, place))

    def __str__(self) -> str:
        """The stand-in, what it stands for, and where."""
        where = f", {one_line(self.places[0].short)}" if self.places else ""
        more = f" and {count(len(self.places) - 1, 'more place')}" if len(self.places) > 1 else ""
        why = f" ({one_line(self.why)})" if self.why else ""
        return f"{one_line(self.value)} stands for {one_line(self.stands_for)}{where}{more}{why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """An account that was read from a template, an API dump or a live account.

    Attributes
    ----------
    account : Account
        What the source describes; open values have stand-ins, so that it runs.
    problems : tuple of Problem
        What is wrong, missing or left open by the source, each with its place.
    placeholders : tuple of Placeholder
        The stand-ins, and what they stand for.
    origin : str
        File or folder.
    format : str
        What it was read as.
    functions : mapping
        Handlers of the functions that rules call, where the code lies beside the template, by ARN.
    others : tuple of Loaded
        What else the folder holds: another root module, another stack.
    permissions : Permissions, optional
        What buckets, topics, keys, functions and roles of the source allow SES; None where it tells of none.
    complete : bool
        Whether the source tells of all that the account has, as a live account does.

    Examples
    --------
    >>> import sesreceive as ses
    >>> found = ses.load({"Rules": [{"Name": "all", "Enabled": True}], "Metadata": {"Name": "main"}})
    >>> found
    <Loaded API JSON: 1 rule set, 1 rule, 0 filters, 1 placeholder, 1 problem>
    """

    account: Account
    problems: tuple[Problem, ...] = ()
    placeholders: tuple[Placeholder, ...] = ()
    origin: str = ""
    format: str = ""
    functions: Mapping[str, Any] = field(default_factory=dict, repr=False)
    others: tuple[Loaded, ...] = ()
    permissions: Permissions | None = field(default=None, repr=False)
    complete: bool = False

    def receiver(self, **options: Any) -> Receiver:
        """A receiver for the account, with the functions and permissions that came along; takes what `Receiver` takes.

        Raises
        ------
        ValidationError
            When SES would refuse the account.
        """
        from sesreceive.receiver import Receiver

        if self.functions and "backend" not in options:
            from sesreceive.backends.memory import MemoryBackend

            options["backend"] = MemoryBackend(functions=dict(self.functions))
        options.setdefault("permissions", self.permissions)
        return Receiver(self.account, **options)

    def frame(self) -> pd.DataFrame:
        """The placeholders as a table.

        Returns
        -------
        pandas.DataFrame
            One row a place a placeholder is used at, in the order of the source; empty when all is known.

            value : string        what the account has
            stands_for : string   the open expression
            kind : string         domain, address, bucket, topic, condition …
            file : string         file of the use
            line : Int64          line of the use, from 1
            why : string          why it is open
        """
        rows = [
            (one.value, one.stands_for, one.kind, place.file, place.line, one.why)
            for one in self.placeholders
            for place in one.places or (Place(""),)
        ]
        names = ("value", "stands_for", "kind", "file", "line", "why")
        return frame_of_rows(rows, {**dict.fromkeys(names, "string"), "line": "Int64"})

    @property
    def _counts(self) -> str:
        rules = sum(len(one.rules) for one in self.account.rule_sets)
        return ", ".join(
            (
                count(len(self.account.rule_sets), "rule set"),
                count(rules, "rule"),
                count(len(self.account.filters), "filter"),
                count(len(self.placeholders), "placeholder"),
                count(len(self.problems), "problem"),
            )
        )

    def __repr__(self) -> str:
        """One line: what it is and how much there is of everything."""
        others = f", {len(self.others)} more" if self.others else ""
        origin = f" {one_line(self.origin, 80)}" if self.origin else ""
        return f"<Loaded {self.format}{origin}: {self._counts}{others}>"

    def __str__(self) -> str:
        """Everything as text: rules in order, problems, placeholders."""
        return "\n".join(_lines(self))

    def _repr_html_(self) -> str:
        """The account, the problems and the placeholders, each to be opened."""
        return frame(str(self), _body(self))


def _body(loaded: Loaded) -> str:
    problems = [[code(one.path), escape(one.message), escape(one.source)] for one in loaded.problems]
    stood = [
        [code(one.value), code(one.stands_for), escape(one.kind), escape(_places(one)), escape(one.why)]
        for one in loaded.placeholders
    ]
    parts = [f"<div><b>{escape(loaded.format)}</b> {code(loaded.origin)}: {escape(loaded._counts)}</div>"]
    parts.append(body(loaded.account))
    if problems:
        head = ["where", "what", "who says so"]
        parts.append(details(count(len(problems), "problem"), table(head, problems), opened=len(problems) < 9))
    if stood:
        head = ["value", "stands for", "kind", "where", "why"]
        parts.append(details(count(len(stood), "placeholder"), table(head, stood)))
    parts += map(_body, loaded.others)
    return "".join(parts)


def _places(placeholder: Placeholder) -> str:
    return ", ".join(place.short for place in placeholder.places)


def _lines(loaded: Loaded) -> list[str]:
    account = loaded.account
    origin = f"{one_line(loaded.origin)}, " if loaded.origin else ""
    lines = [f"{origin}{loaded.format}: {loaded._counts}", f"    {account!r}"]
    if account.identities:
        names = ", ".join(one_line(one.name, 80) for one in account.identities)
        lines.append(f"identities: {names}")
    lines += [f"filter {one_line(one.name, 80)}: {one.policy} {one_line(one.cidr, 60)}" for one in account.filters]
    for rule_set in account.rule_sets:
        active = " (active)" if rule_set.name == account.active else ""
        lines.append(f"rule set {one_line(rule_set.name, 80)}{active}")
        for number, rule in enumerate(rule_set.rules, 1):
            lines.append(f"    {number:>3} {repr(rule)[len('<ReceiptRule ') : -1]}")
    if loaded.permissions is not None:
        lines.append(f"permissions: {_permitted(loaded.permissions, account)}")
    if loaded.problems:
        lines.append(count(len(loaded.problems), "problem"))
        lines += [f"    {one_line(problem, 2000)}" for problem in loaded.problems]
    if loaded.placeholders:
        kinds = Counter(one.kind for one in loaded.placeholders)
        lines.append(f"{count(len(loaded.placeholders), 'placeholder')} ({_kinds(kinds)})")
        lines += [f"    {one}" for one in loaded.placeholders]
    for other in loaded.others:
        lines += ["", *_lines(other)]
    return lines


def _permitted(permissions: Permissions, account: Account) -> str:
    """What policies say on the whole: how much is refused, and what is taken for granted."""
    refused = permissions.refusals(account)
    told = (
        f"{count(len(refused), 'refusal')}, see the problems" if refused else "nothing that the rules need is refused"
    )
    unseen, assumed = permissions.unseen(account), permissions.assumed(account)
    if unseen:
        told += f"; taken to allow it, as no policy is seen: {', '.join(unseen)}"
    if assumed:
        told += f"; open values taken to fit: {', '.join(one_line(one, 120) for one in assumed)}"
    return told


def _kinds(kinds: Counter[str]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in kinds.items())
