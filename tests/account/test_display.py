"""Values as Jupyter shows them."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
import strategies as our
from hypothesis import given, settings

import sesreceive as ses
from sesreceive import _html

VOID = {"br"}


class Tags(HTMLParser):
    """Which tags are open, which there were, and whether they close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(html: str) -> Tags:
    parser = Tags()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser


OURS = {
    "div",
    "style",
    "pre",
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
    "summary",
    "code",
    "span",
    "p",
    "br",
}


@pytest.mark.parametrize(
    "cls", [ses.ReceiptFilter, ses.ReceiptAction, ses.ReceiptRule, ses.ReceiptRuleSet, ses.Account]
)
def test_no_text_becomes_markup(cls):
    @given(our.wild(cls))
    @settings(max_examples=30)
    def law(value):
        tags = parsed(value._repr_html_())
        assert tags.seen <= OURS
        assert tags.attributes <= {"class", "style", "scope", "open", "title"}

    law()


HOSTILE = "<script>alert(1)</script>\"'&\x1b\u202e"


def test_hostile_text_is_shown_as_text():
    action = ses.AddHeaderAction(header_name=HOSTILE, header_value=HOSTILE)
    rule = ses.ReceiptRule(name=HOSTILE, recipients=[HOSTILE], actions=[action])
    account = ses.Account(
        identities=[HOSTILE], filters=[ses.ReceiptFilter.block(HOSTILE, name=HOSTILE)],
        rule_sets=[ses.ReceiptRuleSet(name=HOSTILE, rules=[rule])], active=HOSTILE, region=HOSTILE, account_id=HOSTILE,
    )  # fmt: skip
    for value in (account, rule, action, account.filters[0], account.identities[0]):
        html = value._repr_html_()
        assert "<script" not in html
        assert "\x1b" not in html
        assert "\u202e" not in html
        assert "&lt;script&gt;" in html


def test_where_styles_are_taken_away_the_text_is_left():
    html = ses.Account()._repr_html_()
    assert '<pre class="ses-text">&lt;Account 111122223333 in us-east-1' in html
    assert '<div class="ses-rich" style="display:none">' in html
    assert ".ses-text { display: none; }" in _html.asset("sesreceive", "html.css")
    assert "display: block !important" in _html.asset("sesreceive", "html.css")


def test_colours_are_those_of_the_page():
    for line in _html.asset("sesreceive", "html.css").splitlines():
        for declaration in line.split(";"):
            name, _, value = declaration.rpartition("{")[2].partition(":")
            if name.strip() in ("color", "background", "background-color", "border-color"):
                assert value.strip().startswith(("var(--jp-", "var(--ses-", "inherit", "none")), declaration


def test_problems_are_shown_beside_the_value():
    assert "1 problem" in ses.ReceiptRule(name="")._repr_html_()
    assert "problem" not in ses.ReceiptRule(name="r")._repr_html_()


def test_long_tables_are_cut_and_say_so():
    html = _html.table(["n"], ([str(number)] for number in range(1000)), limit=10)
    assert html.count("<tr>") == 11
    assert "showing 10 of 1000" in html


def test_rows_of_another_width_are_refused():
    with pytest.raises(ValueError, match="zip"):
        _html.table(["a", "b"], [["only one"]])


def test_text_is_cut_where_it_is_too_long():
    assert len(_html.escape("x" * 10_000)) == 2_000
