// JupyterLab takes plain keys for commands of the notebook wherever the cursor is not in a text: arrows would leave a
// list, `b` would insert a cell. Lumino leaves keys alone whose target says so; keys with Ctrl, Alt or Meta stay its.
if (!window.sesKeys) {
  window.sesKeys = true;
  window.addEventListener("keydown", event => {
    const target = event.target;
    if (target.closest?.(".ses-ui")) {
      target.toggleAttribute("data-lm-suppress-shortcuts", !(event.ctrlKey || event.metaKey || event.altKey));
    }
  }, true);
}
