"""The matrix says what decided, in a frame, for eye and screen reader; nothing of it is markup of a stranger."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from scenario import scenario_items, scenario_receiver

import sesreceive as ses
from sesreceive import datasets
from sesreceive.report.matrix import deciding_column
from sesreceive.trace.vocabulary import term


@pytest.fixture(scope="module", params=["anycompany", "first-steps", "zoo"])
def report(request: pytest.FixtureRequest) -> ses.Report:
    dataset = datasets.load(request.param)
    return dataset.receiver().replay(dataset.mail)


class Cells(HTMLParser):
    """The rows of the table: the text of each cell that a screen reader reads, and which are framed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.heads: list[str] = []
        self.rows: list[list[str]] = []
        self.framed: list[tuple[int, int]] = []
        self._unread = 0
        self._open = False
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._open = True
            if "title" in values and tag == "th":
                self.heads.append(values["title"] or "")
            if "ses-decides" in (values.get("class") or ""):
                self.framed.append((len(self.rows) - 1, len(self.rows[-1]) - 1))
        if values.get("aria-hidden") == "true":
            self._unread += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._open = False
        if tag == "span" and self._unread:
            self._unread -= 1

    def handle_data(self, data: str) -> None:
        if self._open and not self._unread:
            self.rows[-1][-1] += data


@pytest.mark.slow
def test_every_cell_is_read_as_the_word_of_its_outcome(report: ses.Report) -> None:
    part = report[:50]
    cells, frame = Cells(part.matrix()._repr_html_()), part.matrix().frame()
    assert [row[0] for row in cells.rows[1:]] == part.names
    happened = frame.loc[:, frame.isin(["match", "effect", "stop", "fail"]).any()]
    assert len(cells.heads) == happened.shape[1]
    for row, words in zip(cells.rows[1:], happened.astype("object").to_numpy().tolist(), strict=True):
        for shown, word in zip(row[1:], words, strict=True):
            assert shown.removesuffix(": this decided") == (term(None, ses_op(word)).word if word else "")


def ses_op(word: str):
    from sesreceive.trace.events import Op

    return Op(word)


@pytest.mark.slow
def test_one_cell_a_message_is_framed_where_a_filter_rule_or_action_decided(report: ses.Report) -> None:
    part = report[:200]
    frame = part.matrix().frame()
    columns = [deciding_column(reception) for reception in part]
    for name, column in zip(frame.index, columns, strict=True):
        if column:
            assert frame.loc[name, column] in ("match", "effect", "stop", "fail")
    framed = Cells(part.matrix()._repr_html_()).framed
    assert [row - 1 for row, _ in framed] == [place for place, column in enumerate(columns) if column]


def test_without_receptions_nothing_is_framed() -> None:
    lean = scenario_receiver().replay(scenario_items(), keep=False).matrix()
    assert Cells(lean._repr_html_()).framed == []
    assert lean.frame().equals(scenario_receiver().replay(scenario_items()).matrix().frame())


def test_the_number_of_the_first_message_makes_no_difference() -> None:
    report = scenario_receiver().replay(scenario_items())
    first = report.matrix()
    before, shown, cost = first.frame(), first.to_text(3), report.cost()
    report.renumber(100)
    assert report.cost() == cost
    assert report.matrix().frame().equals(before)
    assert report.matrix().to_text(3) == shown


def test_only_what_is_shown_is_asked_for_what_decided_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def counted(reception: ses.Reception) -> str:
        asked.append(reception.name)
        return deciding_column(reception)

    monkeypatch.setattr("sesreceive.report.report.deciding_column", counted)
    (one,) = ses.Receiver(ses.Account(), seed=1).replay([b"To: ana@example.com\r\n\r\n"])
    ses.Report([one] * 250).matrix()._repr_html_()
    assert len(asked) == 200


def test_names_are_escaped_and_long_reports_cut() -> None:
    rule = ses.ReceiptRule(name="all", enabled=True)
    rules = ses.ReceiptRuleSet(name="main", rules=(rule,))
    receiver = ses.Receiver(ses.Account(identities=("example.com",), rule_sets=(rules,), active="main"))
    one = receiver.receive(b"", name="<script>alert(1)</script>\x1b[31m", rcpt_to=["ana@example.com"])
    html = ses.Report([one] * 201).matrix()._repr_html_()
    assert "<script>" not in html
    assert "\x1b" not in html
    assert "showing 200 of 201" in html


def test_an_empty_report_has_an_empty_matrix() -> None:
    matrix = ses.Report().matrix()
    assert repr(matrix) == "<Matrix of 0 messages × 0 columns>"
    assert len(matrix) == 0
    assert Cells(matrix._repr_html_()).rows == [["message"]]


def test_the_printed_grid_is_that_of_the_command_line(report: ses.Report) -> None:
    assert str(report.matrix()) == report.to_text("matrix")
    assert re.search(r"✓ match, · miss", str(report.matrix()))
