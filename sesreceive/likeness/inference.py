"""The account that captures name: the domains, rules and actions without which they could not have been written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet
from sesreceive.actions.bounce import BounceAction
from sesreceive.actions.lambda_ import InvocationType, LambdaAction
from sesreceive.actions.s3 import S3Action
from sesreceive.actions.sns import SNSAction, SNSEncoding
from sesreceive.actions.stop import StopAction
from sesreceive.actions.workmail import WorkmailAction
from sesreceive.arn import Arn
from sesreceive.captures.capture import Capture, Kind
from sesreceive.captures.reconstruction import Reconstruction
from sesreceive.errors import InputError, SesReceiveError
from sesreceive.json_input import parse_json
from sesreceive.likeness.artefacts import bounce_fields, message_fields
from sesreceive.mail.address import domain_of
from sesreceive.writing.dsn import OVERSIZE

__all__ = ["inferred"]

_BUCKET = "captured-objects"
# An action may stand in a rule, and a rule in a set, so often: far below what SES allows, and what captures name.
_MOST_ACTIONS, _MOST_RULES = 10, 50
_DIAGNOSTIC = re.compile(r"smtp; (\d{3}) (?:(\d\.\d{1,3}\.\d{1,3}) )?(.*)")
# Kinds in the order in which they most often stand; Stop ends everything.
_PLACE = (S3Action, SNSAction, LambdaAction, BounceAction, WorkmailAction, StopAction)


@dataclass(slots=True)
class _Draft:
    """A rule that is being gathered: for whom, scanned or not, its actions in order."""

    recipients: tuple[str, ...]
    scanned: bool
    name: str = ""
    actions: list[ReceiptAction] = field(default_factory=list)


def inferred(captures: Iterable[Capture], mail: Reconstruction) -> Account:
    """An account with the rules that the captures of one mail need: one rule for each set of recipients and scanning.

    It says nothing about conditions that did not match, filters and headers that were added: these take the account.
    """
    drafts: dict[tuple[tuple[str, ...], bool, str], _Draft] = {}
    domains = {domain_of(one).lower() for one in mail.envelope.rcpt_to}
    account_id, everyone = "111122223333", mail.accepted
    captures = tuple(captures)
    stored = frozenset(_scanned(one) for one in captures if _has_action(one) and _kind(one) == "S3")
    for capture in captures:
        for action, recipients, scanned, name in _actions(capture, everyone, stored):
            conditions = tuple(sorted({one.lower() for one in recipients}))
            key = conditions, scanned, name
            draft = drafts.setdefault(key, _Draft(conditions, scanned, name))
            if action not in draft.actions and len(draft.actions) < _MOST_ACTIONS:
                draft.actions.append(action)
            if isinstance(action, BounceAction):
                domains.add(domain_of(action.sender).lower())
            account_id = _account_id(action) or account_id
    rules = []
    for number, draft in enumerate(sorted(drafts.values(), key=_stops)[:_MOST_RULES], start=1):
        rules.append(_rule(draft, number, domains - {""}, mail.region, account_id))
    if not rules:
        named = tuple(sorted({one.lower() for one in mail.witnesses.rcpt_to}))
        rules = [_rule(_Draft(named, False), 1, domains - {""}, mail.region, account_id)]
    return Account(
        identities=tuple(sorted(domains - {""})) or ("example.com",),
        rule_sets=(ReceiptRuleSet(name="captured", rules=tuple(rules)),),
        active="captured",
        region=mail.region,
        account_id=account_id,
    )


def _stops(draft: _Draft) -> bool:
    return any(isinstance(action, StopAction) for action in draft.actions)


def _rule(draft: _Draft, number: int, domains: set[str], region: str, account_id: str) -> ReceiptRule:
    """The rule, without what SES would refuse of it: a capture that was changed may name anything."""

    def valid(*actions: ReceiptAction, recipients: tuple[str, ...] = ()) -> bool:
        rule = ReceiptRule(name="captured", enabled=True, recipients=recipients, actions=actions)
        try:
            return not Account(
                identities=tuple(sorted(domains)),
                rule_sets=(ReceiptRuleSet(name="captured", rules=(rule,)),),
                active="captured",
                region=region,
                account_id=account_id,
            ).problems()
        except SesReceiveError:
            return False

    actions = tuple(action for action in sorted(draft.actions, key=_place) if valid(action))
    name = (
        draft.name if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}[A-Za-z0-9]", draft.name) else f"captured-{number}"
    )
    return ReceiptRule(
        name=name,
        enabled=True,
        scan_enabled=draft.scanned,
        recipients=draft.recipients if valid(recipients=draft.recipients) else (),
        actions=actions,
    )


def _place(action: ReceiptAction) -> int:
    return _PLACE.index(type(action))


def _has_action(capture: Capture) -> bool:
    return isinstance(capture.receipt.get("action"), Mapping)


def _kind(capture: Capture) -> object:
    return capture.receipt["action"].get("type")


def _scanned(capture: Capture) -> bool:
    """Whether the rule that a notification or event is from scans."""
    spam = capture.receipt.get("spamVerdict")
    return not isinstance(spam, Mapping) or spam.get("status") != "DISABLED"


def _actions(
    capture: Capture, everyone: tuple[str, ...], stored: frozenset[bool]
) -> Iterator[tuple[ReceiptAction, tuple[str, ...], bool, str]]:
    """What wrote a capture: the action, the recipients of its rule, whether that scans, its name where it is known."""
    if capture.kind in (Kind.NOTIFICATION, Kind.EVENT) and _has_action(capture):
        told = capture.receipt.get("recipients")
        named = tuple(one for one in told if isinstance(one, str)) if isinstance(told, list) else everyone
        action = _told(capture.receipt["action"])
        if action is not None:
            yield action, named, _scanned(capture), ""
    elif capture.kind is Kind.OBJECT:
        context = _context(capture)
        key_arn = context.get("kms_cmk_id")
        scanned = not capture.content or any(
            path.startswith("X-SES-Spam") for path in message_fields(capture.content, with_body=False)
        )
        if scanned not in stored or key_arn:
            prefix = None if capture.key is None else capture.key.rpartition("/")[0] or None
            yield (
                S3Action(
                    bucket_name=capture.bucket or _BUCKET,
                    object_key_prefix=None if prefix is None else f"{prefix}/",
                    kms_key_arn=key_arn,
                ),
                everyone,
                scanned,
                context.get("aws:ses:rule-name", ""),
            )
    elif capture.kind is Kind.BOUNCE:
        yield from ((action, everyone, scanned, "") for action, scanned in _bounced(capture))


def _told(action: Mapping[str, Any]) -> ReceiptAction | None:
    """The action that a notification or event shows."""

    def text(name: str) -> str | None:
        value = action.get(name)
        return value if isinstance(value, str) else None

    topic = text("topicArn")
    match text("type"):
        case "S3":
            return S3Action(
                bucket_name=text("bucketName") or _BUCKET, object_key_prefix=text("objectKeyPrefix"), topic_arn=topic
            )
        case "SNS":
            encoding = SNSEncoding.BASE64 if text("encoding") == "BASE64" else SNSEncoding.UTF_8
            return SNSAction(topic_arn=topic or "", encoding=encoding)
        case "Lambda":
            waits = text("invocationType") == "RequestResponse"
            kind = InvocationType.REQUEST_RESPONSE if waits else InvocationType.EVENT
            return LambdaAction(function_arn=text("functionArn") or "", topic_arn=topic, invocation_type=kind)
        case "Bounce":
            return BounceAction(
                smtp_reply_code=text("smtpReplyCode") or "550",
                status_code=text("statusCode"),
                message=text("message") or "",
                sender=text("sender") or "",
                topic_arn=topic,
            )
        case "Stop":
            return StopAction(topic_arn=topic)
        case "WorkMail":
            return WorkmailAction(organization_arn=text("organizationArn") or "", topic_arn=topic)
    return None


def _context(capture: Capture) -> dict[str, str]:
    """What an encrypted object's key is bound to."""
    try:
        told = parse_json(capture.metadata.get("x-amz-matdesc", "{}"))
    except InputError:
        return {}
    return {str(k): v for k, v in told.items() if isinstance(v, str)} if isinstance(told, Mapping) else {}


def _bounced(capture: Capture) -> Iterator[tuple[BounceAction, bool]]:
    fields = bounce_fields(capture.content)
    told = fields.get("report.Diagnostic-Code")
    sender = fields.get("header.From")
    match = _DIAGNOSTIC.fullmatch(told.value) if told is not None else None
    if match is None or sender is None or match.groups() == OVERSIZE:
        return  # one for a message over 150 KB is no action's
    scanned = any(path.startswith("returned.X-SES-Spam") for path in fields)
    yield (
        BounceAction(
            smtp_reply_code=match.group(1), status_code=match.group(2), message=match.group(3), sender=sender.value
        ),
        scanned,
    )


def _account_id(action: ReceiptAction) -> str:
    for name in ("topic_arn", "function_arn", "kms_key_arn", "organization_arn"):
        arn = Arn.parse(str(getattr(action, name, None) or ""))
        if arn is not None and re.fullmatch(r"\d{12}", arn.account_id):
            return arn.account_id
    return ""
