"""Live SMTP.

What client and server say to each other, while the mail is not taken yet.
"""

from __future__ import annotations

from sesreceive.gallery.pieces import account, rule, store
from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.equivalence import RulesGoal
from sesreceive.lessons.exercise import Exercise, Mistake
from sesreceive.lessons.known_value import ValueGoal
from sesreceive.lessons.played_mail import received

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK = "21-live-smtp.ipynb"

ANA_AND_CARL = account(rule("two", store("mail/"), to=("ana@example.com", "carl@example.com")))
ASKED = ("ana@example.com", "bo@example.com", "carl@example.com", "carl@example.org")
hr, rest = (
    rule("hr", store(bucket="hr-mail"), to=("hr@example.com",)),
    rule("ana", store(bucket="ana-mail"), to=("ana@example.com",)),
)
STRICT = hr.replace(tls_policy="Require")

EXERCISES = (
    Exercise(
        name="some-refused",
        task=f"The account takes mail to Ana and Carl in example.com. A client names {', '.join(ASKED)}, then sends "
        "the message and reads `250`. Which of them have it?",
        start=ANA_AND_CARL,
        goal=ValueGoal(
            "names", lambda: [one.recipient for one in received(ANA_AND_CARL, *ASKED).recipients if one.accepted]
        ),
        mistakes=(
            Mistake(ASKED, "the last `250` is for the message; each recipient had an answer of its own."),
            Mistake((), "one refused recipient does not spoil the others."),
            Mistake(("ana@example.com", "bo@example.com", "carl@example.com"), "does a rule take bo@example.com?"),
        ),
        fact="Each recipient is judged alone, and the message goes to those that were accepted",
        tag="observed",
        source="public transcripts",
    ),
    Exercise(
        name="only-encrypted",
        task="Mail to hr@example.com is taken over TLS only. Mail to Ana is taken as before, with or without.",
        start=account(hr, rest),
        goal=RulesGoal(account(STRICT, rest)),
        also=(account(rest, STRICT),),
        mistakes=(
            Mistake(account(hr, rest), "look at the mail in clear text."),
            Mistake(account(STRICT, rest.replace(tls_policy="Require")), "now Ana's mail needs TLS, too."),
            Mistake(account(STRICT, hr.replace(name="hr-2"), rest), "one rule that takes the address is enough."),
        ),
        fact="TlsPolicy Require: without TLS the rule is not there for its recipients",
        source="SES API ReceiptRule.TlsPolicy",
    ),
    Exercise(
        name="which-port",
        task="A partner's server reads `530 Authentication required` when it sends to your domain. What is probably "
        "wrong?",
        goal=ChoiceGoal(
            "your MX record names the host for sending, `email-smtp`, and not the one for receiving, `inbound-smtp`",
            {
                "the partner's password": "servers that deliver mail have none for you.",
                "your IP filters": "they answer `550`.",
                "your verified identities": "a domain that is not verified is answered `550`.",
            },
        ),
        fact="The receiving host is inbound-smtp.REGION.amazonaws.com, on port 25, without sign-in",
        source='Developer Guide, "Publishing an MX record"',
    ),
)
