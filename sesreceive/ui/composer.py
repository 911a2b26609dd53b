"""The composer: write a message or take one that is there, say who sends it, and watch the SMTP dialogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ipywidgets as W

from sesreceive import signs
from sesreceive._html import code, details, escape, mark, table
from sesreceive.auth.author import Author
from sesreceive.clock import SteppingClock, to_datetime
from sesreceive.errors import InputError, SesReceiveError, ValidationError, one_line
from sesreceive.lab.talk import Talk, talk
from sesreceive.mail.address import domain_of
from sesreceive.mail.corpus import Item, with_crlf
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.loose_addresses import addresses_in
from sesreceive.mail.message import Message
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.ui.batch import Batch
from sesreceive.ui.bench import Bench
from sesreceive.ui.checklist import missing
from sesreceive.ui.envelope_form import EnvelopeForm
from sesreceive.ui.inputs import Checked
from sesreceive.ui.keyring import keyring_of
from sesreceive.ui.kit import Part, Section, allow, bench_of, button, caption, classed, html, problem_html
from sesreceive.ui.letter import Letter
from sesreceive.ui.message_actions import MessageActions
from sesreceive.ui.message_changes import Changes
from sesreceive.ui.samples import Samples, Uploads
from sesreceive.ui.source import source
from sesreceive.ui.zone_editor import ZoneEditor
from sesreceive.wording import count

__all__ = ["Composer"]

# Where the message comes from: on screen, and in code.
SOURCES: Mapping[str, str] = {
    "write it": "write",
    "from a dataset": "dataset",
    "from a file": "upload",
    "its raw text": "raw",
}


class Composer(Part):
    """Writes and sends mail, one message or a whole collection.

    Parameters
    ----------
    receiver : Receiver or Bench
        Who receives it.
    beside : ZoneEditor, optional
        The zone editor that follows sender and client; one of its own, folded away, by default.

    Attributes
    ----------
    last : Talk or None
        The SMTP session of the message that was sent last.
    """

    def __init__(self, receiver: Receiver | Bench, *, beside: ZoneEditor | None = None) -> None:
        self.bench = bench = bench_of(receiver)
        self.last: Talk | None = None
        self._item: Item | None = None
        self._sent: Reception | None = None
        to, victim = _addressees(bench)
        self.source = W.ToggleButtons(
            options=list(SOURCES.items()),
            description="Message",
            tooltip="Where the message comes from",
            style={"description_width": "initial", "button_width": "auto"},
        )
        self.letter = Letter(self, self._on_letter, sender="Ana <ana@example.org>", to=to)
        self.samples = Samples(self, self.choose)
        self.uploads = Uploads(self, self.choose)
        self.raw = Checked(
            self,
            "Raw message",
            _RAW.format(to=to),
            changed=lambda _: self._on_edit(),
            rows=10,
            above=True,
            hint="lines end in CRLF when it is sent; what is not UTF-8 comes from a file",
        )
        use = self.on_click(button("Use its account, DNS and functions"), self.use_dataset)
        use_zone = self.on_click(button("Add its DNS to the zone"), self.use_zone)
        buttons = W.HBox([use, use_zone], layout=W.Layout(flex_flow="row wrap"))
        self.pages = {
            "write": self.letter,
            "dataset": W.VBox([self.samples, buttons]),
            "upload": self.uploads,
            "raw": W.VBox([self.raw]),
        }
        self.session = EnvelopeForm(
            self,
            self._on_edit,
            Envelope(client_ip="198.51.100.7", helo="mx.example.org", mail_from="ana@example.org", rcpt_to=(to,)),
        )
        self.changes = Changes(self, self._on_edit, keyring_of(bench), victim=victim)
        self.change_section = Section([self.changes])
        self.send_button = self.on_click(button("Send", hint="Send the message now", style="primary"), self.post)
        self.send_button.add_class("ses-primary")
        self.missing = html()
        self.batch = Batch(self, self._listed, self._add)
        # Of the message that was sent last: where to see what became of it.
        self.sent = MessageActions(self, ("Open", "Path", "Step"))
        self.sent.layout.display = "none"
        self.dialogue = html()
        self.dialogue_section = Section([self.dialogue], opened=True)
        self.preview = html()
        self.preview_section = Section([self.preview])
        self.preview_section.head.on_click(self.guard(self._tell))
        self.beside = beside or ZoneEditor(bench)
        zone = [] if beside else [_folded("DNS zone beside it", self.beside.within(self))]
        left = W.VBox([*self.pages.values()], layout=W.Layout(flex="1 1 430px", min_width="0"))
        right = W.VBox([self.session, self.change_section], layout=W.Layout(flex="1 1 400px", min_width="0"))
        row = W.Layout(flex_flow="row wrap")
        super().__init__(
            bench,
            [
                self.missing,
                self.source,
                W.HBox([left, right], layout=row),
                classed(
                    W.HBox(
                        [
                            self.send_button,
                            self.batch.send_button,
                            self.batch.stop_button,
                            self.batch.progress,
                            self.sent,
                        ],
                        layout=row,
                    ),
                    "ses-act",
                ),
                self.dialogue_section,
                self.preview_section,
                *zone,
            ],
            title="Compose and send",
        )
        self.on_change(self.source, self._on_source)
        bench.observe(lambda _: self._on_draft(), "draft")
        bench.observe(lambda _: self._tell_sent(), ["selected", "receptions"])
        bench.observe(lambda _: self._tell_missing(), "account")
        self._tell_missing()
        self._on_source("write")
        self._on_draft()
        self.dialogue.value = '<span class="ses-hint">What client and server say when a message is sent.</span>'

    # ------------------------------------------------------------------ what is sent

    def message(self) -> bytes:
        """The message as it arrives, with everything that is done to it.

        Raises
        ------
        InputError
            When it cannot be written or signed.
        """
        now = _now(self.bench.receiver)
        if self.source.value == "write":
            domain = domain_of(next(addresses_in(self.letter.sender.value), "")) or "example.org"
            ascii_domain = domain.encode("ascii", "ignore").decode() or "example.org"
            number = len(self.bench.receptions) + 1
            draft = self.letter.draft(date=to_datetime(now), message_id=f"composed-{number}@{ascii_domain}")
            raw = self.changes.drafted(draft).to_bytes()
        else:
            raw = self.changes.marked(self._base())
        return self.changes.done(raw, signed_at=now)

    def envelope(self) -> Envelope:
        """Who sends it to whom.

        Raises
        ------
        InputError
            When it is what no SMTP session could say.
        """
        return self.changes.said(self.session.read())

    @property
    def name(self) -> str:
        """What reports call the next message."""
        listed = self._item is not None and self.source.value in ("dataset", "upload")
        return self._item.name if self._item and listed else f"message {len(self.bench.receptions) + 1}"

    def _base(self) -> bytes:
        if self.source.value == "raw":
            return with_crlf(self.raw.value.encode("utf-8", "replace"))
        if self._item is None:
            raise InputError("there is no message yet: choose one, or upload a file")
        return self._item.raw

    # ------------------------------------------------------------------ sending

    def post(self) -> str:
        """Send the message on screen; how it was answered.

        Raises
        ------
        InputError
            When message or envelope cannot be sent.
        ValidationError
            When the account on screen has problems.
        """
        name, raw, envelope = self.name, self.message(), self.envelope()
        self._publish()
        self._prepare()
        self.last = said = talk(self.bench.receiver, raw, envelope, name=name)
        self._tell_dialogue()
        self._tell()
        if said.reception is None:
            return f"nothing was received: {said.refusal}"
        self._add([said.reception])
        return _told(said.reception)

    def _listed(self) -> Iterable[Item]:
        """The messages of the list, once what is on screen can receive them."""
        chooser = {"dataset": self.samples, "upload": self.uploads}.get(self.source.value)
        if chooser is None or not chooser.items:
            raise InputError("there is no list of messages: choose a dataset, or upload a file")
        self._prepare()
        return chooser.items

    def _add(self, received: list[Reception]) -> None:
        """What was received is in the tables; the last of it is what was sent last."""
        self._sent = received[-1]
        self.bench.add(received)

    def _prepare(self) -> None:
        """Receive with what is on screen."""
        bench = self.bench
        if bench.problems:
            raise ValidationError(*bench.problems)
        if bench.receiver.account != bench.account:
            bench.receiver.account = bench.account

    def _publish(self) -> None:
        """Put the key of the signature into the zone."""
        key = keyring_of(self.bench).latest
        if not self.changes.signed.value or not self.changes.publish.value or key is None:
            return
        zone = self.bench.zone.with_records({key.name: {"TXT": key.record}})
        if zone != self.bench.zone:
            self.beside.edit(zone, f"published the key {one_line(key.name, 80)}")

    # ------------------------------------------------------------------ where it comes from

    def choose(self, item: Item) -> str:
        """Take a message of a list, with its envelope; what was done."""
        self._item = item
        self.session.show(item.envelope)
        self._on_edit()
        return f"chosen: {one_line(item.name, 80)}"

    def _on_draft(self) -> None:
        """Put a message that was received on screen, to be changed; what is no text stays as it came."""
        if (sent := self.bench.draft) is None:
            return
        text = sent.message.raw.decode("utf-8", "replace").replace("\r\n", "\n")
        if with_crlf(text.encode()) == sent.message.raw:
            self.source.value, self.raw.value = "raw", text
        else:
            self.source.value = "upload"
            self.uploads.show((Item(name=sent.name, raw=sent.message.raw, envelope=sent.envelope),))
        self.session.show(sent.envelope)

    def use_dataset(self) -> str:
        """Put the account of the dataset on screen, add its DNS to the zone and its functions to the backend."""
        dataset, receiver = self.samples.dataset, self.bench.receiver
        functions = getattr(receiver.backend, "functions", None)
        if functions is not None:
            functions.update(dataset.functions)
        receiver.provider_lists = dataset.provider_lists
        self.use_zone()
        self.bench.edit(dataset.account, f"took the account of {dataset.name}")
        return f"account, DNS and functions are those of {dataset.name}"

    def use_zone(self) -> str:
        """Add the DNS of the dataset to the zone."""
        dataset = self.samples.dataset
        return self.beside.edit(self.bench.zone | dataset.zone, f"added the DNS of {dataset.name}")

    def _on_source(self, chosen: str) -> str | None:
        for name, page in self.pages.items():
            page.layout.display = None if name == chosen else "none"
        listed = chosen in ("dataset", "upload")
        allow(self.batch.send_button, "" if listed else "there is one message; a dataset or a file has more")
        self._item = None
        if chosen == "dataset":
            return self.samples.pick()
        if chosen == "upload":
            return self.uploads.pick()
        return self._on_letter() if chosen == "write" else self._on_edit()

    def _on_letter(self) -> str | None:
        """Sender and recipients of the letter are those of the envelope, until they are changed there."""
        letter = self.letter
        recipients = (*addresses_in(letter.to.value), *addresses_in(letter.cc.value))
        self.session.follow(next(addresses_in(letter.sender.value), ""), tuple(dict.fromkeys(recipients)))
        return self._on_edit()

    def _on_edit(self) -> str | None:
        self._tell()
        self.changed()
        return None

    # ------------------------------------------------------------------ showing

    def _tell(self) -> None:
        self.change_section.tell(f"What is done to it: {self.changes.summary}")
        self.preview_section.tell("The message as it arrives")
        domain, client_ip = self._origin()
        self.beside.follow(domain, client_ip)
        if self.preview_section.opened:
            self.preview.value = self._source()
        self._tell_dialogue_head()

    def _origin(self) -> tuple[str, str]:
        """The domain of the author, and the client; empty where there is none."""
        if self.source.value == "write":
            author = Author.of(Message(b"From: " + self.letter.sender.value.encode("utf-8", "replace") + b"\r\n\r\n"))
        else:
            author = Author.of(Message(self._item.raw if self._item else b""))
        client_ip = "" if self.session.client_ip.problem else self.session.client_ip.value
        return next(iter(author.domains), ""), client_ip

    def _source(self) -> str:
        try:
            return source(self.message())
        except SesReceiveError as error:
            return problem_html(error)

    def _tell_missing(self) -> None:
        """Say what the account lacks, before a message is refused for it."""
        lacking = missing(self.bench.account)
        self.missing.value = (
            mark(f"{signs.WARNS} This account receives nothing yet: {lacking}.", "warn") if lacking else ""
        )
        self.missing.layout.display = None if lacking else "none"

    def _tell_sent(self) -> None:
        """Offer to open what was sent, as long as that is the message that is selected."""
        shown = self._sent is not None and self._sent is self.bench.reception
        self.sent.layout.display = None if shown else "none"

    def _tell_dialogue(self) -> None:
        if self.last is not None:
            self.dialogue.value = source(self.last.transcript)

    def _tell_dialogue_head(self) -> None:
        ended = self.last.exchanges[-2].lines[-1:] if self.last and len(self.last.exchanges) > 1 else ()
        self.dialogue_section.tell("SMTP dialogue" + (f": {one_line(ended[0], 80)}" if ended else ""))

    def snapshot(self) -> str:
        """Envelope, message and the last dialogue."""
        try:
            rows = [[escape(name), code(value)] for name, value in self.envelope().to_json().items()]
        except InputError as error:
            rows = [["problem", escape(error)]]
        said = details("SMTP dialogue", source(self.last.transcript), opened=True) if self.last else ""
        return table(("envelope", "value"), rows) + details("message", self._source()) + said

    def __repr__(self) -> str:
        """One line: who writes to whom."""
        said: Any = self.session
        return f"<Composer: {one_line(said.mail_from.value or '<>', 60)} to {one_line(said.rcpt_to.value, 60)}>"


_RAW = "From: Ana <ana@example.org>\nTo: {to}\nSubject: hello\n\nA message to see what becomes of it.\n"


def _folded(title: str, piece: W.Widget) -> Section:
    section = Section([caption("Records the receiver looks up; it has no other DNS."), piece])
    section.tell(title)
    return section


def _addressees(bench: Bench) -> tuple[str, str]:
    """Somebody a rule is for, and somebody of that domain to be pretended."""
    account = bench.account
    domain = next((one.name for one in account.identities if one.is_domain and one.is_verified), "example.com")
    active = account.active_rule_set
    conditions = (condition for rule in (active.rules if active else ()) for condition in rule.recipients)
    to = next((one for one in conditions if "@" in one), f"billing@{domain}")
    return to, f"boss@{domain}"


def _now(receiver: Receiver) -> float:
    """The time of the receiver; a stepping clock is not moved by looking at it."""
    return receiver.clock.now_s if isinstance(receiver.clock, SteppingClock) else receiver.clock()


def _told(reception: Reception) -> str:
    if not reception.accepted:
        return f"{one_line(reception.name, 80)} was refused: {one_line(reception.reply, 120)}"
    fired, done = count(len(reception.rules), "rule"), count(len(reception.effects), "effect")
    return f"{one_line(reception.name, 80)} was accepted: {fired} fired, {done}"
