"""Character sets and encoded words (RFC 2047): what is decoded, and what stays as it came."""

from __future__ import annotations

import base64

from making.zoo.case import Case, case, lines, plain

FROM = "From: Writer <writer@plain.example>"
TO = "To: ana@example.com"


def _b(text: str, charset: str) -> str:
    """An encoded word in base64."""
    return f"=?{charset}?B?{base64.b64encode(text.encode(charset)).decode()}?="


CASES: tuple[Case, ...] = (
    case(
        "q-word",
        "a Subject in UTF-8, encoded with Q",
        "commonHeaders.subject is decoded, and so is the value in mail.headers.",
        plain(subject="=?UTF-8?Q?Gr=C3=BC=C3=9Fe?="),
        {"subject": "Grüße", "header Subject": ["Grüße"]},
    ),
    case(
        "b-word",
        "a Subject in UTF-8, encoded with B, in a script without spaces",
        "Q and B are two spellings of one thing: Q for a few odd letters, B for many.",
        plain(subject=_b("受信テスト", "UTF-8")),
        {"subject": "受信テスト"},
    ),
    case(
        "latin-1-word",
        "a Subject in ISO-8859-1, from before UTF-8",
        "The word names its own character set; the mail's Content-Type plays no part.",
        plain(subject="=?ISO-8859-1?Q?caf=E9?="),
        {"subject": "café"},
    ),
    case(
        "windows-1252-word",
        "a Subject in windows-1252 with curly quotes",
        "Windows sends its own character sets: the octets 0x93 and 0x94 are quotes there and controls in ISO-8859-1.",
        plain(subject="=?windows-1252?Q?=93quoted=94?="),
        {"subject": "“quoted”"},
    ),
    case(
        "koi8-word",
        "a Subject in KOI8-R, the old character set of Russian mail",
        "Old national character sets are still sent: a reader needs more than UTF-8.",
        plain(subject=_b("Привет", "KOI8-R")),
        {"subject": "Привет"},
    ),
    case(
        "iso-2022-jp-word",
        "a Subject in ISO-2022-JP, which changes its alphabet by escape codes",
        "The escape codes are inside the encoded text and are gone once it is decoded.",
        plain(subject=_b("日本", "ISO-2022-JP")),
        {"subject": "日本"},
    ),
    case(
        "gb2312-word",
        "a Subject in GB2312, the old character set of Chinese mail",
        "Two octets make a character here; a reader that assumes Latin letters prints nonsense.",
        plain(subject=_b("中文", "GB2312")),
        {"subject": "中文"},
    ),
    case(
        "utf-16-word",
        "a Subject in UTF-16 with a byte order mark, which hardly anybody sends",
        "UTF-16 is a legal character set of an encoded word; the mark is not shown.",
        plain(subject="=?UTF-16?B?/v8ARwBy?="),
        {"subject": "Gr"},
    ),
    case(
        "two-words",
        "one sentence in two encoded words, because a word ends at 75 characters",
        "The blank between two encoded words is not part of the text.",
        plain(subject="=?UTF-8?Q?Sch=C3=B6ne?= =?UTF-8?Q?_Gr=C3=BC=C3=9Fe?="),
        {"subject": "Schöne Grüße"},
    ),
    case(
        "two-words-folded",
        "two encoded words with a fold between them",
        "A fold between two encoded words vanishes with the blank.",
        plain(subject="=?UTF-8?Q?na?=\r\n =?UTF-8?Q?=C3=AFve?="),
        {"subject": "naïve"},
    ),
    case(
        "word-among-text",
        "an encoded word between plain words",
        "Only the encoded word is decoded; the blanks around it stay.",
        plain(subject="Re: =?UTF-8?Q?d=C3=A9ficit?= again"),
        {"subject": "Re: déficit again"},
    ),
    case(
        "split-character",
        "the two octets of one letter stand in two words: RFC 2047 forbids it, some programs do it",
        "Each word is decoded alone, so a letter that was cut in two becomes two replacement characters.",
        plain(subject="=?UTF-8?Q?caf=C3?= =?UTF-8?Q?=A9?="),
        {"subject": "caf\ufffd\ufffd"},
    ),
    case(
        "language-tag",
        "an encoded word that names its language, after RFC 2231",
        "`UTF-8*de` is the character set UTF-8; the language is dropped.",
        plain(subject="=?UTF-8*de?Q?Gr=C3=BC=C3=9Fe?="),
        {"subject": "Grüße"},
    ),
    case(
        "small-letters",
        "character set and encoding in small letters",
        "`utf-8?q` and `UTF-8?Q` are the same.",
        plain(subject="=?utf-8?q?ol=c3=a1?="),
        {"subject": "olá"},
    ),
    case(
        "unknown-charset",
        "a character set that nobody knows",
        "What cannot be decoded stays as it came: do not be surprised by `=?` in a subject.",
        plain(subject="=?X-NOBODY?Q?hello?="),
        {"subject": "=?X-NOBODY?Q?hello?="},
    ),
    case(
        "utf-7-word",
        "a Subject in UTF-7, once a way around filters",
        "UTF-7 is not decoded: text that is not decoded cannot become a tag on a page.",
        plain(subject="=?UTF-7?Q?+ADw-script+AD4-?="),
        {"subject": "=?UTF-7?Q?+ADw-script+AD4-?="},
    ),
    case(
        "broken-q",
        "a Q word with an escape that is none",
        "A broken word stays whole; it is never half decoded.",
        plain(subject="=?UTF-8?Q?a=ZZ?="),
        {"subject": "=?UTF-8?Q?a=ZZ?="},
    ),
    case(
        "blank-in-word",
        "a blank inside an encoded word: RFC 2047 forbids it",
        "A word with a blank in it is two pieces of ordinary text, and is not decoded.",
        plain(subject="=?UTF-8?Q?two words?="),
        {"subject": "=?UTF-8?Q?two words?="},
    ),
    case(
        "text-before-word",
        "letters directly in front of an encoded word",
        "A word has to begin after a blank: stuck to other letters it stays as it is.",
        plain(subject="caf=?UTF-8?Q?=C3=A9?="),
        {"subject": "caf=?UTF-8?Q?=C3=A9?="},
    ),
    case(
        "text-behind-word",
        "a full stop directly behind an encoded word",
        "SES decodes a word at the start of a piece of text even when more letters follow without a blank.",
        plain(subject="=?UTF-8?B?0JLQsNGI0LU=?=. Mail"),
        {"subject": "Ваше. Mail"},
    ),
    case(
        "quoted-word",
        "an encoded word in quotes, which RFC 2047 does not allow",
        "The name in commonHeaders is decoded, the same words in mail.headers are not.",
        lines('From: "=?UTF-8?Q?J=C3=B6rg?=" <writer@plain.example>', TO),
        {
            "from": ['"Jörg" <writer@plain.example>'],
            "header From": ['"=?UTF-8?Q?J=C3=B6rg?=" <writer@plain.example>'],
        },
    ),
    case(
        "encoded-name",
        "a sender's name as an encoded word",
        "A name with letters beyond ASCII is shown in quotes.",
        lines("From: =?UTF-8?Q?J=C3=B6rg?= <writer@plain.example>", TO),
        {"from": ['"Jörg" <writer@plain.example>']},
    ),
    case(
        "encoded-comma",
        "a name whose comma is hidden in an encoded word",
        "The list is cut first and decoded after, so a comma in a name makes no second address.",
        lines("From: =?UTF-8?Q?Doe=2C_John?= <writer@plain.example>", TO),
        {"from": ['"Doe, John" <writer@plain.example>']},
    ),
    case(
        "encoded-address",
        "the whole address inside an encoded word",
        "An address that is only found by decoding is no address: DMARC asks for the one that stands in clear text.",
        lines("From: =?UTF-8?Q?service=40bank=2Eexample?= <writer@plain.example>", TO),
        {"from": ['"service@bank.example" <writer@plain.example>']},
    ),
    case(
        "encoded-line-end",
        "a line end inside an encoded word, followed by a new field",
        "A decoded subject may hold CR and LF: copied into a new mail as it is, it adds fields of the sender's choice.",
        plain(subject="=?UTF-8?Q?a=0D=0ABcc:_boss=40example.com?="),
        {"subject": "a\r\nBcc: boss@example.com", "bcc": None},
    ),
    case(
        "encoded-nul",
        "a NUL inside an encoded word",
        "Decoding can bring back what the header may not hold.",
        plain(subject="=?UTF-8?Q?a=00b?="),
        {"subject": "a\x00b"},
    ),
    case(
        "encoded-twice",
        "an encoded word inside an encoded word",
        "Decode once: who decodes until nothing changes reads what was never sent.",
        plain(subject="=?UTF-8?Q?=3D=3FUTF-8=3FQ=3Fx=3F=3D?="),
        {"subject": "=?UTF-8?Q?x?="},
    ),
    case(
        "empty-word",
        "an encoded word without text, from a program that encodes whatever it gets",
        "A word without text is decoded to nothing: a subject can be empty in more than one way.",
        plain(subject="=?UTF-8?Q??="),
        {"subject": ""},
    ),
    case(
        "long-word",
        "one encoded word of 300 characters: RFC 2047 ends it at 75",
        "Too long is not unreadable: it is decoded.",
        plain(subject=f"=?UTF-8?Q?{'=C3=A4' * 48}?="),
        {"subject": "ä" * 48},
    ),
    case(
        "raw-utf-8",
        "a Subject in UTF-8 without any encoding, as RFC 6532 allows between servers that agree on it",
        "Octets that are UTF-8 are shown as UTF-8, whether anybody agreed or not.",
        plain(subject="Grüße"),
        {"subject": "Grüße"},
    ),
    case(
        "raw-latin-1",
        "a Subject in Latin-1 without any encoding",
        "Octets that are no UTF-8 become U+FFFD in JSON: the stored mail is the only place that still has them.",
        lines(FROM, TO, b"Subject: Gr\xfc\xdfe"),
        {"subject": "Gr\ufffd\ufffde"},
    ),
    case(
        "emoji",
        "an emoji of four octets in the Subject",
        "Characters beyond U+FFFF arrive whole; a database column has to have room for four octets.",
        plain(subject="=?UTF-8?Q?Party_=F0=9F=8E=89?="),
        {"subject": "Party 🎉"},
    ),
    case(
        "decomposed",
        "the letter é as e and a separate accent",
        "Two texts that look the same can differ: normalise before you compare.",
        plain(subject="=?UTF-8?Q?cafe=CC=81?="),
        {"subject": "cafe\u0301"},
    ),
    case(
        "right-to-left",
        "an invisible mark that turns the direction of writing",
        "Everything behind U+202E is shown backwards: strip such marks before you show a subject.",
        plain(subject="=?UTF-8?Q?invoice_=E2=80=AEfdp.exe?="),
        {"subject": "invoice \u202efdp.exe"},
    ),
    case(
        "invisible-letters",
        "a space of no width inside a name that filters look for",
        "A filter for `paypal` does not find `pay pal` with a space that nobody sees.",
        plain(subject="=?UTF-8?Q?pay=E2=80=8Bpal?="),
        {"subject": "pay\u200bpal"},
    ),
    case(
        "lying-charset",
        "the body says UTF-8 and is Latin-1",
        "SES does not look at the body's character set: it stores the octets, and decoding is your task.",
        plain("MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", body=b"Gr\xfc\xdfe\r\n"),
        {"header Content-Type": ["text/plain; charset=utf-8"]},
    ),
    case(
        "eight-bit-without-mime",
        "letters beyond ASCII in a body that says nothing about itself",
        "Without MIME fields a body is US-ASCII by the rules and anything in practice.",
        plain(body="Grüße\r\n"),
        {"header Content-Type": []},
    ),
)
