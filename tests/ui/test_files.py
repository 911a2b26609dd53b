"""What is on screen is saved as a file and opened again; nothing is lost, nothing hostile becomes a path or markup."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import zipfile

import pytest
from hypothesis import given, settings

import sesreceive as ses
from sesreceive import ui
from sesreceive.lab.fixture import fixture, zipped
from sesreceive.ui.opening import account_of
from sesreceive.ui.saving import Saved, Saving, file_name, link
from tests.conftest import MESSAGE, make_account, make_rule
from tests.scenario import WAYS, message, scenario_receiver
from tests.strategies import accounts


def content(saving: Saving) -> bytes:
    """The octets of the file that the link holds."""
    found = re.search(r"base64,([^\"]*)", saving.link.value)
    assert found is not None
    return base64.b64decode(found[1])


def save(saving: Saving, form: str) -> bytes:
    saving.form.value = form
    saving.button.click()
    return content(saving)


def test_an_account_is_saved_and_opened_again() -> None:
    builder = ui.RuleSetBuilder(make_account(make_rule("all", ses.S3Action(bucket_name="inbox"))))
    text = save(builder.saving, "API JSON")
    assert 'download="account.json"' in builder.saving.link.value
    other = ui.RuleSetBuilder()
    other.opening.set_state(
        {
            "value": [
                {"name": "account.json", "type": "", "size": len(text), "content": memoryview(text), "last_modified": 0}
            ]
        }
    )
    assert other.value == builder.value
    assert "the account of account.json is on screen" in other.status.value
    other.undo()
    assert other.value == ses.Account()


@given(account=accounts())
@settings(max_examples=20, deadline=None)
@pytest.mark.slow
def test_what_is_saved_as_json_is_opened_equal(account: ses.Account) -> None:
    opened, _ = account_of([("account.json", account.to("json").encode())])
    assert opened == account


@pytest.mark.parametrize("form", ["API JSON", "CloudFormation", "Terraform", "Python", "CDK"])
def test_every_form_of_an_account_has_a_file(form: str) -> None:
    builder = ui.RuleSetBuilder(make_account(make_rule()))
    assert save(builder.saving, form)
    builder.rules.list.buttons["Add rule"].click()
    assert builder.saving.link.value == ""  # the file is no longer what is on screen


def test_a_template_in_several_files_is_opened() -> None:
    files = [
        ("main.tf", b'resource "aws_ses_receipt_rule_set" "m" {\n  rule_set_name = var.name\n}\n'),
        ("../vars.tf", b'variable "name" {\n  default = "main"\n}\n'),
    ]
    account, _ = account_of(files)
    assert [rule_set.name for rule_set in account.rule_sets] == ["main"]


@pytest.mark.usefixtures("shown_errors")
@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"hello: world"])
def test_what_is_no_account_is_said_and_nothing_changes(text: bytes) -> None:
    builder = ui.RuleSetBuilder(make_account())
    before = builder.value
    builder.opening.set_state(
        {"value": [{"name": "x.json", "type": "", "size": len(text), "content": memoryview(text), "last_modified": 0}]}
    )
    assert 'role="alert"' in builder.alert.value
    assert "Traceback" not in builder.alert.value
    assert builder.value == before


def test_a_message_is_saved_as_it_came_and_its_fixture_has_every_effect() -> None:
    reception = scenario_receiver().receive(message("billing"), WAYS["billing"], name="billing")
    view = ui.MessageView(reception)
    assert save(view.saving, "message (.eml)") == reception.message.raw
    archive = zipfile.ZipFile(io.BytesIO(save(view.saving, "fixture (.zip)")))
    files = {name: archive.read(name) for name in archive.namelist()}
    assert files == fixture(reception)
    assert files["message.eml"] == reception.message.raw
    assert json.loads(files["envelope.json"]) == reception.envelope.to_json()
    kinds = {name.rpartition("-")[0] for name in files if "-" in name}
    assert {"object", "notification"} <= kinds
    for name, content_ in files.items():
        if name.startswith(("notification", "lambda")):
            json.loads(content_)
        assert name in files["README.txt"].decode() or name == "README.txt"
    assert zipped(files) == zipped(dict(files))


def test_a_refused_message_has_a_fixture_too() -> None:
    reception = scenario_receiver().receive(message("blocked"), WAYS["blocked"], name="blocked")
    assert set(fixture(reception)) == {"message.eml", "envelope.json", "README.txt"}
    assert b"550" in fixture(reception)["README.txt"]


def test_the_table_is_saved_as_it_is_chosen_and_runs_nothing_in_a_spreadsheet() -> None:
    receiver = ses.Receiver(make_account(make_rule()), seed=1)
    received = [
        receiver.receive(f"Subject: {subject}\r\n\r\n".encode(), rcpt_to=["ana@example.com"], name=subject)
        for subject in ("=cmd|' /C calc'!A0", 'a "quoted", one', "plain")
    ]
    results = ui.Results(received)
    rows = list(csv.DictReader(io.StringIO(save(results.saving, "table (.csv)").decode())))
    assert [row["message"] for row in rows] == ["'=cmd|' /C calc'!A0", 'a "quoted", one', "plain"]
    results.search.value = "plain"
    assert len(list(csv.DictReader(io.StringIO(save(results.saving, "table (.csv)").decode())))) == 1


def test_the_picture_is_saved_as_svg_and_drawn_as_png_by_the_browser() -> None:
    path = ui.PathView(ses.Receiver(make_account(make_rule()), seed=1).receive(MESSAGE, rcpt_to=["a@example.com"]))
    assert save(path.saving, "picture (.svg)").decode() == path.svg
    assert save(path.saving, "picture (.png)").decode() == path.svg.replace("padding: 8px", "padding: 0")
    assert "toDataURL" in path.saving.link.value


@pytest.mark.usefixtures("shown_errors")
def test_where_there_is_nothing_to_save_it_is_said() -> None:
    view = ui.MessageView(ses.Receiver(ses.Account(), seed=1))
    view.saving.button.click()
    assert "there is no message to save yet" in view.alert.value


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("../../etc/passwd", "etc-passwd.eml"),
        ("", "message.eml"),
        ('"><script>', "script.eml"),
        ("a" * 200, "a" * 80 + ".eml"),
    ],
)
def test_a_name_becomes_a_file_name(text: str, name: str) -> None:
    assert file_name(text, "eml") == name
    assert "<script" not in link(Saved(file_name(text, "eml"), b"x"))


NAMES = [
    # two files with one rule set each, whose names come to the same one
    ("my file.tf", "my-file.tf"),
    ("a/main.tf", "b/main.tf"),
    ("ä.tf", "ö.tf"),
]


@pytest.mark.parametrize("names", NAMES, ids=[names[0] for names in NAMES])
def test_no_file_takes_the_place_of_another(names: tuple[str, str]) -> None:
    text = 'resource "aws_ses_receipt_rule_set" "{0}" {{\n rule_set_name = "{0}"\n}}\n'
    account, _ = account_of(
        [(name, text.format(word).encode()) for name, word in zip(names, ("one", "two"), strict=True)]
    )
    assert {rule_set.name for rule_set in account.rule_sets} == {"one", "two"}


def test_octets_that_are_no_text_are_told_of_and_not_replaced() -> None:
    content = b'{"Identities": ["ex\xffample.com"]}'
    with pytest.raises(ses.InputError, match="UTF-8"):
        account_of([("account.json", content)])
