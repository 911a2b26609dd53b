"""Every quota, length and pattern of SES e-mail receiving, with its unit, how sure we are, and who says so.

One table for validation, forms, the emulated API and the documentation; no other module spells such a number.

>>> RULES_PER_RULE_SET.value, RULES_PER_RULE_SET.unit
(200, 'rules')
>>> print(MESSAGE_SIZE)
message stored in S3, with its headers: 41943040 bytes [documented: Developer Guide, "Quotas"]
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

__all__ = ["LIMITS", "Limit", "Tag"]

V = TypeVar("V", int, str)


class Tag(StrEnum):
    """How sure a statement about the service is."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    INFERRED = "inferred"


@dataclass(frozen=True, slots=True)
class Limit(Generic[V]):
    """One quota, length or pattern.

    Attributes
    ----------
    name : str
        What is limited, in words.
    value : int or str
        The greatest (or, where `name` says so, least) number, or a regular expression the whole text matches.
    unit : str
        What `value` counts; ``pattern`` where it is a regular expression.
    tag : Tag
        Documented by AWS, observed in the service, or inferred from the evidence.
    source : str
        Who says so.
    meaning : str
        A pattern in words, as an error message says it; empty for numbers.
    """

    name: str
    value: V
    unit: str
    tag: Tag
    source: str
    meaning: str = ""

    def __str__(self) -> str:
        """The limit as one line."""
        return f"{self.name}: {self.meaning or self.value} {self.unit} [{self.tag}: {self.source}]"


_DOC, _SEEN, _WE = Tag.DOCUMENTED, Tag.OBSERVED, Tag.INFERRED
_QUOTAS = 'Developer Guide, "Quotas"'
_OURS = "our own bound; SES publishes none"

# ------------------------------------------------------------------ how many

RULE_SETS = Limit("rule sets in an account and region", 40, "rule sets", _DOC, _QUOTAS)
RULES_PER_RULE_SET = Limit("rules in a rule set", 200, "rules", _DOC, _QUOTAS)
ACTIONS_PER_RULE = Limit("actions in a rule", 10, "actions", _DOC, _QUOTAS)
# The console's walkthrough still says 100; the service has been seen to take 101.
RECIPIENTS_PER_RULE = Limit("recipient conditions in a rule", 500, "recipients", _DOC, _QUOTAS)
FILTERS = Limit("IP address filters in an account and region", 100, "filters", _DOC, _QUOTAS)
RECIPIENTS_PER_MESSAGE = Limit(
    "recipients of one SMTP transaction", 100, "recipients", _WE, "RFC 5321 section 4.5.3.1.8"
)
RULE_SETS_PER_PAGE = Limit(
    "rule sets a ListReceiptRuleSets answer holds", 100, "rule sets", _DOC, "SES API ListReceiptRuleSets"
)
IDENTITIES_PER_PAGE = Limit(
    "identities a ListIdentities answer holds", 1000, "identities", _DOC, "SES API ListIdentities.MaxItems"
)
CONNECT_ATTACHMENTS = Limit(
    "attachments of a message to Amazon Connect", 10, "attachments", _DOC, "SES API ConnectAction"
)

# ------------------------------------------------------------------ how large

MESSAGE_SIZE = Limit("message stored in S3, with its headers", 40 * 1024 * 1024, "bytes", _DOC, _QUOTAS)
# 150 KB is documented; that a KB is 1024 bytes is inferred (assumption sns_size_limit_bytes).
SNS_MESSAGE_SIZE = Limit("message published by an SNS action, with its headers", 150 * 1024, "bytes", _DOC, _QUOTAS)
# Documented as 10 KB; one public sample stopped at 10 234 with a further header to come.
NOTIFICATION_HEADERS_SIZE = Limit(
    "header names and values in a notification",
    10 * 1024,
    "bytes",
    _DOC,
    'Developer Guide, "Notification contents"',
)
# How it is counted is inferred from the notification's (assumption lambda_headers_bytes).
LAMBDA_HEADERS_SIZE = Limit("header names and values in a Lambda event", 50 * 1024, "bytes", _DOC, _QUOTAS)

# ------------------------------------------------------------------ what the services behind SES take

S3_KEY_SIZE = Limit("key of an object", 1_024, "bytes", _DOC, 'Amazon S3 User Guide, "Naming Amazon S3 objects"')
S3_METADATA_SIZE = Limit(
    "user metadata of an object, keys and values",
    2_048,
    "bytes",
    _DOC,
    'Amazon S3 User Guide, "Working with object metadata"',
)
SNS_PUBLISH_SIZE = Limit("message of a publish", 256 * 1024, "bytes", _DOC, "SNS API Publish.Message")
SNS_SUBJECT_LENGTH = Limit("subject of a publish", 100, "characters", _DOC, "SNS API Publish.Subject")
# Until August 2025 it was 256 KiB, which is still what an SNS topic can send.
SQS_MESSAGE_SIZE = Limit(
    "message of a queue", 1_024 * 1_024, "bytes", _DOC, 'Amazon SQS Developer Guide, "Message quotas"'
)
LAMBDA_SYNC_PAYLOAD_SIZE = Limit(
    "event of a RequestResponse invocation",
    6 * 1_024 * 1_024,
    "bytes",
    _DOC,
    'AWS Lambda Developer Guide, "Lambda quotas"',
)
# Until October 2025 it was 256 KB.
LAMBDA_ASYNC_PAYLOAD_SIZE = Limit(
    "event of an Event invocation", 1_024 * 1_024, "bytes", _DOC, 'AWS Lambda Developer Guide, "Lambda quotas"'
)

# ------------------------------------------------------------------ how long, how often

LAMBDA_TIMEOUT = Limit(
    "run of a RequestResponse function", 30, "seconds", _DOC, 'Developer Guide, "Lambda function action"'
)
# An older page said four hours (assumption retry_hours).
ACTION_RETRY = Limit(
    "time a failing action is retried", 36 * 3600, "seconds", _DOC, 'Developer Guide, "Viewing metrics"'
)
SEND_BOUNCE_WINDOW = Limit("age of a message SendBounce may answer", 24 * 3600, "seconds", _DOC, "SES API SendBounce")
VERIFICATION_WINDOW = Limit(
    "time a domain has to be verified", 72 * 3600, "seconds", _DOC, 'Developer Guide, "Verifying domains"'
)
API_RATE = Limit("calls of one receiving operation", 1, "calls per second", _DOC, _QUOTAS)

# ------------------------------------------------------------------ how much of one message is read
# Ours: SES publishes none of them. What lies beyond is kept and stored as it came; only nothing reads it, and the trace
# says so. Each is far beyond real mail, so that a message cannot make its receiver work longer than it is long.

# Exim takes headers of 1 MiB (header_maxsize), Postfix of 100 KB (header_size_limit).
HEADER_READ_SIZE = Limit("header of which the fields are read, whole fields only", 1 << 20, "bytes", _WE, _OURS)
# A field takes some hundred octets of memory even where it has one; busy mail has a hundred.
HEADER_FIELDS_READ = Limit("header fields read of a message", 5_000, "fields", _WE, _OURS)
# More make a notification larger than SNS takes, even of short addresses. Such a header is printed as one raw value, as
# one that breaks the syntax is.
ADDRESSES_READ = Limit("commas and semicolons of an address header that is read", 10_000, "marks", _WE, _OURS)
# Further ones are neither verified nor reported one by one (RFC 6376 section 6.1 lets a verifier limit its work).
SIGNATURES_VERIFIED = Limit("DKIM signatures of a message that are verified", 20, "signatures", _WE, _OURS)
SIGNATURES_REPORTED = Limit("DKIM signatures of a message that have a result", 100, "signatures", _WE, _OURS)
# RFC 6376 defines thirteen; a longer list is no signature.
TAGS_READ = Limit("tags of a DKIM signature or key", 100, "tags", _WE, _OURS)
# What the marker scanner unpacks; beyond, what it has not found is PROCESSING_FAILED, with the reason.
UNPACKED_RATIO = Limit("octets unpacked of a message, as a multiple of its size", 8, "times", _WE, _OURS)
UNPACKED_SIZE = Limit("octets unpacked of a message besides", 4 << 20, "bytes", _WE, _OURS)
UNPACKED_PIECE = Limit("octets of a packed file looked at in one piece", 4 << 20, "bytes", _WE, _OURS)
UNPACKED_DEPTH = Limit("layers that are unpacked", 6, "layers", _WE, _OURS)
UNPACKED_FILES = Limit("files of an archive that are unpacked", 1_000, "files", _WE, _OURS)
SIGNED_NAMES = Limit("field names in `h=` of a DKIM signature", 1_000, "names", _WE, _OURS)

# ------------------------------------------------------------------ replies

SMTP_REFUSAL = Limit(
    "SMTP reply that refuses",
    r"^[45][0-9]{2}( [45]\.[0-9]{1,3}\.[0-9]{1,3})? [ -~]+$",
    "pattern",
    _DOC,
    "RFC 5321 section 4.2",
    "a refusal on one line, such as `454 4.7.0 TLS is required`,",
)

# ------------------------------------------------------------------ names

_NAMES = "SES API ReceiptRule.Name"
NAME_LENGTH = Limit("name of a rule set, rule or filter", 64, "characters", _DOC, _NAMES)
# Two layers (the service answers differently to each). The documentation allows `.` in rule names alone; all
# three have been seen to take it.
NAME_CHARACTERS = Limit(
    "characters of a rule set, rule or filter name",
    r"^[a-zA-Z0-9_.-]+$",
    "pattern",
    _SEEN,
    _NAMES,
    "only a-z A-Z 0-9 _ - .",
)
NAME_ENDS = Limit(
    "ends of a rule set, rule or filter name",
    r"^[a-zA-Z0-9](.*[a-zA-Z0-9])?$",
    "pattern",
    _DOC,
    _NAMES,
    "a letter or digit at both ends",
)

# ------------------------------------------------------------------ members of actions

_ADD_HEADER = "SES API AddHeaderAction"
HEADER_NAME_LENGTH = Limit("name of an added header", 50, "characters", _DOC, _ADD_HEADER)
# Documented: letters, digits and dashes. Observed: the service refuses only what RFC 5322 does (ftext).
HEADER_NAME = Limit(
    "name of an added header",
    r"^[\x21-\x39\x3B-\x7E]+$",
    "pattern",
    _SEEN,
    _ADD_HEADER,
    "only printable ASCII without spaces and `:`",
)
HEADER_NAME_DOCUMENTED = Limit(
    "name of an added header, as documented",
    r"^[a-zA-Z0-9-]+$",
    "pattern",
    _DOC,
    _ADD_HEADER,
    "only a-z A-Z 0-9 -",
)
HEADER_VALUE_LENGTH = Limit("value of an added header", 2048, "characters", _DOC, _ADD_HEADER)
# Tab and non-ASCII have been seen to be stored; other control characters are refused.
HEADER_VALUE = Limit(
    "value of an added header",
    r"^[^\x00-\x08\x0A-\x1F\x7F]*$",
    "pattern",
    _SEEN,
    _ADD_HEADER,
    "no control characters but tab",
)
SMTP_REPLY_CODE = Limit(
    "reply code of a bounce",
    r"^[2-5][0-5][0-9]$",
    "pattern",
    _DOC,
    "RFC 5321 section 4.2",
    "an SMTP reply code such as `550`",
)
STATUS_CODE = Limit(
    "status code of a bounce",
    r"^[245]\.[0-9]{1,3}\.[0-9]{1,3}$",
    "pattern",
    _DOC,
    "RFC 3463 section 2",
    "an enhanced status code such as `5.1.1`",
)
BUCKET_NAME = Limit(
    "name of an S3 bucket",
    r"^[a-zA-Z0-9._-]{3,255}$",
    "pattern",
    _DOC,
    'S3 User Guide, "Bucket naming rules"',
    "3 to 255 of a-z A-Z 0-9 . _ -",
)

# ------------------------------------------------------------------ ARNs

_ACCOUNT = r"[0-9]{12}"
_REGION = r"[a-z0-9-]+"
TOPIC_ARN = Limit(
    "SNS topic",
    rf"^arn:[\w-]+:sns:{_REGION}:{_ACCOUNT}:[A-Za-z0-9_-]{{1,256}}(\.fifo)?$",
    "pattern",
    _DOC,
    "SNS API CreateTopic",
    "a topic ARN such as `arn:aws:sns:us-east-1:111122223333:mail`",
)
FUNCTION_ARN = Limit(
    "Lambda function",
    rf"^arn:[\w-]+:lambda:{_REGION}:{_ACCOUNT}:function:[a-zA-Z0-9_-]+(:(\$LATEST|[a-zA-Z0-9_-]+))?$",
    "pattern",
    _DOC,
    "Lambda API FunctionArn",
    "a function ARN such as `arn:aws:lambda:us-east-1:111122223333:function:gate`",
)
KMS_KEY_ARN = Limit(
    "KMS key",
    rf"^arn:[\w-]+:kms:{_REGION}:{_ACCOUNT}:(key/[a-zA-Z0-9-]+|alias/[a-zA-Z0-9/_-]+)$",
    "pattern",
    _DOC,
    "SES API S3Action.KmsKeyArn",
    "a key ARN such as `arn:aws:kms:us-east-1:111122223333:alias/aws/ses`",
)
# SES does not look whether the organisation exists [observed].
ORGANIZATION_ARN = Limit(
    "WorkMail organisation",
    rf"^arn:[\w-]+:workmail:{_REGION}:{_ACCOUNT}:organization/\S+$",
    "pattern",
    _DOC,
    "SES API WorkmailAction.OrganizationArn",
    "an organisation ARN such as `arn:aws:workmail:us-east-1:111122223333:organization/m-0123…`",
)
# The next four as the API model spells them; it does not anchor its patterns, but means the whole text.
IAM_ROLE_ARN = Limit(
    "IAM role",
    r"arn:[\w-]+:iam::[0-9]+:role(\u002F)([\u0021-\u007E]+\u002F)?([\w+=,.@-]+)",
    "pattern",
    _DOC,
    "SES API IAMRoleARN",
    "a role ARN such as `arn:aws:iam::111122223333:role/ses-receiving`",
)
IAM_ROLE_ARN_MIN = Limit("IAM role ARN, at least", 20, "characters", _DOC, "SES API IAMRoleARN")
IAM_ROLE_ARN_MAX = Limit("IAM role ARN, at most", 2048, "characters", _DOC, "SES API IAMRoleARN")
CONNECT_INSTANCE_ARN = Limit(
    "Amazon Connect instance",
    r"arn:(aws|aws-us-gov):connect:[a-z]{2}-[a-z]+-[0-9-]{1}:[0-9]{1,20}:instance/"
    r"[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}",
    "pattern",
    _DOC,
    "SES API ConnectInstanceArn",
    "an instance ARN such as `arn:aws:connect:us-east-1:111122223333:instance/01234567-89ab-cdef-0123-456789abcdef`",
)

# ------------------------------------------------------------------ accounts and SendBounce

ACCOUNT_ID = Limit(
    "AWS account id",
    r"^[0-9]{12}$",
    "pattern",
    _DOC,
    "AWS Account Management, account identifiers",
    "12 digits",
)
# Receiving came to many regions since the list was published, so any name of that shape will do [inferred].
REGION = Limit(
    "region",
    r"^[a-z]+(-[a-z]+)+-[0-9]+$",
    "pattern",
    _WE,
    'Developer Guide, "Regions and endpoints"',
    "a region such as `us-east-1`",
)
EXTENSION_FIELD_NAME_LENGTH = Limit(
    "name of a SendBounce extension field", 50, "characters", _DOC, "SES API ExtensionField"
)
EXTENSION_FIELD_VALUE_LENGTH = Limit(
    "value of a SendBounce extension field", 2048, "characters", _DOC, "SES API ExtensionField"
)

# All of them, in the order above: what the documentation prints.
LIMITS: tuple[Limit[int] | Limit[str], ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Limit)
)
