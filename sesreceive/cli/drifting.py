"""``drift``: an account against its template."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from sesreceive.cli.exits import Exit
from sesreceive.cli.options import file_option
from sesreceive.cli.parser import region
from sesreceive.cli.templates import variables_of
from sesreceive.errors import InputError, MissingExtraError, ValidationError, one_line

if TYPE_CHECKING:
    from sesreceive.cli.options import Commands
    from sesreceive.formats.drift_rows import Drift


def add(commands: Commands) -> None:
    """The command, with its options."""
    drift = commands.command(
        "drift",
        _drift,
        "say what an account has and its template has not, each with a mail that shows it",
        examples=("sesreceive drift template.yaml --account rules.json",),
    )
    file_option(drift, "template", help="what `load` takes: a template, or a folder of them")
    file_option(drift, "--account", metavar="FILE", help="JSON of describe commands in place of the live account")
    drift.add_argument("--endpoint-url", metavar="URL", help="of the SES API, in place of AWS")
    drift.add_argument("--profile", help="profile of the AWS configuration")
    drift.add_argument("--region", type=region, help="AWS region of the account")
    drift.add_argument("--var", action="append", default=[], metavar="NAME=VALUE", help="value of a variable")


def _drift(options: argparse.Namespace) -> int:
    """A template and an account → what differs; 0 where nothing does, 1 where something does or may not be read."""
    from sesreceive.formats.drift import drift

    source = options.account if options.account is not None else _client(options)
    found = drift(options.template, source, variables=variables_of(options.var), region=options.region)
    for problem in found.problems:
        print(one_line(problem, 2000), file=sys.stderr)
    for line in str(found).splitlines():
        print(one_line(line, 4000))
    if found.rows and not found.not_compared and not any(row.mail for row in found.rows):
        print(one_line(_proved(found), 1000))
    unread = options.account is None and found.not_compared
    return Exit.PROBLEMS if found or unread else Exit.DONE


def _proved(found: Drift) -> str:
    """Whether differences that no mail showed can be met by any."""
    try:
        comparison = found.comparison
    except ValidationError as error:
        return f"which mail they change is not known: {one_line(error, 300)}"
    if comparison.equal:
        return f"all mail is treated alike, proved for {comparison.proved_for} in one message"
    return f"mail that they change: {one_line(comparison[0] if len(comparison) else comparison.undecided[0], 600)}"


def _client(options: argparse.Namespace) -> Any:
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, NoRegionError
    except ImportError:
        raise MissingExtraError("boto3", extra="aws", purpose="asking a live account") from None
    try:
        session = boto3.Session(profile_name=options.profile, region_name=options.region)
        return session.client("ses", endpoint_url=options.endpoint_url)
    except (BotoCoreError, ValueError) as error:
        hint = "; name one with --region" if isinstance(error, NoRegionError) else ""
        raise InputError(f"the account cannot be asked: {one_line(error, 300)}{hint}") from None
