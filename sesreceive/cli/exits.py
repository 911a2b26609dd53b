"""How a command ends: one exit code for each kind of end, and which error is of which kind."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from sesreceive.errors import MissingExtraError, ServerError, SesReceiveError, ValidationError

__all__ = ["MEANINGS", "Exit", "UsageError", "exit_of"]


class Exit(IntEnum):
    """An exit code."""

    DONE = 0
    PROBLEMS = 1
    USAGE = 2
    INPUT = 3
    CONFIGURATION = 4
    EXTRA = 5
    SERVER = 6
    INTERRUPTED = 130


MEANINGS: Mapping[Exit, str] = {
    Exit.DONE: "the command did what was asked",
    Exit.PROBLEMS: "a check was done and found problems",
    Exit.USAGE: "the command cannot be read: an unknown word or option, one that is missing, or one without effect",
    Exit.INPUT: "a file, folder, name or text that was given cannot be read, written or found",
    Exit.CONFIGURATION: "an account was read and breaks documented constraints; all of them are listed",
    Exit.EXTRA: "an optional library is not installed; the answer names it",
    Exit.SERVER: "a server or another program cannot start, or ended in the middle",
    Exit.INTERRUPTED: "Ctrl-C",
}
"""What each code says; the documentation and the help show this."""


class UsageError(SesReceiveError):
    """Options that do not go together: one of them would have no effect, or two contradict each other."""


# The first class that an error is of decides.
_KINDS: Mapping[type[SesReceiveError], Exit] = {
    UsageError: Exit.USAGE,
    ValidationError: Exit.CONFIGURATION,
    MissingExtraError: Exit.EXTRA,
    ServerError: Exit.SERVER,
}


def exit_of(error: SesReceiveError) -> Exit:
    """The code with which an error ends the program.

    Examples
    --------
    >>> exit_of(ServerError("the port is in use")), int(exit_of(SesReceiveError()))
    (<Exit.SERVER: 6>, 3)
    """
    return next((code for kind, code in _KINDS.items() if isinstance(error, kind)), Exit.INPUT)
