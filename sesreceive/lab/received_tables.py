"""Messages out of the tables of a replay, judged again: envelope and verdicts are in them, the messages are not.

How the tables are read and held against their declaration is `table_cells` and `table_files`; what becomes of one
message is `received_row`. What the tables do not tell is said in `notes`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sesreceive.account.account import Account
from sesreceive.effects import Flow, Invoke, Outcome
from sesreceive.errors import MissingExtraError
from sesreceive.lab.known_mail import Fact, listed
from sesreceive.lab.received_row import SAYS, Place, ReceivedRow, Silent
from sesreceive.lab.table_cells import READ, FrameCells, TableCells
from sesreceive.lab.table_files import FileCells
from sesreceive.mail.envelope import Envelope
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.wording import count

if TYPE_CHECKING:
    import pandas as pd

    from sesreceive.report import Report

__all__ = ["ReceivedTables", "are_tables"]

# Rows that are read at once, and kept for the next account.
_TOGETHER = 2_000
# One of these signs in a text, and each row is looked at: it may be what no session could say.
_UNSAYABLE = "\r\n\0>"


def are_tables(path: Path) -> bool:
    """Whether a folder holds the tables of a replay as Parquet files."""
    return bool(_files(path, "messages"))


def _files(folder: Path, name: str) -> list[Path]:
    """The files of a table, in order."""
    path = folder / f"{name}.parquet"
    return [path] if path.exists() else sorted((folder / name).glob("*.parquet"))


class ReceivedTables:
    """The messages of a replay, of which the tables are left.

    Parameters
    ----------
    tables : mapping of str to TableCells
        ``messages``, and ``recipients``, ``actions`` and ``effects`` where they are there.
    receiver : Receiver
        Whose assumptions, bounds and provider lists hold.

    Attributes
    ----------
    notes : tuple of str
        What is not known, a sentence each.

    Raises
    ------
    InputError
        When a row says what no SMTP session could say.
    """

    def __init__(self, tables: Mapping[str, TableCells], receiver: Receiver) -> None:
        self._receiver = receiver
        self._messages = messages = tables["messages"]
        # Of most columns the cells are read for the few messages that are judged; these are read of all.
        numbers, names, sizes, clients, hellos, senders, encrypted, accepted = messages.columns(
            "number", "message", "size_bytes", "client_ip", "helo", "mail_from", "tls", "accepted"
        )
        self._recipients = _recipients(tables.get("recipients"), numbers, messages)
        self._outcomes = _outcomes(tables.get("actions"), tables.get("effects"), numbers, messages)
        self._common = names, sizes, clients, senders, encrypted
        self._refused = sum(not taken for taken in accepted)
        self._kept: dict[int, ReceivedRow] = {}
        self._missing = tuple(name for name in READ if name not in tables)
        self._refuse_unsayable(clients, hellos, senders)

    @classmethod
    def of_frames(cls, frames: Mapping[str, pd.DataFrame], receiver: Receiver) -> ReceivedTables:
        """Those of tables as DataFrames.

        Raises
        ------
        InputError
            When a table lacks a column, or a cell is none of its column.
        """
        return cls({name: FrameCells(frame, name) for name, frame in frames.items()}, receiver)

    @classmethod
    def of_report(cls, report: Report, receiver: Receiver) -> ReceivedTables:
        """Those of a report that kept no receptions."""
        return cls.of_frames({name: report.frame(name) for name in READ}, receiver)

    @classmethod
    def read(cls, folder: Path, receiver: Receiver) -> ReceivedTables:
        """Those of a folder, which `Report.to_parquet` or a replay wrote.

        Raises
        ------
        InputError
            When a file cannot be read or lacks a column, or a cell is none of its column.
        MissingExtraError
            When pyarrow is not installed.
        """
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise MissingExtraError("pyarrow", extra="parquet", purpose="reading the tables of a replay") from None
        files = {name: paths for name in READ if (paths := _files(folder, name))}
        return cls({name: FileCells(paths, name) for name, paths in files.items()}, receiver)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not known, a sentence each."""
        standing_in = (
            "the messages are not in the tables: one of the same size with its subject stands in the place of each, "
            "and what SES and the scanners found out about them is taken over"
        )
        told = [standing_in]
        if self._refused:
            told.append(
                f"of {count(self._refused, 'message')} that were refused no verdict is known: "
                "PROCESSING_FAILED stands for it"
            )
        if self._missing:
            told.append(
                f"there is no table of {', '.join(self._missing)}: functions are taken to let mail go on, "
                "and effects to succeed"
            )
        return tuple(told)

    def __len__(self) -> int:
        """How many messages."""
        return len(self._messages)

    def facts(self) -> Iterator[Fact]:
        """What is known of each before it is judged, in order."""
        receiver = self._receiver
        assumptions, bounds, lists = receiver.assumptions, receiver.bounds, receiver.provider_lists
        for name, size, client_ip, mail_from, tls, rcpt_to, outcomes in zip(
            *self._common, self._recipients, self._outcomes, strict=True
        ):
            rest: Hashable = None
            why_alone = ""
            if lists:
                rest, why_alone = listed(lists, client_ip or "")
            if outcomes:
                rest = rest, tuple((place, one.error, str(one.flow)) for place, one in outcomes.items())
            yield Fact(
                name or "", int(size), client_ip or "", mail_from or "", rcpt_to, bool(tls), assumptions, bounds, rest,
                why_alone,
            )  # fmt: skip

    def under(self, account: Account, numbers: Iterable[int] | None = None) -> Iterator[Reception]:
        """What becomes of the messages in an account, of all or of those in these positions; nothing is performed."""
        receiver = Receiver(
            account,
            scanners=(Silent(),),
            provider_lists=self._receiver.provider_lists,
            assumptions=self._receiver.assumptions,
            bounds=self._receiver.bounds,
            permissions=self._receiver.permissions,
            seed=0,
        )
        wanted = list(range(len(self)) if numbers is None else numbers)
        for start in range(0, len(wanted), _TOGETHER):
            for row in self._rows(wanted[start : start + _TOGETHER]):
                yield row.under(receiver)

    def _rows(self, numbers: Sequence[int]) -> Iterator[ReceivedRow]:
        if new := [number for number in numbers if number not in self._kept]:
            if len(self._kept) + len(new) > _TOGETHER:
                self._kept.clear()
                new = list(numbers)
            for number, cells in zip(new, self._messages.rows(new), strict=True):
                self._kept[number] = ReceivedRow(cells, self._recipients[number], self._outcomes[number])
        return map(self._kept.__getitem__, numbers)

    def _refuse_unsayable(self, *columns: Sequence[str | None]) -> None:
        """Raise InputError for a row that no session could say; of all that is usual nothing is made for it."""
        clients, hellos, senders = ({cell for cell in cells if cell is not None} for cells in columns)
        try:
            everything = "".join([*clients, *hellos, *senders, *map("".join, self._recipients)])
        except TypeError:  # a cell that is no text
            everything = _UNSAYABLE
        if self._messages.is_zoned and not any(sign in everything for sign in _UNSAYABLE):
            for client_ip in clients:
                Envelope(client_ip=client_ip)
            return
        for start in range(0, len(self), _TOGETHER):
            for row in self._rows(range(start, min(start + _TOGETHER, len(self)))):
                _ = row.envelope


def _recipients(table: TableCells | None, numbers: Sequence[int], messages: TableCells) -> list[tuple[str, ...]]:
    """Those of each message, by their table where it is there."""
    named: dict[int, list[str]] = {}
    if table is not None:
        its_numbers, recipients = table.columns("number", "recipient")
        if its_numbers == numbers and len(set(its_numbers)) == len(its_numbers):  # one each, as it is with most mail
            return [(recipient,) for recipient in recipients]
        for number, recipient in zip(its_numbers, recipients, strict=True):
            named.setdefault(number, []).append(recipient)
    joined = messages.columns("recipients")[0] if len(named) < len(numbers) else [None] * len(numbers)
    return [
        tuple(named.get(number) or [part for part in (text or "").split(", ") if part])
        for number, text in zip(numbers, joined, strict=True)
    ]


_NONE: Mapping[Place, Outcome] = {}


def _outcomes(
    actions: TableCells | None, effects: TableCells | None, numbers: Sequence[int], messages: TableCells
) -> list[Mapping[Place, Outcome]]:
    """What did not simply succeed, of each message: effects that failed, and functions that ended something."""
    outcomes: dict[int, dict[Place, Outcome]] = {}
    if effects is not None:
        for row in effects.rows(effects.where(outcome="fail")):
            outcomes.setdefault(row["number"], {})[_place(row, row["operation"])] = Outcome(error=row["reason"] or SAYS)
    if actions is not None and (ended := actions.where(action="LambdaAction", outcome="stop")):
        stopped_by = dict(zip(numbers, messages.columns("stopped_by")[0], strict=True))
        for row in actions.rows(ended):
            flow = Flow.STOP_RULE_SET if stopped_by.get(row["number"]) == row["rule"] else Flow.STOP_RULE
            outcome = Outcome(flow=flow, reason=SAYS, value={"disposition": flow.value})
            outcomes.setdefault(row["number"], {})[_place(row, Invoke.operation)] = outcome
    return [outcomes.get(number, _NONE) for number in numbers]


def _place(row: Mapping[str, Any], operation: str) -> Place:
    return row["rule"], int(row["position"]) - 1, operation
