"""The Python of the pages runs, and prints what the page says: `faq.md` and `how-to.md`, a snippet a case."""

from __future__ import annotations

import contextlib
import io
import linecache
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import sesreceive as ses
from sesreceive.testing import make_account, make_mail, make_rule

PAGES = Path(__file__).resolve().parents[1] / "notebooks"
BLOCK = re.compile(r"(?ms)^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?")
STORE = ses.S3Action(bucket_name="inbox")
TEMPLATE = """
Resources:
  Main: {Type: "AWS::SES::ReceiptRuleSet"}
  Billing:
    Type: AWS::SES::ReceiptRule
    Properties:
      RuleSetName: !Ref Main
      Rule: {Enabled: true, Recipients: [example.com], Actions: [{S3Action: {BucketName: inbox}}]}
"""

pytestmark = pytest.mark.skipif(not PAGES.is_dir(), reason="an installed package has no pages")


class Snippet(NamedTuple):
    """A block of Python, the heading above it, and what it prints; None where the page does not say."""

    heading: str
    code: str
    printed: str | None


def snippets(page: str) -> Iterator[Snippet]:
    text = (PAGES / page).read_text(encoding="utf-8") if PAGES.is_dir() else ""
    for block in BLOCK.finditer(text):
        heading = re.findall(r"(?m)^##+ (.*)$", text[: block.start()])
        yield Snippet(heading[-1] if heading else "", block[1], block[2])


FAQ = list(snippets("faq.md"))
# The program for Amazon's own client needs an environment of its own: `tests/kms` runs it.
HOW_TO = [one for one in snippets("how-to.md") if "s3_encryption" not in one.code]
OTHER_TOOLS = list(snippets("comparison.md"))
# What takes a second or more: other processes, a sample company, live servers.
SLOW = {
    "Can my web hook get signed SNS messages on this machine?",
    "How do I test a filter or SPF, when every client is 127.0.0.1?",
    "Scale to many processes or a cluster",
    "Which of my 25 rules took this mail?",
}


def cases(found: list[Snippet]) -> list[Any]:
    """A case each, by its heading."""
    return [pytest.param(one, id=one.heading, marks=pytest.mark.slow if one.heading in SLOW else ()) for one in found]


def run(code: str, names: dict[str, Any]) -> str:
    """What the code prints."""
    name = "<snippet>"
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)  # for whoever reads a function
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, name, "exec"), names)
    return printed.getvalue()


@pytest.mark.parametrize("snippet", cases(FAQ[1:]))
def test_a_snippet_of_the_questions_prints_what_the_page_says(
    snippet: Snippet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert snippet.printed is not None, "the page does not say what it prints"
    assert run(FAQ[0].code + snippet.code, {"__name__": "snippet"}) == snippet.printed


@pytest.mark.slow
@pytest.mark.parametrize("snippet", [pytest.param(one, id=str(number)) for number, one in enumerate(OTHER_TOOLS)])
def test_what_is_said_of_other_tools_is_so(snippet: Snippet) -> None:
    pytest.importorskip("moto", reason="moto is not installed")
    assert run(snippet.code, {"__name__": "snippet"}) == snippet.printed


def test_every_question_has_a_snippet() -> None:
    questions = re.findall(r"(?m)^### (.*)$", (PAGES / "faq.md").read_text(encoding="utf-8"))
    assert [one.heading for one in FAQ[1:]] == questions


@pytest.mark.parametrize("snippet", cases(HOW_TO))
@pytest.mark.slow
def test_a_snippet_of_the_how_tos_runs(snippet: Snippet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a folder `mail/`, a stored object, a template, a receiver and two accounts, as the page has them."""
    monkeypatch.chdir(tmp_path)
    account = make_account(make_rule("store", STORE))
    changed = make_account(make_rule("stop", ses.StopAction()), make_rule("store", STORE))
    receiver, mail = ses.Receiver(account, seed=1), make_mail("billing@example.com")
    mail.receive(receiver)
    (stored,) = receiver.backend.buckets["inbox"].values()
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "1.eml").write_bytes(mail.message)
    (tmp_path / "message.eml").write_bytes(stored.body)
    (tmp_path / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    names = {"ses": ses, "account": account, "changed_account": changed, "receiver": receiver, "raw": mail.message}
    printed = run(snippet.code, {"__name__": "snippet", **names})
    assert snippet.printed in (None, printed)
