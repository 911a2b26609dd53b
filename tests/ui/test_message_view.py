"""Everything about one message: what each page says, and that nothing in it becomes markup."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ui.test_results import HOSTILE, Texts

import sesreceive as ses
from sesreceive.ui.bench import Bench
from sesreceive.ui.message_view import MessageView
from sesreceive.ui.pages import PAGES
from sesreceive.ui.path_view import PathView
from sesreceive.ui.source import json_source, source
from tests.conftest import make_account, make_rule
from tests.scenario import GATE, TOPIC, WAYS, envelope, message, scenario_receiver

TITLES = [page.title for page in PAGES]


def received(name: str) -> ses.Reception:
    return scenario_receiver().receive(message(name), WAYS[name], name=name)


def page(title: str, reception: ses.Reception) -> Texts:
    return Texts(next(page for page in PAGES if page.title == title).contents(reception))


# message, page: what stands there
SAID = [
    ("billing", "Summary", "s3://inbox/billing/"),
    ("billing", "Replies", "250 OK"),
    ("gone", "Replies", "550 5.1.1 Requested action not taken: mailbox unavailable"),
    ("billing", "Verdicts", "✓ PASS"),
    ("billing", "Verdicts", "TXT"),
    ("foreign", "Verdicts", "refused before it was sent"),
    ("billing", "Headers", "+ rule tag, action 1"),
    ("billing", "Headers", "before: the header as it was sent"),
    ("foreign", "Headers", "nothing was added"),
    ("billing", "Stored", "Received-SPF: pass"),
    ("foreign", "Stored", "nothing was stored"),
    ("billing", "Notifications", '"notificationType": "Received"'),
    ("gate", "Lambda", '"disposition": "STOP_RULE"'),
    ("gate", "Lambda", '"eventSource": "aws:ses"'),
    ("null-sender", "Bounces", "nothing was bounced"),
    ("billing", "Deliveries", "nothing was delivered"),
    ("blocked", "Why", "Block 203.0.113.0/24 contains 203.0.113.9"),
    ("billing", "Source", "Subject: billing"),
]


@pytest.mark.parametrize(("name", "title", "words"), SAID)
def test_a_page_says(name, title, words):
    assert words in page(title, received(name)).text


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("title", TITLES)
def test_every_message_has_every_page(name, title):
    assert page(title, received(name)).text.strip()


def test_the_numbers_on_the_tabs_count_what_is_on_the_pages():
    view = MessageView(received("billing"))
    assert [title for title in view.pages.titles if "(" in title] == [
        "Replies (1)", "Stored (1)", "Notifications (1)", "Lambda (0)", "Bounces (0)", "Deliveries (0)",
    ]  # fmt: skip


def test_a_failed_effect_says_why_and_how_often_it_was_tried():
    backend = ses.MemoryBackend(strict=True)
    reception = scenario_receiver(backend=backend).receive(message(), envelope("sales@example.com"))
    text = page("Stored", reception).text
    assert "failed: no such bucket `rest`" in text
    assert f"tried {len(reception.performed[0].errors)} times" in text


def test_a_bounce_is_shown_as_it_would_be_sent():
    reception = scenario_receiver().receive(message(), envelope("gone@example.com"))
    assert "multipart/report" in page("Bounces", reception).text


def test_what_a_function_logs_is_shown():
    def chatty(event, context):
        print("looked at", event["Records"][0]["ses"]["mail"]["messageId"])

    rule = make_rule("r", ses.LambdaAction(function_arn=GATE))
    receiver = ses.Receiver(make_account(rule), backend=ses.MemoryBackend(functions={"gate": chatty}), seed=1)
    reception = receiver.receive(message(), envelope("ana@example.com"))
    assert f"looked at {reception.message_id}" in page("Lambda", reception).text


def test_only_the_open_page_is_made():
    view = MessageView(received("billing"))
    assert [bool(child.value) for child in view.pages.children] == [title == "Summary" for title in TITLES]
    view.page = "Stored"
    assert [title for title, child in zip(TITLES, view.pages.children, strict=True) if child.value] == [
        "Summary", "Stored",
    ]  # fmt: skip


def test_the_open_page_stays_open_for_the_next_message():
    bench = Bench(scenario_receiver())
    view = MessageView(bench)
    assert "nothing received yet" in view.head.value
    for name, way in WAYS.items():
        bench.receive(message(name), way, name=name)
    view.page = "Replies"
    for _ in WAYS:
        view.earlier.click()
    assert (bench.selected, view.page) == (0, "Replies")
    assert "billing@example.com" in view.pages.children[TITLES.index("Replies")].value
    assert view.earlier.disabled
    assert not view.later.disabled
    assert "message 1 of 10" in view.status.value


def test_the_picture_follows_the_selection_and_shows_all_when_asked():
    bench = Bench(scenario_receiver())
    path = PathView(bench)
    assert "nothing received yet" in path.picture.value
    bench.receive(message(), WAYS["blocked"])
    assert "blocked" in path.picture.value
    bench.receive(message(), WAYS["many"])
    assert "16 more recipients" in path.picture.value
    path.full.value = True
    assert "user19@example.com" in path.picture.value
    assert path.svg in path.snapshot()


@pytest.mark.parametrize("title", TITLES)
def test_nothing_that_a_stranger_writes_becomes_markup(title):
    everything = (
        ses.AddHeaderAction(header_name="X-A", header_value="<script>"), ses.S3Action(bucket_name="inbox"),
        ses.SNSAction(topic_arn=TOPIC), ses.LambdaAction(function_arn=GATE),
        ses.BounceAction(sender="a@example.com", smtp_reply_code="550", message="<script>"),
    )  # fmt: skip
    backend = ses.MemoryBackend(functions={"gate": lambda event, context: HOSTILE})
    receiver = ses.Receiver(make_account(make_rule("r", *everything)), backend=backend, seed=1)
    said = ses.Envelope(client_ip="198.51.100.7", helo=HOSTILE, mail_from=f"{HOSTILE}@example.org",
                        rcpt_to=("ana@example.com", f"{HOSTILE}@example.com"))  # fmt: skip
    raw = f"Subject: {HOSTILE}\r\nX-{HOSTILE}: {HOSTILE}\r\nFrom: {HOSTILE}\r\n\r\n{HOSTILE}".encode()
    reception = receiver.receive(raw, said, name=HOSTILE)
    view = MessageView(reception)
    view.page = title
    for html in (view.head.value, view.pages.children[TITLES.index(title)].value, view.snapshot()):
        assert not {"script", "img", "svg", "iframe"} & set(Texts(html).tags)


def test_html_of_the_mail_stands_in_a_frame_that_can_do_nothing():
    raw = b"Content-Type: text/html\r\n\r\n<script>bad()</script><img src=https://example.org/x>"
    html = next(page for page in PAGES if page.title == "Mail").contents(
        scenario_receiver().receive(raw, WAYS["billing"])
    )
    assert set(Texts(html).tags) == {"p", "iframe"}
    assert html.count('sandbox=""') == 1
    assert "default-src &amp;#x27;none&amp;#x27;; frame-src &amp;#x27;none&amp;#x27;" in html
    assert "<script" not in html


@given(raw=st.binary(max_size=400))
@settings(max_examples=25)
def test_any_mail_has_every_page(raw):
    reception = scenario_receiver().receive(raw, envelope("billing@example.com", "gone@example.com"))
    for one in PAGES:
        assert Texts(one.contents(reception)).text


def test_a_very_large_message_has_pages_of_bounded_size():
    raw = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 900) for number in range(3_000)) + b"\r\n" + b"z" * 2_000_000
    reception = scenario_receiver().receive(raw, envelope("billing@example.com"))
    for one in PAGES:
        assert len(one.contents(reception)) < 300_000, one.title


# ------------------------------------------------------------------ text of several lines


@given(st.one_of(st.text(max_size=300), st.binary(max_size=300)))
def test_source_shows_every_line_and_no_markup(raw):
    shown = Texts(source(raw))
    assert shown.tags == ["pre"]
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    assert shown.text.count("\n") == text.count("\n")


def test_long_text_says_how_much_more_there_is():
    assert "10000 more bytes" in source(b"x" * 30_000)
    assert "the first 400 lines" in source("\n" * 5_000)


@pytest.mark.parametrize("text", ["{", "[" * 100_000, '{"a": NaN}', "", "9" * 5_000, '"\\ud800"'])
def test_what_is_no_json_is_shown_all_the_same(text):
    assert Texts(json_source(text)).tags[0] == "pre"


def test_json_is_indented():
    assert "\n  " in Texts(json_source(json.dumps({"a": 1}))).text
