"""The composer sends what is on screen, with what is done to it, and tells how it was answered."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import Any

import pytest

import sesreceive as ses
from sesreceive import datasets
from sesreceive._html import asset
from sesreceive.lab.compose import Attachment
from sesreceive.mail.corpus import Item
from sesreceive.ui.composer import Composer
from sesreceive.ui.zone_editor import ZoneEditor
from tests.conftest import MESSAGE, make_account, make_rule

STORE = make_rule("store", ses.S3Action(bucket_name="inbox"), scan_enabled=True)


def composer(*rules: ses.ReceiptRule, **options: Any) -> Composer:
    return Composer(ses.Receiver(make_account(*rules or (STORE,)), seed=1), **options)


def upload(name: str, content: bytes, kind: str = "") -> tuple[dict[str, Any], ...]:
    """What the browser sends."""
    at = datetime(2026, 1, 2, tzinfo=UTC)
    return ({"name": name, "type": kind, "size": len(content), "content": memoryview(content), "last_modified": at},)


def test_what_is_written_is_received() -> None:
    part = composer()
    part.letter.subject.box.value = "Grüße"
    part.letter.to.box.value = "Bo <bo@example.com>, cy@example.com"
    part.letter.text.box.value = "hello\n"
    part.send_button.click()
    reception = part.bench.reception
    assert reception is not None
    assert reception.envelope.rcpt_to == ("bo@example.com", "cy@example.com")
    assert reception.message.get("Subject") == "=?utf-8?q?Gr=C3=BC=C3=9Fe?="
    assert reception.message.get("Message-ID") == "<composed-1@example.org>"
    assert b"hello" in part.bench.receiver.backend.buckets["inbox"][reception.message_id].body
    assert "message 1 was accepted: 1 rule fired, 1 effect" in part.status.value


def test_the_dialogue_is_shown() -> None:
    part = composer()
    part.session.tls.value = True
    part.send_button.click()
    for line in ("C: EHLO mx.example.org", "C: STARTTLS", "C: RCPT TO:&lt;billing@example.com&gt;", "S: 221 Bye"):
        assert line in part.dialogue.value
    assert "250 OK" in part.dialogue_section.head.description


def test_a_refusal_is_told_and_kept() -> None:
    part = composer()
    part.session.rcpt_to.box.value = "bo@example.net"
    part.send_button.click()
    assert "was refused: 550 5.1.1" in part.status.value
    assert part.bench.receptions[0].message.raw


def test_a_sender_the_server_does_not_take_leaves_its_reason() -> None:
    part = composer()
    part.session.mail_from.box.value = "ana@"
    part.send_button.click()
    assert "refused: 553" in part.status.value
    (reception,) = part.bench.receptions
    assert reception.refusal == "`ana@` is no valid address"


def test_sender_and_recipients_follow_the_letter_until_they_are_changed() -> None:
    part = composer()
    part.letter.sender.box.value = "Cy <cy@example.net>"
    part.letter.cc.box.value = "di@example.com"
    assert part.envelope().mail_from == "cy@example.net"
    assert part.envelope().rcpt_to == ("billing@example.com", "di@example.com")
    part.session.mail_from.box.value = ""
    part.session.rcpt_to.box.value = "bo@example.com"
    part.letter.sender.box.value = "ana@example.org"
    part.letter.to.box.value = "cy@example.com"
    assert part.envelope().is_null_sender
    assert part.envelope().rcpt_to == ("bo@example.com",)


# ---------------------------------------------------------------- what is done to it


def sign(part: Composer, **options: Any) -> None:
    part.changes.signed.value = True
    part.changes.kind.value = "ed25519"  # made in no time
    for name, value in options.items():
        getattr(part.changes, name).value = value


def verdicts(part: Composer) -> dict[str, str]:
    part.send_button.click()
    found = part.bench.reception
    assert found is not None
    assert found.verdicts is not None
    return {name: str(getattr(found.verdicts, name)) for name in ("spam", "virus", "spf", "dkim", "dmarc")}


def test_a_signature_is_made_published_and_passes() -> None:
    part = composer()
    sign(part)
    assert verdicts(part)["dkim"] == "PASS"
    assert "s1._domainkey.example.org" in part.bench.zone.names


def test_a_key_that_is_not_published_cannot_be_found() -> None:
    part = composer()
    sign(part, publish=False)
    assert verdicts(part)["dkim"] == "PROCESSING_FAILED"


@pytest.mark.parametrize(
    "tampering, form, dkim",
    [
        ("nothing", "relaxed/relaxed", "PASS"),
        ("a letter of the body", "relaxed/relaxed", "FAIL"),
        ("the subject", "relaxed/relaxed", "FAIL"),
        ("a blank more in the body", "relaxed/relaxed", "PASS"),
        ("a blank more in the body", "relaxed/simple", "FAIL"),
        ("its signatures taken away", "relaxed/relaxed", "GRAY"),
    ],
)
@pytest.mark.slow
def test_what_is_changed_on_the_way_is_noticed(tampering: str, form: str, dkim: str) -> None:
    part = composer()
    sign(part, form=form)
    part.changes.tampering.value = dict(part.changes.tampering.options)[tampering]
    assert verdicts(part)["dkim"] == dkim


@pytest.mark.parametrize(
    "how, mail_from, spf, dmarc",
    [
        ("", "ana@example.org", "PASS", "PASS"),
        ("name", "ana@example.org", "PASS", "PASS"),
        ("from", "ana@example.org", "PASS", "FAIL"),
        ("both", "boss@example.com", "FAIL", "FAIL"),
    ],
)
def test_a_pretence_is_noticed_where_it_can_be(how: str, mail_from: str, spf: str, dmarc: str) -> None:
    part = composer()
    part.bench.zone = ses.Zone({
        "example.org": {"TXT": "v=spf1 ip4:198.51.100.7 -all"}, "_dmarc.example.org": {"TXT": "v=DMARC1; p=reject"},
        "example.com": {"TXT": "v=spf1 -all"}, "_dmarc.example.com": {"TXT": "v=DMARC1; p=reject"},
    })  # fmt: skip
    part.changes.pretence.value = how
    got = verdicts(part)
    assert (got["spf"], got["dmarc"]) == (spf, dmarc)
    assert part.bench.receptions[-1].envelope.mail_from == mail_from


@pytest.mark.parametrize("source", ["write", "dataset", "raw"])
def test_markers_are_found(source: str) -> None:
    part = composer()
    part.source.value = source
    part.session.rcpt_to.box.value = "billing@example.com"
    part.changes.gtube.value = part.changes.eicar.value = True
    got = verdicts(part)
    assert (got["spam"], got["virus"]) == ("FAIL", "FAIL")


def test_the_message_is_shown_as_it_arrives() -> None:
    part = composer()
    part.preview_section.head.click()
    part.letter.subject.box.value = "<script>alert(1)</script>"
    assert "Subject: &lt;script&gt;" in part.preview.value
    assert "<script>" not in part.preview.value


# ---------------------------------------------------------------- files


def test_files_are_attached_and_taken_away() -> None:
    part = composer()
    part.letter.upload.value = upload("a<b>.pdf", b"%PDF", "application/pdf")
    assert part.letter.draft().attachments == (
        Attachment(filename="a<b>.pdf", content=b"%PDF", content_type="application/pdf"),
    )
    assert "a&lt;b&gt;.pdf (4 bytes)" in part.letter.files_note.value
    assert b"filename" in part.message()
    part.letter.detach.click()
    assert part.letter.draft().attachments == ()


MBOX = (
    b"From a Fri Jan  2 10:05:05 2026\nTo: bo@example.com\n\nhi\n\n"
    b"From b Fri Jan  2 10:05:06 2026\nTo: cy@example.com\n\nyo\n"
)


@pytest.mark.parametrize(
    "name, content, names",
    [
        ("one.eml", b"To: bo@example.com\n\nhi\n", ["one"]),
        ("mail.mbox", MBOX, ["mail-1", "mail-2"]),
        ("no-suffix", MBOX, ["no-suffix-1", "no-suffix-2"]),
    ],
)
def test_files_of_mail_are_uploaded_and_sent(name: str, content: bytes, names: list[str]) -> None:
    part = composer()
    part.source.value = "upload"
    part.uploads.upload.value = upload(name, content)
    assert part.envelope().rcpt_to == ("bo@example.com",)
    part.batch.send_button.click()
    assert [one.name for one in part.bench.receptions] == names
    assert f"{len(names)} message" in part.status.value


@pytest.mark.usefixtures("shown_errors")
@pytest.mark.parametrize("name, content", [("x.mbox", b"no mailbox"), ("x.mbox", b"")])
def test_a_file_that_is_no_mail_is_told(name: str, content: bytes) -> None:
    part = composer()
    part.source.value = "upload"
    part.uploads.upload.value = upload(name, content)
    assert 'role="alert"' in part.alert.value
    part.batch.send_button.click()
    assert "there is no list of messages" in part.alert.value


def test_what_was_received_before_a_stop_stays() -> None:
    part = composer()
    part.source.value = "upload"
    listed = tuple(Item(name=f"{number}", raw=MESSAGE, envelope=part.session.read()) for number in range(1_000))
    part.uploads.show(listed)

    async def sent_and_stopped() -> None:
        part.batch.send_button.click()
        assert not part.batch.stop_button.disabled
        while not part.batch._count:
            await asyncio.sleep(0.001)
        part.batch.stop_button.click()
        await asyncio.sleep(0.1)  # more than the pause between two pieces

    asyncio.run(sent_and_stopped())
    received = len(part.bench.receptions)
    assert 0 < received < len(listed)
    assert f"stopped after {received} message" in part.status.value
    assert part.batch.stop_button.disabled
    assert part.batch.stop() == "nothing is being sent"


# ---------------------------------------------------------------- datasets


def test_a_message_of_a_dataset_is_sent_with_its_envelope() -> None:
    part = composer()
    part.source.value = "dataset"
    part.samples.name.value = "first-steps"
    part.samples.list.select.value = 2
    assert part.session.mail_from.value
    part.send_button.click()
    assert part.bench.receptions[0].name == "0003-hello"


def test_a_whole_dataset_ends_as_its_answer_key_says() -> None:
    part = composer()
    part.source.value = "dataset"
    part.samples.name.value = "first-steps"
    use = part.pages["dataset"].children[1].children[0]
    use.click()
    part.batch.send_button.click()
    expected = [row["rules"] for row in datasets.load("first-steps").expected]
    assert ["|".join(one.rules) for one in part.bench.receptions] == expected
    assert part.bench.account == datasets.load("first-steps").account
    part.bench.undo()
    assert part.bench.account == make_account(STORE)


def test_raw_text_is_sent_as_it_is() -> None:
    part = composer()
    part.source.value = "raw"
    part.raw.box.value = "no header at all"
    part.send_button.click()
    assert part.bench.receptions[0].message.raw == b"no header at all"


# ---------------------------------------------------------------- what is wrong

WRONG = [
    (lambda part: part.session.client_ip, "nonsense", "expected an IPv4 or IPv6 address but got"),
    (lambda part: part.session.client_ip, "<b>", "&lt;b&gt;"),
    (lambda part: part.letter.text, "\ud800", "expected characters of"),
    (lambda part: part.letter.headers, "no colon", "expected a header field such as"),
    (lambda part: part.letter.headers, "a b: c", "expected a field name but got"),
    (lambda part: part.changes.selector, "a b", "expected a name such as"),
    (lambda part: part.changes.domain, "no domain", "expected a domain such as"),
]


@pytest.mark.parametrize("box, text, told", WRONG)
@pytest.mark.slow
def test_a_problem_is_told_beside_its_box_while_one_types(box: Any, text: str, told: str) -> None:
    part = composer()
    box(part).box.value = text
    assert told in box(part).note.value
    assert "✗" in box(part).note.value


@pytest.mark.usefixtures("shown_errors")
def test_what_cannot_be_sent_is_told_and_nothing_changes() -> None:
    part = composer()
    part.session.client_ip.box.value = "nonsense"
    part.send_button.click()
    assert "expected an IPv4 or IPv6 address but got `nonsense`" in part.alert.value
    assert part.bench.receptions == ()
    part.session.client_ip.box.value = "192.0.2.7"
    part.send_button.click()
    assert part.alert.value == ""
    assert len(part.bench.receptions) == 1


@pytest.mark.usefixtures("shown_errors")
def test_an_account_with_problems_receives_nothing() -> None:
    part = composer()
    part.bench.edit(part.bench.account.replace(account_id="x"), "typed")
    part.send_button.click()
    assert "Account ID: expected 12 digits" in part.alert.value
    assert part.bench.receptions == ()


def test_a_charset_that_does_not_fit_is_told_when_it_is_chosen() -> None:
    part = composer()
    part.letter.text.box.value = "日本"
    assert part.letter.text.note.value == ""
    part.letter.charset.value = "iso-8859-1"
    assert "expected characters of <code>iso-8859-1</code>" in part.letter.text.note.value


# ---------------------------------------------------------------- beside it


def test_the_zone_beside_it_follows_sender_and_client() -> None:
    receiver = ses.Receiver(make_account(STORE), seed=1)
    part = Composer(receiver)
    zone = ZoneEditor(part.bench)
    part = Composer(part.bench, beside=zone)
    part.letter.sender.box.value = "bo@example.net"
    part.session.client_ip.box.value = "203.0.113.9"
    assert (zone.domain.value, zone.client_ip.value) == ("example.net", "203.0.113.9")
    zone.publish["SPF"].click()
    assert verdicts(part)["spf"] == "PASS"


def test_what_a_message_says_is_escaped_everywhere() -> None:
    part = composer()
    for box in (part.letter.sender, part.letter.to, part.letter.subject, part.letter.text, part.session.helo):
        box.box.value = '"<img src=x onerror=alert(1)>"@example.com'
    part.session.rcpt_to.box.value = '"<img src=x onerror=alert(1)>"@example.com'
    part.send_button.click()
    shown = part.snapshot() + part.dialogue.value + part.preview.value + part.status.value + repr(part)
    assert "<img" not in shown.replace(repr(part), "")
    assert "&lt;img" in shown


def test_the_saved_picture_has_envelope_message_and_dialogue() -> None:
    part = composer()
    part.send_button.click()
    shown = part.snapshot()
    assert all(text in shown for text in ("ana@example.org", "Subject: hello", "S: 221 Bye"))


def test_send_stays_in_sight_on_a_telephone() -> None:
    """The form is three screens long there: the row of buttons keeps to the lower edge of what scrolls."""
    part = composer()
    row = next(piece for piece in part.children if part.send_button in getattr(piece, "children", ()))
    assert "ses-act" in row._dom_classes
    narrow = re.findall(r"@container \(max-width: \d+px\) \{(.*?)\n\}", asset("sesreceive.ui", "style.css"), re.DOTALL)
    assert sum(".ses-act { position: sticky;" in rules for rules in narrow) == 1
