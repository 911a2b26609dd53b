"""An account as the commands that prove take it: the file of an account, or whatever `load` reads."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sesreceive.account.account import Account
from sesreceive.analysis.witness import Answer, DryRun
from sesreceive.cli.accounts import checked
from sesreceive.cli.exits import UsageError
from sesreceive.cli.options import expect_there, file_option, print_passed_over, whole
from sesreceive.cli.parser import region
from sesreceive.cli.templates import variables_of
from sesreceive.errors import InputError, Problem, ValidationError, one_line
from sesreceive.flow import Flow
from sesreceive.formats.draft import VARIABLES
from sesreceive.json_input import parse_json
from sesreceive.mail.corpus import read
from sesreceive.receiver import Receiver
from sesreceive.report import Report
from sesreceive.wording import count, either

if TYPE_CHECKING:
    from sesreceive.formats.loaded import Loaded

__all__ = [
    "SourceAccount",
    "all_sound",
    "answers_beside",
    "half_read",
    "received",
    "sound",
    "source_of",
    "sourced",
    "variables",
]

ACTIVATION = "SES API SetActiveReceiptRuleSet"
"""The source of the problem that nothing in a template activates a rule set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAccount:
    """What was read.

    Attributes
    ----------
    account : Account
        As much of it as could be read.
    problems : tuple of Problem
        What is wrong with it, with its place.
    not_activated : tuple of Problem
        That nothing in the template activates a rule set.
    functions : mapping
        Handlers whose code lies beside the template, by ARN.
    placeholders : tuple of str
        What stands for a value that the template leaves open, a sentence each.
    is_template : bool
        False for the file of an account, which is whole or wrong, and has neither variables nor a region to be told.
    """

    account: Account
    problems: tuple[Problem, ...] = ()
    not_activated: tuple[Problem, ...] = ()
    functions: Mapping[str, Any] = field(default_factory=dict)
    placeholders: tuple[str, ...] = ()
    is_template: bool = True

    @property
    def unread(self) -> tuple[Problem, ...]:
        """The problems for which an answer about the account is none about all of the template."""
        return tuple(one for one in self.problems if one.source != VARIABLES)

    def print_placeholders(self, path: str) -> None:
        """What stands for a value that the template leaves open, on standard error."""
        for one in self.placeholders:
            print(f"{one_line(path)}: {one_line(one, 400)}", file=sys.stderr)


def sourced(added: argparse.ArgumentParser, name: str, **options: Any) -> None:
    """An argument that names an account: the file of one, a template, or a folder."""
    file_option(
        added, name, **{"help": "JSON file of the account, a template, or a folder, as `load` takes it", **options}
    )


def variables(added: argparse.ArgumentParser) -> None:
    """Options that say how a template is read."""
    added.add_argument(
        "--var", action="append", default=[], metavar="NAME=VALUE", help="value of a template's variable"
    )
    added.add_argument("--region", type=region, help="AWS region a template is deployed to")


def source_of(path: str, options: argparse.Namespace) -> SourceAccount:
    """The account that a path names, with all that is wrong with it.

    Raises
    ------
    InputError
        When there is no such file, or nothing about receiving in it.
    UsageError
        When an option says how a template is read and the path names none.
    """
    (source,) = _sources([path], options)
    return source


def _sources(paths: Sequence[str], options: argparse.Namespace) -> list[SourceAccount]:
    """The account of each path; what says how a template is read has an effect on one of them at least."""
    sources = [_read(path, options) for path in paths]
    if not any(source.is_template for source in sources):
        for option, value in (("--var", options.var), ("--region", options.region)):
            if value:
                named = f"`{one_line(paths[0], 200)}` is the file of an account"
                raise UsageError(f"{option} has no effect without a template: {named}")
    return sources


def _read(path: str, options: argparse.Namespace) -> SourceAccount:
    loaded = _template(path, options)
    if loaded is None:
        account, problems = checked(path)
        return SourceAccount(account=account, problems=problems, is_template=False)
    problems = tuple(one for one in loaded.problems if one.source != ACTIVATION)
    return SourceAccount(
        account=loaded.account,
        problems=(*problems, *loaded.account.problems()),
        not_activated=tuple(one for one in loaded.problems if one.source == ACTIVATION),
        functions=loaded.functions,
        placeholders=tuple(map(str, loaded.placeholders)),
    )


def _template(path: str, options: argparse.Namespace) -> Loaded | None:
    """What `load` reads; None for the file of an account, of which every problem has its line and column."""
    from sesreceive.formats import load

    if not Path(path).is_dir() and not path.endswith((".json", ".tf", ".tofu", ".yaml", ".yml", ".template")):
        return None
    if not Path(path).exists():
        if path.endswith(".json"):
            return None
        expect_there(path)
    try:
        loaded = load(path, variables=variables_of(options.var), region=options.region)
    except InputError:
        if path.endswith(".json"):
            return None
        raise
    return None if path.endswith(".json") and loaded.format in ("", "API JSON", "template") else loaded


def sound(path: str, options: argparse.Namespace) -> SourceAccount:
    """The account that a path names, which SES would take; what of it could not be read is on standard error.

    Raises
    ------
    InputError
        When nothing of it could be read.
    UsageError
        When an option says how a template is read and the path names none.
    ValidationError
        When SES would refuse it; all problems are listed.
    """
    (source,) = all_sound([path], options)
    return source


def all_sound(paths: Sequence[str], options: argparse.Namespace) -> list[SourceAccount]:
    """The account of each path, as `sound` gives one; an option for templates has an effect where one is a template."""
    sources = _sources(paths, options)
    for path, source in zip(paths, sources, strict=True):
        account = source.account
        if account.problems() or (source.problems and not source.is_template):
            raise ValidationError(*source.problems)
        if source.unread and not (account.identities or account.filters or account.rule_sets):
            raise InputError(
                f"nothing about receiving could be read in `{one_line(path)}`: {one_line(source.unread[0], 2000)}"
            )
        for one in source.problems:  # the answer is about what could be read: what could not must be seen
            print(f"{one_line(path)}: problem: {one_line(one, 2000)}", file=sys.stderr)
        source.print_placeholders(path)
    return sources


def half_read(*sources: SourceAccount, said: str = "proved") -> bool:
    """Whether a part of a template is not in the account, so that nothing is said of all of it; that is printed."""
    unread = sum(len(source.unread) for source in sources)
    if unread:
        print(f"not {said} of all that was given: {count(unread, 'problem')} above")
    return unread > 0


def received(source: SourceAccount, mail: str) -> Report:
    """What becomes of mail in an account; functions are not run: they answer what stands beside a message, or go on.

    Raises
    ------
    InputError
        When there is no such file or folder, or the answers beside a message cannot be read.
    """
    expect_there(mail)
    receiver = Receiver(source.account, backend=DryRun(), seed=1)
    folder = Path(mail) if Path(mail).is_dir() else Path(mail).parent
    items = read(mail, strict=False)
    report = Report()
    for item in items:  # all that `replay` takes; a message in a mailbox has nothing beside it
        receiver.backend = DryRun(answers_beside(folder / f"{item.name}.eml"))
        report.extend(whole(receiver.replay([item])))
    report.pass_over(items.passed_over)
    print_passed_over(report)
    return report


def answers_beside(message: Path) -> list[Answer]:
    """What functions answer, as `Witness.save` wrote it beside the message; nothing where there is no such file."""
    path = message.with_name(f"{message.stem}.answers.json")
    if not path.exists():
        return []
    where = f"answers `{one_line(path)}`"
    rows = parse_json(path.read_bytes(), where=where)
    answers = []
    for row in rows if isinstance(rows, list) else [rows]:
        arn, flow = (
            (row.get(name) for name in ("FunctionArn", "disposition")) if isinstance(row, dict) else (None, None)
        )
        if not isinstance(arn, str) or flow not in tuple(Flow):
            wanted = f"a list of objects with `FunctionArn` and a `disposition` that is {either(Flow)}"
            raise InputError(f"{where}: expected {wanted} but got `{one_line(json.dumps(row))}`")
        answers.append(Answer(arn, Flow(flow)))
    return answers
