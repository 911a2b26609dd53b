"""The command line: ``sesreceive demo``, ``replay``, ``explain``, ``serve``, ``load``, ``check``, ``redact`` and more.

Each command prints the tables of the library; none decides anything itself.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sesreceive.account.account import Account
from sesreceive.assumption import Assumption
from sesreceive.backends.delivery_faults import DELIVERY_FAULTS, DeliveryFault, FaultyBackend, read_fault
from sesreceive.backends.directory import DirectoryBackend
from sesreceive.backends.sns_endpoint import SnsEndpoint
from sesreceive.clock import SystemClock, to_datetime
from sesreceive.dns.zone import Zone
from sesreceive.errors import InputError, ServerError, SesReceiveError, one_line
from sesreceive.json_input import parse_json
from sesreceive.mail.envelope import Envelope
from sesreceive.receiver import Receiver
from sesreceive.smtp.intake import Failed
from sesreceive.smtp.smtp_faults import SMTP_FAULTS, SmtpFault
from sesreceive.stages.provider_lists import AnyList, ProviderList
from sesreceive.wording import count

if TYPE_CHECKING:
    from datetime import datetime

    from sesreceive.report import Report
    from sesreceive.smtp.server import Server

__all__ = ["main"]

_FORMATS = ("python", "json", "boto3", "cloudformation", "terraform", "terraform-import", "cdk")
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

    dataset = datasets.load(options.dataset, functions=options.functions)
    receiver = dataset.receiver()
    report = receiver.replay(dataset.mail, progress=sys.stderr.isatty())
    _print_report(report, options)
    program = one_line(_program())
    named = f"{one_line(dataset.name)} {one_line(dataset.example)}"
    print(f"\nWhy did a message end like that?  {program} explain --dataset {named}")
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
    backend = None
    if options.data is not None:
        if options.seed is not None:
            raise InputError("--seed gives the same message ids on every start: expected none with --data")
        backend = DirectoryBackend(options.data)
    receiver = _receiver(options, backend=backend)
    faults = [read_fault(text, {**SMTP_FAULTS, **DELIVERY_FAULTS}, _fault(text)) for text in options.fault]
    delivery = [fault for fault in faults if isinstance(fault, DeliveryFault)]
    sns = _subscribed(receiver, options)
    faulty = FaultyBackend(receiver.backend, delivery)
    if delivery:
        receiver.backend = faulty
    smtp = [fault for fault in faults if isinstance(fault, SmtpFault)]
    server = receiver.smtp(host=options.host, port=options.port, faults=smtp)
    try:
        with _stopped_by_signals():
            server.start()
            domains = one_line(", ".join(_domains(receiver.account)), 2000) or "no domain"
            print(f"receiving at {one_line(server.host)}:{server.port} for {domains}")
            print(one_line(_how_long_it_lasts(server), 2000))
            print("stop with Ctrl-C", flush=True)
            seen = 0
            for came in server.follow():
                if isinstance(came, Failed):  # one message that fails is no reason to take no more
                    print(f"sesreceive: {one_line(came, 2000)}", file=sys.stderr, flush=True)
                elif came is not None:
                    print(one_line(repr(came)), flush=True)
                    seen += 1
                if options.count is not None and seen >= options.count:
                    break
    except KeyboardInterrupt:
        pass
    code = 0
    try:
        server.stop(options.grace)
    except ServerError as error:
        print(f"sesreceive: {one_line(error, 2000)}", file=sys.stderr)
        code = 0 if server.spool else 1  # without a spool they are lost now
    faulty.release()
    if sns is not None:
        sns.drain(options.grace)
        sns.stop()
    _print_report(server.report, options)
    return code


def _subscribed(receiver: Receiver, options: argparse.Namespace) -> SnsEndpoint | None:
    """The endpoint that delivers to the subscribers, once there are any."""
    wanted = [text.rpartition("=http") for text in options.subscribe]
    for text, (topic_arn, _, _) in zip(options.subscribe, wanted, strict=True):
        if not topic_arn:
            raise InputError(f"--subscribe: expected TOPIC_ARN=URL but got `{one_line(text)}`")
    if not wanted:
        return None
    sns = SnsEndpoint(host_name=options.sns_host or "").start()
    try:
        if options.sns_certificate is not None:
            Path(options.sns_certificate).write_text(sns.signer.pem, encoding="ascii")
        receiver.backend = sns.behind(receiver.backend)
        print(f"SNS at https://127.0.0.1:{sns.port}, its certificate at {one_line(sns.url + sns.signer.path)}")
        for topic_arn, _, rest in wanted:
            sns.subscribe(topic_arn, f"http{rest}")
    except OSError as error:
        sns.stop()
        raise InputError(f"cannot write `{one_line(options.sns_certificate)}`: {error.strerror}") from None
    except SesReceiveError:
        sns.stop()
        raise
    return sns


def _fault(text: str) -> type[SmtpFault] | type[DeliveryFault]:
    """Whose fault it is that starts with this kind."""
    return DeliveryFault if text.partition(",")[0] in DELIVERY_FAULTS else SmtpFault


def _how_long_it_lasts(server: Server) -> str:
    if server.spool is None:
        return "kept in memory: a message that is answered 250 is kept as long as this process (--data keeps it longer)"
    left = server.counters["waiting"]
    resumed = f", {left} of an earlier run are gone on with" if left else ""
    return f"a message that is answered 250 is kept in {one_line(server.spool)} until it is processed{resumed}"


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """SIGTERM (Docker, systemd) and SIGHUP (a terminal that closes) interrupt as Ctrl-C does; later ones do nothing."""

    def interrupt(number: int, frame: object) -> None:
        for name in names:
            signal.signal(name, signal.SIG_IGN)
        raise KeyboardInterrupt

    names = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():  # Python lets nobody else handle signals
        names = []
    before = {name: signal.signal(name, interrupt) for name in names}
    try:
        yield
    except KeyboardInterrupt:
        raise
    else:
        for name, handler in before.items():
            signal.signal(name, handler)


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


def _check(options: argparse.Namespace) -> int:
    """What SES would refuse of a configuration, all of it, and what it takes but can hardly be meant."""
    account = Account.load(options.account)
    problems = account.problems()
    for problem in problems:
        print(one_line(problem, 2000))
    findings = account.findings
    for finding in findings:
        print(f"finding: {one_line(finding, 2000)}")
    if not problems and not findings:
        print(f"{one_line(options.account)}: no problems in {account!r}")
    elif not problems:
        print(f"{one_line(options.account)}: SES takes {account!r}; see {count(len(findings), 'finding')} above")
    return 1 if problems else 0


def _redact(options: argparse.Namespace) -> int:
    """One message with its circumstances, without anything private → a folder for a bug report."""
    from sesreceive.mail.corpus import read
    from sesreceive.redact.bundle import redact

    account = Account.load(options.account) if options.account is not None else None
    zone = _zone(options.zone) if options.zone is not None else None
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


def _load(options: argparse.Namespace) -> int:
    """A template, dump or folder → the account in it, its problems and placeholders."""
    from sesreceive.formats import load

    loaded = load(
        options.source, variables=_variables(options.var), region=options.region, account_id=options.account_id
    )
    if options.to is not None:
        print(loaded.account.to(options.to), end="")
        for problem in loaded.problems:
            print(one_line(problem, 2000), file=sys.stderr)
    else:
        print(loaded)
    if options.save is not None:
        loaded.account.save(options.save)
    found = [*loaded.problems, *(problem for other in loaded.others for problem in other.problems)]
    return 1 if found and options.strict else 0


def _variables(given: Sequence[str]) -> dict[str, Any]:
    """Values of variables from ``name=value``; JSON is read as such, all else is text."""
    variables: dict[str, Any] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise InputError(f"expected `name=value` but got `{one_line(name, 80)}`")
        variables[name] = value
        if value[:1] in ("[", "{"):
            variables[name] = parse_json(value, where=f"variable `{one_line(name, 80)}`")
    return variables


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


def _fetch(options: argparse.Namespace) -> int:
    """A published list of networks → a file for ``--provider-list``."""
    from sesreceive.published_lists import fetch

    fetched = fetch(options.kind, options.out, options.url)
    print(f"wrote {one_line(options.out)}: {one_line(fetched.about(_now()), 2000)}")
    return 0


def _receiver(options: argparse.Namespace, *, backend: DirectoryBackend | None = None) -> Receiver:
    """The receiver that the options describe: a dataset's, or an account file's with a zone file."""
    if options.account is None:
        dataset = _dataset(options)
        if backend is not None:
            for name, function in dataset.functions.items():
                backend.functions[name] = function
        receiver: Receiver = dataset.receiver(seed=options.seed, backend=backend)
    else:
        zone = _zone(options.zone) if options.zone is not None else Zone({})
        receiver = Receiver(Account.load(options.account), resolver=zone, seed=options.seed, backend=backend)
    receiver.provider_lists += _provider_lists(options)
    return receiver


def _provider_lists(options: argparse.Namespace) -> tuple[AnyList, ...]:
    """The lists that the options name; how old they are is said on standard error, beside the tables."""
    read = [ProviderList.read(path) for path in options.provider_list]
    for entry in read:
        print(f"provider list {one_line(entry.about(_now()), 2000)}", file=sys.stderr)
    return (*read, *map(ProviderList.dnsbl, options.dns_list))


def _now() -> datetime:
    return to_datetime(SystemClock()())


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


def _zone(path: str) -> Zone:
    try:
        return Zone.parse(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read zone `{one_line(path)}`: {error}") from None


def _dataset(options: argparse.Namespace) -> Any:
    from sesreceive import datasets

    return datasets.load(options.dataset, functions=options.functions)


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


def _seconds(text: str) -> float:
    """A time to wait."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < threading.TIMEOUT_MAX:
        raise argparse.ArgumentTypeError(f"expected a number of seconds from 0 but got `{one_line(text)}`")
    return seconds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sesreceive", description="See what Amazon SES would do with your mail, and why, before it arrives."
    )
    commands = parser.add_subparsers(metavar="command", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], summary: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=summary)
        added.set_defaults(command=run)
        return added

    def calling(added: argparse.ArgumentParser) -> None:
        added.add_argument(
            "--no-functions",
            dest="functions",
            action="store_false",
            help="run no code of the dataset: its Lambda functions are not there",
        )

    def configured(added: argparse.ArgumentParser) -> None:
        added.add_argument("--dataset", default="anycompany", help="sample data to use (default: anycompany)")
        added.add_argument("--account", help="JSON file of the account, in place of the dataset's")
        added.add_argument("--zone", help="zone file with the DNS records of the senders, with --account")
        added.add_argument(
            "--provider-list",
            action="append",
            default=[],
            metavar="FILE",
            help="networks that AWS refuses besides: ip-ranges.json, Spamhaus DROP, or one network a line",
        )
        added.add_argument(
            "--dns-list",
            action="append",
            default=[],
            metavar="ZONE",
            help="a DNS list that refuses besides, asked where the senders' records are",
        )
        added.add_argument("--seed", type=int, help="fixes clock and message ids, so that two runs print the same")
        calling(added)

    def tabled(added: argparse.ArgumentParser) -> None:
        added.add_argument("--table", choices=_TABLES, default="messages", help="table to print (default: messages)")
        added.add_argument("--out", help="folder to write all tables to, instead of printing one")
        added.add_argument("--format", choices=("csv", "json", "parquet"), default="csv", help="of the files in --out")

    demo = command("demo", _demo, "receive the sample company's mail and print what fired for each message")
    demo.add_argument("--dataset", default="anycompany", help="sample data to use (default: anycompany)")
    calling(demo)
    tabled(demo)

    def read_from_files(added: argparse.ArgumentParser) -> None:
        added.add_argument(
            "--trusted",
            action="append",
            metavar="HOST",
            help="a receiving host of yours, by name or domain, whose Received fields are believed; may be repeated",
        )
        added.add_argument(
            "--received-at",
            metavar="TIME",
            help="when the mail arrived, such as 2026-01-02T10:05:05Z; by default what its header says, else now",
        )

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
    serve.add_argument("--data", help="folder that keeps objects, notifications and accepted mail, also over restarts")
    serve.add_argument(
        "--grace",
        type=_seconds,
        default=30.0,
        metavar="SECONDS",
        help="how long to go on with accepted mail when stopped by Ctrl-C, SIGTERM or SIGHUP (default: 30)",
    )
    serve.add_argument(
        "--subscribe",
        action="append",
        default=[],
        metavar="TOPIC_ARN=URL",
        help="deliver the notifications of a topic to a web hook on this machine, signed and with retries",
    )
    serve.add_argument(
        "--sns-certificate", metavar="FILE", help="where to write the certificate a web hook has to trust"
    )
    serve.add_argument(
        "--sns-host",
        metavar="NAME",
        help="host of the URLs in SNS messages, such as sns.us-east-1.amazonaws.com, where that name leads here",
    )
    kinds = "; ".join(
        f"{kind}: {what if isinstance(what, str) else what[1]}"
        for kind, what in {**SMTP_FAULTS, **DELIVERY_FAULTS}.items()
    )
    serve.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KIND[,NAME=VALUE…]",
        help=f"something that goes wrong on purpose; may be given several times. {kinds}",
    )
    configured(serve)
    tabled(serve)

    scanners = command("scanners", _scanners, "start the spam and virus scanners that are installed, and try them")
    scanners.add_argument("action", choices=("start",), help="start them on free ports of this machine")
    scanners.add_argument("--once", action="store_true", help="end when they have been tried")

    check = command("check", _check, "list everything SES would refuse of an account")
    check.add_argument("account", help="JSON file of the account")

    redacted = command("redact", _redact, "write a message for a bug report, with every private word replaced")
    redacted.add_argument("message", help=".eml file")
    redacted.add_argument(
        "--envelope", help="JSON file of its envelope (default: the one beside it, or as it suggests)"
    )
    redacted.add_argument("--account", help="JSON file of the account (default: one that owns the recipients' domains)")
    redacted.add_argument("--zone", help="zone file with the DNS records of the sender")
    redacted.add_argument("--out", required=True, help="new folder to write the files to")
    load = command(
        "load", _load, "read an account from a template, an API dump or a folder of them, and say what is open"
    )
    load.add_argument(
        "source", help="CloudFormation, SAM, Terraform, cdk.out, serverless.yml, JSON of the API, or a folder"
    )
    load.add_argument(
        "--var", action="append", default=[], metavar="NAME=VALUE", help="value of a variable or parameter"
    )
    load.add_argument("--region", help="AWS region it is deployed to")
    load.add_argument("--account-id", help="AWS account it is deployed to")
    load.add_argument("--to", choices=_FORMATS, help="print the account in this format instead")
    load.add_argument("--save", metavar="FILE", help="also write the account as JSON, for --account of other commands")
    load.add_argument("--strict", action="store_true", help="exit with 1 where there are problems, for CI")

    providers = commands.add_parser(
        "providers", help="download the lists that AWS and Spamhaus publish, for --provider-list of other commands"
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

    known = command("assumptions", _assumptions, "list what nobody outside AWS knows, and how it is decided")
    known.add_argument("--markdown", action="store_true", help="as the table in the documentation")
    return parser


if __name__ == "__main__":
    sys.exit(main())
