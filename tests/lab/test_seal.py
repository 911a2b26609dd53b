"""What is sealed here makes a chain that our verifier takes, until something is changed behind the last host."""

from __future__ import annotations

import sys

import pytest

from sesreceive.auth import arc
from sesreceive.dns.zone import Zone
from sesreceive.errors import InputError, MissingExtraError
from sesreceive.lab.seal import seal
from sesreceive.lab.sign import SigningKey
from sesreceive.mail.message import Message

NOW = 1_767_348_000
RAW = b"From: Ana <ana@example.org>\r\nTo: bo@example.com\r\nSubject: hello\r\n\r\nHello Bo\r\n"
LIST, RELAY = (SigningKey.generate(domain, "s1", bits=1024) for domain in ("example.net", "relay.example"))
EDWARDS = SigningKey.generate("example.net", "s1", kind="ed25519")
ZONE = Zone({key.name: {"TXT": key.record} for key in (LIST, RELAY)})
FOUND = "spf=pass smtp.mailfrom=example.org; dkim=pass header.d=example.org; dmarc=pass header.from=example.org"


def sealed(raw: bytes = RAW, key: SigningKey = LIST, *, host: str = "mx.example.net", results: str = FOUND) -> bytes:
    return seal(raw, key, host=host, results=results, signed_at=NOW)


TWICE = sealed(sealed(), RELAY, host="mx.relay.example", results="spf=fail smtp.mailfrom=example.org; arc=pass")
CHAINS = [
    # message, status, results of each host
    (sealed(), "pass", [[("spf", "pass"), ("dkim", "pass"), ("dmarc", "pass")]]),
    (TWICE, "pass", [[("spf", "pass"), ("dkim", "pass"), ("dmarc", "pass")], [("spf", "fail"), ("arc", "pass")]]),
    (TWICE.replace(b"Hello Bo", b"Hello Al"), "fail", None),
    (b"X-Added: later\r\n" + TWICE, "pass", None),
]


@pytest.mark.parametrize("raw, status, results", CHAINS)
def test_a_chain_holds_until_something_is_changed(raw: bytes, status: str, results: list[object] | None) -> None:
    chain = arc.verify(Message(raw), ZONE)
    assert chain is not None
    assert chain.status.value == status
    if results is not None:
        assert [list(one.results) for one in chain.sets] == results


def test_the_time_is_the_one_that_was_told_and_the_message_stays() -> None:
    assert sealed().count(b"t=1767348000") == 2
    assert sealed().endswith(RAW)


WRONG = [
    ({"host": "no host"}, "host: expected a name such as `mx.example.net` but got `no host`"),
    ({"host": ""}, "host: expected a name"),
    ({"results": "spf=pass\r\nX: y"}, "results: expected one line such as `spf=pass` but got `spf=pass"),
    ({"results": "nonsense"}, "results: expected words such as `spf=pass"),
    ({"raw": sealed()}, "results: expected words such as `spf=pass"),
    ({"results": "arc=pass"}, "the message cannot be sealed: "),
    ({"raw": b"Subject: x\r\n\r\n"}, "the message cannot be sealed: "),
    ({"key": EDWARDS}, "key: expected an RSA key, since dkimpy seals with no other, but got `ed25519`"),
]


@pytest.mark.parametrize("given, sentence", WRONG)
def test_what_cannot_be_sealed_is_refused(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        sealed(**given)  # type: ignore[arg-type]
    assert str(refused.value).startswith(sentence)


def test_without_authres_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "authres", None)
    with pytest.raises(MissingExtraError, match=r"authres.*notebook"):
        sealed()
