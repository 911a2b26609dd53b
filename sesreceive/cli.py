"""The command line: ``sesreceive demo``, ``replay``, ``explain``, ``serve``, ``check``, ``assumptions``.

Each command prints the tables of the library; none decides anything itself.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sesreceive.account.account import Account
from sesreceive.assumption import Assumption
from sesreceive.dns.zone import Zone
from sesreceive.errors import InputError, SesReceiveError, one_line
from sesreceive.receiver import Receiver

if TYPE_CHECKING:
    from sesreceive.report import Report

__all__ = ["main"]

# Ten years: the command ends by Ctrl-C or after its count.
_FOREVER_S = 10 * 365 * 86_400.0
_TABLES = ("messages", "recipients", "filters", "rules", "actions", "effects", "events", "matrix", "passed_over")
# Lines about what was no message.
_PASSED_OVER = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 1 when a check found problems, 2 when the input is wrong.

    Parameters
    ----------
    arguments : sequence of str, optional
        What stands behind the program's name; ``sys.argv`` by default.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        command: Callable[[argparse.Namespace], int] = options.command
        return command(options)
    except SesReceiveError as error:
        for line in str(error).splitlines():
            print(f"sesreceive: {one_line(line, 2000)}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130


def _demo(options: argparse.Namespace) -> int:
    """The sample company's mail, received with its rule set."""
    from sesreceive import datasets

    dataset = datasets.load(options.dataset)
    receiver = dataset.receiver()
    report = receiver.replay(dataset.mail, progress=sys.stderr.isatty())
    _print_report(report, options)
    program = _program()
    print(f"\nWhy did a message end like that?  {program} explain --dataset {dataset.name} {dataset.example}")
    print(f"Filters, rules and actions each:  {program} demo --table matrix, or --out FOLDER for all tables")
    return 0


def _program() -> str:
    """How to call this program again: its name, or its path where it is not on PATH."""
    called = sys.argv[0]
    return called if Path(called).name == "sesreceive" and not shutil.which("sesreceive") else "sesreceive"


def _replay(options: argparse.Namespace) -> int:
    """Many messages → tables."""
    receiver = _receiver(options)
    source = options.source if options.source is not None else _dataset(options).mail
    report = receiver.replay(source, progress=sys.stderr.isatty(), **_reading(options))
    _print_report(report, options)
    _print_passed_over(report)
    return 0


def _explain(options: argparse.Namespace) -> int:
    """One message → why each filter, rule and action did or did not fire."""
    receiver = _receiver(options)
    path = Path(options.message)
    if not path.exists() and options.dataset:
        path = _in_dataset(_dataset(options).mail, options.message)
    report = receiver.replay(path, **_reading(options))
    for reception in report:
        print(reception.explain(full=options.full))
        if points := reception.assumed():
            print("what nobody outside AWS knows, and mattered here")
            for point in points:
                print(f"    {one_line(point)}")
    _print_passed_over(report)
    return 0


def _serve(options: argparse.Namespace) -> int:
    """Live SMTP until interrupted; one line a message."""
    receiver = _receiver(options)
    with receiver.smtp(host=options.host, port=options.port) as server:
        print(f"receiving at {server.host}:{server.port} for {', '.join(_domains(receiver.account)) or 'no domain'}")
        print("stop with Ctrl-C", flush=True)
        seen = 0
        with contextlib.suppress(KeyboardInterrupt):
            while options.count is None or seen < options.count:
                server.wait_for(seen + 1, timeout=_FOREVER_S, kind="all")
                for reception in server.receptions[seen:]:
                    print(one_line(repr(reception)), flush=True)
                    seen += 1
    _print_report(server.report, options)
    return 0


def _check(options: argparse.Namespace) -> int:
    """What SES would refuse of a configuration, all of it."""
    account = Account.load(options.account)
    problems = account.problems()
    for problem in problems:
        print(one_line(problem, 2000))
    if not problems:
        print(f"{one_line(options.account)}: no problems in {account!r}")
    return 1 if problems else 0


def _assumptions(options: argparse.Namespace) -> int:
    """The points that the documentation leaves open, and how they are decided."""
    rows = Assumption.rows()
    if options.markdown:
        print("| setting | default | other readings | what it decides | evidence | left open by |")
        print("| --- | --- | --- | --- | --- | --- |")
        for row in rows:
            others = ", ".join(map(_word, row.alternatives))
            cells = (f"`{row.name}`", _word(row.value), others, row.meaning, row.evidence, row.source)
            print("|", " | ".join(cells), "|")
    else:
        for row in rows:
            print(f"{row.name} = {row.value!r}\n    {row.meaning}\n    or: {', '.join(map(str, row.alternatives))}")
            print(f"    evidence: {row.evidence}")
    return 0


def _word(value: object) -> str:
    return str(value) if value == "(any)" else f"`{value!r}`"


def _receiver(options: argparse.Namespace) -> Receiver:
    """The receiver that the options describe: a dataset's, or an account file's with a zone file."""
    if options.account is None:
        receiver: Receiver = _dataset(options).receiver(seed=options.seed)
        return receiver
    zone = Zone({})
    if options.zone is not None:
        try:
            zone = Zone.parse(Path(options.zone).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"cannot read zone `{one_line(options.zone)}`: {error}") from None
    return Receiver(Account.load(options.account), resolver=zone, seed=options.seed)


def _reading(options: argparse.Namespace) -> dict[str, Any]:
    """How mail is read: whose Received fields are believed, and when it arrived where that is said."""
    envelope = {"received_at": options.received_at} if options.received_at is not None else None
    return {"trusted": tuple(options.trusted or ()), "envelope": envelope}


def _print_passed_over(report: Report) -> None:
    """What was no message, on standard error: the table is for the next program."""
    passed_over = report.passed_over_items
    for one in passed_over[:_PASSED_OVER]:
        print(f"passed over {one_line(one.name, 80)}: {one.why}: {one_line(one.reason)}", file=sys.stderr)
    if len(passed_over) > _PASSED_OVER:
        print(f"passed over {len(passed_over) - _PASSED_OVER} more: --table passed_over lists all", file=sys.stderr)


def _dataset(options: argparse.Namespace) -> Any:
    from sesreceive import datasets

    return datasets.load(options.dataset)


def _in_dataset(folder: Path, name: str) -> Path:
    """The one message of a dataset whose file name starts like this."""
    found = sorted(folder.glob(f"{glob_escape(name)}*.eml"))
    if not found:
        raise InputError(f"expected a message file or the start of a name in the dataset but got `{one_line(name)}`")
    return found[0]


def glob_escape(text: str) -> str:
    """`text` with the wildcards of `glob` taken literally."""
    import glob

    return glob.escape(text)


def _domains(account: Account) -> list[str]:
    return [identity.name for identity in account.identities if "@" not in identity.name]


def _print_report(report: Report, options: argparse.Namespace) -> None:
    if options.out is not None:
        written = report.save(options.out, format=options.format)
        print(f"wrote {len(written)} tables to {one_line(options.out)}")
        return
    print(report.to_text(options.table))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sesreceive", description="See what Amazon SES would do with your mail, and why, before it arrives."
    )
    commands = parser.add_subparsers(metavar="command", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], summary: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=summary)
        added.set_defaults(command=run)
        return added

    def configured(added: argparse.ArgumentParser) -> None:
        added.add_argument("--dataset", default="anycompany", help="sample data to use (default: anycompany)")
        added.add_argument("--account", help="JSON file of the account, in place of the dataset's")
        added.add_argument("--zone", help="zone file with the DNS records of the senders, with --account")
        added.add_argument("--seed", type=int, help="fixes clock and message ids, so that two runs print the same")

    def tabled(added: argparse.ArgumentParser) -> None:
        added.add_argument("--table", choices=_TABLES, default="messages", help="table to print (default: messages)")
        added.add_argument("--out", help="folder to write all tables to, instead of printing one")
        added.add_argument("--format", choices=("csv", "json", "parquet"), default="csv", help="of the files in --out")

    demo = command("demo", _demo, "receive the sample company's mail and print what fired for each message")
    demo.add_argument("--dataset", default="anycompany", help="sample data to use (default: anycompany)")
    tabled(demo)

    def read_from_files(added: argparse.ArgumentParser) -> None:
        added.add_argument(
            "--trusted", action="append", metavar="HOST",
            help="a receiving host of yours, by name or domain, whose Received fields are believed; may be repeated",
        )  # fmt: skip
        added.add_argument(
            "--received-at", metavar="TIME",
            help="when the mail arrived, such as 2026-01-02T10:05:05Z; by default what its header says, else now",
        )  # fmt: skip

    replay = command("replay", _replay, "receive a folder of mail, a mailbox, an archive or one message; print tables")
    replay.add_argument("source", nargs="?", help="file or folder; the dataset's mail when there is none")
    configured(replay)
    read_from_files(replay)
    tabled(replay)

    explain = command("explain", _explain, "say why each filter, rule and action did or did not fire for a message")
    explain.add_argument("message", help=".eml file, or the start of a message's name in the dataset")
    explain.add_argument("--full", action="store_true", help="also list what was skipped or missed in long runs")
    configured(explain)
    read_from_files(explain)

    serve = command("serve", _serve, "receive live SMTP and print one line a message")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    serve.add_argument("--port", type=int, default=2525, help="port to listen on, 0 for a free one (default: 2525)")
    serve.add_argument("--count", type=int, help="stop after this many messages")
    configured(serve)
    tabled(serve)

    check = command("check", _check, "list everything SES would refuse of an account")
    check.add_argument("account", help="JSON file of the account")

    known = command("assumptions", _assumptions, "list what nobody outside AWS knows, and how it is decided")
    known.add_argument("--markdown", action="store_true", help="as the table in the documentation")
    return parser


if __name__ == "__main__":
    sys.exit(main())
