"""What the checks of earlier messages have worked out, kept by whoever receives them.

Records are parsed once a text, organisational domains once a name, and an SPF result counts again while every DNS
answer that it follows from is the same. Nothing here decides anything: with an empty memory each result is equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from sesreceive.auth.keys import KeyRecord
    from sesreceive.auth.policy_record import DmarcRecord

__all__ = ["MAX_TEXT", "Memory", "Recent"]

# Entries of one kind. A thousand domains are what a busy day of one receiver sees; then it starts anew.
MAX_ENTRIES = 1024
# Octets of a text that is worth keeping: every record in use is shorter, and hostile ones shall not fill the memory.
MAX_TEXT = 4096

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
    """

    def __init__(self) -> None:
        self.keys: Recent[bytes, KeyRecord | None] = Recent()
        self.policies: Recent[str, DmarcRecord | str] = Recent()
        self.authors: Recent[bytes, tuple[str, ...]] = Recent()
        self.organizations: Recent[str, str] = Recent()
        self.senders: Recent[tuple[Any, ...], Any] = Recent()

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process starts with nothing: public keys cannot be pickled, and asking again gives the same."""
        return Memory, ()

    def __repr__(self) -> str:
        """One line: how many entries there are of each kind."""
        return "<Memory of " + ", ".join(f"{len(kind)} {name}" for name, kind in vars(self).items()) + ">"
