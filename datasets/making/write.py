"""Writes a dataset's generated files: mail, envelopes, zone, answer key, and two tables of its README."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from making.sample import COLUMNS, Sample
from making.sign import key_record

# `@KEY owner [file]`: the TXT record that publishes a test key.
_KEY_LINE = re.compile(r"^@KEY (\S+)(?: (\S+))?$", re.MULTILINE)


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


def write(folder: Path, readme: Path, themes: Iterable[Theme], zone: str) -> int:
    """Write the generated files of one dataset into `folder`; returns how many messages there are.

    `readme` is the README whose tables are filled in; the text around them is kept.
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
    _text(folder / "expected.csv", _table(sample.row(name) for name, sample in named))
    text = readme.read_text(encoding="utf-8")
    text = _filled(text, "columns", ("column", "meaning"), [(f"`{name}`", text) for name, text in COLUMNS.items()])
    for theme in themes:
        rows = [(f"`{name}`", sample.about) for name, sample in theme.named()]
        text = _filled(text, f"messages {theme.first:04}", (theme.title, ""), rows)
    _text(folder / "README.md", text)
    return len(named)


def _published(line: re.Match[str]) -> str:
    return f"{line[1]}. IN TXT {key_record(line[2] or line[1])}"


def _table(rows: Iterable[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _filled(text: str, mark: str, head: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    """The text with what stands between ``<!-- mark -->`` and ``<!-- end -->`` replaced by a table."""
    lines = [" | ".join(head), "--- | ---", *(" | ".join(cell.replace("|", r"\|") for cell in row) for row in rows)]
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
