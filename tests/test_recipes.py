"""The recipes of CONTRIBUTING, followed: what they say is enough, is enough."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest

import sesreceive as ses
from sesreceive.account.member import member
from sesreceive.effects import Effect
from sesreceive.formats.languages import LANGUAGES, Language
from sesreceive.scan.scanner import Finding, Subject
from sesreceive.ui.code_view import CodeView
from tests.conftest import make_account, make_rule

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MAIL = b"From: ana@example.org\r\nSubject: hello\r\n\r\nbody\r\n"


def received(account: ses.Account, **options: Any) -> ses.Reception:
    receiver = ses.Receiver(account, seed=1, **options)
    return receiver.receive(MAIL, mail_from="ana@example.org", rcpt_to=["bo@example.com"])


def test_a_scanner_is_one_method() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Length:
        name: str = "length"

        def scan(self, message: ses.Message, envelope: ses.Envelope) -> Iterable[Finding]:
            yield Finding(Subject.SPAM, ses.Verdict.FAIL, f"{len(message.raw)} octets are too many")

    reception = received(make_account(make_rule(scan_enabled=True)), scanners=(Length(),))
    assert reception.verdicts is not None
    assert reception.verdicts.spam == "FAIL"
    assert f"{len(MAIL)} octets are too many" in str(reception.explain(full=True))


def test_an_action_is_fields_and_short_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ses.ReceiptAction, "registry", dict(ses.ReceiptAction.registry))

    @dataclass(frozen=True, slots=True, kw_only=True, repr=False)
    class ArchiveAction(ses.ReceiptAction):
        """Keep the message in an archive."""

        api_name: ClassVar[str] = "ArchiveAction"
        title: ClassVar[str] = "Archive"
        target_archive: str = field(metadata=member("TargetArchive", doc="name of the archive", required=True, max=64))

        def describe(self, context: object) -> str:
            return f"keeps the message in `{self.target_archive}`"

    account = make_account(make_rule("all", ArchiveAction(target_archive="a")))
    assert ses.Account.from_api(account.to_api()) == account
    assert "keeps the message in `a`" in str(received(account).explain(full=True))
    assert [
        problem.path for problem in make_account(make_rule("all", ArchiveAction(target_archive="a" * 65))).problems()
    ]


def test_an_effect_that_no_backend_knows_is_an_error_and_no_silence() -> None:
    class Archive(Effect):
        operation = "Archive"

    outcome = ses.MemoryBackend().perform(Archive())
    assert outcome.failed
    assert "Archive" in outcome.error


def test_a_format_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def names(account: ses.Account) -> str:
        return ", ".join(rule_set.name for rule_set in account.rule_sets)

    monkeypatch.setattr("sesreceive.ui.code_view.LANGUAGES", [*LANGUAGES, Language("Names", "Its rule sets.", names)])
    part = CodeView(ses.Receiver(make_account(make_rule()), seed=1))
    part.language.label = "Names"
    assert part.code == "main"


# What a recipe tells to make, or makes sense beside something else.
NOT_YET = {"NN-title.ipynb", "case.md", "tests/fuzz/regressions/"}


def test_every_file_that_a_recipe_names_is_there() -> None:
    folders = ["", "sesreceive", "sesreceive/scan", "sesreceive/actions", "tests/backends"]
    named = set(re.findall(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|md|smtp|csv|ipynb|yml|toml|txt)|(?:[\w.-]+/)+)`", TEXT))
    assert len(named) > 20
    assert {name for name in named - NOT_YET if not any((ROOT / folder / name).exists() for folder in folders)} == set()


def test_every_kind_of_contribution_has_a_recipe() -> None:
    headings = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"(?m)^## (.+)$", TEXT)}
    links = set(re.findall(r"\]\(#([\w-]+)\)", TEXT))
    assert len(links) == 8
    assert links <= headings
