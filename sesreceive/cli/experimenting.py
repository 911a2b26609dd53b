"""``experiment``: what mail comes to under several accounts, side by side."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sesreceive.cli.destinations import expect_folder_place
from sesreceive.cli.exits import Exit, UsageError
from sesreceive.cli.options import expect_there, file_option, zone_of
from sesreceive.cli.parser import number, text
from sesreceive.cli.sources import all_sound, half_read, sourced, variables
from sesreceive.dns.zone import Zone
from sesreceive.errors import one_line
from sesreceive.receiver import Receiver

if TYPE_CHECKING:
    from sesreceive.cli.options import Commands
    from sesreceive.report.cost import Prices

_TABLES = ("outcomes", "reasons", "differences", "messages", "cost")
_FORMATS = ("csv", "json", "parquet")


def add(commands: Commands) -> None:
    """The command of this family, with its options."""
    added = commands.command(
        "experiment",
        _experiment,
        "say what mail comes to under several accounts or templates: outcomes side by side, what differs and why, cost",
        examples=(
            "sesreceive experiment account.json template.yaml --corpus mail --zone zone.txt",
            "sesreceive experiment account.json template.yaml --traffic 200 --table reasons",
            "sesreceive experiment account.json --corpus mail --out tables --format json",
        ),
    )
    sourced(added, "templates", nargs="+", metavar="TEMPLATE")
    file_option(added, "--corpus", help="mail as `replay` takes it, or the folder of a replay's tables as Parquet")
    added.add_argument("--traffic", type=number(1), metavar="N", help="make N messages for these accounts")
    added.add_argument("--seed", type=number(0), help="of the traffic (default: 1)")
    file_option(added, "--zone", help="zone file with the DNS records of the senders in --corpus")
    added.add_argument(
        "--price",
        action="append",
        default=[],
        type=text("a price"),
        metavar="NAME=USD",
        help="a price in US dollars in place of the dated one, such as received_per_thousand=0.1; may be repeated",
    )
    added.add_argument(
        "--table",
        choices=_TABLES,
        metavar="TABLE",
        help=f"table to print: {', '.join(_TABLES)} (default: {_TABLES[0]})",
    )
    file_option(added, "--out", metavar="FOLDER", help="folder to write all tables to, instead of printing one")
    added.add_argument("--format", choices=_FORMATS, help=f"of the files in --out (default: {_FORMATS[0]})")
    added.add_argument("--expect-same", action="store_true", help="exit with 1 where a message ends otherwise, for CI")
    variables(added)


def _experiment(options: argparse.Namespace) -> int:
    """Outcomes by account; 1 where they should be the same and are not. Functions are not run: mail goes on."""
    from sesreceive.lab.experiment import experiment
    from sesreceive.report.files import write

    if options.seed is not None and options.traffic is None:
        raise UsageError("--seed has no effect without --traffic: it says which mail is made")
    if options.corpus is None and options.traffic is None:
        raise UsageError("expected --corpus PATH or --traffic N but got neither: an experiment needs mail")
    if options.zone is not None and options.corpus is None:
        raise UsageError("--zone has no effect without --corpus: mail that is made brings its own DNS records")
    if options.expect_same and len(options.templates) < 2:
        raise UsageError("--expect-same has no effect with one template: there is nothing to compare it with")
    if options.corpus is not None:
        expect_there(options.corpus)
    expect_folder_place(options.out)
    names = _named(options.templates)
    sources = all_sound(options.templates, options)
    accounts = {name: source.account for name, source in zip(names, sources, strict=True)}
    receiver = Receiver(
        next(iter(accounts.values())), resolver=zone_of(options.zone) if options.zone is not None else Zone({}), seed=1
    )
    tried = experiment(
        receiver,
        variants=accounts,
        corpus=options.corpus,
        traffic=options.traffic,
        seed=options.seed,
        prices=_prices(options.price),
    )
    if options.out is not None:
        written = write(tried.frames(), options.out, options.format or _FORMATS[0])
        for note in tried.notes:
            print(f"note: {one_line(note, 2_000)}")
        print(f"wrote {len(written)} tables to {one_line(options.out)}")
    else:
        print(tried.to_text(options.table or _TABLES[0]))
    print(repr(tried)[1:-1])
    if tried.interrupted:
        return Exit.INTERRUPTED
    if not options.expect_same:
        return Exit.DONE
    different = any(variant.numbers for variant in tried.variants)
    return Exit.PROBLEMS if different or half_read(*sources, said="judged") else Exit.DONE


def _named(paths: list[str]) -> list[str]:
    """What the tables call each path: the name of the file without its ending, or the path where two share it.

    Examples
    --------
    >>> _named(["old/rules.json", "stricter.yaml"])
    ['rules', 'stricter']
    >>> _named(["old/rules.json", "new/rules.json"])
    ['old/rules.json', 'new/rules.json']
    """
    stems = [Path(path).stem or path for path in paths]
    names = [stem if stems.count(stem) == 1 else path for stem, path in zip(stems, paths, strict=True)]
    if doubled := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"expected different templates but `{one_line(doubled, 200)}` was given twice")
    return names


def _prices(given: list[str]) -> Prices:
    """The dated prices with those that were given in their place; who gave them is their source."""
    from dataclasses import fields, replace

    from sesreceive.report.cost import PRICES
    from sesreceive.wording import expected

    known = [one.name for one in fields(PRICES) if one.name not in ("as_of", "source")]
    changed: dict[str, Any] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or name not in known:
            raise UsageError(
                f"--price: {expected('NAME=USD with the name of a price', one, [f'{n}=0' for n in known])}"
            )
        if name in changed:
            raise UsageError(f"--price {name}: expected one price but got another, `{one_line(value)}`")
        try:
            changed[name] = int(value) if isinstance(getattr(PRICES, name), int) else float(value)
        except ValueError:
            raise UsageError(f"--price {name}: {expected('a number', value)}") from None
    if not changed:
        return PRICES
    return replace(PRICES, **changed, source=f"{PRICES.source}; {', '.join(changed)} as given")
