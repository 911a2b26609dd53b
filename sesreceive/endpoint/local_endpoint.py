"""An endpoint on this machine: SES receiving beside moto's S3, SNS, SQS, Lambda and CloudFormation, and live SMTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any

from sesreceive.account.account import Account
from sesreceive.account.regions import region_finding
from sesreceive.backends.aws import AwsBackend
from sesreceive.backends.memory import MemoryBackend
from sesreceive.clock import SystemClock
from sesreceive.control.service import Service
from sesreceive.endpoint.dispatcher import Dispatcher
from sesreceive.endpoint.functions import FunctionRunner
from sesreceive.endpoint.given_account import provide
from sesreceive.endpoint.kept import Kept
from sesreceive.endpoint.moments import MomentClock
from sesreceive.endpoint.moto_identities import follow_account
from sesreceive.endpoint.moto_parts import moto_application, prepared, request_handler, require_moto, without_events
from sesreceive.endpoint.received_mail import EndpointReceiver, ReceivedMail
from sesreceive.errors import InputError, ServerError, one_line
from sesreceive.receiver import Receiver
from sesreceive.shown import Shown
from sesreceive.smtp.listener import bind
from sesreceive.smtp.server import Server

__all__ = ["Endpoint"]

# Connections of HTTP that may be made at the same moment.
_BACKLOG = 128


class Endpoint(Shown):
    """What boto3, the aws CLI and CloudFormation talk to in place of AWS, and the SMTP port whose mail it receives.

    The receiving operations of SES and its identities are answered here, everything else by moto, in one account. Mail
    to the SMTP port meets the active rule set of the region, and lands in the S3, SNS and Lambda of this endpoint.
    Any credentials will do. What reaches the endpoint can run code on this machine, so it listens on loopback.

    Parameters
    ----------
    receiver : Receiver, optional
        Whose account, resolver, scanners and settings it begins with; an empty account in us-east-1 by default. Of
        its backend only the functions that are registered there are used.
    port, smtp_port : int
        Of HTTP and SMTP; 0 for free ones.
    host : str
        Address to listen on.
    hosts : iterable of str
        Names by which HTTP may be asked besides those of loopback, such as that of a container.
    data : str or Path, optional
        Folder where everything is kept over restarts; in memory by default.
    go_on : bool
        Whether an account that the data folder holds takes the place of the receiver's; otherwise they must be equal.
    keep : int
        How many receptions are kept, the latest.
    around : callable, optional
        Makes another backend of the one that writes to this endpoint, such as one that fails on purpose.
    **smtp
        Further options of `sesreceive.smtp.server.Server`.

    Raises
    ------
    MissingExtraError
        When moto is not installed.
    InputError
        When the data folder cannot be used, or it holds another account than that of the receiver.
    ServerError
        When a port cannot be had.

    Examples
    --------
    >>> import boto3
    >>> with Endpoint() as endpoint:
    ...     ses = boto3.client("ses", endpoint_url=endpoint.url, region_name="us-east-1",
    ...                        aws_access_key_id="any", aws_secret_access_key="any")
    ...     _ = ses.create_receipt_rule_set(RuleSetName="main")
    ...     [one["Name"] for one in ses.list_receipt_rule_sets()["RuleSets"]]
    ['main']
    """

    def __init__(
        self,
        receiver: Receiver | None = None,
        *,
        port: int = 0,
        smtp_port: int = 0,
        host: str = "127.0.0.1",
        hosts: Iterable[str] = (),
        data: str | Path | None = None,
        go_on: bool = False,
        keep: int = 1_000,
        around: Callable[[Any], Any] | None = None,
        **smtp: Any,
    ) -> None:
        require_moto()
        self.host, self.hosts, self._port, self._smtp_port = host, tuple(hosts), port, smtp_port
        self.mail = ReceivedMail(keep)
        self.not_made: list[str] = []
        self._go_on = go_on or receiver is None
        self._given, self._data, self._around, self._smtp = receiver, data, around or (lambda backend: backend), smtp
        self._stack = ExitStack()
        self._http: Any = None
        self._server: Server | None = None
        self._service: Service | None = None

    # ---------------------------------------------------------------- life

    def start(self) -> Endpoint:
        """Both ports answer; what the data folder holds is there again."""
        if self._server is not None:
            return self
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def _start(self, stack: ExitStack) -> None:
        kept = Kept(self._data) if self._data is not None else None
        if kept is not None:
            stack.callback(kept.close)
        receiver, is_new = self._receiver(kept)
        if sentence := region_finding(receiver.account.region):
            raise InputError(sentence)
        clock = MomentClock(receiver.clock)
        given = receiver.backend
        # What is asked again wrote its setup messages the first time.
        receiver.backend = MemoryBackend()
        service = self._service = Service([receiver], received=self.mail, clock=clock)
        moto = moto_application()
        dispatcher = Dispatcher(
            service, moto, mail=self.mail, clock=SystemClock(), hosts=self.hosts, health=self._health
        )
        self._http = self._bound(dispatcher)
        stack.callback(self._http.server_close)
        runner = FunctionRunner({"AWS_ENDPOINT_URL": self.url})
        stack.enter_context(prepared(service, runner, url=self.url))
        for control in service.values():
            follow_account(control)
        self.not_made = provide(receiver.account)
        if kept is not None and not is_new:
            with without_events(), runner.resting():
                self.not_made += kept.replay(dispatcher)
        elif kept is not None:
            kept.begin(receiver.account)
        dispatcher.kept = kept
        backend = AwsBackend(
            endpoint_url=self.url,
            region=self.region,
            functions=getattr(given, "functions", None),
            spool=kept.spool if kept is not None else False,
        )
        for region, control in service.items():
            control.receiver.backend = self._around(backend.in_region(region))
        thread = threading.Thread(target=self._http.serve_forever, name=f"sesreceive-api-{self.port}", daemon=True)
        thread.start()
        stack.callback(self._stop_http, thread)
        settings = {"keep": self.mail.keep, **self._smtp}
        server = Server(receiver, host=self.host, port=self._smtp_port, **settings)
        self._server = server.start()

    def _receiver(self, kept: Kept | None) -> tuple[EndpointReceiver, bool]:
        """The receiver, and whether its account is a new one."""
        account = kept.account() if kept is not None else None
        receiver = EndpointReceiver.like(self._given or Receiver(Account()), self.mail)
        if account is not None and account != receiver.account:
            if not self._go_on:
                raise InputError(
                    f"`{one_line(self._data)}` began with another account: expected that one, none, or another folder"
                )
            receiver.account = account
        return receiver, account is None

    def _bound(self, dispatcher: Dispatcher) -> Any:
        from werkzeug.serving import make_server

        if self.host != "localhost":
            try:
                ip_address(self.host)
            except ValueError:
                raise ServerError(f"host: expected an IP address but got `{one_line(self.host)}`") from None
        try:
            # werkzeug prints and ends the process where a port is taken, so the socket is made here.
            with bind(self.host, self._port, _BACKLOG) as listening:
                listening.setblocking(True)
                return make_server(
                    self.host,
                    listening.getsockname()[1],
                    dispatcher,
                    threaded=True,
                    request_handler=request_handler(),
                    fd=listening.fileno(),
                )
        except OSError as error:
            where = f"{one_line(self.host)}:{self._port}"
            raise ServerError(f"cannot listen on {where}: {one_line(error.strerror or error)}") from error

    def _stop_http(self, thread: threading.Thread) -> None:
        self.mail.close()
        self._http.shutdown()
        thread.join()

    def stop(self, timeout: float = 60.0) -> None:
        """Process what was accepted, then free both ports; stopping twice does no harm.

        Raises
        ------
        ServerError
            When accepted messages are not processed within `timeout` seconds, see `Server.stop`.
        """
        server, self._server = self._server, None
        try:
            if server is not None:
                server.stop(timeout)
        finally:
            for control in self.service.values() if server is not None else ():
                # A backend that holds effects back on purpose delivers them while there is something to deliver to.
                getattr(control.receiver.backend, "release", lambda: None)()
            self._stack.close()

    def __enter__(self) -> Endpoint:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    # ---------------------------------------------------------------- what is there

    @property
    def running(self) -> bool:
        """Whether both ports answer."""
        return self._server is not None and self._server.running

    @property
    def is_local(self) -> bool:
        """Whether it can be reached from this machine alone."""
        return self.host == "localhost" or ip_address(self.host).is_loopback

    @property
    def port(self) -> int:
        """The port of HTTP; before the start, the one it was told."""
        return self._port if self._http is None else int(self._http.port)

    @property
    def url(self) -> str:
        """What ``AWS_ENDPOINT_URL`` has to be for programs on this machine."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "localhost", "") else self.host  # noqa: S104 - compared
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def server(self) -> Server:
        """The SMTP server.

        Raises
        ------
        ServerError
            When the endpoint does not run.
        """
        if self._server is None:
            raise ServerError("expected an endpoint that runs: call start() first")
        return self._server

    @property
    def service(self) -> Service:
        """The control planes, by region.

        Raises
        ------
        ServerError
            When the endpoint was never started.
        """
        if self._service is None:
            raise ServerError("expected an endpoint that runs: call start() first")
        return self._service

    @property
    def region(self) -> str:
        """The region whose mail is received."""
        return next(iter(self.service))

    def _health(self) -> Mapping[str, Any]:
        server = self._server
        counters = server.counters if server is not None else {}
        return {
            "status": "running" if server is not None and server.running else "starting",
            "account": self.service.account_id,
            "region": self.region,
            "smtp": {"host": self.host, "port": server.port if server is not None else self._smtp_port},
            "messages": {name: counters.get(name, 0) for name in ("accepted", "refused", "processed", "waiting")},
        }

    def __repr__(self) -> str:
        """One line: where it answers."""
        state = "stopped" if self._server is None else f"SMTP at {self._server.port}"
        return f"<Endpoint at {one_line(self.url)}, {state}>"
