"""How what SES writes changed with time: profiles of the years whose samples are public.

Only what public samples show stands here, and a profile is tried on mail of its time alone: a part that is missing from
mail of today is a difference, not an old habit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sesreceive.likeness.artefacts import Fields
from sesreceive.mail.envelope import Envelope

__all__ = ["ERAS", "Era", "eras_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Era:
    """One profile.

    Attributes
    ----------
    name : str
        Year of the samples.
    until : int
        Last year of mail that it is tried on.
    without : tuple of str
        Fields of the block, or parts of one, that were not written.
    members : tuple of str
        Members of JSON that were not written.
    spf_helo_is_name : bool
        Whether ``helo=`` in the comment of SPF was the client's name in reverse DNS.
    source : str
        Which samples show it.
    """

    name: str
    until: int
    without: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    spf_helo_is_name: bool = False
    source: str = ""

    def applied(self, fields: Fields, envelope: Envelope) -> Fields:
        """Our fields as they would have been written then."""
        if not self.without and not self.members and not self.spf_helo_is_name:
            return fields
        written: Fields = {}
        for path, field in fields.items():
            plain = re.sub(r"^(?:content\.|returned\.|mail\.headers\.)", "", path)
            if any(plain.startswith(f"{name}.") for name in self.without):
                continue
            if any(name in path.split(".") for name in self.members):
                continue
            value = field.value
            if field.part in ("order", "json header order"):
                value = ", ".join(_without_first(value.split(", "), self.without))
            elif field.part == "json order":
                value = ", ".join(name for name in value.split(", ") if not set(name.split(".")) & set(self.members))
            elif plain == "Authentication-Results.form" and "Authentication-Results.dmarc" in self.without:
                value = re.sub(r"\r\n dmarc=[^\r\n]*", "", value)
            elif self.spf_helo_is_name and envelope.client_name and plain in _SPF_HELO:
                value = envelope.client_name
            written[path] = field._replace(value=value)
        return written


def _without_first(names: list[str], gone: tuple[str, ...]) -> list[str]:
    """The names without the first of each that is gone: a sender's own of the same name stays."""
    left = list(names)
    for name in gone:
        if name in left:
            left.remove(name)
    return left


_SPF_HELO = ("Received-SPF.helo", "Authentication-Results.spf.helo")
_AFTER_RECEIVED = (
    "X-SES-Spam-Verdict",
    "X-SES-Virus-Verdict",
    "Received-SPF",
    "Authentication-Results",
    "X-SES-RECEIPT",
    "X-SES-DKIM-SIGNATURE",
)

ERAS: Mapping[str, Era] = {
    era.name: era
    for era in (
        Era(name="2026", until=9999, source="public samples of 2022 to 2026"),
        Era(
            name="2020",
            until=2024,
            spf_helo_is_name=True,
            source="two public samples of 2018 and 2020: `helo=` is the name in reverse DNS",
        ),
        Era(
            name="2018",
            until=2019,
            without=("Authentication-Results.dmarc",),
            spf_helo_is_name=True,
            source="two public samples of 2018: no `dmarc=`",
        ),
        Era(
            name="2016",
            until=2017,
            without=("Authentication-Results.dmarc", "X-SES-RECEIPT", "X-SES-DKIM-SIGNATURE"),
            members=("dmarcVerdict", "dmarcPolicy"),
            spf_helo_is_name=True,
            source="a public notification of July 2016: neither token nor signature, no DMARC",
        ),
        Era(
            name="2015",
            until=2017,
            without=_AFTER_RECEIVED,
            members=("dmarcVerdict", "dmarcPolicy"),
            source="public samples of 2015: Return-Path and Received alone",
        ),
    )
}
"""By year, the present first."""


def eras_of(at: datetime | None, wanted: str = "") -> tuple[Era, ...]:
    """The profiles to try on mail of this time; the one that is asked for, where one is."""
    if wanted:
        return (ERAS[wanted],)
    year = at.year if at is not None else 9999
    return tuple(era for era in ERAS.values() if era.until >= year)
