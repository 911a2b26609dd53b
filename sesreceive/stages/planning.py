"""Step 4, before anything is performed: what each rule of the active set is to a message.

The plan is built of the recipients' decisions, so nothing is matched twice; what a rule is that matches nobody is found
out when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet, TlsPolicy
from sesreceive.assumption import Assumptions
from sesreceive.stages.conditions import match
from sesreceive.stages.index import RuleIndex
from sesreceive.stages.recipients import RecipientDecision
from sesreceive.trace.events import Op
from sesreceive.wording import count

__all__ = ["Plan", "PlannedRule", "plan"]

_DEFAULT = Assumptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRule:
    """One rule of the set and what it is to this message.

    Attributes
    ----------
    rule : ReceiptRule
        The rule.
    op : Op
        ``match``: its actions may run; ``miss``: it matches no accepted recipient; ``skip``: it is not looked at.
    reason : str
        One sentence.
    recipients : tuple of str
        Accepted recipients it matches, in the order and case they were sent.
    """

    rule: ReceiptRule
    op: Op
    reason: str
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the rules of the active set are to this message.

    Attributes
    ----------
    rule_set : ReceiptRuleSet or None
        The active rule set.
    recipients : tuple of str
        The accepted recipients, as they were sent.
    tls : bool
        Whether the session was encrypted.
    matching : tuple of PlannedRule
        The rules whose actions may run, in order.
    positions : tuple of int
        Where they stand in the rule set.
    """

    rule_set: ReceiptRuleSet | None
    recipients: tuple[str, ...] = ()
    tls: bool = False
    assumptions: Assumptions = _DEFAULT
    matching: tuple[PlannedRule, ...] = ()
    positions: tuple[int, ...] = ()

    @property
    def rules(self) -> tuple[PlannedRule, ...]:
        """Every rule of the set in order; those that match nobody are held against every recipient for that."""
        matching = dict(zip(self.positions, self.matching, strict=True))
        rules = self.rule_set.rules if self.rule_set is not None else ()
        return tuple(matching.get(position) or self.other(rule) for position, rule in enumerate(rules))

    def other(self, rule: ReceiptRule) -> PlannedRule:
        """What a rule is whose actions do not run."""
        if not rule.enabled:
            return PlannedRule(rule=rule, op=Op.SKIP, reason="the rule is not enabled")
        results = [match(c, r, self.assumptions) for r in self.recipients for c in rule.recipients]
        always = not rule.recipients and bool(self.recipients)
        if not always and not any(result.matches for result in results):
            named = count(len(self.recipients), "accepted recipient")
            reason = f"none of {named} is matched by its {count(len(rule.recipients), 'condition')}"
            if len(results) == 1:
                reason = results[0].reason
            return PlannedRule(rule=rule, op=Op.MISS, reason=reason)
        return PlannedRule(rule=rule, op=Op.SKIP, reason="the rule requires TLS and the mail came in clear text")

    @property
    def scans(self) -> bool:
        """Whether the content is scanned: some rule that may run has ScanEnabled [inferred]."""
        return any(planned.rule.scan_enabled for planned in self.matching)


def plan(
    rule_set: ReceiptRuleSet | None,
    decisions: Iterable[RecipientDecision],
    *,
    tls: bool = False,
    assumptions: Assumptions | None = None,
) -> Plan:
    """Which rules apply to the accepted recipients; nothing is performed.

    Parameters
    ----------
    rule_set : ReceiptRuleSet or None
        The active rule set.
    decisions : iterable of RecipientDecision
        From `recipients.decide`; the refused ones are passed over. What matches is taken over from them, but where the
        rule set was another one when they were made.
    tls : bool
        Whether the session was encrypted.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rules = ses.ReceiptRuleSet(name="main", rules=(
    ...     ses.ReceiptRule(name="off", recipients=("example.com",)),
    ...     ses.ReceiptRule(name="all", enabled=True),
    ... ))
    >>> account = ses.Account(identities=("example.com",), rule_sets=(rules,), active="main")
    >>> decision = ses.Receiver(account).on_rcpt(ses.Receiver(account).on_connect("192.0.2.1"), "ana@example.com")
    >>> for planned in plan(rules, [decision]).rules:
    ...     print(planned.rule.name, planned.op.value, planned.recipients)
    off skip ()
    all match ('ana@example.com',)
    """
    assumptions = assumptions or _DEFAULT
    accepted = [decision for decision in decisions if decision.accepted]
    recipients = tuple([decision.recipient for decision in accepted])
    if rule_set is None:
        return Plan(rule_set=None, recipients=recipients, tls=tls, assumptions=assumptions)
    # The recipients of each rule in order, each with the condition that matches it.
    matched: dict[int, list[tuple[str, int]]] = {}
    for decision in accepted:
        found = decision.matched
        if decision.rule_set is not rule_set:  # the account was changed between RCPT and the end of DATA
            found = RuleIndex(rule_set, assumptions.label_match).matching(decision.recipient)
        for position, condition in found:
            matched.setdefault(position, []).append((decision.recipient, condition))
    matching: dict[int, PlannedRule] = {}
    for position in sorted(matched):
        rule = rule_set.rules[position]
        if tls or rule.tls_policy is not TlsPolicy.REQUIRE:
            matching[position] = _matching(rule, matched[position], len(recipients), assumptions)
    return Plan(
        rule_set=rule_set,
        recipients=recipients,
        tls=tls,
        assumptions=assumptions,
        matching=tuple(matching.values()),
        positions=tuple(matching),
    )


def _matching(
    rule: ReceiptRule, matched: Sequence[tuple[str, int]], accepted: int, assumptions: Assumptions
) -> PlannedRule:
    if not rule.recipients:
        recipients = tuple([recipient for recipient, _ in matched])
        reason = "a rule without recipient conditions is for every accepted recipient"
    else:
        recipients = tuple(dict(matched))
        first, condition = matched[0]
        reason = match(rule.recipients[condition], first, assumptions).reason
        if len(recipients) > 1:
            reason = f"matches {len(recipients)} of {accepted} accepted recipients; {reason}"
    return PlannedRule(rule=rule, op=Op.MATCH, reason=reason, recipients=recipients)
