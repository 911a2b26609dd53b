"""The sample data: answered as its key says, complete, signed, and loaded by name."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import dkim
import pytest

import sesreceive as ses
from sesreceive import datasets
from sesreceive.auth.results import DkimStatus, DmarcPolicy, DmarcStatus, SpfStatus
from sesreceive.datasets import Dataset, DatasetFunction
from sesreceive.trace.events import Kind, Op
from tests.sample_data import (
    ALL_ACTIONS,
    EVERY_MESSAGE,
    EVERY_NAME,
    FOLDER,
    KEY,
    NAMES,
    answer,
    dataset,
    expanded,
    received,
    said,
)

# ---------------------------------------------------------------- the answer key


@pytest.mark.parametrize("name,message", EVERY_MESSAGE)
def test_every_message_ends_as_the_answer_key_says(name: str, message: str) -> None:
    row = dict(KEY[name, message])
    assert row.pop("message") == message
    assert row.pop("about")
    wanted = row | {"replies": expanded(row["replies"])}
    assert answer(received(name)[message]) == wanted


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_key_has_one_row_for_each_message_in_the_folder(name: str) -> None:
    sample = dataset(name)
    assert [row["message"] for row in sample.expected] == [path.stem for path in sorted(sample.mail.glob("*.eml"))]
    assert [row["message"] for row in sample.expected] == sorted(received(name))


def test_the_accepted_recipients_are_the_ones_the_rules_see() -> None:
    """Mail that is stored, published or handed on is about accepted recipients, in the case they were sent."""
    reception = received("anycompany")["0107-upper-case"]
    rule = next(
        e for e in reception.trace.select(kind=Kind.RULE, op=Op.MATCH, stage="evaluation") if e.rule == "support"
    )
    assert rule.fact.recipients == ("SUPPORT+Ticket-4712@EXAMPLE.COM",)


# ---------------------------------------------------------------- what it covers


def test_there_are_at_least_sixty_messages_twelve_rules_and_six_filters() -> None:
    sample = dataset("anycompany")
    active = sample.account.active_rule_set
    assert active is not None
    assert len(sample.expected) >= 60
    assert len(active.rules) >= 12
    assert len(sample.account.filters) >= 6


@pytest.mark.parametrize("name", NAMES)
def test_every_enabled_rule_of_the_active_set_applies_to_some_message(name: str) -> None:
    active = dataset(name).account.active_rule_set
    assert active is not None
    assert said("rules", name) == {rule.name for rule in active.rules if rule.enabled}


@pytest.mark.parametrize("name", NAMES)
def test_every_action_of_an_enabled_rule_is_performed_for_some_message(name: str) -> None:
    active = dataset(name).account.active_rule_set
    assert active is not None
    configured = {f"{rule.name}:{type(one).__name__}" for rule in active.rules if rule.enabled for one in rule.actions}
    assert said("actions", name) == configured


@pytest.mark.parametrize("name", NAMES)
def test_every_filter_and_provider_list_decides_about_some_message(name: str) -> None:
    sample = dataset(name)
    assert said("filter", name) == {one.name for one in (*sample.account.filters, *sample.provider_lists)}


@pytest.mark.parametrize(
    "column,values",
    [
        ("spf", {str(status) for status in SpfStatus}),
        ("dkim", {"none", *map(str, DkimStatus)}),
        ("dmarc", {str(status) for status in DmarcStatus}),
        ("dmarc_policy", {str(policy) for policy in DmarcPolicy}),
        ("spf_verdict", {"PASS", "FAIL", "GRAY", "PROCESSING_FAILED"}),
        ("dkim_verdict", {"PASS", "FAIL", "GRAY", "PROCESSING_FAILED"}),
        ("dmarc_verdict", {"PASS", "FAIL", "GRAY", "PROCESSING_FAILED"}),
        ("spam_verdict", {"PASS", "FAIL", "DISABLED"}),
        ("virus_verdict", {"PASS", "FAIL", "DISABLED"}),
        ("replies", {"250", "250 x60", "530 5.7.0", "550 5.1.1", "550 5.7.1"}),
    ],
)
def test_every_result_occurs_and_no_other(column: str, values: set[str]) -> None:
    assert said(column) == values


def test_all_eight_actions_occur() -> None:
    assert {action.partition(":")[2] for action in said("actions")} == {f"{name}Action" for name in ALL_ACTIONS}


def test_keys_of_all_kinds_sign() -> None:
    """RSA of 2048 and 1024 bits and Ed25519, for several domains, valid and not."""
    results = [one for r in received("anycompany").values() if r.authentication for one in r.authentication.dkim]
    passed = {(one.algorithm, one.key_bits) for one in results if one.status is DkimStatus.PASS}
    assert {("rsa-sha256", 2048), ("rsa-sha256", 1024), ("ed25519-sha256", 256)} <= passed
    assert len({one.domain for one in results if one.status is DkimStatus.PASS}) >= 6


def test_one_message_is_larger_than_sns_takes_and_all_together_are_small() -> None:
    sizes = sorted((path.stat().st_size, path.stem) for path in (FOLDER / "anycompany/mail").glob("*.eml"))
    assert [name[5:] for size, name in sizes if size > 150 * 1024] == ["too-large-for-sns"]
    assert sizes[-2][0] < 20_000
    kept = [path for path in FOLDER.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in kept) < 2_000_000


# ---------------------------------------------------------------- the signatures, by another verifier


def signed(status: str) -> list[tuple[str, str, int]]:
    return [
        (name, message, index)
        for (name, message), row in KEY.items()
        for index, result in enumerate(row["dkim"].split("|"))
        if result == status
    ]


def verified_by_dkimpy(name: str, message: str, index: int) -> bool:
    raw = (FOLDER / name / "mail" / f"{message}.eml").read_bytes()

    def txt(owner: bytes, timeout: int = 5) -> bytes:
        answers = dataset(name).zone.resolve(owner.decode(), "TXT").values
        return next((one for one in answers if isinstance(one, bytes)), b"")

    try:
        return bool(dkim.DKIM(raw).verify(idx=index, dnsfunc=txt))
    except dkim.DKIMException:
        return False


# dkimpy counts each From field into every signature, which RFC 6376 section 5.4.2 does not.
DKIMPY_REFUSES = {("zoo", "0708-second-from-not-oversigned", 0)}


@pytest.mark.parametrize("name,message,index", sorted({*signed("pass")} - DKIMPY_REFUSES))
def test_dkimpy_verifies_what_the_key_says_passes(name: str, message: str, index: int) -> None:
    assert verified_by_dkimpy(name, message, index)


@pytest.mark.parametrize("name,message,index", signed("fail"))
def test_dkimpy_refuses_what_the_key_says_fails(name: str, message: str, index: int) -> None:
    assert not verified_by_dkimpy(name, message, index)


# ---------------------------------------------------------------- the loader


def test_the_names_are_the_folders() -> None:
    assert datasets.names() == EVERY_NAME


def test_an_unknown_name_is_refused_in_one_sentence_with_the_nearest_one() -> None:
    with pytest.raises(ses.InputError) as caught:
        datasets.load("anycompani")
    assert str(caught.value) == (
        "dataset: expected `anycompany`, `first-steps` or `zoo` but got `anycompani`; did you mean `anycompany`?"
    )


@pytest.mark.parametrize("name", ["../datasets/anycompany", "", "keys", "making", "anycompany/"])
def test_a_name_is_never_a_path(name: str) -> None:
    with pytest.raises(ses.InputError, match="expected `anycompany`, `first-steps` or `zoo`"):
        datasets.load(name)


@pytest.mark.parametrize("missing", ["account.json", "zone.txt", "mail", "expected.csv"])
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    copy = tmp_path / "mine"
    shutil.copytree(FOLDER / "first-steps", copy)
    gone = copy / missing
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    with pytest.raises(ses.InputError, match=rf"^dataset `mine`: there is no `{missing}` in the folder"):
        Dataset.read(copy)


def test_an_installation_without_the_sample_data_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "_PLACES", (tmp_path / "_datasets", tmp_path / "datasets"))
    with pytest.raises(ses.InputError, match=r"^the sample data is not there: expected a folder `datasets`"):
        datasets.load("anycompany")


def test_functions_without_a_table_are_refused(tmp_path: Path) -> None:
    copy = tmp_path / "mine"
    shutil.copytree(FOLDER / "first-steps", copy)
    (copy / "functions.py").write_text("FUNCTIONS = {'gate': None}\n", encoding="utf-8")
    with pytest.raises(ses.InputError, match="expected `FUNCTIONS`, a dict of names and callables"):
        Dataset.read(copy)


def test_a_function_can_be_sent_to_another_process() -> None:
    function = dataset("anycompany").functions["drop-auto-replies"]
    again = pickle.loads(pickle.dumps(function))
    assert isinstance(again, DatasetFunction)
    event = {
        "Records": [{"ses": {"mail": {"headers": [{"name": "auto-submitted", "value": "auto-replied (bounce)"}]}}}]
    }
    assert again(event) == function(event) == {"disposition": "STOP_RULE_SET"}


def test_a_receiver_takes_other_parts_in_the_place_of_the_datasets_own() -> None:
    sample = dataset("anycompany")
    receiver = sample.receiver(provider_lists=(), account=ses.Account(identities=("example.com",)))
    assert receiver.provider_lists == ()
    assert receiver.account.filters == ()
    assert receiver.resolver is sample.zone


def test_the_example_is_a_message_that_several_rules_act_on() -> None:
    assert {name: dataset(name).example for name in NAMES} == {
        "anycompany": "0001-invoice",
        "first-steps": "0002-ticket",
    }
