"""Drag and drop for a list, where `anywidget` is installed; the buttons and the keyboard work without it.

The list is drawn in the browser, so its few lines of JavaScript stand here; they need no build. What is shown and
what was done are traits, so the list can be drawn again without Python being asked.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import traitlets

__all__ = ["is_available", "sortable"]

# Text goes in by textContent only: what an item says is never markup.
_JAVASCRIPT = """\
function render({ model, el }) {
  const list = document.createElement("ol");
  list.className = "ses-sortable";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", model.get("label"));
  el.append(list);
  let serial = 0;
  const choose = (at) => { model.set("chosen", at); model.save_changes(); };
  const move = (from, to) => {
    if (from === to || to < 0 || to >= model.get("items").length) return;
    model.set("move", [from, to, ++serial]);
    model.save_changes();
  };
  const keys = { ArrowUp: -1, ArrowDown: 1 };
  const item = (text, at) => {
    const line = document.createElement("li");
    line.textContent = text;
    line.draggable = true;
    line.setAttribute("role", "option");
    line.setAttribute("aria-keyshortcuts", "Alt+ArrowUp Alt+ArrowDown");
    line.onclick = () => choose(at);
    line.ondragstart = (event) => event.dataTransfer.setData("text/plain", String(at));
    line.ondragover = (event) => { event.preventDefault(); line.classList.add("ses-over"); };
    line.ondragleave = () => line.classList.remove("ses-over");
    line.ondrop = (event) => {
      event.preventDefault(); event.stopPropagation();
      line.classList.remove("ses-over");
      const from = Number(event.dataTransfer.getData("text/plain"));
      if (Number.isInteger(from)) move(from, at);
    };
    line.onkeydown = (event) => {
      const by = keys[event.key];
      if (!by) return;
      event.preventDefault(); event.stopPropagation();
      if (event.altKey) move(at, at + by);
      else if (at + by >= 0 && at + by < list.children.length) choose(at + by);
    };
    return line;
  };
  const mark = () => {
    const chosen = model.get("chosen"), focused = list.contains(document.activeElement);
    [...list.children].forEach((line, at) => {
      line.setAttribute("aria-selected", String(at === chosen));
      line.tabIndex = at === chosen || (chosen < 0 && at === 0) ? 0 : -1;
    });
    if (focused) list.children[chosen]?.focus();
  };
  const draw = () => {
    const items = model.get("items"), focused = list.contains(document.activeElement);
    items.forEach((text, at) => {
      if (at < list.children.length) list.children[at].textContent = text;
      else list.append(item(text, at));
    });
    while (list.children.length > items.length) list.lastChild.remove();
    mark();
    if (focused) list.children[model.get("chosen")]?.focus();
  };
  model.on("change:items", draw);
  model.on("change:chosen", mark);
  draw();
  return () => { model.off("change:items", draw); model.off("change:chosen", mark); };
}
export default { render };
"""

_STYLE = """\
.ses-sortable { margin: 2px; padding: 0; list-style: none; max-height: 22em; overflow-y: auto;
  border: 1px solid var(--jp-border-color1, GrayText); color: var(--jp-ui-font-color1, CanvasText);
  font-family: var(--jp-code-font-family, monospace); font-size: var(--jp-code-font-size, 12px); }
.ses-sortable li { padding: 1px 6px; cursor: grab; white-space: pre; overflow: hidden; text-overflow: ellipsis; }
.ses-sortable li::before { content: "⠿ "; }
.ses-sortable li[aria-selected=true] { background: var(--jp-layout-color3, Highlight); }
.ses-sortable li:focus { outline: 2px solid var(--jp-brand-color1, Highlight); outline-offset: -2px; }
.ses-sortable li.ses-over { border-top: 3px solid var(--jp-brand-color1, Highlight); }
"""


def is_available() -> bool:
    """Whether `anywidget` is installed."""
    return find_spec("anywidget") is not None


def sortable(label: str) -> Any:
    """A list whose items can be dragged, or moved with Alt and the arrows; needs `anywidget`.

    Its traits: ``items`` (the lines), ``chosen`` (position, -1 for none; arrows change it) and ``move``, which
    becomes ``[from, to, serial]`` when a reader moves an item. It is up to Python to change ``items`` then.
    """
    return _sortable_list()(label=label)


@cache
def _sortable_list() -> type:
    base: Any = import_module("anywidget").AnyWidget

    class SortableList(base):  # type: ignore[misc]  # whether anywidget has types depends on whether it is there
        _esm = _JAVASCRIPT
        _css = _STYLE
        label = traitlets.Unicode().tag(sync=True)
        items = traitlets.List(traitlets.Unicode()).tag(sync=True)
        chosen = traitlets.Int(-1).tag(sync=True)
        move = traitlets.List(traitlets.Int()).tag(sync=True)

    return SortableList
