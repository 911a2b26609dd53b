"""Where two accounts treat mail differently, exactly: whom it is to, where it comes from, TLS and sizes; and the mail.

Every class of recipients of both is judged by both, and what the matching rules do is compared as trees
(`analysis.programs`). That two accounts agree on each recipient alone is not enough: `[ana: S3, Stop] [bob: S3]` and
the reverse agree on ana and on bob and not on a message to both. `analysis.recipient_pairs` proves the rest.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.analysis.action_targets import shown
from sesreceive.analysis.address_ranges import AddressRange
from sesreceive.analysis.classes import MailClass, RecipientClass, SizeClass
from sesreceive.analysis.comparison import Comparison, Disagreement
from sesreceive.analysis.proof import Proof
from sesreceive.analysis.recipient_pairs import RecipientPairs
from sesreceive.analysis.two_accounts import Outcome, Setting, TwoAccounts
from sesreceive.analysis.walk import Certainty, refuses
from sesreceive.analysis.witness import Witness
from sesreceive.assumption import Assumptions
from sesreceive.errors import InputError
from sesreceive.flow import Flow
from sesreceive.wording import either, expected

__all__ = ["compare", "equivalent"]

ORDERS = ("target", "all")


def compare(
    before: Account, after: Account, *, order: str = "target", assumptions: Assumptions | None = None
) -> Comparison:
    """Where two accounts treat mail differently: for which recipients, clients, sizes, with or without TLS.

    Parameters
    ----------
    before, after : Account
        Two accounts; their regions and numbers are not compared, which are named in what SES writes.
    order : str
        Where the order of effects counts: ``target``, where two touch the same bucket, topic, function, organisation
        or address; ``all``, everywhere.
    assumptions : Assumptions, optional
        How the open points of SES are read.

    Raises
    ------
    InputError
        When there is no such order.

    Notes
    -----
    Linear in the conditions of both and in the rules that each set of rules has which some recipient matches; pairs are
    looked at where the order of two rules is not the same in both. 200 rules of 100 conditions take seconds
    (``tests/benchmarks/bench_prove.py``).

    Examples
    --------
    >>> import sesreceive as ses
    >>> def account(*rules):
    ...     return ses.Account(
    ...         identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=rules),)
    ...     )
    >>> ana = ses.ReceiptRule(
    ...     name="ana", enabled=True, recipients=("ana@example.com",),
    ...     actions=(ses.S3Action(bucket_name="inbox"), ses.StopAction()),
    ... )
    >>> bo = ses.ReceiptRule(
    ...     name="bo", enabled=True, recipients=("bo@example.com",), actions=(ses.S3Action(bucket_name="inbox"),)
    ... )
    >>> compare(account(ana, bo), account(bo, ana))
    <Comparison: 1 difference, 1 of them for pairs of recipients>
    >>> compare(account(ana), account(ana))
    <Comparison: all mail is treated alike, proved for any number of recipients in one message>
    """
    if order not in ORDERS:
        raise InputError(expected(either(ORDERS), order, ORDERS))
    both = TwoAccounts(before, after, assumptions, order)
    found = [*_singles(both)]
    pairs = RecipientPairs(both)
    found.extend(_pair(both, *one) for one in pairs.differences)
    undecided = (*both.undecided, *pairs.undecided)
    return Comparison(
        before,
        after,
        found,
        order=order,
        undecided=undecided,
        proved_for="any number of recipients" if pairs.for_all else "one or two recipients",
        assumptions=assumptions,
        again=lambda readings: compare(before, after, order=order, assumptions=readings),
    )


class _Box(NamedTuple):
    """Circumstances under which both accounts do the same things; each of its parts with each other."""

    first: Setting
    outcomes: tuple[Outcome, ...]
    tls: tuple[bool, ...]
    sizes: tuple[SizeClass, ...]


def _singles(both: TwoAccounts) -> Iterator[Disagreement]:
    for group in both.groups:
        alike: dict[Hashable, list[Setting]] = {}
        for setting in both.differing(group):
            done = tuple(tuple(_outcome(both, side, group.recipients[:1], setting)) for side in (0, 1))
            alike.setdefault(done, []).append(setting)
        all_sizes = {one.size for one in both.settings_of(group)} - {SizeClass.EDGE}
        for box in (box for settings in alike.values() for box in _boxes(settings)):
            everywhere = set(box.outcomes) == set(both.outcomes)
            yield _disagreement(
                both,
                (group.recipients[0],),
                box.first,
                alike=group.recipients[1:],
                clients=() if everywhere else tuple(both.clients_of(box.outcomes)),
                tls=box.tls,
                sizes=() if set(box.sizes) >= all_sizes else box.sizes,
            )


def _boxes(settings: Sequence[Setting]) -> Iterator[_Box]:
    """The settings as boxes, no more and no less: what a sentence about clients, TLS and sizes can say exactly."""
    by_filter: dict[tuple[Outcome, bool], list[Setting]] = {}
    for one in settings:
        by_filter.setdefault((one.outcome, one.tls), []).append(one)
    rows: dict[tuple[bool, tuple[SizeClass, ...]], list[Setting]] = {}
    for (_, tls), row in by_filter.items():
        rows.setdefault((tls, tuple(one.size for one in row)), []).append(row[0])
    boxes: dict[tuple[tuple[Outcome, ...], tuple[SizeClass, ...]], list[Setting]] = {}
    for (_, sizes), firsts in rows.items():
        boxes.setdefault((tuple(one.outcome for one in firsts), sizes), []).append(firsts[0])
    for (outcomes, sizes), firsts in boxes.items():
        yield _Box(firsts[0], outcomes, tuple(one.tls for one in firsts), sizes)


def _pair(both: TwoAccounts, one: RecipientClass, other: RecipientClass, setting: Setting) -> Disagreement:
    sizes = () if setting.size is SizeClass.SMALL else (setting.size,)
    return _disagreement(
        both, (one, other), setting, sizes=sizes, tls=(setting.tls,) if not setting.tls else (True, False)
    )


def _disagreement(
    both: TwoAccounts,
    recipients: tuple[RecipientClass, ...],
    setting: Setting,
    *,
    alike: Sequence[RecipientClass] = (),
    clients: tuple[AddressRange, ...] = (),
    tls: tuple[bool, ...] = (True, False),
    sizes: tuple[SizeClass, ...] = (),
) -> Disagreement:
    answers = both.parting(recipients, setting)
    ordinary = both.partition.ordinary
    client = both.client(setting.outcome)
    mail = both.partition.witness(MailClass(recipients, client, setting.tls, ordinary.sender, setting.size))
    before, after = _apart(*(_outcome(both, side, recipients, setting) for side in (0, 1)))
    return Disagreement(
        accounts=(both.sides[0].account, both.sides[1].account),
        assumptions=both.assumptions,
        recipients=recipients,
        alike=tuple(alike),
        clients=clients,
        tls=tls,
        sizes=sizes,
        before=before,
        after=after,
        answers=answers,
        witness=Witness(envelope=mail.envelope, size_bytes=mail.size_bytes, answers=answers),
    )


def _outcome(both: TwoAccounts, side: int, recipients: tuple[RecipientClass, ...], setting: Setting) -> list[str]:
    """What becomes of a mail: the answer if it is refused, else what is done."""
    judged = both.sides[side]
    replies = [judged.reply(one, let_in=setting.outcome[side], tls=setting.tls) for one in recipients]
    if not all(reply.accepted for reply in replies):
        return [str(next(reply for reply in replies if not reply.accepted))]
    done: list[str] = []
    for position in judged.fired(recipients, tls=setting.tls):
        for action in _taking(judged.rules[position].actions, setting.size, both.assumptions):
            done.append(_TOO_LARGE if setting.size is SizeClass.LARGE and refuses(action) else shown(action))
            if action.flow() is Flow.STOP_RULE_SET:
                return done
    return done or ["taken, and nothing is done"]


_TOO_LARGE = "SendBounce for its size"


def _taking(actions: Sequence[ReceiptAction], size: SizeClass, assumptions: Assumptions) -> Iterable[ReceiptAction]:
    """The actions that a rule comes to with a message of a size: one that refuses it may end the rule."""
    if size is SizeClass.LARGE and assumptions.oversize_scope == "rule":
        first = next(filter(refuses, actions), None)
        return actions if first is None else (first,)
    return actions


def _apart(before: list[str], after: list[str]) -> tuple[str, str]:
    """Both from where they part, as lines; what they begin with alike is a mark."""
    alike = 0
    while alike < min(len(before), len(after)) - 1 and before[alike] == after[alike]:
        alike += 1
    return _line(before, alike), _line(after, alike)


def _line(done: list[str], alike: int) -> str:
    rest = done[alike:]
    more = f" and {len(rest) - 6} more" if len(rest) > 6 else ""
    return ("…, " if alike else "") + ", ".join(rest[:6]) + more


def equivalent(
    before: Account, after: Account, *, order: str = "target", assumptions: Assumptions | None = None
) -> Proof:
    """Whether two accounts treat all mail alike; if not, the smallest mail that they do not.

    Parameters
    ----------
    before, after : Account
        Two accounts.
    order, assumptions
        As `compare` takes them.

    Returns
    -------
    Proof
        True in a condition where they do.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, recipients=("example.com",))
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> bool(equivalent(account, account))
    True
    >>> equivalent(account, account.activate(None)).witness.envelope.rcpt_to
    ('someone@example.com',)
    """
    comparison = compare(before, after, order=order, assumptions=assumptions)
    least = min(comparison, key=_weight, default=None)
    if comparison.equal:
        certainty, because = Certainty.ALWAYS, f"proved for {comparison.proved_for} in one message"
    elif least is None:
        certainty, because = Certainty.POSSIBLY, comparison.undecided[0]
    else:
        certainty = Certainty.POSSIBLY if least.answers else Certainty.NEVER
        because = f"{least.whom}: {least.before} → {least.after}"
    return Proof(
        claim="both accounts treat all mail alike",
        certainty=certainty,
        because=because,
        needs=tuple(map(str, least.answers)) if least is not None else (),
        witness=least.witness if least is not None else None,
        assumptions=comparison.assumptions,
        again=lambda readings: equivalent(before, after, order=order, assumptions=readings),
    )


def _weight(one: Disagreement) -> tuple[int, int, int, int]:
    """Fewest answers, recipients, bytes and letters first."""
    mail = one.witness
    return len(one.answers), len(mail.envelope.rcpt_to), mail.size_bytes, len(mail.text)
