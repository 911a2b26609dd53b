"""Values from and to boto3's dicts."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import strategies as our
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from hypothesis import given, settings
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.account.api import read
from sesreceive.account.identities import Identity

MODEL = ServiceModel(Loader().load_service_model("ses", "service-2", "2010-12-01"))


def boto3_says(structure: str, params: Any) -> str:
    """What boto3's client would complain of before it sends anything; empty if nothing."""
    return ParamValidator().validate(params, MODEL.shape_for(structure)).generate_report()


CLASSES = [Identity, ses.ReceiptFilter, ses.ReceiptAction, ses.ReceiptRule, ses.ReceiptRuleSet, ses.Account]


@pytest.mark.parametrize("cls", CLASSES)
def test_a_value_survives_the_way_to_the_api_and_back(cls):
    @given(our.wild(cls))
    @settings(max_examples=50)
    def law(value):
        assert type(value).from_api(value.to_api()) == value

    law()


@given(our.accounts())
@settings(max_examples=50)
@pytest.mark.slow
def test_an_account_survives_json(account):
    assert ses.Account.from_api(json.loads(json.dumps(account.to_api()))) == account


@given(our.rules())
@settings(max_examples=50)
def test_boto3_takes_the_rules_we_write(rule):
    assert boto3_says("CreateReceiptRuleRequest", {"RuleSetName": "main", "Rule": rule.to_api()}) == ""


@given(our.filters())
@settings(max_examples=50)
def test_boto3_takes_the_filters_we_write(one):
    assert boto3_says("CreateReceiptFilterRequest", {"Filter": one.to_api()}) == ""


@given(our.rule_sets())
@settings(max_examples=30)
def test_rule_sets_are_written_as_describe_returns_them(rule_set):
    assert boto3_says("DescribeReceiptRuleSetResponse", rule_set.to_api()) == ""


# ---------------------------------------------------------------- broken on purpose

# Containers are made anew each time: the test changes them.
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=3),
    st.builds(list),
    st.builds(dict),
    st.builds(lambda: [1]),
    st.builds(lambda: {"StopAction": {"Scope": "RuleSet"}}),
)


def places(data: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in a piece of data."""
    keys = list(data) if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    found = [(data, key) for key in keys]
    return found + [place for key in keys for place in places(data[key])]


@given(our.rules(), st.data())
@settings(max_examples=200)
@pytest.mark.slow
def test_what_we_read_without_problems_boto3_takes_too(rule, data):
    broken = copy.deepcopy(rule.to_api())
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(broken) or [(broken, "Name")]))
        what = data.draw(st.sampled_from(["replace", "remove", "add"]))
        if what == "replace":
            container[key] = data.draw(JUNK)
        elif what == "remove":
            container.pop(key, None) if isinstance(container, dict) else container.pop(key)
        elif isinstance(container, dict):
            container[data.draw(st.sampled_from(["Enabled", "TopicArn", "Nonsense"]))] = data.draw(JUNK)
    found = read(ses.ReceiptRule, broken)
    if not found.problems and not found.value.problems():
        assert boto3_says("ReceiptRule", broken) == ""
        assert found.value is not None
    for problem in found.problems:
        assert problem.path
        assert "expected" in problem.message
        assert "but got" in problem.message
        assert problem.source


@given(st.recursive(JUNK, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3) | st.integers(), inner)))
@settings(max_examples=100)
@pytest.mark.slow
def test_reading_never_fails_but_with_problems(data):
    for cls in CLASSES:
        found = read(cls, data)
        assert found.problems or found.value is not None


# ---------------------------------------------------------------- the forms


def test_defaults_are_written_out_and_what_is_not_set_is_left_out():
    assert ses.ReceiptRule(name="r", actions=[ses.S3Action(bucket_name="inbox")]).to_api() == {
        "Name": "r",
        "Enabled": False,
        "ScanEnabled": False,
        "TlsPolicy": "Optional",
        "Actions": [{"S3Action": {"BucketName": "inbox"}}],
    }


def test_an_empty_prefix_is_not_the_same_as_none():
    assert ses.S3Action(bucket_name="inbox", object_key_prefix="").to_api() == {
        "S3Action": {"BucketName": "inbox", "ObjectKeyPrefix": ""}
    }


def test_rule_sets_are_read_as_boto3_returns_them():
    answer = {
        "Metadata": {"Name": "main", "CreatedTimestamp": datetime(2026, 1, 2, tzinfo=UTC)},
        "Rules": [{"Name": "r", "Enabled": True, "TlsPolicy": "Require", "Actions": []}],
        "ResponseMetadata": {"HTTPStatusCode": 200},
    }
    rule = ses.ReceiptRule(name="r", enabled=True, tls_policy="Require")
    assert ses.ReceiptRuleSet.from_api(answer) == ses.ReceiptRuleSet(
        name="main", created_timestamp="2026-01-02T00:00:00Z", rules=[rule]
    )


def test_an_action_reads_its_own_kind_only():
    with pytest.raises(ses.ValidationError, match="StopAction: expected `S3Action` but got `StopAction`"):
        ses.S3Action.from_api({"StopAction": {"Scope": "RuleSet"}})


def test_an_account_may_say_what_is_not_verified():
    account = ses.Account(identities=["example.com", Identity(name="example.net", verification_status="Pending")])
    assert account.to_api()["Identities"] == {
        "example.com": {"VerificationStatus": "Success"},
        "example.net": {"VerificationStatus": "Pending"},
    }
    assert ses.Account.from_api(account.to_api()) == account


def test_the_active_rule_set_may_be_null():
    assert ses.Account.from_api({"ActiveRuleSet": None}) == ses.Account()


# ---------------------------------------------------------------- files


def test_an_account_survives_a_file(tmp_path):
    @given(our.wild(ses.Account))
    @settings(max_examples=50)
    def law(account):
        account.save(tmp_path / "account.json")
        assert ses.Account.load(tmp_path / "account.json") == account

    law()


UNREADABLE = [
    # content                    what the sentence says
    (None, "cannot read account `{path}`: No such file or directory"),
    (b"{", "account `{path}` is not JSON: line 1, column 2: expected a name in double quotes but got nothing"),
    (b"\xff{}", "account `{path}` is not UTF-8 text: byte 0 is not"),
    (b"[" * 100_000, "account `{path}` is nested too deeply: expected at most 100 levels"),
]


@pytest.mark.parametrize(("content", "sentence"), UNREADABLE)
def test_a_file_that_is_no_account_is_refused_in_one_sentence(tmp_path, content, sentence):
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ses.InputError) as refusal:
        ses.Account.load(path)
    assert str(refusal.value) == sentence.format(path=path)


def test_a_file_that_holds_another_thing_says_what_was_expected(tmp_path):
    (tmp_path / "a.json").write_text("[1]")
    with pytest.raises(
        ses.ValidationError, match=r"expected an object with the members of Account but got the list `\[1\]`"
    ):
        ses.Account.load(tmp_path / "a.json")


def test_a_file_that_cannot_be_written_is_said_so(tmp_path):
    with pytest.raises(ses.InputError, match="cannot write account"):
        ses.Account().save(tmp_path / "missing" / "a.json")
