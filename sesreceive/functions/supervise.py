"""Starts one handler and ends all that it leaves running, as a program of its own; started by `Handler` on POSIX.

Lambda freezes what still runs when the handler has returned. Here it is frozen and then ended: threads go with the
handler's process, and every process that it or its children started is found even where it moved to a session of its
own or lost its parent, since on Linux this program takes over orphans (prctl(2), PR_SET_CHILD_SUBREAPER). On other
systems what stays in the process group is ended, by `Handler`.

Arguments: ``bootstrap.py``, or a program and what it is started with; then those of the bootstrap. Exits as the
handler's process did.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
ROUNDS = 100  # a process may start others until it is frozen itself


class Ended(BaseException):
    """The run is to be given up."""


def main() -> None:
    """Run the handler in a child and exit as it does."""
    signal.signal(signal.SIGTERM, _give_up)
    _take_over_orphans()
    try:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            _become(sys.argv[1:])
        _, status = os.waitpid(child, 0)
    except Ended:
        end_descendants()
        os._exit(128 + signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end_descendants()
    _exit_like(status)


def _give_up(number: int, frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Ended


def _take_over_orphans() -> None:
    if sys.platform != "linux":
        return
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        prctl = ctypes.CDLL(None).prctl
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)  # nothing stays behind a caller that was killed


def _become(command: list[str]) -> None:
    """Be the handler's process; never returns."""
    if not command[0].endswith(".py"):
        try:
            os.execvp(command[0], command)  # noqa: S606 - Node.js, with our bootstrap
        except OSError as error:
            os.write(2, f"{command[0]}: {error.strerror}\n".encode())
            os._exit(127)
    from importlib.util import module_from_spec, spec_from_file_location

    sys.argv = command
    spec = spec_from_file_location("bootstrap", command[0])
    if spec is None or spec.loader is None:
        os._exit(127)
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        module.main()
    except SystemExit as wanted:
        os._exit(wanted.code if isinstance(wanted.code, int) else int(wanted.code is not None))
    except BaseException:  # noqa: BLE001 - such as KeyboardInterrupt of user code: the log shows it
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def end_descendants() -> None:
    """Freeze all processes that come from this one, then end them, until there are none."""
    for _ in range(ROUNDS):
        frozen: set[int] = set()
        while new := _descendants() - frozen:
            for pid in new:
                _signal(pid, signal.SIGSTOP)
            frozen |= new
        if not frozen:
            return
        for pid in frozen:
            _signal(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _descendants() -> set[int]:
    """Processes that come from this one, ended ones that nobody waited for left out; empty where there is no /proc."""
    children: dict[int, list[int]] = {}
    try:
        names = os.listdir("/proc")
    except OSError:
        return set()
    for name in names:
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                with open(f"/proc/{name}/stat", "rb") as stream:
                    state, parent = stream.read().rpartition(b")")[2].split()[:2]  # the name may hold anything
                if state != b"Z" or int(parent) != os.getpid():
                    children.setdefault(int(parent), []).append(int(name))
    found: set[int] = set()
    left = [os.getpid()]
    while left:
        for pid in children.get(left.pop(), ()):
            if pid not in found:
                found.add(pid)
                left.append(pid)
    return found


def _exit_like(status: int) -> None:
    """Exit with the status of the handler's process, or by the signal that ended it."""
    if not os.WIFSIGNALED(status):
        os._exit(os.waitstatus_to_exitcode(status))
    number = os.WTERMSIG(status)
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # one core file is enough
    with contextlib.suppress(OSError, ValueError):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)


if __name__ == "__main__":
    main()
