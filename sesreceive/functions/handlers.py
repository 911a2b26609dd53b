"""Running a real Lambda handler, a file, folder or zip, in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sesreceive.arn import Arn
from sesreceive.errors import InputError, one_line
from sesreceive.functions.lambda_context import Called, LambdaContext
from sesreceive.functions.result import LOG_LIMIT, read_answer, timed_out
from sesreceive.functions.scratch import scratch_folder
from sesreceive.shown import Shown

if TYPE_CHECKING:
    import subprocess

__all__ = ["Handler"]

_HERE = Path(__file__).parent
_UNZIPPED_BYTES = 250 * 1024 * 1024  # Lambda quotas: deployment package, unzipped
_TIMED_OUT = "timed out"
_LOG_FLOOD_BYTES = 64 * 1024 * 1024  # a run that writes more is ended, before it fills the disk
_PYTHON, _NODE = "python", "nodejs"
_ENDING_S = 5.0  # for the supervisor to end what there is; then it is ended itself
_SUFFIXES = {".py": _PYTHON, ".js": _NODE, ".mjs": _NODE, ".cjs": _NODE}
# Module and handler that Lambda's consoles start from, by what lies in the folder.
_DEFAULTS = {
    "lambda_function.py": "lambda_function.lambda_handler",
    "index.mjs": "index.handler",
    "index.js": "index.handler",
    "index.cjs": "index.handler",
    "index.py": "index.handler",
}


@dataclass(frozen=True)
class Handler(Shown):
    """A Lambda function as it is deployed: run in a process of its own, ended at the time limit.

    The answer counts when the handler returns. Threads and processes that it leaves running, which Lambda would
    freeze, are frozen and then ended, on Linux also those that left the process group.

    This is no sandbox: the process runs with the rights of this one. It can read and write the same files, open
    connections, and see other processes of the user. Run handlers only of people you trust, or all of this in a
    container without a network.

    The process gets the event, Lambda's context and environment variables, and nothing of this process's
    environment but ``PATH``. ``SESRECEIVE_BUCKETS`` names a folder where the objects stored so far can be read as
    ``<bucket>/<key>``. AWS clients inside find dummy credentials, and the endpoint of the backend if it has one;
    without one they cannot connect, so that no test reaches real AWS by mistake.

    Attributes
    ----------
    path : str or Path
        A ``.py``, ``.js``, ``.mjs`` or ``.cjs`` file, a folder, or a ``.zip``.
    handler : str
        ``module.function``, as in Lambda's configuration: ``lambda_function.lambda_handler`` or ``index.handler``
        by default; for a file the name of a function is enough.
    runtime : str
        ``python`` or ``nodejs``, by default from the file names. Python runs on the interpreter of this process,
        Node.js on the ``node`` that is on ``PATH``.
    env : mapping of str to str
        Environment variables of the function; they win over all others.
    timeout_s : float, optional
        The function's own time limit in seconds; SES waits 30 s for an answer in any case.
    memory_mb : int
        What the context says; nothing is limited to it.

    Raises
    ------
    InputError
        When there is no such file, no such handler in it, or no Node.js to run it.

    Examples
    --------
    >>> Handler("gate.py", "gate.lambda_handler")
    Traceback (most recent call last):
    sesreceive.errors.InputError: function `gate.py`: there is no such file or folder

    References
    ----------
    AWS Lambda Developer Guide, "Define Lambda function handler in Python" and "… in Node.js".
    """

    path: str | Path
    handler: str = ""
    runtime: str = ""
    env: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)
    timeout_s: float | None = None
    memory_mb: int = 128

    def __post_init__(self) -> None:
        """Find out what is to be run, and refuse what cannot be."""
        handler, runtime = _resolved(Path(self.path), self.handler, self.runtime)
        object.__setattr__(self, "handler", handler)
        object.__setattr__(self, "runtime", runtime)
        if self.timeout_s is not None and not self.timeout_s > 0:
            raise InputError(f"function `{self.path}`: expected a time limit above 0 s but got `{self.timeout_s}`")

    def call(self, payload: str, context: LambdaContext, *, limit_s: float, environment: Mapping[str, str]) -> Called:
        """Run the handler once; always comes back, at the latest soon after `limit_s`, and leaves no process behind."""
        import tempfile  # here and below: `import sesreceive` has to be quick, and most runs have no handler

        root = _root(Path(self.path))
        with tempfile.TemporaryFile() as event, tempfile.TemporaryFile() as log, tempfile.TemporaryDirectory() as own:
            event.write(payload.encode("utf-8", "surrogatepass"))
            event.seek(0)
            answer = open(Path(own) / "answer.json", "w+b")  # noqa: SIM115 - closed below, by the `with`
            with answer:
                ended = self._run(event, log, answer, root, context, limit_s, environment)
                answer.seek(0)
                written = answer.read()
            log.seek(0)
            text = log.read(LOG_LIMIT).decode("utf-8", "replace")
            if os.fstat(log.fileno()).st_size > LOG_LIMIT:
                text += "\n… the rest of the log was cut\n"
        if ended == _TIMED_OUT:
            return timed_out(limit_s, context, text)
        return read_answer(written, context, text, ended=ended)

    def _run(
        self,
        event: IO[bytes],
        log: IO[bytes],
        answer: IO[bytes],
        root: Path,
        context: LambdaContext,
        limit_s: float,
        environment: Mapping[str, str],
    ) -> str:
        """How the process ended: `_TIMED_OUT`, or a text to be read after "the function"; empty when in order."""
        import subprocess

        posix = os.name == "posix"
        told = json.dumps(context.told())
        target = str(answer.fileno()) if posix else answer.name
        try:
            process = subprocess.Popen(  # noqa: S603 - a handler is a program that somebody named
                [*self._command(), target, self.handler, str(root), told],
                stdin=event,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=root,
                env={**_lambda_environment(self, root, context), **environment, **self.env},
                pass_fds=(answer.fileno(),) if posix else (),
                start_new_session=posix,
            )
        except (OSError, ValueError) as error:
            return f"could not be started: {one_line(error)}"
        try:
            return _wait(process, time.monotonic() + limit_s, log.fileno())
        finally:
            _end(process)

    def _command(self) -> list[str]:
        """What is started; on POSIX a supervisor that ends what the handler leaves running."""
        is_python = self.runtime.startswith(_PYTHON)
        supervisor = [sys.executable, "-P", "-u", *([] if is_python else ["-S"]), str(_HERE / "supervise.py")]
        if is_python:
            bootstrap = str(_HERE / "bootstrap.py")
            return [*supervisor, bootstrap] if os.name == "posix" else [sys.executable, "-P", "-u", bootstrap]
        node = [_node() or "node", str(_HERE / "bootstrap.mjs")]
        return [*supervisor, *node] if os.name == "posix" else node


def _resolved(path: Path, handler: str, runtime: str) -> tuple[str, str]:
    """Handler and runtime, with what was left open filled in."""
    where = f"function `{one_line(path)}`"
    holds = _contents(path, where)
    is_file = path.suffix in _SUFFIXES and path.is_file()
    if runtime and not runtime.startswith((_PYTHON, _NODE)):
        raise InputError(f"{where}: expected the runtime `python` or `nodejs` but got `{one_line(runtime)}`")
    if not handler:
        if is_file:
            handler = f"{path.stem}.{'lambda_handler' if path.suffix == '.py' else 'handler'}"
        else:
            handler = next((handler for name, handler in _DEFAULTS.items() if holds(name)), "")
    elif "." not in handler and is_file:
        handler = f"{path.stem}.{handler}"
    if "." not in handler:
        got = f"`{one_line(handler)}`" if handler else f"none, and there is none of {', '.join(_DEFAULTS)}"
        raise InputError(f"{where}: expected the handler as `module.function` but got {got}")
    # Node.js: everything behind the first dot of the last part is an export; Python: behind the last dot.
    folder, slash, last = handler.rpartition("/")
    modules = {_NODE: folder + slash + last.partition(".")[0], _PYTHON: handler.rpartition(".")[0].replace(".", "/")}
    candidates = [
        (f"{modules[kind]}{suffix}", kind)
        for suffix, kind in [*_SUFFIXES.items(), ("/__init__.py", _PYTHON)]
        if not runtime or runtime.startswith(kind)
    ]
    kind = next((kind for name, kind in candidates if holds(name)), "")
    if not kind:
        wanted = " or ".join(f"`{one_line(name)}`" for name, _ in candidates if not name.endswith("/__init__.py"))
        raise InputError(f"{where}: the handler `{one_line(handler)}` needs {wanted}, which is not there")
    if kind == _NODE and not _node():
        raise InputError(f"{where}: needs Node.js, but there is no `node` on PATH")
    return handler, runtime or kind


def _node() -> str:
    import shutil

    return shutil.which("node") or ""


def _contents(path: Path, where: str) -> Callable[[str], bool]:
    """Whether the function holds a file of that relative name."""
    if not path.exists():
        raise InputError(f"{where}: there is no such file or folder")
    if path.is_dir():
        return lambda name: (path / name).is_file()
    if path.suffix in _SUFFIXES:
        return lambda name: name == path.name
    if path.suffix != ".zip":
        raise InputError(f"{where}: expected a .py, .js, .mjs, .cjs or .zip file, or a folder")
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{where}: cannot be read as a zip: {one_line(error)}") from error
    unzipped = sum(entry.file_size for entry in entries)
    if unzipped > _UNZIPPED_BYTES:
        raise InputError(f"{where}: holds {unzipped} bytes unzipped, Lambda allows {_UNZIPPED_BYTES}")
    names = {entry.filename for entry in entries}
    return lambda name: name in names


def _root(path: Path) -> Path:
    """The folder that would be ``/var/task``."""
    if path.is_dir():
        return path.resolve()
    return _unzipped.folder(path.resolve()) if path.suffix == ".zip" else path.resolve().parent


class _Unzipped:
    """Zips unpacked once for each state of the file, into folders that go with the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folders: dict[tuple[str, int, int], Path] = {}

    def folder(self, path: Path) -> Path:
        state = path.stat()
        with self._lock:
            key = (str(path), state.st_mtime_ns, state.st_size)
            if key not in self._folders:
                import zipfile

                folder = scratch_folder(self, "function")
                with zipfile.ZipFile(path) as archive:
                    archive.extractall(folder)
                self._folders[key] = folder
            return self._folders[key]


_unzipped = _Unzipped()


def _lambda_environment(handler: Handler, root: Path, context: LambdaContext) -> dict[str, str]:
    """The reserved variables of Lambda, dummy credentials, and the little a process needs to start."""
    arn = Arn.parse(context.invoked_function_arn)
    region = arn.region if arn and arn.region else "us-east-1"
    version = f"{sys.version_info.major}.{sys.version_info.minor}" if handler.runtime.startswith(_PYTHON) else ""
    needed = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return needed | {
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{handler.runtime}{version if handler.runtime == _PYTHON else ''}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(handler.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": context.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": context.function_version,
        "AWS_LAMBDA_LOG_GROUP_NAME": context.log_group_name,
        "AWS_LAMBDA_LOG_STREAM_NAME": context.log_stream_name,
        "AWS_REGION": region,
        "LAMBDA_TASK_ROOT": str(root),
        "_HANDLER": handler.handler,
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TZ": ":UTC",
        # No real account: not the caller's profile, not the metadata service, not the internet.
        "AWS_ACCESS_KEY_ID": "sesreceive",
        "AWS_SECRET_ACCESS_KEY": "sesreceive",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # the discard port: refused at once
    }


def _wait(process: subprocess.Popen[bytes], deadline: float, log: int) -> str:
    pause = 0.000_5
    while True:
        status = _ended(process)
        if status is not None:
            return _status(status)
        if os.fstat(log).st_size > _LOG_FLOOD_BYTES:
            return f"wrote more than {_LOG_FLOOD_BYTES // 1024**2} MB to its log and was ended"
        left = deadline - time.monotonic()
        if left <= 0:
            return _TIMED_OUT
        time.sleep(min(pause, left))
        pause = min(pause * 2, 0.005)


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    """The exit status once the process has ended; it is not reaped yet, so its number stays its own."""
    if sys.platform != "win32" and hasattr(os, "waitid"):
        seen: Any = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if seen is None:
            return None
        return int(seen.si_status) if seen.si_code == os.CLD_EXITED else -int(seen.si_status)
    return process.poll()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and everything it started, whatever state it is in."""
    if sys.platform != "win32":
        if _ended(process) is None:  # the supervisor knows better than the process group what there is to end
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process.pid, signal.SIGTERM)
            deadline = time.monotonic() + _ENDING_S
            while _ended(process) is None and time.monotonic() < deadline:
                time.sleep(0.002)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _status(status: int) -> str:
    if status == 0:
        return ""
    if status > 0:
        return f"exited with status {status} before it answered"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"
