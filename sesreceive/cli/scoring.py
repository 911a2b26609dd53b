"""``fidelity``: how far the kit agrees with what SES wrote for you."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sesreceive.cli.accounts import account_of
from sesreceive.cli.destinations import expect_file_place, write_text
from sesreceive.cli.exits import Exit, UsageError
from sesreceive.cli.options import file_option, zone_of
from sesreceive.errors import InputError, one_line

if TYPE_CHECKING:
    from sesreceive.cli.options import Commands
    from sesreceive.dns.resolver import Resolver
    from sesreceive.likeness.score import Score


def add(commands: Commands) -> None:
    """The commands of this family, with their options."""
    added = commands.command(
        "fidelity",
        _fidelity,
        "compare what SES wrote for you with what is written here",
        examples=(
            "sesreceive fidelity captures/ --account account.json --min 0.99",
            "sesreceive fidelity captures/ --html score.html",
        ),
    )
    file_option(added, "captures", help="folder or file: objects, notifications, events, bounces, SMTP transcripts")
    file_option(added, "--account", help="JSON file of the account (default: what the captures name)")
    added.add_argument(
        "--min",
        type=_share,
        metavar="SHARE",
        help="end with 1 where an artefact agrees in less than this share of its fields, such as 0.99",
    )
    dns = added.add_mutually_exclusive_group()
    file_option(dns, "--zone", help="zone file with the DNS records of the senders: authentication is scored, too")
    dns.add_argument("--live-dns", action="store_true", help="ask DNS now; keys rotate, so old mail may fail")
    added.add_argument("--era", choices=_ERAS, default="", help="how SES wrote then (default: the year that fits best)")
    added.add_argument("--no-readings", action="store_true", help="do not try the other readings of open points")
    shown = added.add_mutually_exclusive_group()
    shown.add_argument("--redacted", action="store_true", help="print places and classes only, to be shown to others")
    shown.add_argument("--markdown", action="store_true", help="print what the captures say of each open point")
    file_option(added, "--csv", metavar="FILE", help="write all fields as a table")
    file_option(added, "--html", metavar="FILE", help="write the score with both sides of what differs as a page")


# Those of `sesreceive.likeness.era`, which is not loaded for the help; a test holds the two together.
_ERAS = ("2026", "2020", "2018", "2016", "2015")


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"expected a share from 0 to 1 but got `{one_line(text)}`")
    return share


def _fidelity(options: argparse.Namespace) -> int:
    """The score of a folder of captures; 1 where an artefact is below ``--min``, or where nothing can be compared."""
    from sesreceive.likeness.fidelity import fidelity

    if options.markdown and options.no_readings:
        raise UsageError("--markdown has no effect with --no-readings: it prints what other readings come to")
    expect_file_place(options.csv)
    expect_file_place(options.html)
    account = account_of(options.account) if options.account is not None else None
    score = fidelity(
        options.captures,
        account=account,
        resolver=_resolver(options),
        era=options.era,
        readings=not options.no_readings,
    )
    if not score.captures.mails:
        reasons = "; ".join(f"{one.name}: {one.reason}" for one in score.captures.unrecognised[:3])
        raise InputError(f"`{one_line(options.captures)}` holds nothing that SES wrote: {one_line(reasons)}")
    if options.csv is not None:
        write_text(options.csv, score.frame().to_csv(index=False))
    if options.html is not None:
        write_text(options.html, score.to_html())
    if options.markdown:
        print(_table(score))
    else:
        print(score.redacted() if options.redacted else score)
    return _judged(score, options.min)


def _resolver(options: argparse.Namespace) -> Resolver | None:
    if options.zone is not None:
        return zone_of(options.zone)
    if options.live_dns:
        from sesreceive.dns.live import LiveResolver

        return LiveResolver()
    return None


def _table(score: Score) -> str:
    from sesreceive.support import support_markdown

    return support_markdown(score.supports)


def _judged(score: Score, least: float | None) -> int:
    if least is None:
        return Exit.DONE
    below = {name: share for name, share in score.scores.items() if share < least}
    for name, share in below.items():
        print(f"{name}: {share:.4f} is less than {least:g}")
    if not score.scores:
        print("nothing can be compared")
    return Exit.PROBLEMS if below or not score.scores else Exit.DONE
