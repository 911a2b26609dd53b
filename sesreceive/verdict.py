"""The verdicts of SES: what a notification says of spam, virus, SPF, DKIM and DMARC."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sesreceive.shown import Shown

__all__ = ["Verdict", "Verdicts"]


class Verdict(StrEnum):
    """A status of the ``…Verdict`` objects of a notification (Developer Guide, "Notification contents")."""

    PASS = "PASS"
    FAIL = "FAIL"
    GRAY = "GRAY"
    PROCESSING_FAILED = "PROCESSING_FAILED"
    DISABLED = "DISABLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts(Shown):
    """The five verdicts of one message as one rule sees them.

    Attributes
    ----------
    spam, virus : Verdict
        ``DISABLED`` where the rule's ScanEnabled is off [observed].
    spf, dkim, dmarc : Verdict
        Never ``DISABLED``: authentication always runs.
    dmarc_policy : str
        ``none``, ``quarantine`` or ``reject`` when `dmarc` is FAIL, else empty.
    """

    spam: Verdict = Verdict.DISABLED
    virus: Verdict = Verdict.DISABLED
    spf: Verdict = Verdict.GRAY
    dkim: Verdict = Verdict.GRAY
    dmarc: Verdict = Verdict.GRAY
    dmarc_policy: str = ""

    @property
    def unscanned(self) -> Verdicts:
        """The same without scanning."""
        return Verdicts(spf=self.spf, dkim=self.dkim, dmarc=self.dmarc, dmarc_policy=self.dmarc_policy)

    @property
    def findings(self) -> str:
        """The verdicts that are not PASS, in a few words; DISABLED is no finding.

        Examples
        --------
        >>> clean = dict.fromkeys(("spf", "dkim", "dmarc"), Verdict.PASS)
        >>> Verdicts(**clean).findings
        'all PASS'
        >>> Verdicts(**clean | {"dmarc": Verdict.FAIL}, dmarc_policy="reject").findings
        'dmarc FAIL (reject)'
        """
        words = [
            f"{name} {verdict}" + (f" ({self.dmarc_policy})" if name == "dmarc" and self.dmarc_policy else "")
            for name, verdict in (
                ("spf", self.spf),
                ("dkim", self.dkim),
                ("dmarc", self.dmarc),
                ("spam", self.spam),
                ("virus", self.virus),
            )
            if verdict not in (Verdict.PASS, Verdict.DISABLED)
        ]
        return ", ".join(words) or "all PASS"

    @property
    def scanned(self) -> bool:
        """Whether the scan headers are part of the message: only where scanning was on [observed]."""
        return self.spam is not Verdict.DISABLED or self.virus is not Verdict.DISABLED
