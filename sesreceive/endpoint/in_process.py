"""moto inside a program, with receiving: boto3 talks to both without a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sesreceive.account.account import Account
from sesreceive.backends.aws import AwsBackend
from sesreceive.control.requests import REQUESTS
from sesreceive.control.service import Service
from sesreceive.endpoint.callers import scope_of
from sesreceive.endpoint.functions import FunctionRunner
from sesreceive.endpoint.moto_parts import prepared, require_moto
from sesreceive.endpoint.received_mail import EndpointReceiver, ReceivedMail
from sesreceive.endpoint.receiving import answer, control_in
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception

__all__ = ["MockedAws", "mock_aws_receiving"]

_EVENT = "before-send.ses."


class MockedAws:
    """What `mock_aws_receiving` gives: the receiving side, to hand mail to.

    Attributes
    ----------
    service : Service
        The control planes, by region.
    mail : ReceivedMail
        What was received.
    """

    def __init__(self, service: Service, mail: ReceivedMail) -> None:
        self.service, self.mail = service, mail

    @property
    def receiver(self) -> Receiver:
        """The receiver of the first region: ``aws.receiver.smtp()`` takes live mail."""
        return next(iter(self.service.values())).receiver

    def receive(self, raw: bytes, *, region: str | None = None, **envelope: Any) -> Reception:
        """What becomes of a message that arrives in a region, the first one by default; see `Receiver.receive`."""
        receiver = self.receiver if region is None else control_in(self.service, region).receiver
        return receiver.receive(raw, **envelope)

    def __repr__(self) -> str:
        """One line: account and regions."""
        return f"<MockedAws: {self.service!r}>"


@contextmanager
def mock_aws_receiving(receiver: Receiver | None = None, *, region: str = "us-east-1") -> Iterator[MockedAws]:
    r"""Meanwhile, boto3 in this process talks to moto, and for the receiving operations of SES to this library.

    As ``moto.mock_aws``, which it starts. Mail meets the rules that boto3 has made, and lands in moto's S3 and SNS;
    functions that were created run for real, in a process of their own, where they find no AWS: give programs that
    call AWS themselves an `Endpoint`.

    Parameters
    ----------
    receiver : Receiver, optional
        Whose account, resolver, scanners, clock and assumptions it begins with. ARNs fit where the account has the id
        that moto gives, which is 123456789012 by default. An empty account by default.
    region : str
        Of that empty account.

    Raises
    ------
    MissingExtraError
        When moto is not installed.
    InputError
        When another one of the same account runs in this process.

    Examples
    --------
    >>> import boto3
    >>> with mock_aws_receiving() as aws:
    ...     _ = boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="inbox")
    ...     client = boto3.client("ses", region_name="us-east-1")
    ...     _ = client.verify_domain_identity(Domain="example.com")
    ...     _ = client.create_receipt_rule_set(RuleSetName="main")
    ...     store = {"Name": "all", "Enabled": True, "Actions": [{"S3Action": {"BucketName": "inbox"}}]}
    ...     _ = client.create_receipt_rule(RuleSetName="main", Rule=store)
    ...     _ = client.set_active_receipt_rule_set(RuleSetName="main")
    ...     aws.receive(b"Subject: hello\r\n\r\nbody\r\n", rcpt_to=["bo@example.com"]).effects[0].bucket
    'inbox'
    """
    require_moto()
    import boto3
    from moto import mock_aws
    from moto.core.botocore_stubber import BotocoreStubber
    from moto.core.models import DEFAULT_ACCOUNT_ID

    mail = ReceivedMail()
    like = receiver or Receiver(Account(region=region, account_id=DEFAULT_ACCOUNT_ID))
    session = boto3.Session(aws_access_key_id="sesreceive", aws_secret_access_key="sesreceive")
    functions = getattr(like.backend, "functions", None)
    backend = AwsBackend(session, region=like.account.region, functions=functions, spool=False)
    first = EndpointReceiver.like(like, mail, backend=backend)
    service = Service([first], received=mail)
    stub = BotocoreStubber.__call__

    def called(stubber: Any, event_name: str, request: Any, **others: Any) -> Any:
        # Whatever is of another service goes on untouched: reading its body would empty it.
        operation = event_name.removeprefix(_EVENT)
        if not stubber.enabled or not event_name.startswith(_EVENT) or operation not in REQUESTS:
            return stub(stubber, event_name, request, **others)
        return _response(service, request)

    with mock_aws(), prepared(service, FunctionRunner({})), patch.object(BotocoreStubber, "__call__", called):
        yield MockedAws(service, mail)


def _response(service: Service, request: Any) -> Any:
    from botocore.awsrequest import AWSResponse
    from moto.core.botocore_stubber import MockRawResponse

    signed = request.headers.get("Authorization", b"")
    scope = scope_of({"HTTP_AUTHORIZATION": signed.decode("latin-1") if isinstance(signed, bytes) else signed})
    body = request.body or b""
    form = body.encode() if isinstance(body, str) else bytes(body)
    answered = answer(service, scope.region or next(iter(service)), form)
    headers = {"Content-Type": "text/xml", "x-amzn-RequestId": answered.request_id}
    return AWSResponse(request.url, answered.status, headers, MockRawResponse(answered.document))
