"""Rules and actions in one short line each, so that an entry of the gallery shows only what it is about."""

from __future__ import annotations

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet
from sesreceive.actions import BounceAction, InvocationType, LambdaAction, S3Action, SNSAction, StopAction

__all__ = ["BUCKET", "STOP", "account", "bounce", "publish", "rule", "start", "store", "topic_arn", "wait_for"]

BUCKET = "inbox"
STOP = StopAction()
_OF_US = "us-east-1:111122223333"


def topic_arn(topic: str) -> str:
    """The ARN of a topic of the account's own."""
    return f"arn:aws:sns:{_OF_US}:{topic}"


def store(prefix: str | None = None, *, bucket: str = BUCKET, topic: str | None = None) -> S3Action:
    """The mail lies in the bucket, under the prefix and its message id, and the topic, if one is named, is told."""
    return S3Action(bucket_name=bucket, object_key_prefix=prefix, topic_arn=None if topic is None else topic_arn(topic))


def publish(topic: str) -> SNSAction:
    """The mail is published to the topic."""
    return SNSAction(topic_arn=topic_arn(topic))


def wait_for(function: str) -> LambdaAction:
    """The function runs, and its answer decides what goes on."""
    return LambdaAction(
        function_arn=f"arn:aws:lambda:{_OF_US}:function:{function}", invocation_type=InvocationType.REQUEST_RESPONSE
    )


def start(function: str) -> LambdaAction:
    """The function is started; nothing waits for its answer."""
    return LambdaAction(
        function_arn=f"arn:aws:lambda:{_OF_US}:function:{function}", invocation_type=InvocationType.EVENT
    )


def bounce(template: str) -> BounceAction:
    """The sender gets a bounce of that template."""
    return BounceAction.template(template, sender="postmaster@example.com")


def rule(name: str, *actions: ReceiptAction, to: tuple[str, ...] = ()) -> ReceiptRule:
    """An enabled rule that scans; without `to` it is for every recipient."""
    return ReceiptRule(name=name, enabled=True, scan_enabled=True, recipients=to, actions=actions)


def account(*rules: ReceiptRule, domains: tuple[str, ...] = ("example.com",)) -> Account:
    """An account that has verified the domains, with these rules in force."""
    return Account(identities=domains, rule_sets=(ReceiptRuleSet(name="main", rules=rules),), active="main")
