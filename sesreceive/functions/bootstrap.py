"""Runs one Python handler and answers through a file of its own; started by `Handler` in a new process.

As Lambda's Python runtime does it: module, function, context, logging, and the error object. Nothing of
`sesreceive` is imported here, so that a handler sees the path and the modules it would see in Lambda.

Arguments: where to answer (the number of an open file, or a path), the handler's name, the folder it lies in, and
the context as JSON. The event comes on standard input.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
from typing import Any


class Context:
    """Lambda's context object."""

    function_version = "$LATEST"

    def __init__(self, told: dict[str, Any]) -> None:
        self.function_name = told["function_name"]
        self.invoked_function_arn = told["invoked_function_arn"]
        self.aws_request_id = told["aws_request_id"]
        self.memory_limit_in_mb = told["memory_limit_in_mb"]
        self.log_group_name = told["log_group_name"]
        self.log_stream_name = told["log_stream_name"]
        self.identity = type("CognitoIdentity", (), {"cognito_identity_id": None, "cognito_identity_pool_id": None})()
        custom = told["custom"]
        facts = {"custom": custom, "env": None, "client": None}
        self.client_context = None if custom is None else type("ClientContext", (), facts)()
        self._deadline_s = told["deadline_s"]

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the run is given up."""
        import time

        return max(0, int((self._deadline_s - time.time()) * 1000))

    def log(self, message: object) -> None:
        """Write to the log."""
        sys.stdout.write(f"{message}\n")


class RunError(Exception):
    """A handler that cannot be loaded, or an answer that is none; its type is one of Lambda's."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


def load(handler: str) -> Any:
    """The function that ``folder/module.function`` names."""
    import importlib

    module_name, dot, name = handler.rpartition(".")
    if not dot:
        raise RunError("Runtime.MalformedHandlerName", f"Bad handler '{handler}': expected module.function")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        traceback.print_exc()
        raise RunError("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        traceback.print_exc()
        raise RunError("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}") from error
    function = getattr(module, name, None)
    if function is None:
        raise RunError("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module_name}'")
    return function


def log_records(context: Context) -> None:
    """Log records go to the log as Lambda writes them, but for the time: two runs have equal logs."""
    import logging

    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter(f"[%(levelname)s]\t{context.aws_request_id}\t%(message)s"))
    logging.getLogger().addHandler(handler)


def run(handler: str, event: Any, context: Context) -> str:
    """``{"returned":…}``, or ``{"error":…}`` with Lambda's error object."""
    try:
        returned = load(handler)(event, context)
    except Exception as error:  # noqa: BLE001 - whatever user code raises is its result
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not own(frame.filename)]
        say(f"[ERROR] {getattr(error, 'error_type', type(error).__name__)}: {text_of(error)}\n")
        if not isinstance(error, RunError):
            say("Traceback (most recent call last):\n" + "".join(traceback.format_list(frames)))
        return json.dumps({"error": error_object(error, context, traceback.format_list(frames))})
    try:
        return f'{{"returned":{json.dumps(returned, default=number)}}}'
    except (TypeError, ValueError, RecursionError) as error:
        problem = RunError("Runtime.MarshalError", f"Unable to marshal response: {error}")
        say(f"[ERROR] {problem.error_type}: {problem}\n")
        return json.dumps({"error": error_object(problem, context, [])})


def say(text: str) -> None:
    """Write to the log what need not be UTF-8; the handler may have closed it."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(text.encode("utf-8", "backslashreplace").decode())


def text_of(error: Exception) -> str:
    """What the exception says; user code may fail at saying it, too."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - it runs the `__str__` of user code
        return "(its text cannot be read)"


def own(filename: str) -> bool:
    """Whether a frame is of this file or of the import machinery, which nobody wants to read of."""
    return filename == __file__ or filename.startswith("<frozen importlib")


def error_object(error: Exception, context: Context, trace: list[str]) -> dict[str, Any]:
    """What Lambda answers in place of a value."""
    return {
        "errorMessage": text_of(error),
        "errorType": getattr(error, "error_type", type(error).__name__),
        "requestId": context.aws_request_id,
        "stackTrace": [] if isinstance(error, RunError) else trace,
    }


def number(value: object) -> float:
    """A `Decimal` is a number to Lambda's runtime; nothing else but JSON is taken."""
    import decimal

    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def main() -> None:
    """Read the event, run the handler, answer."""
    target, handler, root, told = sys.argv[1:5]
    if target.isdigit():
        os.set_inheritable(int(target), False)
    context = Context(json.loads(told))
    event = json.loads(sys.stdin.buffer.read())
    sys.argv = [handler]
    sys.path.insert(0, root)
    log_records(context)
    own = os.getpid()
    answer = run(handler, event, context)
    if os.getpid() != own:  # a copy that the handler forked and let return
        os._exit(0)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # the handler may have closed it
            stream.flush()
    with open(int(target) if target.isdigit() else target, "wb") as file:
        file.write(answer.encode("ascii"))
    os._exit(0)  # as Lambda: what the handler left running does not keep the answer waiting


if __name__ == "__main__":
    main()
