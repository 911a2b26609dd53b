"""What a rule may say, in the order in which the service looks: the last layer before its targets are tried.

Number of actions, one type an element, the place of Stop [observed]; recipients before them, since nothing public says
where [assumed]. Then each action by itself, in order: one function a type, in the table `ACTION_CHECKS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sesreceive import limits
from sesreceive.account.account import Account
from sesreceive.account.rule_set import ReceiptRule
from sesreceive.account.syntax import is_recipient
from sesreceive.account.validate import may_send
from sesreceive.control import refusals
from sesreceive.limits import Limit

__all__ = ["ACTION_CHECKS", "checked_rule"]


def checked_rule(rule: Mapping[str, Any], account: Account) -> ReceiptRule:
    """The rule of a request as it is stored.

    Parameters
    ----------
    rule : mapping
        The ``Rule`` of a request that satisfies its shape.
    account : Account
        Whose identities and region count.

    Raises
    ------
    ApiError
        For the first thing that the service does not take.
    """
    recipients, actions = rule.get("Recipients") or (), rule.get("Actions") or ()
    for recipient in recipients:
        if not is_recipient(recipient or ""):
            raise refusals.invalid(f"Invalid recipient: {recipient or ''}")
    refusals.too_many("recipients", len({one.lower() for one in recipients}), limits.RECIPIENTS_PER_RULE)
    refusals.too_many("actions", len(actions), limits.ACTIONS_PER_RULE)
    present = [
        [(kind, members) for kind, members in (action or {}).items() if members is not None] for action in actions
    ]
    if any(len(kinds) != 1 for kinds in present):
        raise refusals.invalid("Exactly one action type must be specified for each ReceiptAction")
    chosen = [kinds[0] for kinds in present]
    if any(kind == "StopAction" for kind, _ in chosen[:-1]):
        raise refusals.invalid("Stop action, if any, must be placed at the end of the actions list")
    for kind, members in chosen:
        ACTION_CHECKS[kind](members, account)
        _topic(kind, members, account)
    return _value(rule, chosen, recipients, account)


def _value(rule: Mapping[str, Any], chosen: Any, recipients: Any, account: Account) -> ReceiptRule:
    members = {name: given for name, given in rule.items() if given is not None}
    actions = [{kind: {name: one for name, one in said.items() if one is not None}} for kind, said in chosen]
    value = ReceiptRule.from_api({**members, "Actions": actions, "Recipients": list(recipients)}).as_stored()
    # Whatever else an account may not hold; the sentence is ours, for a case no table above names.
    for problem in value.problems(account):
        raise refusals.invalid(str(problem))
    return value


def _fits(limit: Limit[str], text: str) -> bool:
    return re.fullmatch(limit.value, text, re.ASCII) is not None


def _elsewhere(arn: str, account: Account) -> bool:
    """Whether an ARN is of another region; only buckets may be [documented]."""
    return arn.split(":")[3] != account.region


def _topic(kind: str, members: Mapping[str, Any], account: Account) -> None:
    arn = members.get("TopicArn")
    if arn is None:
        return
    if not _fits(limits.TOPIC_ARN, arn):
        raise refusals.invalid_topic(arn)
    if _elsewhere(arn, account):
        raise refusals.could_not_publish(arn)


def _s3(members: Mapping[str, Any], account: Account) -> None:
    bucket, key = members["BucketName"], members.get("KmsKeyArn")
    if not bucket:
        raise refusals.invalid("Bucket name must not be empty")
    if not _fits(limits.BUCKET_NAME, bucket):  # no bucket can have such a name
        raise refusals.no_such_bucket(bucket)
    if key is not None and (not _fits(limits.KMS_KEY_ARN, key) or _elsewhere(key, account)):
        raise refusals.kms_unusable(key, bucket)


def _bounce(members: Mapping[str, Any], account: Account) -> None:
    code, status = members["SmtpReplyCode"], members.get("StatusCode")
    if not _fits(limits.SMTP_REPLY_CODE, code):
        raise refusals.invalid(f"Invalid SMTP reply code: {code}")
    if not members["Message"]:  # looked at before the sender [observed]
        raise refusals.invalid("Invalid SMTP response message: ")
    if not may_send(members["Sender"], account):
        raise refusals.invalid(f"Identity is not verified: {members['Sender']}")
    if status is not None and not _fits(limits.STATUS_CODE, status):
        # The text is ours, worded like its sibling.
        raise refusals.invalid(f"Invalid SMTP status code: {status}")


def _function(members: Mapping[str, Any], account: Account) -> None:
    arn = members["FunctionArn"]
    if not arn:
        raise refusals.invalid("Lambda function ARN must not be empty")
    if not _fits(limits.FUNCTION_ARN, arn):
        raise refusals.invalid_function(arn)
    if _elsewhere(arn, account):
        raise refusals.could_not_invoke(arn)


def _header(members: Mapping[str, Any], account: Account) -> None:
    name, value = members["HeaderName"], members["HeaderValue"]
    if len(name) > limits.HEADER_NAME_LENGTH.value or not _fits(limits.HEADER_NAME, name):
        raise refusals.invalid(f"Invalid header name: {name}")
    if len(value) > limits.HEADER_VALUE_LENGTH.value or not _fits(limits.HEADER_VALUE, value):
        raise refusals.invalid(f"Invalid header value: {_escaped(value)}")


def _escaped(value: str) -> str:
    r"""Control characters as the service shows them [observed].

    Examples
    --------
    >>> _escaped("a\nb")
    'a0x000ab'
    """
    return re.sub(r"[\x00-\x08\x0A-\x1F\x7F]", lambda found: f"0x{ord(found[0]):04x}", value)


def _organization(members: Mapping[str, Any], account: Account) -> None:
    """Whether it exists is not looked at [observed]; the text for what is no ARN is ours."""
    arn = members["OrganizationArn"]
    if not _fits(limits.ORGANIZATION_ARN, arn):
        raise refusals.invalid(f"Invalid WorkMail organization ARN: {arn}")


def _nothing(members: Mapping[str, Any], account: Account) -> None:
    """The shape of the request says it all."""


ACTION_CHECKS: Mapping[str, Callable[[Mapping[str, Any], Account], None]] = {
    "S3Action": _s3,
    "BounceAction": _bounce,
    "WorkmailAction": _organization,
    "LambdaAction": _function,
    "StopAction": _nothing,
    "AddHeaderAction": _header,
    "SNSAction": _nothing,
    "ConnectAction": _nothing,
}
