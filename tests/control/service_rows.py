"""What the service refuses, row by row: state, request, code and message; a new row is a new test."""

from __future__ import annotations

from typing import Any

import sesreceive as ses
from sesreceive.backends.local_kms import LocalKms
from sesreceive.control.operations import Control

ARN = "arn:aws:{}:us-east-1:111122223333:{}"
TOPIC, ABSENT_TOPIC = ARN.format("sns", "mail"), ARN.format("sns", "absent")
FUNCTION, ABSENT_FUNCTION = ARN.format("lambda", "function:gate"), ARN.format("lambda", "function:absent")
KEY, DISABLED_KEY = ARN.format("kms", "key/1"), ARN.format("kms", "key/2")

MAIN, R = {"RuleSetName": "main"}, {"RuleName": "b"}
ERRORS = "validation errors detected:"
ONE = "1 validation error detected: Value at '{}' failed to satisfy constraint: {}"
NULL, SHORT = "Member must not be null", "Member must have length greater than or equal to 1"
PATTERN = "Member must satisfy regular expression pattern: ^[a-zA-Z0-9_.-]+$"
NAMES = (
    "Member must satisfy constraint: [Member must have length less than or equal to 100, Member must have length "
    "greater than or equal to 1, Member must satisfy regular expression pattern: ^[a-zA-Z0-9_.-]+$]"
)


def enum(*words: str) -> str:
    return f"Member must satisfy enum value set: [{', '.join(words)}]"


def value(path: str, constraint: str) -> str:
    return f"Value at '{path}' failed to satisfy constraint: {constraint}"


def make_control() -> Control:
    """example.com verified; `main` active with the rules a, b, c; `other`; a filter; a strict backend."""
    rules = [ses.ReceiptRule(name=name) for name in "abc"]
    sets = [ses.ReceiptRuleSet(name="main", rules=rules), ses.ReceiptRuleSet(name="other")]
    account = ses.Account(
        identities=["example.com"], rule_sets=sets, active="main",
        filters=[ses.ReceiptFilter.block("192.0.2.0/24", name="net")],
    )  # fmt: skip
    backend = ses.MemoryBackend(
        functions={"gate": lambda event, context: None}, strict=True, buckets=["inbox", "locked"], topics=[TOPIC],
        kms=LocalKms(seed=1, disabled=[DISABLED_KEY]),
    )  # fmt: skip
    backend.failures.add(bucket="locked")
    return Control(ses.Receiver(account, backend=backend, seed=1))


def rule(*actions: Any, **members: Any) -> dict[str, Any]:
    """A CreateReceiptRule request for `main`."""
    return {**MAIN, "Rule": {"Name": "new", "Actions": list(actions), **members}}


def made(kind: str, **members: Any) -> dict[str, Any]:
    """A CreateReceiptRule request with one action."""
    return rule({kind: members})


def filtered(cidr: str, name: str = "new") -> dict[str, Any]:
    return {"Filter": {"Name": name, "IpFilter": {"Policy": "Block", "Cidr": cidr}}}


STOP = {"StopAction": {"Scope": "RuleSet"}}
HEADER = {"AddHeaderAction": {"HeaderName": "X-Team", "HeaderValue": "billing"}}
BOUNCE = {"SmtpReplyCode": "550", "Message": "no", "Sender": "postmaster@example.com"}
AT = "rule.actions.1.member."
CREATE, SETS = "CreateReceiptRule", "CreateReceiptRuleSet"
LONG = "a" * 65

# ---------------------------------------------------------------- layer 2: the model
MODEL: list[tuple[str, dict[str, Any], str]] = [
    (SETS, {}, ONE.format("ruleSetName", NULL)),
    (SETS, {"RuleSetName": "a b"}, ONE.format("ruleSetName", PATTERN)),
    (SETS, {"RuleSetName": ""}, f"2 {ERRORS} {value('ruleSetName', SHORT)}; {value('ruleSetName', PATTERN)}"),
    ("CloneReceiptRuleSet", {}, f"2 {ERRORS} {value('originalRuleSetName', NULL)}; {value('ruleSetName', NULL)}"),
    ("CloneReceiptRuleSet", {"RuleSetName": "!", "OriginalRuleSetName": "?"},
     f"2 {ERRORS} {value('originalRuleSetName', PATTERN)}; {value('ruleSetName', PATTERN)}"),
    ("DescribeReceiptRuleSet", {}, ONE.format("ruleSetName", NULL)),
    ("SetActiveReceiptRuleSet", {"RuleSetName": "a/b"}, ONE.format("ruleSetName", PATTERN)),
    ("DeleteReceiptRuleSet", {"RuleSetName": "é"}, ONE.format("ruleSetName", PATTERN)),
    ("DescribeReceiptRule", MAIN, ONE.format("ruleName", NULL)),
    ("DeleteReceiptRule", {**MAIN, "RuleName": "a b"}, ONE.format("ruleName", PATTERN)),
    ("SetReceiptRulePosition", {**MAIN, **R, "After": "a b"}, ONE.format("after", PATTERN)),
    ("ReorderReceiptRuleSet", MAIN, ONE.format("ruleNames", NULL)),
    ("ReorderReceiptRuleSet", {**MAIN, "RuleNames": ["a", "", "!"]}, ONE.format("ruleNames", NAMES)),
    ("ReorderReceiptRuleSet", {**MAIN, "RuleNames": ["a" * 101]}, ONE.format("ruleNames", NAMES)),
    (CREATE, {}, f"2 {ERRORS} {value('ruleSetName', NULL)}; {value('rule', NULL)}"),
    (CREATE, {**MAIN, "Rule": {}}, ONE.format("rule.name", NULL)),
    (CREATE, rule(Name=""), f"2 {ERRORS} {value('rule.name', SHORT)}; {value('rule.name', PATTERN)}"),
    (CREATE, rule(TlsPolicy="Always"), ONE.format("rule.tlsPolicy", enum("Optional", "Require"))),
    (CREATE, {**rule(), "After": "a b"}, ONE.format("after", PATTERN)),
    (CREATE, made("S3Action"), ONE.format(f"{AT}s3Action.bucketName", NULL)),
    (CREATE, made("SNSAction"), ONE.format(f"{AT}sNSAction.topicArn", NULL)),
    (CREATE, made("SNSAction", Encoding="UTF8"),
     (f"2 {ERRORS} {value(f'{AT}sNSAction.encoding', enum('Base64', 'UTF-8'))}; "
     f"{value(f'{AT}sNSAction.topicArn', NULL)}")),
    (CREATE, made("LambdaAction", InvocationType="Sync"),
     (f"2 {ERRORS} {value(f'{AT}lambdaAction.functionArn', NULL)}; "
     f"{value(f'{AT}lambdaAction.invocationType', enum('RequestResponse', 'Event'))}")),
    (CREATE, made("BounceAction"),
     (f"3 {ERRORS} {value(f'{AT}bounceAction.smtpReplyCode', NULL)}; {value(f'{AT}bounceAction.sender', NULL)}; "
     f"{value(f'{AT}bounceAction.message', NULL)}")),
    (CREATE, made("StopAction"), ONE.format(f"{AT}stopAction.scope", NULL)),
    (CREATE, made("StopAction", Scope="Rule"), ONE.format(f"{AT}stopAction.scope", enum("RuleSet"))),
    (CREATE, made("AddHeaderAction"),
     (f"2 {ERRORS} {value(f'{AT}addHeaderAction.headerName', NULL)}; "
     f"{value(f'{AT}addHeaderAction.headerValue', NULL)}")),
    (CREATE, made("WorkmailAction"), ONE.format(f"{AT}workmailAction.organizationArn", NULL)),
    (CREATE, made("ConnectAction"),
     f"2 {ERRORS} {value(f'{AT}connectAction.instanceARN', NULL)}; {value(f'{AT}connectAction.iAMRoleARN', NULL)}"),
    (CREATE, rule(HEADER, {"S3Action": {}}), ONE.format("rule.actions.2.member.s3Action.bucketName", NULL)),
    ("UpdateReceiptRule", MAIN, ONE.format("rule", NULL)),
    ("CreateReceiptFilter", {}, ONE.format("filter", NULL)),
    ("CreateReceiptFilter", {"Filter": {}},
     f"2 {ERRORS} {value('filter.name', NULL)}; {value('filter.ipFilter', NULL)}"),
    ("CreateReceiptFilter", {"Filter": {"Name": "f", "IpFilter": {}}},
     f"2 {ERRORS} {value('filter.ipFilter.policy', NULL)}; {value('filter.ipFilter.cidr', NULL)}"),
    ("CreateReceiptFilter", {"Filter": {"Name": "f", "IpFilter": {"Policy": "Deny", "Cidr": "192.0.2.1"}}},
     ONE.format("filter.ipFilter.policy", enum("Allow", "Block"))),
    ("DeleteReceiptFilter", {}, ONE.format("filterName", NULL)),
    ("ListIdentities", {"IdentityType": "Mail"}, ONE.format("identityType", enum("EmailAddress", "Domain"))),
    ("SendBounce", {},
     (f"3 {ERRORS} {value('originalMessageId', NULL)}; {value('bounceSender', NULL)}; "
     f"{value('bouncedRecipientInfoList', NULL)}")),
]  # fmt: skip

BAD_VALUE = "InvalidParameterValue"
NO_SET, NO_RULE = "RuleSetDoesNotExist", "RuleDoesNotExist"
S3, SNS, LAMBDA = "InvalidS3Configuration", "InvalidSnsTopic", "InvalidLambdaFunction"

# ---------------------------------------------------------------- layers 3 to 5: names, what exists, content
SERVICE: list[tuple[str, dict[str, Any], str, str]] = [
    ("CreateReceiptRuleset", {}, "InvalidAction",
     "Could not find operation CreateReceiptRuleset for version 2010-12-01"),
    # names
    (SETS, {"RuleSetName": LONG}, BAD_VALUE, f"Not a valid ruleSetName: {LONG}"),
    (SETS, {"RuleSetName": ".a"}, BAD_VALUE, "Not a valid ruleSetName: .a"),
    (CREATE, rule(Name="a-"), BAD_VALUE, "Not a valid ruleName: a-"),
    (CREATE, {"RuleSetName": "absent", "Rule": {"Name": "a-"}}, BAD_VALUE, "Not a valid ruleName: a-"),
    ("DescribeReceiptRule", {**MAIN, "RuleName": "_a"}, BAD_VALUE, "Not a valid ruleName: _a"),
    ("CreateReceiptFilter", filtered("192.0.2.1", ""), BAD_VALUE, "filterName must not be empty"),
    ("CreateReceiptFilter", filtered("192.0.2.1", "a b"), BAD_VALUE, "Not a valid filterName: a b"),
    ("CreateReceiptFilter", filtered("192.0.2.1", LONG), BAD_VALUE, f"Not a valid filterName: {LONG}"),
    # rule sets
    (SETS, MAIN, "AlreadyExists", "Rule set already exists: main"),
    ("CloneReceiptRuleSet", {**MAIN, "OriginalRuleSetName": "absent"}, "AlreadyExists",
     "Rule set already exists: main"),
    ("CloneReceiptRuleSet", {"RuleSetName": "new", "OriginalRuleSetName": "absent"}, NO_SET,
     "Rule set does not exist: absent"),
    *[(operation, {"RuleSetName": "absent", **more}, NO_SET, "Rule set does not exist: absent") for operation, more in [
        ("DescribeReceiptRuleSet", {}), ("SetActiveReceiptRuleSet", {}), ("ReorderReceiptRuleSet", {"RuleNames": []}),
        (CREATE, {"Rule": {"Name": "a"}}), ("UpdateReceiptRule", {"Rule": {"Name": "a"}}),
        ("DescribeReceiptRule", R), ("DeleteReceiptRule", R), ("SetReceiptRulePosition", R),
    ]],
    ("DeleteReceiptRuleSet", MAIN, "CannotDelete", "Cannot delete active rule set: main"),
    ("ListReceiptRuleSets", {"NextToken": "T"}, BAD_VALUE, "Invalid token: T"),
    ("ListReceiptRuleSets", {"NextToken": "é"}, BAD_VALUE, "Invalid token: é"),
    ("ReorderReceiptRuleSet", {**MAIN, "RuleNames": ["a", "a"]}, BAD_VALUE, "Multiple positions found for rule: a"),
    ("ReorderReceiptRuleSet", {**MAIN, "RuleNames": ["b", "x"]}, BAD_VALUE, "Positions for rules not found: a, c"),
    ("ReorderReceiptRuleSet", {**MAIN, "RuleNames": ["b", "x", "a", "c"]}, NO_RULE, "Rule does not exist: x"),
    # rules
    (CREATE, {**rule(Name="a"), "After": "absent"}, "AlreadyExists", "Rule already exists: a"),
    (CREATE, {**rule(), "After": "absent"}, NO_RULE, "Rule does not exist: absent"),
    (CREATE, {**rule(Recipients=[""]), "After": "absent"}, NO_RULE, "Rule does not exist: absent"),
    ("UpdateReceiptRule", rule(), NO_RULE, "Rule does not exist: new"),
    ("DescribeReceiptRule", {**MAIN, "RuleName": "x"}, NO_RULE, "Rule does not exist: x"),
    ("SetReceiptRulePosition", {**MAIN, "RuleName": "x"}, NO_RULE, "Rule does not exist: x"),
    ("SetReceiptRulePosition", {**MAIN, **R, "After": "x"}, NO_RULE, "Rule does not exist: x"),
    # content
    *[(CREATE, rule(Recipients=[text]), BAD_VALUE, f"Invalid recipient: {text}")
      for text in ["", "a b@example.com", "a..b", "-a.example", "a-.example"]],
    (CREATE, rule(Recipients=[f"{n}@example.com" for n in range(501)]), "LimitExceeded", "Too many recipients"),
    (CREATE, rule(*[STOP] * 11), "LimitExceeded", "Too many actions"),
    (CREATE, rule(STOP, HEADER), BAD_VALUE, "Stop action, if any, must be placed at the end of the actions list"),
    (CREATE, rule({}), BAD_VALUE, "Exactly one action type must be specified for each ReceiptAction"),
    (CREATE, rule({**STOP, **HEADER}), BAD_VALUE, "Exactly one action type must be specified for each ReceiptAction"),
    (CREATE, made("SNSAction", TopicArn="mail"), SNS, "Invalid SNS topic: mail"),
    (CREATE, made("SNSAction", TopicArn=""), SNS, "Invalid SNS topic: "),
    (CREATE, made("SNSAction", TopicArn=ABSENT_TOPIC), SNS, f"Could not publish to SNS topic: {ABSENT_TOPIC}"),
    (CREATE, made("StopAction", Scope="RuleSet", TopicArn=ABSENT_TOPIC), SNS,
     f"Could not publish to SNS topic: {ABSENT_TOPIC}"),
    (CREATE, made("SNSAction", TopicArn=TOPIC.replace("us-east-1", "eu-west-1")), SNS,
     f"Could not publish to SNS topic: {TOPIC.replace('us-east-1', 'eu-west-1')}"),
    (CREATE, made("S3Action", BucketName=""), BAD_VALUE, "Bucket name must not be empty"),
    (CREATE, made("S3Action", BucketName="absent"), S3, "No such bucket: absent"),
    (CREATE, made("S3Action", BucketName="locked"), S3, "Could not write to bucket: locked"),
    (CREATE, made("S3Action", BucketName="inbox", TopicArn=ABSENT_TOPIC), SNS,
     f"Could not publish to SNS topic: {ABSENT_TOPIC}"),
    (CREATE, made("S3Action", BucketName="inbox", KmsKeyArn=DISABLED_KEY), S3,
     f"Unable to use AWS KMS key: {DISABLED_KEY}"),
    (CREATE, made("S3Action", BucketName="inbox", KmsKeyArn="mine"), S3, "Unable to use AWS KMS key: mine"),
    (CREATE, made("LambdaAction", FunctionArn=""), BAD_VALUE, "Lambda function ARN must not be empty"),
    (CREATE, made("LambdaAction", FunctionArn="gate"), LAMBDA, "Invalid Lambda function: gate"),
    (CREATE, made("LambdaAction", FunctionArn=ABSENT_FUNCTION), LAMBDA,
     f"Could not invoke Lambda function: {ABSENT_FUNCTION}"),
    (CREATE, made("LambdaAction", FunctionArn=FUNCTION.replace("us-east-1", "eu-west-1")), LAMBDA,
     f"Could not invoke Lambda function: {FUNCTION.replace('us-east-1', 'eu-west-1')}"),
    (CREATE, made("BounceAction", **{**BOUNCE, "SmtpReplyCode": ""}), BAD_VALUE, "Invalid SMTP reply code: "),
    (CREATE, made("BounceAction", **{**BOUNCE, "Message": "", "Sender": "a@example.org"}), BAD_VALUE,
     "Invalid SMTP response message: "),
    (CREATE, made("BounceAction", **{**BOUNCE, "Sender": "a@example.org"}), BAD_VALUE,
     "Identity is not verified: a@example.org"),
    (CREATE, made("AddHeaderAction", HeaderName="X Team", HeaderValue=""), BAD_VALUE, "Invalid header name: X Team"),
    (CREATE, made("AddHeaderAction", HeaderName="", HeaderValue=""), BAD_VALUE, "Invalid header name: "),
    (CREATE, made("AddHeaderAction", HeaderName="X" * 51, HeaderValue=""), BAD_VALUE,
     f"Invalid header name: {'X' * 51}"),
    (CREATE, made("AddHeaderAction", HeaderName="X-Team", HeaderValue="a\nb"), BAD_VALUE,
     "Invalid header value: a0x000ab"),
    ("UpdateReceiptRule", {**MAIN, "Rule": {"Name": "a", "Actions": [{}]}}, BAD_VALUE,
     "Exactly one action type must be specified for each ReceiptAction"),
    # filters
    ("CreateReceiptFilter", filtered("192.0.2.1", "net"), "AlreadyExists", "Filter already exists: net"),
    *[("CreateReceiptFilter", filtered(cidr), BAD_VALUE, f"Invalid CIDR block: {cidr}")
      for cidr in ["", "[2001:db8::1]", "fe80::1%eth0", "::ffff:192.0.2.1", "١٩٢.0.2.1", "192.0.2.1/33",
                   "2001:db8::/129", "192.0.02.1", "192.0.2.256", "2001::db8::1"]],
    # identities
    ("VerifyDomainIdentity", {"Domain": "a..b"}, BAD_VALUE, "Invalid domain name a..b."),
    ("VerifyDomainDkim", {"Domain": "a@example.org"}, BAD_VALUE, "Invalid domain name a@example.org."),
    ("VerifyEmailIdentity", {"EmailAddress": "example.org"}, BAD_VALUE, "Invalid email address<example.org>."),
    ("ListIdentities", {"MaxItems": 0}, BAD_VALUE, "Invalid max items: 0"),
    ("ListIdentities", {"NextToken": "T"}, BAD_VALUE, "Invalid token: T"),
    # bounces
    ("SendBounce", {"OriginalMessageId": "m", "BounceSender": "postmaster@example.com",
                    "BouncedRecipientInfoList": [{"Recipient": "a@example.com", "BounceType": "DoesNotExist"}]},
     "MessageRejected", "no message `m` was received"),
]  # fmt: skip

# ---------------------------------------------------------------- what is taken although it may look odd
TAKEN: list[tuple[str, dict[str, Any]]] = [
    (SETS, {"RuleSetName": "a.b_c-d"}),
    (SETS, {"RuleSetName": "a" * 64}),
    ("DeleteReceiptRuleSet", {"RuleSetName": "absent"}),
    ("DeleteReceiptRule", {**MAIN, "RuleName": "absent"}),
    ("DeleteReceiptFilter", {"FilterName": ""}),
    ("DeleteReceiptFilter", {"FilterName": "a b"}),
    ("DeleteIdentity", {"Identity": "absent.example"}),
    ("CreateReceiptFilter", filtered("10.0.0.1/24", "a.b")),
    ("CreateReceiptFilter", filtered("2001:db8::/32")),
    (CREATE, rule(Recipients=[".example.com", "a+b@example.com"])),
    (CREATE, rule(*[HEADER] * 10)),
    (CREATE, rule(HEADER, STOP)),
    (CREATE, rule(Recipients=[f"{n}@example.com" for n in range(500)])),
    (CREATE, made("AddHeaderAction", HeaderName="X_Team", HeaderValue="\té")),
    (CREATE, made("AddHeaderAction", HeaderName="X" * 50, HeaderValue="")),
    (CREATE, made("WorkmailAction", OrganizationArn=ARN.format("workmail", f"organization/m-{'0' * 32}"))),
    (CREATE, made("LambdaAction", FunctionArn=FUNCTION)),
    (CREATE, made("S3Action", BucketName="inbox", KmsKeyArn=KEY, TopicArn=TOPIC)),
    ("SetReceiptRulePosition", {**MAIN, **R, "After": "b"}),
    ("SetActiveReceiptRuleSet", {}),
]
