"""Making, changing and comparing values."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, dataclass, field
from datetime import UTC, datetime

import pytest
import strategies as our
from hypothesis import given, settings
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.account.identities import Identity
from sesreceive.account.member import member, members

CLASSES = [Identity, ses.ReceiptFilter, ses.ReceiptAction, ses.ReceiptRule, ses.ReceiptRuleSet, ses.Account]


@pytest.mark.parametrize("cls", CLASSES)
def test_values_are_frozen_hashable_and_survive_pickling(cls):
    @given(our.wild(cls))
    @settings(max_examples=20)
    def law(value):
        assert pickle.loads(pickle.dumps(value)) == value
        assert hash(value) == hash(value.replace())
        with pytest.raises(FrozenInstanceError):
            setattr(value, members(type(value))[0].name, "x")

    law()


def test_lists_become_tuples_and_words_become_enum_members():
    rule = ses.ReceiptRule(name="r", recipients=["example.com"], actions=[ses.StopAction()], tls_policy="Require")
    assert rule.recipients == ("example.com",)
    assert rule.actions == (ses.StopAction(),)
    assert rule.tls_policy is ses.TlsPolicy.REQUIRE
    assert ses.ReceiptRule(name="r", recipients=(one for one in ["example.com"])).recipients == ("example.com",)


def test_identities_may_be_plain_strings():
    assert ses.Account(identities=["example.com"]).identities == (Identity(name="example.com"),)


def test_a_time_may_be_text_and_is_utc_where_it_does_not_say():
    times = {
        ses.ReceiptRuleSet(name="s", created_timestamp=given).created_timestamp
        for given in ("2026-01-02T10:05:05Z", "2026-01-02T11:05:05+01:00", datetime(2026, 1, 2, 10, 5, 5))  # noqa: DTZ001
    }
    assert times == {datetime(2026, 1, 2, 10, 5, 5, tzinfo=UTC)}


REFUSED = [
    # making a value, and the sentence that refuses it
    (
        lambda: ses.ReceiptRule(name="r", recipients="ana@example.com"),
        (
            "ReceiptRule.recipients: expected a list of texts but got the text `ana@example.com` "
            "[SES API ReceiptRule.Recipients]"
        ),
    ),
    (
        lambda: ses.ReceiptRule(name=None),
        "ReceiptRule.name: expected text but got nothing [SES API ReceiptRule.Name]",
    ),
    (
        lambda: ses.ReceiptRule(name="r", enabled="yes"),
        "ReceiptRule.enabled: expected true or false but got the text `yes` [SES API ReceiptRule.Enabled]",
    ),
    (
        lambda: ses.ReceiptRule(name="r", tls_policy="Requre"),
        (
            "ReceiptRule.tls_policy: expected `Require` or `Optional` but got `Requre`; did you mean `Require`? "
            "[SES API ReceiptRule.TlsPolicy]"
        ),
    ),
    (
        lambda: ses.ReceiptRule(name="r", recipients={"example.com", "example.org"}),
        "ReceiptRule.recipients: expected a list of texts but got",  # a set has no order
    ),
    (
        lambda: ses.ReceiptRule(name="r", recipients=["example.com", 5]),
        "ReceiptRule.recipients: expected text but got the number `5` at position 1 [SES API ReceiptRule.Recipients]",
    ),
    (
        lambda: ses.ReceiptRule(name="r", actions=[{"StopAction": {"Scope": "RuleSet"}}]),
        (
            "ReceiptRule.actions: expected a ReceiptAction but got the object `{'StopAction': {'Scope': 'RuleSet'}}` "
            "at position 0 [SES API ReceiptRule.Actions]"
        ),
    ),
    (
        lambda: ses.Account(filters=["192.0.2.1"]),
        (
            "Account.filters: expected a ReceiptFilter but got the text `192.0.2.1` at position 0 "
            "[SES API ListReceiptFilters]"
        ),
    ),
    (
        lambda: ses.ReceiptRuleSet(name="s", created_timestamp="yesterday"),
        (
            "ReceiptRuleSet.created_timestamp: expected a time such as `2026-01-02T10:05:05Z` but got `yesterday` "
            "[SES API ReceiptRuleSet.Metadata.CreatedTimestamp]"
        ),
    ),
    (
        lambda: ses.BounceAction.template("mailbox-is-full", sender="a@example.com"),
        (
            "template: expected `mailbox-does-not-exist`, `message-too-large`, "
            "`mailbox-full`, `message-content-rejected`, "
            "`unknown-failure` or `temporary-failure` but got `mailbox-is-full`; did you mean `mailbox-full`? "
            '[Developer Guide, "Return a bounce response action"]'
        ),
    ),
]


@pytest.mark.parametrize(("make", "sentence"), REFUSED, ids=[str(number) for number in range(len(REFUSED))])
def test_a_thing_of_the_wrong_kind_is_refused_at_once(make, sentence):
    with pytest.raises(ses.ValidationError) as refusal:
        make()
    assert str(refusal.value).startswith(sentence)


def test_all_wrong_kinds_of_one_value_are_listed():
    with pytest.raises(ses.ValidationError) as refusal:
        ses.ReceiptRule(name=1, enabled=0, recipients=2)
    assert len(refusal.value.problems) == 3


def test_a_value_may_be_invalid_while_it_is_edited():
    rule = ses.ReceiptRule(name="", recipients=["a..b"])
    assert rule.problems() != ()
    assert rule.replace(name="r", recipients=[]).problems() == ()


# ---------------------------------------------------------------- edits


def set_of(*names: str) -> ses.ReceiptRuleSet:
    return ses.ReceiptRuleSet(name="main", rules=[ses.ReceiptRule(name=name) for name in names])


def order(rule_set: ses.ReceiptRuleSet) -> str:
    return "".join(rule.name for rule in rule_set)


EDITS = [
    # edit of the rules a, b, c                                                 order afterwards
    (lambda rules: rules.with_rule(ses.ReceiptRule(name="n")), "nabc"),  # no After: first
    (lambda rules: rules.with_rule(ses.ReceiptRule(name="n"), after="a"), "anbc"),
    (lambda rules: rules.with_rule(ses.ReceiptRule(name="n"), after="c"), "abcn"),
    (lambda rules: rules.without_rule("b"), "ac"),
    (lambda rules: rules.replace_rule(ses.ReceiptRule(name="b", enabled=True)), "abc"),
    (lambda rules: rules.replace_rule(ses.ReceiptRule(name="n"), "b"), "anc"),
    (lambda rules: rules.move("c"), "cab"),
    (lambda rules: rules.move("a", after="b"), "bac"),
    (lambda rules: rules.move("a", after="c"), "bca"),
    (lambda rules: rules.move("b", after="b"), "abc"),  # behind itself: nothing happens
]


@pytest.mark.parametrize(("edit", "wanted"), EDITS, ids=[str(number) for number in range(len(EDITS))])
def test_edits_of_a_rule_set_follow_the_api_and_leave_the_old_one_alone(edit, wanted):
    rules = set_of("a", "b", "c")
    assert order(edit(rules)) == wanted
    assert rules == set_of("a", "b", "c")


UNKNOWN = [
    (lambda rules: rules["invoice"], "name: expected a rule of rule set `main` but got `invoice`"),
    (lambda rules: rules.without_rule("invoice"), "name: expected a rule of rule set `main` but got `invoice`"),
    (lambda rules: rules.move("invoice"), "name: expected a rule of rule set `main` but got `invoice`"),
    (lambda rules: rules.move("invoices", after="invoice"), "after: expected a rule of rule set `main`"),
    (lambda rules: rules.with_rule(ses.ReceiptRule(name="n"), after="invoice"), "after: expected a rule of rule set"),
]


@pytest.mark.parametrize(("edit", "sentence"), UNKNOWN, ids=[str(number) for number in range(len(UNKNOWN))])
def test_a_rule_that_does_not_exist_is_refused_with_the_nearest_name(edit, sentence):
    with pytest.raises(ses.ValidationError) as refusal:
        edit(set_of("invoices", "rest"))
    assert str(refusal.value).startswith(sentence)
    (problem,) = refusal.value.problems
    assert "but got `invoice`" in problem.message


def test_a_second_rule_of_one_name_is_refused():
    with pytest.raises(ses.ValidationError, match="expected a name that rule set `main` does not have but got `a`"):
        set_of("a").with_rule(ses.ReceiptRule(name="a"))


@given(st.permutations("abcde"), st.sampled_from("abcde"), st.sampled_from("abcde"))
def test_moving_a_rule_keeps_the_others_in_order(names, moved, after):
    result = order(set_of(*names).move(moved, after=after))
    assert [name for name in result if name != moved] == [name for name in names if name != moved]
    if moved != after:
        assert result[result.index(after) + 1] == moved


def test_edits_of_an_account_add_or_take_the_place_of_the_same_name():
    block, allow = ses.ReceiptFilter.block("192.0.2.1", name="f"), ses.ReceiptFilter.allow("192.0.2.1", name="f")
    account = (
        ses.Account().with_filter(block).with_filter(allow).with_rule_set(set_of("a")).with_identity("example.com")
    )
    account = account.with_rule_set(set_of("b")).activate("main")
    assert account == ses.Account(identities=["example.com"], filters=[allow], rule_sets=[set_of("b")], active="main")
    assert account.active_rule_set is account["main"] is account.rule_sets[0]
    bare = account.activate(None).without_rule_set("main").without_filter("f").without_identity("example.com")
    assert bare == ses.Account()
    assert bare.active_rule_set is None


def test_what_the_api_refuses_of_rule_sets_is_refused():
    account = ses.Account(rule_sets=[set_of("a")], active="main")
    with pytest.raises(ses.ValidationError, match="expected a rule set that is not active but got `main`"):
        account.without_rule_set("main")
    with pytest.raises(
        ses.ValidationError, match="expected a rule set of the account but got `mian`; did you mean `main`"
    ):
        account.activate("mian")


def test_names_complete_behind_a_bracket():
    account = ses.Account(rule_sets=[set_of("a", "b")])
    assert account._ipython_key_completions_() == ["main"]
    assert account["main"]._ipython_key_completions_() == ["a", "b"]


def test_actions_are_added_at_the_end_or_in_front_of_a_position():
    rule = ses.ReceiptRule(name="r", actions=[ses.StopAction()])
    save = ses.S3Action(bucket_name="inbox")
    assert rule.with_action(save).actions == (ses.StopAction(), save)
    assert rule.with_action(save, 0).actions == (save, ses.StopAction())


def test_stored_recipients_are_lower_case_once_and_in_byte_order():
    rule = ses.ReceiptRule(
        name="r", recipients=["example.com", "B@example.com", "a@example.com", ".example.com", "b@EXAMPLE.com"]
    )
    assert rule.as_stored().recipients == (".example.com", "a@example.com", "b@example.com", "example.com")
    assert rule.as_stored().as_stored() == rule.as_stored()


# ---------------------------------------------------------------- identities

VERIFIED = [
    # domain                     subdomains    the identity that covers it
    ("example.com", True, "example.com"),
    ("EXAMPLE.com.", True, "example.com"),
    ("a.b.example.com", True, "example.com"),
    ("a.b.example.com", False, None),
    ("x.mx.example.com", True, "mx.example.com"),  # the nearest
    ("badexample.com", True, None),
    ("com", True, None),
    ("", True, None),
    ("example.net", True, None),  # pending
    ("example.org", True, None),  # an address does not make its domain receive
]


@pytest.mark.parametrize(("domain", "subdomains", "wanted"), VERIFIED)
def test_a_verified_domain_covers_what_lies_below_it(domain, subdomains, wanted):
    account = ses.Account(
        identities=[
            "example.com",
            "mx.example.com",
            "ana@example.org",
            Identity(name="example.net", verification_status="Pending"),
        ]
    )
    found = account.is_verified(domain, subdomains=subdomains)
    assert (found.name if found else None) == wanted


# ---------------------------------------------------------------- bounce templates

TEMPLATES = [
    # Developer Guide, "Return a bounce response action"; CDK's BounceTemplate has the same six
    ("mailbox-does-not-exist", "550", "5.1.1", "Mailbox does not exist"),
    ("message-too-large", "552", "5.3.4", "Message too large"),
    ("mailbox-full", "552", "5.2.2", "Mailbox full"),
    ("message-content-rejected", "500", "5.6.1", "Message content rejected"),
    ("unknown-failure", "554", "5.0.0", "Unknown failure"),
    ("temporary-failure", "450", "4.0.0", "Temporary failure"),
]


def test_there_are_the_six_templates_of_the_console():
    assert list(ses.BounceAction.templates) == [name for name, *_ in TEMPLATES]


@pytest.mark.parametrize(("name", "code", "status", "message"), TEMPLATES)
def test_templates_fill_the_bounce(name, code, status, message):
    assert ses.BounceAction.template(name, sender="postmaster@example.com") == ses.BounceAction(
        smtp_reply_code=code, status_code=status, message=message, sender="postmaster@example.com"
    )


# ---------------------------------------------------------------- actions of one's own


@pytest.fixture
def registry():
    before = dict(ses.ReceiptAction.registry)
    yield ses.ReceiptAction.registry
    ses.ReceiptAction.registry.clear()
    ses.ReceiptAction.registry.update(before)


def define(module: str) -> type[ses.ReceiptAction]:
    @dataclass(frozen=True, kw_only=True)
    class TagAction(ses.ReceiptAction):
        __module__ = module
        tag: str = field(metadata=member("Tag", doc="what to call it", required=True, max=5))

    return TagAction


def test_an_action_of_ones_own_is_known_everywhere(registry):
    cls = define("__main__")
    rule = ses.ReceiptRule(name="r", actions=[cls(tag="too long")])
    assert ses.ReceiptRule.from_api(rule.to_api()) == rule
    assert [problem.path for problem in rule.problems()] == ["actions[0].tag"]
    assert 'TagAction(tag="too long")' in rule.to_code()
    assert "too long" in rule._repr_html_()


def test_a_class_that_is_defined_again_in_its_module_replaces_itself(registry):
    define("__main__")
    second = define("__main__")
    assert registry["TagAction"] is second


def test_a_class_of_another_module_does_not_take_the_name(registry):
    define("__main__")
    with pytest.raises(TypeError, match="action `TagAction` is already registered by `__main__`"):
        define("elsewhere")


def test_a_field_without_an_api_spelling_is_said_so(registry):
    @dataclass(frozen=True, kw_only=True)
    class BareAction(ses.ReceiptAction):
        tag: str

    with pytest.raises(
        TypeError, match=r"`BareAction.tag` has no API spelling: declare it with field\(metadata=member"
    ):
        BareAction(tag="x")
