"""Mail out of a real bucket: a boto3 resource, its objects, encrypted ones with a KMS client."""

from __future__ import annotations

from typing import Any

import sesreceive as ses
from sesreceive.backends.aws import AwsBackend

RAW = b"From: ana@example.org\r\nTo: list@example.net\r\n\r\nbody\r\n"


def test_a_boto3_bucket_is_replayed(moto_url: str) -> None:
    import boto3

    backend = AwsBackend(endpoint_url=moto_url, region="us-east-1")
    backend.client("s3").create_bucket(Bucket="listed")
    key = backend.client("kms").create_key()["KeyMetadata"]["Arn"]
    actions = tuple(
        ses.S3Action(bucket_name="listed", object_key_prefix=prefix, kms_key_arn=kms)
        for prefix, kms in (("plain/", None), ("secret/", key))
    )
    rule = ses.ReceiptRule(name="all", enabled=True, recipients=("example.com",), actions=actions)
    account = ses.Account(
        identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    )
    first = ses.Receiver(account, backend=backend).receive(
        RAW, client_ip="198.51.100.7", helo="mx", mail_from="ana@example.org", rcpt_to=["Bo+x@example.com"]
    )
    backend.client("s3").put_object(Bucket="listed", Key="AMAZON_SES_SETUP_NOTIFICATION", Body=b"x")
    resource: Any = boto3.resource(
        "s3", endpoint_url=moto_url, region_name="us-east-1", aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )  # fmt: skip
    for source in (resource.Bucket("listed"), list(resource.Bucket("listed").objects.all())):
        report = ses.Receiver(account).replay(source, kms=backend.client("kms"))
        assert {one.message_id for one in report} == {first.message_id}
        assert [one.envelope.rcpt_to for one in report] == [("Bo+x@example.com",)] * 2
        assert list(report.passed_over["why"]) == ["setup notification"]
    without = ses.Receiver(account, backend=ses.MemoryBackend()).replay(resource.Bucket("listed"))
    assert sorted(without.passed_over["why"]) == ["broken", "setup notification"]
