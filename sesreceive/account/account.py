"""An account: the identities, filters and rule sets of one AWS account in one region."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, ClassVar, TypeVar

from sesreceive import limits
from sesreceive.account.filters import ReceiptFilter
from sesreceive.account.identities import Identity
from sesreceive.account.member import Kind, member
from sesreceive.account.rule_set import ReceiptRuleSet
from sesreceive.account.value import Value
from sesreceive.errors import InputError, Problem, ValidationError, expect_path, one_line
from sesreceive.json_input import parse_json
from sesreceive.wording import count, expected

__all__ = ["Account"]

Named = TypeVar("Named", bound=Identity | ReceiptFilter | ReceiptRuleSet)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Account(Value):
    """Everything that is configured for receiving.

    Attributes
    ----------
    identities : tuple of Identity
        Verified (or not yet verified) domains and addresses; plain strings are taken for verified ones.
    filters : tuple of ReceiptFilter
        IP address filters, in any order.
    rule_sets : tuple of ReceiptRuleSet
        All rule sets.
    active : str, optional
        Name of the rule set in force; without one nothing is received.
    region : str
        AWS region; identities, filters and rule sets belong to one.
    account_id : str
        12 digits.

    Notes
    -----
    `to_api` and `save` write one object, and `from_api` and `load` read it::

        {
          "AccountId": "111122223333",
          "Region": "us-east-1",
          "Identities": ["example.com"],
          "Filters": [{"Name": "test-net", "IpFilter": {"Policy": "Block", "Cidr": "203.0.113.0/24"}}],
          "RuleSets": [{"Metadata": {"Name": "main"}, "Rules": []}],
          "ActiveRuleSet": "main"
        }

    ``Identities`` may also be what GetIdentityVerificationAttributes returns,
    ``{"example.com": {"VerificationStatus": "Pending"}}``, and is written so when one is not verified.
    ``Filters`` is what ListReceiptFilters, an element of ``RuleSets`` what DescribeReceiptRuleSet returns.
    Every member may be missing.

    Examples
    --------
    >>> account = Account(identities=["example.com"], rule_sets=[ReceiptRuleSet(name="main")], active="main")
    >>> account
    <Account 111122223333 in us-east-1: 1 identity, 0 filters, 1 rule set, main active>
    >>> account.is_verified("mx.example.com")
    Identity(name='example.com')
    >>> Account.from_api(account.to_api()) == account
    True
    """

    api_name: ClassVar[str] = "Account"
    authority: ClassVar[str] = "sesreceive"
    plain: ClassVar[bool] = True

    identities: tuple[Identity, ...] = field(
        default=(),
        metadata=member(
            "Identities",
            kind=Kind.IDENTITIES,
            of=Identity,
            doc="domains and addresses the account owns",
            source="SES API GetIdentityVerificationAttributes",
        ),
    )
    filters: tuple[ReceiptFilter, ...] = field(
        default=(),
        metadata=member(
            "Filters",
            kind=Kind.VALUES,
            of=ReceiptFilter,
            doc="IP address filters",
            source="SES API ListReceiptFilters",
        ),
    )
    rule_sets: tuple[ReceiptRuleSet, ...] = field(
        default=(),
        metadata=member(
            "RuleSets",
            kind=Kind.VALUES,
            of=ReceiptRuleSet,
            doc="rule sets",
            source="SES API DescribeReceiptRuleSet",
        ),
    )
    active: str | None = field(
        default=None,
        metadata=member(
            "ActiveRuleSet",
            doc="name of the rule set in force",
            nullable=True,
            example="main",
            source="SES API SetActiveReceiptRuleSet",
        ),
    )
    region: str = field(
        default="us-east-1",
        metadata=member(
            "Region",
            doc="AWS region",
            pattern=limits.REGION,
            example="us-east-1",
            source=limits.REGION.source,
        ),
    )
    account_id: str = field(
        default="111122223333",
        metadata=member(
            "AccountId",
            doc="AWS account id",
            pattern=limits.ACCOUNT_ID,
            example="111122223333",
            source=limits.ACCOUNT_ID.source,
        ),
    )

    if TYPE_CHECKING:  # what it takes is more than what it holds

        def __init__(
            self,
            *,
            identities: Iterable[Identity | str] = (),
            filters: Iterable[ReceiptFilter] = (),
            rule_sets: Iterable[ReceiptRuleSet] = (),
            active: str | None = None,
            region: str = "us-east-1",
            account_id: str = "111122223333",
        ) -> None: ...

    def __repr__(self) -> str:
        """One line: what there is of everything, and what is active."""
        parts = (
            count(len(self.identities), "identity"),
            count(len(self.filters), "filter"),
            count(len(self.rule_sets), "rule set"),
            f"{one_line(self.active, 80)} active" if self.active is not None else "none active",
        )
        where = f"{one_line(self.account_id, 20)} in {one_line(self.region, 40)}"
        return f"<Account {where}: {', '.join(parts)}>"

    # -------------------------------------------------------------- questions

    @property
    def active_rule_set(self) -> ReceiptRuleSet | None:
        """The rule set in force; None where there is none, and nothing is received."""
        active = self.active
        for one in self.rule_sets:  # asked several times a message
            if one.name == active:
                return one
        return None

    def is_verified(self, domain: str, subdomains: bool = True) -> Identity | None:
        """The nearest verified domain identity that covers `domain`, or None.

        Parameters
        ----------
        domain : str
            A domain, in any case.
        subdomains : bool
            Whether a verified domain also stands for those below it.

        Examples
        --------
        >>> account = Account(identities=["example.com", Identity(name="example.net", verification_status="Pending")])
        >>> account.is_verified("example.net"), account.is_verified("a.example.com", subdomains=False)
        (None, None)
        """
        covering = [one for one in self.identities if one.is_verified and one.covers(domain, subdomains=subdomains)]
        return max(covering, key=lambda one: len(one.name), default=None)

    def rule_set(self, name: str) -> ReceiptRuleSet:
        """The rule set of that name.

        Raises
        ------
        ValidationError
            When there is none; the nearest name is suggested.
        """
        for one in self.rule_sets:
            if one.name == name:
                return one
        names = [one.name for one in self.rule_sets]
        source = "SES API RuleSetDoesNotExist"
        raise ValidationError(Problem("name", expected("a rule set of the account", name, names), source))

    def __getitem__(self, name: str) -> ReceiptRuleSet:
        """The rule set of that name."""
        return self.rule_set(name)

    def _ipython_key_completions_(self) -> list[str]:
        return [one.name for one in self.rule_sets]

    @property
    def findings(self) -> tuple[Problem, ...]:
        """What SES takes and its owner can hardly have meant; see `sesreceive.account.findings.findings`."""
        from sesreceive.account.findings import findings

        return findings(self)

    # -------------------------------------------------------------- edits

    def with_identity(self, identity: Identity | str) -> Account:
        """A copy with an identity more, or in the place of the one of that name."""
        added = Identity(name=identity) if isinstance(identity, str) else identity
        return self.replace(identities=_put(self.identities, added))

    def with_filter(self, new: ReceiptFilter) -> Account:
        """A copy with a filter more, or in the place of the one of that name."""
        return self.replace(filters=_put(self.filters, new))

    def with_rule_set(self, new: ReceiptRuleSet) -> Account:
        """A copy with a rule set more, or in the place of the one of that name."""
        return self.replace(rule_sets=_put(self.rule_sets, new))

    def without_identity(self, name: str) -> Account:
        """A copy without the identity of that name, if there was one."""
        return self.replace(identities=tuple(one for one in self.identities if one.name != name))

    def without_filter(self, name: str) -> Account:
        """A copy without the filter of that name, if there was one, as DeleteReceiptFilter does."""
        return self.replace(filters=tuple(one for one in self.filters if one.name != name))

    def without_rule_set(self, name: str) -> Account:
        """A copy without the rule set of that name, if there was one.

        Raises
        ------
        ValidationError
            When it is the active one, as DeleteReceiptRuleSet says.
        """
        if name == self.active:
            raise ValidationError(
                Problem("name", expected("a rule set that is not active", name), "SES API DeleteReceiptRuleSet")
            )
        return self.replace(rule_sets=tuple(one for one in self.rule_sets if one.name != name))

    def activate(self, name: str | None) -> Account:
        """A copy with that rule set in force, or with none.

        Raises
        ------
        ValidationError
            When there is no such rule set.
        """
        return self.replace(active=None if name is None else self.rule_set(name).name)

    # -------------------------------------------------------------- files

    def to(self, format: str) -> str:  # noqa: A002 - the word for it
        """The account as text in another format; `load` reads it back as an equal account.

        Parameters
        ----------
        format : str
            ``python``, ``json``, ``boto3``, ``cloudformation``, ``terraform``, ``terraform-import`` or ``cdk``. Order
            is explicit in all of them; what activates the rule set is in it or said at its top. ``cdk`` is read back
            from its ``cdk.out``; ``python`` and ``boto3`` are run.

        Raises
        ------
        InputError
            When there is no such format.

        Examples
        --------
        >>> print(Account(identities=["example.com"]).to("python"))
        import sesreceive as ses
        <BLANKLINE>
        account = ses.Account(identities=["example.com"])
        <BLANKLINE>
        """
        from sesreceive.formats.languages import write

        return write(self, format)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Account:
        """The account in a JSON file that `save` wrote, or that looks like it.

        Raises
        ------
        InputError
            When the file cannot be read or holds no JSON object.
        ValidationError
            When the object has unknown, missing or wrong members; all of them are listed.
        """
        where = one_line(path)
        try:
            text = expect_path(path).read_bytes()
        except OSError as error:
            raise InputError(f"cannot read account `{where}`: {error.strerror or error}") from error
        return cls.from_api(parse_json(text, where=f"account `{where}`"))

    def save(self, path: str | PathLike[str]) -> None:
        """Write the account as JSON that `load` reads.

        Raises
        ------
        InputError
            When the file cannot be written.
        """
        text = json.dumps(self.to_api(), indent=2, ensure_ascii=False) + "\n"
        try:
            # A lone surrogate, which UTF-8 cannot hold, becomes the escape that JSON has for it.
            expect_path(path).write_bytes(text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise InputError(f"cannot write account `{one_line(path)}`: {error.strerror or error}") from error


def _put(values: tuple[Named, ...], new: Named) -> tuple[Named, ...]:
    if any(one.name == new.name for one in values):
        return tuple(new if one.name == new.name else one for one in values)
    return (*values, new)
