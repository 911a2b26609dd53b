"""Envelopes: what none can say is one sentence at once; each part tells how it is known."""

from __future__ import annotations

import dataclasses
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.errors import InputError
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.provenance import Origin, Provenance

# text, the sentence
WRONG = [
    ("[]", "e: expected a JSON object but got `[]`"),
    ('{"to": 1}',
     "e: expected only client_ip, helo, mail_from, rcpt_to, tls, client_name, received_at but got `to`"),
    ('{"origins": {}}',
     "e: expected only client_ip, helo, mail_from, rcpt_to, tls, client_name, received_at but got `origins`"),
    ('{"tls": "x"}', "e: envelope tls: expected True or False but got `x`"),
    ('{"tls": 1}', "e: envelope tls: expected True or False but got `1`"),
    ('{"tls": null}', "e: envelope tls: expected True or False but got `None`"),
    ('{"client_ip": "x"}', "e: envelope client_ip: expected an IPv4 or IPv6 address but got `x`"),
    ('{"client_ip": 5}', "e: envelope client_ip: expected text but got `5`"),
    ('{"client_ip": "300.1.1.1"}', "e: envelope client_ip: expected an IPv4 or IPv6 address but got `300.1.1.1`"),
    ('{"helo": null}', "e: envelope helo: expected text but got `None`"),
    ('{"helo": "a\\r\\nb"}', "e: envelope helo: expected text without line ends and NUL but got `a\\x0d\\x0ab`"),
    ('{"rcpt_to": "a@example.com"}', "e: envelope rcpt_to: expected a list of addresses but got `a@example.com`"),
    ('{"rcpt_to": {"a": 1}}', "e: envelope rcpt_to: expected a list of addresses but got `{'a': 1}`"),
    ('{"rcpt_to": [5]}', "e: envelope rcpt_to: expected text but got `5`"),
    ('{"rcpt_to": [""]}', "e: envelope rcpt_to: expected an address but got ``"),
    ('{"rcpt_to": ["a b@example.com"]}', "e: envelope rcpt_to: expected an address but got `a b@example.com`"),
    ('{"rcpt_to": ["<a@example.com>"]}',
     "e: envelope rcpt_to: expected an address without angle brackets but got `<a@example.com>`"),
    ('{"rcpt_to": ["Ana <a@example.com>"]}',
     "e: envelope rcpt_to: expected an address without angle brackets but got `Ana <a@example.com>`"),
    ('{"mail_from": "Ana <a@example.com>"}',
     "e: envelope mail_from: expected an address without angle brackets but got `Ana <a@example.com>`"),
    ('{"mail_from": "a@b c"}', "e: envelope mail_from: expected an address but got `a@b c`"),
    *(
        (f'{{"received_at": {value}}}', ("e: envelope received_at: expected a time with its zone, such as "
         f"`2026-01-02T10:05:05Z`, but got `{shown}`"))
        for value, shown in (('"x"', "x"), ('"2026-01-02T10:05:05"', "2026-01-02T10:05:05"), ("5", "5"),
                             ('"2026-13-02T10:05:05Z"', "2026-13-02T10:05:05Z"), ('"2026-01-02"', "2026-01-02"),
                             ('"0001-01-01T00:00:00+14:00"', "0001-01-01T00:00:00+14:00"), ("[]", "[]"))
    ),
    ("[" * 100_000, "e is nested too deeply: expected at most 100 levels"),
    ('{"tls": ' + "9" * 6000 + "}", "e: expected numbers of at most 300 digits but got one of 6000"),
    ('{"tls": true, "tls": false}', "e: line 1, column 15: the member `tls` is given twice"),
]  # fmt: skip


@pytest.mark.parametrize("text, sentence", WRONG, ids=[text[:40] for text, _ in WRONG])
def test_what_no_envelope_says_is_refused_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InputError) as raised:
        Envelope.from_json(text, where="e")
    assert str(raised.value) == sentence


_TEXTS = st.text('a.@<>\r\0 "é\ud800', max_size=6)
_CLIENTS = st.sampled_from(["192.0.2.1", "::ffff:192.0.2.1", "fe80::1%" + "x" * 60, "", "x", "300.1.1.1"])


@given(client_ip=_CLIENTS, helo=_TEXTS, mail_from=_TEXTS, rcpt_to=st.lists(_TEXTS, max_size=2), client_name=_TEXTS)
def test_an_envelope_as_a_session_gives_it_is_judged_as_every_other(rcpt_to: list[str], **said: str) -> None:
    def made(recipients: Any) -> object:
        try:
            envelope = Envelope(**said, rcpt_to=recipients, tls=False)  # type: ignore[arg-type]
        except InputError as error:
            return str(error)
        return envelope, envelope.origins

    assert made(tuple(rcpt_to)) == made(rcpt_to)  # a list is looked at closely


TIMES = [
    "2026-01-02T10:05:05Z", "2026-01-02T11:05:05+01:00", datetime(2026, 1, 2, 10, 5, 5, tzinfo=UTC),
    datetime(2026, 1, 2, 12, 5, 5, tzinfo=timezone(timedelta(hours=2))), pd.Timestamp("2026-01-02T10:05:05Z"),
]  # fmt: skip


@pytest.mark.parametrize("time", TIMES, ids=str)
def test_a_time_is_kept_in_utc_and_written_as_text(time: Any) -> None:
    envelope = Envelope(received_at=time)
    assert envelope.received_at == datetime(2026, 1, 2, 10, 5, 5, tzinfo=UTC)
    assert type(envelope.received_at) is datetime
    assert Envelope.from_json(envelope.to_json()) == envelope


def test_each_part_tells_how_it_is_known() -> None:
    read = Envelope(
        client_ip="192.0.2.1", rcpt_to=("a@example.com", "b@example.com"),
        origins={"rcpt_to": Provenance(Origin.READ, "To", ("a@example.com", "b@example.com"))},
    )  # fmt: skip
    assert read.told == "given: client_ip; read from To: rcpt_to; assumed: helo, mail_from, tls"
    assert read.certainty is Origin.ASSUMED
    assert Envelope(client_ip="").certainty is Envelope(client_ip="", tls=True).certainty is Origin.UNKNOWN
    given = Envelope(client_ip="192.0.2.1", helo="mx", mail_from="", rcpt_to=("a@example.com",), tls=False)
    assert (given.told, given.certainty) == ("given", Origin.GIVEN)
    # what is changed was given; fewer recipients are known as all were
    assert dataclasses.replace(read, rcpt_to=("c@example.com",)).provenance["rcpt_to"].origin is Origin.GIVEN
    assert read.changed(tls=False).provenance["tls"].origin is Origin.GIVEN
    assert read.to("b@example.com").provenance["rcpt_to"].origin is Origin.READ
    assert pickle.loads(pickle.dumps(read)).told == read.told
    assert read == Envelope(client_ip="192.0.2.1", rcpt_to=["a@example.com", "b@example.com"])  # type: ignore[arg-type]
