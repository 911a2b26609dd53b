"""Text that any file can hold."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["clean"]


def clean(values: Sequence[str | None]) -> list[str | None]:
    r"""The texts with everything in them that no file can hold written with backslashes.

    Examples
    --------
    >>> clean(["ana", "b\udcff"])
    ['ana', 'b\\udcff']
    """
    try:
        "".join(filter(None, values)).encode()
    except UnicodeEncodeError:
        return [v and v.encode("utf-8", "backslashreplace").decode() for v in values]
    return list(values)
