"""Which messages another account can make a difference to: their session and the rules they reach tell it at once."""

from __future__ import annotations

from sesreceive.account.account import Account
from sesreceive.account.rule_set import ReceiptRule
from sesreceive.analysis.rerun import submitted
from sesreceive.clock import SteppingClock
from sesreceive.dns.zone import Zone
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.stages.planning import PlannedRule, plan

__all__ = ["Affecting"]


class Affecting:
    """Whether another account can make a difference to messages, told by their SMTP session and the rules they reach.

    Where the answers are the same and the same rules match the same recipients, all that follows is the same, so that
    a rerun, which costs some eight times as much, has nothing to find.

    Parameters
    ----------
    account : Account
        The other account.
    receiver : Receiver, optional
        Whose resolver is asked what is not known.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="bo", enabled=True, recipients=("bo@example.com",))
    >>> rules = ses.ReceiptRuleSet(name="main", rules=(rule.replace(name="ana", recipients=("ana@example.com",)), rule))
    >>> account = ses.Account(identities=("example.com",), active="main", rule_sets=(rules,))
    >>> other = account.with_rule_set(rules.replace(rules=(rules.rules[0], rule.replace(scan_enabled=True))))
    >>> affecting, receiver = Affecting(other), ses.Receiver(account, seed=1)
    >>> [affecting(receiver.receive(b"", rcpt_to=[f"{name}@example.com"])) for name in ("ana", "bo")]
    [False, True]
    """

    def __init__(self, account: Account, receiver: Receiver | None = None) -> None:
        self._asked = receiver.resolver if receiver else Zone({})
        self._again = Receiver(account, resolver=self._asked, clock=SteppingClock(step_s=0.0))
        self._permissions = receiver.permissions if receiver else None
        self._same: dict[tuple[int, int], tuple[bool, ReceiptRule, ReceiptRule]] = {}

    def __call__(self, reception: Reception) -> bool:
        """Whether a rerun under the account can end differently."""
        again, was = self._again, reception.account
        if again.assumptions != reception.assumptions:
            again.assumptions = reception.assumptions
        submission = submitted(again, reception, self._asked)
        if (
            submission.accepted != reception.accepted
            or submission.decision.decided_by != reception.decision.decided_by
            or [answer.reply for answer in submission.recipients] != [answer.reply for answer in reception.recipients]
        ):
            return True
        if not submission.accepted:
            return submission.reply != reception.reply
        # What SES writes names region and account; what it is allowed is asked for the whole account.
        if self._permissions or (was.region, was.account_id) != (again.account.region, again.account.account_id):
            return True
        plans = [
            plan(account.active_rule_set, answers, tls=reception.envelope.tls, assumptions=reception.assumptions)
            for account, answers in ((was, reception.recipients), (again.account, submission.recipients))
        ]
        before, after = (planned.matching for planned in plans)
        return len(before) != len(after) or not all(map(self._alike, before, after))

    def _alike(self, before: PlannedRule, after: PlannedRule) -> bool:
        if before.recipients != after.recipients:
            return False
        key = id(before.rule), id(after.rule)
        if key not in self._same:
            # Both rules are kept, so that no other gets one of these ids.
            self._same[key] = before.rule == after.rule, before.rule, after.rule
        return self._same[key][0]
