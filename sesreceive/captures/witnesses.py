"""Which captures say what of a mail: each part of the session, all places that repeat it, and what most of them say.

SES writes the envelope several times: MAIL FROM stands in Return-Path, in two SPF comments and in the JSON. So a
capture that was changed is outvoted by the others, and of a part that stands in one place alone this is known.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sesreceive.captures.block_values import block_fields, refolded, values_of
from sesreceive.captures.capture import Capture, Kind
from sesreceive.captures.recognition import returned_part
from sesreceive.mail.hops import hop
from sesreceive.mail.message import Message
from sesreceive.mail.ses_block import BLOCK
from sesreceive.writing.authentication_results import UNKNOWN_CLIENT, single_line

__all__ = [
    "PART_OF",
    "Witnesses",
    "content_of",
    "exchanges",
    "header_message",
    "json_headers",
    "logged_delivery",
    "redacted",
    "seen_messages",
]

# Which part of the session a value of the block tells of; the same tables say what may be compared, and with what.
PART_OF: Mapping[tuple[str, str], str] = {
    ("Return-Path", "mail_from"): "mail_from",
    ("Received", "helo"): "helo",
    ("Received", "client_name"): "client_name",
    ("Received", "client_ip"): "client_ip",
    ("Received", "region"): "region",
    ("Received", "id"): "message_id",
    ("Received", "recipient"): "recipient",
    ("Received", "date"): "second",
    ("Received-SPF", "client_ip"): "client_ip",
    ("Received-SPF", "mail_from"): "spf_from",
    ("Received-SPF", "helo"): "helo",
    ("Received-SPF", "result"): "spf.result",
    ("Received-SPF", "comment"): "spf.comment",
    ("Authentication-Results", "spf.client_ip"): "client_ip",
    ("Authentication-Results", "spf.mail_from"): "spf_from",
    ("Authentication-Results", "spf.helo"): "helo",
    ("Authentication-Results", "spf.result"): "spf.result",
    ("Authentication-Results", "spf.comment"): "spf.comment",
    ("X-SES-Spam-Verdict", "verdict"): "spam",
    ("X-SES-Virus-Verdict", "verdict"): "virus",
    ("X-SES-DKIM-SIGNATURE", "bh"): "body_hash",
}

# What people put in the place of what they do not want to show.
_REDACTED = re.compile(r"redact|removed|anonymi|\*{3,}|\bx{4,}\b|\[\.\.\.\]|<\.\.\.>|…", re.IGNORECASE)
# The result that a sentence of Apache jSPF stands for: another witness of the word in front of it.
_SENTENCES = (
    ("transitioning domain of", "softfail"),
    ("does not designate", "fail"),
    (" designates ", "pass"),
    ("Error in processing", "permerror"),
    ("Error in retrieving", "temperror"),
)
_GREETING = re.compile(r"220 inbound-smtp\.([a-z0-9-]+)\.amazonaws\.com\b")
_BLOCK_NAMES = frozenset(expected.name for expected in BLOCK)


def redacted(text: object) -> bool:
    """Whether a text looks as if somebody had taken out what stood there.

    Examples
    --------
    >>> redacted("<REDACTED>"), redacted("ana@example.org")
    (True, False)
    """
    return isinstance(text, str) and _REDACTED.search(text) is not None


def json_headers(capture: Capture) -> list[tuple[str, str]]:
    """Name and value of each entry of ``mail.headers`` that has both."""
    entries = capture.mail.get("headers")
    pairs = [
        (entry.get("name"), entry.get("value"))
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, Mapping)
    ]
    return [(name, value) for name, value in pairs if isinstance(name, str) and isinstance(value, str)]


def header_message(headers: Iterable[tuple[str, str]]) -> Message:
    """The header that ``mail.headers`` lists, with SES's own fields folded as it folds them; no body.

    Folds and encoded words of the sender's fields are gone, and bytes that were no UTF-8.
    """
    lines, inside = [], True
    for name, value in headers:
        inside = inside and name in _BLOCK_NAMES
        text = refolded(name, value) if inside else single_line(value)
        lines.append(f"{single_line(name)}: {text}\r\n")
    return Message("".join(lines).encode("utf-8", "replace") + b"\r\n")


def content_of(capture: Capture) -> bytes | None:
    """The whole message in a notification of an SNS action, as bytes."""
    content = capture.document.get("content") if isinstance(capture.document, Mapping) else None
    if not isinstance(content, str):
        return None
    action = capture.receipt.get("action")
    if isinstance(action, Mapping) and action.get("encoding") == "BASE64":
        try:
            return b64decode(content, validate=True)
        except ValueError:
            return None
    return content.encode("utf-8", "replace")


class LoggedDelivery(NamedTuple):
    """What a line of a sender's log tells of one recipient."""

    recipient: str
    accepted: bool
    answer: str


_TO = re.compile(r"\bto=<([^>]+)>")
_STATUS = re.compile(r"\bstatus=(sent|bounced|deferred) \((?:host \S+ said: )?(.*?)(?: \(in reply to [^)]*\))?\)\s*$")


def logged_delivery(capture: Capture) -> LoggedDelivery | None:
    """The delivery that a line of a log (Postfix's form) is about; None for any other line."""
    line = capture.content.decode("utf-8", "replace")
    recipient, status = _TO.search(line), _STATUS.search(line)
    if recipient is None or status is None:
        return None
    return LoggedDelivery(recipient.group(1), status.group(1) == "sent", status.group(2))


def exchanges(capture: Capture) -> Iterator[tuple[str, str]]:
    """Each command in a transcript with the last line of its answer; the greeting answers an empty one."""
    command = ""
    for line in capture.content.decode("utf-8", "replace").splitlines():
        if line.startswith("C: "):
            command = line[3:]
        elif line.startswith("S: ") and line[6:7] != "-":
            yield command, line[3:]
            command = ""


def seen_messages(capture: Capture) -> Iterator[Message]:
    """Every message that a capture holds a copy of, whole or its header alone."""
    if capture.kind is Kind.OBJECT:
        if capture.content:
            yield Message(capture.content)
    elif capture.kind is Kind.BOUNCE:
        yield Message(returned_part(capture.content))
    elif capture.kind is Kind.LOG:
        yield Message(b"Return-Path: <>\r\n" + capture.content + b"\r\n\r\n")
    elif capture.kind in (Kind.NOTIFICATION, Kind.EVENT):
        content = content_of(capture)
        if content is not None:
            yield Message(content)
        yield header_message(json_headers(capture))


@dataclass(slots=True)
class Witnesses:
    """What the captures of one mail say of each part, in the order in which they are believed.

    Attributes
    ----------
    said : dict of str to list of str
        By part, every value that stands somewhere.
    times : list of datetime
        Times with milliseconds, of JSON.
    signatures, policies : list
        The results of DKIM, and of DMARC, of each copy of Authentication-Results; together, as they stand in one place.
    recipients : list of tuple of str
        The recipients of each notification, event and bounce.
    received : list of bool
        Of each Received field whether it names a recipient; where several were accepted, none is named [observed].
    seconds : list of datetime
        Times of bounces, in whole seconds.
    """

    said: dict[str, list[str]] = field(default_factory=dict)
    times: list[datetime] = field(default_factory=list)
    signatures: list[tuple[tuple[str, str], ...]] = field(default_factory=list)
    policies: list[tuple[str, str] | None] = field(default_factory=list)
    recipients: list[tuple[str, ...]] = field(default_factory=list)
    received: list[bool] = field(default_factory=list)
    seconds: list[datetime] = field(default_factory=list)

    @classmethod
    def of(cls, captures: Iterable[Capture]) -> Witnesses:
        """All that the captures of one mail say."""
        whole = cls()
        for capture in captures:
            for message in seen_messages(capture):
                whole._block(message, log=capture.kind is Kind.LOG)
            whole._json(capture)
            if capture.kind is Kind.BOUNCE:
                text = capture.content.decode("utf-8", "replace")
                told = tuple(re.findall(r"^Final-Recipient: rfc822; (.*?)\r?$", text, re.MULTILINE))
                if told:
                    whole.recipients.append(told)
                whole._bounce(capture, text)
            if capture.kind is Kind.TRANSCRIPT:
                whole._transcript(capture)
            if capture.kind is Kind.LOG and (delivery := logged_delivery(capture)) and delivery.accepted:
                whole.recipients.append((delivery.recipient,))
        return whole

    def _say(self, part: str, value: object) -> None:
        if isinstance(value, str) and not redacted(value):
            self.said.setdefault(part, []).append(value)

    def _block(self, message: Message, *, log: bool) -> None:
        name_of_client = helo = None
        for name, value in block_fields(message)[2]:
            told = values_of(name, value)
            if name == "Received":
                name_of_client, helo = told.get("client_name"), told.get("helo")
                if "id" in told:
                    self.received.append("recipient" in told)
            for part, text in told.items():
                about = PART_OF.get((name, part))
                if about is None or (log and name == "Return-Path"):
                    continue
                # In SPF's comment HELO was the name in reverse DNS until 2020 [observed]: no witness of HELO then.
                if about == "helo" and name != "Received" and text == name_of_client != helo:
                    continue
                if about == "client_ip" and text == UNKNOWN_CLIENT:
                    continue
                self._say(about, text)
                if about == "spf_from" and not text.startswith("postmaster@"):
                    self._say("mail_from", text)
                if about == "spf.comment":
                    self._sentence(text)
            if name == "Authentication-Results":
                self.signatures.append(tuple(_signatures(told)))
                policy = told.get("dmarc.result"), told.get("dmarc.domain")
                self.policies.append(
                    (policy[0], policy[1]) if policy[0] is not None and policy[1] is not None else None
                )

    def _sentence(self, comment: str) -> None:
        """The result that the sentence says; none and neutral have the same."""
        meant = next((result for words, result in _SENTENCES if words in comment), None)
        if meant is not None:
            self._say("spf.result", meant)

    def _json(self, capture: Capture) -> None:
        mail, receipt = capture.mail, capture.receipt
        common = mail.get("commonHeaders")
        self._say("message_id", mail.get("messageId"))
        self._say("mail_from", mail.get("source"))
        if isinstance(common, Mapping):
            self._say("mail_from", common.get("returnPath"))
        for stamp in (mail.get("timestamp"), receipt.get("timestamp")):
            at = _stamp(stamp)
            if at is not None:
                self.times.append(at)
        for name, part in (("spamVerdict", "spam"), ("virusVerdict", "virus")):
            verdict = receipt.get(name)
            if isinstance(verdict, Mapping) and verdict.get("status") != "DISABLED":
                self._say(part, verdict.get("status"))
        for name in ("spfVerdict", "dkimVerdict", "dmarcVerdict"):
            verdict = receipt.get(name)
            if isinstance(verdict, Mapping):
                self._say(name, verdict.get("status"))
        self._say("dmarcPolicy", receipt.get("dmarcPolicy"))
        told = receipt.get("recipients")
        if isinstance(told, list) and told and all(isinstance(one, str) and not redacted(one) for one in told):
            self.recipients.append(tuple(told))

    def _bounce(self, capture: Capture, text: str) -> None:
        """What a bounce says outside the header that it returns: to whom, of which host, when the mail came."""
        to = Message(capture.content).get("To")
        if to is not None:
            self._say("mail_from", "" if to == "<>" else to)
        host = re.search(r"^Reporting-MTA: dns; inbound-smtp\.([a-z0-9-]+)\.amazonaws\.com\r?$", text, re.MULTILINE)
        if host is not None:
            self._say("region", host.group(1))
        if capture.at is not None:
            self.seconds.append(capture.at.replace(microsecond=0))

    def _transcript(self, capture: Capture) -> None:
        accepted: dict[str, None] = {}
        for command, reply in exchanges(capture):
            verb, _, rest = command.partition(" ")
            address = command.partition(":")[2].strip().partition(">")[0].removeprefix("<")
            host = _GREETING.match(reply) if not command else None
            if host is not None:
                self._say("region", host.group(1))
            match verb.upper():
                case "EHLO" | "HELO":
                    self._say("helo", rest.strip())
                case "MAIL":
                    self._say("mail_from", address)
                case "RCPT" if reply.startswith("2") and address and not redacted(address):
                    accepted[address] = None
        if accepted:
            self.recipients.append(tuple(accepted))

    # ---------------------------------------------------------------- what most of them say

    def most(self, part: str) -> str | None:
        """What most places say; the one that is believed first where as many say something else."""
        votes = Counter(self.said.get(part, ()))
        return max(votes, key=lambda value: votes[value]) if votes else None

    def count(self, part: str) -> int:
        """In how many places the part stands."""
        if part == "second":
            return len(self.said.get(part, ())) + len(self.times) + len(self.seconds)
        if part == "recipient":
            return len(self.said.get(part, ())) + len(self.recipients)
        return len(self.said.get(part, ()))

    @property
    def at(self) -> datetime | None:
        """When the mail arrived: to the millisecond where JSON says it, else to the second."""
        told = (hop(f"; {text}").at for text in self.said.get("second", ()))
        seconds = [*(at for at in told if at is not None), *self.seconds]
        if not self.times:
            return max(seconds, key=seconds.count) if seconds else None
        whole = [*seconds, *(one.replace(microsecond=0) for one in self.times)]
        return max(self.times, key=lambda one: (self.times.count(one), whole.count(one.replace(microsecond=0))))

    @property
    def several(self) -> bool:
        """Whether most Received fields name no recipient."""
        return bool(self.received) and 2 * self.received.count(False) > len(self.received)

    @property
    def rcpt_to(self) -> tuple[str, ...]:
        """The accepted recipients that are named, in the order of the longest list."""
        if not self.several:
            singles = [*self.said.get("recipient", ()), *(one[0] for one in self.recipients if len(one) == 1)]
            if singles:
                return (max(singles, key=singles.count),)
        ordered: dict[str, None] = {}
        for told in sorted(self.recipients, key=len, reverse=True):
            ordered.update(dict.fromkeys(told))
        return tuple(ordered)

    @property
    def results(self) -> tuple[tuple[tuple[str, str], ...], tuple[str, str] | None] | None:
        """The DKIM results and the DMARC result that most copies have; None where there is no copy."""
        if not self.signatures:
            return None
        signatures, policies = Counter(self.signatures), Counter(self.policies)
        return max(signatures, key=lambda one: signatures[one]), max(policies, key=lambda one: policies[one])


def _signatures(told: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    number = 0
    while (result := told.get(f"dkim[{number}].result")) is not None:
        yield result, told.get(f"dkim[{number}].domain", "")
        number += 1


def _stamp(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at.astimezone(UTC) if at is not None and at.tzinfo is not None and at.year >= 1970 else None
