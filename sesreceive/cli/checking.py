"""``assumptions``: what nobody outside AWS knows, and how it is decided."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sesreceive.assumption import Assumption
from sesreceive.support import public_support, support_markdown

if TYPE_CHECKING:
    from sesreceive.cli.options import Commands


def add(commands: Commands) -> None:
    """The commands of this family, with their options."""
    known = commands.command(
        "assumptions",
        _assumptions,
        "list what nobody outside AWS knows, and how it is decided",
        examples=("sesreceive assumptions", "sesreceive assumptions --markdown"),
    )
    known.add_argument("--markdown", action="store_true", help="as the table in the documentation")


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
        print(
            "\nWhat public evidence decides, in the form in which `sesreceive fidelity --markdown` tells of your own:\n"
        )
        print(support_markdown(public_support()))
    else:
        for row in rows:
            print(f"{row.name} = {row.value!r}\n    {row.meaning}\n    or: {', '.join(map(str, row.alternatives))}")
            print(f"    evidence: {row.evidence}")
    return 0


def _word(value: object) -> str:
    return str(value) if value == "(any)" else f"`{value!r}`"
