"""What a collection holds besides its messages: passed over, with its name and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["PassedOver", "Why"]


class Why(StrEnum):
    """Why something was passed over."""

    NO_MAIL = "no mail"
    EMPTY = "empty"
    SETUP = "setup notification"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class PassedOver:
    """One file, member of an archive, object or row that no message was made of.

    Attributes
    ----------
    name : str
        Where it is, as a message of it would be called.
    why : Why
        In a word: another kind of file, an empty one, SES's own setup notification, or mail that cannot be read.
    reason : str
        As one sentence.

    Examples
    --------
    >>> print(PassedOver("photos/cat", Why.NO_MAIL, "it is a PNG image"))
    photos/cat: no mail: it is a PNG image
    """

    name: str
    why: Why
    reason: str

    def __str__(self) -> str:
        """The name and why."""
        return f"{self.name}: {self.why}: {self.reason}"
