"""Authentication results of earlier runs, by all that they follow from, so that only scanners and rules run again.

A result counts again for the same bytes, envelope, DNS, settings and time of arrival; with any of them changed the key
is another one, and the message is judged anew. What is taken over is said, in each trace and in the report.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from os import PathLike
from typing import Any, TypeAlias

from sesreceive.auth.results import AuthenticationResults
from sesreceive.auth.results_json import results_from_json
from sesreceive.dns.live import LiveResolver
from sesreceive.dns.zone import Zone
from sesreceive.mail.corpus import Item
from sesreceive.receiver import Receiver
from sesreceive.replay.replay_folder import ReplayFolder
from sesreceive.report.columns import AUTHENTICATION
from sesreceive.shown import Shown
from sesreceive.stages.authentication import SETTINGS

__all__ = ["Keys", "Known", "KnownResults"]

# Another number where a release judges otherwise than the one before: what was kept before counts no more.
_FORMAT = 1

# Results that are kept as they were read out of their text.
_READ = 1_000

# Where results are known from: kept in memory, or in the folder of a replay.
Known: TypeAlias = "KnownResults | ReplayFolder | str | PathLike[str]"


class KnownResults(Shown):
    r"""Authentication results, which a replay reads and adds to.

    Parameters
    ----------
    folder : ReplayFolder or path, optional
        Results to begin with: those that `replay_to` wrote there.

    Raises
    ------
    InputError
        When there is no replay in the folder.

    Examples
    --------
    >>> import sesreceive as ses
    >>> known = KnownResults()
    >>> mail = {"hello": b"From: ana@example.com\r\nTo: bo@example.com\r\n\r\n"}
    >>> rule = ses.ReceiptRule(name="all", enabled=True)
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> ses.Receiver(account, seed=1).replay(mail, known=known).notes
    ()
    >>> ses.Receiver(account, seed=1).replay(mail, known=known).notes
    ('the authentication results of 1 message are those of an earlier run',)
    >>> known
    <KnownResults of 1 message>
    """

    def __init__(self, folder: ReplayFolder | str | PathLike[str] | None = None) -> None:
        # Text of a file is read when it is asked for; a result takes three times the memory of its text.
        self._results: dict[str, AuthenticationResults | str] = {}
        # What was read last: where a sender's messages pass alike, their results are one text, and one object then.
        self._read: dict[str, AuthenticationResults] = {}
        if folder is not None:
            opened = folder if isinstance(folder, ReplayFolder) else ReplayFolder(folder)
            texts: dict[str, str] = {}
            for key, text in opened.columns(AUTHENTICATION.name, "key", "results"):
                if key and text:
                    self._results[key] = texts.setdefault(text, text)

    @classmethod
    def of(cls, known: Known | None) -> KnownResults | None:
        """The results, or those in the folder."""
        return known if known is None or isinstance(known, KnownResults) else cls(known)

    def __len__(self) -> int:
        """How many messages they are of."""
        return len(self._results)

    def get(self, key: str) -> AuthenticationResults | None:
        """The results with that key; None where there are none."""
        results = self._results.get(key)
        if not isinstance(results, str):
            return results
        made = self._read.get(results)
        if made is None:
            if len(self._read) >= _READ:
                self._read.clear()
            made = self._read[results] = results_from_json(results)
        return made

    def learn(self, results: Iterable[tuple[str, AuthenticationResults]]) -> None:
        """Keep these results."""
        self._results.update(results)

    def _facts(self) -> Any:
        """How many there are."""
        yield "messages", len(self)

    def __repr__(self) -> str:
        """One line: how many messages they are of."""
        return f"<KnownResults of {len(self)} message{'' if len(self) == 1 else 's'}>"


class Keys:
    """The keys of the messages of one run."""

    def __init__(self, receiver: Receiver) -> None:
        settings = [f"{name}={getattr(receiver.assumptions, name)}" for name in SETTINGS]
        whole = "\n".join([str(_FORMAT), _identity(receiver.resolver), *settings])
        self._start = hashlib.sha256(whole.encode("utf-8", "surrogateescape"))

    def of(self, item: Item, received_s: float) -> str:
        """What the results of a message follow from, as a digest: bytes, client, HELO, MAIL FROM, time of arrival."""
        envelope = item.envelope
        if envelope.received_at is not None:
            received_s = envelope.received_at.timestamp()
        key = self._start.copy()
        told = "\n".join((envelope.client_ip, envelope.helo, envelope.mail_from, repr(received_s)))
        key.update(hashlib.sha256(item.raw).digest())
        key.update(told.encode("utf-8", "surrogateescape"))
        return key.hexdigest()


def _identity(resolver: Any) -> str:
    """What tells a resolver from one that answers otherwise.

    A zone is told by its records, a live resolver by whom it asks: what was answered then counts. Of any other nothing
    is known, so its results count for nobody, unless it has an `identity`.
    """
    if isinstance(resolver, Zone):
        return hashlib.sha256(resolver.to_text().encode("utf-8", "surrogateescape")).hexdigest()
    if isinstance(resolver, LiveResolver):
        return repr(resolver)
    identity = getattr(resolver, "identity", None)
    return f"{type(resolver).__qualname__} {identity}" if isinstance(identity, str) else uuid.uuid4().hex
