"""S3Action: the message as an object in a bucket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from sesreceive import limits
from sesreceive.account.action import ReceiptAction
from sesreceive.account.member import member
from sesreceive.actions.shared_members import iam_role_arn, topic_arn
from sesreceive.backends.kms_envelope import encryption_context
from sesreceive.effects import Effect, Publish, PutObject
from sesreceive.writing.notification import action_object
from sesreceive.writing.setup import (
    SETUP_MESSAGE_ID,
    SETUP_SUBJECT,
    object_key,
    setup_notification,
    setup_object,
)

if TYPE_CHECKING:
    from sesreceive.actions.context import ActionContext

__all__ = ["S3Action"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class S3Action(ReceiptAction):
    """Write the message, with the headers SES adds, to an S3 bucket.

    Attributes
    ----------
    bucket_name : str
        The bucket. Outside the regions that receive mail it needs an `iam_role_arn` [documented].
    object_key_prefix : str, optional
        What the object key starts with; SES puts a ``/`` behind it where there is none. Notifications tell an
        empty prefix from one that was not set.
    kms_key_arn : str, optional
        Key the object is encrypted with, client-side, before it is written.
    topic_arn : str, optional
        Topic to notify afterwards.
    iam_role_arn : str, optional
        Role SES takes on for bucket, key and topic; 20 to 2048 characters.

    Examples
    --------
    >>> S3Action(bucket_name="inbox", object_key_prefix="invoices/")
    S3Action(bucket_name='inbox', object_key_prefix='invoices/')

    References
    ----------
    Amazon SES Developer Guide, "Deliver to S3 bucket action"; API Reference, S3Action.
    """

    api_name: ClassVar[str] = "S3Action"
    title: ClassVar[str] = "Deliver to an S3 bucket"

    bucket_name: str = field(
        metadata=member(
            "BucketName",
            doc="bucket to write to, in any region",
            required=True,
            min=1,
            pattern=limits.BUCKET_NAME,
            example="inbox",
        )
    )
    object_key_prefix: str | None = field(
        default=None,
        metadata=member(
            "ObjectKeyPrefix",
            doc="what the object key starts with, like a folder; empty is not the same as not set",
            example="invoices/",
        ),
    )
    kms_key_arn: str | None = field(
        default=None,
        metadata=member(
            "KmsKeyArn",
            doc="key to encrypt the object with before it is written",
            pattern=limits.KMS_KEY_ARN,
            arn="kms",
            example="arn:aws:kms:us-east-1:111122223333:alias/aws/ses",
        ),
    )
    topic_arn: str | None = field(default=None, metadata=topic_arn("topic to notify when the object was written"))
    iam_role_arn: str | None = field(
        default=None, metadata=iam_role_arn("IamRoleArn", "role SES takes on for bucket, key and topic")
    )

    def object_key(self, message_id: str) -> str:
        """The key of a message: SES puts a ``/`` between prefix and id where there is none [observed].

        Examples
        --------
        >>> S3Action(bucket_name="inbox", object_key_prefix="mail").object_key("0vfh")
        'mail/0vfh'
        """
        return object_key(self.object_key_prefix, message_id)

    def describe(self, context: ActionContext) -> str:
        """Bucket and key."""
        encrypted = f", encrypted with `{self.kms_key_arn}`" if self.kms_key_arn else ""
        return (
            f"stores the message as `{self.object_key(context.receipt.message_id)}` in `{self.bucket_name}`{encrypted}"
        )

    def effects(self, context: ActionContext) -> Sequence[PutObject]:
        """One object: the headers SES adds and the message as it came."""
        receipt = context.receipt
        bound_to: dict[str, str] = {}
        if self.kms_key_arn:
            bound_to = encryption_context(
                message_id=receipt.message_id,
                rule_name=context.rule.name,
                account_id=receipt.account_id,
                kms_key_arn=self.kms_key_arn,
            )
        return (
            PutObject(
                bucket=self.bucket_name,
                key=self.object_key(receipt.message_id),
                body=context.later_message,
                content_type=receipt.assumptions.object_content_type,
                kms_key_arn=self.kms_key_arn or "",
                encryption_context=bound_to,
                iam_role_arn=self.iam_role_arn or "",
                **context.about,
            ),
        )

    def notifies(self, context: ActionContext) -> dict[str, Any]:
        """The action as notifications show it; ``objectKeyPrefix`` only where it was set [observed]."""
        return self._told(context.receipt.message_id)

    def sets_up(self, at: datetime) -> Sequence[Effect]:
        """The setup object, and the setup notification to the topic [observed]."""
        key = self.object_key(SETUP_MESSAGE_ID)
        put = PutObject(bucket=self.bucket_name, key=key, body=setup_object(at), message_id=SETUP_MESSAGE_ID)
        if not self.topic_arn:
            return (put,)
        message = setup_notification(at, self._told(SETUP_MESSAGE_ID))
        told = Publish(topic_arn=self.topic_arn, subject=SETUP_SUBJECT, message=message, message_id=SETUP_MESSAGE_ID)
        return (put, told)

    def _told(self, message_id: str) -> dict[str, str]:
        return action_object(
            "S3",
            topicArn=self.topic_arn,
            bucketName=self.bucket_name,
            objectKeyPrefix=self.object_key_prefix,
            objectKey=self.object_key(message_id),
        )
