"""The sample data that comes with the library: accounts, DNS and mail, with the answers.

In a source checkout the files lie in ``datasets/``, in an installed package inside it; both are found. Each
folder has a README that describes every field.
"""

from __future__ import annotations

import csv
import runpy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from sesreceive.account.account import Account
from sesreceive.backends.memory import MemoryBackend
from sesreceive.clock import SystemClock
from sesreceive.dns.zone import Zone
from sesreceive.errors import InputError, one_line
from sesreceive.message_id import RandomMessageIds, SeededMessageIds
from sesreceive.receiver import Receiver
from sesreceive.shown import Shown
from sesreceive.stages.provider_lists import ProviderList
from sesreceive.wording import count, either
from sesreceive.wording import expected as sentence

__all__ = ["Dataset", "DatasetFunction", "load", "names"]

_HERE = Path(__file__).resolve().parent
# A package installed beside this one may be called `datasets` too, so a folder counts only with an account in it.
_PLACES = (_HERE / "_datasets", _HERE.parent / "datasets")


@dataclass(frozen=True, slots=True)
class DatasetFunction:
    """One Lambda function of a dataset's ``functions.py``.

    Called, it runs that function; the file is read on the first call. Unlike the function itself it can be sent
    to another process.
    """

    path: Path
    name: str

    def __call__(self, event: Any, context: Any = None) -> Any:
        """What the function returns."""
        return _functions(self.path)[self.name](event, context)

    def __repr__(self) -> str:
        """One line: file and function."""
        return f"<DatasetFunction {one_line(self.name)} of {one_line(self.path.parent.name)}>"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Dataset(Shown):
    """One folder of sample data.

    Attributes
    ----------
    name : str
        Name of the folder.
    path : Path
        The folder.
    account : Account
        Identities, filters and rule sets.
    zone : Zone
        The DNS of everybody who writes.
    mail : Path
        Folder of ``.eml`` files, each with an ``.envelope.json`` beside it: a source for `Receiver.replay`.
    functions : mapping of str to callable
        The Lambda functions that the rules call, by name.
    provider_lists : tuple of ProviderList
        Networks that the provider refuses by default.
    expected : tuple of dict
        The answer key: one a message, in the order of the file names; the README says what each column means.
    """

    name: str
    path: Path
    account: Account
    zone: Zone
    mail: Path
    functions: Mapping[str, DatasetFunction] = field(default_factory=dict)
    provider_lists: tuple[ProviderList, ...] = ()
    expected: tuple[dict[str, str], ...] = ()

    @classmethod
    def read(cls, folder: str | Path, *, functions: bool = True) -> Dataset:
        """The dataset in a folder that is laid out like ours; its ``functions.py`` is run, unless `functions` is false.

        Raises
        ------
        InputError
            When a file is missing or cannot be read; the message names it.
        ValidationError
            When the account breaks documented constraints.
        """
        path = Path(folder).resolve()
        code = path / "functions.py"
        return cls(
            name=path.name,
            path=path,
            account=Account.load(_file(path, "account.json")),
            zone=Zone.parse(_file(path, "zone.txt").read_text(encoding="utf-8")),
            mail=_file(path, "mail"),
            functions=(
                {name: DatasetFunction(code, name) for name in _functions(code)} if functions and code.is_file() else {}
            ),
            provider_lists=tuple(map(ProviderList.read, sorted((path / "provider-lists").glob("*.*")))),
            expected=_rows(_file(path, "expected.csv")),
        )

    def receiver(self, *, seed: int | None = None, **options: Any) -> Receiver:
        """A new receiver of this account, with its DNS, functions and provider lists.

        Its time is now, so that mail of your own is judged as of today; the messages of the dataset say themselves when
        they arrived. Message ids, and how long processing takes, are the same on every run. With a backend that
        outlives the process the ids are random: the mail of the next run would take the place of what was stored.

        Parameters
        ----------
        seed : int, optional
            Another sequence of message ids, and a clock that starts at the same time on every run.
        **options
            Other arguments of `Receiver`, in the place of the dataset's own.
        """
        given: dict[str, Any] = {
            "resolver": self.zone,
            "backend": options.pop("backend", None) or MemoryBackend(functions=self.functions),
            "provider_lists": self.provider_lists,
            "seed": seed,
        }
        if seed is None:
            outlives = getattr(given["backend"], "spool_path", None) is not None
            given["message_ids"] = RandomMessageIds() if outlives else SeededMessageIds(1)
            given["clock"] = SystemClock(step_s=0.1)
        return Receiver(options.pop("account", self.account), **{**given, **options})

    @property
    def example(self) -> str:
        """Name of the message that the most rules act on, the first of them: a good one to look at closely."""
        busiest = max(self.expected, key=lambda row: row["rules"].count("|") + bool(row["rules"]), default=None)
        return busiest["message"] if busiest else ""

    def _facts(self) -> Iterator[tuple[str, Any]]:
        """What lies in the folder."""
        yield "name", self.name
        yield "account", repr(self.account)
        yield "DNS", repr(self.zone)
        yield "messages", [f"{row['message']}: {row['about']}" for row in self.expected]
        yield "functions", tuple(self.functions)
        yield "provider lists", [one.name for one in self.provider_lists]

    def __repr__(self) -> str:
        """One line: how much of everything."""
        active = self.account.active_rule_set
        messages = count(len(self.expected), "message")
        rules = count(len(active.rules) if active else 0, "rule")
        filters = count(len(self.account.filters), "filter")
        return f"<Dataset {one_line(self.name)}: {messages}, {rules} in force, {filters}>"


def names() -> tuple[str, ...]:
    """The datasets there are, in alphabetical order.

    Raises
    ------
    InputError
        When the sample data was not installed.

    Examples
    --------
    >>> names()
    ('anycompany', 'first-steps', 'zoo')
    """
    return tuple(sorted(entry.parent.name for entry in _root().glob("*/account.json")))


def load(name: str, *, functions: bool = True) -> Dataset:
    """The dataset of this name.

    Parameters
    ----------
    name : str
        One of `names`.
    functions : bool
        Whether its ``functions.py`` is read, which is to run it; without, its rules call functions that are not there.

    Raises
    ------
    InputError
        When there is none; the message says which there are.

    Examples
    --------
    >>> sample = load("first-steps")
    >>> sample
    <Dataset first-steps: 5 messages, 3 rules in force, 1 filter>
    >>> sample.expected[0]["rules"]
    'invoices'
    >>> [reception.reply.code for reception in sample.receiver().replay(sample.mail)]
    [250, 250, 250, 550, 550]
    >>> load("anycorp")
    Traceback (most recent call last):
    sesreceive.errors.InputError: dataset: expected `anycompany`, `first-steps` or `zoo` but got `anycorp`; ...
    """
    known = names()
    if name not in known:
        raise InputError(f"dataset: {sentence(either(known), name, known)}")
    return Dataset.read(_root() / name, functions=functions)


def _root() -> Path:
    found = next((place for place in _PLACES if any(place.glob("*/account.json"))), None)
    if found is None:
        raise InputError(
            "the sample data is not there: expected a folder `datasets` in the source checkout, "
            "or a package that was installed with it"
        )
    return found


def _file(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.exists():
        raise InputError(f"dataset `{one_line(folder.name)}`: there is no `{name}` in the folder `{one_line(folder)}`")
    return path


def _rows(path: Path) -> tuple[dict[str, str], ...]:
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines))


@lru_cache
def _functions(path: Path) -> Mapping[str, Callable[[Any, Any], Any]]:
    """The functions in the file, run as a program of its own that imports under no name."""
    functions = runpy.run_path(str(path)).get("FUNCTIONS")
    if not isinstance(functions, dict) or not all(map(callable, functions.values())):
        raise InputError(f"`{one_line(path)}`: expected `FUNCTIONS`, a dict of names and callables")
    return functions
