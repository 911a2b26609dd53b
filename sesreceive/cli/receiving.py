"""``demo``, ``replay`` and ``explain``: mail from files, and what became of it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sesreceive.cli.destinations import expect_folder_place
from sesreceive.cli.exits import UsageError
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
)
from sesreceive.cli.parser import text
from sesreceive.cli.tour import tour
from sesreceive.errors import one_line
from sesreceive.wording import count

if TYPE_CHECKING:
    from sesreceive.cli.options import Commands


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
        ),
    )
    file_option(replay, "source", nargs="?", help="file or folder; the dataset's mail when there is none")
    configured(replay)
    read_from_files(replay)
    tabled(replay)

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
    report = receiver.replay(dataset.mail, progress=sys.stderr.isatty())
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
    receiver = receiver_of(options)
    if options.source is None:
        report = receiver.replay(dataset_of(options).mail, progress=sys.stderr.isatty(), **reading_of(options))
    else:
        expect_there(options.source)
        report = receiver.replay(options.source, progress=sys.stderr.isatty(), **reading_of(options))
        print_passed_over(report)
        expect_mail(report, options.source)
        judged_by_sample(options)
    print_report(report, options)
    return 0


def _explain(options: argparse.Namespace) -> int:
    """One message → why each filter, rule and action did or did not fire."""
    receiver = receiver_of(options)
    path = Path(options.message)
    own = path.exists()
    if not own:
        path = message_in(dataset_of(options).mail, options.message)
    report = receiver.replay(path, **reading_of(options))
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
