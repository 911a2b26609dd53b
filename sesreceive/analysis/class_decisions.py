"""One account's decision on each class of recipients: the judges of the pipeline, asked about representatives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property

from sesreceive.account.account import Account
from sesreceive.account.rule_set import ReceiptRule
from sesreceive.analysis.address_ranges import AddressRange
from sesreceive.analysis.classes import RecipientClass, RecipientKind
from sesreceive.analysis.partition import Partition
from sesreceive.mail.reply import BLOCKED, Reply
from sesreceive.stages import filtering, recipients
from sesreceive.stages.filtering import FilterDecision
from sesreceive.stages.index import AccountIndex, Matched
from sesreceive.stages.planning import plan
from sesreceive.stages.recipients import RecipientDecision

__all__ = ["NOT_JUDGED", "ClassDecisions"]

NOT_JUDGED = (RecipientKind.UNSAYABLE, RecipientKind.TOO_LONG)
_NOBODY = filtering.decide((), "")


class ClassDecisions:
    """What an account decides on the classes of a partition.

    Parameters
    ----------
    account : Account
        The account; one of those that the partition was made of.
    partition : Partition
        The classes.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, recipients=("example.com",))
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> judged = ClassDecisions(account, partition := Partition(account))
    >>> judged.decide(partition.recipients[0]).rules
    ('all',)
    """

    def __init__(self, account: Account, partition: Partition) -> None:
        self.account, self.partition = account, partition
        self.assumptions = partition.assumptions
        self.rule_set = account.active_rule_set
        self.index = AccountIndex(account, self.assumptions)
        self._let_in = _NOBODY
        self._blocked = replace(_NOBODY, accepted=False, reply=BLOCKED, reason="")
        self._matches: dict[RecipientClass, tuple[int, ...]] = {}
        self._plans: dict[tuple[tuple[int, ...], bool], tuple[int, ...]] = {}

    @property
    def rules(self) -> tuple[ReceiptRule, ...]:
        """The rules of the active rule set; none where none is active."""
        return self.rule_set.rules if self.rule_set is not None else ()

    def decide(self, recipient: RecipientClass, *, let_in: bool = True, tls: bool = True) -> RecipientDecision:
        """The answer to the recipient, by `stages.recipients`; `let_in` is what the filters say of the client."""
        if recipient.kind in NOT_JUDGED:
            raise ValueError(f"an address that is {recipient.kind} is refused unseen")
        decision = self._let_in if let_in else self._blocked
        return recipients.decide(
            self.account, recipient.representative, decision, tls=tls, assumptions=self.assumptions, index=self.index
        )

    @cached_property
    def matched(self) -> dict[RecipientClass, tuple[int, ...]]:
        """The rules each class of recipients matches, by position; none for those that are refused unseen."""
        return {one: self.match(one) for one in self.partition.recipients}

    def match(self, recipient: RecipientClass) -> tuple[int, ...]:
        """The rules one class matches; each is asked once."""
        if recipient not in self._matches:
            matched = () if recipient.kind in NOT_JUDGED else self.decide(recipient).matched
            self._matches[recipient] = tuple([position for position, _ in matched])
        return self._matches[recipient]

    def conditions(self, recipient: RecipientClass) -> Matched:
        """Every condition that matches a recipient class, as (rule, condition)."""
        return self.index.rules.conditions(recipient.representative) if self.index.rules is not None else ()

    def fired(self, some: Iterable[RecipientClass], *, tls: bool = True) -> tuple[int, ...]:
        """Positions of the rules that apply to one message to these recipients, by `stages.planning`."""
        decisions = [self.decide(one, tls=tls) for one in some if one.kind not in NOT_JUDGED]
        return plan(self.rule_set, decisions, tls=tls, assumptions=self.assumptions).positions

    def fired_alone(self, recipient: RecipientClass, *, tls: bool = True) -> tuple[int, ...]:
        """The same for one recipient; classes that match the same rules are planned once."""
        key = self.matched[recipient], tls
        if not key[0]:
            return ()
        if key not in self._plans:
            self._plans[key] = self.fired((recipient,), tls=tls)
        return self._plans[key]

    def fired_together(self, some: Iterable[RecipientClass], *, tls: bool = True) -> tuple[int, ...]:
        """The same for several, put together from each alone: a rule applies to a message if one recipient matches."""
        return tuple(sorted({position for one in some for position in self.fired_alone(one, tls=tls)}))

    def filtered(self, client: AddressRange) -> FilterDecision:
        """What the filters say of a class of clients."""
        return filtering.decide(self.account.filters, client.representative, (), self.assumptions, self.index.filters)

    def reply(self, recipient: RecipientClass, *, let_in: bool, tls: bool) -> Reply:
        """The answer to a recipient that is judged at all."""
        return self.decide(recipient, let_in=let_in, tls=tls).reply
