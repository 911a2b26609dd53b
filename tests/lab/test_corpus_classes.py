"""One message of a class ends as all of the class do: an experiment by classes is one that judges every message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.analysis.rerun import rerun
from sesreceive.backends.failure_plan import Failure
from sesreceive.lab.ends import end_of
from sesreceive.lab.received_tables import ReceivedTables
from sesreceive.reading.changes import differs
from sesreceive.stages import authentication
from sesreceive.stages.provider_lists import DnsList
from sesreceive.testing import strategies
from tests.conftest import make_account, make_rule

GATE = "arn:aws:lambda:us-east-1:111122223333:function:gate"
TOPIC = "arn:aws:sns:us-east-1:111122223333:mail"
STORE, STOP = ses.S3Action(bucket_name="inbox"), ses.StopAction()
TAG = ses.AddHeaderAction(header_name="X-Seen", header_value="yes")
BOUNCE = ses.BounceAction(sender="postmaster@example.com", smtp_reply_code="550", message="gone")
LISTED = ses.ProviderList("listed", ["203.0.113.0/24"])
TODAY = make_account(make_rule("store", TAG, STORE, scan_enabled=True), make_rule("stop", STOP))

# A message may be close to the limit of SNS, above it, or small.
READINGS = st.sampled_from(
    [None, ses.Assumptions(null_sender_bounce="send"),
     ses.Assumptions(text_line_limit=100), ses.Assumptions(ip_check_order="mailbox-first", max_recipients=2)]
)  # fmt: skip


def receiver_of(account: ses.Account, **options: Any) -> ses.Receiver:
    return ses.Receiver(account, seed=1, **options)


KINDS = ("mail", "receptions", "tables")


def law(accounts: Sequence[ses.Account], mail: Sequence[Any], kinds: Sequence[str] = KINDS, **options: Any) -> None:
    """The ends, tables and differences are those of messages that are judged one by one, whatever the corpus is."""
    variants = {f"v{number}": account for number, account in enumerate(accounts)}
    reports = {name: receiver_of(account, **options).replay(mail) for name, account in variants.items()}
    first = receiver_of(accounts[0], **options)
    lean = receiver_of(accounts[0], **options).replay(mail, keep=False)
    corpora: dict[str, Any] = dict(zip(KINDS, (mail, reports["v0"], lean), strict=True))
    for corpus in map(corpora.__getitem__, kinds):
        tried = ses.experiment(first, variants=variants, corpus=corpus)
        table = tried.messages()
        assert sum(tried.alone.values()) <= len(accounts) * len(mail)
        for name, account in variants.items():
            alone = reports[name]
            assert list(tried[name].ends) == [end_of(reception) for reception in alone]
            columns = ["accepted", "rules", "effects", "failed", "stopped_by"]
            ours = table[table["variant"] == name][columns].reset_index(drop=True)
            assert ours.equals(alone.messages[columns])
            if corpus is lean:
                tables = ReceivedTables.of_report(lean, first)
                pairs = zip(tables.under(accounts[0]), tables.under(account), strict=True)
            else:
                pairs = zip(
                    reports["v0"], (rerun(one, account=account, receiver=first) for one in reports["v0"]), strict=True
                )
            assert tried[name].numbers == tuple(number for number, pair in enumerate(pairs) if differs(*pair))


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """Accounts, mail of all classes that they make, and other mail of the same classes."""
    one = draw(strategies.accounts())
    rules = draw(st.lists(strategies.rules(), min_size=1, max_size=3, unique_by=lambda rule: rule.name))
    two = ses.Account(
        identities=("example.com", "example.org"), active="main",
        rule_sets=(ses.ReceiptRuleSet(name="main", rules=tuple(rules)),),
        filters=draw(st.lists(strategies.filters(), max_size=2, unique_by=lambda item: item.name)),
    )  # fmt: skip
    accounts = draw(st.permutations([one, two, draw(st.sampled_from([TODAY, two.with_identity("example.net")]))]))
    mail: list[Any] = []
    for _ in range(draw(st.integers(1, 3))):
        raw = draw(strategies.messages()) + b"x" * draw(st.sampled_from([0, 300, 100_000, 160_000]))
        about = draw(st.sampled_from([None, *accounts]))
        mail.append((raw, draw(strategies.envelopes(about))))
        envelope = draw(strategies.envelopes(draw(st.sampled_from(accounts))))
        for local, tls in (("x1", True), ("x2", False)):
            to = [f"{local}@{recipient.rpartition('@')[2]}" for recipient in envelope.rcpt_to]
            mail.append((raw, envelope.changed(rcpt_to=to, mail_from=f"{local}@example.org", tls=tls)))
    lists = draw(st.sampled_from([(), (LISTED,)]))
    kinds = [draw(st.sampled_from(KINDS))]
    return {"accounts": accounts, "mail": mail, "kinds": kinds, "assumptions": draw(READINGS), "provider_lists": lists}


@given(cases())
@settings(max_examples=4, deadline=None)
def test_by_classes_mail_ends_as_it_does_one_by_one(case: dict[str, Any]) -> None:
    law(**case)


@pytest.mark.slow
@given(cases())
@settings(max_examples=25, deadline=None)
def test_by_classes_any_mail_ends_as_it_does_one_by_one(case: dict[str, Any]) -> None:
    law(**case)


def mail_of(messages: int, **envelope: Any) -> list[Any]:
    said = {"client_ip": "192.0.2.1", "helo": "mx.example.org", "tls": True, **envelope}
    return [
        {"name": f"m{number}", "raw": b"From: ana@example.org\r\nSubject: hi\r\n\r\nbody\r\n",
         "envelope": {"mail_from": f"ana{number}@example.org", "rcpt_to": [f"u{number}@example.com"], **said}}
        for number in range(messages)
    ]  # fmt: skip


# One thing at a time that a message can differ in from the next.
DIFFERENT: list[dict[str, Any]] = [
    {},
    {"tls": False},
    {"client_ip": "203.0.113.9"},
    {"mail_from": ""},
    {"rcpt_to": ["bo@example.com"]},
    {"rcpt_to": ["ana@example.com", "bo@example.com"]},
    {"rcpt_to": ["bo@example.com", "ana@example.com"]},
    {"rcpt_to": ["ana@elsewhere.example"]},
]


def test_whatever_a_rule_can_ask_tells_classes_apart() -> None:
    mail = [item for said in DIFFERENT for item in mail_of(2, **said)]
    large = [{**item, "raw": item["raw"] + b"x" * 160_000} for item in mail_of(2)]
    accounts = (
        make_account(make_rule("bo", STORE, recipients=["bo@example.com"]), make_rule("rest", BOUNCE)),
        make_account(
            make_rule("safe", STORE, tls_policy="Require"),
            make_rule("bo", ses.SNSAction(topic_arn=TOPIC), recipients=["bo@example.com"]),
            make_rule("all", ses.SNSAction(topic_arn=TOPIC)),
            filters=(ses.ReceiptFilter.block("203.0.113.0/24", name="lab"),),
        ),
    )
    mail += large
    law(accounts, mail)
    tried = ses.experiment(receiver_of(accounts[0]), variants=dict(zip("ab", accounts, strict=True)), corpus=mail)
    assert tried.classes == len(DIFFERENT) + 1


# What the rules come to beside `TODAY`, in how many classes 40 messages fall, and what of them is judged one by one.
WRITTEN = "whether the same is written is told by their bytes"
RULES = [
    ("another order", (make_rule("stop", STOP), make_rule("store", TAG, STORE, scan_enabled=True)), 1, {}),
    ("a rule for one", (make_rule("u3", STOP, recipients=["u3@example.com"]), *TODAY.rule_sets[0].rules), 2, {}),
    ("bounces", (make_rule("bounce", BOUNCE),), 1, {}),
    ("another header", (make_rule("store", STORE), make_rule("stop", STOP)), 1, {}),  # without a scan, another verdict
    ("another value", (make_rule("store", TAG.replace(header_value="no"), STORE, scan_enabled=True),
                       make_rule("stop", STOP)), 1, {WRITTEN: 40}),
    ("nothing is another", TODAY.rule_sets[0].rules, 1, {}),
    ("a function, none is there", (make_rule("gate", ses.LambdaAction(function_arn=GATE)),), 1, {}),
]  # fmt: skip


@pytest.mark.parametrize("rules, classes, alone", [row[1:] for row in RULES], ids=[row[0] for row in RULES])
def test_what_is_alike_is_judged_once(rules: Any, classes: int, alone: dict[str, int]) -> None:
    other = make_account(*rules)
    mail = mail_of(40)
    tried = ses.experiment(receiver_of(TODAY), variants={"today": TODAY, "other": other}, corpus=mail)
    assert (tried.classes, tried.alone) == (classes, alone)
    law((TODAY, other), mail, ("tables",))


def test_twice_the_mail_of_the_same_classes_costs_no_judge_more(monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_account(*RULES[0][1])
    judged: Counter[int] = Counter()
    real = ses.Receiver.process

    def counting(self: ses.Receiver, *arguments: Any, **options: Any) -> ses.Reception:
        judged[size] += 1
        return real(self, *arguments, **options)

    monkeypatch.setattr(ses.Receiver, "process", counting)
    for size in (50, 100):
        lean = receiver_of(TODAY).replay(mail_of(size), keep=False)
        judged[size] = 0
        ses.experiment(receiver_of(TODAY), variants={"today": TODAY, "other": other}, corpus=lean).messages()
    assert judged[100] == judged[50] < 5


def test_nothing_is_authenticated_and_nobody_is_asked_when_only_rules_run_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = receiver_of(TODAY).replay(mail_of(20))
    monkeypatch.setattr(authentication, "authenticate", None)
    tried = ses.experiment(receiver_of(TODAY), variants={"today": TODAY, "off": make_account()}, corpus=kept)
    assert len(tried["off"].numbers) == 20


def answering(disposition: str) -> Any:
    return lambda event, context: {"disposition": disposition}


def test_what_effects_came_to_tells_classes_apart(tmp_path: Path) -> None:
    gate = make_rule("gate", ses.LambdaAction(function_arn=GATE, invocation_type="RequestResponse"))
    account = make_account(gate, make_rule("store", STORE))
    other = make_account(gate, make_rule("store", STORE), make_rule("more", STORE))
    items = mail_of(12)
    backend = ses.MemoryBackend(
        functions={"gate": lambda event, context: {
            "disposition": "STOP_RULE_SET" if event["Records"][0]["ses"]["mail"]["source"] < "ana5" else "CONTINUE"}},
        failures=[Failure(bucket="inbox", times=None)],
    )  # fmt: skip
    receiver = receiver_of(account, backend=backend)
    receiver.replay_to(tmp_path / "out", items)
    variants = {"today": account, "other": other}
    tried = ses.experiment(receiver_of(account), variants=variants, corpus=tmp_path / "out")
    assert tried.classes == 2
    assert len(set(tried["today"].ends)) == 2
    tables = ReceivedTables.read(tmp_path / "out", receiver_of(account))
    for name, one in variants.items():
        assert list(tried[name].ends) == [end_of(reception) for reception in tables.under(one)]


# What no class can tell, and the sentence that says so.
ALONE = [
    ("functions", {"backend": ses.MemoryBackend(functions={"gate": answering("CONTINUE")})}, {},
     "functions are called, and their answers decide"),
    ("lines", {"assumptions": ses.Assumptions(text_line_limit=1_000)}, {},
     "text lines are limited, so its bytes decide"),
    ("lists in DNS", {"provider_lists": (DnsList("dnsbl", "bl.example.net"),)}, {},
     "lists in DNS are asked for its client"),
    ("a sender that is refused", {}, {"mail_from": "a..b@example.org"}, "its sender is refused"),
]  # fmt: skip


@pytest.mark.parametrize("options, said, why", [row[1:] for row in ALONE], ids=[row[0] for row in ALONE])
def test_what_no_class_can_tell_is_judged_one_by_one_and_it_is_said(
    options: dict[str, Any], said: dict[str, Any], why: str
) -> None:
    gate = make_rule("gate", ses.LambdaAction(function_arn=GATE, invocation_type="RequestResponse"))
    accounts = make_account(gate), make_account(gate, make_rule("store", STORE))
    mail = [{**item, "envelope": {**item["envelope"], **said}} for item in mail_of(5)]
    tried = ses.experiment(
        receiver_of(accounts[0], **options), variants=dict(zip(("a", "b"), accounts, strict=True)), corpus=mail
    )
    assert (tried.classes, tried.alone[why]) == (5, 5)
    law(accounts, mail, ("receptions",), **options)


# A cell of the table of messages that no session could say, and the sentence.
UNSAYABLE = [
    ("client_ip", "here", "envelope client_ip: expected an IPv4 or IPv6 address but got `here`"),
    ("mail_from", "a\r\nb", "envelope mail_from: expected text without line ends and NUL"),
    ("mail_from", "Ana <ana@example.org>", "envelope mail_from: expected an address without angle brackets"),
    ("helo", "a\0", "envelope helo: expected text without line ends and NUL"),
]


@pytest.mark.parametrize(
    "column, cell, sentence", UNSAYABLE, ids=[f"{row[0]}-{at}" for at, row in enumerate(UNSAYABLE)]
)
def test_a_row_that_no_session_could_say_is_one_sentence_whichever_row_it_is(
    column: str, cell: str, sentence: str
) -> None:
    lean = receiver_of(TODAY).replay(mail_of(4), keep=False)
    tables = {name: lean.frame(name) for name in ("messages", "recipients", "actions", "effects")}
    tables["messages"].loc[3, column] = cell
    with pytest.raises(ses.InputError, match=sentence):
        ReceivedTables.of_frames(tables, receiver_of(TODAY))
    del tables["messages"]["helo"]
    with pytest.raises(ses.InputError, match="expected the column `helo` in the table `messages` of a replay"):
        ReceivedTables.of_frames(tables, receiver_of(TODAY))
