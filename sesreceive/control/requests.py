"""The request of every operation of receiving, as a shape: what is required, and the constraints of the model.

Names and requirements are those of the SES API model, the order of members that in which the service lists what is
wrong [observed]. Empty texts of actions are no matter of the model: the service has sentences of its own for them.
"""

from __future__ import annotations

from collections.abc import Mapping

from sesreceive import limits
from sesreceive.actions.stop import StopScope
from sesreceive.control.shapes import Anything, Flag, Many, Names, Number, Shape, Structure, Text
from sesreceive.writing.send_bounce import BOUNCE_TYPES

__all__ = ["ACTION_SHAPES", "REQUESTS"]


def _name(*, required: bool = True) -> Text:
    return Text(required=required, min=1, pattern=limits.NAME_CHARACTERS)


_NEEDED, _FREE = Text(required=True), Text()
# As the service words it; the second layer, with 64 characters, is in `sesreceive.control.refusals`.
_MEMBER_OF_RULE_NAMES = Text(required=True, min=1, max=100, pattern=limits.NAME_CHARACTERS)


def _role(*, required: bool = False) -> Text:
    low, high = limits.IAM_ROLE_ARN_MIN.value, limits.IAM_ROLE_ARN_MAX.value
    return Text(required=required, min=low, max=high, pattern=limits.IAM_ROLE_ARN)


# The order inside BounceAction and SNSAction is observed.
ACTION_SHAPES: Mapping[str, Mapping[str, Shape]] = {
    "S3Action": {
        "BucketName": _NEEDED,
        "ObjectKeyPrefix": _FREE,
        "KmsKeyArn": _FREE,
        "TopicArn": _FREE,
        "IamRoleArn": _role(),
    },
    "BounceAction": {
        "SmtpReplyCode": _NEEDED,
        "Sender": _NEEDED,
        "Message": _NEEDED,
        "StatusCode": _FREE,
        "TopicArn": _FREE,
    },
    "WorkmailAction": {"OrganizationArn": _NEEDED, "TopicArn": _FREE},
    "LambdaAction": {
        "FunctionArn": _NEEDED,
        "InvocationType": Text(enum=("RequestResponse", "Event")),
        "TopicArn": _FREE,
    },
    "StopAction": {"Scope": Text(required=True, enum=StopScope), "TopicArn": _FREE},
    "AddHeaderAction": {"HeaderName": _NEEDED, "HeaderValue": _NEEDED},
    "SNSAction": {"Encoding": Text(enum=("Base64", "UTF-8")), "TopicArn": _NEEDED},
    "ConnectAction": {
        "InstanceARN": Text(required=True, pattern=limits.CONNECT_INSTANCE_ARN),
        "IAMRoleARN": _role(required=True),
    },
}

_ACTION = Structure(members={name: Structure(members=members) for name, members in ACTION_SHAPES.items()})

_RULE = Structure(
    required=True,
    members={
        "Name": _name(),
        "Enabled": Flag(),
        "TlsPolicy": Text(enum=("Optional", "Require")),
        "ScanEnabled": Flag(),
        "Recipients": Many(of=_FREE),
        "Actions": Many(of=_ACTION),
    },
)

_FILTER = Structure(
    required=True,
    members={
        "Name": _NEEDED,
        "IpFilter": Structure(
            required=True, members={"Policy": Text(required=True, enum=("Allow", "Block")), "Cidr": _NEEDED}
        ),
    },
)

_EXTENSIONS = Many(of=Structure(members={"Name": _NEEDED, "Value": _NEEDED}))

_BOUNCED = Structure(
    members={
        "Recipient": _NEEDED,
        "RecipientArn": _FREE,
        "BounceType": Text(enum=tuple(BOUNCE_TYPES)),
        "RecipientDsnFields": Structure(
            members={
                "FinalRecipient": _FREE,
                "Action": Text(required=True, enum=("failed", "delayed", "delivered", "relayed", "expanded")),
                "RemoteMta": _FREE,
                "Status": _NEEDED,
                "DiagnosticCode": _FREE,
                "LastAttemptDate": Anything(),
                "ExtensionFields": _EXTENSIONS,
            }
        ),
    }
)

_SEND_BOUNCE: Mapping[str, Shape] = {
    "OriginalMessageId": _NEEDED,
    "BounceSender": _NEEDED,
    "Explanation": _FREE,
    "MessageDsn": Structure(
        members={"ReportingMta": _NEEDED, "ArrivalDate": Anything(), "ExtensionFields": _EXTENSIONS}
    ),
    "BouncedRecipientInfoList": Many(required=True, of=_BOUNCED),
    "BounceSenderArn": _FREE,
}

_SET = {"RuleSetName": _name()}
_SET_AND_RULE = {**_SET, "RuleName": _name()}
_AFTER = _name(required=False)

_MEMBERS: Mapping[str, Mapping[str, Shape]] = {
    "CreateReceiptRuleSet": _SET,
    # The original is named first where both names are bad [observed].
    "CloneReceiptRuleSet": {"OriginalRuleSetName": _name(), **_SET},
    "DescribeReceiptRuleSet": _SET,
    "DescribeActiveReceiptRuleSet": {},
    "ListReceiptRuleSets": {"NextToken": _FREE},
    "SetActiveReceiptRuleSet": {"RuleSetName": _name(required=False)},
    "DeleteReceiptRuleSet": _SET,
    "ReorderReceiptRuleSet": {**_SET, "RuleNames": Names(required=True, of=_MEMBER_OF_RULE_NAMES)},
    "CreateReceiptRule": {**_SET, "After": _AFTER, "Rule": _RULE},
    "DescribeReceiptRule": _SET_AND_RULE,
    "UpdateReceiptRule": {**_SET, "Rule": _RULE},
    "DeleteReceiptRule": _SET_AND_RULE,
    "SetReceiptRulePosition": {**_SET_AND_RULE, "After": _AFTER},
    "CreateReceiptFilter": {"Filter": _FILTER},
    "ListReceiptFilters": {},
    "DeleteReceiptFilter": {"FilterName": _NEEDED},
    "SendBounce": _SEND_BOUNCE,
    "VerifyDomainIdentity": {"Domain": _NEEDED},
    "VerifyDomainDkim": {"Domain": _NEEDED},
    "VerifyEmailIdentity": {"EmailAddress": _NEEDED},
    "DeleteIdentity": {"Identity": _NEEDED},
    "ListIdentities": {"IdentityType": Text(enum=("EmailAddress", "Domain")), "NextToken": _FREE, "MaxItems": Number()},
    "GetIdentityVerificationAttributes": {"Identities": Many(required=True, of=_NEEDED)},
}

REQUESTS: Mapping[str, Structure] = {name: Structure(members=members) for name, members in _MEMBERS.items()}
