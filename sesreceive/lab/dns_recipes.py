"""Records that a domain publishes about its mail, and the ways in which they are wrong: the choices of the zone editor.

Each is a function from a zone to a zone that leaves alone what is not about the check; no widget is known here.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from sesreceive.dns.names import normalize
from sesreceive.dns.zone import Zone
from sesreceive.lab.sign import SigningKey

__all__ = ["CHECKS", "Publisher", "Recipe", "place", "published"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Who publishes, and for whom.

    Attributes
    ----------
    domain : str
        Whose records they are.
    client_ip : str
        The host that sends the mail.
    key : SigningKey or None
        The key that signs it.
    """

    domain: str
    client_ip: str
    key: SigningKey | None = None

    @property
    def network(self) -> str:
        """The SPF mechanism that is this client."""
        version = ipaddress.ip_address(self.client_ip.partition("%")[0]).version
        return f"ip{version}:{self.client_ip}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """One choice.

    Attributes
    ----------
    title : str
        What it is called.
    result : str
        What the check comes to, where nothing else is wrong.
    values : callable
        The TXT records of a publisher, or the word for a look-up that fails.
    """

    title: str
    result: str
    values: Callable[[Publisher], tuple[str, ...] | str]


def _spf(text: str) -> Callable[[Publisher], tuple[str, ...]]:
    return lambda who: (text.format(network=who.network, domain=who.domain),)


def _fixed(*texts: str) -> Callable[[Publisher], tuple[str, ...]]:
    return lambda who: texts


def _times_out(who: Publisher) -> str:
    return "TIMEOUT"


def _key(change: Callable[[str], str]) -> Callable[[Publisher], tuple[str, ...]]:
    return lambda who: (change(who.key.record),) if who.key else ()


def _other_key(who: Publisher) -> tuple[str, ...]:
    """A key that did not sign, of the same kind."""
    return (_another(who.key.kind if who.key else "rsa").record,)


@cache
def _another(kind: str) -> SigningKey:
    return SigningKey.generate("example.net", "other", kind=kind)


# Eleven names to look up, where RFC 7208 section 4.6.4 allows ten.
_ELEVEN = "v=spf1 " + " ".join(f"exists:{number}.{{domain}}" for number in range(11)) + " -all"

# check → its recipes. What a domain publishes for SPF stands at its own name, among other TXT records.
CHECKS: Mapping[str, tuple[Recipe, ...]] = {
    "SPF": (
        Recipe("this client and no other may send", "pass", _spf("v=spf1 {network} -all")),
        Recipe("nobody may send", "fail", _fixed("v=spf1 -all")),
        Recipe("nobody should send", "softfail", _fixed("v=spf1 ~all")),
        Recipe("no opinion", "neutral", _fixed("v=spf1 ?all")),
        Recipe("no record", "none", _fixed()),
        Recipe("broken: a typing error", "permerror", _spf("v=spf1 ipp{network} -all")),
        Recipe("broken: two records", "permerror", lambda who: (f"v=spf1 {who.network} -all", "v=spf1 -all")),
        Recipe("broken: too many look-ups", "permerror", _spf(_ELEVEN)),
        Recipe("broken: DNS does not answer", "temperror", _times_out),
    ),
    "DKIM": (
        Recipe("the key that signs", "pass", _key(lambda record: record)),
        Recipe("the key, marked as a test", "pass", _key(lambda record: record.replace("; p=", "; t=y; p="))),
        Recipe("no key", "permerror", _fixed()),
        Recipe("broken: another key", "fail", _other_key),
        Recipe("broken: the key is revoked", "permerror", _fixed("v=DKIM1; p=")),
        Recipe("broken: a typing error", "permerror", _key(lambda record: record.replace("p=", "p=!"))),
        Recipe("broken: DNS does not answer", "temperror", _times_out),
    ),
    "DMARC": (
        Recipe("policy none: only watch", "none", _fixed("v=DMARC1; p=none")),
        Recipe("policy quarantine", "quarantine", _fixed("v=DMARC1; p=quarantine")),
        Recipe("policy reject", "reject", _fixed("v=DMARC1; p=reject")),
        Recipe("policy reject, strict alignment", "reject", _fixed("v=DMARC1; p=reject; adkim=s; aspf=s")),
        Recipe("no record", "", _fixed()),
        Recipe("broken: two records", "", _fixed("v=DMARC1; p=reject", "v=DMARC1; p=none")),
        Recipe("broken: a typing error", "", _fixed("v=DMARC1; p=rejekt")),
        Recipe("broken: DNS does not answer", "temperror", _times_out),
    ),
}


def place(check: str, who: Publisher) -> str:
    """The name at which the record of a check stands."""
    if check == "SPF":
        return normalize(who.domain)
    if check == "DMARC":
        return f"_dmarc.{normalize(who.domain)}"
    return who.key.name if who.key else ""


def published(zone: Zone, check: str, recipe: Recipe, who: Publisher) -> Zone:
    """The zone in which the record of a check is as the recipe says; TXT records about something else stay.

    Examples
    --------
    >>> zone = Zone({"example.org": {"TXT": ["site-verification=1", "v=spf1 -all"]}})
    >>> who = Publisher(domain="example.org", client_ip="192.0.2.7")
    >>> print(published(zone, "SPF", CHECKS["SPF"][0], who).to_text(), end="")
    example.org. IN TXT "site-verification=1"
    example.org. IN TXT "v=spf1 ip4:192.0.2.7 -all"
    """
    name = place(check, who)
    values = recipe.values(who)
    others = _others(zone, name) if check == "SPF" else ()
    if isinstance(values, str):
        return zone.with_records({name: {"TXT": values}})
    wanted = [*others, *values]
    return zone.with_records({name: {"TXT": wanted}}) if wanted else zone.without(name, "TXT")


def _others(zone: Zone, name: str) -> tuple[bytes, ...]:
    """The TXT records of a name that are not about SPF."""
    found = (one.value for one in zone.records if one.name == name and one.rdtype == "TXT")
    return tuple(text for text in found if isinstance(text, bytes) and not text.lower().startswith(b"v=spf1"))
