"""What a Lambda function is told about its run, and what a run comes to."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import Any

from sesreceive.arn import Arn
from sesreceive.errors import one_line

__all__ = ["Called", "LambdaContext", "function_name"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What a run of a function came to.

    Attributes
    ----------
    returned : object
        What ``Invoke`` gives back: the answer after a way through JSON, or Lambda's error object
        (``errorType``, ``errorMessage``, ``trace`` or ``stackTrace``).
    error : str
        Why it failed, to be read after "the function"; empty when it did not.
    log : str
        What it printed and logged, a traceback included.
    timed_out : bool
        Whether it was given up at the time limit.
    """

    returned: Any = None
    error: str = ""
    log: str = ""
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class _Identity:
    cognito_identity_id: None = None
    cognito_identity_pool_id: None = None


# The member of the client context that says how the envelope is known.
ENVELOPE = "sesreceive.envelope"


@dataclass(frozen=True, slots=True)
class _ClientContext:
    custom: dict[str, str]
    env: None = None
    client: None = None


@dataclass(frozen=True, kw_only=True)
class LambdaContext:
    """The second argument of a handler, as Lambda's Python runtime gives it.

    Attributes
    ----------
    function_name, function_version, invoked_function_arn : str
        Of the function; the version is always ``$LATEST``.
    memory_limit_in_mb : str
        Configured memory, in MB; the runtime gives it as text.
    aws_request_id : str
        The same for the same function and message on every run.
    log_group_name, log_stream_name : str
        Where CloudWatch would keep the log.
    identity : object
        Empty: there is no mobile client.
    client_context : object or None
        None, as it is for SES. For mail out of a file, of which no session is known, its
        ``custom["sesreceive.envelope"]`` says which parts of the envelope were read or assumed.

    References
    ----------
    AWS Lambda Developer Guide, "Using the Lambda context object to retrieve Python function information".
    """

    function_name: str
    invoked_function_arn: str
    aws_request_id: str
    deadline_s: float = field(repr=False)
    memory_limit_in_mb: str = "128"
    function_version: str = "$LATEST"
    log_group_name: str = ""
    log_stream_name: str = ""
    identity: _Identity = field(default=_Identity(), repr=False)
    client_context: _ClientContext | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls, function_arn: str, *, limit_s: float, seed: str, day: str, memory_mb: int = 128, envelope: str = ""
    ) -> LambdaContext:
        """The context of a run that starts now; equal `seed` gives equal ids.

        Examples
        --------
        >>> arn = "arn:aws:lambda:us-east-1:111122223333:function:gate"
        >>> context = LambdaContext.of(arn, limit_s=30, seed="0vfh", day="2026-01-02")
        >>> context.function_name, context.log_group_name
        ('gate', '/aws/lambda/gate')
        >>> context.aws_request_id
        '1ec0529c-1996-4f35-8b95-d4c022782ea0'
        >>> 29_000 < context.get_remaining_time_in_millis() <= 30_000
        True
        """
        name = function_name(function_arn)
        digest = hashlib.sha256(f"{function_arn}\0{seed}".encode("utf-8", "surrogatepass")).hexdigest()
        # A version 4 UUID, as Lambda's request ids are [observed].
        request_id = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
        return cls(
            function_name=name,
            invoked_function_arn=function_arn,
            aws_request_id=request_id,
            deadline_s=time.time() + limit_s,
            memory_limit_in_mb=str(memory_mb),
            log_group_name=f"/aws/lambda/{name}",
            log_stream_name=f"{day.replace('-', '/')}/[$LATEST]{digest[32:64]}",
            client_context=_ClientContext({ENVELOPE: envelope}) if envelope else None,
        )

    def told(self) -> dict[str, Any]:
        """The context as plain values, for a process of its own."""
        return {
            "function_name": self.function_name,
            "invoked_function_arn": self.invoked_function_arn,
            "aws_request_id": self.aws_request_id,
            "memory_limit_in_mb": self.memory_limit_in_mb,
            "log_group_name": self.log_group_name,
            "log_stream_name": self.log_stream_name,
            "deadline_s": self.deadline_s,
            "custom": self.client_context.custom if self.client_context else None,
        }

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the run is given up."""
        return max(0, int((self.deadline_s - time.time()) * 1000))

    def log(self, message: object) -> None:
        """Write to the log."""
        print(message)  # noqa: T201 - this is what Lambda's context.log does


def function_name(function: str) -> str:
    """The plain name in an ARN, with or without a version or alias; another text stays as it is.

    Examples
    --------
    >>> function_name("arn:aws:lambda:us-east-1:111122223333:function:gate:live"), function_name("gate")
    ('gate', 'gate')
    """
    arn = Arn.parse(function)
    return arn.function_name if arn else one_line(function)
