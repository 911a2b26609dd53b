"""Every public object shows itself: one safe line, a table with the line as fallback, colours that can be read."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest

import sesreceive as ses
from sesreceive import datasets
from sesreceive.errors import one_line

PACKAGE = Path(ses.__file__).parent
HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e"

CLASSES = {
    name: value
    for name in ses.__all__
    if inspect.isclass(value := getattr(ses, name)) and not issubclass(value, BaseException | Enum)
}


@pytest.mark.parametrize("name", CLASSES)
def test_every_public_class_shows_itself(name: str) -> None:
    assert callable(getattr(CLASSES[name], "_repr_html_", None))
    assert CLASSES[name].__repr__ is not object.__repr__


def received() -> ses.Reception:
    rule = ses.ReceiptRule(name="all", enabled=True, actions=(ses.S3Action(bucket_name="inbox"), ses.StopAction()))
    rules = ses.ReceiptRuleSet(name="main", rules=(rule,))
    account = ses.Account(identities=("example.com",), rule_sets=(rules,), active="main")
    raw = f"From: {HOSTILE[:8]}@example.org\r\nSubject: {HOSTILE}\r\n\r\n{HOSTILE}".encode()
    return ses.Receiver(account, seed=1).receive(raw, name=HOSTILE, rcpt_to=["bo@example.com"])


def objects() -> Iterator[tuple[str, object]]:
    dataset = datasets.load("first-steps")
    reception = received()
    yield "receiver", dataset.receiver()
    yield "dataset", dataset
    yield "message", reception.message
    yield "envelope", reception.envelope
    yield "verdicts", reception.verdicts
    yield "trace", reception.trace
    yield "reception", reception
    yield "effect", reception.effects[0]
    yield "outcome", reception.performed[0].outcome
    yield "report", ses.Report([reception])
    yield "matrix", ses.Report([reception]).matrix()
    yield "assumptions", ses.Assumptions()
    yield "bounds", ses.Bounds()
    yield "no problems", dataset.account.problems()
    yield "problems", ses.Account(active=HOSTILE, identities=(HOSTILE,)).problems()
    yield "problem", ses.Problem("active", HOSTILE)
    yield "rule", ses.ReceiptRule(name=HOSTILE, recipients=(HOSTILE,), actions=(ses.S3Action(bucket_name=HOSTILE),))
    yield "provider list", ses.ProviderList(HOSTILE, ("192.0.2.0/24",))
    yield "scanner", ses.MarkerScanner()
    yield "clock", ses.SystemClock()
    yield "ids", ses.SeededMessageIds(1)


OBJECTS = dict(objects())


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_is_one_line_and_a_table_and_nothing_of_a_stranger_is_markup(name: str) -> None:
    value = OBJECTS[name]
    line, html = repr(value), value._repr_html_()  # type: ignore[attr-defined]
    assert "\n" not in line
    assert "<script" not in html
    assert all(sign not in html for sign in "\x1b\u202e")
    # The convention of xarray and scikit-learn: the text is what is left where styles are taken away.
    fallback = re.search(r'<pre class="ses-text">(.*?)</pre>', html, re.DOTALL)
    assert fallback is not None
    assert fallback[1].strip()
    assert '<div class="ses-rich" style="display:none">' in html


def test_rules_read_as_the_builder_words_them_and_a_long_set_is_folded() -> None:
    rule = ses.ReceiptRule(name="r0", enabled=True, actions=(ses.S3Action(bucket_name="inbox"), ses.StopAction()))
    rules = ses.ReceiptRuleSet(name="main", rules=[rule.replace(name=f"r{number}") for number in range(60)])
    html = rules._repr_html_()
    assert "Deliver to an S3 bucket: inbox" in html
    assert "Stop the rule set" in html
    shown, _, folded = html.partition("<summary>40 more rules</summary>")
    assert ">r19<" in shown
    assert ">r20<" not in shown
    assert ">r59<" in folded


def test_problems_are_a_tuple_and_print_one_a_line() -> None:
    problems = ses.Account(active="a", identities=("b c",)).problems()
    assert problems == tuple(problems)
    assert str(problems).splitlines() == [one_line(problem, 2_000) for problem in problems]


# ---------------------------------------------------------------- colours

# A page: its text and its ground, as the theme has them.
PAGES = [
    # page                       text         ground
    ("JupyterLab light",         "#212121",   "#ffffff"),
    ("JupyterLab light, cell",   "#212121",   "#f5f5f5"),
    ("JupyterLab dark",          "#ffffff",   "#111111"),
    ("JupyterLab dark, panel",   "#ffffff",   "#212121"),
    ("documentation light",      "#212121",   "#ffffff"),
    ("documentation dark",       "#cfd0d6",   "#1e2129"),
    ("browser light",            "#000000",   "#ffffff"),
    ("browser dark",             "#ffffff",   "#121212"),
    ("VS Code light",            "#3b3b3b",   "#ffffff"),
    ("VS Code dark",             "#cccccc",   "#1f1f1f"),
]  # fmt: skip
READABLE = 4.5  # WCAG 2.2, success criterion 1.4.3
COLOUR = re.compile(
    r"--ses-(\w+): color-mix\(in srgb, (#\w{6}|var\(--ses-text\)) (\d+)%, (var\(--ses-text\)|transparent)\)"
)
COLOURS = COLOUR.findall((PACKAGE / "colours.css").read_text(encoding="utf-8"))

Rgb = tuple[float, ...]


def rgb(text: str) -> Rgb:
    return tuple(int(text[place : place + 2], 16) for place in (1, 3, 5))


def luminance(colour: Rgb) -> float:
    """WCAG 2.2, "relative luminance"."""
    parts = (part / 255 for part in colour)
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: Rgb, other: Rgb) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_colours_are_all_of_the_tones() -> None:
    assert {name for name, *_ in COLOURS} == {"good", "bad", "warn", "now", "quiet"}


@pytest.mark.parametrize("page, text, ground", PAGES)
@pytest.mark.parametrize("name, hue, percent, rest", COLOURS)
def test_a_colour_can_be_read(page: str, text: str, ground: str, name: str, hue: str, percent: str, rest: str) -> None:
    share = int(percent) / 100
    first = rgb(text) if hue.startswith("var") else rgb(hue)
    second = rgb(ground) if rest == "transparent" else rgb(text)
    mixed = tuple(a * share + b * (1 - share) for a, b in zip(first, second, strict=True))
    assert contrast(mixed, rgb(ground)) >= READABLE


def test_no_other_style_sheet_of_the_representations_has_colours_of_its_own() -> None:
    for name in ("html.css", "trace/trace.css", "report/matrix.css"):
        text = (PACKAGE / name).read_text(encoding="utf-8")
        assert re.findall(r"#[0-9a-fA-F]{3,6}\b|rgb|--jp-(?:success|error|warn)", text) == [], name
