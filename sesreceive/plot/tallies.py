"""What the pictures of rules, recipients, costs and differences show, as numbers: without matplotlib."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sesreceive.errors import one_line
from sesreceive.plot.counts import Way
from sesreceive.report import Report
from sesreceive.trace.events import Op
from sesreceive.wording import count

__all__ = ["COST_SHOWN", "RULE_OUTCOMES", "by_rule", "recipient_ways", "rule_outcomes", "short_target", "told"]

RULE_OUTCOMES = ("fired", "ended the rule set", "an action failed", "did not match", "was skipped")
"""What a rule can come to for an accepted message, in the order of the picture."""
COST_SHOWN = 14
_LABEL, _SHORT = 36, 26
_OTHER = "other"


def rule_outcomes(report: Report, most: int = 30) -> dict[str, dict[str, int]]:
    """Of each rule, in the order of the set, how many accepted messages it came to what for; one outcome each.

    Rules behind the first `most` are counted together.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, actions=(ses.StopAction(),))
    >>> rules = ses.ReceiptRuleSet(name="main", rules=(rule, rule.replace(name="never")))
    >>> account = ses.Account(identities=("example.com",), rule_sets=(rules,), active="main")
    >>> report = ses.Receiver(account, seed=1).replay({"hi": b"To: ana@example.com"})
    >>> {rule: {what: n for what, n in row.items() if n} for rule, row in rule_outcomes(report).items()}
    {'all': {'ended the rule set': 1}, 'never': {'was skipped': 1}}
    """
    rules, actions = report.rules, report.actions
    failing = actions[actions["outcome"] == str(Op.FAIL)]
    failed = set(zip(failing["number"], failing["rule"], strict=True))
    table: dict[str, dict[str, int]] = {}
    columns = (rules[name] for name in ("number", "rule", "outcome", "ended"))
    for number, rule, outcome, ended in zip(*columns, strict=True):
        if outcome == str(Op.MATCH):
            what = RULE_OUTCOMES[2 if (number, rule) in failed else 1 if ended else 0]
        else:
            what = RULE_OUTCOMES[3 if outcome == str(Op.MISS) else 4]
        row = table.setdefault(rule, dict.fromkeys(RULE_OUTCOMES, 0))
        row[what] += 1
    kept = dict(list(table.items())[:most])
    shown = dict(zip(_labels(kept), kept.values(), strict=True))
    if rest := list(table.values())[most:]:
        shown[count(len(rest), "other rule")] = {what: sum(row[what] for row in rest) for what in RULE_OUTCOMES}
    return shown


def _labels(names: Iterable[str], room: int = _LABEL) -> list[str]:
    """Each name on one short line; where two are alike when they are cut, a number tells them apart."""
    labels: dict[str, None] = {}
    for name in names:
        label, number = one_line(name, room), 1
        while label in labels:
            number += 1
            label = f"{one_line(name, room - len(f' ({number})'))} ({number})"
        labels[label] = None
    return list(labels)


def recipient_ways(report: Report, most: int = 7) -> tuple[Way, ...]:
    """The ways that recipients took: domain, answer, rules that match, rules that ran.

    A refused recipient has no more than the first two. Of each place the `most` frequent are told apart.
    """
    table = report.recipients
    accepted = table["accepted"].astype(bool).tolist()
    domains = _kept([address.rpartition("@")[2].lower() or "no domain" for address in table["recipient"]], most)
    taken = table[table["accepted"].astype(bool)]
    matched, fired = (_kept(taken[name].tolist(), most, "no rule") for name in ("matched", "fired"))
    rules = zip(matched, fired, strict=True)
    counted: Counter[tuple[str, ...]] = Counter()
    for domain, yes, reply in zip(domains, accepted, table["reply"], strict=True):
        status = " ".join(reply.split(" ")[:2])
        counted[(domain, "accepted", *next(rules)) if yes else (domain, f"refused {status}")] += 1
    ways = sorted(counted.items(), key=lambda item: (item[0][1] != "accepted", _OTHER in item[0], -item[1]))
    return tuple(Way(places, number, places[1] == "accepted") for places, number in ways)


def _kept(values: Sequence[str], most: int, none: str = "") -> list[str]:
    """The values on one short line, the rare ones under one name."""
    names = [one_line(value, _SHORT) if value else none for value in values]
    kept = {name for name, _ in Counter(names).most_common(most)}
    return [name if name in kept else _OTHER for name in names]


def by_rule(
    rows: Iterable[tuple[str, str, float, str, float]], most: int = COST_SHOWN
) -> Mapping[str, Mapping[str, float]]:
    """US dollars of each rule and item out of the rows of a `Cost`, receiving first; the cheapest rules as one."""
    table: dict[str, dict[str, float]] = {}
    for rule, item, _, _, usd in rows:
        row = table.setdefault(rule, {})
        row[item] = row.get(item, 0.0) + usd
    dearest = sorted(table, key=lambda rule: (rule != "", -sum(table[rule].values())))
    kept = [rule for rule in table if rule in dearest[:most]]
    labels = _labels(rule or "receiving" for rule in kept)
    shown = {label: table[rule] for label, rule in zip(labels, kept, strict=True)}
    if rest := dearest[most:]:
        others: dict[str, float] = {}
        for rule in rest:
            for item, usd in table[rule].items():
                others[item] = others.get(item, 0.0) + usd
        shown[count(len(rest), "other rule")] = others
    return shown


def short_target(what: str) -> str:
    """An outcome whose ARN is cut to what it names, for where there is no room.

    Examples
    --------
    >>> short_target("Publish arn:aws:sns:us-east-1:111122223333:mail"), short_target("PutObject inbox")
    ('Publish …:mail', 'PutObject inbox')
    """
    operation, arn, target = what.partition(" arn:")
    return f"{operation} …:{target.rpartition(':')[2]}" if arn else what


def told(where: str, subject: str, before: str, after: str, room: int = 110) -> str:
    """Where ways part as one short line: both sides get what room there is.

    Examples
    --------
    >>> told("rule", "billing", "fires", "does not match")
    'rule billing: fires → does not match'
    """
    head = one_line(f"{where} {subject}".strip(), 40)
    side = max(12, (room - len(head) - 5) // 2)
    return f"{head}: {one_line(before, side)} → {one_line(after, side)}"
