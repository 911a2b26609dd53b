"""Laws of the strategies: what they call valid is valid, what they send is received, and each rule can be reached."""

from __future__ import annotations

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.testing import make_account, make_rule, strategies
from tests.scenario import scenario_account


@given(strategies.accounts())
@pytest.mark.slow
def test_accounts_are_such_as_ses_takes(account: ses.Account) -> None:
    assert account.problems() == ()


@given(st.data())
@pytest.mark.slow
def test_mail_for_any_account_is_received(data: st.DataObject) -> None:
    account = data.draw(strategies.accounts())
    mail = data.draw(strategies.mails(account))
    reception = mail.receive(ses.Receiver(account, seed=1))
    assert reception.message.raw == mail.message
    assert reception.accepted == any(answer.accepted for answer in reception.recipients)


@pytest.mark.slow
def test_mail_for_an_account_reaches_each_of_its_rules() -> None:
    account = scenario_account()
    receiver = ses.Receiver(account, seed=1)
    for name in ("tag", "gate", "tls", "billing", "bounce", "rest"):
        mail = find(
            strategies.mails(account),
            lambda mail, name=name: name in mail.receive(receiver).rules,
            settings=settings(max_examples=2_000, database=None),
        )
        assert mail.envelope.rcpt_to


@given(strategies.mails())
def test_mail_for_nobody_in_particular_is_received(mail) -> None:  # type: ignore[no-untyped-def]
    account = make_account(make_rule("all"))
    assert len(mail.receive(ses.Receiver(account, seed=1)).recipients) == len(mail.envelope.rcpt_to)
