"""Authentication results that come to verdicts by force: what a what-if asks for.

A verdict has no header of its own: ``Received-SPF`` and ``Authentication-Results`` are written from the results. So
the results are changed to what leads to the verdict, by the tables of `sesreceive.auth.verdicts` read backwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sesreceive.assumption import Assumptions
from sesreceive.auth.results import (
    AuthenticationResults,
    DkimResult,
    DkimStatus,
    DmarcPolicy,
    DmarcResult,
    DmarcStatus,
    SpfResult,
    SpfStatus,
)
from sesreceive.auth.verdicts import DMARC_VERDICTS, SPF_VERDICTS, dkim_verdict
from sesreceive.verdict import Verdict

__all__ = ["forced"]

# Of several results that lead to one verdict, the most usual: `none` for GRAY, a time-out for PROCESSING_FAILED.
_SPF: Mapping[Verdict, SpfStatus] = {
    Verdict.PASS: SpfStatus.PASS,
    Verdict.FAIL: SpfStatus.FAIL,
    Verdict.GRAY: SpfStatus.NONE,
    Verdict.PROCESSING_FAILED: SpfStatus.TEMPERROR,
}
_DKIM: Mapping[Verdict, DkimStatus] = {
    Verdict.PASS: DkimStatus.PASS,
    Verdict.FAIL: DkimStatus.FAIL,
    Verdict.PROCESSING_FAILED: DkimStatus.TEMPERROR,
}
_DMARC: Mapping[Verdict, DmarcStatus] = {
    Verdict.PASS: DmarcStatus.PASS,
    Verdict.FAIL: DmarcStatus.FAIL,
    Verdict.GRAY: DmarcStatus.NONE,
    Verdict.PROCESSING_FAILED: DmarcStatus.TEMPERROR,
}


def forced(
    results: AuthenticationResults,
    *,
    spf: Verdict | str = "",
    dkim: Verdict | str = "",
    dmarc: Verdict | str = "",
    dmarc_policy: str = "",
    assumptions: Assumptions | None = None,
) -> AuthenticationResults:
    """The results changed so that they come to these verdicts; those that are not named stay, and so do their results.

    Parameters
    ----------
    spf, dkim, dmarc : Verdict or str
        PASS, FAIL, GRAY or PROCESSING_FAILED. DMARC does not follow SPF and DKIM: each is forced alone.
    dmarc_policy : str
        ``none``, ``quarantine`` or ``reject``, where `dmarc` is FAIL; the published one by default, else ``none``.
    assumptions : Assumptions, optional
        Whose signatures the DKIM verdict looks at.

    Notes
    -----
    The DKIM verdict is about signatures of the author's domain. A message that names no author has none that counts,
    and keeps GRAY.
    """
    if spf:
        results = replace(results, spf=_spf(results, Verdict(spf)))
    if dkim:
        results = replace(results, dkim=_dkim(results, Verdict(dkim), assumptions))
    if dmarc:
        results = replace(results, dmarc=_dmarc(results.dmarc, Verdict(dmarc), dmarc_policy))
    return results


def _reason(verdict: Verdict) -> str:
    return f"{verdict} by force"


def _spf(results: AuthenticationResults, verdict: Verdict) -> SpfResult:
    if SPF_VERDICTS[results.spf.status] is verdict:
        return results.spf
    return replace(results.spf, status=_SPF[verdict], mechanism="", explanation="", reason=_reason(verdict))


def _dkim(results: AuthenticationResults, verdict: Verdict, assumptions: Assumptions | None) -> tuple[DkimResult, ...]:
    """The signatures that do not count, and one that does."""
    domain, organizational = results.dmarc.domain, results.dmarc.organizational_domain
    if not domain or dkim_verdict(results.dkim, domain, organizational, assumptions) is verdict:
        return results.dkim
    counts = [dkim_verdict([one], domain, organizational, assumptions) is not Verdict.GRAY for one in results.dkim]
    others = tuple(one for one, own in zip(results.dkim, counts, strict=True) if not own)
    if verdict is Verdict.GRAY:
        return others
    own = next((one for one, own in zip(results.dkim, counts, strict=True) if own), None) or DkimResult(
        status=DkimStatus.PASS, domain=domain, identity=f"@{domain}", selector="forced", algorithm="rsa-sha256"
    )
    return (replace(own, status=_DKIM[verdict], failure=None, reason=_reason(verdict)), *others)


def _dmarc(result: DmarcResult, verdict: Verdict, policy: str) -> DmarcResult:
    wanted = DmarcPolicy(policy) if policy else result.policy
    if verdict is Verdict.FAIL:
        wanted = wanted or DmarcPolicy.NONE
    if DMARC_VERDICTS[result.status] is verdict:
        return replace(result, policy=wanted) if verdict is Verdict.FAIL else result
    return replace(result, status=_DMARC[verdict], policy=wanted, reason=_reason(verdict))
