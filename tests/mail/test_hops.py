"""Received as servers write it: one row a form, its client, name, HELO, host, TLS, recipient, sender, time, and whether
the mail came in from outside with it.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.mail.hops import Hop, border, hop, hops
from sesreceive.mail.message import Message

AT = datetime(2026, 1, 2, 10, 5, 5, tzinfo=UTC)
MX = "mx.example.com"
HELO, NAME, V4, V6 = "helo.example.org", "mail.example.org", "203.0.113.9", "2001:db8::9"
ME = "me+tag@example.com"

# server, value (dates are 2 January 2026, 10:05:05 UTC), helo, client_name, client_ip, by, tls, recipient, mail_from,
# whether it crosses the border
FORMS = [
    ("Postfix",
     (f"from {HELO} ({NAME} [{V4}])\r\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\r\n\t"
     f" key-exchange X25519 server-signature RSA-PSS (2048 bits))\r\n\t(No client certificate requested)\r\n\t"
     f"by {MX} (Postfix) with ESMTPS id 4Xy1\r\n\tfor <{ME}>; Fri,  2 Jan 2026 11:05:05 +0100 (CET)"),
     HELO, NAME, V4, MX, True, ME, None, True),
    ("Postfix, IPv6, no name",
     (f"from {HELO} (unknown [IPv6:{V6}])\r\n\tby {MX} (Postfix) with ESMTP id 4Xy1;\r\n\t"
     "Fri,  2 Jan 2026 10:05:05 +0000 (UTC)"),
     HELO, "", V6, MX, False, "", None, True),
    ("Postfix, HELO is an address literal",
     f"from [192.168.1.5] ({NAME} [{V4}]) by {MX} (Postfix) with ESMTPSA id 4; Fri, 2 Jan 2026 10:05:05 +0000",
     "[192.168.1.5]", NAME, V4, MX, True, "", None, True),
    ("Exim, name and HELO differ",
     (f"from {NAME} ([{V4}]:45678 helo={HELO})\r\n\tby {MX} with esmtps  (TLS1.3) tls TLS_AES_256_GCM_SHA384\r\n\t"
     f"(Exim 4.96)\r\n\t(envelope-from <ana@example.org>)\r\n\tid 1tSxyz-00000001-abcd\r\n\tfor {ME};\r\n\t"
     "Fri, 02 Jan 2026 10:05:05 +0000"),
     HELO, NAME, V4, MX, True, ME, "ana@example.org", True),
    ("Exim, name and HELO are one",
     (f"from {NAME} ([{V6}])\r\n\tby {MX} with esmtp (Exim 4.96)\r\n\t(envelope-from <>)\r\n\tid 1tS\r\n\tfor {ME}; "
     "Fri, 02 Jan 2026 10:05:05 +0000"),
     NAME, NAME, V6, MX, False, ME, "", True),
    ("Exim, no name",
     f"from [{V4}] (helo={HELO})\r\n\tby {MX} with esmtp (Exim 4.96)\r\n\tid 1tS; Fri, 02 Jan 2026 10:05:05 +0000",
     HELO, "", V4, MX, False, "", None, True),
    ("Sendmail",
     (f"from {HELO} ({NAME} [{V4}] (may be forged))\r\n\tby {MX} (8.17.1/8.17.1) with ESMTPS id 602A5abc012345\r\n\t"
     f"(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NO)\r\n\tfor <{ME}>; "
     "Fri, 2 Jan 2026 10:05:05 GMT"),
     HELO, NAME, V4, MX, True, ME, None, True),
    ("Sendmail, IPv6",
     (f"from {HELO} ({NAME} [IPv6:{V6}]) by {MX} (8.17.1/8.17.1) with ESMTP id 6 for <{ME}>; "
     "Fri, 2 Jan 2026 10:05:05 GMT"),
     HELO, NAME, V6, MX, False, ME, None, True),
    ("qmail",
     f"from {NAME} (HELO {HELO}) (ana@{V4})\r\n  by {MX} with SMTP; 2 Jan 2026 10:05:05 -0000",
     HELO, NAME, V4, MX, False, "", None, True),
    ("qmail, no name, IPv6",
     f"from unknown (HELO {HELO}) ({V6})\r\n  by 0 with SMTP; 2 Jan 2026 10:05:05 -0000",
     HELO, "", V6, "0", False, "", None, True),
    ("qmail, name and HELO are one",
     f"from {NAME} ({V4})\r\n  by {MX} with SMTP; 2 Jan 2026 10:05:05 -0000",
     NAME, NAME, V4, MX, False, "", None, True),
    ("qmail, a HELO that looks like the address",
     f"from unknown (HELO [192.0.2.99]) ({V4}) by {MX} with SMTP; 2 Jan 2026 10:05:05 -0000",
     "[192.0.2.99]", "", V4, MX, False, "", None, True),
    ("qpsmtpd",
     (f"from {NAME} (HELO {HELO}) ({V4})\r\n    by {MX} (qpsmtpd/0.94) with (AES256-GCM-SHA384 encrypted) SMTP; "
     "Fri, 02 Jan 2026 10:05:05 +0000"),
     HELO, NAME, V4, MX, True, "", None, True),
    ("qmail, between its own programs",
     "(qmail 1234 invoked by uid 89); 2 Jan 2026 10:05:05 -0000",
     "", "", "", "", False, "", None, False),
    ("Exchange",
     (f"from {HELO} ({V4}) by\r\n AM5FT012.mail.protection.outlook.com (10.152.16.1) with Microsoft SMTP\r\n Server "
     "(version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id\r\n 15.20.1.1 via Frontend Transport; "
     "Fri, 2 Jan 2026 10:05:05 +0000"),
     HELO, "", V4, "AM5FT012.mail.protection.outlook.com", True, "", None, True),
    ("Exchange, IPv6",
     (f"from {HELO} ({V6}) by ex.example.com (2001:db8::5) with Microsoft SMTP Server id 15.2.1; "
     "Fri, 2 Jan 2026 10:05:05 +0000"),
     HELO, "", V6, "ex.example.com", False, "", None, True),
    ("Exchange Online, between its own hosts",
     ("from A1.eurprd01.prod.outlook.com (2603:10a6:208:1::9) by B2.eurprd02.prod.outlook.com\r\n (2603:10a6:10:2::5) "
     "with Microsoft SMTP Server (version=TLS1_2, cipher=X) id 15.20; Fri, 2 Jan 2026 10:05:05 +0000"),
     "A1.eurprd01.prod.outlook.com", "", "2603:10a6:208:1::9", "B2.eurprd02.prod.outlook.com", True, "", None, False),
    ("Microsoft SMTPSVC",
     f"from {HELO} ([{V4}]) by {MX} with Microsoft SMTPSVC(6.0.3790.4675); Fri, 2 Jan 2026 10:05:05 +0000",
     HELO, "", V4, MX, False, "", None, True),
    ("Gmail",
     (f"from {HELO} ({NAME}. [{V4}])\r\n        by mx.google.com with ESMTPS id a1-20020a17si123.45.2026.01.02\r\n"
     f"        for <{ME}>\r\n        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\r\n"
     "        Fri, 02 Jan 2026 02:05:05 -0800 (PST)"),
     HELO, NAME, V4, "mx.google.com", True, ME, None, True),
    ("Gmail, IPv6",
     (f"from {HELO} ({NAME}. [{V6}]) by mx.google.com with ESMTP id a1 for <{ME}>; "
     "Fri, 02 Jan 2026 02:05:05 -0800 (PST)"),
     HELO, NAME, V6, "mx.google.com", False, ME, None, True),
    ("Gmail, between its own hosts",
     "by 2002:a05:7010:1:b0:3f:1 with SMTP id x1; Fri, 2 Jan 2026 02:05:05 -0800 (PST)",
     "", "", "", "2002:a05:7010:1:b0:3f:1", False, "", None, False),
    ("SES",
     (f"from {HELO} ({NAME} [{V4}])\r\n by inbound-smtp.eu-west-1.amazonaws.com with SMTP id 7k3v9q2m1d8s\r\n for {ME};"
     "\r\n Fri, 02 Jan 2026 10:05:05 +0000 (UTC)"),
     HELO, NAME, V4, "inbound-smtp.eu-west-1.amazonaws.com", False, ME, None, True),
    ("SES, no name, IPv6",
     (f"from {HELO} ([{V6}])\r\n by inbound-smtp.eu-west-1.amazonaws.com with SMTP id 7k3v9q2m1d8s;\r\n "
     "Fri, 02 Jan 2026 10:05:05 +0000 (UTC)"),
     HELO, "", V6, "inbound-smtp.eu-west-1.amazonaws.com", False, "", None, True),
    ("Dovecot",
     (f"from {MX} ([198.51.100.7])\r\n\tby imap.example.com with LMTP\r\n\tid a\r\n\t(envelope-from <ana@example.org>)"
     f"\r\n\tfor <{ME}>; Fri, 02 Jan 2026 10:05:05 +0000"),
     MX, "", "198.51.100.7", "imap.example.com", False, ME, "ana@example.org", False),
    ("Dovecot, IPv6 and TLS",
     f"from {MX} ([{V6}])\r\n\tby imap.example.com with LMTPS\r\n\tid abc for <{ME}>; Fri, 02 Jan 2026 10:05:05 +0000",
     MX, "", V6, "imap.example.com", True, ME, None, False),
    ("amavisd",
     ("from mx.example.com ([127.0.0.1]) by localhost (mx.example.com [127.0.0.1]) (amavisd-new, port 10024) with LMTP "
     "id Kd; Fri, 2 Jan 2026 10:05:05 +0000"),
     "mx.example.com", "", "127.0.0.1", "localhost", False, "", None, False),
    ("Haraka",
     (f"from {HELO} ({NAME} [{V4}])\r\n\tby {MX} (Haraka/3.0.5) with ESMTPS id C0FFEE-1.1\r\n\t"
     "envelope-from <ana@example.org>\r\n\ttls TLS_AES_256_GCM_SHA384;\r\n\tFri, 02 Jan 2026 10:05:05 +0000"),
     HELO, NAME, V4, MX, True, "", "ana@example.org", True),
    ("Haraka, IPv6",
     (f"from {HELO} ({NAME} [{V6}])\r\n\tby {MX} (Haraka/3.0.5) with ESMTP id C0\r\n\tenvelope-from <>;\r\n\t"
     "Fri, 02 Jan 2026 10:05:05 +0000"),
     HELO, NAME, V6, MX, False, "", "", True),
    ("Haraka of 2022",
     f"from unknown (HELO {HELO}) ({V6})\r\n  by {MX} (Haraka/2.8.28) with ESMTPSA; Fri, 02 Jan 2026 10:05:05 +0000",
     HELO, "", V6, MX, True, "", None, True),
    ("Stalwart",
     (f"from {HELO} ({NAME} [{V4}] (AS64496 EXAMPLE, ZZ))\r\n\t(using TLSv1.3 with cipher TLS13_AES_256)\r\n\t"
     f"by {MX} (Stalwart SMTP) with ESMTPS id 49A5F2B839DB1C2;\r\n\tFri, 2 Jan 2026 10:05:05 +0000"),
     HELO, NAME, V4, MX, True, "", None, True),
    ("Stalwart, IPv6, clear text",
     f"from {HELO} (unknown [{V6}])\r\n\tby {MX} (Stalwart SMTP) with ESMTP id 4;\r\n\tFri, 2 Jan 2026 10:05:05 +0000",
     HELO, "", V6, MX, False, "", None, True),
    ("OpenSMTPD",
     (f"from {HELO} ({NAME} [{V4}])\r\n\tby {MX} (OpenSMTPD) with ESMTPS id 1a2b3c4d (TLSv1.3:TLS_CHACHA20"
     f":256:NO)\r\n\tfor <{ME}>;\r\n\tFri, 2 Jan 2026 10:05:05 +0000 (UTC)"),
     HELO, NAME, V4, MX, True, ME, None, True),
    ("fetchmail",
     ("from pop.example.com [203.0.113.5]\r\n\tby localhost with POP3 (fetchmail-6.4.37)\r\n\tfor <me@localhost> "
     "(single-drop); Fri, 02 Jan 2026 10:05:05 +0000 (UTC)"),
     "pop.example.com", "", "203.0.113.5", "localhost", False, "me@localhost", None, False),
    ("a private network",
     f"from {HELO} (pc.lan [192.168.7.9]) by {MX} (Postfix) with ESMTP id 1; Fri, 2 Jan 2026 10:05:05 +0000",
     HELO, "pc.lan", "192.168.7.9", MX, False, "", None, False),
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=[form[0] for form in FORMS])
def test_the_form_of_every_server_is_read(form: tuple[str, ...]) -> None:
    _, value, helo, name, address, by, tls, recipient, mail_from, crosses = form
    told = hop(value)
    assert (told.helo, told.client_name, told.client_ip, told.by) == (helo, name, address, by)
    assert (told.tls, told.recipient, told.mail_from, told.at, told.crosses) == (tls, recipient, mail_from, AT, crosses)
    assert hop(value.replace("\r\n", "")) == told  # folds mean nothing


ODD = [
    # value, what is not read
    ("from a (b [300.1.1.1]) by c with SMTP; x", {"client_ip": "", "at": None}),
    ("from a ([2001:db8::zz]) by c", {"client_ip": ""}),
    ("from a (a [192.0.2.1]) by c; Fri, 2 Jan 1926 10:05:05 +0000", {"at": None}),
    ("from a (a [192.0.2.1]) by c; Fri, 99 Jan 2026 10:05:05 +0000", {"at": None}),
    ("from a (a [192.0.2.1]) by c; " + "9" * 5000, {"at": None}),
    ("from a by c for nobody; Fri, 2 Jan 2026 10:05:05 +0000", {"recipient": "", "at": AT}),
    ("from by (by [192.0.2.1]) by with with with", {"helo": "by", "by": "with", "protocol": "with"}),
    ("", {"helo": "", "by": ""}),
    ("((((((", {"helo": ""}),
]


@pytest.mark.parametrize("value, fields", ODD)
def test_what_is_odd_is_left_out(value: str, fields: dict[str, object]) -> None:
    told = hop(value)
    assert {name: getattr(told, name) for name in fields} == fields


PATH = [Hop(by="imap.example.com", client_ip="198.51.100.7", protocol="LMTP"),
        Hop(by="mx.example.com", client_ip="10.0.0.1", protocol="ESMTP"),
        Hop(by="edge.example.com", client_ip="203.0.113.9", protocol="ESMTPS"),
        Hop(by="mx.example.org", client_ip="203.0.113.77", protocol="ESMTPA")]  # fmt: skip
BORDERS = [
    # hops, trusted, position of the one at which the mail came in
    (PATH, (), 2),
    (PATH, ("example.com",), 2),
    (PATH, ("imap.example.com", "MX.example.com"), 1),
    (PATH, ("example.com", "example.org"), 3),
    (PATH, ("example.net",), None),
    (PATH[:2], (), None),
    ([], (), None),
]


@pytest.mark.parametrize("path, trusted, position", BORDERS)
def test_the_border_is_where_the_mail_came_in(path: list[Hop], trusted: tuple[str, ...], position: int | None) -> None:
    assert border(path, trusted) == position


PIECES = st.lists(
    st.sampled_from(["from ", "by ", "with ", "for ", "id ", "(", ")", "[", "]", "[192.0.2.1]", "192.0.2.1", "HELO ",
                     "helo=", '"', "\\", ";", " ", "x", "a@b", "<", ">", "ESMTPS", "Fri, 2 Jan 2026 10:05:05 +0000",
                     "\r\n\t", "é", "\x00"]),
    max_size=30,
)  # fmt: skip


@given(PIECES | st.text(max_size=100))
def test_any_value_gives_a_hop(pieces: list[str] | str) -> None:
    told = hop("".join(pieces))
    assert told.at is None or told.at.tzinfo is UTC
    assert isinstance(told.crosses, bool)


def test_of_very_many_fields_the_first_are_read() -> None:
    assert len(hops(Message(b"Received: from a by b\r\n" * 1000 + b"\r\n"))) == 50
