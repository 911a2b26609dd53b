"""Envelope against headers.

The envelope is what the client says: MAIL FROM and RCPT TO. The fields From and To are part of the letter, and anybody
writes into them what they like.
"""

from __future__ import annotations

from dataclasses import replace

from sesreceive.gallery.pieces import STOP, account, bounce, rule, store
from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.exercise import Exercise, Mistake
from sesreceive.lessons.known_value import ValueGoal
from sesreceive.lessons.mail_goal import MailGoal
from sesreceive.lessons.played_mail import ENVELOPE, HELLO, received
from sesreceive.lessons.trials import Trial
from sesreceive.lessons.wanted import Wanted

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK = "13-envelope-and-headers.ipynb"

TWO = account(
    rule("ana", store("ana/"), to=("ana@example.com",)),
    rule("bo", store("bo/"), to=("bo@example.com",)),
)
LEFT = account(rule("left", bounce("mailbox-does-not-exist"), STOP, to=("bo@example.com",)))
TO_BO = ENVELOPE.to("bo@example.com")
NEWS = replace(TO_BO, mail_from="news@example.net")

EXERCISES = (
    Exercise(
        name="hidden-copy",
        task="The message says `To: ana@example.com`. Have it stored for Bo alone, as a hidden copy is: give a mail, "
        "or the part of it that has to change.",
        start=HELLO,
        goal=MailGoal(
            account=TWO, trials=(Trial(name="your mail", raw=HELLO, wanted=Wanted(rules=("bo",))),), answer=TO_BO
        ),
        also=((HELLO, TO_BO), replace(TO_BO, mail_from="", tls=False)),
        mistakes=(
            Mistake(HELLO.replace(b"ana@example.com", b"bo@example.com"), "no rule ever reads the field To."),
            Mistake(ENVELOPE.to("ana@example.com", "bo@example.com"), "Ana has it, too."),
            Mistake(ENVELOPE.to("bo@example.org"), "for which domain does the account receive mail?"),
        ),
        fact="Rules look at the recipients of the envelope, never at the field To",
        source='Developer Guide, "Email receiving concepts"',
    ),
    Exercise(
        name="no-bounce",
        task="Mail to bo@example.com is bounced. Give an `Envelope` with which the rule fires and no bounce is sent.",
        start=LEFT,
        goal=MailGoal(
            account=LEFT,
            trials=(Trial(name="your mail", envelope=TO_BO, wanted=Wanted(rules=("left",), done=())),),
            answer=replace(TO_BO, mail_from=""),
            gives="envelope",
        ),
        mistakes=(
            Mistake(TO_BO, "it goes to the sender of the envelope. Is there a mail without one?"),
            Mistake(replace(TO_BO, mail_from="noreply@example.org"), "`noreply` is an address like any other."),
            Mistake(replace(TO_BO, mail_from="bo@example.com"), "now Bo is written to."),
        ),
        fact="A message from the null sender `<>`, such as a bounce, is never bounced",
        tag="assumed",
        source="RFC 5321 section 4.5.5",
    ),
    Exercise(
        name="bounced-to",
        task="A mail to bo@example.com is bounced. Its envelope sender is news@example.net, its field From says "
        "ana@example.org, its field Reply-To carl@example.org. Which address is the bounce sent to?",
        goal=ValueGoal(
            "name", lambda: received(LEFT, "bo@example.com", mail_from="news@example.net").effects[0].target
        ),
        mistakes=(
            Mistake("ana@example.org", "this is the author; who has sent it?"),
            Mistake("carl@example.org", "Reply-To is for answers that people write."),
            Mistake("postmaster@example.com", "this is who sends the bounce."),
        ),
        fact="A bounce goes to the sender of the envelope",
        tag="standard",
        source="RFC 5321 section 4.4",
    ),
    Exercise(
        name="who-is-author",
        task="Your function answers a mail. Which of these may it take for the person who wrote, without asking DMARC?",
        goal=ChoiceGoal(
            "none of them",
            {
                "the field From": "anybody writes any name there.",
                "the envelope sender": "a client may say any address behind MAIL FROM.",
                "the field Sender": "it is a line of the letter like the others.",
            },
        ),
        fact="SMTP itself proves nothing about who wrote; SPF, DKIM and DMARC do",
        tag="standard",
        source="RFC 5321 section 7.1",
    ),
)
