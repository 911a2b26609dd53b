"""Trials: mail with what has to become of it, and the goals that are reached when each comes out so.

What the learner gives is a mail, a zone or a function; the rest of the trial is the exercise's.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sesreceive.account.account import Account
from sesreceive.analysis.witness import Witness
from sesreceive.backends.memory import MemoryBackend
from sesreceive.dns.zone import Zone
from sesreceive.effects import Effect, PutObject
from sesreceive.errors import InputError, ZoneError, one_line
from sesreceive.lessons.goal import Goal
from sesreceive.lessons.result import Finding
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.shown import Shown
from sesreceive.wording import wrong_kind

__all__ = ["FunctionGoal", "MailGoal", "Outcomes", "Trial", "TrialsGoal", "Wanted", "ZoneGoal"]

ENVELOPE = Envelope(
    client_ip="198.51.100.7",
    helo="mx.example.org",
    mail_from="ana@example.org",
    rcpt_to=("ana@example.com",),
    tls=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted(Shown):
    """What has to become of a mail; what is None does not matter.

    Attributes
    ----------
    reply : int, optional
        The code of the final answer.
    rules : tuple of str, optional
        The rules that fire, in order.
    done : tuple of str, optional
        Operations in order, each with its bucket, topic, function or recipient: ``PutObject inbox/spam``.
    spf, dkim, dmarc, spam, virus, dmarc_policy : str, optional
        Verdicts, and the policy where DMARC fails.
    """

    reply: int | None = None
    rules: tuple[str, ...] | None = None
    done: tuple[str, ...] | None = None
    spf: str | None = None
    dkim: str | None = None
    dmarc: str | None = None
    dmarc_policy: str | None = None
    spam: str | None = None
    virus: str | None = None

    def against(self, came: Wanted) -> str:
        """What came otherwise than wanted, as a sentence; empty where nothing did."""
        for name, label in _LABELS.items():
            wanted, got = getattr(self, name), getattr(came, name)
            if wanted is not None and wanted != got:
                return f"{label} {_shown(got)}, wanted {_shown(wanted)}"
        return ""


# In the order in which they are looked at.
_LABELS = {
    "reply": "the reply is",
    "spf": "the SPF verdict is",
    "dkim": "the DKIM verdict is",
    "dmarc": "the DMARC verdict is",
    "dmarc_policy": "the DMARC policy is",
    "spam": "the spam verdict is",
    "virus": "the virus verdict is",
    "rules": "the rules that fire are",
    "done": "what is done is",
}


def _shown(value: Any) -> str:
    if value is None:
        return "none, since the mail is refused"
    if value == "":
        return "none"
    if isinstance(value, tuple):
        return ", ".join(f"`{one_line(one, 100)}`" for one in value) or "nothing"
    return f"`{value}`"


def outcome(reception: Reception) -> Wanted:
    """What became of a mail, every part of it."""
    said = reception.verdicts
    verdicts = {} if said is None else {name: str(getattr(said, name)) for name in _VERDICTS}
    done = tuple(f"{effect.operation} {_name(effect)}" for effect in reception.effects)
    return Wanted(reply=reception.reply.code, rules=reception.rules, done=done, **verdicts)


_VERDICTS = ("spf", "dkim", "dmarc", "dmarc_policy", "spam", "virus")


def _name(effect: Effect) -> str:
    """Bucket and prefix of an object, the last word of an ARN, or an address."""
    if isinstance(effect, PutObject):
        return f"{effect.bucket}/{effect.key.rpartition('/')[0]}".rstrip("/")
    return effect.target.rpartition(":")[2] if effect.target.startswith("arn:") else effect.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial(Shown):
    """A mail and what has to become of it.

    Attributes
    ----------
    name : str
        What it is called in a sentence: "the mail of a stranger".
    raw : bytes
        The message.
    envelope : Envelope
        Who connects, from whom, to whom.
    wanted : Wanted
        What has to become of it.
    """

    name: str
    raw: bytes = b"From: Ana <ana@example.org>\r\nTo: ana@example.com\r\nSubject: hello\r\n\r\nHello\r\n"
    envelope: Envelope = ENVELOPE
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Outcomes:
    """An answer with what it does in every trial."""

    answer: Any
    receptions: tuple[Reception, ...]

    def __eq__(self, other: object) -> bool:
        """Whether two answers do the same in every trial, for the same reasons."""
        return isinstance(other, Outcomes) and self._told() == other._told()

    def __hash__(self) -> int:
        return hash(self._told())

    def _told(self) -> tuple[Any, ...]:
        return tuple((outcome(one), _results(one)) for one in self.receptions)


def _results(reception: Reception) -> tuple[str, ...]:
    """The results behind the verdicts: `none` and `neutral` are both GRAY."""
    results = reception.authentication
    if results is None:
        return ()
    return str(results.spf.status), *(f"{one.status} {one.failure}" for one in results.dkim), str(results.dmarc.status)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TrialsGoal(Goal):
    """Base of the goals that try an answer with mail.

    Attributes
    ----------
    account : Account
        Rules and domains of the trials.
    trials : tuple of Trial
        The mail.
    zone : mapping
        What senders publish.
    functions : mapping of str to callable
        The Lambda functions.
    answer : Any
        One right answer.
    """

    account: Account
    trials: tuple[Trial, ...]
    zone: Mapping[str, Any] | Zone = field(default_factory=dict)
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    answer: Any = None

    @property
    def solution(self) -> Any:
        """One right answer."""
        return self.answer

    def _try(
        self,
        answer: Any,
        *,
        trials: tuple[Trial, ...] | None = None,
        zone: Zone | None = None,
        functions: Mapping[str, Callable[..., Any]] | None = None,
    ) -> Outcomes:
        """What becomes of the mail, each message by a receiver of its own; what is not given is the exercise's."""
        receptions = []
        for trial in self.trials if trials is None else trials:
            backend = MemoryBackend(functions=dict(self.functions if functions is None else functions))
            receiver = Receiver(self.account, resolver=zone or self.zone, backend=backend, seed=1)
            receptions.append(receiver.receive(trial.raw, trial.envelope, name=trial.name))
        return Outcomes(answer, tuple(receptions))

    def finding(self, value: Outcomes) -> Finding:
        """The first trial that does not come out as wanted."""
        for trial, reception in zip(self.trials, value.receptions, strict=True):
            if wrong := trial.wanted.against(outcome(reception)):
                errors = (error for done in reception.performed for error in done.errors)
                why = next(errors, "") if reception.accepted else reception.refusal
                because = f" ({one_line(why, 300)})" if why else ""
                return Finding(passed=False, message=f"{trial.name}: {wrong}{because}", reception=reception)
        return Finding(passed=True)

    def plain(self, value: Outcomes) -> Any:
        """The answer itself."""
        return value.answer


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ZoneGoal(TrialsGoal):
    """DNS records with which every trial comes out as wanted; those of `zone` are there besides."""

    @property
    def wants(self) -> str:
        """A zone."""
        return "DNS records: a `Zone`, a mapping of names, or the text of a zone file"

    def read(self, answer: Any) -> Outcomes:
        """What the records do in every trial."""
        try:
            if isinstance(answer, str):
                mine = Zone.parse(answer)
            elif isinstance(answer, Zone):
                mine = answer
            elif isinstance(answer, Mapping):
                mine = Zone(answer)
            else:
                raise InputError(wrong_kind(self.wants, answer))
        except ZoneError as error:
            raise InputError(f"these records cannot be read: {error}") from error
        others = self.zone if isinstance(self.zone, Zone) else Zone(self.zone)
        return self._try(mine.to_text(), zone=others.merge(mine))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FunctionGoal(TrialsGoal):
    """A Lambda function with which every trial comes out as wanted.

    Attributes
    ----------
    name : str
        What the rules of `account` call it.
    """

    name: str

    @property
    def wants(self) -> str:
        """A function."""
        return "a function with two parameters, `event` and `context`"

    def read(self, answer: Any) -> Outcomes:
        """What the function does in every trial."""
        if not callable(answer) or isinstance(answer, type):
            raise InputError(wrong_kind(self.wants, answer))
        return self._try(answer, functions={**self.functions, self.name: answer})


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
        raw, envelope = self._parts(answer)
        (trial,) = self.trials
        if (raw is not None and self.gives == "envelope") or (envelope is not None and self.gives == "message"):
            raise InputError(wrong_kind(self.wants, answer))
        mine = replace(trial, raw=trial.raw if raw is None else raw, envelope=envelope or trial.envelope)
        return self._try((raw, envelope), trials=(mine,))

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

    def _parts(self, answer: Any) -> tuple[bytes | None, Envelope | None]:
        if isinstance(answer, Witness):
            return answer.message, answer.envelope
        if isinstance(answer, Mapping):
            raw = answer.get("raw")
            raw = base64.b64decode(raw) if isinstance(raw, str) else raw
            said = answer.get("envelope")
            return raw, Envelope.from_json(said) if isinstance(said, Mapping) else said
        if isinstance(answer, str):
            try:
                answer = answer.encode()
            except UnicodeEncodeError:
                raise InputError(wrong_kind(self.wants, answer)) from None
        if isinstance(answer, Message):
            answer = answer.raw
        if isinstance(answer, bytes):
            return answer, None
        if isinstance(answer, Envelope):
            return None, answer
        if isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[1], Envelope | None):
            return self._parts(answer[0])[0] if answer[0] is not None else None, answer[1]
        raise InputError(wrong_kind(self.wants, answer))

    def plain(self, value: Outcomes) -> Any:
        """Bytes as base64, the envelope as JSON has it."""
        raw, envelope = value.answer
        return {
            "raw": None if raw is None else base64.b64encode(raw).decode(),
            "envelope": None if envelope is None else envelope.to_json(),
        }
