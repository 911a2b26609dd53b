"""The keys that sign the mail of a workbench: made when they are first asked for, the same for all its parts."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary

from sesreceive.lab.sign import SigningKey
from sesreceive.ui.bench import Bench

__all__ = ["Keyring", "keyring_of"]


class Keyring:
    """Keys by domain, selector and kind.

    Examples
    --------
    >>> keys = Keyring()
    >>> keys.key("example.org", "s1", "ed25519") is keys.key("Example.org", "s1", "ed25519")
    True
    >>> keys.latest.name
    's1._domainkey.example.org'
    """

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str, str], SigningKey] = {}
        self._told: list[Callable[[], None]] = []
        self.latest: SigningKey | None = None

    def key(self, domain: str, selector: str, kind: str = "rsa") -> SigningKey:
        """The key, made now if there is none yet.

        Raises
        ------
        InputError
            When DNS cannot hold domain or selector.
        """
        name = (domain.lower(), selector.lower(), kind)
        if name not in self._keys:
            self._keys[name] = SigningKey.generate(domain, selector, kind=kind)
        if self.latest is not self._keys[name]:
            self.latest = self._keys[name]
            for told in self._told:
                told()
        return self._keys[name]

    def on_change(self, told: Callable[[], None]) -> None:
        """Call this when another key is the latest."""
        self._told.append(told)


_OF: WeakKeyDictionary[Bench, Keyring] = WeakKeyDictionary()


def keyring_of(bench: Bench) -> Keyring:
    """The keyring of a bench."""
    return _OF.setdefault(bench, Keyring())
