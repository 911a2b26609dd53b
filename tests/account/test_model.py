"""Our metadata against the published model of the API: every member, word, pattern, length and required field.

Where we know more than the model (its prose, or what the service was seen to do), `BEYOND` says so, row by row.
"""

from __future__ import annotations

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

import sesreceive as ses
from sesreceive.account.identities import Identity
from sesreceive.account.member import Kind, members

MODEL = ServiceModel(Loader().load_service_model("ses", "service-2", "2010-12-01"))

# our class → the structures of the model it stands for, by what is around its members
STRUCTURES = {
    ses.ReceiptRule: {"": "ReceiptRule"},
    ses.ReceiptFilter: {"": "ReceiptFilter", "IpFilter": "ReceiptIpFilter"},
    ses.ReceiptRuleSet: {"": "DescribeReceiptRuleSetResponse", "Metadata": "ReceiptRuleSetMetadata"},
    Identity: {"": "IdentityVerificationAttributes"},
    **{cls: {"": name} for name, cls in ses.ReceiptAction.registry.items()},
}

MODEL_TYPES = {
    Kind.TEXT: "string",
    Kind.CHOICE: "string",
    Kind.FLAG: "boolean",
    Kind.TEXTS: "list",
    Kind.VALUES: "list",
    Kind.ACTIONS: "list",
    Kind.TIMESTAMP: "timestamp",
}

# What we check though the model does not: (structure, member, what) → why.
NAME = "the model's prose; that `.` is allowed in all three names was observed"
BEYOND = {
    ("ReceiptRule", "Name", "min"): "observed: an empty name is refused",
    ("ReceiptRule", "Name", "max"): "the model's prose",
    ("ReceiptRule", "Name", "pattern"): NAME,
    ("ReceiptFilter", "Name", "min"): "observed: an empty name is refused",
    ("ReceiptFilter", "Name", "max"): "the model's prose",
    ("ReceiptFilter", "Name", "pattern"): NAME,
    ("ReceiptRuleSetMetadata", "Name", "min"): "observed: an empty name is refused",
    ("ReceiptRuleSetMetadata", "Name", "max"): "the model's prose",
    ("ReceiptRuleSetMetadata", "Name", "pattern"): NAME,
    ("ReceiptRuleSetMetadata", "Name", "required"): "CreateReceiptRuleSet.RuleSetName is required",
    ("DescribeReceiptRuleSetResponse", "Metadata", "required"): "a set without a name is none",
    ("AddHeaderAction", "HeaderName", "min"): "the model's prose",
    ("AddHeaderAction", "HeaderName", "max"): "the model's prose",
    ("AddHeaderAction", "HeaderName", "pattern"): "observed: RFC 5322 ftext, more than the prose says",
    ("AddHeaderAction", "HeaderValue", "max"): "the model's prose",
    ("AddHeaderAction", "HeaderValue", "pattern"): "observed: control characters are refused, tab is not",
    ("BounceAction", "SmtpReplyCode", "min"): "observed: an empty code is refused",
    ("BounceAction", "SmtpReplyCode", "pattern"): "the model's prose: as defined by RFC 5321",
    ("BounceAction", "StatusCode", "pattern"): "the model's prose: as defined by RFC 3463",
    ("BounceAction", "Message", "min"): "observed: an empty message is refused",
    ("BounceAction", "Sender", "min"): "observed: a sender that is not verified is refused",
    ("BounceAction", "TopicArn", "pattern"): "observed: Invalid SNS topic",
    ("LambdaAction", "FunctionArn", "min"): "observed: an empty ARN is refused",
    ("LambdaAction", "FunctionArn", "pattern"): "observed: Invalid Lambda function",
    ("LambdaAction", "TopicArn", "pattern"): "observed: Invalid SNS topic",
    ("S3Action", "BucketName", "min"): "observed: an empty name is refused",
    ("S3Action", "BucketName", "pattern"): "S3 has no bucket of another name",
    ("S3Action", "KmsKeyArn", "pattern"): "the model's prose: an ARN of a key or an alias",
    ("S3Action", "TopicArn", "pattern"): "observed: Invalid SNS topic",
    ("SNSAction", "TopicArn", "pattern"): "observed: Invalid SNS topic",
    ("StopAction", "TopicArn", "pattern"): "observed: Invalid SNS topic",
    ("WorkmailAction", "OrganizationArn", "min"): "an empty ARN is none",
    ("WorkmailAction", "OrganizationArn", "pattern"): "the model's prose: the form of the ARN",
    ("WorkmailAction", "TopicArn", "pattern"): "observed: Invalid SNS topic",
}


def described(structure: str) -> dict[str, dict]:
    """What the model says of each member of a structure."""
    shape = MODEL.shape_for(structure)
    return {
        name: {
            "required": name in shape.required_members,
            "type": one.type_name,
            "min": one.metadata.get("min"),
            "max": one.metadata.get("max"),
            "pattern": one.metadata.get("pattern"),
            "enum": sorted(getattr(one, "enum", ()) or ()) or None,
        }
        for name, one in shape.members.items()
    }


def declared() -> dict[tuple[str, str], dict]:
    """What our metadata says: (structure, member) → facts, and the class they come from."""
    found = {}
    for cls, structures in STRUCTURES.items():
        for item in members(cls):
            if (cls, item.api) == (Identity, "Identity"):  # the key of a map, not a member
                continue
            found[structures[item.within], item.api] = {
                "required": item.required,
                "type": MODEL_TYPES[item.kind],
                "min": item.min,
                "max": item.max,
                "pattern": item.pattern,
                "enum": sorted(item.enum) if item.enum else None,
            }
        for within in structures:
            if within:
                inside = [item.required for item in members(cls) if item.within == within]
                nothing = dict.fromkeys(["min", "max", "pattern", "enum"])
                found[structures[""], within] = {"required": any(inside), "type": "structure", **nothing}
    return found


OURS = declared()
THEIRS = {
    (structure, name): facts
    for structures in STRUCTURES.values()
    for structure in structures.values()
    for name, facts in described(structure).items()
}


def test_the_eight_actions_of_the_model_are_registered():
    assert set(ses.ReceiptAction.registry) == set(MODEL.shape_for("ReceiptAction").members)


def test_no_member_is_missing_and_none_is_made_up():
    assert set(OURS) == set(THEIRS)


@pytest.mark.parametrize("key", sorted(THEIRS), ids=".".join)
def test_members_are_as_the_model_says(key):
    ours = {what: value for what, value in OURS[key].items() if (*key, what) not in BEYOND}
    theirs = {what: value for what, value in THEIRS[key].items() if (*key, what) not in BEYOND}
    assert ours == theirs


@pytest.mark.parametrize("row", sorted(BEYOND), ids=".".join)
def test_what_goes_beyond_the_model_is_really_beyond(row):
    structure, name, what = row
    assert OURS[structure, name][what] != THEIRS[structure, name][what]


def test_every_field_of_every_value_is_documented_in_words():
    for cls in (*STRUCTURES, ses.Account):
        for item in members(cls):
            assert item.doc, (cls, item.name)
            assert item.doc == item.doc.rstrip("."), (cls, item.name)


def test_every_example_in_the_metadata_is_one_that_ses_would_take():
    account = ses.Account(identities=["example.com"])
    seen = 0
    for cls in ses.ReceiptAction.registry.values():
        given = {item.name: item.example for item in members(cls) if item.kind is Kind.TEXT}
        assert cls(**given).problems(account) == (), cls
        seen += len(given)
    assert seen > 15
