"""Policies and whether SES may put an object by them: one row a rule of the policy language."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.iam.access_control import IAMPolicy, PermissionResult

from sesreceive.account.placeholder_text import PlaceholderText
from sesreceive.permissions import Access, Policy
from sesreceive.permissions.access import decide

ACCOUNT = "111122223333"
ENCRYPTION = "s3:x-amz-server-side-encryption"
RULE = f"arn:aws:ses:us-east-1:{ACCOUNT}:receipt-rule-set/main:receipt-rule/store"
OBJECT = "arn:aws:s3:::inbox/mail/0vfh"
CONTEXT = {
    "aws:sourceaccount": (ACCOUNT,),
    "aws:sourcearn": (RULE,),
    "aws:referer": (ACCOUNT,),
    "aws:principalservicename": ("ses.amazonaws.com",),
    "aws:principalisawsservice": ("true",),
    "aws:securetransport": ("true",),
    "aws:currenttime": ("2026-03-01T12:00:00Z",),
    "aws:epochtime": ("1772366400",),
    "kms:encryptioncontext:aws:ses:rule-name": ("store",),
    "kms:encryptioncontextkeys": ("aws:ses:message-id", "aws:ses:rule-name"),
    "example:number": ("42",),
    "example:star": ("*",),
    "example:address": ("192.0.2.7",),
    "example:bytes": ("aGVsbG8=",),
}
ACCESS = Access(action="s3:PutObject", resource=OBJECT, context=CONTEXT)
SES = {"Service": "ses.amazonaws.com"}
BASE = {"Effect": "Allow", "Principal": SES, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::inbox/*"}
OPEN = PlaceholderText("var-value", "var.value, main.tf:3")


def when(operator: str, key: str, *values: Any) -> dict[str, Any]:
    return {"Condition": {operator: {key: list(values) if len(values) != 1 else values[0]}}}


def instead(drop: str, **elements: Any) -> dict[str, Any]:
    """The base without one element, and with others."""
    return {name: value for name, value in {**BASE, **elements}.items() if name != drop}


# What the statement has besides or in place of the base; whether it allows.
CHANGES: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    # principals
    ({"Principal": "*"}, True),
    ({"Principal": {"AWS": "*"}}, True),
    ({"Principal": {"Service": ["sns.amazonaws.com", "ses.amazonaws.com"]}}, True),
    ({"Principal": {"Service": "sns.amazonaws.com"}}, False),
    ({"Principal": {"Service": "SES.amazonaws.com"}}, False),
    ({"Principal": {"Service": "*.amazonaws.com"}}, False),
    ({"Principal": {"AWS": ACCOUNT}}, False),
    ({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}, False),
    ({"Principal": {"Federated": "ses.amazonaws.com"}}, False),
    ({"Principal": {"AWS": ACCOUNT, "Service": "ses.amazonaws.com"}}, True),
    ({"Principal": {"Service": OPEN}}, True),
    ({"Principal": {"AWS": OPEN}}, False),
    # actions
    ({"Action": "s3:*"}, True),
    ({"Action": "*"}, True),
    ({"Action": "S3:PUTOBJECT"}, True),
    ({"Action": ["s3:GetObject", "s3:PutObject"]}, True),
    ({"Action": "s3:Put*"}, True),
    ({"Action": "s3:?utObject"}, True),
    ({"Action": "s3:Put"}, False),
    ({"Action": "s3:PutObjectAcl"}, False),
    ({"Action": "s3:GetObject"}, False),
    ({"Action": "sns:*"}, False),
    ({"Action": []}, False),
    # resources
    ({"Resource": "*"}, True),
    ({"Resource": OBJECT}, True),
    ({"Resource": ["arn:aws:s3:::inbox", "arn:aws:s3:::inbox/*"]}, True),
    ({"Resource": "arn:aws:s3:::inbox"}, False),
    ({"Resource": "arn:aws:s3:::inbox/"}, False),
    ({"Resource": "arn:aws:s3:::inbox/mail/*"}, True),
    ({"Resource": "arn:aws:s3:::inbox/other/*"}, False),
    ({"Resource": "arn:aws:s3:::INBOX/*"}, False),
    ({"Resource": "arn:aws:s3:::in*/*"}, True),
    ({"Resource": "arn:aws:s3:::inbo?/mail/????"}, True),
    ({"Resource": "arn:aws:s3:::inbo?/mail/???"}, False),
    ({"Resource": "arn:aws:s3:::*fh"}, True),
    ({"Resource": OPEN}, True),
    # variables
    ({"Resource": "arn:aws:s3:::inbox/${aws:SourceAccount}/*"}, False),
    (when("StringEquals", "aws:Referer", "${aws:SourceAccount}"), True),
    (when("StringEquals", "aws:Referer", "${aws:UserName}"), False),
    (when("StringEquals", "aws:Referer", f"${{aws:UserName, '{ACCOUNT}'}}"), True),
    (when("StringLike", "aws:Referer", "${*}"), False),
    (when("StringEquals", "example:star", "${*}"), True),
    (when("StringEquals", "example:star", "*"), True),
    (when("StringLike", "aws:Referer", "1111${?}2223333"), False),
    # conditions: texts
    (when("StringEquals", "aws:SourceAccount", ACCOUNT), True),
    (when("StringEquals", "AWS:SOURCEACCOUNT", ACCOUNT), True),
    (when("stringequals", "aws:SourceAccount", ACCOUNT), True),
    (when("StringEquals", "aws:SourceAccount", int(ACCOUNT)), True),
    (when("StringEquals", "aws:SourceAccount", "444455556666"), False),
    (when("StringEquals", "aws:SourceAccount", "444455556666", ACCOUNT), True),
    (when("StringEquals", "aws:SourceAccount", OPEN), True),
    (when("StringEquals", "aws:SourceAccount"), False),
    (when("StringEquals", "aws:SourceAccount", "1111*"), False),
    (when("StringLike", "aws:SourceAccount", "1111*"), True),
    (when("StringNotLike", "aws:SourceAccount", "1111*"), False),
    (when("StringNotEquals", "aws:SourceAccount", ACCOUNT), False),
    (when("StringNotEquals", "aws:SourceAccount", "444455556666"), True),
    (when("StringNotEquals", "aws:SourceAccount", "444455556666", ACCOUNT), False),
    (when("StringEqualsIgnoreCase", "aws:PrincipalServiceName", "SES.amazonaws.com"), True),
    (when("StringNotEqualsIgnoreCase", "aws:PrincipalServiceName", "SES.amazonaws.com"), False),
    (when("StringEquals", "aws:Referer", ACCOUNT), True),
    (when("StringEquals", "aws:Referer", "444455556666"), False),
    # conditions: a key that is not in the request; an open value fits it no more than another
    (when("StringEquals", "aws:UserAgent", OPEN), False),
    (when("StringEqualsIfExists", "aws:UserAgent", OPEN), True),
    (when("Null", "aws:UserAgent", OPEN), True),
    # conditions: a key that the request may have, with a value that nobody here knows
    (when("StringEquals", "aws:SourceOrgID", "o-1234"), True),
    (when("StringNotEquals", "aws:ResourceAccount", ACCOUNT), True),
    (when("StringEquals", "aws:PrincipalOrgID", "o-1234"), False),
    (when("StringEquals", "aws:UserAgent", "x"), False),
    (when("StringEqualsIfExists", "aws:UserAgent", "x"), True),
    (when("StringEqualsIfExists", "aws:SourceAccount", "x"), False),
    (when("StringNotEquals", "aws:UserAgent", "x"), True),
    (when("StringNotEquals", ENCRYPTION, "aws:kms"), True),
    (when("Null", ENCRYPTION, "true"), True),
    (when("Null", "aws:SourceArn", "true"), False),
    (when("Null", "aws:SourceArn", "false"), True),
    (when("Null", "aws:SourceArn", False), True),
    (when("Null", "kms:EncryptionContext:aws:ses:rule-name", False), True),
    # conditions: ARNs
    (when("ArnEquals", "aws:SourceArn", RULE), True),
    (when("ArnLike", "aws:SourceArn", f"arn:aws:ses:*:{ACCOUNT}:receipt-rule-set/main:receipt-rule/*"), True),
    (when("ArnEquals", "aws:SourceArn", f"arn:aws:ses:*:{ACCOUNT}:*"), True),
    (when("ArnLike", "aws:SourceArn", "arn:aws:ses:*"), False),
    (when("ArnLike", "aws:SourceArn", f"arn:aws:ses:eu-west-1:{ACCOUNT}:*"), False),
    (when("ArnLike", "aws:SourceArn", f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/example.com"), False),
    (when("ArnNotLike", "aws:SourceArn", f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/*"), True),
    (when("ArnNotEquals", "aws:SourceArn", RULE), False),
    (when("ArnLikeIfExists", "aws:PrincipalArn", "arn:aws:iam::*:role/x"), True),
    (when("StringLike", "aws:SourceArn", "arn:aws:ses:*"), True),
    (when("StringEquals", "aws:SourceArn", RULE.replace("store", "other")), False),
    # conditions: truths, numbers, times, addresses, bytes
    (when("Bool", "aws:SecureTransport", "true"), True),
    (when("Bool", "aws:SecureTransport", True), True),
    (when("Bool", "aws:SecureTransport", "false"), False),
    (when("Bool", "aws:PrincipalIsAWSService", "true"), True),
    (when("BoolIfExists", "aws:MultiFactorAuthPresent", "true"), True),
    (when("NumericEquals", "example:number", 42), True),
    (when("NumericLessThan", "example:number", "42"), False),
    (when("NumericLessThanEquals", "example:number", "42"), True),
    (when("NumericGreaterThan", "example:number", "x"), False),
    (when("NumericNotEquals", "example:number", "41"), True),
    (when("DateGreaterThan", "aws:CurrentTime", "2026-01-01T00:00:00Z"), True),
    (when("DateLessThan", "aws:CurrentTime", "2026-01-01T00:00:00Z"), False),
    (when("DateLessThan", "aws:EpochTime", "1800000000"), True),
    (when("IpAddress", "example:address", "192.0.2.0/24"), True),
    (when("IpAddress", "aws:SourceIp", "192.0.2.0/24"), False),
    (when("NotIpAddress", "aws:SourceIp", "192.0.2.0/24"), True),
    (when("NotIpAddress", "example:address", "192.0.2.0/24"), False),
    (when("BinaryEquals", "example:bytes", "aGVsbG8="), True),
    # conditions: keys with several values
    (when("ForAllValues:StringLike", "kms:EncryptionContextKeys", "aws:ses:*"), True),
    (when("ForAllValues:StringEquals", "kms:EncryptionContextKeys", "aws:ses:message-id"), False),
    (when("ForAnyValue:StringEquals", "kms:EncryptionContextKeys", "aws:ses:message-id"), True),
    (when("ForAnyValue:StringEquals", "aws:TagKeys", "x"), False),
    (when("ForAllValues:StringEquals", "aws:TagKeys", "x"), True),
    # several conditions: all of them
    ({"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": RULE}}}, True),
    ({"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": "x"}}}, False),
    ({"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "Bool": {"aws:SecureTransport": False}}}, False),
    ({"Condition": {}}, True),
]

# Whole lists of statements.
POLICIES: list[tuple[list[dict[str, Any]], bool]] = [
    ([instead("Principal", NotPrincipal={"AWS": ACCOUNT})], True),
    ([instead("Principal", NotPrincipal=SES)], False),
    ([instead("Action", NotAction="s3:GetObject")], True),
    ([instead("Action", NotAction="s3:Put*")], False),
    ([instead("Resource", NotResource="arn:aws:s3:::other/*")], True),
    ([instead("Resource", NotResource="arn:aws:s3:::inbox/*")], False),
    ([BASE, {**BASE, "Effect": "Deny"}], False),
    ([{**BASE, "Effect": "Deny"}, BASE], False),
    ([BASE, {**BASE, "Effect": "Deny", "Principal": "*"}], False),
    ([BASE, {**BASE, "Effect": "Deny", "Principal": {"Service": "sns.amazonaws.com"}}], True),
    ([BASE, {**BASE, "Effect": "Deny", **when("Bool", "aws:SecureTransport", "false")}], True),
    # The usual "deny what is not encrypted" refuses SES, which asks for no server-side encryption.
    (
        [BASE, {**BASE, "Effect": "Deny", **when("StringNotEquals", ENCRYPTION, "aws:kms")}],
        False,
    ),
    ([BASE, {**BASE, "Effect": "Deny", **when("Null", ENCRYPTION, "true")}], False),
    ([BASE, {**BASE, "Effect": "Deny", **when("StringNotEquals", "aws:SourceAccount", OPEN)}], True),
    # A Deny that holds whatever its open values are.
    ([BASE, {**BASE, "Effect": "Deny", "Action": ["s3:*", OPEN]}], False),
    ([BASE, {**BASE, "Effect": "Deny", "Resource": [OBJECT, OPEN]}], False),
    ([BASE, {**BASE, "Effect": "Deny", "Resource": OPEN}], True),
    (
        [
            BASE,
            {**BASE, "Effect": "Deny", "Principal": "*", **when("StringNotEqualsIfExists", "aws:SourceOrgID", "o-1")},
        ],
        True,
    ),
    ([BASE, instead("Principal", Effect="Deny", NotPrincipal={"Service": ["ses.amazonaws.com", OPEN]})], True),
    ([BASE, instead("Principal", Effect="Deny", NotPrincipal=SES)], True),
    ([BASE, instead("Principal", Effect="Deny", NotPrincipal={"AWS": ACCOUNT})], False),
    ([{**BASE, "Action": "s3:GetObject"}, BASE], True),
    ([{**BASE, "Effect": "Deny"}], False),
]

# What AWS does not take: the words of the problem.
BROKEN: list[tuple[Any, str]] = [
    (None, "a policy with statements"),
    ([], "a policy with statements"),
    ({"Version": "2012-10-17"}, "at least one Statement"),
    ({"Version": "2012", "Statement": [BASE]}, "Version"),
    ({"Statement": [{**BASE, "Effect": "allow"}]}, "Allow or Deny"),
    ({"Statement": [{**BASE, "Actions": "s3:*"}]}, "did you mean `Action`?"),
    ({"Statement": [instead("Action")]}, "expected an Action or NotAction"),
    ({"Statement": [{**BASE, "NotAction": "s3:*"}]}, "Action or NotAction but got both"),
    ({"Statement": [{**BASE, **when("StringEqual", "aws:SourceAccount", ACCOUNT)}]}, "an operator"),
    ({"Statement": [{**BASE, **when("NullIfExists", "aws:SourceAccount", "true")}]}, "an operator"),
    ({"Statement": [{**BASE, "Condition": {"StringEquals": ["x"]}}]}, "an object"),
    ({"Statement": [{**BASE, "Principal": "ses.amazonaws.com"}]}, "`*` or an object"),
    ({"Statement": [{**BASE, "Principal": {"service": "ses.amazonaws.com"}}]}, "a kind of principal"),
    ({"Statement": [{**BASE, "Resource": [{"Ref": "x"}]}]}, "Resource"),
    ({"Statement": ["x"]}, "an object"),
    ({"Statement": [{**BASE, "Action": "PutObject"}]}, "`service:Action` such as `s3:PutObject` but got `PutObject`"),
]

# What a policy is on, and a statement that does not belong there.
MISPLACED: list[tuple[str, dict[str, Any], str]] = [
    ("resource", instead("Principal"), "expected a Principal or NotPrincipal but got none"),
    ("resource", instead("Resource"), "expected a Resource or NotResource but got none"),
    ("role", BASE, "expected no Principal in a policy of a role but got"),
    ("trust", BASE, "expected no Resource in a trust policy but got"),
    ("trust", {"Effect": "Allow", "Action": "sts:AssumeRole"}, "expected a Principal or NotPrincipal but got none"),
]


def policy(statements: Any) -> Policy:
    return Policy.read({"Version": "2012-10-17", "Statement": statements}, "main.tf:3")


@pytest.mark.parametrize(("change", "allowed"), CHANGES, ids=str)
def test_one_statement(change: dict[str, Any], allowed: bool) -> None:
    made = policy([{**BASE, **change}])
    assert not made.problems
    assert decide([made], ACCESS).allowed is allowed


@pytest.mark.parametrize(("statements", "allowed"), POLICIES, ids=str)
def test_statements_together(statements: list[dict[str, Any]], allowed: bool) -> None:
    made = policy(statements)
    assert not made.problems
    assert decide([made], ACCESS).allowed is allowed


@pytest.mark.parametrize(("document", "words"), BROKEN, ids=str)
def test_what_aws_does_not_take_allows_nothing_and_is_said(document: Any, words: str) -> None:
    made = Policy.read(document, "main.tf:3")
    assert words in str(made.problems[0])
    decision = decide([made], ACCESS)
    assert not decision.allowed
    assert "AWS does not take the policy" in decision.reason


@pytest.mark.parametrize(("on", "statement", "words"), MISPLACED)
def test_a_policy_has_the_elements_of_what_it_is_on(on: str, statement: dict[str, Any], words: str) -> None:
    made = Policy.read({"Version": "2012-10-17", "Statement": [statement]}, "main.tf:3", on=on)
    assert words in str(made.problems[0])
    assert not decide([made], ACCESS).allowed


def test_problems_have_the_order_of_the_policy() -> None:
    statement = {**BASE, **{f"X{number}": "" for number in range(9)}}
    problems = Policy.read({"Statement": [statement]}).problems
    assert [f"`X{number}`" in str(problem) for number, problem in enumerate(problems)] == [True] * 9


def test_there_are_a_hundred_cases() -> None:
    assert len(CHANGES) + len(POLICIES) + len(BROKEN) >= 100


def test_no_variables_before_their_version() -> None:
    old = Policy.read(
        {
            "Version": "2008-10-17",
            "Statement": [{**BASE, **when("StringEquals", "aws:Referer", "${aws:SourceAccount}")}],
        }
    )
    assert not decide([old], ACCESS).allowed


def test_a_deny_wins_over_the_allow_of_another_policy() -> None:
    decision = decide([policy([BASE]), policy([{**BASE, "Effect": "Deny", "Sid": "Never"}])], ACCESS)
    assert (decision.allowed, decision.denied) == (False, True)
    assert decision.reason == "it is denied (statement `Never`, main.tf:3)"


def test_the_nearest_miss_is_told() -> None:
    far, near = (
        {**BASE, "Action": "s3:GetObject"},
        {**BASE, **when("StringEquals", "aws:SourceAccount", "444455556666")},
    )
    assert (
        "its condition `aws:SourceAccount` StringEquals `444455556666` fails"
        in decide([policy([far, near])], ACCESS).reason
    )


def test_open_values_are_told() -> None:
    assert decide([policy([{**BASE, "Resource": OPEN}])], ACCESS).assumed == ("var.value, main.tf:3",)
    denied = {**BASE, "Effect": "Deny", **when("StringNotEquals", "aws:SourceAccount", OPEN)}
    assert decide([policy([BASE, denied])], ACCESS).assumed == ("var.value, main.tf:3",)
    assert decide([policy([{**BASE, **when("StringEquals", "aws:SourceOrgID", "o-1")}])], ACCESS).assumed == (
        "`aws:SourceOrgID` of the request",
    )


def test_open_values_that_change_nothing_are_not_told() -> None:
    also_open = {**BASE, "Resource": ["arn:aws:s3:::inbox/*", OPEN]}
    assert decide([policy([also_open])], ACCESS).assumed == ()
    elsewhere = {**BASE, "Effect": "Deny", "Resource": OPEN, **when("Bool", "aws:SecureTransport", "false")}
    assert decide([policy([BASE, elsewhere])], ACCESS).assumed == ()
    assert decide([policy([{**BASE, "Resource": OPEN}, BASE])], ACCESS).assumed == ()


def test_stars_take_no_time() -> None:
    from sesreceive.permissions.wildcard import fits

    assert not fits("*a" * 500 + "b", "a" * 2000)


# What moto's engine has no opinion on, or another one than IAM's documentation: conditions and variables, principals of
# services, NotResource, `?`, and that the case of an action does not matter.
BEYOND_MOTO = ("Condition", "NotResource", "NotPrincipal", "${", "?", "S3:PUT", "'Action': []", OPEN)


def _for_moto(statement: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in statement.items() if name != "Principal"}


@pytest.mark.parametrize(
    "statements",
    [
        rows
        for rows in (
            *([{**BASE, **change}] for change, _ in CHANGES if "Principal" not in change),
            *(rows for rows, _ in POLICIES),
        )
        if not any(str(word) in str(rows) for word in BEYOND_MOTO)
    ],
    ids=str,
)
def test_motos_engine_says_the_same(statements: list[dict[str, Any]]) -> None:
    document = {"Version": "2012-10-17", "Statement": list(map(_for_moto, statements))}
    theirs = IAMPolicy(json.dumps(document)).is_action_permitted("s3:PutObject", OBJECT)
    ours = decide([Policy.read(document)], ACCESS)
    allowed = PermissionResult.PERMITTED if ours.allowed else PermissionResult.NEUTRAL
    assert theirs is (PermissionResult.DENIED if ours.denied else allowed)
