"""The score: rows, how many agree of each artefact, the readings that fit; as table, text and side by side in HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sesreceive import signs
from sesreceive._html import code, details, escape, frame, mark, table
from sesreceive.captures.pairing import Captures
from sesreceive.errors import InputError, one_line
from sesreceive.likeness.agreement import Agreement, Row, beside
from sesreceive.likeness.artefacts import Artefact
from sesreceive.likeness.confusion import SUBJECTS, confusion_frame
from sesreceive.report.grid import grid
from sesreceive.support import Standing, Support, support_rows
from sesreceive.wording import count, either, expected

__all__ = ["Gap", "Redacted", "Score"]

# Rows of a printed or shown list; the rest is counted.
_MOST_TEXT, _MOST_HTML = 40, 400
# Characters of a value that are shown whole.
_MOST_SIDE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What cannot be known: of a mail, or of one capture of it where `capture` names one."""

    mail: int
    capture: str
    reason: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Score:
    """How far captures and what is written here agree.

    Attributes
    ----------
    rows : tuple of Row
        Every field of every capture beside ours.
    supports : tuple of Support
        What the captures say of each open point; empty where readings were not tried.
    gaps : tuple of Gap
        What cannot be known.
    confusion : mapping of str to Counter
        By subject, how often a verdict of SES stood beside ours.
    eras : tuple of str
        The profile that fits each mail.
    captures : Captures
        What was compared.
    notes : tuple of str
        What holds for all of it.
    """

    rows: tuple[Row, ...]
    supports: tuple[Support, ...] = ()
    gaps: tuple[Gap, ...] = ()
    confusion: Mapping[str, Counter[tuple[str, str]]] = field(default_factory=dict)
    eras: tuple[str, ...] = ()
    captures: Captures = field(default_factory=Captures)
    notes: tuple[str, ...] = ()

    # ---------------------------------------------------------------- numbers

    def of(self, artefact: Artefact | str) -> tuple[int, int]:
        """How many fields of an artefact are equal, and how many can be compared.

        Raises
        ------
        InputError
            When there is no such artefact.
        """
        if artefact not in tuple(Artefact):
            raise InputError(f"artefact: {expected(either(Artefact), artefact, Artefact)}")
        told = [row.agreement for row in self.rows if row.artefact == artefact]
        return sum(one.agrees for one in told), sum(one.counts for one in told)

    @property
    def scores(self) -> dict[str, float]:
        """Equal ÷ comparable for each artefact that has anything to compare."""
        told = {artefact.value: self.of(artefact) for artefact in Artefact}
        return {name: equal / comparable for name, (equal, comparable) in told.items() if comparable}

    @property
    def lowest(self) -> float | None:
        """The score of the artefact that agrees least; None where nothing can be compared."""
        return min(self.scores.values(), default=None)

    @property
    def different(self) -> tuple[Row, ...]:
        """The rows that differ, those that another reading explains included."""
        return tuple(row for row in self.rows if row.agreement in (Agreement.DIFFERENT, Agreement.READING))

    @property
    def settings(self) -> dict[str, Any]:
        """What to give to `Assumptions`: the reading of each point that the captures decide."""
        return {name: value for support in self.supports for name, value in support.setting.items()}

    # ---------------------------------------------------------------- tables

    def table(self) -> Any:
        """One row an artefact, as a DataFrame: how many are equal and comparable, the score, each class."""
        import pandas as pd

        return pd.DataFrame(list(self._numbers()), columns=pd.Index(_NUMBER_COLUMNS))

    def _numbers(self) -> Iterator[tuple[Any, ...]]:
        for artefact in Artefact:
            told = Counter(row.agreement for row in self.rows if row.artefact is artefact)
            if not told:
                continue
            equal, comparable = self.of(artefact)
            score = equal / comparable if comparable else None
            yield (artefact.value, equal, comparable, score, *(told[one] for one in Agreement))

    def frame(self) -> Any:
        """One row a field, as a DataFrame.

        Columns: ``mail`` (number), ``capture``, ``kind``, ``artefact``, ``path``, ``agreement``, ``captured``, ``ours``
        (None where there is no such field), ``why``.
        """
        import pandas as pd

        columns = ("mail", "capture", "kind", "artefact", "path", "agreement", "captured", "ours", "why")
        rows = [
            (r.mail, r.capture, r.kind.value, r.artefact.value, r.path, r.agreement.value, r.captured, r.ours, r.why)
            for r in self.rows
        ]
        return pd.DataFrame(rows, columns=pd.Index(columns))

    def assumptions(self) -> Any:
        """What the captures say of each open point, as a DataFrame.

        Columns: ``name``; ``standing``: decided, undecided, contradicted, or silent where no capture tells; ``use``:
        the readings that fit all captures that tell; ``speaks_for`` and ``speaks_against``: which mails fit which.
        """
        import pandas as pd

        columns = ("name", "standing", "use", "speaks_for", "speaks_against")
        return pd.DataFrame(support_rows(self.supports), columns=pd.Index(columns))

    def confusion_table(self, subject: str) -> Any:
        """How often each verdict of SES stood beside each of ours, as a DataFrame of counts.

        Parameters
        ----------
        subject : str
            ``spam``, ``virus``, ``spf``, ``dkim`` or ``dmarc``; the last three where a resolver was given.

        Raises
        ------
        InputError
            When there is no such subject.
        """
        if subject not in SUBJECTS:
            raise InputError(f"subject: {expected(either(SUBJECTS), subject, SUBJECTS)}")
        return confusion_frame(Counter(self.confusion.get(subject, {})))

    def redacted(self) -> Redacted:
        """The score without a word of the mail: places and classes only, to be shown to others."""
        return Redacted.of(self)

    # ---------------------------------------------------------------- text

    def __str__(self) -> str:
        """The score of each artefact, what differs, what the captures decide, and what cannot be known."""
        lines = [repr(self)[1:-1], *self.notes, ""]
        lines.append(
            grid(
                ("artefact", "equal", "of", "score", "not comparable"),
                [
                    (name, str(equal), str(of), "-" if score is None else f"{score:.1%}", str(classes[-1]))
                    for name, equal, of, score, *classes in self._numbers()
                ],
            )
        )
        different = self.different
        if different:
            lines += ["", f"{count(len(different), 'field')} {'differs' if len(different) == 1 else 'differ'}:"]
            lines += [f"  mail {row.mail}, {row}" for row in different[:_MOST_TEXT]]
            lines += [f"  and {len(different) - _MOST_TEXT} more"] if len(different) > _MOST_TEXT else []
        lines += self._told_supports()
        for subject in SUBJECTS:
            pairs = self.confusion.get(subject)
            if pairs:
                told = ", ".join(f"{ses} here {ours}: {number}" for (ses, ours), number in sorted(pairs.items()))
                lines.append(f"{subject} verdicts of SES: {told}")
        if self.gaps:
            reasons = Counter(gap.reason for gap in self.gaps)
            lines += ["", "not known:"]
            lines += [
                f"  {one_line(reason)} ({count(number, 'time')})" for reason, number in reasons.most_common(_MOST_TEXT)
            ]
        if self.captures.unrecognised:
            lines += ["", "not recognised:"]
            lines += [
                f"  {one_line(one.name, 80)}: {one_line(one.reason)}" for one in self.captures.unrecognised[:_MOST_TEXT]
            ]
            left = len(self.captures.unrecognised) - _MOST_TEXT
            lines += [f"  and {left} more"] if left > 0 else []
        return "\n".join(lines)

    def _told_supports(self) -> list[str]:
        told = [one for one in self.supports if one.standing is not Standing.SILENT]
        if not self.supports:
            return []
        lines = ["", f"open points that the captures tell of: {len(told)} of {len(self.supports)}"]
        for one in told:
            fits = " or ".join(f"`{one_line(reading, 60)}`" for reading in one.fits) or "no reading"
            lines.append(f"  {one.name}: {one.standing.value}, {fits} fits; in force `{one_line(one.value, 60)}`")
        return lines

    def __repr__(self) -> str:
        """One line: the score of each artefact with the number of fields; never one number alone."""
        told = ", ".join(f"{name} {equal}/{of}" for name, equal, of, score, *_ in self._numbers() if score is not None)
        return f"<fidelity of {count(len(self.eras), 'mail')}: {told or 'nothing can be compared'}>"

    # ---------------------------------------------------------------- HTML

    def _repr_html_(self) -> str:
        """The table, and what differs side by side; everything escaped."""
        numbers = table(
            ("artefact", "equal", "of", "score", "not comparable"),
            [
                (escape(name), str(equal), str(of), signs.NONE if score is None else f"{score:.1%}", str(classes[-1]))
                for name, equal, of, score, *classes in self._numbers()
            ],
            caption=repr(self)[1:-1],
            numbers=("equal", "of", "score", "not comparable"),
        )
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        different = self.different
        sides = ""
        if different:
            rows = [
                (
                    str(row.mail),
                    code(row.capture),
                    code(row.path),
                    *map(_side, beside(row.captured, row.ours, _MOST_SIDE)),
                    mark(row.agreement.value, "warn" if row.agreement is Agreement.READING else "bad")
                    + (f" {escape(row.why)}" if row.why else ""),
                )
                for row in different
            ]
            sides = table(
                ("mail", "capture", "field", "SES", "here", "agreement"), rows, caption="what differs", limit=_MOST_HTML
            )
        told = [one for one in self.supports if one.standing is not Standing.SILENT]
        points = ""
        if told:
            points = table(
                ("open point", "standing", "readings that fit", "for", "against"),
                [tuple(escape(cell) for cell in row) for row in support_rows(told)],
                caption="what the captures say of the open points",
            )
        reasons = Counter(gap.reason for gap in self.gaps).most_common(_MOST_TEXT)
        known = table(("not known", "times"), [(escape(reason), str(number)) for reason, number in reasons])
        others = table(
            ("not recognised", "reason"),
            [(escape(one.name), escape(one.reason)) for one in self.captures.unrecognised],
        )
        rest = details("what is not known", known) if reasons else ""
        rest += details("what was not recognised", others) if self.captures.unrecognised else ""
        return frame(str(self), f'<div class="ses-fidelity">{numbers}{notes}{sides}{points}{rest}</div>')

    def to_html(self) -> str:
        """The same as a page of its own."""
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Fidelity</title></head>'
            f"<body>{self._repr_html_()}<style>.ses-text{{display:none}}</style></body></html>\n"
        )


_NUMBER_COLUMNS = ("artefact", "equal", "comparable", "score", *(one.value for one in Agreement))


def _side(value: str | None) -> str:
    return mark("nothing", "note") if value is None else code(value)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Redacted:
    """A score that holds places, classes and names of readings, and no word of the mail.

    Attributes
    ----------
    rows : tuple of (int, str, str, str, str, str)
        Mail and capture by number, kind, artefact, place, class, reading.
    numbers : tuple
        Of each artefact: name, equal, comparable.
    points : tuple of (str, str, str)
        Of each open point that the captures tell of: name, standing, readings that fit.
    """

    rows: tuple[tuple[int, int, str, str, str, str, str], ...]
    numbers: tuple[tuple[str, int, int], ...]
    points: tuple[tuple[str, str, str], ...]

    @classmethod
    def of(cls, score: Score) -> Redacted:
        """What may be shown of a score."""
        captures: dict[tuple[int, str], int] = {}
        rows = []
        for row in score.rows:
            number = captures.setdefault((row.mail, row.capture), len(captures) + 1)
            reading = _public(row.why, score) if row.agreement is Agreement.READING else ""
            rows.append((row.mail, number, row.kind.value, row.artefact.value, row.place, row.agreement.value, reading))
        return cls(
            rows=tuple(rows),
            numbers=tuple((artefact.value, *score.of(artefact)) for artefact in Artefact),
            points=tuple(
                (one.name, one.standing.value, ", ".join(_known_reading(one.name, reading) for reading in one.fits))
                for one in score.supports
                if one.standing is not Standing.SILENT
            ),
        )

    def frame(self) -> Any:
        """One row a field, as a DataFrame: mail and capture by number, its place, how it agrees."""
        import pandas as pd

        columns = ("mail", "capture", "kind", "artefact", "place", "agreement", "reading")
        return pd.DataFrame(list(self.rows), columns=pd.Index(columns))

    def __str__(self) -> str:
        """The scores, the open points, and what differs; of all other fields how many there are of each class."""
        lines = [f"{name}: {equal} of {of} agree" for name, equal, of in self.numbers if of]
        lines += [f"{name}: {standing}, {fits or 'no reading'} fits" for name, standing, fits in self.points]
        told = Counter(row[2:] for row in self.rows if row[5] in (Agreement.DIFFERENT, Agreement.READING))
        for (kind, artefact, place, agreement, reading), number in sorted(told.items()):
            why = f" ({reading})" if reading else ""
            lines.append(f"{kind}, {artefact}, {place}: {agreement}{why}, {count(number, 'time')}")
        classes = Counter(row[5] for row in self.rows)
        lines += [f"{one.value}: {count(classes[one.value], 'field')}" for one in Agreement if classes[one.value]]
        return "\n".join(lines)

    def __repr__(self) -> str:
        """One line."""
        return f"<redacted fidelity: {count(len(self.rows), 'field')}>"


def _public(why: str, score: Score) -> str:
    """The readings that explain a row, without values that come from captures."""
    told = []
    for one in why.split(" or "):
        name, _, reading = one.partition("=")
        told.append(f"{name}={_known_reading(name, reading)}")
    return " or ".join(dict.fromkeys(told))


def _known_reading(name: str, reading: object) -> str:
    """A reading that `Assumptions` names itself; any other came from a capture and is not told."""
    from dataclasses import fields

    from sesreceive.assumption import Assumptions

    for point in fields(Assumptions):
        if point.name == name:
            words = {str(point.default), *(str(one) for one in point.metadata["alternatives"] if one is not None)}
            return str(reading) if str(reading) in words else "(a value of the captures)"
    return "(a value of the captures)"
