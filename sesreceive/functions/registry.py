"""The Lambda functions a backend can call, and what their answer means for the rules that follow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from difflib import get_close_matches
from typing import Any, TypeAlias

from sesreceive import limits
from sesreceive.arn import Arn
from sesreceive.effects import Flow, Invoke, Outcome
from sesreceive.errors import InputError, one_line
from sesreceive.functions.handlers import Handler
from sesreceive.functions.lambda_context import Called, LambdaContext, function_name
from sesreceive.wording import expected

__all__ = ["Always", "Function", "Functions", "Handler", "disposition", "outcome_of"]

Function: TypeAlias = Callable[[Any, Any], Any] | Handler


class Always:
    """A function that returns the same for every message; unlike a lambda it can be sent to another process.

    Examples
    --------
    >>> Always({"disposition": "STOP_RULE"})({}, None)
    {'disposition': 'STOP_RULE'}
    """

    def __init__(self, returned: Any = None) -> None:
        self.returned = returned

    def __call__(self, event: Any, context: Any) -> Any:
        """The answer."""
        return self.returned

    def __repr__(self) -> str:
        """One line: the answer."""
        return f"Always({self.returned!r})"


class Functions(MutableMapping[str, Function]):
    """Functions by ARN or plain name: Python callables ``f(event, context)`` and real handlers.

    Parameters
    ----------
    functions : mapping, optional
        ARN or plain name to a callable or a `Handler`. A plain name is that function in every region and account.
    limit_s : float
        Seconds after which a run is given up; SES waits 30 s for a ``RequestResponse`` answer [documented].
    environment : mapping of str to str, optional
        Environment variables for every `Handler`.

    Examples
    --------
    >>> functions = Functions({"gate": lambda event, context: {"disposition": "STOP_RULE"}})
    >>> functions.find("arn:aws:lambda:us-east-1:111122223333:function:gate:live") is functions["gate"]
    True
    >>> functions["gate"] = "gate.py"
    Traceback (most recent call last):
    TypeError: function `gate`: expected a callable `f(event, context)` or a Handler but got `gate.py`; ...
    """

    def __init__(
        self,
        functions: Mapping[str, Function] | None = None,
        *,
        limit_s: float = float(limits.LAMBDA_TIMEOUT.value),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._functions: dict[str, Function] = {}
        self.limit_s = limit_s
        self.environment: dict[str, str] = dict(environment or {})
        if functions is not None and not isinstance(functions, Mapping):
            raise InputError(f"functions: {expected('functions by ARN or plain name', functions)}")
        self.update(functions or {})

    def find(self, function_arn: str) -> Function | None:
        """The function an action means: by its ARN, else without version or alias, else by its plain name."""
        arn = Arn.parse(function_arn)
        plain = str(arn._replace(resource=f"function:{arn.function_name}")) if arn else function_arn
        for name in (function_arn, plain, *(arn.names if arn else (function_name(function_arn),))):
            if name in self._functions:
                return self._functions[name]
        return None

    def call(self, effect: Invoke, *, environment: Callable[[], Mapping[str, str]] | None = None) -> Called | None:
        """Run the function `effect` names; None where there is none.

        Parameters
        ----------
        environment : callable, optional
            Gives further variables; asked for a `Handler` only.
        """
        function = self.find(effect.function_arn)
        if function is None:
            return None
        limit_s = self.limit_s
        if isinstance(function, Handler) and function.timeout_s is not None:
            # A function has its own limit; SES waits no longer than its own.
            waits = effect.invocation_type == "RequestResponse"
            limit_s = min(limit_s, function.timeout_s) if waits else function.timeout_s
        context = LambdaContext.of(
            effect.function_arn,
            limit_s=limit_s,
            seed=f"{effect.message_id}\0{effect.rule}\0{effect.action}",
            day=_day(effect.payload),
            memory_mb=function.memory_mb if isinstance(function, Handler) else 128,
            envelope=effect.envelope,
        )
        if isinstance(function, Handler):
            told = {**(environment() if environment else {}), **self.environment}
            return function.call(effect.payload, context, limit_s=limit_s, environment=told)
        from sesreceive.functions import callables

        return callables.call(function, effect.payload, context, limit_s=limit_s)

    def __getitem__(self, name: str) -> Function:
        """The function under exactly this name."""
        if name not in self._functions:
            near = get_close_matches(name, self._functions, n=1)
            hint = f": did you mean `{near[0]}`?" if near else ""
            raise KeyError(f"no function `{one_line(name)}`{hint}")
        return self._functions[name]

    def __setitem__(self, name: str, function: Function) -> None:
        """Register a function; a second one under the same name takes its place."""
        if not name:
            raise TypeError(f"expected the ARN or plain name of a function but got `{one_line(name)}`")
        if not isinstance(function, Handler) and not callable(function):
            raise TypeError(
                f"function `{one_line(name)}`: expected a callable `f(event, context)` or a Handler but got "
                f"`{one_line(function)}`; for a file use Handler(path, handler)"
            )
        self._functions[name] = function

    def __delitem__(self, name: str) -> None:
        """Forget a function."""
        self[name]
        del self._functions[name]

    def __iter__(self) -> Iterator[str]:
        """The names, in the order they were registered."""
        return iter(tuple(self._functions))

    def __len__(self) -> int:
        """How many there are."""
        return len(self._functions)

    def _ipython_key_completions_(self) -> list[str]:
        """The names, for completion in a notebook."""
        return list(self._functions)

    def __deepcopy__(self, memo: Any) -> Functions:
        """A registry of its own with the same functions: code is not copied."""
        return Functions(self._functions, limit_s=self.limit_s, environment=self.environment)

    def __getstate__(self) -> dict[str, Any]:
        """Everything, or one clear error about the function that cannot be sent to another process."""
        import pickle

        for name, function in self._functions.items():
            try:
                pickle.dumps(function)
            except Exception as error:
                raise InputError(
                    f"function `{one_line(name)}` cannot be sent to another process: define it with `def` at the top "
                    f"level of a module, use Handler, or stay in one process ({one_line(error)})"
                ) from error
        return dict(self.__dict__)

    def __repr__(self) -> str:
        """One line: the names."""
        return f"<Functions {', '.join(one_line(name) for name in self._functions) or 'none'}>"


def disposition(returned: Any, invocation_type: str = "RequestResponse") -> tuple[Flow, str]:
    """What an answer means: where evaluation goes next, and why, as one sentence.

    Only ``RequestResponse`` answers count. Case does not matter: one AWS example answers in lower case [documented].

    Examples
    --------
    >>> disposition({"disposition": "stop_rule_set"})
    (<Flow.STOP_RULE_SET: 'STOP_RULE_SET'>, 'returned the disposition `stop_rule_set`')
    >>> disposition({"statusCode": 200})[1]
    'returned `{"statusCode":200}`: no disposition, so evaluation continues'
    >>> disposition({"disposition": "STOP_RULE"}, "Event")
    (<Flow.CONTINUE: 'CONTINUE'>, 'returned the disposition `STOP_RULE`, which SES ignores: ...')

    References
    ----------
    Amazon SES Developer Guide, "Invoke Lambda function action" and "Example Lambda functions".
    """
    answer = returned.get("disposition") if isinstance(returned, dict) else None
    if invocation_type != "RequestResponse":
        if answer is None:
            return Flow.CONTINUE, ""
        said = f"returned the disposition `{one_line(answer)}`"
        return Flow.CONTINUE, f"{said}, which SES ignores: it does not wait for an `Event` invocation"
    if isinstance(answer, str) and answer.isascii() and answer.upper() in Flow.__members__:
        return Flow(answer.upper()), f"returned the disposition `{answer}`"
    said = f"returned `{one_line(json.dumps(returned, ensure_ascii=False, separators=(',', ':')))}`"
    if answer is None:
        return Flow.CONTINUE, f"{said}: no disposition, so evaluation continues"
    known = ", ".join(f"`{flow}`" for flow in Flow)
    return Flow.CONTINUE, f"{said}: the disposition is none of {known}, so evaluation continues"


def outcome_of(called: Called, effect: Invoke) -> Outcome:
    """What a run means to SES: an ``Event`` function may do what it likes, SES does not see it [documented]."""
    name = function_name(effect.function_arn)
    if called.error and effect.invocation_type == "RequestResponse":
        return Outcome(error=f"function `{name}` {called.error}", log=called.log)
    if called.error:
        reason = f"function `{name}` {called.error}; SES does not see it: it does not wait for an `Event` invocation"
        return Outcome(reason=reason, log=called.log)
    flow, reason = disposition(called.returned, effect.invocation_type)
    if reason:
        reason = f"function `{name}` {reason}"
    return Outcome(flow=flow, reason=reason, value=called.returned, log=called.log)


def _day(payload: str) -> str:
    """The day of the event, for the name of the log stream; no clock is asked, so runs stay comparable."""
    at = payload.find('"timestamp":"')
    day = payload[at + 13 : at + 23] if at >= 0 else ""
    return day if len(day) == 10 and day[:4].isdigit() else "1970-01-01"
