"""Where another verifier differs from ours: each difference is explained by a row of a table, or the test fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

__all__ = ["Explains", "explained"]

Made = TypeVar("Made")
Ours = TypeVar("Ours")
Theirs = TypeVar("Theirs")

# Of what was generated, our result and theirs: whether the row is why they differ.
Explains = Callable[[Made, Ours, Theirs], bool]
_SHOWN = 8


def explained(
    compared: Iterable[tuple[Made, Ours, Theirs]],
    table: Sequence[tuple[str, Explains[Made, Ours, Theirs]]],
    *,
    alike: Callable[[Ours, Theirs], bool],
    described: Callable[[Made, Ours, Theirs], str],
) -> Counter[str]:
    """How often each row of the table explains a difference; fails on one that no row explains.

    Parameters
    ----------
    compared : iterable of (made, ours, theirs)
        What was generated, our result and theirs.
    table : sequence of (why, explains)
        Why we stay with our result, and the differences it explains; the first row that does counts.
    alike : callable
        Whether two results say the same.
    described : callable
        A difference as text, for the message of the failure.
    """
    used: Counter[str] = Counter()
    unexplained: list[str] = []
    number = 0
    for number, (made, ours, theirs) in enumerate(compared, start=1):
        if alike(ours, theirs):
            continue
        why = next((row for row, explains in table if explains(made, ours, theirs)), None)
        if why is None:
            unexplained.append(f"{number - 1}: {described(made, ours, theirs)}")
        else:
            used[why] += 1
    assert not unexplained, f"{len(unexplained)} of {number}\n" + "\n".join(unexplained[:_SHOWN])
    return used
