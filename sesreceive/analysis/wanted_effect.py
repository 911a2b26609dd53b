"""What a rule is wanted to do, or not to do: an operation, and what is known of its target."""

from __future__ import annotations

from dataclasses import dataclass

from sesreceive.account.action import ReceiptAction
from sesreceive.analysis.action_targets import targets
from sesreceive.analysis.predicates import TextIs
from sesreceive.effects import Effect
from sesreceive.errors import InputError, one_line
from sesreceive.shown import Shown
from sesreceive.wording import either, expected, wrong_kind

__all__ = ["Does"]

OPERATIONS = tuple(sorted({kind.operation for kind in Effect.__subclasses__() if kind.operation}))


@dataclass(frozen=True, slots=True)
class Does(Shown):
    """Something that a rule does for a recipient that it matches.

    Attributes
    ----------
    operation : str
        ``PutObject``, ``Publish``, ``Invoke``, ``SendBounce``, ``DeliverToWorkMail`` or ``StartEmailContact``.
    target : str or TextIs
        Bucket, ARN of a topic, function, organisation or contact flow, or sender of a bounce; empty for any.
    prefix : str or TextIs
        Of the key of an object; empty for any.

    Raises
    ------
    InputError
        When there is no such operation, or something else than an object should have a prefix.

    Examples
    --------
    >>> print(Does("PutObject", "inbox", prefix=TextIs("STARTS_WITH", "invoices/")))
    PutObject with target `inbox` and a prefix that starts with `invoices/`
    """

    operation: str
    target: str | TextIs = ""
    prefix: str | TextIs = ""

    def __post_init__(self) -> None:
        if self.operation not in OPERATIONS:
            raise InputError(expected(either(OPERATIONS), self.operation, OPERATIONS))
        for what, text in (("target", self.target), ("prefix", self.prefix)):
            if not isinstance(text, str | TextIs):
                raise InputError(f"{what}: {wrong_kind('text or `TextIs(…)`', text)}")
        if self.prefix and self.operation != "PutObject":
            raise InputError(f"only what PutObject stores has a prefix, and this is `{self.operation}`")

    def is_done_by(self, action: ReceiptAction) -> bool:
        """Whether an action asks for it."""
        for operation, target in targets(action):
            if operation == self.operation and _matches(self.target, target):
                prefix = getattr(action, "object_key_prefix", None) or ""
                if operation != "PutObject" or _matches(self.prefix, prefix):
                    return True
        return False

    def __str__(self) -> str:
        """It as part of a sentence."""
        parts = [self.operation]
        if self.target:
            parts.append(f"with target {_shown(self.target)}")
        if self.prefix:
            parts.append(f"and a prefix {_shown(self.prefix)}")
        return " ".join(parts)


def _matches(wanted: str | TextIs, text: str) -> bool:
    if isinstance(wanted, TextIs):
        return wanted.holds(text)
    return not wanted or wanted == text


def _shown(wanted: str | TextIs) -> str:
    return f"that {wanted}" if isinstance(wanted, TextIs) else f"`{one_line(wanted, 120)}`"
