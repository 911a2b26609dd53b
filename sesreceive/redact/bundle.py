"""What a bug report needs, with nothing private in it: message, envelope, account, zone, and what became of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sesreceive.account.account import Account
from sesreceive.arn import Arn
from sesreceive.auth.dmarc import organizational_domain
from sesreceive.dns.resolver import DnsStatus
from sesreceive.dns.zone import Zone
from sesreceive.errors import InputError, expect_path, one_line
from sesreceive.mail.address import domain_of, to_ascii_domain
from sesreceive.mail.corpus import Item
from sesreceive.mail.envelope import Envelope
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.redact.masking import HEADER_WORDS, mask, mask_octets, words_of
from sesreceive.redact.mime import redacted_message
from sesreceive.redact.stand_ins import StandIns

__all__ = ["Bundle", "redact"]

# Members of the account that choose among words of the API, or say when: nobody's.
_PUBLIC_MEMBERS = frozenset(
    {
        "Region",
        "TlsPolicy",
        "Policy",
        "InvocationType",
        "Encoding",
        "Scope",
        "SmtpReplyCode",
        "StatusCode",
        "VerificationStatus",
        "CreatedTimestamp",
    }
)
# What stands in an ARN before a name; `alias/aws/ses` is the key that every account has.
_ARN_WORDS = words_of("function topic role key alias organization instance aws ses service")
_MACRO = re.compile(rb"(%\{[^{}]*\})")
_DOMAIN = re.compile(r"(?<![\w-])[\w-]++(?:\.[\w-]++)++")
_SERVICES = ("amazonaws.com", "amazonses.com")

_README = """\
A message made fit for a bug report by `sesreceive redact`. Every address, domain, IP address, name, subject and word of
a body is replaced by a stand-in: the same one for the same original, in all files. What became of the message:

    sesreceive explain message.eml --account account.json --zone zone.txt

explain.txt is what this printed. Read all files before you send them: numbers of one or two digits, times, charsets
and the words of header grammar are as they were.

{changes}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A redacted message with its circumstances.

    Attributes
    ----------
    message : bytes
        The message.
    envelope : Envelope
        Its envelope.
    account : Account
        The account it was sent to.
    zone : Zone
        The DNS its sender was checked with.
    reception : Reception
        What became of the redacted message.
    changes : tuple of (str, str, str)
        What the redaction changed: the reply or a verdict, its value before and after.
    """

    message: bytes
    envelope: Envelope
    account: Account
    zone: Zone
    reception: Reception
    changes: tuple[tuple[str, str, str], ...]

    @property
    def files(self) -> Mapping[str, bytes]:
        """The files of the bundle by name; `sesreceive explain` finds the envelope beside the message."""
        account = json.dumps(self.account.to_api(), indent=2, ensure_ascii=False) + "\n"
        envelope = json.dumps(self.envelope.to_json(), indent=2, ensure_ascii=False) + "\n"
        return {
            "message.eml": self.message,
            "message.envelope.json": envelope.encode("utf-8", "backslashreplace"),
            "account.json": account.encode("utf-8", "backslashreplace"),
            "zone.txt": self.zone.to_text().encode("utf-8", "backslashreplace"),
            "explain.txt": f"{self.reception.explain(full=True)}\n".encode("utf-8", "backslashreplace"),
            "README.txt": _README.format(changes=self.summary).encode(),
        }

    @property
    def summary(self) -> str:
        """What the redaction changed, as lines of text."""
        if not self.changes:
            return "The redaction changed neither the reply nor a verdict."
        lines = [f"    {name}: {before} before, {after} after" for name, before, after in self.changes]
        why = (
            ["A signature cannot survive: it covers what was replaced."] if "dkim" in dict(_pairs(self.changes)) else []
        )
        return "\n".join(["The redaction changed:", *lines, *why])

    def save(self, folder: str | Path) -> list[Path]:
        """Write the files into a new or empty folder.

        Raises
        ------
        InputError
            When the folder has files in it, or cannot be written.
        """
        place = expect_path(folder)
        try:
            place.mkdir(parents=True, exist_ok=True)
            if any(place.iterdir()):
                raise InputError(f"expected a new or empty folder but `{one_line(folder)}` has files in it")
            for name, octets in self.files.items():
                (place / name).write_bytes(octets)
        except OSError as error:
            raise InputError(f"cannot write to folder `{one_line(folder)}`: {error.strerror or error}") from None
        return [place / name for name in self.files]


def redact(item: Item, account: Account | None = None, zone: Zone | None = None) -> Bundle:
    r"""The message with its circumstances, every private word of them replaced.

    Parameters
    ----------
    item : Item
        The message and its envelope.
    account : Account, optional
        The account it was sent to; by default one that owns the domains of its recipients and has no rules.
    zone : Zone, optional
        The DNS its sender is checked with; an empty one by default.

    Returns
    -------
    Bundle
        A stand-in is the same for the same original everywhere, lies in the domain or network whose stand-in's original
        held the original, and is as long as it where one can be had. ARNs keep their service and region.

    Raises
    ------
    InputError
        When a domain of the original would still be in the bundle, or there are too many IP addresses.
    ValidationError
        When the account is none that SES would take.

    Examples
    --------
    >>> envelope = Envelope(client_ip="198.51.100.7", mail_from="ana@shop.test", rcpt_to=("bo@acme.test",))
    >>> raw = b"From: ana@shop.test\r\nSubject: Order 1234\r\n\r\nthanks\r\n"
    >>> bundle = redact(Item(raw=raw, envelope=envelope))
    >>> b"shop" in bundle.message, len(bundle.message) - len(raw), bundle.changes
    (False, 1, ())
    """
    account = account if account is not None else _account_for(item.envelope)
    zone = zone if zone is not None else Zone({})
    stand_ins = StandIns()
    for _ in range(2):  # the second time, what was learned to be a domain is one everywhere
        _replaced(item, account, zone, stand_ins)
    stand_ins.settle()
    new, new_account, new_zone = _replaced(item, account, zone, stand_ins)
    before, after = _received(item, account, zone), _received(new, new_account, new_zone)
    bundle = Bundle(
        message=new.raw,
        envelope=new.envelope,
        account=new_account,
        zone=new_zone,
        reception=after,
        changes=tuple(_changes(before, after)),
    )
    _refuse_leaks(bundle, stand_ins)
    return bundle


def _account_for(envelope: Envelope) -> Account:
    names = (to_ascii_domain(domain_of(address)) for address in envelope.rcpt_to)
    return Account(identities=tuple(dict.fromkeys(name for name in names if name)))


def _received(item: Item, account: Account, zone: Zone) -> Reception:
    (reception,) = Receiver(account, resolver=zone, seed=1).replay([item])
    return reception


def _replaced(item: Item, account: Account, zone: Zone, stand_ins: StandIns) -> tuple[Item, Account, Zone]:
    envelope = _envelope(item.envelope, stand_ins)
    new_account = Account.from_api(_account(account.to_api(), "", stand_ins))
    new_zone = _zone(zone, stand_ins)
    return Item(name="message", raw=redacted_message(item.raw, stand_ins), envelope=envelope), new_account, new_zone


def _pairs(changes: tuple[tuple[str, str, str], ...]) -> list[tuple[str, str]]:
    return [(name, after) for name, _, after in changes]


def _changes(before: Reception, after: Reception) -> list[tuple[str, str, str]]:
    """Reply code and verdicts that differ."""
    rows = [("reply", str(before.reply.code), str(after.reply.code))]
    for name in ("spam", "virus", "spf", "dkim", "dmarc"):
        was, is_now = (str(getattr(reception.verdicts, name, "not checked")) for reception in (before, after))
        rows.append((name, was, is_now))
    return [row for row in rows if row[1] != row[2]]


# ---------------------------------------------------------------- what is around the message


def _host(text: str, stand_ins: StandIns) -> str:
    """The name a host goes by, which is a domain also where the Internet does not know its end."""
    try:
        return stand_ins.network(text)
    except ValueError:
        return stand_ins.domain(text) if "." in text and to_ascii_domain(text) else mask(text, stand_ins)


def _envelope(envelope: Envelope, stand_ins: StandIns) -> Envelope:
    return Envelope(
        client_ip=stand_ins.network(envelope.client_ip) if envelope.client_ip else "",  # not known: from a file alone
        helo=_host(envelope.helo, stand_ins),
        mail_from=mask(envelope.mail_from, stand_ins),
        rcpt_to=tuple(mask(address, stand_ins) for address in envelope.rcpt_to),
        tls=envelope.tls,
        client_name=_host(envelope.client_name, stand_ins),
    )


def _account(value: Any, member: str, stand_ins: StandIns) -> Any:
    """The account's JSON with each text replaced that is no word of the API."""
    if isinstance(value, Mapping):
        named = member == "Identities"  # whose members are called as the identities are
        return {
            _account(key, "Identity", stand_ins) if named else key: _account(inner, key, stand_ins)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_account(inner, member, stand_ins) for inner in value]
    if not isinstance(value, str) or member in _PUBLIC_MEMBERS:
        return value
    if member == "Cidr":
        return stand_ins.network(value)
    if member in ("Recipients", "Identities", "Identity") and "@" not in value:
        dot = "." if value.startswith(".") else ""
        return dot + _host(value.removeprefix("."), stand_ins)
    if arn := Arn.parse(value):
        owner, resource = stand_ins.words(arn.account_id), stand_ins.words(arn.resource, _ARN_WORDS)
        return str(arn._replace(account_id=owner, resource=resource))
    return mask(value, stand_ins, HEADER_WORDS if member == "HeaderName" else frozenset())


def _zone(zone: Zone, stand_ins: StandIns) -> Zone:
    records: dict[str, dict[str, Any]] = {}
    for name, rdtype, value in zone.records:
        node = records.setdefault(stand_ins.domain(name), {})
        if isinstance(value, DnsStatus):
            node[rdtype] = value.name
        else:
            node.setdefault(rdtype, []).append(_record(rdtype, value, stand_ins))
    return zone if stand_ins.learning else Zone(records)


def _record(rdtype: str, value: str | bytes, stand_ins: StandIns) -> str | bytes:
    if isinstance(value, bytes):  # TXT and SPF: the grammar of SPF, DKIM keys and DMARC, but for SPF's macros
        pieces = _MACRO.split(value)
        pieces[::2] = [mask_octets(piece, stand_ins, HEADER_WORDS) for piece in pieces[::2]]
        return b"".join(pieces)
    if rdtype in ("A", "AAAA"):
        return stand_ins.network(value)
    number, _, name = value.rpartition(" ")  # the preference of an MX record says nothing
    return f"{number} {_host(name, stand_ins)}".lstrip() if name != "." else value


# ---------------------------------------------------------------- the last look


def _refuse_leaks(bundle: Bundle, stand_ins: StandIns) -> None:
    """Raise InputError where a domain of the original is in a file of the bundle."""
    originals = stand_ins.domains - set(_SERVICES)
    for name, octets in bundle.files.items():
        for found in _DOMAIN.finditer(octets.decode("utf-8", "replace").lower()):
            if organizational_domain(found[0]) in originals:
                raise InputError(f"expected a bundle without private names but {name} has `{one_line(found[0])}` in it")
