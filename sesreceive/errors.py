"""The errors this library raises on purpose, and the `Problem` they are made of.

::

    SesReceiveError
    ├── ApiError             an operation of the SES API refuses its request: a code and a message
    ├── ValidationError      a configuration breaks documented constraints; all of them are listed
    ├── InputError           a file, folder, dataset or envelope cannot be read
    │   ├── ZoneError        a line of a DNS zone cannot be read
    │   └── UnknownNameError there is no table, message or variant of that name; a KeyError, too
    ├── MessageRejectedError SendBounce may not answer this mail
    ├── MissingExtraError    an optional dependency is not installed
    └── ServerError          a server cannot start, or was asked for something it cannot do

Results of mail processing are never errors: a DNS time-out is a `temperror`, a dead scanner
`PROCESSING_FAILED`. An exception means that the caller has to change something.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sesreceive.shown import Shown

__all__ = [
    "ApiError",
    "InputError",
    "MessageRejectedError",
    "MissingExtraError",
    "Problem",
    "Problems",
    "ServerError",
    "SesReceiveError",
    "UnknownNameError",
    "ValidationError",
    "ZoneError",
    "expect_path",
    "one_line",
]

# C0 and C1 controls, DEL, the line separators and the bidirectional marks and overrides: what could move a terminal's
# cursor, start an escape sequence, break a line or reorder the text around it. The marks are all that Unicode gives the
# property Bidi_Control.
_UNSAFE = {
    code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    for code in [
        *range(0x20),
        *range(0x7F, 0xA0),
        0x061C,
        0x200E,
        0x200F,
        0x2028,
        0x2029,
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
    ]
}


def one_line(value: object, limit: int = 200) -> str:
    r"""Text that is safe to print on one line of a terminal: controls escaped, at most `limit` characters.

    Every text that a stranger wrote goes through here before it is in a message, a cell or a ``repr``.

    Examples
    --------
    >>> one_line("a\r\nb\x1b[31m")
    'a\\x0d\\x0ab\\x1b[31m'
    >>> one_line("x" * 300, limit=5)
    'xxxx…'
    """
    text = str(value)
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isprintable():
        return text
    return text.translate(_UNSAFE).encode("utf-8", "backslashreplace").decode()


@dataclass(frozen=True, slots=True)
class Problem(Shown):
    """One thing that is wrong: where, what was expected and what came, and who says so.

    Examples
    --------
    >>> print(Problem("rules[0].name", "expected 1 to 64 characters but got ``", "SES API ReceiptRule.Name"))
    rules[0].name: expected 1 to 64 characters but got `` [SES API ReceiptRule.Name]
    """

    path: str
    message: str
    source: str = ""

    def __str__(self) -> str:
        """The problem as one line."""
        where = f"{self.path}: " if self.path else ""
        return f"{where}{self.message}" + (f" [{self.source}]" if self.source else "")


class Problems(tuple[Problem, ...], Shown):
    """All that is wrong, in order: a tuple, printed one problem a line, shown as a table.

    Examples
    --------
    >>> found = Problems([Problem("active", "expected a rule set of the account but got `mian`")])
    >>> found
    <Problems: 1>
    >>> print(found)
    active: expected a rule set of the account but got `mian`
    """

    __slots__ = ()

    def __str__(self) -> str:
        """One problem a line."""
        return "\n".join(one_line(problem, 2_000) for problem in self)

    def __repr__(self) -> str:
        """One line: how many."""
        return f"<Problems: {len(self)}>"

    def _plain(self) -> str:
        """One problem a line, or that there is none."""
        return str(self) or "no problems"


class SesReceiveError(Exception):
    """Base of the errors this library raises on purpose."""


class ValidationError(SesReceiveError, ValueError):
    """A configuration breaks documented constraints; every problem is listed, one a line.

    Attributes
    ----------
    problems : tuple of Problem
        What is wrong, in the order of the configuration.

    Examples
    --------
    >>> print(ValidationError(Problem("rules[0].name", "expected only A-Z a-z 0-9 _ - . but got `a b`", "SES API")))
    rules[0].name: expected only A-Z a-z 0-9 _ - . but got `a b` [SES API]
    """

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))

    def __reduce__(self) -> tuple[type, tuple[Problem, ...]]:
        """Rebuild from the problems when unpickled in another process."""
        return type(self), self.problems


class InputError(SesReceiveError, ValueError):
    """A file, folder, dataset or envelope cannot be read; the message says which and what to do."""


def expect_path(path: str | os.PathLike[str]) -> Path:
    r"""The path, which a file of this machine could have.

    Raises
    ------
    InputError
        When it is none, holds a NUL, or has half a surrogate pair, for all of which Python has errors of its own.

    Examples
    --------
    >>> expect_path("mail").name
    'mail'
    >>> expect_path("mail\0")
    Traceback (most recent call last):
    sesreceive.errors.InputError: expected the path of a file or folder but got `mail\x00`
    """
    try:
        if b"\0" not in os.fsencode(path):
            return Path(path)
    except (TypeError, UnicodeEncodeError):
        pass
    raise InputError(f"expected the path of a file or folder but got `{one_line(path)}`")


class ZoneError(InputError):
    """A line of a DNS zone cannot be read; the message names the line."""


class UnknownNameError(InputError, KeyError):
    """There is no table, message or variant of that name; the message says which there are, or what was meant.

    Examples
    --------
    >>> print(UnknownNameError("expected the name of a variant but got `of`"))
    expected the name of a variant but got `of`
    """

    __str__ = Exception.__str__  # a KeyError shows its message in quotes


class ApiError(SesReceiveError):
    """An operation of the SES API refuses a request, in the service's own words.

    Attributes
    ----------
    code : str
        Such as ``RuleSetDoesNotExist``.
    message : str
        The service's sentence, as it goes over the wire; what the request held stands in it unescaped.
    members : dict of str to str
        Further members of the error that the API model names, such as ``Name`` or ``Bucket``.

    Examples
    --------
    >>> print(ApiError("RuleSetDoesNotExist", "Rule set does not exist: main", Name="main"))
    RuleSetDoesNotExist: Rule set does not exist: main
    """

    def __init__(self, code: str, message: str, **members: str) -> None:
        self.code, self.message, self.members = code, message, members
        super().__init__(f"{code}: {one_line(message, 2000)}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild from code and message when unpickled in another process."""
        return partial(type(self), **self.members), (self.code, self.message)


class MessageRejectedError(SesReceiveError):
    """SES would not send it: ``MessageRejected``, with the reason."""


class MissingExtraError(SesReceiveError, ImportError):
    """An optional dependency is missing.

    Examples
    --------
    >>> print(MissingExtraError("boto3", extra="aws", purpose="AwsBackend"))
    AwsBackend needs `boto3`: install it with `pip install 'sesreceive[aws]'`
    """

    def __init__(self, module: str, *, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs `{module}`: install it with `pip install 'sesreceive[{extra}]'`")


class ServerError(SesReceiveError, RuntimeError):
    """A server cannot start or do what it was asked; the message says what to change."""
