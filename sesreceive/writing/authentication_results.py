"""What SES writes of the authentication results: the values of ``Received-SPF`` and ``Authentication-Results``.

Pure functions of `AuthenticationResults`; the wording is Apache jSPF's, byte for byte [observed].
"""

from __future__ import annotations

from collections.abc import Mapping

from sesreceive.auth.results import AuthenticationResults, DkimResult, SpfResult, SpfStatus

__all__ = ["AUTHSERV_ID", "SPF_WORDING", "UNKNOWN_CLIENT", "authentication_results", "received_spf", "single_line"]

# Always this, in every region [observed].
AUTHSERV_ID = "amazonses.com"

# Apache jSPF, class SPFResult, whose text equals what SES writes [observed]. `domain` is the one whose record
# decided: the target of a `redirect=`, but not that of an `include:`.
SPF_WORDING: Mapping[SpfStatus, str] = {
    SpfStatus.PASS:      "pass (spfCheck: domain of {domain} designates {ip} as permitted sender) ",
    SpfStatus.FAIL:      "fail (spfCheck: domain of {domain} does not designate {ip} as permitted sender) ",
    SpfStatus.SOFTFAIL:
        "softfail (spfCheck: transitioning domain of {domain} does not designate {ip} as permitted sender) ",
    SpfStatus.NEUTRAL:   "neutral (spfCheck: {ip} is neither permitted nor denied by domain of {domain}) ",
    SpfStatus.NONE:      "none (spfCheck: {ip} is neither permitted nor denied by domain of {domain}) ",
    SpfStatus.PERMERROR: "permerror (spfCheck: Error in processing SPF Record) ",
    SpfStatus.TEMPERROR: "temperror (spfCheck: Error in retrieving data from DNS) ",
}  # fmt: skip

# What stands in the place of an address that is not known. SES always knows it; mail out of a file may have none.
UNKNOWN_CLIENT = "unknown"

# HELO, MAIL FROM and `d=` are the sender's text, and SES repeats them as they are [observed]: that is the weakness
# of trusting these headers. An SMTP command cannot hold a line end, though, so none may begin a line of its own.
_LINE_ENDS = {0x00: " ", 0x0A: " ", 0x0D: " "}


def single_line(text: str) -> str:
    r"""The text with each CR, LF and NUL as a space, everything else as it is.

    Examples
    --------
    >>> single_line("mx.example.org\r\nBcc: all@example.com")
    'mx.example.org  Bcc: all@example.com'
    """
    return text if text.isprintable() else text.translate(_LINE_ENDS)


def received_spf(spf: SpfResult) -> str:
    """The value of ``Received-SPF``.

    Examples
    --------
    >>> spf = SpfResult(status=SpfStatus.NONE, domain="example.org", envelope_from="ana@example.org",
    ...                 client_ip="192.0.2.1", helo="mx.example.org")
    >>> received_spf(spf)  # doctest: +NORMALIZE_WHITESPACE
    'none (spfCheck: 192.0.2.1 is neither permitted nor denied by domain of example.org)
    client-ip=192.0.2.1; envelope-from=ana@example.org; helo=mx.example.org;'
    """
    ip = spf.client_ip or UNKNOWN_CLIENT
    wording = SPF_WORDING[spf.status].format(domain=spf.domain, ip=ip)
    facts = f"client-ip={ip}; envelope-from={spf.envelope_from}; helo={spf.helo};"
    return single_line(wording + facts)


def authentication_results(results: AuthenticationResults, spf: str = "") -> tuple[str, ...]:
    """The parts of ``Authentication-Results``, one a line of the header: the server, SPF, each signature, DMARC.

    An unsigned message has no ``dkim=`` part, and a DKIM-Signature field that is no signature leaves none [observed].
    Without an author domain there is no ``dmarc=`` part [inferred]. Joined by a space they are the unfolded value.
    `spf` is what `received_spf` gave, where it was made already.

    Examples
    --------
    >>> from sesreceive.auth.results import DkimStatus, DmarcResult, DmarcStatus
    >>> spf = SpfResult(status=SpfStatus.PERMERROR, domain="example.org", envelope_from="ana@example.org",
    ...                 client_ip="192.0.2.1", helo="mx.example.org")
    >>> results = AuthenticationResults(
    ...     spf=spf, dkim=(DkimResult(status=DkimStatus.PASS, domain="example.org", identity="@example.org"),),
    ...     dmarc=DmarcResult(status=DmarcStatus.PASS, domain="example.org"))
    >>> authentication_results(results)[2:]
    ('dkim=pass header.i=@example.org;', 'dmarc=pass header.from=example.org;')
    """
    dmarc = results.dmarc
    return (
        f"{AUTHSERV_ID};",
        f"spf={spf or received_spf(results.spf)}",
        *(single_line(f"dkim={one.status} header.i=@{_signer(one)};") for one in results.dkim if one.is_signature),
        *([single_line(f"dmarc={dmarc.status} header.from={dmarc.domain};")] if dmarc.domain else []),
    )


def _signer(result: DkimResult) -> str:
    """Domain of the ``i=`` tag, or ``d=`` without one: no local part has been seen there [observed]."""
    domain = result.identity.rpartition("@")[2]
    return domain if any(map(str.isalnum, domain)) else result.domain
