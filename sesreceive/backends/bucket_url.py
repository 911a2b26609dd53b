"""The objects at `s3://bucket/prefix`, by boto3 and its ordinary credentials."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sesreceive.errors import InputError, MissingExtraError, one_line

__all__ = ["is_bucket_url", "objects_at"]

_SCHEME = "s3://"


def is_bucket_url(source: object) -> bool:
    """Whether it names objects of S3.

    Examples
    --------
    >>> is_bucket_url("s3://inbox/mail/"), is_bucket_url("mail/")
    (True, False)
    """
    return isinstance(source, str) and source.lower().startswith(_SCHEME)


def objects_at(url: str) -> Iterable[Any]:
    """The objects whose keys begin with the prefix, listed as they are asked for; their content is read one by one.

    Parameters
    ----------
    url : str
        ``s3://bucket`` or ``s3://bucket/prefix``.

    Raises
    ------
    InputError
        When the URL names no bucket, or boto3 has no region or credentials for it.
    MissingExtraError
        When boto3 is not installed.
    """
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise MissingExtraError("boto3", extra="aws", purpose=f"mail at `{one_line(url)}`") from None
    # What stands behind the bucket is a prefix of keys as it is: `?`, `#` and `%` are letters of a key like others.
    bucket_name, _, prefix = url[len(_SCHEME) :].partition("/")
    if not bucket_name:
        raise InputError(f"expected `s3://bucket/prefix` but got `{one_line(url)}`")
    try:
        bucket = boto3.resource("s3").Bucket(bucket_name)
        bucket.meta.client.head_bucket(Bucket=bucket_name)  # said now, not in the middle of a run
    except (BotoCoreError, ClientError, ValueError) as error:
        raise InputError(f"`{one_line(url)}` cannot be listed: {one_line(error)}") from None
    found: Iterable[Any] = bucket.objects.filter(Prefix=prefix)
    return found
