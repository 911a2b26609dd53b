"""The rows of many messages, collected by column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from itertools import chain, repeat
from typing import Any

from sesreceive.account.account import Account
from sesreceive.reception import Reception
from sesreceive.report.coded import Texts
from sesreceive.report.columns import COMMON, EVENTS, TABLES, report_table
from sesreceive.report.event_columns import EventColumns
from sesreceive.report.metrics import Counted, Happened, counts_of, happened
from sesreceive.report.packing import Packed, Part, pack
from sesreceive.report.plain_table import has_pandas
from sesreceive.report.rows import SMALL, Remains, Traced, large_rows_of, layout_of
from sesreceive.trace.outline import Remembered, shared
from sesreceive.wording import count

__all__ = ["Tables"]

# The tables whose rows are made of the traces when they are asked for.
_LARGE = tuple(one.name for one in TABLES if one.name not in SMALL)
# Where the ids of messages stand in their rows, which have no number and name.
_MESSAGE_ID = report_table("messages").names.index("message_id") - len(COMMON)
# Messages, and their octets in all, whose rows are made at once where the messages are not kept.
_TOGETHER, _OCTETS_TOGETHER = 32, 1 << 20


class Tables:
    """Many messages and their rows.

    The small tables are kept as one list a column, filled when one of them is asked for. The large ones, with a row for
    every filter, rule and event, are made of the traces each time they are.

    Examples
    --------
    >>> import sesreceive as ses
    >>> account = ses.Account(filters=(ses.ReceiptFilter.block("192.0.2.1", name="office"),))
    >>> tables = Tables()
    >>> tables.add(ses.Receiver(account, seed=1).receive(b"", name="m-1"))
    >>> len(tables), tables.column("filters", "filter"), tables.column("filters", "message")
    (1, ['office'], ['m-1'])
    """

    def __init__(self) -> None:
        self.start = 0  # number of the first message, of a chunk of a larger corpus
        self.names: list[str] = []
        self.certainties: list[str] = []
        # The columns of the matrix, in the order of the configurations met; a dict because it keeps order.
        self._layout: dict[str, None] = {}
        self._laid_out: Account | None = None
        # Lists of receptions (or what remains of them), and packed ones.
        self._chunks: list[list[Traced] | Part] = []
        self._known: dict[int, Account] = {}  # by id
        self._shared: Remembered = {}  # parts of traces that several messages have
        self._happened: dict[Happened, int] = {}  # what is counted, and of how many messages
        self._notes: dict[str, None] = {}
        self._columns: dict[str, tuple[list[Any], ...]] = {
            name: tuple([] for _ in report_table(name).columns[len(COMMON) :]) for name in SMALL
        }
        # Messages at the end that are let go together, since rows of several are made faster, and their octets.
        self._waiting = self._octets = 0
        # How many rows each message has, of the first messages: those of the others are not made yet. The columns that
        # all tables have are made of it when they are asked for.
        self._counts: dict[str, list[int]] = {name: [] for name in SMALL}

    def __len__(self) -> int:
        """Number of messages."""
        return len(self.names)

    def __eq__(self, other: object) -> bool:
        """Tables are equal when all rows of all messages are."""
        if not isinstance(other, Tables):
            return NotImplemented
        self._fill()
        other._fill()
        mine, others = ((t.names, t.certainties, list(t._layout), t._counts, t._columns) for t in (self, other))
        return mine == others and all(self.data(name) == other.data(name) for name in _LARGE)

    __hash__ = None  # type: ignore[assignment]  # they grow

    def add(self, reception: Reception, *, keep: bool = True) -> None:
        """Append one message; with `keep` as it is, else what its rows need."""
        last = self._last()
        self.names.append(reception.name)
        self.certainties.append(str(reception.envelope.certainty))
        last.append(reception)
        if not keep:
            self._waiting += 1
            self._octets += len(reception.message.raw)
            if self._waiting >= _TOGETHER or self._octets >= _OCTETS_TOGETHER:
                self._let_go()

    def _let_go(self) -> None:
        """Make the rows of the last messages that are not to be kept, and keep what remains of them."""
        if self._waiting:
            self._fill()
            last = self._last()
            for at in range(len(last) - self._waiting, len(last)):
                last[at] = self._remains(last[at])
            self._waiting = self._octets = 0

    def _last(self) -> list[Any]:
        """Where the next reception is put."""
        if not self._chunks or isinstance(self._chunks[-1], Part):
            self._chunks.append([])
        last: list[Any] = self._chunks[-1]  # type: ignore[assignment]  # the last one is a list now
        return last

    def items(self) -> list[Any]:
        """All receptions, or what remains of them; packed ones are unpacked now."""
        if len(self._chunks) != 1 or isinstance(self._chunks[0], Part):
            items: list[Any] = []
            for chunk in self._chunks:
                items += chunk.value() if isinstance(chunk, Part) else chunk
            self._chunks = [items]
        whole: list[Any] = self._chunks[0]  # type: ignore[assignment]  # it is a list now
        return whole

    def item(self, number: int) -> Any:
        """One of the receptions; of packed ones no more than its chunk is unpacked.

        Raises
        ------
        IndexError
            When there are fewer.
        """
        at = number + len(self) if number < 0 else number
        if not 0 <= at < len(self):
            raise IndexError(f"there is no message {number} among {count(len(self), 'message')}")
        for chunk in self._chunks:
            if at < len(chunk):
                return chunk.value()[at] if isinstance(chunk, Part) else chunk[at]
            at -= len(chunk)
        raise AssertionError("the chunks have fewer messages than the report")

    def find(self, key: str) -> Any:
        """The first reception of that name or message id, unpacked with its chunk; None where there is none."""
        start = 0
        for chunk in self._chunks:
            if isinstance(chunk, Part):  # its rows of messages are there, and those before
                ids = self._columns["messages"][_MESSAGE_ID]
                for at in range(start, start + len(chunk)):
                    if key in (self.names[at], ids[at]):
                        return chunk.value()[at - start]
            else:
                receptions: list[Any] = chunk
                for reception in receptions:
                    if key in (reception.name, reception.message_id):
                        return reception
            start += len(chunk)
        return None

    def _tail(self, number: int) -> Sequence[Any]:
        """The last receptions, so many."""
        last = self._chunks[-1]
        if isinstance(last, Part) or len(last) < number:
            last = self.items()
        return last[-number:]

    def lean(self) -> Tables:
        """The same with what remains of the receptions in their place."""
        self._let_go()
        self._fill()
        other = copy(self)
        other._shared = {}
        other._chunks = [[other._remains(item) for item in self.items()]]
        return other

    def _remains(self, item: Traced) -> Remains:
        """What remains of a message; what its trace has in common with others is kept once."""
        return Remains(shared(item.trace, self._shared), item.stopped_by)

    def packed(self) -> Tables:
        """The same with the small rows made and everything else as bytes."""
        self._let_go()
        self._fill()
        other = copy(self)
        common = list(self._known.values())
        packed = Packed(pack((self.items(),), common), common)
        other._chunks, other._shared = [Part(packed, 0, len(self))], {}
        return other

    def without_items(self) -> tuple[Tables, list[Any]]:
        """The rows that are made, and the receptions, or what remains of them, for `with_items`.

        Rows are made now where no receptions are kept, and of each message that one that everybody asks for.
        """
        self._let_go()
        self._fill("messages")
        other = copy(self)
        other._chunks, other._laid_out, other._known, other._shared = [], None, {}, {}
        return other, self.items()

    def with_items(self, items: Part) -> None:
        """The receptions belong to these rows."""
        self._chunks = [items]

    def __getstate__(self) -> dict[str, Any]:
        """Everything but what is known by id, which is another one in another process."""
        return {**self.__dict__, "_laid_out": None, "_known": {}, "_shared": {}}

    def _fill(self, *names: str) -> None:
        """Make the rows of small tables, all or these, that are missing: of the last messages."""
        for name in names or SMALL:
            counts, columns, rows_of = self._counts[name], self._columns[name], SMALL[name]
            missing = len(self) - len(counts)
            if not missing:
                continue
            for reception in self._tail(missing):
                if name == "messages":
                    self._meet(reception)
                rows = rows_of(reception)
                counts.append(len(rows))
                for row in rows:
                    for column, value in zip(columns, row, strict=True):
                        column.append(value)

    def _meet(self, reception: Reception) -> None:
        """Note the account of a message and the rules that fired."""
        account = reception.account
        if account is not self._laid_out:
            self._laid_out = self._known[id(account)] = account
            self.lay_out(layout_of(account))
        for note in reception.notes:
            self._notes.setdefault(note)
        what = happened(reception)
        self._happened[what] = self._happened.get(what, 0) + 1

    @property
    def metrics(self) -> Mapping[Counted, int]:
        """What CloudWatch would count."""
        self._fill("messages")
        metrics: dict[Counted, int] = {}
        for what, times in self._happened.items():
            for counted, number in counts_of(what):
                metrics[counted] = metrics.get(counted, 0) + number * times
        return metrics

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know before the tables are read, one sentence each; see `Reception.notes`."""
        self._fill("messages")
        return tuple(self._notes)

    @property
    def fired(self) -> Mapping[str, int]:
        """How often each rule fired, in the order they fired first."""
        self._fill("messages")
        fired: dict[str, int] = {}
        for what, times in self._happened.items():
            for rule in what.rules:
                fired[rule] = fired.get(rule, 0) + times
        return fired

    @property
    def layout(self) -> tuple[str, ...]:
        """The columns of the matrix, in the order of the configurations met."""
        self._fill("messages")
        return tuple(self._layout)

    def lay_out(self, columns: Iterable[str]) -> None:
        """The matrix has these columns, behind those it has already."""
        self._layout |= dict.fromkeys(columns)

    def extend(self, other: Tables) -> None:
        """Append the rows of other messages; their numbers go on where these end."""
        self._let_go()
        other._let_go()
        if other._counts["messages"]:  # else nothing is made yet, so nothing is made now
            self._fill("messages")
            other._fill("messages")
        for name, columns in self._columns.items():
            if len(self._counts[name]) < len(self):
                continue  # rows are made of the first messages or of all
            self._counts[name].extend(other._counts[name])
            for column, values in zip(columns, other._columns[name], strict=True):
                column.extend(values)
        self.names.extend(other.names)
        self.certainties.extend(other.certainties)
        for what, times in other._happened.items():
            self._happened[what] = self._happened.get(what, 0) + times
        self.lay_out(other._layout)
        self._notes |= other._notes
        self._known |= other._known
        self._chunks += [chunk if isinstance(chunk, Part) else list(chunk) for chunk in other._chunks]

    @property
    def labels(self) -> list[str]:
        """What the tables call each message: its name, or ``#`` and its number."""
        return Texts(name or f"#{number}" for number, name in enumerate(self.names, start=self.start))

    def length(self, name: str) -> int:
        """Number of rows of one table."""
        return sum(self._content(name)[0])

    def column(self, name: str, column: str) -> list[Any]:
        """The cells of one column, in order; words may be enum members, which are text too."""
        return self.data(name, (column,))[column]

    def data(self, name: str, wanted: Sequence[str] | None = None) -> dict[str, list[Any]]:
        """The columns of one table, all or those that are wanted."""
        if self._by_column(name):
            events = self.cells(name)
            return {column: list(events[column]) for column in (events if wanted is None else wanted)}
        counts, columns = self._content(name)
        names = report_table(name).names
        made = {}
        for column in names if wanted is None else wanted:
            if column in COMMON:
                values = self._common(column)
                made[column] = list(chain.from_iterable(map(repeat, values, counts)))
            else:
                made[column] = columns[names.index(column) - len(COMMON)]
        return made

    def _by_column(self, name: str) -> bool:
        """Whether a table is made of what messages have in common; one alone has nothing."""
        return name == EVENTS.name and has_pandas() and len(self) > 1

    def cells(self, name: str) -> Mapping[str, Sequence[Any]]:
        """The same as `data` for who makes a frame or a file of it: columns of events are `Coded`, made when read."""
        if not self._by_column(name):
            return self.data(name)
        return EventColumns((item.trace for item in self.items()), {column: self._common(column) for column in COMMON})

    def _common(self, column: str) -> Sequence[Any]:
        """What a column says of each message that all tables have."""
        if column == "number":
            return range(self.start, self.start + len(self))
        return self.labels if column == "message" else self.certainties

    def _content(self, name: str) -> tuple[list[int], tuple[list[Any], ...]]:
        """How many rows each message has in a table, and its columns but the common ones."""
        columns = report_table(name).columns[len(COMMON) :]
        if name in SMALL:
            self._fill(name)
            return self._counts[name], self._columns[name]
        made: tuple[list[Any], ...] = tuple([] for _ in columns)
        counts = []
        for item in self.items():
            rows = large_rows_of(item, name)
            counts.append(len(rows))
            for column, values in zip(made, zip(*rows, strict=True), strict=False):
                column.extend(values)
        return counts, made
