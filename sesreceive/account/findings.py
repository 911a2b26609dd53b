"""What SES would take of a configuration and its owner can hardly have meant, such as conditions that match nothing.

A problem is refused by SES (`Account.problems`); a finding is not, and mail is lost or handled in another way than it
seems. Each finding follows from the configuration alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.regions import SOURCE as REGIONS
from sesreceive.account.regions import region_finding
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet, TlsPolicy
from sesreceive.errors import Problem, one_line
from sesreceive.flow import Flow
from sesreceive.mail.address import Mailbox

__all__ = ["condition_finding", "findings"]

_RULES = 'Developer Guide, "Creating receipt rules"'
_CONCEPTS = 'Developer Guide, "Email receiving concepts"'

# RFC 5321 section 4.1.2 without the extension SMTPUTF8, which SES does not announce: what a recipient can look like.
_LOCAL_PART = re.compile(r"""[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+|"(?:[^"\\]|\\.)*\"""")
_DOMAIN = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?")


def findings(account: Account) -> tuple[Problem, ...]:
    """What is allowed and will surprise, in the order of the configuration; empty where there is nothing.

    Examples
    --------
    >>> from sesreceive.account.rule_set import ReceiptRule
    >>> rule = ReceiptRule(name="all", enabled=True, recipients=("*@example.com",))
    >>> rules = ReceiptRuleSet(name="main", rules=(rule,))
    >>> for finding in findings(Account(identities=("example.com",), rule_sets=(rules,), active="main")):
    ...     print(finding)  # doctest: +NORMALIZE_WHITESPACE
    rule_sets[0].rules[0].recipients[0]: `*@example.com` is for the address `*@example.com` alone, since `*` is no
    wildcard; for every address in the domain write `example.com` [Developer Guide, "Creating receipt rules"]
    """
    return tuple(_findings(account))


def _findings(account: Account) -> Iterator[Problem]:
    if sentence := region_finding(account.region):
        yield Problem("region", sentence, REGIONS)
    if not any(identity.is_domain and identity.is_verified for identity in account.identities):
        sentence = "no domain of the account is verified, so nothing is received"
        yield Problem("identities", sentence, _CONCEPTS)
    if account.active is None:
        yield Problem("active", "no rule set is active, so nothing is received", _CONCEPTS)
    for at, rule_set in enumerate(account.rule_sets):
        yield from _in_rule_set(account, rule_set, f"rule_sets[{at}]")


def _in_rule_set(account: Account, rule_set: ReceiptRuleSet, path: str) -> Iterator[Problem]:
    if rule_set.name == account.active and not any(rule.enabled for rule in rule_set.rules):
        state = "has no rules" if not rule_set.rules else "has no enabled rule"
        yield Problem(f"{path}.rules", f"the active rule set {state}, so nothing is received", _CONCEPTS)
    stopped = _Stopped()
    for at, rule in enumerate(rule_set.rules):
        for position, condition in enumerate(rule.recipients):
            if sentence := condition_finding(condition, account):
                yield Problem(f"{path}.rules[{at}].recipients[{position}]", sentence, _RULES)
        if rule.enabled and (before := stopped.before(rule)):
            names = ", ".join(f"`{one_line(name, 64)}`" for name in before[:4])
            more = f" and {len(before) - 4} more" if len(before) > 4 else ""
            verbs = (
                "is for all of its recipients and stops" if len(before) == 1 else "take all of its recipients and stop"
            )
            yield Problem(
                f"{path}.rules[{at}]", f"the rule never runs: {names}{more} before it {verbs} the rule set", _CONCEPTS
            )
        stopped.add(rule)


def condition_finding(condition: str, account: Account | None = None) -> str:
    """Why a condition matches nothing, or not what it seems to, as a sentence; empty where it may match.

    Parameters
    ----------
    condition : str
        A recipient of a rule.
    account : Account, optional
        Whose identities the condition has to lie under.

    Examples
    --------
    >>> condition_finding("mailto:u@example.com")
    '`mailto:u@example.com` matches nothing: no recipient begins with `mailto:`; write `u@example.com`'
    >>> condition_finding("u@example.com")
    ''
    """
    bare = condition.strip("<>").removeprefix("mailto:").removeprefix("MAILTO:")
    if condition.lower().startswith("mailto:"):
        return f"`{one_line(condition)}` matches nothing: no recipient begins with `mailto:`; write `{one_line(bare)}`"
    if "<" in condition or ">" in condition:
        return f"`{one_line(condition)}` matches nothing: a recipient has no brackets; write `{one_line(bare)}`"
    if not condition.isascii():
        return (
            f"`{one_line(condition)}` matches no mail that keeps to RFC 5321: without SMTPUTF8, which SES does not "
            "announce, no recipient holds such characters; a domain is written in its `xn--` form"
        )
    mailbox = Mailbox.parse(condition)
    if "@" in condition and mailbox.local == "*":
        return (
            f"`{condition}` is for the address `{condition}` alone, since `*` is no wildcard; for every address in the "
            f"domain write `{mailbox.domain}`"
        )
    domain = mailbox.domain if "@" in condition else condition.removeprefix(".")
    local_fits = "@" not in condition or _LOCAL_PART.fullmatch(mailbox.local)
    if not local_fits or not _DOMAIN.fullmatch(domain):
        return f"`{one_line(condition)}` matches no mail that keeps to RFC 5321: no recipient looks like this (4.1.2)"
    if account is not None and not _is_receivable(account, condition, domain.lower()):
        return f"`{one_line(condition)}` matches nothing: it lies under no verified domain of the account"
    return ""


def _is_receivable(account: Account, condition: str, domain: str) -> bool:
    if account.is_verified(domain) is not None:
        return True
    # `.example.com` also takes what lies under a verified `mx.example.com`.
    return condition.startswith(".") and any(
        identity.is_verified and identity.is_domain and identity.name.lower().endswith(f".{domain}")
        for identity in account.identities
    )


class _Stopped:
    """The conditions for which the rules so far always stop the set, each with the first such rule."""

    def __init__(self) -> None:
        self._first: dict[TlsPolicy, dict[str, str]] = {TlsPolicy.OPTIONAL: {}, TlsPolicy.REQUIRE: {}}

    def add(self, rule: ReceiptRule) -> None:
        """Take one more rule into account."""
        if not rule.enabled or not _always_stops(rule):
            return
        # A rule that requires TLS stops only mail that came over TLS; one that does not stops all.
        policies = (TlsPolicy.REQUIRE,) if rule.tls_policy is TlsPolicy.REQUIRE else tuple(TlsPolicy)
        for policy in policies:
            for condition in rule.recipients or (_EVERYBODY,):
                self._first[policy].setdefault(condition.lower(), rule.name)

    def before(self, rule: ReceiptRule) -> tuple[str, ...]:
        """The rules that together stop the set for each recipient of a rule; none where one is left."""
        first = self._first[rule.tls_policy]
        if _EVERYBODY in first:
            return (first[_EVERYBODY],)
        names = [first.get(condition.lower(), "") for condition in rule.recipients]
        return tuple(dict.fromkeys(names)) if names and all(names) else ()


_EVERYBODY = ""


def _always_stops(rule: ReceiptRule) -> bool:
    """Whether the rule reaches its Stop whatever functions answer and however large the message is."""
    stops = any(action.flow() is Flow.STOP_RULE_SET for action in rule.actions)
    return stops and not any(_may_leave(action) for action in rule.actions)


def _may_leave(action: ReceiptAction) -> bool:
    """Whether the rule may end at this action: a function that is waited for, or a refusal of the message."""
    waits = getattr(action, "invocation_type", "") == "RequestResponse"
    return waits or type(action).refuses is not ReceiptAction.refuses
