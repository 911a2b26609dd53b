"""Where something is wrong, in the words on screen: the name of the field, not that of the attribute in Python."""

from __future__ import annotations

import re

from sesreceive.account.account import Account
from sesreceive.errors import MissingExtraError, SesReceiveError, ValidationError, one_line

__all__ = ["error_text", "label_text", "place_words"]

# Words of a field's name that are written in another way on screen.
_WORDS = {"arn": "ARN", "iam": "IAM", "id": "ID", "kms": "KMS", "smtp": "SMTP", "tls": "TLS", "url": "URL"}
# What an element of a list is called, and where its name stands.
_ELEMENTS = {
    "rule_sets": "rule set",
    "rules": "rule",
    "actions": "action",
    "identities": "identity",
    "filters": "filter",
    "recipients": "recipient",
}
# Fields of the envelope, as the composer calls them.
_ENVELOPE = {
    "client_ip": "Client IP",
    "helo": "HELO",
    "client_name": "Client name",
    "mail_from": "MAIL FROM",
    "rcpt_to": "Recipients",
    "tls": "TLS (STARTTLS)",
}


def label_text(name: str) -> str:
    """The name of an attribute as the form writes it.

    Examples
    --------
    >>> label_text("kms_key_arn")
    'KMS key ARN'
    """
    text = " ".join(_WORDS.get(word, word) for word in name.split("_"))
    return text[:1].upper() + text[1:]


def place_words(path: str, account: Account | None = None) -> str:
    """A path of the configuration as a reader finds it on screen.

    Examples
    --------
    >>> place_words("rule_sets[0].rules[1].actions[0].bucket_name")
    'rule set 1, rule 2, action 1, Bucket name'
    >>> import sesreceive as ses
    >>> main = ses.ReceiptRuleSet(name="main", rules=(ses.ReceiptRule(name="invoices"),))
    >>> place_words("rule_sets[0].rules[0].recipients[2]", ses.Account(rule_sets=(main,)))
    'rule set main, rule invoices, recipient 3'
    """
    value: object = account
    words = []
    for name, number in re.findall(r"(\w+)(?:\[(\d+)\])?", path):
        value = getattr(value, name, None)
        if not number:
            words.append(label_text(name))
            continue
        at = int(number)
        value = value[at] if isinstance(value, tuple) and at < len(value) else None
        called = getattr(value, "name", "") or str(at + 1)
        words.append(f"{_ELEMENTS.get(name, label_text(name))} {one_line(called, 60)}")
    return ", ".join(words)


def error_text(error: BaseException, account: Account | None = None) -> str:
    """What an error says, with the fields as they are called on screen.

    Examples
    --------
    >>> from sesreceive.errors import InputError
    >>> error_text(InputError("envelope client_ip: expected an IPv4 or IPv6 address but got `nowhere`"))
    'Client IP: expected an IPv4 or IPv6 address but got `nowhere`'
    >>> error_text(KeyError("x"))
    "KeyError: 'x'"
    """
    if isinstance(error, ValidationError):
        lines = [(place_words(one.path, account), one.message, one.source) for one in error.problems]
        return "\n".join(f"{where}: {message} [{source}]" for where, message, source in lines)
    if not isinstance(error, SesReceiveError | MissingExtraError):
        return f"{type(error).__name__}: {error}"
    return re.sub(r"^envelope (\w+)", lambda found: _ENVELOPE.get(found[1], found[0]), str(error))
