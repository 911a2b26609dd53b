"""What the rules of an account ask for: their effects as far as permissions go, and what those are about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.actions import ConnectAction, LambdaAction, S3Action
from sesreceive.effects import Effect, Invoke, Publish, PutObject, StartContact

__all__ = ["OWN_KEY", "action_of", "effects_of", "named_by", "role_of"]

# What SES itself holds the key of: nobody has to allow its use [Developer Guide, "Giving permissions"].
OWN_KEY = "alias/aws/ses"


def action_of(account: Account, rule_set: str, effect: Effect) -> ReceiptAction | None:
    """The action that asks for an effect; None where the rule set has no such rule or action."""
    found = next((one for one in account.rule_sets if one.name == rule_set), None)
    for rule in found.rules if found is not None else ():
        if rule.name == effect.rule:
            return rule.actions[effect.action] if 0 <= effect.action < len(rule.actions) else None
    return None


def role_of(effect: Effect, action: ReceiptAction | None) -> str:
    """The role that is taken on: where an S3 action names one, all it does is done by it [documented]."""
    if isinstance(action, S3Action):
        return action.iam_role_arn or ""
    return getattr(effect, "iam_role_arn", "")


def effects_of(account: Account) -> Iterator[tuple[str, ReceiptAction, Effect]]:
    """What the rules of all sets will ask for, as far as permissions go."""
    for rule_set in account.rule_sets:
        for rule in rule_set.rules:
            for position, action in enumerate(rule.actions):
                about: dict[str, Any] = {"rule": rule.name, "action": position, "message_id": "MESSAGE-ID"}
                if isinstance(action, S3Action):
                    yield (
                        rule_set.name,
                        action,
                        PutObject(
                            bucket=action.bucket_name,
                            key=action.object_key("MESSAGE-ID"),
                            body=b"",
                            kms_key_arn=action.kms_key_arn or "",
                            iam_role_arn=action.iam_role_arn or "",
                            **about,
                        ),
                    )
                elif isinstance(action, LambdaAction):
                    yield rule_set.name, action, Invoke(function_arn=action.function_arn, payload="", **about)
                elif isinstance(action, ConnectAction):
                    yield (
                        rule_set.name,
                        action,
                        StartContact(instance_arn=action.instance_arn, iam_role_arn=action.iam_role_arn, **about),
                    )
                if action.topic_arn:
                    yield rule_set.name, action, Publish(topic_arn=action.topic_arn, subject="", message="", **about)


def _touched(effect: Effect, action: ReceiptAction) -> Iterator[tuple[str, str]]:
    """Kind and name of all that an effect is about."""
    if role := role_of(effect, action):
        yield "role", role
    if isinstance(effect, PutObject):
        yield "bucket", effect.bucket
        if effect.kms_key_arn and not effect.kms_key_arn.endswith(OWN_KEY):
            yield "key", effect.kms_key_arn
    elif isinstance(effect, Publish):
        yield "topic", effect.topic_arn
    elif isinstance(effect, Invoke):
        yield "function", effect.function_arn


def named_by(account: Account) -> tuple[tuple[str, str], ...]:
    """Kind and name of all that the rules of an account write to or act as, each once."""
    return tuple(dict.fromkeys(one for _, action, effect in effects_of(account) for one in _touched(effect, action)))
