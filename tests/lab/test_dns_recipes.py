"""Each recipe of the zone editor leads to the result it promises, and leaves the rest of the zone alone."""

from __future__ import annotations

import pytest

from sesreceive.auth import dkim, dmarc, spf
from sesreceive.dns.zone import Zone
from sesreceive.lab.dns_recipes import CHECKS, Publisher, Recipe, published
from sesreceive.lab.sign import SigningKey, sign
from sesreceive.mail.message import Message

NOW = 1_767_348_000
KEYS = {kind: SigningKey.generate("example.org", "s1", kind=kind) for kind in ("rsa", "ed25519")}
RAW = b"From: ana@example.org\r\n\r\nhello\r\n"
BEFORE = Zone({
    "example.org": {"TXT": ["site-verification=1", "v=spf1 ?all"], "MX": (10, "mx.example.org")},
    "example.net": {"TXT": "v=spf1 -all"},
})  # fmt: skip
ALL = [(check, recipe) for check, recipes in CHECKS.items() for recipe in recipes]


@pytest.mark.parametrize("check, recipe", ALL, ids=[f"{check}: {recipe.title}" for check, recipe in ALL])
@pytest.mark.parametrize("client_ip, kind", [("192.0.2.7", "rsa"), ("2001:db8::7", "ed25519")])
@pytest.mark.slow
def test_a_recipe_keeps_its_promise(check: str, recipe: Recipe, client_ip: str, kind: str) -> None:
    who = Publisher(domain="example.org", client_ip=client_ip, key=KEYS[kind])
    zone = published(BEFORE, check, recipe, who)
    if check == "SPF":
        got = spf.check_host(client_ip, "ana@example.org", "mx.example.org", zone).status.value
    elif check == "DKIM":
        (result,) = dkim.verify(Message(sign(RAW, KEYS[kind], signed_at=NOW)), zone, NOW)
        got = result.status.value
    else:
        mail_from = spf.check_host(client_ip, "ana@example.net", "mx.example.org", zone)
        found = dmarc.evaluate(Message(RAW), mail_from, (), zone)
        got = found.status.value if found.status.value == "temperror" else str(found.policy or "")
    assert got == recipe.result


@pytest.mark.parametrize("check, recipe", ALL, ids=[f"{check}: {recipe.title}" for check, recipe in ALL])
def test_the_rest_of_the_zone_stays(check: str, recipe: Recipe) -> None:
    who = Publisher(domain="example.org", client_ip="192.0.2.7", key=KEYS["rsa"])
    after = {str(one) for one in published(BEFORE, check, recipe, who).records}
    timed_out = recipe.title.endswith("DNS does not answer")
    about = "spf1 ?all" if not timed_out else "'example.org', rdtype='TXT'"
    kept = {str(one) for one in BEFORE.records if not (check == "SPF" and about in str(one))}
    assert kept <= after


def test_a_recipe_takes_the_place_of_the_one_before() -> None:
    who = Publisher(domain="example.org", client_ip="192.0.2.7", key=KEYS["rsa"])
    for check, recipes in CHECKS.items():
        zone = BEFORE
        for recipe in recipes:
            zone = published(zone, check, recipe, who)
        once = published(published(zone, check, recipes[0], who), check, recipes[0], who)
        assert once == published(zone, check, recipes[0], who)
