"""What an event knows besides its sentence: one small class for each kind, so that a reader never parses a reason.

===========================  ==============================================================
event                        fact
===========================  ==============================================================
stage filtering              `ConnectionFact`
filter                       `FilterFact`
recipient                    `RecipientFact`
check of a mail transaction  `Check`: which one it is
SPF, DKIM, DMARC, ARC        `ResultFact`
spam, virus                  `FindingFact`
stage authentication         `Verdicts`
rule of the evaluation       `RuleFact`
action that ends something   `StopFact`
effect                       `EffectFact`
any other                    None
===========================  ==============================================================

Named tuples, since a message leaves some twenty of them and they are made in a third of the time of a frozen
dataclass.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from sesreceive.account.filters import Policy
from sesreceive.flow import Flow
from sesreceive.mail.reply import Reply
from sesreceive.verdict import Verdict, Verdicts

__all__ = [
    "Check",
    "ConnectionFact",
    "EffectFact",
    "Fact",
    "FilterFact",
    "FindingFact",
    "Metric",
    "RecipientFact",
    "ResultFact",
    "RuleFact",
    "StopFact",
]


class Check(StrEnum):
    """What is checked of a message; values are the subjects of the events, where one message has one of them."""

    VERIFIED_IDENTITY = "verified identity"
    IP_FILTERS = "IP filters"
    ACTIVE_RULE_SET = "active rule set"
    TLS_POLICY = "TlsPolicy"
    COMMAND_LENGTH = "command length"
    SENDER_ADDRESS = "sender address"
    DECLARED_SIZE = "declared size"
    RECIPIENTS = "recipients"
    MESSAGE_SIZE = "message size"
    HEADER = "header"
    TEXT_LINES = "text lines"
    ROOM = "room"
    FAULT = "fault on purpose"
    SPF = "SPF"
    DKIM = "DKIM"
    DMARC = "DMARC"
    ARC = "ARC"
    SPAM = "spam"
    VIRUS = "virus"
    PERMISSION = "permission"


class Metric(StrEnum):
    """CloudWatch metrics of receiving, in the order in which the guide has them [documented]."""

    RECEIVED = "Received"
    PUBLISH_SUCCESS = "PublishSuccess"
    PUBLISH_FAILURE = "PublishFailure"
    PUBLISH_EXPIRED = "PublishExpired"


class ConnectionFact(NamedTuple):
    """Whether an address is let through, and how the session is known.

    Attributes
    ----------
    accepted : bool
        Whether the recipients are looked at.
    decided_by : str
        Name of the filter or provider list that decided; empty where none did.
    envelope : str
        Which parts of the envelope were read or assumed; empty where all were given.
    arrived : str
        When the mail arrived, and how that is known; empty before the end of its data.
    """

    accepted: bool
    decided_by: str
    envelope: str = ""
    arrived: str = ""


class FilterFact(NamedTuple):
    """What a filter does, and to which addresses."""

    policy: Policy
    cidr: str


class RecipientFact(NamedTuple):
    """The answer to one RCPT TO, and the names of the enabled rules that match it."""

    reply: Reply
    rules: tuple[str, ...] = ()


class ResultFact(NamedTuple):
    """The result of SPF, of one DKIM signature, of DMARC or of an ARC chain.

    Attributes
    ----------
    status : StrEnum
        `SpfStatus`, `DkimStatus`, `DmarcStatus` or `ArcStatus`.
    domain : str
        Whose record, key or policy it was.
    questions : tuple of str
        What was asked of DNS for it, with the answers.
    failure : StrEnum or None
        `sesreceive.auth.results.Failure` of a signature that does not pass.
    """

    check: Check
    status: StrEnum
    domain: str = ""
    questions: tuple[str, ...] = ()
    failure: StrEnum | None = None


class FindingFact(NamedTuple):
    """What a scanner found of spam or viruses."""

    check: Check
    verdict: Verdict
    scanner: str


class RuleFact(NamedTuple):
    """The accepted recipients that a rule matches, in the order they were named."""

    recipients: tuple[str, ...] = ()


class StopFact(NamedTuple):
    """What an action ends, and why where that is not simply what it does: such as what a function returned."""

    flow: Flow
    because: str = ""


class EffectFact(NamedTuple):
    """What one effect, or one run of attempts that failed alike, counts as.

    Attributes
    ----------
    metric : Metric
        What CloudWatch would count.
    target : str
        Bucket and key, topic, function …
    attempts : int
        How many times it was tried.
    returned : JSON value
        What a function returned.
    log : str
        What a function wrote.
    """

    metric: Metric
    target: str
    attempts: int = 1
    returned: Any = None
    log: str = ""


Fact: TypeAlias = (
    Check
    | ConnectionFact
    | EffectFact
    | FilterFact
    | FindingFact
    | RecipientFact
    | ResultFact
    | RuleFact
    | StopFact
    | Verdicts
)
