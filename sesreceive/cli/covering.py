"""``cover``, ``mutants``: what of an account some mail exercises, and which mistakes in it somebody would notice."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sesreceive.cli.destinations import expect_folder_place
from sesreceive.cli.exits import Exit, UsageError
from sesreceive.cli.options import expect_there, file_option
from sesreceive.cli.parser import number
from sesreceive.cli.sources import SourceAccount, half_read, received, sound, sourced, variables
from sesreceive.cli.terminal import print_lines
from sesreceive.errors import InputError, one_line
from sesreceive.wording import count

if TYPE_CHECKING:
    from sesreceive.account.account import Account
    from sesreceive.analysis.mutants import Mutants
    from sesreceive.cli.options import Commands


def add(commands: Commands) -> None:
    """The commands of this family, with their options."""
    cover = commands.command(
        "cover",
        _cover,
        "say what of an account some mail exercises; without mail, find a small set that exercises all",
        examples=("sesreceive cover account.json --out corpus", "sesreceive cover account.json mail --at-least 30"),
    )
    sourced(cover, "source")
    file_option(cover, "mail", nargs="?", help="file or folder of mail, as `replay` takes it")
    file_option(cover, "--out", metavar="FOLDER", help="write the mail that was found, with envelopes and answers")
    cover.add_argument(
        "--at-least", type=number(0, 100), metavar="N", help="exit with 1 where less than N %% is covered"
    )
    variables(cover)

    mutants = commands.command(
        "mutants",
        _mutants,
        "say which small mistakes in an account some mail, or a suite of tests, would not notice",
        examples=("sesreceive mutants account.json", "sesreceive mutants account.json mail"),
    )
    sourced(mutants, "source")
    file_option(
        mutants, "mail", nargs="?", help="file or folder of mail; by default a small set that exercises the account"
    )
    file_option(mutants, "--tests", metavar="PATH", help="run these tests of pytest for each mutant, in place of mail")
    mutants.add_argument(
        "--at-least", type=number(0, 100), metavar="N", help="exit with 1 where less than N %% are noticed"
    )
    variables(mutants)


def _cover(options: argparse.Namespace) -> int:
    """How much of an account is exercised, by mail that was given or that is found; 1 below what was asked for."""
    from sesreceive.analysis.coverage_tally import coverage
    from sesreceive.analysis.covering_corpus import covering_corpus

    if options.mail is not None and options.out is not None:
        raise UsageError("--out has no effect with mail: it writes the mail that is found without any")
    expect_folder_place(options.out)
    source = sound(options.source, options)
    account = source.account
    if options.mail is not None:
        covered = coverage(account, received(source, options.mail))
        print_lines(covered.text.splitlines())
    else:
        corpus = covering_corpus(account)
        covered = corpus.coverage
        written = corpus.save(options.out) if options.out is not None else ()
        print_lines(corpus.text.splitlines())
        if options.out is not None:
            print(f"wrote {count(len(written), 'message')} to {one_line(options.out)}")
    return _judged(source, covered.percent, options.at_least)


def _mutants(options: argparse.Namespace) -> int:
    """Which mistakes are not noticed; 1 where fewer are than was asked for."""
    from sesreceive.analysis.covering_corpus import covering_corpus
    from sesreceive.analysis.mutants import mutants

    if options.mail is not None and options.tests is not None:
        raise UsageError("expected mail or --tests but got both")
    source = sound(options.source, options)
    account = source.account
    found: Mutants
    if options.tests is not None:
        found = _tested(account, options.tests)
    else:
        corpus: Any = covering_corpus(account) if options.mail is None else received(source, options.mail)
        found = mutants(account, corpus)
    print_lines(found.text.splitlines())
    return _judged(source, found.score, options.at_least)


def _judged(source: SourceAccount, percent: float, least: float | None) -> int:
    """1 below what was asked for, or where that is not known of all of a template."""
    if least is None:
        return Exit.DONE
    return Exit.PROBLEMS if percent < least or half_read(source, said="judged") else Exit.DONE


def _tested(account: Account, tests: str) -> Mutants:
    """Each mutant in the place of the account under test: the suite is run until a test fails."""
    from sesreceive.analysis.mutants import tried_mutants

    expect_there(tests)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "account.json")

        def noticed(changed: Account) -> str:
            changed.save(path)
            command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", tests]
            run = subprocess.run(  # noqa: S603 - the tests that the caller names
                [*command, f"--ses-account={path}"], capture_output=True, text=True, check=False
            )
            failed = [line for line in run.stdout.splitlines() if line.startswith("FAILED ")]
            if run.returncode > 1 and not failed:
                raise InputError(f"pytest cannot run `{one_line(tests)}`: {one_line((run.stdout + run.stderr)[-300:])}")
            return failed[0].split()[1] if failed else ""

        if by := noticed(account):
            raise InputError(f"expected tests that pass for the account as it is but `{one_line(by)}` fails")
        return tried_mutants(account, noticed)
