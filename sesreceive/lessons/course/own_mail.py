"""Your own mail.

A file of mail is a letter without its envelope. Some of it can be read out of the fields that servers wrote.
"""

from __future__ import annotations

from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.exercise import Exercise, Mistake
from sesreceive.lessons.known_value import ValueGoal
from sesreceive.mail.corpus import read

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK = "04-your-own-mail.ipynb"

STORED = b"""Return-Path: <bounces@news.example.net>\r
Received: from mx.example.net (mx.example.net [203.0.113.40])\r
 by inbound-smtp.us-east-1.amazonaws.com with SMTP id q0q10mbm16dgar8rrf1ipb7ba2a8jkell26da401\r
 for ana+shop@example.com;\r
 Fri, 02 Jan 2026 10:05:05 +0000 (UTC)\r
X-SES-Spam-Verdict: PASS\r
Received: from desk.example.org ([198.51.100.20])\r
 by mx.example.net;\r
 Fri, 02 Jan 2026 10:05:01 +0000\r
From: Shop <shop@example.org>\r
To: undisclosed-recipients:;\r
Subject: your order\r
\r
Thank you.\r
"""
ENVELOPE = next(read([STORED])).envelope

EXERCISES = (
    Exercise(
        name="envelope-sender",
        task="`start` shows an object of SES. Which address did the client say behind MAIL FROM?",
        start=STORED,
        goal=ValueGoal("name", lambda: ENVELOPE.mail_from),
        mistakes=(
            Mistake("shop@example.org", "this is the author."),
            Mistake("ana+shop@example.com", "this is whom it went to."),
            Mistake("mx.example.net", "this is the host; an address is asked for."),
        ),
        fact="SES writes the envelope sender into Return-Path",
        tag="observed",
        source="public objects",
    ),
    Exercise(
        name="envelope-recipient",
        task="In the same object, to which address was the mail delivered?",
        start=STORED,
        goal=ValueGoal("name", lambda: ENVELOPE.rcpt_to[0]),
        mistakes=(
            Mistake("undisclosed-recipients:", "the field To says nothing here. Who else wrote a recipient down?"),
            Mistake("ana@example.com", "with its label, please."),
            Mistake("bounces@news.example.net", "this is the sender of the envelope."),
        ),
        fact="Behind `for` in the Received of SES stands the recipient of the envelope",
        tag="observed",
        source="public objects",
    ),
    Exercise(
        name="client",
        task="In the same object, from which IP address did the client connect to SES?",
        start=STORED,
        goal=ValueGoal("ip", lambda: ENVELOPE.client_ip),
        mistakes=(
            Mistake("198.51.100.20", "this host spoke to the partner. Which Received did SES write?"),
            Mistake("192.0.2.1", "it stands in the header."),
            Mistake("::1", "it stands in the header, and is no IPv6 address."),
        ),
        fact="Each server puts its Received on top; what stands below is what others say",
        tag="standard",
        source="RFC 5321 section 4.4",
    ),
    Exercise(
        name="not-in-file",
        task="You replay a folder of .eml files that a mail program saved, without any field of SES. Which verdict "
        "cannot be known?",
        goal=ChoiceGoal(
            "SPF: the client's address and the envelope sender are not in the file",
            {
                "DKIM: the key is not in the file": "keys are in DNS, and the letter is here.",
                "spam: it was not scanned": "it can be scanned now.",
                "virus: attachments are missing": "a mail program saves the whole letter.",
            },
        ),
        fact="Nothing is judged by a client address that is not known: SPF is not checked, and no filter is asked",
        tag="standard",
        source="RFC 7208 section 2.1",
    ),
)
