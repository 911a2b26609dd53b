"""Take mail for every address of a domain, with exceptions.

The exceptions stand first: who has left is bounced, what nobody reads is dropped; each ends with a Stop,
because a Bounce alone would let the mail go on to the rule that takes all. A mail to both is bounced for the
one, and lost for the other: the rules are for the message, not for each recipient.
"""

from __future__ import annotations

from sesreceive.gallery.pieces import STOP, account, bounce, rule, store
from sesreceive.gallery.sample_mail import SampleMail

__all__ = ["ACCOUNT", "MAIL"]

ACCOUNT = account(
    rule("former", bounce("mailbox-does-not-exist"), STOP, to=("bo@example.com",)),
    rule("unread", STOP, to=("noreply@example.com",)),
    rule("everybody", store("mail/"), to=("example.com",)),
)
MAIL = (
    SampleMail(name="any", to=("anything@example.com",), rules=("everybody",), leaves=("s3 inbox/mail/{any}",)),
    SampleMail(name="former", to=("bo@example.com",), rules=("former",), leaves=("bounce to ana@example.org",)),
    SampleMail(name="unread", to=("noreply@example.com",), rules=("unread",)),
    SampleMail(
        name="both", to=("ana@example.com", "bo@example.com"), rules=("former",), leaves=("bounce to ana@example.org",)
    ),
    SampleMail(name="subdomain", to=("ana@eu.example.com",), reply=550),
)
