"""The debugger: every step, in both directions, and where its buttons run to."""

from __future__ import annotations

import pytest
from ui.test_results import HOSTILE, Texts

import sesreceive as ses
from sesreceive.trace.events import Kind
from sesreceive.ui.bench import Bench
from sesreceive.ui.debugger import Debugger
from tests.scenario import WAYS, message, scenario_receiver


def debugger(name: str) -> Debugger:
    return Debugger(scenario_receiver().receive(message(name), WAYS[name], name=name))


def shown(part: Debugger) -> tuple[str, ...]:
    return tuple(one.value for one in (part.said, part.envelope, part.rules, part.header, part.picture))


@pytest.mark.parametrize("name", ["billing", "blocked", "gone", "nobody"])
def test_back_leads_where_next_came_from(name):
    part = debugger(name)
    way = [shown(part)]
    while not part.next.disabled:
        part.next.click()
        way.append(shown(part))
    assert len(way) == len(part.stops or ())
    for before in reversed(way[:-1]):
        part.back.click()
        assert shown(part) == before
    assert part.back.disabled
    assert part.at == 0


def test_first_and_last_and_the_number_of_the_step():
    part = debugger("billing")
    part.last.click()
    assert part.step.value == part.step.max == len(part.stops)
    part.first.click()
    assert part.step.value == 1
    part.step.value = 5
    assert part.at == 4
    assert "step 5 of" in part.status.value
    part.at = 10_000
    assert part.at == len(part.stops) - 1


def test_run_to_the_next_rule_stops_at_every_rule_once():
    part = debugger("billing")
    met = []
    while True:
        part.to_rule.click()
        if not part.scene.moment.is_rule:
            break
        met.append(part.scene.moment.event.subject)
    names = [rule.name for rule in part.bench.account.active_rule_set.rules]
    assert met == names * 2  # once for the recipient, once when they are run
    assert "no other rule" in part.status.value


@pytest.mark.slow
def test_run_to_the_next_effect_stops_at_every_effect():
    part = debugger("billing")
    met = []
    while part.at < len(part.stops) - 1:
        part.to_effect.click()
        if part.scene.moment.event.kind is Kind.EFFECT:
            met.append(part.scene.moment.event.subject)
    assert met == [done.effect.operation for done in part.stops.reception.performed]


def test_run_to_the_next_part_visits_the_steps_of_the_service():
    part = debugger("billing")
    met = [part.scene.moment.event.stage]
    while not part.to_step.disabled:
        part.to_step.click()
        met.append(part.scene.moment.event.stage)
    assert list(dict.fromkeys(met)) == ["filtering", "recipients", "authentication", "scanning", "evaluation"]


# message, what is told at the event that decided
DECIDED = [
    ("blocked", "Block filter test-net (203.0.113.0/24) contains 203.0.113.9"),
    ("foreign", "is under no verified domain identity"),
    ("billing", "billing ends the evaluation of the rule set, with StopAction in position 3"),
]


@pytest.mark.parametrize(("name", "words"), DECIDED)
def test_run_to_what_decided(name, words):
    part = debugger(name)
    part.last.click()
    part.to_decision.click()
    assert words in Texts(part.said.value).text


def test_play_is_the_browsers_clock_and_a_step_by_hand_ends_it():
    part = debugger("billing")
    part.play.click()
    assert (part.clock.playing, part.play.description) == (True, "Pause")
    part.clock.set_state({"value": 3})  # what the browser sends
    assert part.at == 3
    part.next.click()
    assert (part.clock.playing, part.play.description, part.at) == (False, "Play", 4)


def test_play_at_the_end_begins_again():
    part = debugger("blocked")
    part.last.click()
    part.play.click()
    assert (part.at, part.clock.playing) == (0, True)


def test_the_speed_is_the_clocks():
    part = debugger("blocked")
    part.speed.label = "fast"
    assert part.clock.interval == 250


def test_another_message_is_begun_at_its_beginning():
    bench = Bench(scenario_receiver())
    part = Debugger(bench)
    assert part.play.disabled
    assert part.next.disabled
    assert "nothing received yet" in part.said.value
    bench.receive(message(), WAYS["billing"], name="one")
    part.last.click()
    bench.receive(message(), WAYS["blocked"], name="two")
    assert part.at == 0
    assert part.step.max == len(part.stops)
    assert "<Debugger at step 1 of" in repr(part)
    bench.selected = -1
    assert repr(part) == "<Debugger of nothing yet>"
    part.next.click()
    part.to_decision.click()


def test_the_picture_is_drawn_only_while_it_is_seen():
    part = debugger("billing")
    part.path.head.click()
    before = part.picture.value
    part.last.click()
    assert part.picture.value == before
    part.path.head.click()
    assert part.picture.value != before


def test_the_rules_shown_are_those_around_the_current_one():
    rules = tuple(
        ses.ReceiptRule(name=f"r{number}", enabled=True, recipients=("ana@example.com",)) for number in range(200)
    )
    account = ses.Account(
        identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=rules),)
    )
    part = Debugger(ses.Receiver(account, seed=1).receive(b"", rcpt_to=["ana@example.com"]))
    part.last.click()
    assert part.rules.value.count("<tr>") < 10
    assert "0 of 200 remain" in part.rules.value


def test_nothing_that_a_stranger_writes_becomes_markup():
    said = ses.Envelope(client_ip="198.51.100.7", helo=HOSTILE, mail_from=f"{HOSTILE}@example.org",
                        rcpt_to=(f"{HOSTILE}@example.com", "billing@example.com"))  # fmt: skip
    part = Debugger(scenario_receiver().receive(f"{HOSTILE}: {HOSTILE}\r\n\r\n".encode(), said, name=HOSTILE))
    for at in range(len(part.stops)):
        part.go(at)
        for html in (*shown(part), part.status.value, part.snapshot()):
            assert not {"script", "img"} & set(Texts(html).tags)
