"""An experiment ends as if each account had received all of the corpus; it asks DNS and scanners once."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

import sesreceive as ses
from sesreceive.analysis.affecting import Affecting
from sesreceive.analysis.rerun import rerun
from sesreceive.lab.ends import counted, end_of
from sesreceive.lab.experiment import experiment
from sesreceive.lab.received_tables import ReceivedTables
from sesreceive.reading.changes import changes
from sesreceive.report.cost import PRICES
from sesreceive.stages import authentication
from sesreceive.testing import strategies
from tests.scenario import scenario_account, scenario_items, scenario_receiver

TODAY = scenario_account()
RULES = TODAY.rule_sets[0]


def edited(name: str, **fields: Any) -> ses.Account:
    return TODAY.with_rule_set(
        RULES.replace(rules=[rule.replace(**fields) if rule.name == name else rule for rule in RULES.rules])
    )


VARIANTS = {
    "today": TODAY,
    "the same": scenario_account(),
    "in clear text too": edited("tls", tls_policy="Optional"),
    "blocked": TODAY.with_filter(ses.ReceiptFilter.block("192.0.2.0/25", name="lab")),
    "let in": TODAY.without_filter("test-net"),
    "another domain": TODAY.with_identity("elsewhere.example"),
    "unscanned": edited("tag", scan_enabled=False),
    "another header": edited("tag", actions=[ses.AddHeaderAction(header_name="X-Seen", header_value="no")]),
    "another bucket": edited("rest", actions=[ses.S3Action(bucket_name="other")]),
    "off": TODAY.activate(None),
}
MAIL = [*ses.Traffic(accounts=(TODAY,), messages=30), *scenario_items()]


@pytest.fixture(scope="module")
def tried() -> ses.lab.experiment_result.Experiment:  # type: ignore[name-defined]  # the module is loaded by the call
    return ses.experiment(scenario_receiver(), variants=VARIANTS, corpus=MAIL)


@pytest.fixture(scope="module")
def received() -> ses.Report:
    return scenario_receiver().replay(MAIL)


@pytest.mark.parametrize("name", VARIANTS)
def test_each_variant_ends_as_if_its_account_had_received_the_mail(tried: Any, name: str) -> None:
    receiver = scenario_receiver()
    receiver.account = VARIANTS[name]
    alone = receiver.replay(MAIL)
    assert list(tried[name].ends) == [end_of(reception) for reception in alone]
    assert tried[name].cost().rows == alone.cost().rows
    report = tried[name].report
    for table in ("messages", "recipients", "rules", "actions"):
        ours, theirs = report.frame(table), alone.frame(table)
        # What was refused before has no id to keep; the reason of an S3 action names it.
        varying = ["received_at", "message_id", "reply", *(["reason"] if table == "actions" else [])]
        assert ours.drop(columns=varying, errors="ignore").equals(theirs.drop(columns=varying, errors="ignore")), table


@pytest.mark.parametrize("name", VARIANTS)
def test_what_differs_is_what_the_reading_of_both_ends_says(tried: Any, received: ses.Report, name: str) -> None:
    both = [(one, rerun(one, account=VARIANTS[name], receiver=scenario_receiver())) for one in received]
    if name in ("let in", "another domain"):  # what was refused is authenticated then, by the DNS of another receiver
        assert set(tried[name].numbers) == {at for at, (was, is_) in enumerate(both) if changes(was, is_)}
        return
    assert [one.changes for one in tried[name].differences] == [
        found for was, is_ in both if (found := changes(was, is_))
    ]
    assert sum(reason.messages for reason in tried[name].reasons) == len(tried[name].numbers)


def test_an_account_of_equal_rules_makes_no_difference(tried: Any) -> None:
    assert tried["the same"].numbers == ()
    assert tried["another header"].outcomes == tried["today"].outcomes
    assert len(tried["another header"].numbers) > 0  # what is written differs all the same


class Counting:
    """A scanner that counts."""

    name = "counting"

    def __init__(self) -> None:
        self.scanned: Counter[bytes] = Counter()

    def scan(self, message: ses.Message, envelope: ses.Envelope) -> Iterator[Any]:
        self.scanned[message.raw] += 1
        yield from ses.MarkerScanner().scan(message, envelope)


def test_a_message_is_authenticated_and_scanned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[bytes] = Counter()
    real = authentication.authenticate

    def counting(message: ses.Message, *arguments: Any) -> Any:
        asked[message.raw] += 1
        return real(message, *arguments)

    monkeypatch.setattr(authentication, "authenticate", counting)
    scanner = Counting()
    # Under the first account nothing is accepted, so that the others have to find out all there is.
    variants = {"off": VARIANTS["off"], **VARIANTS}
    found = ses.experiment(scenario_receiver(scanners=(scanner,)), variants=variants, corpus=MAIL)
    assert len(found["today"].numbers) > 20
    assert set(asked.values()) == {1}
    assert set(scanner.scanned.values()) == {1}
    assert found["today"].differences.compared == len(MAIL)
    assert set(asked.values()) == {1}, "nor is it when the differences are read"


def test_nothing_is_performed_and_the_receiver_stays_as_it_is(received: ses.Report) -> None:
    receiver = scenario_receiver()
    ses.experiment(receiver, variants=VARIANTS, corpus=MAIL[:5])
    ses.experiment(receiver, variants=VARIANTS, corpus=received)
    assert not receiver.backend.buckets  # type: ignore[attr-defined]  # it is in memory
    assert receiver.account == TODAY
    assert receiver.draw() == scenario_receiver().draw()


@pytest.mark.slow
def test_mail_that_was_received_ends_as_mail_that_is_new(tried: Any, received: ses.Report) -> None:
    again = ses.experiment(scenario_receiver(), variants=VARIANTS, corpus=received)
    assert again.frame().equals(tried.frame())
    listed = ses.experiment(scenario_receiver(), variants=VARIANTS, corpus=list(received))
    assert listed.frame().equals(tried.frame())
    assert [one.numbers for one in listed.variants] == [one.numbers for one in tried.variants]


@pytest.mark.parametrize(
    "shape",
    [
        "lean report",
        *(pytest.param(shape, marks=pytest.mark.slow) for shape in ("folder", "parts", "written as it goes")),
    ],
)
def test_of_a_replay_its_tables_are_enough(tried: Any, received: ses.Report, tmp_path: Path, shape: str) -> None:
    corpus: Any = tmp_path
    if shape == "lean report":
        corpus = scenario_receiver().replay(MAIL, keep=False)
    elif shape == "written as it goes":
        tables = ("messages", "recipients", "actions", "effects")
        corpus = scenario_receiver().replay_to(tmp_path / "replay", MAIL, tables=tables, part=20)
    elif shape == "folder":
        received.to_parquet(tmp_path)
    else:
        for start in (0, 20):
            for name in ("messages", "recipients", "actions", "effects"):
                (tmp_path / name).mkdir(exist_ok=True)
                frame = received.frame(name)
                part = frame[frame["number"].between(start, start + 19)]
                part.to_parquet(tmp_path / name / f"part-{start:06}.parquet", index=False)
    again = ses.experiment(scenario_receiver(), variants=VARIANTS, corpus=corpus)
    assert again.frame().equals(tried.frame())
    assert [one.numbers for one in again.variants] == [one.numbers for one in tried.variants]
    assert "the messages are not in the tables" in again.notes[0]
    verdicts = [one.verdicts for one in again["let in"].report if one.verdicts]
    known = [one.verdicts for one in again["today"].report if one.verdicts]
    assert known == [one.verdicts for one in received if one.verdicts]
    assert [one for one in verdicts if one.spf is ses.Verdict.PROCESSING_FAILED], "of refused mail nothing is known"


def test_without_tables_of_actions_and_effects_it_is_said_what_is_assumed(received: ses.Report, tmp_path: Path) -> None:
    received.to_parquet(tmp_path)
    for name in ("recipients", "actions", "effects"):
        (tmp_path / f"{name}.parquet").unlink()
    again = ses.experiment(scenario_receiver(), variants={"today": TODAY}, corpus=tmp_path)
    assert "there is no table of recipients, actions, effects" in again.notes[-1]


def test_functions_are_called_for_other_events_only() -> None:
    called: list[str] = []

    def gate(event: Any, context: Any) -> dict[str, str]:
        called.append(event["Records"][0]["ses"]["receipt"]["spamVerdict"]["status"])
        return {"disposition": "STOP_RULE" if called[-1] == "PASS" else "CONTINUE"}

    receiver = scenario_receiver(backend=ses.MemoryBackend(functions={"gate": gate}))
    item = next(one for one in scenario_items() if one["name"] == "gate")
    scanned = edited("gate", scan_enabled=True)
    found = ses.experiment(
        receiver, variants={"today": TODAY, "same": scenario_account(), "scanned": scanned}, corpus=[item]
    )
    assert called == ["DISABLED", "PASS"]
    assert found.frame().loc[("effect", "PutObject never", "operations")].tolist() == [1, 1, 0]


def test_a_number_is_traffic_for_all_variants_and_comes_after_the_corpus() -> None:
    variants = {"today": TODAY, "another domain": VARIANTS["another domain"]}
    found = ses.experiment(scenario_receiver(), variants=variants, corpus=MAIL[:3], traffic=40, seed=2)
    assert len(found) == 43
    assert found.mail[0].name == MAIL[0].name
    assert len(found["another domain"].numbers) > 0
    made = ses.Traffic(accounts=tuple(variants.values()), messages=40, seed=2)
    assert [one.name for one in found.mail[3:]] == [one.name for one in made]
    assert ses.experiment(scenario_receiver(), variants=variants, traffic=made).mail == found.mail[3:]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"variants": {}}, r"variants: expected accounts by name but got `\{\}`"),
    ({"variants": {"": TODAY}}, "variants: expected a name but got ``"),
    ({"variants": {"a": "b.json"}}, "variants\\[`a`\\]: expected an Account but got `b.json`"),
    ({"corpus": None}, "expected mail in `corpus` or `traffic` but got neither"),
    ({"corpus": []}, "expected mail but there is none"),
    ({"corpus": "no-such-folder"}, "no-such-folder"),
    ({"corpus": None, "traffic": 0}, "traffic messages: expected a number from 1 but got `0`"),
    ({"corpus": [5]}, "there is none: expected a message as bytes"),
    ({"prices": {}}, r"prices: expected a Prices but got `\{\}`"),
    ({"limit": -1}, "limit: expected a number from 0 but got `-1`"),
    ({"limit": "3"}, "limit: expected a number from 0 but got `3`"),
    ({"progress": 5}, "progress: expected true, false or a function but got `5`"),
    ({"executor": 5}, "executor: expected an executor of `concurrent.futures`, or one alike, but got `5`"),
    ({"seed": 2}, "seed has no effect without a number of messages in `traffic`"),
    ({"variants": {"a": TODAY.replace(active="none")}}, r"variants\[a\]\.active: "),
]


@pytest.mark.parametrize("change, sentence", WRONG)
def test_a_mistake_is_one_sentence(change: dict[str, Any], sentence: str) -> None:
    arguments = {"variants": {"today": TODAY}, "corpus": MAIL[:1], **change}
    with pytest.raises(ses.SesReceiveError, match=sentence) as caught:
        ses.experiment(scenario_receiver(), **arguments)
    assert "\n" not in str(caught.value)


# table, column, what stands in its first row, what the sentence has
WRONG_CELLS: list[tuple[str, str, Any, str]] = [
    ("messages", "spf", "pass", "column `spf`: expected one of PASS, .* but got `pass`"),
    ("messages", "dmarc_policy", "x", "column `dmarc_policy`: expected one of none, quarantine, reject but got `x`"),
    ("messages", "size_bytes", None, "column `size_bytes`: expected a whole number from 0 but got"),
    ("messages", "size_bytes", -1, "column `size_bytes`: expected a whole number from 0 but got `-1`"),
    ("messages", "tls", "yes", "column `tls`: expected true or false but got `yes`"),
    ("messages", "received_at", "today", "column `received_at`: expected a time but got `today`"),
    ("recipients", "recipient", b"x", "column `recipient`: expected text but got"),
    ("effects", "position", 1.5, "column `position`: expected a whole number from 0 but got `1.5`"),
]


@pytest.mark.parametrize("table, column, cell, sentence", WRONG_CELLS, ids=[str(row[1:3]) for row in WRONG_CELLS])
def test_a_wrong_cell_of_a_table_is_one_sentence(
    received: ses.Report, table: str, column: str, cell: Any, sentence: str
) -> None:
    tables = {name: received.frame(name) for name in ("messages", "recipients", "actions", "effects")}
    tables[table][column] = tables[table][column].astype(object)
    tables[table].at[0, column] = cell
    with pytest.raises(ses.InputError, match=f"^table `{table}` of a replay, {sentence}") as caught:
        ReceivedTables.of_frames(tables, scenario_receiver())
    assert "\n" not in str(caught.value)


def test_whole_numbers_may_have_become_floats(received: ses.Report) -> None:
    tables = {"messages": received.frame("messages").astype({"number": "float64", "size_bytes": "float64"})}
    assert len(ReceivedTables.of_frames(tables, scenario_receiver())) == len(received)


def test_an_account_is_no_receiver() -> None:
    with pytest.raises(ses.InputError, match=r"^expected a Receiver but got `<Account "):
        ses.experiment(TODAY, variants={"today": TODAY}, traffic=3)  # type: ignore[arg-type]


def test_an_option_of_receiving_is_refused_for_mail_that_was_received(received: ses.Report) -> None:
    with pytest.raises(ses.InputError, match="limit has no effect: the mail of the corpus was received before"):
        ses.experiment(scenario_receiver(), variants={"today": TODAY}, corpus=received, limit=3)


def test_every_parameter_is_documented() -> None:
    assert all(name in (inspect.getdoc(experiment) or "") for name in inspect.signature(experiment).parameters)


def test_prices_can_be_ones_own_and_their_source_stands_beside_the_cost(tried: Any) -> None:
    dear = ses.report.cost.Prices(received_per_thousand=100.0, as_of="2026-11", source="our bill")  # type: ignore[attr-defined]
    table = tried.cost(dear)
    assert table.attrs["source"] == "our bill, 2026-11"
    accepted = sum(end.accepted for end in tried["today"].ends)
    today = table[table["variant"] == "today"]
    assert today[today["item"] == "SES receiving"]["usd"].sum() == pytest.approx(accepted * 0.1)
    assert tried.cost().attrs["source"] == f"{PRICES.source}, {PRICES.as_of}"


def test_tables_have_their_columns_also_when_nothing_differs() -> None:
    alone = ses.experiment(scenario_receiver(), variants={"only": TODAY}, corpus=MAIL[:4])
    assert list(alone.frames()) == ["outcomes", "reasons", "differences", "messages", "cost"]
    assert [len(alone.frames()[name]) for name in ("reasons", "differences", "messages")] == [0, 0, 4]
    assert list(alone.reasons().columns) == [
        "variant",
        "messages",
        "where",
        "subject",
        "before",
        "after",
        "example",
        "why",
    ]
    assert alone.frame()["only"].dtype == "Int64"
    assert counted(alone["only"].ends) == alone["only"].outcomes


def test_it_is_shown_as_one_line_as_text_and_escaped(tried: Any) -> None:
    odd = "<b>\x1b[1m"
    found = ses.experiment(scenario_receiver(), variants={"today": TODAY, odd: VARIANTS["off"]}, corpus=MAIL[:4])
    assert "\n" not in repr(found)
    assert "\x1b" not in repr(found) + found.to_text(width=120)
    html = found._repr_html_()
    assert "<b>" not in html
    assert "\x1b" not in html
    assert "answer: accepted" in html
    assert "\n" not in repr(tried["off"])
    with pytest.raises(ses.InputError, match=r"table: expected `outcomes`, .* but got `outcome`; did you mean"):
        found.to_text("outcome")
    with pytest.raises(ses.InputError, match=r"^expected the name of a variant but got `of`"):
        found["of"]


def _law(before: ses.Account, after: ses.Account, mail: Any) -> None:
    reception = ses.Receiver(before, seed=1).receive(mail.message, mail.envelope)
    if not Affecting(after)(reception):
        again = rerun(reception, account=after)
        assert changes(reception, again) == ()
        assert end_of(again) == end_of(reception)


@given(strategies.rules(), strategies.rules(), strategies.mails())
@settings(max_examples=12)
@pytest.mark.slow
def test_what_is_passed_over_would_not_end_otherwise(one: Any, two: Any, mail: Any) -> None:
    before, after = (
        ses.Account(identities=("example.com", "example.org", "example.net"), active="main",
                    rule_sets=(ses.ReceiptRuleSet(name="main", rules=rules),))
        for rules in ((one,), (one, two) if one.name != two.name else (two,))
    )  # fmt: skip
    _law(before, after, mail)


@pytest.mark.slow
@given(strategies.accounts(), strategies.accounts(), strategies.mails())
@settings(max_examples=100)
def test_of_any_two_accounts_too(before: Any, after: Any, mail: Any) -> None:
    _law(before, after, mail)
