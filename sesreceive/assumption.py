"""What nobody outside AWS knows, as named settings.

Each field of `Assumptions` is one point that the documentation leaves open. Its default is the best reading
of the public evidence; the alternatives are switchable, and reports say when one mattered to a message.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ASSUMPTIONS", "Assumption", "Assumptions", "assumptions"]


def _choice(default: Any, *alternatives: Any, doc: str, source: str, tag: str = "inferred", example: Any = None) -> Any:
    """One open point; an alternative of None stands for any value of the kind, of which `example` is one."""
    return field(
        default=default,
        metadata={"alternatives": alternatives, "doc": doc, "source": source, "tag": tag, "example": example},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
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
        "allow", "longest",
        doc="which filter decides when Allow and Block both contain the address",
        source='Developer Guide, "IP address filters"',
    )  # fmt: skip
    subdomains_verified: bool = _choice(
        True, False,
        doc="a verified domain also verifies its subdomains for receiving",
        source='Developer Guide, "Email receiving concepts"',
    )  # fmt: skip
    label_match: str = _choice(
        "first-plus", "last-plus",
        doc="where the label of a local part with several `+` starts",
        source='Developer Guide, "Creating receipt rules"',
    )  # fmt: skip
    tls_required_reply: str = _choice(
        "530 5.7.0 Must issue a STARTTLS command first", None,
        doc="reply to a recipient whose every matching rule requires TLS, in clear text; any reply text may be given",
        source="SES API ReceiptRule.TlsPolicy",
        example="454 4.7.0 TLS is required",
    )  # fmt: skip
    scan_scope: str = _choice(
        "per-rule", "per-message",
        doc="whether a rule without ScanEnabled sees DISABLED although another rule had the message scanned",
        source='Developer Guide, "Email receiving concepts"',
    )  # fmt: skip
    spf_void_lookups: str | int = _choice(
        "unlimited", 2,
        doc="how many look-ups of an SPF record may find nothing before it is a permerror",
        source="RFC 7208 section 4.6.4",
    )  # fmt: skip
    spf_ptr_errors: str = _choice(
        "skip", "temperror",
        doc="what a DNS error inside `ptr` or `%{p}` does: the name it is about is skipped, `%{p}` becomes `unknown`; "
        "or SPF is a temperror",
        source="RFC 7208 sections 5.5 and 7.3",
    )  # fmt: skip
    dmarc_discovery: str = _choice(
        "suffix-list", "tree-walk",
        doc="where a DMARC policy and the organisational domain are looked for: by the public suffix list (RFC 7489) "
        "or up the tree of names (RFC 9989)",
        source="RFC 7489 section 6.6.3; RFC 9989 section 4.10",
    )  # fmt: skip
    dkim_alignment: str = _choice(
        "strict", "relaxed",
        doc="whose signatures the DKIM verdict looks at: the From domain's alone, or its organisational domain's",
        source="one public sample",
    )  # fmt: skip
    null_sender_bounce: str = _choice(
        "never", "send",
        doc="whether a Bounce action answers a message from the null sender",
        source="RFC 5321 section 4.5.5",
    )  # fmt: skip
    bounce_status_code: str = _choice(
        "by-class", "absent",
        doc="`Status` of a bounce whose action has no StatusCode: `5.0.0` or `4.0.0` by the code, or no such line",
        source="SES API BounceAction.StatusCode",
    )  # fmt: skip
    added_header_scope: str = _choice(
        "rule-set", "rule",
        doc="whether a header added by one rule is seen by later rules",
        source='Developer Guide, "Add header action"',
    )  # fmt: skip
    added_header_position: str = _choice(
        "after-ses-block", "top",
        doc="where AddHeader puts its header",
        source='Developer Guide, "Add header action"',
    )  # fmt: skip
    on_action_failure: str = _choice(
        "retry", "record",
        doc="whether a failing action is retried for four hours (of virtual time) or recorded once",
        source='Developer Guide, "Viewing metrics"',
    )  # fmt: skip
    on_lambda_error: str = _choice(
        "retry", "continue", "stop_rule_set",
        doc="what an error or time-out of a RequestResponse function means",
        source='Developer Guide, "Lambda function action"',
    )  # fmt: skip
    sns_size_limit_bytes: int = _choice(
        153_600, 150_000,
        doc="what 150 KB means for the SNS action",
        source='Developer Guide, "Quotas"',
    )  # fmt: skip
    sns_size_includes_ses_headers: bool = _choice(
        True, False,
        doc="whether the headers SES adds count towards the SNS limit",
        source='Developer Guide, "Quotas"',
    )  # fmt: skip
    oversize_scope: str = _choice(
        "rule", "action",
        doc="whether a message too large for SNS skips its whole rule, or the SNS action alone",
        source="one public design note",
    )  # fmt: skip
    oversize_sender: str = _choice(
        "postmaster", None,
        doc="local part of the sender of the oversize bounce, at the recipient's domain; any may be given",
        source="one public sample, anonymised",
        example="mailer-daemon",
    )  # fmt: skip
    received_for: str = _choice(
        "first", "none",
        doc="which recipient the Received header names when there are several",
        source="public samples, single recipient",
    )  # fmt: skip
    received_without_rdns: str = _choice(
        "helo", "unknown",
        doc="the name printed for a client without reverse DNS",
        source="open; no public sample",
    )  # fmt: skip
    ses_signature_name: str = _choice(
        "DKIM-Signature", "X-SES-DKIM-SIGNATURE",
        doc="the field name that the signature of X-SES-DKIM-SIGNATURE covers: that of a DKIM signature, so that any "
        "verifier accepts it once the field is renamed, or its own",
        source="open; no public sample with its key",
    )  # fmt: skip
    notification_headers_bytes: int = _choice(
        10_240, 10_000,
        doc="what 10 KB means for the names and values of `mail.headers`",
        source='Developer Guide, "Notification contents"; one public sample',
    )  # fmt: skip
    header_truncation: str = _choice(
        "stop", "skip",
        doc="whether the first header that does not fit into a notification ends the list or is left out alone",
        source="one public sample",
    )  # fmt: skip
    decode_encoded_words: str = _choice(
        "whole-token", "never",
        doc="whether RFC 2047 words in notification headers are decoded",
        source="public samples",
    )  # fmt: skip
    quote_non_ascii_names: bool = _choice(
        True, False,
        doc="whether a display name with non-ASCII characters is printed in quotes",
        source="seven public samples",
    )  # fmt: skip
    unparsable_addresses: str = _choice(
        "raw", "omit",
        doc="what `commonHeaders` and `destination` say of an address header that cannot be parsed: its raw value as "
        "one element, or nothing",
        source="open; no public sample",
    )  # fmt: skip
    null_sender_source: str = _choice(
        "", None,
        doc="what `mail.source` and `returnPath` say for the null sender; any text may be given",
        source="open; no public sample",
        example="<>",
    )  # fmt: skip
    max_recipients: int = _choice(
        100, None,
        doc="recipients one SMTP transaction may have before `452`; any number may be given",
        source="open; RFC 5321 section 4.5.3.1.8",
        example=50,
    )  # fmt: skip
    object_content_type: str = _choice(
        "application/octet-stream", None,
        doc="Content-Type of a stored object; any may be given",
        source="open; no public sample",
        example="message/rfc822",
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Refuse a value that is none of the alternatives, naming them."""
        from sesreceive.errors import Problem, ValidationError

        problems = []
        for item in fields(self):
            value = getattr(self, item.name)
            allowed = (item.default, *item.metadata["alternatives"])
            if None in allowed:
                fits = type(value) is type(item.default)
                expected = f"{type(item.default).__name__}, such as `{item.default}`,"
            else:
                fits = any(value == one and type(value) is type(one) for one in allowed)
                expected = " or ".join(f"`{one}`" for one in allowed)
            if not fits:
                problems.append(
                    Problem(
                        f"assumptions.{item.name}",
                        f"expected {expected} but got `{value}`",
                        item.metadata["source"],
                    )
                )
        if problems:
            raise ValidationError(*problems)


@dataclass(frozen=True, slots=True)
class Assumption:
    """One open point, as a row of `sesreceive.assumptions()`."""

    name: str
    value: Any
    alternatives: tuple[Any, ...]
    tag: str
    meaning: str
    source: str

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
        }
    )
