"""``demo``, ``replay`` and ``explain``: mail from files, and what became of it."""

from __future__ import annotations

import argparse
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from sesreceive.cli.destinations import expect_folder_place
from sesreceive.cli.exits import Exit, UsageError
from sesreceive.cli.options import (
    DATASET,
    calling,
    configured,
    dataset_of,
    expect_mail,
    expect_there,
    file_option,
    judged_by_sample,
    message_in,
    print_passed_over,
    print_report,
    program_name,
    read_from_files,
    reading_of,
    receiver_of,
    tabled,
    whole,
)
from sesreceive.cli.parser import text
from sesreceive.cli.tour import tour
from sesreceive.errors import InputError, one_line
from sesreceive.wording import count

if TYPE_CHECKING:
    from sesreceive.cli.options import Commands
    from sesreceive.mail.corpus import Source
    from sesreceive.receiver import Receiver

# Messages that could not be received are named up to here.
_BROKEN = 20


def add(commands: Commands) -> None:
    """The commands of this family, with their options."""
    demo = commands.command(
        "demo",
        _demo,
        "receive the sample company's mail and say what became of it, and why",
        examples=("sesreceive demo", "sesreceive demo --all", "sesreceive demo --dataset zoo --table matrix"),
    )
    demo.add_argument("--dataset", type=text("a name"), help=f"sample data to use (default: {DATASET})")
    calling(demo)
    tabled(demo, usual=None)
    demo.add_argument("--all", action="store_true", help="a line for every message, as --table messages")

    replay = commands.command(
        "replay",
        _replay,
        "receive a folder of mail, a mailbox, an archive or one message; print tables",
        examples=(
            "sesreceive replay mail/ --account account.json --zone zone.txt",
            "sesreceive replay mail/ --account account.json --table rules",
            "sesreceive replay --dataset first-steps --out tables --format json",
            "sesreceive replay --dataset first-steps --parquet rows",
        ),
    )
    file_option(replay, "source", nargs="?", help="file or folder; the dataset's mail when there is none")
    configured(replay)
    read_from_files(replay)
    tabled(replay)
    file_option(
        replay,
        "--parquet",
        help="folder to write the rows to as Parquet files while mail is received, for more than memory holds",
    )
    replay.add_argument("--resume", action="store_true", help="go on with the replay in --parquet, which was stopped")

    explain = commands.command(
        "explain",
        _explain,
        "say why each filter, rule and action did or did not fire for a message",
        examples=(
            "sesreceive explain 0001",
            "sesreceive explain message.eml --account account.json --zone zone.txt",
            "sesreceive explain message.eml --account account.json --received-at 2026-01-02T10:05:05Z",
        ),
    )
    file_option(explain, "message", help=".eml file, or the start of a message's name in the dataset")
    explain.add_argument("--full", action="store_true", help="also list what was skipped or missed in long runs")
    configured(explain)
    read_from_files(explain)


def _demo(options: argparse.Namespace) -> int:
    """The sample company's mail, received with its rule set."""
    if options.all:
        if options.table not in (None, "messages"):
            raise UsageError("expected --all or --table but got both")
        if options.out is not None:
            raise UsageError("--all has no effect with --out: all tables are written")
        options.table = "messages"
    expect_folder_place(options.out)
    dataset = dataset_of(options)
    receiver = dataset.receiver()
    report = whole(receiver.replay(dataset.mail, progress=sys.stderr.isatty()))
    if options.table is not None or options.out is not None:
        print_report(report, options)
        return 0
    rules = dataset.account.active_rule_set.rules if dataset.account.active_rule_set else ()
    configured_with = f"{count(len(rules), 'rule')} and {count(len(dataset.account.filters), 'IP filter')}"
    print(tour(list(report), f"the sample data `{dataset.name}`, with {configured_with}"))
    print("\nto go on:")
    program = one_line(program_name())
    of = "" if dataset.name == DATASET else f" --dataset {one_line(dataset.name)}"
    example = f"explain{of} {one_line(dataset.example)}"
    for arguments, purpose in (
        (example, "all there is to say of one message"),
        (f"demo{of} --all", "a line for every message"),
        (f"demo{of} --table matrix", "what every filter, rule and action came to"),
        (f"demo{of} --out FOLDER", "all tables as files"),
    ):
        print(f"    {program} {arguments:<{len(example)}}  {purpose}")
    return 0


def _replay(options: argparse.Namespace) -> int:
    """Many messages → tables."""
    expect_folder_place(options.out)
    expect_folder_place(options.parquet)
    receiver = receiver_of(options)
    source: Source = dataset_of(options).mail if options.source is None else options.source
    if options.source is not None:
        expect_there(options.source)
    if options.parquet is not None:
        return _replay_to(receiver, source, options)
    report = receiver.replay(source, progress=sys.stderr.isatty(), **reading_of(options))
    if options.source is not None:
        print_passed_over(report)
        if not report.interrupted:
            expect_mail(report, options.source)
        judged_by_sample(options)
    print_report(report, options)
    if report.interrupted:
        print(f"stopped: the tables have the first {count(len(report), 'message')}", file=sys.stderr)
        return Exit.INTERRUPTED
    return Exit.DONE


def _replay_to(receiver: Receiver, source: Source, options: argparse.Namespace) -> int:
    """Mail of any amount → Parquet files."""
    there = (Path(options.parquet) / "messages").is_dir()
    if there and not options.resume:
        raise InputError(
            f"there is a replay in `{one_line(options.parquet)}` already: "
            "--resume goes on with it; or name another folder"
        )
    if options.resume and not there:
        raise InputError(f"there is no replay in `{one_line(options.parquet)}` to go on with")
    folder = receiver.replay_to(
        options.parquet,
        source,
        done=options.parquet if options.resume else None,
        progress=sys.stderr.isatty(),
        **reading_of(options),
    )
    broken = list(islice(folder.broken(), _BROKEN + 1))
    for name, error in broken[:_BROKEN]:
        print(f"not received {one_line(name, 80)}: {one_line(error)}", file=sys.stderr)
    if len(broken) > _BROKEN:
        print("not received more: the column `error` of the table messages lists all", file=sys.stderr)
    if options.source is not None:
        if not len(folder) and not folder.interrupted:
            why = f": {one_line(broken[0][1])}" if len(broken) == 1 else ""
            raise InputError(f"expected mail in `{one_line(options.source)}` but there is none{why}")
        judged_by_sample(options)
    print(
        f"{count(len(folder), 'message')} in {count(len(folder.tables), 'table')}, "
        f"{count(len(folder.parts()), 'file')} each, in {one_line(options.parquet)}"
    )
    if folder.interrupted:
        print("stopped: the same command with --resume goes on", file=sys.stderr)
        return Exit.INTERRUPTED
    return Exit.DONE


def _explain(options: argparse.Namespace) -> int:
    """One message → why each filter, rule and action did or did not fire."""
    receiver = receiver_of(options)
    path = Path(options.message)
    own = path.exists()
    if not own:
        path = message_in(dataset_of(options).mail, options.message)
    report = whole(receiver.replay(path, **reading_of(options)))
    for reception in report:
        print(reception.explain(full=options.full))
        if points := reception.assumed():
            print("what nobody outside AWS knows, and mattered here")
            for point in points:
                print(f"    {one_line(point)}")
    print_passed_over(report)
    expect_mail(report, options.message)
    if own:
        judged_by_sample(options)
    return 0
