"""Goals of rules and filters: an answer is right if it treats all mail as the goal does, however it is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sesreceive.account.account import Account
from sesreceive.account.filters import ReceiptFilter
from sesreceive.analysis.compare import equivalent
from sesreceive.analysis.witness import Witness
from sesreceive.errors import InputError, one_line
from sesreceive.lessons.account_goal import AccountGoal, from_api, valid
from sesreceive.lessons.result import Finding
from sesreceive.reception import Reception
from sesreceive.wording import wrong_kind

__all__ = ["FiltersGoal", "RulesGoal"]


@dataclass(frozen=True, slots=True, repr=False)
class RulesGoal(AccountGoal):
    """Rules that treat all mail as those of `account` do: proved by `ses.equivalent`, or broken by a smallest mail.

    Attributes
    ----------
    account, base : Account
        As for `AccountGoal`.
    order : str
        Where the order of effects counts, as `ses.compare` takes it.
    scanning : bool
        Whether ScanEnabled counts; else a rule that scans is like one that does not, since few tasks are about it.
    """

    order: str = "target"
    scanning: bool = False

    def finding(self, value: Account) -> Finding:
        """The smallest mail that is treated otherwise."""
        proof = equivalent(self._level(value), self._level(self.account), order=self.order)
        if proof.holds:
            return Finding(passed=True)
        witness = proof.witness
        if witness is None:
            return Finding(passed=False, message=f"whether this is right could not be decided: {proof.because}")
        reception = witness.receive(value)
        sentence = f"a mail {_mail(witness)}: with your answer, {_outcome(reception)}; the task asks for something else"
        return Finding(passed=False, message=sentence, witness=witness, reception=reception)

    def _level(self, account: Account) -> Account:
        """The account with every rule scanning, where that does not count."""
        active = account.active_rule_set
        if self.scanning or active is None:
            return account
        rules = tuple(rule.replace(scan_enabled=True) for rule in active.rules)
        return account.with_rule_set(active.replace(rules=rules))

    def same(self, value: Account, known: Account) -> bool:
        """Whether two accounts treat all mail alike."""
        return equivalent(self._level(value), self._level(known), order=self.order).holds


@dataclass(frozen=True, slots=True, repr=False)
class FiltersGoal(RulesGoal):
    """IP address filters that let in and refuse the same clients as those of `account`."""

    @property
    def wants(self) -> str:
        """Filters."""
        return "a list of IP address filters"

    @property
    def solution(self) -> Any:
        """The filters of the account."""
        return self.account.filters

    def read(self, answer: Any) -> Account:
        """The account with the filters of the answer."""
        if isinstance(answer, Mapping):
            # Rules are no answer: with them the filters would be those of the solution.
            answer = [answer] if "IpFilter" in answer else from_api(answer, self.wants)
        if isinstance(answer, Account):
            answer = answer.filters
        if isinstance(answer, ReceiptFilter):
            answer = (answer,)
        if isinstance(answer, str | bytes) or not isinstance(answer, Iterable):
            raise InputError(wrong_kind(self.wants, answer))
        filters = tuple(_filter(one, self.wants) for one in answer)
        return valid(self.account.replace(filters=filters))

    def plain(self, value: Account) -> Any:
        """The filters as boto3 has them."""
        return [one.to_api() for one in value.filters]


def _filter(value: Any, wants: str) -> ReceiptFilter:
    if isinstance(value, ReceiptFilter):
        return value
    if isinstance(value, Mapping):
        return ReceiptFilter.from_api(value)
    raise InputError(wrong_kind(wants, value))


def _mail(witness: Witness) -> str:
    """The mail as part of a sentence: only what can matter."""
    envelope = witness.envelope
    parts = ["to " + " and ".join(f"`{one_line(one, 100)}`" for one in envelope.rcpt_to)]
    parts.append(f"from {envelope.client_ip}" if envelope.client_ip else "from an unknown client")
    if not envelope.tls:
        parts.append("in clear text")
    if witness.size_bytes:
        parts.append(f"of {witness.size_bytes} bytes")
    return ", ".join([*parts, *map(str, witness.answers)])


def _outcome(reception: Reception) -> str:
    """What became of a mail, as part of a sentence."""
    refused = next((reply for reply in reception.replies if not reply.accepted), reception.reply)
    if not reception.accepted:
        return f"it is refused (`{one_line(refused, 200)}`)"
    done = [one_line(effect.describe(), 200) for effect in reception.effects]
    return "it is taken, and " + (f"this is done: {'; '.join(done)}" if done else "nothing is done with it")
