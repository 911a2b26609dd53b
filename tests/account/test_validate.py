"""What SES would refuse, and how we say it.

`invalid/*.json` are accounts in the form of `Account.save`; the `.txt` beside each has why it exists (lines with `#`)
and the problems, one a line. To add a case write the `.json` and the `.txt`.
"""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest
import strategies as our
from hypothesis import given, settings
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive import limits
from sesreceive.account.filters import parse_cidr
from sesreceive.account.identities import Identity
from sesreceive.account.validate import problems

CASES = sorted((Path(__file__).parent / "invalid").glob("*.json"), key=lambda path: path.name)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_all_problems_of_a_configuration_are_listed_at_once(path):
    lines = path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    try:
        found = ses.Account.load(path).problems()
    except ses.ValidationError as error:
        found = error.problems
    assert [str(problem) for problem in found] == wanted


@given(our.accounts())
@settings(max_examples=50)
@pytest.mark.slow
def test_what_ses_would_take_has_no_problems(account):
    assert account.problems() == ()
    assert account.validate() is account


@pytest.mark.parametrize("cls", [Identity, ses.ReceiptFilter, ses.ReceiptAction, ses.ReceiptRule, ses.Account])
@pytest.mark.slow
def test_any_text_is_judged_without_a_failure(cls):
    @given(our.wild(cls))
    @settings(max_examples=60)
    def law(value):
        for problem in value.problems(ses.Account()):
            assert problem.source
            assert "\n" not in str(problem)
            str(problem).encode()

    law()


# ---------------------------------------------------------------- names

NAMES = [
    # name              what is wrong with it
    ("main", ""),
    ("a.b_c-D9", ""),
    ("x", ""),
    ("a" * 64, ""),
    ("", "expected 1 to 64 characters but got ``"),
    ("a" * 65, "expected 1 to 64 characters but got 65"),
    ("a b", "expected only a-z A-Z 0-9 _ - . but got `a b`"),
    ("münchen", "expected only a-z A-Z 0-9 _ - . but got `münchen`"),
    ("a\n", "expected only a-z A-Z 0-9 _ - . but got `a\\x0a`"),
    ("-a", "expected a letter or digit at both ends but got `-a`"),
    ("a.", "expected a letter or digit at both ends but got `a.`"),
    ("_", "expected a letter or digit at both ends but got `_`"),
]

NAMED = [
    lambda name: ses.ReceiptRule(name=name),
    lambda name: ses.ReceiptRuleSet(name=name),
    lambda name: ses.ReceiptFilter.block("192.0.2.1", name=name),
]


@pytest.mark.parametrize("make", NAMED, ids=["rule", "rule set", "filter"])
@pytest.mark.parametrize(("name", "message"), NAMES)
def test_rules_rule_sets_and_filters_have_names_of_one_grammar(make, name, message):
    assert [problem.message for problem in make(name).problems()] == ([message] if message else [])


# ---------------------------------------------------------------- CIDR

CIDRS = [
    # what a filter says      the network, or None where CreateReceiptFilter refuses it
    ("10.0.0.1", "10.0.0.1/32"),
    ("10.0.0.1/24", "10.0.0.0/24"),  # the API reference's own example has host bits
    ("10.0.0.0/24", "10.0.0.0/24"),
    ("0.0.0.0/0", "0.0.0.0/0"),
    ("255.255.255.255/32", "255.255.255.255/32"),
    ("2001:db8::1", "2001:db8::1/128"),
    ("2001:db8::1/32", "2001:db8::/32"),
    ("2001:DB8::/32", "2001:db8::/32"),
    ("::/0", "::/0"),
    ("::", "::/128"),
    ("1:2:3:4:5:6:7:8/128", "1:2:3:4:5:6:7:8/128"),
    ("", None),
    (" 10.0.0.1", None),
    ("10.0.0.1\n", None),
    ("10.0.0.1/", None),
    ("10.0.0.1/33", None),
    ("10.0.0.1/-1", None),
    ("10.0.0.1/+1", None),
    ("10.0.0.1/255.255.255.0", None),
    ("10.0.0", None),
    ("10.0.0.0.1", None),
    ("10.0.0.256", None),
    ("010.0.0.1", None),
    ("10.0.0.01", None),
    ("10.0.0.１", None),  # a full-width digit
    ("10.0.0.1/２4", None),
    ("٠.٠.٠.٠", None),
    ("[2001:db8::1]", None),
    ("2001:db8::1%eth0", None),
    ("fe80::1%1/64", None),
    ("::ffff:192.0.2.1", None),
    ("64:ff9b::192.0.2.1", None),
    ("2001:db8::1/129", None),
    ("2001:db8::1::2", None),
    ("2001:db8:::1", None),
    ("12345::1", None),
    ("1:2:3:4:5:6:7", None),
    ("1:2:3:4:5:6:7:8:9", None),
    ("g::1", None),
    (":", None),
    ("example.com", None),
    ("10.0.0.1/24/24", None),
]


@pytest.mark.parametrize(("cidr", "network"), CIDRS)
def test_filters_take_what_the_service_takes(cidr, network):
    one = ses.ReceiptFilter.block(cidr, name="f")
    assert one.network == (ip_network(network) if network else None)
    assert [problem.path for problem in one.problems()] == ([] if network else ["cidr"])


@given(our.cidrs())
def test_every_address_and_range_of_the_grammar_is_a_network_that_holds_its_address(cidr):
    network = parse_cidr(cidr)
    assert network is not None
    assert ip_network(cidr, strict=False) == network


SUGGESTIONS = [
    ("::ffff:192.0.2.1", "192.0.2.1"),
    ("::ffff:192.0.2.1/120", "192.0.2.0/24"),
    ("10.0.0.0/255.255.255.0", "10.0.0.0/24"),
    ("[2001:db8::1]", "2001:db8::1"),
    ("fe80::1%eth0/64", "fe80::/64"),
    (" 10.0.0.1 ", "10.0.0.1"),
    ("10.0.0.0/33", None),
]


@pytest.mark.parametrize(("cidr", "near"), SUGGESTIONS)
def test_a_range_in_another_spelling_gets_the_spelling_of_ses(cidr, near):
    (problem,) = ses.ReceiptFilter.block(cidr, name="f").problems()
    assert problem.message == f"expected an IPv4 or IPv6 address or CIDR range but got `{cidr}`" + (
        f"; did you mean `{near}`?" if near else ""
    )


# ---------------------------------------------------------------- recipients

RECIPIENTS = [
    # condition                     whether a rule may have it
    ("ana@example.com", True),
    ("ana+news@example.com", True),
    ("Ana@Example.COM", True),
    ("example.com", True),
    (".example.com", True),
    ("xn--mnchen-3ya.example", True),
    ("münchen.example", True),
    ("a_b.example.com", True),
    ("*@example.com", True),  # a local part like any other: not a wildcard
    ('"a@b"@example.com', True),
    ("localhost", True),
    ("", False),
    (".", False),
    ("..example.com", False),
    ("a..b", False),
    ("ana@a..b", False),
    ("ana@.example.com", False),
    ("ana@example.com.", False),
    ("example.com.", False),
    ("-example.com", False),
    ("example-.com", False),
    ("ana@example.-com", False),
    ("a b@example.com", False),
    ("ana@exam ple.com", False),
    (" example.com", False),
    ("example.com\n", False),
    ("ana\x00@example.com", False),
    ("ana\u00a0@example.com", False),
    ("@example.com", False),
    ("ana@", False),
    ("@", False),
    ("a@b@example.com", False),
]


@pytest.mark.parametrize(("recipient", "fits"), RECIPIENTS)
def test_recipients_are_addresses_domains_and_domains_behind_a_dot(recipient, fits):
    rule = ses.ReceiptRule(name="r", recipients=["example.com", recipient])
    assert [problem.path for problem in rule.problems()] == ([] if fits else ["recipients[1]"])


# ---------------------------------------------------------------- actions

TOPIC = "arn:aws:sns:us-east-1:111122223333:mail"
ROLE = "arn:aws:iam::111122223333:role/ses"
SENDER = "postmaster@example.com"
ACTIONS = [
    # an action, and the paths of its problems in an account of us-east-1 that owns example.com
    (ses.AddHeaderAction(header_name="X-Team", header_value=""), []),
    (ses.AddHeaderAction(header_name="X_Team!", header_value="a\tb é"), []),
    (ses.AddHeaderAction(header_name="X" * 50, header_value="v" * 2048), []),
    (ses.AddHeaderAction(header_name="X" * 51, header_value="v" * 2049), ["header_name", "header_value"]),
    (ses.AddHeaderAction(header_name="", header_value="a\nb"), ["header_name", "header_value"]),
    (ses.AddHeaderAction(header_name="X Team", header_value="a\rb"), ["header_name", "header_value"]),
    (ses.AddHeaderAction(header_name="X:", header_value="\x00"), ["header_name", "header_value"]),
    (ses.AddHeaderAction(header_name="Ü", header_value="\x7f"), ["header_name", "header_value"]),
    (ses.BounceAction.template("mailbox-full", sender=SENDER), []),
    (ses.BounceAction.template("mailbox-full", sender="a@mx.example.com"), []),
    (ses.BounceAction.template("mailbox-full", sender="me@example.net"), []),  # verified as an address
    (ses.BounceAction.template("mailbox-full", sender="you@example.net"), ["sender"]),
    (ses.BounceAction.template("mailbox-full", sender="a@example.org"), ["sender"]),  # pending
    (ses.BounceAction(smtp_reply_code="", message="", sender=""), ["smtp_reply_code", "message", "sender"]),
    (ses.BounceAction(smtp_reply_code="55", message="m", sender=SENDER), ["smtp_reply_code"]),
    (ses.BounceAction(smtp_reply_code="550", status_code="5.1", message="m", sender=SENDER), ["status_code"]),
    (ses.LambdaAction(function_arn="arn:aws:lambda:us-east-1:111122223333:function:gate"), []),
    (ses.LambdaAction(function_arn="arn:aws:lambda:us-east-1:111122223333:function:gate:live"), []),
    (ses.LambdaAction(function_arn="gate"), ["function_arn"]),
    (ses.LambdaAction(function_arn=""), ["function_arn"]),
    (ses.LambdaAction(function_arn="arn:aws:lambda:eu-west-1:111122223333:function:gate"), ["function_arn"]),
    (ses.S3Action(bucket_name="inbox", object_key_prefix=""), []),
    (ses.S3Action(bucket_name="inbox", kms_key_arn="arn:aws:kms:us-east-1:111122223333:alias/aws/ses"), []),
    (
        ses.S3Action(bucket_name="inbox", kms_key_arn="arn:aws:kms:eu-west-1:111122223333:alias/aws/ses"),
        ["kms_key_arn"],
    ),
    (ses.S3Action(bucket_name="inbox", kms_key_arn="alias/aws/ses"), ["kms_key_arn"]),
    (ses.S3Action(bucket_name="", topic_arn="", iam_role_arn=""), ["bucket_name", "topic_arn", "iam_role_arn"]),
    (ses.S3Action(bucket_name="in/box", iam_role_arn=ROLE), ["bucket_name"]),
    (ses.S3Action(bucket_name="inbox", iam_role_arn="arn:aws:iam::1:role/" + "r" * 2048), ["iam_role_arn"]),
    (ses.SNSAction(topic_arn=TOPIC, encoding="Base64"), []),
    (ses.SNSAction(topic_arn="mail"), ["topic_arn"]),
    (ses.SNSAction(topic_arn=TOPIC.replace("us-east-1", "eu-west-1")), ["topic_arn"]),
    (ses.SNSAction(topic_arn=TOPIC.replace("sns", "sqs")), ["topic_arn"]),
    (ses.StopAction(topic_arn=TOPIC), []),
    (ses.WorkmailAction(organization_arn="arn:aws:workmail:us-east-1:111122223333:organization/m-1"), []),
    (ses.WorkmailAction(organization_arn="m-1"), ["organization_arn"]),
    (ses.ConnectAction(instance_arn="arn:aws:connect:us-east-1:1:instance/1", iam_role_arn=ROLE), ["instance_arn"]),
]
ACCOUNT = ses.Account(
    identities=["example.com", "me@example.net", Identity(name="example.org", verification_status="Pending")]
)


@pytest.mark.parametrize(("action", "paths"), ACTIONS, ids=str)
def test_actions_are_checked_member_by_member(action, paths):
    assert [problem.path for problem in action.problems(ACCOUNT)] == paths


def test_region_and_identities_are_checked_only_where_the_account_is_known():
    action = ses.BounceAction.template("mailbox-full", sender="a@example.org", topic_arn=TOPIC.replace("us", "eu"))
    assert action.problems() == ()
    assert [problem.path for problem in action.problems(ACCOUNT)] == ["sender", "topic_arn"]


# ---------------------------------------------------------------- quotas

RULES = [ses.ReceiptRule(name=f"r{number}") for number in range(201)]
FILTERS = [ses.ReceiptFilter.block("192.0.2.1", name=f"f{number}") for number in range(101)]
QUOTAS = [
    # quota, and the value with so many of it
    (limits.RULES_PER_RULE_SET, lambda n: ses.ReceiptRuleSet(name="s", rules=RULES[:n])),
    (limits.ACTIONS_PER_RULE, lambda n: ses.ReceiptRule(name="r", actions=[ses.S3Action(bucket_name="inbox")] * n)),
    (limits.RECIPIENTS_PER_RULE, lambda n: ses.ReceiptRule(name="r", recipients=["example.com"] * n)),
    (limits.FILTERS, lambda n: ses.Account(filters=FILTERS[:n])),
    (limits.RULE_SETS, lambda n: ses.Account(rule_sets=[ses.ReceiptRuleSet(name=f"s{i}") for i in range(n)])),
]


@pytest.mark.parametrize(("limit", "make"), QUOTAS, ids=lambda value: getattr(value, "unit", ""))
def test_quotas_hold_at_the_last_and_break_one_above(limit, make):
    assert make(limit.value).problems() == ()
    (problem,) = make(limit.value + 1).problems()
    assert problem.message == f"expected at most {limit.value} {limit.unit} but got {limit.value + 1}"
    assert problem.source == limit.source


# ---------------------------------------------------------------- the whole


@given(our.accounts(), st.data())
@settings(max_examples=30)
@pytest.mark.slow
def test_problems_of_a_part_are_those_of_the_whole_behind_a_path(account, data):
    rule = data.draw(our.wild(ses.ReceiptRule))
    rule_set = ses.ReceiptRuleSet(name="broken", rules=[ses.ReceiptRule(name="r"), rule.replace(name="x")])
    account = account.replace(rule_sets=[rule_set], active=None)
    alone = problems(rule.replace(name="x"), account=account, path="rule_sets[0].rules[1]")
    assert account.problems() == alone


def test_validate_raises_all_of_them():
    account = ses.Account(active="main", region="no where", account_id="1")
    with pytest.raises(ses.ValidationError) as refusal:
        account.validate()
    assert [problem.path for problem in refusal.value.problems] == ["region", "account_id", "active"]
