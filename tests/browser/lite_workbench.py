"""A rule set, built with the widgets in a browser alone: not passed yet, so no part of `make test`.

`pytest tests/browser/lite_workbench.py` runs it.
"""

from __future__ import annotations

from browser.test_lite_browser import Cut, cut, expect, pytestmark, site  # noqa: F401


def test_a_rule_set_is_built_with_the_workbench_and_receives_mail(cut: Cut) -> None:  # noqa: F811
    assert cut.run("03-workbench.ipynb") == []
    code = """
import sesreceive as ses
from IPython.display import display
from sesreceive.ui.builder import RuleSetBuilder
builder = RuleSetBuilder()
display(builder)
"""
    page = cut.page
    # The editor is a cell of its own, behind the lesson's.
    page.evaluate(
        """async (code) => {
          const app = window.jupyterapp, notebook = app.shell.currentWidget.content;
          notebook.activeCellIndex = notebook.widgets.length - 1;
          await app.commands.execute('notebook:insert-cell-below');
          notebook.activeCell.model.sharedModel.setSource(code);
          await app.commands.execute('notebook:run-cell');
          notebook.activeCell.node.scrollIntoView();
        }""",
        code,
    )
    built = page.locator(".jp-CodeCell").last
    press = lambda name: built.get_by_role("button", name=name, exact=True).click()  # noqa: E731
    built.get_by_role("button", name="Identities").click()
    press("Add identity")
    press("New rule set")
    built.get_by_label("Rule set name").fill("main")
    press("Add rule")
    expect(built.get_by_role("status")).to_have_text("added the rule rule-1 as number 1 of 1")
    built.get_by_label("Rule name").fill("invoices")
    built.get_by_label("Rule name").press("Tab")
    received = """
reception = ses.Receiver(builder.value, seed=1).receive(b"Subject: x\\r\\n\\r\\n", rcpt_to=["ana@example.com"])
print([rule.name for rule in builder.value.rule_sets[0].rules], reception.reply.code)
"""
    expect(built.get_by_label("Rule name")).to_have_value("invoices")
    assert cut.printed(received) == "['invoices'] 250\n"
