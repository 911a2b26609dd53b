"""Where two accounts treat mail differently, exactly: whom it is to, where it comes from, TLS and sizes; and the mail.

Every class of recipients of both is judged by both, and what the matching rules do is compared as trees
(`analysis.programs`). That two accounts agree on each recipient alone is not enough: `[ana: S3, Stop] [bob: S3]` and
the reverse agree on ana and on bob and not on a message to both. `analysis.pairs` proves the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, overload

from sesreceive import _html
from sesreceive.account.account import Account
from sesreceive.analysis.address_ranges import AddressRange
from sesreceive.analysis.asked import shown
from sesreceive.analysis.assumed import Otherwise, otherwise, used
from sesreceive.analysis.both import Both, Setting
from sesreceive.analysis.classes import MailClass, RecipientClass, SizeClass
from sesreceive.analysis.pairs import Pairs
from sesreceive.analysis.proof import Proof
from sesreceive.analysis.walk import Certainty
from sesreceive.analysis.what_if import Difference, changes
from sesreceive.analysis.witness import Answer, Witness
from sesreceive.assumption import Assumption, Assumptions
from sesreceive.effects import Effect
from sesreceive.errors import InputError, one_line
from sesreceive.reading.changes import untimed
from sesreceive.reception import Reception
from sesreceive.wording import count, either, expected

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Comparison", "Disagreement", "compare", "ends_alike", "equivalent"]

ORDERS = ("target", "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Mail that two accounts treat differently.

    Attributes
    ----------
    recipients : tuple of RecipientClass
        Whom one message is to: one class, or two where only both together make a difference.
    alike : tuple of RecipientClass
        Further classes of which the same holds, where it is one recipient.
    clients : tuple of AddressRange
        Where it comes from; empty for everywhere.
    tls : tuple of bool
        With TLS, without, or both.
    sizes : tuple of SizeClass
        Of the message; empty for every size.
    before, after : str
        What becomes of it.
    answers : tuple of Answer
        What functions answer in the mail that shows it.
    needs : bool
        Whether it takes these answers.
    witness : Witness
        The smallest such mail.
    """

    accounts: tuple[Account, Account]
    assumptions: Assumptions
    recipients: tuple[RecipientClass, ...]
    alike: tuple[RecipientClass, ...] = ()
    clients: tuple[AddressRange, ...] = ()
    tls: tuple[bool, ...] = (True, False)
    sizes: tuple[SizeClass, ...] = ()
    before: str
    after: str
    answers: tuple[Answer, ...] = ()
    witness: Witness

    @property
    def message(self) -> str:
        """The bytes are in ``witness.message``; this is whom it is to, as part of a sentence."""
        names = [one.text for one in self.recipients]
        if len(names) > 1:
            return f"one message to {' and '.join(names)}"
        return names[0] + (f" and {count(len(self.alike), 'more class')}" if self.alike else "")

    @property
    def circumstances(self) -> str:
        """Client, TLS, size and answers that it takes; empty where it is always so."""
        parts = []
        if self.clients:
            more = f" and {count(len(self.clients) - 1, 'more range')}" if len(self.clients) > 1 else ""
            parts.append(f"from {self.clients[0].text}{more}")
        if len(self.tls) == 1:
            parts.append("over TLS" if self.tls[0] else "in clear text")
        if self.sizes:
            parts.append(" or ".join(str(one) for one in self.sizes))
        return ", ".join([*parts, *(str(one) for one in self.answers)])

    def receptions(self) -> tuple[Reception, Reception]:
        """What becomes of the mail in either account, by the whole pipeline."""
        before, after = (one for one in self.accounts)
        assumptions = self.assumptions
        return self.witness.receive(before, assumptions=assumptions), self.witness.receive(
            after, assumptions=assumptions
        )

    @property
    def difference(self) -> Difference:
        """Both ends side by side, as what-if shows them."""
        before, after = self.receptions()
        return Difference(message=self.message, before=before, after=after, changes=changes(before, after))

    def __repr__(self) -> str:
        """One line: whom, when, what before and after."""
        when = f" ({one_line(self.circumstances, 300)})" if self.circumstances else ""
        return f"<{one_line(self.message, 300)}{when}: {one_line(self.before, 200)} → {one_line(self.after, 200)}>"


class Comparison(Sequence[Disagreement]):
    """Where two accounts treat mail differently; true in a condition where they do anywhere.

    Attributes
    ----------
    before, after : Account
        The accounts.
    order : str
        Where the order of effects counts: ``target`` or ``all``.
    undecided : tuple of str
        What was neither proved nor shown to differ, as sentences; empty as a rule.
    proved_for : str
        For how many recipients of one message the answer is proved where nothing differs.
    assumptions : tuple of Assumption
        The open points of SES that the answer rests on.
    """

    def __init__(
        self,
        before: Account,
        after: Account,
        found: Iterable[Disagreement],
        *,
        order: str,
        undecided: Iterable[str] = (),
        proved_for: str = "any number of recipients",
        assumptions: Assumptions | None = None,
    ) -> None:
        self.before, self.after, self.order = before, after, order
        self._found = tuple(found)
        self.undecided = tuple(undecided)
        self.proved_for = proved_for
        self._read = assumptions
        self.assumptions: tuple[Assumption, ...] = used(before, after, assumptions=assumptions)

    @property
    def equal(self) -> bool:
        """Whether it is proved that both treat all mail alike."""
        return not self._found and not self.undecided

    @overload
    def __getitem__(self, key: int) -> Disagreement: ...
    @overload
    def __getitem__(self, key: slice) -> Sequence[Disagreement]: ...
    def __getitem__(self, key: int | slice) -> Disagreement | Sequence[Disagreement]:
        """One of them, or some."""
        return self._found[key]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._found)

    def assumed(self) -> tuple[Otherwise, ...]:
        """The open points of SES where another reading would answer otherwise; the question is asked once for each."""

        def ask(assumptions: Assumptions) -> str:
            found = compare(self.before, self.after, order=self.order, assumptions=assumptions)
            return "; ".join(f"{one.message}: {one.before} → {one.after}" for one in found) or "no difference"

        return otherwise(ask, self.assumptions, self._read)

    def frame(self) -> pd.DataFrame:
        """One row for each difference: recipients alone first, then pairs; empty where there is none.

        Returns
        -------
        pandas.DataFrame
            recipients : string      whom one message is to
            classes : int64          how many classes of recipients it is so for
            circumstances : string   client, TLS, size and answers that it takes; empty for always
            before : string          what becomes of it
            after : string           what would become of it
            witness : string         the mail that shows it, as a line
        """
        import pandas as pd

        rows = [
            (one.message, 1 + len(one.alike), one.circumstances, one.before, one.after, one.witness.text)
            for one in self._found
        ]
        names = ["recipients", "classes", "circumstances", "before", "after", "witness"]
        frame = pd.DataFrame(rows, columns=names)
        return frame.astype({**dict.fromkeys(names, "string"), "classes": "int64"})

    def __repr__(self) -> str:
        """One line: equal, and for how many recipients; or how many differences."""
        undecided = f"; {count(len(self.undecided), 'question')} undecided" if self.undecided else ""
        if self._found:
            pairs = sum(len(one.recipients) > 1 for one in self._found)
            return f"<Comparison: {count(len(self), 'difference')}, {pairs} of them for pairs of recipients{undecided}>"
        if undecided:
            return f"<Comparison: no difference was found{undecided}>"
        return f"<Comparison: all mail is treated alike, proved for {one_line(self.proved_for)} in one message>"

    def _repr_html_(self) -> str:
        rows = [
            (
                _html.prose(one.message, 300),
                _html.prose(one.circumstances, 300) or "always",
                _html.escape(one.before, 200),
                _html.escape(one.after, 200),
                _html.prose(one.witness.text, 300),
            )
            for one in self._found[:200]
        ]
        heads = ("whom", "when", "before", "after", "the mail that shows it")
        text = "\n".join([repr(self), *map(repr, self._found[:40]), *map(one_line, self.undecided)])
        said = "".join(f"<p>{_html.prose(one)}</p>" for one in self.undecided)
        body = (
            _html.table(heads, rows, caption=repr(self)[1:-1]) if rows else f"<p>{_html.escape(repr(self)[1:-1])}</p>"
        )
        return _html.frame(text, body + said)


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
    (``tests/benchmarks/bench_analysis.py``).

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
    both = Both(before, after, assumptions, order)
    found = [*_singles(both)]
    pairs = Pairs(both)
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
    )


def _singles(both: Both) -> Iterator[Disagreement]:
    for group in both.groups:
        differing = both.differing(group)
        if not differing:
            continue
        first = differing[0]
        clients: tuple[AddressRange, ...] = ()
        outcomes = {one.outcome for one in differing}
        if outcomes != set(both.outcomes):
            clients = tuple(both.clients_of(outcomes))
        tls = tuple(one for one in (True, False) if any(setting.tls is one for setting in differing))
        sizes = tuple(dict.fromkeys(one.size for one in differing))
        all_sizes = {one.size for one in both.settings_of(group)}
        yield _disagreement(
            both,
            (group.recipients[0],),
            first,
            alike=group.recipients[1:],
            clients=clients,
            tls=tls,
            sizes=() if set(sizes) == all_sizes else sizes,
        )


def _pair(both: Both, one: RecipientClass, other: RecipientClass, setting: Setting) -> Disagreement:
    sizes = () if setting.size is SizeClass.SMALL else (setting.size,)
    return _disagreement(
        both, (one, other), setting, sizes=sizes, tls=(setting.tls,) if not setting.tls else (True, False)
    )


def _disagreement(
    both: Both,
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
    texts = [_outcome(both, side, recipients, setting) for side in (0, 1)]
    return Disagreement(
        accounts=(both.sides[0].account, both.sides[1].account),
        assumptions=both.assumptions,
        recipients=recipients,
        alike=tuple(alike),
        clients=clients,
        tls=tls,
        sizes=sizes,
        before=texts[0],
        after=texts[1],
        answers=answers,
        witness=Witness(envelope=mail.envelope, size_bytes=mail.size_bytes, answers=answers),
    )


def _outcome(both: Both, side: int, recipients: tuple[RecipientClass, ...], setting: Setting) -> str:
    """What becomes of a mail, as a clause: the answer if it is refused, else what is done."""
    judged = both.sides[side]
    replies = [judged.reply(one, let_in=setting.outcome[side], tls=setting.tls) for one in recipients]
    if not all(reply.accepted for reply in replies):
        return str(next(reply for reply in replies if not reply.accepted))
    done = [
        shown(action)
        for position in judged.fired(recipients, tls=setting.tls)
        for action in judged.rules[position].actions
    ]
    more = f" and {len(done) - 6} more" if len(done) > 6 else ""
    return (", ".join(done[:6]) + more) or "taken, and nothing is done"


def equivalent(one: Account, other: Account, *, order: str = "target", assumptions: Assumptions | None = None) -> Proof:
    """Whether two accounts treat all mail alike; if not, the smallest mail that they do not.

    Parameters
    ----------
    one, other : Account
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
    found = compare(one, other, order=order, assumptions=assumptions)
    claim = "both accounts treat all mail alike"
    if found.equal:
        because = f"proved for {found.proved_for} in one message"
        return Proof(claim=claim, certainty=Certainty.ALWAYS, because=because, assumptions=found.assumptions)
    if not found:
        return Proof(
            claim=claim, certainty=Certainty.POSSIBLY, because=found.undecided[0], assumptions=found.assumptions
        )
    least = min(found, key=_weight)
    return Proof(
        claim=claim,
        certainty=Certainty.POSSIBLY if least.answers else Certainty.NEVER,
        because=f"{least.message}: {least.before} → {least.after}",
        needs=tuple(map(str, least.answers)),
        witness=least.witness,
        assumptions=found.assumptions,
    )


def _weight(one: Disagreement) -> tuple[int, int, int, int]:
    """Fewest answers, recipients, bytes and letters first."""
    mail = one.witness
    return len(one.answers), len(mail.envelope.rcpt_to), mail.size_bytes, len(mail.text)


def ends_alike(before: Reception, after: Reception, *, order: str = "target") -> bool:
    """Whether two ends of one message are the same to the world: answers, and effects by target, whoever asks for them.

    What a bounce or a notification says of itself, its rule and the time it took, does not count.
    """
    if [str(one) for one in before.replies] != [str(one) for one in after.replies] or before.accepted != after.accepted:
        return False
    rows = [_by_target(one.effects, order) for one in (before, after)]
    if rows[0].keys() != rows[1].keys():
        return False
    return all(
        len(effects) == len(rows[1][target]) and all(map(_same, effects, rows[1][target]))
        for target, effects in rows[0].items()
    )


def _by_target(effects: Iterable[Effect], order: str) -> dict[tuple[str, str], list[Effect]]:
    rows: dict[tuple[str, str], list[Effect]] = {}
    for effect in effects:
        target = (effect.operation, effect.target) if order == "target" else ("", "")
        rows.setdefault(target, []).append(effect)
    return rows


def _same(before: Effect, after: Effect) -> bool:
    if type(before) is not type(after):
        return False
    names = [item.name for item in fields(before) if item.name not in ("rule", "action")]
    return all(untimed(getattr(before, name)) == untimed(getattr(after, name)) for name in names)
