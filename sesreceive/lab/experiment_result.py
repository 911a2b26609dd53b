"""What an experiment came to: outcomes by variant, the messages that end otherwise and why, the cost, the pictures."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sesreceive import _html
from sesreceive.analysis.reasons import Reason
from sesreceive.errors import InputError, UnknownNameError, one_line
from sesreceive.lab.ends import KINDS
from sesreceive.lab.variant import Mail, Variant
from sesreceive.plot.tallies import short_target
from sesreceive.reading.changes import Where
from sesreceive.report.cost import Prices
from sesreceive.report.frames import frame_of_rows
from sesreceive.report.grid import grid
from sesreceive.report.plain_table import has_pandas
from sesreceive.shown import Shown
from sesreceive.wording import count, either, expected

if TYPE_CHECKING:
    import pandas as pd

    from sesreceive.plot.variant_pictures import VariantPictures

__all__ = ["Experiment"]

# What the table of messages says of an end.
_END = {
    "accepted": "boolean", "reply": "string", "rules": "string", "effects": "string", "failed": "Int64",
    "stopped_by": "string",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, repr=False)
class Experiment(Shown):
    """One corpus under several accounts.

    Attributes
    ----------
    variants : tuple of Variant
        The accounts with what they made of the corpus; the first is what the others are held against.
    mail : tuple of Mail
        Name, size and client of each message.
    prices : Prices
        What costs are reckoned with.
    notes : tuple of str
        What to know before the tables are read, a sentence each.
    classes : int
        Into how many classes the messages fell, of each of which one message was judged under each account.
    alone : mapping of str to int
        Why messages were judged one by one, and how many: what becomes of them does not follow from their class.
    interrupted : bool
        Whether Ctrl-C ended the receiving before all mail was there.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, actions=(ses.S3Action(bucket_name="inbox"),))
    >>> today = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> stricter = today.with_filter(ses.ReceiptFilter.block("192.0.2.0/24", name="test-net"))
    >>> corpus = [{"name": f"m{n}", "raw": b"Subject: hi", "envelope": {"rcpt_to": ["ana@example.com"],
    ...            "client_ip": f"{('192.0.2', '198.51.100')[n % 2]}.1"}} for n in range(4)]
    >>> variants = {"today": today, "stricter": stricter}
    >>> tried = ses.experiment(ses.Receiver(today, seed=1), variants=variants, corpus=corpus)
    >>> tried
    <Experiment on 4 messages: today, stricter (2 end otherwise)>
    >>> print(tried.to_text(width=100).partition("today ")[2])  # what stands before it are notes
       stricter  unit        what
    4         2         messages    answer: accepted
    0         2         messages    answer: 550 5.7.1 IP address blacklisted by recipient
    0         2         recipients  recipients: refused
    4         2         messages    rule: all
    4         2         operations  effect: PutObject inbox
    0.000420  0.000210  USD         cost
    >>> for reason in tried["stricter"].reasons:
    ...     print(reason.messages, reason.before, "→", reason.after, "because", reason.why)
    2 250 Ok → 550 5.7.1 IP address blacklisted by recipient because Block filter `test-net` (192.0.2.0/24) contains ...
    """

    variants: tuple[Variant, ...]
    mail: tuple[Mail, ...] = field(repr=False)
    prices: Prices = field(repr=False)
    notes: tuple[str, ...] = ()
    classes: int = 0
    alone: Mapping[str, int] = field(default_factory=dict, repr=False)
    interrupted: bool = False

    def __len__(self) -> int:
        """How many messages."""
        return len(self.mail)

    def __getitem__(self, name: str) -> Variant:
        """The variant of that name.

        Raises
        ------
        UnknownNameError
            When there is none.
        """
        for variant in self.variants:
            if variant.name == name:
                return variant
        raise UnknownNameError(expected("the name of a variant", name, [one.name for one in self.variants]))

    @property
    def names(self) -> tuple[str, ...]:
        """The variants, the first being what the others are held against."""
        return tuple(variant.name for variant in self.variants)

    def _ipython_key_completions_(self) -> list[str]:
        """The variants, for completion in a notebook."""
        return list(self.names)

    # ------------------------------------------------------------------ tables

    @cached_property
    def rows(self) -> tuple[tuple[str, str, tuple[int, ...]], ...]:
        """The outcomes: kind, what, and how often under each variant; in the order of `ends.KINDS`, then as met."""
        keys = dict.fromkeys(key for variant in self.variants for key in variant.outcomes)
        return tuple(
            (*key, tuple(variant.outcomes[key] for variant in self.variants))
            for key in sorted(keys, key=lambda key: list(KINDS).index(key[0]))
        )

    def frame(self) -> pd.DataFrame:
        """How often each outcome occurs, by variant.

        Returns
        -------
        pandas.DataFrame
            One row an outcome that occurs under some variant. Index: kind (answer, recipients, rule, effect, failed,
            ended by), what, and the unit that is counted. One Int64 column a variant.
        """
        import pandas as pd

        index = pd.MultiIndex.from_tuples(
            [(kind, what, KINDS[kind]) for kind, what, _ in self.rows], names=["kind", "what", "unit"]
        )
        columns = {
            variant.name: pd.array([numbers[place] for _, _, numbers in self.rows], dtype="Int64")
            for place, variant in enumerate(self.variants)
        }
        return pd.DataFrame(columns, index=index)

    def messages(self) -> pd.DataFrame:
        """How each message ends under each variant.

        Returns
        -------
        pandas.DataFrame
            One row a message and variant, messages in the order of the corpus.

            number : Int64        position in the corpus, from 0
            message : string      its name
            variant : category    the variant
            accepted : boolean    whether SES takes it
            reply : string        what the client is told; ``accepted`` where it is taken
            rules : string        rules that fire, in order, joined by `, `
            effects : string      operations that take place, in order, joined by `, `
            failed : Int64        actions that fail
            stopped_by : string   rule that ends the evaluation; empty where none does
            otherwise : boolean   whether it ends otherwise than under the first variant, or something else is written
        """
        # Equal ends are one object: a million messages end in a hundred ways.
        distinct = {id(end): end for variant in self.variants for end in variant.ends}
        cells = {
            key: (
                end.accepted,
                end.reply,
                ", ".join(end.rules),
                ", ".join(deed.operation for deed in end.deeds),
                end.failed,
                end.stopped_by,
            )
            for key, end in distinct.items()
        }
        if has_pandas():
            return self._columns(cells)
        differing = [frozenset(variant.numbers) for variant in self.variants]
        rows = [
            (number, fact.name, variant.name, *cells[id(variant.ends[number])], number in differing[place])
            for number, fact in enumerate(self.mail)
            for place, variant in enumerate(self.variants)
        ]
        return frame_of_rows(rows, {
            "number": "Int64", "message": "string", "variant": self.names, **_END, "otherwise": "boolean",
        })  # fmt: skip

    def _columns(self, cells: Mapping[int, Sequence[Any]]) -> pd.DataFrame:
        """The table of `messages` by columns: each takes what stands for an end once, by place."""
        import numpy as np
        import pandas as pd

        places = {key: place for place, key in enumerate(cells)}
        shape = len(self), len(self.variants)
        taken, otherwise = np.empty(shape, dtype=np.intp), np.zeros(shape, dtype=bool)
        for column, variant in enumerate(self.variants):
            taken[:, column] = [places[key] for key in map(id, variant.ends)]
            otherwise[list(variant.numbers), column] = True
        numbers = np.repeat(np.arange(shape[0]), shape[1])
        names = pd.array([fact.name for fact in self.mail], dtype="string").take(numbers)
        variants = self._category(self.names).take(np.tile(np.arange(shape[1]), shape[0]))
        ends = frame_of_rows(cells.values(), _END).take(taken.ravel()).reset_index(drop=True)
        front = {"number": pd.array(numbers, dtype="Int64"), "message": names, "variant": variants.array}
        behind = {"otherwise": pd.array(otherwise.ravel(), dtype="boolean")}
        return pd.DataFrame({**front, **{name: ends[name] for name in _END}, **behind})

    def differences(self) -> pd.DataFrame:
        """What differs from the first variant, and why.

        Returns
        -------
        pandas.DataFrame
            One row a change: variant (category), then the columns of `sesreceive.analysis.what_if.Differences.frame`.
        """
        import pandas as pd

        others = self.variants[1:] or self.variants
        frames = [variant.differences.frame() for variant in others]
        variants = [other.name for other, frame in zip(others, frames, strict=True) for _ in range(len(frame))]
        whole = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
        whole.insert(0, "variant", self._category(variants))
        return whole

    def reasons(self) -> pd.DataFrame:
        """Where messages part from the first variant, by variant, the most frequent first.

        Returns
        -------
        pandas.DataFrame
            variant : category   the variant
            messages : Int64     how many part there; each message is counted once
            where : category     recipient, verdict, rule, effect, contents, order of rules or stop
            subject : string     which verdict, rule or effect; empty for recipients
            before : string      what it came to under the first variant
            after : string       what it comes to
            example : string     the first such message
            why : string         the reason of that one, as the trace gives it
        """
        rows = [(variant.name, *reason) for variant in self.variants for reason in variant.reasons]
        kinds: dict[str, str | Sequence[str]] = {
            "variant": self.names,
            **dict.fromkeys(Reason._fields, "string"),
            "messages": "Int64",
            "where": [str(where) for where in Where],
        }
        return frame_of_rows(rows, kinds)

    def cost(self, prices: Prices | None = None) -> pd.DataFrame:
        """What AWS would charge under each variant, by the prices given or those of the experiment.

        Returns
        -------
        pandas.DataFrame
            One row a variant, rule and item: variant (category), then the columns of
            `sesreceive.report.cost.Cost.frame`. ``attrs["source"]`` says where the prices are from, and of when.
        """
        import pandas as pd

        prices = prices or self.prices
        frames = [variant.cost(prices).frame() for variant in self.variants]
        for variant, frame in zip(self.variants, frames, strict=True):
            frame.insert(0, "variant", self._category([variant.name] * len(frame)))
        whole = pd.concat(frames, ignore_index=True)
        whole.attrs["source"] = f"{prices.source}, {prices.as_of}"
        return whole

    def _category(self, names: Sequence[str]) -> pd.Series[Any]:
        import pandas as pd

        return pd.Series(list(names), dtype=pd.CategoricalDtype(list(self.names)))

    def frames(self) -> dict[str, pd.DataFrame]:
        """All tables by name: outcomes, reasons, differences, messages, cost."""
        return {name: make() for name, make in self._makers.items()}

    @property
    def _makers(self) -> dict[str, Callable[[], pd.DataFrame]]:
        return {
            "outcomes": lambda: self.frame().reset_index(),
            "reasons": self.reasons,
            "differences": self.differences,
            "messages": self.messages,
            "cost": self.cost,
        }

    @property
    def plot(self) -> VariantPictures:
        """The pictures: ``plot.outcomes()``, ``plot.differences()``, ``plot.cost()``.

        Raises
        ------
        MissingExtraError
            When matplotlib is not installed.
        """
        from sesreceive.plot.variant_pictures import VariantPictures

        return VariantPictures(
            names=self.names,
            messages=len(self),
            outcomes=self.rows,
            differences=[(variant.name, reason[:5]) for variant in self.variants for reason in variant.reasons],
            costs=[(variant.name, variant.cost().rows) for variant in self.variants],
            priced=f"{self.prices.source}, {self.prices.as_of}",
        )

    # ------------------------------------------------------------------ to be read

    def to_text(self, table: str = "outcomes", *, width: int | None = None) -> str:
        """A table for a terminal, under the notes; of the outcomes, the cost stands below.

        Parameters
        ----------
        table : str
            A key of `frames`.
        width : int, optional
            Characters a line may have; that of the terminal by default.

        Raises
        ------
        InputError
            When there is no such table.
        """
        makers = self._makers
        if table not in makers:
            raise InputError(f"table: {expected(either(makers), table, tuple(makers))}")
        width = shutil.get_terminal_size((140, 24)).columns if width is None else width
        if table == "outcomes":
            heads = self._heads()
            rows = ((*numbers, unit, what) for what, unit, *numbers in self._cells())
            text = grid((*heads, "unit", "what"), rows, width=width)  # the last column takes the room that is left
        else:
            frame = makers[table]()
            text = grid(list(frame.columns), frame.astype(object).itertuples(index=False, name=None), width=width)
        return self._noted(text)

    def _noted(self, text: str) -> str:
        """The text under the notes."""
        return "".join(f"note: {one_line(note, 2_000)}\n" for note in self.notes) + text

    def _heads(self) -> list[str]:
        return [one_line(name, 80) for name in self.names]

    def _cells(self) -> Iterator[tuple[str, ...]]:
        for kind, what, numbers in self.rows:
            yield f"{kind}: {one_line(short_target(what), 200)}", KINDS[kind], *map(str, numbers)
        yield "cost", "USD", *(f"{variant.cost().total_usd:.6f}" for variant in self.variants)

    def _plain(self) -> str:
        text = grid(("what", "unit", *self._heads()), self._cells(), width=160)
        return f"{repr(self)[1:-1]}\n{self._noted(text)}"

    def _rich(self) -> str:
        cells = [[_html.escape(cell, 200) for cell in row] for row in self._cells()]
        heads = ("what", "unit", *self.names)
        notes = "".join(f'<p class="ses-note">note: {_html.prose(note)}</p>' for note in self.notes)
        source = (
            f'<p class="ses-note">prices: {_html.escape(self.prices.source)}, {_html.escape(self.prices.as_of)}</p>'
        )
        return notes + _html.table(heads, cells, caption=repr(self)[1:-1], numbers=self.names) + source

    def __repr__(self) -> str:
        """One line: how many messages, and how many end otherwise under each variant."""
        first, *others = self.variants
        told = [f"{one_line(one.name, 80)} ({len(one.numbers)} end otherwise)" for one in others]
        names = ", ".join([one_line(first.name, 80), *told])
        return f"<Experiment on {count(len(self), 'message')}: {names}>"
