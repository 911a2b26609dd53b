"""Whether SES can write to what a rule names: tried when the rule is made or changed, as the service does.

Buckets and topics get their setup messages. What no setup message reaches is looked for where the backend is one that
knows what there is (``strict``): topics to notify, functions. Functions are not run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sesreceive.account.action import ReceiptAction
from sesreceive.account.rule_set import ReceiptRule
from sesreceive.backends.failure_plan import what_failed
from sesreceive.control import refusals
from sesreceive.effects import Backend, Effect, Invoke, Outcome, Publish, PutObject
from sesreceive.errors import ApiError
from sesreceive.permissions.refusal import Refusal

__all__ = ["Refused", "Trial", "trials"]

Refused = Callable[[Effect, ReceiptAction], Refusal | None]


class Trial(Exception):  # noqa: N818 - a signal between these modules
    """A target cannot be written to.

    Attributes
    ----------
    position : int
        Of the action, from 0.
    reason : str
        The backend's sentence.
    refusal : ApiError
        The service's.
    """

    def __init__(self, position: int, reason: str, refusal: ApiError) -> None:
        super().__init__(reason)
        self.position, self.reason, self.refusal = position, reason, refusal


def trials(rule: ReceiptRule, backend: Backend, at: datetime, refused: Refused | None = None) -> None:
    """Every target of the rule has its setup message.

    Parameters
    ----------
    refused : callable, optional
        What permissions refuse of an effect of an action; nothing where they are not known.

    Raises
    ------
    Trial
        For the first that cannot be written to; what was written before stays written.
    """
    for position, action in enumerate(rule.actions):
        if refused is not None:
            for effect in _asked(action, at):
                if (refusal := refused(effect, action)) is not None:
                    raise Trial(position, str(refusal), _forbidden(refusal, effect))
        _key(position, action, backend)
        effects = action.sets_up(at)
        for effect in effects:
            outcome = backend.perform(effect)
            if outcome.failed:
                raise Trial(position, outcome.error, _refusal(effect, outcome))
        reached = {effect.target for effect in effects}
        for effect in _others(action):
            if effect.target not in reached and _is_absent(effect, backend):
                outcome = Outcome(error=what_failed(effect, absent=True))
                raise Trial(position, outcome.error, _refusal(effect, outcome))


def _asked(action: ReceiptAction, at: datetime) -> list[Effect]:
    """What SES asks leave for: the setup messages with the key that mail will have, then what they do not reach."""
    effects = list(action.sets_up(at))
    arn = getattr(action, "kms_key_arn", None)
    asked = [replace(one, kms_key_arn=arn or "") if isinstance(one, PutObject) else one for one in effects]
    reached = {effect.target for effect in effects}
    return asked + [effect for effect in _others(action) if effect.target not in reached]


def _forbidden(refusal: Refusal, effect: Effect) -> ApiError:
    if refusal.kind == "role":
        return refusals.could_not_assume()
    if refusal.kind == "key" and isinstance(effect, PutObject):
        return refusals.kms_unusable(refusal.target, effect.bucket)
    return _refusal(effect, Outcome(error=refusal.error))


def _key(position: int, action: Any, backend: Any) -> None:
    """The setup object is written in the clear, so a key is asked for a data key of its own."""
    arn, kms = getattr(action, "kms_key_arn", None), getattr(backend, "kms", None)
    if not arn or kms is None:
        return
    try:
        kms.generate_data_key(KeyId=arn, KeySpec="AES_256", EncryptionContext={})
    except Exception as error:
        raise Trial(position, str(error), refusals.kms_unusable(arn, action.bucket_name)) from error


def _others(action: Any) -> list[Effect]:
    topic, function = getattr(action, "topic_arn", None), getattr(action, "function_arn", None)
    found: list[Effect] = []
    if function:
        found.append(Invoke(function_arn=function, payload=""))
    if topic:
        found.append(Publish(topic_arn=topic, subject="", message=""))
    return found


def _is_absent(effect: Effect, backend: Any) -> bool:
    lacks: Callable[[Effect], bool] | None = getattr(backend, "lacks", None)
    return lacks is not None and lacks(effect)


def _refusal(effect: Effect, outcome: Outcome) -> ApiError:
    if isinstance(effect, PutObject):
        absent = outcome.error.startswith(what_failed(effect, absent=True))
        return (refusals.no_such_bucket if absent else refusals.could_not_write)(effect.bucket)
    if isinstance(effect, Invoke):
        return refusals.could_not_invoke(effect.function_arn)
    return refusals.could_not_publish(effect.target)
