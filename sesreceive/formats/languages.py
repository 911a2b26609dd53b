"""The ways an account can be written down: Python, the API's JSON, calls of boto3; a format is one row."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from sesreceive.account.account import Account
from sesreceive.formats.boto3_script import to_boto3
from sesreceive.json_input import parse_json
from sesreceive.wording import sendable

__all__ = ["LANGUAGES", "Language", "from_json", "to_json", "to_python"]


@dataclass(frozen=True, slots=True)
class Language:
    """One way to write an account down.

    Attributes
    ----------
    title : str
        Its name.
    what : str
        What the text is good for, as a sentence.
    write : callable
        The text of an account.
    read : callable, optional
        The account of a text, where it can be read back.
    """

    title: str
    what: str
    write: Callable[[Account], str]
    read: Callable[[str], Account] | None = None


def to_python(account: Account) -> str:
    """Python that binds an equal account to ``account``."""
    return account.to_code(name="account")


def to_json(account: Account) -> str:
    """The account as the API writes its parts, as one JSON object: what `Account.load` reads."""
    return sendable(json.dumps(account.to_api(), indent=2, ensure_ascii=False) + "\n")


def from_json(text: str) -> Account:
    """The account in a JSON text.

    Raises
    ------
    InputError
        When the text is no JSON.
    ValidationError
        When it has unknown, missing or wrong members; all of them are listed.
    """
    return Account.from_api(parse_json(text))


# What "Show code" offers, in this order. CloudFormation and Terraform have their place behind these.
LANGUAGES: list[Language] = [
    Language("Python", "Run it in a cell: `account` is then equal to what is on screen.", to_python),
    Language("API JSON", "What Account.load reads; change it here and press Use this JSON.", to_json, from_json),
    Language("boto3 calls", "A script that makes all of it in an AWS account, in an order that works.", to_boto3),
]
