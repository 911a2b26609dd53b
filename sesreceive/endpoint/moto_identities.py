"""Identities are verified by the receiving side of the endpoint and known to moto's sending side, and the reverse.

moto's SES sends mail for identities that it knows itself, and its SESv2 makes such; the control plane decides by those
of the account. After what changes one side, the other one follows.
"""

from __future__ import annotations

from typing import Any

from sesreceive.account.identities import VerificationStatus
from sesreceive.control.operations import Control

__all__ = ["follow_account", "follow_moto"]


def _backend(control: Control) -> Any:
    from moto.ses.models import ses_backends

    account = control.receiver.account
    return ses_backends[account.account_id][account.region]


def follow_account(control: Control) -> None:
    """Moto knows the verified identities of the account and no others."""
    backend = _backend(control)
    identities = control.receiver.account.identities
    verified = {one.name.lower() for one in identities if one.verification_status is VerificationStatus.SUCCESS}
    known = {name.lower(): name for name in backend.email_identities}
    for name in known.keys() - verified:
        del backend.email_identities[known[name]]
    for name in sorted(verified - known.keys()):
        (backend.verify_email_identity if "@" in name else backend.verify_domain)(name)


def follow_moto(control: Control) -> None:
    """The account has the identities that moto has, and no others that are verified.

    Raises
    ------
    ApiError
        When the control plane refuses a change.
    """
    known = {name.lower() for name in _backend(control).email_identities}
    own = {one.name.lower() for one in control.receiver.account.identities}
    for name in sorted(known - own):
        kind = "EmailAddress" if "@" in name else "Domain"
        control.call(f"Verify{'Email' if '@' in name else 'Domain'}Identity", {kind: name})
    for name in sorted(own - known):
        control.call("DeleteIdentity", {"Identity": name})
