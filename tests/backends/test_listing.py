"""Mail out of a real bucket: a boto3 resource, its objects, encrypted ones with a KMS client."""

from __future__ import annotations

from typing import Any

import pytest

import sesreceive as ses
from sesreceive.backends.aws import AwsBackend

RAW = b"From: ana@example.org\r\nTo: list@example.net\r\n\r\nbody\r\n"


def test_a_boto3_bucket_is_replayed(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
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
    for name, value in (
        ("ENDPOINT_URL", moto_url), ("DEFAULT_REGION", "us-east-1"), ("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"),
    ):  # fmt: skip
        monkeypatch.setenv(f"AWS_{name}", value)
    for source in (resource.Bucket("listed"), list(resource.Bucket("listed").objects.all()), "s3://listed"):
        report = ses.Receiver(account).replay(source, kms=backend.client("kms"))
        assert {one.message_id for one in report} == {first.message_id}
        assert [one.envelope.rcpt_to for one in report] == [("Bo+x@example.com",)] * 2
        assert list(report.passed_over["why"]) == ["setup notification"]
    plain = ses.Receiver(account).replay("s3://listed/plain/")
    assert [one.name for one in plain] == [f"plain/{first.message_id}"]
    for key in ("odd#1?/a.eml", "odd/b.eml"):  # letters of a key, though a URL means something else by them
        backend.client("s3").put_object(Bucket="listed", Key=key, Body=RAW)
    assert [one.name for one in ses.Receiver(account).replay("s3://listed/odd#1?/")] == ["odd#1?/a"]
    with pytest.raises(ses.InputError, match=r"`s3://not-there/x` cannot be listed: .*404"):
        ses.Receiver(account).replay("s3://not-there/x")
    with pytest.raises(ses.InputError, match=r"expected `s3://bucket/prefix` but got `s3://`"):
        ses.Receiver(account).replay("s3://")
    without = ses.Receiver(account, backend=ses.MemoryBackend()).replay(resource.Bucket("listed"))
    assert sorted(without.passed_over["why"]) == ["broken", "setup notification"]
