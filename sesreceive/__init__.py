"""See what Amazon SES would do with your mail, and why, before it arrives.

::

    import sesreceive as ses

    receiver = ses.Receiver(account, resolver=zone)      # configuration and DNS in
    reception = receiver.receive(raw, client_ip=…, mail_from=…, rcpt_to=[…])
    reception.explain()                                  # why each filter, rule and action did or did not fire
    report = receiver.replay("mail/")                    # many messages → tables

Everything is a value: configuration (`Account`, `ReceiptRuleSet`, `ReceiptRule`, the actions, `ReceiptFilter`),
DNS (`Zone`), what came out (`Reception`, `Report`). pandas, matplotlib, ipywidgets and boto3 load when they are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sesreceive import interrupt as _interrupt  # noqa: F401 - before all else, see there

# isort: split

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.filters import Policy, ReceiptFilter
from sesreceive.account.identities import Identity, VerificationStatus
from sesreceive.account.member import member
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet, TlsPolicy
from sesreceive.actions import (
    AddHeaderAction,
    BounceAction,
    ConnectAction,
    InvocationType,
    LambdaAction,
    S3Action,
    SNSAction,
    SNSEncoding,
    StopAction,
    WorkmailAction,
)
from sesreceive.assumption import Assumptions, assumptions
from sesreceive.backends.memory import MemoryBackend
from sesreceive.bounds import Bounds
from sesreceive.clock import SteppingClock, SystemClock
from sesreceive.dns.live import LiveResolver
from sesreceive.dns.zone import Zone
from sesreceive.effects import Outcome
from sesreceive.errors import (
    ApiError,
    InputError,
    MessageRejectedError,
    MissingExtraError,
    Problem,
    ServerError,
    SesReceiveError,
    ValidationError,
    ZoneError,
)
from sesreceive.flow import Flow
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.mail.unsorted_folder import UnsortedFolder
from sesreceive.message_id import RandomMessageIds, SeededMessageIds
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.scan.markers import MarkerScanner
from sesreceive.scan.scripted import ScriptedScanner
from sesreceive.stages.provider_lists import ProviderList
from sesreceive.verdict import Verdict, Verdicts

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from sesreceive import captures, datasets, gallery, lessons
    from sesreceive.analysis.compare import compare, equivalent
    from sesreceive.analysis.coverage_tally import coverage
    from sesreceive.analysis.covering_corpus import covering_corpus
    from sesreceive.analysis.intents import must, must_never
    from sesreceive.analysis.interference import interference
    from sesreceive.analysis.lint import lint
    from sesreceive.analysis.mutants import mutants
    from sesreceive.analysis.predicates import NumberIs, TextIs, VerdictIs
    from sesreceive.analysis.unreachable import unreachable
    from sesreceive.analysis.wanted_effect import Does
    from sesreceive.analysis.what_if import differences
    from sesreceive.backends.aws import AwsBackend
    from sesreceive.backends.delivery_faults import DeliveryFault, FaultyBackend
    from sesreceive.backends.directory import DirectoryBackend
    from sesreceive.backends.sns_endpoint import SnsEndpoint
    from sesreceive.endpoint.in_process import mock_aws_receiving
    from sesreceive.endpoint.local_endpoint import Endpoint
    from sesreceive.formats import Loaded, load
    from sesreceive.formats.drift import drift
    from sesreceive.functions.registry import Handler
    from sesreceive.lab.experiment import experiment
    from sesreceive.lab.traffic import Traffic
    from sesreceive.likeness.fidelity import fidelity
    from sesreceive.permissions import Permissions
    from sesreceive.replay.frame_function import frame_function, message_frames
    from sesreceive.replay.known_results import KnownResults
    from sesreceive.replay.replay_folder import ReplayFolder
    from sesreceive.report import Report
    from sesreceive.scan.clamd import ClamdScanner
    from sesreceive.scan.rspamd import RspamdScanner
    from sesreceive.scan.spamd import SpamdScanner
    from sesreceive.smtp.dialogue import Dialogue
    from sesreceive.smtp.sending import send
    from sesreceive.smtp.smtp_faults import SmtpFault

__version__ = "0.1.0"

__all__ = [
    "Account",
    "AddHeaderAction",
    "ApiError",
    "Assumptions",
    "AwsBackend",
    "BounceAction",
    "Bounds",
    "ClamdScanner",
    "ConnectAction",
    "DeliveryFault",
    "Dialogue",
    "DirectoryBackend",
    "Does",
    "Endpoint",
    "Envelope",
    "FaultyBackend",
    "Flow",
    "Handler",
    "Identity",
    "InputError",
    "InvocationType",
    "KnownResults",
    "LambdaAction",
    "LiveResolver",
    "Loaded",
    "MarkerScanner",
    "MemoryBackend",
    "Message",
    "MessageRejectedError",
    "MissingExtraError",
    "NumberIs",
    "Outcome",
    "Permissions",
    "Policy",
    "Problem",
    "ProviderList",
    "RandomMessageIds",
    "ReceiptAction",
    "ReceiptFilter",
    "ReceiptRule",
    "ReceiptRuleSet",
    "Receiver",
    "Reception",
    "ReplayFolder",
    "Report",
    "RspamdScanner",
    "S3Action",
    "SNSAction",
    "SNSEncoding",
    "ScriptedScanner",
    "SeededMessageIds",
    "ServerError",
    "SesReceiveError",
    "SmtpFault",
    "SnsEndpoint",
    "SpamdScanner",
    "SteppingClock",
    "StopAction",
    "SystemClock",
    "TextIs",
    "TlsPolicy",
    "Traffic",
    "UnsortedFolder",
    "ValidationError",
    "Verdict",
    "VerdictIs",
    "Verdicts",
    "VerificationStatus",
    "WorkmailAction",
    "Zone",
    "ZoneError",
    "assumptions",
    "captures",
    "compare",
    "coverage",
    "covering_corpus",
    "datasets",
    "differences",
    "drift",
    "equivalent",
    "experiment",
    "fidelity",
    "frame_function",
    "gallery",
    "interference",
    "lessons",
    "lint",
    "load",
    "member",
    "message_frames",
    "mock_aws_receiving",
    "must",
    "must_never",
    "mutants",
    "send",
    "unreachable",
]

# Names whose modules load only when they are asked for: name → module.
_LATER = {
    "SnsEndpoint": "sesreceive.backends.sns_endpoint",
    "SmtpFault": "sesreceive.smtp.smtp_faults",
    "FaultyBackend": "sesreceive.backends.delivery_faults",
    "DeliveryFault": "sesreceive.backends.delivery_faults",
    "AwsBackend": "sesreceive.backends.aws",
    "ClamdScanner": "sesreceive.scan.clamd",
    "Dialogue": "sesreceive.smtp.dialogue",
    "DirectoryBackend": "sesreceive.backends.directory",
    "Endpoint": "sesreceive.endpoint.local_endpoint",
    "Loaded": "sesreceive.formats",
    "Permissions": "sesreceive.permissions",
    "Handler": "sesreceive.functions.registry",
    "Report": "sesreceive.report",
    "RspamdScanner": "sesreceive.scan.rspamd",
    "SpamdScanner": "sesreceive.scan.spamd",
    "captures": "",
    "compare": "sesreceive.analysis.compare",
    "coverage": "sesreceive.analysis.coverage_tally",
    "covering_corpus": "sesreceive.analysis.covering_corpus",
    "datasets": "",
    "differences": "sesreceive.analysis.what_if",
    "drift": "sesreceive.formats.drift",
    "equivalent": "sesreceive.analysis.compare",
    "Traffic": "sesreceive.lab.traffic",
    "experiment": "sesreceive.lab.experiment",
    "fidelity": "sesreceive.likeness.fidelity",
    "KnownResults": "sesreceive.replay.known_results",
    "ReplayFolder": "sesreceive.replay.replay_folder",
    "frame_function": "sesreceive.replay.frame_function",
    "message_frames": "sesreceive.replay.frame_function",
    "gallery": "",
    "interference": "sesreceive.analysis.interference",
    "lessons": "",
    "lint": "sesreceive.analysis.lint",
    "load": "sesreceive.formats",
    "magics": "",
    "mock_aws_receiving": "sesreceive.endpoint.in_process",
    "mutants": "sesreceive.analysis.mutants",
    "must": "sesreceive.analysis.intents",
    "must_never": "sesreceive.analysis.intents",
    "Does": "sesreceive.analysis.wanted_effect",
    "NumberIs": "sesreceive.analysis.predicates",
    "TextIs": "sesreceive.analysis.predicates",
    "VerdictIs": "sesreceive.analysis.predicates",
    "send": "sesreceive.smtp.sending",
    "ui": "",
    "unreachable": "sesreceive.analysis.unreachable",
}


def __getattr__(name: str) -> Any:
    """Load the module behind a public name when it is first used."""
    from importlib import import_module

    if name not in _LATER:
        raise AttributeError(f"module `sesreceive` has no attribute `{name}`")
    module = _LATER[name]
    value = getattr(import_module(module), name) if module else import_module(f"sesreceive.{name}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, the late ones included."""
    return sorted(__all__)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What ``%load_ext sesreceive`` asks for: the magics of `sesreceive.magics` in this notebook."""
    from sesreceive.magics.shell_magics import load as load_magics

    load_magics(shell)
