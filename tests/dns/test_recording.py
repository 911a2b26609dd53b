"""A recording asks each question once and remembers who wanted to know."""

from __future__ import annotations

from sesreceive.dns.recording import Recording
from sesreceive.dns.resolver import DnsAnswer, DnsStatus
from sesreceive.dns.zone import Zone


class Counting:
    """A zone that counts how often it is asked."""

    def __init__(self) -> None:
        self.zone = Zone(
            {"example.org": {"TXT": [b"caf\xe9", "x"], "MX": (10, "mx.example.org")}, "slow.example": "TIMEOUT"}
        )
        self.asked: list[tuple[str, str]] = []

    def resolve(self, name: str, rdtype: str) -> DnsAnswer:
        self.asked.append((name, rdtype))
        return self.zone.resolve(name, rdtype)


def test_a_question_is_asked_once_and_noted_for_each_check() -> None:
    behind = Counting()
    recording = Recording(behind)
    with recording.asked_by("spf"):
        first = recording.resolve("Example.ORG.", "txt")
        recording.resolve("example.org", "TXT")
    with recording.asked_by("dmarc"):
        assert recording.resolve("example.org", "TXT") is first
        recording.resolve("slow.example", "TXT")
    recording.resolve("gone.example", "A")
    assert behind.asked == [("example.org", "TXT"), ("slow.example", "TXT"), ("gone.example", "A")]
    assert [(q.asked_by, str(q)) for q in recording.questions] == [
        ("spf", "TXT example.org -> found"),
        ("dmarc", "TXT example.org -> found"),
        ("dmarc", "TXT slow.example -> timeout"),
        ("", "A gone.example -> nxdomain"),
    ]


def test_the_values_of_a_question_are_text() -> None:
    recording = Recording(Counting())
    recording.resolve("example.org", "TXT")
    recording.resolve("example.org", "MX")
    assert [question.values for question in recording.questions] == [("caf\\xe9", "x"), ("10 mx.example.org",)]


def test_checks_may_be_nested() -> None:
    recording = Recording(Zone())
    with recording.asked_by("dmarc"):
        with recording.asked_by("spf"):
            recording.resolve("a.example", "A")
        recording.resolve("b.example", "A")
    assert [question.asked_by for question in recording.questions] == ["spf", "dmarc"]


def test_a_resolver_that_raises_has_failed() -> None:
    class Raising:
        def resolve(self, name: str, rdtype: str) -> DnsAnswer:
            raise OSError("no network")

    recording = Recording(Raising())
    assert recording.resolve("example.org", "A") == DnsAnswer(DnsStatus.SERVFAIL)
    assert [str(question) for question in recording.questions] == ["A example.org -> servfail"]
