"""The operations of the API: refusals word for word, defaults, order, quotas, pages, bounces, regions."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given

import sesreceive as ses
from sesreceive import limits
from sesreceive.control.operations import OPERATIONS, Control
from sesreceive.control.paging import page
from sesreceive.control.service import Service
from tests.conftest import MESSAGE
from tests.control.service_rows import MAIN, MODEL, SERVICE, TAKEN, filtered, made, make_control, rule
from tests.strategies import accounts, rules


def refused(control: Control, operation: str, request: dict[str, Any]) -> ses.ApiError:
    before = control.receiver.account
    with pytest.raises(ses.ApiError) as caught:
        control.call(operation, request)
    assert control.receiver.account == before
    return caught.value


@pytest.mark.parametrize("operation, request_, message", MODEL)
def test_the_model_is_checked_first_and_all_at_once(operation: str, request_: dict[str, Any], message: str) -> None:
    error = refused(make_control(), operation, request_)
    assert (error.code, error.message) == ("ValidationError", message)


@pytest.mark.parametrize("operation, request_, code, message", SERVICE)
def test_what_the_service_refuses(operation: str, request_: dict[str, Any], code: str, message: str) -> None:
    error = refused(make_control(), operation, request_)
    assert (error.code, error.message) == (code, message)
    again = pickle.loads(pickle.dumps(error))
    assert (again.code, again.message, again.members) == (error.code, error.message, error.members)


@pytest.mark.parametrize("operation, request_", TAKEN)
def test_what_the_service_takes(operation: str, request_: dict[str, Any]) -> None:
    control = make_control()
    assert control.call(operation, request_) == {}
    assert control.receiver.account.problems() == ()


def test_every_operation_refuses_in_some_row_or_cannot() -> None:
    rows = {operation for operation, *_ in (*MODEL, *SERVICE)}
    assert set(OPERATIONS) - rows == {
        "DescribeActiveReceiptRuleSet", "ListReceiptFilters", "DeleteIdentity", "GetIdentityVerificationAttributes",
    }  # fmt: skip
    assert len(OPERATIONS) == 17 + 6


@pytest.mark.parametrize(
    "request_, sentence",
    [
        ({**MAIN, "Rul": {}}, "Rul: expected a member of the request but got `Rul`; did you mean `Rule`?"),
        ({"RuleSetName": 1, "Rule": {"Name": "a"}}, "RuleSetName: expected text but got"),
        (rule(Enabled="yes"), "Rule.Enabled: expected true or false but got"),
        (rule(Enabled=None) | {"After": ["a"]}, "After: expected text but got"),
        (rule("stop"), "Rule.Actions[0]: expected an object but got"),
    ],
)
def test_what_no_typed_client_sends_is_the_callers_mistake(request_: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ses.ValidationError) as caught:
        make_control().call("CreateReceiptRule", request_)
    assert str(caught.value).startswith(sentence)


# ---------------------------------------------------------------- defaults and order

DEFAULTS = [
    ({}, {}),
    ({"Recipients": ["B@Example.com", "b@example.com", ".example.com"]},
     {"Recipients": [".example.com", "b@example.com"]}),
    ({"Actions": [{"SNSAction": {"TopicArn": "arn:aws:sns:us-east-1:111122223333:mail"}}]},
     {"Actions": [{"SNSAction": {"TopicArn": "arn:aws:sns:us-east-1:111122223333:mail", "Encoding": "UTF-8"}}]}),
    ({"Actions": [{"LambdaAction": {"FunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:gate"}}]},
     {"Actions": [{"LambdaAction": {
         "FunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:gate", "InvocationType": "Event"}}]}),
]  # fmt: skip


@pytest.mark.parametrize("members, stored", DEFAULTS)
def test_what_is_left_out_has_a_default(members: dict[str, Any], stored: dict[str, Any]) -> None:
    control = make_control()
    control.call("CreateReceiptRule", rule(**members))
    described = control.call("DescribeReceiptRule", {**MAIN, "RuleName": "new"})["Rule"]
    defaults = {"Name": "new", "Enabled": False, "TlsPolicy": "Optional", "ScanEnabled": False, "Actions": []}
    assert described == defaults | stored


def order(control: Control) -> list[str]:
    return [one["Name"] for one in control.call("DescribeReceiptRuleSet", MAIN)["Rules"]]


ORDERS = [
    ("CreateReceiptRule", rule(), "new a b c"),
    ("CreateReceiptRule", {**rule(), "After": "a"}, "a new b c"),
    ("CreateReceiptRule", {**rule(), "After": "c"}, "a b c new"),
    ("UpdateReceiptRule", rule(Name="b", Enabled=True), "a b c"),
    ("DeleteReceiptRule", {**MAIN, "RuleName": "b"}, "a c"),
    ("SetReceiptRulePosition", {**MAIN, "RuleName": "b"}, "b a c"),
    ("SetReceiptRulePosition", {**MAIN, "RuleName": "a", "After": "c"}, "b c a"),
    ("SetReceiptRulePosition", {**MAIN, "RuleName": "b", "After": "b"}, "a b c"),
    ("ReorderReceiptRuleSet", {**MAIN, "RuleNames": ["c", "a", "b"]}, "c a b"),
]


@pytest.mark.parametrize("operation, request_, names", ORDERS)
def test_rules_stand_in_this_order(operation: str, request_: dict[str, Any], names: str) -> None:
    control = make_control()
    control.call(operation, request_)
    assert " ".join(order(control)) == names


def test_an_update_puts_back_what_it_leaves_out() -> None:
    control = make_control()
    control.call("UpdateReceiptRule", rule(Name="b", Enabled=True, Recipients=["example.com"]))
    control.call("UpdateReceiptRule", {**MAIN, "Rule": {"Name": "b", "ScanEnabled": True}})
    described = control.call("DescribeReceiptRule", {**MAIN, "RuleName": "b"})["Rule"]
    assert described == {"Name": "b", "Enabled": False, "ScanEnabled": True, "TlsPolicy": "Optional", "Actions": []}


def test_a_clone_has_its_own_time_and_is_not_active() -> None:
    control = make_control()
    control.call("CreateReceiptRuleSet", {"RuleSetName": "first"})
    control.receiver.clock.now_s += 60
    control.call("CloneReceiptRuleSet", {"RuleSetName": "copy", "OriginalRuleSetName": "main"})
    copy = control.call("DescribeReceiptRuleSet", {"RuleSetName": "copy"})
    first = control.call("DescribeReceiptRuleSet", {"RuleSetName": "first"})
    assert [one["Name"] for one in copy["Rules"]] == ["a", "b", "c"]
    assert (copy["Metadata"]["CreatedTimestamp"] - first["Metadata"]["CreatedTimestamp"]).total_seconds() >= 60
    assert control.call("DescribeActiveReceiptRuleSet")["Metadata"]["Name"] == "main"


def test_one_set_is_active_or_none() -> None:
    control = make_control()
    control.call("SetActiveReceiptRuleSet", {"RuleSetName": "other"})
    assert control.call("DescribeActiveReceiptRuleSet") == {"Metadata": {"Name": "other"}, "Rules": []}
    control.call("DeleteReceiptRuleSet", MAIN)
    control.call("SetActiveReceiptRuleSet")
    assert control.call("DescribeActiveReceiptRuleSet") == {}


@given(accounts(), rules())
@pytest.mark.slow
def test_what_is_created_is_described_and_the_account_stays_valid(account: ses.Account, new: ses.ReceiptRule) -> None:
    control = Control(ses.Receiver(account.replace(rule_sets=(), active=None), seed=1))
    control.call("CreateReceiptRuleSet", MAIN)
    control.call("CreateReceiptRule", {**MAIN, "Rule": new.to_api()})
    described = control.call("DescribeReceiptRule", {**MAIN, "RuleName": new.name})
    assert described == {"Rule": new.as_stored().to_api()}
    assert control.receiver.account.problems() == ()
    json.dumps(described)


# ---------------------------------------------------------------- quotas and pages

QUOTAS = [
    (limits.RULE_SETS, "Too many rule sets", 38, "CreateReceiptRuleSet", lambda n: {"RuleSetName": f"s{n}"}),
    (limits.RULES_PER_RULE_SET, "Too many rules", 197, "CreateReceiptRule", lambda n: rule(Name=f"r{n}")),
    (limits.FILTERS, "Too many filters", 99, "CreateReceiptFilter", lambda n: filtered("192.0.2.1", f"f{n}")),
]


@pytest.mark.parametrize("limit, message, more, operation, request_of", QUOTAS)
def test_the_one_too_many_is_refused(limit: Any, message: str, more: int, operation: str, request_of: Any) -> None:
    control = make_control()
    for number in range(more):
        control.call(operation, request_of(number))
    error = refused(control, operation, request_of("last"))
    assert (error.code, error.message) == ("LimitExceeded", message), limit


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_pages_hold_every_name_once(size: int) -> None:
    names = sorted(["a", "b", "c.d", "é", "z", "\ud800", "behind "])
    found, token = [], None
    while True:
        shown, token = page(names, token, size)
        assert len(shown) <= size
        found += shown
        if token is None:
            break
    assert found == names


def test_identities_come_in_pages_and_kinds() -> None:
    control = make_control()
    for name in ["a.example", "B.example"]:
        assert len(control.call("VerifyDomainIdentity", {"Domain": name})["VerificationToken"]) == 44
    control.call("VerifyEmailIdentity", {"EmailAddress": "ana@example.net"})
    first = control.call("ListIdentities", {"MaxItems": 2, "IdentityType": "Domain"})
    rest = control.call("ListIdentities", {"NextToken": first["NextToken"], "IdentityType": "Domain"})
    assert (first["Identities"], rest) == (["a.example", "b.example"], {"Identities": ["example.com"]})
    assert control.call("ListIdentities", {"IdentityType": "EmailAddress"}) == {"Identities": ["ana@example.net"]}


@pytest.mark.parametrize("at_once, status", [(True, "Success"), (False, "Pending")])
def test_an_identity_is_verified_at_once_or_waits(at_once: bool, status: str) -> None:
    control = Control(ses.Receiver(ses.Account(), seed=1), verified_at_once=at_once)
    tokens = control.call("VerifyDomainDkim", {"Domain": "example.net"})["DkimTokens"]
    assert [len(token) for token in tokens] == [32, 32, 32]
    assert tokens == control.call("VerifyDomainDkim", {"Domain": "EXAMPLE.net"})["DkimTokens"]
    token = control.call("VerifyDomainIdentity", {"Domain": "example.net"})["VerificationToken"]
    asked = {"Identities": ["example.net", "absent.example"]}
    assert control.call("GetIdentityVerificationAttributes", asked) == {
        "VerificationAttributes": {"example.net": {"VerificationStatus": status, "VerificationToken": token}}
    }
    control.call("DeleteIdentity", {"Identity": "example.net"})
    assert control.receiver.account.identities == ()


def test_an_identity_that_a_bounce_comes_from_stays() -> None:
    control = make_control()
    bounce = made("BounceAction", SmtpReplyCode="550", Message="no", Sender="postmaster@example.com")
    control.call("CreateReceiptRule", bounce)
    assert "postmaster@example.com" in refused(control, "DeleteIdentity", {"Identity": "example.com"}).message


# ---------------------------------------------------------------- setup messages, bounces, regions


def test_the_targets_of_a_rule_get_their_setup_messages() -> None:
    control = make_control()
    control.call("CreateReceiptRule", made("S3Action", BucketName="inbox", ObjectKeyPrefix="mail"))
    assert list(control.receiver.backend.buckets["inbox"]) == ["mail/AMAZON_SES_SETUP_NOTIFICATION"]


RECIPIENT = {"Recipient": "box@example.com", "BounceType": "DoesNotExist"}
FIELDS = {"Action": "failed", "Status": "5.1.1"}
BOUNCES: list[tuple[dict[str, Any], str, str]] = [
    ({"BouncedRecipientInfoList": []}, "InvalidParameterValue", "BouncedRecipientInfoList must not be empty"),
    ({"BouncedRecipientInfoList": [{"Recipient": "box@example.com"}]}, "InvalidParameterValue",
     "Exactly one of BounceType and RecipientDsnFields must be specified"),
    ({"BouncedRecipientInfoList": [{**RECIPIENT, "RecipientDsnFields": FIELDS}]}, "InvalidParameterValue",
     "Exactly one of BounceType and RecipientDsnFields must be specified"),
    ({"BouncedRecipientInfoList": [{"Recipient": "box@example.com", "BounceType": "Never"}]}, "ValidationError",
     ("1 validation error detected: Value at 'bouncedRecipientInfoList.1.member.bounceType' failed to satisfy "
     "constraint: Member must satisfy enum value set: [DoesNotExist, MessageTooLarge, ExceededQuota, ContentRejected, "
     "Undefined, "
     "TemporaryFailure]")),
    ({"MessageDsn": {"ReportingMta": "dns; a", "ExtensionFields": [{"Name": "X Y", "Value": ""}]}},
     "InvalidParameterValue", "Invalid extension field name: X Y"),
    ({"MessageDsn": {"ReportingMta": "dns; a", "ExtensionFields": [{"Name": "X" * 51, "Value": ""}]}},
     "InvalidParameterValue", f"Invalid extension field name: {'X' * 51}"),
    ({"MessageDsn": {"ReportingMta": "dns; a", "ExtensionFields": [{"Name": "X", "Value": "a\nb"}]}},
     "InvalidParameterValue", r"Invalid extension field value: a\x0ab"),
    ({"MessageDsn": {"ReportingMta": "a\r\nBcc: b"}}, "InvalidParameterValue",
     r"Invalid ReportingMta: a\x0d\x0aBcc: b"),
    ({"BounceSender": "a@example.com\r\nBcc: b"}, "InvalidParameterValue",
     r"Invalid address: a@example.com\x0d\x0aBcc: b"),
    ({"BounceSender": "a@example.org"}, "MessageRejected", "`a@example.org` is under no verified identity"),
    ({"BouncedRecipientInfoList": [{**RECIPIENT, "Recipient": "x@example.com"}]}, "MessageRejected",
     "`x@example.com` was no recipient of message `{}`"),
]  # fmt: skip


@pytest.fixture
def received() -> tuple[Control, dict[str, Any]]:
    account = ses.Account(identities=["example.com"], active="main", rule_sets=[
        ses.ReceiptRuleSet(name="main", rules=[ses.ReceiptRule(name="all", enabled=True)]),
    ])  # fmt: skip
    receiver = ses.Receiver(account, clock=ses.SteppingClock(), seed=1)
    mail = receiver.receive(MESSAGE, mail_from="ana@example.org", rcpt_to=["box@example.com"])
    request = {
        "OriginalMessageId": mail.message_id, "BounceSender": "postmaster@example.com",
        "BouncedRecipientInfoList": [RECIPIENT],
    }  # fmt: skip
    return Control(receiver, received={mail.message_id: mail}), request


@pytest.mark.parametrize("changes, code, message", BOUNCES)
def test_a_bounce_that_is_not_sent(
    received: tuple[Control, dict[str, Any]], changes: dict[str, Any], code: str, message: str
) -> None:
    control, request = received
    error = refused(control, "SendBounce", request | changes)
    assert (error.code, error.message) == (code, message.format(request["OriginalMessageId"]))
    assert control.receiver.backend.bounces == ()


def test_a_bounce_is_sent_and_has_an_id(received: tuple[Control, dict[str, Any]]) -> None:
    control, request = received
    answer = control.call("SendBounce", request)
    (bounce,) = control.receiver.backend.bounces
    assert f"Message-ID: <{answer['MessageId']}@".encode() in bounce.raw
    assert bounce.destination == "ana@example.org"
    control.receiver.clock.now_s += 24 * 3600 + 1
    assert refused(control, "SendBounce", request).message.endswith("was received more than 24 hours ago")


def test_regions_share_nothing_but_the_backend() -> None:
    service = Service([make_control().receiver])
    service["eu-west-1"].call("CreateReceiptRuleSet", MAIN)
    assert service["us-east-1"].receiver.backend is service["eu-west-1"].receiver.backend
    assert service["eu-west-1"].call("DescribeReceiptRuleSet", MAIN)["Rules"] == []
    assert order(service["us-east-1"]) == ["a", "b", "c"]
    with pytest.raises(ses.ValidationError, match="region"):
        service["eu west"]
    assert list(service) == ["us-east-1", "eu-west-1"]


@pytest.mark.parametrize("regions", [[], ["us-east-1", "us-east-1"]])
def test_a_service_has_one_receiver_a_region(regions: list[str]) -> None:
    with pytest.raises(ses.InputError, match="expected"):
        Service([ses.Receiver(ses.Account(region=region)) for region in regions])


def test_a_region_that_does_not_receive_has_no_such_operations() -> None:
    receiver = ses.Receiver(ses.Account(identities=("example.com",), region="eu-central-2"))
    with pytest.raises(ses.ApiError, match="Unavailable Operation") as refused:
        Control(receiver).call("ListReceiptFilters")
    assert refused.value.code == "InvalidAction"


@pytest.mark.slow
def test_each_region_writes_to_its_own() -> None:
    backend = ses.AwsBackend(endpoint_url="http://127.0.0.1:9", region="us-east-1", functions={"gate": print})
    service = Service([ses.Receiver(ses.Account(), backend=backend)])
    there = service["eu-west-1"].receiver.backend
    assert (there.region, there.endpoint_url, list(there.functions)) == ("eu-west-1", backend.endpoint_url, ["gate"])
    assert service["us-east-1"].receiver.backend is backend


def test_what_is_not_there_is_seen_behind_another_backend() -> None:
    behind = ses.FaultyBackend(ses.MemoryBackend(strict=True, buckets=["inbox"]), [])
    control = Control(ses.Receiver(ses.Account(rule_sets=(ses.ReceiptRuleSet(name="main"),)), backend=behind))
    call = {"LambdaAction": {"FunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:gone"}}
    error = refused(control, "CreateReceiptRule", {"RuleSetName": "main", "Rule": {"Name": "a", "Actions": [call]}})
    assert error.code == "InvalidLambdaFunction"
