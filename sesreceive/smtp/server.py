"""The live SMTP server: what ``receiver.smtp()`` gives."""

from __future__ import annotations

import atexit
import ssl
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from sesreceive import _html
from sesreceive.backends.spool import Spool
from sesreceive.bounds import Bounds
from sesreceive.errors import ServerError, SesReceiveError, expect_path, one_line
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.report import Report
from sesreceive.shown import Shown
from sesreceive.smtp.certificate import throw_away
from sesreceive.smtp.client import ClientAddresses, PeerNetworks, client_address
from sesreceive.smtp.committer import Committer
from sesreceive.smtp.connection import Counters, Hub
from sesreceive.smtp.intake import Failed, Intake
from sesreceive.smtp.listener import Listener, bind
from sesreceive.smtp.resumption import Resuming, spooler
from sesreceive.smtp.session import Policy, Xclient
from sesreceive.smtp.smtp_faults import SmtpFault, SmtpFaults

__all__ = ["Server"]

# The servers that run, by name and by address: a cell that is run again takes the place of its first run.
_RUNNING: weakref.WeakValueDictionary[str, Server] = weakref.WeakValueDictionary()
# Spools of servers that were stopped before their workers were done: their locks go with the process.
_HELD: list[Spool] = []
# How long a program that ends waits for what it had accepted.
_AT_EXIT_S = 5.0
_LATEST = 10
# Connections that may be made at the same moment.
_BACKLOG = 1_024
_KINDS = {"accepted": (True,), "refused": (False,), "all": (True, False)}


class Server(Shown):
    r"""Receives mail over SMTP as ``inbound-smtp`` does, in a thread of its own.

    Every message that is answered ``250 OK`` is processed exactly once, in the order of the answers, also when the
    server is stopped in the middle. With a spool it is on the disk before the answer, and what a process that died
    leaves is gone on with by the next one; without one, as with the memory backend, ``250`` lasts as long as the
    process. Processing (authentication, scanning, actions) takes place behind the answer: a slow function holds up no
    connection, until `Bounds.waiting` messages wait.

    Stop a server before the program ends (``with`` does): one that still runs then has five seconds to process what it
    accepted, and Python starts no more Lambda functions by then.

    Parameters
    ----------
    receiver : Receiver
        Decides and processes.
    port : int
        0 takes any free port; `Server.port` says which.
    host : str
        Address to listen on. The default is reachable from this machine alone; there is no authentication, so
        think before choosing another.
    tls : bool or ssl.SSLContext
        Whether STARTTLS is offered, with a throw-away certificate; or with the certificate of the context.
    name : str, optional
        A server of this name that runs already is stopped when this one starts, as is one on the same port: a
        notebook cell can be run again.
    hostname : str, optional
        What greeting and certificate say; ``inbound-smtp.<region>.amazonaws.com`` by default.
    banner : str
        The rest of the greeting; as the receiver's assumptions have it by default.
    client_addresses : mapping or callable, optional
        From the address of a peer to the address it stands for: ``{"127.0.0.2": "203.0.113.9"}``. A function may
        give None for "itself".
    xclient : {'silent', 'announced', 'off'}
        Whether trusted peers may use XCLIENT. SES has no such command, so by default it is understood but not listed
        after EHLO; for ``swaks --xclient-addr`` it has to be ``announced``.
    proxy : bool
        Whether connections from trusted peers start with the PROXY protocol, version 1 or 2.
    trusted : iterable of str
        Networks whose hosts may use XCLIENT and PROXY.
    bounds : Bounds, optional
        Limits and time-outs; those of the receiver by default.
    workers : int
        Threads that process messages. More than one gives up the order of processing, and with it the equal
        output of two runs.
    keep : int, optional
        How many receptions are kept, the latest, and how many failures; all by default.
    spool : str, Path or bool, optional
        Folder where accepted messages lie until they are processed. By default that of the backend: of a
        `DirectoryBackend` the folder ``spool`` in its own, of an `AwsBackend` the one it names, of a `MemoryBackend`
        none. False for none.
    faults : SmtpFaults or iterable of SmtpFault, optional
        What goes wrong on purpose; `Server.faults` can be changed while the server runs.
    uvloop : bool, optional
        Whether uvloop runs the sessions; by default where it is installed.

    Raises
    ------
    ServerError
        When the port is in use or forbidden, or a parameter cannot be meant.

    Examples
    --------
    >>> import smtplib
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, actions=(ses.S3Action(bucket_name="inbox"),))
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> with ses.Receiver(account, seed=1).smtp() as server:
    ...     with smtplib.SMTP(*server.address) as client:
    ...         _ = client.sendmail("ana@example.org", ["bo@example.com"], b"Subject: hello\r\n\r\nbody\r\n")
    ...     reception, = server.wait_for(1)
    >>> reception.message.get("subject"), reception.reply.code
    ('hello', 250)
    """

    def __init__(
        self,
        receiver: Receiver,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        tls: bool | ssl.SSLContext = True,
        name: str | None = None,
        hostname: str | None = None,
        banner: str | None = None,
        client_addresses: ClientAddresses | None = None,
        xclient: str = "silent",
        proxy: bool = False,
        trusted: Iterable[str] = ("127.0.0.0/8", "::1"),
        bounds: Bounds | None = None,
        workers: int = 1,
        keep: int | None = None,
        spool: str | Path | bool | None = None,
        faults: SmtpFaults | Iterable[SmtpFault] = (),
        uvloop: bool | None = None,
    ) -> None:
        self.receiver, self.host, self.name = receiver, host, name
        self._port, self._tls, self._proxy, self._uvloop = port, tls, proxy, uvloop
        banner = receiver.assumptions.smtp_banner if banner is None else banner
        self._policy = Policy(
            hostname=hostname or f"inbound-smtp.{receiver.account.region}.amazonaws.com",
            banner=banner,
            tls=tls is not False,
            xclient=_xclient(xclient),
            trusted=PeerNetworks(trusted),
            client_addresses=_checked(client_addresses),
            bounds=bounds or receiver.bounds,
            faults=faults if isinstance(faults, SmtpFaults) else SmtpFaults(faults),
        )
        if workers < 1:
            raise ServerError(f"workers: expected at least 1 but got `{workers}`")
        if keep is not None and keep < 1:
            raise ServerError(f"keep: expected at least 1 but got `{keep}`")
        self._intake = Intake(receiver.process, self._policy.bounds, workers=workers, keep=keep)
        self._counters = Counters()
        self._spool_path = _spool_path(spool, receiver.backend)
        self._spool: Spool | None = None
        self._committer: Committer | None = None
        self._listener: Listener | None = None
        self._finalizer: weakref.finalize[Any, Any] | None = None
        self._bound: int | None = None
        self.certificate: str | None = None

    # ---------------------------------------------------------------- life

    def start(self) -> Server:
        """Listen; return when connections are accepted. A server that runs already stays as it is."""
        if self.running:
            return self
        _replace(self.name, self.host, self._port)
        context = self._tls if isinstance(self._tls, ssl.SSLContext) else None
        if self._tls is True:
            made = throw_away(self._policy.hostname, self.host)
            context, self.certificate = made.context, made.pem
        backlog = max(_BACKLOG, self._policy.bounds.connections)
        listening = bind(self.host, self._port, backlog)
        self._bound = int(listening.getsockname()[1])
        name = f"sesreceive-smtp-{self._bound}"
        try:
            self._open_spool(name)
            hub = Hub(
                receiver=self.receiver,
                policy=self._policy,
                intake=self._intake,
                tls_context=context,
                proxy=self._proxy,
                counters=self._counters,
                committer=self._committer,
            )
            self._listener = Listener(hub, listening, name, backlog=backlog, uvloop=self._uvloop)
        except SesReceiveError:
            listening.close()
            self._close_spool()
            raise
        self._intake.start(name)
        self._listener.start()
        for key in _keys(self.name, self.host, self._bound):
            _RUNNING[key] = self
        # The threads know the listener and the intake, not the server: it can be forgotten, and then they end.
        self._finalizer = weakref.finalize(self, _abandon, self._listener, self._intake, self._committer, self._spool)
        self._finalizer.atexit = False
        return self

    def _open_spool(self, name: str) -> None:
        """Take over what an earlier process accepted, and keep what comes."""
        if self._spool_path is None:
            return
        self._spool = spool = Spool(self._spool_path)
        self._committer = Committer(spool, self._intake, spooler(self.receiver, spool))
        self._committer.start(name)
        message_ids = [message_id for segment in spool.left for message_id in segment.message_ids]
        self._intake.resume(spool.left, Resuming(self.receiver, spool, message_ids))

    def _close_spool(self) -> None:
        committer, self._committer = self._committer, None
        if committer is not None:
            committer.stop()
        spool, self._spool = self._spool, None
        if spool is not None:
            spool.close()

    def stop(self, timeout: float = 60.0) -> None:
        """Hang up on every client, then process everything that was answered 250, and free the port.

        Sessions are told 421; a message whose end has not come is not taken. Stopping twice does no harm, and the
        server can be started again: receptions and counters go on.

        Parameters
        ----------
        timeout : float
            Seconds for what is still to be processed.

        Raises
        ------
        ServerError
            When accepted messages are not processed in that time; they still are, if the program goes on, or lie in
            the spool for the next one.
        """
        listener, self._listener = self._listener, None
        if listener is None:
            return
        if self._finalizer is not None:
            self._finalizer.detach()
        for key in [key for key, server in list(_RUNNING.items()) if server is self]:
            _RUNNING.pop(key, None)
        listener.stop(timeout)
        if self._committer is not None:
            self._committer.stop()
        drained = self._intake.drain(timeout)
        waiting = self._intake.pending
        self._intake.stop(timeout if drained else None)
        if drained:
            self._close_spool()
        else:
            # The workers go on as long as the process does, so the spool stays its own.
            kept = f"they stay in the spool `{one_line(self._spool_path)}` for the next start, or " * bool(self._spool)
            if self._spool is not None:
                _HELD.append(self._spool)
            self._spool = self._committer = None
            raise ServerError(
                f"{waiting} accepted messages were not processed within {timeout:g} s; "
                f"{kept}give stop() a longer timeout, or look what holds up their actions"
            )

    def __enter__(self) -> Server:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def running(self) -> bool:
        """Whether connections are accepted."""
        return self._listener is not None and self._listener.alive

    @property
    def port(self) -> int:
        """The port it listens on; before the first start, the one it was told."""
        return self._port if self._bound is None else self._bound

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, as `smtplib.SMTP` and `socket.create_connection` take them."""
        return self.host, self.port

    # ---------------------------------------------------------------- what came

    @property
    def receptions(self) -> tuple[Reception, ...]:
        """What became of each message, in the order of the answers; refused transactions have no message."""
        return self._intake.receptions

    @property
    def report(self) -> Report:
        """The tables of everything so far."""
        return Report(self.receptions)

    @property
    def failures(self) -> tuple[Failed, ...]:
        """Errors that were raised while a message was answered or processed; there should be none."""
        return tuple(self._intake.failures)

    @property
    def counters(self) -> dict[str, int]:
        """Numbers since the first start.

        ``connections`` made, ``connected`` now, ``turned_away`` at the limit; ``commands``; ``octets`` of messages;
        ``accepted`` messages (250), ``refused`` ones (transactions without an accepted recipient included),
        ``processed`` both, ``waiting`` to be; ``timeouts``; ``failures``.
        """
        seen, intake = self._counters, self._intake
        return {
            "connections": seen.connections,
            "connected": seen.connected,
            "turned_away": seen.turned_away,
            "commands": seen.commands,
            "octets": seen.octets,
            "accepted": intake.accepted,
            "refused": intake.refused,
            "processed": sum(intake.done.values()),
            "waiting": intake.pending,
            "timeouts": seen.timeouts,
            "failures": intake.failed,
        }

    def follow(self) -> Iterator[Reception | Failed | None]:
        """Each reception, and each failure, as it comes; None about once a second while nothing does.

        A failure ends nothing: who follows decides what to do about it. Nothing is missed from the call on, also where
        fewer receptions are kept.
        """
        return self._intake.follow()

    @property
    def faults(self) -> SmtpFaults:
        """What goes wrong on purpose: ``server.faults.add(kind="greylist")``."""
        return self._policy.faults

    @property
    def spool(self) -> Path | None:
        """The folder where accepted messages lie until they are processed; None where ``250`` lasts as the process."""
        return self._spool_path

    def wait_for(self, n: int = 1, timeout: float = 10.0, *, kind: str = "accepted") -> tuple[Reception, ...]:
        """The receptions, once there are `n` of a kind since the first start.

        Parameters
        ----------
        n : int
            How many.
        timeout : float
            Seconds to wait.
        kind : {'accepted', 'refused', 'all'}
            Messages that were answered 250; transactions that ended without an accepted recipient, and messages that
            were not taken; or both.

        Returns
        -------
        tuple of Reception
            All of that kind so far, in order.

        Raises
        ------
        ServerError
            When there are fewer by then, or an error was raised on the way.
        """
        kinds = _KINDS.get(kind)
        if kinds is None:
            raise ServerError(f"kind: expected `accepted`, `refused` or `all` but got `{one_line(kind)}`")
        enough = self._intake.wait_for(n, timeout, kinds)
        if self._intake.failures:
            failed = self._intake.failures[0]
            what = f"message `{failed.submission.name}`" if failed.submission else "a command"
            error = failed.error
            raise ServerError(f"{what} raised {type(error).__name__}: {one_line(error)}") from error
        if not enough:
            came, counters = self._intake.done, self.counters
            raise ServerError(
                f"expected {n} message{'s' * (n != 1)} ({kind}) within {timeout:g} s but {came[True]} accepted and "
                f"{came[False]} refused ones came over {counters['connections']} connections to {self.host}:{self.port}"
            )
        return tuple(one for one in self.receptions if one.reply.accepted in kinds)

    # ---------------------------------------------------------------- how it looks

    def __repr__(self) -> str:
        """One line: address and counters."""
        seen = self.counters
        state = "running" if self.running else "stopped"
        failed = f", {seen['failures']} failed" if seen["failures"] else ""
        return (
            f"<Server {one_line(self.host)}:{self.port} {state}, {seen['connected']} connected, "
            f"{seen['accepted']} accepted, {seen['refused']} refused, {seen['waiting']} waiting{failed}>"
        )

    def _repr_html_(self) -> str:
        latest = self.receptions[-_LATEST:]
        rows = [
            (
                _html.code(one.name or one.message_id),
                _html.code(one.envelope.client_ip),
                _html.code(one.envelope.mail_from or "<>"),
                _html.code(", ".join(one.envelope.rcpt_to)),
                _html.escape(one.message.get("subject") or "", 80),
                _html.mark(str(one.reply), "good" if one.reply.accepted else "bad"),
            )
            for one in reversed(latest)
        ]
        heads = ("message", "client", "from", "to", "subject", "reply")
        table = _html.table(heads, rows, caption="Latest messages") if rows else ""
        return _html.frame(repr(self), f"<div>{_html.escape(repr(self))}</div>{table}")


def _spool_path(given: str | Path | bool | None, backend: Any) -> Path | None:
    if given is None:
        given = getattr(backend, "spool_path", None)
    if given is True:
        raise ServerError("spool: expected a folder, or False for none, but got `True`")
    return expect_path(given) if given else None


def _xclient(given: str) -> Xclient:
    try:
        return Xclient(given)
    except ValueError:
        expected = ", ".join(f"`{one}`" for one in Xclient)
        raise ServerError(f"xclient: expected one of {expected} but got `{one_line(given)}`") from None


def _checked(addresses: ClientAddresses | None) -> ClientAddresses | None:
    if addresses is not None and not callable(addresses):
        for peer in addresses:
            client_address(peer, addresses)
    return addresses


def _keys(name: str | None, host: str, port: int) -> list[str]:
    return [f"port {host} {port}"] * (port != 0) + [f"name {name}"] * (name is not None)


def _replace(name: str | None, host: str, port: int) -> None:
    for key in _keys(name, host, port):
        before = _RUNNING.get(key)
        if before is not None:
            before.stop()


def _abandon(listener: Listener, intake: Intake, committer: Committer | None, spool: Spool | None) -> None:
    """End the threads of a server nobody has any more; called by the garbage collector, so it waits for nothing."""
    listener.stop(None)
    what = (listener, intake, committer, spool)
    threading.Thread(target=_finish, args=what, name="sesreceive-smtp-farewell", daemon=True).start()


def _finish(listener: Listener, intake: Intake, committer: Committer | None, spool: Spool | None) -> None:
    listener.stop(60.0)
    if committer is not None:
        committer.stop()
    drained = intake.drain(60.0)
    intake.stop()
    if spool is not None:
        if drained:
            spool.close()
        else:
            _HELD.append(spool)


@atexit.register
def _stop_all() -> None:
    for server in set(_RUNNING.values()):
        with suppress(ServerError):
            server.stop(_AT_EXIT_S)
