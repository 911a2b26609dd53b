"""A server that runs in a terminal or a container: one line a message, until a signal or enough messages."""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
import threading
from typing import TYPE_CHECKING

from sesreceive.cli.options import now, print_report
from sesreceive.cli.terminal import strong, toned
from sesreceive.errors import ServerError, one_line
from sesreceive.signs import NO, YES
from sesreceive.smtp.intake import Failed
from sesreceive.trace.vocabulary import Tone
from sesreceive.wording import count

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from sesreceive.reception import Reception
    from sesreceive.smtp.server import Server

__all__ = [
    "how_long_it_lasts",
    "message_line",
    "print_latest",
    "print_messages",
    "stopped",
    "stopped_by_signals",
]


def print_messages(following: Iterator[Reception | Failed | None], most: int | None) -> None:
    """Each message of a server on a line, until there were so many.

    Parameters
    ----------
    following : iterator
        ``server.follow()``, asked for before the server starts.
    most : int or None
        How many.
    """
    logging.getLogger("sesreceive").addHandler(logging.NullHandler())  # each failure is printed here, in one line
    print("stop with Ctrl-C", flush=True)
    seen = 0
    for came in following:
        if isinstance(came, Failed):  # one message that fails is no reason to take no more
            print(f"sesreceive: {one_line(came, 2000)}", file=sys.stderr, flush=True)
        elif came is not None:
            print(message_line(came), flush=True)
            seen += 1
        if most is not None and seen >= most:
            break


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


def print_latest(server: Server, options: argparse.Namespace) -> None:
    """The table of the messages that were kept, and of how many they are the latest."""
    report, processed = server.report, server.counters["processed"]
    if processed > len(report):
        print(f"{processed:d} messages were processed: the tables have the latest {len(report)} (--keep)")
    print_report(report, options)


def how_long_it_lasts(server: Server) -> str:
    """Where an accepted message is kept until it is processed, as a sentence."""
    if server.spool is None:
        return "kept in memory: a message that is answered 250 is kept as long as this process (--data keeps it longer)"
    left = server.counters["waiting"]
    resumed = f", {left} of an earlier run are gone on with" if left else ""
    return f"a message that is answered 250 is kept in {one_line(server.spool)} until it is processed{resumed}"


def stopped(stop: Callable[[float], object], grace_s: float, *, has_spool: bool) -> int:
    """The exit code of a server, once it has processed what it accepted or the time for that is over."""
    try:
        stop(grace_s)
    except ServerError as error:
        print(f"sesreceive: {one_line(error, 2000)}", file=sys.stderr)
        return 0 if has_spool else 1  # without a spool they are lost now
    return 0


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
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
