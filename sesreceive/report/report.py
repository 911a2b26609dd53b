"""What became of many messages: tables, a matrix, and the receptions behind them."""

from __future__ import annotations

import operator
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from sesreceive.errors import InputError, UnknownNameError
from sesreceive.mail.passed_over import PassedOver
from sesreceive.reception import Reception
from sesreceive.report import files
from sesreceive.report.columns import MESSAGES, PASSED_OVER, TABLES
from sesreceive.report.columns import table as declared
from sesreceive.report.frames import frame, with_broken
from sesreceive.report.grid import grid
from sesreceive.report.matrix import Matrix, deciding_column
from sesreceive.report.metrics import metrics_frame
from sesreceive.report.overview import overview_html, table_text
from sesreceive.report.packing import Part
from sesreceive.report.schema import Schema
from sesreceive.report.tables import Tables
from sesreceive.report.trace_rows import SEPARATOR
from sesreceive.trace.text import Explanation
from sesreceive.wording import count, expected

if TYPE_CHECKING:
    import pandas as pd

    from sesreceive.plot.report_plots import ReportPlots
    from sesreceive.report.cost import Cost, Prices

__all__ = ["Report"]


class Report:
    r"""Many messages: seven tables and a matrix, made when they are asked for.

    A report is a sequence of receptions in the order they were received. `describe` documents the columns of a
    table; every table has them, in that order and of those dtypes, also when it is empty.

    Parameters
    ----------
    receptions : iterable of Reception
        The messages.
    keep : bool
        Whether the receptions are kept, for `explain` and indexing. Without them a message needs a fraction of the
        memory, and the tables are the same.

    Attributes
    ----------
    interrupted : bool
        Whether a replay was stopped before its end.
    taken_over : int
        Messages whose authentication results are those of an earlier run; the notes say so.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, recipients=("example.com",), actions=(ses.StopAction(),))
    >>> account = ses.Account(
    ...     identities=("example.com",), rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),), active="main",
    ... )
    >>> report = ses.Receiver(account, seed=1).replay({
    ...     "hello": b"To: ana@example.com\r\n\r\n", "stray": b"To: bo@example.org\r\n\r\n",
    ... })
    >>> report
    <Report of 2 messages: 1 accepted, 1 refused, 1 rule fired, 0 effects>
    >>> report.messages[["message", "accepted", "rules", "actions"]]
      message  accepted rules     actions
    0   hello      True   all  StopAction
    1   stray     False
    >>> report.matrix().frame()
            rule:all action:all/StopAction#1
    message
    hello      match                    stop
    stray
    >>> report["hello"].reply.code
    250
    """

    def __init__(self, receptions: Iterable[Reception] = (), *, keep: bool = True) -> None:
        self.keep = keep
        self.interrupted = False
        self.taken_over = 0
        self._passed_over: list[PassedOver] = []
        self._tables = Tables()
        self._frames: dict[str, tuple[int, pd.DataFrame]] = {}
        for reception in receptions:
            self.add(reception)

    # ------------------------------------------------------------------ what is in it

    def add(self, reception: Reception) -> None:
        """Append one message."""
        self._tables.add(reception, keep=self.keep)

    def pass_over(self, what: Iterable[PassedOver]) -> None:
        """Note what the source held besides messages."""
        self._passed_over.extend(what)

    def extend(self, other: Report) -> None:
        """Append the messages of another report; their numbers go on where these end.

        Raises
        ------
        InputError
            When this report keeps receptions and the other one has none to give.
        """
        if self.keep and not other.keep:
            raise InputError("a report that keeps receptions cannot take over one that was made with keep=False")
        self._tables.extend(other._tables.lean() if other.keep and not self.keep else other._tables)
        self.interrupted = self.interrupted or other.interrupted
        self.taken_over += other.taken_over
        self._passed_over.extend(other._passed_over)

    def pack(self) -> Report:
        """The same report with its tables made and its receptions as bytes, which they stay until one is asked for."""
        packed = self._alike(self._tables.packed())
        packed._passed_over = list(self._passed_over)
        return packed

    def without_receptions(self) -> tuple[Report, list[Any]]:
        """The same report with rows alone, and its receptions, or what remains of them: what a worker sends back.

        In the report there is nothing but what `with_receptions` makes whole again.
        """
        tables, items = self._tables.without_items()
        return self._alike(tables), items

    def with_receptions(self, receptions: Part) -> Report:
        """The report with its receptions, which stay packed until one is asked for."""
        self._tables.with_items(receptions)
        return self

    def _alike(self, tables: Tables) -> Report:
        report = Report(keep=self.keep)
        report.interrupted, report.taken_over = self.interrupted, self.taken_over
        report._tables = tables
        return report

    def __len__(self) -> int:
        """Number of messages."""
        return len(self._tables)

    def __iter__(self) -> Iterator[Reception]:
        """The receptions, in order."""
        return iter(self._kept())

    @overload
    def __getitem__(self, key: str | int) -> Reception: ...
    @overload
    def __getitem__(self, key: slice) -> Report: ...
    def __getitem__(self, key: str | int | slice) -> Reception | Report:
        """The reception of that name, message id or number; or a report of some.

        Raises
        ------
        UnknownNameError
            When there is none of that name, or it is no name and no number; of several the first is given.
        IndexError
            When there are fewer messages.
        InputError
            When the report was made with ``keep=False``.
        """
        if isinstance(key, slice):
            return Report(self._kept()[key])
        self._check_kept()
        if isinstance(key, str):
            reception: Reception | None = self._tables.find(key) if key else None
        else:
            reception = self._tables.item(operator.index(key)) if hasattr(key, "__index__") else None
        if reception is not None:
            return reception
        raise UnknownNameError(expected("the name, message id or number of a message", key, self.names))

    def __contains__(self, key: object) -> bool:
        """Whether there is a message of that name or message id, or that reception."""
        return any(key in (one.name, one.message_id) or key == one for one in self._kept())

    def __add__(self, other: Report) -> Report:
        """Both reports as one; it keeps receptions if both do."""
        if not isinstance(other, Report):
            return NotImplemented
        both = Report(keep=self.keep and other.keep)
        both.extend(self)
        both.extend(other)
        return both

    def __eq__(self, other: object) -> bool:
        """Reports are equal when the same happened to the same messages, as far as both know."""
        if not isinstance(other, Report):
            return NotImplemented
        if self.keep and other.keep:
            return self._kept() == other._kept()
        return self._tables == other._tables

    __hash__ = None  # type: ignore[assignment]  # it grows

    @property
    def names(self) -> list[str]:
        """What the tables call each message: its name, or ``#`` and its number."""
        return self._tables.labels

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know before the tables are read, such as that the embedded marker scanner judged; a sentence each.

        They stand above a table that is printed or shown, and in ``attrs["notes"]`` of each frame.
        """
        if not self.taken_over:
            return self._tables.notes
        taken = f"the authentication results of {count(self.taken_over, 'message')} are those of an earlier run"
        return (*self._tables.notes, taken)

    def explain(self, key: str | int, *, full: bool = False) -> Explanation:
        """Why everything happened to one message; see `Reception.explain`."""
        return self[key].explain(full=full)

    # ------------------------------------------------------------------ tables

    @property
    def messages(self) -> pd.DataFrame:
        """One row a message, as received: envelope, answer, verdicts, what fired; see ``describe("messages")``.

        A message that could not be read or received has a row at the end: its name and its `error`.
        """
        return self.frame("messages")

    @property
    def received(self) -> pd.DataFrame:
        """The table of messages without those that could not be read or received: nothing became of them."""
        messages = self.messages
        return messages[messages["number"].notna()]

    @property
    def recipients(self) -> pd.DataFrame:
        """One row a message and recipient it named, as named: the answer and why; ``describe("recipients")``."""
        return self.frame("recipients")

    @property
    def filters(self) -> pd.DataFrame:
        """One row a message and IP filter or provider list it met; see ``describe("filters")``."""
        return self.frame("filters")

    @property
    def rules(self) -> pd.DataFrame:
        """One row an accepted message and rule of the active set, in order; see ``describe("rules")``."""
        return self.frame("rules")

    @property
    def actions(self) -> pd.DataFrame:
        """One row a message and action of a rule that fired, in order; see ``describe("actions")``."""
        return self.frame("actions")

    @property
    def effects(self) -> pd.DataFrame:
        """One row an operation that was asked of the world, in order; see ``describe("effects")``."""
        return self.frame("effects")

    @property
    def events(self) -> pd.DataFrame:
        """One row a thing that was considered, in order: the whole trace; see ``describe("events")``."""
        return self.frame("events")

    @property
    def passed_over_items(self) -> tuple[PassedOver, ...]:
        """What the source held besides messages, as values."""
        return tuple(self._passed_over)

    @property
    def passed_over(self) -> pd.DataFrame:
        """One row a file, object or row of the source that was no message, or could not be read, and why."""
        rows = self._passed_over
        data = {"name": [one.name for one in rows], "why": [str(one.why) for one in rows]}
        return frame(PASSED_OVER, {**data, "reason": [one.reason for one in rows]})

    def frame(self, name: str) -> pd.DataFrame:
        """One of the tables by name; a copy, so changing it changes nothing here.

        Raises
        ------
        UnknownNameError
            When there is no such table.
        """
        size, made = self._frames.get(name, (-1, None))
        if size != len(self) + len(self._passed_over) or made is None:
            made = frame(declared(name), self.cells(name))
            made.attrs["notes"] = list(self.notes)
            self._frames[name] = (len(self) + len(self._passed_over), made)
        # Texts are not copied, nobody can change them in Arrow. Numbers are: under pandas 3 as well, what is written to
        # `to_numpy()` or `array` of such a column is written to every frame that shares it.
        return made.copy()

    def data(self, name: str, columns: Sequence[str] | None = None) -> dict[str, list[Any]]:
        """The cells of a table by column, all columns or some; words may be enum members, which are text too.

        Messages that could not be received have their rows in the whole table of messages alone.
        """
        data = self._tables.data(name, columns)
        return with_broken(data, self._passed_over) if name == MESSAGES.name and columns is None else data

    def cells(self, name: str) -> Mapping[str, Sequence[Any]]:
        """The same as `data` for who makes a frame or a file of it: columns of events are `Coded`, made when read."""
        return self.data(name) if name == MESSAGES.name else self._tables.cells(name)

    def renumber(self, start: int) -> None:
        """The first message has this number from now on: the report is on a chunk of a larger corpus."""
        self._tables.start = start
        self._frames.clear()

    def matrix(self) -> Matrix:
        """Messages × filters, rules and actions: what each came to, as a picture; its `frame()` is the table."""
        return Matrix(self._tables, self._deciding if self.keep else None)

    def _deciding(self, limit: int) -> list[str]:
        """The columns of the matrix that decided the first messages."""
        return [deciding_column(self[number]) for number in range(min(limit, len(self)))]

    @property
    def metrics(self) -> pd.DataFrame:
        """What CloudWatch would count in the namespace ``AWS/SES`` (Developer Guide, "Viewing metrics" [documented]).

        Returns
        -------
        pandas.DataFrame
            One row a metric that is not zero: rule sets as they were met, all of them together as ``[Active]``, then
            rules in the order they fired first; metrics in the order below. Empty when no rule fired.

            scope : category     rule set, rule
            dimension : string   RuleSetName, RuleName
            name : string        value of the dimension
            metric : category    Received, PublishSuccess, PublishFailure, PublishExpired
            count : Int64        messages; errors for PublishFailure
            meaning : string     what is counted
        """
        return metrics_frame(self._tables.metrics)

    def cost(self, prices: Prices | None = None) -> Cost:
        """What AWS would charge for this mail, by rule and in total; see `sesreceive.report.cost.cost_of`."""
        from sesreceive.report.cost import PRICES, cost_of

        return cost_of(self, prices or PRICES)

    def assumed(self) -> pd.DataFrame:
        """What nobody outside AWS knows, and mattered to a message; each alternative is tried on each message.

        Returns
        -------
        pandas.DataFrame
            One row a message and an open point that mattered to it, messages as received, points in the order a
            message meets them; empty when everything is documented or observed.

            message : string       name of the message
            assumption : string    field of `Assumptions`
            value : string         how it is decided
            alternative : string   the other reading
            change : string        what would be different, as a clause

        Raises
        ------
        InputError
            When the report did not keep the receptions.
        """
        import pandas as pd

        names = ("message", "assumption", "value", "alternative", "change")
        rows = [
            (name, point.name, str(point.value), str(point.alternative), point.change)
            for name, reception in zip(self.names, self, strict=True)
            for point in reception.assumed()
        ]
        columns: list[list[str]] = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in names]
        return pd.DataFrame(
            {name: pd.array(column, dtype="string") for name, column in zip(names, columns, strict=True)}
        )

    @property
    def plot(self) -> ReportPlots:
        """The pictures: ``plot.funnel()``, ``plot.verdicts()``, ``plot.timeline()``, ``plot.flow()``.

        Raises
        ------
        MissingExtraError
            When matplotlib is not installed.
        """
        from sesreceive.plot.report_plots import ReportPlots

        return ReportPlots(self)

    @staticmethod
    def schema(name: str) -> Schema:
        """The columns of a table as an Arrow schema, as Spark DDL, and as an empty frame; see `Schema`.

        Raises
        ------
        UnknownNameError
            When there is no such table.

        Examples
        --------
        >>> Report.schema("rules").spark.split(", ")[3:6]
        ['`position` BIGINT', '`rule` STRING', '`outcome` STRING']
        """
        return Schema(declared(name))

    @staticmethod
    def describe(name: str) -> str:
        """What a row of a table is, its order, when it is empty, and its columns with dtype, unit and meaning."""
        return declared(name).describe()

    # ------------------------------------------------------------------ ways out

    def to_csv(self, folder: str | PathLike[str], *, exact: bool = False) -> tuple[Path, ...]:
        """The paths of the CSV files that hold the tables and the matrix afterwards, one each.

        Parameters
        ----------
        folder : path
            Where to; made where there is none.
        exact : bool
            By default a text that a spreadsheet would run as a formula, such as a subject that begins with ``=``, is
            written with a ``'`` before it; with `exact` it is left as it is.

        Raises
        ------
        InputError
            When the folder cannot be written to.
        """
        return files.write(self._everything(), folder, "csv", exact=exact)

    def to_json(self, folder: str | PathLike[str]) -> tuple[Path, ...]:
        """The paths of the JSON files that hold the tables and the matrix afterwards, each a list of rows.

        Raises
        ------
        InputError
            When the folder cannot be written to.
        """
        return files.write(self._everything(), folder, "json")

    def to_parquet(self, folder: str | PathLike[str]) -> tuple[Path, ...]:
        """The paths of the Parquet files that hold the tables and the matrix afterwards, dtypes kept.

        Raises
        ------
        MissingExtraError
            When pyarrow is not installed.
        InputError
            When the folder cannot be written to.
        """
        return files.write(self._everything(), folder, "parquet")

    def save(self, folder: str | PathLike[str], *, format: str = "csv") -> tuple[Path, ...]:  # noqa: A002
        """The tables as files of that format: ``csv``, ``json`` or ``parquet``."""
        return files.write(self._everything(), folder, format)

    def to_text(self, table: str = "messages", *, limit: int | None = None, width: int | None = None) -> str:
        """A table for a terminal; `messages` in fewer columns, ``matrix`` with a mark a cell.

        Parameters
        ----------
        table : str
            Name of the table, ``matrix`` or ``passed_over``.
        limit : int, optional
            Rows at most; a last line says how many there are.
        width : int, optional
            Characters a line may have; that of the terminal by default.
        """
        width = shutil.get_terminal_size((140, 24)).columns if width is None else width
        if table == PASSED_OVER.name:
            rows = [(one.name, str(one.why), one.reason) for one in self._passed_over[:limit]]
            return grid(PASSED_OVER.names, rows, width=width)
        return table_text(self._tables, table, limit=limit, width=width)

    def __repr__(self) -> str:
        """One line: how many messages, and what became of them."""
        tables = self._tables
        accepted = sum(tables.column("messages", "accepted"))
        fired = sum(tables.fired.values())
        # The table of effects would say so, too, and is not made for it.
        effects = sum(cell.count(SEPARATOR) + 1 for cell in tables.column("messages", "effects") if cell)
        stopped = f", {len(self._passed_over)} passed over" if self._passed_over else ""
        stopped += ", interrupted" if self.interrupted else ""
        return (
            f"<Report of {count(len(self), 'message')}: {accepted} accepted, {len(self) - accepted} refused, "
            f"{count(fired, 'rule')} fired, {count(effects, 'effect')}{stopped}>"
        )

    def _repr_html_(self) -> str:
        """The messages as a small table, escaped, with text for front ends that take styles away."""
        return overview_html(self._tables, repr(self)[1:-1])

    def _ipython_key_completions_(self) -> list[str]:
        """The names of the messages, for completion in a notebook."""
        return self.names

    # ------------------------------------------------------------------ inside

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the frames, for another process."""
        return {**self.__dict__, "_frames": {}}

    def _check_kept(self) -> None:
        if not self.keep:
            raise InputError("this report was made with keep=False, so it has tables but no receptions")

    def _kept(self) -> list[Reception]:
        self._check_kept()
        return self._tables.items()

    def _everything(self) -> dict[str, pd.DataFrame]:
        tables = {**{one.name: self.frame(one.name) for one in TABLES}, "matrix": self.matrix().frame()}
        return {**tables, "passed_over": self.passed_over} if self._passed_over else tables
