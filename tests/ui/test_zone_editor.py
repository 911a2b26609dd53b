"""The zone on screen is the zone of the receiver, however it is edited; every edit can be taken back."""

from __future__ import annotations

import pytest

import sesreceive as ses
from sesreceive.lab.dns_recipes import CHECKS
from sesreceive.ui.zone_editor import ZoneEditor
from tests.conftest import make_account, make_rule

ZONE = 'example.org. IN TXT "v=spf1 -all"\n'


def editor(zone: str = ZONE) -> ZoneEditor:
    return ZoneEditor(ses.Receiver(make_account(make_rule()), resolver=zone, seed=1))


def test_the_text_is_the_zone_both_ways() -> None:
    part = editor()
    assert part.text.value == ZONE
    part.text.box.value = "example.net. IN A 192.0.2.1\n"
    assert part.bench.receiver.resolver == ses.Zone({"example.net": {"A": "192.0.2.1"}})
    part.value = ses.Zone({"example.org": {"A": "192.0.2.2"}})
    assert part.text.value == "example.org. IN A 192.0.2.2\n"


def test_a_line_that_cannot_be_read_is_told_and_the_zone_stays() -> None:
    part = editor()
    part.text.box.value = ZONE + "example.org. IN MX <b>\n"
    assert "zone line 2" in part.text.note.value
    assert "<b>" not in part.text.note.value
    assert part.value == ses.Zone.parse(ZONE)
    part.text.box.value = ZONE + "example.org. IN MX 10 mx.example.org.\n"
    assert part.text.note.value == ""
    assert len(part.value.records) == 2


def test_what_is_typed_is_not_rewritten_under_the_cursor() -> None:
    part = editor()
    typed = '; a remark\n  example.org.  IN  TXT "v=spf1 -all"'
    part.text.box.value = typed
    assert part.text.value == typed


@pytest.mark.parametrize("check", CHECKS)
def test_publishing_puts_the_record_into_the_zone(check: str) -> None:
    part = editor("")
    part.publish[check].click()
    name = {"SPF": "example.org", "DKIM": "s1._domainkey.example.org", "DMARC": "_dmarc.example.org"}[check]
    assert part.value.names == (name,)
    assert f"{check} of {name}: {CHECKS[check][0].title}" in part.status.value
    assert name in part.text.value


def test_every_choice_can_be_published_one_after_the_other() -> None:
    part = editor()
    for check, recipes in CHECKS.items():
        for at in range(len(recipes)):
            part.choices[check].value = at
            part.publish[check].click()
    assert part.alert.value == ""


def test_what_dns_says_of_the_domain_is_shown() -> None:
    part = editor()
    assert "fail" in part.now.value
    part.publish["SPF"].click()
    assert "v=spf1 ip4:198.51.100.7 -all" in part.now.value
    assert "pass" in part.now.value
    part.domain.box.value = "example.net"
    assert "example.net now" in part.now.value


def test_undo_and_redo_go_all_the_way() -> None:
    part = editor()
    seen = [part.value]
    for check in CHECKS:
        part.publish[check].click()
        seen.append(part.value)
    part.text.box.value = ""
    part.text.box.value = "example.org. IN A 192.0.2.1"
    seen.append(part.value)
    for zone in reversed(seen[:-1]):
        part.undo_button.click()
        assert part.value == zone
    part.undo_button.click()
    assert "there is nothing to undo" in part.status.value
    for zone in seen[1:]:
        part.redo_button.click()
        assert part.value == zone
    part.redo_button.click()
    assert "there is nothing to redo" in part.status.value
    part.undo_button.click()
    part.choices["SPF"].value = 1
    part.publish["SPF"].click()
    part.redo_button.click()
    assert "there is nothing to redo" in part.status.value


def test_typing_is_one_step() -> None:
    part = editor("")
    for text in ("a.example. IN A 192.0.2.1", "a.example. IN A 192.0.2.12", "a.example. IN A 192.0.2.123"):
        part.text.box.value = text
    part.undo_button.click()
    assert part.value == ses.Zone()


@pytest.mark.usefixtures("shown_errors")
@pytest.mark.parametrize("box, text", [("domain", "no domain"), ("client_ip", "nowhere")])
def test_what_is_no_domain_or_address_is_told(box: str, text: str) -> None:
    part = editor()
    getattr(part, box).box.value = text
    assert "✗" in getattr(part, box).note.value
    part.publish["SPF"].click()
    assert "expected" in part.alert.value
    assert part.value == ses.Zone.parse(ZONE)


def test_records_are_escaped() -> None:
    part = editor('example.org. IN TXT "v=spf1 <script>alert(1)</script>"\n')
    shown = part.now.value + part.snapshot() + part.count.value
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_an_edit_from_elsewhere_can_be_undone_too() -> None:
    part = editor()
    part.bench.zone = ses.Zone()
    assert part.text.value == ""
    part.undo_button.click()
    assert part.text.value == ZONE
