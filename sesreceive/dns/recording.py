"""A record of every question that the checks of one message ask."""

from __future__ import annotations

from contextlib import AbstractContextManager

from sesreceive.dns.names import normalize
from sesreceive.dns.resolver import DnsAnswer, DnsQuestion, DnsStatus, Resolver
from sesreceive.later import later

__all__ = ["Recording"]


class Recording:
    """A resolver that asks another one, each question once, and remembers who wanted to know.

    It lives as long as the checks of one message do and never raises: where the resolver behind it does, the
    answer is ``servfail``.

    Examples
    --------
    >>> from sesreceive.dns.zone import Zone
    >>> recording = Recording(Zone({"example.org": {"TXT": "v=spf1 -all"}}))
    >>> with recording.asked_by("spf"):
    ...     answer = recording.resolve("Example.org.", "TXT")
    >>> [str(question) for question in recording.questions]
    ['TXT example.org -> found']
    """

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self._answers: dict[tuple[str, str], DnsAnswer] = {}
        self._noted: dict[tuple[str, str, str], DnsAnswer] = {}
        self._check = ""

    def asked_by(self, check: str) -> AbstractContextManager[None]:
        """What is asked inside belongs to this check."""
        return _AskedBy(self, check)

    def resolve(self, name: str, rdtype: str) -> DnsAnswer:
        """The answer of the resolver behind, asked the first time only."""
        answer = self._answers.get((name, rdtype))
        if answer is None:  # never asked, or written in another way
            name, rdtype = normalize(name), rdtype.upper()
            answer = self._answers.get((name, rdtype))
        if answer is None:
            answer = self._answers[name, rdtype] = self._ask(name, rdtype)
        self._noted[name, rdtype, self._check] = answer
        return answer

    def _ask(self, name: str, rdtype: str) -> DnsAnswer:
        try:
            answer = self.resolver.resolve(name, rdtype)
            if type(answer) is DnsAnswer and type(answer.status) is DnsStatus and type(answer.values) is tuple:
                return answer
            return DnsAnswer(DnsStatus(answer.status), tuple(answer.values))
        except Exception:  # noqa: BLE001 - anybody's resolver; a broken one is a failing server, not a crash
            return DnsAnswer(DnsStatus.SERVFAIL)

    @property
    def questions(self) -> tuple[DnsQuestion, ...]:
        """What was asked, in order; a question that two checks asked is there for each."""
        return _questions(self._noted)

    @property
    def later_questions(self) -> tuple[DnsQuestion, ...]:
        """`questions`, made when they are read, for a field that may hold that; nothing is asked any more."""
        return later(_questions, self._noted)


def _questions(noted: dict[tuple[str, str, str], DnsAnswer]) -> tuple[DnsQuestion, ...]:
    return tuple(
        DnsQuestion(name, rdtype, answer.status.value, tuple(map(_text, answer.values)), check)
        for (name, rdtype, check), answer in noted.items()
    )


class _AskedBy:
    __slots__ = ("check", "outer", "recording")

    def __init__(self, recording: Recording, check: str) -> None:
        self.recording, self.check = recording, check

    def __enter__(self) -> None:
        self.outer, self.recording._check = self.recording._check, self.check

    def __exit__(self, *exception: object) -> None:
        self.recording._check = self.outer


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
