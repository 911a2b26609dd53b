"""Log every mail that is taken.

A first rule without condition and without Stop sees all mail before any other rule can end the set. What no
rule may see is mail that is refused: no identity, no rule, no log.
"""

from __future__ import annotations

from sesreceive.gallery.pieces import STOP, account, publish, rule, store
from sesreceive.gallery.sample_mail import SampleMail

__all__ = ["ACCOUNT", "MAIL"]

ACCOUNT = account(
    rule("log", publish("mail-log")),
    rule("billing", store("billing/"), STOP, to=("billing@example.com",)),
    rule("rest", store("rest/")),
)
MAIL = (
    SampleMail(
        name="invoice",
        to=("billing@example.com",),
        rules=("log", "billing"),
        leaves=("s3 inbox/billing/{invoice}", "sns mail-log"),
    ),
    SampleMail(
        name="question",
        to=("ana@example.com",),
        rules=("log", "rest"),
        leaves=("s3 inbox/rest/{question}", "sns mail-log"),
    ),
    SampleMail(name="elsewhere", to=("ana@example.net",), reply=550),
)
