"""What resources answer to references: their names, and the ARNs that follow from a name.

Only what AWS documents to follow from region, account and name is made up of them; all else is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["CLOUDFORMATION", "TERRAFORM", "Attributes", "arn_of"]


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a type of resource answers.

    Attributes
    ----------
    name : tuple of str
        Where its name stands in its properties.
    ref : str
        What a plain reference gives: ``name``, ``arn`` or ``id``.
    arn : str
        Its ARN, with ``{region}``, ``{account}`` and ``{name}``; empty where it does not follow from the name.
    arn_names : tuple of str
        The attributes that hold the ARN.
    same : tuple of str
        Further attributes that hold the name.
    """

    name: tuple[str, ...] = ()
    ref: str = "name"
    arn: str = ""
    arn_names: tuple[str, ...] = ("Arn",)
    same: tuple[str, ...] = ()


_TOPIC = "arn:aws:sns:{region}:{account}:{name}"
_FUNCTION = "arn:aws:lambda:{region}:{account}:function:{name}"
_RULE_SET = "arn:aws:ses:{region}:{account}:receipt-rule-set/{name}"
_BUCKET = "arn:aws:s3:::{name}"
_ROLE = "arn:aws:iam::{account}:role/{name}"
_QUEUE = "arn:aws:sqs:{region}:{account}:{name}"

CLOUDFORMATION: Mapping[str, Attributes] = {
    "AWS::SES::ReceiptRuleSet": Attributes(("RuleSetName",)),
    "AWS::SES::ReceiptRule": Attributes(("Rule", "Name")),
    "AWS::SES::ReceiptFilter": Attributes(("Filter", "Name")),
    "AWS::SES::EmailIdentity": Attributes(("EmailIdentity",)),
    "AWS::S3::Bucket": Attributes(("BucketName",), arn=_BUCKET),
    "AWS::SNS::Topic": Attributes(("TopicName",), ref="arn", arn=_TOPIC, arn_names=("Arn", "TopicArn")),
    "AWS::Lambda::Function": Attributes(("FunctionName",), arn=_FUNCTION),
    "AWS::Serverless::Function": Attributes(("FunctionName",), arn=_FUNCTION),
    "AWS::IAM::Role": Attributes(("RoleName",), arn=_ROLE),
    "AWS::SQS::Queue": Attributes(("QueueName",), ref="id", arn=_QUEUE),
    "AWS::KMS::Key": Attributes(ref="id"),
    "AWS::KMS::Alias": Attributes(("AliasName",)),
    "AWS::Route53::HostedZone": Attributes(("Name",), ref="id"),
}

TERRAFORM: Mapping[str, Attributes] = {
    "aws_ses_receipt_rule_set": Attributes(("rule_set_name",), arn=_RULE_SET, arn_names=("arn",), same=("id",)),
    "aws_ses_receipt_rule": Attributes(("name",), same=("id",)),
    "aws_ses_receipt_filter": Attributes(("name",), same=("id",)),
    "aws_ses_active_receipt_rule_set": Attributes(("rule_set_name",), same=("id",)),
    "aws_ses_domain_identity": Attributes(("domain",), same=("id",)),
    "aws_ses_domain_identity_verification": Attributes(("domain",), same=("id",)),
    "aws_ses_domain_dkim": Attributes(("domain",), same=("id",)),
    "aws_ses_domain_mail_from": Attributes(("mail_from_domain",)),
    "aws_ses_email_identity": Attributes(("email",), same=("id",)),
    "aws_sesv2_email_identity": Attributes(("email_identity",), same=("id",)),
    "aws_s3_bucket": Attributes(("bucket",), arn=_BUCKET, arn_names=("arn",), same=("id", "bucket")),
    "aws_sns_topic": Attributes(("name",), ref="arn", arn=_TOPIC, arn_names=("arn", "id")),
    "aws_lambda_function": Attributes(("function_name",), arn=_FUNCTION, arn_names=("arn",), same=("id",)),
    "aws_iam_role": Attributes(("name",), arn=_ROLE, arn_names=("arn",), same=("id",)),
    "aws_sqs_queue": Attributes(("name",), arn=_QUEUE, arn_names=("arn",)),
    "aws_kms_alias": Attributes(
        ("name",), arn="arn:aws:kms:{region}:{account}:{name}", arn_names=("arn",), same=("id",)
    ),
    "aws_route53_zone": Attributes(("name",)),
}


def arn_of(pattern: str, name: Any, region: Any, account: Any) -> list[Any]:
    """The pieces of an ARN, of which any may be open.

    Examples
    --------
    >>> arn_of("arn:aws:sns:{region}:{account}:{name}", "mail", "us-east-1", "111122223333")
    ['arn:aws:sns:', 'us-east-1', ':', '111122223333', ':', 'mail']
    """
    values = {"region": region, "account": account, "name": name}
    pieces: list[Any] = []
    for part in pattern.split("{"):
        word, brace, rest = part.partition("}")
        if brace:
            pieces += [values[word], rest] if rest else [values[word]]
        else:
            pieces.append(word)
    return pieces
