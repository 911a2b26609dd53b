"""What several commands take alike: whose account, which mail, which table; and what these options mean."""

from __future__ import annotations

import argparse
import glob
import shutil
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sesreceive.account.account import Account
from sesreceive.clock import SystemClock, to_datetime
from sesreceive.dns.zone import Zone
from sesreceive.errors import InputError, one_line
from sesreceive.receiver import Receiver
from sesreceive.stages.provider_lists import AnyList, ProviderList

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sesreceive.backends.directory import DirectoryBackend
    from sesreceive.permissions import Permissions
    from sesreceive.report import Report

_TABLES = ("messages", "recipients", "filters", "rules", "actions", "effects", "events", "matrix", "passed_over")
# Lines about what was no message.
_PASSED_OVER = 20


class Commands:
    """The commands that a parser knows, and the functions that run them.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The program's.
    """

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._commands = parser.add_subparsers(metavar="command", required=True)

    def command(
        self, name: str, run: Callable[[argparse.Namespace], int] | None, summary: str
    ) -> argparse.ArgumentParser:
        """A new command with its summary; without `run`, one that has commands of its own."""
        added = self._commands.add_parser(name, help=summary, description=summary)
        if run is not None:
            added.set_defaults(command=run)
        return added


def calling(added: argparse.ArgumentParser) -> None:
    """Options of a command that runs Lambda functions."""
    added.add_argument(
        "--no-functions",
        dest="functions",
        action="store_false",
        help="run no code of the dataset: its Lambda functions are not there",
    )


def configured(added: argparse.ArgumentParser) -> None:
    """Options that say whose account and DNS, see `receiver_of`."""
    added.add_argument("--dataset", default="anycompany", help="sample data to use (default: anycompany)")
    added.add_argument("--account", help="JSON file of the account, in place of the dataset's")
    added.add_argument("--zone", help="zone file with the DNS records of the senders, with --account")
    added.add_argument(
        "--permissions",
        metavar="TEMPLATE",
        help="ask the policies in this template or folder before each effect, as `load` reads them",
    )
    added.add_argument(
        "--provider-list",
        action="append",
        default=[],
        metavar="FILE",
        help="networks that AWS refuses besides: ip-ranges.json, Spamhaus DROP, or one network a line",
    )
    added.add_argument(
        "--dns-list",
        action="append",
        default=[],
        metavar="ZONE",
        help="a DNS list that refuses besides, asked where the senders' records are",
    )
    added.add_argument("--seed", type=int, help="fixes clock and message ids, so that two runs print the same")
    calling(added)


def read_from_files(added: argparse.ArgumentParser) -> None:
    """Options that say how mail files are read, see `reading_of`."""
    added.add_argument(
        "--trusted",
        action="append",
        metavar="HOST",
        help="a receiving host of yours, by name or domain, whose Received fields are believed; may be repeated",
    )
    added.add_argument(
        "--received-at",
        metavar="TIME",
        help="when the mail arrived, such as 2026-01-02T10:05:05Z; by default what its header says, else now",
    )


def tabled(added: argparse.ArgumentParser, *, default: str | None = "messages") -> None:
    """Options that say which table goes where, see `print_report`; without a default, none is printed unasked."""
    usual = f" (default: {default})" if default else ""
    added.add_argument("--table", choices=_TABLES, default=default, help=f"table to print{usual}")
    added.add_argument("--out", help="folder to write all tables to, instead of printing one")
    added.add_argument("--format", choices=("csv", "json", "parquet"), default="csv", help="of the files in --out")


def receiver_of(options: argparse.Namespace, *, backend: DirectoryBackend | None = None) -> Receiver:
    """The receiver that the options describe: a dataset's, or an account file's with a zone file."""
    if options.account is None:
        dataset = dataset_of(options)
        if backend is not None:
            for name, function in dataset.functions.items():
                backend.functions[name] = function
        receiver: Receiver = dataset.receiver(seed=options.seed, backend=backend)
    else:
        zone = zone_of(options.zone) if options.zone is not None else Zone({})
        receiver = Receiver(Account.load(options.account), resolver=zone, seed=options.seed, backend=backend)
    receiver.provider_lists += _provider_lists(options)
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


def _provider_lists(options: argparse.Namespace) -> tuple[AnyList, ...]:
    """The lists that the options name; how old they are is said on standard error, beside the tables."""
    read = [ProviderList.read(path) for path in options.provider_list]
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


def zone_of(path: str) -> Zone:
    """The zone of a file."""
    try:
        return Zone.parse(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read zone `{one_line(path)}`: {error}") from None


def dataset_of(options: argparse.Namespace) -> Any:
    """The dataset that is asked for."""
    from sesreceive import datasets

    return datasets.load(options.dataset, functions=options.functions)


def message_in(folder: Path, name: str) -> Path:
    """The one message of a dataset whose file name starts like this."""
    found = sorted(folder.glob(f"{glob.escape(name)}*.eml"))
    if not found:
        raise InputError(f"expected a message file or the start of a name in the dataset but got `{one_line(name)}`")
    return found[0]


def print_report(report: Report, options: argparse.Namespace) -> None:
    """One table on standard output, or all of them in a folder."""
    if options.out is not None:
        written = report.save(options.out, format=options.format)
        print(f"wrote {len(written)} tables to {one_line(options.out)}")
        return
    print(report.to_text(options.table))


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
