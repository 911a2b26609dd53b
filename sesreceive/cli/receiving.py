"""``demo``, ``replay`` and ``explain``: mail from files, and what became of it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sesreceive.cli.options import (
    calling,
    configured,
    dataset_of,
    message_in,
    print_passed_over,
    print_report,
    program_name,
    read_from_files,
    reading_of,
    receiver_of,
    tabled,
)
from sesreceive.errors import one_line

if TYPE_CHECKING:
    from sesreceive.cli.options import Commands


def add(commands: Commands) -> None:
    """The commands of this family, with their options."""
    demo = commands.command("demo", _demo, "receive the sample company's mail and print what fired for each message")
    demo.add_argument("--dataset", default="anycompany", help="sample data to use (default: anycompany)")
    calling(demo)
    tabled(demo)

    replay = commands.command(
        "replay", _replay, "receive a folder of mail, a mailbox, an archive or one message; print tables"
    )
    replay.add_argument("source", nargs="?", help="file or folder; the dataset's mail when there is none")
    configured(replay)
    read_from_files(replay)
    tabled(replay)

    explain = commands.command(
        "explain", _explain, "say why each filter, rule and action did or did not fire for a message"
    )
    explain.add_argument("message", help=".eml file, or the start of a message's name in the dataset")
    explain.add_argument("--full", action="store_true", help="also list what was skipped or missed in long runs")
    configured(explain)
    read_from_files(explain)


def _demo(options: argparse.Namespace) -> int:
    """The sample company's mail, received with its rule set."""
    from sesreceive import datasets

    dataset = datasets.load(options.dataset, functions=options.functions)
    receiver = dataset.receiver()
    report = receiver.replay(dataset.mail, progress=sys.stderr.isatty())
    print_report(report, options)
    program = one_line(program_name())
    named = f"{one_line(dataset.name)} {one_line(dataset.example)}"
    print(f"\nWhy did a message end like that?  {program} explain --dataset {named}")
    print(f"Filters, rules and actions each:  {program} demo --table matrix, or --out FOLDER for all tables")
    return 0


def _replay(options: argparse.Namespace) -> int:
    """Many messages → tables."""
    receiver = receiver_of(options)
    source = options.source if options.source is not None else dataset_of(options).mail
    report = receiver.replay(source, progress=sys.stderr.isatty(), **reading_of(options))
    print_report(report, options)
    print_passed_over(report)
    return 0


def _explain(options: argparse.Namespace) -> int:
    """One message → why each filter, rule and action did or did not fire."""
    receiver = receiver_of(options)
    path = Path(options.message)
    if not path.exists() and options.dataset:
        path = message_in(dataset_of(options).mail, options.message)
    report = receiver.replay(path, **reading_of(options))
    for reception in report:
        print(reception.explain(full=options.full))
        if points := reception.assumed():
            print("what nobody outside AWS knows, and mattered here")
            for point in points:
                print(f"    {one_line(point)}")
    print_passed_over(report)
    return 0
