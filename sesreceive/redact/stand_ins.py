"""Stand-ins for words, domains and IP addresses: the same one for the same original, everywhere.

All texts are gone through twice. The first time they are *learned*; then stand-ins are made, so that none of them is
the original of another; the second time they are replaced. A stand-in depends on the order in which originals come and
on nothing else of them: who guesses an original cannot confirm it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Set as AbstractSet
from random import Random

from sesreceive.auth.dmarc import organizational_domain
from sesreceive.mail.address import to_ascii_domain
from sesreceive.redact.networks import Network, network_stand_ins

__all__ = ["StandIns"]

# Without vowels a stand-in is no word of any language, so whoever reads it knows what it is.
_CONSONANTS = "bcdfghjklmnpqrstvwxz"
_DIGITS = "0123456789"
_HEX_LETTERS = "bcdf"
# Letters of two, three and four octets in UTF-8, so that lengths stay.
_WIDER = {2: "éèàùâêîôûç", 3: "丁七万丈三上下不与丑", 4: "𐌰𐌱𐌲𐌳𐌴𐌵𐌶𐌷𐌸𐌹"}
# An octet that is no UTF-8, as `surrogateescape` reads it: it stays one.
_LONE_OCTET = "\udce9"
_TRIES = 60

# Names that belong to nobody: under them DNS publishes what mail needs, or they are services of AWS.
_SERVICE_LABELS = frozenset(["_dmarc", "_domainkey", "_spf", "_adsp", "_report", "_smtp", "_tls", "_tcp", "_udp", "*"])
_SERVICE_DOMAIN = re.compile(r"(inbound-smtp\.[a-z0-9-]+\.amazonaws\.com|([a-z0-9-]+\.)?amazonses\.com|localhost)")
_REVERSE = (".in-addr.arpa", ".ip6.arpa")
_WORD = re.compile(r"[0-9A-Za-z\x80-\U0010ffff]+")


class StandIns:
    """Learns originals until `settle`; from then on gives the stand-in of each.

    Examples
    --------
    >>> stand_ins = StandIns()
    >>> for word in ("Invoice", "invoice", "42"):
    ...     _ = stand_ins.word(word)
    >>> _ = stand_ins.domain("mail.example.org")
    >>> stand_ins.settle()
    >>> stand_ins.word("Invoice").lower() == stand_ins.word("invoice"), len(stand_ins.word("invoice"))
    (True, 7)
    >>> stand_ins.domain("mail.example.org").endswith("." + stand_ins.domain("example.org"))
    True
    """

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._organizations: dict[str, str] = {}
        self._nets: dict[Network, Network] = {}
        self._taken: set[str] = set()
        self._learning = True
        # Any fixed start will do: a stand-in has to be the same in each file, not hard to foresee.
        self._chance = Random(1)  # noqa: S311

    @property
    def learning(self) -> bool:
        """Whether texts come back as they are, because not all has been seen."""
        return self._learning

    def settle(self) -> None:
        """Make the stand-ins of all that was learned; none equals an original."""
        originals = self._words.keys() | {label for name in self._organizations for label in name.split(".")}
        for word in self._words:
            self._words[word] = self._fresh(word, originals)
        for name in self._organizations:
            # As long as the original, where `.example` (RFC 2606) leaves room for a name.
            pattern = "x" * max(2, len(name) - len(".example"))
            self._organizations[name] = f"{self._fresh(pattern, originals)}.example"
        self._nets = dict(network_stand_ins(self._nets))
        self._learning = False

    @property
    def domains(self) -> AbstractSet[str]:
        """The organizational domains among the originals."""
        return self._organizations.keys()

    def is_known_domain(self, name: str) -> bool:
        """Whether a name lies in a domain that was learned as one."""
        ascii_name = to_ascii_domain(name)
        return ascii_name is not None and organizational_domain(ascii_name) in self._organizations

    # ------------------------------------------------------------------------ one of a kind

    def word(self, text: str) -> str:
        """The stand-in of a run of letters and digits, in the case of this occurrence."""
        key = text.lower()
        if self._learning:
            self._words.setdefault(key, "")
            return text
        return _in_case_of(text, self._words[key])

    def words(self, text: str, keep: AbstractSet[str] = frozenset()) -> str:
        """The text with each word in it replaced, but for those that `keep` names in lower case."""
        return _WORD.sub(lambda found: found[0] if found[0].lower() in keep else self.word(found[0]), text)

    def domain(self, text: str) -> str:
        """The stand-in of a domain name: below it where its organization's domain is, in the same place."""
        name = to_ascii_domain(text)
        if name is None:
            return self.words(text)
        if _SERVICE_DOMAIN.fullmatch(name):
            return text
        if name.endswith(_REVERSE):
            return self._reverse(name)
        organization = organizational_domain(name)
        below = name[: -len(organization)].split(".")[:-1]
        if self._learning:
            self._organizations.setdefault(organization, "")
        labels = self._labels(below)
        stand_in = ".".join([*labels, self._organizations[organization]])
        ending = "." if text.endswith(".") else ""
        return text if self._learning else _in_case_of(text.rstrip("."), stand_in) + ending

    def _labels(self, labels: list[str]) -> list[str]:
        """The stand-ins of labels; four of them may be an address, as SPF's macro `%{ir}` writes it."""
        made = [label if label in _SERVICE_LABELS else self.words(label) for label in labels]
        for at in range(len(labels) - 3):
            try:
                address = ipaddress.ip_network(".".join(reversed(labels[at : at + 4])))
            except ValueError:
                continue
            if address in self._nets:
                made[at : at + 4] = reversed(self.network(str(address.network_address)).split("."))
        return made

    def network(self, text: str) -> str:
        """The stand-in of an IP address, or of a network with its prefix length.

        Raises
        ------
        ValueError
            When the text is neither.
        """
        net = ipaddress.ip_network(text, strict=False)
        mapped = net.network_address.ipv4_mapped if isinstance(net, ipaddress.IPv6Network) else None
        if mapped is not None and net.prefixlen == 128:
            return f"::ffff:{self.network(str(mapped))}"
        if self._learning:
            self._nets.setdefault(net, net)
            return text
        stand_in = self._nets[net]
        return str(stand_in) if "/" in text else str(stand_in.network_address)

    def _reverse(self, name: str) -> str:
        """``7.100.51.198.in-addr.arpa`` for the stand-in of the address it stands for."""
        labels = name.removesuffix(_REVERSE[0]).removesuffix(_REVERSE[1]).split(".")
        v4 = name.endswith(_REVERSE[0])
        digits = "".join(reversed(labels))
        address = ".".join(reversed(labels)) if v4 else ":".join(digits[i : i + 4] for i in range(0, 32, 4))
        try:
            stand_in = self.network(address)
        except ValueError:
            return self.words(name, frozenset({"in", "addr", "ip6", "arpa"}))
        return name if self._learning else ipaddress.ip_address(stand_in).reverse_pointer

    # ------------------------------------------------------------------------ making

    def _fresh(self, pattern: str, originals: AbstractSet[str]) -> str:
        """A word of the same kinds of characters that is nobody's; longer where all of that length are used."""
        letters = _HEX_LETTERS if _is_hex(pattern) else _CONSONANTS
        # One character tells nothing, and all of them are likely to occur.
        avoid = originals if len(pattern) > 1 else frozenset()
        while True:
            for _ in range(_TRIES):
                made = "".join(self._character(character, letters) for character in pattern)
                if made not in self._taken and made not in avoid:
                    self._taken.add(made)
                    return made
            if all("\ud800" <= character <= "\udfff" for character in pattern):
                return made  # octets that are no text stand for themselves in number only
            pattern += "x"

    def _character(self, original: str, letters: str) -> str:
        if original in _DIGITS:
            return self._chance.choice(_DIGITS)
        if original.isascii():
            return self._chance.choice(letters)
        if "\ud800" <= original <= "\udfff":
            return _LONE_OCTET
        return self._chance.choice(_WIDER[len(original.encode())])


def _is_hex(word: str) -> bool:
    """Whether this looks like an id in hexadecimal, as keys and organizations have it; its stand-in is one, too."""
    return len(word) >= 4 and not set(word) - set("0123456789abcdef")


def _in_case_of(original: str, stand_in: str) -> str:
    if original.islower() or not original.isascii():
        return stand_in
    if len(original) == len(stand_in):
        return "".join(new.upper() if old.isupper() else new for old, new in zip(original, stand_in, strict=True))
    return stand_in.upper() if original.isupper() else stand_in
