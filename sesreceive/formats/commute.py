"""Whether the order of two rules matters, shown by a mail that is received with both orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from sesreceive.account.account import Account
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet
from sesreceive.actions import BounceAction, LambdaAction
from sesreceive.arn import Arn
from sesreceive.backends.memory import MemoryBackend
from sesreceive.errors import one_line
from sesreceive.mail.address import Mailbox, domain_of
from sesreceive.receiver import Receiver
from sesreceive.stages.conditions import match

__all__ = ["differing_mail"]

# Pairs that are received with both orders; more would make a template of 200 rules slow and say nothing new.
_PAIRS = 12
_MAIL = b"From: ana@example.org\r\nSubject: order\r\n\r\nwhich rule comes first?\r\n"


def differing_mail(chains: Sequence[Sequence[ReceiptRule]]) -> tuple[str, str, str, str] | None:
    """Two rules of different chains, a recipient of both, and what their order changes; None where it changes nothing.

    Parameters
    ----------
    chains : sequence of sequences of ReceiptRule
        Rules that keep their order within a chain, where the order of the chains is open.

    A function that SES waits for is taken for one that stops the rule set.

    Examples
    --------
    >>> import sesreceive as ses
    >>> stop = ses.ReceiptRule(name="stop", enabled=True, actions=[ses.StopAction()])
    >>> keep = ses.ReceiptRule(name="keep", enabled=True, actions=[ses.S3Action(bucket_name="inbox")])
    >>> differing_mail([[keep], [stop]])
    ('keep', 'stop', 'someone@example.com', 'with `stop` first there is no PutObject to `inbox`')
    >>> differing_mail([[keep], [keep.replace(name="too", recipients=["example.com"])]]) is None
    True
    """
    for first, second, recipient in islice(_meeting(chains), _PAIRS):
        as_written, swapped = _done((first, second), recipient), _done((second, first), recipient)
        if gone := as_written - swapped:
            return first.name, second.name, recipient, _sentence(second.name, gone)
        if gone := swapped - as_written:
            return first.name, second.name, recipient, _sentence(first.name, gone)
    return None


def _meeting(chains: Sequence[Sequence[ReceiptRule]]) -> Iterator[tuple[ReceiptRule, ReceiptRule, str]]:
    """Pairs of rules of different chains that are for one recipient, and that recipient; each pair once."""
    numbered = [
        (number, rule) for number, chain in enumerate(chains) for rule in chain if rule.enabled and rule.actions
    ]
    enabled = [rule for _, rule in numbered]
    by_condition: dict[str, list[int]] = {}
    for at, rule in enumerate(enabled):
        for condition in rule.recipients or ("",):
            by_condition.setdefault(condition.lower(), []).append(at)
    seen: set[tuple[int, int]] = set()
    for at, rule in enumerate(enabled):
        for recipient in _candidates(rule, enabled):
            if not _for(rule, recipient):
                continue
            for other in {other for key in _keys(recipient) for other in by_condition.get(key, ())}:
                pair = (min(at, other), max(at, other))
                apart = numbered[at][0] != numbered[other][0]
                if apart and pair not in seen and _for(enabled[other], recipient):
                    seen.add(pair)
                    yield enabled[pair[0]], enabled[pair[1]], recipient


def _keys(recipient: str) -> Iterator[str]:
    """The conditions that a recipient can meet: its address without label, its domain, those above it, none."""
    mailbox = Mailbox.parse(recipient)
    domain = mailbox.domain
    yield from (mailbox.folded, mailbox.without_label, domain, "")
    while "." in domain:
        domain = domain.partition(".")[2]
        yield f".{domain}"


def _sentence(first: str, gone: Counter[str]) -> str:
    return f"with `{one_line(first, 80)}` first there is no {' and no '.join(sorted(gone)[:3])}"


def _candidates(rule: ReceiptRule, rules: Sequence[ReceiptRule]) -> Iterator[str]:
    """Recipients that a rule is for; one for everything meets the others at theirs."""
    for condition in rule.recipients or next((one.recipients for one in rules if one.recipients), ("example.com",)):
        if "@" in condition:
            yield condition
        else:
            yield f"someone@sub{condition}" if condition.startswith(".") else f"someone@{condition}"


def _for(rule: ReceiptRule, recipient: str) -> bool:
    return not rule.recipients or any(match(condition, recipient).matches for condition in rule.recipients)


def _done(rules: tuple[ReceiptRule, ...], recipient: str) -> Counter[str]:
    actions = [action for rule in rules for action in rule.actions]
    senders = {domain_of(action.sender) for action in actions if isinstance(action, BounceAction)}
    arns = [
        text for action in actions for name in ("topic_arn", "function_arn") if (text := getattr(action, name, None))
    ]
    account = Account(
        identities=sorted({domain_of(recipient), *senders}),
        active="main",
        rule_sets=(ReceiptRuleSet(name="main", rules=rules),),
        region=next((arn.region for text in arns if (arn := Arn.parse(text))), "us-east-1"),
    )
    stops = {action.function_arn: _stop for action in actions if isinstance(action, LambdaAction)}
    try:
        receiver = Receiver(account, backend=MemoryBackend(functions=stops), seed=1)
    except ValueError:  # SES would refuse one of the rules, which is said elsewhere
        return Counter()
    reception = receiver.receive(
        _MAIL,
        client_ip="198.51.100.7",
        helo="mx.example.org",
        mail_from="ana@example.org",
        rcpt_to=[recipient],
        tls=True,
    )
    return Counter(_effect(one) for one in reception.effects)


def _stop(event: Any, context: Any) -> dict[str, str]:
    return {"disposition": "STOP_RULE_SET"}


def _effect(effect: Any) -> str:
    for name in ("bucket", "topic_arn", "function_arn", "destination", "organization_arn", "instance_arn"):
        if target := getattr(effect, name, None):
            return f"{effect.operation} to `{one_line(target, 120)}`"
    return str(effect.operation)
