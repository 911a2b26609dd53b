"""Open an account from files of the reader: JSON of the API, a template, a Terraform folder, whatever `load` reads."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

import ipywidgets as W

from sesreceive.account.account import Account
from sesreceive.errors import InputError, SesReceiveError, one_line
from sesreceive.formats.languages import from_json
from sesreceive.formats.loading import load
from sesreceive.ui.kit import Part
from sesreceive.ui.saving import file_name
from sesreceive.wording import count

__all__ = ["Opening", "account_of"]

_ENDINGS = ".json,.yaml,.yml,.template,.tf,.tfstate,.tfvars"


def account_of(files: Iterable[tuple[str, bytes]]) -> tuple[Account, str]:
    r"""The account that some files describe, and what there is to be said about it.

    Examples
    --------
    >>> text = b'resource "aws_ses_receipt_rule_set" "m" {\n rule_set_name = "m"\n}\n'
    >>> account, told = account_of([("main.tf", text)])
    >>> [rule_set.name for rule_set in account.rule_sets]
    ['m']

    Raises
    ------
    InputError
        When nothing in them is about receiving mail.
    """
    files = list(files)
    if not files:
        raise InputError("expected a file but there is none")
    if len(files) == 1 and PurePath(files[0][0]).suffix == ".json":
        # What was saved here is read without loss; a template has other members.
        with suppress(SesReceiveError, UnicodeDecodeError):  # octets that are no text are told of below
            return from_json(files[0][1].decode("utf-8-sig")), ""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files:
            _unused(Path(folder), PurePath(name.replace("\\", "/"))).write_bytes(content)
        loaded = load(next(Path(folder).iterdir()) if len(files) == 1 else folder)
    found = loaded.account
    if not (found.identities or found.filters or found.rule_sets):
        why = f": {one_line(loaded.problems[0], 300)}" if loaded.problems else ""
        raise InputError(f"nothing about receiving mail in `{one_line(files[0][0], 80)}`{why}")
    told = [count(len(loaded.problems), "problem")] if loaded.problems else []
    if loaded.placeholders:
        told.append(f"{count(len(loaded.placeholders), 'stand-in')} for what the files leave open")
    first = [one_line(note, 200) for note in (*loaded.problems, *loaded.placeholders)][:1]
    return loaded.account, "; ".join(told + first)


def _unused(folder: Path, path: PurePath) -> Path:
    """A file of that name that is not there yet: two names may come to the same one, and no file is to be lost."""
    ending = path.suffix.lstrip(".") or "txt"
    places = (folder / file_name(f"{path.stem}{number or ''}", ending) for number in itertools.count())
    return next(place for place in places if not place.exists())


class Opening(W.FileUpload):  # type: ignore[misc]  # ipywidgets has no types
    """A button that takes files and puts their account on screen, as a step that can be undone.

    Parameters
    ----------
    part : Part
        Whose piece it is.
    """

    def __init__(self, part: Part) -> None:
        self._part = part
        super().__init__(
            accept=_ENDINGS,
            multiple=True,
            description="Open account",
            tooltip="An account from files: JSON that was saved here, a CloudFormation template, Terraform files …",
            layout=W.Layout(width="auto"),
        )
        part.on_change(self, self._on_files)

    def take(self, files: Iterable[tuple[str, bytes]]) -> str:
        """Put the account of these files on screen; what was opened."""
        files = list(files)
        account, told = account_of(files)
        names = ", ".join(one_line(name, 60) for name, _ in files[:3])
        self._part.bench.edit(account, f"opened the account of {names}")
        return f"the account of {names} is on screen" + (f": {told}" if told else "")

    def _on_files(self, files: Iterable[Mapping[str, Any]]) -> str | None:
        given = [(str(file["name"]), bytes(file["content"])) for file in files]
        if not given:
            return None
        self.value = ()
        return self.take(given)
