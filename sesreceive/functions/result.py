"""From what a run left behind to `Called`: the answer as JSON, or Lambda's error object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sesreceive.errors import one_line
from sesreceive.functions.lambda_context import Called, LambdaContext

__all__ = ["LOG_LIMIT", "error_of", "read_answer", "timed_out"]

LOG_LIMIT = 1_000_000  # bytes kept of the output of one run
RESPONSE_BYTES = 6_291_556  # Lambda quotas: response payload of a synchronous invocation


def read_answer(written: bytes, context: LambdaContext, log: str, *, ended: str = "") -> Called:
    """What ``{"returned": …}`` or ``{"error": {…}}`` means; `ended` says how a process ended that wrote neither.

    Examples
    --------
    >>> context = LambdaContext.of("gate", limit_s=1, seed="", day="2026-01-02")
    >>> read_answer(b'{"returned": {"disposition": "STOP_RULE"}}', context, "").returned
    {'disposition': 'STOP_RULE'}
    >>> read_answer(b'{"error": {"errorType": "KeyError", "errorMessage": "x"}}', context, "").error
    'raised KeyError: x'
    >>> read_answer(b"", context, "", ended="exited with status 3 before it answered").error
    'exited with status 3 before it answered'
    """
    # What a function gives back is handed on as its runtime wrote it: NaN, any depth, half a surrogate pair.
    try:
        answer = json.loads(written.decode("utf-8", "surrogatepass")) if written else None
    except (ValueError, RecursionError):  # deeper than Python reads
        answer = None
    if not isinstance(answer, dict) or not ("returned" in answer or isinstance(answer.get("error"), dict)):
        error = ended or "exited before it answered"
        return Called(returned=_object("Runtime.ExitError", error, context), error=error, log=log)
    if "error" in answer:
        problem: dict[str, Any] = answer["error"]
        return Called(returned=problem, error=error_of(problem), log=log)
    size = len(written) - len('{"returned":}')
    if size > RESPONSE_BYTES:
        error = f"returned {size} bytes, Lambda allows {RESPONSE_BYTES}"
        return Called(returned=_object("Function.ResponseSizeTooLarge", error, context), error=error, log=log)
    return Called(returned=answer["returned"], log=log)


def error_of(problem: Mapping[str, Any]) -> str:
    """Lambda's error object as part of a sentence; the traceback stays in the log.

    Examples
    --------
    >>> error_of({"errorType": "ValueError", "errorMessage": "no such customer", "stackTrace": []})
    'raised ValueError: no such customer'
    """
    message = one_line(problem.get("errorMessage", ""))
    return f"raised {one_line(problem.get('errorType', 'Error'))}" + (f": {message}" if message else "")


def timed_out(limit_s: float, context: LambdaContext, log: str) -> Called:
    """A run that was given up.

    Examples
    --------
    >>> timed_out(3, LambdaContext.of("gate", limit_s=3, seed="", day="2026-01-02"), "").error
    'timed out after 3 s'
    """
    message = f"Task timed out after {limit_s:.2f} seconds"
    problem = _object("Sandbox.Timedout", message, context)
    return Called(returned=problem, error=f"timed out after {limit_s:g} s", log=log, timed_out=True)


def _object(error_type: str, message: str, context: LambdaContext) -> dict[str, Any]:
    """Lambda's error object of a run that could not report for itself."""
    return {"errorType": error_type, "errorMessage": f"RequestId: {context.aws_request_id} Error: {message}"}
