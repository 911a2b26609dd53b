"""One SMTP transaction as its judges see it, from MAIL FROM to the end of the data.

`Receiver.submit` and the SMTP session both fill one, so that the same envelope is counted and cut in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sesreceive.bounds import Bounds
from sesreceive.mail.mailbox_path import bare_address, cut_by_command, may_stand_in_brackets
from sesreceive.mail.reply import LONG_COMMAND, RCPT_SYNTAX
from sesreceive.stages import recipients
from sesreceive.stages.filtering import FilterDecision
from sesreceive.stages.recipients import RecipientDecision
from sesreceive.stages.sender import SenderDecision
from sesreceive.trace.events import Op, Stage, TraceEvent, TraceLog
from sesreceive.trace.facts import Check
from sesreceive.wording import count

__all__ = ["Transaction"]

_BEFORE = "RCPT TO:<"


@dataclass(slots=True)
class Transaction:
    """What was decided so far.

    Attributes
    ----------
    decision : FilterDecision
        On the client's address.
    sender : SenderDecision
        On MAIL FROM.
    bounds : Bounds
        How many recipients are judged, and how long a command may be.
    most : int
        How many recipients may be accepted.
    recipients : list of RecipientDecision
        On everybody who was named, up to `Bounds.recipients_named`.
    accepted : int
        How many of them were accepted.
    beyond : int
        Recipients named after those; answered 452 and not remembered.
    """

    decision: FilterDecision
    sender: SenderDecision
    bounds: Bounds
    most: int
    recipients: list[RecipientDecision] = field(default_factory=list)
    accepted: int = 0
    beyond: int = 0

    @property
    def closed(self) -> bool:
        """Whether a command was so long that the connection was closed."""
        last = self.recipients[-1] if self.recipients else self.sender
        return last.reply == LONG_COMMAND

    def rcpt(
        self, recipient: str, judge: Callable[[str], RecipientDecision], *, too_long: bool = False
    ) -> RecipientDecision:
        """The answer to the next RCPT TO.

        Parameters
        ----------
        recipient : str
            What stands between the angle brackets.
        judge : callable
            ``Receiver.on_rcpt``, asked where the recipient is none too many.
        too_long : bool
            Whether the command was too long already, and `recipient` is what is left of it.
        """
        address, bounds = bare_address(recipient), self.bounds
        cut = recipient if too_long else cut_by_command(_BEFORE, recipient, bounds.command_bytes)
        if cut is not None:
            reason = f"the command has {bounds.command_bytes} bytes or more, so the connection is closed"
            decision = recipients.refused(cut, LONG_COMMAND, reason)
        elif len(self.recipients) >= bounds.recipients_named:
            self.beyond += 1
            return recipients.one_too_many(address, bounds.recipients_named)
        elif not may_stand_in_brackets(address):
            decision = recipients.refused(address, RCPT_SYNTAX, "the address cannot stand between angle brackets")
        elif self.accepted >= self.most:
            decision = recipients.one_too_many(address, self.most)
        else:
            decision = judge(address)
        self.recipients.append(decision)
        self.accepted += decision.accepted
        return decision

    def left_out(self) -> tuple[TraceEvent, ...]:
        """The event that tells of the recipients beyond, where there are any."""
        if not self.beyond:
            return ()
        log = TraceLog(Stage.BODY)
        named = count(self.beyond, "more recipient")
        reason = f"{named} named after the first {self.bounds.recipients_named} were answered 452"
        log.check(Check.RECIPIENTS, Op.SKIP, reason)
        return log.events()
