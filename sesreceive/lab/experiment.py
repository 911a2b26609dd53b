"""One corpus under several rule sets: what each comes to, which messages end otherwise, why, and what it costs.

Each message is authenticated and scanned once. Of messages that are alike one is judged (`lab.corpus_classes`), by a
variant only where it can make a difference to it (`sesreceive.analysis.affecting`). What differs is told in the
sentences of `sesreceive.reading.changes`.
"""

from __future__ import annotations

import copy
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sesreceive.account.account import Account
from sesreceive.analysis.affecting import Affecting
from sesreceive.effects import SendBounce
from sesreceive.errors import InputError, Problem, ValidationError, one_line
from sesreceive.functions.registry import Functions
from sesreceive.lab.corpus_classes import CorpusClasses
from sesreceive.lab.ends import End, bouncing_to, end_of
from sesreceive.lab.experiment_result import Experiment
from sesreceive.lab.known_mail import Joined, KnownMail, ReceivedMail, Rehearsal
from sesreceive.lab.received_tables import ReceivedTables, are_tables
from sesreceive.lab.traffic import Traffic
from sesreceive.lab.variant import Mail, Variant
from sesreceive.mail.corpus import Override, Source
from sesreceive.mail.mailbox_path import bare_address
from sesreceive.reading.changes import differs
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.replay import Progress, ReplayFolder, replay
from sesreceive.report import Report
from sesreceive.report.collecting import fewer_collections
from sesreceive.report.cost import PRICES, Prices
from sesreceive.wording import count, expected

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from sesreceive.dns.resolver import Resolver

__all__ = ["experiment"]

_WRITTEN = "whether the same is written is told by their bytes"


def experiment(
    receiver: Receiver,
    *,
    variants: Mapping[str, Account],
    corpus: Report | ReplayFolder | Sequence[Reception] | Source | None = None,
    traffic: Traffic | Source | int | None = None,
    seed: int | None = None,
    prices: Prices | None = None,
    envelope: Override | None = None,
    executor: Executor | None = None,
    progress: Progress | bool | None = None,
    limit: int | None = None,
) -> Experiment:
    """What a corpus comes to under several accounts; nothing is performed.

    Parameters
    ----------
    receiver : Receiver
        Whose DNS, scanners, assumptions and provider lists hold; it is not changed. The Lambda functions of its backend
        are called, once for each event that is another one; where there are none, mail goes on.
    variants : mapping of str to Account
        The accounts by name; the first is what the others are held against.
    corpus : Report, ReplayFolder, sequence of Reception, or source of mail
        Mail that was received; a replay that was written to Parquet, or the folder of one; or mail to be received, as
        `Receiver.replay` takes it. Of tables alone the messages are not known; what follows from that stands in
        `Experiment.notes`.
    traffic : Traffic, source of mail, or int
        Mail that is made, or so many messages of it for these accounts; comes after the corpus.
    seed : int, optional
        Of the traffic, where that is a number; 1 by default.
    prices : Prices, optional
        In US dollars; by default the dated table `sesreceive.report.cost.PRICES`.
    envelope, executor, progress, limit
        Of mail to be received; see `Receiver.replay`.

    Returns
    -------
    Experiment
        With a table of outcomes by variant, what differs and why, the cost, and pictures.

    Raises
    ------
    InputError
        When there is no mail, no variant, or an option has no effect.
    ValidationError
        When an account breaks documented constraints; the path names the variant.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, recipients=("example.com",))
    >>> rules = ses.ReceiptRuleSet(name="main", rules=(rule,))
    >>> today = ses.Account(identities=("example.com",), active="main", rule_sets=(rules,))
    >>> with_tls = today.with_rule_set(rules.replace(rules=(rule.replace(tls_policy="Require"),)))
    >>> experiment(ses.Receiver(today, seed=1), variants={"today": today, "with TLS": with_tls}, traffic=100)
    <Experiment on 100 messages: today, with TLS (... end otherwise)>
    """
    if not isinstance(receiver, Receiver):
        raise InputError(expected("a Receiver", receiver))
    accounts = _accounts(variants)
    if not isinstance(prices, Prices | None):
        raise InputError(f"prices: {expected('a Prices', prices)}")
    prices = prices or PRICES
    made = traffic
    if isinstance(traffic, int) and not isinstance(traffic, bool):
        made = Traffic(accounts=tuple(accounts.values()), messages=traffic, seed=1 if seed is None else seed)
    if seed is not None and made is traffic:
        raise InputError("seed has no effect without a number of messages in `traffic`: it says which are made")
    receive = _Receiving(receiver, next(iter(accounts.values())), envelope, executor, progress, limit)
    parts = [receive.known(source) for source in (corpus, made) if source is not None]
    if not parts:
        raise InputError("expected mail in `corpus` or `traffic` but got neither")
    receive.refuse_idle()
    mail: KnownMail = parts[0] if len(parts) == 1 else Joined(parts)
    if not len(mail):
        if receive.interrupted:  # before there was any: it is not that there is none
            raise KeyboardInterrupt
        raise InputError(f"expected mail but there is none{receive.why_none}")
    with fewer_collections():
        tried = _tried(receiver, accounts, mail, prices, (*receive.notes, *mail.notes), calls=receive.calls)
    return replace(tried, interrupted=receive.interrupted)


def _accounts(variants: Any) -> dict[str, Account]:
    """The accounts, checked."""
    if not isinstance(variants, Mapping) or not variants:
        raise InputError(f"variants: {expected('accounts by name', variants)}")
    problems: list[Problem] = []
    for name, account in variants.items():
        if not isinstance(name, str) or not name.strip():
            raise InputError(f"variants: {expected('a name', name)}")
        if not isinstance(account, Account):
            raise InputError(f"variants[`{one_line(name, 80)}`]: {expected('an Account', account)}")
        where = f"variants[{one_line(name, 80)}]"
        problems += [Problem(f"{where}.{one.path}", one.message, one.source) for one in account.problems()]
    if problems:
        raise ValidationError(*problems)
    return dict(variants)


class _Receiving:
    """Makes known mail of every kind of source; mail that is new is received under the first account."""

    def __init__(
        self,
        receiver: Receiver,
        account: Account,
        envelope: Override | None,
        executor: Executor | None,
        progress: Progress | bool | None,
        limit: int | None,
    ) -> None:
        self._receiver, self._account = receiver, account
        self._options: dict[str, Any] = {
            name: value
            for name, value in (
                ("envelope", envelope), ("executor", executor), ("progress", progress), ("limit", limit)
            )
            if value is not None
        }  # fmt: skip
        functions = getattr(receiver.backend, "functions", None)
        self._functions = functions if isinstance(functions, Functions) and len(functions) else None
        self.calls = self._functions is not None
        self._received = False
        self.notes: tuple[str, ...] = ()
        self.why_none = ""
        self.interrupted = False

    def known(self, source: Any) -> KnownMail:
        """The mail of one source."""
        if isinstance(source, Report):
            if not source.keep:
                return ReceivedTables.of_report(source, self._receiver)
            self.notes += source.notes
            return ReceivedMail(source, self._receiver, self._functions)
        if isinstance(source, Sequence) and len(source) and isinstance(source[0], Reception):
            return ReceivedMail(source, self._receiver, self._functions)
        if isinstance(source, ReplayFolder):
            return ReceivedTables.read(source.path, self._receiver)
        if isinstance(source, str | os.PathLike) and are_tables(Path(source).expanduser()):
            return ReceivedTables.read(Path(source).expanduser(), self._receiver)
        return self._new(source)

    def _new(self, source: Any) -> KnownMail:
        self._received = True
        resolver = self._receiver.resolver
        if isinstance(source, Traffic):
            resolver = source.resolver(resolver)
        receiver = self._rehearsing(resolver)
        report = replay(receiver, source, **self._options)
        self.notes += report.notes
        if stopped := report.passed_over_items:
            named = f"{one_line(stopped[0].name, 80)}: " if stopped[0].name else ""
            reason = f"{named}{one_line(stopped[0].reason, 300)}"
            self.why_none = f": {reason}"
            self.notes += (f"{count(len(stopped), 'item')} passed over that was no message, such as {reason}",)
        if report.interrupted:
            self.interrupted = True
            self.notes += ("receiving was stopped before its end",)
        return ReceivedMail(report, receiver, self._functions)

    def _rehearsing(self, resolver: Resolver) -> Receiver:
        """The receiver with the first account, whose effects take place nowhere; the one given draws no ids for it."""
        receiver = copy.copy(self._receiver)
        receiver.account = self._account
        receiver.backend = Rehearsal(self._functions)
        receiver.resolver = resolver
        receiver.clock, receiver.message_ids = copy.deepcopy((self._receiver.clock, self._receiver.message_ids))
        return receiver

    def refuse_idle(self) -> None:
        """Refuse options of receiving where all mail was received before."""
        if self._options and not self._received:
            name = next(iter(self._options))
            raise InputError(f"{name} has no effect: the mail of the corpus was received before")


def _tried(
    receiver: Receiver,
    accounts: Mapping[str, Account],
    mail: KnownMail,
    prices: Prices,
    notes: Sequence[str],
    *,
    calls: bool,
) -> Experiment:
    """The mail under each account: of each class of messages the first is judged."""
    first, *others = accounts
    classes = CorpusClasses(mail, accounts.values(), calls=calls, permissions=receiver.permissions is not None)
    facts = tuple(
        Mail(fact.name or f"#{number}", fact.size_bytes, fact.client_ip) for number, fact in enumerate(classes.facts)
    )
    affecting = {name: Affecting(accounts[name], receiver) for name in others}
    affected: dict[str, list[int]] = {name: [] for name in others}
    same: dict[End, End] = {}  # equal ends are one object: a million messages end in a hundred ways
    ends: list[End] = []
    for place, reception in enumerate(mail.under(accounts[first], classes.firsts)):
        end = end_of(reception)
        ends.append(same.setdefault(end, end))
        for name, can_affect in affecting.items():
            if can_affect(reception):
                affected[name].append(place)

    def both(name: str, numbers: Sequence[int]) -> Iterator[tuple[Reception, Reception]]:
        return zip(*(mail.under(accounts[one], numbers) for one in (first, name)), strict=True)

    def variant(name: str, its_ends: Sequence[End], numbers: Sequence[int]) -> Variant:
        return Variant(
            name=name,
            account=accounts[name],
            ends=tuple(_of_messages(classes, its_ends)),
            numbers=tuple(numbers),
            _first=accounts[first],
            _mail=mail,
            _common=facts,
            _prices=prices,
        )

    looked_into: set[int] = set()

    def tried() -> Iterator[Variant]:
        yield variant(first, ends, ())
        for name in others:
            its_ends, differing, open_places = list(ends), [], []
            places = affected[name]
            pairs = both(name, [classes.firsts[place] for place in places])
            for place, (before, after) in zip(places, pairs, strict=True):
                end = end_of(after)
                its_ends[place] = same.setdefault(end, end)
                if differs(before, after, contents=classes.sizes[place] == 1):
                    differing.append(place)
                elif classes.sizes[place] > 1:
                    open_places.append(place)
            numbers = classes.members(open_places)
            looked_into.update(numbers)
            written = [number for number, pair in zip(numbers, both(name, numbers), strict=True) if differs(*pair)]
            yield variant(name, its_ends, sorted([*classes.members(differing), *written]))

    variants = tuple(tried())
    return Experiment(
        variants=variants,
        mail=facts,
        prices=prices,
        notes=tuple(dict.fromkeys(notes)),
        classes=len(classes),
        alone=dict(classes.alone + Counter({_WRITTEN: len(looked_into)})),
    )


def _of_messages(classes: CorpusClasses, ends: Sequence[End]) -> Iterator[End]:
    """The end of each message, by those of the classes."""
    bounces = [any(deed.operation == SendBounce.operation for deed in end.deeds) for end in ends]
    if not any(bounces):
        yield from map(ends.__getitem__, classes.of)
        return
    made: dict[tuple[int, str], End] = {}
    for place, fact in zip(classes.of, classes.facts, strict=True):
        if not bounces[place]:
            yield ends[place]
            continue
        key = place, bare_address(fact.mail_from)
        if key not in made:
            made[key] = bouncing_to(ends[place], key[1])
        yield made[key]
