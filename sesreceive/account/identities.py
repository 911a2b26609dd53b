"""Identities: the domains and addresses an account has shown to be its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from sesreceive.account.member import member
from sesreceive.account.value import Value
from sesreceive.hostname import plain_domain

__all__ = ["Identity", "VerificationStatus"]


class VerificationStatus(StrEnum):
    """How far verification has come; only ``Success`` counts."""

    PENDING = "Pending"
    SUCCESS = "Success"
    FAILED = "Failed"
    TEMPORARY_FAILURE = "TemporaryFailure"
    NOT_STARTED = "NotStarted"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Identity(Value):
    """A domain or address and its verification.

    Attributes
    ----------
    name : str
        The domain or address. Only a domain makes mail be received; an address may send bounces.
    verification_status : VerificationStatus
        ``Success`` unless told otherwise.
    verification_token : str, optional
        What the TXT record at ``_amazonses.<domain>`` says.

    Examples
    --------
    >>> Identity(name="example.com").covers("mx.Example.com")
    True
    >>> Identity(name="example.com", verification_status="Pending")
    Identity(name='example.com', verification_status='Pending')

    References
    ----------
    Amazon SES Developer Guide, "Verifying your domain for email receiving"; API Reference,
    GetIdentityVerificationAttributes.
    """

    api_name: ClassVar[str] = "IdentityVerificationAttributes"

    name: str = field(
        metadata=member(
            "Identity",
            doc="domain, or e-mail address",
            required=True,
            min=1,
            example="example.com",
            source="SES API VerifyDomainIdentity.Domain",
        )
    )
    verification_status: VerificationStatus = field(
        default=VerificationStatus.SUCCESS,
        metadata=member(
            "VerificationStatus", doc="how far verification has come", required=True, enum=VerificationStatus
        ),
    )
    verification_token: str | None = field(
        default=None,
        metadata=member("VerificationToken", doc="text of the TXT record that proves the domain is yours"),
    )

    @property
    def is_domain(self) -> bool:
        """Whether it is a domain, not an address."""
        return "@" not in self.name

    @property
    def is_verified(self) -> bool:
        """Whether verification succeeded."""
        return self.verification_status is VerificationStatus.SUCCESS

    def covers(self, domain: str, *, subdomains: bool = True) -> bool:
        """Whether it is a domain that `domain` is, or lies in."""
        name, domain = plain_domain(self.name), plain_domain(domain)
        return self.is_domain and (domain == name or (subdomains and domain.endswith(f".{name}")))
