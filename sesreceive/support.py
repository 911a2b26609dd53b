"""What evidence says of an open point: which reading it decides, leaves undecided or contradicts; public or your own.

Public evidence and the captures of a user come to the same value, so the table in the documentation and that of a
user's own score have one form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sesreceive.assumption import Assumption, Assumptions
from sesreceive.errors import one_line

__all__ = ["PUBLIC", "Standing", "Support", "public_support", "support_markdown", "support_rows"]


class Standing(StrEnum):
    """Where an open point stands after all evidence."""

    DECIDED = "decided"
    UNDECIDED = "undecided"
    CONTRADICTED = "contradicted"
    SILENT = "silent"  # nothing tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """One open point, and what the evidence says of each reading.

    Attributes
    ----------
    name : str
        Field of `Assumptions`.
    value : object
        The reading in force.
    speaks_for, speaks_against : mapping of reading to tuple of str
        Which evidence fits a reading, and which does not.
    """

    name: str
    value: Any
    speaks_for: Mapping[Any, tuple[str, ...]] = field(default_factory=dict, hash=False)
    speaks_against: Mapping[Any, tuple[str, ...]] = field(default_factory=dict, hash=False)

    @property
    def fits(self) -> tuple[Any, ...]:
        """The readings that some evidence fits and none contradicts."""
        return tuple(reading for reading in self.speaks_for if not self.speaks_against.get(reading))

    @property
    def standing(self) -> Standing:
        """Whether the evidence decides the point."""
        if not self.speaks_for and not self.speaks_against:
            return Standing.SILENT
        fits = self.fits
        return Standing.DECIDED if len(fits) == 1 else Standing.UNDECIDED if fits else Standing.CONTRADICTED

    @property
    def setting(self) -> dict[str, Any]:
        """What to give to `Assumptions`; empty where the point is not decided.

        Examples
        --------
        >>> Support(name="scan_scope", value="per-rule", speaks_for={"per-rule": ("a sample",)}).setting
        {'scan_scope': 'per-rule'}
        """
        return {self.name: self.fits[0]} if self.standing is Standing.DECIDED else {}

    def told(self, readings: Mapping[Any, tuple[str, ...]]) -> str:
        """Readings with their evidence, as a cell."""
        return "; ".join(f"`{reading}`: {', '.join(evidence)}" for reading, evidence in readings.items() if evidence)


# Public samples, by open point: reading → what shows it. Each is a payload, a stored object, a bounce or a trace that
# somebody published, with its year; where no sample decides, the point is absent. `Assumptions` says the rest.
PUBLIC: Mapping[str, Mapping[Any, tuple[str, ...]]] = {
    "ec2_source": {"refused": ("a run of 2026, refused by AWS's own list",)},
    "smtp_banner": {"ESMTP Amazon SES": ("a probe of 2026",)},
    "recipients_per_rule": {500: ("a probe of 2026 that took 101",)},
    "scan_scope": {"per-rule": ("notifications of 2019 and 2020 that say DISABLED",)},
    "dmarc_none_policy": {"traffic": ("a notification with FAIL and `none`", "one with PASS and `none`")},
    "dkim_alignment": {"strict": ("a notification of 2020 that says GRAY for an aligned subdomain",)},
    "added_header_position": {"end": ("three traces of 2023 to 2026, one with its rule",)},
    "oversize_scope": {"rule": ("a design note of 2026",)},
    "notification_headers_bytes": {10_240: ("a notification of 2024 that stopped at 10,234 bytes",)},
    "header_truncation": {"stop": ("a notification of 2024 with a further header to come",)},
    "decode_encoded_words": {
        "token-start": ("public notifications with encoded subjects",),
        "never": ("a documentation sample of 2015",),
    },
    "unparsable_addresses": {"raw": ("reports by users, 2023 and later",)},
    "text_line_limit": {0: ("a stored object with a line of 1,017 bytes",)},
}

# What a sample says against a reading.
_AGAINST: Mapping[str, Mapping[Any, tuple[str, ...]]] = {
    "decode_encoded_words": {"never": ("public notifications with encoded subjects",)},
    "dmarc_none_policy": {"guide": ("a notification with PASS and `none`",)},
    "text_line_limit": {1_000: ("a stored object with a line of 1,017 bytes",)},
    "notification_headers_bytes": {10_000: ("a notification of 2024 that stopped at 10,234 bytes",)},
    "recipients_per_rule": {100: ("a probe of 2026 that took 101",)},
}


def public_support(value: Assumptions | None = None) -> tuple[Support, ...]:
    """What public samples say of every open point, in the order a message meets them.

    Examples
    --------
    >>> told = {support.name: support.standing.value for support in public_support()}
    >>> told["dkim_alignment"], told["null_sender_source"]
    ('decided', 'silent')
    """
    return tuple(
        Support(
            name=row.name,
            value=row.value,
            speaks_for=PUBLIC.get(row.name, {}),
            speaks_against=_AGAINST.get(row.name, {}),
        )
        for row in Assumption.rows(value)
    )


def support_rows(supports: Iterable[Support]) -> list[tuple[str, str, str, str, str]]:
    """Rows of the table: the point, where it stands, the reading to use, what speaks for each reading and against."""
    return [
        (
            one.name,
            one.standing.value,
            ", ".join(f"`{reading}`" for reading in one.fits),
            one.told(one.speaks_for),
            one.told(one.speaks_against),
        )
        for one in supports
    ]


def support_markdown(supports: Iterable[Support]) -> str:
    """The points that some evidence tells of, as Markdown: one form for public evidence and for a user's own."""
    lines = ["| setting | standing | use | speaks for | speaks against |", "| --- | --- | --- | --- | --- |"]
    for row in support_rows(one for one in supports if one.standing is not Standing.SILENT):
        name, standing, *cells = (_cell(cell) for cell in row)
        lines.append("| " + " | ".join((f"`{name}`", standing, *cells)) + " |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return one_line(text, 400).replace("|", "\\|")
