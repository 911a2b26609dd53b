"""``GET /health`` and ``GET /messages``: whether the endpoint runs, and what became of the mail, as JSON.

For tests in any language: send mail, then ask for it and wait. Neither is signed, so neither is taken from S3.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from sesreceive.endpoint.received_mail import ReceivedMail
from sesreceive.errors import InputError, one_line
from sesreceive.report import Report

__all__ = ["Page", "messages_page"]

MOST_SECONDS = 60.0
MOST_MESSAGES = 200
_TABLES = ("messages", "recipients", "rules", "actions", "effects")
_EXPECTED = {
    "wait": f"a number of seconds from 0 to {MOST_SECONDS:g}",
    "count": "a whole number from 0",
    "limit": f"a whole number from 1 to {MOST_MESSAGES}",
    "to": "an address",
}


class Page(NamedTuple):
    """Status, content type and text."""

    status: int
    content_type: str
    text: str

    @classmethod
    def of(cls, value: Any, status: int = 200) -> Page:
        """A value as JSON."""
        return cls(status, "application/json", json.dumps(value) + "\n")


def messages_page(path: str, query: str, mail: ReceivedMail) -> Page:
    r"""The page at ``/messages`` or ``/messages/<message id>``.

    Parameters
    ----------
    path : str
        The path of the request.
    query : str
        ``wait`` (seconds, 60 at most) for ``count`` messages (since the start; of those to ``to`` where that is
        given); the tables of the latest ``limit`` (50) are given.
    mail : ReceivedMail
        The messages.

    Examples
    --------
    >>> page = messages_page("/messages", "wait=0&count=1", ReceivedMail())
    >>> page.status, page.text[:60]
    (200, '{"total": 0, "enough": false, "messages": [], "recipients": ')
    >>> messages_page("/messages", "wait=soon", ReceivedMail())
    Page(status=400, content_type='application/json', text='{"error": "wait: expected a number of ... `soon`"}\n')
    """
    message_id = path.removeprefix("/messages").strip("/")
    if message_id:
        try:
            return Page(200, "text/plain; charset=utf-8", f"{mail[message_id].explain()}\n")
        except KeyError:
            return Page.of({"error": f"no message `{one_line(message_id)}` is kept here"}, 404)
    try:
        wanted = _fields(query)
    except InputError as error:
        return Page.of({"error": str(error)}, 400)
    count, to, limit = wanted["count"], wanted["to"], wanted["limit"]
    kept = mail.wait(count=count, to=to, timeout_s=wanted["wait"])
    report = Report(kept[-limit:])
    enough = (len(kept) if to else mail.total) >= count
    tables = {name: _rows(report.frame(name)) for name in _TABLES}
    members = {"total": json.dumps(mail.total), "enough": json.dumps(enough), **tables}
    text = ", ".join(f'"{name}": {rows}' for name, rows in members.items())
    return Page(200, "application/json", f"{{{text}}}\n")


def _rows(frame: Any) -> str:
    rows: str = frame.to_json(orient="records", date_format="iso", date_unit="ms")
    return rows


def _fields(query: str) -> Mapping[str, Any]:
    wanted: dict[str, Any] = {"wait": 0.0, "count": 1, "to": "", "limit": 50}
    read: Mapping[str, Callable[[str], Any]] = {"wait": _seconds, "count": int, "limit": _limit, "to": str}
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in read:
            raise InputError(f"expected {', '.join(read)} but got `{one_line(name)}`")
        try:
            wanted[name] = read[name](text[:400])
            if name == "count" and wanted[name] < 0:
                raise ValueError
        except ValueError:
            raise InputError(f"{name}: expected {_EXPECTED[name]} but got `{one_line(text)}`") from None
    return wanted


def _seconds(text: str) -> float:
    waiting_s = float(text)
    if not 0 <= waiting_s <= MOST_SECONDS:
        raise ValueError
    return waiting_s


def _limit(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MOST_MESSAGES:
        raise ValueError
    return number
