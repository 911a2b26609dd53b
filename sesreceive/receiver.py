"""The whole way of a message through Amazon SES, top to bottom.

``on_connect`` → ``on_mail`` → ``on_rcpt`` → ``on_data`` → ``process``: the SMTP server and `Receiver.receive` call the
same five, so there is one decision path. DNS, time, message ids, scanners and backend are passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from sesreceive import limits
from sesreceive.account.account import Account
from sesreceive.account.rule_set import ReceiptRule
from sesreceive.assumption import Assumptions
from sesreceive.auth.remembered import Memory
from sesreceive.auth.verdicts import verdicts_of
from sesreceive.backends.memory import MemoryBackend
from sesreceive.bounds import Bounds
from sesreceive.clock import Clock, SteppingClock, SystemClock, to_datetime
from sesreceive.dns.resolver import Resolver
from sesreceive.dns.zone import Zone
from sesreceive.effects import Backend, Effect, Outcome
from sesreceive.errors import InputError, Problem, ValidationError, one_line
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.mail.reply import Reply, accepted
from sesreceive.message_id import MessageIds, RandomMessageIds, SeededMessageIds
from sesreceive.permissions.guard import Permissions
from sesreceive.reception import Reception
from sesreceive.scan.markers import MarkerScanner
from sesreceive.scan.scanner import Scanner
from sesreceive.shown import Shown
from sesreceive.stages import authentication, body, evaluation, filtering, recipients, scanning, sender
from sesreceive.stages.authentication import AuthenticationDecision
from sesreceive.stages.body import BodyDecision
from sesreceive.stages.filtering import FilterDecision
from sesreceive.stages.index import AccountIndex
from sesreceive.stages.provider_lists import AnyList
from sesreceive.stages.recipients import RecipientDecision
from sesreceive.stages.sender import SenderDecision
from sesreceive.stages.taken_over import TakenOver
from sesreceive.stages.transaction import Transaction
from sesreceive.trace.events import Trace, TraceEvent
from sesreceive.trace.legend import Legend
from sesreceive.verdict import Verdicts
from sesreceive.wording import count, expected
from sesreceive.writing.receipt import Receipt
from sesreceive.writing.ses_keys import zone_records

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from os import PathLike
    from pathlib import Path
    from ssl import SSLContext

    from sesreceive.control.operations import Control
    from sesreceive.effects import SendBounce
    from sesreceive.mail.corpus import Override, Source
    from sesreceive.replay import Before, Known, Progress, ReplayFolder
    from sesreceive.report import Report
    from sesreceive.smtp.server import Server
    from sesreceive.smtp.smtp_faults import SmtpFault, SmtpFaults

__all__ = ["Receiver", "Submission"]


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A message as it was handed over at the end of DATA, and the answer; nothing was performed yet.

    Attributes
    ----------
    account : Account
        The configuration in force when the mail was received; later edits do not touch it [documented].
    reply : Reply
        ``250 OK <message id>``, or why the message was not taken.
    bounds : Bounds
        The limits it was held against.
    events : tuple of TraceEvent
        What was considered at the end of the data.
    """

    message: Message
    envelope: Envelope
    account: Account
    decision: FilterDecision
    sender: SenderDecision
    recipients: tuple[RecipientDecision, ...]
    reply: Reply
    message_id: str
    received_s: float
    name: str = ""
    bounds: Bounds = field(default_factory=Bounds)
    events: tuple[TraceEvent, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether `Receiver.process` has anything to do."""
        return self.reply.accepted


class Receiver(Shown):
    r"""Receives mail as Amazon SES would, for one account in one region.

    Parameters
    ----------
    account : Account
        Identities, filters and rule sets. Invalid ones are refused, all problems at once.
    resolver : Resolver, mapping or str, optional
        Where DNS answers come from; a mapping or zone-file text becomes a `Zone`. An empty zone by default:
        nothing is looked up in the network unless a `LiveResolver` is given.
    backend : Backend, optional
        Where effects take place; a `MemoryBackend` by default.
    scanners : sequence of Scanner, optional
        Spam and virus scanners; the GTUBE and EICAR markers by default.
    provider_lists : sequence of ProviderList or DnsList, optional
        Networks AWS refuses by default; none by default, and every trace says so then.
    assumptions : Assumptions, optional
        How the points that the documentation leaves open are decided.
    bounds : Bounds, optional
        How large a message and how long a command may be, and how many recipients are judged; a server has further
        limits there.
    clock : callable, optional
        Seconds since 1970; the machine's clock by default.
    message_ids : callable, optional
        Gives the next message id; random ones by default.
    seed : int, optional
        Gives message ids and times that are the same on every run, where `clock` or `message_ids` are not given. Not
        for a folder or bucket that more than one run receives into: the later mail would take the place of the first.
    permissions : Permissions, optional
        What buckets, topics, keys, functions and roles allow SES, as `load` finds it beside the rules; without, every
        effect is allowed.

    Raises
    ------
    ValidationError
        When the account breaks documented constraints.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(
    ...     name="invoices", enabled=True, recipients=("billing@example.com",),
    ...     actions=(ses.S3Action(bucket_name="inbox", object_key_prefix="invoices/"),),
    ... )
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> receiver = ses.Receiver(account, seed=1)
    >>> reception = receiver.receive(
    ...     b"Subject: hello\r\n\r\nbody\r\n", client_ip="198.51.100.7", helo="mx.example.org",
    ...     mail_from="ana@example.org", rcpt_to=["billing@example.com", "nobody@example.com"],
    ... )
    >>> [reply.code for reply in reception.replies]
    [250, 550]
    >>> list(receiver.backend.buckets["inbox"]) == [f"invoices/{reception.message_id}"]
    True
    """

    def __init__(
        self,
        account: Account,
        *,
        resolver: Resolver | Mapping[str, Any] | str | None = None,
        backend: Backend | None = None,
        scanners: Iterable[Scanner] | None = None,
        provider_lists: Iterable[AnyList] = (),
        assumptions: Assumptions | None = None,
        bounds: Bounds | None = None,
        clock: Clock | None = None,
        message_ids: MessageIds | None = None,
        seed: int | None = None,
        permissions: Permissions | None = None,
    ) -> None:
        _expect(
            resolver=resolver, backend=backend, scanners=scanners, assumptions=assumptions, bounds=bounds, clock=clock,
            message_ids=message_ids, permissions=permissions,
        )  # fmt: skip
        self._indexed: AccountIndex | None = None
        self.assumptions = assumptions or Assumptions()  # before the account: one of them is a quota
        self.account = account
        self.resolver: Resolver = _resolver(resolver)
        self.backend: Backend = MemoryBackend() if backend is None else backend
        self.permissions = permissions
        self.scanners: tuple[Scanner, ...] = (MarkerScanner(),) if scanners is None else tuple(scanners)
        if odd := [one for one in self.scanners if not callable(getattr(one, "scan", None))]:
            raise InputError(f"scanners: {expected('objects with `scan`', odd[0])}")
        self.provider_lists = provider_lists
        self.bounds = bounds or Bounds()
        self._memory = Memory()  # of DNS records and SPF results; no result depends on it
        self.clock: Clock = clock or (SystemClock() if seed is None else SteppingClock())
        self.message_ids: MessageIds = message_ids or (RandomMessageIds() if seed is None else SeededMessageIds(seed))

    @property
    def account(self) -> Account:
        """The configuration for the next message; assign another to change it."""
        return self._account

    @account.setter
    def account(self, account: Account) -> None:
        if not isinstance(account, Account):
            raise InputError(f"account: {expected('an Account', account)}; `Account.from_api` reads what boto3 gives")
        account.validate()
        self._within_quota(account)
        self._account = account
        self._legend = Legend(account)

    def _within_quota(self, account: Account) -> None:
        """Refuse a rule with more conditions than the reading of that quota allows."""
        most = self.assumptions.recipients_per_rule
        problems = [
            Problem(
                f"rule_sets[{at}].rules[{position}].recipients",
                f"expected at most {count(most, 'recipient')} but got {len(rule.recipients)}",
                limits.RECIPIENTS_PER_RULE.source,
            )
            for at, rule_set in enumerate(account.rule_sets)
            for position, rule in enumerate(rule_set.rules)
            if len(rule.recipients) > most
        ]
        if problems:
            raise ValidationError(*problems)

    @property
    def provider_lists(self) -> tuple[AnyList, ...]:
        """The lists of networks that are refused besides, each by a name of its own; assign others to change them."""
        return self._provider_lists

    @provider_lists.setter
    def provider_lists(self, provider_lists: Iterable[AnyList]) -> None:
        lists = tuple(provider_lists)
        if wrong := [type(entry).__name__ for entry in lists if not hasattr(entry, "name")]:
            raise InputError(f"provider_lists: expected provider lists but got `{one_line(wrong[0])}`")
        names = [entry.name for entry in lists]
        if doubled := next((name for name in names if names.count(name) > 1), None):
            raise InputError(f"expected provider lists with different names but two are called `{one_line(doubled)}`")
        self._provider_lists = lists

    @property
    def _index(self) -> AccountIndex:
        """The account compiled for deciding; made anew when the account or the assumptions were changed."""
        known = self._indexed
        if known is None or not known.fits(self._account, self.assumptions):
            known = self._indexed = AccountIndex(self._account, self.assumptions)
        return known

    def on_connect(self, client_ip: str) -> FilterDecision:
        """Step 1, when a client connects: its address against filters and provider lists."""
        index = self._index
        known = None if self.provider_lists else index.clients.get(client_ip)
        if known is None:
            known = filtering.decide(
                self.account.filters, client_ip, self.provider_lists, self.assumptions, index.filters, self.resolver
            )
            if not self.provider_lists:  # lists are asked again: those in DNS may say something else
                index.clients.keep(client_ip, known)
        return known

    def on_mail(
        self,
        decision: FilterDecision,
        mail_from: str,
        *,
        size: str = "",
        too_long: bool = False,
        bounds: Bounds | None = None,
    ) -> Transaction:
        """At MAIL FROM: the sender's address and the size the client declares; recipients go into the transaction.

        Parameters
        ----------
        decision : FilterDecision
            From `on_connect`.
        mail_from : str
            What stands between the angle brackets.
        size : str
            The value of ``SIZE=``.
        too_long : bool
            Whether the command was too long already, and `mail_from` is what is left of it.
        bounds : Bounds, optional
            Those of the server; those of the receiver by default.
        """
        bounds = bounds or self.bounds
        decided = sender.decide(mail_from, size=size, too_long=too_long, bounds=bounds)
        return Transaction(decision, decided, bounds, self.assumptions.max_recipients)

    def on_rcpt(self, decision: FilterDecision, recipient: str, *, tls: bool = False) -> RecipientDecision:
        """Step 2, at each RCPT TO: the recipient against identities and the active rule set."""
        return recipients.decide(
            self.account, recipient, decision, tls=tls, assumptions=self.assumptions, index=self._index
        )

    def draw(self) -> tuple[str, float]:
        """The next message id and time: what a message gets at the end of its data, also when it is refused."""
        return self.message_ids(), self.clock()

    def on_data(
        self,
        raw: bytes | Message,
        envelope: Envelope,
        transaction: Transaction,
        *,
        name: str = "",
        drawn: tuple[str, float] | None = None,
        decided: BodyDecision | None = None,
    ) -> Submission:
        """The answer to the end of DATA, with the configuration in force; nothing is performed yet.

        Parameters
        ----------
        raw : bytes or Message
            The message, dots unstuffed; empty where the client never came to send it.
        envelope : Envelope
            Who connects; sender and recipients are those of the transaction, refused ones included.
        transaction : Transaction
            From `on_mail`.
        drawn : tuple of str and float, optional
            Message id and time, where `draw` was called before.
        decided : BodyDecision, optional
            Where the body was judged before.
        """
        message = raw if isinstance(raw, Message) else Message(raw)
        message_id, received_s = drawn or self.draw()
        if envelope.received_at is not None:  # when it arrived, which for mail out of a file is not now
            received_s = envelope.received_at.timestamp()
        named = tuple(transaction.recipients)
        rcpt_to = tuple([decision.recipient for decision in named]) if transaction.sender.accepted else envelope.rcpt_to
        if (transaction.sender.mail_from, rcpt_to) != (envelope.mail_from, envelope.rcpt_to):
            envelope = replace(envelope.to(*rcpt_to), mail_from=transaction.sender.mail_from)
        if decided is None:
            decided = self.on_body(message, transaction)
        left_out = transaction.left_out()
        return Submission(
            message=message,
            envelope=envelope,
            account=self.account,
            decision=filtering.with_provenance(transaction.decision, envelope, received_s),
            sender=transaction.sender,
            recipients=named,
            reply=decided.reply or accepted(message_id),
            message_id="" if decided.reply else message_id,
            received_s=received_s,
            name=name,
            bounds=transaction.bounds,
            events=tuple(Trace.join(left_out, decided.events)) if left_out or decided.events else (),
        )

    def on_body(self, message: Message, transaction: Transaction) -> BodyDecision:
        """Whether the message is taken: what `on_data` asks, before there is an id for it."""
        if not transaction.sender.accepted:
            return BodyDecision(reply=transaction.sender.reply, reason=transaction.sender.reason)
        return body.decide(message, transaction.recipients, bounds=transaction.bounds, assumptions=self.assumptions)

    def authenticate(self, submission: Submission) -> AuthenticationDecision:
        """Step 3, first half: SPF, DKIM and DMARC, which nothing that is performed changes.

        `process` does it, unless it is given the results as `known`.
        """
        return authentication.authenticate(
            submission.message,
            submission.envelope,
            self.resolver,
            submission.received_s,
            self.assumptions,
            self._memory,
        )

    def process(self, submission: Submission, *, known: Reception | TakenOver | None = None) -> Reception:
        """Steps 3 and 4, after the answer: authentication, scanning, then the rules and their actions.

        Parameters
        ----------
        submission : Submission
            From `on_data`.
        known : Reception or TakenOver, optional
            An earlier reception of the same message, or what a stored object tells of one; its authentication and scan
            results are taken over.
        """
        before = [
            submission.decision.events,
            submission.sender.events,
            *(one.events for one in submission.recipients),
            submission.events,
        ]
        common: dict[str, Any] = {
            "name": submission.name,
            "envelope": submission.envelope,
            "message": submission.message,
            "account": submission.account,
            "decision": submission.decision,
            "sender": submission.sender,
            "recipients": submission.recipients,
            "reply": submission.reply,
            "assumptions": self.assumptions,
            "provider_lists": self.provider_lists,
            "bounds": submission.bounds,
        }
        if not submission.accepted:
            return Reception(**common, trace=self._trace(submission.account, *before))
        took = _stopwatch(self.clock)
        message, account = submission.message, submission.account
        envelope = submission.envelope.to(*(one.recipient for one in submission.recipients if one.accepted))
        planned = evaluation.plan(
            account.active_rule_set, submission.recipients, tls=envelope.tls, assumptions=self.assumptions
        )
        if isinstance(known, TakenOver) and known.authentication is not None:
            authenticated = authentication.decided(known.authentication, self.assumptions, known.told)
        elif isinstance(known, Reception) and known.authentication is not None:
            authenticated = authentication.reread(
                known.authentication,
                message,
                envelope,
                submission.received_s,
                before=known.assumptions,
                after=self.assumptions,
            )
        else:
            authenticated = self.authenticate(submission)
        if known is not None and known.scan is not None and known.scan.findings and planned.scans:
            scanned = known.scan
        else:
            scanned = scanning.scan(message, envelope, self.scanners, enabled=planned.scans)
        verdicts = verdicts_of(
            authenticated.results, spam=scanned.spam, virus=scanned.virus, assumptions=self.assumptions
        )
        receipt = Receipt(
            message=message,
            envelope=envelope,
            message_id=submission.message_id,
            received_at=to_datetime(submission.received_s),
            results=authenticated.results,
            region=account.region,
            account_id=account.account_id,
            assumptions=self.assumptions,
        )
        evaluated = evaluation.evaluate(
            planned, self._performer(receipt, account), receipt, self._seen_by(verdicts), took
        )
        return Reception(
            **common,
            message_id=submission.message_id,
            received_at=receipt.received_at,
            verdicts=verdicts,
            authentication=authenticated.results,
            scan=scanned,
            performed=evaluated.performed,
            stopped_by=evaluated.stopped_by,
            fired=evaluated.fired,
            sentences=evaluated.sentences,
            trace=self._trace(account, *before, authenticated.events, scanned.events, evaluated.events),
        )

    def _performer(self, receipt: Receipt, account: Account) -> Callable[[Effect], Outcome]:
        """The backend's `perform`, behind what SES is allowed where that is known."""
        permissions, perform = self.permissions, self.backend.perform
        if not permissions:
            return perform

        # An effect that is tried again is refused for the same reason again.
        answers: dict[int, tuple[Effect, Outcome | None]] = {}

        def allowed(effect: Effect) -> Outcome:
            if id(effect) not in answers:
                refusal = permissions.refusal(effect, account, at=receipt.received_at)
                refused = None if refusal is None else Outcome(error=refusal.complaint, remedy=refusal.remedy)
                answers[id(effect)] = effect, refused
            _, outcome = answers[id(effect)]
            return perform(effect) if outcome is None else outcome

        return allowed

    def _trace(self, account: Account, *parts: Sequence[TraceEvent]) -> Trace:
        """The events as one trace, with what the stand-ins of a loaded account stand for."""
        # A message in flight keeps the account it was received under.
        legend = self._legend if account is self._legend.account else Legend(account)
        return Trace.join(*map(legend.explain, parts)) if legend else Trace.join(*parts)

    def receive(
        self,
        raw: bytes | Message,
        envelope: Envelope | None = None,
        *,
        name: str = "",
        **said: Any,
    ) -> Reception:
        """Everything that happens to one message, from the connection to the last action.

        Parameters
        ----------
        raw : bytes or Message
            The message as it came after DATA; never changed.
        envelope : Envelope, optional
            Who connects, from whom, to whom.
        name : str, optional
            What reports call the message.
        **said
            Single fields of the envelope, by name: ``client_ip``, ``helo``, ``mail_from``, ``rcpt_to``, ``tls``,
            ``client_name``, ``received_at``. They take the place of those of `envelope`.

        Returns
        -------
        Reception
            Also when the message is refused: then with the refusal as `reply`.

        Raises
        ------
        InputError
            When the envelope says what no SMTP session could say.
        """
        envelope = envelope or Envelope()
        return self.process(self.submit(raw, envelope.changed(**said) if said else envelope, name=name))

    def submit(
        self, raw: bytes | Message, envelope: Envelope, *, name: str = "", drawn: tuple[str, float] | None = None
    ) -> Submission:
        """The SMTP session: connection, each recipient, the message; nothing is performed yet.

        Parameters
        ----------
        drawn : tuple of str and float, optional
            Message id and time, where `draw` was called before.
        """
        decision = self.on_connect(envelope.client_ip)
        transaction = self.on_mail(decision, envelope.mail_from)
        if transaction.sender.accepted:  # a client whose sender is refused names nobody

            def judge(recipient: str) -> RecipientDecision:
                return self.on_rcpt(decision, recipient, tls=envelope.tls)

            for recipient in envelope.rcpt_to:
                transaction.rcpt(recipient, judge)
                if transaction.closed:
                    break
        return self.on_data(raw, envelope, transaction, name=name, drawn=drawn)

    def replay(
        self,
        source: Source,
        *,
        envelope: Override | None = None,
        executor: Executor | None = None,
        chunk: int = 200,
        progress: Progress | bool | None = None,
        keep: bool = True,
        limit: int | None = None,
        trusted: Sequence[str] = (),
        kms: Any = None,
        take_over: bool = True,
        done: Before | None = None,
        ahead: int | None = None,
        known: Known | None = None,
    ) -> Report:
        """Receive many messages, from a folder, mailbox, archive, bucket, table or iterable; see `replay.replay`."""
        from sesreceive.replay import replay

        return replay(
            self,
            source,
            envelope=envelope,
            executor=executor,
            chunk=chunk,
            progress=progress,
            keep=keep,
            limit=limit,
            trusted=trusted,
            kms=kms,
            take_over=take_over,
            done=done,
            ahead=ahead,
            known=known,
        )

    def replay_to(self, folder: str | PathLike[str], source: Source, **options: Any) -> ReplayFolder:
        """Receive mail of any amount and write the rows to Parquet files; see `sesreceive.replay.streaming.replay_to`.

        The options are those of `replay` but `keep`, and ``tables`` and ``part``.
        """
        from sesreceive.replay import replay_to

        return replay_to(self, folder, source, **options)

    def smtp(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        tls: bool | SSLContext = True,
        name: str | None = None,
        hostname: str | None = None,
        banner: str | None = None,
        client_addresses: Mapping[str, str] | Callable[[str], str | None] | None = None,
        xclient: Literal["silent", "announced", "off"] = "silent",
        proxy: bool = False,
        trusted: Iterable[str] = ("127.0.0.0/8", "::1"),
        bounds: Bounds | None = None,
        workers: int = 1,
        keep: int | None = None,
        spool: str | Path | bool | None = None,
        faults: SmtpFaults | Iterable[SmtpFault] = (),
        uvloop: bool | None = None,
    ) -> Server:
        """A live SMTP server with this receiver behind it; see `sesreceive.smtp.server.Server`."""
        from sesreceive.smtp.server import Server

        return Server(
            self,
            port=port,
            host=host,
            tls=tls,
            name=name,
            hostname=hostname,
            banner=banner,
            client_addresses=client_addresses,
            xclient=xclient,
            proxy=proxy,
            trusted=trusted,
            bounds=bounds,
            workers=workers,
            keep=keep,
            spool=spool,
            faults=faults,
            uvloop=uvloop,
        )

    def create_receipt_rule(self, rule: ReceiptRule, *, rule_set: str = "", after: str | None = None) -> None:
        """Add a rule as CreateReceiptRule does; see `sesreceive.control.operations.Control.create_receipt_rule`."""
        self._control.create_receipt_rule(rule, rule_set=rule_set, after=after)

    def update_receipt_rule(self, rule: ReceiptRule, *, rule_set: str = "") -> None:
        """Replace a rule as UpdateReceiptRule does; see `sesreceive.control.operations.Control.update_receipt_rule`."""
        self._control.update_receipt_rule(rule, rule_set=rule_set)

    def send_bounce(
        self,
        original: Reception,
        *,
        bounce_sender: str,
        bounced_recipient_info_list: Sequence[Mapping[str, Any]],
        explanation: str = "",
        message_dsn: Mapping[str, Any] | None = None,
    ) -> SendBounce:
        """Bounce a message that was received; see `sesreceive.control.operations.Control.send_bounce`."""
        return self._control.send_bounce(
            original,
            bounce_sender=bounce_sender,
            bounced_recipient_info_list=bounced_recipient_info_list,
            explanation=explanation,
            message_dsn=message_dsn,
        )

    @property
    def published_zone(self) -> Zone:
        """What SES itself publishes in DNS: the key that ``X-SES-DKIM-SIGNATURE`` is made with."""
        return Zone(zone_records(self.account.region))

    @property
    def _control(self) -> Control:
        from sesreceive.control.operations import Control

        return Control(self)

    def _seen_by(self, verdicts: Verdicts) -> Callable[[ReceiptRule], Verdicts]:
        """What a rule sees: without ScanEnabled the scan verdicts are DISABLED [observed]."""
        return lambda rule: scanning.seen_by(rule, verdicts, self.assumptions)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the index, which another process makes for itself."""
        return {**self.__dict__, "_indexed": None}

    def _facts(self) -> Iterator[tuple[str, Any]]:
        """The account, and what was passed in."""
        yield "account", repr(self.account)
        yield "active rule set", repr(self.account.active_rule_set) if self.account.active_rule_set else None
        yield "DNS", repr(self.resolver)
        yield "scanners", self.scanners
        yield "backend", repr(self.backend)
        yield "provider lists", [one.name for one in self.provider_lists]
        yield "bounds", repr(self.bounds)
        yield "assumptions", "as documented or assumed" if self.assumptions == Assumptions() else repr(self.assumptions)

    def __repr__(self) -> str:
        """One line: account and backend."""
        active = self.account.active or "no active rule set"
        return f"<Receiver {one_line(self.account.region)}, {one_line(active)}, {type(self.backend).__name__}>"


# What a receiver is made of → what is expected, and whether a value is that.
_MADE_OF: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "resolver": (
        "a Zone, records by name, the text of a zone, or an object with `resolve`",
        lambda value: isinstance(value, str | Mapping) or callable(getattr(value, "resolve", None)),
    ),
    "backend": ("a backend, such as DirectoryBackend", lambda value: callable(getattr(value, "perform", None))),
    "scanners": (
        "a list of scanners",
        lambda value: isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping),
    ),
    "assumptions": ("an Assumptions", lambda value: isinstance(value, Assumptions)),
    "bounds": ("a Bounds", lambda value: isinstance(value, Bounds)),
    "clock": ("a clock, which is called for the time", callable),
    "message_ids": ("something that is called for the next message id", callable),
    "permissions": ("a Permissions", lambda value: isinstance(value, Permissions)),
}


def _expect(**arguments: Any) -> None:
    """Refuse what could not work when the first message comes; None is the usual value."""
    for name, value in arguments.items():
        what, fits = _MADE_OF[name]
        if value is not None and not fits(value):
            raise InputError(f"{name}: {expected(what, value)}")


def _resolver(given: Resolver | Mapping[str, Any] | str | None) -> Resolver:
    if given is None:
        return Zone({})
    if isinstance(given, str):
        return Zone.parse(given)
    return Zone(given) if isinstance(given, Mapping) else given


def _stopwatch(clock: Clock) -> Callable[[], float]:
    """Seconds since now; a stepping clock gives each message a watch of its own, whatever else reads it."""
    step_s = clock.step_s if isinstance(clock, SteppingClock | SystemClock) else None
    if step_s is not None:
        watch = SteppingClock(0.0, step_s=step_s)
        watch()
        return watch
    start = clock()
    return lambda: clock() - start
