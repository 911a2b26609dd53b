"""What became of one message: replies, verdicts, effects, and the trace that says why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from sesreceive.account.account import Account
from sesreceive.assumption import Assumptions
from sesreceive.auth.results import AuthenticationResults
from sesreceive.bounds import Bounds
from sesreceive.effects import Effect
from sesreceive.errors import InputError, one_line
from sesreceive.mail.encoded_words import decode_words
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.mail.reply import Reply
from sesreceive.stages.evaluation import Sentences
from sesreceive.stages.filtering import FilterDecision
from sesreceive.stages.provider_lists import AnyList
from sesreceive.stages.recipients import RecipientDecision
from sesreceive.stages.retries import Attempted
from sesreceive.stages.scanning import ScanResults
from sesreceive.stages.sender import SenderDecision
from sesreceive.trace.events import Kind, Trace, TraceEvent
from sesreceive.trace.html import trace_html
from sesreceive.trace.text import Explanation
from sesreceive.verdict import Verdicts
from sesreceive.wording import count
from sesreceive.writing.receipt import Receipt

if TYPE_CHECKING:
    from sesreceive.analysis.rerun import Mattered
    from sesreceive.plot.diagram import Diagram
    from sesreceive.reading.deciding import Decided

__all__ = ["Reception"]

# Characters of a subject that are decoded, and that are shown: the rest of a hostile one is not even looked at.
_SUBJECT_READ, _SUBJECT = 2_000, 200


@dataclass(frozen=True, kw_only=True)
class Reception:
    """Everything that happened to one message.

    Attributes
    ----------
    envelope : Envelope
        As the client said it, refused recipients included.
    message : Message
        The bytes that came. `Receiver.receive` keeps those of a refused message, too; a live server has none of a
        message whose recipients were all refused, and the beginning of one that was too large.
    decision : FilterDecision
        Step 1: the client's address.
    sender : SenderDecision
        The answer to MAIL FROM.
    recipients : tuple of RecipientDecision
        Step 2: one answer a recipient, in order; none where the sender was refused.
    reply : Reply
        What the client was told in the end: ``250 OK <message id>``, or why not.
    message_id : str
        SES message id; empty when the message was refused.
    received_at : datetime or None
        When it was accepted, UTC; None when it was refused.
    verdicts : Verdicts or None
        The verdicts of the message; a rule without ScanEnabled sees DISABLED in place of the first two.
    authentication : AuthenticationResults or None
        SPF, DKIM and DMARC with reasons and the DNS questions asked; None when the message was refused.
    scan : ScanResults or None
        What the scanners found.
    performed : tuple of Attempted
        Every effect with its outcome.
    stopped_by : str
        Rule whose action ended the evaluation of the set.
    fired : tuple of TraceEvent
        Of the trace the rules that fired and what lies in them, numbered among themselves; effects that took place are
        without their sentences.
    sentences : Sentences
        These sentences, in order.
    trace : Trace
        Every filter, recipient, check, rule, condition, action and effect that was considered.
    account, assumptions, provider_lists, bounds
        What was in force.
    """

    name: str = ""
    envelope: Envelope
    message: Message
    decision: FilterDecision
    sender: SenderDecision
    recipients: tuple[RecipientDecision, ...]
    reply: Reply
    account: Account = field(repr=False)
    message_id: str = ""
    received_at: datetime | None = None
    verdicts: Verdicts | None = None
    authentication: AuthenticationResults | None = None
    scan: ScanResults | None = None
    performed: tuple[Attempted, ...] = ()
    stopped_by: str = ""
    fired: tuple[TraceEvent, ...] = field(default=(), repr=False)
    sentences: Sentences = field(default_factory=Sentences, repr=False)
    trace: Trace = field(default_factory=Trace, repr=False)
    assumptions: Assumptions = field(default_factory=Assumptions, repr=False)
    provider_lists: tuple[AnyList, ...] = field(default=(), repr=False)
    bounds: Bounds = field(default_factory=Bounds, repr=False)

    @property
    def accepted(self) -> bool:
        """Whether SES took the message."""
        return bool(self.message_id)

    @property
    def refusal(self) -> str:
        """Why the message was refused, as one sentence; empty when it was accepted."""
        return "" if self.accepted else self.decided.sentence

    @property
    def subject(self) -> str:
        """The Subject field, decoded, on one line, at most 200 characters; not escaped for HTML."""
        subject = self.message.get("Subject") or ""
        return one_line(decode_words(subject[:_SUBJECT_READ]), _SUBJECT)

    @property
    def replies(self) -> tuple[Reply, ...]:
        """One reply a recipient, in order."""
        return tuple(decision.reply for decision in self.recipients)

    @property
    def effects(self) -> tuple[Effect, ...]:
        """The effects that took place, in order; a failed one is in `performed` only."""
        return tuple(done.effect for done in self.performed if not done.outcome.failed)

    @property
    def rules(self) -> tuple[str, ...]:
        """Names of the rules that fired, in order."""
        return tuple([event.subject for event in self.fired if event.kind is Kind.RULE])

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know before the verdicts are read: which scanners looked for a part of their subject alone."""
        findings = self.scan.findings if self.scan else ()
        return tuple(dict.fromkeys([finding.scope for finding in findings if finding.scope]))

    @cached_property
    def receipt(self) -> Receipt:
        """The accepted mail as the functions that write headers, notifications and bounces take it.

        Raises
        ------
        InputError
            When the message was refused, so that nothing is written about it.
        """
        if self.received_at is None or self.authentication is None:
            raise InputError(f"expected a message that was accepted but this one was answered `{self.reply}`")
        accepted = (decision.recipient for decision in self.recipients if decision.accepted)
        return Receipt(
            message=self.message,
            envelope=self.envelope.to(*accepted),
            message_id=self.message_id,
            received_at=self.received_at,
            results=self.authentication,
            region=self.account.region,
            account_id=self.account.account_id,
            assumptions=self.assumptions,
        )

    @property
    def decided(self) -> Decided:
        """What decided the message: which kind of thing, because of what, and the event; see `reading.deciding`."""
        from sesreceive.reading.deciding import decided

        return decided(self)

    def explain(self, *, full: bool = False) -> Explanation:
        """Why everything happened, as a tree: prints as text, shows as HTML in a notebook.

        Parameters
        ----------
        full : bool
            Whether long runs of lines that come to the same are shown whole, and what was asked of DNS.
        """
        findings = map(str, self.account.findings)
        return Explanation(
            self.trace, repr(self)[1:-1], self.decided.sentence, notes=self.notes, findings=findings, full=full
        )

    def diagram(self, *, full: bool = False) -> Diagram:
        """The way of the message through the service as a picture: shows in a notebook, prints as text, saves as SVG.

        Parameters
        ----------
        full : bool
            Whether every filter, recipient and rule has a box, those without consequences too.
        """
        from sesreceive.plot.diagram import diagram

        return diagram(self, full=full)

    def assumed(self) -> tuple[Mattered, ...]:
        """The open points of SES that mattered: those where another reading would have changed something.

        Each alternative of each assumption is tried on this message, with its authentication results taken over and
        nothing performed; see `sesreceive.analysis.rerun.mattered`.
        """
        from sesreceive.analysis.rerun import mattered

        return mattered(self)

    def __repr__(self) -> str:
        """One line: the answer and how much was done."""
        name = f"{one_line(self.name)}: " if self.name else ""
        if not self.accepted:
            return f"<{name}{one_line(self.reply)}>"
        fired, done = count(len(self.rules), "rule"), count(len(self.effects), "effect")
        return f"<{name}{self.reply.code} {one_line(self.message_id)}, {fired} fired, {done}>"

    def _repr_html_(self) -> str:
        """The explanation as HTML with a text fallback."""
        return trace_html(self.trace, repr(self)[1:-1], self.decided.sentence, notes=self.notes)
