"""What nobody outside AWS knows, as named settings.

Each field of `Assumptions` is one point that the documentation leaves open. Its default is the best reading
of the public evidence; the alternatives are switchable, and reports say when one mattered to a message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from sesreceive.limits import SMTP_REFUSAL, Limit
from sesreceive.shown import Shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ASSUMPTIONS", "Assumption", "Assumptions", "assumptions"]


def _choice(
    default: Any,
    *alternatives: Any,
    doc: str,
    source: str,
    evidence: str,
    tag: str = "inferred",
    example: Any = None,
    least: int | None = None,
    pattern: Limit[str] | None = None,
) -> Any:
    """One open point; an alternative of None stands for any value of the kind, of which `example` is one.

    A number then has a `least` value, and a text may have a `pattern` to fit.
    """
    about = {"alternatives": alternatives, "doc": doc, "source": source, "tag": tag, "evidence": evidence}
    return field(default=default, metadata={**about, "example": example, "least": least, "pattern": pattern})


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions(Shown):
    """The open points of SES receiving and how this run decides them.

    Examples
    --------
    >>> Assumptions().filter_precedence
    'allow'
    >>> Assumptions(filter_precedence="longest").filter_precedence
    'longest'
    >>> Assumptions(filter_precedence="newest")
    Traceback (most recent call last):
    sesreceive.errors.ValidationError: assumptions.filter_precedence: expected `allow` or `longest` but got `newest` ...
    """

    filter_precedence: str = _choice(
        "allow",
        "longest",
        doc="which filter decides when Allow and Block both contain the address",
        source='Developer Guide, "IP address filters"',
        evidence="allow: the documented recipe `Block 0.0.0.0/0` with an Allow for those trusted works only "
        "so; longest: no public evidence",
    )
    ec2_source: str = _choice(
        "refused",
        "accepted",
        doc="whether mail from Amazon EC2 is refused by a loaded list of its addresses, where no filter decides",
        source='Developer Guide, "Email receiving concepts"',
        tag="documented",
        evidence="refused: the guide until about 2025 blocks all mail from EC2 by default, and a public run of 2026 "
        "was refused by AWS's own list; accepted: the guide of today says that EC2 itself stops outgoing port 25",
    )
    subdomains_verified: bool = _choice(
        True,
        False,
        doc="a verified domain also verifies its subdomains for receiving",
        source='Developer Guide, "Email receiving concepts"',
        evidence="True: the guide says a rule without recipients is for all subdomains of the verified "
        "domains; False: no public evidence",
    )
    label_match: str = _choice(
        "first-plus",
        "last-plus",
        doc="where the label of a local part with several `+` starts",
        source='Developer Guide, "Creating receipt rules"',
        evidence="first-plus: the guide's examples have one `+`; last-plus: no public evidence",
    )
    tls_required_reply: str = _choice(
        "530 5.7.0 Must issue a STARTTLS command first",
        None,
        doc="reply to a recipient whose every matching rule requires TLS, in clear text; any reply text may be given",
        source="SES API ReceiptRule.TlsPolicy",
        example="454 4.7.0 TLS is required",
        pattern=SMTP_REFUSAL,
        evidence="the API says such mail bounces, the console that it is rejected; stage and text are not public",
    )
    smtp_banner: str = _choice(
        "ESMTP Amazon SES",
        None,
        doc="what the SMTP greeting says behind the host's name; any text may be given",
        source="open; RFC 5321 section 4.2 leaves it to the server",
        example="ESMTP SimpleEmailService",
        evidence="one probe of 2026 reports it; the sending host of SES prints another",
    )
    throttling_reply: str = _choice(
        "454 4.7.0 Throttling failure: try again later",
        None,
        doc="reply to a message that comes while too much mail waits; any reply text may be given",
        source="open; no public sample",
        example="451 4.3.2 Try again later",
        pattern=SMTP_REFUSAL,
        evidence="the words of the sending side of SES; no public sample of the receiving side",
    )
    ip_check_order: str = _choice(
        "identity-first",
        "mailbox-first",
        "ip-first",
        doc="when the IP filters are asked at RCPT TO: behind the identity, behind the rules too, or before all",
        source='Developer Guide, "Email receiving concepts"',
        evidence="identity-first: filters are an account's, so they concern only its domains; the others: no public "
        "evidence",
    )
    recipients_per_rule: int = _choice(
        500,
        100,
        doc="recipient conditions that a rule may have",
        source='Developer Guide, "Quotas"',
        tag="documented",
        evidence="500: the quotas of today, and 101 have been seen to be taken; 100: the console's walkthrough",
    )
    oversize_message: str = _choice(
        "smtp",
        "dsn",
        doc="how a message over 40 MB is refused: at the end of its data, or accepted and bounced",
        source='Developer Guide, "Quotas"',
        evidence="smtp: the server family has such a reply; dsn: the guide says that such mail bounces",
    )
    scan_scope: str = _choice(
        "per-rule",
        "per-message",
        doc="whether a rule without ScanEnabled sees DISABLED although another rule had the message scanned",
        source='Developer Guide, "Email receiving concepts"',
        evidence="per-rule: the setting is one of the rule, and public samples without it say DISABLED; "
        "per-message: no public evidence",
    )
    spf_void_lookups: str | int = _choice(
        "unlimited",
        2,
        doc="how many look-ups of an SPF record may find nothing before it is a permerror",
        source="RFC 7208 section 4.6.4",
        evidence="unlimited: the engine whose words SES prints (Apache jSPF) has no such limit; 2: RFC 7208, and pyspf",
    )
    spf_ptr_errors: str = _choice(
        "skip",
        "temperror",
        doc="what a DNS error inside `ptr` or `%{p}` does: the name it is about is skipped, `%{p}` becomes `unknown`; "
        "or SPF is a temperror",
        source="RFC 7208 sections 5.5 and 7.3",
        evidence="skip: RFC 7208; temperror: Apache jSPF, by reading its source",
    )
    dmarc_discovery: str = _choice(
        "suffix-list",
        "tree-walk",
        doc="where a DMARC policy and the organisational domain are looked for: by the public suffix list (RFC 7489) "
        "or up the tree of names (RFC 9989)",
        source="RFC 7489 section 6.6.3; RFC 9989 section 4.10",
        evidence="suffix-list: public samples are older than RFC 9989; tree-walk: no public evidence",
    )
    spf_fail_verdict: str = _choice(
        "FAIL",
        "GRAY",
        doc="the SPF verdict of a result `fail`",
        source='Developer Guide, "Notification contents"',
        evidence="FAIL: the guide's words; GRAY: no public sample has this result",
    )
    temperror_verdict: str = _choice(
        "PROCESSING_FAILED",
        "GRAY",
        doc="the verdict of a result `temperror` of SPF, DKIM or DMARC",
        source='Developer Guide, "Notification contents"',
        evidence="PROCESSING_FAILED: public samples have it for permerror, the guide for issues of processing; GRAY: "
        "no public evidence",
    )
    dkim_fail_verdict: str = _choice(
        "FAIL",
        "GRAY",
        doc="the DKIM verdict where a signature of the author's domain fails and none passes",
        source='Developer Guide, "Notification contents"',
        evidence="FAIL: the guide's words; GRAY: no public sample has this result",
    )
    dmarc_none_policy: str = _choice(
        "traffic",
        "guide",
        doc="the DMARC verdict where the policy is `none` or absent: as the result says, or GRAY where SPF or DKIM "
        "passed",
        source='Developer Guide, "Notification contents"',
        tag="observed",
        evidence="traffic: public samples show FAIL with p=none and PASS with p=none; guide: its present wording",
    )
    dkim_alignment: str = _choice(
        "strict",
        "relaxed",
        doc="whose signatures the DKIM verdict looks at: the From domain's alone, or its organisational domain's",
        source="one public sample",
        evidence="strict: one public sample with a relaxed-aligned signature says GRAY, and so does the guide "
        "where the domains do not match; relaxed: no public evidence",
    )
    null_sender_bounce: str = _choice(
        "never",
        "send",
        doc="whether a Bounce action answers a message from the null sender",
        source="RFC 5321 section 4.5.5",
        evidence="never: RFC 5321 wants no answer to a null reverse-path; send: no public evidence",
    )
    bounce_status_code: str = _choice(
        "by-class",
        "absent",
        doc="`Status` of a bounce whose action has no StatusCode: `5.0.0` or `4.0.0` by the code, or no such line",
        source="SES API BounceAction.StatusCode",
        evidence="by-class: RFC 3464 wants a Status in every block; absent: no public evidence",
    )
    added_header_scope: str = _choice(
        "rule-set",
        "rule",
        doc="whether a header added by one rule is seen by later rules",
        source='Developer Guide, "Add header action"',
        evidence="rule-set: the guide says later actions see the header; rule: no public evidence",
    )
    added_header_position: str = _choice(
        "end",
        "after-ses-block",
        "top",
        doc="where AddHeader puts its header: behind the last field of its name, else at the end of the header; "
        "behind SES's own block; or above it",
        source='Developer Guide, "Add header action"',
        tag="observed",
        evidence="end: three independent public traces of 2023 to 2026, one with its rule; after-ses-block, "
        "top: no public evidence",
    )
    on_action_failure: str = _choice(
        "retry",
        "record",
        doc="whether a failing action is retried (in virtual time) or recorded once",
        source='Developer Guide, "Viewing metrics"',
        evidence="retry: documented; record: a mode for tests",
    )
    retry_hours: int = _choice(
        36,
        4,
        doc="how many hours a failing action is retried before SES gives up",
        source='Developer Guide, "Viewing metrics"',
        tag="documented",
        evidence="36: the guide of today; 4: the guide until about 2025",
    )
    sns_publish_oversize: str = _choice(
        "retry",
        "give-up",
        doc="whether a publish that SNS refuses for its size is retried like any failure, or given up at once",
        source="SNS API Publish.Message",
        evidence="retry: the guide says a failing action is retried depending on the error; give-up: the error "
        "cannot be mended by waiting",
    )
    on_lambda_error: str = _choice(
        "retry",
        "continue",
        "stop_rule_set",
        doc="what an error or time-out of a RequestResponse function means",
        source='Developer Guide, "Lambda function action"',
        evidence="retry: the guide says failing actions are retried; the others: no public evidence",
    )
    sns_size_limit_bytes: int = _choice(
        153_600,
        150_000,
        doc="what 150 KB means for the SNS action",
        source='Developer Guide, "Quotas"',
        evidence="153600: the other sizes of the guide count 1,024 bytes to a KB; 150000: the letter of the unit",
    )
    sns_size_includes_ses_headers: bool = _choice(
        True,
        False,
        doc="whether the headers SES adds count towards the SNS limit",
        source='Developer Guide, "Quotas"',
        evidence="True: the guide says `including headers`; False: it may mean the sender's alone",
    )
    oversize_scope: str = _choice(
        "rule",
        "action",
        doc="whether a message too large for SNS skips its whole rule, or the SNS action alone",
        source="one public design note",
        evidence="rule: a public design note of 2026 says neither action ran to completion; action: no public evidence",
    )
    oversize_sender: str = _choice(
        "postmaster",
        None,
        doc="local part of the sender of the oversize bounce, at the recipient's domain; any may be given",
        source="one public sample, anonymised",
        example="mailer-daemon",
        evidence="one public bounce of 2021, its addresses replaced",
    )
    received_without_rdns: str = _choice(
        "none",
        "helo",
        "unknown",
        doc="the name that Received prints for a client without reverse DNS: `HELO ([IP])`, `HELO (HELO [IP])` or "
        "`HELO (unknown [IP])`",
        source="open; no public sample of a receiving host",
        evidence="none: the server family and a Received of SES's sending host print it so; helo, unknown: no "
        "public evidence",
    )
    ses_signature_name: str = _choice(
        "DKIM-Signature",
        "X-SES-DKIM-SIGNATURE",
        doc="the field name that the signature of X-SES-DKIM-SIGNATURE covers: that of a DKIM signature, so that any "
        "verifier accepts it once the field is renamed, or its own",
        source="open; no public sample with its key",
        evidence="no public sample comes with its key",
    )
    notification_headers_bytes: int = _choice(
        10_240,
        10_000,
        doc="what 10 KB means for the names and values of `mail.headers`",
        source='Developer Guide, "Notification contents"; one public sample',
        evidence="10240: one public sample of 2024 stopped at 10,234 bytes with a further header to come; "
        "10000: the letter of the unit",
    )
    lambda_headers_bytes: int = _choice(
        51_200,
        10_240,
        doc="how many bytes of names and values `mail.headers` of a Lambda event holds",
        source='Developer Guide, "Quotas"',
        tag="documented",
        evidence="51200: the guide's quotas of today; 10240: the guide until about 2025 named one limit for both",
    )
    header_truncation: str = _choice(
        "stop",
        "skip",
        doc="whether the first header that does not fit into a notification ends the list or is left out alone",
        source="one public sample",
        evidence="stop: one public sample of 2024; skip: no public evidence",
    )
    decode_encoded_words: str = _choice(
        "token-start",
        "never",
        doc="whether RFC 2047 words in notification headers are decoded: those that begin a token, or none",
        source='Developer Guide, "Notification contents"',
        tag="observed",
        evidence="token-start: public samples, and JavaMail, whose decodeText agrees with all of them; never: "
        "a documentation sample of 2015",
    )
    raw_header_charset: str = _choice(
        "utf-8",
        "iso-8859-1",
        doc="how header bytes outside ASCII, in no encoded word, are read: as UTF-8 with U+FFFD for what is none, or "
        "each as a character of Latin-1",
        source='Developer Guide, "Notification contents"',
        evidence="utf-8: no public sample has such bytes; iso-8859-1: JavaMail before 1.6 reads headers so",
    )
    quote_non_ascii_names: bool = _choice(
        True,
        False,
        doc="whether a display name with non-ASCII characters is printed in quotes",
        source="seven public samples",
        evidence="True: JavaMail, which agrees with seven public samples of ASCII names; False: no public evidence",
    )
    unparsable_addresses: str = _choice(
        "raw",
        "omit",
        doc="what `commonHeaders` and `destination` say of an address header that cannot be parsed: its raw value as "
        "one element, or nothing",
        source='Developer Guide, "Notification contents"',
        tag="observed",
        evidence="raw: reported by users of the service in 2023 and later; omit: no public evidence",
    )
    null_sender_source: str = _choice(
        "",
        None,
        doc="what `mail.source` and `returnPath` say for the null sender; any text may be given",
        source="open; no public sample",
        example="<>",
        evidence="no public sample of a notification about a bounce",
    )
    max_recipients: int = _choice(
        100,
        None,
        doc="recipients one SMTP transaction may have before `452`; any number may be given",
        source="open; RFC 5321 section 4.5.3.1.8",
        example=50,
        least=1,
        evidence="RFC 5321 wants at least 100; the guide names none for receiving",
    )
    text_line_limit: int = _choice(
        0,
        None,
        doc="bytes a text line may have with its line end, else `500 Line too long`; 0 for no limit; any may be given",
        source="RFC 5321 section 4.5.3.1.6",
        example=1_000,
        least=0,
        evidence="0: a public sample of a stored object has a line of 1,017 bytes, and SubEthaSMTP, whose words the "
        "replies are, has no such limit; 1000: RFC 5321",
    )
    object_content_type: str = _choice(
        "application/octet-stream",
        None,
        doc="Content-Type of a stored object; any may be given",
        source="open; no public sample",
        example="message/rfc822",
        evidence="no public sample of an object's metadata",
    )

    def __post_init__(self) -> None:
        """Refuse a value that is none of the alternatives, naming them."""
        from sesreceive.errors import Problem, ValidationError, one_line

        problems = []
        for item in fields(self):
            value = getattr(self, item.name)
            allowed = (item.default, *item.metadata["alternatives"])
            if None in allowed:
                fits, expected = _kind(value, item.default, item.metadata)
            else:
                fits = any(value == one and type(value) is type(one) for one in allowed)
                expected = " or ".join(f"`{one}`" for one in allowed)
            if not fits:
                problems.append(
                    Problem(
                        f"assumptions.{item.name}",
                        f"expected {expected} but got `{one_line(value)}`",
                        item.metadata["source"],
                    )
                )
        if problems:
            raise ValidationError(*problems)


def _kind(value: Any, default: Any, metadata: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether a value is of the kind of the default, and what is expected."""
    fits = type(value) is type(default)
    pattern, least = metadata["pattern"], metadata["least"]
    if pattern is not None:
        return fits and re.fullmatch(pattern.value, value) is not None, pattern.meaning
    if least is not None:
        return fits and value >= least, f"a whole number of at least {least}"
    # it ends in headers and JSON, so it is one line
    return fits and value.isprintable(), f"text on one line, such as `{default}`,"


@dataclass(frozen=True, slots=True)
class Assumption:
    """One open point, as a row of `sesreceive.assumptions()`."""

    name: str
    value: Any
    alternatives: tuple[Any, ...]
    tag: str
    meaning: str
    source: str
    evidence: str

    @classmethod
    def rows(cls, value: Assumptions | None = None) -> tuple[Assumption, ...]:
        """All points in the order a message meets them."""
        value = value or Assumptions()
        return tuple(
            cls(
                name=item.name,
                value=getattr(value, item.name),
                alternatives=tuple(
                    "(any)" if one is None else one
                    for one in (item.default, *item.metadata["alternatives"])
                    if one != getattr(value, item.name) or one is None
                ),
                tag=item.metadata["tag"],
                meaning=item.metadata["doc"],
                source=item.metadata["source"],
                evidence=item.metadata["evidence"],
            )
            for item in fields(Assumptions)
        )


ASSUMPTIONS: tuple[Assumption, ...] = Assumption.rows()


def assumptions(value: Assumptions | None = None) -> pd.DataFrame:
    """The open points of SES receiving and how they are decided: one row a point, in the order a message meets them.

    Parameters
    ----------
    value : Assumptions, optional
        Settings to show; the defaults where none are given.

    Returns
    -------
    pandas.DataFrame
        name : string           field of `Assumptions`
        value : object          how it is decided
        alternatives : string   the other readings, separated by a comma; ``(any)`` where any value may be given
        tag : category          documented, observed or inferred
        meaning : string        what the point is
        source : string         where the documentation leaves it open
        evidence : string       what supports each reading, readings separated by a semicolon

    Examples
    --------
    >>> assumptions().set_index("name").loc["filter_precedence", "alternatives"]
    'longest'
    """
    import pandas as pd

    rows = Assumption.rows(value)
    return pd.DataFrame(
        {
            "name": pd.array([row.name for row in rows], dtype="string"),
            "value": pd.array([row.value for row in rows], dtype=object),
            "alternatives": pd.array([", ".join(map(str, row.alternatives)) for row in rows], dtype="string"),
            "tag": pd.Categorical([row.tag for row in rows], categories=["documented", "observed", "inferred"]),
            "meaning": pd.array([row.meaning for row in rows], dtype="string"),
            "source": pd.array([row.source for row in rows], dtype="string"),
            "evidence": pd.array([row.evidence for row in rows], dtype="string"),
        }
    )
