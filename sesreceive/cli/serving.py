"""``serve``: live SMTP until interrupted."""

from __future__ import annotations

import argparse
import contextlib
import logging
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from sesreceive.backends.delivery_faults import DELIVERY_FAULTS, DeliveryFault, FaultyBackend, read_fault
from sesreceive.backends.directory import DirectoryBackend
from sesreceive.backends.sns_endpoint import SnsEndpoint
from sesreceive.cli.exits import UsageError
from sesreceive.cli.options import (
    configured,
    file_option,
    judged_by_sample,
    now,
    print_report,
    receiver_of,
    seconds,
    tabled,
)
from sesreceive.cli.parser import number, port, text
from sesreceive.cli.terminal import strong, toned
from sesreceive.errors import InputError, ServerError, SesReceiveError, one_line
from sesreceive.smtp.intake import Failed
from sesreceive.smtp.smtp_faults import SMTP_FAULTS, SmtpFault
from sesreceive.trace.vocabulary import Tone
from sesreceive.wording import NO, YES, count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sesreceive.account.account import Account
    from sesreceive.cli.options import Commands
    from sesreceive.receiver import Receiver
    from sesreceive.reception import Reception
    from sesreceive.smtp.server import Server

# A server that runs for weeks would keep every message in memory otherwise.
KEPT = 10_000


def add(commands: Commands) -> None:
    """The commands of this family, with their options."""
    serve = commands.command(
        "serve",
        _serve,
        "receive live SMTP and print one line a message: time, from, to, answer, rule and why",
        examples=(
            "sesreceive serve",
            "sesreceive serve --port 0 --account account.json --zone zone.txt",
            "sesreceive serve --port 0 --dataset first-steps --data kept",
        ),
    )
    serve.add_argument(
        "--host", type=text("an address"), default="127.0.0.1", help="address to listen on (default: 127.0.0.1)"
    )
    serve.add_argument("--port", type=port, default=2525, help="port to listen on, 0 for a free one (default: 2525)")
    serve.add_argument("--count", type=number(1), help="stop after this many messages")
    file_option(serve, "--data", help="folder that keeps objects, notifications and accepted mail, also over restarts")
    serve.add_argument(
        "--keep",
        type=number(1),
        default=KEPT,
        metavar="NUMBER",
        help=f"how many messages the tables at the end have, the latest (default: {KEPT})",
    )
    serve.add_argument(
        "--grace",
        type=seconds,
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
    file_option(
        serve, "--sns-certificate", metavar="FILE", help="where to write the certificate a web hook has to trust"
    )
    serve.add_argument(
        "--sns-host",
        type=text("a host"),
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


def _serve(options: argparse.Namespace) -> int:
    """Live SMTP until interrupted; one line a message."""
    backend = None
    if options.data is not None:
        if options.seed is not None:
            raise UsageError("--seed gives the same message ids on every start: expected none with --data")
        backend = DirectoryBackend(options.data)
    receiver = receiver_of(options, backend=backend)
    faults = [read_fault(text, {**SMTP_FAULTS, **DELIVERY_FAULTS}, _fault(text)) for text in options.fault]
    delivery = [fault for fault in faults if isinstance(fault, DeliveryFault)]
    sns = _subscribed(receiver, options)
    faulty = FaultyBackend(receiver.backend, delivery)
    if delivery:
        receiver.backend = faulty
    smtp = [fault for fault in faults if isinstance(fault, SmtpFault)]
    server = receiver.smtp(host=options.host, port=options.port, faults=smtp, keep=options.keep)
    following = server.follow()
    logging.getLogger("sesreceive").addHandler(logging.NullHandler())  # each failure is printed below, in one line
    try:
        with _stopped_by_signals():
            server.start()
            judged_by_sample(options)
            domains = one_line(", ".join(_domains(receiver.account)), 2000) or "no domain"
            print(f"receiving at {one_line(server.host)}:{server.port} for {domains}")
            print(one_line(_how_long_it_lasts(server), 2000))
            print("stop with Ctrl-C", flush=True)
            seen = 0
            for came in following:
                if isinstance(came, Failed):  # one message that fails is no reason to take no more
                    print(f"sesreceive: {one_line(came, 2000)}", file=sys.stderr, flush=True)
                elif came is not None:
                    print(message_line(came), flush=True)
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
    report, processed = server.report, server.counters["processed"]
    if processed > len(report):
        print(f"{processed:d} messages were processed: the tables have the latest {len(report)} (--keep)")
    print_report(report, options)
    return code


def message_line(reception: Reception) -> str:
    """One message as a line: when, from, to, the answer, the rules that fired, and why it ended so.

    Examples
    --------
    >>> import sesreceive as ses
    >>> receiver = ses.Receiver(ses.Account(identities=("example.com",)), seed=1)
    >>> print(message_line(receiver.receive(b"", mail_from="bo@example.org", rcpt_to=["ana@example.com"]))[10:])
    ✗ 550 5.1.1  bo@example.org → ana@example.com  no receipt rule set is active, so nothing is received
    """
    first, *others = reception.envelope.rcpt_to or ("nobody",)
    more = f" and {count(len(others), 'other')}" if others else ""
    moment = reception.received_at or now()
    answer = f"{YES if reception.accepted else NO} {one_line(reception.reply.status)}"
    sender = one_line(reception.envelope.mail_from or "<>", 80)
    parts = [f"{moment:%H:%M:%S}", toned(answer, Tone.GOOD if reception.accepted else Tone.BAD)]
    parts.append(f"{sender} → {one_line(first, 80)}{more}")
    if reception.rules:
        parts.append(strong(one_line(", ".join(reception.rules), 80)))
    return "  ".join([*parts, one_line(reception.decided.sentence, 2000)])


def _subscribed(receiver: Receiver, options: argparse.Namespace) -> SnsEndpoint | None:
    """The endpoint that delivers to the subscribers, once there are any."""
    wanted = [argument.rpartition("=http") for argument in options.subscribe]
    for argument, (topic_arn, _, _) in zip(options.subscribe, wanted, strict=True):
        if not topic_arn:
            raise UsageError(f"--subscribe: expected TOPIC_ARN=URL but got `{one_line(argument)}`")
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


def _domains(account: Account) -> list[str]:
    return [identity.name for identity in account.identities if "@" not in identity.name]
