"""An answer of yes or no that was proved, with the mail that shows a no."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sesreceive import _html
from sesreceive.analysis.open_points import Otherwise, otherwise
from sesreceive.analysis.walk import Certainty
from sesreceive.analysis.witness import Witness
from sesreceive.assumption import Assumption, Assumptions
from sesreceive.errors import InputError, one_line
from sesreceive.report.frames import frame_of_rows
from sesreceive.signs import NO, YES
from sesreceive.wording import count

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Proof"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Whether a claim holds for all mail; true in a condition if it does.

    Attributes
    ----------
    claim : str
        What was asked, as a sentence.
    certainty : Certainty
        ``always``: it holds whatever functions answer. ``possibly``: whether it holds depends on `needs`. ``never``:
        some mail breaks it whatever functions answer.
    because : str
        What decides it, as one sentence.
    needs : tuple of str
        For ``possibly``: what has to be so that the claim is broken, such as "`gate` answers STOP_RULE_SET".
    witness : Witness or None
        The smallest mail that breaks it; None where it holds.
    assumptions : tuple of Assumption
        The open points of SES that the answer rests on.
    again : callable or None
        Asks the same with other readings of them.
    """

    claim: str
    certainty: Certainty
    because: str
    needs: tuple[str, ...] = ()
    witness: Witness | None = None
    assumptions: tuple[Assumption, ...] = ()
    again: Callable[[Assumptions], Proof] | None = field(default=None, repr=False, compare=False)

    @property
    def holds(self) -> bool:
        """Whether the claim holds for all mail, whatever functions answer."""
        return self.certainty is Certainty.ALWAYS

    def __bool__(self) -> bool:
        """The same."""
        return self.holds

    @property
    def verdict(self) -> str:
        """In words: holds, may be broken, is broken."""
        return {"always": "holds", "possibly": "may be broken", "never": "is broken"}[self.certainty]

    def assumed(self) -> tuple[Otherwise, ...]:
        """The open points of SES where another reading would answer otherwise; the question is asked once for each."""
        again = self.again
        if again is None:
            return ()
        now = replace(Assumptions(), **{point.name: point.value for point in self.assumptions})
        return otherwise(lambda readings: _answer(again, readings), self.assumptions, now)

    def frame(self) -> pd.DataFrame:
        """One row.

        Returns
        -------
        pandas.DataFrame
            claim : string         what was asked
            certainty : category   always, possibly or never
            because : string       what decides it
            needs : string         what has to be so that it is broken, separated by ``and``
            witness : string       the mail that breaks it, as a line; empty where it holds
        """
        row = (
            self.claim,
            str(self.certainty),
            self.because,
            " and ".join(self.needs),
            self.witness.text if self.witness else "",
        )
        words = [str(one) for one in Certainty]
        return frame_of_rows(
            [row], {"claim": "string", "certainty": words, "because": "string", "needs": "string", "witness": "string"}
        )

    def __repr__(self) -> str:
        """One line: the claim, whether it holds, and why."""
        needs = f" if {one_line(' and '.join(self.needs), 300)}" if self.needs else ""
        return f"<{one_line(self.claim, 200)}: {one_line(self.verdict, 20)}{needs}; {one_line(self.because, 300)}>"

    def _repr_html_(self) -> str:
        word = _html.mark(f"{YES if self.holds else NO} {self.verdict}", "good" if self.holds else "bad")
        parts = [f"<p><strong>{_html.prose(self.claim)}</strong> {word}</p>", f"<p>{_html.prose(self.because)}</p>"]
        if self.needs:
            parts.append(f"<p>if {_html.prose(' and '.join(self.needs))}</p>")
        if self.witness is not None:
            parts.append(f"<p>shown by a mail {_html.prose(self.witness.text)}</p>")
        if self.assumptions:
            names = ", ".join(_html.code(one.name) for one in self.assumptions)
            points = count(len(self.assumptions), "open point")
            parts.append(f'<p class="ses-note">rests on {points} of SES: {names}</p>')
        return _html.frame(repr(self), "".join(parts))


def _answer(again: Callable[[Assumptions], Proof], readings: Assumptions) -> str:
    """The answer with other readings, as a line."""
    try:
        proof = again(readings)
    except InputError as error:  # with them no such mail is received
        return str(error)
    return f"{proof.verdict}: {proof.because}"
