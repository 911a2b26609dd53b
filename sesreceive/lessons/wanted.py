"""What has to become of a mail, and what became of it, in the same words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sesreceive.effects import Effect, PutObject
from sesreceive.errors import one_line
from sesreceive.reception import Reception
from sesreceive.shown import Shown

__all__ = ["Wanted", "outcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted(Shown):
    """What has to become of a mail; what is None does not matter.

    Attributes
    ----------
    reply : int, optional
        The code of the final answer.
    rules : tuple of str, optional
        The rules that fire, in order.
    done : tuple of str, optional
        Operations in order, each with its bucket, topic, function or recipient: ``PutObject inbox/spam``.
    spf, dkim, dmarc, spam, virus, dmarc_policy : str, optional
        Verdicts, and the policy where DMARC fails.
    """

    reply: int | None = None
    rules: tuple[str, ...] | None = None
    done: tuple[str, ...] | None = None
    spf: str | None = None
    dkim: str | None = None
    dmarc: str | None = None
    dmarc_policy: str | None = None
    spam: str | None = None
    virus: str | None = None

    def against(self, actual: Wanted) -> str:
        """What is otherwise than wanted, as a sentence; empty where nothing is."""
        for name, label in _LABELS.items():
            wanted, got = getattr(self, name), getattr(actual, name)
            if wanted is not None and wanted != got:
                return f"{label} {_shown(got)}, wanted {_shown(wanted)}"
        return ""


# In the order in which they are looked at.
_LABELS = {
    "reply": "the reply is",
    "spf": "the SPF verdict is",
    "dkim": "the DKIM verdict is",
    "dmarc": "the DMARC verdict is",
    "dmarc_policy": "the DMARC policy is",
    "spam": "the spam verdict is",
    "virus": "the virus verdict is",
    "rules": "the rules that fire are",
    "done": "what is done is",
}


def _shown(value: Any) -> str:
    if value is None:
        return "none, since the mail is refused"
    if value == "":
        return "none"
    if isinstance(value, tuple):
        return ", ".join(f"`{one_line(one, 100)}`" for one in value) or "nothing"
    return f"`{value}`"


def outcome(reception: Reception) -> Wanted:
    """What became of a mail, every part of it."""
    known = reception.verdicts
    verdicts = {} if known is None else {name: str(getattr(known, name)) for name in _VERDICTS}
    done = tuple(f"{effect.operation} {_name(effect)}" for effect in reception.effects)
    return Wanted(reply=reception.reply.code, rules=reception.rules, done=done, **verdicts)


_VERDICTS = ("spf", "dkim", "dmarc", "dmarc_policy", "spam", "virus")


def _name(effect: Effect) -> str:
    """Bucket and prefix of an object, the last word of an ARN, or an address."""
    if isinstance(effect, PutObject):
        return f"{effect.bucket}/{effect.key.rpartition('/')[0]}".rstrip("/")
    return effect.target.rpartition(":")[2] if effect.target.startswith("arn:") else effect.target
