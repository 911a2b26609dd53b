"""A finding is what its parts are declared to be: a scanner of one's own is told what is wrong with its own."""

from __future__ import annotations

import re
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.scan.scanner import Finding, Subject

# The parts of a finding, and what is said of them.
WRONG = [
    (
        ("spam", ses.Verdict.PASS, "clean"),
        "subject: expected `Subject.SPAM` or `Subject.VIRUS` but got the text `spam`",
    ),
    ((Subject.SPAM, "PASS", "clean"), "verdict: expected a `Verdict` but got the text `PASS`"),
    ((Subject.SPAM, ses.Verdict.PASS, 7.5), "reason: expected text but got the number `7.5`"),
    ((Subject.SPAM, ses.Verdict.PASS, ["a", "b"]), "reason: expected text but got the list `['a', 'b']`"),
    ((Subject.SPAM, ses.Verdict.PASS, "clean", None), "scope: expected text but got nothing"),
]


@pytest.mark.parametrize(("parts", "sentence"), WRONG, ids=[sentence.split(":")[0] for _, sentence in WRONG])
def test_what_is_wrong_with_a_finding_is_said(parts: tuple[Any, ...], sentence: str) -> None:
    with pytest.raises(ses.InputError, match=re.escape(f"a finding's {sentence}")):
        Finding(*parts)
