"""The goal of DNS records with which mail comes out as it should."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sesreceive.dns.zone import Zone
from sesreceive.errors import InputError, ZoneError
from sesreceive.lessons.trials import Outcomes, TrialsGoal
from sesreceive.wording import wrong_kind

__all__ = ["ZoneGoal"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ZoneGoal(TrialsGoal):
    """DNS records with which every trial comes out as wanted; those of `zone` are there besides."""

    @property
    def wants(self) -> str:
        """A zone."""
        return "DNS records: a `Zone`, a mapping of names, or the text of a zone file"

    def read(self, answer: Any) -> Outcomes:
        """What the records do in every trial."""
        try:
            if isinstance(answer, str):
                mine = Zone.parse(answer)
            elif isinstance(answer, Zone):
                mine = answer
            elif isinstance(answer, Mapping):
                mine = Zone(answer)
            else:
                raise InputError(wrong_kind(self.wants, answer))
        except ZoneError as error:
            raise InputError(f"these records cannot be read: {error}") from error
        fixed = self.zone if isinstance(self.zone, Zone) else Zone(self.zone)
        return self._try(mine.to_text(), zone=fixed.merge(mine))
