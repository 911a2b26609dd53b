"""Other names in the same task: what a seed makes of people, domains, networks and words, and back again.

Two names change places, so that doing it twice changes nothing, whatever else a text says.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from sesreceive.account.account import Account
from sesreceive.account.value import Value
from sesreceive.analysis.witness import Answer, Witness
from sesreceive.json_input import parse_json
from sesreceive.mail.envelope import Envelope
from sesreceive.shown import Shown

__all__ = ["Renaming"]

T = TypeVar("T")

# A word of the exercises → what it may become, itself first: words that no task and no hint has otherwise. Addresses
# and networks are reserved ones.
_WORDS: Mapping[str, tuple[str, ...]] = {
    "example.com": ("example.com", "anycompany.example", "school.example", "theatre.example"),
    "ana": ("ana", "eva", "lea", "ida", "mia"),
    "bo": ("bo", "max", "pia", "tim"),
    "carl": ("carl", "paul", "finn"),
    "billing": ("billing", "payments", "finance", "bookkeeping"),
    "support": ("support", "helpdesk", "hotline"),
    "company": ("company", "firm", "bureau"),
    "203.0.113": ("203.0.113", "192.0.2"),
}


@dataclass(frozen=True)
class Renaming(Shown):
    """Pairs of names that change places.

    Attributes
    ----------
    pairs : mapping of str to str
        Each name to the one in its place.

    Examples
    --------
    >>> renaming = Renaming({"ana": "eva", "billing": "sales"})
    >>> renaming("Ana reads billing@example.com, Eva sales/, and banana is no name")
    'Eva reads sales@example.com, Ana billing/, and banana is no name'
    >>> renaming(renaming("ana, EVA, Sales"))
    'ana, EVA, Sales'
    """

    pairs: Mapping[str, str]

    @classmethod
    def of(cls, seed: str) -> Renaming:
        """The names that a seed gives: the same for the same seed on every machine."""
        chance = random.Random(seed)  # noqa: S311 - it hides nothing
        chosen = ((word, chance.choice(others)) for word, others in _WORDS.items())
        return cls({word: other for word, other in chosen if other != word})

    @cached_property
    def _other(self) -> dict[str, str]:
        return {**self.pairs, **{other: word for word, other in self.pairs.items()}}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        words = "|".join(re.escape(word) for word in sorted(self._other, key=len, reverse=True))
        return re.compile(rf"(?<![A-Za-z0-9])(?:{words})(?![A-Za-z0-9])", re.IGNORECASE)

    def __call__(self, text: str) -> str:
        """The text with the other names, in capitals where it has capitals."""
        return self._pattern.sub(self._instead, text) if self.pairs else text

    def _instead(self, found: re.Match[str]) -> str:
        word = found[0]
        other = self._other[word.lower()]
        return other.upper() if word.isupper() else other.capitalize() if word[:1].isupper() else other

    def value(self, value: T) -> T:
        """A value with the other names in all of its texts; what has none is given back as it is."""
        renamed: Any = self._renamed(value)
        return renamed  # type: ignore[no-any-return]

    def _renamed(self, value: Any) -> Any:
        if isinstance(value, str):
            return self(value)
        if isinstance(value, bytes):
            return self(value.decode("latin-1")).encode("latin-1")
        if isinstance(value, Account | Value):
            return type(value).from_api(parse_json(self(json.dumps(value.to_api(), ensure_ascii=False))))
        if isinstance(value, Envelope):
            return Envelope.from_json(parse_json(self(json.dumps(value.to_json(), ensure_ascii=False))))
        if isinstance(value, Witness):
            answers = tuple(Answer(self(one.function_arn), one.flow) for one in value.answers)
            headers = self._renamed(value.headers)
            envelope = self._renamed(value.envelope)
            return Witness(envelope=envelope, size_bytes=value.size_bytes, answers=answers, headers=headers)
        if isinstance(value, dict):
            return {self._renamed(key): self._renamed(item) for key, item in value.items()}
        if type(value) in (list, tuple):
            return type(value)(self._renamed(item) for item in value)
        return value
