from playwright.sync_api import expect
CODE = '''
import ipywidgets as W
s = W.Select(options=[f"rule {i}" for i in range(20)], description="Rules", rows=8)
b = W.Button(description="Add rule"); n = W.HTML("0"); t = W.Text(description="name"); a = W.Textarea(description="Code", value="abc")
d = W.Dropdown(options=["x","y","z"], description="Kind"); c = W.Checkbox(description="enabled"); r = W.RadioButtons(options=["p","q"], description="lang")
b.on_click(lambda _: setattr(n, "value", str(int(n.value)+1)))
tb = W.Tab([W.Text(description="one"), W.Text(description="two")], titles=["First","Second"])
tg = W.ToggleButtons(options=["u","v"], description="tog")
W.VBox([s,b,n,t,a,d,c,r,tb,tg])
'''
def test_keys(open_lab):
    nb = open_lab(CODE, "1+1", "2+2")
    p = nb.page
    s = p.get_by_label("Rules"); s.focus(); nb.press("ArrowDown","ArrowDown"); p.wait_for_timeout(300)
    print("select", nb.python("print(s.value)"), nb.focused()[:40])
    nb.press("a"); p.wait_for_timeout(200); print("cells after a", p.locator(".jp-CodeCell").count())
    s.focus(); nb.press("Enter"); p.wait_for_timeout(200); print("after enter", nb.focused()[:60])
    p.get_by_role("button", name="Add rule").focus(); nb.press("Enter"); p.wait_for_timeout(200); print("enter", nb.python("print(n.value)"), nb.focused())
    nb.press("Space"); p.wait_for_timeout(200); print("space", nb.python("print(n.value)"), nb.focused())
    nb.press("b"); p.wait_for_timeout(200); print("cells after b", p.locator(".jp-CodeCell").count())
    for lab in ["Kind","lang","tog"]:
        print(lab, p.get_by_label(lab).count())
    d = p.get_by_label("Kind"); d.focus(); nb.press("ArrowDown"); p.wait_for_timeout(300); print("dd", nb.python("print(d.value)"), nb.focused()[:30])
    c = p.get_by_label("enabled"); c.focus(); nb.press("Space"); p.wait_for_timeout(300); print("cb", nb.python("print(c.value)"), nb.focused()[:30])
    x = p.get_by_label("p", exact=True); print("radio", x.count()); x.first.focus(); nb.press("ArrowDown"); p.wait_for_timeout(300); print("rb", nb.python("print(r.value)"), nb.focused()[:30])
    a = p.get_by_label("Code", exact=True); a.focus(); nb.press("Control+a"); print("sel", p.evaluate("getSelection().toString()"))
    print(p.get_by_role("tab").count(), [e.get_attribute("tabindex") for e in p.locator(".widget-tab [role=tab]").all()])
    p.locator(".widget-tab [role=tab]").first.focus(); nb.press("ArrowRight"); p.wait_for_timeout(200); print(nb.focused()); nb.press("Enter"); p.wait_for_timeout(200); print("tab", nb.python("print(tb.selected_index)"))
    print(p.locator(".jupyter-widgets").first.evaluate("e=>e.outerHTML")[:1500])
