"""Coverage counts what mail exercised, names what it did not, and leaves out what no mail can."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.analysis.cover_items import Covering, CoverKind, keys_of
from sesreceive.analysis.coverage_tally import CoverageTally, coverage
from sesreceive.analysis.unreachable import unreachable
from sesreceive.testing import make_account, make_mail, make_rule, strategies
from tests.scenario import GATE, scenario_account, scenario_items, scenario_receiver

TOPIC = "arn:aws:sns:us-east-1:111122223333:mail"
ACCOUNT = make_account(
    make_rule("tls", ses.S3Action(bucket_name="secret"), recipients=["tls@example.com"], tls_policy="Require"),
    make_rule("gate", ses.LambdaAction(function_arn=GATE, invocation_type="RequestResponse"),
              ses.S3Action(bucket_name="inbox"), recipients=["gate@example.com", "example.org"]),
    make_rule("told", ses.SNSAction(topic_arn=TOPIC), ses.StopAction(), recipients=["example.com"]),
    make_rule("end", ses.StopAction()),
    make_rule("dead", ses.StopAction(), recipients=["ana@example.com"]),
    make_rule("off", ses.StopAction(), enabled=False),
    filters=[ses.ReceiptFilter.block("203.0.113.0/24", name="test-net")],
)  # fmt: skip

# what is sent (recipients, what else), what the function answers, what of it is covered besides rules that fire
SENT = [
    (["tls@example.com"], {}, "CONTINUE",
     {"rule tls", "condition tls@example.com of tls", "action 1 S3 of tls", "rule told",
      "condition example.com of told", "action 1 SNS of told", "action 2 Stop of told",
      "outcome a recipient is accepted"}),
    (["gate@example.com"], {}, "STOP_RULE_SET",
     {"rule gate", "condition gate@example.com of gate", "action 1 Lambda of gate",
      "disposition 1 STOP_RULE_SET of gate", "outcome a recipient is accepted"}),
    (["bo@example.com"], {"size_bytes": 300_000}, "CONTINUE",
     {"rule told", "condition example.com of told", "outcome of told: the message is too large for it",
      "rule end", "action 1 Stop of end", "outcome a recipient is accepted"}),
    (["bo@example.com"], {"client_ip": "203.0.113.9"}, "CONTINUE",
     {"filter 203.0.113.0/24 of test-net", "outcome a recipient is refused: its client is blocked"}),
    (["bo@example.net"], {}, "CONTINUE", {"outcome a recipient is refused: no identity or no rule"}),
]  # fmt: skip


@pytest.mark.parametrize(("to", "said", "answer", "covered"), SENT)
def test_what_one_message_covers(to: list[str], said: dict[str, object], answer: str, covered: set[str]) -> None:
    backend = ses.MemoryBackend(functions={"gate": lambda event, context: {"disposition": answer}})
    reception = make_mail(*to, **said).receive(ses.Receiver(ACCOUNT, backend=backend, seed=1))  # type: ignore[arg-type]
    assert {key.text for key in Covering(ACCOUNT).of(reception)} == covered


def test_an_action_that_fails_is_not_covered_and_its_message_not_too_large() -> None:
    receiver = ses.Receiver(ACCOUNT, backend=ses.MemoryBackend(strict=True), seed=1)
    covered = {key.text for key in Covering(ACCOUNT).of(make_mail("tls@example.com").receive(receiver))}
    assert "action 1 S3 of tls" not in covered
    assert not any("too large" in text for text in covered)


def test_what_no_mail_can_cover_is_told_and_does_not_count() -> None:
    found = coverage(ACCOUNT, [])
    dead = {item.key.text: item.dead for item in found.items if item.status == "dead"}
    assert dead == {
        "rule dead": "`told`, `end` together stop the rule set for all of its recipients",
        "condition ana@example.com of dead": "`told`, `end` together stop the rule set for whom it matches",
        "action 1 Stop of dead": "`told`, `end` together stop the rule set for all of its recipients",
        "condition example.org of gate": "it lies under no verified domain",
        "outcome a recipient is refused: TLS is required":
            "whoever a rule with TLS matches is matched by one without, too",
    }  # fmt: skip
    assert found.percent == 0
    assert len(found.countable) + len(dead) == len(found.items)


# Of the mail of `scenario_items`.
MISSED = [
    "disposition 1 CONTINUE of gate",
    "disposition 1 STOP_RULE_SET of gate",
    "action 2 S3 of gate",
    "rule tls",
    "condition tls@example.com of tls",
    "action 1 S3 of tls",
    "condition invoices@example.com of billing",
    "outcome of billing: the message is too large for it",
]


def test_a_report_is_counted_and_shown() -> None:
    receiver = scenario_receiver()
    found = coverage(receiver.account, receiver.replay(scenario_items()))
    frame = found.frame()
    assert len(frame) == len(found.items)
    assert (frame["messages"] == [item.messages for item in found.items]).all()
    assert [item.key.text for item in found.missed] == MISSED
    assert "missed" in found._repr_html_()
    assert str(found).startswith(f"{int(found.percent)} % covered by 10 messages")


def test_names_are_escaped() -> None:
    account = make_account(make_rule("all", recipients=["<b>@example.com", "\x1b[31m@example.com"]))
    found = coverage(account, [])
    assert "<b>@" not in found._repr_html_()
    assert "\x1b" not in str(found) + repr(found.items)


def test_mail_of_another_account_does_not_count() -> None:
    tally = CoverageTally(ACCOUNT)
    assert not tally.add(scenario_receiver().receive(b"", rcpt_to=["billing@example.com"]))
    assert tally.coverage().messages == 0


def test_a_report_without_receptions_is_an_error() -> None:
    with pytest.raises(ses.InputError, match="keep=False"):
        coverage(ACCOUNT, scenario_receiver().replay(scenario_items(), keep=False))


@given(st.data())
@pytest.mark.slow
def test_mail_covers_what_there_is_and_nothing_dead(data: st.DataObject) -> None:
    account = data.draw(strategies.accounts())
    reception = data.draw(strategies.mails(account)).receive(ses.Receiver(account, seed=1))
    covered = Covering(account).of(reception)
    assert covered <= set(keys_of(account))
    dead = {(one.kind, one.name) for one in unreachable(account).items if one.dead and one.item < 0}
    assert not dead & {(str(key.kind), key.name) for key in covered}
    fired = {key.name for key in covered if key.kind is CoverKind.RULE}
    assert fired == set(reception.rules)


def test_the_scenario_is_an_account_for_which_all_kinds_exist() -> None:
    kinds = {key.kind for key in keys_of(scenario_account())}
    assert kinds == set(CoverKind)
