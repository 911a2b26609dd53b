"""Texts with ``*`` and ``?`` as IAM policies have them, and the variables in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

__all__ = ["fits", "fits_arn", "plain", "with_variables"]

_VARIABLE = re.compile(r"\$\{([^},]*)(?:,\s*'([^']*)')?\}")
# `${*}`, `${?}` and `${$}` stand for the sign itself [IAM User Guide, "IAM policy elements: Variables and tags"].
_SIGNS = {"*": "\ue000", "?": "\ue001", "$": "$"}
_BACK = {0xE000: "*", 0xE001: "?"}


def fits(pattern: str, text: str) -> bool:
    """Whether the whole text fits the pattern; ``*`` is any run of characters, ``?`` is one.

    Examples
    --------
    >>> fits("arn:aws:s3:::inbox/*", "arn:aws:s3:::inbox/a/b"), fits("s3:Get?bject", "s3:PutObject")
    (True, False)
    """
    # The last star alone is ever gone back to, so this takes at most len(pattern) x len(text) steps.
    at = in_text = 0
    star, resume = -1, 0
    while in_text < len(text):
        sign = pattern[at] if at < len(pattern) else ""
        if sign == "*":
            star, resume = at, in_text
            at += 1
        elif sign and (sign == "?" or _plain(sign) == text[in_text]):
            at += 1
            in_text += 1
        elif star >= 0:
            resume += 1
            at, in_text = star + 1, resume
        else:
            return False
    return all(sign == "*" for sign in pattern[at:])


def _plain(sign: str) -> str:
    return {"\ue000": "*", "\ue001": "?"}.get(sign, sign)


def plain(text: str) -> str:
    """A text that was given to `with_variables`, where stars and question marks are themselves anyway.

    Examples
    --------
    >>> plain(with_variables("${*}", {}, "2012-10-17"))
    '*'
    """
    return text.translate(_BACK)


def fits_arn(pattern: str, text: str) -> bool:
    """Whether an ARN fits a pattern: each of the six parts between the colons by itself.

    Examples
    --------
    >>> fits_arn("arn:aws:ses:*:111122223333:*", "arn:aws:ses:us-east-1:111122223333:receipt-rule-set/main")
    True
    >>> fits_arn("arn:*:main", "arn:aws:ses:us-east-1:111122223333:main")
    False

    References
    ----------
    IAM User Guide, "Amazon Resource Name (ARN) condition operators".
    """
    wanted, parts = pattern.split(":", 5), text.split(":", 5)
    return len(wanted) == len(parts) == 6 and all(map(fits, wanted, parts))


def with_variables(pattern: str, context: Mapping[str, tuple[str, ...]], version: str) -> str | None:
    """The pattern with its variables put in; None where one has no single value, so that nothing fits.

    Before the version ``2012-10-17`` of the policy language there were none, and the text stays as it is.

    Parameters
    ----------
    pattern : str
        Such as ``arn:aws:s3:::inbox/${aws:SourceAccount}/*``.
    context : mapping
        Values by key in lower case.
    version : str
        The ``Version`` of the policy.

    Examples
    --------
    >>> with_variables("${aws:SourceAccount}/*", {"aws:sourceaccount": ("111122223333",)}, "2012-10-17")
    '111122223333/*'
    """
    if version != "2012-10-17" or "${" not in pattern:
        return pattern
    missing: list[str] = []
    put = _putter(context, missing)
    made = _VARIABLE.sub(put, pattern)
    return None if missing else made


def _putter(context: Mapping[str, tuple[str, ...]], missing: list[str]) -> Callable[[re.Match[str]], str]:
    def put(match: re.Match[str]) -> str:
        name, default = match[1], match[2]
        if name in _SIGNS:
            return _SIGNS[name]
        values = context.get(name.lower(), ())
        if len(values) == 1:
            # A star in a value is a star and no wildcard.
            return values[0].replace("*", _SIGNS["*"]).replace("?", _SIGNS["?"])
        if default is not None:
            return default
        missing.append(name)
        return ""

    return put
