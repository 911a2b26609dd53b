"""``serve --api``: beside live SMTP, the HTTP endpoint that boto3, the aws CLI and CloudFormation talk to."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sesreceive.account.account import Account
from sesreceive.backends.delivery_faults import FaultyBackend
from sesreceive.cli.exits import UsageError
from sesreceive.cli.options import receiver_of
from sesreceive.cli.page_serving import shown_in_browser
from sesreceive.cli.parser import port, region, text
from sesreceive.cli.until_stopped import how_long_it_lasts, print_latest, print_messages, stopped, stopped_by_signals
from sesreceive.errors import SesReceiveError, one_line

if TYPE_CHECKING:
    from sesreceive.backends.delivery_faults import DeliveryFault
    from sesreceive.endpoint.local_endpoint import Endpoint
    from sesreceive.smtp.smtp_faults import SmtpFault

__all__ = ["add_options", "serve_api"]


def add_options(serve: argparse.ArgumentParser) -> None:
    """The options of ``serve`` that say that there is an API, and how it is asked."""
    serve.add_argument(
        "--api",
        type=port,
        metavar="PORT",
        help="also answer the AWS API on this port, 0 for a free one: receiving and identities here, S3, SNS, SQS, "
        "Lambda, CloudFormation and more by moto; the account is empty unless --account or --dataset gives one",
    )
    serve.add_argument("--region", type=region, help="region whose mail is received, with --api (default: us-east-1)")
    serve.add_argument(
        "--api-name",
        action="append",
        type=text("a name"),
        default=[],
        metavar="NAME",
        help="a name by which the API may be asked besides localhost, such as that of a container; may be repeated",
    )


def serve_api(options: argparse.Namespace, faults: list[SmtpFault], delivery: list[DeliveryFault]) -> int:
    """The endpoint until interrupted; one line a message."""
    from sesreceive.endpoint.local_endpoint import Endpoint

    if options.subscribe or options.sns_certificate or options.sns_host:
        raise UsageError("--subscribe: expected none with --api, where `aws sns subscribe` does it")
    if options.seed is not None and options.data is not None:
        raise UsageError("--seed gives the same message ids on every start: expected none with --data")
    has_account = options.account is not None or options.dataset is not None
    if has_account and options.region is not None:
        raise UsageError("--region: expected none with an account, which has one")
    empty = None if has_account else Account(region=options.region or "us-east-1")
    endpoint = Endpoint(
        receiver_of(options, account=empty, is_live=True),
        port=options.api,
        smtp_port=options.port,
        host=options.host,
        hosts=options.api_name,
        data=options.data,
        keep=options.keep,
        go_on=empty is not None and options.region is None,
        around=(lambda backend: FaultyBackend(backend, delivery)) if delivery else None,
        faults=faults,
    )
    try:
        with stopped_by_signals():
            endpoint.start()
            _print_where(endpoint)
            following = endpoint.server.follow()
            with shown_in_browser(endpoint.server, options.ui):
                print_messages(following, options.count)
    except KeyboardInterrupt:
        if not endpoint.running:  # interrupted before it was up
            return 130
    except SesReceiveError:  # no page: nobody goes on with what was taken meanwhile
        if endpoint.running:
            endpoint.stop(options.grace)
        raise
    server = endpoint.server
    code = stopped(endpoint.stop, options.grace, has_spool=options.data is not None)
    print_latest(server, options)
    return code


def _print_where(endpoint: Endpoint) -> None:
    server = endpoint.server
    print(f"receiving at {one_line(server.host)}:{server.port} for {one_line(endpoint.region)}")
    print(f"export AWS_ENDPOINT_URL={one_line(endpoint.url)} AWS_REGION={one_line(endpoint.region)}")
    print("export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any")
    if not endpoint.is_local:
        print("listening beyond this machine: whoever reaches the API can run code here")
    for sentence in endpoint.not_made:
        print(f"not made: {one_line(sentence)}")
    print(one_line(how_long_it_lasts(server), 2000))
