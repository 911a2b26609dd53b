"""A mail that shows something: bytes, envelope, and what the functions answer; `Receiver.receive` is asked about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sesreceive import _html
from sesreceive.account.account import Account
from sesreceive.assumption import Assumptions
from sesreceive.bounds import Bounds
from sesreceive.effects import Effect, Flow, Invoke, Outcome
from sesreceive.errors import one_line
from sesreceive.functions.lambda_context import function_name
from sesreceive.mail.envelope import Envelope
from sesreceive.receiver import Receiver
from sesreceive.shown import Shown
from sesreceive.wording import count

if TYPE_CHECKING:
    from sesreceive.reception import Reception

__all__ = ["Answer", "DryRun", "Witness", "witness"]

_LINE = b"x" * 76 + b"\r\n"


@dataclass(frozen=True, slots=True)
class Answer(Shown):
    """What a function answers when a rule waits for it.

    Attributes
    ----------
    function_arn : str
        The function.
    flow : Flow
        The disposition.
    """

    function_arn: str
    flow: Flow

    def __str__(self) -> str:
        """The answer as part of a sentence."""
        return f"`{one_line(function_name(self.function_arn), 80)}` answers {self.flow.value}"


class DryRun:
    """A backend in which every effect succeeds and changes nothing; functions answer what `answers` says.

    Parameters
    ----------
    answers : iterable of Answer
        One for each call that a rule waits for, in order of the calls of that function; further calls are answered
        ``CONTINUE``.
    """

    def __init__(self, answers: Iterable[Answer] = ()) -> None:
        self._answers: dict[str, list[Flow]] = {}
        for answer in answers:
            self._answers.setdefault(answer.function_arn, []).append(answer.flow)

    def perform(self, effect: Effect) -> Outcome:
        """The outcome: success, and of a function its answer."""
        if isinstance(effect, Invoke) and effect.invocation_type == "RequestResponse":
            answers = self._answers.get(effect.function_arn)
            flow = answers.pop(0) if answers else Flow.CONTINUE
            return Outcome(flow=flow, value={"disposition": flow.value})
        return Outcome()


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    r"""The smallest mail that shows something.

    Attributes
    ----------
    envelope : Envelope
        Who connects, from whom, to whom.
    size_bytes : int
        How large the message is; the smallest there is where nothing depends on it.
    answers : tuple of Answer
        What functions answer that rules wait for, in order of the calls; ``CONTINUE`` where nothing is said.
    headers : tuple of (str, str)
        Further fields, in front of the others.

    Examples
    --------
    >>> import sesreceive as ses
    >>> mail = Witness(envelope=Envelope(client_ip="192.0.2.1", mail_from="", rcpt_to=("ana@example.com",)))
    >>> mail.message
    b'To: ana@example.com\r\n\r\n'
    >>> str(mail.receive(ses.Account()).reply)
    '550 5.1.1 Requested action not taken: mailbox unavailable'
    """

    envelope: Envelope
    size_bytes: int = 0
    answers: tuple[Answer, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def message(self) -> bytes:
        """The bytes of the message, as they come behind DATA."""
        to = ", ".join(one for one in self.envelope.rcpt_to if _is_plain(one))
        sender = self.envelope.mail_from
        header = (f"From: {sender}\r\n" if _is_plain(sender) else "") + (f"To: {to}\r\n" if to else "") + "\r\n"
        raw = "".join(f"{name}: {value}\r\n" for name, value in self.headers).encode() + header.encode()
        missing = self.size_bytes - len(raw)
        if missing <= 0:
            return raw
        lines, rest = divmod(missing, len(_LINE))
        return raw + (b"x" if rest == 1 else b"") + _LINE * lines + (_LINE[-rest:] if rest > 1 else b"")

    def receive(
        self, account: Account, *, assumptions: Assumptions | None = None, bounds: Bounds | None = None
    ) -> Reception:
        """What becomes of it, by the whole pipeline; nothing is performed."""
        receiver = Receiver(account, assumptions=assumptions, bounds=bounds, backend=DryRun(self.answers), seed=1)
        return receiver.receive(self.message, self.envelope)

    def to(self, *recipients: str) -> Witness:
        """The same mail to others."""
        return replace(self, envelope=self.envelope.to(*recipients))

    def save(self, folder: str | Path, name: str = "witness") -> Path:
        """Write ``name.eml`` and ``name.envelope.json``, as `Receiver.replay` reads them; the path of the first.

        What functions answer, where it matters, is beside them in ``name.answers.json``.

        Raises
        ------
        OSError
            When the folder cannot be written to.
        """
        import json

        path = Path(folder) / f"{name}.eml"
        path.write_bytes(self.message)
        text = json.dumps(self.envelope.to_json(), indent=2) + "\n"
        path.with_name(f"{name}.envelope.json").write_text(text, encoding="utf-8")
        if self.answers:
            rows = [{"FunctionArn": one.function_arn, "disposition": one.flow.value} for one in self.answers]
            text = json.dumps(rows, indent=2) + "\n"
            path.with_name(f"{name}.answers.json").write_text(text, encoding="utf-8")
        return path

    @property
    def text(self) -> str:
        """The mail as one line: recipients, client, TLS, sender, size, answers."""
        envelope = self.envelope
        parts = [f"to {', '.join(envelope.rcpt_to)}", f"from {envelope.client_ip or 'an unknown client'}"]
        parts.append("over TLS" if envelope.tls else "in clear text")
        parts.append(f"sender {envelope.mail_from}" if envelope.mail_from else "null sender")
        if self.size_bytes:
            parts.append(count(self.size_bytes, "byte"))
        parts.extend(f"{name}: {value}" for name, value in self.headers)
        return one_line("; ".join([*parts, *map(str, self.answers)]), 600)

    def __repr__(self) -> str:
        """One line."""
        return f"<Witness {one_line(self.text, 600)}>"

    def _repr_html_(self) -> str:
        return _html.frame(repr(self), f"<p>{_html.prose(self.text)}</p><pre>{_html.escape(self.message[:400])}</pre>")


def witness(
    *recipients: str,
    client_ip: str = "198.51.100.1",
    tls: bool = True,
    mail_from: str = "ana@example.org",
    size_bytes: int = 0,
    answers: Iterable[Answer] | Mapping[str, Flow | str] = (),
) -> Witness:
    """The mail with this envelope.

    Parameters
    ----------
    *recipients : str
        Whom it is to.
    size_bytes : int
        How large the message is at least.
    answers : iterable of Answer, or mapping of str to Flow
        What functions answer.
    """
    if isinstance(answers, Mapping):
        answers = [Answer(function_arn, Flow(flow)) for function_arn, flow in answers.items()]
    envelope = Envelope(client_ip=client_ip, helo="mx.example.org", mail_from=mail_from, rcpt_to=recipients, tls=tls)
    return Witness(envelope=envelope, size_bytes=size_bytes, answers=tuple(answers))


def _is_plain(address: str) -> bool:
    """Whether an address can be written into a header as it is."""
    return bool(address) and address.isascii() and address.isprintable() and len(address) < 400 and "," not in address
