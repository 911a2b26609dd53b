"""One access that SES would be refused, and what would mend it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sesreceive.errors import one_line

__all__ = ["Refusal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One access that SES would be refused.

    Attributes
    ----------
    kind : str
        What refuses: ``bucket``, ``topic``, ``key``, ``function`` or ``role``.
    target : str
        Its name or ARN, as the rule has it.
    rule_set, rule : str
        For which rule.
    error : str
        What SES runs into, in the words that failures have everywhere.
    reason : str
        The missing statement, the failed condition, the denial, or the wrong region.
    add : mapping
        The statement that would mend it; empty where none does.
    where : str
        The policy it belongs into.
    """

    kind: str
    target: str
    rule_set: str
    rule: str
    error: str
    reason: str
    add: Mapping[str, Any] = field(default_factory=dict, hash=False)
    where: str = ""

    @property
    def statement(self) -> str:
        """The statement to add, as JSON; empty where none helps."""
        return json.dumps(self.add) if self.add else ""

    @property
    def complaint(self) -> str:
        """What fails and why, as one sentence."""
        return one_line(f"{self.error}: {self.reason}", 1000)

    @property
    def remedy(self) -> str:
        """What to add where; empty where nothing helps."""
        return one_line(f"add to {self.where}: {self.statement}", 1000) if self.add else ""

    def __str__(self) -> str:
        """One sentence: what fails, why, and what to add where."""
        return "; ".join(filter(None, (self.complaint, self.remedy)))
