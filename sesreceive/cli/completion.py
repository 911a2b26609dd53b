"""``completion``: words that a shell completes, for this program."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sesreceive.errors import MissingExtraError

if TYPE_CHECKING:
    from sesreceive.cli.options import Commands

# The shells that shtab writes for.
_SHELLS = ("bash", "zsh", "tcsh")


def add(commands: Commands) -> None:
    """The commands of this family, with their options."""
    completion = commands.command(
        "completion",
        _completion,
        "print what has a shell complete commands, options and file names",
        examples=(
            'eval "$(sesreceive completion bash)"',
            "sesreceive completion zsh > _sesreceive",
        ),
    )
    completion.add_argument("shell", choices=_SHELLS, help="the shell it is for")


def _completion(options: argparse.Namespace) -> int:
    """The script that a shell reads, with every command and option there is."""
    try:
        import shtab
    except ImportError:
        raise MissingExtraError("shtab", extra="completion", purpose="sesreceive completion") from None
    from sesreceive.cli import build_parser

    print(shtab.complete(build_parser(), shell=options.shell))
    return 0
