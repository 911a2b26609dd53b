"""``redact``: a message for a bug report, with every private word replaced."""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from sesreceive.cli.accounts import account_of
from sesreceive.cli.options import expect_there, file_option, zone_of
from sesreceive.errors import InputError, one_line
from sesreceive.mail.envelope import Envelope

if TYPE_CHECKING:
    from sesreceive.cli.options import Commands


def add(commands: Commands) -> None:
    """The commands of this family, with their options."""
    redacted = commands.command(
        "redact",
        _redact,
        "write a message for a bug report, with every private word replaced",
        examples=("sesreceive redact message.eml --out bundle",),
    )
    file_option(redacted, "message", help=".eml file")
    file_option(
        redacted,
        "--envelope",
        help="JSON file of its envelope (default: the one beside it, or as it suggests)",
    )
    file_option(
        redacted,
        "--account",
        help="JSON file of the account (default: one that owns the recipients' domains)",
    )
    file_option(redacted, "--zone", help="zone file with the DNS records of the sender")
    file_option(redacted, "--out", required=True, help="new folder to write the files to")


def _redact(options: argparse.Namespace) -> int:
    """One message with its circumstances, without anything private → a folder for a bug report."""
    from sesreceive.mail.corpus import read
    from sesreceive.redact.bundle import redact

    expect_there(options.message)
    account = account_of(options.account) if options.account is not None else None
    zone = zone_of(options.zone) if options.zone is not None else None
    envelope = _envelope(options.envelope) if options.envelope is not None else None
    items = list(itertools.islice(read(options.message, envelope=envelope), 2))
    if len(items) != 1:
        number = "none" if not items else "more than one"
        raise InputError(f"expected one message in `{one_line(options.message)}` but it holds {number}")
    bundle = redact(items[0], account, zone)
    written = bundle.save(options.out)
    print(f"wrote {len(written)} files to {one_line(options.out)}; read them before you send them")
    print(bundle.summary)
    return 0


def _envelope(path: str) -> Envelope:
    where = f"envelope `{one_line(path)}`"
    try:
        return Envelope.from_json(Path(path).read_bytes(), where=where)
    except OSError as error:
        raise InputError(f"cannot read {where}: {error.strerror or error}") from None
