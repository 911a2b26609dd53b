"""The AWS backend over real boto3 calls: moto serves S3, SNS, SQS and KMS on loopback."""

from __future__ import annotations

import json
import pickle
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.backends.aws import AwsBackend
from sesreceive.backends.kms_envelope import decrypt
from sesreceive.backends.spool import Spool
from sesreceive.effects import Flow, Invoke, Publish, PutObject
from sesreceive.errors import InputError
from sesreceive.functions.registry import Always
from tests.backends.conftest import REGION, LambdaServer
from tests.conftest import MESSAGE, make_account, make_rule
from tests.patience import PATIENCE_S

GATE = "arn:aws:lambda:us-east-1:123456789012:function:gate"


def invoke(kind: str = "RequestResponse") -> Invoke:
    return Invoke(function_arn=GATE, invocation_type=kind, payload='{"Records":[{"é":1}]}', message_id="0vfh")


def subscribed_queue(backend: AwsBackend, topic: str) -> Any:
    """An SQS queue that gets what the topic gets: receives one message, as parsed JSON."""
    sqs = backend._session.client("sqs", region_name=REGION, endpoint_url=backend.endpoint_url)
    url = sqs.create_queue(QueueName="mail")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    backend.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def receive() -> dict[str, Any]:
        (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, WaitTimeSeconds=2)["Messages"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return dict(json.loads(message["Body"]))

    return receive


@pytest.mark.slow
def test_a_whole_mail_ends_in_s3_sns_and_a_subscribed_queue(aws: AwsBackend) -> None:
    aws.client("s3").create_bucket(Bucket="inbox")
    topic = aws.client("sns").create_topic(Name="mail")["TopicArn"]
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    receive = subscribed_queue(aws, topic)
    rule = make_rule(
        "store",
        ses.S3Action(bucket_name="inbox", object_key_prefix="plain"),
        ses.S3Action(bucket_name="inbox", object_key_prefix="secret/", kms_key_arn=key, topic_arn=topic),
        ses.SNSAction(topic_arn=topic),
    )
    receiver = ses.Receiver(make_account(rule), backend=aws, seed=1)
    reception = receiver.receive(
        MESSAGE, client_ip="198.51.100.7", mail_from="ana@example.org", rcpt_to=["bo@example.com"]
    )
    assert [done.outcome.error for done in reception.performed] == [""] * 4

    # Read by plain clients, not by the backend.
    s3, id_ = aws.client("s3"), reception.message_id
    plain = s3.get_object(Bucket="inbox", Key=f"plain/{id_}")
    assert plain["Body"].read().endswith(MESSAGE)
    assert (plain["ContentType"], plain["Metadata"]) == ("application/octet-stream", {})
    secret = s3.get_object(Bucket="inbox", Key=f"secret/{id_}")
    assert list(json.loads(secret["Metadata"]["x-amz-matdesc"])) == [
        "aws:ses:message-id", "aws:ses:rule-name", "aws:ses:source-account", "kms_cmk_id",
    ]  # fmt: skip
    assert decrypt(secret["Body"].read(), secret["Metadata"], aws.client("kms")).endswith(MESSAGE)

    first, second = receive(), receive()
    assert {first["Subject"], second["Subject"]} == {"Amazon SES Email Receipt Notification"}
    assert first["TopicArn"] == topic
    assert [json.loads(one["Message"])["receipt"]["action"]["type"] for one in (first, second)] == ["S3", "SNS"]
    assert [one.message for one in aws.topics[topic]] == [first["Message"], second["Message"]]


@pytest.mark.slow
def test_the_id_a_service_gives_is_the_outcome(aws: AwsBackend) -> None:
    aws.client("s3").create_bucket(Bucket="inbox")
    topic = aws.client("sns").create_topic(Name="mail")["TopicArn"]
    receive = subscribed_queue(aws, topic)
    assert aws.perform(PutObject(bucket="inbox", key="k", body=b"")).value == '"d41d8cd98f00b204e9800998ecf8427e"'
    published = aws.perform(Publish(topic_arn=topic, subject="s", message="{}"))
    assert published.value == receive()["MessageId"]


def test_a_bucket_of_many_objects_is_listed_whole(aws: AwsBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")  # 1000 in S3
    aws.client("s3").create_bucket(Bucket="inbox")
    for number in range(5):
        aws.perform(PutObject(bucket="inbox", key=f"{number}", body=b""))
    assert len(aws.client("s3").list_objects_v2(Bucket="inbox")["Contents"]) == 2
    assert list(aws.buckets["inbox"]) == ["0", "1", "2", "3", "4"]


def test_a_function_in_lambda_steers(aws: AwsBackend, lambda_server: LambdaServer) -> None:
    events = []
    lambda_server.functions[GATE] = lambda event: events.append(event) or {"disposition": "Stop_Rule_Set"}
    outcome = aws.perform(invoke())
    assert (outcome.flow, outcome.value, outcome.log) == (
        Flow.STOP_RULE_SET,
        {"disposition": "Stop_Rule_Set"},
        "START é\n",
    )
    assert events == [{"Records": [{"é": 1}]}]
    (run,) = aws.invocations
    assert (run.payload, run.returned) == ('{"Records":[{"é":1}]}', {"disposition": "Stop_Rule_Set"})


def test_an_event_invocation_in_lambda_is_not_waited_for(aws: AwsBackend, lambda_server: LambdaServer) -> None:
    events: list[Any] = []
    lambda_server.functions[GATE] = events.append
    assert aws.perform(invoke("Event")).flow is Flow.CONTINUE
    assert len(events) == 1


def test_a_function_that_fails_in_lambda_is_a_failure(aws: AwsBackend, lambda_server: LambdaServer) -> None:
    lambda_server.functions[GATE] = lambda event: {"errorType": "ValueError", "errorMessage": "no such\ncustomer"}
    assert aws.perform(invoke()).error == "function `gate` raised ValueError: no such\\x0acustomer"
    assert aws.invocations[0].returned["errorType"] == "ValueError"


def test_a_registered_function_runs_here_in_place_of_lambdas(aws: AwsBackend, lambda_server: LambdaServer) -> None:
    lambda_server.functions[GATE] = lambda event: {"disposition": "STOP_RULE"}
    aws.functions["gate"] = Always({"disposition": "CONTINUE"})
    assert aws.perform(invoke()).value == {"disposition": "CONTINUE"}


def test_a_key_that_is_not_there_is_one_sentence(aws: AwsBackend) -> None:
    aws.client("s3").create_bucket(Bucket="inbox")
    arn = f"arn:aws:kms:{REGION}:123456789012:key/gone"
    outcome = aws.perform(PutObject(bucket="inbox", key="k", body=b"x", kms_key_arn=arn, encryption_context={}))
    assert outcome.error.startswith(f"unable to use the KMS key `{arn}`: NotFoundException: ")
    assert len(outcome.error.splitlines()) == 1


def test_an_endpoint_that_is_not_there_is_one_sentence_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    backend = AwsBackend(endpoint_url=f"http://127.0.0.1:{port}")
    for effect, words in (
        (
            PutObject(bucket="inbox", key="k", body=b""),
            "could not write to the bucket `inbox`: EndpointConnectionError: ",
        ),
        (
            Publish(topic_arn="arn:aws:sns:us-east-1:1:mail", subject="s", message="m"),
            "could not publish to the SNS topic",
        ),
        (invoke(), f"could not invoke the Lambda function `{GATE}`: EndpointConnectionError: "),
    ):
        error = backend.perform(effect).error
        assert error.startswith(words)
        assert len(error.splitlines()) == 1


def test_what_boto3_would_not_send_is_one_sentence(aws: AwsBackend) -> None:
    aws.client("s3").create_bucket(Bucket="inbox")
    outcome = aws.perform(PutObject(bucket="inbox", key="k", body=b"", metadata={"a": "é"}))
    assert outcome.error.startswith("could not write to the bucket `inbox`: ParamValidationError: ")
    assert len(outcome.error.splitlines()) == 1


def test_no_real_credentials_go_to_a_local_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "secret")
    credentials = AwsBackend(endpoint_url="http://localhost:5000")._session.get_credentials().get_frozen_credentials()
    assert "secret" not in tuple(credentials)


@pytest.mark.parametrize("fields, words", [
    ({"endpoint_url": "localhost:5000"}, "endpoint_url: expected `http://host:port` but got `localhost:5000`"),
    ({"endpoint_url": "ftp://x"}, "endpoint_url: expected `http://host:port` but got `ftp://x`"),
    ({"clients": {"sqs": None}}, "clients: expected s3, sns, kms or lambda but got `sqs`"),
])  # fmt: skip
def test_settings_that_cannot_work_are_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        AwsBackend(**fields)
    assert str(caught.value) == words


def test_it_says_that_it_cannot_be_sent_to_another_process() -> None:
    with pytest.raises(InputError, match="an AwsBackend cannot be sent to another process: replay with threads"):
        pickle.dumps(AwsBackend(endpoint_url="http://127.0.0.1:5000"))


def test_without_boto3_the_error_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['boto3'] = None\n"
        "from sesreceive.backends.aws import AwsBackend\n"
        "try: AwsBackend()\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "AwsBackend needs `boto3`: install it with `pip install 'sesreceive[aws]'`\n"


def test_the_backends_load_no_boto3_before_they_need_it() -> None:
    program = (
        "import sys, sesreceive.backends.memory, sesreceive.backends.directory, sesreceive.backends.aws\n"
        "print(sorted({'boto3', 'botocore', 'smtplib', 'pandas'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


class Died(BaseException):
    """What stands in for the end of the process."""


def test_mail_for_aws_is_kept_in_the_state_folder_of_the_user(
    tmp_path: Path, aws: AwsBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert aws.spool_path.parent == tmp_path / "sesreceive"
    aws.client("s3").create_bucket(Bucket="inbox")
    account = make_account(make_rule("all", ses.S3Action(bucket_name="inbox")))
    perform = aws.perform

    def die(effect: Any) -> Any:
        raise Died

    monkeypatch.setattr(aws, "perform", die)
    with ses.Receiver(account, backend=aws).smtp() as server:
        sent = ses.send(MESSAGE, to=server, mail_from="ana@example.org", rcpt_to=("bo@example.com",))
    waiting = Spool.waiting(aws.spool_path)
    assert str(sent.reply) == f"250 OK {waiting[0]}"
    monkeypatch.setattr(aws, "perform", perform)
    with ses.Receiver(account, backend=aws).smtp() as server:
        server.wait_for(1, PATIENCE_S)
    assert tuple(aws.buckets["inbox"]) == waiting
    assert Spool.waiting(aws.spool_path) == ()
