"""Account files as the command line reads them: what is wrong with one is said with its line and column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from sesreceive.account.account import Account
from sesreceive.account.api import read
from sesreceive.account.member import members
from sesreceive.cli.parser import near_file
from sesreceive.errors import InputError, Problem, ValidationError, one_line
from sesreceive.formats.api_paths import account_steps, api_steps
from sesreceive.json_input import Places, parse_json, places

__all__ = ["account_of", "checked"]

_MEMBERS = frozenset(member.within or member.api for member in members(Account))


def account_of(path: str) -> Account:
    """The account in a JSON file, when SES would take it.

    Raises
    ------
    InputError
        When the file cannot be read, or holds no JSON or none of an account; with line and column.
    ValidationError
        When SES would refuse what is in it; all problems are listed, with line and column.
    """
    account, problems = checked(path)
    if problems:
        raise ValidationError(*problems)
    return account


def checked(path: str) -> tuple[Account, tuple[Problem, ...]]:
    """What can be read of the account in a JSON file, and all that is wrong with it, each with line and column.

    Raises
    ------
    InputError
        When the file cannot be read, or holds no JSON, or something that has no member of an account.
    """
    where = f"account `{one_line(path)}`"
    try:
        raw = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"cannot read {where}: {why}{_meant(path)}") from None
    try:
        body = parse_json(raw, where=where)
    except InputError as error:
        raise InputError(f"{error}{_meant(path)}") from None
    stands = places(raw.decode("utf-8-sig"))
    reading = read(Account, body)
    found = [replace(problem, path=_placed(path, stands, problem, api_steps)) for problem in reading.problems]
    account = reading.value
    if account is None or (found and not _MEMBERS & body.keys()):  # going on would be with an account of nothing
        raise InputError(f"{where} has no member of an account: {one_line(found[0], 2000)}")
    steps = partial(account_steps, Account, body)
    # What could not be read is filled, so that the parts behind it are looked at, too, and where they stand.
    whole = read(Account, body, fill=True).value or account
    wrong = [known for problem in reading.problems if (known := api_steps(problem.path))]
    found += [
        replace(problem, path=_placed(path, stands, problem, steps))
        for problem in whole.problems()
        if not any(steps(problem.path)[: len(known)] == known for known in wrong)
    ]
    return account, tuple(found)


def _meant(path: str) -> str:
    """What else could be done with the path, as the end of a sentence."""
    if path.endswith((".tf", ".yaml", ".yml", ".template")) or Path(path).is_dir():
        return f"; `sesreceive load {one_line(path)}` reads templates and folders of them"
    return "" if Path(path).exists() else near_file(path)


def _placed(path: str, stands: Places, problem: Problem, steps: Callable[[str], list[str | int]]) -> str:
    """The place in the file, then the path of the problem; of what is missing, the place of what it is missing in."""
    key = tuple(steps(problem.path))
    while key and key not in stands:
        key = key[:-1]
    line, column = stands.get(key, (1, 1))
    return f"{path}:{line}:{column}{f': {problem.path}' if problem.path else ''}"
