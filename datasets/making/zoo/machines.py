"""Mail that machines write: automatic answers, bounces, lists, receipts, reports."""

from __future__ import annotations

from typing import Any

from making.compose import multipart, part
from making.sample import Host
from making.zoo.case import Case, case, plain

NULL: dict[str, Any] = {"mail_from": "", "facts": {"source": ""}}
BIG_PROVIDER = Host(ip="203.0.113.41", name="mail-wr1-41.bigprovider.example")


def _answer(*extra: str, subject: str = "Automatic reply: Hello", sender: str = "Bo <bo@plain.example>") -> bytes:
    return plain(*extra, sender=sender, subject=subject, body="I am away until Monday.\n")


def _report(kind: str, *parts: bytes, sender: str, subject: str, extra: tuple[str, ...] = ()) -> bytes:
    boundary, body = multipart(f"report-{subject}", *parts)
    content_type = f'Content-Type: multipart/report; report-type={kind};\r\n boundary="{boundary}"'
    return plain("MIME-Version: 1.0", content_type, *extra, sender=sender, subject=subject, body=body)


def _status(action: str, status: str, diagnostic: str, *extra: str) -> bytes:
    text = (
        "Reporting-MTA: dns; mail.plain.example\n\nFinal-Recipient: rfc822; gone@plain.example\n"
        f"Action: {action}\nStatus: {status}\n{diagnostic}" + "".join(f"{line}\n" for line in extra)
    )
    return part("message/delivery-status", text)


ORIGINAL = part("message/rfc822", plain(sender="Ana <ana@example.com>", to="gone@plain.example", subject="Lunch?"))
HEADERS = part("text/rfc822-headers", "From: Ana <ana@example.com>\nTo: gone@plain.example\nSubject: Lunch?\n")
NOT_THERE = "Diagnostic-Code: smtp; 550 5.1.1 no such user\n"


def _bounce(slug: str, about: str, lesson: str, raw: bytes, facts: Any = None, **more: Any) -> Case:
    return case(slug, about, lesson, raw, {"source": "", **(facts or {})}, mail_from="", **more)


CASES: tuple[Case, ...] = (
    case(
        "vacation",
        "an answer from somebody on holiday, marked `Auto-Submitted: auto-replied` (RFC 3834)",
        "Never answer mail whose Auto-Submitted is anything but `no`, or two robots write to each other for ever.",
        _answer("Auto-Submitted: auto-replied"),
        {"header Auto-Submitted": ["auto-replied"]},
    ),
    case(
        "vacation-with-parameters",
        "Auto-Submitted with a parameter and a comment behind the word",
        "Compare the word at the start, not the whole value.",
        _answer("Auto-Submitted: auto-replied (vacation); owner-email=bo@plain.example"),
        {"header Auto-Submitted": ["auto-replied (vacation); owner-email=bo@plain.example"]},
    ),
    case(
        "not-automatic",
        "`Auto-Submitted: no`: a human being wrote this",
        "The field may say `no`: its presence alone means nothing.",
        plain("Auto-Submitted: no"),
        {"header Auto-Submitted": ["no"]},
    ),
    case(
        "unmarked-vacation",
        "an answer from a holiday that only its Subject gives away",
        "Not every robot says that it is one: limit how often you answer one address.",
        _answer(),
        {"subject": "Automatic reply: Hello"},
    ),
    case(
        "outlook-suppress",
        "`X-Auto-Response-Suppress: All`, the way of Exchange",
        "Exchange has a field of its own for `please do not answer`.",
        _answer("X-Auto-Response-Suppress: All"),
        {"header X-Auto-Response-Suppress": ["All"]},
    ),
    case(
        "bulk",
        "`Precedence: bulk`, older than all standards",
        "Lists and robots have used Precedence for forty years: do not answer `bulk`, `junk` or `list`.",
        plain("Precedence: bulk"),
        {"header Precedence": ["bulk"]},
    ),
    case(
        "loop-mark",
        "`X-Loop` with the receiver's own address: this mail was here before",
        "Mark what you forward, and drop what carries your mark.",
        plain("X-Loop: ana@example.com"),
        {"header X-Loop": ["ana@example.com"]},
    ),
    case(
        "mailing-list",
        "a mail of a list with all the fields of RFC 2369 and RFC 2919",
        "List-Id names the list better than the subject does.",
        plain(
            "List-Id: Lamps <lamps.lists.plain.example>",
            "List-Post: <mailto:lamps@lists.plain.example>",
            "List-Help: <mailto:lamps-request@lists.plain.example?subject=help>",
            "Precedence: list",
        ),
        {"header List-Id": ["Lamps <lamps.lists.plain.example>"]},
    ),
    case(
        "one-click",
        "a newsletter with one-click unsubscription (RFC 8058)",
        "A program may send that POST request only when the mail is signed and the fields are in the signature.",
        plain(
            "List-Unsubscribe: <https://plain.example/u?id=1>, <mailto:leave@plain.example>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ),
        {"header List-Unsubscribe-Post": ["List-Unsubscribe=One-Click"]},
    ),
    case(
        "receipt-wanted",
        "the sender asks for a read receipt",
        "Nobody has to send a receipt, and an automatic one tells strangers that the address is read.",
        plain("Disposition-Notification-To: writer@plain.example"),
        {"header Disposition-Notification-To": ["writer@plain.example"]},
    ),
    _bounce(
        "receipt",
        "a read receipt (RFC 8098) with the null sender",
        "A receipt is a report like a bounce; its type is `disposition-notification`.",
        _report(
            "disposition-notification",
            part("text/plain", "Your message was shown.\n"),
            part(
                "message/disposition-notification",
                "Final-Recipient: rfc822; bo@plain.example\nDisposition: manual-action/MDN-sent-manually; displayed\n",
            ),
            sender="Bo <bo@plain.example>",
            subject="Read: Hello",
        ),
        {"subject": "Read: Hello"},
    ),
    _bounce(
        "bounce",
        "a bounce by the book (RFC 3464) with the whole mail attached",
        "Read `Action` and `Status` of the second part; the text of the first is for people.",
        _report(
            "delivery-status",
            part("text/plain", "gone@plain.example: no such user\n"),
            _status("failed", "5.1.1", NOT_THERE),
            ORIGINAL,
            sender="MAILER-DAEMON@plain.example",
            subject="Undelivered Mail Returned to Sender",
        ),
        {"from": ["MAILER-DAEMON@plain.example"]},
    ),
    _bounce(
        "bounce-of-a-big-provider",
        "a bounce with an X- field for the failed recipient, a fold in the diagnosis and a picture, like Gmail's",
        "Big providers add fields and pictures: look for the delivery-status part wherever it stands.",
        _report(
            "delivery-status",
            part("text/html", "<p>Address not found</p>\n"),
            part("image/png", b"\x89PNG\r\n\x1a\n", encoding="base64", filename="icon.png", disposition="inline"),
            _status(
                "failed",
                "5.1.1",
                "Diagnostic-Code: smtp; 550-5.1.1 The account that you tried to reach does not exist.\n"
                " 550 5.1.1 Please check the address. k7si41.1 - gsmtp\n",
                "Last-Attempt-Date: Fri, 02 Jan 2026 01:00:00 -0800 (PST)",
            ),
            HEADERS,
            sender="Mail Delivery Subsystem <mailer-daemon@bigprovider.example>",
            subject="Delivery Status Notification (Failure)",
            extra=("X-Failed-Recipients: gone@plain.example", "Auto-Submitted: auto-replied"),
        ),
        {"header X-Failed-Recipients": ["gone@plain.example"], "header Auto-Submitted": ["auto-replied"]},
        host=BIG_PROVIDER,
    ),
    _bounce(
        "bounce-of-exchange",
        "a non-delivery report in the way of Exchange and Outlook: the reason is prose and the subject translated",
        "`Unzustellbar:` is a bounce too: recognise bounces by the null sender and the type, not by words.",
        _report(
            "delivery-status",
            part("text/plain; charset=utf-8", "Fehler bei der Nachrichtenzustellung\n"),
            _status(
                "failed",
                "5.1.10",
                "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found\n",
                "X-Display-Name: gone@plain.example",
            ),
            ORIGINAL,
            sender="Microsoft Outlook <MicrosoftExchange329e71ec@plain.example>",
            subject="Unzustellbar: Lunch?",
            extra=("X-MS-Exchange-Message-Is-Ndr:", "Auto-Submitted: auto-replied"),
        ),
        {"header X-MS-Exchange-Message-Is-Ndr": [""], "subject": "Unzustellbar: Lunch?"},
    ),
    _bounce(
        "delayed",
        "a report that says `delayed`: nothing has failed yet",
        "A report is no failure: `Action: delayed` asks for patience, so do not remove the address.",
        _report(
            "delivery-status",
            part("text/plain", "We keep trying.\n"),
            _status("delayed", "4.4.1", "", "Will-Retry-Until: Wed, 07 Jan 2026 09:00:00 +0000"),
            sender="MAILER-DAEMON@plain.example",
            subject="Delayed Mail (still being retried)",
        ),
    ),
    _bounce(
        "delivered",
        "a report of success: somebody asked for it with NOTIFY=SUCCESS",
        "`Action: delivered` looks like a bounce and is good news.",
        _report(
            "delivery-status",
            part("text/plain", "It has arrived.\n"),
            _status("delivered", "2.0.0", ""),
            sender="MAILER-DAEMON@plain.example",
            subject="Successful Mail Delivery Report",
        ),
    ),
    _bounce(
        "bounce-in-prose",
        "a bounce without any structure, as old servers write it",
        "Some bounces are plain text: what is sure is the null sender.",
        plain(
            sender="MAILER-DAEMON@plain.example",
            subject="failure notice",
            body="Hi. This is the mail program at plain.example.\n<gone@plain.example>:\nno mailbox by that name.\n",
        ),
        {"subject": "failure notice"},
    ),
    case(
        "bounce-with-a-sender",
        "a bounce that is not sent from the null sender, which RFC 5321 forbids",
        "If you answer this one, the answer may bounce again: look at the content type as well.",
        _report(
            "delivery-status",
            part("text/plain", "gone@plain.example: no such user\n"),
            _status("failed", "5.1.1", NOT_THERE),
            sender="postmaster@plain.example",
            subject="Returned mail",
        ),
        {"source": "postmaster@plain.example"},
        mail_from="postmaster@plain.example",
    ),
    _bounce(
        "backscatter",
        "a bounce of a mail that nobody here has sent: the sender was forged",
        "A bounce proves nothing about what you sent: look for a Message-ID of yours in the attached header.",
        _report(
            "delivery-status",
            part("text/plain", "gone@plain.example: no such user\n"),
            _status("failed", "5.1.1", NOT_THERE),
            part("text/rfc822-headers", "From: ana@example.com\nSubject: Win a lamp\nMessage-ID: <1@crook.example>\n"),
            sender="MAILER-DAEMON@plain.example",
            subject="Undelivered Mail",
        ),
    ),
    _bounce(
        "complaint",
        "a complaint of a reader in ARF (RFC 5965)",
        "A complaint is a report of the type `feedback-report`: remove that reader from your list.",
        _report(
            "feedback-report",
            part("text/plain", "A user marked this as spam.\n"),
            part("message/feedback-report", "Feedback-Type: abuse\nUser-Agent: Feedback/1.0\nVersion: 1\n"),
            HEADERS,
            sender="complaints@plain.example",
            subject="Abuse report",
        ),
    ),
    case(
        "cron",
        "the output of a nightly job, with the host's name as its domain",
        "Machines send mail without asking for addresses: give them a rule of their own.",
        plain(
            "X-Cron-Env: <SHELL=/bin/sh>",
            "Auto-Submitted: auto-generated",
            sender="root@build.plain.example",
            subject="Cron <root@build> backup",
        ),
        {"from": ["root@build.plain.example"], "header Auto-Submitted": ["auto-generated"]},
    ),
    case(
        "challenge",
        "a challenge: please click to prove that you are a person",
        "Never click by program: the sender of the challenge may have got a forged mail.",
        _answer("Auto-Submitted: auto-replied (challenge)", subject="Please confirm your message"),
    ),
)
