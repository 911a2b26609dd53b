"""DKIM: a signature over the letter.

The signing domain publishes a key; whoever receives the mail checks that body and fields are as they were signed.
"""

from __future__ import annotations

from typing import Any

from sesreceive.gallery.pieces import account, rule, store
from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.exercise import Exercise, Mistake
from sesreceive.lessons.mail_goal import MailGoal
from sesreceive.lessons.signed_mail import BY_AUTHOR, BY_OTHER, RECORD, SELECTOR
from sesreceive.lessons.trials import Trial
from sesreceive.lessons.wanted import Wanted
from sesreceive.lessons.zone_goal import ZoneGoal

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK = "15-dkim.ipynb"

OPEN = account(rule("everything", store("mail/")))
KEY = f"{SELECTOR}._domainkey.example.org"


def _at(name: str, record: str = RECORD) -> dict[str, Any]:
    return {name: {"TXT": [record]}}


def _changed(old: bytes, new: bytes) -> bytes:
    return BY_AUTHOR.replace(old, new)


EXERCISES = (
    Exercise(
        name="publish",
        task="The message that `start` shows is signed by example.org. Publish the key, so that the DKIM verdict is "
        "PASS. The record is `sesreceive.lessons.signed_mail.RECORD`; find out its name.",
        start=BY_AUTHOR,
        goal=ZoneGoal(
            account=OPEN,
            trials=(Trial(name="the signed mail", raw=BY_AUTHOR, wanted=Wanted(dkim="PASS")),),
            answer=_at(KEY),
        ),
        also=(_at(KEY.upper()), _at(KEY, RECORD.replace("k=rsa; ", ""))),
        mistakes=(
            Mistake(_at("example.org"), "a key has a name of its own, made of `s=` and `d=` of the signature."),
            Mistake(_at(f"_domainkey.{SELECTOR}.example.org"), "in which order do selector and `_domainkey` stand?"),
            Mistake(_at(KEY, "v=DKIM1; k=rsa; p="), "an empty `p=` says that the key is withdrawn."),
            Mistake(_at(KEY, RECORD.replace("p=MIGfMA0", "p=MIGfMB0")), "the key itself is not as it was."),
        ),
        fact="The key is at selector, `_domainkey` and domain, joined by dots: `s=` and `d=` of the signature name "
        "them",
        tag="standard",
        source="RFC 6376 section 3.6.2.1",
    ),
    Exercise(
        name="survives",
        task="The signed message that `start` shows passes a mailing list. Give back the message with at least one "
        "change after which its DKIM verdict is FAIL.",
        start=BY_AUTHOR,
        goal=MailGoal(
            account=OPEN,
            zone=_at(KEY),
            trials=(Trial(name="your message", raw=BY_AUTHOR, wanted=Wanted(dkim="FAIL")),),
            answer=_changed(b"Please pay.", b"Please pay."[::-1]),
            gives="message",
        ),
        also=(_changed(b"Subject: invoice", b"Subject: [list] invoice"), BY_AUTHOR + b"-- \r\nthe list\r\n"),
        mistakes=(
            Mistake(BY_AUTHOR, "nothing was changed."),
            Mistake(
                b"Received: from list.example.net\r\n" + BY_AUTHOR, "is a new field in front part of what was signed?"
            ),
            Mistake(_changed(b"Subject: invoice 7", b"Subject:   invoice 7"), "relaxed forgives blanks."),
            Mistake(BY_AUTHOR.partition(b"\r\nFrom:")[2], "without the signature there is nothing that could fail."),
        ),
        fact="What was signed must stay as it was: the body, and the fields that `h=` names",
        tag="standard",
        source="RFC 6376 section 3.7",
    ),
    Exercise(
        name="another-domain",
        task="The message that `start` shows is from ana@example.org and has one good signature, of example.net. "
        "What is the DKIM verdict of SES?",
        start=BY_OTHER,
        goal=ChoiceGoal(
            "GRAY: nobody of the author's domain signed",
            {
                "PASS: the signature is good": "SES looks for a signature of the domain in From.",
                "FAIL: the domains differ": "no signature is broken.",
                "none: DKIM is not looked at then": "every mail has this verdict.",
            },
        ),
        fact="The DKIM verdict is about signatures of the domain in the field From",
        tag="observed",
        source="one public sample",
    ),
    Exercise(
        name="unsigned",
        task="A mail has no signature at all. What is its DKIM verdict?",
        goal=ChoiceGoal(
            "GRAY",
            {
                "PASS": "nothing was there to pass.",
                "FAIL": "nothing was there to fail: most honest mail of twenty years ago was so.",
                "PROCESSING_FAILED": "nothing went wrong when it was checked.",
            },
        ),
        fact="No signature is GRAY, not FAIL",
        tag="observed",
        source="public samples",
    ),
)
