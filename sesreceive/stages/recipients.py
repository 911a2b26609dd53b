"""Step 2: each recipient against the verified identities and the active receipt rule set.

A recipient is accepted when some enabled rule of the active set matches it; which rules match is also what
step 4 runs: its plan is built of these decisions. Deciding is a look-up in an `AccountIndex`; the events, with one for
every rule and condition that did not match, are made when they are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sesreceive.account.account import Account
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet, TlsPolicy
from sesreceive.assumption import Assumptions
from sesreceive.errors import one_line
from sesreceive.hostname import plain_domain
from sesreceive.mail.address import domain_of
from sesreceive.mail.reply import MAILBOX_UNAVAILABLE, OK, TOO_MANY_RECIPIENTS, Reply
from sesreceive.stages.conditions import match
from sesreceive.stages.filtering import FilterDecision
from sesreceive.stages.index import AccountIndex, Matched
from sesreceive.stages.local_parts import parted_by
from sesreceive.trace.deferred import Deferred
from sesreceive.trace.events import Kind, Op, Stage, TraceEvent, TraceLog
from sesreceive.trace.facts import Check, RecipientFact
from sesreceive.trace.outline import Outline, Remembered, outlined
from sesreceive.wording import count

__all__ = ["RecipientDecision", "decide", "one_too_many", "refused"]

_DEFAULT = Assumptions()
_NO_RULE_SET = "no receipt rule set is active, so nothing is received"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientDecision:
    """How one RCPT TO is answered, and because of what.

    Attributes
    ----------
    recipient : str
        The address as it was sent.
    reply : Reply
        What the client is answered.
    reason : str
        One sentence.
    rules : tuple of str
        Names of the enabled rules that match it, in order, whether or not the recipient was accepted.
    rule_set : ReceiptRuleSet or None
        The rule set that was active.
    matched : tuple of (int, int)
        Where the rules stand in it, each with the position of the first of its conditions that matches; -1 where it
        has none.
    """

    recipient: str
    reply: Reply
    reason: str
    rules: tuple[str, ...] = ()
    rule_set: ReceiptRuleSet | None = field(default=None, repr=False, compare=False)
    matched: Matched = field(default=(), repr=False, compare=False)
    events: Sequence[TraceEvent] = field(default=(), repr=False)

    @property
    def accepted(self) -> bool:
        """Whether the message goes to this recipient."""
        return self.reply.accepted


def decide(
    account: Account,
    recipient: str,
    decision: FilterDecision,
    *,
    tls: bool = False,
    assumptions: Assumptions | None = None,
    index: AccountIndex | None = None,
) -> RecipientDecision:
    """The answer to one RCPT TO; recipients of one transaction do not influence each other [observed].

    Checks in order: verified identity, IP filter, active rule set, a matching enabled rule, TlsPolicy. The order is
    inferred (assumption ip_check_order), the single checks are documented or observed.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, recipients=("example.com",))
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main",
    ...     rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),),
    ... )
    >>> from sesreceive.stages import filtering
    >>> let_in = filtering.decide((), "192.0.2.1")
    >>> str(decide(account, "ana@mx.example.com", let_in).reply)
    '550 5.1.1 Requested action not taken: mailbox unavailable'
    >>> decide(account, "ana@example.com", let_in).rules
    ('all',)
    """
    assumptions = assumptions or _DEFAULT
    if index is None or not index.fits(account, assumptions):
        index = AccountIndex(account, assumptions)
    domain = domain_of(recipient)
    rule_set = account.active_rule_set
    rules: tuple[ReceiptRule, ...] = ()
    matched: Matched = ()
    order = assumptions.ip_check_order
    if order == "ip-first" and not decision.accepted:
        reply, reason = decision.reply, decision.reason
    elif not domain or index.identities.covering(domain, subdomains=assumptions.subdomains_verified) is None:
        reply, reason = MAILBOX_UNAVAILABLE, _not_verified(account, domain)
    elif order == "identity-first" and not decision.accepted:
        reply, reason = decision.reply, decision.reason
    elif rule_set is None or index.rules is None:
        reply, reason = MAILBOX_UNAVAILABLE, _NO_RULE_SET
    else:
        matched = index.rules.matching(recipient)
        rules = tuple([rule_set.rules[position] for position, _ in matched])
        reply, reason = _answer(rule_set, recipient, rules, tls, assumptions)
        if reply is OK and not decision.accepted:
            reply, reason = decision.reply, decision.reason
    return RecipientDecision(
        recipient=recipient,
        reply=reply,
        reason=reason,
        rules=tuple([rule.name for rule in rules]),
        rule_set=rule_set,
        matched=matched,
        events=Deferred(Stage.RECIPIENTS, _events, account, recipient, decision, tls, assumptions),
    )


def _events(
    account: Account, recipient: str, decision: FilterDecision, tls: bool, assumptions: Assumptions
) -> tuple[TraceEvent, ...]:
    """The recipient held against everything, one by one."""
    log = TraceLog(Stage.RECIPIENTS)
    with log.within(Kind.RECIPIENT, recipient, recipient=recipient):
        reply, reason, rules = _judge(account, recipient, decision, tls, assumptions, log)
    log.amend(
        0,
        op=Op.MATCH if reply.accepted else Op.MISS,
        reason=reason,
        fact=RecipientFact(reply, rules),
    )
    return log.events()


def _outline(
    remembered: Remembered,
    account: Account,
    recipient: str,
    decision: FilterDecision,
    tls: bool,
    assumptions: Assumptions,
) -> Outline:
    """Recipients of one domain meet the same conditions, but for those that name them."""
    local, rest = parted_by(account.active_rule_set, remembered)[recipient]
    client = bool(decision.client_ip), decision.accepted, decision.reply.code
    about = id(account), id(assumptions), tls
    # Of the client its address stands in the reason.
    return Outline((about, rest or recipient, rest is None, client), (local, decision.reason))


def _with_texts(
    texts: Sequence[str],
    account: Account,
    recipient: str,
    decision: FilterDecision,
    tls: bool,
    assumptions: Assumptions,
) -> tuple[TraceEvent, ...]:
    _, rest = parted_by(account.active_rule_set, {})[recipient]
    other = recipient if rest is None else texts[0] + rest
    return _events(account, other, replace(decision, reason=texts[1]), tls, assumptions)


outlined(_events, _outline, _with_texts)


def one_too_many(recipient: str, most: int) -> RecipientDecision:
    """The answer to a recipient when `most` were taken already."""
    return refused(recipient, TOO_MANY_RECIPIENTS, f"the transaction has {most} recipients already")


def refused(recipient: str, reply: Reply, reason: str) -> RecipientDecision:
    """A recipient that is refused unseen, and the event that says why."""
    log = TraceLog(Stage.RECIPIENTS)
    log.add(Kind.RECIPIENT, Op.MISS, recipient, reason, recipient=recipient, fact=RecipientFact(reply))
    return RecipientDecision(recipient=recipient, reply=reply, reason=reason, events=log.events())


def _judge(
    account: Account,
    recipient: str,
    decision: FilterDecision,
    tls: bool,
    assumptions: Assumptions,
    log: TraceLog,
) -> tuple[Reply, str, tuple[str, ...]]:
    order = assumptions.ip_check_order
    if order == "ip-first" and not _passes(decision, recipient, log):
        return decision.reply, decision.reason, ()
    domain = domain_of(recipient)
    identity = account.is_verified(domain, subdomains=assumptions.subdomains_verified) if domain else None
    if identity is None:
        reason = _not_verified(account, domain)
        log.check(Check.VERIFIED_IDENTITY, Op.MISS, reason, recipient=recipient)
        return MAILBOX_UNAVAILABLE, reason, ()
    covered = "is" if plain_domain(identity.name) == domain else f"covers `{domain}` and is"
    reason = f"the domain identity `{identity.name}` {covered} verified"
    log.check(Check.VERIFIED_IDENTITY, Op.MATCH, reason, recipient=recipient)

    if order == "identity-first" and not _passes(decision, recipient, log):
        return decision.reply, decision.reason, ()

    rule_set = account.active_rule_set
    if rule_set is None:
        log.check(Check.ACTIVE_RULE_SET, Op.MISS, _NO_RULE_SET, recipient=recipient)
        return MAILBOX_UNAVAILABLE, _NO_RULE_SET, ()
    reason = f"`{rule_set.name}` is active with {count(len(rule_set.rules), 'rule')}"
    log.check(Check.ACTIVE_RULE_SET, Op.MATCH, reason, recipient=recipient)

    matching = [rule for rule in rule_set.rules if consider(rule, recipient, assumptions, log)]
    reply, reason = _answer(rule_set, recipient, matching, tls, assumptions)
    if matching and reply is not OK:
        log.check(Check.TLS_POLICY, Op.MISS, reason, recipient=recipient)
    if reply is OK and order == "mailbox-first" and not _passes(decision, recipient, log):
        reply, reason = decision.reply, decision.reason
    return reply, reason, tuple(rule.name for rule in matching)


def _passes(decision: FilterDecision, recipient: str, log: TraceLog) -> bool:
    """Whether the IP filters let the client through to this recipient; leaves the event that says so."""
    asked = Op.MATCH if decision.accepted else Op.MISS
    log.check(Check.IP_FILTERS, asked if decision.client_ip else Op.SKIP, decision.reason, recipient=recipient)
    return decision.accepted


def _answer(
    rule_set: ReceiptRuleSet, recipient: str, matching: Sequence[ReceiptRule], tls: bool, assumptions: Assumptions
) -> tuple[Reply, str]:
    """What follows from the rules that match."""
    if not matching:
        return MAILBOX_UNAVAILABLE, _no_match(rule_set, recipient)
    names = _names(tuple([rule.name for rule in matching]))
    if not tls and all(rule.tls_policy is TlsPolicy.REQUIRE for rule in matching):
        reason = f"every matching rule requires TLS ({names}) and the session is in clear text"
        return Reply.parse(assumptions.tls_required_reply), reason
    return OK, f"matched by {names}"


def consider(rule: ReceiptRule, recipient: str, assumptions: Assumptions, log: TraceLog) -> bool:
    """Whether an enabled rule matches the recipient; leaves one event for the rule and one a condition."""
    name = rule.name
    if not rule.enabled:
        log.add(Kind.RULE, Op.SKIP, name, "the rule is not enabled", rule=name, recipient=recipient)
        return False
    if not rule.recipients:
        reason = "a rule without recipient conditions is for every verified domain"
        log.add(Kind.RULE, Op.MATCH, name, reason, rule=name, recipient=recipient)
        return True
    results = [match(condition, recipient, assumptions) for condition in rule.recipients]
    telling = next((result for result in results if result.matches), results[0])
    reason, op = telling.reason, Op.MATCH if telling.matches else Op.MISS
    if op is Op.MISS and len(results) > 1:
        reason = f"none of {len(results)} conditions matches `{recipient}`"
    with log.within(Kind.RULE, name, reason, op=op, rule=name, recipient=recipient):
        for condition, (matches, why) in zip(rule.recipients, results, strict=True):
            op = Op.MATCH if matches else Op.MISS
            log.add(Kind.CONDITION, op, condition, why, rule=name, recipient=recipient)
    return telling.matches


def _not_verified(account: Account, domain: str) -> str:
    if not domain:
        return "the address has no domain, so no verified identity covers it"
    if any(plain_domain(identity.name) == domain for identity in account.identities):
        return f"the domain identity `{domain}` is not verified yet"
    return f"`{domain}` is under no verified domain identity of this account"


def _no_match(rule_set: ReceiptRuleSet, recipient: str) -> str:
    if not rule_set.rules:
        return f"the active rule set `{rule_set.name}` has no rules"
    enabled = sum(rule.enabled for rule in rule_set.rules)
    if not enabled:
        return f"no rule of the active rule set `{rule_set.name}` is enabled"
    return f"no enabled rule of `{rule_set.name}` matches `{recipient}`"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{one_line(name)}`" for name in names)
