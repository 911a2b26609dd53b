"""A receiver that notes what it received, and what of the accounts the mail of a test session exercised."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sesreceive.account.account import Account
from sesreceive.analysis.cover_items import CoverKey, CoverKind
from sesreceive.analysis.coverage import Coverage
from sesreceive.analysis.coverage_tally import CoverageTally
from sesreceive.errors import one_line
from sesreceive.formats.loaded import Loaded
from sesreceive.json_input import parse_json
from sesreceive.receiver import Receiver, Submission
from sesreceive.reception import Reception
from sesreceive.stages.taken_over import TakenOver

__all__ = ["Recording", "RecordingReceiver"]


class Recording:
    """The mail of the test that runs, and the counts of those before.

    Attributes
    ----------
    receptions : list of Reception
        Of the test that runs, in order.
    """

    def __init__(self) -> None:
        self.receptions: list[Reception] = []
        self._loaded: Loaded | None = None
        self._tallies: dict[str, CoverageTally] = {}

    def note(self, loaded: Loaded) -> None:
        """Remember what was read, for its problems."""
        self._loaded = loaded

    def problems(self) -> list[str]:
        """The problems of the template, a line each."""
        return [one_line(one, 2000) for one in self._loaded.problems] if self._loaded is not None else []

    def count(self, *, tally: bool) -> None:
        """A test is over: forget its mail, and count before what it exercised if that is wanted."""
        receptions, self.receptions = self.receptions, []
        for reception in receptions if tally else ():
            self._tally(reception.account).add(reception)

    def _tally(self, account: Account) -> CoverageTally:
        key = json.dumps(account.to_api(), sort_keys=True)
        if key not in self._tallies:
            self._tallies[key] = CoverageTally(account)
        return self._tallies[key]

    def counted(self) -> dict[str, Any]:
        """The counts as plain values, for another process."""
        return {
            key: [
                tally.messages,
                [[*map(str, item[:2]), item[2], str(item[3]), hits] for item, hits in tally.hits.items()],
            ]
            for key, tally in self._tallies.items()
        }

    def take_over(self, counted: Mapping[str, Any]) -> None:
        """Add the counts of another process."""
        for key, (messages, rows) in counted.items():
            tally = self._tally(Account.from_api(parse_json(key)))
            tally.messages += messages
            for kind, name, position, part, hits in rows:
                tally.hits[CoverKey(CoverKind(kind), name, position, part)] += hits

    def coverages(self, otherwise: Account | None) -> list[Coverage]:
        """What of each account was exercised; of `otherwise` nothing, where there was no mail at all."""
        if not self._tallies and otherwise is not None:
            return [CoverageTally(otherwise).coverage()]
        return [tally.coverage() for tally in self._tallies.values()]


class RecordingReceiver(Receiver):
    """A receiver whose receptions are noted, whichever way the mail comes in.

    Parameters
    ----------
    account : Account
        As `Receiver` takes it.
    recording : Recording
        Where they are noted; a copy of the receiver in another process notes nothing.
    **options
        As `Receiver` takes them.
    """

    def __init__(self, account: Account, recording: Recording, **options: Any) -> None:
        self._recording: Recording | None = recording
        super().__init__(account, **options)

    def process(self, submission: Submission, *, known: Reception | TakenOver | None = None) -> Reception:
        """What becomes of the message, noted."""
        reception = super().process(submission, known=known)
        if self._recording is not None:
            self._recording.receptions.append(reception)
        return reception

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the notes and the index."""
        return {**super().__getstate__(), "_recording": None}
