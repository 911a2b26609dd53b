"""The reference comes from the public names and their docstrings, and no page asks another host for anything."""

import importlib
import inspect
import re
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import griffe
from mkdocs.exceptions import PluginError

PUBLIC_NAMES = "<!-- public names -->"

# What mkdocs-jupyter puts into a notebook's page and fetches from elsewhere.
DIAGRAMS = re.compile(r'<script type="module">(?:(?!</script>).)*mermaid.*?</script>', re.DOTALL)
WIDGETS = re.compile(r"<script>(?:(?!</script>).)*addWidgetsRenderer.*?</script>", re.DOTALL)
WIDGET = re.compile(r'<script type="application/vnd\.jupyter\.widget-view\+json">.*?</script>', re.DOTALL)
RENDERER_ADDRESS = re.compile(r"https://unpkg\.com/[^'\"]*")

WIDGET_NOTE = "<p><em>An interactive widget: open this notebook with <code>make lab</code> to use it.</em></p>"

FROM_ELSEWHERE = re.compile(r"""(?:<(?:script|img|iframe)[^>]*\ssrc=|\bimport\(|@import\s+)["']https?://[^"']*""")


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """The reference page, with an entry for each public name in place of the mark."""
    return markdown.replace(PUBLIC_NAMES, reference()) if PUBLIC_NAMES in markdown else markdown


def on_post_page(output: str, page: Any, config: Any) -> str:
    """The page without scripts of other hosts; saved widgets are drawn by the site's own renderer."""
    output = DIAGRAMS.sub("", output)
    if renderer(config).is_dir():
        here = "../" * page.url.count("/")
        output = WIDGETS.sub(lambda m: RENDERER_ADDRESS.sub(f"{here}assets/widgets/embed.js", m[0]), output)
    else:
        output = WIDGET.sub(WIDGET_NOTE, WIDGETS.sub("", output))
    if elsewhere := FROM_ELSEWHERE.search(output):
        raise PluginError(f"{page.file.src_uri} would fetch something from another host: `{elsewhere[0]}`")
    return output


def on_post_build(config: Any) -> None:
    """The renderer of saved widgets lies in the site, if `make docs` could get it."""
    if renderer(config).is_dir():
        shutil.copytree(
            renderer(config),
            Path(config["site_dir"], "assets", "widgets"),
            ignore=shutil.ignore_patterns("*.map", "*amd*.js"),
            dirs_exist_ok=True,
        )


def renderer(config: Any) -> Path:
    """Where `make docs` leaves the renderer of saved widgets."""
    return Path(config["config_file_path"]).parent / "build" / "html-manager"


def reference() -> str:
    """One mkdocstrings entry a public name, in the order of `__all__`, under the part it lives in."""
    package = importlib.import_module("sesreceive")
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for name in package.__all__:
        if not name.startswith("_"):
            home = home_of(name, getattr(package, name))
            parts[home.split(".")[1]].append(f"::: {home}")
    return "\n\n".join(f"## {part}\n\n" + "\n\n".join(entries) for part, entries in parts.items())


def home_of(name: str, value: Any) -> str:
    """Where a public name is defined."""
    if inspect.ismodule(value):
        return value.__name__
    if inspect.isclass(value) or inspect.isfunction(value):
        return f"{value.__module__}.{value.__qualname__}"
    return f"sesreceive.{name}"


class Docstrings(griffe.Extension):
    """What Python docstrings write and Markdown does not know, in Markdown's words."""

    def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        if obj.docstring:
            obj.docstring.value = in_markdown(obj.docstring.value)


def in_markdown(docstring: str) -> str:
    r"""Doctests become code, `::` announces code, and a heading that is no NumPy section becomes bold.

    >>> in_markdown("Adds:\n\n>>> 1 + 1\n2\n\nReferences\n----------\nRFC 1.").splitlines()
    ['Adds:', '', '```pycon', '>>> 1 + 1', '2', '```', '', '**References**', '', 'RFC 1.']
    """
    docstring = re.sub(r"^References\n-+$", "**References**\n", docstring, flags=re.MULTILINE)
    docstring = re.sub(r"^ *::$|(?<=:):$", "", docstring, flags=re.MULTILINE)
    return re.sub(r"^( *)(>>> .*(?:\n.*\S.*)*)", r"\1```pycon\n\1\2\n\1```", docstring, flags=re.MULTILINE)
