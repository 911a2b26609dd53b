"""Mutants: each is one small change, what is said of it is so, and a survivor has the mail that would show it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

import sesreceive as ses
from sesreceive.analysis.comparison import ends_alike
from sesreceive.analysis.covering_corpus import covering_corpus
from sesreceive.analysis.mutants import mutants, tried_mutants
from sesreceive.analysis.mutations import mutations
from sesreceive.testing import make_account, make_mail, make_rule, strategies
from tests.scenario import scenario_account, scenario_items, scenario_receiver

STORE = ses.S3Action(bucket_name="inbox")
ACCOUNT = make_account(
    make_rule("ana", STORE, ses.StopAction(), recipients=["ana@example.com"]),
    make_rule("rest", ses.S3Action(bucket_name="rest"), recipients=["example.com"]),
    filters=[ses.ReceiptFilter.block("203.0.113.0/24", name="test-net")],
)

# what is changed, which mail notices it
NOTICED = [
    ("leave out action 2 of ana: Stop", "ana"),
    ("swap the rules ana and rest", "ana"),
    ("widen ana@example.com of ana to its domain", "bo"),
    ("widen example.com of rest to what lies below it", "below"),
    ("make the filter test-net Allow", "blocked"),
    ("leave out the filter test-net", "blocked"),
    ("take clear text in rest", ""),
    ("require TLS for rest", "plain"),
    ("widen the filter test-net to 203.0.112.0/23", "beside"),
]
MAIL = {
    "ana": make_mail("ana@example.com"),
    "bo": make_mail("bo@example.com"),
    "below": make_mail("bo@mx.example.com"),
    "blocked": make_mail("bo@example.com", client_ip="203.0.113.9"),
    "beside": make_mail("bo@example.com", client_ip="203.0.112.9"),
    "plain": make_mail("bo@example.com", tls=False),
}


@pytest.fixture(scope="module")
def report() -> ses.Report:
    items = [{"name": name, "raw": mail.message, "envelope": mail.envelope} for name, mail in MAIL.items()]
    return ses.Receiver(ACCOUNT, seed=1).replay(items)


@pytest.mark.parametrize(("what", "by"), NOTICED)
@pytest.mark.slow
def test_who_notices_what(report: ses.Report, what: str, by: str) -> None:
    found = {one.what: one for one in mutants(ACCOUNT, report)}
    assert found[what].noticed_by == by if by else what not in found


def test_without_mail_nothing_is_noticed_and_each_survivor_has_its_mail() -> None:
    found = mutants(ACCOUNT, [])
    assert found.score == 0
    assert not found.of("noticed")
    for one in found.survivors:
        assert one.witness is not None
        assert not ends_alike(one.witness.receive(ACCOUNT), one.witness.receive(one.account)), one.what


def test_what_no_mail_would_show_does_not_count() -> None:
    account = make_account(make_rule("ana", STORE, recipients=["ana@example.com", "example.com"]))
    found = {one.what: one.status for one in mutants(account, covering_corpus(account))}
    assert found["leave out ana@example.com of ana"] == "equivalent"


def test_what_ses_refuses_is_told() -> None:
    account = make_account(make_rule("gone", ses.BounceAction.template("mailbox-full", sender="ana@example.com")))
    [refused] = mutants(account, []).of("refused")
    assert refused.what == "leave out the identity example.com"
    assert "expected an address under a verified identity" in refused.noticed_by
    refused_swap = {one.what for one in mutants(ACCOUNT, []).of("refused")}
    assert refused_swap == {"swap actions 1 and 2 of ana: S3 and Stop"}


def test_mail_of_a_report_takes_its_functions_along() -> None:
    receiver = scenario_receiver()
    found = {one.what: one for one in mutants(receiver.account, receiver.replay(scenario_items()))}
    assert found["leave out action 1 of gate: Lambda"].noticed_by == "gate"


def test_a_suite_may_be_asked_too() -> None:
    asked = []

    def noticed(account: ses.Account) -> str:
        asked.append(account)
        return "the suite" if len(account.filters) == 0 else ""

    found = tried_mutants(ACCOUNT, noticed)
    assert [one.what for one in found.of("noticed")] == ["leave out the filter test-net"]
    assert len(asked) == len(found) - len(found.of("refused"))


@settings(max_examples=10)
@given(strategies.accounts())
def test_each_mutation_changes_something(account: ses.Account) -> None:
    whats = []
    for what, make in mutations(account):
        whats.append(what)
        assert make() != account, what


def test_it_is_a_table_a_text_and_a_page() -> None:
    found = mutants(scenario_account(), [])
    assert len(found.frame()) == len(found)
    assert str(found).count("survived: ") == len(found.survivors)
    assert "the mail that would show it" in found._repr_html_()
