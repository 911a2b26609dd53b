"""``check`` and ``assumptions``: what SES would refuse, and what nobody outside AWS knows."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sesreceive.assumption import Assumption
from sesreceive.cli.accounts import checked
from sesreceive.cli.exits import Exit
from sesreceive.cli.options import file_option, permissions_in
from sesreceive.errors import one_line
from sesreceive.wording import count

if TYPE_CHECKING:
    from sesreceive.cli.options import Commands
    from sesreceive.permissions.refusal import Refusal


def add(commands: Commands) -> None:
    """The commands of this family, with their options."""
    check = commands.command(
        "check",
        _check,
        "list everything SES would refuse of an account",
        examples=("sesreceive check account.json",),
    )
    file_option(check, "account", help="JSON file of the account")
    file_option(check, "--permissions", metavar="TEMPLATE", help="also say what the policies in this template refuse")

    known = commands.command(
        "assumptions",
        _assumptions,
        "list what nobody outside AWS knows, and how it is decided",
        examples=("sesreceive assumptions", "sesreceive assumptions --markdown"),
    )
    known.add_argument("--markdown", action="store_true", help="as the table in the documentation")


def _check(options: argparse.Namespace) -> int:
    """What SES would refuse of a configuration, all of it, and what it takes but can hardly be meant."""
    account, problems = checked(options.account)
    for problem in problems:
        print(one_line(problem, 2000))
    findings = account.findings if account is not None else ()
    for finding in findings:
        print(f"finding: {one_line(finding, 2000)}")
    refused: tuple[Refusal, ...] = ()
    if options.permissions is not None and account is not None:
        refused = permissions_in(options.permissions, account).refusals(account)
        for refusal in refused:
            print(f"permissions: rule {one_line(refusal.rule, 80)}: {one_line(refusal, 2000)}")
    if problems or refused:
        return Exit.PROBLEMS
    if findings:
        print(f"{one_line(options.account)}: SES takes {account!r}; see {count(len(findings), 'finding')} above")
    else:
        print(f"{one_line(options.account)}: no problems in {account!r}")
    return Exit.DONE


def _assumptions(options: argparse.Namespace) -> int:
    """The points that the documentation leaves open, and how they are decided."""
    rows = Assumption.rows()
    if options.markdown:
        print("| setting | default | other readings | what it decides | evidence | left open by |")
        print("| --- | --- | --- | --- | --- | --- |")
        for row in rows:
            others = ", ".join(map(_word, row.alternatives))
            cells = (f"`{row.name}`", _word(row.value), others, row.meaning, row.evidence, row.source)
            print("|", " | ".join(cells), "|")
    else:
        for row in rows:
            print(f"{row.name} = {row.value!r}\n    {row.meaning}\n    or: {', '.join(map(str, row.alternatives))}")
            print(f"    evidence: {row.evidence}")
    return 0


def _word(value: object) -> str:
    return str(value) if value == "(any)" else f"`{value!r}`"
