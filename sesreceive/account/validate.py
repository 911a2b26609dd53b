"""What SES would refuse in a configuration: every documented and every observed constraint, all at once.

What the metadata of a field says (lengths, patterns, ARNs) is checked for every value alike; the rest is one
function a constraint, in the table `CHECKS`. Whether a bucket, topic or function exists is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from sesreceive import limits
from sesreceive.account.account import Account
from sesreceive.account.filters import ReceiptFilter, parse_cidr
from sesreceive.account.identities import Identity
from sesreceive.account.member import Kind, Member, members
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet
from sesreceive.account.syntax import is_address, is_domain, is_recipient
from sesreceive.account.value import Value
from sesreceive.arn import Arn
from sesreceive.errors import Problem, Problems
from sesreceive.hostname import plain_domain
from sesreceive.limits import Limit
from sesreceive.mail.address import domain_of, unmapped
from sesreceive.wording import count, expected, shown

__all__ = ["CHECKS", "may_send", "problems"]


def problems(value: Value, *, account: Account | None = None, path: str = "") -> Problems:
    r"""What SES would refuse of a value, outermost first; empty when it would take it.

    Parameters
    ----------
    value : Value
        An account, rule set, rule, filter, identity or action.
    account : Account, optional
        The account it is meant for; the value itself where that is one. Verified identities and the region
        are checked only where it is known.
    path : str
        Where `value` stands, in front of the paths of the problems.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rules = ses.ReceiptRuleSet(name="main", rules=[ses.ReceiptRule(name="a b", enabled=True)])
    >>> print(*problems(ses.Account(rule_sets=[rules], active="mian")), sep="\n")
    active: expected a rule set of the account but got `mian`; did you mean `main`? [SES API SetActiveReceiptRuleSet]
    rule_sets[0].rules[0].name: expected only a-z A-Z 0-9 _ - . but got `a b` [SES API ReceiptRule.Name]
    """
    if isinstance(value, Account):
        account = value
    return Problems(_walk(value, path, account))


def _walk(value: Value, path: str, account: Account | None) -> Iterator[Problem]:
    lists = []
    for item in members(type(value)):
        given, where = getattr(value, item.name), _join(path, item.name)
        if item.kind is Kind.TEXT and given is not None:
            yield from _text(item, given, where, item.origin(value.origin()), account)
        elif item.kind in (Kind.VALUES, Kind.ACTIONS, Kind.IDENTITIES):
            lists.append((where, given))
    for kind, checks in CHECKS.items():
        if isinstance(value, kind):
            for check in checks:
                yield from check(value, path)
    for where, given in lists:
        for position, one in enumerate(given):
            yield from _walk(one, f"{where}[{position}]", account)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


# ---------------------------------------------------------------- what the metadata says


def _text(item: Member, text: str, path: str, source: str, account: Account | None) -> Iterator[Problem]:
    if len(text) < (item.min or 0) or (item.max is not None and len(text) > item.max):
        # Not looked at any further: a pattern may take long over a long text.
        yield Problem(path, f"expected {_length(item)} but got {len(text) or '``'}", source)
    elif item.limit and not _fits(item.limit, text):
        yield Problem(path, expected(item.limit.meaning, text), source)
    elif account is not None:
        arn = Arn.parse(text) if item.arn else None
        region = arn.region if arn else account.region
        if region != account.region:
            wanted = f"{_NOUNS[item.arn]} in region `{account.region}`, where the account receives,"
            yield Problem(path, expected(wanted, region), 'Developer Guide, "Regions and endpoints"')
        if item.identity and not may_send(text, account):
            yield Problem(path, _not_verified(text, account), source)


_NOUNS = {"kms": "a key", "lambda": "a function", "sns": "a topic"}


def _length(item: Member) -> str:
    if item.max is None:
        return f"at least {count(item.min or 0, 'character')}"
    return f"{item.min} to {item.max} characters" if item.min else f"at most {item.max} characters"


def _fits(limit: Limit[str], text: str) -> bool:
    return re.fullmatch(limit.value, text, re.ASCII) is not None


def may_send(address: str, account: Account) -> bool:
    """An address may send when it is verified itself, or its domain or a parent of that is."""
    if account.is_verified(domain_of(address)):
        return True
    return any(one.is_verified and plain_domain(one.name) == plain_domain(address) for one in account.identities)


def _not_verified(address: str, account: Account) -> str:
    wanted = "an address under a verified identity"
    for one in account.identities:
        if plain_domain(one.name) == plain_domain(address) or one.covers(domain_of(address)):
            return f"{expected(wanted, address)}, whose identity {shown(one.name)} is `{one.verification_status}`"
    verified = [one for one in account.identities if one.is_verified]
    local = address.rpartition("@")[0]
    return expected(wanted, address, [f"{local}@{one.name}" if one.is_domain else one.name for one in verified])


# ---------------------------------------------------------------- what it does not


def _name(value: Any, path: str) -> Iterator[Problem]:
    """The second layer of name checks; the first is in the metadata."""
    name = value.name
    if name and _fits(limits.NAME_CHARACTERS, name) and not _fits(limits.NAME_ENDS, name):
        message = expected(limits.NAME_ENDS.meaning, name)
        yield Problem(_join(path, "name"), message, f"{value.origin()}.Name")


def _identity_name(value: Identity, path: str) -> Iterator[Problem]:
    if value.name and not (is_domain(value.name) or is_address(value.name)):
        message = expected("a domain or an e-mail address", value.name)
        yield Problem(_join(path, "name"), message, "SES API VerifyDomainIdentity.Domain")


def _cidr(value: ReceiptFilter, path: str) -> Iterator[Problem]:
    if value.network is None:
        message = expected("an IPv4 or IPv6 address or CIDR range", value.cidr)
        if near := _near_cidr(value.cidr):
            message += f"; did you mean `{near}`?"
        yield Problem(_join(path, "cidr"), message, "SES API ReceiptFilter.IpFilter.Cidr")


def _near_cidr(text: str) -> str:
    """The text as SES would take it, where Python can read it: netmasks, zones, brackets, IPv4-mapped."""
    bare = re.sub(r"%[^/]*", "", text.strip()).replace("[", "").replace("]", "")
    try:
        network = ip_network(bare, strict=False)
    except ValueError:
        return ""
    plain = unmapped(network.network_address)
    is_mapped = plain.version != network.version and network.prefixlen >= 96
    near = f"{plain}/{network.prefixlen - 96}" if is_mapped else str(network)
    near = near.removesuffix("/32" if "." in near else "/128")
    return near if parse_cidr(near) else ""


def _recipients(value: ReceiptRule, path: str) -> Iterator[Problem]:
    for position, recipient in enumerate(value.recipients):
        if not is_recipient(recipient):
            message = expected("an address, a domain or a domain behind a dot", recipient)
            yield Problem(_join(path, f"recipients[{position}]"), message, "SES API ReceiptRule.Recipients")


def _final_action(value: ReceiptRule, path: str) -> Iterator[Problem]:
    for position, action in enumerate(value.actions[:-1]):
        if action.final:
            after = type(value.actions[position + 1]).api_name
            message = f"expected {action.api_name} at the end of the actions but got {shown(after)} behind it"
            yield Problem(_join(path, f"actions[{position}]"), message, action.origin())


def _active(value: Account, path: str) -> Iterator[Problem]:
    if value.active is not None and value.active_rule_set is None:
        message = expected("a rule set of the account", value.active, [one.name for one in value.rule_sets])
        yield Problem(_join(path, "active"), message, "SES API SetActiveReceiptRuleSet")


def _at_most(name: str, limit: Limit[int]) -> Callable[[Any, str], Iterator[Problem]]:
    """No more elements than the limit."""

    def check(value: Any, path: str) -> Iterator[Problem]:
        number = len(getattr(value, name))
        if number > limit.value:
            message = f"expected at most {limit.value} {limit.unit} but got {number}"
            yield Problem(_join(path, name), message, limit.source)

    return check


def _once(name: str, source: str) -> Callable[[Any, str], Iterator[Problem]]:
    """No two elements of one name."""

    def check(value: Any, path: str) -> Iterator[Problem]:
        elements: Sequence[Any] = getattr(value, name)
        first: dict[str, int] = {}
        for position, one in enumerate(elements):
            seen = first.setdefault(one.name, position)
            if seen != position:
                where = _join(path, f"{name}[{position}].name")
                message = f"expected a name of its own but got {shown(one.name)}, which {name}[{seen}] has"
                yield Problem(where, message, source)

    return check


# In the order in which problems are listed.
CHECKS: Mapping[type[Value], Sequence[Callable[[Any, str], Iterator[Problem]]]] = {
    Identity: (_identity_name,),
    ReceiptFilter: (_name, _cidr),
    ReceiptRule: (
        _name,
        _recipients,
        _at_most("recipients", limits.RECIPIENTS_PER_RULE),
        _at_most("actions", limits.ACTIONS_PER_RULE),
        _final_action,
    ),
    ReceiptRuleSet: (
        _name,
        _at_most("rules", limits.RULES_PER_RULE_SET),
        _once("rules", "SES API CreateReceiptRule"),
    ),
    Account: (
        _active,
        _at_most("filters", limits.FILTERS),
        _at_most("rule_sets", limits.RULE_SETS),
        _once("identities", "SES API ListIdentities"),
        _once("filters", "SES API CreateReceiptFilter"),
        _once("rule_sets", "SES API CreateReceiptRuleSet"),
    ),
}
