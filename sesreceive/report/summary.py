"""What became of many messages in a few numbers, and the messages that tell the most about a configuration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sesreceive.reading.deciding import By
from sesreceive.reception import Reception
from sesreceive.trace.facts import StopFact
from sesreceive.verdict import Verdict

__all__ = ["VERDICTS", "Summary", "summary_of", "telling"]

VERDICTS: Mapping[str, str] = {"spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC", "spam": "spam", "virus": "virus"}
"""The members of `Verdicts` in the order in which they are shown, and what they are called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The numbers of many messages.

    Attributes
    ----------
    accepted : int
        Messages that SES took.
    refused : mapping of str to int
        The other messages by code and enhanced status of the answer, the most frequent first.
    rules : mapping of str to int
        Messages by rule that fired, in the order of the rule set; a message is counted at every rule that fired.
    no_rule : int
        Accepted messages for which no rule fired.
    verdicts : mapping of str to mapping of Verdict to int
        Accepted messages by verdict, for each of `VERDICTS`.
    """

    accepted: int
    refused: Mapping[str, int]
    rules: Mapping[str, int]
    no_rule: int
    verdicts: Mapping[str, Mapping[Verdict, int]]

    @property
    def total(self) -> int:
        """All messages."""
        return self.accepted + sum(self.refused.values())


def summary_of(receptions: Iterable[Reception]) -> Summary:
    """The numbers of the messages.

    Examples
    --------
    >>> import sesreceive as ses
    >>> receiver = ses.Receiver(ses.Account(identities=("example.com",)), seed=1)
    >>> summary_of([receiver.receive(b"", rcpt_to=["ana@example.com"])]).refused
    {'550 5.1.1': 1}
    """
    accepted = no_rule = 0
    refused: Counter[str] = Counter()
    fired: Counter[str] = Counter()
    verdicts: dict[str, Counter[Verdict]] = {name: Counter() for name in VERDICTS}
    order: dict[str, None] = {}
    for reception in receptions:
        if not reception.accepted:
            refused[reception.reply.status] += 1
            continue
        accepted += 1
        no_rule += not reception.rules
        fired.update(set(reception.rules))
        if (active := reception.account.active_rule_set) is not None:
            order |= dict.fromkeys(rule.name for rule in active.rules)
        for name, counts in verdicts.items():
            if reception.verdicts is not None:
                counts[getattr(reception.verdicts, name)] += 1
    return Summary(
        accepted=accepted,
        refused=dict(refused.most_common()),
        rules={rule: fired[rule] for rule in order if fired[rule]},
        no_rule=no_rule,
        verdicts={name: {one: counts[one] for one in Verdict if counts[one]} for name, counts in verdicts.items()},
    )


# How much it tells that something is seen for the first time: why a message ended as it did more than a verdict, a bad
# verdict more than a good one, and which rule or action it was the least.
_WHY, _BAD_VERDICT, _VERDICT, _WHICH = 6, 4, 2, 1


def telling(receptions: Sequence[Reception], number: int) -> tuple[Reception, ...]:
    """The messages that show the most different things, at most `number` of them, in the order they were received.

    They are chosen one after the other: each time the message with the most that none of those chosen so far shows,
    the first of several. A message is chosen as long as any is left, so that fewer than `number` messages are all
    chosen.

    Examples
    --------
    >>> import sesreceive as ses
    >>> receiver = ses.Receiver(ses.Account(identities=("example.com",)), seed=1)
    >>> mail = [receiver.receive(b"", rcpt_to=[to]) for to in ("ana@example.com", "bo@example.com", "cy@example.org")]
    >>> [reception.envelope.rcpt_to[0] for reception in telling(mail, 2)]
    ['ana@example.com', 'cy@example.org']
    """
    left = [(place, dict(_shows(reception))) for place, reception in enumerate(receptions)]
    seen: set[Hashable] = set()
    chosen: list[int] = []
    while left and len(chosen) < number:
        best = max(left, key=lambda entry: sum(worth for thing, worth in entry[1].items() if thing not in seen))
        left.remove(best)
        chosen.append(best[0])
        seen |= best[1].keys()
    return tuple(receptions[place] for place in sorted(chosen))


def _shows(reception: Reception) -> Iterator[tuple[Hashable, int]]:
    """The different things that can be seen in one message, and how much each tells."""
    decided = reception.decided
    event = decided.event
    by_function = event is not None and isinstance(event.fact, StopFact) and bool(event.fact.because)
    yield ("why", reception.reply.status, decided.by, event and (event.kind, event.check), by_function), _WHY
    if event is not None and decided.by is not By.REFUSAL:
        yield ("rule", event.rule or event.subject), _WHICH
    if reception.verdicts is not None:
        for name in VERDICTS:
            verdict = getattr(reception.verdicts, name)
            yield (name, verdict), _BAD_VERDICT if verdict is Verdict.FAIL else _VERDICT
    for effect in reception.effects:
        yield ("effect", type(effect)), _WHICH
