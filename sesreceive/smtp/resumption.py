"""A message out of the spool, received as it was accepted: with the account, assumptions and bounds of that moment.

The decisions are not kept but made again, by the same judges from the same values; so the trace of a message that a
restart goes on with is the trace it would have had. Effects that took place before are not repeated where the backend
knows of them; the others are done at least once, under the same message id.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sesreceive.account.account import Account
from sesreceive.assumption import Assumptions
from sesreceive.backends.spool import Spool, SpooledMessage
from sesreceive.bounds import Bounds
from sesreceive.effects import Effect, Outcome
from sesreceive.errors import ServerError
from sesreceive.mail.reply import Reply
from sesreceive.receiver import Receiver, Submission
from sesreceive.reception import Reception
from sesreceive.stages import recipients
from sesreceive.stages.provider_lists import ListKind, ProviderList
from sesreceive.stages.recipients import RecipientDecision

__all__ = ["Resuming", "settings_of", "spooler"]


def settings_of(receiver: Receiver, submission: Submission) -> dict[str, Any]:
    """What has to be known besides the message to judge it again, as JSON values."""
    return {
        "account": submission.account.to_api(),
        "assumptions": dataclasses.asdict(receiver.assumptions),
        "bounds": dataclasses.asdict(submission.bounds),
        # A list in DNS is not asked again: it did not refuse the message then, and may say otherwise today.
        "provider_lists": [
            [one.name, list(one.networks), one.kind.value, one.published and one.published.isoformat()]
            for one in receiver.provider_lists
            if isinstance(one, ProviderList)
        ],
    }


def spooler(receiver: Receiver, spool: Spool) -> Callable[[Submission], SpooledMessage]:
    """A function that gives what of a submission is kept; the settings are written when they are new."""
    latest: tuple[tuple[Any, ...], str] = ((), "")

    def spooled(submission: Submission) -> SpooledMessage:
        nonlocal latest
        values = (submission.account, receiver.assumptions, submission.bounds, receiver.provider_lists)
        # Values are frozen, so the same objects are the same settings.
        if len(latest[0]) != len(values) or any(a is not b for a, b in zip(latest[0], values, strict=True)):
            latest = (values, spool.keep_settings(settings_of(receiver, submission)))
        return SpooledMessage(
            message_id=submission.message_id,
            received_s=submission.received_s,
            name=submission.name,
            envelope=submission.envelope,
            settings=latest[1],
            raw=submission.message.raw,
            replies=tuple(str(decision.reply) for decision in submission.recipients),
        )

    return spooled


class Resuming:
    """Receives messages that an earlier process accepted.

    Parameters
    ----------
    receiver : Receiver
        Its resolver, scanners and backend are used.
    spool : Spool
        Where the settings of the messages lie.
    message_ids : collection of str
        The messages to come, so that a backend is asked once what of them it has.
    """

    def __init__(self, receiver: Receiver, spool: Spool, message_ids: Collection[str]) -> None:
        self._receiver, self._spool = receiver, spool
        self._message_ids = frozenset(message_ids)
        self._backend: _Resumed | None = None
        self._receivers: dict[str, Receiver] = {}

    def __call__(self, message: SpooledMessage) -> Reception:
        """What becomes of the message.

        Raises
        ------
        ServerError
            When the judges would not take the message today, although it was answered 250.
        """
        receiver = self._receivers.get(message.settings)
        if receiver is None:
            receiver = self._receivers[message.settings] = self._as_then(self._spool.settings(message.settings))
        drawn = (message.message_id, message.received_s)
        submission = receiver.submit(message.raw, message.envelope, name=message.name, drawn=drawn)
        if not submission.accepted:
            raise ServerError(
                f"message `{message.message_id}` was answered 250 by an earlier version, but would be answered "
                f"`{submission.reply}` by this one; it stays in the spool"
            )
        return receiver.process(dataclasses.replace(submission, recipients=_as_answered(submission, message.replies)))

    def _as_then(self, settings: Mapping[str, Any]) -> Receiver:
        if self._backend is None:
            self._backend = _Resumed(self._receiver.backend, self._message_ids)
        receiver = copy.copy(self._receiver)
        receiver.account = Account.from_api(settings["account"])
        receiver.assumptions = Assumptions(**settings["assumptions"])
        receiver.bounds = Bounds(**settings["bounds"])
        receiver.provider_lists = tuple(_list_of(*values) for values in settings["provider_lists"])
        receiver.backend = self._backend
        return receiver


def _list_of(
    name: str, networks: Sequence[str], kind: str = ListKind.PLAIN.value, published: str | None = None
) -> ProviderList:
    return ProviderList(name, tuple(networks), ListKind(kind), datetime.fromisoformat(published) if published else None)


def _as_answered(submission: Submission, replies: tuple[str, ...]) -> tuple[RecipientDecision, ...]:
    """The decisions, with those refused that were refused for the moment, by a fault on purpose."""
    return tuple(
        recipients.refused(decision.recipient, Reply.parse(reply), "refused when the message came")
        if decision.accepted and not reply.startswith("2")
        else decision
        for decision, reply in zip(submission.recipients, replies, strict=True)
    )


class _Resumed:
    """A backend that does not repeat what it has done for these messages already."""

    def __init__(self, backend: Any, message_ids: Collection[str]) -> None:
        self._backend = backend
        performed = getattr(backend, "performed", None)
        self._performed: Mapping[tuple[str, str, str, int], Outcome] = performed(message_ids) if performed else {}

    def perform(self, effect: Effect) -> Outcome:
        key = (effect.operation, effect.message_id, effect.rule, effect.action)
        earlier = self._performed.get(key)
        if earlier is not None:
            return earlier
        outcome: Outcome = self._backend.perform(effect)
        return outcome
