"""What SES answered the sender: a transcript spoken again to a session of ours, and the lines of a sender's log."""

from __future__ import annotations

from collections.abc import Iterator

from sesreceive.captures.capture import Capture
from sesreceive.captures.reconstruction import Reconstruction
from sesreceive.captures.witnesses import logged_delivery
from sesreceive.clock import SteppingClock
from sesreceive.dns.zone import Zone
from sesreceive.likeness.artefacts import Artefact, Field, Fields
from sesreceive.mail.reply import accepted
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.smtp.session import Policy, Session, Then
from sesreceive.writing.received import inbound_host

__all__ = ["answer_in_log", "answers_of", "our_answer", "spoken_fields"]

# Lines of one transcript; a session that says more is none of a mail.
_MOST_LINES = 5_000
_VERBS = ("EHLO", "HELO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT", "STARTTLS", "VRFY", "EXPN", "HELP", "AUTH")


def _exchanges(capture: Capture) -> Iterator[tuple[str, str]]:
    """What the client said, and the whole answer; the greeting answers nothing, and the message is a lone dot."""
    said, lines, data = "", list[str](), False
    text = capture.content.decode("utf-8", "replace").splitlines()[:_MOST_LINES]
    for line in text:
        spoken = line[3:]
        if line.startswith("C: "):
            if not data or spoken == ".":
                said = spoken
        else:
            lines.append(spoken)
            if spoken[3:4] != "-":
                data = spoken.startswith("354")
                yield said, "\n".join(lines)
                said, lines = "", []


def _field(number: int, said: str, reply: str, part: str = "") -> Field:
    verb = said.partition(" ")[0].upper()
    what = "greeting" if not said else "message" if said == "." else verb if verb in _VERBS else "(other command)"
    path = f"{number}. {what}"
    return Field(Artefact.REPLIES, path, what, reply, part=part)


def spoken_fields(capture: Capture) -> Fields:
    """The answers of SES in a transcript, by number and command."""
    spoken = list(_exchanges(capture))
    # What came before is not known then, and it decides what may come next.
    part = "middle" if spoken and spoken[0][0] else ""
    fields = [_field(number, said, reply, part) for number, (said, reply) in enumerate(spoken)]
    return {field.path: field for field in fields}


def answers_of(capture: Capture, reception: Reception, mail: Reconstruction) -> Fields:
    """Our answers to the same commands: of a session without a socket, with the mail's id and time."""
    receiver = Receiver(
        reception.account,
        resolver=Zone({}),
        assumptions=reception.assumptions,
        provider_lists=reception.provider_lists,
        clock=SteppingClock(step_s=0.0),
        message_ids=lambda: reception.message_id or mail.message_id,
    )
    policy = Policy(hostname=inbound_host(reception.account.region), banner=reception.assumptions.smtp_banner)
    session = Session(receiver, policy, mail.envelope.client_ip or "192.0.2.1")
    fields: Fields = {}
    closed = False
    for number, (said, captured) in enumerate(_exchanges(capture)):
        if not number and not said:
            reply = session.greeting()
        elif closed:
            break
        elif said == ".":
            taken = session.state.value == "rcpt"
            reply = str(session.submit(mail.message.raw).reply) if taken else captured
        else:
            answer = session.command(said.encode("utf-8", "replace"))
            reply, closed = answer.text, answer.then is Then.CLOSE
            if answer.then is Then.TLS:
                session.encrypted()
        own = _field(number, said, reply.replace("\r\n", "\n"))
        fields[own.path] = own
    return fields


def answer_in_log(capture: Capture) -> Fields:
    """The answer that a line of a sender's log quotes."""
    delivery = logged_delivery(capture)
    return {} if delivery is None else {"answer": Field(Artefact.REPLIES, "answer", "answer", delivery.answer)}


def our_answer(capture: Capture, reception: Reception) -> Fields:
    """Ours to the recipient of the same line: the refusal, or the answer to the message."""
    delivery = logged_delivery(capture)
    address = delivery.recipient.lower() if delivery is not None else ""
    refusals = [str(one.reply) for one in reception.recipients if one.recipient.lower() == address and not one.accepted]
    text = str(accepted(reception.message_id)) if reception.accepted else str(reception.reply)
    text = refusals[0] if refusals else text
    return {path: field._replace(value=text) for path, field in answer_in_log(capture).items()}
