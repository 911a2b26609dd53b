"""The permissions around an account: what buckets, topics, keys, functions and roles allow, asked effect by effect.

What nobody told us of is taken to allow it, and `Permissions.unseen` names it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.arn import Arn
from sesreceive.effects import Effect, Invoke, Publish, PutObject, StartContact
from sesreceive.errors import one_line
from sesreceive.permissions.question import Question
from sesreceive.permissions.refusal import Refusal
from sesreceive.permissions.rule_effects import action_of, effects_of, named_by
from sesreceive.permissions.target import Target
from sesreceive.shown import Shown
from sesreceive.wording import count

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Permissions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions(Shown):
    """What the surroundings of an account allow SES.

    Attributes
    ----------
    targets : tuple of Target
        Buckets, topics, keys, functions and roles whose policies are known.

    Examples
    --------
    >>> import sesreceive as ses
    >>> bucket = Target(kind="bucket", name="inbox", place="main.tf:3")
    >>> permissions = Permissions(targets=(bucket,))
    >>> rule = ses.ReceiptRule(name="store", enabled=True, actions=[ses.S3Action(bucket_name="inbox")])
    >>> account = ses.Account(identities=["example.com"], active="main",
    ...     rule_sets=[ses.ReceiptRuleSet(name="main", rules=[rule])])
    >>> permissions.refusals(account)[0].reason
    'it has no policy that lets ses.amazonaws.com do s3:PutObject (main.tf:3)'
    >>> receiver = ses.Receiver(account, permissions=permissions, seed=1)
    >>> reception = receiver.receive(b"Subject: hi", rcpt_to=["a@example.com"])
    >>> reception.performed[0].errors[0][:40]
    'could not write to the bucket `inbox`: i'
    """

    targets: tuple[Target, ...] = ()
    _named: dict[tuple[str, str], Target] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        named: dict[tuple[str, str], Target] = {}
        for target in self.targets:
            for name in target.names:
                named.setdefault((target.kind, name), target)
        object.__setattr__(self, "_named", named)

    def find(self, kind: str, name: str) -> Target | None:
        """What is known of a bucket, topic, key, function or role; None for nothing."""
        known = self._named.get((kind, name))
        if known is None and kind == "function" and (parts := Arn.parse(name)) is not None:
            # A version or alias of it: the ARN goes on behind the name.
            unqualified = parts._replace(resource=f"function:{parts.function_name}")
            return self._named.get((kind, str(unqualified)))
        return known

    # -------------------------------------------------------------- asked at run time

    def refusal(
        self,
        effect: Effect,
        account: Account,
        *,
        rule_set: str | None = None,
        rule: str | None = None,
        action: ReceiptAction | None = None,
        at: datetime | None = None,
    ) -> Refusal | None:
        """Why SES may not carry out an effect; None where it may, or where nothing is known.

        Parameters
        ----------
        effect : Effect
            What an action asks for.
        account : Account
            Whose rule it is.
        rule_set, rule : str, optional
            Set and rule; the active set and the rule of the effect by default.
        action : ReceiptAction, optional
            The action; by default that at the effect's place in the rule.
        at : datetime, optional
            When; conditions on the time fail without.
        """
        if not self.targets or not isinstance(effect, (PutObject, Publish, Invoke, StartContact)):
            return None
        name = rule_set if rule_set is not None else account.active or ""
        if action is None:
            action = action_of(account, name, effect)
        return next(Question(self.find, account, name, effect, action, at, rule).refusals(), None)

    # -------------------------------------------------------------- asked ahead

    def refusals(self, account: Account) -> tuple[Refusal, ...]:
        """Every refusal that the rules of the account would meet, each once, in the order of the rules."""
        found: dict[Refusal, None] = {}
        for rule_set, action, effect in effects_of(account):
            for refusal in Question(self.find, account, rule_set, effect, action, None).refusals():
                found.setdefault(refusal)
        return tuple(found)

    def unseen(self, account: Account) -> tuple[str, ...]:
        """What rules write to and nothing is known of, so that it is taken to allow it."""
        return tuple(
            f"{kind} `{one_line(name, 120)}`" for kind, name in named_by(account) if self.find(kind, name) is None
        )

    def assumed(self, account: Account) -> tuple[str, ...]:
        """The open values of a template that were taken to fit."""
        found: dict[str, None] = {}
        for rule_set, action, effect in effects_of(account):
            question = Question(self.find, account, rule_set, effect, action, None)
            for _ in question.refusals():
                pass
            for one in question.assumed:
                found.setdefault(one)
        return tuple(found)

    def frame(self, account: Account) -> pd.DataFrame:
        """The refusals as a table.

        Returns
        -------
        pandas.DataFrame
            One row a refusal, in the order of the rules; empty where SES may do all it is asked.

            rule_set : string   rule set
            rule : string       rule
            kind : string       bucket, topic, key, function or role
            target : string     its name or ARN
            error : string      what SES runs into
            reason : string     why
            add : string        the statement to add, JSON; empty where none helps
        """
        import pandas as pd

        rows = [
            (one.rule_set, one.rule, one.kind, one.target, one.error, one.reason, one.statement)
            for one in self.refusals(account)
        ]
        columns = ["rule_set", "rule", "kind", "target", "error", "reason", "add"]
        return pd.DataFrame(rows, columns=columns).astype("string")

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return bool(self.targets)

    def __repr__(self) -> str:
        """One line: of what the policies are known."""
        kinds = ("bucket", "topic", "key", "function", "role")
        numbers = {kind: sum(target.kind == kind for target in self.targets) for kind in kinds}
        listed = ", ".join(count(number, kind) for kind, number in numbers.items() if number)
        return f"<Permissions of {listed or 'nothing'}>"
