"""Live SMTP: a server that any mail program can send to, and an inbox that fills as mail comes in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import ipywidgets as W

from sesreceive import signs
from sesreceive._html import code, escape, mark
from sesreceive.backends.delivery_faults import DELIVERY_FAULTS, DeliveryFault, FaultyBackend, read_fault
from sesreceive.errors import InputError, ServerError, one_line
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.report.lines import Line, line_of
from sesreceive.smtp.smtp_faults import SMTP_FAULTS, SmtpFault
from sesreceive.ui.bench import Bench
from sesreceive.ui.checklist import missing
from sesreceive.ui.inputs import Checked, choice
from sesreceive.ui.kit import Part, Section, allow, bench_of, button, html
from sesreceive.ui.message_rows import MessageRows
from sesreceive.ui.message_view import MessageView
from sesreceive.ui.results_html import overview_html, page_html
from sesreceive.ui.source import source
from sesreceive.wording import count

__all__ = ["LiveSmtp"]

# What can be made to go wrong, as `serve --fault` takes it, in words.
FAULTS: Mapping[str, str] = {
    "greylist": "greylisting: the first attempt is told 451, the next is taken",
    "refuse,times=1": "the next message is told 451 at its end",
    "latency,seconds=0.5": "every reply comes half a second later",
    "tarpit,seconds=0.1": "each reply comes later than the one before",
    "rate-limit,number=5,seconds=60": "a client that names more than 5 recipients a minute is told 454",
    "close,at=END,times=1": "the connection closes instead of the answer to the next message",
    "duplicate": "every notification is published twice",
    "late,seconds=2": "every notification comes 2 seconds late",
    "out-of-order": "an object is stored after the next one",
    "throttle,times=1": "the next notification is throttled, and tried again",
}

# How often the inbox looks for mail, and how many messages it shows.
_LOOK_S, _LATEST = 0.25, 15
# Of all messages, where the latest of the inbox are looked for: others are received meanwhile.
_SEARCHED = 1_000


class LiveSmtp(Part):
    """Switches a live SMTP server on and off, and shows what comes in.

    Mail is received with the account on screen, as long as SES would take it; until then with the last one it would.

    Parameters
    ----------
    receiver : Receiver or Bench
        Who receives.
    name : str
        A server of this name that runs already is stopped when this one starts: a cell can be run again.

    Attributes
    ----------
    server : Server or None
        The server, once it was started.
    """

    def __init__(self, receiver: Receiver | Bench, *, name: str = "live inbox") -> None:
        self.bench = bench = bench_of(receiver)
        self.server: Any = None  # sesreceive.smtp.server.Server; sockets are loaded when one is wanted
        self._name = name
        self._taken = 0
        self._latest: tuple[Reception, ...] = ()
        self._lines: list[Line] = []
        self._timer: asyncio.TimerHandle | None = None
        self._faulty: FaultyBackend | None = None
        self.port = Checked(
            self, "Port", "0", check=_port, hint="0 takes any free one; it listens on this machine alone"
        )
        self.fault = choice("Goes wrong", [(words, text) for text, words in FAULTS.items()])
        self.fault_button = self.on_click(button("Add fault", hint="From the next start on"), self.add_fault)
        self.faults = Checked(
            self,
            "Faults",
            check=_faults,
            changed=lambda _: self._tell_faults(),
            placeholder="nothing goes wrong on purpose",
            hint="what goes wrong on purpose from the next start on; change the numbers here",
        )
        # One button for both: the focus stays where it is.
        self.switch_button = self.on_click(button("Start SMTP"), self.switch)
        self.test_button = self.on_click(
            button("Send a test message", hint="Over the network, through the server"), self.test
        )
        self.address = html()
        self.how = html()
        self.how_section = Section([self.how])
        self.how_section.tell("How to send to it")
        self.inbox = html()
        self.rows = MessageRows(self, self._press, most=_LATEST)
        self.detail = MessageView(bench)
        self.detail.within(self)
        self.list = W.VBox([self.inbox, self.rows])
        self.list.add_class("ses-list")
        beside = W.HBox([self.list, self.detail])
        beside.add_class("ses-beside")
        row = W.Layout(flex_flow="row wrap")
        fault_section = Section([W.HBox([self.fault, self.fault_button], layout=row), self.faults])
        self.fault_section = fault_section
        super().__init__(
            bench,
            [
                W.HBox([self.port, self.switch_button, self.test_button], layout=row),
                fault_section,
                self.address,
                self.how_section,
                beside,
            ],
            title="Live SMTP",
        )
        self.add_class("ses-live")
        self.watch(self._tell_inbox, ["selected", "receptions"])
        bench.observe(lambda _: self._take_account(), "account")
        self._tell()
        self._tell_faults()

    # ------------------------------------------------------------------ on and off

    @property
    def running(self) -> bool:
        """Whether the server listens."""
        return self.server is not None and bool(self.server.running)

    def switch(self) -> str:
        """Start where it is off, stop where it is on."""
        return self.stop() if self.running else self.start()

    def start(self) -> str:
        """Listen; where to send to.

        Raises
        ------
        ServerError
            When the port is taken or forbidden.
        """
        if self.running:
            return f"it listens on {self._where()} already"
        faults, receiver = _faults(self.faults.value), self.bench.receiver
        delivery = [fault for fault in faults if isinstance(fault, DeliveryFault)]
        smtp = [fault for fault in faults if isinstance(fault, SmtpFault)]
        self._take_account()
        self._taken = 0
        self.server = receiver.smtp(port=_port(self.port.value), name=self._name, faults=smtp)
        before = receiver.backend
        if delivery:
            receiver.backend = self._faulty = FaultyBackend(before, delivery)
        try:
            self.server.start()
        except BaseException:
            self._mend()
            raise
        self._tell()
        self._look_again()
        return f"listening: send mail to {self._where()}"

    def stop(self) -> str:
        """Stop listening; everything that was taken is processed first."""
        if not self.running:
            return "it is not listening"
        self.server.stop()
        self._mend()
        self._cancel()
        self.refresh()
        self._tell()
        return "stopped listening"

    def close(self) -> None:
        """Stop the server and take the part off the screen."""
        if self.running:
            self.server.stop()
        self._mend()
        self._cancel()
        super().close()

    def _mend(self) -> None:
        """Deliver what is held back, and let nothing go wrong any more."""
        if self._faulty is not None:
            self._faulty.release()
            if self.bench.receiver.backend is self._faulty:
                self.bench.receiver.backend = self._faulty.backend
            self._faulty = None

    def add_fault(self) -> str:
        """One more thing that goes wrong from the next start on."""
        self.faults.value = "; ".join(filter(None, (self.faults.value.strip(" ;"), self.fault.value)))
        self._tell_faults()
        later = " from the next start on" if self.running else ""
        return f"added: {FAULTS[self.fault.value]}{later}"

    def _tell_faults(self) -> None:
        added = [one.strip() for one in self.faults.value.split(";") if one.strip()]
        told = count(len(added), "fault") if added else "nothing"
        self.fault_section.tell(f"What goes wrong on purpose: {told}")

    def test(self) -> str:
        """Send a small message over the network; how it was answered.

        Raises
        ------
        ServerError
            When the server is off.
        """
        if not self.running:
            raise ServerError("the server is off: start it first")
        from sesreceive.smtp.sending import send

        raw = _TEST.format(to=self._recipient()).replace("\n", "\r\n").encode()
        sent = send(
            raw,
            to=self.server,
            client_ip="198.51.100.7",
            helo="mx.example.org",
            mail_from="ana@example.org",
            rcpt_to=(self._recipient(),),
        )
        self.refresh()
        return f"the server answered {one_line(sent.reply, 120)}"

    # ------------------------------------------------------------------ what comes in

    def refresh(self) -> int:
        """Take over what was received since; how many messages that are."""
        server = self.server
        if server is None or server.counters["processed"] <= self._taken:
            return 0
        new = tuple(server.receptions)[self._taken :]
        self._taken += len(new)
        # Somebody who looks at an earlier message goes on looking at it.
        latest = self.bench.selected in (-1, len(self.bench.receptions) - 1)
        self._latest = (*self._latest, *new)[-_LATEST:]
        self.bench.add(new, select=latest)
        self.changed()
        return len(new)

    def _look(self) -> None:
        self._timer = None
        self.guard(self._looked)()
        if self.running:
            self._look_again()
        else:
            self._tell()

    def _looked(self) -> str | None:
        came = self.refresh()
        return f"{count(came, 'message')} came in; {self._counted()}" if came else None

    def _look_again(self) -> None:
        self._cancel()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a script or a test: `refresh` is called there
            return
        self._timer = loop.call_later(_LOOK_S, self._look)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _take_account(self) -> None:
        """Receive with the account on screen, as soon as it is one."""
        bench = self.bench
        if bench.receiver.account != bench.account and not bench.problems:
            bench.receiver.account = bench.account
        self._tell()

    # ------------------------------------------------------------------ showing

    def _where(self) -> str:
        return f"{self.server.host}:{self.server.port}"

    def _recipient(self) -> str:
        account = self.bench.receiver.account
        active = account.active_rule_set
        named = (one for rule in (active.rules if active else ()) for one in rule.recipients if "@" in one)
        domain = next((one.name for one in account.identities if one.is_domain and one.is_verified), "example.com")
        return next(named, f"billing@{domain}")

    def _counted(self) -> str:
        seen = self.server.counters
        return f"{seen['accepted']} accepted, {seen['refused']} refused since the start"

    def _tell(self) -> None:
        on = self.running
        self.switch_button.description = "Stop SMTP" if on else "Start SMTP"
        self.switch_button.tooltip = "Stop listening; mail that was taken is kept" if on else "Listen for mail"
        allow(self.test_button, "" if on else "the server is off; start it first")
        self.port.box.disabled = on
        if on:
            valid = (
                ""
                if not self.bench.problems
                else (
                    "<br>"
                    + mark(
                        f"{signs.WARNS} the account on screen has problems; mail is received with the one before",
                        "warn",
                    )
                )
            )
            self.address.value = (
                f'<div class="ses-rich"><strong>On:</strong> send mail to {code(self._where())}, with STARTTLS '
                f"or without{valid}</div>"
            )
            host, port = self.server.host, self.server.port
        else:
            lacking = missing(self.bench.account)
            warning = (
                "<br>" + mark(f"{signs.WARNS} this account receives nothing yet: {lacking}", "warn") if lacking else ""
            )
            self.address.value = f'<div class="ses-rich"><strong>Off:</strong> nothing listens{warning}</div>'
            host, port = "127.0.0.1", _number(self.port.value) or 2525
        self.how.value = source(_HOW.format(host=host, port=port, to=self._recipient()))
        self._tell_inbox()

    def _press(self, place: int) -> str:
        """Open a message of the inbox."""
        line = self._lines[place]
        self.bench.selected = line.number
        return f"{line.name} is selected: {line.answer}, {line.because}"

    def _tell_inbox(self) -> None:
        """The latest messages, the newest first, each with its place among all that were received."""
        latest = {id(one) for one in self._latest}
        start = max(0, len(self.bench.receptions) - _SEARCHED)
        places = [at for at in range(start, len(self.bench.receptions)) if id(self.bench.receptions[at]) in latest]
        self._lines = [line_of(at, self.bench.receptions[at]) for at in reversed(places)]
        self.rows.show(self._lines, self.bench.selected, overview_html(self._lines, self.bench.selected))
        self.detail.layout.display = None if self._lines else "none"
        head = f"Live inbox, the latest first: {self._counted()}" if self._lines else "The inbox is empty."
        self.inbox.value = f'<span class="ses-hint">{escape(head)}</span>'

    def snapshot(self) -> str:
        """The address and the inbox."""
        return f"{self.address.value}{page_html(self._lines, 'Live inbox, the latest first')}"

    def __repr__(self) -> str:
        """One line: on or off."""
        return f"<LiveSmtp: on, {self._where()}>" if self.running else "<LiveSmtp: off>"


_TEST = "From: Ana <ana@example.org>\nTo: {to}\nSubject: a test message\n\nDoes the live server take it?\n"

_HOW = """\
# from a cell or a program
import smtplib
with smtplib.SMTP("{host}", {port}) as client:
    client.sendmail("ana@example.org", ["{to}"], "Subject: hello\\r\\n\\r\\nhow are you?\\r\\n")

# from a terminal, as any host in the world
swaks --server {host}:{port} --to {to} --from ana@example.org \\
      --xclient-addr 198.51.100.7 --xclient-no-verify
"""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _faults(text: str) -> tuple[SmtpFault | DeliveryFault, ...]:
    """The faults between semicolons, as ``serve --fault`` takes them."""
    return tuple(_fault(one.strip()) for one in text.split(";") if one.strip())


def _fault(text: str) -> SmtpFault | DeliveryFault:
    delivered = text.partition(",")[0] in DELIVERY_FAULTS
    of: type[SmtpFault] | type[DeliveryFault] = DeliveryFault if delivered else SmtpFault
    fault: SmtpFault | DeliveryFault = read_fault(text, {**SMTP_FAULTS, **DELIVERY_FAULTS}, of)
    return fault


def _port(text: str) -> int:
    number = _number(text)
    if not text.strip().isdigit() or number > 65_535 or (number == 0 and text != "0"):
        raise InputError(f"expected a port from 0 to 65535 but got `{one_line(text, 40)}`")
    return number
