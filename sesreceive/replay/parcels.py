"""What travels between a replay and its workers: messages on the way out, reports and effects on the way back.

Both are written as columns and by the reducers of `report.reducers`, and what the replay has already is only named: the
account, the messages, their envelopes. So the bytes of stored objects, notifications and bounces do not travel where
they are made when they are read; what they are made of does, such as the results that DNS gave and the verdicts.
"""

from __future__ import annotations

import operator
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, SupportsIndex

from sesreceive.auth.results import AuthenticationResults
from sesreceive.backends.memory import MemoryBackend
from sesreceive.errors import InputError, one_line
from sesreceive.mail.corpus import Item
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.receiver import Receiver
from sesreceive.replay.derived import Derived, Home, common_to, fork, pack_results
from sesreceive.replay.receptions import Task
from sesreceive.report import Report
from sesreceive.report.packing import Packed, Part, pack, pickled

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["Octets", "Parcel", "opened", "pack_tasks", "packed", "parcel", "unpack_tasks", "unpacked"]


class Octets:
    """Bytes that may travel beside a pickle: Dask then sends them as they are, in place of four times copied.

    References
    ----------
    PEP 574, "Pickle protocol 5 with out-of-band data".
    """

    __slots__ = ("data",)

    def __init__(self, data: Buffer) -> None:
        self.data = data

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        """The bytes, beside the pickle where it can have that."""
        return Octets, (pickle.PickleBuffer(self.data) if operator.index(protocol) >= 5 else bytes(self.data),)

    def __len__(self) -> int:
        """How many bytes."""
        return memoryview(self.data).nbytes

    def __repr__(self) -> str:
        """One line: how many bytes."""
        return f"<{len(self)} bytes>"


def pack_tasks(tasks: Sequence[Task]) -> Octets:
    """The messages of a chunk as bytes, for `unpack_tasks`."""
    items = [task.item for task in tasks]
    rare = [(task.key, task.results, task.item.stored, task.item.size_bytes) for task in tasks]
    columns = (
        [item.name for item in items],
        [item.raw for item in items],
        [item.envelope for item in items],
        [task.drawn for task in tasks],
        None if all(one == _PLAIN for one in rare) else rare,
    )
    return Octets(pickled(columns))


# A message of which nothing is known but its bytes and envelope.
_PLAIN = ("", None, None, None)


def unpack_tasks(packed: Octets) -> list[Task]:
    """The messages of `pack_tasks`."""
    names, raws, envelopes, drawn, rare = pickle.loads(packed.data)  # noqa: S301 - packed by this program
    return [
        Task(Item(name=name, raw=raw, envelope=envelope, stored=stored, size_bytes=size), drawn, key, results)
        for name, raw, envelope, drawn, (key, results, stored, size) in zip(
            names, raws, envelopes, drawn, rare or [_PLAIN] * len(names), strict=True
        )
    ]


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a worker sends back of a chunk.

    Attributes
    ----------
    report : Report
        With rows alone.
    data : Octets
        The receptions and what the backend holds, packed together since they are made of the same values; or the
        results of which they are derived.
    derived : bool
        Which of both.
    named : tuple of int
        The messages that the bytes name.
    """

    report: Report
    data: Octets
    derived: bool
    named: tuple[int, ...] = ()


def parcel(
    receiver: Receiver,
    tasks: Sequence[Task],
    report: Report,
    backend: MemoryBackend | None,
    results: Sequence[AuthenticationResults | None] | None,
) -> Parcel:
    """The report of a worker and what its backend holds, for `opened`; with the results, all else can be derived."""
    rows, receptions = report.without_receptions()
    # Without receptions, messages are kept for what is stored of them alone.
    if results is not None and (report.keep or (backend is not None and 2 * backend.held >= len(tasks))):
        return Parcel(rows, Octets(pack_results(tasks, results)), derived=True)
    common = common_to(receiver)
    items = [task.item for task in tasks]
    raws = {id(item.raw): number for number, item in enumerate(items)}
    envelopes = {id(item.envelope): number for number, item in enumerate(items, start=len(common) + len(items))}
    named: set[int] = set()

    def message_number(message: Message) -> int | None:
        number = raws.get(id(message.raw))
        if number is None or message.size_bytes != items[number].octets:
            return None
        named.add(number)
        return len(common) + number

    data = pack(
        (receptions, None if backend is None else backend.content),
        common,
        {Message: message_number, Envelope: lambda envelope: envelopes.get(id(envelope))},
    )
    return Parcel(rows, Octets(data), derived=False, named=tuple(named))


def opened(sent: Parcel, home: Home, tasks: Sequence[Task], backend: object) -> Report:
    """The report, whose receptions are made when somebody asks; the backend takes over what there is for it."""
    whole: Packed | Derived
    if sent.derived:
        whole = Derived(home, tasks, bytes(sent.data.data), keep=sent.report.keep)
    else:
        items = {number: tasks[number].item for number in sent.named}
        whole = Packed(bytes(sent.data.data), _Chunk(home.common, items, [task.item.envelope for task in tasks]))
    if isinstance(backend, MemoryBackend):
        backend.merge_later(lambda: whole.value()[1])
    return sent.report.with_receptions(Part(whole, 0, len(sent.report)))


class _Chunk:
    """What stays outside of the bytes about a chunk, by number."""

    __slots__ = ("common", "envelopes", "items", "made")

    def __init__(self, common: tuple[Any, ...], items: Mapping[int, Item], envelopes: Sequence[Envelope]) -> None:
        self.common, self.items, self.envelopes = common, items, envelopes
        self.made: dict[int, Message] = {}

    def __getitem__(self, number: int) -> Any:
        """The value with that number."""
        if number < len(self.common):
            return self.common[number]
        number -= len(self.common)
        if number >= len(self.envelopes):
            return self.envelopes[number - len(self.envelopes)]
        message = self.made.get(number)
        if message is None:
            message = self.made[number] = self.items[number].message
        return message


def packed(receiver: Receiver) -> bytes:
    """The receiver as bytes, for `unpacked` in another process; without what a backend in memory holds.

    Raises
    ------
    InputError
        When something of it cannot be sent.
    """
    try:
        return pickle.dumps(fork(receiver), protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        raise InputError(_NOT_SENT.format(one_line(error))) from error


_NOT_SENT = (
    "the receiver cannot be sent to another process ({}): define its functions and scanners in a module, "
    "or use a ThreadPoolExecutor"
)
# The receiver a worker process unpacked last, and for which run.
_last: tuple[str, bytes, Receiver] | None = None


def unpacked(data: bytes, run: str = "") -> Receiver:
    """The receiver of `packed`, with a backend of its own; unpacked once for all that a process is given in a run."""
    global _last  # noqa: PLW0603 - one for each worker process, which outlives the tasks
    if _last is None or _last[:2] != (run, data):
        try:
            _last = (run, data, pickle.loads(data))  # noqa: S301 - packed by this program
        except Exception as error:
            raise InputError(_NOT_SENT.format(one_line(error))) from error
    return fork(_last[2])
