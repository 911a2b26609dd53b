"""Goals of rules and filters: an answer is right if it treats all mail as the goal does, however it is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sesreceive.account.account import Account
from sesreceive.account.filters import ReceiptFilter
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet
from sesreceive.analysis.compare import equivalent
from sesreceive.analysis.witness import Witness
from sesreceive.errors import InputError, SesReceiveError, one_line
from sesreceive.lessons.goal import Goal
from sesreceive.lessons.result import Finding
from sesreceive.reception import Reception
from sesreceive.wording import wrong_kind

__all__ = ["FiltersGoal", "RulesGoal", "account_of", "does"]


@dataclass(frozen=True, slots=True, repr=False)
class RulesGoal(Goal):
    """Rules that treat all mail as those of `account` do: proved by `ses.equivalent`, or broken by a smallest mail.

    Attributes
    ----------
    account : Account
        One right answer. What the answer does not say, identities and filters, is taken from here.
    order : str
        Where the order of effects counts, as `ses.compare` takes it.
    scanning : bool
        Whether ScanEnabled counts; else a rule that scans is like one that does not, since few tasks are about it.
    """

    account: Account
    order: str = "target"
    scanning: bool = False

    @property
    def wants(self) -> str:
        """An account, or what is in it."""
        return "an account, a rule set, or a list of rules"

    @property
    def solution(self) -> Account:
        """The account itself."""
        return self.account

    def read(self, answer: Any) -> Account:
        """The account that the answer stands for, valid."""
        account = account_of(answer, self.account, self.wants)
        if problems := account.problems():
            raise InputError(f"SES would refuse this: {problems[0]}")
        return account

    def finding(self, value: Account) -> Finding:
        """The smallest mail that is treated otherwise."""
        proof = equivalent(self._level(value), self._level(self.account), order=self.order)
        if proof.holds:
            return Finding(passed=True)
        witness = proof.witness
        if witness is None:
            return Finding(passed=False, message=f"whether this is right could not be decided: {proof.because}")
        reception = witness.receive(value)
        sentence = f"a mail {_mail(witness)}: with your answer, {does(reception)}; the task asks for something else"
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

    def plain(self, value: Account) -> Any:
        """The account as boto3 has it."""
        return value.to_api()


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
        if isinstance(answer, Mapping) and "IpFilter" in answer:
            answer = [answer]
        if isinstance(answer, Account | Mapping):
            answer = account_of(answer, self.account, self.wants).filters
        if isinstance(answer, ReceiptFilter):
            answer = (answer,)
        if isinstance(answer, str | bytes) or not isinstance(answer, Iterable):
            raise InputError(wrong_kind(self.wants, answer))
        filters = tuple(_filter(one, self.wants) for one in answer)
        account = self.account.replace(filters=filters)
        if problems := account.problems():
            raise InputError(f"SES would refuse this: {problems[0]}")
        return account

    def plain(self, value: Account) -> Any:
        """The filters as boto3 has them."""
        return [one.to_api() for one in value.filters]


def _filter(value: Any, wants: str) -> ReceiptFilter:
    if isinstance(value, ReceiptFilter):
        return value
    if isinstance(value, Mapping):
        return ReceiptFilter.from_api(value)
    raise InputError(wrong_kind(wants, value))


def account_of(answer: Any, base: Account, wants: str) -> Account:
    """The account that an answer stands for: itself, or `base` with the rules of the answer in force.

    Parameters
    ----------
    answer : Account, ReceiptRuleSet, ReceiptRule, several rules, or what `to_api` of these gives
        The answer.
    base : Account
        Where the rest is taken from.
    wants : str
        What is expected, for the sentence of the error.

    Raises
    ------
    InputError
        When it is none of these.
    """
    try:
        if isinstance(answer, Mapping):
            answer = _from_api(answer)
    except SesReceiveError as error:
        raise InputError(f"expected {wants}: {one_line(str(error).splitlines()[0], 500)}") from error
    if isinstance(answer, Account):
        return answer
    if isinstance(answer, ReceiptRule):
        answer = (answer,)
    if not isinstance(answer, ReceiptRuleSet):
        if isinstance(answer, str | bytes) or not isinstance(answer, Iterable):
            raise InputError(wrong_kind(wants, answer))
        rules = tuple(ReceiptRule.from_api(one) if isinstance(one, Mapping) else one for one in answer)
        for one in rules:
            if not isinstance(one, ReceiptRule):
                raise InputError(wrong_kind(wants, one))
        answer = ReceiptRuleSet(name=base.active or "main", rules=rules)
    return base.replace(rule_sets=(answer,), active=answer.name)


def _from_api(answer: Mapping[str, Any]) -> Account | ReceiptRuleSet | ReceiptRule:
    if "Rules" in answer:
        return ReceiptRuleSet.from_api(answer)
    if "Name" in answer:
        return ReceiptRule.from_api(answer)
    return Account.from_api(answer)


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


def does(reception: Reception) -> str:
    """What became of a mail, as part of a sentence."""
    refused = next((reply for reply in reception.replies if not reply.accepted), reception.reply)
    if not reception.accepted:
        return f"it is refused (`{one_line(refused, 200)}`)"
    done = [one_line(effect.describe(), 200) for effect in reception.effects]
    return "it is taken, and " + (f"this is done: {'; '.join(done)}" if done else "nothing is done with it")
