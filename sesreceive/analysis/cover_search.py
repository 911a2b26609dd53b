"""Looks for the mails of a covering corpus: one for what nothing covers yet, further recipients, two mails in one.

Greedy: the least set cover is a hard problem. Whether a mail covers something is what `Receiver.receive` makes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.filters import Policy
from sesreceive.account.rule_set import TlsPolicy
from sesreceive.actions.lambda_ import LambdaAction
from sesreceive.analysis.classes import RecipientClass, RecipientKind, SizeClass
from sesreceive.analysis.cover_items import Covering, CoverKey, CoverKind, Outcome
from sesreceive.analysis.coverage_tally import CoverageTally
from sesreceive.analysis.filter_reach import filter_reach
from sesreceive.analysis.reachability import Reachability, Way
from sesreceive.analysis.witness import Answer, DryRun, Witness
from sesreceive.assumption import Assumptions
from sesreceive.flow import Flow
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception

__all__ = ["CoverSearch", "Found", "needed"]

# RFC 5321 section 4.5.3.1.8: what every server takes of one message.
_RECIPIENTS = 100
# Mails that one is tried to be made one with.
_TRIED = 30

_ORDINARY = (Outcome.ACCEPTED, Outcome.UNAVAILABLE)

Found = tuple[Witness, Reception, set[CoverKey]]
"""A mail, what became of it, and what it covers."""


def needed(found: list[Found]) -> list[Found]:
    """Those without which something would not be covered; later ones are tried first, which have the least."""
    hits: dict[CoverKey, int] = {}
    for _, _, covered in found:
        for key in covered:
            hits[key] = hits.get(key, 0) + 1
    kept = []
    for one in reversed(found):
        if all(hits[key] > 1 for key in one[2]):
            for key in one[2]:
                hits[key] -= 1
        else:
            kept.append(one)
    return kept[::-1]


class CoverSearch:
    """Looks for mails that cover what is not covered yet."""

    def __init__(self, account: Account, assumptions: Assumptions | None) -> None:
        self.account = account
        self.reach = Reachability(account, assumptions)
        self.receiver = Receiver(account, assumptions=assumptions, seed=1)
        self.covering = Covering(account, assumptions)
        empty = CoverageTally(account, assumptions).coverage()
        self.wanted = [item.key for item in empty.items if item.status != "dead"]
        self._positions = {rule.name: position for position, rule in enumerate(self.reach.rules)}
        self._clients = {
            item.name: item.client for item in filter_reach(self.reach.partition, self.reach.judged) if not item.dead
        }
        self._most = min(_RECIPIENTS, self.reach.assumptions.max_recipients)

    @property
    def at_least(self) -> int:
        """How many of the wanted items exclude each other: a mail ends the set once, and one filter decides."""
        blocking = {item.name for item in self.account.filters if item.policy is Policy.BLOCK}
        refused = sum(key.kind is CoverKind.FILTER and key.name in blocking for key in self.wanted)
        allowed = sum(key.kind is CoverKind.FILTER and key.name not in blocking for key in self.wanted)
        ends = sum(
            (key.kind is CoverKind.DISPOSITION and key.part == Flow.STOP_RULE_SET)
            or (key.kind is CoverKind.ACTION and self._action(key).flow() is Flow.STOP_RULE_SET)
            for key in self.wanted
        )
        answers: dict[tuple[str, int], int] = {}
        for key in self.wanted:
            if key.kind is CoverKind.DISPOSITION:
                answers[key[1:3]] = answers.get(key[1:3], 0) + 1
        # A rule that requires TLS fires over TLS, and TLS is asked for in clear text.
        ways = {key.part for key in self.wanted if key.kind is CoverKind.OUTCOME} & {Outcome.ACCEPTED, Outcome.TLS}
        return max(refused + max((ends, allowed, len(ways), *answers.values())), 1)

    def _action(self, key: CoverKey) -> ReceiptAction:
        return self.reach.rules[self._positions[key.name]].actions[key.position]

    def mails(self) -> Iterator[Found]:
        """Mails until everything is covered that one can be found for."""
        missing = dict.fromkeys(self.wanted)
        # What takes a client, a size or an answer of its own comes first, so that the rest can ride along.
        for key in sorted(self.wanted, key=self._order):
            if key not in missing:
                continue
            base = self._base(key)
            if base is None:
                continue
            found = self._received(base)
            if key not in found[2]:
                continue
            found = self._extended(found, missing)
            for covered in found[2]:
                missing.pop(covered, None)
            yield found

    def _order(self, key: CoverKey) -> int:
        special = (CoverKind.FILTER, CoverKind.DISPOSITION)
        if key.kind in special or (key.kind is CoverKind.OUTCOME and key.part not in _ORDINARY):
            return 0
        ends = key.kind is CoverKind.ACTION and self._action(key).flow() is Flow.STOP_RULE_SET
        return 1 if ends else 2

    def _received(self, mail: Witness) -> Found:
        self.receiver.backend = DryRun(mail.answers)
        reception = self.receiver.receive(mail.message, mail.envelope)
        return mail, reception, self.covering.of(reception)

    # ------------------------------------------------------------------ a mail for one item

    def _base(self, key: CoverKey) -> Witness | None:
        reach = self.reach
        if key.kind is CoverKind.FILTER:
            return reach.mail(self._somebody(), client=self._clients[key.name])
        if key.kind is CoverKind.OUTCOME:
            return self._outcome(key)
        way = self._way(key)
        if way is None:
            return None
        mail = reach.witness(way)
        if key.kind is CoverKind.DISPOSITION:
            action = self._action(key)
            asked = action.function_arn if isinstance(action, LambdaAction) else action.api_name
            return replace(mail, answers=(*mail.answers, Answer(asked, Flow(key.part))))
        return mail

    def _way(self, key: CoverKey) -> Way | None:
        position = self._positions[key.name]
        if key.kind is CoverKind.RULE:
            return self.reach.seen[position].way
        if key.kind is CoverKind.CONDITION:
            condition = self.reach.conditions.get((position, key.position))
            return condition.way if condition is not None else None
        return self.reach.seen[position].actions.get(key.position)

    def _outcome(self, key: CoverKey) -> Witness | None:
        reach = self.reach
        if key.part == Outcome.TOO_LARGE:
            way = reach.seen[self._positions[key.name]].way
            return reach.witness(way._replace(size=SizeClass.LARGE)) if way is not None else None
        if key.part == Outcome.UNAVAILABLE:
            nobody = next((one for one in reach.partition.recipients if one.kind is RecipientKind.ELSEWHERE), None)
            return reach.mail(nobody) if nobody is not None else None
        if key.part == Outcome.BLOCKED:
            blocked = (self._clients.get(item.name) for item in self.account.filters if item.policy is Policy.BLOCK)
            client = next((one for one in blocked if one is not None), None)
            return reach.mail(self._somebody(), client=client) if client is not None else None
        if key.part == Outcome.TLS:
            for matched, (recipient, *_) in reach.groups:
                if all(reach.rules[position].tls_policy is TlsPolicy.REQUIRE for position in matched):
                    return reach.mail(recipient, tls=False)
            return None
        return reach.mail(self._somebody())

    def _somebody(self) -> RecipientClass:
        """Somebody whose mail a rule takes, where there is one."""
        taken = (one.way.recipient for one in self.reach.seen if one.way is not None)
        return next(taken, self.reach.partition.recipients[0])

    # ------------------------------------------------------------------ two mails in one

    def joined(self, found: list[Found]) -> list[Found]:
        """The mails with two made one where that loses nothing; each is held against `_TRIED` others at most."""
        joined: list[Found] = []
        for one in found:
            for at in range(len(joined) - 1, max(-1, len(joined) - 1 - _TRIED), -1):
                both = self._both(joined[at], one)
                if both is not None:
                    joined[at] = both
                    break
            else:
                joined.append(one)
        return joined

    def _both(self, first: Found, second: Found) -> Found | None:
        """One mail that covers what two do; None where the two of them put together do not."""
        mail, other = first[0], second[0]
        recipients = tuple(dict.fromkeys((*mail.envelope.rcpt_to, *other.envelope.rcpt_to)))
        ordinary = self.reach.partition.ordinary.client.representative
        clients = {mail.envelope.client_ip, other.envelope.client_ip} - {ordinary}
        if len(recipients) > self._most or len(clients) > 1 or mail.envelope.tls is not other.envelope.tls:
            return None
        envelope = mail.envelope.changed(rcpt_to=recipients, client_ip=next(iter(clients), ordinary))
        both = self._received(
            Witness(
                envelope=envelope,
                size_bytes=max(mail.size_bytes, other.size_bytes),
                answers=(*mail.answers, *other.answers),
            )
        )
        return both if first[2] | second[2] <= both[2] else None

    # ------------------------------------------------------------------ further recipients

    def _extended(self, found: Found, missing: dict[CoverKey, None]) -> Found:
        """The same mail to further recipients, where they bring something and take nothing."""
        mail, _, covered = found
        named = set(mail.envelope.rcpt_to)
        candidates: dict[str, None] = {}
        for key in missing:
            if len(candidates) + len(named) >= self._most:
                break
            if key in covered or key.kind is CoverKind.FILTER or key.kind is CoverKind.DISPOSITION:
                continue
            other = self._base(key)
            for recipient in other.envelope.rcpt_to if other is not None and not other.answers else ():
                if recipient not in named:
                    candidates[recipient] = None
        return self._added(found, list(islice(candidates, self._most - len(named))), missing)

    def _added(self, found: Found, recipients: list[str], missing: dict[CoverKey, None]) -> Found:
        """All of the recipients that do no harm, by halves: most do none."""
        if not recipients:
            return found
        mail, _, covered = found
        longer = self._received(mail.to(*mail.envelope.rcpt_to, *recipients))
        lost = any(key in missing for key in covered - longer[2])
        if not lost and any(key in missing for key in longer[2] - covered):
            return longer
        if len(recipients) == 1:
            return found
        middle = len(recipients) // 2
        found = self._added(found, recipients[:middle], missing)
        return self._added(found, recipients[middle:], missing)
