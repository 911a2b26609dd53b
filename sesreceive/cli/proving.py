"""``check``, ``unreachable``, ``diff``, ``why``: what holds for all mail, and what shows it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from sesreceive.analysis.lint_advice import ADVICE
from sesreceive.cli.destinations import expect_folder_place
from sesreceive.cli.exits import Exit
from sesreceive.cli.options import (
    expect_there,
    file_option,
    permissions_in,
    print_passed_over,
    read_from_files,
    reading_of,
    whole,
    zone_of,
)
from sesreceive.cli.sources import (
    SourceAccount,
    all_sound,
    answers_beside,
    half_read,
    received,
    sound,
    source_of,
    sourced,
    variables,
)
from sesreceive.cli.terminal import print_lines
from sesreceive.errors import InputError, one_line
from sesreceive.wording import count

if TYPE_CHECKING:
    from sesreceive.account.account import Account
    from sesreceive.analysis.comparison import Comparison
    from sesreceive.analysis.lint import Lint
    from sesreceive.cli.options import Commands
    from sesreceive.report import Report


def add(commands: Commands) -> None:
    """The commands of this family, with their options."""
    check = commands.command(
        "check",
        _check,
        "list what SES would refuse of an account, and what it takes and will go wrong",
        examples=("sesreceive check account.json", "sesreceive check account.json --ignore size-trap"),
    )
    sourced(check, "source")
    check.add_argument(
        "--ignore",
        action="append",
        default=[],
        choices=tuple(ADVICE),
        metavar="CODE",
        help="a kind of finding that is meant; may be repeated",
    )
    file_option(check, "--permissions", metavar="TEMPLATE", help="also say what the policies in this template refuse")
    file_option(
        check, "--mail", metavar="PATH", help="also say what AWS would charge for this mail, as `replay` takes it"
    )
    variables(check)

    dead = commands.command(
        "unreachable",
        _unreachable,
        "list rules, conditions, actions and filters that no mail reaches, or that change nothing",
        examples=("sesreceive unreachable account.json",),
    )
    sourced(dead, "source")
    variables(dead)

    diff = commands.command(
        "diff",
        _diff,
        "say which mail two accounts treat differently, each with the mail that shows it",
        examples=("sesreceive diff deployed.json template.yaml --out differences",),
    )
    sourced(diff, "old")
    sourced(diff, "new")
    diff.add_argument(
        "--order",
        choices=("target", "all"),
        default="target",
        help="where the order of effects counts (default: target)",
    )
    file_option(diff, "--out", metavar="FOLDER", help="write the mail of each difference, with its envelope")
    variables(diff)

    why = commands.command(
        "why",
        _why,
        "say why a message ends as it does in an account or template, and what of it nobody outside AWS knows",
        examples=(
            "sesreceive why message.eml --account account.json",
            "sesreceive why message.eml --account account.json --zone zone.txt --full",
        ),
    )
    file_option(why, "message", help=".eml file; the envelope and the answers of functions beside it are read, too")
    sourced(why, "--account", required=True)
    file_option(why, "--zone", help="zone file with the DNS records of the sender")
    why.add_argument("--full", action="store_true", help="also list what was skipped or missed in long runs")
    read_from_files(why)
    variables(why)


# ---------------------------------------------------------------- check


def _check(options: argparse.Namespace) -> int:
    """What SES would refuse, what the policies would, and what will go wrong; 1 for anything but notes."""
    source = source_of(options.source, options)
    for problem in source.problems:
        print(one_line(problem, 2000))
    source.print_placeholders(options.source)
    account = source.account
    refused = permissions_in(options.permissions, account).refusals(account) if options.permissions is not None else ()
    for refusal in refused:
        print(f"permissions: rule {one_line(refusal.rule, 80)}: {one_line(refusal, 2000)}")
    found = _findings(source, account, options.ignore)
    print_lines(found.text.splitlines()[:-1])
    if options.mail is not None and not account.problems():
        _print_cost(received(source, options.mail))
    counts = f"{count(len(source.problems), 'problem')}, {repr(found)[1:-1]}"
    print(f"{one_line(options.source)}: {counts} in {account!r}")
    return Exit.PROBLEMS if source.problems or refused or found.warnings else Exit.DONE


def _print_cost(report: Report) -> None:
    """What the mail costs, a line each rule and thing that is charged."""
    cost = report.cost()
    for rule, item, quantity, unit, dollars in cost.rows:
        print(
            f"cost: {one_line(rule, 80) or 'receiving'}: {one_line(item, 80)}, {quantity:g} {one_line(unit, 40)}: "
            f"{dollars:.6f} USD"
        )
    print(f"cost: {repr(cost)[1:-1]}")


def _findings(source: SourceAccount, account: Account, ignored: Iterable[str]) -> Lint:
    """Those of the linter that are no problem already, and that nothing is activated."""
    from sesreceive.analysis.lint import Lint, lint
    from sesreceive.analysis.lint_finding import LintFinding

    found = lint(account, functions=source.functions or None)
    told = ("unverified-bounce-sender", "cross-region")
    rest = [one for one in found if one.code not in told]
    started = [
        LintFinding(
            code="not-activated",
            path=problem.path,
            message=problem.message,
            no_mail="what is not active receives none",
        )
        for problem in source.not_activated
    ]
    return Lint(account, (*started, *rest), found.unread).without(ignored)


# ---------------------------------------------------------------- unreachable, diff


def _unreachable(options: argparse.Namespace) -> int:
    """What no mail reaches, what changes nothing, and what is reached by an answer alone; 1 where something is dead."""
    from sesreceive.analysis.unreachable import unreachable

    source = sound(options.source, options)
    account = source.account
    found = unreachable(account)
    for one in (*found, *found.possible):
        print(repr(one)[1:-1])
        if (mail := one.witness) is not None:
            print(f"    {'expected of' if one.dead else 'shown by'} a mail {one_line(mail.text, 600)}")
    print(repr(found)[1:-1])
    return Exit.PROBLEMS if found.dead or half_read(source) else Exit.DONE


def _diff(options: argparse.Namespace) -> int:
    """Where two accounts treat mail differently; 1 where they do, or where it is not proved that they do not."""
    from sesreceive.analysis.compare import compare

    expect_folder_place(options.out)
    sources = all_sound([options.old, options.new], options)
    old, new = (source.account for source in sources)
    found = compare(old, new, order=options.order)
    if options.out is not None:
        _save(found, options.out)
    for number_, one in enumerate(found, 1):
        print(f"{number_:03} {one_line(one.whom, 300)}: {one_line(one.circumstances, 300) or 'always'}")
        print(f"    before: {one_line(one.before, 400)}\n    after:  {one_line(one.after, 400)}")
        print(f"    shown by a mail {one_line(one.witness.text, 600)}")
    print_lines(found.undecided)
    print(repr(found)[1:-1])
    return Exit.PROBLEMS if not found.equal or half_read(*sources) else Exit.DONE


def _save(found: Comparison, folder: str) -> None:
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for number_, one in enumerate(found, 1):
            one.witness.save(folder, f"{number_:03}")
    except OSError as error:
        raise InputError(f"cannot write to `{one_line(folder)}`: {error.strerror or error}") from None


# ---------------------------------------------------------------- why


def _why(options: argparse.Namespace) -> int:
    """One message → what decided it, and everything that was considered."""
    from sesreceive.analysis.witness import DryRun
    from sesreceive.backends.memory import MemoryBackend
    from sesreceive.receiver import Receiver

    account = sound(options.account, options).account
    expect_there(options.message)
    answers = answers_beside(Path(options.message))
    resolver = zone_of(options.zone) if options.zone is not None else None
    if resolver is None:
        print("note: no DNS records were given, so no SPF, DKIM or DMARC record is found; --zone FILE", file=sys.stderr)
    receiver = Receiver(account, resolver=resolver, backend=DryRun(answers) if answers else MemoryBackend())
    report = whole(receiver.replay(options.message, **reading_of(options)))
    for reception in report:
        print(reception.explain(full=options.full))
        for point in reception.assumed():
            print(f"    {one_line(point)}")
    print_passed_over(report)
    return Exit.DONE
