"""Client-side encryption of S3 objects: what SES does with ``KmsKeyArn``, and the way back.

The form is that of the S3 encryption client, version 1 with KMS [observed]: a data key from KMS encrypts the object
with AES-256-GCM, and the object's metadata says how. A reader needs `decrypt`, or any S3 encryption client with
legacy wrapping enabled.

References
----------
Amazon SES Developer Guide, "Deliver to S3 bucket action"; AWS KMS Developer Guide, "How Amazon SES uses AWS KMS".
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sesreceive.backends.local_kms import LocalKms
from sesreceive.errors import InputError, one_line
from sesreceive.json_input import parse_json
from sesreceive.writing.mail_object import compact_json

__all__ = [
    "EncryptedObject",
    "Kms",
    "LocalKms",
    "decrypt",
    "encrypt",
    "encrypt_with_key",
    "encryption_context",
    "is_encrypted",
]

_KEY, _IV, _CIPHER = "x-amz-key-v2", "x-amz-iv", "x-amz-cek-alg"
_WRAP, _CONTEXT, _TAG, _LENGTH = (
    "x-amz-wrap-alg",
    "x-amz-matdesc",
    "x-amz-tag-len",
    "x-amz-unencrypted-content-length",
)
_AES_GCM, _KMS_WRAP, _TAG_BITS = "AES/GCM/NoPadding", "kms", "128"
_IV_BYTES, _KEY_BYTES, _TAG_BYTES = 12, 32, 16
_S3_PREFIX = "x-amz-meta-"


class Kms(Protocol):
    """The two operations of KMS that are used, with boto3's signatures; `LocalKms` and a boto3 client have them."""

    def generate_data_key(self, *, KeyId: str, KeySpec: str, EncryptionContext: Mapping[str, str]) -> Any:  # noqa: N803
        """A new data key, in clear (``Plaintext``) and encrypted (``CiphertextBlob``)."""
        ...

    def decrypt(self, *, CiphertextBlob: bytes, EncryptionContext: Mapping[str, str]) -> Any:  # noqa: N803
        """The ``Plaintext`` of a blob that was encrypted in the same context."""
        ...


@dataclass(frozen=True, slots=True)
class EncryptedObject:
    """Body and user metadata of an encrypted S3 object; metadata keys are without ``x-amz-meta-``."""

    body: bytes = field(repr=False)
    metadata: Mapping[str, str]


def encryption_context(*, message_id: str, rule_name: str, account_id: str, kms_key_arn: str) -> dict[str, str]:
    """What the data key is bound to: three pairs [documented] and the key as configured [observed], in this order.

    Examples
    --------
    >>> list(encryption_context(message_id="0vfh", rule_name="store", account_id="111122223333", kms_key_arn="arn:…"))
    ['aws:ses:message-id', 'aws:ses:rule-name', 'aws:ses:source-account', 'kms_cmk_id']
    """
    return {
        "aws:ses:message-id": message_id,
        "aws:ses:rule-name": rule_name,
        "aws:ses:source-account": account_id,
        "kms_cmk_id": kms_key_arn,
    }


def encrypt_with_key(
    plaintext: bytes,
    *,
    data_key: bytes,
    encrypted_key: bytes,
    context: Mapping[str, str],
    iv: bytes | None = None,
) -> EncryptedObject:
    """The object as it lies in the bucket: ciphertext with its tag, 16 bytes longer than the plaintext.

    Parameters
    ----------
    plaintext : bytes
        The stored message.
    data_key : bytes
        32 bytes, to be used once.
    encrypted_key : bytes
        The same key as KMS encrypted it: its ``CiphertextBlob``.
    context : mapping of str to str
        What `encryption_context` gave; the whole of it is KMS's encryption context.
    iv : bytes, optional
        12 bytes; made from the data key where they are not given, which is safe because a key is used once.

    Raises
    ------
    ValueError
        When key or IV have another length.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(data_key) != _KEY_BYTES:
        raise ValueError(f"a data key has {_KEY_BYTES} bytes but got {len(data_key)}")
    iv = hmac.digest(data_key, b"iv", "sha256")[:_IV_BYTES] if iv is None else iv
    if len(iv) != _IV_BYTES:
        raise ValueError(f"an IV has {_IV_BYTES} bytes but got {len(iv)}")
    metadata = {
        _KEY: b64encode(encrypted_key).decode("ascii"),
        _IV: b64encode(iv).decode("ascii"),
        _CIPHER: _AES_GCM,
        _WRAP: _KMS_WRAP,
        _CONTEXT: compact_json(dict(context)),
        _TAG: _TAG_BITS,
        _LENGTH: str(len(plaintext)),
    }
    return EncryptedObject(AESGCM(data_key).encrypt(iv, plaintext, None), metadata)


def encrypt(plaintext: bytes, *, kms: Kms, key_arn: str, context: Mapping[str, str]) -> EncryptedObject:
    """The object encrypted with a new data key of `kms`; what KMS raises passes through.

    Parameters
    ----------
    plaintext : bytes
        The stored message.
    kms : Kms
        A boto3 KMS client, or a `LocalKms`.
    key_arn : str
        The key, as the action names it.
    context : mapping of str to str
        What `encryption_context` gave.
    """
    made = kms.generate_data_key(KeyId=key_arn, KeySpec="AES_256", EncryptionContext=dict(context))
    return encrypt_with_key(
        plaintext, data_key=made["Plaintext"], encrypted_key=made["CiphertextBlob"], context=context
    )


def is_encrypted(metadata: Mapping[str, str]) -> bool:
    """Whether an object with this metadata is encrypted in this form.

    Examples
    --------
    >>> is_encrypted({}), is_encrypted({"x-amz-meta-x-amz-key-v2": "c2FtcGxl"})
    (False, True)
    """
    return _KEY in _plain_keys(metadata)


def decrypt(body: bytes, metadata: Mapping[str, str], kms: Kms) -> bytes:
    """The message inside an encrypted object.

    Parameters
    ----------
    body : bytes
        The object.
    metadata : mapping of str to str
        Its user metadata; keys with or without ``x-amz-meta-``, in any case.
    kms : Kms
        Where the data key is decrypted: a boto3 KMS client, or the `LocalKms` that made it.

    Raises
    ------
    InputError
        When the object is not in this form, or body, key and metadata do not belong together. What KMS raises passes
        through.

    Examples
    --------
    >>> kms = LocalKms(seed=1)
    >>> bound_to = encryption_context(message_id="0vfh", rule_name="store", account_id="111122223333", kms_key_arn="k")
    >>> stored = encrypt(b"hello", kms=kms, key_arn="k", context=bound_to)
    >>> len(stored.body), decrypt(stored.body, stored.metadata, kms)
    (21, b'hello')
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    told = _plain_keys(metadata)
    for name, expected in ((_CIPHER, _AES_GCM), (_WRAP, _KMS_WRAP), (_TAG, _TAG_BITS)):
        if told.get(name, expected if name == _TAG else "") != expected:
            got = one_line(told.get(name, ""))
            raise InputError(f"encrypted object: expected `{expected}` in its metadata `{name}` but got `{got}`")
    iv, blob = _bytes(told, _IV), _bytes(told, _KEY)
    if len(iv) != _IV_BYTES:
        raise InputError(f"encrypted object: expected {_IV_BYTES} bytes in its metadata `{_IV}` but got {len(iv)}")
    key = kms.decrypt(CiphertextBlob=blob, EncryptionContext=_context(told))["Plaintext"]
    if len(body) < _TAG_BYTES:
        raise InputError(f"encrypted object: expected a body of at least {_TAG_BYTES} bytes but got {len(body)}")
    try:
        return AESGCM(key).decrypt(iv, body, None)
    except InvalidTag:
        raise InputError(
            "encrypted object: its body was changed, or does not belong to its metadata (AES-GCM tag does not match)"
        ) from None


def _plain_keys(metadata: Mapping[str, str]) -> dict[str, str]:
    return {name.lower().removeprefix(_S3_PREFIX): value for name, value in metadata.items()}


def _bytes(metadata: Mapping[str, str], name: str) -> bytes:
    if name not in metadata:
        raise InputError(f"encrypted object: expected `{name}` in its metadata but it has none")
    try:
        return b64decode(metadata[name], validate=True)
    except ValueError:
        got = one_line(metadata[name])
        raise InputError(f"encrypted object: expected base64 in its metadata `{name}` but got `{got}`") from None


def _context(metadata: Mapping[str, str]) -> dict[str, str]:
    try:
        context = parse_json(metadata.get(_CONTEXT, ""))
    except InputError:
        context = None
    if not isinstance(context, dict) or not all(isinstance(value, str) for value in context.values()):
        got = one_line(metadata.get(_CONTEXT, ""))
        raise InputError(
            f"encrypted object: expected a JSON object of texts in its metadata `{_CONTEXT}` but got `{got}`"
        )
    return context
