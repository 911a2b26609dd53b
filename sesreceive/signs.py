"""The signs of outcomes: one character each, the same in text, tables, widgets, pictures and on a terminal.

A sign never stands alone: a word beside it, or its label for a screen reader, says the same.
"""

from __future__ import annotations

__all__ = ["AHEAD", "BACK", "DOES", "FAILS", "NO", "NONE", "NOW", "OPEN", "SEEN", "STOPS", "WARNS", "YES"]

YES = "✓"  # holds, matches, is accepted
NO = "✗"  # does not hold, is refused
STOPS = "■"  # done, and nothing behind it is looked at
FAILS = "!"  # was tried and failed
WARNS = "⚠"  # is probably not what was meant
DOES = "→"  # something was done
NONE = "–"  # not looked at, or nothing to tell
OPEN = "○"  # neither yes nor no; or still to do
SEEN = "•"  # was looked at
NOW = "▶"  # is looked at now, or chosen
AHEAD = "…"  # not yet
BACK = "◀"  # what this is about
