"""Every sentence with which an operation refuses, with its code: one function a sentence, one place for all of them.

Codes and texts are the service's [observed] unless the function says otherwise.
"""

from __future__ import annotations

import re

from sesreceive import limits
from sesreceive.errors import ApiError
from sesreceive.limits import Limit

__all__ = [
    "active_set",
    "check_name",
    "could_not_assume",
    "could_not_invoke",
    "could_not_publish",
    "could_not_write",
    "exists",
    "invalid",
    "invalid_function",
    "invalid_topic",
    "kms_unusable",
    "no_rule",
    "no_rule_set",
    "no_such_bucket",
    "too_many",
]


def invalid(message: str) -> ApiError:
    """``InvalidParameterValue``."""
    return ApiError("InvalidParameterValue", message)


def exists(what: str, name: str) -> ApiError:
    """Such as ``Rule set already exists: main``."""
    return ApiError("AlreadyExists", f"{what} already exists: {name}", Name=name)


def no_rule_set(name: str) -> ApiError:
    """There is no rule set of that name."""
    return ApiError("RuleSetDoesNotExist", f"Rule set does not exist: {name}", Name=name)


def no_rule(name: str) -> ApiError:
    """There is no rule of that name in the set."""
    return ApiError("RuleDoesNotExist", f"Rule does not exist: {name}", Name=name)


def active_set(name: str) -> ApiError:
    """The active rule set cannot be deleted."""
    return ApiError("CannotDelete", f"Cannot delete active rule set: {name}", Name=name)


def too_many(what: str, number: int, limit: Limit[int]) -> None:
    """Nothing, when there may be that many.

    ``Too many rule sets`` and ``Too many recipients`` are worded like their siblings [assumed].

    Raises
    ------
    ApiError
        ``LimitExceeded``.
    """
    if number > limit.value:
        raise ApiError("LimitExceeded", f"Too many {what}")


def check_name(member: str, name: str) -> None:
    """Nothing, when the name passes the service's own check, behind that of the model.

    Parameters
    ----------
    member : str
        ``ruleSetName``, ``ruleName`` or ``filterName``.
    name : str
        The name.

    Raises
    ------
    ApiError
        ``InvalidParameterValue`` when it has more than 64 characters, or something else than letters and digits
        at an end; for filters also when it is empty or has other characters.

    Examples
    --------
    >>> check_name("ruleName", "-a")
    Traceback (most recent call last):
    sesreceive.errors.ApiError: InvalidParameterValue: Not a valid ruleName: -a
    """
    if not name:
        raise invalid(f"{member} must not be empty")
    patterns = (limits.NAME_CHARACTERS, limits.NAME_ENDS)
    if len(name) > limits.NAME_LENGTH.value or not all(re.fullmatch(one.value, name) for one in patterns):
        raise invalid(f"Not a valid {member}: {name}")


def invalid_topic(arn: str) -> ApiError:
    """The ARN is none of a topic."""
    return ApiError("InvalidSnsTopic", f"Invalid SNS topic: {arn}", Topic=arn)


def could_not_publish(arn: str) -> ApiError:
    """The topic is not there, in another region, or takes nothing from SES."""
    return ApiError("InvalidSnsTopic", f"Could not publish to SNS topic: {arn}", Topic=arn)


def no_such_bucket(name: str) -> ApiError:
    """There is no bucket of that name."""
    return ApiError("InvalidS3Configuration", f"No such bucket: {name}", Bucket=name)


def could_not_write(name: str) -> ApiError:
    """The bucket takes nothing from SES."""
    return ApiError("InvalidS3Configuration", f"Could not write to bucket: {name}", Bucket=name)


def kms_unusable(arn: str, bucket: str) -> ApiError:
    """The key is not there, in another region, or not for SES to use."""
    return ApiError("InvalidS3Configuration", f"Unable to use AWS KMS key: {arn}", Bucket=bucket)


def invalid_function(arn: str) -> ApiError:
    """The ARN is none of a function."""
    return ApiError("InvalidLambdaFunction", f"Invalid Lambda function: {arn}", FunctionArn=arn)


def could_not_invoke(arn: str) -> ApiError:
    """The function is not there, in another region, or not for SES to invoke."""
    return ApiError("InvalidLambdaFunction", f"Could not invoke Lambda function: {arn}", FunctionArn=arn)


def could_not_assume() -> ApiError:
    """SES may not take on the role; its sentence does not name it."""
    return invalid("Could not assume the provided IAM role")
