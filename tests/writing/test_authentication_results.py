"""The wording of Received-SPF and Authentication-Results: every result, and text that is the sender's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sesreceive.auth.results import DkimResult, DkimStatus, DmarcStatus, SpfResult, SpfStatus
from sesreceive.auth.verdicts import verdicts_of
from sesreceive.dns.zone import Zone
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.stages.authentication import authenticate
from sesreceive.writing.authentication_results import SPF_WORDING, authentication_results, received_spf
from sesreceive.writing.stored_message import header_block
from tests.writing.samples import NOT_SCANNED, envelope_of, receipt_of

FACTS = "client-ip=192.0.2.1; envelope-from=ana@example.org; helo=mx.example.org;"

# Apache jSPF's SPFResult, word for word.
SPF = [
    # result     what stands before the facts
    ("pass",      "pass (spfCheck: domain of example.org designates 192.0.2.1 as permitted sender) "),
    ("fail",      "fail (spfCheck: domain of example.org does not designate 192.0.2.1 as permitted sender) "),
    ("softfail",
     "softfail (spfCheck: transitioning domain of example.org does not designate 192.0.2.1 as permitted sender) "),
    ("neutral",   "neutral (spfCheck: 192.0.2.1 is neither permitted nor denied by domain of example.org) "),
    ("none",      "none (spfCheck: 192.0.2.1 is neither permitted nor denied by domain of example.org) "),
    ("permerror", "permerror (spfCheck: Error in processing SPF Record) "),
    ("temperror", "temperror (spfCheck: Error in retrieving data from DNS) "),
]  # fmt: skip


def spf_result(**changes: str) -> SpfResult:
    result = SpfResult(
        status=SpfStatus.PASS, domain="example.org", envelope_from="ana@example.org", client_ip="192.0.2.1",
        helo="mx.example.org",
    )  # fmt: skip
    return replace(result, **changes)


@pytest.mark.parametrize("status, text", SPF)
def test_received_spf_has_the_wording_of_jspf(status: str, text: str) -> None:
    assert received_spf(spf_result(status=SpfStatus(status))) == text + FACTS


def test_every_spf_result_has_a_wording() -> None:
    assert set(SPF_WORDING) == set(SpfStatus) == {SpfStatus(status) for status, _ in SPF}


def test_the_domain_is_the_one_whose_record_decided() -> None:
    assert received_spf(spf_result(domain="_spf.example.net")).startswith("pass (spfCheck: domain of _spf.example.net ")


# signatures                                                 the lines of the header
DKIM = [
    ([],                                                     []),
    ([("pass", "example.org", "@example.org")],              ["dkim=pass header.i=@example.org;"]),
    ([("fail", "example.org", "ana@news.example.org")],      ["dkim=fail header.i=@news.example.org;"]),
    ([("permerror", "example.org", "")],                     ["dkim=permerror header.i=@example.org;"]),
    ([("temperror", "a.example", ""), ("pass", "b.example", "")],
     ["dkim=temperror header.i=@a.example;", "dkim=pass header.i=@b.example;"]),
    ([("permerror", "x\r\nBcc: y", "")],                     ["dkim=permerror header.i=@x  Bcc: y;"]),
]  # fmt: skip


@pytest.mark.parametrize("signatures, lines", DKIM)
def test_authentication_results_has_one_line_a_signature(
    signatures: list[tuple[str, str, str]], lines: list[str]
) -> None:
    results = replace(
        receipt_of().results,
        dkim=tuple(DkimResult(status=DkimStatus(s), domain=d, identity=i) for s, d, i in signatures),
    )
    server, spf, *dkim, dmarc = authentication_results(results)
    assert dkim == lines
    assert (server, dmarc) == ("amazonses.com;", "dmarc=pass header.from=example.org;")
    assert spf == f"spf={received_spf(results.spf)}"


# DKIM-Signature field                       its item                          DKIM verdict
NO_SIGNATURES = [
    (b"v=DKIM1; k=rsa; p=MIGfMA0",            [],                               "GRAY"),
    (b"",                                     [],                               "GRAY"),
    (b"v=1; d=; i=@",                         [],                               "GRAY"),
    (b"v=1; d=..; i=@example.org",            [],                               "GRAY"),
    (b"v=1; d=example.org; hello",            [],                               "GRAY"),
    (b"v=1; d=example.org; d=example.net",    [],                               "GRAY"),
    (b"v=1; d=example.org",                   ["dkim=permerror header.i=@example.org;"], "PROCESSING_FAILED"),
    (b"v=1; d=example.org; i=ana@",           ["dkim=permerror header.i=@example.org;"], "PROCESSING_FAILED"),
    (b"v=1; d=example.org; i=@",              ["dkim=permerror header.i=@example.org;"], "PROCESSING_FAILED"),
]  # fmt: skip


@pytest.mark.parametrize("field, lines, verdict", NO_SIGNATURES)
def test_a_field_that_is_no_signature_counts_as_if_it_were_not_there(
    field: bytes, lines: list[str], verdict: str
) -> None:
    raw = b"DKIM-Signature: " + field + b"\r\nFrom: ana@example.org\r\n\r\n"
    decision = authenticate(Message(raw), Envelope(mail_from="ana@example.org"), Zone(), 0)
    _, _, *dkim, _ = authentication_results(decision.results)
    assert (dkim, verdicts_of(decision.results).dkim) == (lines, verdict)
    event = decision.events[2]
    assert (event.op, "counts as if it were not there" in event.reason) == (
        ("miss", False) if lines else ("skip", True)
    )


NO_AUTHOR = [b"", b"From: team:;\r\n", b"From: ana\r\n", b"From: a@localhost\r\n"]


@pytest.mark.parametrize("field", NO_AUTHOR)
def test_without_an_author_domain_there_is_no_dmarc_item(field: bytes) -> None:
    decision = authenticate(Message(field + b"\r\n"), Envelope(mail_from="ana@example.org"), Zone(), 0)
    lines = authentication_results(decision.results)
    assert len(lines) == 2
    assert lines[-1].startswith("spf=none")
    assert lines[-1].endswith(";")


@pytest.mark.parametrize("status", list(DmarcStatus))
def test_the_dmarc_line_names_the_from_domain(status: DmarcStatus) -> None:
    results = receipt_of().results
    results = replace(results, dmarc=replace(results.dmarc, status=status))
    assert authentication_results(results)[-1] == f"dmarc={status} header.from=example.org;"


def test_helo_and_mail_from_are_repeated_as_they_are() -> None:
    """The weakness of the service is kept: what the client says stands among the results, and looks like one."""
    helo = "mx; dkim=pass header.i=@bank.example;"
    receipt = receipt_of(envelope=envelope_of(helo=helo, mail_from="ana; dmarc=pass@example.org"))
    value = Message(header_block(receipt, NOT_SCANNED)).get("Authentication-Results") or ""
    assert "envelope-from=ana; dmarc=pass@example.org; helo=mx; dkim=pass header.i=@bank.example;; dkim=pass" in value


def test_no_text_begins_a_line_of_its_own() -> None:
    """A line end can come in by a tag of a signature, or by a value made without the checks of the API."""
    evil = "x\r\n\r\nX-Injected: yes\rX-Injected: yes\nX-Injected: yes\x00"
    results = receipt_of().results
    results = replace(
        results, spf=replace(results.spf, domain=evil, helo=evil, envelope_from=evil, client_ip=evil),
        dkim=(DkimResult(status=DkimStatus.FAIL, domain=evil, identity=evil),),
        dmarc=replace(results.dmarc, domain=evil),
    )  # fmt: skip
    block = header_block(receipt_of(results=results), NOT_SCANNED, ((evil, evil),))
    assert [field.name for field in Message(block).fields][:6] == [
        b"Return-Path", b"Received", b"Received-SPF", b"Authentication-Results", b"X-SES-RECEIPT",
        b"X-SES-DKIM-SIGNATURE",
    ]  # fmt: skip
    assert block.count(b"\r") == block.count(b"\n") == block.count(b"\r\n")
    assert b"\x00" not in block
    assert b"X-Injected" in block
    assert not any(line.lstrip().startswith(b"X-Injected") for line in block.split(b"\r\n"))
