"""Authentication remembered: what has to be the same for a result to count again, and that it is said."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.auth.results_json import results_from_json, results_to_json
from sesreceive.errors import InputError
from sesreceive.later import unread
from sesreceive.replay import known_results, receptions
from sesreceive.stages import authentication
from tests.scenario import scenario_items, scenario_receiver

ITEMS = scenario_items()
RAW = b"From: ana@example.org\r\nTo: bo@example.com\r\nSubject: x\r\n\r\nbody\r\n"
ENVELOPE: dict[str, Any] = {
    "client_ip": "192.0.2.1", "helo": "mx.example.org", "mail_from": "ana@example.org", "rcpt_to": ["bo@example.com"],
    "received_at": datetime(2026, 1, 2, 10, 5, tzinfo=UTC),
}  # fmt: skip
ZONE = ses.Zone({"example.org": {"TXT": "v=spf1 ip4:192.0.2.0/24 -all"}})


def account(*rules: ses.ReceiptRule) -> ses.Account:
    rules = rules or (ses.ReceiptRule(name="all", enabled=True),)
    return ses.Account(
        identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=rules),)
    )


class Counting:
    """A resolver of one's own; what it is asked is counted."""

    def __init__(self, identity: str | None = None) -> None:
        self.asked = 0
        if identity:
            self.identity = identity

    def resolve(self, name: str, rdtype: str) -> Any:
        self.asked += 1
        return ZONE.resolve(name, rdtype)


def replayed(known: Any, raw: bytes = RAW, resolver: Any = ZONE, seed: int = 1, **changes: Any) -> ses.Report:
    assumptions = changes.pop("assumptions", None)
    receiver = ses.Receiver(account(), resolver=resolver, seed=seed, assumptions=assumptions)
    return receiver.replay([raw], envelope={**ENVELOPE, **changes}, known=known)


# What is changed, and whether the results count still.
CHANGES: list[tuple[str, dict[str, Any], bool]] = [
    ("nothing",                  {}, True),
    ("the id",                   {"seed": 2}, True),
    ("the recipient",            {"rcpt_to": ["cy@example.com"]}, True),
    ("encryption",               {"tls": True}, True),
    ("an equal zone",            {"resolver": ses.Zone.parse(ZONE.to_text())}, True),
    ("a setting of other things", {"assumptions": ses.Assumptions(subdomains_verified=False)}, True),
    ("a byte",                   {"raw": RAW + b"x"}, False),
    ("the client",               {"client_ip": "192.0.2.2"}, False),
    ("HELO",                     {"helo": "mx2.example.org"}, False),
    ("MAIL FROM",                {"mail_from": "ana@example.net"}, False),
    ("the time of arrival",      {"received_at": datetime(2026, 1, 2, 10, 6, tzinfo=UTC)}, False),
    ("a record",                 {"resolver": ZONE.with_records({"example.org": {"MX": "10 mx.example.org"}})}, False),
    ("a setting of SPF",         {"assumptions": ses.Assumptions(spf_void_lookups=2)}, False),
    ("another resolver",         {"resolver": Counting("other")}, False),
]  # fmt: skip


@pytest.mark.parametrize(("change", "counts"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES])
def test_results_count_again_where_all_is_the_same_that_they_follow_from(
    change: dict[str, Any], counts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = ses.KnownResults()
    first = replayed(known)
    assert first.taken_over == 0
    assert len(known) == 1
    real: Callable[..., Any] = authentication.authenticate
    called: list[int] = []
    monkeypatch.setattr(authentication, "authenticate", lambda *args: called.append(1) or real(*args))
    again, anew = replayed(known, **change), replayed(None, **change)
    assert again.taken_over == counts
    assert len(called) == (not counts) + 1
    assert again[0].authentication == anew[0].authentication
    assert again[0].verdicts == anew[0].verdicts
    assert len(known) == 1 + (not counts)
    said = "the results are those of an earlier run with the same bytes, envelope, DNS, settings and time"
    assert (said in str(again[0].explain())) is counts
    assert bool(again.notes) is counts


def test_a_resolver_of_ones_own_counts_for_itself_only_where_it_says_who_it_is() -> None:
    for identity, asked in (("recorded in May", False), (None, True)):
        known = ses.KnownResults()
        replayed(known, resolver=Counting(identity))
        resolver = Counting(identity)
        replayed(known, resolver=resolver)
        assert bool(resolver.asked) is asked


@pytest.mark.parametrize("workers", [None, 2])
@pytest.mark.parametrize("place", ["memory", "Parquet"])
def test_a_changed_rule_set_over_a_corpus_gives_what_a_full_replay_gives(
    place: str, workers: int | None, tmp_path: Path
) -> None:
    known: Any = ses.KnownResults()
    executor = None if workers is None else ThreadPoolExecutor(workers)
    if place == "memory":
        scenario_receiver().replay(ITEMS, known=known, executor=executor, chunk=3)
    else:
        pytest.importorskip("pyarrow", reason="Parquet is an extra: `pip install 'sesreceive[parquet]'`")
        known = scenario_receiver().replay_to(tmp_path, ITEMS, executor=executor, chunk=3)
    changed, full = scenario_receiver(), scenario_receiver()
    for receiver in (changed, full):
        receiver.account = receiver.account.activate(None).activate(receiver.account.active)
        receiver.account = receiver.account.with_filter(ses.ReceiptFilter.block("192.0.2.77", name="one"))
    report = changed.replay(ITEMS, known=known, executor=executor, chunk=3)
    wanted = full.replay(ITEMS)
    accepted = int(wanted.messages["accepted"].sum())
    assert report.taken_over == accepted > 0
    assert report.messages.equals(wanted.messages)
    assert report.recipients.equals(wanted.recipients)
    if place == "Parquet":
        again = scenario_receiver().replay_to(tmp_path / "again", ITEMS, known=tmp_path)
        frame = again.frame("authentication")
        assert frame["taken_over"].sum() == accepted
        assert frame["results"].isna().sum() == len(frame) - accepted


def told(report: ses.Report) -> list[Any]:
    """What a replay came to, message by message, and which results are of an earlier one."""
    traces = [str(reception.explain()) for reception in report]
    passed_over = [(one.name, one.reason) for one in report.passed_over_items]
    return [report.taken_over, traces, passed_over, [one.authentication for one in report]]


class Breaking:
    """A backend that breaks at every third effect."""

    def __init__(self) -> None:
        self.asked = 0

    def perform(self, effect: Any) -> Any:
        self.asked += 1
        if self.asked % 3 == 1:
            raise ValueError("not yet")
        return ses.MemoryBackend().perform(effect)


# Numbers are messages: where one stands again, what it follows from was met before.
REPEATED = [[0, 0], [0, 1, 0, 0, 1], [1, 0, 2, 2, 2, 1], [*range(40), 3, 39, 39], [0] * 70]


@pytest.mark.parametrize("breaks", [False, True])
@pytest.mark.parametrize("order", REPEATED, ids=lambda order: f"{len(order)}-{len(set(order))}")
def test_what_a_message_teaches_is_known_to_the_next_one_like_it_also_among_those_handed_over_together(
    order: list[int], breaks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = [RAW + b"x" * number for number in order]
    rule = ses.ReceiptRule(name="all", enabled=True, actions=(ses.S3Action(bucket_name="inbox"),))
    ends = []
    for together in (32, 1):
        monkeypatch.setattr(receptions, "_TOGETHER", together)
        backend = Breaking() if breaks else ses.MemoryBackend()
        receiver = ses.Receiver(account(rule), resolver=ZONE, seed=1, backend=backend)
        ends.append(told(receiver.replay(mail, envelope=ENVELOPE, known=ses.KnownResults())))
    assert ends[0] == ends[1]
    taken_over, _, passed_over, _ = ends[0]
    assert bool(passed_over) is breaks  # what breaks teaches nothing
    assert taken_over == len(order) - len(set(order)) or breaks


def test_results_that_are_one_text_are_read_once_and_no_question_is_made_before_somebody_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow", reason="Parquet is an extra: `pip install 'sesreceive[parquet]'`")
    mail = [RAW + b"x" * number for number in range(6)]

    def receiver() -> ses.Receiver:
        return ses.Receiver(account(), resolver=ZONE, seed=1)

    receiver().replay_to(tmp_path, mail, envelope=ENVELOPE)
    read: list[str] = []
    real = known_results.results_from_json
    monkeypatch.setattr(known_results, "results_from_json", lambda text: read.append(text) or real(text))
    report = receiver().replay(mail, envelope=ENVELOPE, known=tmp_path)
    assert (report.taken_over, len(read)) == (6, 1)
    results = [reception.authentication for reception in report]
    assert not isinstance(unread(results[0], "questions"), tuple)
    assert results == [reception.authentication for reception in receiver().replay(mail, envelope=ENVELOPE)]
    assert isinstance(unread(results[0], "questions"), tuple)


WITHOUT_QUESTIONS = '[["pass","a","b","c","d","","",""],[],["none","","",null,false,false,"",""],{},null]'


def test_results_without_questions_are_results() -> None:
    assert results_from_json(WITHOUT_QUESTIONS.format("[]")).questions == ()


BAD_QUESTIONS = ["5", '["a"]', '[["a"]]', '[["a","TXT","found","b","spf"]]', '[["a","TXT","found",[],"spf"],null]']


@pytest.mark.parametrize(
    "text", ["", "[]", '{"spf": 1}', "[[1],[],[],[],null]", *map(WITHOUT_QUESTIONS.format, BAD_QUESTIONS)]
)
def test_text_that_is_no_results_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="expected authentication results but got another text"):
        results_from_json(text)


@pytest.mark.slow
def test_every_result_of_the_samples_comes_back_from_its_text() -> None:
    for name in ses.datasets.names():
        sample = ses.datasets.load(name, functions=False)
        for reception in sample.receiver(seed=1).replay(sample.mail):
            results = reception.authentication
            if results is not None:
                assert results_from_json(results_to_json(results)) == results
