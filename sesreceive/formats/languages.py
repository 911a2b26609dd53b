"""The ways an account can be written down: Python, the API's JSON, calls of boto3; a format is one row."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from sesreceive.account.account import Account
from sesreceive.errors import InputError
from sesreceive.formats.boto3_script import to_boto3
from sesreceive.formats.cdk_text import to_cdk
from sesreceive.formats.cloudformation_text import to_cloudformation
from sesreceive.formats.terraform_text import to_import_blocks, to_terraform
from sesreceive.json_input import parse_json
from sesreceive.wording import expected, sendable

__all__ = ["LANGUAGES", "Language", "from_json", "to_json", "to_python", "write"]


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
    name : str
        What `Account.to` calls it.
    """

    title: str
    what: str
    write: Callable[[Account], str]
    read: Callable[[str], Account] | None = None
    name: str = ""


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


def _sendable(write: Callable[[Account], str]) -> Callable[[Account], str]:
    return lambda account: sendable(write(account))


# What "Show code" offers and `Account.to` takes, in this order.
LANGUAGES: list[Language] = [
    Language("Python", "Run it in a cell: `account` is then equal to what is on screen.", to_python, name="python"),
    Language(
        "API JSON", "What Account.load reads; change it here and press Use this JSON.", to_json, from_json, name="json"
    ),
    Language(
        "boto3 calls",
        "A script that makes all of it in an AWS account, in an order that works.",
        to_boto3,
        name="boto3",
    ),
    Language(
        "CloudFormation",
        "A template; what activates the set is said at its top.",
        _sendable(to_cloudformation),
        name="cloudformation",
    ),
    Language("Terraform", "One file for the AWS provider.", _sendable(to_terraform), name="terraform"),
    Language(
        "Terraform import",
        "Import blocks that adopt what exists already, beside the file above.",
        _sendable(to_import_blocks),
        name="terraform-import",
    ),
    Language("CDK", "A CDK app in Python.", _sendable(to_cdk), name="cdk"),
]


def write(account: Account, name: str) -> str:
    """The account in the format of that name.

    Raises
    ------
    InputError
        When there is no such format; the nearest name is suggested.

    Examples
    --------
    >>> write(Account(), "terrafrom")
    Traceback (most recent call last):
    sesreceive.errors.InputError: expected a format (...) but got `terrafrom`; did you mean `terraform`?
    """
    names = [one.name for one in LANGUAGES]
    for one in LANGUAGES:
        if one.name == name:
            return one.write(account)
    raise InputError(expected(f"a format ({', '.join(names[:3])}, …)", name, names))
