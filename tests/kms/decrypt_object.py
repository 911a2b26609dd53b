"""Reads encrypted objects with Amazon's own client: run by the test beside it, in an environment of its own.

Takes a JSON object on standard input, gives one on standard output: for each key of the bucket the plaintext in base64,
or the error.
"""

import base64
import json
import sys


def main() -> None:
    import boto3
    from s3_encryption import S3EncryptionClient, S3EncryptionClientConfig
    from s3_encryption.materials.kms_keyring import KmsKeyring
    from s3_encryption.materials.materials import AlgorithmSuite, CommitmentPolicy

    asked = json.load(sys.stdin)
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=asked["region"])
    kms = session.client("kms", endpoint_url=asked["endpoint"])
    s3 = session.client("s3", endpoint_url=asked["endpoint"])
    keyring = KmsKeyring(kms, asked["kms_key_id"], enable_legacy_wrapping_algorithms=asked["legacy"])
    # SES writes the oldest form there is: no key commitment, and the key wrapped the first way.
    config = S3EncryptionClientConfig(
        keyring,
        encryption_algorithm=AlgorithmSuite.ALG_AES_256_GCM_IV12_TAG16_NO_KDF,
        commitment_policy=CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT,
    )
    client = S3EncryptionClient(s3, config)
    found = {}
    for key in asked["keys"]:
        try:
            body = client.get_object(Bucket=asked["bucket"], Key=key)["Body"].read()
            found[key] = {"plaintext": base64.b64encode(body).decode()}
        except Exception as error:  # noqa: BLE001 - the test looks at what it was
            found[key] = {"error": f"{type(error).__name__}: {error}"}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
