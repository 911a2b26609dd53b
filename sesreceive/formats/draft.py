"""What a reader finds in a template, before open values are filled and rules are put in order.

Every reader (API JSON, CloudFormation, Terraform, a live account …) makes one `Draft`; `assembly` makes the account
of it. Values may be open (`unresolved`), containers know their places (`place`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sesreceive.errors import Problem, one_line
from sesreceive.formats.place import Place, Table
from sesreceive.formats.surroundings import AliasEntry, PolicyEntry, ResourceEntry
from sesreceive.formats.unresolved import Open
from sesreceive.functions.handlers import Handler

__all__ = ["VARIABLES", "Draft", "Entry", "RuleEntry"]

VARIABLES = "the variables that were given"
"""The source of the problem that a variable is given which the template does not have: all of the template is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An identity, filter, rule set or activation.

    Attributes
    ----------
    key : str
        What the template calls it: ``aws_ses_receipt_filter.office``, a logical id.
    place : Place
        Where it begins.
    values : Table
        Its members by the API's names: ``Name``, ``Policy``, ``Cidr``, ``Identity``, ``RuleSetName``.
    """

    key: str
    place: Place
    values: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEntry(Entry):
    """A receipt rule; `values` is the API's ``Rule``.

    Attributes
    ----------
    rule_set, after : object
        Names, possibly open; ``after`` is None where the template says nothing.
    needs : frozenset of str
        Keys of what has to exist before the rule is made.
    ordered : bool
        Whether the source lists the rules in their order, so that none is open.
    """

    rule_set: Any
    after: Any = None
    needs: frozenset[str] = frozenset()
    ordered: bool = False


@dataclass(slots=True, kw_only=True)
class Draft:
    """All that was found in one source.

    Attributes
    ----------
    origin : str
        The file or folder, as a reader may show it.
    format : str
        What it was taken for: ``Terraform``.
    uses : set of Path
        Further files that it was put together from.
    region, account_id : str, optional
        What the source says of them.
    assumed : list of (Open, str, str)
        Values that had to be taken for open ones so that anything can be said at all: the open value, what was
        taken, and its kind (``condition``, ``count``, ``region``).
    functions : list of (object, Handler)
        ARNs, possibly open, and the handlers whose code lies beside the template.
    resources, policies, aliases : list
        Buckets, topics, keys, functions and roles, the policies on them, and further names of keys.
    """

    origin: str
    format: str
    identities: list[Entry] = field(default_factory=list)
    filters: list[Entry] = field(default_factory=list)
    rule_sets: list[Entry] = field(default_factory=list)
    rules: list[RuleEntry] = field(default_factory=list)
    active: list[Entry] = field(default_factory=list)
    # Whether the source is the whole truth about identities and about what is active, as a live account is.
    complete: bool = False
    problems: list[Problem] = field(default_factory=list)
    assumed: list[tuple[Open, str, str]] = field(default_factory=list)
    functions: list[tuple[Any, Handler]] = field(default_factory=list)
    resources: list[ResourceEntry] = field(default_factory=list)
    policies: list[PolicyEntry] = field(default_factory=list)
    aliases: list[AliasEntry] = field(default_factory=list)
    uses: set[Path] = field(default_factory=set)
    region: str | None = None
    account_id: str | None = None
    _noted: set[Problem] = field(default_factory=set, repr=False)

    def problem(self, place: Place | str, message: str, source: str = "") -> None:
        """Note what is wrong at a place, once."""
        found = Problem(one_line(place, 300), one_line(message, 2000), source or self.format)
        if found not in self._noted:
            self._noted.add(found)
            self.problems.append(found)

    def surround(self, entry: ResourceEntry | PolicyEntry | AliasEntry) -> None:
        """Take over what stands around the rules."""
        if isinstance(entry, ResourceEntry):
            self.resources.append(entry)
        elif isinstance(entry, PolicyEntry):
            self.policies.append(entry)
        else:
            self.aliases.append(entry)

    @property
    def receives(self) -> bool:
        """Whether there is anything about receiving in it."""
        return bool(self.filters or self.rule_sets or self.rules or self.active)
