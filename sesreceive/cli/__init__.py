"""The command line: ``sesreceive demo``, ``replay``, ``explain``, ``serve``, ``load``, ``check``, ``redact`` and more.

Each command prints the tables of the library; none decides anything itself. A family of commands is a module with a
function ``add``, named in `FAMILIES`.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from sesreceive import interrupt
from sesreceive.cli import (
    bug_report,
    checking,
    completion,
    covering,
    drifting,
    experimenting,
    proving,
    receiving,
    scanners,
    scoring,
    serving,
    teaching,
    templates,
)
from sesreceive.cli.exits import Exit, exit_of
from sesreceive.cli.options import Commands, refuse_idle
from sesreceive.cli.parser import Parser, exit_codes
from sesreceive.errors import SesReceiveError, one_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

__all__ = ["build_parser", "main"]

# The modules with commands, in the order of the help.
FAMILIES = (
    receiving,
    serving,
    templates,
    drifting,
    proving,
    covering,
    experimenting,
    checking,
    scoring,
    bug_report,
    scanners,
    teaching,
    completion,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code, one for each kind of end: see `sesreceive.cli.exits`.

    Parameters
    ----------
    arguments : sequence of str, optional
        What stands behind the program's name; ``sys.argv`` by default.

    Returns
    -------
    int
        The exit code. Options that cannot be read end the process with 2, as argparse does.
    """
    try:
        interrupt.heed()
        for stream in (sys.stdout, sys.stderr):
            # What a terminal's encoding does not have is written as an escape.
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        return _run(build_parser().parse_args(arguments))
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    finally:
        interrupt.quiet()


def _run(options: argparse.Namespace) -> int:
    try:
        refuse_idle(options)
        command: Callable[[argparse.Namespace], int] = options.command
        code = command(options)
        sys.stdout.flush()
        return code
    except SesReceiveError as error:
        for line in str(error).splitlines():
            print(f"sesreceive: {one_line(in_our_words(line), 2000)}", file=sys.stderr)
        return exit_of(error)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        # What is still in the buffer has nowhere to go either, and Python would say so at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE


# What the library tells a Python program to write → what is written here.
_WORDS = {
    "port=0": "--port 0",
    "envelope received_at": "--received-at",
    ", a bucket, a table with a column `raw`, or messages": " or a table",
}


def in_our_words(sentence: str) -> str:
    """A sentence of the library with options in place of arguments.

    Examples
    --------
    >>> in_our_words("choose another port, or port=0 for any free one")
    'choose another port, or --port 0 for any free one'
    """
    for argument, option in _WORDS.items():
        sentence = sentence.replace(argument, option)
    return sentence


def build_parser() -> Parser:
    """The parser with every command."""
    from sesreceive import __version__

    parser = Parser(
        prog="sesreceive",
        description="See what Amazon SES would do with your mail, and why, before it arrives.",
        examples=(
            "sesreceive demo",
            "sesreceive explain 0001",
            "sesreceive replay mail/ --account account.json --zone zone.txt",
        ),
    )
    parser.epilog = f"{parser.epilog}\n\n{exit_codes()}"
    parser.add_argument("--version", action="version", version=f"sesreceive {__version__}")
    commands = Commands(parser)
    for family in FAMILIES:
        family.add(commands)
    return parser
