"""A data folder: what was made is there again after a restart, and no credential ever lies in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sesreceive as ses
from sesreceive.endpoint.kept import Kept
from sesreceive.endpoint.local_endpoint import Endpoint
from sesreceive.errors import InputError
from tests.endpoint.conftest import Clients, get, make_function, send
from tests.endpoint.test_boto3 import make_mail_system

SECRETS = ("AKIASECRETKEY", "verysecret", "sessiontoken")


def state(aws: Clients) -> dict[str, object]:
    """What a client sees, ids and times included."""
    described = aws.ses.describe_active_receipt_rule_set()
    described.pop("ResponseMetadata")
    return {
        "active": described,
        "filters": aws.ses.list_receipt_filters()["Filters"],
        "identities": aws.ses.list_identities()["Identities"],
        "subscriptions": aws.sns.list_subscriptions()["Subscriptions"],
        "objects": sorted(one["Key"] for one in aws.s3.list_objects_v2(Bucket="inbox").get("Contents", ())),
        "keys": [one["KeyId"] for one in aws.kms.list_keys()["Keys"]],
        "code": aws.lambda_.get_function(FunctionName="gate")["Configuration"]["CodeSha256"],
        "stacks": sorted(one["StackName"] for one in aws.cloudformation.describe_stacks()["Stacks"]),
        "sets": [one["Name"] for one in aws.ses.list_receipt_rule_sets()["RuleSets"]],
    }


@pytest.mark.slow
def test_everything_is_there_again(tmp_path: Path) -> None:
    template = {"Resources": {"Set": {"Type": "AWS::SES::ReceiptRuleSet"}}}
    with Endpoint(data=tmp_path / "data") as endpoint:
        aws = Clients(endpoint.url)
        make_mail_system(aws)
        key = aws.kms.create_key()["KeyMetadata"]["KeyId"]
        sealed = aws.kms.encrypt(KeyId=key, Plaintext=b"text")["CiphertextBlob"]
        aws.cloudformation.create_stack(StackName="more", TemplateBody=json.dumps(template))
        upload = aws.s3.create_multipart_upload(Bucket="inbox", Key="large")["UploadId"]
        where = {"Bucket": "inbox", "Key": "large", "UploadId": upload}
        part = aws.s3.upload_part(**where, PartNumber=1, Body=b"x" * 1000)["ETag"]
        aws.s3.complete_multipart_upload(**where, MultipartUpload={"Parts": [{"ETag": part, "PartNumber": 1}]})
        send(endpoint, "bo@example.com")
        assert get(endpoint, "/messages?wait=60")["messages"][0]["failed"] == 0
        before = state(aws)
    assert len(before["sets"]) == 2
    with Endpoint(data=tmp_path / "data") as endpoint:
        aws = Clients(endpoint.url)
        assert endpoint.not_made == []
        assert state(aws) == before
        assert aws.kms.decrypt(KeyId=key, CiphertextBlob=sealed)["Plaintext"] == b"text"
        send(endpoint, "bo@example.com")
        assert get(endpoint, "/messages?wait=60")["messages"][0]["failed"] == 0
        assert len(state(aws)["objects"]) == len(before["objects"]) + 2
        aws.cloudformation.delete_stack(StackName="more")
        assert len(state(aws)["sets"]) == 1


@pytest.mark.slow
def test_no_credential_is_kept(tmp_path: Path) -> None:
    import boto3
    import requests

    with Endpoint(data=tmp_path) as endpoint:
        s3 = boto3.client(
            "s3", endpoint_url=endpoint.url, region_name="us-east-1", aws_access_key_id=SECRETS[0],
            aws_secret_access_key=SECRETS[1], aws_session_token=SECRETS[2],
        )  # fmt: skip
        s3.create_bucket(Bucket="inbox")
        url = s3.generate_presigned_url("put_object", Params={"Bucket": "inbox", "Key": "later"})
        assert requests.put(url, data=b"later", timeout=60).ok
        s3.put_object(Bucket="inbox", Key="sealed", Body=b"x", SSECustomerAlgorithm="AES256", SSECustomerKey="k" * 32)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()).decode("latin-1")
    assert "inbox" in written
    assert [secret for secret in (*SECRETS, "Signature", "customer-key", "CUSTOMER_KEY") if secret in written] == []
    with Endpoint(data=tmp_path) as endpoint:
        assert Clients(endpoint.url).s3.get_object(Bucket="inbox", Key="later")["Body"].read() == b"later"


@pytest.mark.slow
def test_a_function_does_not_run_again_because_of_a_restart(tmp_path: Path) -> None:
    counting = """
import boto3
def handler(event, context):
    boto3.client("s3").put_object(Bucket="seen", Key=context.aws_request_id, Body=b"")
"""
    with Endpoint(data=tmp_path) as endpoint:
        aws = Clients(endpoint.url)
        aws.s3.create_bucket(Bucket="seen")
        aws.s3.create_bucket(Bucket="inbox")
        told = {"LambdaFunctionArn": make_function(aws, "count", counting), "Events": ["s3:ObjectCreated:*"]}
        aws.s3.put_bucket_notification_configuration(
            Bucket="inbox", NotificationConfiguration={"LambdaFunctionConfigurations": [told]}
        )
        aws.s3.put_object(Bucket="inbox", Key="one", Body=b"")
        seen = [one["Key"] for one in aws.s3.list_objects_v2(Bucket="seen")["Contents"]]
        assert len(seen) == 1
    with Endpoint(data=tmp_path) as endpoint:
        assert [one["Key"] for one in Clients(endpoint.url).s3.list_objects_v2(Bucket="seen")["Contents"]] == seen


def test_two_endpoints_do_not_share_a_folder(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    with pytest.raises(InputError, match="another process uses"):
        Kept(tmp_path)
    kept.close()
    Kept(tmp_path).close()


@pytest.mark.slow
def test_a_folder_that_began_with_another_account_is_refused(tmp_path: Path) -> None:
    with Endpoint(data=tmp_path):
        pass
    other = ses.Receiver(ses.Account(region="eu-west-1"))
    with pytest.raises(InputError, match="began with another account"):
        Endpoint(other, data=tmp_path).start()
    with Endpoint(other, data=tmp_path, go_on=True) as endpoint:
        assert endpoint.region == "us-east-1"


# What stands in the file, and a part of the sentence; a last line without an end was never answered.
FILES = [
    (b"",                                         ""),
    (b'{"format": 1',                             ""),
    (b"hello\n",                                  "line 1 is not JSON"),
    (b"[]\n",                                     "line 1: expected a JSON object"),
    (b"{}\n",                                     "line 1: expected the account"),
    (b'{"format": 1, "account": {}}\n{}\n',       "line 2: expected a request"),
    (b'{"format": 1, "account": {}}\n{"at":',     ""),
]  # fmt: skip


@pytest.mark.parametrize("content, sentence", FILES)
@pytest.mark.slow
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "requests.jsonl").write_bytes(content)
    endpoint = Endpoint(data=tmp_path)
    if not sentence:
        with endpoint:
            assert endpoint.running
        return
    with pytest.raises(InputError, match=sentence):
        endpoint.start()
    assert not endpoint.running
    Kept(tmp_path).close()  # the folder is free again


def test_a_file_in_the_place_of_the_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(InputError, match="is a file: expected a folder"):
        Endpoint(data=tmp_path / "data").start()
