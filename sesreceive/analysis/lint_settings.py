"""What is wrong with an account besides what its rules do: identities, filters, quotas, what no mail reaches."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from sesreceive import limits
from sesreceive.account.account import Account
from sesreceive.account.filters import Policy
from sesreceive.account.findings import findings
from sesreceive.account.member import Kind, members
from sesreceive.account.validate import may_send
from sesreceive.actions import BounceAction
from sesreceive.analysis.classes import RecipientKind
from sesreceive.analysis.lint_finding import LintFinding
from sesreceive.analysis.part_reach import Reach
from sesreceive.analysis.reachability import Reachability
from sesreceive.analysis.unreachable import Unreachable
from sesreceive.analysis.witness import Witness, witness
from sesreceive.arn import Arn
from sesreceive.errors import one_line
from sesreceive.hostname import plain_domain
from sesreceive.limits import Limit
from sesreceive.reception import Reception

__all__ = ["lint_settings"]

_REFUSED = "SES refuses the rule when it is made, so it receives none"
_IDLE = "the rule set is not active"
# From which share of a quota on it is told.
_NEAR = 0.9


def lint_settings(reach: Reachability, proved: Unreachable, path: str) -> Iterator[LintFinding]:
    """The findings about what an account has, whichever mail comes.

    Parameters
    ----------
    reach : Reachability
        What is reached in the account.
    proved : Unreachable
        What is dead and redundant in it.
    path : str
        Where the active rule set stands, as ``rule_sets[0]``; empty where none is active.
    """
    account = reach.account
    yield from _surprises(account, proved, path)
    yield from _dead(proved, path)
    yield from _refused(account)
    yield from _domains(reach)
    yield from _ipv6(reach)
    yield from _quotas(account)


# ---------------------------------------------------------------- what the account itself tells


def _surprises(account: Account, proved: Unreachable, path: str) -> Iterator[LintFinding]:
    """What `Account.findings` says, with a mail; rules that never run come from the proof, where they can."""
    expected = {
        f"{path}.rules[{one.position}].recipients[{one.item}]": one for one in proved.items if one.kind == "condition"
    }
    for finding in findings(account):
        place = finding.path
        code, mail, no_mail = _code_of(place), None, ""
        if code == "dead-rule":
            if path and place.startswith(f"{path}."):
                continue
            no_mail = _IDLE
        elif code == "impossible-condition":
            known = expected.get(place)
            mail = known.shown_by if known is not None and known.dead else None
            no_mail = "" if mail else _IDLE if known is None else "no client can write such an address"
        elif code == "region":
            no_mail = "this library receives in every region"
        else:
            mail = partial(_to_somebody, account)
        rule = known.name if code == "impossible-condition" and (known := expected.get(place)) is not None else ""
        yield LintFinding(
            code=code,
            path=place,
            message=finding.message,
            no_mail=no_mail,
            shown_by=mail,
            shows=partial(_does_not_fire, rule) if rule else _is_refused,
        )


def _code_of(place: str) -> str:
    known = {"region": "region", "identities": "no-verified-domain", "active": "no-active-set"}
    if place in known:
        return known[place]
    if ".recipients[" in place:
        return "impossible-condition"
    return "nothing-enabled" if place.endswith(".rules") else "dead-rule"


def _to_somebody(account: Account) -> Witness:
    domains = [one.name for one in account.identities if one.is_domain and one.is_verified]
    return witness(f"someone@{domains[0] if domains else 'example.com'}")


def _is_refused(reception: Reception) -> bool:
    return not reception.accepted


def _does_not_fire(rule: str, reception: Reception) -> bool:
    return rule not in reception.rules


# ---------------------------------------------------------------- what no mail reaches


def _dead(proved: Unreachable, path: str) -> Iterator[LintFinding]:
    told = {one.position for one in proved.items if one.kind == "rule" and one.dead}
    # a rule that never runs comes from the proof alone
    named = {finding.path for finding in findings(proved.account) if _code_of(finding.path) != "dead-rule"}
    everything = not path or any(proved.note)
    for one in proved.items:
        if one.kind == "filter":
            where, code = f"filters[{one.position}]", "dead-filter"
        elif everything:
            continue
        else:
            where, code = _place(path, one), f"dead-{one.kind}"
        if one.redundant:
            yield LintFinding(code="redundant", path=where, message=f"{one.what}: {one.because}", **_seen(one))
            continue
        if not one.dead or where in named or (one.kind in ("condition", "action") and one.position in told):
            continue
        if one.kind == "rule" and not proved.account.active_rule_set.rules[one.position].enabled:  # type: ignore[union-attr]
            continue
        yield LintFinding(code=code, path=where, message=f"{one.what}: {one.because}", **_unseen(one))


def _place(path: str, one: Reach) -> str:
    parts = {"rule": "", "condition": f".recipients[{one.item}]", "action": f".actions[{one.item}]"}
    return f"{path}.rules[{one.position}]{parts[one.kind]}"


def _unseen(one: Reach) -> dict[str, Any]:
    """The mail that one would expect to reach it, and does not."""
    if one.shown_by is None:
        return {"no_mail": "no client can write such an address"}
    if one.kind == "filter":
        return {"shown_by": one.shown_by, "shows": partial(_does_not_decide, one.name)}
    if one.kind == "action":
        return {"shown_by": one.shown_by, "shows": partial(_does_not_run, one.name, one.item)}
    return {"shown_by": one.shown_by, "shows": partial(_does_not_fire, one.name)}


def _seen(one: Reach) -> dict[str, Any]:
    """The mail that reaches it; that nothing would change is proved, not seen."""
    if one.shown_by is None:
        return {"no_mail": "that nothing would change without it is proved over all mail"}
    shows = partial(_decides, one.name) if one.kind == "filter" else partial(_fires, one.name)
    return {"shown_by": one.shown_by, "shows": shows}


def _fires(rule: str, reception: Reception) -> bool:
    return rule in reception.rules


def _decides(name: str, reception: Reception) -> bool:
    return reception.decision.decided_by == name


def _does_not_decide(name: str, reception: Reception) -> bool:
    return reception.decision.decided_by != name


def _does_not_run(rule: str, action: int, reception: Reception) -> bool:
    return (rule, action) not in {(one.rule, one.action) for one in reception.effects}


# ---------------------------------------------------------------- what SES would refuse


def _refused(account: Account) -> Iterator[LintFinding]:
    for at, rule_set in enumerate(account.rule_sets):
        for position, rule in enumerate(rule_set.rules):
            for index, action in enumerate(rule.actions):
                where = f"rule_sets[{at}].rules[{position}].actions[{index}]"
                if isinstance(action, BounceAction) and not may_send(action.sender, account):
                    yield LintFinding(
                        code="unverified-bounce-sender",
                        path=f"{where}.sender",
                        message=f"`{one_line(action.sender, 120)}` is under no verified identity of the account",
                        no_mail=_REFUSED,
                    )
                for item in members(type(action)):
                    value = getattr(action, item.name) if item.arn and item.kind is Kind.TEXT else None
                    arn = Arn.parse(value) if isinstance(value, str) else None
                    if arn is not None and arn.region and arn.region != account.region:
                        yield LintFinding(
                            code="cross-region",
                            path=f"{where}.{item.name}",
                            message=f"it is in `{one_line(arn.region, 40)}` and the account receives in "
                            f"`{one_line(account.region, 40)}`",
                            no_mail=_REFUSED,
                        )


# ---------------------------------------------------------------- domains, filters, quotas


def _domains(reach: Reachability) -> Iterator[LintFinding]:
    account, active = reach.account, reach.account.active_rule_set
    if active is None or not any(rule.enabled for rule in active.rules):
        return  # told already, of all domains at once
    taken = {
        plain_domain(one.literal).rpartition("@")[2] if one.kind is not RecipientKind.SUBDOMAIN else ""
        for one, matched in reach.judged.matched.items()
        if matched
    }
    for at, identity in enumerate(account.identities):
        domain = plain_domain(identity.name)
        if not (identity.is_domain and identity.is_verified) or domain in taken:
            continue
        below = any(
            matched and one.kind is RecipientKind.SUBDOMAIN and one.literal == domain
            for one, matched in reach.judged.matched.items()
        )
        if below or any(name.endswith(f".{domain}") for name in taken):
            continue
        somebody = reach.partition.named(RecipientKind.DOMAIN, domain)
        yield LintFinding(
            code="no-rule-for-domain",
            path=f"identities[{at}]",
            message=f"no enabled rule of the active rule set takes mail for `{one_line(identity.name, 120)}`",
            no_mail="" if somebody is not None else "the proof has no address of it",
            shown_by=partial(reach.mail, somebody) if somebody is not None else None,
            shows=_is_refused,
        )


def _ipv6(reach: Reachability) -> Iterator[LintFinding]:
    filters = reach.account.filters
    all_ipv4 = next(
        (
            at
            for at, one in enumerate(filters)
            if one.policy is Policy.BLOCK and one.network is not None and one.network.version == 4
            if one.network.prefixlen == 0
        ),
        None,
    )
    if all_ipv4 is None:
        return
    for client in reach.clients:
        if client.version == 6 and not reach.judged.filtered(client).decided_by:
            taken = next((classes[0] for _, classes in reach.groups), reach.partition.recipients[0])
            yield LintFinding(
                code="ipv6-open",
                path=f"filters[{all_ipv4}]",
                message=f"`{one_line(filters[all_ipv4].name, 64)}` blocks all of IPv4, and no filter is about "
                f"{client.text}",
                shown_by=partial(reach.mail, taken, client=client),
                shows=_passes_undecided,
            )
            return


def _passes_undecided(reception: Reception) -> bool:
    return reception.decision.accepted and not reception.decision.decided_by


def _quotas(account: Account) -> Iterator[LintFinding]:
    yield from _near("rule_sets", len(account.rule_sets), limits.RULE_SETS)
    yield from _near("filters", len(account.filters), limits.FILTERS)
    for at, rule_set in enumerate(account.rule_sets):
        yield from _near(f"rule_sets[{at}].rules", len(rule_set.rules), limits.RULES_PER_RULE_SET)
        for position, rule in enumerate(rule_set.rules):
            where = f"rule_sets[{at}].rules[{position}]"
            yield from _near(f"{where}.recipients", len(rule.recipients), limits.RECIPIENTS_PER_RULE)


def _near(path: str, number: int, limit: Limit[int]) -> Iterator[LintFinding]:
    if _NEAR * limit.value <= number <= limit.value:
        yield LintFinding(
            code="near-quota",
            path=path,
            message=f"{number} of at most {limit.value} {limit.unit}",
            no_mail="a quota is met when a rule is made, not when mail comes",
        )
