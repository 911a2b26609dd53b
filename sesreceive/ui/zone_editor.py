"""The zone beside the mail: DNS as the receiver sees it, to be published in and to be broken."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

import ipywidgets as W

from sesreceive._html import code, escape, mark, prose, table
from sesreceive.auth import spf
from sesreceive.auth.domains import published_domain
from sesreceive.dns.resolver import DnsStatus
from sesreceive.dns.zone import Zone
from sesreceive.errors import InputError, one_line
from sesreceive.lab.dns_recipes import CHECKS, Publisher, place, published
from sesreceive.receiver import Receiver
from sesreceive.ui.bench import Bench
from sesreceive.ui.inputs import Checked, choice
from sesreceive.ui.keyring import keyring_of
from sesreceive.ui.kit import Part, allow, bench_of, button, caption, html
from sesreceive.ui.source import source
from sesreceive.wording import count

__all__ = ["ZoneEditor"]

# A zone of more than this is not put into the box: a text area is no place for a million names.
_MOST = 200_000


class ZoneEditor(Part):
    """The zone as text, and the records of one domain by choice.

    Parameters
    ----------
    receiver : Receiver or Bench
        Whose DNS is edited. A receiver whose resolver is no `Zone` gets an empty one with the first edit.

    Attributes
    ----------
    value : Zone
        The zone; assigning it is an edit that can be undone.
    """

    def __init__(self, receiver: Receiver | Bench) -> None:
        self.bench = bench = bench_of(receiver)
        self.keyring = keyring_of(bench)
        self._history: list[tuple[Zone, str]] = [(bench.zone, "the zone as it was given")]
        self._at = 0
        self._typing = self._own = False
        self.domain = Checked(self, "Sender's domain", "example.org", check=_domain, changed=self._on_publisher)
        self.client_ip = Checked(self, "Sender's IP", "198.51.100.7", check=_address, changed=self._on_publisher)
        self.now = html()
        self.choices: dict[str, W.Dropdown] = {}
        self.publish: dict[str, W.Button] = {}
        rows = []
        for check, recipes in CHECKS.items():
            self.choices[check] = choice(check, [(one.title, at) for at, one in enumerate(recipes)])
            self.choices[check].layout.flex = "1 1 220px"
            press = button(f"Publish {check}", hint=f"Put the {check} record of the domain into the zone")
            self.publish[check] = self.on_click(press, self._applying(check))
            rows.append(W.HBox([self.choices[check], self.publish[check]], layout=W.Layout(flex_flow="row wrap")))
        self.undo_button = self.on_click(button("Undo zone edit"), self.undo)
        self.redo_button = self.on_click(button("Redo zone edit"), self.redo)
        self.text = Checked(
            self,
            "Zone",
            check=_zone,
            changed=self._on_text,
            rows=12,
            above=True,
            placeholder='example.org. IN TXT "v=spf1 ip4:198.51.100.7 -all"',
        )
        self.count = html()
        left = W.VBox(
            [caption("What a domain publishes about its mail"), self.domain, self.client_ip, *rows, self.now],
            layout=W.Layout(flex="1 1 420px", min_width="0"),
        )
        bar = W.HBox([self.undo_button, self.redo_button], layout=W.Layout(flex_flow="row wrap"))
        right = W.VBox([self.text, self.count, bar], layout=W.Layout(flex="1 1 420px", min_width="0"))
        super().__init__(bench, [W.HBox([left, right], layout=W.Layout(flex_flow="row wrap"))], title="DNS zone")
        bench.observe(self._on_zone, "zone")
        self.keyring.on_change(self._tell)
        self._show()

    # ------------------------------------------------------------------ the value

    @property
    def value(self) -> Zone:
        """The zone."""
        return self.bench.zone

    @value.setter
    def value(self, zone: Zone) -> None:
        self.edit(zone, "assigned from code")

    def edit(self, zone: Zone, what: str, *, typing: bool = False) -> str:
        """Put another zone in the place of the one before; what was done.

        Parameters
        ----------
        typing : bool
            Whether it comes from the text box. Edits there that follow each other are one step.
        """
        if zone != self.bench.zone:
            if typing and self._typing:
                self._history[self._at] = (zone, what)
                del self._history[self._at + 1 :]
            else:
                del self._history[self._at + 1 :]
                self._history.append((zone, what))
                self._at += 1
            self._put(zone)
            self._typing = typing
        return what

    def undo(self) -> str:
        """Take the last edit of the zone back."""
        if self._at == 0:
            return "there is nothing to undo"
        what = self._history[self._at][1]
        self._at -= 1
        self._put(self._history[self._at][0])
        return f"undone: {what}"

    def redo(self) -> str:
        """Make the edit of the zone again that was undone last."""
        if self._at + 1 >= len(self._history):
            return "there is nothing to redo"
        self._at += 1
        self._put(self._history[self._at][0])
        return f"redone: {self._history[self._at][1]}"

    def _put(self, zone: Zone) -> None:
        self._typing, self._own = False, True
        try:
            self.bench.zone = zone
        finally:
            self._own = False

    # ------------------------------------------------------------------ one domain

    @property
    def publisher(self) -> Publisher:
        """Who publishes: the domain on screen, with the key that signed for it last.

        Raises
        ------
        InputError
            When domain or client address are none.
        """
        _domain(self.domain.value)
        _address(self.client_ip.value)
        key = self.keyring.latest
        domain = published_domain(self.domain.value)
        own = key is not None and (key.domain == domain or key.domain.endswith(f".{domain}"))
        return Publisher(domain=self.domain.value, client_ip=self.client_ip.value, key=key if own else None)

    def follow(self, domain: str, client_ip: str) -> None:
        """Speak of another domain and client: those of the message that is being written."""
        if domain and domain != self.domain.value:
            self.domain.value = domain
        if client_ip:
            self.client_ip.value = client_ip
        self._tell()

    def apply(self, check: str) -> str:
        """Publish the record of a check as it is chosen.

        Raises
        ------
        InputError
            When domain or client address are none.
        """
        who = self.publisher
        recipe = CHECKS[check][self.choices[check].value]
        if check == "DKIM" and who.key is None:
            who = Publisher(domain=who.domain, client_ip=who.client_ip, key=self.keyring.key(who.domain, "s1"))
        zone = published(self.bench.zone, check, recipe, who)
        return self.edit(zone, f"published {check} of {one_line(place(check, who), 80)}: {recipe.title}")

    def _applying(self, check: str) -> Callable[[], str]:
        return lambda: self.apply(check)

    # ------------------------------------------------------------------ showing

    def _on_zone(self, change: dict[str, Any]) -> None:
        if not self._own:
            del self._history[self._at + 1 :]
            self._history.append((change["new"], "changed by another part"))
            self._at += 1
            self._typing = False
        self._show()

    def _on_text(self, text: str) -> str | None:
        if self.text.problem:
            return None
        return self.edit(Zone.parse(text), "edited the zone", typing=True)

    def _on_publisher(self, _: str) -> None:
        self._tell()

    def _show(self) -> None:
        zone = self.bench.zone
        typed = self.text.value
        if self.text.problem or Zone.parse(typed) != zone:  # what says the same is not rewritten under the cursor
            text = zone.to_text()
            self.text.value = text if len(text) <= _MOST else ""
            self.text.box.disabled = len(text) > _MOST
        shown = "" if not self.text.box.disabled else "; it is too large to be edited here"
        self.count.value = f'<span class="ses-hint">{escape(repr(zone)[1:-1])}{shown}</span>'
        self._tell()

    def _tell(self) -> None:
        """What DNS says of the domain now, and what of the edits can be taken back."""
        allow(self.undo_button, "" if self._at else "the zone was not edited yet")
        allow(self.redo_button, "" if self._at + 1 < len(self._history) else "nothing was undone")
        self.now.value = self._state()

    def _state(self) -> str:
        try:
            who = self.publisher
        except InputError:
            return ""
        zone = self.bench.zone
        found = spf.check_host(who.client_ip, f"postmaster@{who.domain}", who.domain, zone)
        good = {"pass": "good", "fail": "bad", "permerror": "bad", "temperror": "bad"}.get(found.status.value, "note")
        rows = [
            ["SPF", _records(zone, place("SPF", who), b"v=spf1"), f"{mark(found.status, good)}: {prose(found.reason)}"]
        ]
        for check, start in (("DKIM", b""), ("DMARC", b"")):
            name = place(check, who)
            told = code(name) if name else mark("nothing was signed for this domain yet", "note")
            rows.append([check, _records(zone, name, start) if name else "", told])
        heads = ("check", "published", "which says")
        return f'<div class="ses-rich">{table(heads, rows, caption=f"{who.domain} now")}</div>'

    def snapshot(self) -> str:
        """The zone as text, and what it says of the domain."""
        return f"{self._state()}{source(self.bench.zone.to_text())}"

    def __repr__(self) -> str:
        """One line: how many names."""
        return f"<ZoneEditor: {count(len(self.bench.zone.names), 'name')}>"


def _records(zone: Zone, name: str, start: bytes) -> str:
    """The TXT records of a name that begin so, as HTML."""
    answer = zone.resolve(name, "TXT")
    if answer.status is not DnsStatus.FOUND:
        return mark(answer.status.value, "bad" if answer.is_failure else "note")
    texts = [value if isinstance(value, bytes) else value.encode() for value in answer.values]
    found = [one.decode("utf-8", "replace") for one in texts if one.lower().startswith(start)]
    return "<br>".join(f"<code>{escape(one, 100)}</code>" for one in found[:4]) or mark("none", "note")


def _domain(text: str) -> None:
    if published_domain(text) is None:
        raise InputError(f"expected a domain such as `example.org` but got `{one_line(text, 80)}`")


def _address(text: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise InputError(f"expected an IPv4 or IPv6 address but got `{one_line(text, 80)}`") from None


def _zone(text: str) -> None:
    Zone.parse(text)
