"""Functions that were created through the API run for real, in place of moto's containers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from sesreceive.errors import InputError, one_line
from sesreceive.functions.handlers import Handler
from sesreceive.functions.lambda_context import LambdaContext
from sesreceive.functions.scratch import scratch_folder

__all__ = ["FunctionRunner"]


class FunctionRunner:
    """Runs the code of moto's functions with the handler runner of this library.

    Parameters
    ----------
    environment : mapping of str to str
        Variables of every function, such as the endpoint its clients find.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        self._folder: Path = scratch_folder(self, "functions")
        self._lock = threading.Lock()
        self._rests = False

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Meanwhile, no function is run; each answers null."""
        self._rests = True
        try:
            yield
        finally:
            self._rests = False

    def invoke(self, function: Any, event: str | None = None) -> tuple[str, bool, str]:
        """What moto's ``LambdaFunction._invoke_lambda`` returns: the answer, whether it failed, the log."""
        if self._rests:
            return "null", False, ""
        limit_s = float(function.timeout)
        context = LambdaContext.of(
            function.function_arn, limit_s=limit_s, seed=str(uuid4()), day="1970-01-01", memory_mb=function.memory_size
        )
        variables = {name: str(value) for name, value in (function.environment_vars or {}).items()}
        try:
            handler = Handler(
                self._code(function),
                function.handler or "",
                "nodejs" if str(function.run_time).startswith("nodejs") else "python",
                env=variables,
                timeout_s=limit_s,
                memory_mb=function.memory_size,
            )
        except InputError as error:
            answer = {"errorType": "Runtime.ImportModuleError", "errorMessage": one_line(error)}
            return json.dumps(answer), True, one_line(error)
        # moto gives the event parsed, or "{}" where there was none.
        payload = event if isinstance(event, str) else json.dumps(event)
        called = handler.call(payload, context, limit_s=limit_s, environment=self.environment)
        return json.dumps(called.returned), bool(called.error), called.log

    def _code(self, function: Any) -> Path:
        """The zip of the function's code, written once for each state of it."""
        path = self._folder / f"{function.code_sha_256.replace('/', '_')}.zip"
        with self._lock:
            if not path.exists():
                path.write_bytes(function.code_bytes)
        return path
