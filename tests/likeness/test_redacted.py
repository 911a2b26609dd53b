"""A redacted score holds no word of the mail."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from captures.written import ACCOUNT, KMS, RAW, SESSION, files, received
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.likeness.artefacts import Artefact
from sesreceive.likeness.score import Score

_NAMES = ("mail.headers", "X-Team", "X-Mailer")


def words_of(raw: bytes) -> set[str]:
    """Every word of a mail that is the sender's or a recipient's: addresses, values of headers, the body."""
    text = raw.decode("utf-8", "replace")
    values = re.findall(r"(?m)^[A-Za-z-]+: *(.*)$", text)
    told = {word for value in [*values, text.partition("\r\n\r\n")[2]] for word in re.findall(r"[\w.@+=?-]{4,}", value)}
    return told - {"text", "plain", "utf-8", "charset=utf-8", "from", "2026", "body"}  # ours, or a number of a row


def shown(score: Score) -> str:
    redacted = score.redacted()
    return f"{redacted}\n{redacted!r}\n{redacted.rows}\n{redacted.points}\n{redacted.frame().to_csv()}"


def changed(content: bytes) -> bytes:
    """A capture in which much is wrong, so that there is much to tell."""
    return content.replace(b"bounces@example.org", b"secret.person@private.example").replace(b"red", b"blue-secret")


@pytest.mark.parametrize("change", [False, True])
@pytest.mark.parametrize("account", [None, ACCOUNT], ids=["inferred", "given"])
@pytest.mark.slow
def test_no_word_of_the_mail_is_in_a_redacted_score(account: ses.Account | None, change: bool, tmp_path: Path) -> None:
    for name, content in files().items():
        if name.startswith(("sqs/", "functions/1", "functions/2", "http/3", "http/5", "http/6", "raw/7")):
            continue  # more of the same
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(changed(content) if change and not name.startswith("vault") else content)
    score = ses.fidelity(ses.captures.read(tmp_path, kms=KMS), account=account, readings=not change)
    text = shown(score)
    words = words_of(RAW) | {
        "secret.person",
        "private.example",
        "blue-secret",
        *SESSION["rcpt_to"],
        "Bo+x",
        "198.51.100",
    }
    words |= {received()[1].message_id, "X-Mailer", "X-Team", "inbox", "vault"}
    assert [word for word in words if word in text] == []
    assert all(artefact.value in text for artefact in Artefact)


tokens = st.text("abcdefghijklmnopqrstuvwxyz", min_size=6, max_size=12).map(lambda word: f"q{word}q")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(words=st.lists(tokens, min_size=8, max_size=8, unique=True), wrong=st.booleans())
def test_no_word_of_a_generated_mail_is_in_a_redacted_score(words: list[str], wrong: bool) -> None:
    name, sender, domain, recipient, subject, header, value, body = words
    raw = (
        f"From: {name} <{sender}@{domain}.example>\r\nTo: {recipient}@example.com\r\nSubject: {subject}\r\n"
        f"X-{header}: {value}\r\n\r\n{body}\r\n"
    ).encode()
    receiver = ses.Receiver(ACCOUNT, seed=1)
    receiver.receive(raw, mail_from=f"{sender}@{domain}.example", rcpt_to=[f"{recipient}@example.com"])
    told = [one for bucket in receiver.backend.buckets.values() for one in bucket.values()]
    told += [one.message for topic in receiver.backend.topics.values() for one in topic]
    if wrong:  # members and headers that nobody knows
        told = [
            one.replace('"mail":{', f'"mail":{{"{header}":"{value}",') if isinstance(one, str) else one for one in told
        ]
        told += [{"notificationType": "Received", "mail": {subject: body, "headers": []}, "receipt": {name: value}}]
    text = shown(ses.fidelity(told, account=ACCOUNT, readings=False))
    assert [word for word in words if word in text] == []
