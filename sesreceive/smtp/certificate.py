"""A throw-away certificate, so that STARTTLS works without any set-up.

It is made when a server starts, lives in memory and proves nothing but that the server is the one that was
started: mail servers encrypt to any certificate, and a test may trust exactly this one
(``ssl.create_default_context(cadata=server.certificate)``).
"""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Certificate", "throw_away"]

# Valid from an hour ago, as clocks differ, and longer than any notebook runs.
_BEFORE, _AFTER = datetime.timedelta(hours=1), datetime.timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate in PEM text, and the server side of TLS with it."""

    pem: str
    context: ssl.SSLContext = field(repr=False)


def throw_away(hostname: str, *addresses: str) -> Certificate:
    """A new self-signed certificate for a host, its addresses and ``localhost``; nothing stays on disk.

    Examples
    --------
    >>> throw_away("inbound-smtp.us-east-1.amazonaws.com").pem.splitlines()[0]
    '-----BEGIN CERTIFICATE-----'
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostname[:64])])
    names: list[x509.GeneralName] = [x509.DNSName(hostname), x509.DNSName("localhost")]
    for address in ("127.0.0.1", "::1", *addresses):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(address)))
        except ValueError:
            continue  # a host name to listen on
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + _AFTER)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # OpenSSL reads the key from a file only; the folder is for this user alone and gone a moment later.
    with tempfile.TemporaryDirectory(prefix="sesreceive-") as folder:
        path = Path(folder, "server.pem")
        path.write_bytes(pem + secret)
        context.load_cert_chain(path)
    return Certificate(pem.decode("ascii"), context)
