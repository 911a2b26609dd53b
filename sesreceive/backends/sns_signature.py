"""Signing SNS messages with a certificate of this machine, as a subscriber verifies them.

The text that is signed, and both versions of the signature, are those of the SNS Developer Guide, "Verifying the
signatures of Amazon SNS messages".
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sesreceive.errors import InputError, one_line

__all__ = ["SnsSigner", "string_to_sign"]

# The members that are signed, by type, in this order; Subject only where there is one.
SIGNED: Mapping[str, tuple[str, ...]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ),
    "UnsubscribeConfirmation": (
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ),
}
_LIFE = datetime.timedelta(days=30)


def string_to_sign(message: Mapping[str, Any]) -> bytes:
    r"""What the signature of an SNS message is made of.

    Examples
    --------
    >>> string_to_sign({"Type": "Notification", "Message": "hi", "MessageId": "1", "Timestamp": "t", "TopicArn": "a"})
    b'Message\nhi\nMessageId\n1\nTimestamp\nt\nTopicArn\na\nType\nNotification\n'
    """
    kind = message.get("Type", "")
    if kind not in SIGNED:
        raise InputError(f"Type: expected {', '.join(f'`{one}`' for one in SIGNED)} but got `{one_line(kind)}`")
    parts = [f"{name}\n{message[name]}\n" for name in SIGNED[kind] if message.get(name) is not None]
    return "".join(parts).encode("utf-8", "replace")


@dataclass(frozen=True, kw_only=True)
class SnsSigner:
    """A key and its certificate, made by `make` for one run.

    Attributes
    ----------
    pem : str
        The certificate: what ``SigningCertURL`` gives, and what a client has to trust to fetch it over HTTPS.
    key_pem : str
        The key of the certificate, for the HTTPS server.
    """

    pem: str
    key_pem: str = field(repr=False)

    @classmethod
    def make(cls, *names: str) -> SnsSigner:
        """A new RSA key and a certificate of its own for these host names and addresses, good for 30 days."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.x509.oid import NameOID

        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0] if names else "localhost")])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + _LIFE)
            .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(
            pem=certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"),
            key_pem=key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode("ascii"),
        )

    @property
    def path(self) -> str:
        """Where the certificate lies, in the form of SNS's own."""
        return f"/SimpleNotificationService-{hashlib.sha256(self.pem.encode()).hexdigest()[:32]}.pem"

    def sign(self, message: Mapping[str, Any]) -> str:
        """The value of ``Signature``; with SHA-1 where ``SignatureVersion`` is 1, SHA-256 where it is 2."""
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import padding, rsa

        algorithms: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303 - SNS's own
        version = message.get("SignatureVersion")
        if version not in algorithms:
            raise InputError(f"SignatureVersion: expected `1` or `2` but got `{one_line(version)}`")
        key = serialization.load_pem_private_key(self.key_pem.encode("ascii"), None)
        assert isinstance(key, rsa.RSAPrivateKey)  # `make` makes no other
        signature = key.sign(string_to_sign(message), padding.PKCS1v15(), algorithms[version])
        return base64.b64encode(signature).decode("ascii")


def _general_name(name: str) -> Any:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
