"""The buckets of a backend, as code written for boto3's S3 client asks for them."""

from __future__ import annotations

import io
from typing import Any

from sesreceive.backends.memory import MemoryBackend
from sesreceive.effects import PutObject
from sesreceive.errors import InputError, one_line

__all__ = ["BucketClient"]


class BucketClient:
    """What the functions of the gallery use of ``boto3.client("s3")``, on the buckets of a backend in memory.

    Examples
    --------
    >>> s3 = BucketClient(MemoryBackend())
    >>> s3.put_object(Bucket="inbox", Key="a/1", Body=b"Subject: hello")
    {}
    >>> s3.get_object(Bucket="inbox", Key="a/1")["Body"].read()
    b'Subject: hello'
    """

    def __init__(self, backend: MemoryBackend) -> None:
        self._backend = backend

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - the names of the API
        """The object; its body is read like a file.

        Raises
        ------
        InputError
            When there is no such object.
        """
        buckets = self._backend.buckets
        if Bucket not in buckets or Key not in buckets[Bucket]:
            raise InputError(
                f"bucket `{one_line(Bucket)}`: expected an object with the key `{one_line(Key)}` but got none"
            )
        return {"Body": io.BytesIO(buckets[Bucket][Key].body)}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> dict[str, Any]:  # noqa: N803 - the names of the API
        """The object is in the bucket.

        Raises
        ------
        InputError
            When it could not be stored.
        """
        outcome = self._backend.perform(PutObject(bucket=Bucket, key=Key, body=Body))
        if outcome.failed:
            raise InputError(one_line(outcome.error))
        return {}
