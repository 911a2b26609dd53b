"""What Ctrl-C does while the command line is still loading: it ends the program, and nothing is printed.

Python would print where in which import it was. No code of a program runs before the modules of its package do, so the
package loads this module first; a program that only uses the library is left alone.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import PurePath

__all__ = ["heed", "is_command_line", "quiet"]

_PROGRAM = "sesreceive"
_MODULES = (_PROGRAM, f"{_PROGRAM}.cli")
# Options of Python whose value is a word of its own.
_WITH_VALUE = ("-X", "-W", "--check-hash-based-pycs")


def is_command_line(arguments: Sequence[str]) -> bool:
    """Whether this is how the command line is started, by `sys.orig_argv`.

    Examples
    --------
    >>> is_command_line(["python3", "/usr/bin/sesreceive", "demo"])
    True
    >>> is_command_line(["python3", "-m", "pytest", "sesreceive"])
    False
    """
    words = iter(arguments[1:])
    for word in words:
        if word == "-m":
            return next(words, "") in _MODULES
        if word == "-c" or word == "-":
            return False
        if word in _WITH_VALUE:
            next(words, "")
        elif not word.startswith("-"):
            return PurePath(word).stem.removesuffix("-script") == _PROGRAM
    return False


def quiet() -> None:
    """Ctrl-C ends the process at once, as it ends a program that knows nothing of signals."""
    if _ours():
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def heed() -> None:
    """Ctrl-C raises KeyboardInterrupt again, as Python has it."""
    if _ours() and signal.getsignal(signal.SIGINT) == signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _ours() -> bool:
    """Whether this process is the command line; a shell that starts it in the background has it ignore Ctrl-C."""
    return (
        is_command_line(sys.orig_argv)
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
    )


quiet()
