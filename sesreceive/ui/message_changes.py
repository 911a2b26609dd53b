"""What is done to a message before it is sent and on its way: signed, pretended, marked, tampered with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import ipywidgets as W

from sesreceive._html import prose
from sesreceive.auth.author import Author
from sesreceive.auth.domains import published_domain
from sesreceive.errors import InputError, one_line
from sesreceive.lab.compose import Attachment, Draft
from sesreceive.lab.doctored import PRETENCES, TAMPERINGS, marked, pretended
from sesreceive.lab.sign import CANONICALIZATIONS, SigningKey, sign
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.loose_addresses import addresses_in
from sesreceive.mail.message import Message
from sesreceive.scan.markers import EICAR, GTUBE
from sesreceive.ui.inputs import LABEL_WIDTH, Checked, choice, tick
from sesreceive.ui.keyring import Keyring
from sesreceive.ui.kit import Part, html

__all__ = ["Changes"]


class Changes(W.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """The controls of what is done to a message.

    Parameters
    ----------
    part : Part
        Whose piece it is.
    edited : callable
        Is called after each change by the reader.
    keys : Keyring
        Has the keys that sign.
    victim : str
        Who is pretended to be, at first.
    """

    def __init__(self, part: Part, edited: Callable[[], str | None], keys: Keyring, *, victim: str) -> None:
        self._edited, self._keys = edited, keys
        self.signed = tick("Sign with DKIM", hint="Sign the message with a key that is made for it")
        self.publish = tick("Publish the key", value=True, hint="Put the key into the zone when the message is sent")
        self.domain = Checked(
            part, "Signing domain", check=_signing_domain, changed=self._on_change, placeholder="the domain of From"
        )
        self.selector = Checked(part, "Selector", "s1", check=_selector, changed=self._on_change)
        self.kind = choice("Kind of key", [("RSA, 2048 bits", "rsa"), ("Ed25519", "ed25519")])
        self.form = choice("Canonical form", CANONICALIZATIONS, hint="Of header and body: which changes do not matter")
        self.length = tick("Sign the body's length, so that more may follow", hint="The tag l= of the signature")
        self.pretence = choice("Pretend to be", [(title, how) for how, title in PRETENCES.items()])
        self.victim = Checked(part, "Somebody", victim, changed=self._on_change, hint="whose address is used for it")
        self.gtube = tick("Add GTUBE (spam)", hint="The test string that every spam scanner knows")
        self.eicar = tick("Add EICAR (virus)", hint="The test string that every virus scanner knows")
        self.tampering = choice("Change on the way", [(one.title, at) for at, one in enumerate(TAMPERINGS)])
        self.note = html(layout=W.Layout(margin=f"-2px 0 3px calc({LABEL_WIDTH} + 10px)"))
        ticks = W.Layout(flex_flow="row wrap")
        self.signing = W.VBox(
            [self.domain, self.selector, self.kind, self.form, W.HBox([self.length, self.publish], layout=ticks)]
        )
        for box in (
            self.signed,
            self.publish,
            self.kind,
            self.form,
            self.length,
            self.pretence,
            self.gtube,
            self.eicar,
            self.tampering,
        ):
            part.on_change(box, self._on_form)
        super().__init__(
            [
                W.HBox([self.signed, self.gtube, self.eicar], layout=ticks),
                self.signing,
                self.pretence,
                self.victim,
                self.tampering,
                self.note,
            ]
        )
        self._tell()

    # ------------------------------------------------------------------ to be done

    def drafted(self, draft: Draft) -> Draft:
        """The draft with the markers where a writer would put them: in the text, as a file."""
        if self.gtube.value:
            draft = replace(draft, text=f"{draft.text.rstrip()}\n\n{GTUBE.decode()}\n".lstrip())
        if self.eicar.value:
            draft = replace(draft, attachments=(*draft.attachments, Attachment(filename="eicar.com", content=EICAR)))
        return draft

    def marked(self, raw: bytes) -> bytes:
        """A message that is there already with the markers below its body."""
        for box, name in ((self.gtube, "GTUBE"), (self.eicar, "EICAR")):
            if box.value:
                raw = marked(raw, name)
        return raw

    def done(self, raw: bytes, *, signed_at: float) -> bytes:
        """The message as it arrives: as somebody else's, signed, then changed on the way.

        Raises
        ------
        InputError
            When it cannot be signed.
        """
        key = self.key(raw) if self.signed.value else None
        if self.pretence.value:
            raw = pretended(raw, self.pretence.value, self.victim.value, _author(raw))
        if key is not None:
            raw = sign(raw, key, signed_at=signed_at, canonicalization=self.form.value, length=self.length.value)
        change = TAMPERINGS[int(self.tampering.value)].change
        return change(raw)

    def said(self, envelope: Envelope) -> Envelope:
        """The envelope, with somebody else as sender where that is pretended."""
        if self.pretence.value == "both" and self.victim.value:
            return replace(envelope, mail_from=self.victim.value)
        return envelope

    def key(self, raw: bytes) -> SigningKey:
        """The key that signs the message: of its author, unless another domain is named.

        Raises
        ------
        InputError
            When there is no domain to sign for.
        """
        domain = self.domain.value or next(iter(Author.of(Message(raw)).domains), "")
        if not domain:
            raise InputError("signing domain: the message names no author, so a domain has to be given")
        return self._keys.key(domain, self.selector.value, self.kind.value)

    # ------------------------------------------------------------------ showing

    @property
    def summary(self) -> str:
        """What is done, as a line."""
        done = {
            "signed": self.signed.value,
            "GTUBE": self.gtube.value,
            "EICAR": self.eicar.value,
            "pretended": self.pretence.value,
            "changed on the way": self.tampering.value,
        }
        return ", ".join(what for what, on in done.items() if on) or "nothing"

    def _on_form(self, _: object) -> str | None:
        self._tell()
        return self._edited()

    def _on_change(self, _: str) -> str | None:
        return self._edited()

    def _tell(self) -> None:
        self.signing.layout.display = None if self.signed.value else "none"
        self.victim.layout.display = None if self.pretence.value else "none"
        self.note.value = f'<span class="ses-hint">{prose(TAMPERINGS[self.tampering.value].note)}</span>'


def _author(raw: bytes) -> str:
    """The address in From, or something in its place."""
    return next(addresses_in(Message(raw).get("From") or ""), "somebody@example.org")


def _signing_domain(text: str) -> None:
    if text and published_domain(text) is None:
        raise InputError(f"expected a domain such as `example.org`, or nothing, but got `{one_line(text, 80)}`")


def _selector(text: str) -> None:
    if published_domain(text, labels=1) is None:
        raise InputError(f"expected a name such as `s1` but got `{one_line(text, 80)}`")
