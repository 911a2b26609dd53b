"""The captures decide: the reading under which they were written is found, and what cannot be told stays open."""

from __future__ import annotations

from typing import Any

import pytest
from captures.written import ACCOUNT, FUNCTION, KMS, RAW, SESSION, TOPIC, ZONE, transcript

import sesreceive as ses
from sesreceive.likeness.agreement import Agreement
from sesreceive.likeness.era import ERAS
from sesreceive.support import Standing


def written(raw: bytes = RAW, *, seed: int = 1, account: ses.Account = ACCOUNT, **assumed: Any) -> list[Any]:
    """What SES would have written under a reading, as its user would have it."""
    session = {name: assumed.pop(name) for name in list(assumed) if name in SESSION}
    assumptions = ses.Assumptions(**assumed)
    backend = ses.MemoryBackend(kms=KMS)
    backend.functions[FUNCTION] = lambda event, context: None
    receiver = ses.Receiver(account, resolver=ZONE, seed=seed, backend=backend, assumptions=assumptions)
    reception = receiver.receive(raw, **{**SESSION, **session})
    assert reception.accepted
    told = transcript(receiver, reception).replace("ESMTP Amazon SES", assumptions.smtp_banner)
    stored = [one for name in ("inbox", "plain") for one in backend.buckets[name].values()]
    return [*stored, *backend.topics[TOPIC], *backend.invocations, *backend.bounces, told]


NO_NAME = {"client_name": ""}
NULL = {"mail_from": ""}
READINGS: list[tuple[str, Any, dict[str, Any]]] = [
    # setting                  reading            the session, where it matters
    ("added_header_position",  "after-ses-block", {}),
    ("added_header_position",  "top",             {}),
    ("added_header_scope",     "rule",            {}),
    ("decode_encoded_words",   "never",           {}),
    ("quote_non_ascii_names",  False,             {}),
    ("scan_scope",             "per-message",     {}),
    ("dmarc_none_policy",      "guide",           {}),
    ("received_without_rdns",  "unknown",         NO_NAME),
    ("object_content_type",    "message/rfc822",  {}),
    ("smtp_banner",            "ESMTP Other",     {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "reading", "session"), READINGS, ids=[f"{row[0]}={row[1]}" for row in READINGS])
@pytest.mark.slow
def test_the_reading_under_which_captures_were_written_is_found(
    name: str, reading: Any, session: dict[str, Any]
) -> None:
    score = ses.fidelity(written(**session, **{name: reading}), account=ACCOUNT)
    assert score.settings[name] == reading
    explained = {row.agreement for row in score.different}
    assert explained == {Agreement.READING}
    assert all(f"{name}={reading}" in row.why for row in score.different)
    under = ses.fidelity(
        written(**session, **{name: reading}),
        account=ACCOUNT,
        assumptions=ses.Assumptions(**score.settings),
        readings=False,
    )
    assert under.different == ()


@pytest.mark.slow
def test_what_no_capture_tells_is_silent_and_what_two_tell_otherwise_is_contradicted() -> None:
    both = written() + written(seed=2, quote_non_ascii_names=False)
    standings = {one.name: one.standing for one in ses.fidelity(both, account=ACCOUNT).supports}
    assert standings["quote_non_ascii_names"] is Standing.CONTRADICTED
    assert standings["label_match"] is Standing.SILENT
    assert standings["decode_encoded_words"] is Standing.DECIDED
    assert len(standings) == len(ses.assumptions())


def test_two_readings_that_fit_alike_leave_a_point_undecided() -> None:
    """A client without a name that says `unknown` at HELO: both readings print the same."""
    told = written(client_name="", helo="unknown", received_without_rdns="unknown")
    (point,) = [one for one in ses.fidelity(told[:2], account=ACCOUNT).supports if one.name == "received_without_rdns"]
    assert point.standing is Standing.UNDECIDED
    assert set(point.fits) == {"helo", "unknown"}
    assert point.setting == {}


def cut(content: str, *names: str) -> str:
    """A stored object without those fields of the block."""
    head, _, rest = content.partition("\r\nFrom: ")
    fields = head.replace("\r\n ", "\x00").split("\r\n")
    kept = [field for field in fields if not field.startswith(tuple(f"{name}:" for name in names))]
    return "\r\n".join(kept).replace("\x00", "\r\n ") + "\r\nFrom: " + rest


def of_year(year: str) -> bytes:
    """An object of ours as SES wrote it in a year."""
    scanned = ses.ReceiptRule(name="all", enabled=True, scan_enabled=True, actions=(ses.S3Action(bucket_name="inbox"),))
    account = ACCOUNT.replace(rule_sets=(ses.ReceiptRuleSet(name="main", rules=(scanned,)),))
    receiver = ses.Receiver(account, seed=1, resolver=ZONE)
    receiver.receive(RAW, **SESSION, received_at=f"{year}-03-01T10:00:00Z")
    (stored,) = receiver.backend.buckets["inbox"].values()
    content = stored.body.decode()
    if year <= "2020":
        content = content.replace("helo=mx.example.org;", "helo=out.example.org;")
    if year <= "2018":
        content = content.replace("\r\n dmarc=pass header.from=example.org;", "")
    if year <= "2016":
        content = cut(content, "X-SES-RECEIPT", "X-SES-DKIM-SIGNATURE")
    if year <= "2015":
        content = cut(content, "X-SES-Spam-Verdict", "X-SES-Virus-Verdict", "Received-SPF", "Authentication-Results")
    return content.encode()


@pytest.mark.parametrize("year", ERAS)
def test_mail_of_a_year_is_compared_with_what_was_written_then(year: str) -> None:
    score = ses.fidelity([of_year(year)], readings=False)
    assert (score.eras, score.different) == ((year,), ())
    if year != "2026":
        assert ses.fidelity([of_year(year)], readings=False, era="2026").different


def test_what_is_missing_from_mail_of_today_is_no_old_habit() -> None:
    today = of_year("2026").replace(b"\r\n dmarc=pass header.from=example.org;", b"")
    score = ses.fidelity([today], readings=False)
    assert {row.path for row in score.different} >= {"Authentication-Results.form"}


def test_every_profile_says_which_samples_show_it() -> None:
    assert set(ERAS) >= {"2015", "2018", "2020", "2026"}
    assert all("public" in era.source for era in ERAS.values())


def test_an_unknown_era_or_subject_is_named() -> None:
    with pytest.raises(ses.InputError, match=r"era: expected .* but got `1999`"):
        ses.fidelity([b"x"], era="1999")
    score = ses.fidelity(written(), account=ACCOUNT, readings=False)
    with pytest.raises(ses.InputError, match="artefact: expected"):
        score.of("soul")
    with pytest.raises(ses.InputError, match="subject: expected"):
        score.confusion_table("soul")


# ------------------------------------------------------------------ verdicts


def test_verdicts_of_ses_stand_beside_those_of_the_scanners_and_of_the_zone() -> None:
    told = written()
    score = ses.fidelity(told, account=ACCOUNT, resolver=ZONE, readings=False)
    assert {subject: dict(pairs) for subject, pairs in score.confusion.items()} == {
        "spam": {("PASS", "PASS"): 1},
        "virus": {("PASS", "PASS"): 1},
        "spf": {("PASS", "PASS"): 1},
        "dkim": {("GRAY", "GRAY"): 1},
        "dmarc": {("PASS", "PASS"): 1},
    }
    forced = ses.fidelity(told, account=ACCOUNT, readings=False)
    assert score.of("header block")[1] > forced.of("header block")[1]
    assert score.lowest == forced.lowest == 1.0
    strict = ses.ScriptedScanner(spam="FAIL")
    other = ses.fidelity(told, account=ACCOUNT, scanners=(strict,), readings=False)
    assert other.confusion_table("spam").to_dict() == {"FAIL": {"PASS": 1}}
    assert other.different == ()


def test_a_zone_that_says_otherwise_gives_the_rows_of_authentication_and_no_others() -> None:
    score = ses.fidelity(written(), account=ACCOUNT, resolver="x.example. IN A 192.0.2.1", readings=False)
    places = {row.path.removeprefix("mail.headers.").removeprefix("content.").removeprefix("returned.")
              for row in score.different}  # fmt: skip
    assert places <= {
        "Received-SPF.result", "Received-SPF.comment", "Authentication-Results.spf.result",
        "Authentication-Results.spf.comment", "Authentication-Results.dmarc.result", "receipt.spfVerdict.status",
        "receipt.dmarcVerdict.status",
    }  # fmt: skip
    assert score.confusion["spf"] == {("PASS", "GRAY"): 1}
