"""What of authentication is kept in a file: the message by its content, and its results as JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sesreceive.auth.results_json import results_to_json
from sesreceive.report.columns import AUTHENTICATION
from sesreceive.report.report import Report

__all__ = ["authentication_data"]


def authentication_data(report: Report, keys: Sequence[tuple[str, bool]]) -> dict[str, Sequence[Any]]:
    """The columns of the table `authentication`, of a report that keeps its receptions.

    Parameters
    ----------
    report : Report
        The messages.
    keys : sequence of (str, bool)
        Of each message what its results follow from, as a digest, and whether they are those of an earlier run.
    """
    data: dict[str, Sequence[Any]] = dict(report.data("messages", AUTHENTICATION.names[:3]))
    data["content"] = [hashlib.sha256(one.message.raw).hexdigest() for one in report]
    data["key"] = [key if one.accepted else "" for one, (key, _) in zip(report, keys, strict=True)]
    data["results"] = [one.authentication and results_to_json(one.authentication) for one in report]
    data["taken_over"] = [taken for _, taken in keys]
    return data
