// Text goes in by textContent only: what an item says is never markup.
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
