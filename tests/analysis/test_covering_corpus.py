"""A covering corpus covers all there is, has no mail too many, and is mail on the disk like any other."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

import sesreceive as ses
from sesreceive.analysis.cover_items import Covering
from sesreceive.analysis.coverage_tally import coverage
from sesreceive.analysis.covering_corpus import covering_corpus
from sesreceive.testing import make_account, make_rule, strategies
from tests.scenario import GATE, scenario_account

STORE = ses.S3Action(bucket_name="inbox")
GATED = ses.LambdaAction(function_arn=GATE, invocation_type="RequestResponse")

# an account, how many mails any set needs, how many there are
SIZES = {
    "nothing": (ses.Account(identities=("example.com",)), 1, 1),
    "one rule": (make_account(make_rule("all", STORE)), 1, 1),
    "everybody in one mail": (make_account(*(make_rule(f"r{n}", STORE, recipients=[f"u{n}@example.com"])
                                             for n in range(30))), 1, 1),
    "each rule stops": (make_account(*(make_rule(f"r{n}", STORE, ses.StopAction(), recipients=[f"u{n}@example.com"])
                                       for n in range(5))), 5, 5),
    "three answers": (make_account(make_rule("gate", GATED, STORE)), 3, 3),
    "two networks": (make_account(make_rule("all", STORE), filters=[
        ses.ReceiptFilter.block("203.0.113.0/24", name="a"), ses.ReceiptFilter.block("192.0.2.0/24", name="b"),
    ]), 3, 3),
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_how_many_mails_there_are(name: str) -> None:
    account, at_least, mails = SIZES[name]
    corpus = covering_corpus(account)
    assert (corpus.at_least, len(corpus)) == (at_least, mails)
    assert corpus.coverage.percent == 100


@settings(max_examples=25)
@given(strategies.accounts())
@pytest.mark.slow
def test_all_is_covered_and_no_mail_is_too_many(account: ses.Account) -> None:
    corpus = covering_corpus(account)
    receptions = list(corpus.receive())
    assert coverage(account, receptions).percent == 100 == corpus.coverage.percent
    assert corpus.at_least <= len(corpus)
    covering = Covering(account)
    covered = [covering.of(reception) for reception in receptions]
    for at, keys in enumerate(covered):
        assert not keys <= set().union(*covered[:at], *covered[at + 1 :])


def test_a_block_under_an_allow_of_the_same_addresses_blocks_nobody() -> None:
    filters = (ses.ReceiptFilter.allow("192.0.2.1", name="in"), ses.ReceiptFilter.block("192.0.2.1", name="out"))
    corpus = covering_corpus(ses.Account(identities=("example.com",), filters=filters))
    assert corpus.coverage.percent == 100
    assert "no Block filter decides on any client" in str(corpus.coverage)


def test_on_the_disk_it_is_mail_like_any_other(tmp_path: Path) -> None:
    account = scenario_account()
    corpus = covering_corpus(account)
    files = corpus.save(tmp_path / "corpus")
    assert [path.name for path in files] == [f"{number:03}.eml" for number in range(1, len(corpus) + 1)]
    report = ses.Receiver(account, seed=1).replay(tmp_path / "corpus")
    sent = [(mail.witness.message, mail.witness.envelope.rcpt_to) for mail in corpus]
    assert [(one.message.raw, one.envelope.rcpt_to) for one in report] == sent
    assert (tmp_path / "corpus" / "001.answers.json").exists()
    with pytest.raises(ses.InputError, match="cannot write to"):
        corpus.save(files[0])


def test_it_is_a_table_a_text_and_a_page() -> None:
    corpus = covering_corpus(scenario_account())
    frame = corpus.frame()
    assert list(frame["mail"]) == [f"{number:03}" for number in range(1, len(corpus) + 1)]
    assert frame["covers"].str.len().gt(0).all()
    assert "answers STOP_RULE_SET" in str(corpus)
    assert "<table" in corpus._repr_html_()
