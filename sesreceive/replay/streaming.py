"""A replay of any length, whose rows are written to Parquet files as it goes: memory holds the chunks on their way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from sesreceive.errors import InputError
from sesreceive.mail.corpus import Override, Source, read
from sesreceive.mail.passed_over import PassedOver, Why
from sesreceive.receiver import Receiver
from sesreceive.replay.done import Before, Done, Left
from sesreceive.replay.known_results import Known, KnownResults
from sesreceive.replay.part_files import PartFiles
from sesreceive.replay.progress import Progress, Ticker
from sesreceive.replay.replay_folder import ReplayFolder, folder_at, parquet
from sesreceive.replay.replaying import decrypting, is_ordered, located, total_of
from sesreceive.replay.sharing import Authenticated, Way, check_sharing, shared_out
from sesreceive.report import Report
from sesreceive.report.authentication_rows import authentication_data
from sesreceive.report.collecting import fewer_collections
from sesreceive.report.columns import AUTHENTICATION, MESSAGES, TABLES
from sesreceive.report.columns import table as declared
from sesreceive.report.frames import with_broken
from sesreceive.report.schema import Schema
from sesreceive.wording import expected

__all__ = ["replay_to"]

# Without the tables that have a row for each filter, rule and event: these are most of a report.
_USUAL = ("messages", "recipients", "actions", "effects")


def replay_to(
    receiver: Receiver,
    folder: str | PathLike[str],
    source: Source,
    *,
    tables: Sequence[str] = _USUAL,
    envelope: Override | None = None,
    executor: Executor | None = None,
    chunk: int = 200,
    progress: Progress | bool | None = None,
    limit: int | None = None,
    trusted: Sequence[str] = (),
    kms: Any = None,
    take_over: bool = True,
    done: Before | None = None,
    ahead: int | None = None,
    known: Known | None = None,
    part: int = 10_000,
) -> ReplayFolder:
    r"""The folder with the rows of all messages of `source`, as Parquet files written as it goes.

    Memory holds the chunks on their way, however many messages there are. Of what rules cause, a `MemoryBackend` keeps
    nothing then (the table of effects tells it); another backend is filled as by `replay`. A message that cannot be
    read or received is a row with its `error`, behind the chunk in which it was met, and the run goes on.

    Parameters
    ----------
    receiver, source, envelope, executor, chunk, progress, limit, trusted, kms, take_over, ahead, known
        As for `sesreceive.replay.replay`.
    folder : path
        Where to: ``folder/messages/part-000000.parquet`` and so on, a folder for each table, as pandas, Dask, Spark and
        DuckDB read it.
    tables : sequence of str
        Which tables besides ``messages`` and ``authentication``, which are always written.
    done : Report, ReplayFolder or path, optional
        An earlier run over the same source that was stopped. The same folder goes on: the rows are those of a run that
        was not stopped. What a program that was killed had not finished, a part at most, is received again.
    part : int
        Messages in a file, rounded up to whole chunks; each chunk is a row group of it.

    Returns
    -------
    ReplayFolder
        Stopped by KeyboardInterrupt it holds the chunks that were done, and its `interrupted` is set.

    Raises
    ------
    InputError
        When the source cannot be read or the folder not be written to, or when it holds a replay and `done` does not
        name it.
    MissingExtraError
        When pyarrow is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import sesreceive as ses
    >>> account = ses.Account(identities=("example.com",))
    >>> mail = {name: b"To: ana@example.com\r\n\r\n" for name in ("a", "b", "c")}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ses.Receiver(account, seed=1).replay_to(folder, mail, limit=1)
    ...     after = ses.Receiver(account, seed=1).replay_to(folder, mail, done=folder)
    ...     after, after.frame("messages")["message"].tolist()
    <ReplayFolder of 1 message in 1 part>
    (<ReplayFolder of 3 messages in 2 parts>, ['a', 'b', 'c'])
    """
    check_sharing(executor, ahead, chunk=chunk, part=part)
    parquet()
    names = [one.name for one in TABLES]
    if isinstance(tables, str) or not isinstance(tables, Iterable):
        raise InputError(f"tables: {expected('a list of names', tables)}")
    for name in tables:
        if name not in (*names, AUTHENTICATION.name):
            raise InputError(expected("the name of a table", name, names))
    written = tuple(dict.fromkeys((MESSAGES.name, AUTHENTICATION.name, *tables)))
    target = folder_at(folder)
    _free(target, done)
    before = Done.of(done)
    first = len(before)
    items = read(
        located(source), envelope=envelope, trusted=trusted, decrypt=decrypting(kms, receiver.backend), strict=False
    )
    left = Left(items, before, receiver, limit)
    files = PartFiles(target, written, part)
    interrupted = False
    results = KnownResults.of(known)
    way = Way(made=_Rows(written, first), take_over=take_over, known=results, keyed=True, merges=False)
    received = lost = 0
    with fewer_collections(), Ticker(progress, total_of(items, limit)) as ticker:
        try:
            parts = shared_out(receiver, left, None if is_ordered(receiver) else executor, chunk, ahead, way)
            for rows, broken in parts:
                received += rows[MESSAGES.name].num_rows
                rows = _moved(rows, lost)
                lost += len(broken)
                aside = before.fresh([*broken, *_taken(items.passed_over)])
                files.write(_with_broken(rows, aside), chunk)
                ticker.tick(left.skipped + received)
        except KeyboardInterrupt:
            interrupted = True
        finally:
            rest = list(before.fresh(_taken(items.passed_over)))
            if any(one.why is Why.BROKEN for one in rest):
                files.write(_with_broken(_Rows(written, first)(Report(), received, []), rest), 0)
            files.close()
    made = ReplayFolder(target)
    made.interrupted = interrupted
    return made


def _free(folder: Path, done: Before | None) -> None:
    """Refuse a folder that holds another replay."""
    if not any((folder / MESSAGES.name).glob("part-*.parquet")):
        return
    named = (
        done.path if isinstance(done, ReplayFolder) else None if isinstance(done, Report | None) else folder_at(done)
    )
    if named is None or named.resolve() != folder.resolve():
        raise InputError(
            f"there is a replay in `{folder}` already: give `done=` that folder to go on with it, or another folder"
        )


def _taken(passed_over: list[PassedOver]) -> list[PassedOver]:
    """What was passed over so far, taken out of the list, which stays short."""
    taken = passed_over[:]
    del passed_over[: len(taken)]
    return taken


@dataclass(frozen=True, slots=True)
class _Rows:
    """What is made of a chunk: an Arrow table for each table, which is all that a worker sends back."""

    tables: tuple[str, ...]
    first: int

    def __call__(self, report: Report, start: int, keys: Authenticated) -> dict[str, Any]:
        """The rows; the numbers go on from `start`."""
        report.renumber(self.first + start)
        made = {}
        for name in self.tables:
            data = authentication_data(report, keys) if name == AUTHENTICATION.name else report.cells(name)
            made[name] = Schema(declared(name)).arrow_table(data)
        return made


def _moved(rows: dict[str, Any], lost: int) -> dict[str, Any]:
    """The rows, whose numbers are less by as many messages as could not be received in the chunks before."""
    if not lost:
        return rows
    import pyarrow as pa

    moved = {}
    for name, table in rows.items():
        numbers, labels = table["number"].to_pylist(), table["message"].to_pylist()
        pairs = zip(numbers, labels, strict=True)
        labels = [f"#{number - lost}" if label == f"#{number}" else label for number, label in pairs]
        columns = {"number": [number - lost for number in numbers], "message": labels}
        for column, cells in columns.items():
            at, field = table.schema.get_field_index(column), table.schema.field(column)
            table = table.set_column(at, field, pa.array(cells, field.type))
        moved[name] = table
    return moved


def _with_broken(rows: dict[str, Any], passed_over: Iterable[PassedOver]) -> dict[str, Any]:
    """The rows, and one for each message that could not be read."""
    data = with_broken({name: [] for name in MESSAGES.names}, passed_over)
    if not data["message"]:
        return rows
    import pyarrow as pa

    more = Schema(MESSAGES).arrow_table(data)
    return {**rows, MESSAGES.name: pa.concat_tables([rows[MESSAGES.name], more])}
