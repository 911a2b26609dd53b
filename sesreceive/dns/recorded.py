"""The answers of an earlier run as a resolver: what was asked then, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from sesreceive.dns.names import normalize
from sesreceive.dns.resolver import DnsAnswer, DnsQuestion, DnsStatus

__all__ = ["Recorded"]


class Recorded:
    """Answers each recorded question as it was answered; any other fails, and is remembered as missing.

    Examples
    --------
    >>> recorded = Recorded([DnsQuestion("example.org", "A", "found", ("192.0.2.1",))])
    >>> recorded.resolve("Example.org.", "A").values, recorded.missing
    (('192.0.2.1',), False)
    >>> recorded.resolve("example.org", "MX").status.value, recorded.missing
    ('servfail', True)
    """

    def __init__(self, questions: Iterable[DnsQuestion]) -> None:
        self._answers = {
            (question.name, question.rdtype): DnsAnswer(DnsStatus(question.status), question.values)
            for question in questions
        }
        self.missing = False

    def resolve(self, name: str, rdtype: str) -> DnsAnswer:
        """The answer of the earlier run."""
        answer = self._answers.get((normalize(name), rdtype.upper()))
        if answer is None:
            self.missing = True
            return DnsAnswer(DnsStatus.SERVFAIL)
        return answer
