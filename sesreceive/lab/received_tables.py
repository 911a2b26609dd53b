"""Messages out of the tables of a replay, judged again: envelope and verdicts are in them, the messages are not.

In the place of each message stands one of the same size with its subject alone. SPF, DKIM, DMARC and the scanners are
not asked: their verdicts are taken over, and so is what functions answered and which effects failed. What the tables do
not tell is PROCESSING_FAILED, with that reason; `notes` says for how many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    "effects": ("number", "rule", "position", "operation", "target", "outcome", "reason"),
}  # fmt: skip
# Beyond this a stand-in is no longer: every limit but that of a whole message is below it.
_LONGEST = 1_000_000
_NO_ID = "0" * 40


def are_tables(path: Path) -> bool:
    """Whether a folder holds the tables of a replay as Parquet files."""
    return (path / "messages.parquet").exists() or any(path.glob("messages/*.parquet"))


@dataclass(frozen=True, slots=True)
class _Row:
    """What the tables tell of one message."""

    message: Mapping[str, Any]
    recipients: tuple[str, ...]
    outcomes: Mapping[tuple[str, int, str], Outcome] = field(default_factory=dict)


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
    """

    def __init__(self, tables: Mapping[str, pd.DataFrame], receiver: Receiver) -> None:
        self._receiver = receiver
        messages = tables["messages"]
        if "error" in messages:
            messages = messages[messages["error"].fillna("") == ""]
        recipients = _grouped(tables.get("recipients"), "recipients")
        actions = _grouped(tables.get("actions"), "actions")
        effects = _grouped(tables.get("effects"), "effects")
        self._rows = tuple(
            _Row(
                message=row,
                recipients=tuple(one["recipient"] for one in recipients.get(row["number"], ()))
                or tuple(part for part in row["recipients"].split(", ") if part),
                outcomes=_outcomes(row, actions.get(row["number"], ()), effects.get(row["number"], ())),
            )
            for row in _records(messages, "messages")
        )
        self._missing = tuple(name for name in _COLUMNS if name not in tables)

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
        refused = sum(not row.message["accepted"] for row in self._rows)
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
        return len(self._rows)

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
        for number in range(len(self._rows)) if numbers is None else numbers:
            yield _received(receiver, self._rows[number])


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

    outcomes: Mapping[tuple[str, int, str], Outcome]

    def perform(self, effect: Effect) -> Outcome:
        """The outcome."""
        return self.outcomes.get((effect.rule, effect.action, effect.operation), _DONE)


_DONE = Outcome()


def _received(receiver: Receiver, row: _Row) -> Reception:
    said = row.message
    envelope = Envelope(
        client_ip=said["client_ip"] or "",
        helo=said["helo"] or "localhost",
        mail_from=said["mail_from"] or "",
        rcpt_to=row.recipients,
        tls=bool(said["tls"]),
        received_at=said["received_at"],
    )
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


def _outcomes(
    said: Mapping[str, Any], actions: Iterable[Mapping[str, Any]], effects: Iterable[Mapping[str, Any]]
) -> Mapping[tuple[str, int, str], Outcome]:
    """What did not simply succeed: effects that failed, and functions that ended something."""
    outcomes = {
        (one["rule"], int(one["position"]) - 1, one["operation"]): Outcome(error=one["reason"] or _SAYS)
        for one in effects
        if one["outcome"] == "fail"
    }
    for one in actions:
        if one["action"] == "LambdaAction" and one["outcome"] == "stop":
            flow = Flow.STOP_RULE_SET if said["stopped_by"] == one["rule"] else Flow.STOP_RULE
            key = one["rule"], int(one["position"]) - 1, Invoke.operation
            outcomes[key] = Outcome(flow=flow, reason=_SAYS, value={"disposition": flow.value})
    return outcomes


# ------------------------------------------------------------------ the tables


def _read(folder: Path, name: str) -> pd.DataFrame | None:
    import pandas as pd

    path = folder / f"{name}.parquet"
    paths = [path] if path.exists() else sorted((folder / name).glob("*.parquet"))
    if not paths:
        return None
    try:
        frames = [pd.read_parquet(one, engine="pyarrow") for one in paths]
    except (OSError, ValueError) as error:  # pyarrow's errors are of these two
        raise InputError(
            f"cannot read the table `{one_line(name)}` in `{one_line(folder)}`: {one_line(error)}"
        ) from None
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)


def _records(table: pd.DataFrame, name: str) -> list[dict[str, Any]]:
    """The rows as dictionaries; what is missing is None."""
    wanted = _COLUMNS[name]
    if missing := [column for column in wanted if column not in table]:
        raise InputError(f"expected the column `{missing[0]}` in the table `{name}` of a replay but there is none")
    columns: list[list[Any]] = [
        table[column].astype(object).where(table[column].notna(), None).tolist() for column in wanted
    ]
    declared = {column.name: column for column in report_table(name).columns}
    for column, cells in zip(wanted, columns, strict=True):
        kind = declared[column]
        if (wrong := next((cell for cell in cells if not _fits(kind, cell)), kind)) is not kind:
            words = f"one of {', '.join(kind.categories)}" if kind.categories else _WORDS[kind.dtype]
            raise InputError(f"table `{name}` of a replay, column `{column}`: {expected(words, wrong)}")
    return [dict(zip(wanted, row, strict=True)) for row in zip(*columns, strict=True)]


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


def _grouped(table: pd.DataFrame | None, name: str) -> dict[int, list[dict[str, Any]]]:
    """The rows of each message."""
    groups: dict[int, list[dict[str, Any]]] = {}
    for row in _records(table, name) if table is not None else ():
        groups.setdefault(row["number"], []).append(row)
    return groups
