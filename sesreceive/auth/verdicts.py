"""From RFC results to SES verdicts, as one cited table each.

The evidence is thirteen public samples (tests/cases/verdicts); where none decides, the tag says "inferred".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from sesreceive.assumption import Assumptions
from sesreceive.auth.results import AuthenticationResults, DkimResult, DkimStatus, DmarcPolicy, DmarcStatus, SpfStatus
from sesreceive.verdict import Verdict, Verdicts

__all__ = ["DKIM_VERDICTS", "DMARC_VERDICTS", "SPF_VERDICTS", "dkim_verdict", "verdicts_of"]

# pass, none, neutral, softfail, permerror [observed]; fail, temperror [inferred].
SPF_VERDICTS: Mapping[SpfStatus, Verdict] = {
    SpfStatus.PASS: Verdict.PASS,
    SpfStatus.NONE: Verdict.GRAY,
    SpfStatus.NEUTRAL: Verdict.GRAY,
    SpfStatus.SOFTFAIL: Verdict.GRAY,
    SpfStatus.PERMERROR: Verdict.PROCESSING_FAILED,
    SpfStatus.TEMPERROR: Verdict.PROCESSING_FAILED,
    SpfStatus.FAIL: Verdict.FAIL,
}

# Of the author domain's signatures the best one counts: first row that any of them has. pass, permerror
# [observed]; fail, temperror [inferred].
DKIM_VERDICTS: Mapping[DkimStatus, Verdict] = {
    DkimStatus.PASS: Verdict.PASS,
    DkimStatus.FAIL: Verdict.FAIL,
    DkimStatus.PERMERROR: Verdict.PROCESSING_FAILED,
    DkimStatus.TEMPERROR: Verdict.PROCESSING_FAILED,
}

# pass, none, fail (also with p=none) [observed]; temperror, permerror [inferred].
DMARC_VERDICTS: Mapping[DmarcStatus, Verdict] = {
    DmarcStatus.PASS: Verdict.PASS,
    DmarcStatus.NONE: Verdict.GRAY,
    DmarcStatus.FAIL: Verdict.FAIL,
    DmarcStatus.TEMPERROR: Verdict.PROCESSING_FAILED,
    DmarcStatus.PERMERROR: Verdict.PROCESSING_FAILED,
}

_DEFAULT = Assumptions()


def dkim_verdict(
    signatures: Sequence[DkimResult],
    author_domain: str,
    organizational_domain: str = "",
    assumptions: Assumptions | None = None,
) -> Verdict:
    """The DKIM verdict: only signatures of the author domain count; without one it is GRAY.

    A valid signature of another domain, a provider's or even an aligned parent's or child's, does not count
    [observed]; ``Assumptions(dkim_alignment="relaxed")`` lets those of the organisational domain count too.

    Examples
    --------
    >>> signed = DkimResult(status=DkimStatus.PASS, domain="amazonses.com")
    >>> dkim_verdict([signed], "example.com").value
    'GRAY'
    >>> dkim_verdict([signed], "amazonses.com").value
    'PASS'
    """
    relaxed = (assumptions or _DEFAULT).dkim_alignment == "relaxed"
    org = organizational_domain or author_domain
    own = {
        s.status
        for s in signatures
        if author_domain
        and s.is_signature
        and (s.domain == author_domain or (relaxed and (s.domain == org or s.domain.endswith(f".{org}"))))
    }
    return next((_read(DKIM_VERDICTS, status, assumptions) for status in DKIM_VERDICTS if status in own), Verdict.GRAY)


def verdicts_of(
    results: AuthenticationResults,
    *,
    spam: Verdict = Verdict.DISABLED,
    virus: Verdict = Verdict.DISABLED,
    assumptions: Assumptions | None = None,
) -> Verdicts:
    """The five verdicts; `dmarc_policy` is set only where DMARC failed [documented]."""
    dmarc = _dmarc_verdict(results, assumptions or _DEFAULT)
    return Verdicts(
        spam=spam,
        virus=virus,
        spf=_read(SPF_VERDICTS, results.spf.status, assumptions),
        dkim=dkim_verdict(results.dkim, results.dmarc.domain, results.dmarc.organizational_domain, assumptions),
        dmarc=dmarc,
        dmarc_policy=str(results.dmarc.policy or "") if dmarc is Verdict.FAIL else "",
    )


# Results whose verdict is open, and the setting that decides. Pairs, since `SpfStatus.FAIL` and `DkimStatus.FAIL` are
# equal as texts.
_OPEN: tuple[tuple[StrEnum, str], ...] = (
    (SpfStatus.FAIL, "spf_fail_verdict"),
    (SpfStatus.TEMPERROR, "temperror_verdict"),
    (DkimStatus.FAIL, "dkim_fail_verdict"),
    (DkimStatus.TEMPERROR, "temperror_verdict"),
    (DmarcStatus.TEMPERROR, "temperror_verdict"),
)


def _read(table: Mapping[Any, Verdict], status: StrEnum, assumptions: Assumptions | None) -> Verdict:
    """The verdict of a result: of the table, or as the setting for an open point has it."""
    if assumptions is None or assumptions is _DEFAULT:
        return table[status]
    for result, setting in _OPEN:
        if status is result:
            return Verdict(getattr(assumptions, setting))
    return table[status]


def _dmarc_verdict(results: AuthenticationResults, assumptions: Assumptions) -> Verdict:
    """The DMARC verdict; in the guide's reading GRAY where something passed and nothing is asked for."""
    if assumptions.dmarc_none_policy == "guide" and results.dmarc.policy in (None, DmarcPolicy.NONE):
        passed = results.spf.status is SpfStatus.PASS or any(one.status is DkimStatus.PASS for one in results.dkim)
        if passed and results.dmarc.status in (DmarcStatus.PASS, DmarcStatus.FAIL, DmarcStatus.NONE):
            return Verdict.GRAY
    return _read(DMARC_VERDICTS, results.dmarc.status, assumptions)
