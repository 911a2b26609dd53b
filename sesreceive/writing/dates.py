"""The five ways SES writes a time, all in UTC and in English whatever the locale."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["arrival_date", "dsn_date", "millis", "received_date", "setup_date", "timestamp"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _parts(at: datetime) -> tuple[datetime, str, str]:
    at = at.astimezone(UTC)
    return at, _DAYS[at.weekday()], _MONTHS[at.month - 1]


def timestamp(at: datetime) -> str:
    """ISO 8601 with milliseconds, as in the JSON of notifications [observed].

    Examples
    --------
    >>> timestamp(datetime(2026, 1, 2, 10, 5, 5, 123_999, tzinfo=UTC))
    '2026-01-02T10:05:05.123Z'
    """
    return f"{at.astimezone(UTC).isoformat(timespec='milliseconds')[:-6]}Z"


def received_date(at: datetime) -> str:
    """The date of the ``Received`` header: day with two digits, zone in both spellings [observed].

    Examples
    --------
    >>> received_date(datetime(2026, 1, 2, 10, 5, 5, tzinfo=UTC))
    'Fri, 02 Jan 2026 10:05:05 +0000 (UTC)'
    """
    return f"{setup_date(at)} (UTC)"


def setup_date(at: datetime) -> str:
    """The ``Date`` of a setup message, 31 characters [observed].

    Examples
    --------
    >>> setup_date(datetime(2026, 1, 2, 10, 0, tzinfo=UTC))
    'Fri, 02 Jan 2026 10:00:00 +0000'
    """
    at, day, month = _parts(at)
    return f"{day}, {at.day:02d} {month} {at.year:04d} {at.hour:02d}:{at.minute:02d}:{at.second:02d} +0000"


def arrival_date(at: datetime) -> str:
    """The ``Arrival-Date`` of a bounce, with its two-digit year [observed].

    Examples
    --------
    >>> arrival_date(datetime(2015, 10, 1, 13, 48, 54, tzinfo=UTC))
    'Thu, 01 Oct 15 13:48:54 UTC'
    """
    at, day, month = _parts(at)
    return f"{day}, {at.day:02d} {month} {at.year % 100:02d} {at:%H:%M:%S} UTC"


def dsn_date(at: datetime) -> str:
    """The ``Date`` header of a bounce: day without a leading zero [observed].

    Examples
    --------
    >>> dsn_date(datetime(2026, 1, 2, 10, 5, 6, tzinfo=UTC))
    'Fri, 2 Jan 2026 10:05:06 +0000'
    """
    at, day, month = _parts(at)
    return f"{day}, {at.day} {month} {at.year:04d} {at:%H:%M:%S} +0000"


def millis(at: datetime) -> int:
    """Milliseconds since 1970, in whole numbers.

    Examples
    --------
    >>> millis(datetime(2026, 1, 2, 10, 5, 6, 999, tzinfo=UTC))
    1767348306000
    """
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
