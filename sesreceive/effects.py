"""Effects: what an action asks the world to do, named by the AWS operation, and what came of it.

An effect is a value; nothing happens until a backend performs it. Swapping the backend gives a dry run, a
what-if, memory, a directory or real AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from sesreceive.flow import Flow
from sesreceive.later import made_when_read, size_of
from sesreceive.shown import Shown

__all__ = [
    "Backend",
    "DeliverToWorkMail",
    "Effect",
    "Flow",
    "Invoke",
    "Outcome",
    "Publish",
    "PutObject",
    "SendBounce",
    "StartContact",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect(Shown):
    """Base of the effects.

    Attributes
    ----------
    rule : str
        Name of the rule whose action asks for it.
    action : int
        Position of that action in the rule, from 0.
    message_id : str
        SES message id of the mail.
    """

    operation: ClassVar[str] = ""

    rule: str = ""
    action: int = -1
    message_id: str = ""

    @property
    def target(self) -> str:
        """What is touched: a bucket, topic, function, address or organisation."""
        return ""

    def describe(self) -> str:
        """The effect as part of a sentence."""
        return f"{self.operation} {self.target}"


@made_when_read("body")
@dataclass(frozen=True, slots=True, kw_only=True)
class PutObject(Effect):
    """S3 ``PutObject``: the stored message and where it goes.

    Attributes
    ----------
    body : bytes
        The message with the headers SES adds. With `kms_key_arn` the backend encrypts it before it is stored.
    kms_key_arn : str
        KMS key of the client-side encryption; empty for none.
    encryption_context : mapping of str to str
        What the data key is bound to; the material description of the stored object.
    """

    operation: ClassVar[str] = "PutObject"

    bucket: str
    key: str
    body: bytes = field(repr=False)
    content_type: str = "application/octet-stream"
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)
    kms_key_arn: str = ""
    encryption_context: Mapping[str, str] = field(default_factory=dict, hash=False)
    iam_role_arn: str = ""

    @property
    def target(self) -> str:
        """The bucket."""
        return self.bucket

    def describe(self) -> str:
        """Bucket, key and size."""
        return f"PutObject s3://{self.bucket}/{self.key} ({size_of(self, 'body')} bytes)"


@made_when_read("message")
@dataclass(frozen=True, slots=True, kw_only=True)
class Publish(Effect):
    """SNS ``Publish``: `message` is the notification JSON as a string."""

    operation: ClassVar[str] = "Publish"

    topic_arn: str
    subject: str
    message: str = field(repr=False)

    @property
    def target(self) -> str:
        """The topic."""
        return self.topic_arn

    def describe(self) -> str:
        """Topic and subject."""
        return f"Publish {self.topic_arn} `{self.subject}`"


@made_when_read("payload")
@dataclass(frozen=True, slots=True, kw_only=True)
class Invoke(Effect):
    """Lambda ``Invoke``: `payload` is the event JSON as a string.

    `envelope` says how the envelope is known where it was not given; the event of SES has no place for it, so the
    function is told in its context.
    """

    operation: ClassVar[str] = "Invoke"

    function_arn: str
    invocation_type: str = "Event"
    payload: str = field(repr=False)
    envelope: str = field(default="", repr=False, compare=False)

    @property
    def target(self) -> str:
        """The function."""
        return self.function_arn

    def describe(self) -> str:
        """Function and invocation type."""
        return f"Invoke {self.function_arn} ({self.invocation_type})"


@made_when_read("raw")
@dataclass(frozen=True, slots=True, kw_only=True)
class SendBounce(Effect):
    """A delivery status notification from `sender` to the envelope sender of the mail.

    Attributes
    ----------
    recipients : tuple of str
        The recipients it reports about.
    raw : bytes
        The DSN as it would be sent.
    """

    operation: ClassVar[str] = "SendBounce"

    sender: str
    destination: str
    recipients: tuple[str, ...] = ()
    smtp_reply_code: str = ""
    status_code: str = ""
    message: str = ""
    raw: bytes = field(repr=False, default=b"")

    @property
    def target(self) -> str:
        """The address the bounce goes to."""
        return self.destination

    def describe(self) -> str:
        """Destination and diagnostic."""
        code = " ".join(filter(None, (self.smtp_reply_code, self.status_code, self.message)))
        return f"SendBounce to {self.destination or '<>'} `{code}`"


@made_when_read("raw")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverToWorkMail(Effect):
    """Delivery to the mailboxes of a WorkMail organisation."""

    operation: ClassVar[str] = "DeliverToWorkMail"

    organization_arn: str
    recipients: tuple[str, ...] = ()
    raw: bytes = field(repr=False, default=b"")

    @property
    def target(self) -> str:
        """The organisation."""
        return self.organization_arn


@made_when_read("raw")
@dataclass(frozen=True, slots=True, kw_only=True)
class StartContact(Effect):
    """A new e-mail contact in a Connect instance (Connect ``StartEmailContact``)."""

    operation: ClassVar[str] = "StartEmailContact"

    instance_arn: str
    iam_role_arn: str = ""
    raw: bytes = field(repr=False, default=b"")

    @property
    def target(self) -> str:
        """The instance."""
        return self.instance_arn


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Shown):
    """What came of an effect.

    Attributes
    ----------
    flow : Flow
        Where evaluation goes next; only a Lambda function says anything but ``CONTINUE``.
    error : str
        Why it failed, as one sentence; empty when it did not.
    reason : str
        What happened, as one sentence, where there is more to say than "done".
    value : object
        What the function returned, or the id the service gave.
    log : str
        What the function wrote.
    permanent : bool
        Whether trying again cannot help, as with a key that is too long; SES then gives up at once [documented].
    remedy : str
        What would mend the error, as a sentence, where that is known: a statement to add to a policy.
    """

    flow: Flow = Flow.CONTINUE
    error: str = ""
    reason: str = ""
    value: Any = None
    log: str = ""
    permanent: bool = False
    remedy: str = ""

    @property
    def failed(self) -> bool:
        """Whether the effect did not take place."""
        return bool(self.error)

    @property
    def complaint(self) -> str:
        """The error with what would mend it, as one sentence."""
        return f"{self.error}; {self.remedy}" if self.remedy else self.error


class Backend(Protocol):
    """Where effects take place: memory, a directory or AWS."""

    def perform(self, effect: Effect) -> Outcome:
        """Carry the effect out; a failure is an `Outcome` with an `error`, never an exception."""
        ...
