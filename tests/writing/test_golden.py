"""What SES writes, byte for byte, against files written by hand: a folder is a case, its `case.md` says why it exists.

To add one: `mail.eml` as it came, `receipt.json` with what SES knew, and the files that should come out. Keys, tokens
and ids are placeholders in braces.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sesreceive.auth.results import (
    AuthenticationResults,
    DkimResult,
    DkimStatus,
    DmarcResult,
    DmarcStatus,
    SpfResult,
    SpfStatus,
)
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.verdict import Verdict, Verdicts
from sesreceive.writing.dsn import bounce_dsn, oversize_dsn
from sesreceive.writing.notification import action_object, lambda_event, notification, sns_content
from sesreceive.writing.receipt import Receipt
from sesreceive.writing.stored_message import stored_message
from tests.writing.samples import normalised

GOLDEN = Path(__file__).parent.parent / "cases" / "golden"
CASES = sorted(folder for folder in GOLDEN.iterdir() if folder.is_dir())
FILES = [
    pytest.param(folder, path.name, id=f"{folder.name}/{path.name}")
    for folder in CASES
    for path in sorted(folder.iterdir())
    if path.name not in ("case.md", "mail.eml", "receipt.json")
]


class Case:
    """What a case's `receipt.json` says, as values."""

    def __init__(self, folder: Path) -> None:
        self.told: dict[str, Any] = json.loads((folder / "receipt.json").read_text(encoding="utf-8"))
        told = self.told
        envelope = Envelope.from_json(told["envelope"])
        spf = SpfResult(
            **told["spf"] | {"status": SpfStatus(told["spf"]["status"])},
            client_ip=envelope.client_ip,
            helo=envelope.helo,
        )
        self.receipt = Receipt(
            message=Message((folder / "mail.eml").read_bytes()),
            envelope=envelope,
            message_id=told["message_id"],
            received_at=datetime.fromisoformat(told["received_at"]),
            region=told["region"],
            account_id=told["account_id"],
            results=AuthenticationResults(
                spf=spf,
                dkim=tuple(DkimResult(**one | {"status": DkimStatus(one["status"])}) for one in told["dkim"]),
                dmarc=DmarcResult(**told["dmarc"] | {"status": DmarcStatus(told["dmarc"]["status"])}),
            ),
        )
        verdicts = dict(told["verdicts"])
        policy = verdicts.pop("dmarc_policy", "")
        self.verdicts = Verdicts(**{name: Verdict(word) for name, word in verdicts.items()}, dmarc_policy=policy)
        self.added = tuple((name, value) for name, value in told["added"])
        self.recipients = tuple(told["recipients"])

    def written(self, name: str) -> bytes | str:
        """What comes out for one file of the case."""
        seen = {"recipients": self.recipients, "verdicts": self.verdicts, "added": self.added}
        if name == "stored.eml":
            return stored_message(self.receipt, self.verdicts, self.added)
        if name == "bounce.eml":
            return bounce_dsn(self.receipt, **seen, **self.told["bounce"])
        if name == "oversize.eml":
            return oversize_dsn(self.receipt, recipients=self.recipients, **self.told["oversize"])
        members = dict(self.told["actions"][name])
        kind = members.pop("type")
        content = None
        if kind == "SNS":
            content = sns_content(stored_message(self.receipt, self.verdicts, self.added), members["encoding"])
        told = {**seen, "action": action_object(kind, **members), "processing_time_ms": self.told["processing_time_ms"]}
        if name.startswith("lambda"):
            return lambda_event(self.receipt, **told)
        return notification(self.receipt, **told, content=content)


@pytest.mark.parametrize("folder, name", FILES)
def test_what_is_written_equals_the_golden_file(folder: Path, name: str) -> None:
    assert normalised(Case(folder).written(name)) == (folder / name).read_bytes()


def test_every_case_says_why_it_exists() -> None:
    assert CASES
    for folder in CASES:
        assert (folder / "case.md").read_text(encoding="utf-8").startswith("# ")
