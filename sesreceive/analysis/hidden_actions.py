"""Actions that ask the world for nothing (a header, a stop), and whether something follows them that shows them."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

from sesreceive.analysis.action_targets import is_visible
from sesreceive.analysis.reachability import Reachability
from sesreceive.effects import Flow

__all__ = ["HiddenActions"]


class HiddenActions:
    """What would be different without the hidden actions of an account.

    Parameters
    ----------
    reach : Reachability
        What is reached in the account.
    """

    def __init__(self, reach: Reachability) -> None:
        self.reach = reach

    @cached_property
    def followed(self) -> dict[tuple[int, int], bool]:
        """Of each hidden action that is reached whether something visible may follow it in the same message.

        Looked at is every pair of recipients: one that reaches the action, and one for whom something is done behind
        it. A walk of more recipients has more rules that stop, so no third makes a difference.
        """
        following: dict[tuple[int, int], bool] = {}
        within_rule = self.reach.assumptions.added_header_scope == "rule"
        for position, rule in enumerate(self.reach.rules):
            for index, action in enumerate(rule.actions):
                if is_visible(action) or index not in self.reach.seen[position].actions:
                    continue
                ends = action.flow() is Flow.STOP_RULE_SET
                inside = any(map(is_visible, rule.actions[index + 1 :]))
                only_inside = not ends and (within_rule or (self.reach.plain[position] and self.reach.stops[position]))
                following[position, index] = inside or (not only_inside and self._goes_on(position))
        return following

    def _goes_on(self, position: int) -> bool:
        """Whether something visible may come behind a rule, were it to stop nothing."""
        free, behind_stop = self._free
        at = bisect_right(free, position)
        nearest = [*free[at : at + 1], *behind_stop.get(position, ())]
        return any(behind <= self._farthest.get(position, -1) for behind in nearest)

    @cached_property
    def _free(self) -> tuple[list[int], dict[int, list[int]]]:
        """The visible rules to which no other rule stops the way of somebody; those that one rule alone keeps back."""
        shown = [any(map(is_visible, rule.actions)) for rule in self.reach.rules]
        free: set[int] = set()
        behind_stop: dict[int, list[int]] = {}
        for _, (recipient, *_) in self.reach.groups:
            for _, _, fired in self.reach.settings(recipient):
                stop = -1
                for position in fired:
                    if shown[position]:
                        if stop < 0:
                            free.add(position)
                        else:
                            behind_stop.setdefault(stop, []).append(position)
                            break
                    if self.reach.plain[position] and self.reach.stops[position]:
                        if stop >= 0:
                            break
                        stop = position
        return sorted(free), behind_stop

    @cached_property
    def _farthest(self) -> dict[int, int]:
        """Of each rule the last position that a message which reaches it may come to, were the rule to stop nothing."""
        farthest: dict[int, int] = {}
        last = len(self.reach.rules)
        for _, (recipient, *_) in self.reach.groups:
            for _, _, fired in self.reach.settings(recipient):
                hard = [position for position in fired if self.reach.plain[position] and self.reach.stops[position]]
                ends = hard[0] if hard else last
                for position in fired:
                    if position > ends:
                        break
                    to = ends if position < ends else (hard[1] if len(hard) > 1 else last)
                    farthest[position] = max(farthest.get(position, -1), to)
        return farthest
