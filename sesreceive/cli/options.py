"""What several commands take alike: whose account, which mail, which table; and what these options mean."""

from __future__ import annotations

import argparse
import glob
import shutil
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sesreceive.cli.accounts import account_of
from sesreceive.cli.exits import UsageError
from sesreceive.cli.parser import Parser, candidates, near_file, number, text
from sesreceive.clock import SystemClock, to_datetime
from sesreceive.dns.zone import Zone
from sesreceive.errors import InputError, one_line
from sesreceive.message_id import RandomMessageIds
from sesreceive.receiver import Receiver
from sesreceive.stages.provider_lists import AnyList, ProviderList
from sesreceive.wording import expected

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sesreceive.account.account import Account
    from sesreceive.backends.directory import DirectoryBackend
    from sesreceive.permissions import Permissions
    from sesreceive.report import Report

_TABLES = ("messages", "recipients", "filters", "rules", "actions", "effects", "events", "matrix", "passed_over")
_FORMATS = ("csv", "json", "parquet")
DATASET = "anycompany"
"""The sample data that is used where nothing is said."""
# Lines about what was no message.
_PASSED_OVER = 20


class Commands:
    """The commands that a parser knows, and the functions that run them.

    Parameters
    ----------
    parser : Parser
        The program's, or that of a command with commands of its own.
    """

    def __init__(self, parser: Parser) -> None:
        self._commands = parser.add_subparsers(metavar="command", required=True, parser_class=Parser)

    def command(
        self,
        name: str,
        run: Callable[[argparse.Namespace], int] | None,
        summary: str,
        *,
        examples: Sequence[str] = (),
    ) -> Parser:
        """A new command with its summary and examples; without `run`, one that has commands of its own."""
        added: Parser = self._commands.add_parser(name, help=summary, description=summary, examples=examples)
        if run is not None:
            added.set_defaults(command=run)
        return added


def calling(added: argparse.ArgumentParser) -> None:
    """Options of a command that runs Lambda functions."""
    added.add_argument(
        "--no-functions",
        action="store_true",
        help="run no code of the dataset: its Lambda functions are not there",
    )


def configured(added: argparse.ArgumentParser) -> None:
    """Options that say whose account and DNS, see `receiver_of`."""
    added.add_argument("--dataset", type=text("a name"), help=f"sample data to use (default: {DATASET})")
    file_option(added, "--account", help="JSON file of the account, in place of the dataset's")
    file_option(added, "--zone", help="zone file with the DNS records of the senders, with --account")
    file_option(
        added,
        "--permissions",
        metavar="TEMPLATE",
        help="ask the policies in this template or folder before each effect, as `load` reads them",
    )
    file_option(
        added,
        "--provider-list",
        action="append",
        default=[],
        metavar="FILE",
        help="networks that AWS refuses besides: ip-ranges.json, Spamhaus DROP, or one network a line",
    )
    added.add_argument(
        "--dns-list",
        action="append",
        type=text("a DNS zone"),
        default=[],
        metavar="ZONE",
        help="a DNS list that refuses besides, asked where the senders' records are",
    )
    added.add_argument("--seed", type=number(0), help="fixes clock and message ids, so that two runs print the same")
    calling(added)


def file_option(added: argparse._ActionsContainer, name: str, **options: Any) -> None:
    """An option or argument that names a file or folder; a shell that completes words offers files."""
    action = added.add_argument(name, type=text("the name of a file or folder"), **options)
    action.complete = {"bash": "_shtab_compgen_files", "zsh": "_files"}  # type: ignore[attr-defined]  # what shtab reads


def read_from_files(added: argparse.ArgumentParser) -> None:
    """Options that say how mail files are read, see `reading_of`."""
    added.add_argument(
        "--trusted",
        action="append",
        type=text("a host"),
        metavar="HOST",
        help="a receiving host of yours, by name or domain, whose Received fields are believed; may be repeated",
    )
    added.add_argument(
        "--received-at",
        metavar="TIME",
        help="when the mail arrived, such as 2026-01-02T10:05:05Z; by default what its header says, else now",
    )


def tabled(added: argparse.ArgumentParser, *, usual: str | None = "messages") -> None:
    """Options that say which table goes where, see `print_report`; without a usual one, none is printed unasked."""
    default = f" (default: {usual})" if usual else ""
    added.add_argument(
        "--table", choices=_TABLES, metavar="TABLE", help=f"table to print: {', '.join(_TABLES)}{default}"
    )
    file_option(added, "--out", help="folder to write all tables to, instead of printing one")
    added.add_argument("--format", choices=_FORMATS, help=f"of the files in --out (default: {_FORMATS[0]})")


# ---------------------------------------------------------------- what goes together

# An option that was given → the condition under which it has an effect, and why not else.
_EFFECTIVE: Mapping[str, tuple[Callable[[argparse.Namespace], bool], str]] = {
    "zone": (
        lambda options: (
            not hasattr(options, "dataset")
            or options.account is not None
            or (getattr(options, "api", None) is not None and options.dataset is None)
        ),
        "without --account: a dataset brings its own DNS records",
    ),
    "format": (lambda options: options.out is not None, "without --out: it says how files are written"),
    "out": (lambda options: getattr(options, "parquet", None) is None, "with --parquet: the rows are written there"),
    "resume": (lambda options: options.parquet is not None, "without --parquet: there is nothing to go on with"),
    "table": (
        lambda options: options.out is None and getattr(options, "parquet", None) is None,
        "with --out or --parquet: tables are written",
    ),
    "sns_host": (lambda options: bool(options.subscribe), "without --subscribe: there is no SNS endpoint"),
    "sns_certificate": (lambda options: bool(options.subscribe), "without --subscribe: there is no SNS endpoint"),
    "no_functions": (lambda options: options.account is None, "with --account: only a dataset brings functions"),
    "dataset": (
        lambda options: getattr(options, "account", None) is None or getattr(options, "source", "") is None,
        "with --account, where the mail is not the dataset's",
    ),
}


def refuse_idle(options: argparse.Namespace) -> None:
    """Refuse an option that would have no effect: who gave it expects one.

    Raises
    ------
    UsageError
        When there is one; the sentence says with what it would have an effect.
    """
    for name, (has_effect, why_not) in _EFFECTIVE.items():
        value = getattr(options, name, None)
        if value not in (None, False) and not has_effect(options):
            raise UsageError(f"--{name.replace('_', '-')} has no effect {why_not}")


def receiver_of(
    options: argparse.Namespace,
    *,
    backend: DirectoryBackend | None = None,
    account: Account | None = None,
    is_live: bool = False,
) -> Receiver:
    """The receiver that the options describe: a dataset's, an account file's with a zone file, or that account's.

    Live mail never has an id twice, unless --seed asks for the same ones: what was kept is found by its id.
    """
    if options.account is None and account is None:
        dataset = dataset_of(options)
        if backend is not None:
            for name, function in dataset.functions.items():
                backend.functions[name] = function
        receiver: Receiver = dataset.receiver(seed=options.seed, backend=backend)
    else:
        zone = zone_of(options.zone) if options.zone is not None else Zone({})
        account = account_of(options.account) if account is None else account
        receiver = Receiver(account, resolver=zone, seed=options.seed, backend=backend)
    if is_live and options.seed is None:
        receiver.message_ids = RandomMessageIds()
    receiver.provider_lists += _provider_lists(options, {entry.name for entry in receiver.provider_lists})
    if options.permissions is not None:
        receiver.permissions = permissions_in(options.permissions, receiver.account)
    return receiver


def permissions_in(template: str, account: Account) -> Permissions:
    """The policies in a template that is deployed where the account lies.

    Raises
    ------
    InputError
        When it has none.
    """
    from sesreceive.formats import load

    permissions = load(template, region=account.region, account_id=account.account_id).permissions
    if permissions is None:
        raise InputError(f"expected policies in `{one_line(template, 200)}` but it has none")
    return permissions


def judged_by_sample(options: argparse.Namespace) -> None:
    """Mail of one's own that is judged by the sample company's account: said on standard error, unless asked for."""
    if options.account is None and options.dataset is None:
        print(
            f"note: judged by the account of the sample data `{DATASET}`, whose domains are not yours; "
            "--account FILE names another",
            file=sys.stderr,
        )


def _provider_lists(options: argparse.Namespace, taken: set[str]) -> tuple[AnyList, ...]:
    """The lists that the options name; how old they are is said on standard error, beside the tables.

    A list is called as its file is, and by its path where there is one of that name.
    """
    read = []
    for path in options.provider_list:
        entry = ProviderList.read(path)
        if entry.name in taken:
            entry = replace(entry, name=path)
        taken.add(entry.name)
        read.append(entry)
    for entry in read:
        print(f"provider list {one_line(entry.about(now()), 2000)}", file=sys.stderr)
    return (*read, *map(ProviderList.dnsbl, options.dns_list))


def now() -> datetime:
    """The time on this machine's clock."""
    return to_datetime(SystemClock()())


def reading_of(options: argparse.Namespace) -> dict[str, Any]:
    """How mail is read: whose Received fields are believed, and when it arrived where that is said."""
    envelope = {"received_at": options.received_at} if options.received_at is not None else None
    return {"trusted": tuple(options.trusted or ()), "envelope": envelope}


def print_passed_over(report: Report) -> None:
    """What was no message, on standard error: the table is for the next program."""
    passed_over = report.passed_over_items
    for one in passed_over[:_PASSED_OVER]:
        print(f"passed over {one_line(one.name, 80)}: {one.why}: {one_line(one.reason)}", file=sys.stderr)
    if len(passed_over) > _PASSED_OVER:
        print(f"passed over {len(passed_over) - _PASSED_OVER} more: --table passed_over lists all", file=sys.stderr)


def expect_mail(report: Report, source: str) -> None:
    """Raise unless there is at least one message; why each thing was passed over has been said by then.

    Raises
    ------
    InputError
        When there is none.
    """
    if not len(report):
        passed_over = report.passed_over_items
        why = f": {one_line(passed_over[0].reason)}" if len(passed_over) == 1 else ""
        raise InputError(f"expected mail in `{one_line(source)}` but there is none{why}")


def zone_of(path: str) -> Zone:
    """The zone of a file."""
    try:
        return Zone.parse(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = "it is no UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror or error
        raise InputError(f"cannot read zone `{one_line(path)}`: {why}{near_file(path)}") from None


def expect_there(path: str) -> None:
    """Raise unless there is such a file or folder.

    Raises
    ------
    InputError
        When there is none, with a name that is near.
    """
    if not Path(path).exists():
        raise InputError(f"there is no file or folder `{one_line(path)}`{near_file(path)}")


def dataset_of(options: argparse.Namespace) -> Any:
    """The dataset that is asked for; its functions are read only where its account calls them."""
    from sesreceive import datasets

    functions = not options.no_functions and getattr(options, "account", None) is None
    return datasets.load(options.dataset or DATASET, functions=functions)


def message_in(folder: Path, name: str) -> Path:
    """The one message of a dataset whose file name starts like this.

    Raises
    ------
    InputError
        When there is none, with the nearest name, or several, which are listed.
    """
    found = sorted(folder.glob(f"{glob.escape(name)}*.eml"))
    exact = [path for path in found if path.stem == name]
    if len(found) == 1 or exact:
        return (exact or found)[0]
    what = "a message file, or the start of a message's name in the dataset,"
    if found:
        names = candidates(path.stem for path in found)
        raise InputError(f"expected {what} but `{one_line(name, 80)}` may be each of {names}")
    raise InputError(expected(what, name, [path.stem for path in folder.glob("*.eml")]))


def whole(report: Report) -> Report:
    """The report; Ctrl-C before its end ends the command, too: half an answer looks like one.

    Raises
    ------
    KeyboardInterrupt
        When the replay was stopped.
    """
    if report.interrupted:
        raise KeyboardInterrupt
    return report


def print_report(report: Report, options: argparse.Namespace) -> None:
    """One table on standard output, or all of them in a folder."""
    if options.out is not None:
        written = report.save(options.out, format=options.format or _FORMATS[0])
        for note in report.notes:
            print(f"note: {one_line(note, 2_000)}")
        print(f"wrote {len(written)} tables to {one_line(options.out)}")
        return
    print(report.to_text(options.table or "messages"))


def seconds(text: str) -> float:
    """A time to wait."""
    try:
        waiting_s = float(text)
    except ValueError:
        waiting_s = -1.0
    if not 0 <= waiting_s < threading.TIMEOUT_MAX:
        raise argparse.ArgumentTypeError(f"expected a number of seconds from 0 but got `{one_line(text)}`")
    return waiting_s


def program_name() -> str:
    """How to call this program again: its name, or its path where it is not on PATH."""
    called = sys.argv[0]
    return called if Path(called).name == "sesreceive" and not shutil.which("sesreceive") else "sesreceive"
