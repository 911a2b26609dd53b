"""Verdicts on points: what engines that add up points for what they find have in common."""

from __future__ import annotations

import math

from sesreceive.errors import Problem, ValidationError
from sesreceive.verdict import Verdict

__all__ = ["check_points", "judge_points"]


def check_points(field: str, threshold: float | None, gray_band: float) -> None:
    """Refuse a threshold or a band that is none.

    Raises
    ------
    ValidationError
        With the name of the setting, such as ``spamd.threshold``.

    Examples
    --------
    >>> check_points("spamd", 5.0, -1.0)
    Traceback (most recent call last):
    sesreceive.errors.ValidationError: spamd.gray_band: expected 0 points or more but got `-1.0`
    """
    if threshold is not None and not math.isfinite(threshold):
        raise ValidationError(Problem(f"{field}.threshold", f"expected points but got `{threshold}`"))
    if not 0 <= gray_band < math.inf:
        raise ValidationError(Problem(f"{field}.gray_band", f"expected 0 points or more but got `{gray_band}`"))


def judge_points(points: float, *, is_spam: bool, required: float, gray_band: float) -> tuple[Verdict, str]:
    """The verdict on so many points, and how it came about as the end of a sentence.

    What lacks no more than `gray_band` points of those that are `required` is GRAY. We assume the width: SES publishes
    neither points nor thresholds.

    Examples
    --------
    >>> verdict, reason = judge_points(4.0, is_spam=False, required=5.0, gray_band=2.0)
    >>> print(verdict, reason)
    GRAY , spam from 5 on, gray from 3 on (we assume)
    """
    reason = f", spam from {required:g} on"
    if is_spam:
        return Verdict.FAIL, reason
    gray = required - gray_band
    if gray_band and points >= gray:
        return Verdict.GRAY, f"{reason}, gray from {gray:g} on (we assume)"
    return Verdict.PASS, reason
