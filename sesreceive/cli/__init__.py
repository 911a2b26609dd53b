"""The command line: ``sesreceive demo``, ``replay``, ``explain``, ``serve``, ``load``, ``check``, ``redact`` and more.

Each command prints the tables of the library; none decides anything itself. A family of commands is a module with a
function ``add``, named in `FAMILIES`.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from sesreceive.cli import bug_report, checking, drifting, receiving, scanners, serving, templates
from sesreceive.cli.options import Commands
from sesreceive.errors import SesReceiveError, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["build_parser", "main"]

# The modules with commands, in the order of the help.
FAMILIES = (receiving, serving, templates, drifting, checking, bug_report, scanners)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 1 when a check found problems, 2 when the input is wrong.

    Parameters
    ----------
    arguments : sequence of str, optional
        What stands behind the program's name; ``sys.argv`` by default.

    Returns
    -------
    int
        The exit code; 130 after Ctrl-C. Options that cannot be read end the process with 2, as argparse does.
    """
    parser = build_parser()
    options = parser.parse_args(arguments)
    try:
        command: Callable[[argparse.Namespace], int] = options.command
        return command(options)
    except SesReceiveError as error:
        for line in str(error).splitlines():
            print(f"sesreceive: {one_line(line, 2000)}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130


def build_parser() -> argparse.ArgumentParser:
    """The parser with every command."""
    parser = argparse.ArgumentParser(
        prog="sesreceive", description="See what Amazon SES would do with your mail, and why, before it arrives."
    )
    commands = Commands(parser)
    for family in FAMILIES:
        family.add(commands)
    return parser
