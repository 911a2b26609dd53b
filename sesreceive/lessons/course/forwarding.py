"""Forwarding and ARC.

A mail that is passed on comes from another host, and often with other words in it: what was proved of it is proved no
more.
"""

from __future__ import annotations

from dataclasses import replace

from sesreceive.gallery.pieces import account, rule, store
from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.exercise import Exercise, Mistake
from sesreceive.lessons.mail_goal import MailGoal
from sesreceive.lessons.played_mail import ENVELOPE
from sesreceive.lessons.signed_mail import BY_AUTHOR, RECORD, SELECTOR
from sesreceive.lessons.trials import Trial
from sesreceive.lessons.wanted import Wanted

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK = "17-forwarding-and-arc.ipynb"

OPEN = account(rule("everything", store("mail/")))
ZONE = {
    "example.org": {"TXT": ["v=spf1 ip4:198.51.100.7 -all"]},
    "_dmarc.example.org": {"TXT": ["v=DMARC1; p=reject"]},
    f"{SELECTOR}._domainkey.example.org": {"TXT": [RECORD]},
    "_dmarc.example.net": {"TXT": ["v=DMARC1; p=reject"]},
    "example.net": {"TXT": ["v=spf1 ip4:203.0.113.40 -all"]},
}
FORWARDED = replace(ENVELOPE, client_ip="203.0.113.40", helo="mx.example.net")
REWRITTEN = replace(FORWARDED, mail_from="forwarder@example.net")
FOOTER = BY_AUTHOR + b"-- \r\nforwarded by example.net\r\n"
WITHOUT = b"From:" + BY_AUTHOR.partition(b"\r\nFrom:")[2]

EXERCISES = (
    Exercise(
        name="what-breaks",
        task="A server forwards a signed mail as it came, and keeps MAIL FROM. Which verdict at the next receiver is "
        "no longer what it was?",
        goal=ChoiceGoal(
            "SPF",
            {
                "DKIM": "the letter is the same, byte for byte, so the signature holds.",
                "DMARC": "one of two is enough for it, and a signature of the author's domain is left.",
                "all three": "look at each: what does it depend on, the host or the letter?",
            },
        ),
        fact="SPF is about the host that connects; a signature travels with the letter",
        tag="standard",
        source="RFC 7960 section 2",
    ),
    Exercise(
        name="pass-on",
        task="203.0.113.40 forwards the signed letter that `start` shows, with MAIL FROM forwarder@example.net, and "
        "adds a footer: DMARC fails. Give the message that it should have sent, with any fields of its own, so that "
        "both SPF and DMARC pass.",
        start=FOOTER,
        goal=MailGoal(
            account=OPEN,
            zone=ZONE,
            trials=(
                Trial(name="your message", raw=FOOTER, envelope=REWRITTEN, wanted=Wanted(spf="PASS", dmarc="PASS")),
            ),
            answer=BY_AUTHOR,
            gives="message",
            stays="text",
        ),
        also=(
            b"X-Forwarded-By: example.net\r\n" + BY_AUTHOR,
            FOOTER.replace(b"ana@example.org", b"forwarder@example.net"),
        ),
        mistakes=(
            Mistake(FOOTER, "what did the footer do to the body?"),
            Mistake(WITHOUT, "without the signature only SPF is left, and for which domain does it pass?"),
            Mistake(BY_AUTHOR.replace(b"Subject: ", b"Subject: Fwd: "), "is the subject part of what was signed?"),
        ),
        fact="A forwarder leaves body and signed fields alone, or puts its own address into From",
        tag="standard",
        source="RFC 7960 section 4",
    ),
    Exercise(
        name="own-mark",
        task="Your function forwards mail. By which of these does it know, at the least cost, a mail that it has "
        "forwarded before?",
        goal=ChoiceGoal(
            "a field of its own that it puts into each mail",
            {
                "the message id of SES": "SES gives a new one to each mail that it takes.",
                "the subject begins with `Fwd:`": "people write this, too, and programs change it.",
                "the client's address": "it comes back from the other server, whichever it is.",
            },
        ),
        fact="Loops end at three marks: an own field, an automatic answer, and the null sender",
        tag="standard",
        source="RFC 3834 section 2; RFC 5321 section 6.3",
    ),
    Exercise(
        name="arc",
        task="A mail comes with a good ARC chain; SPF and DKIM fail. What is its DMARC verdict in SES?",
        goal=ChoiceGoal(
            "FAIL: no verdict follows from a chain",
            {
                "PASS: the chain tells that it once passed": "somebody must be believed for this, and SES believes "
                "nobody.",
                "GRAY: it cannot be known": "DMARC is defined without ARC, and comes to an end.",
                "PROCESSING_FAILED": "nothing went wrong.",
            },
        ),
        fact="SES writes nothing about ARC, and no verdict follows from it",
        tag="observed",
        source="public samples",
    ),
)
