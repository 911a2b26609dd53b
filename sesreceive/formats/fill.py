"""Legal stand-ins for open values: a domain where a domain belongs, a topic's ARN where one belongs.

A stand-in is made from the expression it stands for, so it is readable wherever it turns up
(``inbox@var-domain.example``), the same expression gets the same one everywhere, and names that are reserved for
examples (RFC 2606, RFC 5737) keep it apart from anything real.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from typing import Any

from sesreceive import limits
from sesreceive.account.member import Kind, Member
from sesreceive.account.placeholder_text import PlaceholderText
from sesreceive.formats.loaded import Placeholder
from sesreceive.formats.place import Place
from sesreceive.formats.unresolved import MADE_UP, Open, OpenText, is_open

__all__ = ["Fill", "Slot", "slot_of"]


class Slot(StrEnum):
    """What kind of text a place wants."""

    NAME = "name"
    RECIPIENT = "recipient"
    IDENTITY = "identity"
    ADDRESS = "address"
    BUCKET = "bucket"
    TOPIC = "topic"
    FUNCTION = "function"
    KEY = "key"
    ROLE = "role"
    ORGANIZATION = "organization"
    INSTANCE = "instance"
    REPLY_CODE = "reply code"
    STATUS_CODE = "status code"
    HEADER_NAME = "header name"
    ADDRESSES = "addresses"
    TEXT = "text"


_ARNS: Mapping[Slot, str] = {
    Slot.TOPIC: "arn:aws:sns:{region}:{account}:{slug}",
    Slot.FUNCTION: "arn:aws:lambda:{region}:{account}:function:{slug}",
    Slot.KEY: "arn:aws:kms:{region}:{account}:alias/{slug}",
    Slot.ROLE: "arn:aws:iam::{account}:role/{slug}",
    Slot.ORGANIZATION: "arn:aws:workmail:{region}:{account}:organization/{slug}",
    Slot.INSTANCE: "arn:aws:connect:{region}:{account}:instance/{slug}",
}

# What the members of rules and actions want, by the API's name.
_SLOTS: Mapping[str, Slot] = {
    "Name": Slot.NAME,
    "RuleSetName": Slot.NAME,
    "After": Slot.NAME,
    "Recipients": Slot.RECIPIENT,
    "Identity": Slot.IDENTITY,
    "Sender": Slot.ADDRESS,
    "BucketName": Slot.BUCKET,
    "TopicArn": Slot.TOPIC,
    "FunctionArn": Slot.FUNCTION,
    "KmsKeyArn": Slot.KEY,
    "IamRoleArn": Slot.ROLE,
    "IAMRoleARN": Slot.ROLE,
    "OrganizationArn": Slot.ORGANIZATION,
    "InstanceARN": Slot.INSTANCE,
    "SmtpReplyCode": Slot.REPLY_CODE,
    "StatusCode": Slot.STATUS_CODE,
    "HeaderName": Slot.HEADER_NAME,
    "Cidr": Slot.ADDRESSES,
}

_MAILISH = re.compile(r"mail|address|recipient|sender|inbox|from", re.IGNORECASE)
# Names of buckets have at least three characters; a logical id may be `B`.
_SHORTEST = 3
_ADDRESS_NETS = ("192.0.2.", "198.51.100.", "203.0.113.")


def slot_of(api: str) -> Slot:
    """What the API's member of that name wants."""
    return _SLOTS.get(api, Slot.TEXT)


class Fill:
    """Gives open values their stand-ins and keeps count of them.

    Parameters
    ----------
    region, account_id : str
        For ARNs.

    Examples
    --------
    >>> fill = Fill(region="us-east-1", account_id="111122223333")
    >>> domain = Open("var.domain", Place("main.tf", 12))
    >>> fill.text(OpenText(("inbox@", domain)), Slot.RECIPIENT), fill.text(domain, Slot.IDENTITY)
    ('inbox@var-domain.example', 'var-domain.example')
    >>> fill.text(Open("var.topic", Place("main.tf", 20)), Slot.TOPIC)
    'arn:aws:sns:us-east-1:111122223333:var-topic'
    """

    def __init__(self, *, region: str, account_id: str) -> None:
        self.region, self.account_id = region, account_id
        self._names: dict[str, str] = {}
        self._slugs: dict[str, str] = {}
        self._addresses: dict[str, str] = {}
        self._placeholders: dict[tuple[str, str, str], Placeholder] = {}

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """Every stand-in that was given, in the order of first use."""
        return tuple(self._placeholders.values())

    def note(self, value: str, opened: Open | OpenText, kind: str, place: Place | None = None) -> None:
        """Remember that `value` stands for something open."""
        first = opened.first if isinstance(opened, OpenText) else opened
        where = place or first.place
        key = (value, opened.name, kind)
        known = self._placeholders.get(key)
        if known is None:
            self._placeholders[key] = Placeholder(
                value=value, stands_for=opened.name, kind=kind, why=first.why, places=(where,)
            )
        elif where not in known.places:
            self._placeholders[key] = known.seen_at(where)

    def text(self, value: Any, slot: Slot) -> Any:
        """The value, or the stand-in of an open one."""
        if not is_open(value):
            return value
        filled, kind = self.stand_in(value, slot), str(slot)
        if isinstance(value, Open) and slot in (Slot.RECIPIENT, Slot.IDENTITY):
            kind = "address" if "@" in filled else "domain"
        first = value.first if isinstance(value, OpenText) else value
        self.note(filled, value, kind)
        if slot is Slot.NAME and first.why == MADE_UP:
            return filled  # a logical id says itself what it stands for
        return PlaceholderText(filled, stands_for=f"{value.name}, {first.place.short}")

    def stand_in(self, value: Open | OpenText, slot: Slot) -> str:
        """The stand-in of an open value, which is not counted."""
        return _WHOLE[slot](self, value) if isinstance(value, Open) else self._parts(value, slot)

    def member(self, item: Member, value: Any) -> Any:
        """What a member holds, filled; a flag or choice has the value that lets the rule run."""
        if item.kind is Kind.TEXTS:
            elements = [value] if is_open(value) else value
            if not isinstance(elements, (list, tuple)):
                return elements
            return [self.text(element, slot_of(item.api)) for element in elements]
        if not is_open(value):
            return value
        if item.kind is Kind.FLAG:
            # A rule has to be enabled to be seen at all; what else is open keeps the API's default.
            taken = item.api == "Enabled"
            self.note(str(taken).lower(), value, "flag")
            return taken
        if item.enum is not None:
            default = item.default if isinstance(item.default, item.enum) else next(iter(item.enum))
            self.note(default.value, value, "choice")
            return default.value
        return self.text(value, slot_of(item.api))

    # -------------------------------------------------------------- whole values

    def slug(self, value: Open) -> str:
        """A word of letters, digits and dashes for an expression, the same one each time."""
        word = re.sub(r"[^a-z0-9]+", "-", (value.hint or value.name).lower()).strip("-")[:40].strip("-") or "open"
        if len(word) < _SHORTEST:
            word = f"open-{word}"
        return self._only(word, value.hint or value.name, self._slugs)

    def name(self, value: Open) -> str:
        """A name for a rule, set or filter, with the capitals of the template."""
        word = re.sub(r"[^A-Za-z0-9_.]+", "-", value.hint or value.name)[:60].strip("-._") or "open"
        return self._only(word, value.hint or value.name, self._names)

    def _only(self, word: str, name: str, known: dict[str, str]) -> str:
        candidate, number = word, 2
        while known.setdefault(candidate, name) != name:
            candidate, number = f"{word}-{number}", number + 1
        return candidate

    def domain(self, value: Open) -> str:
        return f"{self.slug(value)}.example"

    def address(self, value: Open) -> str:
        return f"mail@{self.slug(value)}.example"

    def recipient(self, value: Open) -> str:
        word = value.hint or value.name
        return self.address(value) if "domain" not in word.lower() and _MAILISH.search(word) else self.domain(value)

    def addresses(self, value: Open) -> str:
        if value.name not in self._addresses:
            number = len(self._addresses)
            self._addresses[value.name] = f"{_ADDRESS_NETS[number // 254 % 3]}{number % 254 + 1}"
        return self._addresses[value.name]

    # -------------------------------------------------------------- texts with open parts

    def _parts(self, value: OpenText, slot: Slot) -> str:
        text = ""
        for position, part in enumerate(value.parts):
            if isinstance(part, str):
                text += part
                continue
            if position and not isinstance(value.parts[position - 1], str):
                text += "-"  # two open parts side by side, to be read apart
            rest = "".join(later for later in value.parts[position + 1 :] if isinstance(later, str))
            text += self._part(part, slot, text, rest, last=position == len(value.parts) - 1)
        if slot is Slot.BUCKET:
            return text[:63]
        return text

    def _part(self, part: Open, slot: Slot, before: str, after: str, *, last: bool) -> str:
        if before.startswith("arn:"):
            fields = before.count(":")
            return {1: "aws", 3: self.region, 4: self.account_id}.get(fields, self.slug(part))
        if slot is Slot.NAME:
            return self.name(part)
        if slot in (Slot.RECIPIENT, Slot.IDENTITY, Slot.ADDRESS) and last and not after:
            return self.domain(part)
        return self.slug(part)


def _arn(slot: Slot, fill: Fill, value: Open) -> str:
    return _ARNS[slot].format(region=fill.region, account=fill.account_id, slug=fill.slug(value))


_WHOLE: Mapping[Slot, Callable[[Fill, Open], str]] = {
    Slot.NAME: Fill.name,
    Slot.RECIPIENT: Fill.recipient,
    Slot.IDENTITY: Fill.recipient,
    Slot.ADDRESS: Fill.address,
    Slot.BUCKET: Fill.slug,
    **{slot: partial(_arn, slot) for slot in _ARNS},
    # What SES's own "mailbox does not exist" template has.
    Slot.REPLY_CODE: lambda fill, value: "550",
    Slot.STATUS_CODE: lambda fill, value: "5.1.1",
    Slot.HEADER_NAME: lambda fill, value: f"X-{fill.slug(value)}"[: limits.HEADER_NAME_LENGTH.value],
    Slot.ADDRESSES: Fill.addresses,
    Slot.TEXT: Fill.slug,
}
