"""The way of a message through the service as a picture: inline SVG, no script, no font, no id.

Every box says how it came out by its outline, its sign, a word and a colour, and why in one sentence. Colours are
mixed into the colour of the text around the picture, so that light and dark both work, in a notebook and outside.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from os import PathLike
from pathlib import Path

from sesreceive import signs
from sesreceive._html import asset, escape, frame
from sesreceive.errors import InputError, expect_path, one_line
from sesreceive.palette import ink, mixed
from sesreceive.plot.box import LOOKS, Box, Shape, State, path_text
from sesreceive.plot.path import path
from sesreceive.plot.text_width import clip, width, wrap
from sesreceive.reception import Reception

__all__ = ["Diagram", "diagram", "svg"]

# Sizes in pixels of the picture: 760 of them are about as wide as a cell of a notebook, 360 as a telephone; there
# everything stands below each other.
_WIDTH, _NARROW = 760.0, 360.0
_PAD, _GAP, _WAY = 10.0, 8.0, 22.0
_TITLE, _SMALL = 13.0, 11.5
_TITLE_LINE, _LINE = 19.0, 15.0
_SIGN = 22.0
# How much wider a bold title is than its letters otherwise.
_BOLD = 1.1
# Lines of a reason in a box that is as wide as the picture, and in a narrow one.
_REASON_LINES, _NARROW_LINES = 2, 3
# The same in a picture for a telephone, which may be as long as it likes.
_SMALL_LINES = 6
# Boxes side by side in a step, by what lies in it.
_COLUMNS: Mapping[Shape, int] = {Shape.PART: 3, Shape.ACTION: 3, Shape.RULE: 1, Shape.FOLD: 1}

# How a sign is drawn around 0, 0; the outline around it differs too.
_SIGNS: Mapping[str, str] = {
    signs.YES: "M-3.5 .2 L-1 3 L4 -3",
    signs.NO: "M-2.8 -2.8 L2.8 2.8 M2.8 -2.8 L-2.8 2.8",
    signs.STOPS: "M-2.6 -2.6 H2.6 V2.6 H-2.6 Z",
    signs.FAILS: "M0 -4 V.8 M0 3.4 V3.5",
    signs.NONE: "M-3.4 0 H3.4",
    signs.NOW: "M-2 -3.6 L3.6 0 L-2 3.6 Z",
    signs.AHEAD: "M-3.4 0 H-3.3 M-.05 0 H.05 M3.3 0 H3.4",
}
_CIRCLE = "M-7.5 0 A7.5 7.5 0 1 1 7.5 0 A7.5 7.5 0 1 1 -7.5 0 Z"
_OCTAGON = "M-3.3 -8 H3.3 L8 -3.3 V3.3 L3.3 8 H-3.3 L-8 3.3 V-3.3 Z"
_TRIANGLE = "M0 -8.5 L8.8 7 H-8.8 Z"
_OUTLINES: Mapping[State, str] = {State.ENDED: _OCTAGON, State.STOPPED: _OCTAGON, State.FAILED: _TRIANGLE}


def svg(boxes: Sequence[Box], title: str = "The way of the message", *, narrow: bool = False) -> str:
    """The boxes as one SVG element; everything in it is escaped, and it is the same for the same boxes.

    Parameters
    ----------
    narrow : bool
        Whether it is for a page of fewer than 560 pixels, in which nothing has room beside anything else.

    Examples
    --------
    >>> svg([Box(shape=Shape.STEP, state=State.ON, title="<b>", word="let through")]).count("&lt;b&gt;")
    3
    """
    pieces: list[str] = []
    y, wide = 2.0, _NARROW if narrow else _WIDTH
    for number, box in enumerate(boxes):
        if number:
            pieces.append(_way(_leads(boxes[number - 1], box), y))
            y += _WAY
        drawn = _Drawing(box, 2.0, y, wide - 4, small=narrow)
        pieces.append(drawn.svg)
        y += drawn.height
    # The narrow one stands beside the wide one, whose style it has.
    style = "" if narrow else f"<style>{_style()}</style>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ses-flow{" ses-small" * narrow}" role="img" '
        f'viewBox="0 0 {wide:g} {y + 3:g}" width="{wide:g}" height="{y + 3:g}" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>'
        f"<desc>{_lines(path_text(boxes))}</desc>{style}{''.join(pieces)}</svg>"
    )


def _style() -> str:
    return _plain_colours() + asset("sesreceive", "colours.css") + asset(__package__, "path.css")


@cache
def _plain_colours() -> str:
    """The colours for what draws SVG and does not know how to mix them; what does know overrides them."""
    text = ink("light")
    tones = "".join(
        f" .ses-flow .ses-{state} {{ stroke: {mixed(tone, text)}; }}" for state, (_, tone) in LOOKS.items() if tone
    )
    return f".ses-flow {{ color: {text}; }}{tones}\n"


class Diagram:
    """The way of one message as a picture: shows itself in a notebook, prints as text, saves as a file.

    Attributes
    ----------
    boxes : tuple of Box
        What is drawn.
    """

    def __init__(self, boxes: Iterable[Box], title: str = "The way of the message") -> None:
        self.boxes = tuple(boxes)
        self.title = title

    @property
    def svg(self) -> str:
        """The picture, to be put into a page."""
        return svg(self.boxes, self.title)

    @property
    def html(self) -> str:
        """The picture for a page of any width: where there is no room for the wide one, a narrow one is shown."""
        return (
            f"<style>{asset(__package__, 'scroll.css')}</style>"
            f'<div class="ses-scroll" tabindex="0" role="group" aria-label="{escape(self.title)}">'
            f"{self.svg}{svg(self.boxes, self.title, narrow=True)}</div>"
        )

    def save(self, file: str | PathLike[str]) -> Path:
        """The path of the file that holds the picture afterwards, as SVG.

        Raises
        ------
        InputError
            When the file cannot be written.
        """
        target = expect_path(file)
        try:
            target.write_text(self.svg, encoding="utf-8")
        except OSError as error:
            raise InputError(f"the picture cannot be written to `{one_line(target)}`: {error.strerror}") from None
        return target

    def __str__(self) -> str:
        """The boxes as lines of text."""
        return "\n".join(one_line(line, 2_000) for line in path_text(self.boxes).split("\n"))

    def __repr__(self) -> str:
        """One line: of what it is."""
        return f"<Diagram of {one_line(self.title)}>"

    def _repr_html_(self) -> str:
        """The picture, with the text for front ends that take styles and pictures away."""
        return frame(str(self), self.html)


def diagram(reception: Reception, *, at: int | None = None, full: bool = False) -> Diagram:
    """The way of one message as a picture; `at` and `full` as in `sesreceive.plot.path.path`.

    Examples
    --------
    >>> import sesreceive as ses
    >>> reception = ses.Receiver(ses.Account(identities=("example.com",)), seed=1).receive(
    ...     b"", rcpt_to=["ana@example.com"], name="hello")
    >>> diagram(reception)
    <Diagram of hello: 550 5.1.1 Requested action not taken: mailbox unavailable>
    """
    return Diagram(path(reception, at=at, full=full), repr(reception)[1:-1])


# ------------------------------------------------------------------ boxes


def _leads(before: Box, box: Box) -> State:
    """How the piece of the way from one box to the next looks: whether the message took it, and what for."""
    if before.shape is Shape.END or box.state in (State.SKIPPED, State.AHEAD):
        return State.ON if box.inside and box.state is State.SKIPPED else State.SKIPPED
    return before.state if before.state in (State.ENDED, State.STOPPED) else State.ON


def _way(state: State, y: float) -> str:
    x, end = 24.0, y + _WAY
    line = f'<path class="ses-way" d="M{x:g} {y + 2:g} V{end - 8:g}"/>'
    head = f'<path class="ses-sign" d="M{x - 5:g} {end - 8:g} L{x:g} {end - 2:g} L{x + 5:g} {end - 8:g}"/>'
    return f'<g class="ses-{state}">{line}{head}</g>'


class _Drawing:
    """One box with what lies in it, drawn at a place."""

    def __init__(self, box: Box, x: float, y: float, wide: float, *, small: bool) -> None:
        self.box = box
        self.x, self.y, self.wide = x, y, wide
        narrow = wide < _WIDTH * 0.6
        room = wide - 2 * _PAD - _SIGN
        fold = box.shape is Shape.FOLD
        self.word_width = width(box.word, _SMALL) * 1.06 if box.word else 0.0
        # The word stands at the right of the title where there is room for both, else below it.
        self.beside = not narrow or width(box.title, _TITLE) * _BOLD + self.word_width + 8 <= room
        title_room = (room - (self.word_width + 8 if self.beside and box.word else 0)) / _BOLD
        # Below each other there is room for all of a title, such as an answer of SMTP.
        whole = small and not self.beside
        self.titles = (
            wrap(box.title, title_room, _TITLE, 3) or ("",) if whole else (clip(box.title, title_room, _TITLE),)
        )
        lines = _SMALL_LINES if small else 1 if fold else _NARROW_LINES if narrow else _REASON_LINES
        self.reasons = wrap(box.reason, room, _SMALL, lines)
        head = (
            _PAD
            + _TITLE_LINE * len(self.titles)
            + (0 if self.beside or not box.word else _LINE)
            + _LINE * len(self.reasons)
        )
        self.inside, bottom = _rows(box.inside, x + _PAD, y + head + _GAP, wide - 2 * _PAD, small)
        self.height = (bottom - y + _PAD) if box.inside else head + (_PAD - 4)

    def stretched(self, height: float) -> _Drawing:
        """As high as its neighbours."""
        self.height = height
        return self

    @property
    def svg(self) -> str:
        box, x, y = self.box, self.x, self.y
        left, line = x + _PAD + _SIGN, y + _PAD + 10
        pieces = [_outline(box, x, y, self.wide, self.height), _sign(box.state, x + _PAD + 6, line - 4.5)]
        for number, title in enumerate(self.titles):
            pieces.append(_text(left, line + _TITLE_LINE * number, title, bold=True, size=_TITLE))
        line += _TITLE_LINE * (len(self.titles) - 1)
        if box.word and self.beside:
            pieces.append(_text(x + self.wide - _PAD, line, box.word, bold=True, end=True))
        elif box.word:
            line += _LINE
            pieces.append(_text(left, line, box.word, bold=True))
        for number, reason in enumerate(_prose(self.reasons)):
            pieces.append(_line_of(reason, left, line + _LINE * (number + 1) + 2))
        here = " ses-here" if box.here else ""
        told = f"{box.title}: {box.word}" + (f". {box.reason}" if box.reason else "")
        inside = "".join(self.inside)
        return f'<g class="ses-{box.state}{here}"><title>{escape(told)}</title>{"".join(pieces)}</g>{inside}'


def _rows(boxes: Sequence[Box], x: float, y: float, wide: float, small: bool) -> tuple[list[str], float]:
    """The boxes in rows, those of a row equally high; the way from action to action is an arrow."""
    drawn: list[str] = []
    for row, columns in _rows_of(boxes, 1 if small else 3):
        shape = row[0].shape
        gap = _GAP + (8 if shape is Shape.ACTION else 0)
        each = (wide - gap * (columns - 1)) / columns
        cells = [_Drawing(box, x + place * (each + gap), y, each, small=small) for place, box in enumerate(row)]
        high = max(cell.height for cell in cells)
        drawn += [cell.stretched(high).svg for cell in cells]
        if shape is Shape.ACTION:
            drawn += [_arrow(cell.x - gap + 2, y + 15, gap - 4, cell.box.state) for cell in cells[1:]]
        y += high + _GAP
    return drawn, y - _GAP


def _rows_of(boxes: Sequence[Box], most: int) -> Iterator[tuple[tuple[Box, ...], int]]:
    """The boxes row by row, and how many a row has room for: what is alike stands side by side, as wide as it may."""
    for shape, run in groupby(boxes, key=lambda box: box.shape):
        alike = tuple(run)
        usual = min(_COLUMNS.get(shape, 1), len(alike), most)
        columns = 2 if len(alike) == 4 and usual > 1 else usual
        for start in range(0, len(alike), columns):
            yield alike[start : start + columns], columns


def _arrow(x: float, y: float, long: float, state: State) -> str:
    way = State.SKIPPED if state in (State.SKIPPED, State.AHEAD) else State.ON
    return f'<g class="ses-{way}"><path class="ses-sign" d="M{x:g} {y:g} h{long:g} m-4 -4 l4 4 l-4 4"/></g>'


def _outline(box: Box, x: float, y: float, wide: float, high: float) -> str:
    """What is refused or stopped has its corners cut off; start and end are rounded; a fold is flat."""
    if box.state in (State.ENDED, State.STOPPED):
        cut = 9.0
        d = (
            f"M{x + cut:g} {y:g} H{x + wide - cut:g} L{x + wide:g} {y + cut:g} V{y + high - cut:g} "
            f"L{x + wide - cut:g} {y + high:g} H{x + cut:g} L{x:g} {y + high - cut:g} V{y + cut:g} Z"
        )
        return f'<path class="ses-box" d="{d}"/>'
    radius = {Shape.START: 18, Shape.END: 18, Shape.FOLD: 2}.get(box.shape, 6)
    return f'<rect class="ses-box" x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}" rx="{radius}"/>'


def _sign(state: State, x: float, y: float) -> str:
    outline = _OUTLINES.get(state, _CIRCLE)
    return (
        f'<g transform="translate({x:g} {y:g})"><path class="ses-box" d="{outline}"/>'
        f'<path class="ses-sign" d="{_SIGNS[LOOKS[state][0]]}"/></g>'
    )


def _text(x: float, y: float, text: str, *, bold: bool = False, end: bool = False, size: float = _SMALL) -> str:
    weight = ' font-weight="600"' if bold else ""
    anchor = ' text-anchor="end"' if end else ""
    return _line_of(escape(text), x, y, f"{weight}{anchor}", size)


def _line_of(markup: str, x: float, y: float, attributes: str = "", size: float = _SMALL) -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}"{attributes}>{markup}</text>'


def _prose(lines: Sequence[str]) -> Iterator[str]:
    """The lines of a sentence, escaped, its names in a typewriter face; a name may go on in the next line."""
    quotes = sum(line.count("`") for line in lines)
    if quotes % 2:  # what is left over is no quote, or that of a name whose end was cut off
        quotes += 1 if lines[-1].endswith("…") else -1
    seen = 0
    for line in lines:
        markup = []
        for number, piece in enumerate(line.split("`")):
            seen += number > 0
            if number and seen > quotes:
                piece = f"`{piece}"
            name = seen % 2 and seen < quotes
            markup.append(f'<tspan class="ses-name">{escape(piece)}</tspan>' if name and piece else escape(piece))
        yield "".join(markup)


def _lines(text: str) -> str:
    """Several lines, escaped."""
    return "\n".join(html.escape(one_line(line, 2_000)) for line in text.split("\n"))
