"""A key management service in memory: enough of AWS KMS for encrypted objects, with boto3's signatures."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from sesreceive.errors import SesReceiveError, one_line

__all__ = ["KmsError", "LocalKms"]

_NONCE_BYTES = 12


class KmsError(SesReceiveError):
    """KMS refuses: the key is not there or disabled, or blob and context do not belong together."""


class LocalKms:
    """Data keys made and decrypted in memory; what one instance encrypts, only one of the same seed decrypts.

    Parameters
    ----------
    seed : int or str, optional
        Makes the data keys the same on every run, whatever order the messages come in; without it they are random.
    disabled : collection of str
        Keys that refuse, to see what an unusable key does to a rule.

    Examples
    --------
    >>> kms = LocalKms(seed=1)
    >>> made = kms.generate_data_key(KeyId="alias/mail", KeySpec="AES_256", EncryptionContext={"a": "1"})
    >>> blob = made["CiphertextBlob"]
    >>> kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "1"})["Plaintext"] == made["Plaintext"]
    True
    >>> kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "2"})
    Traceback (most recent call last):
    sesreceive.backends.local_kms.KmsError: InvalidCiphertextException: the blob was not made here, or in another...
    """

    def __init__(self, seed: int | str | None = None, *, disabled: Collection[str] = ()) -> None:
        self.seed = seed
        self.disabled = frozenset(disabled)
        self._made: Counter[bytes] = Counter()
        self._master = os.urandom(32) if seed is None else hashlib.sha256(f"local kms {seed}".encode()).digest()

    def generate_data_key(
        self,
        *,
        KeyId: str,  # noqa: N803
        KeySpec: str = "AES_256",  # noqa: N803
        EncryptionContext: Mapping[str, str] | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        """A new 256-bit key: ``KeyId``, ``Plaintext`` and ``CiphertextBlob``.

        Raises
        ------
        KmsError
            When the key is disabled, or another kind of data key is asked for.
        """
        self._refuse_disabled(KeyId)
        if KeySpec != "AES_256":
            raise KmsError(f"ValidationException: expected the key spec AES_256 but got `{one_line(KeySpec)}`")
        bound = _canonical(EncryptionContext)
        if self.seed is None:
            plain, nonce = os.urandom(32), os.urandom(_NONCE_BYTES)
        else:
            # Counted per context, not over all: so a message has the same key whoever else is received meanwhile.
            number = self._made[bound]
            self._made[bound] += 1
            plain = self._derive(f"key {number} {KeyId}", bound)
            nonce = self._derive(f"nonce {number} {KeyId}", bound)[:_NONCE_BYTES]
        key_id = KeyId.encode("utf-8", "replace")
        sealed = self._cipher().encrypt(nonce, plain, key_id + b"\x00" + bound)
        blob = len(key_id).to_bytes(2, "big") + key_id + nonce + sealed
        return {"KeyId": KeyId, "Plaintext": plain, "CiphertextBlob": blob}

    def decrypt(
        self,
        *,
        CiphertextBlob: bytes,  # noqa: N803
        EncryptionContext: Mapping[str, str] | None = None,  # noqa: N803
        KeyId: str = "",  # noqa: N803
    ) -> dict[str, Any]:
        """The data key of a blob, as ``KeyId`` and ``Plaintext``.

        Raises
        ------
        KmsError
            When the blob was not made here, or in another context, or by another key than `KeyId`, or its key is
            disabled.
        """
        from cryptography.exceptions import InvalidTag

        size = int.from_bytes(CiphertextBlob[:2], "big")
        key_id, rest = CiphertextBlob[2 : 2 + size], CiphertextBlob[2 + size :]
        name = key_id.decode("utf-8", "replace")
        if KeyId and KeyId != name:
            raise KmsError(f"IncorrectKeyException: the blob was made with another key than `{one_line(KeyId)}`")
        try:
            bound = key_id + b"\x00" + _canonical(EncryptionContext)
            plain = self._cipher().decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], bound)
        except (InvalidTag, ValueError):
            context = one_line(json.dumps(dict(EncryptionContext or {})))
            raise KmsError(
                "InvalidCiphertextException: the blob was not made here, or in another encryption context than "
                f"`{context}`"
            ) from None
        self._refuse_disabled(name)
        return {"KeyId": name, "Plaintext": plain, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}

    def _refuse_disabled(self, key_id: str) -> None:
        if key_id in self.disabled:
            raise KmsError(f"DisabledException: the key `{one_line(key_id)}` is disabled")

    def _derive(self, what: str, bound: bytes) -> bytes:
        return hmac.digest(self._master, what.encode("utf-8", "replace") + b"\x00" + bound, "sha256")

    def _cipher(self) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._master)


def _canonical(context: Mapping[str, str] | None) -> bytes:
    """The context as bytes, its pairs in one order: KMS compares pairs, not texts."""
    return json.dumps(sorted((context or {}).items())).encode("ascii")
