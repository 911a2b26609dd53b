"""A program with boto3, unchanged: it sets everything up, sends mail, and reads what came of it."""

from __future__ import annotations

import json

import pytest

from sesreceive.endpoint.local_endpoint import Endpoint
from tests.endpoint.conftest import ACCOUNT, Clients, get, make_function, send

BOUNCING = """
import boto3

def handler(event, context):
    mail = event["Records"][0]["ses"]["mail"]
    sent = boto3.client("ses").send_bounce(
        OriginalMessageId=mail["messageId"], BounceSender="postmaster@example.com",
        BouncedRecipientInfoList=[{"Recipient": "bo@example.com", "BounceType": "DoesNotExist"}])
    print("bounced as", sent["MessageId"])
"""


def make_mail_system(aws: Clients) -> str:
    """Bucket, topic with a queue, function, identity, two rules and a filter; the URL of the queue."""
    aws.s3.create_bucket(Bucket="inbox")
    topic = aws.sns.create_topic(Name="mail")["TopicArn"]
    queue = aws.sqs.create_queue(QueueName="mail")["QueueUrl"]
    queue_arn = aws.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    function = make_function(aws)
    ses = aws.ses
    ses.verify_domain_identity(Domain="example.com")
    ses.create_receipt_rule_set(RuleSetName="main")
    store = [{"S3Action": {"BucketName": "inbox", "ObjectKeyPrefix": "mail/", "TopicArn": topic}}]
    ses.create_receipt_rule(
        RuleSetName="main",
        Rule={"Name": "store", "Enabled": True, "Recipients": ["example.com"], "Actions": store},
    )
    gate = [
        {"LambdaAction": {"FunctionArn": function, "InvocationType": "RequestResponse"}},
        {"StopAction": {"Scope": "RuleSet"}},
    ]
    ses.create_receipt_rule(RuleSetName="main", After="store", Rule={"Name": "gate", "Enabled": True, "Actions": gate})
    ses.create_receipt_filter(Filter={"Name": "net", "IpFilter": {"Policy": "Block", "Cidr": "203.0.113.0/24"}})
    ses.set_active_receipt_rule_set(RuleSetName="main")
    return queue


@pytest.mark.slow
def test_mail_lands_where_the_rules_say(endpoint: Endpoint, aws: Clients) -> None:
    queue = make_mail_system(aws)
    send(endpoint, "bo@example.com")
    (message,) = get(endpoint, "/messages?wait=60")["messages"]
    message_id = message["message_id"]
    stored = aws.s3.get_object(Bucket="inbox", Key=f"mail/{message_id}")["Body"].read()
    assert stored.endswith(b"Subject: hello\r\n\r\nbody\r\n")
    assert aws.s3.get_object(Bucket="inbox", Key=f"seen/{message_id}")["Body"].read() == b"ana@example.org"
    received = aws.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    notes = [json.loads(json.loads(one["Body"])["Message"]) for one in received if "notificationType" in one["Body"]]
    (note,) = [one for one in notes if one["mail"]["messageId"] == message_id]  # another one is of the setup
    assert note["notificationType"] == "Received"
    assert note["receipt"]["action"]["objectKey"] == f"mail/{message_id}"
    assert note["receipt"]["action"]["topicArn"] == f"arn:aws:sns:us-east-1:{ACCOUNT}:mail"
    assert (message["rules"], message["stopped_by"]) == ("store, gate", "")


# An action that names what is not there, the code of the refusal, and a part of its message.
ABSENT = [
    ({"S3Action": {"BucketName": "none"}}, "InvalidS3Configuration", "No such bucket: none"),
    ({"SNSAction": {"TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:none"}}, "InvalidSnsTopic", "Could not publish"),
    (
        {"LambdaAction": {"FunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:none"}},
        "InvalidLambdaFunction",
        "Could not invoke",
    ),
    (
        {"StopAction": {"Scope": "RuleSet", "TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:none"}},
        "InvalidSnsTopic",
        "Could not publish",
    ),
]


@pytest.mark.slow
def test_what_a_rule_names_has_to_be_there(aws: Clients) -> None:
    ses = aws.ses
    ses.create_receipt_rule_set(RuleSetName="main")
    for action, code, sentence in ABSENT:
        with pytest.raises(ses.exceptions.ClientError, match=sentence) as caught:
            ses.create_receipt_rule(RuleSetName="main", Rule={"Name": "all", "Actions": [action]})
        assert caught.value.response["Error"]["Code"] == code


def test_regions_share_buckets_and_nothing_else(endpoint: Endpoint, aws: Clients) -> None:
    there = Clients(endpoint.url, "eu-west-1")
    topic = there.sns.create_topic(Name="mail")["TopicArn"]
    for clients in (aws, there):
        clients.ses.create_receipt_rule_set(RuleSetName="main")
    rule = {"Name": "all", "Actions": [{"SNSAction": {"TopicArn": topic}}]}
    there.ses.create_receipt_rule(RuleSetName="main", Rule=rule)
    with pytest.raises(aws.ses.exceptions.InvalidSnsTopicException):
        aws.ses.create_receipt_rule(RuleSetName="main", Rule=rule)
    assert aws.ses.describe_receipt_rule_set(RuleSetName="main")["Rules"] == []


@pytest.mark.slow
def test_a_function_may_bounce_the_mail_it_was_called_for(endpoint: Endpoint, aws: Clients) -> None:
    function = make_function(aws, "bounce", BOUNCING)
    ses = aws.ses
    ses.verify_domain_identity(Domain="example.com")
    ses.create_receipt_rule_set(RuleSetName="main")
    call = {"LambdaAction": {"FunctionArn": function, "InvocationType": "RequestResponse"}}
    ses.create_receipt_rule(RuleSetName="main", Rule={"Name": "all", "Enabled": True, "Actions": [call]})
    ses.set_active_receipt_rule_set(RuleSetName="main")
    send(endpoint, "bo@example.com")
    report = get(endpoint, "/messages?wait=60")
    assert report["messages"][0]["failed"] == 0
    (bounce,) = endpoint.service["us-east-1"].receiver.backend.bounces
    assert (bounce.destination, bounce.message_id) == ("ana@example.org", report["messages"][0]["message_id"])


@pytest.mark.slow
def test_both_halves_of_ses_know_the_same_identities(endpoint: Endpoint, aws: Clients) -> None:
    aws.ses.verify_domain_identity(Domain="example.com")
    mail = {"Subject": {"Data": "a"}, "Body": {"Text": {"Data": "b"}}}
    aws.ses.send_email(Source="ana@example.com", Destination={"ToAddresses": ["bo@example.org"]}, Message=mail)
    aws.sesv2.create_email_identity(EmailIdentity="example.net")
    assert aws.ses.list_identities()["Identities"] == ["example.com", "example.net"]
    aws.sesv2.delete_email_identity(EmailIdentity="example.net")
    aws.ses.delete_identity(Identity="example.com")
    assert aws.ses.list_identities()["Identities"] == []
    with pytest.raises(aws.ses.exceptions.MessageRejected):
        aws.ses.send_email(Source="ana@example.com", Destination={"ToAddresses": ["bo@example.org"]}, Message=mail)


@pytest.mark.slow
def test_an_account_that_is_given_finds_what_its_rules_name() -> None:
    import sesreceive as ses

    topic = f"arn:aws:sns:eu-west-1:{ACCOUNT}:mail"
    rule = ses.ReceiptRule(name="all", enabled=True, actions=(ses.S3Action(bucket_name="inbox", topic_arn=topic),))
    account = ses.Account(
        region="eu-west-1",
        identities=("example.com",),
        rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),),
        active="main",
    )
    with Endpoint(ses.Receiver(account)) as endpoint:
        send(endpoint, "bo@example.com")
        assert get(endpoint, "/messages?wait=60")["messages"][0]["failed"] == 0
        assert Clients(endpoint.url, "eu-west-1").sns.list_topics()["Topics"] == [{"TopicArn": topic}]
