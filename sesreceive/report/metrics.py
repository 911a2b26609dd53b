"""What CloudWatch would count of received mail: four metrics, of each rule, of each rule set, and of all sets together.

The metrics, their scopes and dimensions are documented (Developer Guide, "Viewing metrics for Amazon SES email
receiving"). That a rule behind one that ended the evaluation counts nothing, and that an effect counts one failure for
each attempt that failed, is how we read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from sesreceive.reception import Reception
from sesreceive.report.frames import frame_of_rows
from sesreceive.trace.facts import Metric

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ACTIVE",
    "DIMENSIONS",
    "MEANINGS",
    "Counted",
    "Happened",
    "Scope",
    "counts_of",
    "happened",
    "metrics_frame",
    "metrics_of",
]

ACTIVE = "[Active]"
"""The dimension value under which the messages of every set that was active are counted together."""


class Scope(StrEnum):
    """Whose metric it is, in the order in which the table has them."""

    RULE_SET = "rule set"
    RULE = "rule"


DIMENSIONS: Mapping[Scope, str] = {Scope.RULE_SET: "RuleSetName", Scope.RULE: "RuleName"}

MEANINGS: Mapping[tuple[Scope, Metric], str] = {
    (Scope.RULE_SET, Metric.RECEIVED): "messages that at least one rule applies to",
    (Scope.RULE_SET, Metric.PUBLISH_SUCCESS): "messages of which every rule that applies was executed",
    (Scope.RULE_SET, Metric.PUBLISH_FAILURE): "errors while the rules were executed; they may be tried again",
    (Scope.RULE_SET, Metric.PUBLISH_EXPIRED): "messages of which a rule was given up: in time, or at once by its error",
    (Scope.RULE, Metric.RECEIVED): "messages that the rule applies to",
    (Scope.RULE, Metric.PUBLISH_SUCCESS): "messages for which the rule was executed",
    (Scope.RULE, Metric.PUBLISH_FAILURE): "errors while the rule was executed; they may be tried again",
    (Scope.RULE, Metric.PUBLISH_EXPIRED): "messages for which the rule was given up: in time, or at once by its error",
}


class Counted(NamedTuple):
    """What a count is of."""

    scope: Scope
    name: str
    metric: Metric


def metrics_of(reception: Reception) -> Iterator[tuple[Counted, int]]:
    """What one message counts, zeros left out; nothing where no rule applies.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True)
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> reception = ses.Receiver(account, seed=1).receive(b"Subject: x", rcpt_to=["ana@example.com"])
    >>> [(what.name, what.metric.value, number) for what, number in metrics_of(reception)][:2]
    [('main', 'Received', 1), ('main', 'PublishSuccess', 1)]
    """
    return counts_of(happened(reception))


class Happened(NamedTuple):
    """What the counts of one message follow from; most messages of a report share it with many others.

    Attributes
    ----------
    active : str
        Name of the rule set that was active.
    rules : tuple of str
        Rules that fired, in order.
    failures : tuple of (str, int, bool, bool)
        Of each effect that failed: its rule, how often, whether for good, and whether it was given up.
    """

    active: str
    rules: tuple[str, ...]
    failures: tuple[tuple[str, int, bool, bool], ...] = ()


def happened(reception: Reception) -> Happened:
    """What is counted of one message."""
    failures = [
        (done.effect.rule, len(done.failures), done.outcome.failed, done.expired)
        for done in reception.performed
        if done.failures or done.outcome.error
    ]
    return Happened(reception.account.active or "", reception.rules, tuple(failures))


def counts_of(what: Happened) -> Iterator[tuple[Counted, int]]:
    """What one such message counts, zeros left out; nothing where no rule applies."""
    if not what.rules:
        return
    failures = dict.fromkeys(what.rules, 0)
    failed, expired = set(), set()
    for rule, errors, for_good, given_up in what.failures:
        failures[rule] = failures.get(rule, 0) + errors
        if for_good:
            failed.add(rule)
        if given_up:
            expired.add(rule)
    for name in (what.active, ACTIVE):
        yield from _counts(Scope.RULE_SET, name, not failed, sum(failures.values()), bool(expired))
    for rule, errors in failures.items():
        yield from _counts(Scope.RULE, rule, rule not in failed, errors, rule in expired)


def _counts(scope: Scope, name: str, executed: bool, errors: int, expired: bool) -> Iterator[tuple[Counted, int]]:
    yield Counted(scope, name, Metric.RECEIVED), 1
    if executed:
        yield Counted(scope, name, Metric.PUBLISH_SUCCESS), 1
    if errors:
        yield Counted(scope, name, Metric.PUBLISH_FAILURE), errors
    if expired:
        yield Counted(scope, name, Metric.PUBLISH_EXPIRED), 1


def metrics_frame(counts: Mapping[Counted, int]) -> pd.DataFrame:
    """The counts as `Report.metrics` has them."""
    scopes, metrics = tuple(Scope), tuple(Metric)
    # Sets as they were met with all of them together behind, then rules as they fired first.
    names = list(dict.fromkeys((counted.scope, counted.name) for counted in counts))
    names.sort(key=lambda name: (scopes.index(name[0]), name[0] is Scope.RULE_SET and name[1] == ACTIVE))
    rows = [
        (scope, name, metric, counts[counted])
        for scope, name in names
        for metric in metrics
        if (counted := Counted(scope, name, metric)) in counts
    ]
    return frame_of_rows(
        [
            (str(scope), DIMENSIONS[scope], name, str(metric), number, MEANINGS[scope, metric])
            for scope, name, metric, number in rows
        ],
        {
            "scope": [str(scope) for scope in scopes],
            "dimension": "string",
            "name": "string",
            "metric": [str(metric) for metric in metrics],
            "count": "Int64",
            "meaning": "string",
        },
    )
