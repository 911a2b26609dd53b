"""SMTP intake against plain aiosmtpd with a no-op handler: alternately, in one run, as ratios.

    python tests/benchmarks/bench_smtp.py [--rounds 3] [--quick] [--check] [--no-uvloop]

Each server is a process of its own on one core, the client another on the other core: Postfix's smtp-source
where it is installed, a small one in Python otherwise (slower, so the ratios come out lower). Rates are messages
per second of the processor time of the server's process alone, all its threads, in nanoseconds by its own clock, until
it is idle again: neither the client nor the machine's other work is in it, and no message is left for later.

Every server takes a few messages first, one of them large: glibc takes the 256 KB that asyncio reads into from the
system at each read, and gives them back, until a program has freed a large block once. That costs aiosmtpd
system calls and page faults at each read, and is the allocator's doing and none of its own.

Goals: 4 KB on kept connections >= 2.5 x (>= 4 x with uvloop), with a connection each >= 2.5 x, 100 KB >= 7 x,
40 MB >= 10 x with a peak of at most 3 x the message, all but the one without uvloop.
`--check` fails when a ratio is below half of its goal (a noisy machine moves ratios by a fifth).

The rows of a floor have no goal: they show what a server in Python reaches at most. The floor is an `asyncio.Protocol`
that finds the ends of lines and of messages, answers what a client wants to hear, and looks at nothing else: no
address, no state, no time-out; it keeps nothing. Where a goal is above the ratio of its floor, no work on ours reaches
it on the same loop.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import os
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import psutil
from harness import Row, finish


@dataclass(frozen=True)
class Case:
    name: str
    octets: int
    messages: int
    sessions: int
    keep: bool
    goal: float  # without uvloop
    uvloop_goal: float | None = None

    def command(self, address: str) -> list[str]:
        """How smtp-source does it."""
        how = ["-d"] if self.keep else []
        return [
            "smtp-source", *how, "-s", str(self.sessions), "-m", str(self.messages), "-l", str(self.octets),
            "-f", "ana@example.org", "-t", "bo@example.com", address,
        ]  # fmt: skip


CASES = (
    Case("4 KB, kept connections", 4_096, 3_000, 10, True, 2.5, 4.0),
    Case("4 KB, a connection each", 4_096, 1_000, 10, False, 2.5),
    Case("100 KB, kept connections", 100_000, 300, 10, True, 7.0),
    Case("40 MB", 40_000_000, 4, 1, True, 10.0),
)
PEAK_GOAL = 3.0
# What a server takes before it is measured.
WARM = (Case("large", 4_000_000, 2, 1, True, 0), Case("small", 4_096, 200, 10, True, 0))
FLOOR, OURS = "floor", "sesreceive"
WITHOUT = ", without uvloop"

# ---------------------------------------------------------------- the servers


def account() -> Any:
    import sesreceive as ses

    rule = ses.ReceiptRule(name="all", enabled=True, actions=(ses.S3Action(bucket_name="inbox"),))
    return ses.Account(
        identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    )


def sink() -> Any:
    """A receiver that takes everything and does nothing with it: what a no-op handler is for aiosmtpd."""
    import sesreceive as ses

    class Sink(ses.Receiver):
        decision = ses.Receiver(account()).on_connect("192.0.2.1")
        recipient = ses.Receiver(account()).on_rcpt(decision, "bo@example.com")

        def on_connect(self, client_ip: str) -> Any:
            return self.decision

        def on_rcpt(self, decision: Any, recipient: str, *, tls: bool = False) -> Any:
            return self.recipient

        def process(self, submission: Any) -> Any:
            return None

    return Sink(account())


class Floor(asyncio.Protocol):
    """Answers each line and each message; what a client sends ahead of an answer to DATA is none of its business."""

    _ANSWERS = {b"DATA": b"354 End data with <CR><LF>.<CR><LF>\r\n", b"QUIT": b"221 Bye\r\n"}  # noqa: RUF012

    def connection_made(self, transport: Any) -> None:
        self._transport, self._rest, self._in_body, self._last = transport, b"", False, b""
        transport.write(b"220 floor.example\r\n")

    def data_received(self, data: bytes) -> None:
        if self._in_body:
            self._last = data[-5:] if len(data) > 4 else (self._last + data)[-5:]
            if self._last == b"\r\n.\r\n":
                self._in_body = False
                self._transport.write(b"250 OK\r\n")
            return
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        for line in lines:
            verb = line[:4]
            self._transport.write(self._ANSWERS.get(verb, b"250 OK\r\n"))
            if verb == b"DATA":
                self._in_body, self._last = True, b"\r\n"
            elif verb == b"QUIT":
                self._transport.close()


def plain_aiosmtpd() -> Any:
    from aiosmtpd.smtp import SMTP

    class Handler:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            return "250 OK"

    return SMTP(Handler(), hostname="sink.example", data_size_limit=1 << 26, loop=asyncio.get_running_loop())


def serve(kind: str, uvloop: bool) -> None:
    """Run one server until standard input closes; print its port."""
    if kind in ("aiosmtpd", FLOOR):

        async def run() -> None:
            loop = asyncio.get_running_loop()
            protocol = Floor if kind == FLOOR else plain_aiosmtpd
            server = await loop.create_server(protocol, "127.0.0.1", 0, backlog=512)
            print(server.sockets[0].getsockname()[1], flush=True)
            await loop.run_in_executor(None, sys.stdin.read)

        with asyncio.Runner(loop_factory=lambda: new_event_loop(uvloop)) as runner:
            runner.run(run())
        return
    import sesreceive as ses

    receiver = sink() if kind == OURS else ses.Receiver(account())
    if kind != OURS:
        receiver.backend.perform = lambda effect: ses.Outcome()  # the pipeline whole, but nothing stored
    with receiver.smtp(uvloop=None if uvloop else False, keep=1, bounds=ses_bounds()) as server:
        print(server.port, flush=True)
        sys.stdin.read()


def ses_bounds() -> Any:
    from sesreceive.bounds import Bounds

    return Bounds(message_bytes=1 << 26)


def new_event_loop(uvloop: bool) -> asyncio.AbstractEventLoop:
    if not uvloop:
        return asyncio.new_event_loop()
    module: Any = importlib.import_module("uvloop")
    loop: asyncio.AbstractEventLoop = module.new_event_loop()
    return loop


class Running:
    """A server process that has taken a few messages; `arguments` are those of the script that serves."""

    script = __file__

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, self.script, *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.port = int(self.process.stdout.readline())
        self.watched = psutil.Process(self.process.pid)
        for case in WARM:
            drive(case, self.port)
        self.idle_cpu()

    def cpu(self) -> float:
        """Seconds of processor that the process has taken: of its own clock on Linux, else in hundredths."""
        if sys.platform == "linux":
            return time.clock_gettime((~self.process.pid << 3) | 2)  # clock_getcpuclockid(3)
        times = self.watched.cpu_times()
        return float(times.user + times.system)

    def idle_cpu(self) -> float:
        """The same once nothing is left to be done."""
        before, now = -1.0, self.cpu()
        while now - before > 0.001:
            time.sleep(0.02)
            before, now = now, self.cpu()
        return now

    def measure(self, case: Case) -> tuple[float, float, float]:
        """Messages per CPU second, messages per second, peak memory above the start in messages."""
        before, cpu = self.watched.memory_info().rss, self.idle_cpu()
        forget_peak(self.process.pid)
        started = time.perf_counter()
        drive(case, self.port)
        wall, cpu = time.perf_counter() - started, self.idle_cpu() - cpu
        peak = (peak_of(self.process.pid) or before) - before
        return case.messages / max(cpu, 0.001), case.messages / wall, peak / case.octets

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(20)


def forget_peak(pid: int) -> None:
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_of(pid: int) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def stay_on_one_core() -> None:
    """Keep this process to one core; called before it starts a thread, since those that run already would roam."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {0})


# ---------------------------------------------------------------- the client


def drive(case: Case, port: int) -> None:
    if shutil.which("smtp-source"):
        command = case.command(f"127.0.0.1:{port}")
        if shutil.which("taskset") and (os.cpu_count() or 1) > 1:
            command = ["taskset", "-c", "1", *command]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        return
    body = b"Subject: bench\r\n\r\n" + b"x" * 76 + b"\r\n"
    body = body + (b"x" * 76 + b"\r\n") * max(0, (case.octets - len(body)) // 78) + b".\r\n"
    share = [case.messages // case.sessions + (n < case.messages % case.sessions) for n in range(case.sessions)]
    threads = [threading.Thread(target=_client, args=(port, body, count, case.keep)) for count in share]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _client(port: int, body: bytes, count: int, keep: bool) -> None:
    connection = None
    for _ in range(count):
        if connection is None:
            connection = socket.create_connection(("127.0.0.1", port))
            replies = connection.makefile("rb")
            replies.readline()
            connection.sendall(b"HELO client.example\r\n")
            replies.readline()
        for line in (b"MAIL FROM:<ana@example.org>\r\n", b"RCPT TO:<bo@example.com>\r\n", b"DATA\r\n", body):
            connection.sendall(line)
            assert replies.readline()[:1] in (b"2", b"3")
        if not keep:
            connection.close()
            connection = None


# ---------------------------------------------------------------- the table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a tenth of the messages, one round")
    parser.add_argument("--check", action="store_true", help="fail below half of a goal")
    parser.add_argument("--no-uvloop", action="store_true")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        stay_on_one_core()
        serve(options.serve, not options.no_uvloop)
        return
    uvloop = not options.no_uvloop and importlib.util.find_spec("uvloop") is not None
    kinds = {"aiosmtpd": False, OURS: uvloop, f"{OURS}, whole pipeline": uvloop, FLOOR: uvloop}
    if uvloop:
        kinds |= {OURS + WITHOUT: False, FLOOR + WITHOUT: False}
    cases = [replace(case, messages=max(2, case.messages // 10)) for case in CASES] if options.quick else CASES
    client = "smtp-source" if shutil.which("smtp-source") else "Python (no smtp-source here)"
    print(f"client: {client}; messages per second of server CPU (per second), median of the rounds")
    rows: list[Row] = []
    floors: list[Row] = []
    with contextlib.ExitStack() as stack:
        running = {}
        for kind, fast in kinds.items():
            server = Running("--serve", kind.removesuffix(WITHOUT), *([] if fast else ["--no-uvloop"]))
            running[kind] = stack.enter_context(server)
        for case in cases:
            found: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in kinds}
            for _ in range(1 if options.quick else options.rounds):
                for kind in kinds:
                    found[kind].append(running[kind].measure(case))
            print(f"\n{case.name}")
            for kind in kinds:
                cpu, wall, peak = (statistics.median(row[n] for row in found[kind]) for n in range(3))
                memory = f"   peak {peak:.1f} x the message" if case.octets > 1_000_000 else ""
                print(f"    {kind:<28}{cpu:>10.1f}  ({wall:.1f}){memory}")
            without = WITHOUT if uvloop else ""
            for suffix, loop, goal in ((without, "", case.goal), ("", ", uvloop", case.uvloop_goal)):
                if goal is not None and (uvloop or not loop):
                    what = f"SMTP intake, {case.name}{loop}"
                    for kind, into, name, aim in ((OURS, rows, what, goal), (FLOOR, floors, f"floor of {what}", None)):
                        pairs = [(a[0], b[0]) for a, b in zip(found[kind + suffix], found["aiosmtpd"], strict=True)]
                        into.append(Row.ratio_of(name, pairs, "aiosmtpd", goal=aim))
            if case.octets > 1_000_000:
                peak = statistics.median(row[2] for row in found[OURS])
                rows.append(Row.bound(f"SMTP intake, {case.name}, memory", peak, PEAK_GOAL, "messages", most=True))
    finish([*rows, *floors], options)


if __name__ == "__main__":
    main()
