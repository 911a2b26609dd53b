"""Counts what mail exercises of an account, and asks the proofs what no mail can."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sesreceive.account.account import Account
from sesreceive.account.filters import Policy
from sesreceive.analysis.cover_items import Covering, CoverKey, CoverKind, Outcome, keys_of
from sesreceive.analysis.coverage import Coverage, CoverItem
from sesreceive.analysis.partition import Partition
from sesreceive.analysis.unreachable import unreachable
from sesreceive.assumption import Assumptions
from sesreceive.reception import Reception
from sesreceive.stages import filtering, recipients
from sesreceive.stages.index import AccountIndex

__all__ = ["CoverageTally", "coverage"]


class CoverageTally:
    """Counts what messages exercise, one after the other; keeps the counts, not the messages.

    Parameters
    ----------
    account : Account
        The account. Messages that were received under another one are not counted.
    assumptions : Assumptions, optional
        How the open points of SES are read.

    Attributes
    ----------
    messages : int
        How many were counted.
    hits : Counter
        How many of them exercised an item.
    """

    def __init__(self, account: Account, assumptions: Assumptions | None = None) -> None:
        self.account, self.messages = account, 0
        self.hits: Counter[CoverKey] = Counter()
        self._assumptions = assumptions
        self._covering = Covering(account, assumptions)

    def add(self, reception: Reception) -> bool:
        """Count one message; whether it was received under the account."""
        if reception.account is not self.account and reception.account != self.account:
            return False
        self.messages += 1
        self.hits.update(self._covering.of(reception))
        return True

    def coverage(self) -> Coverage:
        """What they exercised so far."""
        dead = _Dead(self.account, self._assumptions)
        items = [
            CoverItem(key=key, messages=self.hits[key], dead="" if self.hits[key] else dead.why(key))
            for key in dict.fromkeys(keys_of(self.account))
        ]
        return Coverage(self.account, items, self.messages)


class _Dead:
    """Tells why no mail can exercise an item."""

    def __init__(self, account: Account, assumptions: Assumptions | None) -> None:
        proved = unreachable(account, assumptions=assumptions)
        self.account, self.assumptions = account, assumptions
        self._dead = {(one.kind, one.name, one.item): one.because for one in proved.items if one.dead}
        self._alive = any(one.kind == "rule" and not one.dead for one in proved.items)

    def why(self, key: CoverKey) -> str:
        """One sentence; empty where some mail can."""
        if key.kind in (CoverKind.RULE, CoverKind.FILTER):
            return self._dead.get((key.kind.value, key.name, -1), "")
        if key.kind in (CoverKind.CONDITION, CoverKind.ACTION):
            return self._dead.get((key.kind.value, key.name, key.position), "")
        if key.kind is CoverKind.DISPOSITION:
            return self._dead.get(("action", key.name, key.position), "")
        if key.part == Outcome.TOO_LARGE:
            return self._dead.get(("rule", key.name, -1), "")
        if key.part == Outcome.ACCEPTED and not self._alive:
            return "no rule takes mail"
        if key.part == Outcome.BLOCKED and not self._may_block():
            return "no Block filter decides on any client"
        if key.part == Outcome.TLS and not self._needs_tls():
            return "whoever a rule with TLS matches is matched by one without, too"
        return ""

    def _may_block(self) -> bool:
        """Whether some client is refused by a filter."""
        return any(
            item.policy is Policy.BLOCK and ("filter", item.name, -1) not in self._dead for item in self.account.filters
        )

    def _needs_tls(self) -> bool:
        """Whether some recipient is refused in clear text and taken over TLS."""
        assumptions = self.assumptions or Assumptions()
        index = AccountIndex(self.account, assumptions)
        let_in = filtering.decide((), "198.51.100.1")
        return any(
            not recipients.decide(
                self.account, one.representative, let_in, tls=False, assumptions=assumptions, index=index
            ).accepted
            and recipients.decide(
                self.account, one.representative, let_in, tls=True, assumptions=assumptions, index=index
            ).accepted
            for one in Partition(self.account, assumptions=assumptions).recipients
        )


def coverage(account: Account, report: Iterable[Reception], *, assumptions: Assumptions | None = None) -> Coverage:
    """What of an account the mail of a report exercised.

    Parameters
    ----------
    account : Account
        The account that the mail was received under; messages received under another one do not count.
    report : Report, or iterable of Reception
        The mail.
    assumptions : Assumptions, optional
        How the open points of SES are read.

    Returns
    -------
    Coverage
        With `frame`, `text`, `plot`, and a rich view.

    Raises
    ------
    InputError
        When the report was made with ``keep=False`` and has no receptions.

    Notes
    -----
    What no mail can exercise is proved by `unreachable`, whose cost this has besides one look at each message.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(
    ...     name="billing", enabled=True, recipients=("billing@example.com",),
    ...     actions=(ses.S3Action(bucket_name="inbox"),),
    ... )
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> report = ses.Receiver(account, seed=1).replay([{"raw": b"", "envelope": {"rcpt_to": ["billing@example.com"]}}])
    >>> print(coverage(account, report))
    80 % covered by 1 message: 4 of 5 items
      rule            1 of 1
      condition       1 of 1
      action          1 of 1
      outcome         1 of 2
    missed
      outcome a recipient is refused: no identity or no rule
    """
    tally = CoverageTally(account, assumptions)
    for reception in report:
        tally.add(reception)
    return tally.coverage()
