"""Amazon's own S3 encryption client reads what we encrypt, with keys of a KMS and a bucket of an S3 that moto serves.

The client wants an older `cryptography` than the rest, so it has an environment of its own in ``tests/.cache``. It is
made once; where no registry can be reached, the tests are skipped and say so.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from moto_server import moto_server

from sesreceive.backends.kms_envelope import decrypt, encrypt, encryption_context, is_encrypted
from sesreceive.writing.stored_message import stored_message
from tests.environments import python_with
from tests.writing.samples import MAIL, NOT_SCANNED, SCANNED, receipt_of

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(400)]

REQUIREMENTS = (
    "amazon-s3-encryption-client-python==4.0.0",
    "attrs==26.1.0",
    "boto3==1.44.5",
    "botocore==1.44.5",
    "cryptography==48.0.1",
)
HERE = Path(__file__).parent
REGION = "us-east-1"
BUCKET = "inbox"

MESSAGES = {
    "plain": MAIL,
    "empty": b"",
    "8-bit": bytes(range(256)) * 5,
    "a-megabyte": MAIL + b"x" * 1_000_000,
}


@dataclass
class Aws:
    """A key service and a store, and the objects that were put into it."""

    endpoint: str
    kms: Any
    s3: Any
    key_arn: str
    plain: dict[str, bytes]


@pytest.fixture(scope="module")
def client_python() -> Path:
    """Python of the environment that has Amazon's client."""
    return python_with("s3-encryption-client-4.0.0", *REQUIREMENTS)


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    import boto3

    with moto_server() as endpoint:
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
        kms, s3 = session.client("kms", endpoint_url=endpoint), session.client("s3", endpoint_url=endpoint)
        key_arn = kms.create_key()["KeyMetadata"]["Arn"]
        s3.create_bucket(Bucket=BUCKET)
        plain = {}
        for number, (name, raw) in enumerate(MESSAGES.items()):
            receipt = receipt_of(raw, message_id=f"{number:038d}01", region=REGION)
            body = stored_message(receipt, SCANNED if number % 2 else NOT_SCANNED)
            context = encryption_context(
                message_id=receipt.message_id, rule_name="store", account_id=receipt.account_id, kms_key_arn=key_arn
            )
            sealed = encrypt(body, kms=kms, key_arn=key_arn, context=context)
            s3.put_object(Bucket=BUCKET, Key=name, Body=sealed.body, Metadata=dict(sealed.metadata))
            plain[name] = body
        yield Aws(endpoint=endpoint, kms=kms, s3=s3, key_arn=key_arn, plain=plain)
        kms.close()
        s3.close()


def read_with_amazons_client(python: Path, aws: Aws, *, legacy: bool) -> dict[str, dict[str, str]]:
    asked = {
        "region": REGION, "endpoint": aws.endpoint, "kms_key_id": aws.key_arn, "legacy": legacy,
        "bucket": BUCKET, "keys": list(aws.plain),
    }  # fmt: skip
    done = subprocess.run(
        [python, "-I", HERE / "decrypt_object.py"],
        input=json.dumps(asked), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, str]] = json.loads(done.stdout)
    return found


def test_amazons_client_reads_our_objects(client_python: Path, aws: Aws) -> None:
    found = read_with_amazons_client(client_python, aws, legacy=True)
    assert {key: base64.b64decode(one.get("plaintext", "")) for key, one in found.items()} == aws.plain, found


def test_amazons_client_wants_legacy_wrapping_for_them(client_python: Path, aws: Aws) -> None:
    """As it does for the objects of SES: the key is wrapped in the client's first way."""
    found = read_with_amazons_client(client_python, aws, legacy=False)
    assert all("Enable legacy wrapping algorithms" in one["error"] for one in found.values()), found


def test_our_helper_reads_them_through_boto3(aws: Aws) -> None:
    for key, plain in aws.plain.items():
        stored = aws.s3.get_object(Bucket=BUCKET, Key=key)
        assert is_encrypted(stored["Metadata"])
        body = stored["Body"].read()
        assert len(body) == len(plain) + 16 == int(stored["Metadata"]["x-amz-unencrypted-content-length"]) + 16
        assert decrypt(body, stored["Metadata"], aws.kms) == plain


def test_a_real_key_service_refuses_another_context(aws: Aws) -> None:
    stored = aws.s3.get_object(Bucket=BUCKET, Key="plain")
    material = json.loads(stored["Metadata"]["x-amz-matdesc"])
    material["aws:ses:rule-name"] = "another"
    metadata = {**stored["Metadata"], "x-amz-matdesc": json.dumps(material)}
    with pytest.raises(aws.kms.exceptions.InvalidCiphertextException):
        decrypt(stored["Body"].read(), metadata, aws.kms)


HOW_TO = HERE.parents[1] / "notebooks" / "how-to.md"
ALLOWED = (
    ("as the page has it", "", ""),
    ("the old wrapping not allowed", "enable_legacy_wrapping_algorithms=True", "Enable legacy wrapping algorithms"),
    (
        "no commitment policy",
        "commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT",
        "Use REQUIRE_ENCRYPT_ALLOW_DECRYPT",
    ),
)


@pytest.mark.parametrize(("left_out", "refusal"), [row[1:] for row in ALLOWED], ids=[row[0] for row in ALLOWED])
def test_the_program_of_the_how_to_reads_them_and_all_of_it_is_needed(
    client_python: Path, aws: Aws, left_out: str, refusal: str
) -> None:
    blocks = re.findall(r"(?ms)^```python\n(.*?)^```$", HOW_TO.read_text(encoding="utf-8"))
    (program,) = [block for block in blocks if "S3EncryptionClientConfig(" in block]
    assert left_out in program
    done = subprocess.run(
        [
            client_python,
            "-I",
            "-c",
            program.replace(f", {left_out}" if left_out else "\0", ""),
            BUCKET,
            "8-bit",
            aws.key_arn,
        ],
        capture_output=True,
        timeout=120,
        check=False,
        env={
            **os.environ,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": aws.endpoint,
        },
    )
    assert (refusal.encode() in done.stderr) if refusal else (done.stdout == aws.plain["8-bit"]), done.stderr


def test_the_lesson_has_the_lines_of_the_how_to() -> None:
    lesson = json.loads((HERE.parents[1] / "notebooks" / "19-s3-sns-and-encryption.ipynb").read_text(encoding="utf-8"))
    text = "\n".join("".join(cell["source"]) for cell in lesson["cells"])
    page = HOW_TO.read_text(encoding="utf-8")
    for line in ("keyring = KmsKeyring(", "config = S3EncryptionClientConfig("):
        (of_page,) = [one for one in page.splitlines() if one.startswith(line)]
        assert of_page in text.splitlines()
