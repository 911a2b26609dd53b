"""Everything on screen is code: what is shown, run, makes what is on screen."""

from __future__ import annotations

import ast
import dataclasses
import io
import json
import os
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import strategies as our
from hypothesis import given, settings
from moto_server import moto_server

import sesreceive as ses
from sesreceive.account.member import member
from sesreceive.errors import InputError
from sesreceive.formats.boto3_script import calls, literal, to_boto3
from sesreceive.formats.languages import LANGUAGES, from_json, to_json, to_python
from sesreceive.ui.builder import RuleSetBuilder
from sesreceive.ui.code_view import CodeView

boto3 = pytest.importorskip("boto3")

REGION, ACCOUNT_ID = "us-east-1", "123456789012"  # the account that moto plays
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:mail"

# All eight actions, both policies, two rule sets, an address as identity.
FULL = ses.Account(
    identities=("example.com", "postmaster@example.org"),
    filters=(
        ses.ReceiptFilter.block("0.0.0.0/0", name="block-all"),
        ses.ReceiptFilter.allow("192.0.2.7", name="trusted"),
    ),
    rule_sets=(
        ses.ReceiptRuleSet(name="spare"),
        ses.ReceiptRuleSet(
            name="main",
            rules=(
                ses.ReceiptRule(
                    name="first", enabled=True, scan_enabled=True, tls_policy="Require", recipients=("example.com",),
                    actions=(
                        ses.AddHeaderAction(header_name="X-Team", header_value='it says "hi" \\ \N{SNOWMAN}'),
                        ses.S3Action(bucket_name="inbox", object_key_prefix="", topic_arn=TOPIC),
                        ses.LambdaAction(function_arn=f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:gate"),
                        ses.SNSAction(topic_arn=TOPIC, encoding="Base64"),
                    ),
                ),
                ses.ReceiptRule(
                    name="second", enabled=True,
                    actions=(
                        ses.BounceAction.template("mailbox-full", sender="postmaster@example.com"),
                        ses.WorkmailAction(
                            organization_arn=f"arn:aws:workmail:{REGION}:{ACCOUNT_ID}:organization/m-{'0' * 32}"
                        ),
                        ses.ConnectAction(
                            instance_arn=f"arn:aws:connect:{REGION}:{ACCOUNT_ID}:instance/"
                            "01234567-89ab-cdef-0123-456789abcdef",
                            iam_role_arn=f"arn:aws:iam::{ACCOUNT_ID}:role/ses-receiving",
                        ),
                        ses.StopAction(topic_arn=TOPIC),
                    ),
                ),
                ses.ReceiptRule(name="third"),
            ),
        ),
    ),
    active="main",
    account_id=ACCOUNT_ID,
)  # fmt: skip


def run(code: str, **names: Any) -> dict[str, Any]:
    exec(compile(code, "<shown code>", "exec"), names)
    return names


def on_screen(builder: RuleSetBuilder, title: str) -> str:
    builder.code.language.value = [one.title for one in LANGUAGES].index(title)
    return str(builder.code.text.value)


def test_full_is_an_account_ses_would_take_with_every_action():
    kinds = {type(action) for rule in FULL["main"] for action in rule.actions}
    assert (FULL.problems(), len(kinds)) == ((), 8)


@pytest.fixture(scope="module")
def shown_builder() -> RuleSetBuilder:
    """A builder that shows code."""
    builder = RuleSetBuilder()
    builder.code_button.click()
    return builder


@given(our.accounts())
@settings(max_examples=40)
@pytest.mark.slow
def test_the_python_that_is_shown_makes_an_equal_account(shown_builder, account):
    shown_builder.value = account
    assert run(on_screen(shown_builder, "Python"))["account"] == account


@given(our.wild(ses.Account))
@settings(max_examples=40)
def test_any_account_however_wrong_is_shown_as_python_and_json_that_make_it_again(account):
    assert run(to_python(account))["account"] == account
    to_python(account).encode(), to_json(account).encode()
    assert from_json(to_json(account)) == account


def test_code_follows_every_edit_while_it_is_shown_and_is_not_written_while_it_is_not():
    builder = RuleSetBuilder(FULL)
    assert builder.code.text.value == ""
    builder.code_button.click()
    builder.rules.list.buttons["Add rule"].click()
    assert run(builder.code.text.value)["account"] == builder.value
    builder.code_button.click()
    shown = builder.code.text.value
    builder.rules.list.buttons["Add rule"].click()
    assert builder.code.text.value == shown
    assert run(builder.to_code())["account"] == builder.value


# ---------------------------------------------------------------- JSON, both ways


def test_json_is_read_back():
    builder = RuleSetBuilder(ses.Account())
    builder.code_button.click()
    on_screen(builder, "API JSON")
    builder.code.text.value = to_json(FULL)
    builder.code.use.click()
    assert builder.value == FULL
    builder.undo_button.click()
    assert builder.value == ses.Account()
    assert builder.code.text.value == to_json(ses.Account())


WRONG = ["", "{", "[1", '{"Filters": 1}', '{"Unknown": true}', "[" * 100_000]


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
@pytest.mark.usefixtures("shown_errors")
def test_json_that_cannot_be_read_is_an_error_on_screen_and_changes_nothing(text):
    view = CodeView(ses.Receiver(FULL))
    view.language.value = 1
    view.text.value = text
    view.use.click()
    assert 'role="alert"' in view.alert.value
    assert (view.bench.account, view.text.value) == (FULL, text)


def test_what_is_no_json_says_where():
    with pytest.raises(InputError, match="line 2, column 1"):
        from_json("{\n")


# ---------------------------------------------------------------- boto3


@given(our.accounts())
@settings(max_examples=40)
@pytest.mark.slow
def test_every_call_is_one_that_botocore_lets_pass(account):
    from botocore.validate import ParamValidator

    client = boto3.client("ses", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")
    operations = client.meta.method_to_api_mapping
    for call in calls(account):
        shape = client.meta.service_model.operation_model(operations[call.method]).input_shape
        report = ParamValidator().validate(dict(call.arguments), shape)
        assert not report.has_errors(), report.generate_report()


class Recorder:
    """Stands for a boto3 client: remembers what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, method: str) -> Any:
        return lambda **arguments: self.asked.append((method, arguments))


@given(our.wild(ses.Account))
@settings(max_examples=40)
def test_the_script_makes_exactly_the_calls(account):
    recorder = Recorder()

    class Boto3:
        @staticmethod
        def client(service: str, region_name: str) -> Recorder:
            assert (service, region_name) == ("ses", account.region)
            return recorder

    script = to_boto3(account)
    assert script.startswith("import boto3\n")
    run(script.removeprefix("import boto3\n"), boto3=Boto3)
    assert recorder.asked == [(call.method, dict(call.arguments)) for call in calls(account)]


@given(our.accounts())
@settings(max_examples=40)
@pytest.mark.slow
def test_the_calls_are_in_an_order_that_works(account):
    """A rule goes behind one that is there, a set is there before its rules, and is filled before it is active."""
    sets: dict[str, list[str]] = {}
    active = None
    for call in calls(account):
        given_ = call.arguments
        if call.method == "create_receipt_rule_set":
            sets[given_["RuleSetName"]] = []
        elif call.method == "create_receipt_rule":
            rules = sets[given_["RuleSetName"]]
            rules.insert(rules.index(given_["After"]) + 1 if "After" in given_ else 0, given_["Rule"]["Name"])
        elif call.method == "set_active_receipt_rule_set":
            active = given_["RuleSetName"]
            assert sets[active] == [rule.name for rule in account[active]]
    assert sets == {one.name: [rule.name for rule in one] for one in account.rule_sets}
    assert active == account.active


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture
def moto(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of moto, to which scripts talk, too; its bucket and topic are there."""
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    import urllib.request

    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST"), timeout=60).close()
    return boto3.client("ses", region_name=REGION)


def make_what_the_actions_name() -> None:
    """Bucket, topic and function of `FULL`: moto looks whether they exist, as SES does."""
    boto3.client("s3", region_name=REGION).create_bucket(Bucket="inbox")
    boto3.client("sns", region_name=REGION).create_topic(Name="mail")
    role = boto3.client("iam", region_name=REGION).create_role(RoleName="gate", AssumeRolePolicyDocument="{}")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("gate.py", "def handler(event, context): return {}")
    boto3.client("lambda", region_name=REGION).create_function(
        FunctionName="gate", Runtime="python3.12", Handler="gate.handler", Role=role["Role"]["Arn"],
        Code={"ZipFile": archive.getvalue()},
    )  # fmt: skip


@pytest.mark.slow
def test_the_script_makes_rule_sets_rules_and_identities_in_moto(moto):
    make_what_the_actions_name()
    run(to_boto3(FULL.replace(filters=())))
    described = moto.describe_active_receipt_rule_set()
    assert described["Metadata"]["Name"] == "main"
    for made, rule in zip(described["Rules"], FULL["main"], strict=True):
        assert ses.ReceiptRule.from_api(made) == rule
    assert {one["Name"] for one in moto.list_receipt_rule_sets()["RuleSets"]} == {"main", "spare"}
    assert set(moto.list_identities()["Identities"]) >= {"example.com", "postmaster@example.org"}


def test_the_script_makes_filters_in_moto(moto):
    """Until moto knows filters, that botocore takes the calls (see above) has to do."""
    from moto.ses.responses import EmailResponse

    if not hasattr(EmailResponse, "create_receipt_filter"):
        pytest.skip("moto has no create_receipt_filter; botocore's validation of the calls is tested above")
    run(to_boto3(ses.Account(filters=FULL.filters)))
    assert [ses.ReceiptFilter.from_api(one) for one in moto.list_receipt_filters()["Filters"]] == list(FULL.filters)


# ---------------------------------------------------------------- what the script says beside its calls


def test_what_ses_would_refuse_is_said_in_the_script():
    script = to_boto3(ses.Account(active="gone\n'''"))
    assert "# SES would refuse this: 1 problem" in script
    ast.parse(script)


def test_an_action_that_ses_does_not_know_is_said_in_the_script():
    try:

        @dataclasses.dataclass(frozen=True, kw_only=True)
        class OwnAction(ses.ReceiptAction):
            tag: str = dataclasses.field(metadata=member("Tag", doc="a word", required=True))

        rule = ses.ReceiptRule(name="a", actions=[OwnAction(tag="x")])
        script = to_boto3(ses.Account(rule_sets=[ses.ReceiptRuleSet(name="main", rules=[rule])]))
        assert "# OwnAction is no action of SES, which will refuse it" in script
    finally:
        del ses.ReceiptAction.registry["OwnAction"]


@given(our.accounts())
@settings(max_examples=20)
@pytest.mark.slow
def test_a_literal_says_what_its_value_is(account):
    api = account.to_api()
    assert ast.literal_eval(literal(api)) == api
    assert json.loads(to_json(account)) == api
