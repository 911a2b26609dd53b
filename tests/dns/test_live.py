"""The live resolver against a real name server: ours, on the loopback interface, serving a zone."""

from __future__ import annotations

import pickle
import socket
import threading
from collections.abc import Iterator

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

import sesreceive as ses
from sesreceive.auth.spf import check_host
from sesreceive.dns.live import LiveResolver
from sesreceive.dns.records import write_value
from sesreceive.dns.resolver import DnsStatus
from sesreceive.dns.zone import Zone
from tests.patience import PATIENCE_S

ZONE = Zone.parse(
    r"""
$ORIGIN example.org.
@                IN TXT   "v=spf1 mx -all"
@                IN TXT   "one " "two \255"
@                IN MX    10 mx
mx               IN A     127.0.0.7
mx               IN AAAA  2001:db8::7
www              IN CNAME @
7.0.0.127.in-addr.arpa. PTR mx
_sip._tcp        SRV      0 5 5060 sip
nullmx           MX       0 .
münchen          A        192.0.2.1
$TIMEOUT  slow.example.
$SERVFAIL down.example.
"""
)

STATUS_CODES = {
    DnsStatus.FOUND: dns.rcode.NOERROR,
    DnsStatus.NODATA: dns.rcode.NOERROR,
    DnsStatus.NXDOMAIN: dns.rcode.NXDOMAIN,
    DnsStatus.SERVFAIL: dns.rcode.SERVFAIL,
}


class NameServer:
    """Answers over UDP what a zone says; where that is a time-out, it says nothing."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> NameServer:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.sendto(b"stop", ("127.0.0.1", self.port))
        self.thread.join()
        self.socket.close()

    def _serve(self) -> None:
        while True:
            packet, peer = self.socket.recvfrom(4096)
            try:
                query = dns.message.from_wire(packet)
            except dns.exception.DNSException:
                return
            if (wire := self._answer(query)) is not None:
                self.socket.sendto(wire, peer)

    def _answer(self, query: dns.message.Message) -> bytes | None:
        question = query.question[0]
        rdtype = dns.rdatatype.to_text(question.rdtype)
        answer = self.zone.resolve(question.name.to_text(omit_final_dot=True), rdtype)
        if answer.status is DnsStatus.TIMEOUT:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        response.set_rcode(STATUS_CODES[answer.status])
        if answer.values:
            texts = [write_value(rdtype, value) for value in answer.values]
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", rdtype, *texts))
        return response.to_wire()


@pytest.fixture(scope="module")
def live() -> Iterator[LiveResolver]:
    with NameServer(ZONE) as server:
        yield LiveResolver(["127.0.0.1"], port=server.port, timeout_s=PATIENCE_S)


@pytest.fixture(scope="module")
def impatient(live: LiveResolver) -> LiveResolver:
    """Asks the same server, and is used where no answer comes."""
    return LiveResolver(["127.0.0.1"], port=live.port, timeout_s=0.3)


QUESTIONS = [
    ("example.org", "TXT"),
    ("EXAMPLE.org.", "MX"),
    ("mx.example.org", "A"),
    ("mx.example.org", "AAAA"),
    ("mx.example.org", "TXT"),
    ("gone.example.org", "A"),
    ("www.example.org", "TXT"),
    ("7.0.0.127.in-addr.arpa", "PTR"),
    ("_sip._tcp.example.org", "SRV"),
    ("nullmx.example.org", "MX"),
    ("münchen.example.org", "A"),
    ("down.example", "TXT"),
    ("slow.example", "TXT"),
    ("a..b", "A"),
    ("x" * 64 + ".example.org", "A"),
    ("", "A"),
]


@pytest.mark.parametrize("name,rdtype", QUESTIONS)
def test_the_network_answers_as_the_zone_does(
    name: str, rdtype: str, live: LiveResolver, impatient: LiveResolver
) -> None:
    wanted = ZONE.resolve(name, rdtype)
    answer = (impatient if wanted.status is DnsStatus.TIMEOUT else live).resolve(name, rdtype)
    assert sorted(map(str, answer.values)) == sorted(map(str, wanted.values))
    assert answer.status == (wanted.status if name else "nxdomain")  # the root is nobody's business


def test_the_questions_end_in_every_way(live: LiveResolver) -> None:
    assert {ZONE.resolve(name, rdtype).status for name, rdtype in QUESTIONS} == set(DnsStatus)


def test_checks_run_over_the_network(live: LiveResolver, impatient: LiveResolver) -> None:
    result = check_host("127.0.0.7", "ana@example.org", "mx.example.org", live)
    assert (result.status, result.mechanism) == ("pass", "mx")
    assert check_host("127.0.0.7", "ana@slow.example", "", impatient).status == "temperror"


def test_a_port_where_nobody_answers_is_a_time_out_or_a_failure() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        resolver = LiveResolver(["127.0.0.1"], port=silent.getsockname()[1], timeout_s=0.2)
        assert resolver.resolve("example.org", "A").status == "timeout"


def test_a_resolver_is_only_its_settings_until_it_is_asked() -> None:
    assert ses.LiveResolver is LiveResolver
    assert repr(LiveResolver()) == "<LiveResolver asking the system's servers>"
    assert repr(LiveResolver(["192.0.2.53", "192.0.2.54"])) == "<LiveResolver asking 192.0.2.53, 192.0.2.54>"


def test_a_resolver_travels_between_processes(live: LiveResolver) -> None:
    live.resolve("mx.example.org", "A")
    copy = pickle.loads(pickle.dumps(live))
    assert copy.resolve("mx.example.org", "A").values == ("127.0.0.7",)
