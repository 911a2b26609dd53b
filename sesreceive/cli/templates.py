"""``load``: an account from a template."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sesreceive.cli.exits import Exit, UsageError
from sesreceive.cli.options import expect_there, file_option
from sesreceive.cli.parser import region, text
from sesreceive.errors import InputError, one_line
from sesreceive.json_input import parse_json

if TYPE_CHECKING:
    from sesreceive.cli.options import Commands

_FORMATS = ("python", "json", "boto3", "cloudformation", "terraform", "terraform-import", "cdk")


def add(commands: Commands) -> None:
    """The commands of this family, with their options."""
    load = commands.command(
        "load",
        _load,
        "read an account from a template, an API dump or a folder of them, and say what is open",
        examples=(
            "sesreceive load template.yaml",
            "sesreceive load template.yaml --var Stage=test --save account.json",
            "sesreceive load template.yaml --to terraform",
        ),
    )
    file_option(
        load, "source", help="CloudFormation, SAM, Terraform, cdk.out, serverless.yml, JSON of the API, or a folder"
    )
    load.add_argument(
        "--var", action="append", default=[], metavar="NAME=VALUE", help="value of a variable or parameter"
    )
    load.add_argument("--region", type=region, help="AWS region it is deployed to")
    load.add_argument("--account-id", type=text("an account id"), help="AWS account it is deployed to")
    load.add_argument(
        "--to",
        choices=_FORMATS,
        metavar="FORMAT",
        help=f"print the account in this format instead: {', '.join(_FORMATS)}",
    )
    file_option(load, "--save", metavar="FILE", help="also write the account as JSON, for --account of other commands")
    load.add_argument("--strict", action="store_true", help="exit with 1 where there are problems, for CI")


def _load(options: argparse.Namespace) -> int:
    """A template, dump or folder → the account in it, its problems and placeholders."""
    from sesreceive.formats import load

    expect_there(options.source)
    loaded = load(
        options.source, variables=variables_of(options.var), region=options.region, account_id=options.account_id
    )
    account = loaded.account
    if loaded.problems and not (account.identities or account.filters or account.rule_sets or loaded.others):
        raise InputError("\n".join(map(str, loaded.problems)))  # nothing could be read, and nothing is saved
    # Before anything is printed: whoever reads the text may stop reading, as `head` does.
    if options.save is not None:
        account.save(options.save)
    if options.to is not None:
        print(loaded.account.to(options.to), end="")
        for problem in loaded.problems:
            print(one_line(problem, 2000), file=sys.stderr)
    else:
        print(loaded)
    found = [*loaded.problems, *(problem for other in loaded.others for problem in other.problems)]
    return Exit.PROBLEMS if found and options.strict else Exit.DONE


def variables_of(given: Sequence[str], option: str = "--var") -> dict[str, Any]:
    """Values of variables from ``name=value``, as an option gives them; JSON is read as such, all else is text."""
    variables: dict[str, Any] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise UsageError(f"{option}: expected `name=value` but got `{one_line(name, 80)}`")
        variables[name] = value
        if value[:1] in ("[", "{"):
            variables[name] = parse_json(value, where=f"variable `{one_line(name, 80)}`")
    return variables
