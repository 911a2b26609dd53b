"""Lists in DNS: the name that is asked, what an answer means, and that no error refuses anybody (RFC 5782)."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import pytest

import sesreceive as ses
from sesreceive.analysis.rerun import rerun
from sesreceive.dns.resolver import DnsAnswer, DnsStatus
from sesreceive.dns.zone import Zone
from sesreceive.stages.filtering import decide
from sesreceive.trace.events import Kind, Op

LIST = ses.ProviderList.dnsbl("dnsbl.example")
IP = "192.0.2.99"
NAME = "99.2.0.192.dnsbl.example"

NAMES = [
    # address           name that is asked
    ("192.0.2.99",        NAME),
    ("::ffff:192.0.2.99", NAME),
    ("2001:db8:1:2:3:4:567:89ab",
     "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.dnsbl.example"),  # RFC 5782 section 2.4
]  # fmt: skip


@pytest.mark.parametrize("address, name", NAMES)
def test_the_address_is_asked_backwards(address: str, name: str) -> None:
    decision = decide([], address, [LIST], resolver=Zone({name: {"A": "127.0.0.2"}}))
    assert not decision.accepted
    assert [(question.rdtype, question.name) for question in decision.questions] == [("A", name)]


ANSWERS = [
    # records                                      op        what the trace says
    ({NAME: {"A": "127.0.0.2"}},                   Op.MATCH, f"{NAME} is 127.0.0.2, so {IP} is listed"),
    ({NAME: {"A": ["127.0.0.4", "127.0.0.11"]}},   Op.MATCH, f"{NAME} is 127.0.0.4, 127.0.0.11, so {IP} is listed"),
    ({NAME: {"A": "127.255.0.2"}},                 Op.MATCH, f"{NAME} is 127.255.0.2, so {IP} is listed"),
    ({},                                           Op.MISS,  f"does not list {IP}: nxdomain for {NAME}"),
    ({NAME: {"TXT": "never"}},                     Op.MISS,  f"does not list {IP}: nodata for {NAME}"),
    ({NAME: "TIMEOUT"},                            Op.SKIP,  f"the list did not answer: timeout for {NAME}"),
    ({NAME: "SERVFAIL"},                           Op.SKIP,  f"the list did not answer: servfail for {NAME}"),
    # what a public resolver is told, and a resolver that finds every name
    ({NAME: {"A": "127.255.255.254"}},             Op.SKIP,  f"the list did not answer: {NAME} is 127.255.255.254"),
    ({NAME: {"A": "198.51.100.7"}},                Op.SKIP,  f"the list did not answer: {NAME} is 198.51.100.7"),
]  # fmt: skip


@pytest.mark.parametrize("records, op, why", ANSWERS)
def test_what_an_answer_means(records: Mapping[str, object], op: Op, why: str) -> None:
    decision = decide([], IP, [LIST], resolver=Zone(records))  # type: ignore[arg-type]
    event = next(event for event in decision.events if event.kind is Kind.PROVIDER_LIST)
    assert (event.op, event.reason.partition(", so it refuses")[0].partition(", which lists")[0]) == (op, why)
    assert decision.accepted is (op is not Op.MATCH)
    assert ("; no answer from `dnsbl.example`" in decision.reason) is (op is Op.SKIP)


def test_without_a_resolver_the_list_does_not_answer() -> None:
    assert decide([], IP, [LIST]).reason == "no IP filter is configured; no answer from `dnsbl.example`"


def test_a_resolver_that_fails_refuses_nobody() -> None:
    class Broken:
        def resolve(self, name: str, rdtype: str) -> DnsAnswer:
            raise OSError("no network")

    assert decide([], IP, [LIST], resolver=Broken()).accepted


NOT_ASKED = [
    ([ses.ReceiptFilter.allow(IP, name="partner")], [LIST], "Allow filter `partner` decides"),
    ([ses.ReceiptFilter.block(IP, name="pest")], [LIST], "Block filter `pest` decides"),
    ([], [ses.ProviderList("known", (IP,)), LIST], "the provider list `known` decides"),
]


@pytest.mark.parametrize("filters, lists, why", NOT_ASKED)
def test_nobody_is_asked_when_it_is_decided(filters: list[ses.ReceiptFilter], lists: list[object], why: str) -> None:
    decision = decide(filters, IP, lists, resolver=Zone({NAME: {"A": "127.0.0.2"}}))  # type: ignore[arg-type]
    assert decision.questions == ()
    assert decision.events[-1].reason == why


@pytest.mark.parametrize("zone", ("", ".", "a..b", "bl example", "x" * 64 + ".example", "a." * 95 + "example"))
def test_a_zone_that_dns_cannot_hold_is_refused(zone: str) -> None:
    with pytest.raises(ses.InputError, match="DNS list: expected a domain of at most 189 characters but got"):
        ses.ProviderList.dnsbl(zone)


ACCOUNT = ses.Account(identities=("example.com",))


def test_the_receiver_asks_its_own_resolver_and_a_rerun_remembers_the_answer() -> None:
    receiver = ses.Receiver(ACCOUNT, resolver={NAME: {"A": "127.0.0.2"}}, provider_lists=[LIST], seed=1)
    reception = receiver.receive(b"", client_ip=IP, rcpt_to=["ana@example.com"])
    assert str(reception.reply) == "550 5.7.1 IP address blacklisted by recipient"
    again = rerun(reception)  # which has no resolver of its own
    assert (again.reply, again.decision.questions) == (reception.reply, reception.decision.questions)


class Slow:
    """Answers when it is let."""

    def __init__(self) -> None:
        self.asked, self.go_on = threading.Event(), threading.Event()

    def resolve(self, name: str, rdtype: str) -> DnsAnswer:
        if name == NAME:
            self.asked.set()
            assert self.go_on.wait(20)
            return DnsAnswer(DnsStatus.FOUND, ("127.0.0.2",))
        return DnsAnswer(DnsStatus.NXDOMAIN)


def test_a_slow_list_keeps_no_other_client_of_a_server_waiting() -> None:
    from tests.smtp.world import Wire

    slow = Slow()
    receiver = ses.Receiver(ACCOUNT, resolver=slow, provider_lists=[LIST])
    with receiver.smtp(client_addresses={"127.0.0.1": IP}) as server, Wire(server) as first:
        first.send(b"MAIL FROM:<ana@example.org>\r\nRCPT TO:<bo@example.com>\r\nQUIT\r\n")
        assert slow.asked.wait(20)
        with Wire(server) as second:
            assert second.say("NOOP") == "250 Ok"
        slow.go_on.set()
        assert [first.reply() for _ in range(2)] == ["250 Ok", "550 5.7.1 IP address blacklisted by recipient"]
        assert first.reply().startswith("221")
