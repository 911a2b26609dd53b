"""SES as an account has it: a control plane in each region, made when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from threading import Lock
from typing import Any

from sesreceive.account.account import Account
from sesreceive.backends.base import in_region
from sesreceive.clock import Clock
from sesreceive.control.operations import Control
from sesreceive.errors import InputError, one_line
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception

__all__ = ["Service"]


class Service(Mapping[str, Control]):
    """The control planes of one AWS account by region; regions share nothing but the backend.

    Parameters
    ----------
    receivers : iterable of Receiver
        Those that are there from the start, at least one; others begin empty, and write to the backend of the first,
        which clients of AWS do in their own region (`BaseBackend.in_region`).
    received : mapping of str to Reception, optional
        The mail that SendBounce may answer, by message id; none by default.
    verified_at_once : bool
        Whether a new identity is verified at once, or stays ``Pending``.
    clock : callable, optional
        Seconds since 1970; that of each receiver by default.

    Raises
    ------
    InputError
        When there is no receiver, or two are of one region, or of two accounts.

    Examples
    --------
    >>> import sesreceive as ses
    >>> service = Service([ses.Receiver(ses.Account(), seed=1)])
    >>> service["eu-west-1"].call("CreateReceiptRuleSet", {"RuleSetName": "main"})
    {}
    >>> [len(control.call("ListReceiptRuleSets")["RuleSets"]) for control in service.values()]
    [0, 1]
    >>> service
    <Service of 111122223333: us-east-1, eu-west-1>
    """

    def __init__(
        self,
        receivers: Iterable[Receiver],
        *,
        received: Mapping[str, Reception] | None = None,
        verified_at_once: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self._settings: dict[str, Any] = {"received": received, "verified_at_once": verified_at_once, "clock": clock}
        self._controls: dict[str, Control] = {}
        self._lock = Lock()
        for receiver in receivers:
            region = receiver.account.region
            if region in self._controls:
                raise InputError(f"expected one receiver a region but got two of `{one_line(region)}`")
            self._controls[region] = Control(receiver, **self._settings)
        ids = {control.receiver.account.account_id for control in self._controls.values()}
        if len(ids) != 1:
            raise InputError(
                f"expected receivers of one account but got {len(ids)}: {', '.join(sorted(ids)) or 'none'}"
            )

    @property
    def account_id(self) -> str:
        """The account, 12 digits."""
        return next(iter(self._controls.values())).receiver.account.account_id

    def __getitem__(self, region: str) -> Control:
        """The control plane of a region.

        Raises
        ------
        ValidationError
            When the text can be no region.
        """
        with self._lock:
            if region not in self._controls:
                first = next(iter(self._controls.values())).receiver
                account = Account(region=region, account_id=first.account.account_id)
                receiver = Receiver(
                    account,
                    resolver=first.resolver,
                    backend=in_region(first.backend, region),
                    assumptions=first.assumptions,
                    clock=first.clock,
                )
                self._controls[region] = Control(receiver, **self._settings)
            return self._controls[region]

    def __contains__(self, region: object) -> bool:
        """Whether the region was asked for before."""
        return region in self._controls

    def __iter__(self) -> Iterator[str]:
        """The regions there are, the oldest first."""
        return iter(tuple(self._controls))

    def __len__(self) -> int:
        """How many regions there are."""
        return len(self._controls)

    def __repr__(self) -> str:
        """One line: account and regions."""
        regions = ", ".join(one_line(region, 40) for region in self._controls)
        return f"<Service of {one_line(self.account_id, 20)}: {regions}>"
