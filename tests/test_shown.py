"""Every public object shows itself: one safe line, a table with the line as fallback, colours that can be read."""

from __future__ import annotations

import ast
import inspect
import itertools
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest

import sesreceive as ses
from sesreceive import _html, datasets, palette, signs
from sesreceive.errors import one_line
from sesreceive.plot.box import LOOKS, State
from sesreceive.plot.path import _STATES
from sesreceive.trace.events import Op
from sesreceive.trace.vocabulary import AHEAD, NOW, term

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
    ("documentation light",      palette.ink("light"), "#ffffff"),
    ("documentation light, code", palette.ink("light"), "#f5f5f5"),
    ("documentation dark",       palette.ink("dark"), "#1e2129"),
    ("documentation dark, code", palette.ink("dark"), "#272a35"),
    ("browser light",            "#000000",   "#ffffff"),
    ("browser dark",             "#ffffff",   "#121212"),
    ("VS Code light",            "#3b3b3b",   "#ffffff"),
    ("VS Code dark",             "#cccccc",   "#1f1f1f"),
    ("a picture as a file",      palette.ink("light"), "#ffffff"),
    ("a picture as a file, dark", palette.ink("dark"), "#121212"),
]  # fmt: skip
READABLE = 4.5  # WCAG 2.2, success criterion 1.4.3
TONES = ["good", "bad", "warn", "now", "odd"]
QUIET = re.compile(r"--ses-quiet: color-mix\(in srgb, var\(--ses-text\) (\d+)%, transparent\)")

Rgb = tuple[float, ...]


def rgb(text: str) -> Rgb:
    return tuple(int(text[place : place + 2], 16) for place in (1, 3, 5))


def linear(colour: Rgb) -> Rgb:
    parts = (part / 255 for part in colour)
    return tuple(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)


def luminance(colour: Rgb) -> float:
    """WCAG 2.2, "relative luminance"."""
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear(colour), strict=True))


def contrast(one: Rgb, other: Rgb) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("page, text, ground", PAGES, ids=[page for page, *_ in PAGES])
def test_every_colour_of_words_can_be_read(page: str, text: str, ground: str) -> None:
    style = (PACKAGE / "colours.css").read_text(encoding="utf-8")
    (share,) = (int(percent) / 100 for percent in QUIET.findall(style))
    quiet = tuple(a * share + b * (1 - share) for a, b in zip(rgb(text), rgb(ground), strict=True))
    colours = {"quiet": quiet, **{tone: rgb(palette.mixed(tone, text)) for tone in TONES}}
    ratios = {name: contrast(colour, rgb(ground)) for name, colour in colours.items()}
    assert {name: ratio for name, ratio in ratios.items() if ratio < READABLE} == {}


# What an eye sees of linear red, green and blue. Machado, Oliveira and Fernandes, "A Physiologically-based Model for
# Simulation of Color Vision Deficiency" (2009), severity 1.
EYES = {
    "all three cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no long waves": (
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998),
    ),
    "no middle waves": (
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881),
    ),
    "no short waves": (
        (1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900),
    ),
}  # fmt: skip
# Distance in OKLab; 0.02 is about what one can just tell from another.
APART = 0.07


def oklab(r: float, g: float, b: float) -> Rgb:
    """Björn Ottosson, "A perceptual color space for image processing" (2020)."""
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    middle = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


@pytest.mark.parametrize("eye", EYES)
def test_the_fills_of_outcomes_are_told_apart_by_every_eye(eye: str) -> None:
    def seen(name: str) -> Rgb:
        light = linear(rgb(palette.hue(name)))
        parts = (sum(a * b for a, b in zip(row, light, strict=True)) for row in EYES[eye])
        return oklab(*(min(max(part, 0.0), 1.0) for part in parts))

    distances = {
        pair: sum((a - b) ** 2 for a, b in zip(seen(pair[0]), seen(pair[1]), strict=True)) ** 0.5
        for pair in itertools.combinations(("good", "bad", "warn", "now"), 2)
    }
    assert {pair: far for pair, far in distances.items() if far < APART} == {}


# What has colours of its own for a reason.
ELSEWHERE = {
    "ui/saving.py": "the ground of a picture that is saved as PNG",
    "ui/page.css": "JupyterLab's dark theme, where there is no JupyterLab",
    "ui/mail_page.py": "the ground of a mail, which is written for a white one",
}
OWN = re.compile(r"#(?:[0-9a-fA-F]{3}){1,2}\b(?!;&)|\brgba?\(|\bhsla?\(")


@pytest.mark.parametrize("kind", ["*.css", "*.js", "*.py"])
def test_one_style_sheet_has_the_colours(kind: str) -> None:
    sheet = PACKAGE / "colours.css"
    files = [*PACKAGE.rglob(kind), *(PACKAGE.parent / "notebooks").glob(kind)]
    found = {path.name: OWN.findall(code_of(path)) for path in files if path != sheet}
    allowed = {name.rpartition("/")[2] for name in ELSEWHERE}
    assert {name: colours for name, colours in found.items() if colours and name not in allowed} == {}


def code_of(path: Path) -> str:
    """The file; of Python its texts alone, since comments and numbers are no colours."""
    text = path.read_text(encoding="utf-8")
    return "\n".join(texts(text)) if path.suffix == ".py" and OWN.search(text) else text


def texts(source: str) -> Iterator[str]:
    """The texts of a Python file that are no documentation."""
    tree = ast.parse(source)
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


# ---------------------------------------------------------------- signs

# A dot and an ellipsis are punctuation, too, and an arrow stands between two names.
PLAIN = {signs.FAILS, signs.DOES, signs.AHEAD, signs.NONE}
SIGNS = {getattr(signs, name) for name in signs.__all__} - PLAIN


def test_one_file_has_the_signs() -> None:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if path.name != "signs.py" and (SIGNS & set(source) or signs.NONE in source):
            used = [text for text in texts(source) if SIGNS & set(text) or text == signs.NONE]
            if used and path.name != "results_view.py":  # from–to
                found[path.name] = used
    assert found == {}


@pytest.mark.parametrize("op, state", _STATES.items())
def test_a_picture_shows_an_outcome_as_a_table_does(op: Op, state: State) -> None:
    sign, tone = LOOKS[state]
    if op is not Op.EFFECT:  # done, which a picture ticks off
        assert sign == term(None, op).mark
    assert tone in ("", "good") if term(None, op).tone == "note" else tone == term(None, op).tone


@pytest.mark.parametrize("state, shown", [(State.NOW, NOW), (State.AHEAD, AHEAD)])
def test_a_picture_shows_what_is_not_known_yet_as_a_list_does(state: State, shown: tuple[str, str]) -> None:
    assert LOOKS[state][0] == shown[0]


@pytest.mark.parametrize("state", [state for state in State if LOOKS[state][1]])
def test_the_style_sheet_of_the_picture_has_the_tone_of_each_state(state: State) -> None:
    style = (PACKAGE / "plot" / "path.css").read_text(encoding="utf-8")
    assert f".ses-flow .ses-{state} {{ stroke: var(--ses-{LOOKS[state][1]});" in style


# ---------------------------------------------------------------- tables on a telephone


def test_a_row_of_a_wide_table_is_a_list_on_a_telephone_whose_cells_have_the_heads_before_them() -> None:
    cells = ["x"] * 6
    narrow = _html.table(["a", "b"], [cells[:2]])
    wide = _html.table(["a", "b", "c", "d"], [cells[:4]])
    assert "ses-stacks" not in narrow
    assert "ses-stacks" in _html.table(["where", "what", "who says so"], [cells[:3]])  # of sentences
    assert "ses-stacks" not in _html.table(["", "as it was", "CONTINUE", "STOP_RULE"], [cells[:4]])  # to compare
    assert """class="ses-table ses-stacks" style="--head-2:'b';--head-3:'c';--head-4:'d';\"""" in wide
    assert "ses-many" in _html.table("abcdef", [cells])
    assert "ses-many" in _html.table(["a", "b", "c", "d"], [cells[:4]], sentences=True)
    rules = _html.asset("sesreceive", "html.css")
    assert all(f"td:nth-child({place}) {{ --head: var(--head-{place}); }}" in rules for place in range(2, 13))
    # The kinds of table differ in nothing but from which width on they are lists.
    blocks = re.findall(r"@container \(max-width: \d+px\) \{\n(.*?)\n\}", rules, re.DOTALL)
    lists = [[line for line in block.splitlines() if ".ses-stacks" in line or ".ses-many" in line] for block in blocks]
    few, many = ["\n".join(lines).replace("ses-many", "ses-stacks") for lines in lists if lines]
    assert few == many


@pytest.mark.parametrize("head", [HOSTILE, "'; color: red; --x: '", '"><b>', "a\\", "*/", "grün"])
def test_the_head_of_a_column_stays_a_text_in_the_style_of_its_table(head: str) -> None:
    made = _html.table(["a", head, "c", "d"], [["1", "2", "3", "4"]])
    style = re.fullmatch(r"<table class=\"ses-table ses-stacks\" style=\"([^\"]*)\">.*", made, re.DOTALL)
    assert style is not None
    named = re.match(r"--head-2:'((?:[ 0-9A-Za-z]|\\[0-9a-f]+ )*)';--head-3:'c';--head-4:'d';$", style[1])
    assert named is not None
    assert re.sub(r"\\([0-9a-f]+) ", lambda found: chr(int(found[1], 16)), named[1]) == one_line(head, 60)
