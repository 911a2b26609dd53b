"""Which open points of SES a question about an account rests on, and whether another reading would answer otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sesreceive.account.account import Account
from sesreceive.actions import AddHeaderAction, BounceAction
from sesreceive.analysis.walk import refuses
from sesreceive.assumption import Assumption, Assumptions
from sesreceive.shown import Shown

__all__ = ["Otherwise", "otherwise", "used"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Otherwise(Shown):
    """An open point where another reading would change an answer.

    Attributes
    ----------
    name : str
        Field of `Assumptions`.
    value, alternative : object
        How it is decided, and the other reading.
    before, after : str
        The answer with the one and with the other, as a line.
    """

    name: str
    value: Any
    alternative: Any
    before: str
    after: str

    def __str__(self) -> str:
        """The point as one line."""
        return f"{self.name}: `{self.value}` is assumed; with `{self.alternative}` the answer is {self.after}"


def used(*accounts: Account, assumptions: Assumptions | None = None) -> tuple[Assumption, ...]:
    """The open points that decide something about rules, filters and recipients of these accounts.

    Examples
    --------
    >>> import sesreceive as ses
    >>> [one.name for one in used(ses.Account(identities=("example.com",)))]
    ['subdomains_verified']
    """
    names = set(_names(accounts))
    return tuple(row for row in Assumption.rows(assumptions) if row.name in names)


def _names(accounts: Iterable[Account]) -> Iterator[str]:
    for account in accounts:
        if any(one.is_domain for one in account.identities):
            yield "subdomains_verified"
        if account.filters:
            yield from ("filter_precedence", "ip_check_order", "ec2_source")
        active = account.active_rule_set
        for rule in active.rules if active is not None else ():
            if any("@" in condition for condition in rule.recipients):
                yield "label_match"
            if rule.tls_policy == "Require":
                yield "tls_required_reply"
            if rule.scan_enabled:
                yield "scan_scope"
            for action in rule.actions:
                if refuses(action):
                    yield from ("oversize_scope", "sns_size_limit_bytes", "sns_size_includes_ses_headers")
                if action.waits:
                    yield "on_lambda_error"
                if isinstance(action, AddHeaderAction):
                    yield "added_header_scope"
                if isinstance(action, BounceAction):
                    yield "null_sender_bounce"


def otherwise(
    ask: Callable[[Assumptions], str], points: Iterable[Assumption], assumptions: Assumptions | None
) -> tuple[Otherwise, ...]:
    """Each reading with which the answer, as a line, is another one; the question is asked once for each."""
    now = assumptions or Assumptions()
    before = ask(now)
    changed = []
    for point in points:
        for alternative in point.alternatives:
            if alternative == "(any)":
                continue
            after = ask(replace(now, **{point.name: alternative}))
            if after != before:
                row = Otherwise(name=point.name, value=point.value, alternative=alternative, before=before, after=after)
                changed.append(row)
    return tuple(changed)
