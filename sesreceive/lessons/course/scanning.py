"""Spam, viruses, and GRAY.

SES says what it thinks of a mail and does nothing about it. To drop, to bounce or to keep apart is for your rules.
"""

from __future__ import annotations

from sesreceive.gallery.pieces import STOP, account, rule, start, store, wait_for
from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.equivalence import RulesGoal
from sesreceive.lessons.exercise import Exercise, Mistake
from sesreceive.lessons.mail_goal import MailGoal
from sesreceive.lessons.played_mail import HELLO
from sesreceive.lessons.trials import Trial
from sesreceive.lessons.wanted import Wanted
from sesreceive.scan.markers import EICAR, GTUBE

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK = "18-spam-and-virus.ipynb"

OPEN = account(rule("everything", store("mail/")))
APART = account(rule("spam", wait_for("is-spam"), store("quarantine/"), STOP), rule("everything", store("mail/")))

EXERCISES = (
    Exercise(
        name="test-virus",
        task="Give a message that SES finds a virus in and no spam, as one does to test a rule set. Harm nobody.",
        start=HELLO,
        goal=MailGoal(
            account=OPEN,
            trials=(Trial(name="your message", raw=HELLO, wanted=Wanted(virus="FAIL", spam="PASS")),),
            answer=HELLO + EICAR + b"\r\n",
            gives="message",
        ),
        also=(b"Subject: test\r\n\r\n" + EICAR,),
        mistakes=(
            Mistake(HELLO, "there is a published string that every scanner takes for a virus."),
            Mistake(HELLO + GTUBE + b"\r\n", "this is the string for spam."),
            Mistake(HELLO + EICAR + b"\r\n" + GTUBE + b"\r\n", "one of the two strings is too many."),
        ),
        fact="EICAR is the test string for viruses, GTUBE the one for spam",
        tag="observed",
        source="public reports of users; the test files of EICAR and SpamAssassin",
    ),
    Exercise(
        name="quarantine",
        task="All mail to your domain: what the function `is-spam` wants to keep apart lies under `quarantine/`, "
        "everything else under `mail/`. The function answers CONTINUE for spam, and STOP_RULE for the rest. Two "
        "rules.",
        start=OPEN,
        goal=RulesGoal(APART),
        mistakes=(
            Mistake(
                account(rule("spam", start("is-spam"), store("quarantine/"), STOP), rule("everything", store("mail/"))),
                "SES waits for an answer with one of the two invocation types only.",
            ),
            Mistake(
                account(
                    rule("spam", store("quarantine/"), wait_for("is-spam"), STOP), rule("everything", store("mail/"))
                ),
                "actions run in order: what has happened when the function is asked?",
            ),
            Mistake(
                account(rule("spam", wait_for("is-spam"), store("quarantine/")), rule("everything", store("mail/"))),
                "where does spam lie besides the quarantine?",
            ),
            Mistake(
                account(
                    rule("everything", store("mail/")), rule("spam", wait_for("is-spam"), store("quarantine/"), STOP)
                ),
                "which rule has the spam first?",
            ),
        ),
        fact="Only a function can ask for a verdict; STOP_RULE ends its rule, and the next one has the mail",
        source='Developer Guide, "Lambda function action"',
    ),
    Exercise(
        name="switched-off",
        task="A rule has ScanEnabled off. Its function reads `spamVerdict`. What does it find?",
        goal=ChoiceGoal(
            "DISABLED",
            {
                "PASS": "nobody has looked, so nobody can say so.",
                "GRAY": "this says that a scanner is not sure.",
                "the member is missing": "it is always there.",
            },
        ),
        fact="A rule without ScanEnabled sees DISABLED in place of the spam and virus verdicts",
        tag="observed",
        source="public notifications",
    ),
    Exercise(
        name="gray",
        task="A function drops mail unless `spamVerdict` is PASS. What is the risk?",
        goal=ChoiceGoal(
            "honest mail is lost: GRAY and PROCESSING_FAILED are no spam",
            {
                "none: everything else is spam": "there are five words, and only one of them says spam.",
                "viruses come through": "they have a verdict of their own; so it is, but it is no risk of this line.",
                "the function is called twice": "how it reads the verdict does not change how often it runs.",
            },
        ),
        fact="Verdicts are PASS, FAIL, GRAY, PROCESSING_FAILED and DISABLED; act on FAIL",
        source='Developer Guide, "Notification contents"',
    ),
)
