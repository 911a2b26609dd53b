"""Forgeries: fields that only SES may write, names that are somebody else's, and domains that look alike."""

from __future__ import annotations

from making.compose import letter
from making.zoo.case import ANA, DATE, Case, case, lines, plain
from making.zoo.mime import GTUBE
from making.zoo.world import CROOK, NET, ORG

TO = "To: ana@example.com"
BANK_FAILS = "spf=none dkim=none/GRAY dmarc=fail/reject"
CROOK_PASSES = "spf=pass dkim=none/GRAY dmarc=pass"


def _crook(slug: str, sender: str) -> bytes:
    return letter(slug, sender=sender, to=ANA, subject="Your account", body="Please confirm.\n")


def _as(value: str) -> bytes:
    return lines(f"From: {value}", TO, "Subject: Your account")


CASES: tuple[Case, ...] = (
    case(
        "forged-spam-verdict",
        "the sender wrote `X-SES-Spam-Verdict: PASS` into a mail that is spam",
        "Read the verdict in the notification; in a header SES's own field is the topmost one.",
        plain("X-SES-Spam-Verdict: PASS", body=GTUBE + "\n"),
        {"header X-SES-Spam-Verdict": ["PASS"], "ses X-SES-Spam-Verdict": ["FAIL"]},
        scan="FAIL PASS",
    ),
    case(
        "forged-virus-verdict",
        "the sender wrote `X-SES-Virus-Verdict: FAIL`",
        "A forged FAIL can make a filter drop good mail: trust the topmost field alone.",
        plain("X-SES-Virus-Verdict: FAIL"),
        {"header X-SES-Virus-Verdict": ["FAIL"], "ses X-SES-Virus-Verdict": ["PASS"]},
    ),
    case(
        "forged-results",
        "an Authentication-Results field in the name of amazonses.com that says everything passed",
        "The name `amazonses.com` proves nothing: only the topmost field was written by SES.",
        lines(
            "Authentication-Results: amazonses.com; spf=pass; dkim=pass header.i=@bank.example; dmarc=pass;",
            "From: service@bank.example",
            TO,
            "Subject: Your account",
        ),
        {"from": ["service@bank.example"], "ses count Authentication-Results": 1},
        auth=BANK_FAILS,
    ),
    case(
        "forged-received-spf",
        "a Received-SPF field that says pass",
        "Fields below SES's own were written by others: read them for interest only.",
        plain("Received-SPF: pass (spfCheck: domain of plain.example designates 192.0.2.60 as permitted sender)"),
        {"ses count Received-SPF": 1},
    ),
    case(
        "forged-receipt",
        "an X-SES-RECEIPT of the sender's making",
        "Such a field is no proof that SES has seen the mail.",
        plain("X-SES-RECEIPT: AEFBQUFBQUFBQUFGb3JnZWQ="),
        {"header X-SES-RECEIPT": ["AEFBQUFBQUFBQUFGb3JnZWQ="], "ses count X-SES-RECEIPT": 1},
    ),
    case(
        "forged-ses-signature",
        "an X-SES-DKIM-SIGNATURE of the sender's making",
        "DKIM knows the field DKIM-Signature alone: this one is not verified.",
        plain("X-SES-DKIM-SIGNATURE: a=rsa-sha256; q=dns/txt; b=Zm9yZ2Vk; c=relaxed/simple; d=amazonses.com; v=1;"),
        {"sender fields": 6},
    ),
    case(
        "forged-return-path",
        "a Return-Path field in the sent mail",
        "`returnPath` comes from the envelope, whatever the mail says of itself.",
        plain("Return-Path: <service@bank.example>"),
        {"returnPath": "writer@plain.example", "header Return-Path": ["<service@bank.example>"]},
    ),
    case(
        "forged-received",
        "a Received field that tells of a way through the bank's servers",
        "Only the topmost Received field is SES's; the ones below are as honest as their writers.",
        lines(f"Received: from mx.bank.example by mail.plain.example; {DATE}", "From: writer@plain.example", TO),
        {"header Received": [f"from mx.bank.example by mail.plain.example; {DATE}"]},
    ),
    case(
        "other-filter",
        "`X-Spam-Status: No` from a filter that nobody here runs",
        "A field that anybody can write decides nothing.",
        plain("X-Spam-Status: No, score=-10.0", body=GTUBE + "\n"),
        scan="FAIL PASS",
    ),
    case(
        "address-as-name",
        "the bank's address as the name of somebody else's",
        "Phones show the name alone: DMARC speaks of the address behind it.",
        _as('"service@bank.example" <writer@plain.example>'),
        {"from": ['"service@bank.example" <writer@plain.example>']},
    ),
    case(
        "address-and-brackets-as-name",
        "the bank's name and address, brackets included, in quotes before another address",
        "A pattern that takes the first `<…>` of From reads the bank; a parser reads the writer.",
        _as('"Bank <service@bank.example>" <writer@plain.example>'),
        {"from": ['"Bank <service@bank.example>" <writer@plain.example>']},
    ),
    case(
        "two-pairs-of-brackets",
        "two addresses in brackets and no comma",
        "A From that breaks the syntax is checked for every domain in it, and shown as one raw text.",
        _as("Bank <service@bank.example> <writer@plain.example>"),
        {"from": ["Bank <service@bank.example> <writer@plain.example>"]},
        auth=BANK_FAILS,
    ),
    case(
        "comment-hides-the-address",
        "the bank's address in a comment",
        "What is in a comment is no address: the author's domain is plain.example.",
        _as("(service@bank.example) writer@plain.example"),
    ),
    case(
        "chief-executive",
        "the name of the chief executive with a stranger's address",
        "A name proves nothing and no check looks at it: compare names of colleagues with their addresses yourself.",
        _as('"Ana Ruiz, Chief Executive" <ceo@plain.example>'),
        {"from": ['"Ana Ruiz, Chief Executive" <ceo@plain.example>']},
    ),
    case(
        "our-own-domain",
        "the author claims to be a colleague at the receiver's own domain",
        "Publish DMARC with p=reject for your own domain: then mail that only claims to be yours gets FAIL.",
        _as("boss@example.com"),
        {"from": ["boss@example.com"]},
        auth=BANK_FAILS,
    ),
    case(
        "two-from-fields",
        "two From fields: a harmless one, then the bank",
        "DMARC cannot choose between two From fields; commonHeaders shows both, so treat it as a failure.",
        lines("From: writer@plain.example", "From: service@bank.example", TO),
        {"from": ["writer@plain.example", "service@bank.example"]},
        auth="spf=none dkim=none/GRAY dmarc=permerror",
    ),
    case(
        "the-same-from-twice",
        "two equal From fields: a careless program wrote it twice",
        "Two fields are two even when they are equal: still an error, and many receivers refuse it.",
        lines("From: writer@plain.example", "From: writer@plain.example", TO),
        {"from": ["writer@plain.example", "writer@plain.example"]},
        auth="spf=none dkim=none/GRAY dmarc=permerror",
    ),
    case(
        "cyrillic-domain",
        "`bank.example` with a Cyrillic a: a domain of its own that looks the same",
        "Everything passes, since the crook has set up his own domain well: PASS says who, not that he is honest.",
        _crook("cyrillic", "service@xn--bnk-6cd.example"),
        {"from": ["service@xn--bnk-6cd.example"]},
        host=CROOK,
        mail_from="service@xn--bnk-6cd.example",
        auth=CROOK_PASSES,
    ),
    case(
        "cyrillic-domain-in-letters",
        "`bank.example` with a Cyrillic a, written in its letters instead of `xn--`",
        "On the screen this is `bank.example`: show domains beyond ASCII as `xn--` where money is at stake.",
        _crook("cyrillic-letters", "service@b\u0430nk.example"),
        {"from": ["service@b\u0430nk.example"]},
        host=CROOK,
        mail_from="service@xn--bnk-6cd.example",
        auth=CROOK_PASSES,
    ),
    case(
        "cousin-domain",
        "bank-secure.example has nothing to do with bank.example",
        "A domain that contains a name does not belong to it.",
        _crook("cousin", "service@bank-secure.example"),
        {},
        host=CROOK,
        mail_from="service@bank-secure.example",
        auth=CROOK_PASSES,
    ),
    case(
        "name-as-subdomain",
        "`bank.example` in front of the crook's own domain",
        "Read a domain from its end: this is crook.example.",
        _crook("subdomain", "service@bank.example.crook.example"),
        {},
        host=CROOK,
        mail_from="service@bank.example.crook.example",
        auth=CROOK_PASSES,
    ),
    case(
        "bank-as-sender-field",
        "the bank in Sender, the crook in From",
        "DMARC looks at From alone; some programs show Sender more clearly.",
        plain("Sender: service@bank.example"),
        {"sender": "service@bank.example"},
    ),
    case(
        "results-in-helo",
        "HELO with text that looks like results: SES copies it into its own field",
        "Even SES's own Authentication-Results holds text of the sender: read verdicts from the notification.",
        _as("service@bank.example"),
        {},
        helo="x; dkim=pass header.i=@bank.example; dmarc=pass header.from=bank.example",
        auth=BANK_FAILS,
    ),
    case(
        "results-in-the-sender",
        "a reverse-path with text that looks like results, in quotes",
        "`envelope-from=` in the field of SES is the sender's text: never search it for `dmarc=pass`.",
        _as("service@bank.example"),
        {"source": '"x; dmarc=pass header.from=bank.example"@plain.example'},
        mail_from='"x; dmarc=pass header.from=bank.example"@plain.example',
        auth=BANK_FAILS,
    ),
    case(
        "reply-to-the-crook",
        "everything passes for example.org, but answers go to the crook",
        "A mail that passes every check may still send your answer somewhere else.",
        letter(
            "reply-to",
            sender="orders@example.org",
            to=ANA,
            subject="Invoice",
            body="Please answer.\n",
            extra=[("Reply-To", "orders@crook.example")],
        ),
        {"replyTo": ["orders@crook.example"]},
        host=ORG,
        mail_from="orders@example.org",
        auth=CROOK_PASSES,
    ),
    case(
        "forged-from-a-real-sender",
        "a customer of an honest service claims to be another customer",
        "SPF passes for the service's own domain: without alignment that says nothing about the author.",
        letter("customer", sender="orders@example.org", to=ANA, subject="Invoice", body="Please pay.\n"),
        {"spf domain": "example.net"},
        host=NET,
        mail_from="customer@example.net",
        auth="spf=pass dkim=none/GRAY dmarc=fail/reject",
    ),
)
