"""What became of many messages: tables, a matrix, and the receptions behind them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from sesreceive._html import escape, frame, mark, table
from sesreceive.account.account import Account
from sesreceive.account.wording import count, expected
from sesreceive.effects.encoded_words import decode_words
from sesreceive.errors import InputError, one_line
from sesreceive.mail.reply import Reply
from sesreceive.reception import Reception
from sesreceive.trace import files
from sesreceive.trace.columns import CELLS, TABLES
from sesreceive.trace.columns import table as declared
from sesreceive.trace.events import Kind, Op, Stage
from sesreceive.trace.frames import Tables, clean
from sesreceive.trace.grid import grid, matrix_grid
from sesreceive.trace.rows import Row, Rows, join, trace_rows
from sesreceive.trace.text import Explanation
from sesreceive.verdict import Verdict

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Report", "rows_of"]

# Rows of an HTML table, and of the text in its place.
_SHOWN, _SHOWN_AS_TEXT = 200, 20
# Characters of a subject that are decoded, and that are shown.
_SUBJECT_READ, _SUBJECT = 2_000, 200
_VERDICTS = ("spf", "dkim", "dmarc", "spam", "virus")


def rows_of(reception: Reception) -> Rows:
    """The rows of one message, for every table, without its number and name; all tables are made of these.

    Examples
    --------
    >>> import sesreceive as ses
    >>> account = ses.Account(identities=("example.com",), filters=(ses.ReceiptFilter.block("192.0.2.1", name="me"),))
    >>> reception = ses.Receiver(account, seed=1).receive(b"", rcpt_to=["ana@example.com"])
    >>> [(name, len(rows)) for name, rows in rows_of(reception).items()]
    [('messages', 1), ('recipients', 1), ('filters', 1), ('rules', 0), ('actions', 0), ('effects', 0), ('events', 5)]
    """
    rows = trace_rows(reception.trace, stopped_by=reception.stopped_by)
    rows["recipients"] = _recipient_rows(reception)
    rows["effects"] = _effect_rows(reception)
    rows["messages"] = [_message_row(reception, rows)]
    return rows


def _message_row(reception: Reception, rows: Rows) -> Row:
    envelope, verdicts, results = reception.envelope, reception.verdicts, reception.authentication
    fired = [row[1] for row in rows["rules"] if row[2] is Op.MATCH]
    ran = [row[2] for row in rows["actions"] if row[3] in (Op.EFFECT, Op.STOP)]
    done = [row[2] for row in rows["effects"] if row[4] is Op.EFFECT]
    return (
        reception.message_id, reception.received_at, envelope.client_ip, envelope.helo, envelope.tls,
        envelope.mail_from, join(envelope.rcpt_to), _subject(reception), len(reception.message.raw),
        reception.accepted, str(reception.reply), reception.decision.decided_by,
        *((verdicts.spf, verdicts.dkim, verdicts.dmarc, verdicts.dmarc_policy or None, verdicts.spam, verdicts.virus)
          if verdicts else [None] * 6),
        *((results.spf.status, join(one.status for one in results.dkim), results.dmarc.status)
          if results else (None, "", None)),
        join(fired), join(ran), join(done), len([row for row in rows["actions"] if row[3] is Op.FAIL]),
        reception.stopped_by,
        _because(reception, rows),
    )  # fmt: skip


def _because(reception: Reception, rows: Rows) -> str:
    """The reason that decided: of the refusal, else of the first action that failed, else of the first rule."""
    if not reception.accepted:
        refused = [one.reason for one in reception.recipients if one.reply == reception.reply]
        return refused[-1] if refused else reception.reply.text
    failed = [row[-1] for row in rows["actions"] if row[3] is Op.FAIL]
    fired = [row[-1] for row in rows["rules"] if row[2] is Op.MATCH]
    looked_at = [row[-1] for row in rows["rules"][-1:]]
    return next(iter([*failed, *fired, *looked_at]), "")


def _subject(reception: Reception) -> str:
    subject = reception.message.get("Subject") or ""
    return one_line(decode_words(subject[:_SUBJECT_READ]), _SUBJECT)


def _recipient_rows(reception: Reception) -> list[Row]:
    fired: dict[str, list[str]] = {}
    for event in reception.trace:
        if event.kind is Kind.RULE and event.op is Op.MATCH and event.stage is Stage.EVALUATION:
            for recipient in event.data["recipients"]:
                fired.setdefault(recipient, []).append(event.subject)
    return [
        (
            one.recipient, one.accepted, str(one.reply), one.reply.code, join(one.rules),
            join(fired.get(one.recipient, ()) if one.accepted else ()), one.reason,
        )
        for one in reception.recipients
    ]  # fmt: skip


def _effect_rows(reception: Reception) -> list[Row]:
    rows: list[Row] = []
    for done in reception.performed:
        effect, outcome = done.effect, done.outcome
        reason = outcome.error or effect.describe() + (f": {outcome.reason}" if outcome.reason else "")
        attempts = len(done.errors) + (not outcome.failed)
        rows.append((
            effect.rule, effect.action + 1, effect.operation, effect.target, Op.FAIL if outcome.failed else Op.EFFECT,
            attempts, done.at_s, done.waited_s, reason,
        ))  # fmt: skip
    return rows


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
    >>> report.matrix()
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
        self._receptions: list[Reception] = []
        self._tables = Tables()
        # The columns of the matrix, in the order of the configurations met; a dict because it keeps order.
        self._layout: dict[str, None] = {}
        self._laid_out: Account | None = None
        self._frames: dict[str, tuple[int, pd.DataFrame]] = {}
        for reception in receptions:
            self.add(reception)

    # ------------------------------------------------------------------ what is in it

    def add(self, reception: Reception) -> None:
        """Append one message."""
        if self.keep:
            self._receptions.append(reception)  # its rows are made when a table is asked for
        else:
            self._tabulate(reception)

    def extend(self, other: Report) -> None:
        """Append the messages of another report; their numbers go on where these end.

        Raises
        ------
        InputError
            When this report keeps receptions and the other one has none to give.
        """
        if self.keep and not other.keep:
            raise InputError("a report that keeps receptions cannot take over one that was made with keep=False")
        if self.keep:
            self._receptions.extend(other._receptions)
        else:
            other._tables_now()
            self._tables.extend(other._tables)
            self._layout |= other._layout
        self.interrupted = self.interrupted or other.interrupted

    def __len__(self) -> int:
        """Number of messages."""
        return len(self._receptions) if self.keep else len(self._tables)

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
        KeyError
            When there is none of that name; of several the first is given.
        IndexError
            When there are fewer messages.
        InputError
            When the report was made with ``keep=False``.
        """
        kept = self._kept()
        if isinstance(key, slice):
            return Report(kept[key])
        if not isinstance(key, str):
            return kept[key]
        for reception in kept:
            if key in (reception.name, reception.message_id) and key:
                return reception
        raise KeyError(expected("the name, message id or number of a message", key, self.names))

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
            return self._receptions == other._receptions
        return self._tables_now() == other._tables_now() and self._layout == other._layout

    __hash__ = None  # type: ignore[assignment]  # it grows

    @property
    def names(self) -> list[str]:
        """What the tables call each message: its name, or ``#`` and its number."""
        names = [one.name for one in self._receptions] if self.keep else self._tables.names
        return [name or f"#{number}" for number, name in enumerate(names)]

    def explain(self, key: str | int, *, full: bool = False) -> Explanation:
        """Why everything happened to one message; see `Reception.explain`."""
        return self[key].explain(full=full)

    # ------------------------------------------------------------------ tables

    @property
    def messages(self) -> pd.DataFrame:
        """One row a message, as received: envelope, answer, verdicts, what fired; see ``describe("messages")``."""
        return self.frame("messages")

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

    def frame(self, name: str) -> pd.DataFrame:
        """One of the tables by name; a copy, so changing it changes nothing here.

        Raises
        ------
        KeyError
            When there is no such table.
        """
        size, made = self._frames.get(name, (-1, None))
        if size != len(self) or made is None:
            made = self._tables_now().frame(name)
            self._frames[name] = (len(self), made)
        return made.copy()

    def matrix(self) -> pd.DataFrame:
        """Messages × filters, rules and actions: what each came to.

        Returns
        -------
        pandas.DataFrame
            One row a message, as received; the index `message` is its name. One column a filter (``filter:NAME``),
            then a provider list (``provider list:NAME``), then a rule (``rule:NAME``), each followed by its actions
            (``action:RULE/KIND#POSITION``, positions from 1), in the order of the configuration. A cell is a category:
            ``match``, ``miss`` or ``skip`` for a filter or rule; ``effect`` (it ran), ``stop`` (it ran and ended the
            evaluation of rule or rule set), ``fail`` or ``skip`` for an action; empty where the message never got
            that far. Without messages there are no rows and no columns.
        """
        import numpy as np
        import pandas as pd

        tables = self._tables_now()
        cells = list(tables.cells())
        places = {name: place for place, name in enumerate(self._columns(name for _, name, _ in cells))}
        words = {word: number for number, word in enumerate(CELLS)}
        codes = np.zeros((len(places), len(self)), dtype=np.int8)
        for number, name, word in cells:
            codes[places[name], number] = words[word]
        kind = pd.CategoricalDtype(list(CELLS))
        index = pd.Index(clean(self.names), name="message", dtype="string")
        data = {name: pd.Categorical.from_codes(codes[place], dtype=kind) for name, place in places.items()}
        return pd.DataFrame(data, index=index, columns=pd.Index(list(places), dtype="object"))

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
            Name of the table, or ``matrix``.
        limit : int, optional
            Rows at most; a last line says how many there are.
        width : int, optional
            Characters a line may have; that of the terminal by default.
        """
        width = shutil.get_terminal_size((140, 24)).columns if width is None else width
        if table == "matrix":
            matrix = self.matrix().iloc[:limit]
            rows = zip(matrix.index, matrix.astype("object").to_numpy().tolist(), strict=True)
            text = matrix_grid(list(matrix.columns), rows)
            shown, total = len(matrix), len(self)
        elif table == "messages":
            total, shown = len(self), min(len(self), len(self) if limit is None else limit)
            text = grid(_OVERVIEW, self._overview(shown), width=width, drop=_DROPPED)
        else:
            data = self._tables_now().data(table)
            columns = declared(table).names[1:]
            total = self._tables_now().length(table)
            shown = total if limit is None else min(limit, total)
            text = grid(columns, zip(*(data[name][:shown] for name in columns), strict=True), width=width)
        return f"{text}\nshowing {shown} of {total}" if shown < total else text

    def __repr__(self) -> str:
        """One line: how many messages, and what became of them."""
        tables = self._tables_now()
        accepted = sum(tables.column("messages", "accepted"))
        fired = sum(outcome == Op.MATCH for outcome in tables.column("rules", "outcome"))
        effects = sum(outcome == Op.EFFECT for outcome in tables.column("effects", "outcome"))
        stopped = ", interrupted" if self.interrupted else ""
        return (
            f"<Report of {count(len(self), 'message')}: {accepted} accepted, {len(self) - accepted} refused, "
            f"{count(fired, 'rule')} fired, {count(effects, 'effect')}{stopped}>"
        )

    def _repr_html_(self) -> str:
        """The messages as a small table, escaped, with text for front ends that take styles away."""
        rows = ([_html(name, cell) for name, cell in zip(_OVERVIEW, row, strict=True)] for row in self._overview())
        rich = table(_OVERVIEW, rows, caption=repr(self)[1:-1], limit=_SHOWN)
        text = f"{self!r}\n{self.to_text(limit=_SHOWN_AS_TEXT, width=160)}"
        return frame(text, rich)

    def _ipython_key_completions_(self) -> list[str]:
        """The names of the messages, for completion in a notebook."""
        return self.names

    # ------------------------------------------------------------------ inside

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the frames, for another process."""
        return {**self.__dict__, "_frames": {}}

    def _kept(self) -> list[Reception]:
        if not self.keep:
            raise InputError("this report was made with keep=False, so it has tables but no receptions")
        return self._receptions

    def _tabulate(self, reception: Reception) -> None:
        if reception.account is not self._laid_out:
            self._laid_out = reception.account
            self._layout |= dict.fromkeys(_layout(reception.account))
        self._tables.add(reception.name, rows_of(reception))

    def _tables_now(self) -> Tables:
        """The tables, with the receptions that came since the last time."""
        for reception in self._receptions[len(self._tables) :]:
            self._tabulate(reception)
        return self._tables

    def _columns(self, seen: Iterable[str]) -> list[str]:
        """The columns of the matrix: filters, provider lists, rules with their actions."""
        everything = dict.fromkeys((*self._layout, *seen))
        return sorted(everything, key=lambda name: _GROUPS.get(name.partition(":")[0], len(_GROUPS)))

    def _everything(self) -> dict[str, pd.DataFrame]:
        return {**{one.name: self.frame(one.name) for one in TABLES}, "matrix": self.matrix()}

    def _overview(self, limit: int | None = None) -> Iterator[Sequence[Any]]:
        """Of each message what one wants to see first."""
        data = self._tables_now().data("messages")
        for number in range(len(self) if limit is None else limit):
            row = {name: values[number] for name, values in data.items()}
            answer = Reply.parse(row["reply"])
            yield (
                row["message"], row["mail_from"] or "<>", row["recipients"], f"{answer.code} {answer.enhanced}".strip(),
                _checks(row), row["rules"], row["actions"].replace("Action", ""), row["reason"],
            )  # fmt: skip


_OVERVIEW = ("message", "from", "to", "answer", "checks", "rules", "actions", "because")
# Characters of a cell in HTML, where it is not 200.
_WIDEST = {"from": 32, "to": 32, "rules": 80, "actions": 80}
# What a narrow terminal has to do without, first thing first.
_DROPPED = ("from", "to", "actions", "checks")
# Filters stand first in the matrix; a rule and its actions keep the order of the configuration.
_GROUPS = {str(Kind.FILTER): 0, str(Kind.PROVIDER_LIST): 1}


def _layout(account: Account) -> Iterator[str]:
    """The columns of the matrix that a configuration has."""
    for item in account.filters:
        yield f"{Kind.FILTER}:{item.name}"
    active = account.active_rule_set
    for rule in active.rules if active else ():
        yield f"{Kind.RULE}:{rule.name}"
        for position, action in enumerate(rule.actions, start=1):
            yield f"{Kind.ACTION}:{rule.name}/{type(action).__name__}#{position}"


def _checks(row: dict[str, Any]) -> str:
    """The verdicts that are not PASS, in a few words; DISABLED is no finding."""
    found = [f"{name} {row[name]}" for name in _VERDICTS if row[name] not in (None, Verdict.PASS, Verdict.DISABLED)]
    if row["dmarc_policy"]:
        found = [f"{one} ({row['dmarc_policy']})" if one.startswith("dmarc") else one for one in found]
    return ", ".join(found) or ("all PASS" if row["accepted"] else "")


def _html(column: str, cell: Any) -> str:
    if column == "answer":
        return mark(f"✓ {cell}", "good") if str(cell).startswith("2") else mark(f"✗ {cell}", "bad")
    return escape(cell, _WIDEST.get(column, 200))
