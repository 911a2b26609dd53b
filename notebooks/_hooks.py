"""The reference comes from the public names and their docstrings, and no page asks another host for anything."""

import argparse
import importlib
import inspect
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import griffe
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

# What a page of the reference says in place of entries that would have to be kept up by hand.
ROOMS = "<!-- rooms -->"
ROOM = re.compile(r"<!-- public names of ([\w ]+) -->")
ENTRY = re.compile(r"(?m)^::: (\S+)$")
ENTRIES = re.compile(r"(?m)^::: \S+$(?:\n+::: \S+$)*")
COMMANDS = "<!-- commands -->"
EXIT_CODES = "<!-- exit codes -->"

# What mkdocs-jupyter puts into a notebook's page and fetches from elsewhere.
DIAGRAMS = re.compile(r'<script type="module">(?:(?!</script>).)*mermaid.*?</script>', re.DOTALL)
WIDGETS = re.compile(r"<script>(?:(?!</script>).)*addWidgetsRenderer.*?</script>", re.DOTALL)
WIDGET = re.compile(r'<script type="application/vnd\.jupyter\.widget-view\+json">.*?</script>', re.DOTALL)
RENDERER_ADDRESS = re.compile(r"https://unpkg\.com/[^'\"]*")

# What a screen reader would stumble over: the theme's search dialog has no name, and a frame's corner is no head.
UNNAMED_DIALOG = '<div class="md-search" data-md-component="search" role="dialog">'
NAMED_DIALOG = '<div class="md-search" data-md-component="search" role="dialog" aria-label="Search">'
CORNER = re.compile(r"<th>\s*</th>")

SOURCE_LINK = re.compile(r'(<a\b[^>]*\shref="(?![a-z]+:)[^"#]+)\.md((?:#[^"]*)?)"')

WIDGET_NOTE = "<p><em>An interactive widget: open this notebook with <code>make lab</code> to use it.</em></p>"

FROM_ELSEWHERE = re.compile(r"""(?:<(?:script|img|iframe)[^>]*\ssrc=|\bimport\(|@import\s+)["']https?://[^"']*""")


def on_files(files: Any, config: Any) -> Any:
    """Each object of the reference has a page of its own, so that no page is longer than one reads."""
    colours = Path(config["config_file_path"]).parent / "sesreceive" / "colours.css"
    files.append(File.generated(config, "colours.css", content=colours.read_text(encoding="utf-8")))
    for scheme in ("light", "dark"):
        for name, narrow in (("why", False), ("why-narrow", True)):
            files.append(File.generated(config, f"images/{name}-{scheme}.svg", content=refused(scheme, narrow=narrow)))
    docs = Path(config["docs_dir"])
    for title, page, text in chapters((docs / "decisions.md").read_text(encoding="utf-8")):
        text = text.replace("### ", "## ").replace("](", "](../")
        content = f"# Decisions: {title.lower()}\n\n[All decisions](../decisions.md)\n\n{text}"
        files.append(File.generated(config, page, content=content))
    for path in sorted((docs / "reference").glob("*.md")):
        for entry in entries_on(path.read_text(encoding="utf-8")):
            name = entry.rpartition(".")[2]
            content = f"# {name}\n\n[{path.stem.replace('_', ' ')}](../{path.name})\n\n::: {entry}\n"
            if is_module(entry):  # what it has stands on pages of its own
                content += "    options:\n      members: false\n"
            files.append(File.generated(config, page_of(path.stem, entry), content=content))
    for name, helped in commands():
        texts = "\n\n".join(f"## {command}\n\n```text\n{text}\n```" for command, text in helped)
        content = f"# sesreceive {name}\n\n[Command line](../command_line.md)\n\n{texts}\n"
        files.append(File.generated(config, f"reference/command_line/{name}.md", content=content))
    return files


def is_module(entry: str) -> bool:
    """Whether a public name is a module."""
    try:
        importlib.import_module(entry)
    except ImportError:
        return False
    return True


def chapters(text: str) -> Iterator[tuple[str, str, str]]:
    """The chapters of a page that is too long to be read at once: title, the page of its own, and text."""
    for chapter in text.split("\n## ")[1:]:
        title, _, rest = chapter.partition("\n")
        yield title, f"decisions/{re.sub(r'[^a-z]+', '-', title.lower())}.md", rest.strip()


def contents(text: str) -> str:
    """The page with the titles of its chapters, and what each decides, in place of the chapters."""
    lines = [text.partition("\n## ")[0]]
    for title, page, chapter in chapters(text):
        decided = "\n".join(f"- {line}" for line in re.findall(r"(?m)^### (.*)$", chapter))
        lines.append(f"## [{title}]({page})\n\n{decided}")
    return "\n\n".join(lines)


def refused(scheme: str, *, narrow: bool) -> str:
    """The picture of the home page: the way of a message that a filter refuses, for pages of that scheme."""
    datasets, diagram = map(importlib.import_module, ("sesreceive.datasets", "sesreceive.plot.diagram"))
    dataset = datasets.load("first-steps")
    drawn = dataset.receiver().replay(dataset.mail)["0005-blocked"].diagram()
    rules = re.findall(r"<style>(.*?)</style>", drawn.svg, re.DOTALL)
    rules.append(f"svg.ses-flow:root {{ --ses-text: var(--ses-ink-{scheme}); padding: 0; min-width: 0; }}")
    picture: str = diagram.svg(drawn.boxes, drawn.title, narrow=True) if narrow else drawn.svg
    return picture.replace("</svg>", f"<style>{''.join(rules)}</style></svg>")


def entries_on(text: str) -> list[str]:
    """The objects that a page of the reference names: those of its rooms, and those that it names itself."""
    rooms = [room for mark in ROOM.findall(text) for room in mark.split()]
    homes = public_homes()
    return [home for room in rooms for home in homes[room]] + ENTRY.findall(text)


def page_of(stem: str, entry: str) -> str:
    """The page of one object, below the page that names it."""
    return f"reference/{stem}/{entry.removeprefix('sesreceive.')}.md"


def listed(stem: str, entries: Iterable[str]) -> str:
    """Objects as a table: each with a link to its page, and what it is in a line."""
    rows = [
        f"| [`{entry.rpartition('.')[2]}`]({page_of(stem, entry).removeprefix('reference/')}) | {summary_of(entry)} |"
        for entry in entries
    ]
    return "\n".join(["| name | what it is |", "| --- | --- |", *rows]) + "\n"


def summary_of(entry: str) -> str:
    """The first line of the docstring of an object."""
    value: Any = None
    parts = entry.split(".")
    for number in range(len(parts), 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:number]))
        except ImportError:
            continue
        for part in parts[number:]:
            value = getattr(value, part, None)
        break
    line = (inspect.getdoc(value) or "").partition("\n")[0]
    return line.replace("``", "`").replace("|", r"\|")


# How much more than others a page counts for the search: a question is answered by a guide before an object's page.
BOOSTS = {"troubleshooting.md": 4, "how-to.md": 2}
OBJECT_BOOST = 0.2


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """A page of the reference, with its entries in place of the marks."""
    of_an_object = len(Path(page.file.src_uri).parts) > 2
    page.meta.setdefault("search", {"boost": OBJECT_BOOST if of_an_object else BOOSTS.get(page.file.src_uri, 1)})
    if ROOMS in markdown:
        markdown = markdown.replace(ROOMS, overview(Path(page.file.abs_src_path).parent / "reference"))
    if COMMANDS in markdown:
        markdown = markdown.replace(COMMANDS, f"## Commands\n\n{listed_commands()}")
    if page.file.src_uri == "decisions.md":
        markdown = contents(markdown)
    if EXIT_CODES in markdown:
        markdown = markdown.replace(EXIT_CODES, exit_codes())
    if Path(page.file.src_uri).parent.as_posix() != "reference":
        return markdown
    stem = Path(page.file.src_uri).stem
    markdown = ROOM.sub(lambda mark: reference(*mark[1].split()), markdown)
    return ENTRIES.sub(lambda run: listed(stem, ENTRY.findall(run[0])), markdown)


def on_post_page(output: str, page: Any, config: Any) -> str:
    """The page without scripts of other hosts; saved widgets are drawn by the site's own renderer."""
    output = DIAGRAMS.sub("", output)
    # mkdocs-jupyter leaves links that begin behind a line end as they are.
    output = SOURCE_LINK.sub(r'\1.html\2"', output)
    output = CORNER.sub("<td></td>", output.replace(UNNAMED_DIALOG, NAMED_DIALOG))
    if renderer(config).is_dir():
        here = "../" * page.url.count("/")
        output = WIDGETS.sub(lambda m: RENDERER_ADDRESS.sub(f"{here}assets/widgets/embed.js", m[0]), output)
    else:
        output = WIDGET.sub(WIDGET_NOTE, WIDGETS.sub("", output))
    if elsewhere := FROM_ELSEWHERE.search(output):
        raise PluginError(f"{page.file.src_uri} would fetch something from another host: `{elsewhere[0]}`")
    return output


def on_post_template(output: str, template_name: str, config: Any) -> str:
    """The page of an address that is none, with the search dialog named as on the others."""
    return output.replace(UNNAMED_DIALOG, NAMED_DIALOG)


def on_post_build(config: Any) -> None:
    """The renderer of saved widgets lies in the site, if `make docs` could get it; and no link leads nowhere."""
    if renderer(config).is_dir():
        shutil.copytree(
            renderer(config),
            Path(config["site_dir"], "assets", "widgets"),
            ignore=shutil.ignore_patterns("*.map", "*amd*.js"),
            dirs_exist_ok=True,
        )
    if broken := broken_links(Path(config["site_dir"])):
        raise PluginError("links that lead nowhere:\n" + "\n".join(broken))


class Page(HTMLParser):
    """What a built page links to, and what can be linked to in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag's names and links."""
        values = {name: value for name, value in attrs if value}
        self.places |= {values[name] for name in ("id", "name") if name in values}
        self.links += [values[name] for name in ("href", "src") if name in values]


def broken_links(site: Path) -> list[str]:
    """Links of the built pages, those in notebooks included, whose file or place in it is not there."""
    pages = {path: Page(path) for path in sorted(site.rglob("*.html")) if path.name != "404.html"}
    broken = []
    for path, page in pages.items():
        for link in page.links:
            address = urlsplit(link)
            if address.scheme or address.netloc:
                continue
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            place = unquote(address.fragment)
            there = target.exists() and (not place or target not in pages or place in pages[target].places)
            if not there and not place.startswith("__"):  # what the theme's script makes
                broken.append(f"{path.relative_to(site)}: {link}")
    return broken


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


def commands() -> list[tuple[str, list[tuple[str, str]]]]:
    """Each command with what it says of itself, and what the commands say that it has of its own."""
    parser = importlib.import_module("sesreceive.cli").build_parser()
    found: dict[str, list[tuple[str, str]]] = {}
    for name, text in helps(parser):
        found.setdefault(name.split()[0], []).append((name, text))
    return list(found.items())


def listed_commands() -> str:
    """The commands as a table: each with a link to its page, and what it is for in a line."""
    parser = importlib.import_module("sesreceive.cli").build_parser()
    (action,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    rows = [f"| [`{one.dest}`](command_line/{one.dest}.md) | {one.help} |" for one in action._choices_actions]
    return "\n".join(["| command | what it is for |", "| --- | --- |", *rows])


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

    def on_class_members(self, *, cls: griffe.Class, **kwargs: Any) -> None:
        """A property that keeps what it has made is a property to readers, too."""
        for name, member in list(cls.members.items()):
            if isinstance(member, griffe.Function) and any(
                decorator.callable_path.endswith(".made_once") for decorator in member.decorators
            ):
                made = griffe.Attribute(
                    name, annotation=member.returns, docstring=member.docstring, lineno=member.lineno,
                    endlineno=member.endlineno,
                )  # fmt: skip
                made.labels.add("property")
                cls.set_member(name, made)


def in_markdown(docstring: str) -> str:
    r"""Doctests become code, `::` announces code, and a heading that is no NumPy section becomes bold.

    >>> in_markdown("Adds:\n\n>>> 1 + 1\n2\n\nReferences\n----------\nRFC 1.").splitlines()
    ['Adds:', '', '```pycon', '>>> 1 + 1', '2', '```', '', '**References**', '', 'RFC 1.']
    """
    docstring = re.sub(r"^References\n-+$", "**References**\n", docstring, flags=re.MULTILINE)
    docstring = re.sub(r"^ *::$|(?<=:):$", "", docstring, flags=re.MULTILINE)
    return re.sub(r"^( *)(>>> .*(?:\n.*\S.*)*)", r"\1```pycon\n\1\2\n\1```", docstring, flags=re.MULTILINE)
