"""Failures, retries and duplicates.

The sender reads `250` before anything is stored. What comes later may fail, come twice, or come in another order.
"""

from __future__ import annotations

from sesreceive.assumption import Assumptions
from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.exercise import Exercise, Mistake
from sesreceive.lessons.known_value import ValueGoal

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK = "09-failures-and-duplicates.ipynb"

EXERCISES = (
    Exercise(
        name="how-long",
        task="The bucket of an S3 action was deleted. For how many hours does SES try again?",
        goal=ValueGoal("number", lambda: Assumptions().retry_hours),
        mistakes=(
            Mistake(4, "so it stood in the guide until about 2025."),
            Mistake(0, "a bucket may come back, so SES tries again."),
            Mistake(24, "longer."),
        ),
        fact="A failing action is tried again for 36 hours, then given up",
        source='Developer Guide, "Viewing metrics"',
    ),
    Exercise(
        name="who-is-told",
        task="After all these hours the mail is given up. What does its sender hear?",
        goal=ChoiceGoal(
            "nothing: it was told `250` long ago",
            {
                "it gets a bounce": "a Bounce action would send one; a failed action sends none.",
                "`451`, to try again": "the connection was closed before the first attempt.",
                "`550`": "there is no answer after `250`.",
            },
        ),
        fact="`250` says that SES will try; watch the metric PublishExpired",
        source='Developer Guide, "Viewing metrics"',
    ),
    Exercise(
        name="name-of-work",
        task="An order must be done once, also where a sender that heard no answer sends the mail again. Which name "
        "is the same for both mails, and yours to trust?",
        goal=ChoiceGoal(
            "the field Message-ID together with the envelope sender",
            {
                "the message id of SES": "two mails were received, so there are two of them.",
                "the field Message-ID": "a stranger may write the one of somebody else, to have that order taken for "
                "a copy.",
                "the subject": "two orders may have the same.",
            },
        ),
        fact="The sender's own name for the mail is in Message-ID, and says something only with the sender",
        tag="standard",
        source="RFC 5322 section 3.6.4; RFC 5321 section 4.5.4.1",
    ),
    Exercise(
        name="which-is-newer",
        task="Two notifications arrive, about two mails. Which mail is the newer one?",
        goal=ChoiceGoal(
            "the one with the later `mail.timestamp`",
            {
                "the one whose notification arrived later": "notifications come in any order.",
                "the one with the later Date field": "the sender's clock may say anything.",
                "the one with the greater message id": "ids say nothing about order.",
            },
        ),
        fact="A notification has the time at which SES took the mail",
        source='Developer Guide, "Notification contents"',
    ),
)
