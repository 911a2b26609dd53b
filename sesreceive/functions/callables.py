"""Running a Python callable as Lambda runs a handler: its own thread, a time limit, its output captured."""

from __future__ import annotations

import contextvars
import io
import json
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, TextIO

from sesreceive.functions.lambda_context import Called, LambdaContext
from sesreceive.functions.result import LOG_LIMIT, error_of, read_answer, timed_out
from sesreceive.json_input import parse_json

__all__ = ["call"]

# A browser has none: there a function runs to its end, and counts as given up when it took too long.
_HAS_THREADS = sys.platform != "emscripten"


def call(function: Callable[[Any, Any], Any], payload: str, context: LambdaContext, *, limit_s: float) -> Called:
    """Call `function` with the parsed event and `context`; always comes back, at the latest after `limit_s`.

    A thread cannot be killed: a function that is given up goes on in the background, and what it returns or
    prints from then on is dropped. A real handler (`Handler`) runs in a process, which can be killed.

    Examples
    --------
    >>> context = LambdaContext.of("gate", limit_s=1, seed="", day="2026-01-02")
    >>> call(lambda event, context: {"seen": event["n"]}, '{"n": 1}', context, limit_s=1).returned
    {'seen': 1}
    >>> call(lambda event, context: {1, 2}, "{}", context, limit_s=1).error
    'raised Runtime.MarshalError: Unable to marshal response: Object of type set is not JSON serializable'
    """
    output = _Output()
    results: list[Called] = []

    def work() -> None:
        with _captured(output, context.aws_request_id):
            results.append(_called(function, payload, context, output))

    run = contextvars.copy_context().run
    if not _HAS_THREADS:
        started_s = time.monotonic()
        run(work)
        if time.monotonic() - started_s > limit_s:
            return timed_out(limit_s, context, output.close())
    else:
        thread = threading.Thread(target=run, args=(work,), name=f"lambda {context.function_name}", daemon=True)
        thread.start()
        thread.join(limit_s)
        if not results and thread.is_alive():
            return timed_out(limit_s, context, output.close())
    return results[0] if results else Called(error="ended without an answer", log=output.close())


def _called(function: Callable[[Any, Any], Any], payload: str, context: LambdaContext, output: _Output) -> Called:
    try:
        returned = function(parse_json(payload), context)
    except BaseException as error:  # noqa: BLE001 - whatever user code raises, SystemExit too, is its result
        # The first frame is this function's.
        frames = traceback.format_tb(error.__traceback__)[1:]
        text = _text(error)
        output.write(f"[ERROR] {type(error).__name__}: {text}\nTraceback (most recent call last):\n{''.join(frames)}")
        problem = {
            "errorMessage": text,
            "errorType": type(error).__name__,
            "requestId": context.aws_request_id,
            "stackTrace": frames,
        }
        return Called(returned=problem, error=error_of(problem), log=output.text())
    try:
        # Lambda hands the answer over as JSON: tuples become lists, and what is not JSON is an error.
        written = f'{{"returned":{json.dumps(returned, default=_decimal)}}}'
    except (TypeError, ValueError, RecursionError) as error:
        problem = {
            "errorMessage": f"Unable to marshal response: {error}",
            "errorType": "Runtime.MarshalError",
            "requestId": context.aws_request_id,
            "stackTrace": [],
        }
        return Called(returned=problem, error=error_of(problem), log=output.text())
    return read_answer(written.encode(), context, output.text())


def _text(error: BaseException) -> str:
    """What the exception says; user code may fail at saying it, too."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - it runs the `__str__` of user code
        return "(its text cannot be read)"


def _decimal(value: object) -> float:
    """What Lambda's Python runtime makes of a `Decimal`."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


class _Output:
    """The text one run writes, up to a limit; nothing more once it was read for good."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._text = io.StringIO()
        self._left = LOG_LIMIT
        self._open = True

    def write(self, text: str) -> int:
        with self._lock:
            if self._open and self._left > 0:
                self._text.write(text[: self._left])
                self._left -= len(text)
                if self._left <= 0:
                    self._text.write("\n… the rest of the log was cut\n")
        return len(text)

    def text(self) -> str:
        with self._lock:
            return self._text.getvalue()

    def close(self) -> str:
        with self._lock:
            self._open = False
            return self._text.getvalue()


class _ByThread(io.TextIOBase):
    """Stands in for ``sys.stdout`` or ``sys.stderr``: sends what a function's thread writes to its output."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        output = _outputs.get(threading.get_ident())
        return (output or self.stream).write(text)

    def flush(self) -> None:
        if threading.get_ident() not in _outputs:
            self.stream.flush()

    def close(self) -> None:
        """Leave the stream below as it is: Python closes, and so flushes, what is dropped, here in a function's thread.

        A notebook's stream opens a socket for each thread that flushes it, and there is a thread for each mail.
        """

    def writable(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class _ToOutput(logging.Handler):
    """Log records of a function's thread, as Lambda's runtime writes them, but for the time: logs stay comparable."""

    def __init__(self, output: _Output, request_id: str) -> None:
        super().__init__()
        self.output, self.request_id, self.thread = output, request_id, threading.get_ident()
        self.setFormatter(logging.Formatter("[%(levelname)s]\t%(request_id)s\t%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self.thread:
            record.request_id = self.request_id
            self.output.write(self.format(record) + "\n")


_outputs: dict[int, _Output] = {}
_installing = threading.Lock()


@contextmanager
def _captured(output: _Output, request_id: str) -> Iterator[None]:
    """Everything this thread prints and logs goes to `output`; other threads notice nothing."""
    ident = threading.get_ident()
    handler = _ToOutput(output, request_id)
    with _installing:
        _outputs[ident] = output
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is not None and not isinstance(stream, _ByThread):
                setattr(sys, name, _ByThread(stream))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        with _installing:
            del _outputs[ident]
            if not _outputs:
                for name in ("stdout", "stderr"):
                    stream = getattr(sys, name)
                    if isinstance(stream, _ByThread):
                        setattr(sys, name, stream.stream)
