"""The Query protocol against botocore: the bytes it sends, and what it reads in the documents written here."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from cost import assert_in_proportion
from hypothesis import given, settings

import sesreceive as ses
from sesreceive.control.operations import OPERATIONS, Control
from sesreceive.control.query import answer_xml, error_xml, read_request
from tests.conftest import MESSAGE
from tests.control.service_rows import MAIN, SERVICE, TAKEN, make_control
from tests.strategies import rules


class Body:
    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def stream(self, **_: Any) -> Any:
        yield self.raw


@cache
def client() -> Any:
    """A real client; its requests are answered in the place of the network, by the control plane set on `ANSWERING`."""
    session = botocore.session.Session()
    session.set_credentials("AKIAEXAMPLE", "secret")
    config = Config(parameter_validation=False, retries={"max_attempts": 0})
    made = session.create_client("ses", region_name="us-east-1", config=config)

    def answered(request: Any, **_: Any) -> AWSResponse:
        body = request.body if isinstance(request.body, bytes) else request.body.encode()
        try:
            operation, members = read_request(body)
            status, document = 200, answer_xml(operation, ANSWERING[-1].call(operation, members), "id")
        except ses.ApiError as error:
            status, document = 400, error_xml(error, "id")
        return AWSResponse(request.url, status, {"Content-Type": "text/xml"}, Body(document))

    made.meta.events.register("before-send.ses.*", answered)
    return made


ANSWERING: list[Control] = []


def called(control: Control, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    ANSWERING[:] = [control]
    answer = client()._make_api_call(operation, request)
    answer.pop("ResponseMetadata")
    return answer


# No client has an operation that does not exist, and botocore writes nothing for an empty action.
OVER_THE_WIRE = [row for row in SERVICE if row[0] in OPERATIONS and "[{}]" not in str(row[1])]


@pytest.mark.parametrize("operation, request_, code, message", OVER_THE_WIRE)
def test_a_refusal_arrives_as_it_was_made(operation: str, request_: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(ClientError) as caught:
        called(make_control(), operation, request_)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["Error"]["Message"] == message


@pytest.mark.parametrize("operation, request_", TAKEN)
def test_what_is_taken_is_taken_over_the_wire(operation: str, request_: dict[str, Any]) -> None:
    directly, wired = make_control(), make_control()
    directly.call(operation, request_)
    assert called(wired, operation, request_) == {}
    assert wired.receiver.account.to_api() == directly.receiver.account.to_api()


ANSWERS: list[tuple[str, dict[str, Any]]] = [
    ("DescribeReceiptRuleSet", MAIN),
    ("DescribeActiveReceiptRuleSet", {}),
    ("ListReceiptRuleSets", {}),
    ("DescribeReceiptRule", {**MAIN, "RuleName": "a"}),
    ("ListReceiptFilters", {}),
    ("ListIdentities", {"MaxItems": 1}),
    ("GetIdentityVerificationAttributes", {"Identities": ["example.com", "a.example"]}),
    ("VerifyDomainIdentity", {"Domain": "example.net"}),
    ("VerifyDomainDkim", {"Domain": "example.net"}),
]


@pytest.mark.parametrize("operation, request_", ANSWERS)
def test_an_answer_arrives_as_it_was_made(operation: str, request_: dict[str, Any]) -> None:
    assert called(make_control(), operation, request_) == make_control().call(operation, request_)


def xml_holds(value: Any) -> Any:
    """The value with U+FFFD for each character that XML 1.0 has no way to say."""
    if isinstance(value, dict):
        return {name: xml_holds(one) for name, one in value.items()}
    if isinstance(value, list):
        return [xml_holds(one) for one in value]
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", value) if isinstance(value, str) else value


@settings(max_examples=25)
@given(rules())
def test_a_rule_comes_back_through_botocore(rule: ses.ReceiptRule) -> None:
    account = ses.Account(identities=["example.com"], rule_sets=[ses.ReceiptRuleSet(name="main")])
    control = Control(ses.Receiver(account, seed=1))
    called(control, "CreateReceiptRule", {**MAIN, "Rule": rule.to_api()})
    described = called(control, "DescribeReceiptRule", {**MAIN, "RuleName": rule.name})
    directly = control.call("DescribeReceiptRule", {**MAIN, "RuleName": rule.name})
    assert described == xml_holds(directly)


def test_a_bounce_goes_over_the_wire_with_its_times_and_fields() -> None:
    sets = [ses.ReceiptRuleSet(name="main", rules=[ses.ReceiptRule(name="all", enabled=True)])]
    receiver = ses.Receiver(ses.Account(identities=["example.com"], rule_sets=sets, active="main"), seed=1)
    mail = receiver.receive(MESSAGE, mail_from="ana@example.org", rcpt_to=["box@example.com"])
    fields = {
        "Action": "failed", "Status": "5.1.1", "LastAttemptDate": datetime(2026, 1, 2, 10, 5, tzinfo=UTC),
        "ExtensionFields": [{"Name": "X-Why", "Value": "moved"}],
    }  # fmt: skip
    request = {
        "OriginalMessageId": mail.message_id, "BounceSender": "postmaster@example.com",
        "BouncedRecipientInfoList": [{"Recipient": "box@example.com", "RecipientDsnFields": fields}],
        "MessageDsn": {"ReportingMta": "dns; mx.example.com"},
    }  # fmt: skip
    answer = called(Control(receiver, received={mail.message_id: mail}), "SendBounce", request)
    (bounce,) = receiver.backend.bounces
    assert answer["MessageId"].encode() in bounce.raw
    assert b"X-Why: moved\r\n" in bounce.raw
    assert b"Last-Attempt-Date: Fri, 02 Jan 2026 10:05" in bounce.raw


WIRE = [
    ("Action=CreateReceiptRule&Rule.Recipients.member.999999999=b&Rule.Recipients.member.5=a",
     {"Rule": {"Recipients": ["", "", "", "", "a", *[""] * 996, "b"]}}),
    ("Action=CreateReceiptRule&Rule.Actions.member.2.StopAction.Scope=RuleSet",
     {"Rule": {"Actions": [{}, {"StopAction": {"Scope": "RuleSet"}}]}}),
    ("Action=CreateReceiptRule&Rule.Recipients=", {"Rule": {"Recipients": []}}),
    ("Action=CreateReceiptRule&Rule.Enabled=1&Rule.ScanEnabled=false",
     {"Rule": {"Enabled": True, "ScanEnabled": False}}),
    ("Action=CreateReceiptRule&Unknown=1&Rule.Name=%C3%A9", {"Rule": {"Name": "é"}}),
]  # fmt: skip


@pytest.mark.parametrize("body, members", WIRE)
def test_a_form_is_read(body: str, members: dict[str, Any]) -> None:
    assert read_request(body.encode()) == ("CreateReceiptRule", members)


MALFORMED = [
    (b"", "MissingAction", "the request has no Action"),
    (b"Action=Sing", "InvalidAction", "Could not find operation Sing for version 2010-12-01"),
    (b"Action=CreateReceiptRule&Rule.Recipients.member.0=a", "MalformedInput", "0 is not a valid index"),
    (b"Action=CreateReceiptRule&Rule.Recipients.member.x=a", "MalformedInput", "x is not a valid index"),
    (b"Action=CreateReceiptRule&Rule.Enabled=TRUE", "MalformedInput", "TRUE: boolean must follow xsd1.1 definition"),
    (b"Action=ListIdentities&MaxItems=ten", "MalformedInput", "ten is not a valid number"),
    (b"Action=%ff", "MalformedInput", "the body is no form of UTF-8 text"),
    (b"\xff", "MalformedInput", "the body is no form of UTF-8 text"),
]


@pytest.mark.parametrize("body, code, message", MALFORMED)
def test_a_form_that_cannot_be_read(body: bytes, code: str, message: str) -> None:
    with pytest.raises(ses.ApiError) as caught:
        read_request(body)
    assert (caught.value.code, caught.value.message) == (code, message)


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 7919])
def test_many_keys_take_time_in_proportion(step: int) -> None:
    def work(size: int) -> Any:
        keys = "&".join(f"Rule.Recipients.member.{number * step % 999999937 + 1}=a" for number in range(size))
        body = f"Action=CreateReceiptRule&{keys}".encode()
        return lambda: read_request(body)

    assert_in_proportion(work, 20_000)


def test_what_xml_cannot_hold_is_replaced_and_markup_is_text() -> None:
    document = error_xml(ses.ApiError("InvalidParameterValue", "a\x00<b>&\r\ud800"), "id")
    assert b"<Message>a\xef\xbf\xbd&lt;b&gt;&amp;&#13;\xef\xbf\xbd</Message>" in document
