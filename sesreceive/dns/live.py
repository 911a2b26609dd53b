"""The real DNS, for who asks for it; everything else stays off the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sesreceive.dns.names import is_valid, normalize
from sesreceive.dns.resolver import DnsAnswer, DnsStatus
from sesreceive.errors import one_line
from sesreceive.shown import Shown

if TYPE_CHECKING:
    import dns.rdata
    import dns.resolver

__all__ = ["LiveResolver"]


class LiveResolver(Shown):
    """Asks name servers over the network.

    Parameters
    ----------
    nameservers : sequence of str, optional
        Addresses of the servers; those of the system unless given.
    timeout_s : float
        Seconds that one question may take, over all servers and tries.
    port : int
        Port of the servers.

    Notes
    -----
    Results depend on who answers when; for tests and lessons use a `Zone`.
    """

    def __init__(self, nameservers: Sequence[str] | None = None, *, timeout_s: float = 5.0, port: int = 53) -> None:
        self.nameservers = None if nameservers is None else tuple(nameservers)
        self.timeout_s = timeout_s
        self.port = port
        self._resolver: dns.resolver.Resolver | None = None

    def __repr__(self) -> str:
        """One line: the servers."""
        servers = "the system's servers" if self.nameservers is None else one_line(", ".join(self.nameservers))
        return f"<LiveResolver asking {servers}>"

    def __getstate__(self) -> dict[str, object]:
        """The settings; each process opens its own connection."""
        return {**self.__dict__, "_resolver": None}

    def resolve(self, name: str, rdtype: str) -> DnsAnswer:
        """The answer of the network; failures are answers too."""
        import dns.exception
        import dns.name
        import dns.resolver

        owner = normalize(name)
        if not owner or not is_valid(owner):
            return DnsAnswer(DnsStatus.NXDOMAIN)
        labels = [*(label.encode("ascii") for label in owner.split(".")), b""]
        try:
            found = self._opened().resolve(dns.name.Name(labels), rdtype, search=False, lifetime=self.timeout_s)
        except dns.resolver.NXDOMAIN:
            return DnsAnswer(DnsStatus.NXDOMAIN)
        except dns.resolver.NoAnswer:
            return DnsAnswer(DnsStatus.NODATA)
        except dns.exception.Timeout:
            return DnsAnswer(DnsStatus.TIMEOUT)
        except (dns.exception.DNSException, OSError):
            return DnsAnswer(DnsStatus.SERVFAIL)
        return DnsAnswer(DnsStatus.FOUND, tuple(_value(record) for record in found))

    def _opened(self) -> dns.resolver.Resolver:
        import dns.resolver

        if self._resolver is None:
            self._resolver = dns.resolver.Resolver(configure=self.nameservers is None)
            if self.nameservers is not None:
                self._resolver.nameservers = list(self.nameservers)
            self._resolver.port = self.port
        return self._resolver


def _value(record: dns.rdata.Rdata) -> str | bytes:
    """The data in the form a `DnsAnswer` has them."""
    if (strings := getattr(record, "strings", None)) is not None:
        return b"".join(strings)
    if (exchange := getattr(record, "exchange", None)) is not None:
        return f"{getattr(record, 'preference', 0)} {_name(exchange)}"
    if (target := getattr(record, "target", None)) is not None and record.rdtype.name in ("CNAME", "NS", "PTR"):
        return _name(target)
    return record.to_text()


def _name(name: object) -> str:
    return normalize(str(name)) or "."
