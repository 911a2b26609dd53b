"""``serve``: live SMTP until interrupted."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sesreceive.backends.delivery_faults import DELIVERY_FAULTS, DeliveryFault, FaultyBackend, read_fault
from sesreceive.backends.directory import DirectoryBackend
from sesreceive.backends.sns_endpoint import SnsEndpoint
from sesreceive.cli.api_serving import add_options, serve_api
from sesreceive.cli.destinations import expect_folder_place
from sesreceive.cli.exits import UsageError
from sesreceive.cli.options import configured, file_option, judged_by_sample, receiver_of, seconds, tabled
from sesreceive.cli.page_serving import add_page_option, expect_page, shown_in_browser
from sesreceive.cli.parser import number, port, text
from sesreceive.cli.until_stopped import how_long_it_lasts, print_latest, print_messages, stopped, stopped_by_signals
from sesreceive.errors import InputError, SesReceiveError, ValidationError, one_line
from sesreceive.smtp.smtp_faults import SMTP_FAULTS, SmtpFault
from sesreceive.wording import either, expected

if TYPE_CHECKING:
    from sesreceive.account.account import Account
    from sesreceive.cli.options import Commands
    from sesreceive.receiver import Receiver

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
            "sesreceive serve --port 0 --api 0",
            "sesreceive serve --port 0 --dataset first-steps --ui 0",
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
    add_page_option(serve)
    add_options(serve)
    tabled(serve)


def _serve(options: argparse.Namespace) -> int:
    """Live SMTP until interrupted; one line a message."""
    expect_folder_place(options.out)
    faults = list(map(_fault, options.fault))
    delivery = [fault for fault in faults if isinstance(fault, DeliveryFault)]
    smtp = [fault for fault in faults if isinstance(fault, SmtpFault)]
    expect_page(options.ui)
    if options.api is not None:
        return serve_api(options, smtp, delivery)
    if options.region is not None or options.api_name:
        raise UsageError("--region and --api-name have no effect without --api")
    backend = None
    if options.data is not None:
        if options.seed is not None:
            raise UsageError("--seed gives the same message ids on every start: expected none with --data")
        backend = DirectoryBackend(options.data)
    receiver = receiver_of(options, backend=backend, is_live=True)
    sns = _subscribed(receiver, options)
    faulty = FaultyBackend(receiver.backend, delivery)
    if delivery:
        receiver.backend = faulty
    server = receiver.smtp(host=options.host, port=options.port, faults=smtp, keep=options.keep)
    following = server.follow()
    try:
        with stopped_by_signals():
            server.start()
            judged_by_sample(options)
            domains = one_line(", ".join(_domains(receiver.account)), 2000) or "no domain"
            print(f"receiving at {one_line(server.host)}:{server.port} for {domains}")
            print(one_line(how_long_it_lasts(server), 2000))
            with shown_in_browser(server, options.ui):
                print_messages(following, options.count)
    except KeyboardInterrupt:
        pass
    except SesReceiveError:  # no page: nobody goes on with what was taken meanwhile
        server.stop(options.grace)
        raise
    code = stopped(server.stop, options.grace, has_spool=server.spool is not None)
    faulty.release()
    if sns is not None:
        sns.drain(options.grace)
        sns.stop()
    print_latest(server, options)
    return code


def _subscribed(receiver: Receiver, options: argparse.Namespace) -> SnsEndpoint | None:
    """The endpoint that delivers to the subscribers, once there are any."""
    wanted = [argument.rpartition("=http") for argument in options.subscribe]
    topics = _topics(receiver.account)
    for argument, (topic_arn, _, _) in zip(options.subscribe, wanted, strict=True):
        if not topic_arn:
            raise UsageError(f"--subscribe: expected TOPIC_ARN=URL but got `{one_line(argument)}`")
        if topic_arn not in topics:
            told = f"to which no rule publishes: {expected(either(map(one_line, topics)), topic_arn, topics)}"
            raise UsageError(f"--subscribe has no effect with a topic {told}")
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


def _fault(text: str) -> SmtpFault | DeliveryFault:
    """The fault that is written like this."""
    kind = DeliveryFault if text.partition(",")[0] in DELIVERY_FAULTS else SmtpFault
    try:
        fault: SmtpFault | DeliveryFault = read_fault(text, {**SMTP_FAULTS, **DELIVERY_FAULTS}, kind)
    except (InputError, ValidationError) as error:
        raise UsageError(f"--fault `{one_line(text, 80)}`: {error}") from None
    return fault


def _topics(account: Account) -> list[str]:
    """The topics that a rule names, each once."""
    actions = (action for rules in account.rule_sets for rule in rules.rules for action in rule.actions)
    return list(dict.fromkeys(action.topic_arn for action in actions if action.topic_arn))


def _domains(account: Account) -> list[str]:
    return [identity.name for identity in account.identities if "@" not in identity.name]
