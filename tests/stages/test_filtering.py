"""Step 1: Allow over Block over provider lists over accept (specification 2.2, 2.3)."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.stages.filtering import decide
from sesreceive.stages.provider_lists import ListKind
from sesreceive.trace.events import Kind, Op

ALLOW = ses.ReceiptFilter.allow("203.0.113.0/24", name="allow")
BLOCK = ses.ReceiptFilter.block("203.0.113.0/24", name="block")
EC2 = ses.ProviderList("EC2", ("203.0.113.0/25", "2001:db8:ec2::/48"))
IP = "203.0.113.9"

# allow, block and provider list contain the address → accepted, decided by: every row of the decision table.
TABLE = [
    ("allow block list", True, "allow"),
    ("allow block", True, "allow"),
    ("allow list", True, "allow"),
    ("allow", True, "allow"),
    ("block list", False, "block"),
    ("block", False, "block"),
    ("list", False, "EC2"),
    ("", True, ""),
]


@pytest.mark.parametrize("present, accepted, by", TABLE)
def test_allow_beats_block_beats_provider_list(present: str, accepted: bool, by: str) -> None:
    filters = [one for one in (BLOCK, ALLOW) if one.name in present.split()]
    decision = decide(filters, IP, [EC2] if "list" in present else [])
    assert (decision.accepted, decision.decided_by) == (accepted, by)
    assert str(decision.reply) == ("250 Ok" if accepted else "550 5.7.1 IP address blacklisted by recipient")


CONTAINS = [
    # cidr                     address                contains
    ("203.0.113.9", "203.0.113.9", True),
    ("203.0.113.9", "203.0.113.10", False),
    ("203.0.113.77/24", "203.0.113.9", True),  # host bits may be set
    ("0.0.0.0/0", "198.51.100.1", True),
    ("0.0.0.0/0", "2001:db8::1", False),
    ("::/0", "2001:db8::1", True),
    ("2001:db8::ffff/64", "2001:db8::9", True),
    ("203.0.113.0/24", "::ffff:203.0.113.9", True),  # the client is the IPv4 host
]


@pytest.mark.parametrize("cidr, address, contains", CONTAINS)
def test_block_refuses_exactly_the_addresses_it_contains(cidr: str, address: str, contains: bool) -> None:
    decision = decide([ses.ReceiptFilter.block(cidr, name="b")], address)
    assert decision.accepted is not contains


def test_block_everything_and_allow_some_is_the_documented_recipe() -> None:
    filters = [ses.ReceiptFilter.block("0.0.0.0/0", name="all"), ses.ReceiptFilter.allow("192.0.2.7", name="partner")]
    assert decide(filters, "192.0.2.7").accepted
    assert not decide(filters, "192.0.2.8").accepted


def test_longest_prefix_is_a_named_assumption() -> None:
    filters = [ses.ReceiptFilter.allow("203.0.113.0/24", name="net"), ses.ReceiptFilter.block(IP, name="host")]
    assert decide(filters, IP).accepted
    assert not decide(filters, IP, assumptions=ses.Assumptions(filter_precedence="longest")).accepted


def test_every_filter_and_list_leaves_one_event() -> None:
    other = ses.ReceiptFilter.block("198.51.100.0/24", name="other")
    events = decide([BLOCK, other], IP, [EC2]).events
    seen = [(event.kind, event.subject, event.op) for event in events]
    assert seen == [
        (Kind.STAGE, IP, Op.ENTER),
        (Kind.FILTER, "block", Op.MATCH),
        (Kind.FILTER, "other", Op.MISS),
        (Kind.PROVIDER_LIST, "EC2", Op.SKIP),
    ]
    assert events[2].reason == "Block 198.51.100.0/24 does not contain 203.0.113.9"


@given(
    st.lists(st.tuples(st.booleans(), st.ip_addresses(v=4), st.integers(0, 32)), max_size=8),
    st.ip_addresses(v=4),
    st.randoms(use_true_random=False),
)
def test_order_of_filters_does_not_matter(rows: list[tuple[bool, object, int]], client: object, random: object) -> None:
    filters = [
        (ses.ReceiptFilter.allow if allow else ses.ReceiptFilter.block)(f"{ip}/{prefix}", name=f"f{number}")
        for number, (allow, ip, prefix) in enumerate(rows)
    ]
    shuffled = list(filters)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert decide(filters, str(client)).accepted == decide(shuffled, str(client)).accepted


@given(st.lists(st.tuples(st.ip_addresses(), st.integers(0, 32)), max_size=8), st.ip_addresses())
def test_a_provider_list_covers_what_ipaddress_says(rows: list[tuple[object, int]], client: object) -> None:
    networks = tuple(f"{ip}/{prefix}" for ip, prefix in rows)
    expected = [n for text in networks if client in (n := ipaddress.ip_network(text, strict=False))]
    found = ses.ProviderList("list", networks).covers(str(client))
    assert found == max(expected, key=lambda network: network.prefixlen, default=None)


def test_a_broken_provider_list_names_the_line(tmp_path) -> None:
    path = tmp_path / "ec2.txt"
    path.write_text("203.0.113.0/24  # reserved\n\nnot-a-network\n", encoding="utf-8")
    with pytest.raises(ses.InputError, match=r"ec2.txt` line 3: expected an address or CIDR block but got `not-a-"):
        ses.ProviderList.read(path)
    with pytest.raises(ses.InputError, match="cannot be read"):
        ses.ProviderList.read(tmp_path / "absent.txt")


# filters, whether a list is loaded → how step 1 ends its sentence
UNLISTED = [
    ([], False, "no IP filter is configured; AWS would also refuse its own block list and EC2; none is loaded"),
    ([BLOCK], False, "; AWS's own block list and EC2 would not count; none is loaded"),
    ([ALLOW], False, "; AWS's own block list and EC2 would not count; none is loaded"),
    ([], True, "the provider list `EC2` contains 203.0.113.9 and no Allow filter does"),
]


@pytest.mark.parametrize("filters, loaded, ending", UNLISTED)
def test_a_trace_says_that_no_list_is_loaded(filters: list[ses.ReceiptFilter], loaded: bool, ending: str) -> None:
    decision = decide(filters, IP, [EC2] if loaded else [])
    assert decision.events[0].reason.endswith(ending)
    assert "loaded" not in decision.reason  # once a trace is enough


FROM_EC2 = ses.ProviderList("EC2", ("203.0.113.0/24",), ListKind.EC2)


def test_whether_ec2_is_refused_is_a_named_assumption() -> None:
    other = ses.Assumptions(ec2_source="accepted")
    assert not decide([], IP, [FROM_EC2]).accepted
    decision = decide([], IP, [FROM_EC2], other)
    assert decision.accepted
    assert decision.reason == "no IP filter is configured"
    skipped = decision.events[1]
    assert (skipped.op, skipped.subject) == (Op.SKIP, "EC2")
    assert skipped.reason == "EC2 stops outgoing mail itself, so SES refuses none for coming from there"
    # A list that is not of EC2 is none of its business.
    assert not decide([], IP, [FROM_EC2, ses.ProviderList("drop", (IP,), ListKind.DROP)], other).accepted


@pytest.mark.parametrize("kind", [*ListKind, *map(str, ListKind)])
def test_a_kind_may_be_given_as_a_word_and_is_compared_as_the_kind(kind: str) -> None:
    listed = ses.ProviderList("list", (IP,), kind=kind)  # type: ignore[arg-type]
    assert listed.kind is ListKind(kind)
    assert decide([], IP, [listed], ses.Assumptions(ec2_source="accepted")).accepted is (kind == "ec2")


@pytest.mark.parametrize("kind", ["EC2", "", None, 2, ["ec2"]])
def test_a_list_of_no_kind_is_refused(kind: object) -> None:
    with pytest.raises(ses.InputError, match=r"^provider list `list`: expected the kind `ec2`, `drop` or `plain` but"):
        ses.ProviderList("list", (IP,), kind=kind)  # type: ignore[arg-type]


def test_an_account_is_told_that_its_reading_of_ec2_mattered() -> None:
    receiver = ses.Receiver(ses.Account(identities=("example.com",)), provider_lists=[FROM_EC2], seed=1)
    reception = receiver.receive(b"Subject: x", client_ip=IP, rcpt_to=["ana@example.com"])
    assert "ec2_source" in [point.name for point in reception.assumed()]


def test_provider_lists_of_one_receiver_have_different_names() -> None:
    first, second = ses.ProviderList("drop", ("192.0.2.0/24",)), ses.ProviderList("drop", ("203.0.113.0/24",))
    receiver = ses.Receiver(ses.Account(), provider_lists=[first], seed=1)
    for change in (lambda: ses.Receiver(ses.Account(), provider_lists=[first, second]), lambda: more(receiver, second)):
        with pytest.raises(
            ses.InputError, match=r"^expected provider lists with different names but two are called `drop`"
        ):
            change()
    assert receiver.provider_lists == (first,)


def test_what_is_no_provider_list_is_refused_when_it_is_given() -> None:
    with pytest.raises(ses.InputError, match=r"^provider_lists: expected provider lists but got `str`$"):
        ses.Receiver(ses.Account(), provider_lists=["drop.txt"])  # type: ignore[list-item]


def more(receiver: ses.Receiver, added: ses.ProviderList) -> None:
    receiver.provider_lists += (added,)
