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
    >>> row, problems = actions_in_order([
    ...     ("StopAction", Table({"Scope": "RuleSet"}), "2", place), ("S3Action", Table({"BucketName": "a"}), 1, place)])
    >>> [next(iter(action)) for action in row], problems
    (['S3Action', 'StopAction'], [])
    """
    problems: list[tuple[Place, str]] = []
    rows = []
    taken: dict[float, str] = {}
    for at, (api, arguments, written, place) in enumerate(found):
        position = _position(written)
        if is_open(written):
            problems.append((place, f"{api}: the position `{written.name}` is open, so its order is; the order of the file is taken"))
        elif written is None:
            problems.append((place, f"{api}: expected a position, which is required, but got nothing; the order of the file is taken"))
        elif position is None:
            problems.append((place, f"{api}: position: {expected('a whole number', written)}"))
        elif position in taken:
            problems.append((place, f"{api}: position {position:g} is that of {taken[position]}, too, so their order is open; the order of the file is taken"))
        elif position < 1:
            problems.append((place, f"{api}: position: {expected('a number from 1', written)}"))
        if position is not None:
            taken.setdefault(position, api)
        rows.append((position if position is not None else float("inf"), at, {api: arguments}, arguments.place or place))
    rows.sort(key=lambda one: one[:2])
    row = Row([one[2] for one in rows])
    row.places = [one[3] for one in rows]
    return row, problems


def _position(written: Any) -> float | None:
    if isinstance(written, str):
        try:
            return float(int(written))
        except ValueError:
            return None
    if isinstance(written, bool) or not isinstance(written, (int, float)):
        return None
    return float(written)
