"""Encrypted objects: the metadata, the way back, and every way in which it can go wrong."""

from __future__ import annotations

import json
import pickle
from base64 import b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.backends.kms_envelope import (
    EncryptedObject,
    LocalKms,
    decrypt,
    encrypt,
    encrypt_with_key,
    encryption_context,
    is_encrypted,
)
from sesreceive.backends.local_kms import KmsError
from sesreceive.errors import InputError

KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:alias/aws/ses"
CONTEXT = encryption_context(message_id="0vfh", rule_name="store", account_id="111122223333", kms_key_arn=KEY_ARN)

# Compact, in this order: KMS compares the pairs, but code that reads it may not.
MATERIAL = (
    '{"aws:ses:message-id":"0vfh","aws:ses:rule-name":"store","aws:ses:source-account":"111122223333",'
    f'"kms_cmk_id":"{KEY_ARN}"}}'
)


def sealed(kms: LocalKms, body: bytes = b"the message") -> EncryptedObject:
    return encrypt(body, kms=kms, key_arn=KEY_ARN, context=CONTEXT)


def test_the_metadata_is_that_of_the_s3_encryption_client() -> None:
    key, iv = bytes(range(32)), bytes(range(12))
    made = encrypt_with_key(b"x" * 100, data_key=key, encrypted_key=b"blob", context=CONTEXT, iv=iv)
    assert list(made.metadata.items()) == [
        ("x-amz-key-v2", b64encode(b"blob").decode()),
        ("x-amz-iv", "AAECAwQFBgcICQoL"),
        ("x-amz-cek-alg", "AES/GCM/NoPadding"),
        ("x-amz-wrap-alg", "kms"),
        ("x-amz-matdesc", MATERIAL),
        ("x-amz-tag-len", "128"),
        ("x-amz-unencrypted-content-length", "100"),
    ]
    assert len(made.body) == 116
    assert AESGCM(key).decrypt(iv, made.body, None) == b"x" * 100


@given(st.binary(max_size=200))
def test_what_was_encrypted_can_be_decrypted(body: bytes) -> None:
    kms = LocalKms(seed=1)
    made = sealed(kms, body)
    assert len(made.body) == len(body) + 16
    assert decrypt(made.body, made.metadata, kms) == body
    as_s3_gives_it = {f"X-Amz-Meta-{name}": value for name, value in made.metadata.items()}
    assert decrypt(made.body, as_s3_gives_it, kms) == body
    assert is_encrypted(as_s3_gives_it)


def test_no_two_objects_share_a_key_or_an_iv() -> None:
    kms = LocalKms(seed=1)
    objects = [sealed(kms) for _ in range(50)]
    assert len({made.metadata["x-amz-iv"] for made in objects}) == 50
    assert len({made.metadata["x-amz-key-v2"] for made in objects}) == 50


def test_a_seed_makes_the_objects_repeat_and_none_does_not() -> None:
    assert sealed(LocalKms(seed=2)) == sealed(LocalKms(seed=2))
    assert sealed(LocalKms(seed=2)) != sealed(LocalKms(seed=3))
    assert sealed(LocalKms()) != sealed(LocalKms())
    made = sealed(LocalKms(seed=2))
    assert decrypt(made.body, made.metadata, LocalKms(seed=2)) == b"the message"


def test_a_key_service_can_be_sent_to_another_process() -> None:
    kms = LocalKms(seed=2)
    made = sealed(kms)
    there = pickle.loads(pickle.dumps(kms))
    assert decrypt(made.body, made.metadata, there) == b"the message"
    assert sealed(there) == sealed(kms)


# metadata changed                                       what the error says
BROKEN: list[tuple[dict[str, str | None], str]] = [
    ({"x-amz-key-v2": None}, "expected `x-amz-key-v2` in its metadata but it has none"),
    ({"x-amz-key-v2": "not base64!"}, "expected base64 in its metadata `x-amz-key-v2`"),
    ({"x-amz-iv": None}, "expected `x-amz-iv` in its metadata but it has none"),
    ({"x-amz-iv": "AAECAwQFBgcICQoLDA0ODw=="}, "expected 12 bytes in its metadata `x-amz-iv` but got 16"),
    ({"x-amz-cek-alg": "AES/CBC/PKCS5Padding"}, "expected `AES/GCM/NoPadding` in its metadata `x-amz-cek-alg`"),
    ({"x-amz-wrap-alg": "kms+context"}, "expected `kms` in its metadata `x-amz-wrap-alg` but got `kms+con"),
    ({"x-amz-wrap-alg": None}, "expected `kms` in its metadata `x-amz-wrap-alg` but got ``"),
    ({"x-amz-tag-len": "96"}, "expected `128` in its metadata `x-amz-tag-len` but got `96`"),
    ({"x-amz-matdesc": "{"}, "expected a JSON object of texts in its metadata"),
    ({"x-amz-matdesc": '["a"]'}, "expected a JSON object of texts in its metadata"),
    ({"x-amz-matdesc": '{"a": 1}'}, "expected a JSON object of texts in its metadata"),
]  # fmt: skip


@pytest.mark.parametrize("changes, text", BROKEN)
def test_broken_metadata_is_one_sentence(changes: dict[str, str | None], text: str) -> None:
    kms = LocalKms(seed=1)
    made = sealed(kms)
    metadata = {name: value for name, value in {**made.metadata, **changes}.items() if value is not None}
    with pytest.raises(InputError) as caught:
        decrypt(made.body, metadata, kms)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"x" * 15, b"x" * 40])
def test_a_changed_body_is_noticed(body: bytes) -> None:
    kms = LocalKms(seed=1)
    with pytest.raises(InputError, match=r"a body of at least 16 bytes|its body was changed"):
        decrypt(body, sealed(kms).metadata, kms)


def test_without_the_whole_context_the_data_key_stays_closed() -> None:
    kms = LocalKms(seed=1)
    made = sealed(kms)
    less = {name: value for name, value in CONTEXT.items() if name != "kms_cmk_id"}
    metadata = {**made.metadata, "x-amz-matdesc": json.dumps(less)}
    with pytest.raises(KmsError, match="InvalidCiphertextException"):
        decrypt(made.body, metadata, kms)
    with pytest.raises(KmsError, match="InvalidCiphertextException"):
        decrypt(made.body, made.metadata, LocalKms(seed=9))


def test_the_order_of_the_context_does_not_matter() -> None:
    kms = LocalKms(seed=1)
    made = sealed(kms)
    turned = json.dumps(dict(reversed(CONTEXT.items())))
    assert decrypt(made.body, {**made.metadata, "x-amz-matdesc": turned}, kms) == b"the message"


KMS_CALLS: list[tuple[str, dict[str, Any], str]] = [
    ("generate_data_key", {"KeyId": "off"}, "DisabledException: the key `off` is disabled"),
    ("generate_data_key", {"KeyId": "on", "KeySpec": "AES_128"}, "expected the key spec AES_256 but got `AES_128`"),
    ("decrypt", {"CiphertextBlob": b""}, "InvalidCiphertextException"),
    ("decrypt", {"CiphertextBlob": b"\xff\xffshort"}, "InvalidCiphertextException"),
]


@pytest.mark.parametrize("operation, arguments, text", KMS_CALLS)
def test_the_key_service_refuses_with_a_sentence(operation: str, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(KmsError) as caught:
        getattr(LocalKms(seed=1, disabled=["off"]), operation)(**arguments)
    assert text in str(caught.value)


def test_the_key_service_knows_which_key_made_a_blob() -> None:
    kms = LocalKms(seed=1)
    made = kms.generate_data_key(KeyId="a")
    assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"], KeyId="a")["Plaintext"] == made["Plaintext"]
    with pytest.raises(KmsError, match="IncorrectKeyException"):
        kms.decrypt(CiphertextBlob=made["CiphertextBlob"], KeyId="b")


@pytest.mark.parametrize("key, iv", [(b"short", bytes(12)), (bytes(32), b"short")])
def test_keys_and_ivs_have_their_length(key: bytes, iv: bytes) -> None:
    with pytest.raises(ValueError, match=r"has (32|12) bytes but got 5"):
        encrypt_with_key(b"", data_key=key, encrypted_key=b"", context={}, iv=iv)
