"""The goal of a mail that becomes what is wanted."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sesreceive.analysis.witness import Witness
from sesreceive.errors import InputError
from sesreceive.lessons.result import Finding
from sesreceive.lessons.trials import Outcomes, TrialsGoal
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.wording import wrong_kind

__all__ = ["MailGoal"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MailGoal(TrialsGoal):
    """A mail that becomes what the first and only trial wants.

    The answer is bytes or a `Message`, which take the place of the trial's message; an `Envelope`, which takes the
    place of its envelope; or both as a pair or as a `Witness`.

    Attributes
    ----------
    gives : str
        What the learner may give: ``message``, ``envelope`` or ``both``.
    stays : str
        What has to be as in the trial: ``client``, the address that connects; ``text``, the first line of the body; or
        nothing.
    """

    gives: str = "both"
    stays: str = ""

    @property
    def wants(self) -> str:
        """A mail, or a part of it."""
        return {
            "message": "a message, as bytes",
            "envelope": "an `Envelope`",
            "both": "a message as bytes, an `Envelope`, or both as a pair",
        }[self.gives]

    def read(self, answer: Any) -> Outcomes:
        """What becomes of the mail."""
        raw, envelope = self._mail(answer)
        (trial,) = self.trials
        mine = replace(trial, raw=trial.raw if raw is None else raw, envelope=envelope or trial.envelope)
        return self._try((raw, envelope), trials=(mine,))

    def _mail(self, answer: Any) -> tuple[bytes | None, Envelope | None]:
        """Message and envelope of the answer; None for the one that it does not give."""
        raw: Any
        envelope: Any
        if isinstance(answer, Witness):
            raw, envelope = answer.message, answer.envelope
        elif isinstance(answer, Mapping):
            raw, envelope = self._from_json(answer)
        elif isinstance(answer, tuple) and len(answer) == 2:
            raw, envelope = _octets(answer[0]), answer[1]
        elif isinstance(answer, Envelope):
            raw, envelope = None, answer
        else:
            raw, envelope = _octets(answer), None
        parts = {name for name, part in (("message", raw), ("envelope", envelope)) if part is not None}
        allowed = {"message", "envelope"} if self.gives == "both" else {self.gives}
        right_kinds = isinstance(raw, bytes | None) and isinstance(envelope, Envelope | None)
        if not right_kinds or not parts or not parts <= allowed:
            raise InputError(wrong_kind(self.wants, answer))
        return raw, envelope

    def _from_json(self, answer: Mapping[str, Any]) -> tuple[Any, Any]:
        """What `plain` made an object of."""
        if not answer.keys() <= {"raw", "envelope"}:
            raise InputError(wrong_kind(self.wants, answer))
        raw, envelope = answer.get("raw"), answer.get("envelope")
        try:
            raw = base64.b64decode(raw, validate=True) if isinstance(raw, str) else raw
        except ValueError:
            raise InputError(f"raw: {wrong_kind('a message as base64', raw)}") from None
        return raw, Envelope.from_json(envelope) if isinstance(envelope, Mapping) else envelope

    def finding(self, value: Outcomes) -> Finding:
        """Whether it is still the mail of the task, and comes out as wanted."""
        (trial,), (reception,) = self.trials, value.receptions
        client_ip = trial.envelope.client_ip
        if self.stays == "client" and reception.envelope.client_ip != client_ip:
            message = f"{trial.name}: another host connects, wanted {client_ip}"
            return Finding(passed=False, message=message, reception=reception)
        text = trial.raw.partition(b"\r\n\r\n")[2].partition(b"\r\n")[0]
        if self.stays == "text" and text not in reception.message.raw:
            message = f"{trial.name}: the text of the letter is not in it"
            return Finding(passed=False, message=message, reception=reception)
        return TrialsGoal.finding(self, value)

    def plain(self, value: Outcomes) -> Any:
        """Bytes as base64, the envelope as JSON has it."""
        raw, envelope = value.answer
        return {
            "raw": None if raw is None else base64.b64encode(raw).decode(),
            "envelope": None if envelope is None else envelope.to_json(),
        }


def _octets(message: Any) -> Any:
    """A message as bytes; what is none, or text that UTF-8 cannot hold, as it is."""
    if isinstance(message, Message):
        return message.raw
    try:
        return message.encode() if isinstance(message, str) else message
    except UnicodeEncodeError:
        return message
