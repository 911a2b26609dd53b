"""How far the kit agrees with what SES wrote for an account: `ses.fidelity`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from sesreceive.account.account import Account
from sesreceive.assumption import Assumptions
from sesreceive.captures.pairing import CapturedMail, Captures
from sesreceive.captures.reconstruction import Reconstruction, reconstructions
from sesreceive.captures.sources import CaptureSource, read
from sesreceive.dns.live import LiveResolver
from sesreceive.dns.resolver import Resolver
from sesreceive.dns.zone import Zone
from sesreceive.errors import InputError
from sesreceive.likeness.agreement import UNSIGNED
from sesreceive.likeness.confusion import verdict_pairs
from sesreceive.likeness.era import ERAS, Era, eras_of
from sesreceive.likeness.inference import inferred
from sesreceive.likeness.readings import Tried, explained, supports_of, tried
from sesreceive.likeness.score import Gap, Score
from sesreceive.likeness.trial import Trial, receive_again
from sesreceive.reception import Reception
from sesreceive.scan.scanner import Scanner
from sesreceive.wording import either, expected

__all__ = ["fidelity"]

_FORCED = "SPF, DKIM and DMARC results are those of the captures: all but authentication is scored"
_LIVE = "DNS was asked now: keys rotate and records change, so a result may differ from that of the day"


def fidelity(
    captures: Captures | CaptureSource,
    *,
    account: Account | None = None,
    assumptions: Assumptions | None = None,
    resolver: Resolver | str | None = None,
    scanners: Iterable[Scanner] | None = None,
    era: str = "",
    readings: bool = True,
) -> Score:
    r"""How far what is written here agrees with what real SES wrote, field by field; nothing leaves the machine.

    Each mail is reconstructed from its captures, received again with its own id and time, and what is written about it
    is laid beside each capture.

    Parameters
    ----------
    captures : Captures, path, bucket or iterable
        What `sesreceive.captures.read` gave, or what it reads.
    account : Account, optional
        Whose captures they are; else the account that the captures of each mail name, which says nothing about
        conditions, filters and added headers.
    assumptions : Assumptions, optional
        How the open points are decided.
    resolver : Resolver or str, optional
        Evaluates SPF, DKIM and DMARC: a `Zone`, the text of a zone file, or a `LiveResolver`. Without one the results
        are those of the captures, and are not scored.
    scanners : iterable of Scanner, optional
        Whose verdicts stand in the confusion tables beside those of SES; the GTUBE and EICAR markers by default.
    era : str
        How SES wrote then: ``2015``, ``2016``, ``2018``, ``2020`` or ``2026``; by default the profile that fits the
        mail best of those of its time.
    readings : bool
        Whether every other reading of every open point is tried: some fifty times the work.

    Returns
    -------
    Score
        With the rows, the score of each artefact, the readings that the captures support.

    Raises
    ------
    InputError
        When there is no such file, folder or era.
    ValidationError
        When the account is not one that SES would take.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, actions=(ses.S3Action(bucket_name="inbox"),))
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> receiver = ses.Receiver(account, seed=1)
    >>> reception = receiver.receive(
    ...     b"Subject: hello\r\n\r\nbody\r\n", client_ip="198.51.100.7", client_name="mx.example.org",
    ...     helo="mx.example.org", mail_from="ana@example.org", rcpt_to=["bo@example.com"],
    ... )
    >>> score = fidelity(receiver.backend.buckets["inbox"], account=account)
    >>> score.lowest, score.of("header block")
    (1.0, (27, 27))
    """
    if era and era not in ERAS:
        raise InputError(f"era: {expected(either(ERAS), era, ERAS)}")
    whole = captures if isinstance(captures, Captures) else read(captures)
    asked = Zone.parse(resolver) if isinstance(resolver, str) else resolver
    scanners = tuple(scanners) if scanners is not None else None
    trials: list[tuple[Trial, Sequence[Tried]]] = []
    pairs: dict[str, Counter[tuple[str, str]]] = {}
    gaps: list[Gap] = []
    for number, mail in enumerate(whole.mails, start=1):
        trial = _best(number, mail, account, assumptions, asked, era)
        others = tried(trial) if readings else ()
        trials.append((trial, others))
        gaps += _gaps(number, mail, trial)
        for subject, ses, ours in verdict_pairs(trial, scanners):
            pairs.setdefault(subject, Counter())[(ses, ours)] += 1
    notes = [_FORCED] if asked is None else [_LIVE] if isinstance(asked, LiveResolver) else []
    if account is None:
        notes.append("the account was inferred from the captures: conditions, filters and added headers are not scored")
    return Score(
        rows=tuple(row for trial, others in trials for row in explained(trial, others)),
        supports=supports_of(trials, assumptions) if readings else (),
        gaps=tuple(gaps),
        confusion=pairs,
        eras=tuple(trial.era.name for trial, _ in trials),
        captures=whole,
        notes=tuple(notes),
    )


def _best(
    number: int,
    mail: CapturedMail,
    account: Account | None,
    assumptions: Assumptions | None,
    resolver: Resolver | None,
    era: str,
) -> Trial:
    """The reconstruction and profile under which fewest fields differ; the first where several are as good."""
    best: Trial | None = None
    for candidate in reconstructions(mail, account, assumptions):
        owner = account or inferred(mail.captures, candidate)
        reception = receive_again(candidate, owner, assumptions=assumptions, resolver=resolver)
        for profile in eras_of(candidate.envelope.received_at, era):
            trial = _judged(number, mail, candidate, reception, profile, resolver is not None)
            if best is None or trial.doubts < best.doubts:
                best = trial
            if not best.doubts:
                return best
    assert best is not None
    return best


def _judged(
    number: int, mail: CapturedMail, candidate: Reconstruction, reception: Reception, era: Era, authenticated: bool
) -> Trial:
    trial = Trial(
        number=number,
        captures=mail.captures,
        mail=candidate,
        reception=reception,
        era=era,
        authenticated=authenticated,
    )
    return trial.judged()


def _gaps(number: int, mail: CapturedMail, trial: Trial) -> Iterator[Gap]:
    """What cannot be known of a mail and of its captures, and captures that contradict each other."""
    yield from (Gap(mail=number, capture="", reason=reason) for reason in trial.mail.gaps)
    for capture in mail.captures:
        yield from (Gap(mail=number, capture=capture.name, reason=reason) for reason in capture.gaps)
    if any(row.why == UNSIGNED for row in trial.rows):
        yield Gap(mail=number, capture="", reason=UNSIGNED)
