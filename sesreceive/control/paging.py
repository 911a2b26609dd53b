"""Lists in pages: a token that says behind which name the next page begins."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from sesreceive.control import refusals

__all__ = ["page"]

_MARK = "behind "


def page(names: Sequence[str], token: str | None, size: int) -> tuple[Sequence[str], str | None]:
    """The names of one page, and the token of the next where there is one.

    Parameters
    ----------
    names : sequence of str
        All of them, sorted.
    token : str or None
        That of the page before; none, or an empty one, for the first page.
    size : int
        Names on a page.

    Raises
    ------
    ApiError
        ``InvalidParameterValue`` when the token is none that was given here.

    Examples
    --------
    >>> first, token = page(["a", "b", "c"], None, 2)
    >>> first, page(["a", "b", "c"], token, 2)
    (['a', 'b'], (['c'], None))
    """
    # A name that is gone by now still says where the page begins.
    rest = names if not token else [name for name in names if name > _last(token)]
    shown = rest[:size]
    return shown, _token(shown[-1]) if len(rest) > size else None


def _token(name: str) -> str:
    return urlsafe_b64encode(f"{_MARK}{name}".encode("utf-8", "surrogatepass")).decode()


def _last(token: str) -> str:
    try:
        text = urlsafe_b64decode(token.encode()).decode("utf-8", "surrogatepass")
    except ValueError:
        text = ""
    if not text.startswith(_MARK) or _token(text.removeprefix(_MARK)) != token:
        raise refusals.invalid(f"Invalid token: {token}")
    return text.removeprefix(_MARK)
