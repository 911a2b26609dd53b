"""What a rule needs of the resources around it: each row a world, and the refusal that mail meets in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.control.operations import Control
from sesreceive.errors import ApiError
from sesreceive.permissions import Grant, Permissions, Policy, Target
from sesreceive.permissions.target import default_topic_policy

ACCOUNT_ID = "111122223333"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT_ID}:mail"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT_ID}:function:gate"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT_ID}:key/1234"
ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/ses"
SES = {"Service": "ses.amazonaws.com"}
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}
OF_ACCOUNT = {"StringEquals": {"aws:SourceAccount": ACCOUNT_ID}}


def allow(action: str, resource: str | None = "*", principal: Any = SES, **more: Any) -> Policy:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, "Principal": principal, **more}
    statement = {name: value for name, value in statement.items() if value is not None}
    return Policy.read({"Version": "2012-10-17", "Statement": [statement]}, "main.tf:3")


def deny(action: str, **more: Any) -> Policy:
    statement = {"Effect": "Deny", "Action": action, "Resource": "*", "Principal": "*", **more}
    return Policy.read({"Version": "2012-10-17", "Statement": [statement]}, "main.tf:9")


def bucket(*policies: Policy, **more: Any) -> Target:
    return Target(kind="bucket", name="inbox", policy=policies, place="main.tf:1", **more)


def topic(*policies: Policy, **more: Any) -> Target:
    return Target(kind="topic", name=TOPIC, policy=policies, place="main.tf:1", **more)


def function(*policies: Policy) -> Target:
    return Target(kind="function", name=FUNCTION, policy=policies, place="main.tf:1")


def key(*policies: Policy, **more: Any) -> Target:
    return Target(kind="key", name=KEY, policy=policies, place="main.tf:1", **more)


def role(*policies: Policy, **more: Any) -> Target:
    trust = more.pop("trust", (allow("sts:AssumeRole", None),))
    return Target(kind="role", name=ROLE, policy=policies, trust=trust, place="main.tf:1", **more)


def by_role(action: str, resource: str = "*") -> Policy:
    return allow(action, resource, None)


S3 = ses.S3Action(bucket_name="inbox", object_key_prefix="mail/")
S3_KEY = ses.S3Action(bucket_name="inbox", kms_key_arn=KEY)
S3_OWN_KEY = ses.S3Action(bucket_name="inbox", kms_key_arn=f"arn:aws:kms:us-east-1:{ACCOUNT_ID}:alias/aws/ses")
S3_ROLE = ses.S3Action(bucket_name="inbox", iam_role_arn=ROLE)
S3_ROLE_TOPIC = ses.S3Action(bucket_name="inbox", iam_role_arn=ROLE, topic_arn=TOPIC)
S3_ROLE_KEY = ses.S3Action(bucket_name="inbox", iam_role_arn=ROLE, kms_key_arn=KEY)
SNS = ses.SNSAction(topic_arn=TOPIC)
LAMBDA = ses.LambdaAction(function_arn=FUNCTION)
PUTS = allow("s3:PutObject", "arn:aws:s3:::inbox/*")
KEY_CONTEXT = {"Null": {"kms:EncryptionContext:aws:ses:rule-name": "false"}}
S3_CONTEXT = {"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::inbox/*"}}
SNS_CONTEXT = {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": TOPIC}}
PUTS_FOR_ROLE = allow("s3:PutObject", "arn:aws:s3:::inbox/*", {"AWS": ROLE})
USES_KEY = allow("kms:GenerateDataKey*", Condition=KEY_CONTEXT)

# The action, what is around it, and the kind of thing that refuses with words of the sentence; empty where none does.
WORLDS: list[tuple[ses.ReceiptAction, list[Target], str, str]] = [
    (S3, [], "", ""),
    (S3, [bucket(PUTS)], "", ""),
    (S3, [bucket(allow("s3:PutObject", "arn:aws:s3:::inbox/*", Condition=OF_ACCOUNT))], "", ""),
    (S3, [bucket()], "bucket", "it has no policy that lets ses.amazonaws.com do s3:PutObject (main.tf:1)"),
    (S3, [bucket(allow("s3:GetObject"))], "bucket", "no statement of its policy lets ses.amazonaws.com"),
    (S3, [bucket(allow("s3:PutObject", "arn:aws:s3:::inbox"))], "bucket", "its Resource is `arn:aws:s3:::inbox`"),
    (S3, [bucket(allow("s3:PutObject", "arn:aws:s3:::inbox/other/*"))], "bucket", "its Resource is"),
    (S3, [bucket(PUTS, deny("s3:PutObject"))], "bucket", "it is denied (statement 1, main.tf:9)"),
    (S3, [bucket(PUTS, region="eu-central-2")], "bucket", "so the action needs an IamRoleArn"),
    (S3, [bucket(PUTS, region="eu-west-1")], "", ""),
    (S3, [bucket(PUTS, key=KEY), key()], "key", "of the bucket `inbox`"),
    (S3, [bucket(PUTS, key=KEY), key(allow("kms:GenerateDataKey*"))], "key", "kms:Decrypt"),
    (S3, [bucket(PUTS, key=KEY), key(allow("kms:*"))], "", ""),
    # the key of an action
    (S3_KEY, [bucket(PUTS), key(USES_KEY)], "", ""),
    (S3_KEY, [bucket(PUTS), key()], "key", "unable to use the KMS key"),
    (S3_KEY, [bucket(PUTS), key(allow("kms:*", principal=ROOT))], "key", "no statement of its policy lets"),
    (S3_KEY, [bucket(PUTS)], "", ""),
    (S3_OWN_KEY, [bucket(PUTS), key()], "", ""),
    (
        S3_KEY,
        [bucket(PUTS), key(grants=(Grant(grantee="ses.amazonaws.com", operations=("GenerateDataKey",)),))],
        "",
        "",
    ),
    (S3_KEY, [bucket(PUTS), key(grants=(Grant(grantee="ses.amazonaws.com", operations=("Decrypt",)),))], "key", ""),
    (
        S3_KEY,
        [
            bucket(PUTS),
            key(deny("kms:*"), grants=(Grant(grantee="ses.amazonaws.com", operations=("GenerateDataKey",)),)),
        ],
        "key",
        "it is denied",
    ),
    # keys of AWS's own: the account's principals may use them, SES may not
    (S3, [bucket(PUTS, key="alias/aws/s3")], "key", "it is a key of AWS's own"),
    (S3_ROLE, [bucket(key="alias/aws/s3"), role(by_role("s3:PutObject"), by_role("kms:*"))], "", ""),
    (SNS, [topic(allow("sns:Publish", TOPIC), key="alias/aws/sns")], "key", "encrypt with a customer managed key"),
    # the context that S3 and SNS give to the key
    (S3, [bucket(PUTS, key=KEY), key(allow("kms:*", Condition=S3_CONTEXT))], "", ""),
    (SNS, [topic(allow("sns:Publish", TOPIC), key=KEY), key(allow("kms:*", Condition=SNS_CONTEXT))], "", ""),
    (SNS, [topic(allow("sns:Publish", TOPIC), key=KEY), key(allow("kms:*", Condition=S3_CONTEXT))], "key", "fails"),
    # topics: the default policy is for the account, and so for its SES
    (SNS, [topic(default_topic_policy(TOPIC, ACCOUNT_ID))], "", ""),
    (SNS, [topic(default_topic_policy(TOPIC, "444455556666"))], "topic", "`AWS:SourceOwner` StringEquals"),
    (SNS, [topic(allow("sns:Publish", TOPIC))], "", ""),
    (SNS, [topic(allow("sns:Publish", TOPIC, {"Service": "s3.amazonaws.com"}))], "topic", "no statement of its policy"),
    (SNS, [topic(allow("sns:Publish", TOPIC), key=KEY), key()], "key", "of the topic"),
    (SNS, [topic(allow("sns:Publish", TOPIC), key=KEY), key(allow("kms:*"))], "", ""),
    # functions
    (LAMBDA, [function(allow("lambda:InvokeFunction", FUNCTION))], "", ""),
    (LAMBDA, [function()], "function", "it has no policy"),
    (ses.LambdaAction(function_arn=f"{FUNCTION}:live"), [function()], "function", "it has no policy"),
    (LAMBDA, [function(allow("lambda:GetFunction", FUNCTION))], "function", "no statement of its policy"),
    (
        LAMBDA,
        [
            function(
                allow(
                    "lambda:InvokeFunction",
                    Condition={"ArnLike": {"AWS:SourceArn": f"arn:aws:ses:us-east-1:{ACCOUNT_ID}:identity/*"}},
                )
            )
        ],
        "function",
        "receipt-rule-set/main:receipt-rule/store`",
    ),
    # the role: only it counts, and it has to be taken on first
    (S3_ROLE, [bucket(), role(by_role("s3:PutObject"))], "", ""),
    (S3_ROLE, [bucket(PUTS), role()], "bucket", f"no policy of the role `{ROLE}` allows s3:PutObject"),
    (S3_ROLE, [bucket(PUTS), role(unseen=("AmazonS3FullAccess",))], "", ""),
    (S3_ROLE, [role(by_role("s3:PutObject"), trust=())], "role", "does not let ses.amazonaws.com do sts:AssumeRole"),
    (
        S3_ROLE,
        [role(by_role("s3:PutObject"), trust=(allow("sts:AssumeRole", None, {"Service": "lambda.amazonaws.com"}),))],
        "role",
        "could not assume the role",
    ),
    (S3_ROLE, [bucket(deny("s3:*")), role(by_role("s3:PutObject"))], "bucket", "it is denied"),
    (S3_ROLE, [bucket(region="eu-central-2"), role(by_role("s3:PutObject"))], "", ""),
    (S3_ROLE, [bucket(allow("s3:PutObject", principal={"AWS": ROLE})), role()], "", ""),
    # a policy for the account leaves it to the role's own, one for the role does not
    (S3_ROLE, [bucket(allow("s3:PutObject", principal=ROOT)), role()], "bucket", "no policy of the role"),
    (
        S3_ROLE,
        [bucket(allow("s3:PutObject", principal={"AWS": ACCOUNT_ID})), role()],
        "bucket",
        "no policy of the role",
    ),
    (S3_ROLE, [bucket(allow("s3:PutObject", principal=ROOT)), role(by_role("s3:PutObject"))], "", ""),
    (S3_ROLE, [bucket(allow("s3:PutObject", principal=ROOT), PUTS_FOR_ROLE), role()], "", ""),
    (S3_ROLE_KEY, [role(by_role("s3:PutObject")), key(allow("kms:*", principal={"AWS": ROLE}))], "", ""),
    (S3_ROLE, [role(by_role("s3:PutObject", "arn:aws:s3:::other/*"))], "bucket", "its Resource is"),
    (S3_ROLE_TOPIC, [role(by_role("s3:PutObject")), topic(allow("sns:Publish"))], "topic", "no policy of the role"),
    (S3_ROLE_TOPIC, [role(by_role("s3:PutObject"), by_role("sns:Publish"))], "", ""),
    (S3_ROLE_KEY, [role(by_role("*")), key(allow("kms:*", principal=ROOT))], "", ""),
    (S3_ROLE_KEY, [role(by_role("s3:PutObject")), key(allow("kms:*", principal=ROOT))], "key", "no policy of the role"),
    (S3_ROLE_KEY, [role(by_role("*")), key()], "key", ""),
    (
        S3_ROLE_KEY,
        [role(by_role("s3:PutObject")), key(grants=(Grant(grantee=ROLE, operations=("GenerateDataKey",)),))],
        "",
        "",
    ),
]


# Reasons that no statement mends.
NOT_MENDED = ("denied", "IamRoleArn", "a key of AWS's own")


def account(action: ses.ReceiptAction) -> ses.Account:
    rule = ses.ReceiptRule(name="store", enabled=True, actions=[action])
    rule_set = ses.ReceiptRuleSet(name="main", rules=[rule])
    return ses.Account(identities=["example.com"], rule_sets=[rule_set], active="main")


@pytest.mark.parametrize(("action", "targets", "kind", "words"), WORLDS)
def test_what_is_refused_ahead_is_what_mail_meets(
    action: ses.ReceiptAction, targets: list[Target], kind: str, words: str
) -> None:
    permissions, made = Permissions(targets=tuple(targets)), account(action)
    refusals = permissions.refusals(made)
    assert [one.kind for one in refusals[:1]] == ([kind] if kind else [])
    receiver = ses.Receiver(made, permissions=permissions, seed=1)
    reception = receiver.receive(b"Subject: hello\r\n\r\n", client_ip="192.0.2.7", rcpt_to=["ana@example.com"])
    failed = [done for done in reception.performed if done.outcome.failed]
    assert bool(failed) is bool(refusals)
    if failed:
        assert words in failed[0].outcome.error
        assert words in str(refusals[0])
        assert words in str(reception.explain())


@pytest.mark.parametrize(("action", "targets", "kind", "words"), [row for row in WORLDS if row[2]])
def test_the_statement_to_add_mends_it(action: ses.ReceiptAction, targets: list[Target], kind: str, words: str) -> None:
    """What a refusal says to add, added to where it says, is enough."""
    made, world = account(action), list(targets)
    for _ in range(6):
        refusals = Permissions(targets=tuple(world)).refusals(made)
        if not refusals or not refusals[0].add:
            break
        first = refusals[0]
        policy = Policy.read({"Version": "2012-10-17", "Statement": [json.loads(first.statement)]}, "added")
        assert not policy.problems
        wanted = "role" if "the role" in first.where else first.kind
        for at, one in enumerate(world):
            if one.kind == wanted:
                name = "trust" if "trust policy" in first.where else "policy"
                world[at] = ses_replace(one, name, (*getattr(one, name), policy))
    left = Permissions(targets=tuple(world)).refusals(made)
    assert all(any(word in refusal.reason for word in NOT_MENDED) for refusal in left), left


def ses_replace(target: Target, name: str, value: Any) -> Target:
    from dataclasses import replace

    return replace(target, **{name: value})


# The action, the world, and what CreateReceiptRule says.
REFUSED: list[tuple[ses.ReceiptAction, Target, str]] = [
    (S3, bucket(), "InvalidS3Configuration: Could not write to bucket: inbox"),
    (S3_KEY, key(), f"InvalidS3Configuration: Unable to use AWS KMS key: {KEY}"),
    (SNS, topic(), f"InvalidSnsTopic: Could not publish to SNS topic: {TOPIC}"),
    (LAMBDA, function(), f"InvalidLambdaFunction: Could not invoke Lambda function: {FUNCTION}"),
    (S3_ROLE, role(trust=()), "InvalidParameterValue: Could not assume the provided IAM role"),
]


@pytest.mark.parametrize(("action", "target", "sentence"), REFUSED)
def test_a_rule_is_refused_in_the_words_of_the_service(
    action: ses.ReceiptAction, target: Target, sentence: str
) -> None:
    permissions = Permissions(targets=(target,))
    receiver = ses.Receiver(ses.Account(), permissions=permissions, seed=1)
    control = Control(receiver)
    control.call("CreateReceiptRuleSet", {"RuleSetName": "main"})
    rule = ses.ReceiptRule(name="store", actions=[action])
    with pytest.raises(ApiError) as refused:
        control.call("CreateReceiptRule", {"RuleSetName": "main", "Rule": rule.to_api()})
    assert str(refused.value) == sentence
    assert "sesreceive" not in str(refused.value.__cause__)
    assert receiver.account.rule_set("main").rules == ()
    assert not receiver.backend.buckets
    with pytest.raises(ses.ValidationError, match=r"main\.tf:1"):
        receiver.create_receipt_rule(rule, rule_set="main")


def test_a_plain_account_asks_nobody() -> None:
    reception = ses.Receiver(account(S3), seed=1).receive(b"Subject: hello\r\n\r\n", rcpt_to=["ana@example.com"])
    assert not any(done.outcome.failed for done in reception.performed)


def test_what_nobody_knows_is_named() -> None:
    permissions = Permissions(targets=(bucket(PUTS),))
    assert permissions.unseen(account(S3)) == ()
    assert permissions.unseen(account(LAMBDA)) == (f"function `{FUNCTION}`",)
    assert permissions.unseen(account(S3_ROLE_KEY)) == (f"role `{ROLE}`", f"key `{KEY}`")


def test_a_table_of_refusals() -> None:
    frame = Permissions(targets=(bucket(),)).frame(account(S3))
    assert list(frame["kind"]) == ["bucket"]
    assert json.loads(frame["add"][0])["Principal"] == SES
    assert list(Permissions().frame(account(S3)).columns) == list(frame.columns)
    assert repr(Permissions(targets=(bucket(), role()))) == "<Permissions of 1 bucket, 1 role>"


def test_what_to_add_is_told_once_and_whole_wherever_a_refusal_is_shown() -> None:
    """In the trace and its HTML, in tables, and in the words of a rule that is not made."""
    long_named = f"arn:aws:sns:us-east-1:{ACCOUNT_ID}:{'t' * 200}"
    made = account(ses.SNSAction(topic_arn=long_named))
    permissions = Permissions(targets=(Target(kind="topic", name=long_named, place="main.tf:1"),))
    (refusal,) = permissions.refusals(made)
    reception = ses.Receiver(made, permissions=permissions, seed=1).receive(
        b"Subject: hello\r\n\r\n", client_ip="192.0.2.7", rcpt_to=["ana@example.com"]
    )
    explained = str(reception.explain())
    assert explained.count(refusal.statement) == 1
    assert f"✗ no      permission: add to the policy of the topic `{long_named}`: {refusal.statement}" in explained
    assert "AllowSESPublish" in reception.explain()._repr_html_()
    effects = ses.Report([reception]).effects
    assert list(effects["reason"]) == [str(refusal)]
    assert refusal.statement not in reception.performed[0].outcome.error
    assert json.loads(refusal.statement) == refusal.add
