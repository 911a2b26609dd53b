"""The message that the consumers read: names, an attachment and a line that is not ASCII."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

CLIENT = {"client_ip": "198.51.100.7", "helo": "mx.example.org", "mail_from": "bounces+ana@example.org"}
RECIPIENT = "billing@example.com"
SUBJECT = "Rechnung für März"
TEXT = "Die Rechnung liegt bei.\nGrüße\n"
ATTACHMENT = bytes(range(256))
MESSAGE_ID = "<20260102.1@mx.example.org>"


def letter(subject: str = SUBJECT) -> bytes:
    """The message, 7-bit: what a careful program sends."""
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    message["From"] = "Ana Müller <ana@example.org>"
    message["To"] = f"Billing <{RECIPIENT}>"
    message["Cc"] = "bo@example.net"
    message["Subject"] = subject
    message["Date"] = "Fri, 02 Jan 2026 10:05:00 +0000"
    message["Message-ID"] = MESSAGE_ID
    message.set_content(TEXT, cte="quoted-printable")
    message.add_attachment(ATTACHMENT, maintype="application", subtype="pdf", filename="rechnung.pdf")
    return message.as_bytes()
