"""Tables where there is no pandas, as in a browser: the same cells, shown; what they cannot do is one sentence."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.report import plain_table
from sesreceive.report.columns import TABLES
from sesreceive.report.plain_table import PlainTable

HOSTILE = "<script>alert(1)</script>\x1b[31m"


@pytest.fixture(scope="module")
def receptions() -> list[ses.Reception]:
    dataset = ses.datasets.load("first-steps")
    receiver = dataset.receiver()
    named = receiver.receive(b"Subject: x\r\n\r\n", name=HOSTILE, client_ip="198.51.100.7", rcpt_to=["a@example.com"])
    return [*receiver.replay(dataset.mail), named]


def cell(value: Any) -> Any:
    """A cell as both kinds of table mean it."""
    missing = (
        value is None
        or type(value).__name__ in ("NAType", "NaTType")
        or (isinstance(value, float) and math.isnan(value))
    )
    if missing:
        return None
    return str(value).partition(".")[0] if hasattr(value, "isoformat") else value


def cells(frame: Any) -> dict[str, list[Any]]:
    return {str(name): [cell(value) for value in frame[name]] for name in frame.columns}


ACCOUNT = ses.datasets.load("first-steps").account

# What has a table besides a report.
OTHERS: dict[str, Callable[[], Any]] = {
    "findings": lambda: ses.lint(ACCOUNT),
    "unreachable": lambda: ses.unreachable(ACCOUNT),
    "interference": lambda: ses.interference(ACCOUNT),
    "comparison": lambda: ses.compare(ACCOUNT, ACCOUNT.activate(None)),
    "coverage": lambda: ses.coverage(ACCOUNT, ses.Report()),
    "cost": lambda: ses.Report().cost(),
}


@pytest.mark.parametrize("name", OTHERS)
def test_findings_and_proofs_have_the_same_cells(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    has_table = OTHERS[name]()
    frame = has_table.frame()
    monkeypatch.setattr(plain_table, "_PLAIN", True)
    plain = has_table.frame()
    assert isinstance(plain, PlainTable)
    assert cells(plain) == cells(frame)


@pytest.mark.parametrize("name", [*(one.name for one in TABLES), "matrix", "metrics"])
def test_a_table_has_the_same_cells(
    name: str, receptions: list[ses.Reception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def made() -> Any:
        report = ses.Report(receptions)
        return report.matrix().frame() if name == "matrix" else getattr(report, name)

    frame = made()
    monkeypatch.setattr(plain_table, "_PLAIN", True)
    plain = made()
    assert isinstance(plain, PlainTable)
    assert cells(plain) == cells(frame)
    assert len(plain) == len(frame)
    assert plain.index == list(frame.index)
    shown = plain._repr_html_()
    assert "<script>" not in shown
    assert "\x1b" not in shown + str(plain) + repr(plain)
    assert len(repr(plain).splitlines()) == 1


def test_rows_and_columns_are_swapped() -> None:
    table = PlainTable({"a": [1, 2], "b": [3, 4]}, index=["x", "y"], index_name="message")
    assert cells(table.T) == {"x": [1, 3], "y": [2, 4]}
    assert table.T.index == ["a", "b"]
    assert str(table[["b"]]) == "message  b\nx        3\ny        4"


def test_an_empty_table_says_that_it_is() -> None:
    assert repr(PlainTable({})) == str(PlainTable({})) == "<PlainTable of 0 rows × 0 columns>"
    assert "0 rows" in PlainTable({})._repr_html_()
    assert "<th" in PlainTable({"a": []})._repr_html_()


def test_a_long_table_says_how_much_of_it_is_shown() -> None:
    shown = PlainTable({"a": list(range(1_000))})._repr_html_()
    assert "showing 200 of 1000" in shown
    assert '<th scope="row">200</th>' not in shown


REFUSED = [
    (lambda table: table.groupby("a"), AttributeError, "`groupby` takes pandas, which this browser has not"),
    (lambda table: table[[True, False]], AttributeError, "choosing rows takes pandas"),
    (lambda table: table["c"], KeyError, "no column `c`: there are `a`, `b`"),
    (lambda table: table[["a", "c"]], KeyError, "no column `c`: there are `a`, `b`"),
]


@pytest.mark.parametrize("ask, kind, sentence", REFUSED)
def test_what_it_cannot_do_is_one_sentence(ask: Any, kind: type[Exception], sentence: str) -> None:
    with pytest.raises(kind) as caught:
        ask(PlainTable({"a": [1, 2], "b": [3, 4]}))
    assert sentence in str(caught.value)


def test_pandas_is_what_is_used_everywhere_else() -> None:
    assert plain_table.has_pandas()


TEMPLATE = """
Parameters: {Domain: {Type: String}}
Resources:
  Rules: {Type: AWS::SES::ReceiptRuleSet}
  Store:
    Type: AWS::SES::ReceiptRule
    Properties:
      RuleSetName: !Ref Rules
      Rule: {Enabled: true, Recipients: [!Sub "help@${Domain}"], Actions: [{S3Action: {BucketName: inbox}}]}
"""


@pytest.mark.parametrize("made", ["loaded", "drift"])
def test_tables_of_a_template_have_the_same_cells(made: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    loaded = ses.load(tmp_path / "template.yaml")
    result = loaded if made == "loaded" else ses.drift(loaded, ses.Account(identities=["example.com"]))
    frame = result.frame()
    assert len(frame)
    monkeypatch.setattr(plain_table, "_PLAIN", True)
    plain: Any = result.frame()
    assert isinstance(plain, PlainTable)
    assert cells(plain) == cells(frame)
