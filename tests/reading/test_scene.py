"""What the debugger says of a moment: the header as it is then, recipients, rules, and the configuration behind it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import pytest
import strategies as our
from hypothesis import given, settings
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.account.member import member
from sesreceive.reading.authorship import Field
from sesreceive.reading.scene import Stops
from sesreceive.trace.events import Kind, Stage
from tests.conftest import make_account, make_rule
from tests.scenario import WAYS, envelope, message, scenario_receiver


def walk(name: str) -> Stops:
    return Stops(scenario_receiver().receive(message(name), WAYS[name], name=name))


def at(stops: Stops, kind: Kind, subject: str, *, stage: Stage = Stage.EVALUATION, entering: bool = False) -> int:
    """The first moment like that."""
    return next(
        position
        for position, one in enumerate(stops.moments)
        if (one.event.stage, one.event.kind, one.event.subject, one.entering) == (stage, kind, subject, entering)
    )


def tight(fields: Iterable[Field]) -> list[tuple[bytes, bytes]]:
    """Names and values without blanks: the scene unfolds, the object folds."""
    return [(field.name.encode(), "".join(field.value.split()).encode()) for field in fields]


@pytest.mark.parametrize("name", ["billing", "gate", "gone", "partner"])
def test_the_header_then_is_the_header_that_is_stored(name):
    """At the moment of PutObject the scene shows what the object holds, field by field."""
    stops = walk(name)
    stored = {(done.effect.rule, done.effect.action): done.effect for done in stops.reception.performed}
    seen = 0
    for position, one in enumerate(stops.moments):
        effect = stored.get((one.event.rule, one.event.action))
        if one.event.kind is Kind.EFFECT and one.event.subject == "PutObject" and effect is not None:
            written = ses.Message(effect.body).fields
            assert tight(stops.scene(position).fields) == [
                (field.name, b"".join(field.value.split())) for field in written
            ]
            seen += 1
    assert seen


def test_a_header_that_an_action_adds_is_there_after_it_and_not_before():
    stops = walk("billing")
    added = at(stops, Kind.ACTION, "AddHeaderAction")
    before, after = stops.scene(added - 1).fields, stops.scene(added).fields
    assert [field.name for field in set(after) - set(before)] == ["X-Seen"]
    assert next(field.by for field in after if field.name == "X-Seen") == "rule tag, action 1"
    assert set(before) <= set(after)


def test_an_added_header_that_counts_in_its_rule_alone_is_gone_with_the_rule():
    assumed = ses.Assumptions(added_header_scope="rule")
    stops = Stops(scenario_receiver(assumptions=assumed).receive(message(), WAYS["billing"]))
    last = stops.scene(len(stops) - 1)
    assert "X-Seen" not in [field.name for field in last.fields]


def test_before_the_rules_the_header_is_the_senders():
    stops = walk("billing")
    first = stops.scene(0)
    assert [field.name for field in first.fields] == ["From", "To", "Subject"]
    assert not any(field.added for field in first.fields)


def test_a_refused_message_gets_no_header():
    stops = walk("foreign")
    assert not any(field.added for field in stops.scene(len(stops) - 1).fields)


def test_a_rule_sees_scan_headers_only_where_it_scans():
    stops = walk("billing")
    scanning = {field.name for field in stops.scene(at(stops, Kind.RULE, "tag", entering=True)).fields}
    blind = {field.name for field in stops.scene(at(stops, Kind.RULE, "billing", entering=True)).fields}
    assert scanning - blind == {"X-SES-Spam-Verdict", "X-SES-Virus-Verdict"}


# kind, subject, stage, entering: where in the account it comes from
PLACES = [
    (Kind.FILTER, "partner", Stage.FILTERING, "filters[1]"),
    (Kind.CHECK, "verified identity", Stage.RECIPIENTS, "identities[0]"),
    (Kind.CHECK, "active rule set", Stage.RECIPIENTS, "active"),
    (Kind.RULE, "off", Stage.RECIPIENTS, "rule_sets[0].rules[1]"),
    (Kind.CONDITION, "invoices@example.com", Stage.RECIPIENTS, "rule_sets[0].rules[4].recipients[1]"),
    (Kind.ACTION, "AddHeaderAction", Stage.EVALUATION, "rule_sets[0].rules[0].actions[0]"),
    (Kind.EFFECT, "PutObject", Stage.EVALUATION, "rule_sets[0].rules[4].actions[0]"),
]


@pytest.mark.parametrize(("kind", "subject", "stage", "place"), PLACES)
def test_a_decision_names_the_configuration_it_comes_from(kind, subject, stage, place):
    stops = walk("billing")
    scene = stops.scene(at(stops, kind, subject, stage=stage))
    assert [one.path for one in scene.because] == [place]


def test_the_place_is_where_the_account_has_it():
    """The path, followed through the account, leads to what is shown."""
    stops = walk("billing")
    account = stops.reception.account
    for position in range(len(stops)):
        for place in stops.scene(position).because:
            if "[" in place.path:
                found = eval(f"account.{place.path}", {"account": account})
                assert place.text == (found if isinstance(found, str) else repr(found))


def test_rules_remain_until_they_were_looked_at():
    stops = walk("billing")
    remaining = [sum(rule.remaining for rule in stops.scene(position).rules) for position in range(len(stops))]
    assert remaining == sorted(remaining, reverse=True)
    assert (remaining[0], remaining[-1]) == (7, 0)
    words = {rule.name: rule.term.word for rule in stops.scene(len(stops) - 1).rules}
    assert (words["billing"], words["bounce"], words["off"]) == ("fired", "not looked at", "not looked at")


def test_recipients_are_known_one_after_the_other():
    stops = walk("gone")
    seen = [tuple(one.term.word for one in stops.scene(position).recipients) for position in range(len(stops))]
    assert seen[0] == ("not named yet",) * 3
    assert seen[-1] == ("accepted", "accepted", "refused")
    assert ("accepted", "looked at now", "not named yet") in seen


def test_recipients_beyond_the_most_are_refused_without_having_been_looked_at():
    receiver = scenario_receiver(assumptions=ses.Assumptions(max_recipients=1))
    stops = Stops(receiver.receive(message(), envelope("a@example.com", "b@example.com")))
    assert [one.term.word for one in stops.scene(len(stops) - 1).recipients] == ["accepted", "refused"]


def test_a_moment_that_begins_something_does_not_tell_how_it_ends():
    stops = walk("foreign")
    begins = stops.scene(at(stops, Kind.RECIPIENT, "bo@example.net", stage=Stage.RECIPIENTS, entering=True))
    ends = stops.scene(at(stops, Kind.RECIPIENT, "bo@example.net", stage=Stage.RECIPIENTS))
    assert "550" not in begins.said
    assert "550" in ends.said
    assert begins.way == ends.way == ("step 2, recipients", "bo@example.net")


@pytest.mark.slow
def test_every_moment_is_told_in_words():
    for name in WAYS:
        stops = walk(name)
        assert all(stops.scene(position).said and stops.scene(position).way for position in range(len(stops)))


@pytest.fixture
def stamp() -> Iterator[type[ses.ReceiptAction]]:
    """An action as a notebook defines it: two headers, one of them from the message."""

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class StampAction(ses.ReceiptAction):
        stamp: str = dataclasses.field(default="x", metadata=member("Stamp", doc="what to write"))

        def adds_headers(self, context):
            return (("X-Stamp", self.stamp), ("X-For", ", ".join(context.recipients)))

    yield StampAction
    del ses.ReceiptAction.registry["StampAction"]


def test_headers_of_an_action_of_ones_own_are_shown(stamp):
    receiver = ses.Receiver(make_account(make_rule("r", stamp())), seed=1)
    stops = Stops(receiver.receive(message(), envelope("ana@example.com")))
    shown = {field.name: field.value for field in stops.scene(len(stops) - 1).fields}
    assert (shown["X-Stamp"], shown["X-For"]) == ("x", "ana@example.com")


@given(
    raw=st.binary(max_size=300),
    helo=st.text(max_size=20).filter(lambda text: not set(text) & set("\r\n\0")),
    rcpt=st.lists(our.addresses(), max_size=3),
)
@settings(max_examples=25)
def test_any_mail_has_a_scene_at_every_moment(raw, helo, rcpt):
    said = ses.Envelope(client_ip="198.51.100.7", helo=helo, rcpt_to=tuple(rcpt))
    stops = Stops(scenario_receiver().receive(raw, said))
    for position in range(len(stops)):
        stops.scene(position)
