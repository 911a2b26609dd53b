"""Authentication results as SES wrote them down: ``Authentication-Results`` of a stored object, read back.

SES folds the value at fixed places, one result a line [observed]. HELO and MAIL FROM stand in the line of SPF as the
sender said them, so only the lines are trusted, never words within: neither can hold a line end.
"""

from __future__ import annotations

import re

from sesreceive.auth.dmarc import organizational_domain
from sesreceive.auth.results import (
    AuthenticationResults,
    DkimResult,
    DkimStatus,
    DmarcResult,
    DmarcStatus,
    SpfResult,
    SpfStatus,
)
from sesreceive.mail.address import domain_of
from sesreceive.mail.envelope import Envelope

__all__ = ["recorded_results"]

_REASON = "as SES wrote into the stored message"
_FOLD = re.compile(rb"\r?\n[ \t]")
_SPF = re.compile(r"spf=([a-z]+) \(spfCheck: (?:(?:transitioning )?domain of (\S+) |.* by domain of (\S+)\) )?.*")
_DKIM = re.compile(r"dkim=([a-z]+) header\.i=@?(\S*);")
_DMARC = re.compile(r"dmarc=([a-z]+) (?:header\.from|properties\.from)=(\S*);")


def recorded_results(value: bytes, envelope: Envelope) -> AuthenticationResults | None:
    r"""The results in the value of an ``Authentication-Results`` field that SES wrote; None where it is no such value.

    Parameters
    ----------
    value : bytes
        The value with its folds.
    envelope : Envelope
        Client, HELO and MAIL FROM of the same message.

    Returns
    -------
    AuthenticationResults or None
        Without what SES does not write: selectors, records, and the policy that DMARC found.

    Examples
    --------
    >>> results = recorded_results(
    ...     b" amazonses.com;\r\n spf=pass (spfCheck: domain of example.org designates 192.0.2.1 as permitted sender) "
    ...     b"client-ip=192.0.2.1; envelope-from=ana@example.org; helo=mx; dkim=fail header.i=@example.com;;\r\n"
    ...     b" dkim=pass header.i=@example.org;\r\n dmarc=pass header.from=example.org;",
    ...     Envelope(client_ip="192.0.2.1", helo="mx", mail_from="ana@example.org"),
    ... )
    >>> results.spf.status.value, results.spf.domain, [one.domain for one in results.dkim], results.dmarc.status.value
    ('pass', 'example.org', ['example.org'], 'pass')
    """
    first, *lines = (line.decode("utf-8", "replace").strip() for line in _FOLD.split(value))
    if first != "amazonses.com;" or not lines:
        return None
    spf = _SPF.fullmatch(lines[0])
    dmarc = _DMARC.fullmatch(lines[-1])
    signatures = [_DKIM.fullmatch(line) for line in lines[1:] if line.startswith("dkim=")]
    try:
        return AuthenticationResults(
            spf=SpfResult(
                status=SpfStatus(spf.group(1) if spf else ""),
                domain=(spf.group(2) or spf.group(3) if spf else "") or domain_of(envelope.mail_from),
                envelope_from=envelope.mail_from or f"postmaster@{envelope.helo}",
                client_ip=envelope.client_ip,
                helo=envelope.helo,
                reason=_REASON,
            ),
            dkim=tuple(_signature(found) for found in signatures),
            dmarc=_dmarc(dmarc),
        )
    except ValueError:
        return None  # a word that no RFC has


def _signature(found: re.Match[str] | None) -> DkimResult:
    status, domain = found.groups() if found else ("", "")
    return DkimResult(status=DkimStatus(status), domain=domain.lower(), identity=f"@{domain}", reason=_REASON)


def _dmarc(found: re.Match[str] | None) -> DmarcResult:
    if found is None:  # mail of 2018 has none [observed]
        return DmarcResult(status=DmarcStatus.NONE, reason=f"{_REASON}, which says nothing of DMARC")
    domain = found.group(2).lower()
    return DmarcResult(
        status=DmarcStatus(found.group(1)),
        domain=domain,
        organizational_domain=organizational_domain(domain) if domain else "",
        reason=_REASON,
    )
