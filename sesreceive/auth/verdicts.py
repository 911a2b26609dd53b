"""From RFC results to SES verdicts, as one cited table each.

The evidence is thirteen public samples (tests/cases/verdicts); where none decides, the tag says "inferred".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sesreceive.assumption import Assumptions
from sesreceive.auth.results import AuthenticationResults, DkimResult, DkimStatus, DmarcStatus, SpfStatus
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
    return next((verdict for status, verdict in DKIM_VERDICTS.items() if status in own), Verdict.GRAY)


def verdicts_of(
    results: AuthenticationResults,
    *,
    spam: Verdict = Verdict.DISABLED,
    virus: Verdict = Verdict.DISABLED,
    assumptions: Assumptions | None = None,
) -> Verdicts:
    """The five verdicts; `dmarc_policy` is set only where DMARC failed [documented]."""
    dmarc = DMARC_VERDICTS[results.dmarc.status]
    return Verdicts(
        spam=spam,
        virus=virus,
        spf=SPF_VERDICTS[results.spf.status],
        dkim=dkim_verdict(results.dkim, results.dmarc.domain, results.dmarc.organizational_domain, assumptions),
        dmarc=dmarc,
        dmarc_policy=str(results.dmarc.policy or "") if dmarc is Verdict.FAIL else "",
    )
