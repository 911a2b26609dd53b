"""Terraform's words for receipt rules, and the order of a rule's actions by their positions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sesreceive.account.member import Kind, members
from sesreceive.account.rule_set import ReceiptRule
from sesreceive.formats.place import Place, Row, Table
from sesreceive.formats.unresolved import is_open
from sesreceive.wording import expected

__all__ = ["ACTION_BLOCKS", "IDENTITIES", "actions_in_order", "rule_members"]

# Blocks of aws_ses_receipt_rule; the provider has no block for ConnectAction.
ACTION_BLOCKS: Mapping[str, str] = {
    "add_header_action": "AddHeaderAction",
    "bounce_action": "BounceAction",
    "lambda_action": "LambdaAction",
    "s3_action": "S3Action",
    "sns_action": "SNSAction",
    "stop_action": "StopAction",
    "workmail_action": "WorkmailAction",
}

# Resources that are identities, with the argument that names them.
IDENTITIES: Mapping[str, str] = {
    "aws_ses_domain_identity": "domain",
    "aws_ses_email_identity": "email",
    "aws_sesv2_email_identity": "email_identity",
}


def rule_members() -> dict[str, str]:
    """The arguments of a rule, with the API's names."""
    return {item.name: item.api for item in members(ReceiptRule) if item.kind is not Kind.ACTIONS}


def actions_in_order(found: Iterable[tuple[str, Table, Any, Place]]) -> tuple[Row, list[tuple[Place, str]]]:
    """The actions by position, and what is wrong with the positions.

    Parameters
    ----------
    found : iterable of (str, Table, object, Place)
        The API's name, the arguments, the position as written, and where that stands.

    Examples
    --------
    >>> place = Place("main.tf", 3)
    >>> stop, keep = Table({"Scope": "RuleSet"}), Table({"BucketName": "inbox"})
    >>> row, problems = actions_in_order([("StopAction", stop, "2", place), ("S3Action", keep, 1, place)])
    >>> [next(iter(action)) for action in row], problems
    (['S3Action', 'StopAction'], [])
    """
    problems: list[tuple[Place, str]] = []
    rows = []
    taken: dict[float, str] = {}
    for at, (api, arguments, written, place) in enumerate(found):
        position = _position(written)
        wrong = _wrong(written, position, taken)
        if wrong:
            problems.append((place, f"{api}: {wrong}"))
        if position is not None:
            taken.setdefault(position, api)
        rows.append(
            (position if position is not None else float("inf"), at, {api: arguments}, arguments.place or place)
        )
    rows.sort(key=lambda one: one[:2])
    row = Row([one[2] for one in rows])
    row.places = [one[3] for one in rows]
    return row, problems


_FILE_ORDER = "the order of the file is taken"


def _wrong(written: Any, position: float | None, taken: Mapping[float, str]) -> str:
    """What is wrong with a position; empty where nothing is."""
    if is_open(written):
        return f"the position `{written.name}` is open, so its order is; {_FILE_ORDER}"
    if written is None:
        return f"expected a position, which is required, but got nothing; {_FILE_ORDER}"
    if position is None:
        return f"position: {expected('a whole number', written)}"
    if position in taken:
        return f"position {position:g} is that of {taken[position]}, too, so their order is open; {_FILE_ORDER}"
    return f"position: {expected('a number from 1', written)}" if position < 1 else ""


def _position(written: Any) -> float | None:
    if isinstance(written, str):
        try:
            return float(int(written))
        except ValueError:
            return None
    if isinstance(written, bool) or not isinstance(written, (int, float)):
        return None
    return float(written)
