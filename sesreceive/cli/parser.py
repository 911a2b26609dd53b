"""The parser of the command line: what cannot be read is answered with one line, and with what was probably meant."""

from __future__ import annotations

import argparse
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from sesreceive import limits
from sesreceive.cli.exits import MEANINGS, Exit
from sesreceive.errors import one_line
from sesreceive.wording import either, expected

__all__ = ["Parser", "candidates", "exit_codes", "near_file", "number", "port", "region", "text"]


# Columns of what argparse leaves as it is; the narrowest terminal that is usual has 80.
_WIDTH = 79


class Parser(argparse.ArgumentParser):
    """A parser whose every complaint is one line that says what was expected and what came.

    Parameters
    ----------
    examples : sequence of str
        Commands that can be pasted, shown at the end of the help; a test runs each.
    **options
        What `argparse.ArgumentParser` takes. An option has to be written out: what stands for ``--re`` today may be
        ambiguous tomorrow.
    """

    def __init__(self, *, examples: Sequence[str] = (), **options: Any) -> None:
        self.examples = tuple(examples)
        if self.examples:
            options["epilog"] = "\n".join(["examples:", *(f"  {line}" for line in self.examples)])
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        if options.get("description"):
            options["description"] = textwrap.fill(options["description"], _WIDTH)
        super().__init__(allow_abbrev=False, **options)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """The options; what is left over is complained about here, where it is known what could have been meant."""
        options, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(self._left_over(rest))
        return options, []

    def _left_over(self, rest: Sequence[str]) -> str:
        unknown = next((word for word in rest if word.startswith("-")), None)
        if unknown is None:
            return f"expected nothing more but got `{one_line(rest[0], 80)}`"
        name = unknown.partition("=")[0]
        known = [option for option in self._option_string_actions if option.startswith("--")]
        # A part of a name is as near as a name with a wrong letter.
        begun = [option for option in known if len(name) > 2 and option.startswith(name)]
        # Without the dashes, which all have: `--account` would be near `--out`.
        words = {option.removeprefix("--"): option for option in known}
        near = begun or [words[word] for word in get_close_matches(name.lstrip("-"), words, n=1, cutoff=0.65)]
        meant = f"; did you mean {either(near)}?" if near else ""
        return f"there is no option `{one_line(name, 80)}`{meant}"

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            choices = list(map(str, action.choices))
            raise argparse.ArgumentError(action, expected(either(choices), value, choices))

    def error(self, message: str) -> NoReturn:
        """End the program with the complaint and where to read more."""
        required = "the following arguments are required: "
        if message.startswith(required):
            message = f"expected {message.removeprefix(required)} but got nothing"
            for action in self._actions:
                if action.choices is not None and action.metavar == "command":
                    message = f"expected a command: {either(map(str, action.choices))}"
        message = message.removeprefix("argument ")
        print(f"{self.prog}: {one_line(message, 2000)} (see {self.prog} --help)", file=sys.stderr)
        sys.exit(Exit.USAGE)


def exit_codes() -> str:
    """The exit codes as the help shows them."""
    lines = (
        textwrap.fill(meaning, _WIDTH, initial_indent=f"  {code.value:>3}  ", subsequent_indent=" " * 7)
        for code, meaning in MEANINGS.items()
    )
    return "\n".join(["exit codes:", *lines])


# ---------------------------------------------------------------- kinds of option


def text(what: str) -> Callable[[str], str]:
    """A type of option: a text that is not empty; `what` says of what it is the name."""

    def read(given: str) -> str:
        if not given.strip():
            raise argparse.ArgumentTypeError(f"expected {what} but got ``")
        return given

    return read


def region(given: str) -> str:
    """A type of option: the name of an AWS region.

    Examples
    --------
    >>> region("eu-west-1")
    'eu-west-1'
    >>> region("Ireland")
    Traceback (most recent call last):
    argparse.ArgumentTypeError: expected a region such as `us-east-1` but got `Ireland`
    """
    if not re.fullmatch(limits.REGION.value, given):
        raise argparse.ArgumentTypeError(expected(limits.REGION.meaning, given))
    return given


def number(least: int, most: int | None = None) -> Callable[[str], int]:
    """A type of option: a whole number within limits.

    Examples
    --------
    >>> number(0, 65535)("0")
    0
    >>> number(0, 65535)("99999")
    Traceback (most recent call last):
    argparse.ArgumentTypeError: expected a number from 0 to 65535 but got `99999`
    """
    limits = f"from {least}" + (f" to {most}" if most is not None else "")

    def read(given: str) -> int:
        # `int` also takes blanks, underscores and digits of other scripts.
        digits = given.removeprefix("-")
        fits = digits.isascii() and digits.isdigit() and len(digits) < 19
        if not fits or int(given) < least or (most is not None and int(given) > most):
            raise argparse.ArgumentTypeError(f"expected a number {limits} but got `{one_line(given, 80)}`")
        return int(given)

    return read


port = number(0, 65535)
"""A type of option: a TCP port, 0 for a free one."""


def candidates(names: Iterable[str], most: int = 8) -> str:
    """Names to choose from, and how many more there are."""
    known = list(names)
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(f"`{one_line(Path(name).name, 80)}`" for name in known[:most]) + more


def near_file(path: str) -> str:
    """What was probably meant by the name of a file or folder that is not there, as the end of a sentence.

    Examples
    --------
    >>> near_file("no-such-folder/no-such-file")
    ''
    """
    folder, name = os.path.split(path)
    try:
        beside = os.listdir(folder or ".")
    except (OSError, ValueError):
        return ""
    near = get_close_matches(name, beside, n=1)
    return f"; did you mean `{one_line(os.path.join(folder, near[0]), 200)}`?" if near else ""
