"""What is wrong with rules and their actions: what a message meets, rule by rule, in the order in which it meets it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import combinations, islice

from sesreceive.account.rule_set import ReceiptRule
from sesreceive.actions import BounceAction, LambdaAction, S3Action, SNSAction, StopAction
from sesreceive.analysis.action_targets import is_visible
from sesreceive.analysis.classes import RecipientClass, SizeClass
from sesreceive.analysis.lint_finding import LintFinding
from sesreceive.analysis.reachability import Reachability, Way
from sesreceive.analysis.witness import Witness
from sesreceive.effects import Invoke, PutObject, SendBounce
from sesreceive.errors import one_line
from sesreceive.reception import Reception
from sesreceive.verdict import Verdict
from sesreceive.wording import count

__all__ = ["lint_rules"]

_Place = tuple[int, int]
# Pairs of rules that are tried for one bucket and prefix.
_PAIRS = 40


def lint_rules(reach: Reachability, path: str) -> Iterator[LintFinding]:
    """The findings about rules that some mail reaches; `path` is that of the rule set.

    Parameters
    ----------
    reach : Reachability
        What is reached in the account.
    path : str
        Where the active rule set stands, as ``rule_sets[0]``.
    """
    for position, rule in enumerate(reach.rules):
        seen = reach.seen[position]
        if seen.way is None:
            continue
        where = f"{path}.rules[{position}]"
        yield from _broad(reach, rule, seen.way, where)
        for index in range(len(rule.actions)):
            way = seen.actions.get(index)
            if way is not None:
                yield from _action(reach, position, index, way, f"{where}.actions[{index}]")
    yield from _together(reach, path)
    yield from _same_keys(reach, path)
    yield from _alike(reach, path)


def _broad(reach: Reachability, rule: ReceiptRule, way: Way, where: str) -> Iterator[LintFinding]:
    if rule.recipients or not any(map(is_visible, rule.actions)):
        return
    domains = [one.name for one in reach.account.identities if one.is_domain and one.is_verified]
    yield LintFinding(
        code="rule-for-everybody",
        path=where,
        message=f"`{one_line(rule.name, 64)}` names no recipients, so it is for all addresses in "
        f"{count(len(domains), 'verified domain')} and in every domain below",
        shown_by=partial(reach.witness, way),
        shows=partial(_fired, rule.name),
    )


def _fired(name: str, reception: Reception) -> bool:
    return name in reception.rules


# ---------------------------------------------------------------- one action


def _action(reach: Reachability, position: int, index: int, way: Way, where: str) -> Iterator[LintFinding]:
    rule = reach.rules[position]
    action = rule.actions[index]
    mail = partial(reach.witness, way)
    name = one_line(rule.name, 64)
    if isinstance(action, BounceAction) and not any(before.waits for before in rule.actions[:index]):
        yield LintFinding(
            code="backscatter",
            path=where,
            message=f"`{name}` bounces to whoever the sender claims to be, whether or not SPF, DKIM and DMARC pass",
            shown_by=mail,
            shows=partial(_bounces_unproved, rule.name, index),
        )
        yield LintFinding(
            code="bounce-to-machine",
            path=where,
            message=f"`{name}` bounces automatic replies and newsletters, too",
            shown_by=partial(_automatic, mail),
            shows=partial(_bounces_unproved, rule.name, index),
        )
    if isinstance(action, SNSAction) and SizeClass.LARGE in reach.partition.sizes:
        others = len(rule.actions) - 1
        rest = f", and the {count(others, 'other action')} of the rule {'do' if others > 1 else 'does'} nothing for it"
        yield LintFinding(
            code="size-trap",
            path=where,
            message=f"a message over {reach.assumptions.sns_size_limit_bytes} bytes bounces here"
            + (rest if others and reach.assumptions.oversize_scope == "rule" else ""),
            shown_by=partial(reach.witness, way._replace(size=SizeClass.LARGE)),
            shows=partial(_bounces_as_large, rule.name, index),
        )
    if isinstance(action, LambdaAction):
        yield from _lambda(reach, position, index, where)


def _automatic(mail: partial[Witness]) -> Witness:
    return replace(mail(), headers=(("Auto-Submitted", "auto-replied"),))


def _lambda(reach: Reachability, position: int, index: int, where: str) -> Iterator[LintFinding]:
    rule, reached = reach.rules[position], reach.seen[position].actions
    action, name = rule.actions[index], one_line(rule.name, 64)
    stored = [at for at, one in enumerate(rule.actions) if isinstance(one, S3Action)]
    if stored and index < stored[0] and stored[0] in reached:
        yield LintFinding(
            code="lambda-before-s3",
            path=where,
            message=f"`{name}` calls the function in position {index + 1} before it stores the message in position "
            f"{stored[0] + 1}, so the function finds no object",
            shown_by=partial(reach.witness, reached[stored[0]]),
            shows=partial(_called_before_stored, rule.name),
        )
    stops = [at for at, one in enumerate(rule.actions) if isinstance(one, StopAction)]
    if not action.waits and stops and stops[-1] > index and stops[-1] in reached:
        yield LintFinding(
            code="event-with-stop",
            path=where,
            message=f"`{name}` ends the rule set behind the function whatever it does: SES does not wait for it",
            shown_by=partial(reach.witness, reached[stops[-1]]),
            shows=partial(_stopped, rule.name),
        )


def _stopped(rule: str, reception: Reception) -> bool:
    return reception.stopped_by == rule


def _bounces_unproved(rule: str, index: int, reception: Reception) -> bool:
    sent = any(isinstance(one, SendBounce) and (one.rule, one.action) == (rule, index) for one in reception.effects)
    return sent and reception.verdicts is not None and reception.verdicts.spf is not Verdict.PASS


def _bounces_as_large(rule: str, index: int, reception: Reception) -> bool:
    return any(isinstance(one, SendBounce) and (one.rule, one.action) == (rule, index) for one in reception.effects)


def _called_before_stored(rule: str, reception: Reception) -> bool:
    kinds = [type(one) for one in reception.effects if one.rule == rule]
    return Invoke in kinds and PutObject in kinds and kinds.index(Invoke) < kinds.index(PutObject)


# ---------------------------------------------------------------- rules that meet in one message


def _together(reach: Reachability, path: str) -> Iterator[LintFinding]:
    """What several rules do to one message of one recipient; functions answer CONTINUE, and the message is small."""
    if not reach.clients:
        return
    delivers = [tuple(_deliveries(rule)) for rule in reach.rules]
    bounces = [[at for at, one in enumerate(rule.actions) if isinstance(one, BounceAction)] for rule in reach.rules]
    catch_all = list(map(_is_catch_all, reach.rules))
    twice: dict[int, tuple[int, RecipientClass, set[int]]] = {}
    bounced: dict[_Place, tuple[_Place, RecipientClass]] = {}
    for _, (recipient, *_) in reach.groups:
        last = last_catch_all = -1  # of the rules that delivered
        bounce: _Place | None = None
        for position in reach.judged.fired_alone(recipient, tls=True):
            if bounce is not None and delivers[position]:
                bounced.setdefault(bounce, ((position, delivers[position][0]), recipient))
            for at in bounces[position]:
                inside = [other for other in delivers[position] if other > at]
                if inside:
                    bounced.setdefault((position, at), ((position, inside[0]), recipient))
                bounce = bounce or (position, at)
            if delivers[position]:
                earlier = last if catch_all[position] else last_catch_all
                if earlier >= 0:
                    twice.setdefault(earlier, (position, recipient, set()))[2].add(position)
                last = position
                last_catch_all = position if catch_all[position] else last_catch_all
            if reach.stops[position]:
                break
    for (position, at), (behind, recipient) in bounced.items():
        rule, other = reach.rules[position], reach.rules[behind[0]]
        what = "in the same rule" if rule is other else f"by `{one_line(other.name, 64)}`"
        yield LintFinding(
            code="bounce-then-delivery",
            path=f"{path}.rules[{position}].actions[{at}]",
            message=f"`{one_line(rule.name, 64)}` bounces mail that is delivered all the same, {what}",
            shown_by=partial(reach.mail, recipient),
            shows=partial(_bounced_and_delivered, (rule.name, at), (other.name, behind[1])),
        )
    for position, (later, recipient, others) in twice.items():
        rule, other = reach.rules[position], reach.rules[later]
        more = f" and {count(len(others) - 1, 'other rule')}" if len(others) > 1 else ""
        yield LintFinding(
            code="catch-all-without-stop",
            path=f"{path}.rules[{position}]",
            message=f"`{one_line(rule.name, 64)}` does not stop, so `{one_line(other.name, 64)}`{more} behind it takes "
            "the same mail once more",
            shown_by=partial(reach.mail, recipient),
            shows=partial(_both_fired, rule.name, other.name),
        )


def _deliveries(rule: ReceiptRule) -> Iterator[int]:
    for at, action in enumerate(rule.actions):
        if is_visible(action) and not isinstance(action, BounceAction):
            yield at


def _is_catch_all(rule: ReceiptRule) -> bool:
    return not rule.recipients or any("@" not in condition for condition in rule.recipients)


def _both_fired(first: str, second: str, reception: Reception) -> bool:
    return first in reception.rules and second in reception.rules


def _bounced_and_delivered(bounce: tuple[str, int], delivery: tuple[str, int], reception: Reception) -> bool:
    done = [(one.rule, one.action) for one in reception.effects]
    return bounce in done and delivery in done and done.index(bounce) < done.index(delivery)


# ---------------------------------------------------------------- rules that write to one place


def _same_keys(reach: Reachability, path: str) -> Iterator[LintFinding]:
    places: dict[tuple[str, str], list[_Place]] = {}
    for position, rule in enumerate(reach.rules):
        for index, action in enumerate(rule.actions):
            if isinstance(action, S3Action) and index in reach.seen[position].actions:
                places.setdefault((action.bucket_name, action.object_key_prefix or ""), []).append((position, index))
    for (bucket, prefix), found in places.items():
        for one, other in islice(combinations(found, 2), _PAIRS):
            mail = _meeting(reach, one, other)
            if mail is not None:
                names = f"`{one_line(reach.rules[one[0]].name, 64)}` and `{one_line(reach.rules[other[0]].name, 64)}`"
                whom = f"{names} write" if one[0] != other[0] else f"`{one_line(reach.rules[one[0]].name, 64)}` writes"
                yield LintFinding(
                    code="prefix-collision",
                    path=f"{path}.rules[{other[0]}].actions[{other[1]}]",
                    message=f"{whom} one message to the same key, `{one_line(prefix, 80)}` and the message id in "
                    f"`{one_line(bucket, 80)}`: the second takes the place of the first",
                    shown_by=mail,
                    shows=partial(_wrote_twice, bucket, prefix),
                )
                break
    yield from _prefix_inside(reach, path, places)


def _prefix_inside(
    reach: Reachability, path: str, places: dict[tuple[str, str], list[_Place]]
) -> Iterator[LintFinding]:
    """A prefix that another one begins with, found among its neighbours in order."""
    outer: tuple[str, str] | None = None
    for bucket, prefix in sorted(places):
        if outer is not None and outer[0] == bucket and outer[1] and prefix.startswith(outer[1]):
            position, index = places[bucket, prefix][0]
            yield LintFinding(
                code="prefix-collision",
                path=f"{path}.rules[{position}].actions[{index}]",
                message=f"the prefix `{one_line(prefix, 80)}` begins with `{one_line(outer[1], 80)}`, under which "
                f"`{one_line(reach.rules[places[outer][0][0]].name, 64)}` stores in the same bucket: who lists that "
                "one sees both",
                shown_by=partial(reach.witness, reach.seen[position].actions[index]),
                shows=partial(_wrote_under, bucket, outer[1], reach.rules[position].name),
            )
        else:
            outer = bucket, prefix


def _meeting(reach: Reachability, one: _Place, other: _Place) -> partial[Witness] | None:
    """The mail in which both actions run; None where none was found."""
    ways = [reach.seen[position].actions[index] for position, index in (one, other)]
    if any(way.needs is not None or way.size is not SizeClass.SMALL for way in ways):
        return None
    recipients = tuple(dict.fromkeys(way.recipient for way in ways))
    for position in reach.judged.fired_together(recipients, tls=True):
        if position == other[0]:
            return partial(reach.mail, *recipients)
        if reach.stops[position]:
            break
    return None


def _wrote_twice(bucket: str, prefix: str, reception: Reception) -> bool:
    keys = [one.key for one in reception.effects if isinstance(one, PutObject) and one.bucket == bucket]
    return any(keys.count(key) > 1 for key in keys if key.startswith(prefix))


def _wrote_under(bucket: str, prefix: str, rule: str, reception: Reception) -> bool:
    return any(
        isinstance(one, PutObject) and one.bucket == bucket and one.key.startswith(prefix) and one.rule == rule
        for one in reception.effects
    )


def _alike(reach: Reachability, path: str) -> Iterator[LintFinding]:
    """Enabled rules that say the same under two names."""
    first: dict[object, int] = {}
    for position, rule in enumerate(reach.rules):
        if not rule.enabled or not any(map(is_visible, rule.actions)):
            continue
        key = frozenset(condition.lower() for condition in rule.recipients), rule.tls_policy, rule.actions
        before = first.setdefault(key, position)
        way = reach.seen[position].way
        if before != position and way is not None:
            yield LintFinding(
                code="duplicate-rule",
                path=f"{path}.rules[{position}]",
                message=f"`{one_line(rule.name, 64)}` has the recipients and actions of "
                f"`{one_line(reach.rules[before].name, 64)}`",
                shown_by=partial(reach.witness, way),
                shows=partial(_both_fired, reach.rules[before].name, rule.name),
            )
