"""Every message of every entry of the gallery ends as the entry says; a new entry is a file in ``gallery/entries``."""

from __future__ import annotations

import json

import pytest

import sesreceive as ses
from sesreceive.errors import one_line
from sesreceive.gallery import entry as entry_module

# The rule sets that people ask for; each has to stay.
ASKED_FOR = (
    "bounce-spam",
    "catch-all",
    "dmarc-reports",
    "drop-spam",
    "forward-without-loops",
    "log-every-mail",
    "most-specific-first",
    "plus-addressing",
    "quarantine",
    "route-by-subject",
    "signed-only",
    "ticket-intake",
)


def test_what_people_ask_for_is_there() -> None:
    assert set(ASKED_FOR) <= set(ses.gallery.names())


@pytest.mark.parametrize("name", ses.gallery.names())
def test_every_message_ends_as_the_entry_says(name: str) -> None:
    for played in ses.gallery.load(name).run():
        mail, reception = played.mail, played.reception
        assert (mail.name, reception.reply.code, reception.rules) == (mail.name, mail.reply, mail.rules)
        assert (mail.name, played.leaves) == (mail.name, mail.leaves)
        assert played.as_expected


@pytest.mark.parametrize("name", ses.gallery.names())
def test_an_entry_tells_what_it_does(name: str) -> None:
    entry = ses.gallery.load(name)
    assert 10 <= len(entry.title) <= 80
    assert len(entry.shows) > 100
    assert len({mail.name for mail in entry.mail}) == len(entry.mail) >= 3
    called = {action.function_arn for rule in entry.account.active_rule_set.rules for action in rule.actions
              if isinstance(action, ses.LambdaAction)}  # fmt: skip
    assert {arn.rpartition(":")[2] for arn in called} == set(entry.handlers)


@pytest.mark.parametrize("name", ses.gallery.names())
def test_no_rule_of_an_entry_is_dead_and_each_fires_for_a_message(name: str) -> None:
    entry = ses.gallery.load(name)
    rules = {rule.name for rule in entry.account.active_rule_set.rules}
    assert {rule for mail in entry.mail for rule in mail.rules} == rules


def test_another_account_ends_otherwise() -> None:
    entry = ses.gallery.load("drop-spam")
    rule_set = entry.account.active_rule_set
    without = entry.account.with_rule_set(rule_set.replace(rules=rule_set.rules[1:]))
    assert [played.as_expected for played in entry.run(without)] == [False, False, False]
    assert [played.leaves for played in entry.run(without)][1] == ("s3 inbox/mail/{spam}",)


def test_a_report_is_counted_and_a_forwarded_mail_is_ours() -> None:
    entry = ses.gallery.load("dmarc-reports")
    receiver = entry.receiver()
    mail = entry.mail[0]
    received = receiver.receive(mail.message(entry_module._key()), mail.envelope({}))
    summary = receiver.backend.buckets["inbox"][f"summaries/{received.message_id}.json"].body
    assert json.loads(summary) == {"none": 40, "reject": 2}

    entry = ses.gallery.load("forward-without-loops")
    receiver = entry.receiver()
    received = receiver.receive(entry.mail[0].message(entry_module._key()), entry.mail[0].envelope({}))
    sent = ses.Message(receiver.backend.buckets["inbox"][f"outbox/{received.message_id}"].body)
    assert sent.get("From") == "forwarder@example.com"
    assert sent.get("Reply-To") == "ana@example.org"
    again = receiver.receive(sent.raw, entry.mail[0].envelope({}))
    assert again.stopped_by
    assert f"outbox/{again.message_id}" not in receiver.backend.buckets["inbox"]


def test_the_gallery_is_a_table_a_text_and_a_page() -> None:
    gallery = ses.gallery.everything()
    frame = gallery.frame()
    assert tuple(frame["name"]) == ses.gallery.names()
    assert tuple(frame["messages"]) == tuple(len(entry.mail) for entry in gallery)
    assert len(str(gallery).splitlines()) == len(gallery) + 1
    for shown in (gallery, *gallery):
        page = shown._repr_html_()
        assert one_line(repr(shown)) == repr(shown)
        assert page.count("<table") == page.count("</table>") > 0


def test_a_name_that_is_none_is_one_sentence() -> None:
    with pytest.raises(ses.InputError, match=r"^gallery: expected `bounce-spam`, .* but got `sp\\x1bam`$"):
        ses.gallery.load("sp\x1bam")


def test_a_function_that_asks_for_what_is_not_there_is_one_sentence() -> None:
    entry = ses.gallery.load("quarantine")
    receiver = entry.receiver()
    (mail,) = (mail for mail in entry.mail if mail.name == "administrator")
    receiver.receive(mail.message(entry_module._key()), mail.envelope({"lottery": "gone"}))
    (run,) = receiver.backend.invocations
    assert "expected an object with the key `quarantine/gone` but got none" in str(run.error)


def test_an_entry_opens_in_the_workbench() -> None:
    entry = ses.gallery.load("quarantine")
    assert ses.ui.Workbench(entry.receiver()).value == entry.account
