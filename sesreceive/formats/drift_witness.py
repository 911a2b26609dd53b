"""A mail that two accounts receive otherwise, looked for at what is known to differ."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sesreceive.account.account import Account
from sesreceive.account.filters import ReceiptFilter
from sesreceive.account.identities import Identity
from sesreceive.account.rule_set import ReceiptRule
from sesreceive.errors import one_line
from sesreceive.receiver import Receiver

__all__ = ["Witness", "envelope_words"]

_MAIL = b"From: ana@example.org\r\nSubject: drift\r\n\r\nwhat became of it?\r\n"
_NOBODY = "198.51.100.7"
# Mails tried for one row; a rule with 500 recipients differs at the first of them or hardly at all.
_TRIED = 24


def envelope_words(mail: Mapping[str, Any]) -> str:
    """The envelope of a mail as words; empty for none."""
    if not mail:
        return ""
    words = f"mail to {one_line(mail['rcpt_to'][0], 120)}"
    if mail["client_ip"] != _NOBODY:
        words += f" from {one_line(mail['client_ip'], 60)}"
    return words + ("" if mail["tls"] else " without TLS")


class Witness:
    """Looks for a mail that two accounts receive otherwise."""

    def __init__(self, template: Account, account: Account) -> None:
        self.accounts = (account, template)
        self.receivers = [_receiver(one) for one in self.accounts]

    def of(self, values: Sequence[Any]) -> tuple[dict[str, Any], str, str]:
        """A mail about some rules, filters or identities, and what becomes of it in account and template."""
        if None in self.receivers:
            return {}, "", ""
        for number, mail in enumerate(self.mails(values)):
            if number >= _TRIED:
                break
            in_account, in_template = (_done(one, mail) for one in self.receivers if one is not None)
            if in_account != in_template:
                return mail, in_account, in_template
        return {}, "", ""

    def mails(self, values: Sequence[Any]) -> Iterator[dict[str, Any]]:
        for recipient, client_ip in self.envelopes(values):
            for tls in (True, False):
                yield {"rcpt_to": [recipient], "client_ip": client_ip, "tls": tls}

    def envelopes(self, values: Sequence[Any]) -> Iterator[tuple[str, str]]:
        everybody = list(dict.fromkeys(_addresses(self.accounts)))
        for value in values or (None,):
            if isinstance(value, ReceiptRule) and value.recipients:
                yield from ((_address(one), _NOBODY) for one in value.recipients)
            elif isinstance(value, ReceiptFilter):
                address = str(ipaddress.ip_network(value.cidr, strict=False)[0])
                yield from ((one, address) for one in everybody[:2])
            elif isinstance(value, Identity):
                name = value.name
                yield (name if "@" in name else f"someone@{name}"), _NOBODY
            else:
                yield from ((one, _NOBODY) for one in everybody)


def _addresses(accounts: Sequence[Account]) -> Iterator[str]:
    for account in accounts:
        for rule_set in account.rule_sets:
            for rule in rule_set.rules:
                yield from map(_address, rule.recipients[:2])
        yield from (f"someone@{one.name}" for one in account.identities if one.is_domain)


def _address(condition: str) -> str:
    if "@" in condition:
        return condition
    return f"someone@sub{condition}" if condition.startswith(".") else f"someone@{condition}"


def _receiver(account: Account) -> Receiver | None:
    try:
        return Receiver(account, seed=1)
    except ValueError:  # what SES would refuse is said by `load`
        return None


def _done(receiver: Receiver, mail: Mapping[str, Any]) -> str:
    """What becomes of it, in words: reply, rules, effects."""
    reception = receiver.receive(_MAIL, helo="mx.example.org", mail_from="ana@example.org", **mail)
    code = reception.replies[0].code if reception.replies else reception.reply.code
    if code != 250:
        return str(code)
    told = [f"{code}", ", ".join(reception.rules) or "no rule"]
    effects = [f"{one.operation} to {one_line(one.target, 80)}" for one in reception.effects]
    return ", ".join(told) + (f" ({', '.join(effects)})" if effects else "")
