"""``serve``: live SMTP until interrupted."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from sesreceive.backends.delivery_faults import DELIVERY_FAULTS, DeliveryFault, FaultyBackend, read_fault
from sesreceive.backends.directory import DirectoryBackend
from sesreceive.backends.sns_endpoint import SnsEndpoint
from sesreceive.cli.options import configured, print_report, receiver_of, seconds, tabled
from sesreceive.errors import InputError, ServerError, SesReceiveError, one_line
from sesreceive.smtp.intake import Failed
from sesreceive.smtp.smtp_faults import SMTP_FAULTS, SmtpFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sesreceive.account.account import Account
    from sesreceive.cli.options import Commands
    from sesreceive.receiver import Receiver
    from sesreceive.smtp.server import Server


def add(commands: Commands) -> None:
    """The commands of this family, with their options."""
    serve = commands.command("serve", _serve, "receive live SMTP and print one line a message")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    serve.add_argument("--port", type=int, default=2525, help="port to listen on, 0 for a free one (default: 2525)")
    serve.add_argument("--count", type=int, help="stop after this many messages")
    serve.add_argument("--data", help="folder that keeps objects, notifications and accepted mail, also over restarts")
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


def _serve(options: argparse.Namespace) -> int:
    """Live SMTP until interrupted; one line a message."""
    backend = None
    if options.data is not None:
        if options.seed is not None:
            raise InputError("--seed gives the same message ids on every start: expected none with --data")
        backend = DirectoryBackend(options.data)
    receiver = receiver_of(options, backend=backend)
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
    print_report(server.report, options)
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


def _domains(account: Account) -> list[str]:
    return [identity.name for identity in account.identities if "@" not in identity.name]
