"""Lambda: gates and loops.

A function that SES waits for decides what goes on, by one word. It reads what SES knows of the mail, and not the mail.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sesreceive.gallery.pieces import account, rule, start, store, wait_for
from sesreceive.lab.compose import Attachment, Draft
from sesreceive.lab.fixture import zipped
from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.exercise import Exercise, Mistake
from sesreceive.lessons.function_goal import FunctionGoal
from sesreceive.lessons.played_mail import ENVELOPE, HELLO
from sesreceive.lessons.trials import Trial
from sesreceive.lessons.wanted import Wanted
from sesreceive.scan.markers import EICAR, GTUBE

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK = "20-lambda-gates.ipynb"

GATED = account(rule("gate", wait_for("gate")), rule("everything", store("mail/")))
ANSWERED = account(rule("answer", wait_for("polite"), start("answer")))
KEPT, DROPPED = ("Invoke gate", "PutObject inbox/mail"), ("Invoke gate",)
SENT, QUIET = ("Invoke polite", "Invoke answer"), ("Invoke polite",)


def _ses(event: Any) -> Any:
    return event["Records"][0]["ses"]


def _stop(flag: bool, word: str = "STOP_RULE_SET") -> dict[str, str]:
    return {"disposition": word if flag else "CONTINUE"}


def _virus(event: Any) -> str:
    return str(_ses(event)["receipt"]["virusVerdict"]["status"])


def _fields(event: Any) -> dict[str, str]:
    return {one["name"].lower(): one["value"] for one in _ses(event)["mail"]["headers"]}


def _automatic(event: Any) -> bool:
    return _fields(event).get("auto-submitted", "no").partition(";")[0].strip().lower() != "no"


def _from_nobody(event: Any) -> bool:
    return _ses(event)["mail"]["source"] in ("", "<>")


def _locked() -> bytes:
    """A mail with a ZIP archive that says of itself that it is encrypted."""
    archive = bytearray(zipped({"invoice.txt": b"one hundred"}))
    archive[6] |= 1  # bit 0 of the flags in the local header: encrypted (APPNOTE.TXT section 4.4.4)
    return Draft(
        sender="Ana <ana@example.org>",
        to="ana@example.com",
        subject="invoice",
        text="hello",
        attachments=(Attachment(filename="invoice.zip", content=bytes(archive)),),
    ).to_bytes()


EXERCISES = (
    Exercise(
        name="virus-gate",
        task="The first rule waits for the function `gate`, the second stores all mail. Write `gate(event, "
        "context)`: mail in which a virus was found is not stored, all other mail is.",
        start=GATED,
        goal=FunctionGoal(
            account=GATED,
            name="gate",
            trials=(
                Trial(name="a clean mail", wanted=Wanted(done=KEPT)),
                Trial(name="a mail with a virus", raw=HELLO + EICAR, wanted=Wanted(done=DROPPED)),
                Trial(name="a mail with spam", raw=HELLO + GTUBE, wanted=Wanted(done=KEPT)),
                Trial(name="a mail that no scanner can look into", raw=_locked(), wanted=Wanted(done=KEPT)),
            ),
            answer=lambda event, context: _stop(_virus(event) == "FAIL"),
        ),
        also=(lambda event, context: {"disposition": "stop_rule_set"} if _virus(event) == "FAIL" else None,),
        mistakes=(
            Mistake(
                lambda event, context: _stop(_virus(event) == "FAIL", "STOP_RULE"),
                "this ends the rule of the gate. Which rule stores?",
            ),
            Mistake(
                lambda event, context: _stop(_ses(event)["receipt"]["spamVerdict"]["status"] == "FAIL"),
                "there are two verdicts of scanners.",
            ),
            Mistake(
                lambda event, context: _stop(_virus(event) != "PASS"),
                "a verdict has more words than two. Which one says that a virus was found?",
            ),
            Mistake(lambda event, context: None, "what does SES make of no answer?"),
            Mistake(lambda event, context: _stop(True), "an honest mail is dropped."),
        ),
        fact="STOP_RULE_SET ends the rule set, STOP_RULE the rule alone; anything else goes on",
        source='Developer Guide, "Lambda function action"',
    ),
    Exercise(
        name="polite",
        task="The function `answer` writes to whoever sent a mail. In front of it SES waits for `polite`. Write "
        "`polite(event, context)`, so that no machine is answered: no bounce (null sender), and no mail whose field "
        "Auto-Submitted says anything but `no`. People are answered.",
        start=ANSWERED,
        goal=FunctionGoal(
            account=ANSWERED,
            name="polite",
            trials=(
                Trial(name="a mail of a person", wanted=Wanted(done=SENT)),
                Trial(name="a bounce", envelope=replace(ENVELOPE, mail_from=""), wanted=Wanted(done=QUIET)),
                Trial(
                    name="an absence note",
                    raw=b"Auto-Submitted: auto-replied\r\n" + HELLO,
                    wanted=Wanted(done=QUIET),
                ),
                Trial(
                    name="a mail with `auto-submitted: auto-generated`",
                    raw=b"auto-submitted: auto-generated\r\n" + HELLO,
                    wanted=Wanted(done=QUIET),
                ),
                Trial(
                    name="a mail with `auto-submitted: No`",
                    raw=b"auto-submitted: No\r\n" + HELLO,
                    wanted=Wanted(done=SENT),
                ),
            ),
            answer=lambda event, context: _stop(_automatic(event) or _from_nobody(event)),
        ),
        mistakes=(
            Mistake(lambda event, context: _stop(_automatic(event)), "who sent a bounce?"),
            Mistake(
                lambda event, context: _stop(_from_nobody(event)), "an absence note has a sender. What else has it?"
            ),
            Mistake(
                lambda event, context: _stop("auto-submitted" in _fields(event) or _from_nobody(event)),
                "what does the field say when a person wrote?",
            ),
            Mistake(
                lambda event, context: _stop(
                    _fields(event).get("auto-submitted") == "auto-replied" or _from_nobody(event)
                ),
                "which words besides this one does a program write there?",
            ),
            Mistake(lambda event, context: _stop(False), "everything is answered, and two such functions never end."),
        ),
        fact="An answer to an automatic answer is a loop; programs mark what they write with Auto-Submitted",
        tag="standard",
        source="RFC 3834 section 2",
    ),
    Exercise(
        name="no-body",
        task="A function needs the text of the mail. Where is it in the event?",
        goal=ChoiceGoal(
            "nowhere: an S3 action in front stores it, and the function fetches it there",
            {
                "in `mail.content`": "this is in the notification of an SNS action.",
                "in `mail.commonHeaders`": "there are fields of the header, no text.",
                "in `receipt.action`": "there is what called the function.",
            },
        ),
        fact="The event of a function has the header and the verdicts, and not the body",
        source='Developer Guide, "Lambda function action"',
    ),
    Exercise(
        name="not-waited",
        task="A Lambda action has the invocation type `Event`. The function returns STOP_RULE_SET. What happens?",
        goal=ChoiceGoal(
            "nothing: SES does not wait for the answer",
            {
                "the rule set ends": "this takes the other invocation type.",
                "the rule ends": "for an answer to count, somebody must wait for it.",
                "the mail is bounced": "a function bounces nothing unless it calls SendBounce.",
            },
        ),
        fact="Only a function with the type RequestResponse has a say",
        source='Developer Guide, "Lambda function action"',
    ),
)
