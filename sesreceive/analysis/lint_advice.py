"""What can be wrong with an account that SES takes: for each kind its weight, who says so, the fix and the lesson."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from sesreceive import limits

__all__ = ["ADVICE", "Advice", "Level"]


class Level(StrEnum):
    """How much a finding weighs: ``warning`` where mail is lost, doubled or abused, ``note`` where it may be meant."""

    WARNING = "warning"
    NOTE = "note"


class Advice(NamedTuple):
    """What is said of every finding of a kind."""

    level: Level
    source: str
    fix: str
    lesson: str


_W, _N = Level.WARNING, Level.NOTE
_RULES = 'Developer Guide, "Creating receipt rules"'
_CONCEPTS = 'Developer Guide, "Email receiving concepts"'
_LAMBDA = 'Developer Guide, "Invoke Lambda function action"'
_FILTERS = 'Developer Guide, "Creating IP address filters"'
_BOUNCE = 'Developer Guide, "Return a bounce response action"'
_S3 = 'Developer Guide, "Deliver to S3 bucket action"'

ADVICE: Mapping[str, Advice] = {
    "catch-all-without-stop": Advice(
        _N,
        _CONCEPTS,
        "end the first of the two rules with a StopAction, or leave it if both are meant",
        "All matching rules run, in order, not the first alone; only a Stop ends the rule set.",
    ),
    "rule-for-everybody": Advice(
        _N,
        _RULES,
        "name the domains, so that one that is verified later does not come in by itself",
        "A rule without recipients is for every address of every verified domain, and of all domains below these.",
    ),
    "backscatter": Advice(
        _W,
        "RFC 3834 section 2; RFC 5321 section 6.2",
        "ask a function in RequestResponse before the bounce, which leaves the rule unless SPF or DMARC pass; or "
        "have no rule for the address, so that the session answers",
        "A bounce goes to whoever the sender claims to be. Most forged mail claims to be somebody.",
    ),
    "auto-reply-loop": Advice(
        _W,
        "RFC 3834 section 2",
        "answer nothing that has Auto-Submitted other than `no`, List-Id, Precedence: bulk, or the null sender",
        "Two programs that answer each other never stop. Machines say that they are machines, and have to be asked.",
    ),
    "bounce-to-machine": Advice(
        _N,
        "RFC 3834 section 2",
        "let a function in RequestResponse leave the rule for mail of machines",
        "A BounceAction spares the null sender alone: newsletters and automatic replies get a bounce, too.",
    ),
    "size-trap": Advice(
        _W,
        limits.SNS_MESSAGE_SIZE.source,
        "store the message with an S3 action and tell the topic in that action, whose notification has no content",
        "A message over 150 KB bounces at an SNS action, and its rule does nothing else for it.",
    ),
    "bounce-then-delivery": Advice(
        _W,
        _BOUNCE,
        "put a StopAction behind the bounce, or the bounce into a rule of its own",
        "A bounce ends nothing: the sender is told that the mail was not taken, and it is.",
    ),
    "lambda-before-s3": Advice(
        _W,
        _LAMBDA,
        "put the S3 action in front of the Lambda action",
        "A function gets headers and verdicts, never the body: that it has to find in the bucket.",
    ),
    "event-disposition": Advice(
        _W,
        _LAMBDA,
        "invoke it as RequestResponse",
        "SES does not wait for an Event invocation, so whatever such a function answers, evaluation goes on.",
    ),
    "event-with-stop": Advice(
        _N,
        _LAMBDA,
        "leave it if the rule set shall end in any case; else invoke as RequestResponse",
        "Behind an Event invocation the Stop comes at once, also when the function fails.",
    ),
    "prefix-collision": Advice(
        _N,
        _S3,
        "give each rule a prefix of its own that no other begins with",
        "The key of an object is the prefix and the message id: two rules with one prefix write one object twice.",
    ),
    "gray-dropped": Advice(
        _W,
        'Developer Guide, "Authenticating email", verdicts',
        "drop FAIL alone, or count the verdicts of your mail before anything but PASS is dropped",
        "GRAY is no failure: it is the verdict where a sender publishes nothing to check.",
    ),
    "header-decision": Advice(
        _W,
        "RFC 7489 section 3.1; RFC 5322 section 3.6.2",
        "look at `receipt.dmarcVerdict` first: only with PASS the author is who the header says",
        "Anybody can write anything into From, Reply-To and Subject.",
    ),
    "unverified-bounce-sender": Advice(
        _W,
        "SES API BounceAction.Sender",
        "use an address under a verified identity of the account",
        "SES sends a bounce as it sends any mail: from verified identities alone.",
    ),
    "cross-region": Advice(
        _W,
        'Developer Guide, "Regions and endpoints"',
        "use a resource in the region of the account",
        "Topics, functions and keys have to be in the region that receives; only buckets need not.",
    ),
    "impossible-condition": Advice(
        _W,
        _RULES,
        "write the address or domain as it stands in RCPT TO",
        "A condition is compared with the address in the envelope: no wildcard, no name, no brackets.",
    ),
    "dead-rule": Advice(
        _W,
        _CONCEPTS,
        "move the rule in front of those that stop, or leave it out",
        "What stands behind a Stop for the same recipients never runs.",
    ),
    "dead-condition": Advice(
        _W,
        _RULES,
        "leave the condition out, or move its rule",
        "A condition that no mail reaches looks like a promise.",
    ),
    "dead-action": Advice(
        _W, _CONCEPTS, "leave the action out, or change what stands before it", "An action behind the end never runs."
    ),
    "dead-filter": Advice(
        _N,
        _FILTERS,
        "leave the filter out, or make the wider one narrower",
        "Of the filters that contain an address one decides.",
    ),
    "redundant": Advice(_N, _CONCEPTS, "leave it out", "What changes nothing hides what does."),
    "duplicate-rule": Advice(
        _W, _CONCEPTS, "leave one of them out", "All matching rules run: two rules that are alike do everything twice."
    ),
    "no-active-set": Advice(
        _W,
        _CONCEPTS,
        "activate a rule set: SetActiveReceiptRuleSet",
        "Without an active rule set SES refuses all mail.",
    ),
    "not-activated": Advice(
        _W,
        "SES API SetActiveReceiptRuleSet",
        "activate it behind the deployment: `aws ses set-active-receipt-rule-set`, or an AwsCustomResource in CDK",
        "CloudFormation makes rule sets and has nothing that activates one.",
    ),
    "nothing-enabled": Advice(
        _W, _CONCEPTS, "enable a rule", "The API makes rules that are off, the console ones that are on."
    ),
    "no-verified-domain": Advice(
        _W,
        'Developer Guide, "Verifying your domain for email receiving"',
        "verify the domain",
        "SES takes mail for verified domains alone; a verified address is not enough.",
    ),
    "no-rule-for-domain": Advice(
        _W,
        _CONCEPTS,
        "add a rule for the domain, or let it be if it only sends",
        "A verified domain without a rule refuses all its mail, as if nobody lived there.",
    ),
    "region": Advice(
        _W, 'Developer Guide, "Regions and endpoints"', "receive in a region that can", "Not every region receives."
    ),
    "ipv6-open": Advice(
        _W,
        _FILTERS,
        "block `::/0`, too",
        "0.0.0.0/0 is all of IPv4 and nothing else: a client with an IPv6 address passes.",
    ),
    "near-quota": Advice(
        _N,
        'Developer Guide, "Quotas"',
        "join rules that do the same, or ask AWS for more",
        "The rule that is one too many is refused in the middle of a deployment.",
    ),
}
"""By code; what each finding is about is in its own message."""
