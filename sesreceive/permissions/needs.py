"""What each effect needs: the accesses that have to be allowed, with all that SES tells of itself in the request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sesreceive.account.account import Account
from sesreceive.permissions.access import Access

__all__ = ["SES", "missing_statement", "of_role", "of_ses", "rule_arn", "trust_statement"]

SES = "ses.amazonaws.com"


def rule_arn(account: Account, rule_set: str, rule: str) -> str:
    """The ``aws:SourceArn`` of what SES does for a rule [documented].

    Examples
    --------
    >>> rule_arn(Account(), "main", "store")
    'arn:aws:ses:us-east-1:111122223333:receipt-rule-set/main:receipt-rule/store'
    """
    return f"arn:aws:ses:{account.region}:{account.account_id or ''}:receipt-rule-set/{rule_set}:receipt-rule/{rule}"


def _times(at: datetime | None) -> dict[str, tuple[str, ...]]:
    if at is None:
        return {}
    moment = at.astimezone(UTC)
    return {
        "aws:currenttime": (moment.strftime("%Y-%m-%dT%H:%M:%SZ"),),
        "aws:epochtime": (str(int(moment.timestamp())),),
    }


def of_ses(
    action: str,
    resource: str,
    *,
    account: Account,
    rule_set: str,
    rule: str,
    encryption_context: Mapping[str, str] | None = None,
    via: str = "",
    at: datetime | None = None,
) -> Access:
    """SES itself asks: ``aws:SourceAccount`` and ``aws:SourceArn`` as documented, and the older ``aws:Referer``.

    `via` is the service that uses a key on its behalf: ``s3`` for a bucket with SSE-KMS, ``sns`` for a topic.
    """
    account_id = str(account.account_id or "")
    context: dict[str, tuple[str, ...]] = {
        "aws:sourceaccount": (account_id,),
        "aws:sourcearn": (rule_arn(account, rule_set, rule),),
        "aws:referer": (account_id,),
        "aws:sourceowner": (account_id,),  # what the default policy of a topic asks for
        "aws:principalservicename": (SES,),
        "aws:principalservicenameslist": (SES,),
        "aws:principalisawsservice": ("true",),
        "aws:viaawsservice": ("false",),
        "aws:securetransport": ("true",),
        "aws:requestedregion": (str(account.region),),
        **_times(at),
        **_encryption(encryption_context),
    }
    if via:
        context["kms:viaservice"] = (f"{via}.{account.region}.amazonaws.com",)
    return Access(action=action, resource=resource, context=context)


def of_role(
    action: str,
    resource: str,
    role: str,
    *,
    encryption_context: Mapping[str, str] | None = None,
    at: datetime | None = None,
) -> Access:
    """The role asks that SES took on: nothing in the request tells of SES then."""
    account_id = role.split(":")[4] if role.count(":") >= 5 else ""
    context = {
        "aws:principalarn": (role,),
        "aws:principalaccount": (account_id,),
        "aws:principalisawsservice": ("false",),
        "aws:principaltype": ("AssumedRole",),
        "aws:securetransport": ("true",),
        **_times(at),
        **_encryption(encryption_context),
    }
    return Access(action=action, resource=resource, service="", role=role, context=context)


def _encryption(pairs: Mapping[str, str] | None) -> dict[str, tuple[str, ...]]:
    if not pairs:
        return {}
    made = {f"kms:encryptioncontext:{name.lower()}": (value,) for name, value in pairs.items()}
    return {**made, "kms:encryptioncontextkeys": tuple(pairs)}


def missing_statement(access: Access, resource: str, *, account: Account, rule_set: str) -> dict[str, Any]:
    """The statement that would allow it, for all rules of the set and nobody else; for a role what its policy needs."""
    words = {"s3": "Puts", "sns": "Publish", "kms": "Encrypt", "lambda": "Invoke"}
    action = {"kms:GenerateDataKey": "kms:GenerateDataKey*"}.get(access.action, access.action)
    statement: dict[str, Any] = {"Sid": f"AllowSES{words[access.action.partition(':')[0]]}", "Effect": "Allow"}
    if access.service:
        statement["Principal"] = {"Service": SES}
    statement |= {"Action": action, "Resource": resource}
    if access.service:
        statement["Condition"] = _only(account, rule_set)
    return statement


def trust_statement(*, account: Account, rule_set: str) -> dict[str, Any]:
    """The statement of a trust policy that lets SES take on the role for the rules of the set."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": SES},
        "Action": "sts:AssumeRole",
        "Condition": _only(account, rule_set),
    }


def _only(account: Account, rule_set: str) -> dict[str, Any]:
    return {
        "StringEquals": {"aws:SourceAccount": str(account.account_id or "")},
        "ArnLike": {"aws:SourceArn": rule_arn(account, rule_set, "*")},
    }
