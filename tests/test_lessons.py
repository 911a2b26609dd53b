"""The lessons lead on: each ends with what comes next, every page they name is there, each asserts what it claims."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

PAGES = Path(__file__).resolve().parents[1] / "notebooks"
LESSONS = sorted(PAGES.glob("[0-9][0-9]-*.ipynb"))
# Those that teach one idea by trying it, with a picture among the first outputs.
IDEAS = [
    "08-order-and-stop",
    "09-failures-and-duplicates",
    "10-conditions",
    "11-bounces",
    "12-ip-filters",
    "13-envelope-and-headers",
    "14-spf",
    "15-dkim",
    "16-dmarc",
    "17-forwarding-and-arc",
    "18-spam-and-virus",
    "19-s3-sns-and-encryption",
    "20-lambda-gates",
    "21-live-smtp",
    "23-capstone",
]

pytestmark = pytest.mark.skipif(not LESSONS, reason="an installed package has no notebooks")


def cells(name: str, kind: str) -> list[dict[str, Any]]:
    loaded = json.loads((PAGES / f"{name}.ipynb").read_text(encoding="utf-8"))
    return [cell for cell in loaded["cells"] if cell["cell_type"] == kind]


def text(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def links(markdown: str) -> list[str]:
    """The pages of ours that are linked, without what stands behind `#`."""
    return [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", markdown) if "://" not in link]


@pytest.mark.parametrize("name", [path.stem for path in LESSONS])
def test_every_page_that_a_lesson_names_is_there(name: str) -> None:
    named = [link for cell in cells(name, "markdown") for link in links(text(cell))]
    assert [link for link in named if link and not (PAGES / link).is_file()] == []


@pytest.mark.parametrize("name", IDEAS)
def test_a_lesson_says_how_long_it_takes_and_what_comes_next(name: str) -> None:
    first, *_, last = cells(name, "markdown")
    assert re.match(r"# \S", text(first))
    assert re.search(r"\b(ten|fifteen|twenty) minutes\b", text(first), re.IGNORECASE)
    assert "**You know now:**" in text(last)
    assert links(text(last).partition("**Next:**")[2])


@pytest.mark.parametrize("name", IDEAS)
def test_a_lesson_shows_a_picture_early_and_has_something_to_change(name: str) -> None:
    code = cells(name, "code")
    kinds = {kind for output in code[0]["outputs"] for kind in output.get("data", {})}
    assert kinds & {"text/html", "image/svg+xml"}
    assert any("surprise" in text(cell) for cell in cells(name, "markdown"))
    assert any("Change something" in text(cell) for cell in cells(name, "markdown"))


@pytest.mark.parametrize("name", IDEAS)
def test_a_lesson_asserts_what_it_claims_and_tags_its_facts(name: str) -> None:
    # The cell of an exercise holds an answer of the reader's, which may be wrong.
    claiming = [cell for cell in cells(name, "code") if "ses.lessons." not in text(cell)]
    asserting = [cell for cell in claiming if "assert " in text(cell)]
    assert len(asserting) >= len(claiming) - 1
    tags = re.findall(r"\b(documented|observed|assumed)\b", " ".join(map(text, cells(name, "markdown"))))
    assert len(tags) >= 3


def test_each_lesson_of_an_idea_leads_to_the_next() -> None:
    for name, following in zip(["07-proving-a-rule-set", *IDEAS], IDEAS, strict=False):
        if int(following[:2]) == int(name[:2]) + 1:
            assert f"{following}.ipynb" in links(text(cells(name, "markdown")[-1]).partition("**Next:**")[2])


def test_each_notebook_that_exercises_name_is_there() -> None:
    from sesreceive import lessons

    assert [one.notebook for one in lessons.everything() if not (PAGES / one.notebook).is_file()] == []
