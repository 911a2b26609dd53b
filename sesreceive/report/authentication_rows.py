"""What of authentication is kept in a file: the message by its content, and its results as JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sesreceive.report.columns import AUTHENTICATION
from sesreceive.report.report import Report

__all__ = ["authentication_data"]


def authentication_data(report: Report) -> dict[str, Sequence[Any]]:
    """The columns of the table `authentication`, of a report that keeps its receptions."""
    data: dict[str, Sequence[Any]] = dict(report.data("messages", AUTHENTICATION.names[:3]))
    data["content"] = [hashlib.sha256(one.message.raw).hexdigest() for one in report]
    return data
