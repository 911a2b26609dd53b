"""Writes a dataset's generated files: mail, envelopes, zone, answer key, and two tables of its README."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from making.sample import COLUMNS, Sample
from making.sign import key_record

# `@KEY owner [file [tags]]`: the TXT record that publishes a test key, with further tags such as `t=s;`.
_KEY_LINE = re.compile(r"^@KEY (\S+)(?: (\S+)(?: (.+))?)?$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Theme:
    """Samples that belong together; they are numbered from `first` on."""

    title: str
    first: int
    samples: tuple[Sample, ...]

    def named(self) -> Iterator[tuple[str, Sample]]:
        """Each sample with its file name."""
        for number, sample in enumerate(self.samples, self.first):
            yield f"{number:04}-{sample.slug}", sample


def write(folder: Path, readme: Path, themes: Iterable[Theme], zone: str, columns: Mapping[str, str] = COLUMNS) -> int:
    """Write the generated files of one dataset into `folder`; returns how many messages there are.

    `readme` is the README whose tables are filled in; the text around them is kept. `columns` are those of the
    answer key, with their meaning.
    """
    themes = tuple(themes)
    named = [pair for theme in themes for pair in theme.named()]
    mail = folder / "mail"
    mail.mkdir(parents=True, exist_ok=True)
    for stale in [*mail.glob("*.eml"), *mail.glob("*.envelope.json")]:
        stale.unlink()
    for position, (name, sample) in enumerate(sorted(named)):
        (mail / f"{name}.eml").write_bytes(sample.raw)
        _text(mail / f"{name}.envelope.json", sample.envelope(position))
    _text(folder / "zone.txt", _KEY_LINE.sub(_published, zone.lstrip("\n")))
    _text(folder / "expected.csv", _table(columns, (sample.row(name) for name, sample in named)))
    text = readme.read_text(encoding="utf-8")
    text = _filled(text, "columns", ("column", "meaning"), [(f"`{name}`", text) for name, text in columns.items()])
    for theme in themes:
        rows = [(f"`{name}`", *sample.cells()) for name, sample in theme.named()]
        text = _filled(text, f"messages {theme.first:04}", (theme.title, *theme.samples[0].headings), rows)
    _text(folder / "README.md", text)
    return len(named)


def _published(line: re.Match[str]) -> str:
    return f"{line[1]}. IN TXT {key_record(line[2] or line[1], line[3] or '')}"


def _table(columns: Iterable[str], rows: Iterable[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _filled(text: str, mark: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """The text with what stands between ``<!-- mark -->`` and ``<!-- end -->`` replaced by a table."""
    rule = " | ".join("---" for _ in head)
    lines = [" | ".join(head), rule, *(" | ".join(cell.replace("|", r"\|") for cell in row) for row in rows)]
    table = "".join(f"| {line} |\n" for line in lines)
    text, count = re.subn(
        rf"(<!-- {mark} -->\n).*?(\n?<!-- end -->)",
        lambda found: found[1] + table + "<!-- end -->",
        text,
        flags=re.DOTALL,
    )
    assert count == 1, (
        f"the README needs the lines `<!-- {mark} -->` and `<!-- end -->` once, but has them {count} times"
    )
    return text


def _text(path: Path, text: str) -> None:
    path.write_bytes(text.encode())  # LF on every system
