"""``scanners`` and ``providers``: what other programs and publishers give."""

from __future__ import annotations

import argparse
import contextlib
import threading

from sesreceive.cli.exits import Exit
from sesreceive.cli.options import Commands, file_option, now
from sesreceive.errors import ServerError, one_line


def add(commands: Commands) -> None:
    """The commands of this family, with their options."""
    scanners = commands.command(
        "scanners",
        _scanners,
        "start the spam and virus scanners that are installed, and try them",
        examples=("sesreceive scanners start --once",),
    )
    scanners.add_argument("action", choices=("start",), help="start them on free ports of this machine")
    scanners.add_argument("--once", action="store_true", help="end when they have been tried")

    example = "sesreceive providers fetch ec2 --out ip-ranges.json"
    providers = commands.command(
        "providers",
        None,
        "download the lists that AWS and Spamhaus publish, for --provider-list of other commands",
        examples=(example,),
    )
    fetched = Commands(providers).command(
        "fetch", _fetch, "download one list now; nothing else does", examples=(example,)
    )
    fetched.add_argument("kind", choices=("ec2", "drop"), help="addresses of Amazon EC2, or Spamhaus DROP")
    file_option(fetched, "--out", required=True, metavar="FILE", help="file to write it to")
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
    return Exit.SERVER if failed else Exit.DONE


def _fetch(options: argparse.Namespace) -> int:
    """A published list of networks → a file for ``--provider-list``."""
    from sesreceive.published_lists import fetch

    fetched = fetch(options.kind, options.out, options.url)
    print(f"wrote {one_line(options.out)}: {one_line(fetched.about(now()), 2000)}")
    return 0
