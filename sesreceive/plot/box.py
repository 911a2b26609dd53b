"""One box of the picture of a message's way: what it is about, how it came out, why, and what lies in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sesreceive import signs

__all__ = ["LOOKS", "Box", "Shape", "State", "path_text"]


class State(StrEnum):
    """How a box came out; decides outline, sign and colour, which the word in the box repeats."""

    ON = "on"
    OFF = "off"
    ENDED = "ended"
    STOPPED = "stopped"
    FAILED = "failed"
    SKIPPED = "skipped"
    NOW = "now"
    AHEAD = "ahead"


# Sign and tone of a state, those of the same outcome in any other view; what has no tone is quiet.
LOOKS: Mapping[State, tuple[str, str]] = {
    State.ON: (signs.YES, "good"),
    State.OFF: (signs.NO, ""),
    State.ENDED: (signs.NO, "bad"),
    State.STOPPED: (signs.STOPS, "warn"),
    State.FAILED: (signs.FAILS, "bad"),
    State.SKIPPED: (signs.NONE, ""),
    State.NOW: (signs.NOW, "now"),
    State.AHEAD: (signs.AHEAD, ""),
}


class Shape(StrEnum):
    """What a box is."""

    START = "start"
    STEP = "step"
    PART = "part"
    RULE = "rule"
    ACTION = "action"
    FOLD = "fold"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One box of the picture.

    Attributes
    ----------
    shape : Shape
        What it is.
    state : State
        How it came out.
    title : str
        What it is about. Not escaped.
    word : str
        How it came out, in a word or two.
    reason : str
        Because of what, as one sentence. Not escaped.
    inside : tuple of Box
        What lies in it, in order.
    here : bool
        Whether it is the one looked at.
    """

    shape: Shape
    state: State
    title: str
    word: str = ""
    reason: str = ""
    inside: tuple[Box, ...] = ()
    here: bool = False


def path_text(boxes: Iterable[Box], indent: str = "") -> str:
    """The boxes as lines of text, what lies in a box below it."""
    lines: list[str] = []
    for box in boxes:
        here = f"{signs.NOW} " if box.here else ""
        line = f"{indent}{here}{box.title}" + (f": {box.word}" if box.word else "")
        lines.append(line + (f" ({box.reason})" if box.reason else ""))
        if box.inside:
            lines.append(path_text(box.inside, indent + "    "))
    return "\n".join(lines)
