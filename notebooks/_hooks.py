"""The reference comes from the public names and their docstrings, and no page asks another host for anything."""

import argparse
import importlib
import inspect
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe
from mkdocs.exceptions import PluginError

# What a page of the reference says in place of entries that would have to be kept up by hand.
ROOMS = "<!-- rooms -->"
ROOM = re.compile(r"<!-- public names of ([\w ]+) -->")
COMMANDS = "<!-- commands -->"
EXIT_CODES = "<!-- exit codes -->"

# What mkdocs-jupyter puts into a notebook's page and fetches from elsewhere.
DIAGRAMS = re.compile(r'<script type="module">(?:(?!</script>).)*mermaid.*?</script>', re.DOTALL)
WIDGETS = re.compile(r"<script>(?:(?!</script>).)*addWidgetsRenderer.*?</script>", re.DOTALL)
WIDGET = re.compile(r'<script type="application/vnd\.jupyter\.widget-view\+json">.*?</script>', re.DOTALL)
RENDERER_ADDRESS = re.compile(r"https://unpkg\.com/[^'\"]*")

WIDGET_NOTE = "<p><em>An interactive widget: open this notebook with <code>make lab</code> to use it.</em></p>"

FROM_ELSEWHERE = re.compile(r"""(?:<(?:script|img|iframe)[^>]*\ssrc=|\bimport\(|@import\s+)["']https?://[^"']*""")


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """A page of the reference, with its entries in place of the marks."""
    if ROOMS in markdown:
        markdown = markdown.replace(ROOMS, overview(Path(page.file.abs_src_path).parent / "reference"))
    if COMMANDS in markdown:
        markdown = markdown.replace(COMMANDS, commands())
    if EXIT_CODES in markdown:
        markdown = markdown.replace(EXIT_CODES, exit_codes())
    return ROOM.sub(lambda mark: reference(*mark[1].split()), markdown)


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


def public_homes() -> dict[str, list[str]]:
    """Where each public name is defined, by the room it lives in: names of the package, and of `ui`."""
    package, ui = importlib.import_module("sesreceive"), importlib.import_module("sesreceive.ui")
    rooms: defaultdict[str, list[str]] = defaultdict(list)
    for module in (package, ui):
        for name in module.__all__:
            home = home_of(name, getattr(module, name))
            rooms[home.split(".")[1]].append(home)
    return dict(rooms)


def reference(*rooms: str) -> str:
    """One mkdocstrings entry a public name of the rooms."""
    homes = public_homes()
    return "\n\n".join(f"::: {home}" for room in rooms for home in homes[room])


def overview(folder: Path) -> str:
    """What lives in each room, and a link to each entry on the pages in `folder`, in the order of the alphabet."""
    homes = public_homes()
    rows = ["| room | what lives there | on its page |", "| --- | --- | --- |"]
    for path in sorted(folder.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        rooms = [room for mark in ROOM.findall(text) for room in mark.split()]
        entries = [home for room in rooms for home in homes[room]] + re.findall(r"(?m)^::: (\S+)$", text)
        for room in dict.fromkeys(entry.split(".")[1] for entry in entries):
            of_room = [entry for entry in entries if entry.split(".")[1] == room]
            links = ", ".join(f"[`{entry.rpartition('.')[2]}`][{entry}]" for entry in of_room)
            rows.append(f"| [`{room}`](reference/{path.name}) | {first_line(f'sesreceive.{room}')} | {links} |")
    return "\n".join(rows)


def first_line(module: str) -> str:
    """The first line of a module's docstring, in Markdown."""
    line = (importlib.import_module(module).__doc__ or "").partition("\n")[0]
    return line.replace("``", "`").replace("|", r"\|")


def commands() -> str:
    """What each command of the command line says of itself, those of a command with commands of its own too."""
    parser = importlib.import_module("sesreceive.cli").build_parser()
    return "\n\n".join(f"## {name}\n\n```text\n{text}\n```" for name, text in helps(parser))


def helps(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """The name of each command below the parser, and its help."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield command.prog.removeprefix("sesreceive "), command.format_help().strip()
                yield from helps(command)


def exit_codes() -> str:
    """The exit codes as a table."""
    meanings = importlib.import_module("sesreceive.cli.exits").MEANINGS
    return "\n".join(["| code | when |", "| --- | --- |", *(f"| {code} | {when} |" for code, when in meanings.items())])


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
