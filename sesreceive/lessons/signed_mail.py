"""Two messages that were signed once, with the public half of the key: so that no exercise needs a private one."""

from __future__ import annotations

__all__ = ["BY_AUTHOR", "BY_OTHER", "RECORD", "SELECTOR"]

SELECTOR = "s1"
# What the owner of the key publishes in DNS.
RECORD = (
    "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDB5O94njA0Gk1Pi/ANsl+0KFL4gtWhRRLtDvX17pbeR/"
    "JlCMc8a6pJsVl2zfHHgYlfIBTNx4Vt+2bJ2qVco1RrfDFFfq1p+m7OW3FbjOU+Pp+cWOD7mO1lfGiur82N1vjO0WeutYBc7+dzoX"
    "18aM5VowwrxupD4W5BNdwYjOtHTQIDAQAB"
)

# Signed by example.org, the domain of the author.
BY_AUTHOR = b"\r\n".join(
    [
        b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org;",
        b" i=@example.org; q=dns/txt; s=s1; t=1767348305; h=from : to : subject :",
        b" from; bh=g+oQ7D4rtlGoBnyt3+2rkItVvV78Z387zIKbDoK4d6g=;",
        b" b=iFuo2dNO8eg9+D/7HKMb/mhVLGVhpE1h5FNaYBFH0LPv6e0CQayvWsq0JY01E9fCksZg1",
        b" 1ULclDQB4cZIIoSo9mug+7Zrf8nKfrLoKNcNisPX3OALRheG3b5GkuvwIOrAzFJ5xn4x7W7",
        b" PxR45XMkiMWxO6SAXp/eGUTZIL+9o+0=",
        b"From: Ana <ana@example.org>",
        b"To: bo@example.com",
        b"Subject: invoice 7",
        b"",
        b"Please pay.",
        b"",
    ]
)
# Signed by example.net, which sends for the author.
BY_OTHER = b"\r\n".join(
    [
        b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net;",
        b" i=@example.net; q=dns/txt; s=s1; t=1767348305; h=from : to : subject :",
        b" from; bh=g+oQ7D4rtlGoBnyt3+2rkItVvV78Z387zIKbDoK4d6g=;",
        b" b=NXHyB1GD0ri180FsYpXe6tdRFnk0LVV9BSzbSHRDXSug7k5LAzT9EItqSawudJHkwwfrs",
        b" HJfl1b4cQI6bg09f3TalYKjZaL+wFH91HzoUlIENOaEltJmTpDdJQshGgjkGQMK1W3ex97i",
        b" VddoiaD2uj7KPm2WqSOh81xrCHmuSio=",
        b"From: Ana <ana@example.org>",
        b"To: bo@example.com",
        b"Subject: invoice 7",
        b"",
        b"Please pay.",
        b"",
    ]
)
