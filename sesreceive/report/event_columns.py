"""The table of events of many messages, made by column: what is alike of two messages is read of the first alone.

The events of a stage are a run of rows. A run that comes again, as that of a sender whose mail passes the same checks,
is a number; a run that differs in texts alone, such as the name of a recipient, is a number and these texts. Which runs
are alike is what the stages say of them (`trace.outline`); `trace_rows.event_rows` makes the same rows one by one.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from sesreceive.report.coded import Coded, Texts
from sesreceive.report.columns import EVENTS
from sesreceive.report.table import COMMON
from sesreceive.trace.deferred import Deferred
from sesreceive.trace.events import Kind, Op, Stage, Trace, TraceEvent
from sesreceive.trace.outline import Outline, Remembered, outline_of, outlined_of

if TYPE_CHECKING:
    import numpy as np

__all__ = ["EventColumns"]

# What a text with others in it is made of: the pieces around the text of that number, which stands in it once or more.
_Pieces = tuple[tuple[str, ...], int]

# What stands for the texts when their places are looked for: words that are in no trace, and others of another length
# and letter case, so that a text of which something is made is not taken for one as it is. The second is as long as a
# local part can be: somewhere it may be cut.
_STAND_INS = "zq{:05d}qz", f"ZQ{{:05d}}{'x' * 55}qz"


class _Known(NamedTuple):
    """Events that were met before.

    Attributes
    ----------
    values : tuple
        What they were made of, kept since ids of it are in the key.
    run : int
        Their number; -1 where they were met once, and their texts have no place yet; -2 where they have none.
    pieces : tuple
        The texts that are made anew for each message.
    """

    values: tuple[Any, ...]
    run: int
    pieces: tuple[_Pieces, ...] = ()


_ONCE, _NEVER = -1, -2


class EventColumns(Mapping[str, Coded]):
    """The columns of the events of many traces: these are read once, and a column is made each time it is asked for.

    Parameters
    ----------
    traces : iterable of Trace
        One a message.
    common : mapping of str to sequence
        What each column says of a message that says the same of all its events.

    Examples
    --------
    >>> from sesreceive.trace.events import TraceLog
    >>> log = TraceLog(Stage.FILTERING)
    >>> log.add(Kind.FILTER, Op.MISS, "office", "203.0.113.0/24 does not contain 192.0.2.1")
    >>> columns = EventColumns([Trace(log.events())] * 2, {"number": range(2)})
    >>> list(columns)[:3]
    ['number', 'seq', 'parent']
    >>> list(columns["number"]), list(columns["subject"]), list(columns["seq"])
    ([0, 1], ['office', 'office'], [0, 0])
    """

    def __init__(self, traces: Iterable[Trace], common: Mapping[str, Sequence[Any]]) -> None:
        self.common = common
        self.counts: list[int] = []  # events of each message
        # Of each run of each message: which, the first of its own texts, and the events before it in the trace.
        self._runs, self._bases, self._before = array("q"), array("q"), array("q")
        # Of each run: its first row, and how many it has.
        self._starts, self._lengths = array("q"), array("q")
        # The rows of all runs. A negative number in a column of texts is a text of the message: -1 is its first one.
        self._rows = {name: array("q") for name in EVENTS.names[len(COMMON) :]}
        self._texts = Texts()
        self._numbers: dict[str | int, int] = {}  # of texts
        # How each cell of `_CELLS` becomes a number.
        self._coding: dict[str, Callable[[Any], int] | None] = {
            **{name: {word: code for code, word in enumerate(words)}.__getitem__ for name, words in _WORDS.items()},
            **dict.fromkeys(_TEXTS, self._number),
            **dict.fromkeys(("position", "seq", "parent")),
        }
        self._known: dict[Any, _Known] = {}
        self._remembered: Remembered = {}
        for trace in traces:
            self._add(trace)

    # ------------------------------------------------------------------ reading

    def _add(self, trace: Trace) -> None:
        """Append the events of one message."""
        before = 0
        for part in trace.parts:
            if type(part) is Deferred:
                run, base = self._deferred(part)
            elif part:
                run, base = self._run(part), 0
            else:
                continue
            self._runs.append(run)
            self._bases.append(base)
            self._before.append(before)
            before += self._lengths[run]
        self.counts.append(before)

    def _deferred(self, part: Deferred) -> tuple[int, int]:
        """Number of a run of events that are made when they are read, and where its texts begin."""
        outline = outline_of(part, self._remembered)
        if outline is None:
            return self._run(part.made()), 0
        key = part.make, outline.key
        known = self._known.get(key)
        if known is None:
            run = self._run(part.made())
            self._known[key] = _Known(part.values, _ONCE if outline.texts else run)
            return run, 0
        if known.run == _ONCE:
            known = self._known[key] = self._with_places(part, outline)
        if known.run == _NEVER:
            return self._run(part.made()), 0
        base = len(self._texts)
        if known.pieces:
            texts = outline.texts
            self._texts += [texts[number].join(pieces) for pieces, number in known.pieces]
        return known.run, base

    def _with_places(self, part: Deferred, outline: Outline) -> _Known:
        """The events of a part as a run that has places for the texts of its outline."""
        functions = outlined_of(part)
        if functions is None or functions.with_texts is None:
            return _Known(part.values, _NEVER)
        made = []
        for stand_in in _STAND_INS:
            texts = [stand_in.format(number) for number in range(len(outline.texts))]
            place = re.compile(stand_in.replace("{:05d}", "([0-9]{5})"))
            made.append([_shape(event, place) for event in functions.with_texts(texts, *part.values)])
        shapes, again = made
        # What is made of a text, and is not the text, is not the same for both.
        if shapes != again or any(None in shape.texts for shape in shapes):
            return _Known(part.values, _NEVER)
        own: dict[_Pieces, int] = {}  # texts of the message, each with the negative number that stands for it
        rows = [
            (
                *shape.words,
                *[text if isinstance(text, str) else own.setdefault(text, -1 - len(own)) for text in shape.texts],
                *shape.numbers,
            )
            for shape in shapes
        ]
        return _Known(part.values, self._append(rows), tuple(own))

    def _run(self, events: Sequence[TraceEvent]) -> int:
        """Number of a new run that has these events."""
        return self._append([_CELLS(event) for event in events])

    def _append(self, rows: Iterable[tuple[Any, ...]]) -> int:
        """Number of a new run of these rows, each with its cells in the order of `_CELLS`."""
        start = len(self._rows["seq"])
        for (name, code), cells in zip(self._coding.items(), zip(*rows, strict=True), strict=False):
            self._rows[name].extend(cells if code is None else map(code, cells))
        self._starts.append(start)
        self._lengths.append(len(self._rows["seq"]) - start)
        return len(self._starts) - 1

    def _number(self, text: str | int) -> int:
        """Position of a text among all; a text of the message has its number already."""
        number = self._numbers.get(text)
        if number is None:
            if isinstance(text, int):
                return text
            number = self._numbers[text] = len(self._texts)
            self._texts.append(str(text))  # a word of an enum is one, too
        return number

    # ------------------------------------------------------------------ columns

    def __iter__(self) -> Iterator[str]:
        """The names of the columns."""
        return chain(self.common, self._rows)

    def __len__(self) -> int:
        """Number of columns."""
        return len(self.common) + len(self._rows)

    def __getitem__(self, name: str) -> Coded:
        """The cells of one column, those of all messages in order."""
        import numpy as np

        if name in self.common:
            messages = np.arange(len(self.counts), dtype=np.int32)
            return Coded(self.common[name], np.repeat(messages, self.counts))
        cells = np.array(self._rows[name], dtype=np.int32)[self._places]
        if name in _WORDS:
            return Coded(_WORDS[name], cells)
        if name in _TEXTS:
            # In place: there may be millions.
            np.subtract(self._of_runs(self._bases) - 1, cells, out=cells, where=cells < 0)
            return Coded(self._texts, cells)
        if name != "position":
            np.add(cells, self._of_runs(self._before), out=cells, where=cells >= 0)
        most = int(cells.max(initial=-1)) + 1
        return Coded(range(1, most + 1) if name == "position" else range(most), cells)

    def _of_runs(self, values: array[int]) -> np.ndarray[Any, Any]:
        """For each row what there is one of for each run of each message."""
        import numpy as np

        return np.repeat(np.array(values, dtype=np.int32), self._row_counts)

    @property
    def _row_counts(self) -> np.ndarray[Any, Any]:
        """Rows of each run of each message."""
        import numpy as np

        return np.array(self._lengths, dtype=np.int32)[np.array(self._runs, dtype=np.int32)]

    @cached_property
    def _places(self) -> np.ndarray[Any, Any]:
        """Of each row of the table, where it stands among the rows of all runs."""
        import numpy as np

        counts = self._row_counts
        ends = np.cumsum(counts, dtype=np.int32)
        starts = np.array(self._starts, dtype=np.int32)[np.array(self._runs, dtype=np.int32)]
        places: np.ndarray[Any, Any] = np.repeat(starts - ends + counts, counts)
        return places + np.arange(len(places), dtype=np.int32)


# Of an event what a row is made of, in this order.
_CELLS = attrgetter("stage", "kind", "op", "subject", "rule", "recipient", "reason", "action", "seq", "parent")

_WORDS: Mapping[str, tuple[Any, ...]] = {"stage": tuple(Stage), "kind": tuple(Kind), "op": tuple(Op)}
_TEXTS = ("subject", "rule", "recipient", "reason")


class _Shape(NamedTuple):
    """An event without its fact, its cells in the order of `_CELLS`.

    A text is there as it is, or as pieces around another one; None where several others stand in it.
    """

    words: tuple[Any, ...]
    texts: list[Any]
    numbers: tuple[int, ...]


def _shape(event: TraceEvent, place: re.Pattern[str]) -> _Shape:
    """The event with its texts parted where the pattern finds others in them."""
    cells = _CELLS(event)
    words, texts, numbers = cells[: len(_WORDS)], cells[len(_WORDS) : -3], cells[-3:]
    return _Shape(words, [_parted(text, place) for text in texts], numbers)


def _parted(text: str, place: re.Pattern[str]) -> str | _Pieces | None:
    first, *rest = place.split(text)  # then the number of a text and the piece behind it, by turns
    if not rest:
        return first
    numbers, pieces = rest[::2], rest[1::2]
    return ((first, *pieces), int(numbers[0])) if len(set(numbers)) == 1 else None
