"""The answers of an earlier run as a resolver: what was asked then, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from sesreceive.dns.names import normalize
from sesreceive.dns.resolver import DnsAnswer, DnsQuestion, DnsStatus, Resolver

__all__ = ["Recorded"]


class Recorded:
    """Answers each recorded question as it was answered; any other fails, and is remembered as missing.

    Parameters
    ----------
    questions : iterable of DnsQuestion
        What was asked, and how it was answered.
    otherwise : Resolver, optional
        Who is asked what is not recorded, in place of failing.

    Examples
    --------
    >>> recorded = Recorded([DnsQuestion("example.org", "A", "found", ("192.0.2.1",))])
    >>> recorded.resolve("Example.org.", "A").values, recorded.missing
    (('192.0.2.1',), False)
    >>> recorded.resolve("example.org", "MX").status.value, recorded.missing
    ('servfail', True)
    """

    def __init__(self, questions: Iterable[DnsQuestion], otherwise: Resolver | None = None) -> None:
        self._answers = {
            (question.name, question.rdtype): DnsAnswer(DnsStatus(question.status), question.values)
            for question in questions
        }
        self._otherwise = otherwise
        self.missing = False

    def resolve(self, name: str, rdtype: str) -> DnsAnswer:
        """The answer of the earlier run."""
        answer = self._answers.get((normalize(name), rdtype.upper()))
        if answer is None and self._otherwise is not None:
            return self._otherwise.resolve(name, rdtype)
        if answer is None:
            self.missing = True
            return DnsAnswer(DnsStatus.SERVFAIL)
        return answer
