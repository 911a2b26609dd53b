"""When a request was made and what chance gave it: asked again with both, it makes the same ids and times.

moto draws ids (subscriptions, keys, the ends of generated names) from one source of chance for all threads. Here each
request has a seed of its own while it is answered, so that what is kept of it is enough to make the same again.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any
from unittest.mock import patch

from sesreceive.clock import Clock

__all__ = ["Moment", "MomentClock", "chance_of_moments", "during"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a request is answered, in seconds since 1970, and the seed of what is drawn meanwhile."""

    at_s: float
    seed: int

    @classmethod
    def now(cls, clock: Clock) -> Moment:
        """The moment that the clock shows, with a new seed."""
        return cls(at_s=clock(), seed=secrets.randbits(63))


class _Local(threading.local):
    moment: Moment | None = None
    random: Random | None = None


_LOCAL = _Local()


@contextmanager
def during(moment: Moment) -> Iterator[None]:
    """Meanwhile, in this thread, it is that moment.

    Examples
    --------
    >>> clock = MomentClock(lambda: 5.0)
    >>> with during(Moment(at_s=2.0, seed=1)):
    ...     clock()
    2.0
    >>> clock()
    5.0
    """
    before = _LOCAL.moment, _LOCAL.random
    # No secret is drawn here: ids of resources on one machine.
    _LOCAL.moment, _LOCAL.random = moment, Random(moment.seed)  # noqa: S311
    try:
        yield
    finally:
        _LOCAL.moment, _LOCAL.random = before


class MomentClock:
    """A clock that stands still during a moment.

    Parameters
    ----------
    clock : callable
        The time otherwise.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self._clock() if _LOCAL.moment is None else _LOCAL.moment.at_s


@contextmanager
def chance_of_moments() -> Iterator[None]:
    """Meanwhile, what moto draws during a moment comes from its seed."""
    from moto.kms import models as kms
    from moto.moto_api._internal import mock_random
    from moto.s3.models import FakeMultipart

    source = type(mock_random)
    begin_upload = FakeMultipart.__init__

    def getrandbits(self: Any, bits: int) -> int:
        return Random.getrandbits(self, bits) if _LOCAL.random is None else _LOCAL.random.getrandbits(bits)

    def random(self: Any) -> float:
        return Random.random(self) if _LOCAL.random is None else _LOCAL.random.random()

    def init(upload: Any, *args: Any, **kwargs: Any) -> None:
        begin_upload(upload, *args, **kwargs)
        upload.id = mock_random.get_random_string(48)  # moto takes it from the operating system

    def master_key() -> bytes:
        return mock_random.getrandbits(256).to_bytes(32, "little")

    patches: list[tuple[Any, str, Callable[..., Any]]] = [
        (source, "getrandbits", getrandbits),
        (source, "random", random),
        (FakeMultipart, "__init__", init),
        (kms, "generate_master_key", master_key),
    ]
    with ExitStack() as stack:
        for owner, name, function in patches:
            stack.enter_context(patch.object(owner, name, function))
        yield
