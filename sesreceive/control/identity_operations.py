"""The operations on identities: domains and addresses that the account shows to be its own.

Shapes are documented; the texts of refusals are assumed. Tokens are made of account, region and name, so that asking
again gives the same one.
"""

from __future__ import annotations

from base64 import b32encode, b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from sesreceive import limits
from sesreceive.account.account import Account
from sesreceive.account.identities import Identity, VerificationStatus
from sesreceive.account.syntax import is_address, is_domain
from sesreceive.control import refusals
from sesreceive.control.exchange import Answer, Call
from sesreceive.control.paging import page
from sesreceive.hostname import plain_domain

__all__ = ["IDENTITY_OPERATIONS"]


def verify_domain_identity(call: Call) -> Answer:
    """The domain an identity; the text of its TXT record."""
    account, identity = _with_domain(call)
    token = identity.verification_token or _token(account, identity.name)
    return Answer(
        account=account.with_identity(identity.replace(verification_token=token)), members={"VerificationToken": token}
    )


def verify_domain_dkim(call: Call) -> Answer:
    """The domain an identity; three tokens of its CNAME records."""
    account, identity = _with_domain(call)
    digests = [_digest(account, f"{identity.name} dkim {number}") for number in range(3)]
    return Answer(
        account=account.with_identity(identity),
        members={"DkimTokens": [b32encode(digest[:20]).decode().lower() for digest in digests]},
    )


def verify_email_identity(call: Call) -> Answer:
    """The address an identity."""
    address = call.request["EmailAddress"]
    if "@" not in address or not is_address(address):
        raise refusals.invalid(f"Invalid email address<{address}>.")
    return Answer(account=call.account.with_identity(_known(call.account, address) or _new(call, address)))


def delete_identity(call: Call) -> Answer:
    """The identity gone; nothing where there was none."""
    known = _known(call.account, call.request["Identity"])
    if known is None:
        return Answer(account=call.account)
    account = call.account.without_identity(known.name)
    # SES would let it go and its bounces fail; a receiver holds accounts that are valid.
    new = set(account.problems()) - set(call.account.problems())
    for problem in sorted(new, key=str):
        raise refusals.invalid(str(problem))
    return Answer(account=account)


def list_identities(call: Call) -> Answer:
    """The identities by name [assumed], domains or addresses alone where a type is given."""
    kind, size = call.request.get("IdentityType"), call.request.get("MaxItems")
    most = limits.IDENTITIES_PER_PAGE.value
    if size is not None and not 1 <= size <= most:
        raise refusals.invalid(f"Invalid max items: {size}")
    names = sorted(one.name for one in call.account.identities if kind in (None, _kind(one)))
    shown, token = page(names, call.request.get("NextToken"), size or most)
    return Answer(account=call.account, members={"Identities": list(shown)} | ({"NextToken": token} if token else {}))


def get_identity_verification_attributes(call: Call) -> Answer:
    """Status and token of those of the identities that there are."""
    attributes: dict[str, dict[str, Any]] = {}
    for name in call.request["Identities"]:
        if known := _known(call.account, name or ""):
            written = known.to_api()
            attributes[name] = {member: text for member, text in written.items() if member != "Identity"}
    return Answer(account=call.account, members={"VerificationAttributes": attributes})


def _with_domain(call: Call) -> tuple[Account, Identity]:
    domain = call.request["Domain"]
    if not is_domain(domain):
        raise refusals.invalid(f"Invalid domain name {domain}.")
    return call.account, _known(call.account, domain) or _new(call, plain_domain(domain))


def _known(account: Account, name: str) -> Identity | None:
    return next((one for one in account.identities if plain_domain(one.name) == plain_domain(name)), None)


def _new(call: Call, name: str) -> Identity:
    status = VerificationStatus.SUCCESS if call.verified_at_once else VerificationStatus.PENDING
    return Identity(name=name, verification_status=status)


def _kind(identity: Identity) -> str:
    return "Domain" if identity.is_domain else "EmailAddress"


def _digest(account: Account, text: str) -> bytes:
    return sha256(f"{account.account_id} {account.region} {text}".encode("utf-8", "surrogatepass")).digest()


def _token(account: Account, name: str) -> str:
    return b64encode(_digest(account, name)).decode()


IDENTITY_OPERATIONS: Mapping[str, Callable[[Call], Answer]] = {
    "VerifyDomainIdentity": verify_domain_identity,
    "VerifyDomainDkim": verify_domain_dkim,
    "VerifyEmailIdentity": verify_email_identity,
    "DeleteIdentity": delete_identity,
    "ListIdentities": list_identities,
    "GetIdentityVerificationAttributes": get_identity_verification_attributes,
}
