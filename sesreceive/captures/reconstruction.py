"""The mail behind captures: the sender's message and the session, from where they stand; the rest is a named gap.

The block of SES is taken off by the table that writes it, added headers by the account's actions. Nothing is guessed:
what no capture tells (refused recipients, TLS, that day's DNS) is a sentence in `Reconstruction.gaps`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sesreceive.account.account import Account
from sesreceive.actions.add_header import AddHeaderAction
from sesreceive.assumption import Assumptions
from sesreceive.auth.author import Author
from sesreceive.auth.forced import forced
from sesreceive.auth.organization import organizational_domain
from sesreceive.auth.results import (
    AuthenticationResults,
    DmarcPolicy,
    DmarcResult,
    DmarcStatus,
    SpfResult,
    SpfStatus,
)
from sesreceive.captures.block_values import block_fields
from sesreceive.captures.capture import Kind
from sesreceive.captures.pairing import CapturedMail
from sesreceive.captures.recognition import CUT_HEADER
from sesreceive.captures.witnesses import Witnesses, content_of, exchanges, logged_delivery, redacted, seen_messages
from sesreceive.errors import InputError
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message, unfold
from sesreceive.mail.ses_block import FOLD, SesBlock
from sesreceive.stages.taken_over import TakenOver, taken_over
from sesreceive.verdict import Verdict

__all__ = ["Reconstruction", "added_headers", "reconstructions"]

Added = Sequence[tuple[str, str]]

# Recipients that stand in for those nobody names; SES takes 100 in a transaction.
_MOST_STAND_INS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconstruction:
    """The mail as far as its captures tell of it.

    Attributes
    ----------
    message : Message
        As the sender sent it.
    source : str
        Name of the capture that the message was read from.
    whole : bool
        Whether its body is known, and its header byte for byte.
    envelope : Envelope
        The session, accepted recipients first known from captures; with the time of arrival.
    message_id, region : str
        The SES message id, and where it was received.
    known : TakenOver
        Results and scan verdicts that the captures tell.
    sole : frozenset of str
        Parts that stand in one place alone: what is written there agrees by itself.
    several_unknown, recipients_unknown : bool
        Whether more recipients were accepted than are named; whether none is named.
    from_verdicts : frozenset of str
        Of which of spf, dkim and dmarc the verdict alone is known.
    cut : bool
        Whether the header is known from JSON alone that was cut at its limit.
    added_unknown : bool
        Whether there is no account that tells which headers its rules add.
    gaps : tuple of str
        What no capture tells, one sentence each.
    witnesses : Witnesses
        What each capture says.
    """

    message: Message
    source: str
    whole: bool
    envelope: Envelope
    message_id: str
    region: str
    known: TakenOver
    sole: frozenset[str] = frozenset()
    several_unknown: bool = False
    recipients_unknown: bool = False
    from_verdicts: frozenset[str] = frozenset()
    cut: bool = False
    added_unknown: bool = False
    gaps: tuple[str, ...] = ()
    witnesses: Witnesses = field(default_factory=Witnesses, repr=False)

    @property
    def accepted(self) -> tuple[str, ...]:
        """The recipients that SES accepted, as far as they are named."""
        return self.witnesses.rcpt_to or self.envelope.rcpt_to


def added_headers(account: Account | None) -> tuple[tuple[str, str], ...]:
    """The headers that the account's enabled rules may add: name and value, in order."""
    rule_set = account.active_rule_set if account is not None else None
    rules = rule_set.rules if rule_set is not None else ()
    return tuple(
        (action.header_name, action.header_value)
        for rule in rules
        if rule.enabled
        for action in rule.actions
        if isinstance(action, AddHeaderAction)
    )


def reconstructions(
    mail: CapturedMail, account: Account | None = None, assumptions: Assumptions | None = None
) -> tuple[Reconstruction, ...]:
    """The mail as its captures tell of it; several where whole copies of the message differ.

    Parameters
    ----------
    mail : CapturedMail
        The captures.
    account : Account, optional
        Whose AddHeader actions to take off; without it added headers cannot be told from the sender's.
    assumptions : Assumptions, optional
        Whose signatures a DKIM verdict looks at, where only the verdict is captured.
    """
    witnesses = Witnesses.of(mail.captures)
    copies = list(_copies(mail, added_headers(account))) or [("", Message(b""), False)]
    return tuple(
        _reconstruction(mail, witnesses, message, source, whole, account, assumptions)
        for source, message, whole in copies
    )


def _copies(mail: CapturedMail, added: Added) -> Iterator[tuple[str, Message, bool]]:
    """The distinct copies of the sender's message: whole ones, else the header that most tells of."""
    told: dict[bytes, tuple[str, Message]] = {}
    lossy: dict[bytes, tuple[str, Message]] = {}
    for capture in mail.captures:
        raw = capture.content if capture.kind is Kind.OBJECT else content_of(capture)
        if not raw or capture.kind is Kind.BOUNCE or CUT_HEADER in capture.gaps:
            continue
        message = _without_block(Message(raw), added)
        into = lossy if capture.kind is Kind.NOTIFICATION and b"\xef\xbf\xbd" in raw else told
        into.setdefault(message.raw, (capture.name, message))
    for source, message in (told or lossy).values():
        yield source, message, bool(told)
    if told or lossy:
        return
    headers: dict[bytes, tuple[str, Message]] = {}
    for capture in mail.captures:
        if capture.kind not in (Kind.OBJECT, Kind.NOTIFICATION, Kind.EVENT, Kind.BOUNCE):
            continue
        for seen in seen_messages(capture):
            if capture.kind is Kind.BOUNCE or seen.fields:
                message = _without_block(seen, added)
                headers.setdefault(message.raw, (capture.name, message))
    # The fullest: an event has five times as much room as a notification.
    if headers:
        source, message = max(headers.values(), key=lambda one: len(one[1].fields))
        yield source, message, False


def _without_block(message: Message, added: Added) -> Message:
    """The sender's message: without SES's block, and without headers that the account adds."""
    start, end, block = block_fields(message)
    cut = message.field_ends[end - 1] if block else 0
    above = message.raw[: message.field_ends[start - 1]] if block and start else b""
    below = _without_added(Message(message.raw[cut:]), added)
    if above:  # in one reading added headers stand above the block; anything else there is the sender's
        kept = _without_added(Message(above), added).raw
        return Message(kept + below.raw)
    return below


def _without_added(message: Message, added: Added) -> Message:
    """The message without the last field of each name and value that the account adds."""
    gone: set[int] = set()
    for name, value in reversed(added):
        for position in range(len(message.fields) - 1, -1, -1):
            sent = message.fields[position]
            named = position not in gone and sent.name.decode("ascii").lower() == name.lower()
            if named and unfold(sent.value).strip().decode("utf-8", "replace") == value.strip():
                gone.add(position)
                break
    if not gone:
        return message
    pieces, start = [], 0
    for position in sorted(gone):
        pieces.append(message.raw[start : message.field_ends[position - 1] if position else 0])
        start = message.field_ends[position]
    return Message(b"".join([*pieces, message.raw[start:]]))


def _reconstruction(
    mail: CapturedMail,
    witnesses: Witnesses,
    message: Message,
    source: str,
    whole: bool,
    account: Account | None,
    assumptions: Assumptions | None,
) -> Reconstruction:
    gaps: list[str] = []
    recipients, several_unknown = witnesses.rcpt_to, False
    if witnesses.several and len(recipients) < 2:
        several_unknown = True
        gaps.append("several recipients were accepted, and the captures do not name them all")
    unknown = not recipients
    if unknown:
        gaps.append("no capture names a recipient: nothing about recipients is compared")
    if unknown or several_unknown:
        # Without recipients nothing would be written at all. Nothing about these is compared.
        recipients = tuple(dict.fromkeys((*recipients, *_stand_ins(account))))
    refused = tuple(one for one in _refused(mail) if one not in recipients)
    if not any(capture.kind is Kind.TRANSCRIPT for capture in mail.captures):
        gaps.append("refused recipients are not captured")
    tls = _tls(mail)
    if tls is None:
        gaps.append("no capture says whether the session was encrypted")
        tls = _needs_tls(account)
    at = witnesses.at
    if at is None:
        gaps.append("no capture says when the mail arrived")
    elif not witnesses.times:
        gaps.append("the time of arrival is known to the second alone")
    if not message.raw:
        gaps.append("no capture holds the message or its header")
    elif not whole:
        gaps.append("the body is not captured, and of the header neither folds nor encoded words")
    cut = not whole and any(one.name == source and one.mail.get("headersTruncated") is True for one in mail.captures)
    if cut:
        gaps.append("the header is cut in all captures")
    envelope = _envelope(witnesses, (*recipients, *refused), tls)
    if at is not None:
        envelope = envelope.changed(received_at=at)
    if not envelope.client_ip:
        gaps.append("no capture names the client's address")
    if account is None:
        gaps.append("added headers cannot be told from the sender's without the account")
    known, from_verdicts = _known(witnesses, envelope, message, assumptions)
    if known.authentication is None:
        gaps.append("no capture tells a result of SPF, DKIM or DMARC")
    elif len(from_verdicts) > 1:
        gaps.append("the results of SPF, DKIM and DMARC are known by their verdicts alone")
    parts = ("mail_from", "helo", "client_name", "client_ip", "region", "message_id", "second", "recipient", "spf_from")
    return Reconstruction(
        message=message,
        source=source,
        whole=whole,
        envelope=envelope,
        message_id=witnesses.most("message_id") or mail.message_id,
        region=witnesses.most("region") or (account.region if account is not None else "us-east-1"),
        known=known,
        sole=frozenset(part for part in parts if witnesses.count(part) < 2),
        several_unknown=several_unknown,
        recipients_unknown=unknown,
        from_verdicts=from_verdicts,
        cut=cut,
        added_unknown=account is None,
        gaps=tuple(gaps),
        witnesses=witnesses,
    )


def _stand_ins(account: Account | None) -> Iterator[str]:
    """Recipients in the place of those that no capture names: two that are matched by each rule of the account."""
    rule_set = account.active_rule_set if account is not None else None
    conditions = [one for rule in (rule_set.rules if rule_set is not None else ()) for one in rule.recipients]
    domains = [one.name for one in account.identities if "@" not in one.name] if account is not None else []
    for condition in [*conditions, *(domains or ["example.com"])][:_MOST_STAND_INS]:
        if "@" in condition:
            yield condition
        else:
            host = f"mail{condition}" if condition.startswith(".") else condition
            yield from (f"postmaster@{host}", f"abuse@{host}")


def _envelope(witnesses: Witnesses, recipients: Iterable[str], tls: bool) -> Envelope:
    name = witnesses.most("client_name") or ""
    try:
        return Envelope(
            mail_from=witnesses.most("mail_from") or "",
            helo=witnesses.most("helo") or "",
            client_name="" if name == "unknown" else name,
            client_ip=witnesses.most("client_ip") or "",
            rcpt_to=tuple(recipients),
            tls=tls,
        )
    except InputError:  # a capture that was changed by hand
        return Envelope(tls=tls)


def _said(mail: CapturedMail) -> Iterator[tuple[str, str]]:
    for capture in mail.captures:
        if capture.kind is Kind.TRANSCRIPT:
            yield from exchanges(capture)


def _refused(mail: CapturedMail) -> Iterator[str]:
    for command, reply in _said(mail):
        if command.upper().startswith("RCPT TO:") and reply[:1] in "45":
            address = command[8:].strip().partition(">")[0].removeprefix("<")
            if address and not redacted(address):
                yield address

    for capture in mail.captures:
        delivery = logged_delivery(capture) if capture.kind is Kind.LOG else None
        if delivery is not None and not delivery.accepted and not redacted(delivery.recipient):
            yield delivery.recipient


def _tls(mail: CapturedMail) -> bool | None:
    told = list(_said(mail))
    if not told:
        return None
    return any(command.upper() == "STARTTLS" and reply.startswith("220") for command, reply in told)


def _needs_tls(account: Account | None) -> bool:
    rule_set = account.active_rule_set if account is not None else None
    return rule_set is not None and any(str(rule.tls_policy) == "Require" for rule in rule_set.rules)


# ------------------------------------------------------------------ results


def _known(
    witnesses: Witnesses, envelope: Envelope, message: Message, assumptions: Assumptions | None
) -> tuple[TakenOver, frozenset[str]]:
    """Results and scan verdicts that the captures tell; and which results follow from verdicts alone."""
    block = SesBlock(
        raw=message.raw,
        envelope=envelope,
        message_id="",
        region="",
        spam=witnesses.most("spam") or "",
        virus=witnesses.most("virus") or "",
        authentication=_written_results(witnesses, envelope),
    )
    known = taken_over(block)
    author = Author.of(message)
    domain = author.domains[0] if author.domains and author.fields == 1 else ""
    results = known.authentication
    from_verdicts: frozenset[str] = frozenset()
    if results is None:
        results, from_verdicts = _by_verdicts(witnesses, envelope, domain, assumptions), frozenset(_METHODS)
    elif not results.dmarc.domain:
        # Mail of 2018 has no `dmarc=` part; the DKIM verdict is about the author's domain all the same [observed].
        # Mail that names no author has none either.
        if domain:
            policy = replace(results.dmarc, domain=domain, organizational_domain=organizational_domain(domain))
            results = replace(results, dmarc=policy)
        status = _FORCIBLE.get(witnesses.most("dmarcVerdict") or "")
        if status is not None:
            results = forced(results, dmarc=status, assumptions=assumptions)
            from_verdicts = frozenset(("dmarc",))
    asked = witnesses.most("dmarcPolicy")
    if results is not None and asked in tuple(DmarcPolicy):
        results = replace(results, dmarc=replace(results.dmarc, policy=DmarcPolicy(asked)))
    return replace(known, authentication=results), from_verdicts if results is not None else frozenset()


_METHODS = ("spf", "dkim", "dmarc")
_FORCIBLE: Mapping[str, Verdict] = {verdict.value: verdict for verdict in Verdict if verdict is not Verdict.DISABLED}


def _written_results(witnesses: Witnesses, envelope: Envelope) -> bytes:
    """The value of Authentication-Results that most copies agree on, folded; empty where there is no copy."""
    results = witnesses.results
    status = witnesses.most("spf.result")
    if results is None or status is None:
        return b""
    signatures, policy = results
    comment = witnesses.most("spf.comment") or ""
    lines = ["amazonses.com;", f"spf={status} (spfCheck: {comment}) client-ip={envelope.client_ip};"]
    lines += [f"dkim={result} header.i=@{domain};" for result, domain in signatures]
    lines += [f"dmarc={policy[0]} header.from={policy[1]};"] if policy is not None else []
    return FOLD.join(lines).encode("utf-8", "surrogateescape")


def _by_verdicts(
    witnesses: Witnesses, envelope: Envelope, domain: str, assumptions: Assumptions | None
) -> AuthenticationResults | None:
    """Results that come to the captured verdicts; None where no verdict is captured."""
    wanted = {name: witnesses.most(f"{name}Verdict") or "" for name in _METHODS}
    told = {name: _FORCIBLE[word] for name, word in wanted.items() if word in _FORCIBLE}
    if not told:
        return None
    base = AuthenticationResults(
        spf=SpfResult(
            status=SpfStatus.NONE,
            domain=envelope.mail_from.rpartition("@")[2],
            envelope_from=envelope.mail_from or f"postmaster@{envelope.helo}",
            client_ip=envelope.client_ip,
            helo=envelope.helo,
        ),
        dkim=(),
        dmarc=DmarcResult(
            status=DmarcStatus.NONE,
            domain=domain,
            organizational_domain=organizational_domain(domain) if domain else "",
        ),
    )
    return forced(base, **told, assumptions=assumptions)
