"""Receipt rules and rule sets: which recipients are accepted, and what is done with their mail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from sesreceive import limits
from sesreceive.account.action import ReceiptAction
from sesreceive.account.member import Kind, member
from sesreceive.account.value import Value
from sesreceive.errors import Problem, ValidationError, one_line
from sesreceive.wording import count, expected

__all__ = ["ReceiptRule", "ReceiptRuleSet", "TlsPolicy"]


class TlsPolicy(StrEnum):
    """Whether mail has to come over TLS."""

    REQUIRE = "Require"
    OPTIONAL = "Optional"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ReceiptRule(Value):
    """What is done with mail to some recipients.

    Attributes
    ----------
    name : str
        Its name, unique in the rule set.
    enabled : bool
        Whether it counts at all; off unless told otherwise, as in the API (the console says on).
    scan_enabled : bool
        Whether mail is scanned for spam and viruses; off unless told otherwise.
    tls_policy : TlsPolicy
        ``Optional`` (the default) or ``Require``.
    recipients : tuple of str
        Addresses, domains (``example.com``) or subdomains (``.example.com``); empty for everything under the
        verified domains.
    actions : tuple of ReceiptAction
        What is done, in order.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="invoices", enabled=True, recipients=["billing@example.com"])
    >>> rule.with_action(ses.S3Action(bucket_name="inbox"))
    <ReceiptRule invoices: enabled, billing@example.com → S3Action>

    References
    ----------
    Amazon SES Developer Guide, "Creating receipt rules console walkthrough"; API Reference, ReceiptRule.
    """

    api_name: ClassVar[str] = "ReceiptRule"

    name: str = field(
        metadata=member(
            "Name",
            doc="name of the rule, unique in its set",
            required=True,
            min=1,
            max=limits.NAME_LENGTH.value,
            pattern=limits.NAME_CHARACTERS,
            example="invoices",
        )
    )
    enabled: bool = field(
        default=False, metadata=member("Enabled", kind=Kind.FLAG, doc="whether the rule counts at all")
    )
    scan_enabled: bool = field(
        default=False,
        metadata=member("ScanEnabled", kind=Kind.FLAG, doc="whether mail is scanned for spam and viruses"),
    )
    tls_policy: TlsPolicy = field(
        default=TlsPolicy.OPTIONAL,
        metadata=member("TlsPolicy", doc="whether mail has to come over TLS", enum=TlsPolicy),
    )
    recipients: tuple[str, ...] = field(
        default=(),
        metadata=member(
            "Recipients",
            kind=Kind.TEXTS,
            example="billing@example.com",
            doc="addresses, domains or .subdomains the rule is for; none for everything under the verified domains",
        ),
    )
    actions: tuple[ReceiptAction, ...] = field(
        default=(),
        metadata=member("Actions", kind=Kind.ACTIONS, of=ReceiptAction, doc="what is done, in order"),
    )

    if TYPE_CHECKING:  # what it takes is more than what it holds

        def __init__(
            self,
            *,
            name: str,
            enabled: bool = False,
            scan_enabled: bool = False,
            tls_policy: TlsPolicy | str = TlsPolicy.OPTIONAL,
            recipients: Iterable[str] = (),
            actions: Iterable[ReceiptAction] = (),
        ) -> None: ...

    def __repr__(self) -> str:
        """One line: whether it is on, for whom it is, what it does."""
        facts = ["enabled" if self.enabled else "disabled"]
        if self.scan_enabled:
            facts.append("scanned")
        if self.tls_policy is TlsPolicy.REQUIRE:
            facts.append("TLS required")
        some, more = self.recipients[:3], len(self.recipients[3:])
        facts.extend(one_line(recipient, 80) for recipient in some or ("all recipients",))
        actions = ", ".join(type(action).api_name for action in self.actions) or "no action"
        whom = ", ".join(facts) + (f" and {more} more" if more else "")
        return f"<ReceiptRule {one_line(self.name, 80)}: {whom} → {actions}>"

    def with_action(self, action: ReceiptAction, position: int | None = None) -> ReceiptRule:
        """A copy with one action more, at the end or in front of `position`."""
        at = len(self.actions) if position is None else position
        return self.replace(actions=(*self.actions[:at], action, *self.actions[at:]))

    def as_stored(self) -> ReceiptRule:
        """The rule as SES gives it back: recipients in lower case, each once, sorted [observed].

        Examples
        --------
        >>> ReceiptRule(name="r", recipients=["example.com", "A@example.com", ".example.com"]).as_stored().recipients
        ('.example.com', 'a@example.com', 'example.com')
        """
        return self.replace(recipients=tuple(sorted({recipient.lower() for recipient in self.recipients})))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ReceiptRuleSet(Value):
    """Rules in the order they are evaluated.

    Attributes
    ----------
    name : str
        Its name, unique in the account.
    rules : tuple of ReceiptRule
        The rules, in order.
    created_timestamp : datetime, optional
        When SES created it.

    Examples
    --------
    >>> rules = ReceiptRuleSet(name="main").with_rule(ReceiptRule(name="last")).with_rule(ReceiptRule(name="first"))
    >>> [rule.name for rule in rules]
    ['first', 'last']
    >>> rules["last"]
    <ReceiptRule last: disabled, all recipients → no action>

    References
    ----------
    Amazon SES API Reference, DescribeReceiptRuleSet, CreateReceiptRule, SetReceiptRulePosition.
    """

    api_name: ClassVar[str] = "ReceiptRuleSet"

    name: str = field(
        metadata=member(
            "Name",
            within="Metadata",
            doc="name of the rule set",
            required=True,
            min=1,
            max=limits.NAME_LENGTH.value,
            pattern=limits.NAME_CHARACTERS,
            example="main",
        )
    )
    created_timestamp: datetime | None = field(
        default=None,
        metadata=member("CreatedTimestamp", within="Metadata", kind=Kind.TIMESTAMP, doc="when SES created it"),
    )
    rules: tuple[ReceiptRule, ...] = field(
        default=(),
        metadata=member("Rules", kind=Kind.VALUES, of=ReceiptRule, doc="rules, in order of evaluation"),
    )

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            created_timestamp: datetime | str | None = None,
            rules: Iterable[ReceiptRule] = (),
        ) -> None: ...

    def __repr__(self) -> str:
        """One line: how many rules, how many of them on."""
        on = sum(rule.enabled for rule in self.rules)
        return f"<ReceiptRuleSet {one_line(self.name, 80)}: {count(len(self.rules), 'rule')}, {on} enabled>"

    def rule(self, name: str) -> ReceiptRule:
        """The rule of that name.

        Raises
        ------
        ValidationError
            When there is none; the nearest name is suggested.
        """
        return self.rules[self._position(name)]

    def __getitem__(self, name: str) -> ReceiptRule:
        """The rule of that name."""
        return self.rule(name)

    def __iter__(self) -> Iterator[ReceiptRule]:
        """The rules, in order."""
        return iter(self.rules)

    def _ipython_key_completions_(self) -> list[str]:
        return [rule.name for rule in self.rules]

    def with_rule(self, rule: ReceiptRule, after: str | None = None) -> ReceiptRuleSet:
        """A copy with one rule more: behind the rule `after`, or first, as CreateReceiptRule does.

        Raises
        ------
        ValidationError
            When the set has a rule of that name, or none that `after` names.
        """
        if any(known.name == rule.name for known in self.rules):
            raise ValidationError(
                Problem("rule.name", expected(f"a name that rule set `{self.name}` does not have", rule.name), _CREATE)
            )
        at = 0 if after is None else self._position(after, "after") + 1
        return self.replace(rules=(*self.rules[:at], rule, *self.rules[at:]))

    def without_rule(self, name: str) -> ReceiptRuleSet:
        """A copy without the rule of that name.

        Raises
        ------
        ValidationError
            When there is none.
        """
        at = self._position(name)
        return self.replace(rules=self.rules[:at] + self.rules[at + 1 :])

    def replace_rule(self, rule: ReceiptRule, name: str | None = None) -> ReceiptRuleSet:
        """A copy with `rule` in the place of the rule `name`, or of the one with its own name.

        Raises
        ------
        ValidationError
            When there is no such rule.
        """
        at = self._position(rule.name if name is None else name)
        return self.replace(rules=(*self.rules[:at], rule, *self.rules[at + 1 :]))

    def move(self, name: str, after: str | None = None) -> ReceiptRuleSet:
        """A copy with a rule behind the rule `after`, or first, as SetReceiptRulePosition does.

        Raises
        ------
        ValidationError
            When the set has no rule that `name` or `after` names.
        """
        if after == self.rule(name).name:
            return self
        rest = self.without_rule(name)
        at = 0 if after is None else rest._position(after, "after") + 1
        return self.replace(rules=(*rest.rules[:at], self.rule(name), *rest.rules[at:]))

    def _position(self, name: str, path: str = "name") -> int:
        for position, rule in enumerate(self.rules):
            if rule.name == name:
                return position
        names = [rule.name for rule in self.rules]
        raise ValidationError(
            Problem(path, expected(f"a rule of rule set `{self.name}`", name, names), "SES API RuleDoesNotExist")
        )


_CREATE = "SES API CreateReceiptRule"
