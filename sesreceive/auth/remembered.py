"""What the checks of earlier messages have worked out, kept by whoever receives them.

Records are parsed once a text, organisational domains once a name, and an SPF result counts again while every DNS
answer that it follows from is the same. Nothing here decides anything: with an empty memory each result is equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from sesreceive.dns.resolver import DnsAnswer, Resolver

if TYPE_CHECKING:
    from sesreceive.auth.keys import KeyRecord
    from sesreceive.auth.policy_record import DmarcRecord
    from sesreceive.auth.results import DmarcResult
    from sesreceive.auth.signature import Signer

__all__ = ["MAX_TEXT", "Answers", "Memory", "Noting", "Recent", "are_small", "still_hold"]

# Entries of one kind. A thousand domains are what a busy day of one receiver sees; then it starts anew.
MAX_ENTRIES = 1024
# Octets of a text that is worth keeping: every record in use is shorter, and hostile ones shall not fill the memory.
MAX_TEXT = 4096

# Answers longer than this in all are not kept with a result.
_MAX_KEPT_OCTETS = 16_384

# What a result follows from: names and types that were asked for, with the answers; None where DNS was not asked.
Answers: TypeAlias = "tuple[tuple[str, str, DnsAnswer | None], ...]"

K = TypeVar("K")
V = TypeVar("V")


class Recent(dict[K, V]):
    """A mapping that is emptied when it is full.

    Examples
    --------
    >>> recent = Recent(size=2)
    >>> [recent.keep(number, number * number) for number in range(3)]
    [0, 1, 4]
    >>> recent
    {2: 4}
    """

    def __init__(self, size: int = MAX_ENTRIES) -> None:
        super().__init__()
        self.size = size

    def keep(self, key: K, value: V) -> V:
        """The value, which the key leads to from now on."""
        if len(self) >= self.size:
            self.clear()
        self[key] = value
        return value


def still_hold(answers: Answers, resolver: Resolver) -> bool:
    """Whether DNS says the same today; every question is asked again, and so recorded with the message."""
    for name, rdtype, answer in answers:
        given = resolver.resolve(name, rdtype)
        if given is not answer and given != answer:
            return False
    return True


def are_small(answers: Answers) -> bool:
    """Whether they are worth keeping."""
    octets = sum(len(value) for _, _, answer in answers if answer is not None for value in answer.values)
    return octets <= _MAX_KEPT_OCTETS


class Noting:
    """A resolver that asks another one and notes the answers, in order."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.answers: list[tuple[str, str, DnsAnswer | None]] = []

    def resolve(self, name: str, rdtype: str) -> DnsAnswer:
        """The answer of the resolver behind."""
        answer = self.resolver.resolve(name, rdtype)
        self.answers.append((name, rdtype, answer))
        return answer


class Memory:
    """What a receiver remembers between messages; threads may share one.

    Attributes
    ----------
    keys : mapping of bytes to KeyRecord or None
        DKIM key records by their text.
    policies : mapping of str to DmarcRecord or str
        DMARC records by their text; a sentence for one that says no policy.
    authors : mapping of bytes to tuple of str
        Domains that a From field names, by its value.
    organizations : mapping of str to str
        Organisational domains by domain, by the public suffix list.
    senders : mapping
        SPF results by client, domain as it was sent and settings, each with the DNS answers it follows from.
    judged : mapping
        DMARC results by author domain and the SPF and DKIM results they are made of, with the same.
    signers : mapping
        What the tags of a DKIM signature say that are alike in all mail of one signer, by their text.
    """

    def __init__(self) -> None:
        self.keys: Recent[bytes, KeyRecord | None] = Recent()
        self.policies: Recent[str, DmarcRecord | str] = Recent()
        self.authors: Recent[bytes, tuple[str, ...]] = Recent()
        self.organizations: Recent[str, str] = Recent()
        self.senders: Recent[tuple[Any, ...], Any] = Recent()
        self.judged: Recent[tuple[Any, ...], tuple[DmarcResult, Answers]] = Recent()
        self.signers: Recent[tuple[bytes | None, ...], Signer] = Recent()

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process starts with nothing: public keys cannot be pickled, and asking again gives the same."""
        return Memory, ()

    def __repr__(self) -> str:
        """One line: how many entries there are of each kind."""
        return "<Memory of " + ", ".join(f"{len(kind)} {name}" for name, kind in vars(self).items()) + ">"
