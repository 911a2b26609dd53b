"""The envelope as a form: who connects, how it calls itself, from whom and to whom the mail is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ipywidgets as W

from sesreceive.mail.envelope import Envelope
from sesreceive.ui.inputs import Checked, several, tick
from sesreceive.ui.kit import Part, caption

__all__ = ["EnvelopeForm"]


class EnvelopeForm(W.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """The controls of an `Envelope`.

    Sender and recipients follow the letter until they are changed here.

    Parameters
    ----------
    part : Part
        Whose piece it is.
    edited : callable
        Is called after each change by the reader.
    envelope : Envelope
        What is on screen at first.
    """

    def __init__(self, part: Part, edited: Callable[[], str | None], envelope: Envelope) -> None:
        self._edited = edited
        self._followed = self._shown = envelope
        self.client_ip = self._box(part, "Client IP", "client_ip", "the address that filters and SPF look at")
        self.helo = self._box(part, "HELO", "helo", "what the client calls itself")
        self.client_name = self._box(part, "Client name", "client_name", "its name in reverse DNS; empty for none")
        self.mail_from = self._box(part, "MAIL FROM", "mail_from", "where bounces go; empty for the null sender `<>`")
        self.rcpt_to = Checked(
            part,
            "Recipients",
            check=lambda text: Envelope(rcpt_to=several(text)),
            changed=self._on_change,
            rows=2,
            hint="RCPT TO, one a line or separated by commas",
        )
        self.tls = tick("TLS (STARTTLS)", hint="Whether the session is encrypted when the recipients are named")
        part.on_change(self.tls, lambda _: edited())
        super().__init__(
            [
                caption("What the client says before the message"),
                self.mail_from,
                self.rcpt_to,
                self.client_ip,
                self.helo,
                self.client_name,
                self.tls,
            ]
        )
        self.show(envelope)

    def _box(self, part: Part, label: str, name: str, hint: str) -> Checked:
        def check(text: str) -> None:
            given: dict[str, Any] = {name: text}
            Envelope(**given)

        return Checked(part, label, check=check, changed=self._on_change, hint=hint)

    def read(self) -> Envelope:
        """What is on screen.

        Raises
        ------
        InputError
            When it is what no SMTP session could say.
        """
        # Parts that are on screen as they were shown stay known as they were; the time is not on screen.
        return replace(
            self._shown,
            client_ip=self.client_ip.value.strip(),
            helo=self.helo.value,
            mail_from=self.mail_from.value,
            rcpt_to=several(self.rcpt_to.value),
            tls=self.tls.value,
            client_name=self.client_name.value,
        )

    def show(self, envelope: Envelope) -> None:
        """Put an envelope on screen; sender and recipients follow again."""
        self._shown = envelope
        self.client_ip.value, self.helo.value = envelope.client_ip, envelope.helo
        self.client_name.value, self.tls.value = envelope.client_name, envelope.tls
        self._followed = envelope
        self.mail_from.value, self.rcpt_to.value = envelope.mail_from, "\n".join(envelope.rcpt_to)

    def follow(self, mail_from: str, rcpt_to: tuple[str, ...]) -> None:
        """Take sender and recipients over, where the reader has not changed them."""
        if self.mail_from.value == self._followed.mail_from:
            self.mail_from.value = mail_from
        if several(self.rcpt_to.value) == self._followed.rcpt_to:
            self.rcpt_to.value = "\n".join(rcpt_to)
        self._followed = Envelope(mail_from=mail_from, rcpt_to=rcpt_to)

    def _on_change(self, _: str) -> str | None:
        return self._edited()
