"""What is proved of all mail holds for any; what is broken is broken by the mail that is given for it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.analysis.class_members import folded, member
from sesreceive.analysis.intents import must, must_never
from sesreceive.analysis.partition import Partition
from tests.analysis.attacks import attack_intent, confirm_intent, outcome_comes
from tests.analysis.close_accounts import TOPIC, accounts, addresses, conditions, mails, outcomes, recipients
from tests.analysis.test_unreachable import ANA, BO, GATE, HEADER, S3, SNS, STOP, account_of, rule

STORED, PUBLISHED = ses.Does("PutObject", "inbox"), ses.Does("Publish", TOPIC("mail"))
INFECTED = ses.VerdictIs("virus", "FAIL")
STOPS_VIRUSES = {"gate": {"STOP_RULE_SET": INFECTED}}
SMALL = ses.NumberIs("LESS_THAN_OR_EQUAL", 80_000)

# rules, question, outcome, what mail → whether it holds (never: it is broken), recipients of the mail that breaks it
CASES = {
    "stored": ((rule("r", S3),), must, STORED, {"recipients": ANA}, "always", None),
    "stored for a domain, not below it": (
        (rule("r", S3, to=("example.com",)),), must, STORED, {"recipients": ".example.com"}, "never",
        ("someone@sub.example.com",)),
    "a stop before it": ((rule("a", STOP), rule("r", S3)), must, STORED, {"recipients": ANA}, "never", ANA),
    "a stop for another recipient": (
        (rule("b", STOP, to=BO), rule("r", S3)), must, STORED, {"recipients": ANA}, "never", (*ANA, *BO)),
    "a stop for another recipient behind it": (
        (rule("r", S3), rule("b", STOP, to=BO)), must, STORED, {"recipients": ANA}, "always", None),
    "a function before it": ((rule("r", GATE, S3),), must, STORED, {"recipients": ANA}, "possibly", ANA),
    "a function that is known": (
        (rule("r", GATE, S3, scan_enabled=True),), must, STORED,
        {"recipients": ANA, "functions": STOPS_VIRUSES, "unless": INFECTED}, "always", None),
    "a function that is known, whatever the verdict": (
        (rule("r", GATE, S3, scan_enabled=True),), must, STORED,
        {"recipients": ANA, "functions": STOPS_VIRUSES}, "never", ANA),
    "a function that sees no verdict, since its rule does not scan": (
        (rule("r", GATE, S3),), must_never, STORED,
        {"recipients": ANA, "functions": STOPS_VIRUSES, "unless": ses.VerdictIs("virus", ("PASS", "GRAY"))}, "never",
        ANA),
    "infected mail is never stored": (
        (rule("r", GATE, S3, scan_enabled=True),), must_never, STORED,
        {"functions": STOPS_VIRUSES, "unless": ses.VerdictIs("virus", ("PASS", "GRAY", "PROCESSING_FAILED"))},
        "always", None),
    "TLS": ((rule("r", S3),), must_never, STORED, {"tls": False}, "never", ("someone@example.com",)),
    "TLS is required": ((rule("r", S3, tls_policy="Require"),), must_never, STORED, {"tls": False}, "always", None),
    "TLS is required, and mail is stored always": (
        (rule("r", S3, tls_policy="Require"),), must, STORED, {}, "never", ("someone@example.com",)),
    "published, unless it is too large": ((rule("r", SNS),), must, PUBLISHED, {"size": SMALL}, "always", None),
    "published, however large": ((rule("r", SNS),), must, PUBLISHED, {}, "never", ("someone@example.com",)),
    "by its text": (
        (rule("r", S3, to=("example.com",)),), must_never, STORED,
        {"recipients": ses.TextIs("STARTS_WITH", "no-reply")}, "never", ("no-reply@example.com",)),
    "by a text that is not so": (
        (rule("r", STOP, to=ANA), rule("s", S3, to=("example.com",))), must_never, STORED,
        {"recipients": ses.TextIs("EQUALS", "ana@example.com")}, "always", None),
    "by a prefix": (
        (rule("r", ses.S3Action(bucket_name="inbox", object_key_prefix="b/")),), must_never,
        ses.Does("PutObject", prefix=ses.TextIs("CONTAINS", "secret")), {}, "always", None),
    "a header is no effect, and nothing is done": ((rule("r", HEADER),), must_never, STORED, {}, "always", None),
    "accepted": ((rule("r", to=ANA),), must, "accepted", {"recipients": ANA}, "always", None),
    "accepted, and nobody else": ((rule("r", to=ANA),), must, "accepted", {"recipients": "example.com"}, "never",
        ("someone@example.com",)),
    "refused": ((rule("r", to=ANA),), must, "refused", {"recipients": BO}, "always", None),
    "never refused": ((rule("r"),), must_never, "refused", {"recipients": "example.com"}, "always", None),
}  # fmt: skip


# arguments of a claim that are none → what the sentence says
NO_CLAIMS = [
    ({"recipients": []}, "but got an empty list"),
    ({"recipients": 5}, "expected an address, a domain, or `TextIs(…)`, or several but got `5`"),
    ({"recipients": "not an address"}, "no recipient looks like this"),
    ({"recipients": "<ana@example.com>"}, "a recipient has no brackets"),
    ({"clients": ()}, "but got an empty list"),
    ({"clients": 5}, "or several but got `5`"),
]


@pytest.mark.parametrize("mail, reason", NO_CLAIMS, ids=[row[1] for row in NO_CLAIMS])
def test_what_means_no_mail_is_no_claim(mail, reason):
    for ask in (must, must_never):
        with pytest.raises(ses.InputError) as refused:
            ask(account_of(rule("r", S3)), STORED, **mail)
        assert reason in str(refused.value)


def test_what_a_rule_is_wanted_to_do_is_named_once_in_the_sentence():
    with pytest.raises(ses.InputError) as refused:
        ses.Does("Foo", "inbox")
    assert str(refused.value).count("`PutObject`") == 1
    with pytest.raises(ses.InputError, match="target: expected text or `TextIs"):
        ses.Does("PutObject", 5)


def test_that_a_message_is_too_large_is_said():
    proof = must(account_of(rule("r", SNS, S3)), STORED, recipients=ANA)
    assert "too large for an SNS action" in proof.because
    assert must(account_of(rule("r", SNS)), STORED, recipients=ANA).because == "no rule that matches does it"


@pytest.mark.parametrize("rules, ask, outcome, mail, certainty, broken_by", CASES.values(), ids=CASES)
def test_what_holds_and_what_is_broken(rules, ask, outcome, mail, certainty, broken_by):
    account = account_of(*rules)
    proof = ask(account, outcome, **mail)
    assert (str(proof.certainty), proof.witness and proof.witness.envelope.rcpt_to) == (certainty, broken_by), proof
    assert bool(proof) is (certainty == "always")
    if proof.witness:
        assert outcome_comes(proof.witness.receive(account), outcome, broken_by[0]) is (ask is must_never)


def test_mail_from_a_network():
    account = account_of(rule("r", S3), filters=(ses.ReceiptFilter.block("192.0.2.0/24", name="test-net"),))
    assert must(account, "refused", clients="192.0.2.0/25")
    assert must_never(account, STORED, clients="192.0.2.0/24")
    assert must(account, STORED, recipients=ANA)  # of what the filters let in
    proof = must(account, STORED, recipients=ANA, clients=("192.0.2.7", "198.51.100.0/24"))
    assert proof.witness.envelope.client_ip == "192.0.2.7"
    assert proof.because == "the answer is 550 5.7.1 IP address blacklisted by recipient"


def test_a_function_that_runs_keeps_the_promise_that_was_proved():
    account = account_of(rule("r", GATE, S3, scan_enabled=True))

    def gate(event, context):
        virus = event["Records"][0]["ses"]["receipt"]["virusVerdict"]["status"]
        return {"disposition": "STOP_RULE_SET" if virus == "FAIL" else "CONTINUE"}

    proof = must(account, STORED, recipients=ANA, functions=STOPS_VIRUSES)
    assert "the virus verdict is FAIL" in proof.needs
    scanner = ses.ScriptedScanner(virus="FAIL")
    backend = ses.MemoryBackend(functions={"gate": gate})
    receiver = ses.Receiver(account, scanners=[scanner], backend=backend, seed=1)
    assert not outcome_comes(receiver.receive(proof.witness.message, proof.witness.envelope), STORED, *ANA)


def test_the_proof_is_a_line_a_table_and_shows_in_a_notebook():
    proof = ses.must(account_of(rule("r", GATE, S3)), STORED, recipients=ANA)
    assert repr(proof) == (
        "<mail for `ana@example.com` always comes to PutObject with target `inbox`: may be broken if `gate` answers "
        "STOP_RULE_SET; rule `r` ends the rule set before it>"
    )
    assert proof.frame().loc[0, "needs"] == "`gate` answers STOP_RULE_SET"
    assert "may be broken" in proof._repr_html_()
    assert {one.name for one in proof.assumptions} == {"subdomains_verified", "on_lambda_error"}


def test_a_proof_says_where_another_reading_would_answer_otherwise():
    account = account_of(rule("r", S3, to=("mx.example.com",)))
    proof = must(account, STORED, recipients="mx.example.com")
    assert proof
    (otherwise,) = proof.assumed()
    assert (otherwise.name, otherwise.alternative) == ("subdomains_verified", False)
    assert otherwise.after == "is broken: the answer is 550 5.1.1 Requested action not taken: mailbox unavailable"
    (otherwise,) = ses.equivalent(account, account_of()).assumed()
    assert otherwise.after.startswith("holds")
    assert ses.interference(account).assumed() == ()


REFUSED = {
    "an operation": (lambda: ses.Does("PutObjekt"), "did you mean `PutObject`"),
    "a prefix of a topic": (lambda: ses.Does("Publish", prefix="x/"), "only what PutObject stores has a prefix"),
    "an outcome": (lambda: must(account_of(rule("r", S3)), "acepted"), "did you mean `accepted`"),
    "a client": (lambda: must(account_of(rule("r", S3)), STORED, clients="192.0.2.300"), "an IP address or a network"),
    "a recipient": (lambda: must(account_of(rule("r", S3)), STORED, recipients=[""]), "an address, a domain"),
    "TLS": (lambda: must(account_of(rule("r", S3)), STORED, tls="yes"), "True, False or None"),
    "a size": (lambda: must(account_of(rule("r", S3)), STORED, size=100), "`NumberIs"),
    "nobody": (
        lambda: must(account_of(rule("r", S3)), STORED, recipients=ses.TextIs("ENDS_WITH", "@x.net")),
        "no mail is meant"),
    "a function": (
        lambda: must(account_of(rule("r", GATE)), STORED, functions={"gaet": {}}), "did you mean `gate`"),
    "a disposition": (
        lambda: must(account_of(rule("r", GATE)), STORED, functions={"gate": {"STOP": INFECTED}}), "STOP_RULE_SET"),
    "a verdict": (lambda: ses.VerdictIs("virus", "BAD"), "`PASS`, `FAIL`"),
    "a check": (lambda: ses.VerdictIs("viruses", "FAIL"), "did you mean `virus`"),
    "a text operator": (lambda: ses.TextIs("STARTSWITH", "a"), "did you mean `STARTS_WITH`"),
    "no text": (lambda: ses.TextIs("EQUALS", ()), "one text or more"),
    "a number": (lambda: ses.NumberIs("EQUALS", "7"), "a whole number"),
}  # fmt: skip


@pytest.mark.parametrize("ask, message", REFUSED.values(), ids=REFUSED)
def test_what_is_none_of_these_is_refused(ask, message):
    with pytest.raises(ses.InputError, match=message):
        ask()


@settings(max_examples=100)
@given(accounts(), outcomes, conditions, st.sampled_from((None, True, False)), mails(), addresses)
@pytest.mark.slow
def test_no_mail_breaks_what_is_proved(account, outcome, condition, tls, mail, company):
    recipient = next((one for one in Partition(account).recipients if condition in one.representative), None)
    mail = mail.to(recipient.representative if recipient else company, *mail.envelope.rcpt_to)
    attack_intent(account, outcome, condition, tls, mail)


@settings(max_examples=60)
@given(accounts(), outcomes, conditions, st.sampled_from((None, True, False)))
@pytest.mark.slow
def test_the_mail_that_breaks_a_claim_breaks_it(account, outcome, condition, tls):
    confirm_intent(account, outcome, condition, tls)


texts = st.builds(
    ses.TextIs,
    st.sampled_from(("EQUALS", "STARTS_WITH", "ENDS_WITH", "CONTAINS")),
    st.one_of(
        addresses,
        st.sampled_from(
            ("ana", "a", "+", "+x", "na+", "@", "@mx", "x@a.mx", "some", "example", ".com", "mx.example.com")
        ),
        addresses.flatmap(lambda one: st.integers(0, len(one) - 1).map(lambda at: one[at:])),
        addresses.flatmap(lambda one: st.integers(1, len(one)).map(lambda at: one[:at])),
    ).map(lambda one: (one,)),
)


@settings(max_examples=150)
@given(accounts(), st.one_of(recipients, addresses), texts)
@pytest.mark.slow
def test_a_class_with_a_member_of_which_a_text_holds_has_one_to_show(account, address, text):
    partition = Partition(account)
    one = partition.recipient_class(address)
    found = member(partition, one, text)
    if found is not None:
        assert text.holds(folded(found))
        assert partition.recipient_class(found) == one
    elif "@" in address and len(address) < 900:
        assert not text.holds(folded(address)), (address, one)
