"""From a DataFrame of messages to a DataFrame of rows: one function for pandas, Dask and Spark.

The function travels to the workers with the receiver in it. It knows nothing of other partitions, so where ids and
times are seeded each message says its position in the whole corpus: `message_frames` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from sesreceive.clock import SteppingClock
from sesreceive.errors import InputError, MissingExtraError, one_line
from sesreceive.mail.corpus import Item, Source, read
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.item import ENVELOPE_FIELDS
from sesreceive.mail.mail_source import is_missing, open_source
from sesreceive.mail.message import Message
from sesreceive.mail.passed_over import PassedOver, Why
from sesreceive.mail.provenance import Origin
from sesreceive.message_id import SeededMessageIds
from sesreceive.receiver import Receiver
from sesreceive.replay.parcels import packed, unpacked
from sesreceive.replay.receptions import Drawn, received
from sesreceive.replay.replaying import decrypting, located
from sesreceive.report.clean_text import clean
from sesreceive.report.collecting import fewer_collections
from sesreceive.report.columns import MESSAGES, report_table
from sesreceive.report.frames import frame
from sesreceive.report.schema import Schema
from sesreceive.report.tables import Tables
from sesreceive.wording import expected, is_whole, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FrameFunction", "frame_function", "message_frames"]

# A frame of messages is cut at so many bytes, however few they are: no worker gets more at once.
_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FrameFunction:
    """A frame of messages to a frame of rows; made by `frame_function`, may be pickled.

    Attributes
    ----------
    table : str
        Which rows.
    packed : bytes
        The receiver, as it travels.
    trusted : tuple of str
        Hosts whose Received fields are believed.
    take_over : bool
        Whether a message that SES stored keeps its id and results.
    """

    table: str
    packed: bytes = field(repr=False)
    trusted: tuple[str, ...] = ()
    take_over: bool = True

    @property
    def schema(self) -> Schema:
        """The columns of the rows; ``schema.spark`` is what `mapInPandas` wants."""
        return Schema(report_table(self.table))

    @property
    def meta(self) -> pd.DataFrame:
        """A frame of no rows with the columns and dtypes: what Dask's `map_partitions` wants."""
        return self.schema.frame()

    @overload
    def __call__(self, messages: pd.DataFrame) -> pd.DataFrame: ...
    @overload
    def __call__(self, messages: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]: ...
    def __call__(self, messages: pd.DataFrame | Iterable[pd.DataFrame]) -> pd.DataFrame | Iterator[pd.DataFrame]:
        """The rows of the messages; of several frames, a frame for each.

        Raises
        ------
        InputError
            When there is no column `raw`, or no `number` where ids are seeded.
        """
        import pandas as pd

        if isinstance(messages, pd.DataFrame):
            return self._rows(messages)
        if not hasattr(messages, "__iter__") or hasattr(messages, "encode"):
            raise InputError(expected("a DataFrame of messages, or several of them,", messages))
        return map(self._rows, messages)

    def _rows(self, messages: pd.DataFrame) -> pd.DataFrame:
        if not hasattr(messages, "columns"):
            raise InputError(expected("a DataFrame of messages", messages))
        columns = [str(name) for name in messages.columns]
        if "raw" not in columns:
            raise InputError(f"expected a frame with a column `raw` but got {one_line(', '.join(columns)) or 'none'}")
        receiver = unpacked(self.packed)
        draws = _Draws(receiver, numbered="number" in columns)
        made: dict[str, list[Any]] = {name: [] for name in self.schema.names}
        with fewer_collections():
            for cells in zip(*(messages[name] for name in messages.columns), strict=True):
                row = {name: None if is_missing(cell) else cell for name, cell in zip(columns, cells, strict=True)}
                for name, values in self._one(receiver, row, draws).items():
                    made[name].extend(values)
        return frame(report_table(self.table), made)

    def _one(self, receiver: Receiver, row: Mapping[str, Any], draws: _Draws) -> dict[str, Sequence[Any]]:
        """The cells of one message, by column."""
        number = _number(row.get("number"))
        name = str(row.get("name") or "")
        if row.get("error") or row["raw"] is None:
            return self._broken(name, str(row.get("error") or "there is no message in `raw`"))
        drawn = draws.of(number)
        item, why = self._item(name, row)
        if item is None:
            return self._broken(name, why)
        reception = received(receiver, item, drawn, self.take_over)
        if isinstance(reception, PassedOver):
            return self._broken(name, reception.reason)
        tables = Tables()
        tables.start = number or 0
        tables.add(reception)
        data: dict[str, Sequence[Any]] = dict(tables.data(self.table))
        if number is None:  # where the message stands is not known, so nothing is said of it
            rows = len(data["number"])
            data |= {"number": [None] * rows, "message": [name] * rows}
        return data

    def _item(self, name: str, row: Mapping[str, Any]) -> tuple[Item | None, str]:
        """The message with its envelope, read as `replay` reads it; or why there is none."""
        try:
            raw = row["raw"] if isinstance(row["raw"], str) else bytes(row["raw"])
            parts = {part: row[part] for part in ("envelope", *ENVELOPE_FIELDS) if row.get(part) is not None}
            found = {"raw": raw, "name": name, **parts}
            (item,) = read([found], trusted=self.trusted)
        except (InputError, TypeError, ValueError) as error:
            return None, str(error)
        return Item(name=name, raw=item.raw, envelope=item.envelope, stored=item.stored), ""

    def _broken(self, name: str, error: str) -> dict[str, Sequence[Any]]:
        """The row of a message that could not be received; none but in the table of messages."""
        if self.table != MESSAGES.name:
            return {}
        return {**{column: [None] for column in self.schema.names}, "message": [name], "error": [error]}


def frame_function(
    receiver: Receiver, table: str = "messages", *, trusted: Sequence[str] = (), take_over: bool = True
) -> FrameFunction:
    r"""A function of a DataFrame of messages to a DataFrame of rows, for `map_partitions`, `mapInPandas` and pandas.

    What rules cause takes place in the receiver's backend, on the worker; of a `MemoryBackend` nothing is kept.

    Parameters
    ----------
    receiver : Receiver
        Receives the messages; it is sent to each worker once.
    table : str
        Which rows: ``messages`` or another table of a report.
    trusted : sequence of str, optional
        Your receiving hosts, whose Received fields are believed; see `sesreceive.mail.delivered.envelope_of`.
    take_over : bool
        Whether a message that SES stored keeps its message id and what SES found out, as for `replay`.

    Returns
    -------
    FrameFunction
        It takes a frame, or an iterator of frames, with

            raw : bytes          the message
            name : str           what it is called; optional
            number : int         its position in the whole corpus; needed where the receiver has a seed
            envelope : str       its envelope as JSON, see `Envelope.to_json`; or single fields of one, each a column
            error : str          why it could not be read; then nothing else is looked at

        and gives the columns, dtypes and categories of ``report.schema(table)``, for each message in order. A message
        that cannot be received is a row with its `error`, in the table of messages.

    Raises
    ------
    InputError
        When the receiver cannot be sent to another process.
    UnknownNameError
        When there is no such table.

    Examples
    --------
    >>> import pandas as pd
    >>> import sesreceive as ses
    >>> function = frame_function(ses.Receiver(ses.Account(identities=("example.com",)), seed=1))
    >>> rows = function(pd.DataFrame({"number": [0], "raw": [b"To: ana@example.com\r\n\r\n"]}))
    >>> rows.loc[0, "reply"]
    '550 5.1.1 Requested action not taken: mailbox unavailable'
    >>> (rows.dtypes == function.meta.dtypes).all().item()
    True
    """
    if not isinstance(receiver, Receiver):
        raise InputError(expected("a Receiver", receiver))
    report_table(table)
    return FrameFunction(table, packed(receiver), tuple(trusted), take_over)


def message_frames(source: Source, *, rows: int = 1000, kms: Any = None) -> Iterator[pd.DataFrame]:
    """Frames of messages out of any source, for a `FrameFunction`: what to write for a cluster to read.

    Parameters
    ----------
    source : path, bytes, mapping, table or iterable
        As for `replay`.
    rows : int
        Messages in a frame at most; a frame has 64 MiB of them at most, too.
    kms : object, optional
        Decrypts stored objects that are encrypted, as for `replay`.

    Yields
    ------
    pandas.DataFrame
        number : Int64        position in the corpus, from 0; missing for what could not be read
        name : string         what reports call it
        raw : binary          the message (an Arrow column, so that nothing takes it for text)
        envelope : string     as JSON, where it is known; otherwise it is read out of the header
        error : string        why it could not be read; missing for a message

    Raises
    ------
    InputError
        When there is no such source.
    MissingExtraError
        When pyarrow is not installed.

    Examples
    --------
    >>> [frame] = message_frames({"hello": b"Subject: hello", "bye": b"Subject: bye"})
    >>> frame[["number", "name"]].values.tolist()
    [[0, 'hello'], [1, 'bye']]
    """
    if not is_whole(rows, 1):
        raise InputError(f"expected a frame of at least one message but got {shown(rows)}")
    found, _ = open_source(located(source), decrypting(kms))
    return _frames(found, rows)


def _frames(found: Iterator[Any], rows: int) -> Iterator[pd.DataFrame]:
    waiting: list[tuple[int | None, str, bytes | None, str | None, str | None]] = []
    number, size = 0, 0
    for one in found:
        if isinstance(one, PassedOver):
            if one.why is Why.BROKEN:
                waiting.append((None, one.name, None, None, one.reason))
        else:
            name, raw, known = (one.name, one.raw, one.envelope) if isinstance(one, Item) else one
            raw = raw.raw if isinstance(raw, Message) else raw
            waiting.append((number, name, raw, _as_json(name, raw, known), None))
            number, size = number + 1, size + len(raw)
        if len(waiting) >= rows or size >= _MOST_BYTES:
            yield _frame_of(waiting)
            waiting, size = [], 0
    if waiting:
        yield _frame_of(waiting)


def _as_json(name: str, raw: bytes, known: Envelope | Mapping[str, Any] | None) -> str | None:
    """What is given of an envelope; what an `Envelope` was not told stays untold."""
    if not known and not isinstance(known, Envelope):
        return None
    if not isinstance(known, Envelope):
        (item,) = read([{"raw": raw, "name": name, **known}])
        known = item.envelope
    untold = {part for part, how in known.origins.items() if how.origin not in (Origin.GIVEN, Origin.READ)}
    return json.dumps({part: value for part, value in known.to_json().items() if part not in untold})


def _frame_of(rows: Sequence[tuple[int | None, str, bytes | None, str | None, str | None]]) -> pd.DataFrame:
    import pandas as pd

    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise MissingExtraError("pyarrow", extra="parquet", purpose="a frame of messages") from None
    number, name, raw, envelope, error = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "number": pd.array(list(number), dtype="Int64"),
            "name": pd.array(clean(name), dtype="string"),
            "raw": pd.array(list(raw), dtype="binary[pyarrow]"),
            "envelope": pd.array(list(envelope), dtype="string"),
            "error": pd.array(clean(error), dtype="string"),
        }
    )


class _Draws:
    """The id and time of each message, by its position where they are seeded."""

    def __init__(self, receiver: Receiver, *, numbered: bool) -> None:
        if not numbered and isinstance(receiver.message_ids, SeededMessageIds):
            raise InputError(
                "expected a column `number`, the position of each message in the whole corpus, since the receiver has "
                "a seed and gives ids by it: `message_frames` writes it; or give a receiver without a seed"
            )
        self._receiver = receiver

    def of(self, number: int | None) -> Drawn:
        ids, clock = self._receiver.message_ids, self._receiver.clock
        message_id = ids.ahead(number) if number is not None and isinstance(ids, SeededMessageIds) else ids()
        now_s = clock.ahead(number) if number is not None and isinstance(clock, SteppingClock) else clock()
        return message_id, now_s


def _number(cell: Any) -> int | None:
    """The position of a message; a column with missing cells has floats in pandas."""
    if cell is None:
        return None
    try:
        number = int(cell)
    except (TypeError, ValueError, OverflowError):
        number = -1
    if number < 0 or isinstance(cell, str) or number != cell:
        raise InputError(f"number: {expected('the position of a message in the corpus, from 0,', cell)}")
    return number
