"""The index decides as the rules, identities and filters themselves would, one by one."""

from __future__ import annotations

import pickle
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.account.identities import Identity
from sesreceive.account.rule_set import TlsPolicy
from sesreceive.dns.zone import Zone
from sesreceive.stages import evaluation, filtering, planning, recipients
from sesreceive.stages.conditions import match
from sesreceive.stages.evaluation import PlannedRule
from sesreceive.stages.index import AccountIndex, FilterIndex, IdentityIndex, RuleIndex
from sesreceive.stages.provider_lists import ListKind, ProviderList
from sesreceive.trace.events import Kind, Op, Stage
from sesreceive.trace.facts import ConnectionFact, RecipientFact
from tests.conftest import make_account, make_rule

# Few words, so that they meet; odd ones, since an envelope holds what a stranger sent.
LOCALS = (
    "ana",
    "Ana",
    "ANA+x",
    "ana+x",
    "ana+x+y",
    "ana+",
    "+x",
    "",
    '"a@b"',
    '"a b"+x',
    "straße",
    "İ",
    "ΑΣ",
    "ας",
    "x" * 70,
)
DOMAINS = (
    "example.com", "Example.COM", "mx.example.com", "a.mx.example.com", "example.com.", "example.org", "com", "", ".",
    "a..example.com", ".example.com", "badexample.com", "münchen.example", "ΑΣ.example", "y." * 200 + "example.com",
)  # fmt: skip

locals_, domains = st.sampled_from(LOCALS), st.sampled_from(DOMAINS)
addresses = st.builds("{}@{}".format, locals_, domains) | locals_ | st.text('aA+@.ΣİI"', max_size=8)
conditions = addresses | domains | domains.map(".{}".format)
LABELS = ("first-plus", "last-plus")
READINGS = [
    ses.Assumptions(filter_precedence=precedence, subdomains_verified=below, label_match=label)
    for precedence, below, label in product(("allow", "longest"), (True, False), LABELS)
]
readings = st.sampled_from(READINGS)


@st.composite
def rule_sets(draw: st.DrawFn) -> ses.ReceiptRuleSet:
    """Rules with odd conditions, on or off, with and without TLS."""
    flags = st.tuples(st.booleans(), st.sampled_from(TlsPolicy), st.lists(conditions, max_size=4))
    rules = [
        ses.ReceiptRule(name=f"r{number}", enabled=on or number % 2 == 0, tls_policy=tls, recipients=wanted)
        for number, (on, tls, wanted) in enumerate(draw(st.lists(flags, max_size=5)))
    ]
    return ses.ReceiptRuleSet(name="main", rules=rules)


identities = st.builds(
    Identity, name=domains | addresses, verification_status=st.sampled_from(("Success", "Success", "Pending"))
)  # fmt: skip

# Networks that lie in each other.
CIDRS = (
    "192.0.2.0/24", "192.0.2.0/25", "192.0.2.64/26", "192.0.2.65", "192.0.2.7/24", "0.0.0.0/0", "198.51.100.0/23",
    "2001:db8::/32", "2001:db8::/64", "2001:db8::1", "::/0", "2001:db8:0:0:8000::/65", "255.255.255.255/32", "nonsense",
)  # fmt: skip
CLIENTS = (
    "192.0.2.1", "192.0.2.65", "192.0.2.128", "198.51.100.255", "203.0.113.9", "255.255.255.255", "0.0.0.0",
    "::ffff:192.0.2.65", "2001:db8::1", "2001:db8::2", "2001:db8:0:0:8000::", "2001:0DB8::0001", "::1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
)  # fmt: skip

filters = st.lists(
    st.builds(
        ses.ReceiptFilter, name=st.sampled_from("abc"), policy=st.sampled_from(("Allow", "Block")),
        cidr=st.sampled_from(CIDRS),
    ),
    max_size=7,
)  # fmt: skip
# A list in DNS that has one of the clients, and one that never answers.
LISTED = Zone({"65.2.0.192.dnsbl.example": {"A": "127.0.0.2"}, "silent.example": "TIMEOUT"})
clients = st.sampled_from(CLIENTS) | st.ip_addresses().map(str)
lists = st.lists(
    st.builds(
        ProviderList,
        st.sampled_from(("ec2", "other")),
        st.lists(st.sampled_from(CIDRS[:-1]), max_size=4),
        st.sampled_from(ListKind),
    )
    | st.builds(ProviderList.dnsbl, st.sampled_from(("silent.example", "dnsbl.example"))),
    max_size=2,
)


def accounts(**parts: st.SearchStrategy[object]) -> st.SearchStrategy[ses.Account]:
    """Accounts that need not be valid: a decision never depends on that."""
    return st.builds(
        ses.Account, identities=st.lists(identities, max_size=3), rule_sets=rule_sets().map(lambda one: (one,)),
        active=st.sampled_from(("main", "main", "main", None)), filters=filters, **parts,
    )  # fmt: skip


def matched_one_by_one(
    rule_set: ses.ReceiptRuleSet, recipient: str, assumptions: ses.Assumptions
) -> tuple[tuple[int, int], ...]:
    """What `RuleIndex.matching` answers, by holding the recipient against every condition."""
    found = []
    for position, rule in enumerate(rule_set.rules):
        if rule.enabled and not rule.recipients:
            found.append((position, -1))
        elif rule.enabled:
            hits = [n for n, one in enumerate(rule.recipients) if match(one, recipient, assumptions).matches]
            found += [(position, hits[0])] if hits else []
    return tuple(found)


@given(rule_sets(), addresses, readings)
def test_the_index_finds_the_rules_that_match(
    rule_set: ses.ReceiptRuleSet, recipient: str, reading: ses.Assumptions
) -> None:
    found = RuleIndex(rule_set, reading.label_match).matching(recipient)
    assert found == matched_one_by_one(rule_set, recipient, reading)


@pytest.mark.parametrize("label", LABELS)
def test_every_word_of_the_tables_meets_every_other(label: str) -> None:
    spoken = [f"{local}@{domain}" for local in LOCALS for domain in DOMAINS] + list(LOCALS)
    wanted = [*spoken, *DOMAINS, *(f".{domain}" for domain in DOMAINS)]
    rules = tuple(make_rule(f"r{number}", recipients=(one,)) for number, one in enumerate(wanted))
    index = RuleIndex(ses.ReceiptRuleSet(name="main", rules=rules), label)
    reading = ses.Assumptions(label_match=label)
    for recipient in spoken[::3]:
        told = {n for n, one in enumerate(wanted) if match(one, recipient, reading).matches}
        assert {position for position, _ in index.matching(recipient)} == told, recipient


@given(st.lists(identities, max_size=4), domains, st.booleans())
def test_the_index_finds_the_identity_that_covers(found: list[Identity], domain: str, below: bool) -> None:
    account = ses.Account(identities=found)
    assert IdentityIndex(account).covering(domain, subdomains=below) is account.is_verified(domain, subdomains=below)


@given(accounts(), addresses, clients, st.booleans(), readings)
def test_a_recipient_is_answered_as_its_trace_says(
    account: ses.Account, recipient: str, client: str, tls: bool, reading: ses.Assumptions
) -> None:
    let_in = filtering.decide(account.filters, client, (), reading)
    decision = recipients.decide(account, recipient, let_in, tls=tls, assumptions=reading)
    first = decision.events[0]
    assert first.fact == RecipientFact(decision.reply, decision.rules)
    assert first.reason == decision.reason
    assert (first.op is Op.MATCH) is decision.accepted
    fired = [event.subject for event in decision.events if event.kind is Kind.RULE and event.op is Op.MATCH]
    assert tuple(fired) == decision.rules
    shared = recipients.decide(
        account, recipient, let_in, tls=tls, assumptions=reading, index=AccountIndex(account, reading)
    )
    assert shared == decision
    assert pickle.loads(pickle.dumps(decision)) == decision


@given(filters, clients, lists, readings)
def test_an_address_is_decided_as_its_trace_says(
    found: list[ses.ReceiptFilter], client: str, providers: list[ProviderList], reading: ses.Assumptions
) -> None:
    decision = filtering.decide(found, client, providers, reading, resolver=LISTED)
    first = decision.events[0]
    assert first.fact == ConnectionFact(decision.accepted, decision.decided_by)
    assert first.subject == decision.client_ip
    assert first.reason.partition("; AWS")[0] == decision.reason
    index = FilterIndex(found, reading.filter_precedence)
    assert filtering.decide(found, client, providers, reading, index, LISTED) == decision
    assert pickle.loads(pickle.dumps(decision)) == decision


def planned_one_by_one(
    rule: ses.ReceiptRule, rcpt_to: tuple[str, ...], tls: bool, assumptions: ses.Assumptions
) -> PlannedRule:
    """What a rule is to a message, by holding every recipient against every condition."""
    if not rule.enabled:
        return PlannedRule(rule=rule, op=Op.SKIP, reason="the rule is not enabled")
    if not rule.recipients:
        matched, reason = rcpt_to, "a rule without recipient conditions is for every accepted recipient"
    else:
        results = [(r, match(c, r, assumptions)) for r in rcpt_to for c in rule.recipients]
        matched = tuple(dict.fromkeys(r for r, result in results if result.matches))
        if not matched:
            reason = f"none of {len(rcpt_to)} accepted recipients is matched by its {len(rule.recipients)} conditions"
            return PlannedRule(rule=rule, op=Op.MISS, reason=results[0][1].reason if len(results) == 1 else reason)
        reason = next(result.reason for _, result in results if result.matches)
        if len(matched) > 1:
            reason = f"matches {len(matched)} of {len(rcpt_to)} accepted recipients; {reason}"
    if rule.tls_policy is TlsPolicy.REQUIRE and not tls:
        return PlannedRule(rule=rule, op=Op.SKIP, reason="the rule requires TLS and the mail came in clear text")
    return PlannedRule(rule=rule, op=Op.MATCH, reason=reason, recipients=matched)


@given(rule_sets(), rule_sets(), st.lists(addresses, max_size=4), st.booleans(), readings)
def test_the_plan_is_that_of_every_rule_by_itself(
    rule_set: ses.ReceiptRuleSet, later: ses.ReceiptRuleSet, rcpt_to: list[str], tls: bool, reading: ses.Assumptions
) -> None:
    account = ses.Account(identities=[d for d in DOMAINS if d], rule_sets=(rule_set,), active="main")
    let_in = filtering.decide((), "192.0.2.1")
    decisions = [recipients.decide(account, one, let_in, tls=tls, assumptions=reading) for one in rcpt_to]
    accepted = tuple(decision.recipient for decision in decisions if decision.accepted)
    # The account may be another one at the end of DATA than at RCPT TO.
    for active in (rule_set, later):
        planned = evaluation.plan(active, decisions, tls=tls, assumptions=reading)
        if accepted:
            assert planned.rules == tuple(planned_one_by_one(rule, accepted, tls, reading) for rule in active.rules)
            assert planned.matching == tuple(one for one in planned.rules if one.op is Op.MATCH)


@given(accounts(), st.lists(addresses, max_size=3), clients, readings)
def test_a_trace_is_the_same_read_now_or_later_and_reading_changes_nothing(
    account: ses.Account, rcpt_to: list[str], client: str, reading: ses.Assumptions
) -> None:
    decision = filtering.decide(account.filters, client, (), reading)
    decisions = [recipients.decide(account, one, decision, assumptions=reading) for one in rcpt_to]
    parts = [decision.events, *(one.events for one in decisions)]
    unread, read = ses.trace.events.Trace.join(*parts), ses.trace.events.Trace.join(*map(tuple, parts))
    assert list(unread.passing()) == list(read) == list(unread) == list(unread)
    assert [event.seq for event in unread] == list(range(len(unread)))
    assert all(event.parent < event.seq for event in unread)
    assert unread == read == pickle.loads(pickle.dumps(unread)) == pickle.loads(pickle.dumps(read))
    assert hash(unread) == hash(read)
    for stage in Stage:
        assert [e[:9] for e in unread.of(stage)] == [e[:9] for e in read if e.stage is stage]


@pytest.mark.slow
def test_deciding_looks_at_no_rule_that_does_not_match(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cost by counting: what the 200 rules around the one that matches are held against is nothing."""
    around = tuple(
        make_rule(f"r{n}", recipients=tuple(f"u{n}-{c}@example.com" for c in range(100))) for n in range(199)
    )
    receiver = ses.Receiver(make_account(*around, make_rule("one", recipients=("ana@example.com",))), seed=1)
    held = []
    for module in (planning, recipients):
        monkeypatch.setattr(module, "match", lambda *said: (held.append(said), match(*said))[1])
    reception = receiver.receive(b"Subject: x\r\n\r\n", rcpt_to=["ana@example.com"])
    report = ses.Report([reception], keep=False)
    assert report.messages["rules"].tolist() == ["one"]
    assert len(held) == 1  # for the sentence that says why the one rule fires
    assert len(report.rules) == 200
    assert len(report.events) > 199 * 100
