"""Words that the fuzzer puts into its inputs whole, since it would take long to find them letter by letter."""

from __future__ import annotations


def _split(text: str, before: str = "") -> tuple[bytes, ...]:
    """The words of a text, each with `before` in front; ``_`` is a blank, escapes are as in Python."""
    return tuple(
        (before + word.replace("_", " ")).encode().decode("unicode_escape").encode("latin-1") for word in text.split()
    )


HEADER = _split(r"\r\n \r\n_ \n \r\n\r\n From:_ Subject:_ DKIM-Signature:_ =?UTF-8?Q? ?=")
DKIM = _split(
    "v=1; a=rsa-sha256; c=relaxed/ simple d=example.org; s=jan2026; h=from bh= b= l= i=@ t= x= q=dns/txt; "
    "k=ed25519; v=DKIM1; p= s=email; t=s;"
)
DMARC = _split("v=DMARC1; p=reject; sp= adkim=s aspf=r pct= rua=mailto: none quarantine")
SPF = _split(
    "include: redirect= exists: a: mx ptr ip4:192.0.2.1 ip6:2001:db8:: /24 //64 -all ~all ?all exp= %{i} %{d2r} %{p}",
    before=" ",
) + _split("example.org a.example.org")
ADDRESS = _split(r"< > @ \x22 ( ) : ; , \x5c [ ] =?UTF-8?B? ?= a@example.org")
CODED = _split(r"=?UTF-8?Q? =?ISO-2022-JP?B? =?UTF-8*de?q? ?= ?=_=? =C3 \x5f \r\n_")
SMTP = _split(
    r"EHLO_ MAIL_FROM:< RCPT_TO:<bo@example.com> DATA\r\n \r\n.\r\n \n.\n \r.\r \r\n RSET\r\n QUIT\r\n "
    r"XCLIENT_ADDR= _SIZE= _BODY=8BITMIME STARTTLS\r\n VRFY_"
)
MBOX = _split(r"From_ >From_ \nFrom_a_Fri_Jan_2_10:05:05_2026\n \n\n \r\n \xef\xbb\xbf \xff\xff")
ZONES = _split(r"$ORIGIN_ $TTL_ $TIMEOUT_ _IN_ _TXT_ _MX_ _AAAA_ _CNAME_ ( ) ; \x22 \x5c034 @ *. \n")
JSON = _split(r"{ } [ ] \x22 : , null true 1e999 -0 \x5cud800 Infinity")
ACCOUNT = JSON + _split(
    r"\x22RuleSets\x22 \x22Rules\x22 \x22Recipients\x22 \x22Actions\x22 \x22S3Action\x22 \x22Filters\x22 \x22Cidr\x22 "
    r"\x22Name\x22"
)
ENVELOPE = JSON + _split(
    r"\x22mail\x5ffrom\x22 \x22rcpt\x5fto\x22 \x22client\x5fip\x22 \x22tls\x22 \x222001:db8::1\x22"
)
