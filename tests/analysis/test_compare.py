"""What is proved to be alike ends alike; what is said to differ does, in the mail that is given for it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.analysis.classes import SizeClass
from sesreceive.analysis.compare import compare, equivalent
from sesreceive.analysis.comparison import ends_alike
from tests.analysis.attacks import attack_comparison, confirm_comparison
from tests.analysis.close_accounts import ARN, TOPIC, edited, mails
from tests.analysis.test_unreachable import ANA, BO, EVENT, GATE, HEADER, S3, SNS, STOP, account_of, rule

OTHER = ses.S3Action(bucket_name="other")
TOLD = ses.S3Action(bucket_name="inbox", topic_arn=TOPIC("told"))
DOOR = ses.LambdaAction(function_arn=ARN("door"), invocation_type="RequestResponse")

# rules before, rules after, order → recipients of the mails that end differently
CASES = {
    "the same": ((rule("r", S3),), (rule("r", S3),), "target", []),
    "a name": ((rule("r", S3),), (rule("other", S3),), "target", []),
    "another bucket": ((rule("r", S3, to=ANA),), (rule("r", OTHER, to=ANA),), "target",
        [("ana@example.com",)]),
    "a pair alone": (
        (rule("a", S3, STOP, to=ANA), rule("b", S3, to=BO)), (rule("b", S3, to=BO), rule("a", S3, STOP, to=ANA)),
        "target", [("ana@example.com", "bo@example.com")]),
    "order of rules for others": (
        (rule("a", S3, to=ANA), rule("b", OTHER, to=BO)), (rule("b", OTHER, to=BO), rule("a", S3, to=ANA)),
        "target", []),
    "order of rules for others counts if one says so": (
        (rule("a", S3, to=ANA), rule("b", OTHER, to=BO)), (rule("b", OTHER, to=BO), rule("a", S3, to=ANA)),
        "all", [("ana@example.com", "bo@example.com")]),
    "order on one topic": (
        (rule("a", TOLD, to=ANA), rule("b", SNS, TOLD, to=BO)), (rule("b", SNS, TOLD, to=BO), rule("a", TOLD, to=ANA)),
        "target", [("ana@example.com", "bo@example.com")]),
    "one rule of two recipients, or two rules": (
        (rule("r", TOLD, to=(*ANA, *BO)),), (rule("a", TOLD, to=ANA), rule("b", TOLD, to=BO)),
        "target", [("ana@example.com", "bo@example.com")]),
    "a stop at the end": ((rule("r", S3),), (rule("r", S3, STOP),), "target", []),
    "a stop that another recipient feels": (
        (rule("a", S3, to=ANA), rule("b", S3, to=BO)), (rule("a", S3, STOP, to=ANA), rule("b", S3, to=BO)),
        "target", [("ana@example.com", "bo@example.com")]),
    "a header that another recipient's object has": (
        (rule("a", HEADER, to=ANA), rule("b", S3, to=BO)), (rule("b", S3, to=BO), rule("a", HEADER, to=ANA)),
        "target", [("ana@example.com", "bo@example.com")]),
    "a dead rule": ((rule("a", S3, STOP), rule("b", OTHER)), (rule("a", S3, STOP),), "target", []),
    "a function asked before or behind": ((rule("r", GATE, S3),), (rule("r", S3, GATE),), "target",
        [("someone@example.com",)]),
    "an Event function before or behind": ((rule("r", EVENT, S3),), (rule("r", S3, EVENT),), "target", []),
    "two functions in another order": ((rule("r", GATE, DOOR),), (rule("r", DOOR, GATE),), "target",
        [("someone@example.com",)]),
    "a rule cut in two behind a function": ((rule("r", GATE, S3),), (rule("a", GATE), rule("b", S3)), "target",
        [("someone@example.com",)]),
    "a rule cut in two": ((rule("r", S3, OTHER),), (rule("a", S3), rule("b", OTHER)), "target", []),
    "a rule with an SNS action cut in two": ((rule("r", SNS, S3),), (rule("a", SNS), rule("b", S3)), "target",
        [("someone@example.com",)]),
    "TLS": ((rule("r", S3),), (rule("r", S3, tls_policy="Require"),), "target", [("someone@example.com",)]),
    "a domain, and each of its addresses that has a name": (
        (rule("r", S3, to=("example.com",)),), (rule("r", S3, to=("example.com", "ana@example.com")),), "target", []),
}  # fmt: skip


@pytest.mark.parametrize("before, after, order, differing", CASES.values(), ids=CASES)
def test_where_two_rule_sets_differ(before, after, order, differing):
    before, after = account_of(*before), account_of(*after)
    found = compare(before, after, order=order)
    assert found.equal is not bool(differing)
    witnesses = [one.witness.envelope.rcpt_to for one in found]
    assert all(one in witnesses for one in differing), witnesses
    confirm_comparison(found)
    assert bool(equivalent(before, after, order=order)) is found.equal


def test_a_filter_makes_a_difference_for_its_addresses():
    before = account_of(rule("r", S3))
    after = before.with_filter(ses.ReceiptFilter.block("192.0.2.0/24", name="test-net"))
    found = compare(before, after)
    assert {one.text for difference in found for one in difference.clients} == {"192.0.2.0 to 192.0.2.255"}
    confirm_comparison(found)


BLOCK = ses.ReceiptFilter.block("203.0.113.0/24", name="net")
CLEAR = "530 5.7.0 Must issue a STARTTLS command first"
BLOCKED = "550 5.7.1 IP address blacklisted by recipient"
NET, REST = "from 203.0.113.0 to 203.0.113.255", "from 0.0.0.0 to 203.0.112.255 and 2 more ranges"
MAIL = f"Publish {TOPIC('mail')}"

# rules before, filters before, rules after → when, what before, what after, for an address that matches
EXACTLY = {
    "a filter, and TLS": ((rule("r", S3),), (BLOCK,), (rule("r", S3, tls_policy="Require"),), [
        (f"{REST}, in clear text", "PutObject inbox", CLEAR),
        (f"{NET}, over TLS", BLOCKED, "PutObject inbox"),
        (f"{NET}, in clear text", BLOCKED, CLEAR)]),
    "TLS alone": ((rule("r", S3),), (), (rule("r", S3, tls_policy="Require"),), [
        ("in clear text", "PutObject inbox", CLEAR)]),
    "a size, and a filter": ((rule("r", SNS, S3),), (BLOCK,), (rule("r", SNS),), [
        (f"{REST}, taken by every action", f"{MAIL}, PutObject inbox", MAIL),
        (f"{NET}, taken by every action", BLOCKED, MAIL),
        (f"{NET}, too large for SNS actions", BLOCKED, "SendBounce for its size")]),
    "what is behind a Stop is not done": ((rule("r", S3, STOP), rule("s", OTHER)), (), (rule("r", OTHER),), [
        ("", "PutObject inbox, Stop", "PutObject other")]),
}  # fmt: skip


@pytest.mark.parametrize("before, filters, after, shown", EXACTLY.values(), ids=EXACTLY)
def test_when_two_accounts_differ_is_said_exactly(before, filters, after, shown):
    before, after = account_of(*before), account_of(*after)
    for one in filters:
        before = before.with_filter(one)
    found = [one for one in compare(before, after) if one.recipients[0].representative == "someone@example.com"]
    assert [(one.circumstances, one.before, one.after) for one in found] == shown


@settings(max_examples=40)
@given(edited())
def test_circumstances_of_one_recipient_are_neither_more_nor_less_than_what_differs(pair):
    comparison = compare(*pair)
    alone = [one for one in comparison if len(one.recipients) == 1]
    assume(
        not any(action.waits for one in pair for rules in one.rule_sets for r in rules.rules for action in r.actions)
    )
    clients = {one.representative for difference in comparison for one in difference.clients} | {"198.51.100.1"}
    for one in alone[:2]:
        for ip, tls, size in product(sorted(clients), (True, False), (0, 153_601)):
            mail = replace(one.witness, envelope=one.witness.envelope.changed(client_ip=ip, tls=tls), size_bytes=size)
            before, after = (mail.receive(account) for account in pair)
            differs = not ends_alike(before, after)
            assert differs is any(_is_meant(other, one, ip, tls, size) for other in alone), (one, ip, tls, size)


def _is_meant(difference, recipients_of, client_ip, tls, size):
    kind = SizeClass.LARGE if size else SizeClass.SMALL
    return (
        difference.recipients == recipients_of.recipients
        and (not difference.clients or any(client_ip in one for one in difference.clients))
        and tls in difference.tls
        and (not difference.sizes or kind in difference.sizes)
    )


def test_a_difference_is_shown_as_what_if_shows_it():
    found = compare(account_of(rule("r", S3)), account_of(rule("r", OTHER)))
    difference = found[0].difference
    assert difference.before.effects[0].target == "inbox"
    assert difference.changes
    assert "PutObject inbox → PutObject other" in repr(found[0])
    assert found.frame().loc[0, "after"] == "PutObject other"
    assert "ses-text" in found._repr_html_()


def test_the_smallest_mail_is_given():
    proof = equivalent(account_of(rule("r", GATE, S3)), account_of(rule("r", S3, GATE)))
    assert not proof
    assert proof.witness.envelope.rcpt_to == ("someone@example.com",)
    assert proof.needs == ("`gate` answers STOP_RULE_SET",)


def test_an_order_that_there_is_not_is_refused():
    with pytest.raises(ses.InputError, match="expected `target` or `all` but got `some`"):
        compare(ses.Account(), ses.Account(), order="some")


@settings(max_examples=200)
@given(edited(), mails(), st.sampled_from(("target", "all")))
@pytest.mark.slow
def test_what_is_proved_to_be_alike_ends_alike(pair, mail, order):
    attack_comparison(compare(*pair, order=order), mail)


@settings(max_examples=150)
@given(edited(), st.sampled_from(("target", "all")))
@pytest.mark.slow
def test_each_difference_is_shown_by_its_mail(pair, order):
    confirm_comparison(compare(*pair, order=order))


@given(edited(), mails())
def test_an_account_is_like_itself(pair, mail):
    account = pair[0]
    assert compare(account, account).equal
    assert ends_alike(mail.receive(account), mail.receive(account))


def test_the_mails_of_all_differences_are_written_with_what_functions_answer(tmp_path):
    comparison = compare(account_of(rule("r", GATE, S3)), account_of(rule("r", S3, GATE)))
    (path,) = comparison.save(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "difference-0.answers.json",
        "difference-0.eml",
        "difference-0.envelope.json",
    ]
    report = ses.Receiver(comparison.before, seed=1).replay(path)
    assert [reception.envelope.rcpt_to for reception in report] == [("someone@example.com",)]
    assert repr(comparison.differences) == "<Differences: 1 of 1 message would end differently>"


def test_differences_of_two_accounts_are_their_comparison():
    before, after = account_of(rule("r", S3)), account_of(rule("r", OTHER))
    assert list(ses.differences(before, after)) == list(ses.compare(before, after))
    with pytest.raises(ses.InputError, match="expected two accounts or two series of receptions but got `Account and"):
        ses.differences(before, [])
