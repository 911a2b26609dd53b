"""Messages out of the tables of a replay, judged again: envelope and verdicts are in them, the messages are not.

In the place of each message stands one of the same size with its subject alone. SPF, DKIM, DMARC and the scanners are
not asked: their verdicts are taken over, and so is what functions answered and which effects failed. What the tables do
not tell is PROCESSING_FAILED, with that reason; `notes` says for how many.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from sesreceive.account.account import Account
from sesreceive.auth.dmarc import organizational_domain
from sesreceive.auth.forced import forced
from sesreceive.auth.results import (
    AuthenticationResults,
    DkimResult,
    DkimStatus,
    DmarcPolicy,
    DmarcResult,
    DmarcStatus,
    SpfResult,
    SpfStatus,
)
from sesreceive.effects import Effect, Flow, Invoke, Outcome
from sesreceive.errors import InputError, MissingExtraError, one_line
from sesreceive.lab.known_mail import Fact, listed
from sesreceive.mail.address import domain_of
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.report.columns import report_table
from sesreceive.report.table import Column
from sesreceive.scan.scanner import Finding, Subject
from sesreceive.stages.scanning import ScanResults
from sesreceive.stages.taken_over import TakenOver
from sesreceive.verdict import Verdict
from sesreceive.wording import count, expected, is_whole

if TYPE_CHECKING:
    import pandas as pd

    from sesreceive.report import Report

__all__ = ["ReceivedTables", "are_tables"]

_SAYS, _SILENT = (
    "as the table of the replay says",
    "the table of the replay does not tell, and the message is not in it",
)
# What is read of each table; a folder may lack all but the first.
_COLUMNS = {
    "messages": (
        "number", "message", "message_id", "received_at", "client_ip", "helo", "tls", "mail_from", "recipients",
        "subject", "size_bytes", "accepted", "spf", "dkim", "dmarc", "dmarc_policy", "spam", "virus", "spf_result",
        "stopped_by",
    ),
    "recipients": ("number", "recipient"),
    "actions": ("number", "rule", "position", "action", "outcome"),
    "effects": ("number", "rule", "position", "operation", "outcome", "reason"),
}  # fmt: skip
# Beyond this a stand-in is no longer: every limit but that of a whole message is below it.
_LONGEST = 1_000_000
_NO_ID = "0" * 40
# Rows that are read at once, and kept for the next account.
_TOGETHER = 2_000
# One of these signs in a text, and each row is looked at: it may be what no session could say.
_UNSAYABLE = "\r\n\0>"

# Rule, position of the action in it, and operation.
_Place: TypeAlias = tuple[str, int, str]


def are_tables(path: Path) -> bool:
    """Whether a folder holds the tables of a replay as Parquet files."""
    return (path / "messages.parquet").exists() or any(path.glob("messages/*.parquet"))


@dataclass(frozen=True, slots=True)
class _Row:
    """What the tables tell of one message."""

    message: Mapping[str, Any]
    recipients: tuple[str, ...]
    outcomes: Mapping[_Place, Outcome]


class ReceivedTables:
    """The messages of a replay, of which the tables are left.

    Parameters
    ----------
    tables : mapping of str to DataFrame
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
        When a table lacks a column, or a row says what no SMTP session could say.
    """

    def __init__(self, tables: Mapping[str, pd.DataFrame], receiver: Receiver) -> None:
        self._receiver = receiver
        messages = tables["messages"]
        for name, table in tables.items():
            _refuse_columns(table, name)
        if "error" in messages:
            messages = messages[messages["error"].fillna("") == ""]
        for name, table in tables.items():
            _refuse_cells(messages if name == "messages" else table, name)
        self._messages = messages.reset_index(drop=True)
        # Of most columns the cells are read for the few messages that are judged; these are read of all.
        numbers = _cells(messages, "number")
        self._recipients = _recipients(tables.get("recipients"), numbers, messages)
        self._outcomes = _outcomes(tables.get("actions"), tables.get("effects"), numbers, messages)
        self._kept: dict[int, _Row] = {}
        self._missing = tuple(name for name in _COLUMNS if name not in tables)
        self._refuse_unsayable()

    @classmethod
    def of_report(cls, report: Report, receiver: Receiver) -> ReceivedTables:
        """Those of a report that kept no receptions."""
        return cls({name: report.frame(name) for name in _COLUMNS}, receiver)

    @classmethod
    def read(cls, folder: Path, receiver: Receiver) -> ReceivedTables:
        """Those of a folder, which `Report.to_parquet` or a replay wrote.

        Raises
        ------
        InputError
            When a file cannot be read, or lacks a column.
        MissingExtraError
            When pyarrow is not installed.
        """
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise MissingExtraError("pyarrow", extra="parquet", purpose="reading the tables of a replay") from None
        tables = {name: _read(folder, name) for name in _COLUMNS}
        return cls({name: table for name, table in tables.items() if table is not None}, receiver)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not known, a sentence each."""
        refused = int((~self._messages["accepted"].fillna(False).astype(bool)).sum())
        standing_in = (
            "the messages are not in the tables: one of the same size with its subject stands in the place of each, "
            "and what SES and the scanners found out about them is taken over"
        )
        told = [standing_in]
        if refused:
            told.append(
                f"of {count(refused, 'message')} that were refused no verdict is known: PROCESSING_FAILED stands for it"
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
        cells = [
            _cells(self._messages, name) for name in ("message", "size_bytes", "client_ip", "mail_from", "tls")
        ]  # fmt: skip
        for name, size, client_ip, mail_from, tls, rcpt_to, outcomes in zip(
            *cells, self._recipients, self._outcomes, strict=True
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
            scanners=(_Silent(),),
            provider_lists=self._receiver.provider_lists,
            assumptions=self._receiver.assumptions,
            bounds=self._receiver.bounds,
            permissions=self._receiver.permissions,
            seed=0,
        )
        wanted = list(range(len(self)) if numbers is None else numbers)
        for start in range(0, len(wanted), _TOGETHER):
            for row in self._rows(wanted[start : start + _TOGETHER]):
                yield _received(receiver, row)

    def _rows(self, numbers: Sequence[int]) -> Iterator[_Row]:
        if new := [number for number in numbers if number not in self._kept]:
            if len(self._kept) + len(new) > _TOGETHER:
                self._kept.clear()
                new = list(numbers)
            for number, message in zip(new, _records(self._messages.iloc[new], "messages"), strict=True):
                self._kept[number] = _Row(message, self._recipients[number], self._outcomes[number])
        return map(self._kept.__getitem__, numbers)

    def _refuse_unsayable(self) -> None:
        """Raise InputError for a row that no session could say; of all that is usual nothing is made for it."""
        texts = [self._messages[name].dropna().unique() for name in ("client_ip", "helo", "mail_from")]
        try:
            everything = "".join(["".join(cells) for cells in texts] + ["".join(map("".join, self._recipients))])
        except TypeError:  # a cell that is no text
            everything = _UNSAYABLE
        times = getattr(self._messages["received_at"].dtype, "tz", None)
        if times is not None and not any(sign in everything for sign in _UNSAYABLE):
            for client_ip in texts[0]:
                Envelope(client_ip=client_ip)
            return
        for start in range(0, len(self), _TOGETHER):
            for row in self._rows(range(start, min(start + _TOGETHER, len(self)))):
                _envelope(row)


@dataclass(frozen=True, slots=True)
class _Silent:
    """A scanner that has no message to look at."""

    name: str = "tables"

    def scan(self, message: Message, envelope: Envelope) -> Iterator[Finding]:
        """That nothing is known."""
        for subject in Subject:
            yield Finding(subject, Verdict.PROCESSING_FAILED, _SILENT)


@dataclass(frozen=True, slots=True)
class _Remembered:
    """A backend in which each effect comes to what it came to in the replay; new ones succeed."""

    outcomes: Mapping[_Place, Outcome]

    def perform(self, effect: Effect) -> Outcome:
        """The outcome."""
        return self.outcomes.get((effect.rule, effect.action, effect.operation), _DONE)


_DONE = Outcome()


def _envelope(row: _Row) -> Envelope:
    said = row.message
    return Envelope(
        client_ip=said["client_ip"] or "",
        helo=said["helo"] or "localhost",
        mail_from=said["mail_from"] or "",
        rcpt_to=row.recipients,
        tls=bool(said["tls"]),
        received_at=said["received_at"],
    )


def _received(receiver: Receiver, row: _Row) -> Reception:
    said, envelope = row.message, _envelope(row)
    size = int(said["size_bytes"])
    header = f"Subject: {one_line(said['subject'], 200)}\r\n\r\n".encode("utf-8", "replace")
    raw = (header + b"x" * max(0, min(size, _LONGEST) - len(header)))[:size]
    receiver.backend = _Remembered(row.outcomes)
    drawn = said["message_id"] or _NO_ID, 0.0
    submission = receiver.submit(Message(raw, size_bytes=size), envelope, name=said["message"], drawn=drawn)
    return receiver.process(submission, known=TakenOver(authentication=_results(said, envelope), scan=_scan(said)))


def _results(said: Mapping[str, Any], envelope: Envelope) -> AuthenticationResults:
    """The results that lead to the verdicts in the table."""
    domain = domain_of(envelope.mail_from)
    known = bool(said["spf"])
    reason = _SAYS if known else _SILENT
    spf = SpfResult(
        status=SpfStatus(said["spf_result"] or "temperror") if known else SpfStatus.TEMPERROR,
        domain=domain,
        envelope_from=envelope.mail_from or f"postmaster@{envelope.helo}",
        client_ip=envelope.client_ip,
        helo=envelope.helo,
        reason=reason,
    )
    # The author is not in the table; a name that nobody has lets the verdict stand for some author's signature.
    author = domain or "author.invalid"
    policy = DmarcPolicy(said["dmarc_policy"]) if said["dmarc_policy"] else None
    dmarc = DmarcResult(
        status=DmarcStatus.NONE if known else DmarcStatus.TEMPERROR,
        domain=author,
        organizational_domain=organizational_domain(author),
        policy=policy,
        reason=reason,
    )
    failed = (DkimResult(status=DkimStatus.TEMPERROR, domain=author, identity=f"@{author}", reason=reason),)
    results = AuthenticationResults(spf=spf, dkim=() if known else failed, dmarc=dmarc)
    if not known:
        return results
    return forced(
        results, spf=said["spf"], dkim=said["dkim"], dmarc=said["dmarc"], dmarc_policy=said["dmarc_policy"] or ""
    )


def _scan(said: Mapping[str, Any]) -> ScanResults | None:
    """What the scanners found; None where nothing was scanned."""
    if not said["spam"] or Verdict.DISABLED in (said["spam"], said["virus"]):
        return None
    spam, virus = Verdict(said["spam"]), Verdict(said["virus"])
    findings = (Finding(Subject.SPAM, spam, _SAYS), Finding(Subject.VIRUS, virus, _SAYS))
    return ScanResults(spam=spam, virus=virus, findings=findings)


# ------------------------------------------------------------------ the tables


def _read(folder: Path, name: str) -> pd.DataFrame | None:
    """The columns of a table that are wanted here; None where there is no file of it."""
    import pandas as pd
    import pyarrow.parquet as pq

    path = folder / f"{name}.parquet"
    paths = [path] if path.exists() else sorted((folder / name).glob("*.parquet"))
    if not paths:
        return None
    wanted = {*_COLUMNS[name], "error"}
    frames = []
    try:
        for one in paths:
            columns = [column for column in pq.read_schema(one).names if column in wanted]
            frames.append(pd.read_parquet(one, engine="pyarrow", columns=columns))
    except (OSError, ValueError) as error:  # pyarrow's errors are of these two
        raise InputError(
            f"cannot read the table `{one_line(name)}` in `{one_line(folder)}`: {one_line(error)}"
        ) from None
    whole: pd.DataFrame = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    return whole


def _refuse_columns(table: pd.DataFrame, name: str) -> None:
    if missing := [column for column in _COLUMNS[name] if column not in table]:
        raise InputError(f"expected the column `{missing[0]}` in the table `{name}` of a replay but there is none")


def _refuse_cells(table: pd.DataFrame, name: str) -> None:
    """Raise InputError for a cell that is none of its column; columns that are as declared are not looked through."""
    declared = {column.name: column for column in report_table(name).columns}
    for column in _COLUMNS[name]:
        kind = declared[column]
        if _is_as_declared(table[column], kind):
            continue
        for cell in _cells(table, column):
            if not _fits(kind, cell):
                words = f"one of {', '.join(kind.categories)}" if kind.categories else _WORDS[kind.dtype]
                raise InputError(f"table `{name}` of a replay, column `{column}`: {expected(words, cell)}")


def _is_as_declared(cells: pd.Series[Any], column: Column) -> bool:
    """Whether the dtype says already that each cell fits."""
    dtype: Any = cells.dtype
    if column.dtype == "category":
        return dtype == "category" and set(dtype.categories) <= set(column.categories)
    if column.dtype == "Int64":
        return dtype == "Int64" and not cells.hasnans and bool((cells >= 0).all())
    return str(dtype) == column.dtype


# What a cell of each dtype is.
_WORDS = {
    "string": "text", "Int64": "a whole number from 0", "boolean": "true or false", "datetime64[ms, UTC]": "a time",
}  # fmt: skip


def _fits(column: Column, cell: Any) -> bool:
    """Whether a cell can stand in a column; a number is never missing in those that are read."""
    if column.dtype == "Int64":
        # Who writes a table anew may have made floats of whole numbers.
        return is_whole(int(cell) if isinstance(cell, float) and cell.is_integer() else cell, 0)
    if cell is None:
        return True
    if column.dtype == "category":
        return isinstance(cell, str) and cell in column.categories
    kind = {"string": str, "boolean": bool, "datetime64[ms, UTC]": datetime}[column.dtype]
    return isinstance(cell, kind)


def _cells(table: pd.DataFrame, column: str) -> list[Any]:
    """A column as a list; what is missing is None."""
    cells = table[column].astype(object)
    made: list[Any] = (cells.where(cells.notna(), None) if cells.hasnans else cells).tolist()
    return made


def _records(table: pd.DataFrame, name: str) -> Iterator[dict[str, Any]]:
    """The rows as dictionaries; what is missing is None."""
    wanted = _COLUMNS[name]
    columns = [_cells(table, column) for column in wanted] if len(table) else []
    return (dict(zip(wanted, row, strict=True)) for row in zip(*columns, strict=True))


def _recipients(table: pd.DataFrame | None, numbers: Sequence[int], messages: pd.DataFrame) -> list[tuple[str, ...]]:
    """Those of each message, by their table where it is there."""
    named: dict[int, list[str]] = {}
    if table is not None:
        for number, recipient in zip(_cells(table, "number"), _cells(table, "recipient"), strict=True):
            named.setdefault(number, []).append(recipient)
    joined = _cells(messages, "recipients") if len(named) < len(numbers) else [None] * len(numbers)
    return [
        tuple(named.get(number) or [part for part in (text or "").split(", ") if part])
        for number, text in zip(numbers, joined, strict=True)
    ]


_NONE: Mapping[_Place, Outcome] = {}


def _outcomes(
    actions: pd.DataFrame | None, effects: pd.DataFrame | None, numbers: Sequence[int], messages: pd.DataFrame
) -> list[Mapping[_Place, Outcome]]:
    """What did not simply succeed, of each message: effects that failed, and functions that ended something."""
    outcomes: dict[int, dict[_Place, Outcome]] = {}
    if effects is not None:
        for one in _records(effects[effects["outcome"] == "fail"], "effects"):
            place = one["rule"], int(one["position"]) - 1, one["operation"]
            outcomes.setdefault(one["number"], {})[place] = Outcome(error=one["reason"] or _SAYS)
    if actions is not None:
        ended = actions[actions["outcome"] == "stop"]
        ended = ended[ended["action"] == "LambdaAction"]
        stopped_by = dict(zip(numbers, _cells(messages, "stopped_by"), strict=True)) if len(ended) else {}
        for one in _records(ended, "actions"):
            flow = Flow.STOP_RULE_SET if stopped_by.get(one["number"]) == one["rule"] else Flow.STOP_RULE
            place = one["rule"], int(one["position"]) - 1, Invoke.operation
            outcome = Outcome(flow=flow, reason=_SAYS, value={"disposition": flow.value})
            outcomes.setdefault(one["number"], {})[place] = outcome
    return [outcomes.get(number, _NONE) for number in numbers]
