"""What the pictures of a report show, as numbers: pure readings of its tables, without matplotlib."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sesreceive.account.filters import Policy
from sesreceive.errors import one_line
from sesreceive.mail.reply import Reply
from sesreceive.report import Report
from sesreceive.trace.events import Kind, Op
from sesreceive.verdict import Verdict
from sesreceive.wording import count

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CHECKS", "Step", "Way", "firings", "funnel", "verdicts", "ways"]

CHECKS = ("spf", "dkim", "dmarc", "spam", "virus")
_OTHER = "other"
# A label of a picture; names come from configuration and mail.
_LABEL, _SHORT = 36, 26


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the funnel: how many messages came this far, and why others did not."""

    label: str
    messages: int
    lost: str = ""


def funnel(report: Report) -> tuple[Step, ...]:
    """How many messages came how far, from the connection to the action; each number is at most the one before.

    Examples
    --------
    >>> import sesreceive as ses
    >>> report = ses.Receiver(ses.Account(identities=("example.com",)), seed=1).replay({"hi": b"To: ana@example.com"})
    >>> [(step.label, step.messages) for step in funnel(report)][:3]
    [('came in', 1), ('let through by the IP filters', 1), ('accepted', 0)]
    """
    messages, rules, actions = report.received, report.rules, report.actions
    blocking = _blocking(report)
    blocked = set(blocking["number"])
    taken = set(messages.loc[messages["accepted"].astype(bool), "number"])
    refused = messages[~messages["number"].isin(taken | blocked)]
    fired = set(rules.loc[rules["outcome"] == str(Op.MATCH), "number"]) & taken
    ran = set(actions.loc[actions["outcome"].isin([str(Op.EFFECT), str(Op.STOP)]), "number"]) & fired
    failed = set(messages.loc[messages["failed"] > 0, "number"]) & ran
    return (
        Step("came in", len(messages)),
        Step("let through by the IP filters", len(messages) - len(blocked), _most(blocking["filter"], "by")),
        Step("accepted", len(taken), _most(map(_code, refused["reply"]), "with")),
        Step("a rule fired", len(fired), "no rule for an accepted recipient" if len(fired) < len(taken) else ""),
        Step("an action ran", len(ran), "the rules have no action, or it failed" if len(ran) < len(fired) else ""),
        Step(
            "every action ran",
            len(ran) - len(failed),
            f"an action failed: {_most(_failing(actions, failed), 'in')}" if failed else "",
        ),
    )


def _blocking(report: Report) -> pd.DataFrame:
    """The rows of `Report.filters` that kept a message out."""
    filters = report.filters
    listed = filters["kind"] == str(Kind.PROVIDER_LIST)
    return filters[filters["decided"].astype(bool) & (listed | (filters["policy"] == str(Policy.BLOCK)))]


def _failing(actions: pd.DataFrame, failed: Iterable[Any]) -> Iterable[str]:
    rows = actions[(actions["outcome"] == str(Op.FAIL)) & actions["number"].isin(set(failed))]
    return (f"{rule}/{action}" for rule, action in zip(rows["rule"], rows["action"], strict=True))


def _most(names: Iterable[str], word: str) -> str:
    """The most frequent name with its number, and how many others there are."""
    found = Counter(names).most_common()
    shown = [f"{word} {one_line(name, _LABEL)} ({number})" for name, number in found[:1]]
    return ", ".join(shown) + (f", {count(len(found) - 1, 'other')}" if len(found) > 1 else "")


def _code(reply: str) -> str:
    return Reply.parse(reply).status


def verdicts(report: Report) -> dict[str, dict[str, int]]:
    """Of each check, how many accepted messages have each verdict; every verdict is there, in one order."""
    messages = report.received
    accepted = messages[messages["accepted"].astype(bool)]
    return {
        check: {str(verdict): int((accepted[check] == str(verdict)).sum()) for verdict in Verdict} for check in CHECKS
    }


def firings(report: Report, most: int = 20) -> tuple[tuple[str, ...], list[tuple[int, int, str]]]:
    """The lanes of a timeline, and what stands in them: position of the message, lane, what it was.

    Lanes are rules, those that fired most, in the order of the set; then one for all others, and one for messages
    that were refused. What it was is ``fired``, ``ended`` (the rule ended the evaluation of the set), ``failed`` (one
    of its actions did) or ``refused``.
    """
    messages, rules, actions = report.received, report.rules, report.actions
    fired = rules[rules["outcome"] == str(Op.MATCH)]
    broken = actions[actions["outcome"] == str(Op.FAIL)]
    failed = set(zip(broken["number"], broken["rule"], strict=True))
    often = Counter(fired["rule"])
    kept = {name for name, _ in often.most_common(most)}
    order = dict.fromkeys(name for name in rules["rule"] if name in kept)
    lanes = {name: place for place, name in enumerate(order)}
    names = [f"{one_line(name, _LABEL)} ({often[name]})" for name in order]
    if others := len(often) - len(kept):
        names.append(count(others, "other rule"))
    points: list[tuple[int, int, str]] = []
    for number, rule, ended in zip(fired["number"], fired["rule"], fired["ended"], strict=True):
        what = "failed" if (number, rule) in failed else "ended" if ended else "fired"
        points.append((int(number), lanes.get(rule, len(lanes)), what))
    refused = messages.loc[~messages["accepted"].astype(bool), "number"]
    points += [(int(number), len(names), "refused") for number in refused]
    if len(refused):
        names.append(f"refused ({len(refused)})")
    return tuple(names), points


@dataclass(frozen=True, slots=True)
class Way:
    """One way through the service, and how many messages took it: the name of the place in each column."""

    places: tuple[str, ...]
    messages: int
    accepted: bool


def ways(report: Report, most: int = 8) -> tuple[Way, ...]:
    """The ways that messages took: client address, answer, rules that fired, what was done.

    A refused message has no more than the first two. Of rules and effects the `most` frequent are told apart.
    """
    messages = report.received
    rows: list[tuple[str, ...]] = []
    accepted = messages[messages["accepted"].astype(bool)]
    rules = _names(accepted["rules"], "no rule", most)
    effects = _names(accepted["effects"].map(_distinct), "nothing done", most)
    told = iter(zip(rules, effects, strict=True))
    stopped = set(_blocking(report)["number"])
    for number, taken, reply in zip(messages["number"], messages["accepted"], messages["reply"], strict=True):
        client = "blocked by IP" if number in stopped else "let through"
        rows.append((client, "accepted", *next(told)) if taken else (client, f"refused {_code(reply)}"))
    counted = Counter(rows)
    return tuple(
        Way(places, number, places[1] == "accepted")
        for places, number in sorted(
            counted.items(), key=lambda item: (item[0][1] != "accepted", _OTHER in item[0], -item[1])
        )
    )


def _names(values: Iterable[str], none: str, most: int) -> list[str]:
    """The values, the rare ones under one name."""
    names = [one_line(value, _SHORT) if value else none for value in values]
    kept = {name for name, _ in Counter(names).most_common(most)}
    return [name if name in kept else _OTHER for name in names]


def _distinct(effects: str) -> str:
    return ", ".join(sorted(set(effects.split(", ")))) if effects else ""
