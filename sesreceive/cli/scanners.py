"""``scanners`` and ``providers``: what other programs and publishers give."""

from __future__ import annotations

import argparse
import contextlib
import threading
from typing import TYPE_CHECKING

from sesreceive.cli.options import now
from sesreceive.errors import ServerError, one_line

if TYPE_CHECKING:
    from sesreceive.cli.options import Commands


def add(commands: Commands) -> None:
    """The commands of this family, with their options."""
    scanners = commands.command(
        "scanners", _scanners, "start the spam and virus scanners that are installed, and try them"
    )
    scanners.add_argument("action", choices=("start",), help="start them on free ports of this machine")
    scanners.add_argument("--once", action="store_true", help="end when they have been tried")

    providers = commands.command(
        "providers", None, "download the lists that AWS and Spamhaus publish, for --provider-list of other commands"
    )
    fetched = providers.add_subparsers(metavar="fetch", required=True).add_parser(
        "fetch", help="download one list now; nothing else does"
    )
    fetched.set_defaults(command=_fetch)
    fetched.add_argument("kind", choices=("ec2", "drop"), help="addresses of Amazon EC2, or Spamhaus DROP")
    fetched.add_argument("--out", required=True, metavar="FILE", help="file to write it to")
    fetched.add_argument(
        "--url", action="append", default=[], help="where to ask instead; once for each part of the list"
    )


def _scanners(options: argparse.Namespace) -> int:
    """Start the daemons of scanners that are installed, try them, and keep them until interrupted."""
    from sesreceive.scan.scanner_service import SERVICES, started

    failed = False
    with contextlib.ExitStack() as stack:
        for name, service in SERVICES.items():
            if not service.installed:
                print(f"{name}: not installed (Debian: {service.package})")
                continue
            try:
                daemon = stack.enter_context(started(name))
            except ServerError as error:
                failed = True
                print(one_line(error, 2000))
                continue
            print(f"{name}: {service.scanner.__name__}(address={daemon.tcp!r})")
            for about, finding in daemon.tried():
                print(f"    {about}: {finding.subject} {finding.verdict}: {one_line(finding.reason)}", flush=True)
        if not options.once:
            print("stop with Ctrl-C", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                threading.Event().wait()
    return 1 if failed else 0


def _fetch(options: argparse.Namespace) -> int:
    """A published list of networks → a file for ``--provider-list``."""
    from sesreceive.published_lists import fetch

    fetched = fetch(options.kind, options.out, options.url)
    print(f"wrote {one_line(options.out)}: {one_line(fetched.about(now()), 2000)}")
    return 0
