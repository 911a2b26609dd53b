"""The classes of mail are complete and disjoint, and each mail is decided as the representative of its class."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.analysis.class_decisions import ClassDecisions
from sesreceive.analysis.classes import RecipientKind, SizeClass
from sesreceive.analysis.partition import Partition
from sesreceive.assumption import Assumptions
from sesreceive.receiver import Receiver
from tests.analysis.close_accounts import accounts, clients, mails, recipients

READINGS = [
    Assumptions(),
    Assumptions(label_match="last-plus"),
    Assumptions(subdomains_verified=False, filter_precedence="longest"),
    Assumptions(ip_check_order="ip-first"),
    Assumptions(oversize_message="dsn", sns_size_includes_ses_headers=False),
]
readings = st.sampled_from(READINGS)


@given(accounts(), accounts(), readings)
def test_each_class_has_the_representative_it_names(before, after, assumptions):
    partition = Partition(before, after, assumptions=assumptions)
    for one in partition.recipients:
        assert partition.recipient_class(one.representative) == one
    for piece in partition.clients:
        assert partition.client_class(piece.representative) == piece
    for sender in partition.senders:
        assert partition.sender_class(partition.sender(sender)) is sender
    for size in partition.sizes:
        assert partition.size_class(partition.size_bytes(size)) is size


@given(accounts(), accounts(), recipients, st.booleans(), st.booleans(), readings)
@pytest.mark.slow
def test_a_recipient_is_decided_as_the_representative_of_its_class(before, after, recipient, tls, let_in, assumptions):
    representative = Partition(before, after, assumptions=assumptions).recipient_class(recipient).representative
    for account in (before, after):
        receiver = Receiver(account, assumptions=assumptions)
        decision = receiver.on_connect("" if let_in else "192.0.2.7")
        transactions = []
        for one in (recipient, representative):
            transaction = receiver.on_mail(decision, "ana@example.org")
            transaction.rcpt(one, partial(receiver.on_rcpt, decision, tls=tls))
            transactions.append(transaction.recipients[0])
        decided, as_representative = transactions
        assert decided.reply == as_representative.reply
        assert decided.matched == as_representative.matched


@given(accounts(), clients, readings)
def test_a_client_is_decided_as_the_representative_of_its_class(account, client_ip, assumptions):
    partition = Partition(account, assumptions=assumptions)
    piece = partition.client_class(client_ip)
    assert client_ip in piece
    assert sum(client_ip in one for one in partition.clients) == 1
    receiver = Receiver(account, assumptions=assumptions)
    decision, as_representative = receiver.on_connect(client_ip), receiver.on_connect(piece.representative)
    assert decision.accepted == as_representative.accepted
    assert decision.decided_by == as_representative.decided_by


@settings(max_examples=150)
@given(accounts(), mails())
@pytest.mark.slow
def test_a_mail_is_decided_as_the_mail_of_its_classes(account, mail):
    partition = Partition(account)
    place = partition.of(mail.envelope, len(mail.message))
    representative = partition.witness(place)
    assert partition.of(representative.envelope, len(representative.message)) == place
    one = mail.receive(account)
    again = replace(representative, answers=mail.answers).receive(account)
    assert [str(reply) for reply in one.replies] == [str(reply) for reply in again.replies] or _too_long(place)
    if place.size is not SizeClass.EDGE:
        assert one.rules == again.rules
        assert [type(effect) for effect in one.effects] == [type(effect) for effect in again.effects]


def _too_long(place) -> bool:
    """A recipient that closes the connection ends the list; the representative closes it as well, with its own text."""
    return any(one.kind is RecipientKind.TOO_LONG for one in place.recipients)


@given(accounts(), st.data(), st.booleans())
def test_the_rules_of_a_message_to_several_are_those_of_each_together(account, data, tls):
    judged = ClassDecisions(account, Partition(account))
    some = data.draw(st.lists(st.sampled_from(judged.partition.recipients), max_size=4, unique=True))
    assert judged.fired_together(some, tls=tls) == judged.fired(some, tls=tls)


@pytest.mark.parametrize("size", [0, 1, 100_000, 153_600, 153_601, 41_943_040, 41_943_041, 90_000_000])
@pytest.mark.parametrize("assumptions", READINGS, ids=range(len(READINGS)))
def test_sizes_are_cut_without_gaps(size, assumptions):
    partition = Partition(ses.Account(), assumptions=assumptions)
    assert partition.size_class(size) in partition.sizes


def test_a_class_whose_first_words_are_taken_is_found():
    taken = tuple(f"{word}@example.com" for word in ("someone", "x", *(f"x{n}" for n in range(1, 60))))
    rule = ses.ReceiptRule(name="all", enabled=True, recipients=taken)
    rules = ses.ReceiptRuleSet(name="main", rules=(rule,))
    account = ses.Account(identities=("example.com",), rule_sets=(rules,), active="main")
    found = [one for one in Partition(account).recipients if one.kind is RecipientKind.DOMAIN]
    assert [one.representative for one in found] == ["x60@example.com"]


def test_the_classes_grow_with_the_conditions_and_not_faster():
    def classes(conditions: int) -> int:
        recipients = tuple(f"user-{n}@example.com" for n in range(conditions))
        rule = ses.ReceiptRule(name="all", enabled=True, recipients=recipients)
        rules = ses.ReceiptRuleSet(name="main", rules=(rule,))
        account = ses.Account(identities=("example.com",), rule_sets=(rules,), active="main")
        return len(Partition(account).recipients)

    assert classes(200) - classes(100) == 200


def test_prefixes_cut_into_at_most_twice_as_many_pieces_and_one():
    filters = [ses.ReceiptFilter.block(f"10.{n}.0.0/16", name=f"f{n}") for n in range(50)]
    account = ses.Account(filters=filters)
    pieces = [one for one in Partition(account).clients if one.version == 4]
    assert len(pieces) <= 2 * 50 + 1
