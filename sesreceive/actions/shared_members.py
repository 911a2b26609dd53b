"""Members that several actions share."""

from __future__ import annotations

from typing import Any

from sesreceive import limits
from sesreceive.account.member import member

__all__ = ["iam_role_arn", "topic_arn"]


def topic_arn(doc: str, *, required: bool = False) -> dict[str, Any]:
    """Metadata of ``TopicArn``: the topic has to lie in the region of the account."""
    return member(
        "TopicArn",
        doc=doc,
        required=required,
        pattern=limits.TOPIC_ARN,
        arn="sns",
        example="arn:aws:sns:us-east-1:111122223333:mail",
    )


def iam_role_arn(api: str, doc: str, *, required: bool = False) -> dict[str, Any]:
    """Metadata of a role; S3Action and ConnectAction spell it differently."""
    return member(
        api,
        doc=doc,
        required=required,
        min=limits.IAM_ROLE_ARN_MIN.value,
        max=limits.IAM_ROLE_ARN_MAX.value,
        pattern=limits.IAM_ROLE_ARN,
        example="arn:aws:iam::111122223333:role/ses-receiving",
    )
