"""The backend that carries effects out in AWS, or at anything that speaks its protocols."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from sesreceive import limits
from sesreceive.backends.base import BaseBackend
from sesreceive.backends.failure_plan import Failure, what_failed
from sesreceive.backends.memory import MemoryBackend
from sesreceive.backends.relay import Relay
from sesreceive.backends.stored import Bucket, Invocation, Listing, Published, StoredObject
from sesreceive.effects import (
    DeliverToWorkMail,
    Effect,
    Invoke,
    Outcome,
    Publish,
    PutObject,
    SendBounce,
    StartContact,
)
from sesreceive.errors import InputError, MissingExtraError, one_line
from sesreceive.functions.lambda_context import Called
from sesreceive.functions.registry import Function, outcome_of
from sesreceive.functions.result import error_of
from sesreceive.json_input import parse_json

__all__ = ["AwsBackend"]

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_SERVICES = ("s3", "sns", "kms", "lambda")

# The error codes of a target that is not there.
_ABSENT = {
    PutObject.operation: "NoSuchBucket",
    Publish.operation: "NotFound",
    Invoke.operation: "ResourceNotFoundException",
}


class AwsBackend(BaseBackend):
    """S3, SNS, KMS and Lambda through boto3, with the caller's own credentials or at a local endpoint.

    Objects are written to S3, notifications published to SNS, objects with a KMS key encrypted before they are
    written, functions called by Lambda, unless one is registered under ``backend.functions``: that one runs here.
    No public API sends a bounce for the mail of this library, reaches WorkMail or starts a contact as SES does:
    those are kept in ``backend.bounces``, ``.workmail`` and ``.contacts``; bounces may be relayed.

    Parameters
    ----------
    session : boto3.Session, optional
        Where clients come from; boto3's defaults where there is none. At a loopback `endpoint_url` the default is a
        session with dummy credentials.
    endpoint_url : str, optional
        One endpoint for all services, such as moto's, LocalStack's or MinIO's.
    region : str, optional
        Region of the clients, by default that of the session.
    clients : mapping of str to client, optional
        Clients to use for ``s3``, ``sns``, ``kms`` or ``lambda`` in place of new ones.
    functions, failures, relay
        As for `MemoryBackend`.
    spool : str, Path or False, optional
        Where a server keeps what it has accepted until it is processed; by default a folder for the region and
        endpoint in the state folder of the user (``~/.local/state/sesreceive``). False for none.

    Raises
    ------
    MissingExtraError
        When boto3 is not installed.

    Examples
    --------
    >>> backend = AwsBackend(endpoint_url="http://127.0.0.1:5000", region="us-east-1")
    >>> backend
    <AwsBackend us-east-1 at http://127.0.0.1:5000>
    """

    def __init__(
        self,
        session: Any = None,
        *,
        endpoint_url: str | None = None,
        region: str | None = None,
        clients: Mapping[str, Any] | None = None,
        functions: Mapping[str, Function] | None = None,
        failures: Iterable[Failure] = (),
        relay: str | Relay | None = None,
        spool: str | Path | Literal[False] | None = None,
    ) -> None:
        super().__init__(functions=functions, failures=failures, strict=True, relay=relay)
        try:
            import boto3
        except ImportError as error:
            raise MissingExtraError("boto3", extra="aws", purpose="AwsBackend") from error
        parts = urlsplit(endpoint_url or "http://aws")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(f"endpoint_url: expected `http://host:port` but got `{one_line(endpoint_url)}`")
        self.endpoint_url = endpoint_url
        if session is None:
            # A local endpoint takes any credentials; looking for real ones would ask the network.
            dummy = {"aws_access_key_id": "sesreceive", "aws_secret_access_key": "sesreceive"}
            session = boto3.Session(**(dummy if endpoint_url and parts.hostname in _LOOPBACK else {}))
        self._session = session
        self.region = region or session.region_name or "us-east-1"
        self._clients: dict[str, Any] = dict(clients or {})
        self._told = MemoryBackend()
        unknown = set(self._clients) - set(_SERVICES)
        if unknown:
            raise InputError(f"clients: expected s3, sns, kms or lambda but got `{one_line(min(unknown))}`")

        self._spool = spool

    @property
    def spool_path(self) -> Path | None:
        """Where a server keeps what it has accepted until it is processed; None for in memory."""
        if self._spool is False:
            return None
        if self._spool is not None:
            return Path(self._spool)
        # XDG Base Directory Specification: what outlives a restart, and is not worth a backup.
        state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
        where = hashlib.sha256(f"{self.region} {self.endpoint_url or 'aws'}".encode()).hexdigest()[:12]
        return state / "sesreceive" / f"spool-{where}"

    def client(self, service: str) -> Any:
        """The client for ``s3``, ``sns``, ``kms`` or ``lambda``, made on first use."""
        from botocore.config import Config

        with self._lock:
            if service not in self._clients:
                # SES itself tries again for four hours, so the client need not.
                config = Config(
                    retries={"total_max_attempts": 1},
                    connect_timeout=5,
                    read_timeout=limits.LAMBDA_TIMEOUT.value + 5,
                    s3={"addressing_style": "path"} if self.endpoint_url else None,
                )
                self._clients[service] = self._session.client(
                    service, region_name=self.region, endpoint_url=self.endpoint_url, config=config
                )
            return self._clients[service]

    def in_region(self, region: str) -> AwsBackend:
        """The same with clients for that region, and what they did in a list of its own."""
        if region == self.region:
            return self
        return AwsBackend(
            self._session,
            endpoint_url=self.endpoint_url,
            region=region,
            functions=self.functions,
            failures=self.failures,
            relay=self.relay,
            spool=self._spool,
        )

    def lacks(self, effect: Publish | Invoke) -> bool:
        """Whether the topic or function is not there; what may not be read counts as there."""
        if isinstance(effect, Invoke) and self.functions.find(effect.function_arn) is not None:
            return False
        try:
            if isinstance(effect, Invoke):
                self.client("lambda").get_function(FunctionName=effect.function_arn)
            else:
                self.client("sns").get_topic_attributes(TopicArn=effect.topic_arn)
        except Exception as error:  # noqa: BLE001 - botocore makes its exception classes at run time
            return _code(error) == _ABSENT[effect.operation]
        return False

    # ------------------------------------------------------------------ what is there

    @property
    def kms(self) -> Any:
        """The KMS client."""
        return self.client("kms")

    @property
    def buckets(self) -> Listing[Bucket]:
        """The buckets of the account, read from S3 each time; keys in S3's order."""
        return _S3Buckets(self.client("s3"))

    @property
    def topics(self) -> Listing[tuple[Published, ...]]:
        """What this backend has published, by topic ARN, in order; SNS itself keeps nothing."""
        return self._told.topics

    @property
    def invocations(self) -> tuple[Invocation, ...]:
        """Every call of a function, here or in Lambda, in order."""
        return self._told.invocations

    @property
    def bounces(self) -> tuple[SendBounce, ...]:
        """The bounces, in order; kept here."""
        return self._told.bounces

    @property
    def workmail(self) -> tuple[DeliverToWorkMail, ...]:
        """The deliveries to WorkMail, in order; kept here."""
        return self._told.workmail

    @property
    def contacts(self) -> tuple[StartContact, ...]:
        """The Connect contacts, in order; kept here."""
        return self._told.contacts

    # ------------------------------------------------------------------ where it goes

    def _store(self, stored: StoredObject) -> Outcome:
        answer = self.client("s3").put_object(
            Bucket=stored.bucket,
            Key=stored.key,
            Body=stored.body,
            ContentType=stored.content_type,
            Metadata=dict(stored.metadata),
        )
        return Outcome(value=answer.get("ETag"))

    def _publish(self, published: Published) -> Outcome:
        answer = self.client("sns").publish(
            TopicArn=published.topic_arn, Subject=published.subject, Message=published.message
        )
        self._told._publish(published)
        return Outcome(value=answer.get("MessageId"))

    def _record(self, record: SendBounce | DeliverToWorkMail | StartContact | Invocation) -> None:
        self._told._record(record)

    def _invoke_elsewhere(self, effect: Invoke) -> Outcome:
        waits = effect.invocation_type == "RequestResponse"
        answer = self.client("lambda").invoke(
            FunctionName=effect.function_arn,
            InvocationType=effect.invocation_type,
            Payload=effect.payload.encode("utf-8", "surrogatepass"),
            **({"LogType": "Tail"} if waits else {}),
        )
        returned = _parsed(answer["Payload"].read()) if waits else None
        failed = bool(answer.get("FunctionError"))
        called = Called(
            returned=returned,
            error=error_of(returned if isinstance(returned, dict) else {}) if failed else "",
            log=base64.b64decode(answer.get("LogResult", "")).decode("utf-8", "replace"),
        )
        self._record_call(effect, called)
        return outcome_of(called, effect)

    def _error(self, effect: Effect, error: Exception) -> str:
        """The service's answer, in the words of the other backends where the target is not there."""
        absent = _ABSENT.get(effect.operation) == _code(error)
        return what_failed(effect, absent=True) if absent else super()._error(effect, error)

    def _because(self, error: Exception) -> str:
        """The code and message of a service."""
        if not _code(error):
            return super()._because(error)
        return one_line(f"{_code(error)}: {error.response['Error'].get('Message', '')}")  # type: ignore[attr-defined]

    def _environment(self) -> dict[str, str]:
        """Handlers find the services at the endpoint; at AWS itself only with credentials given to the handler."""
        told = {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}
        return told | ({"AWS_ENDPOINT_URL": self.endpoint_url} if self.endpoint_url else {})

    def __getstate__(self) -> dict[str, Any]:
        """Settings without clients; given sessions and clients cannot be sent to another process."""
        raise InputError(
            "an AwsBackend cannot be sent to another process: replay with threads, or make one in each process"
        )

    def __repr__(self) -> str:
        """One line: region and endpoint; nothing is asked for it."""
        where = f" at {one_line(self.endpoint_url)}" if self.endpoint_url else ""
        return f"<AwsBackend {one_line(self.region)}{where}>"

    def _repr_html_(self) -> str:
        """What was done through this backend; S3 is not asked for it."""
        return self._html({})


class _S3Buckets(Listing[Bucket]):
    noun = "bucket"

    def __init__(self, client: Any) -> None:
        self.client = client

    def _names(self) -> Iterable[str]:
        return [bucket["Name"] for bucket in self.client.list_buckets()["Buckets"]]

    def _entry(self, name: str) -> Bucket | None:
        from botocore.exceptions import ClientError, ParamValidationError

        try:
            self.client.head_bucket(Bucket=name)
        except (ClientError, ParamValidationError):
            return None
        return _S3Bucket(name, self.client)


class _S3Bucket(Bucket):
    def __init__(self, name: str, client: Any) -> None:
        super().__init__(name)
        self.client = client

    def _names(self) -> Iterable[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return [one["Key"] for page in pages for one in page.get("Contents", ())]

    def _entry(self, name: str) -> StoredObject | None:
        from botocore.exceptions import ClientError, ParamValidationError

        try:
            answer = self.client.get_object(Bucket=self.name, Key=name)
        except (ClientError, ParamValidationError):
            return None
        return StoredObject(
            bucket=self.name,
            key=name,
            body=answer["Body"].read(),
            metadata=answer["Metadata"],
            content_type=answer["ContentType"],
        )


def _code(error: Exception) -> str:
    """The error code of a service's answer; empty where none came."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def _parsed(payload: bytes) -> Any:
    try:
        return parse_json(payload) if payload else None
    except InputError:
        return one_line(payload.decode("utf-8", "replace"))
