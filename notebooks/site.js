// What the theme makes in the browser, in a form that a keyboard and a screen reader can use.

// What scrolls is reached by Tab, so that the arrow keys can scroll it; what does not scroll is no stop on the way.
const SCROLLS = ".highlight-ipynb, .jp-OutputArea-output, .jp-OutputArea-output pre, .jp-OutputArea-output .ses-trace, " +
  ".jp-RenderedHTMLCommon, .jp-RenderedImage, .ses-scroll, .highlight > pre, .md-typeset__scrollwrap, .md-typeset__table, " +
  ".md-typeset pre > code";

function reachable() {
  for (const box of document.querySelectorAll(SCROLLS)) {
    const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
    const shown = getComputedStyle(box);
    if (scrolls && /auto|scroll/.test(shown.overflowX + shown.overflowY)) box.tabIndex = 0;
    else if (box.tabIndex === 0) box.removeAttribute("tabindex");
  }
  // The theme makes a landmark of the copy button of every piece of code; each gets its own name.
  document.querySelectorAll(".md-code__nav").forEach((nav, number) => nav.setAttribute("aria-label", `Code ${number + 1}`));
}

// On a telephone a row of a wide table is a list: site.css writes the head of its column before each cell.
function labelled() {
  for (const table of document.querySelectorAll(".md-typeset table:not([class])")) {
    const heads = [...table.querySelectorAll("thead th, thead td")].map(cell => cell.textContent.trim());
    if (heads.length < 4) continue;
    table.dataset.lists = "";
    for (const row of table.tBodies[0]?.rows ?? []) {
      [...row.cells].forEach((cell, place) => { cell.dataset.head = heads[place] ?? ""; });
    }
  }
}

addEventListener("load", labelled);
addEventListener("load", reachable);
addEventListener("resize", reachable);
new MutationObserver(reachable).observe(document.documentElement, {childList: true, subtree: true});
