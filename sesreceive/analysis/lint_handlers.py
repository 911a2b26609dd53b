"""What is wrong with the Lambda handlers that rules call, as far as their code can be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from sesreceive.actions import LambdaAction
from sesreceive.analysis.handler_code import HandlerCode, read_handler
from sesreceive.analysis.lint_finding import LintFinding
from sesreceive.analysis.reachability import Reachability
from sesreceive.analysis.witness import Witness
from sesreceive.effects import Invoke
from sesreceive.errors import one_line
from sesreceive.functions.lambda_context import function_name
from sesreceive.functions.registry import Functions
from sesreceive.reception import Reception
from sesreceive.verdict import Verdict

__all__ = ["HandlerLint"]


class HandlerLint:
    """The findings about handlers, and the handlers that could not be read.

    Parameters
    ----------
    reach : Reachability
        What is reached in the account.
    path : str
        Where the active rule set stands.
    functions : mapping
        Functions by ARN or plain name; the ones that are missing are not read.
    """

    def __init__(self, reach: Reachability, path: str, functions: Mapping[str, Any]) -> None:
        self.unread: dict[str, str] = {}
        self._functions = functions if isinstance(functions, Functions) else Functions(functions)
        self._read: dict[str, HandlerCode | str] = {}
        self.findings = tuple(self._all(reach, path))

    def _all(self, reach: Reachability, path: str) -> Iterator[LintFinding]:
        for position, rule in enumerate(reach.rules):
            for index, action in enumerate(rule.actions):
                way = reach.seen[position].actions.get(index)
                code = self._code(action.function_arn) if isinstance(action, LambdaAction) and way else None
                if isinstance(action, LambdaAction) and way is not None and isinstance(code, HandlerCode):
                    where = f"{path}.rules[{position}].actions[{index}]"
                    called = partial(_called, rule.name, index)
                    yield from _findings(action, code, where, partial(reach.witness, way), called)

    def _code(self, function_arn: str) -> HandlerCode | str:
        if function_arn not in self._read:
            function = self._functions.find(function_arn)
            code = read_handler(function) if function is not None else "its code is not here"
            self._read[function_arn] = code
            if isinstance(code, str):
                self.unread[function_name(function_arn)] = code
        return self._read[function_arn]


def _findings(
    action: LambdaAction, code: HandlerCode, where: str, mail: partial[Witness], called: partial[bool]
) -> Iterator[LintFinding]:
    name = one_line(function_name(action.function_arn), 80)
    if code.sends and not code.asks_machine:
        yield LintFinding(
            code="auto-reply-loop",
            path=where,
            message=f"`{name}` sends mail in line {code.sends} and looks at no header by which machines say what they "
            "are, so it answers, or forwards, the answers to its own mail",
            shown_by=partial(_with_header, mail, "Auto-Submitted", "auto-replied"),
            shows=called,
        )
    if code.disposition and not action.waits:
        yield LintFinding(
            code="event-disposition",
            path=where,
            message=f"`{name}` answers a disposition in line {code.disposition}, and it is invoked as Event",
            shown_by=mail,
            shows=called,
        )
    if code.drops_gray and action.waits:
        yield LintFinding(
            code="gray-dropped",
            path=where,
            message=f"`{name}` drops in line {code.drops_gray} whatever has another verdict than PASS, GRAY among it",
            shown_by=mail,
            shows=partial(_called_with_gray, called),
        )
    if code.decides_by_header and action.waits:
        yield LintFinding(
            code="header-decision",
            path=where,
            message=f"`{name}` decides in line {code.decides_by_header} by what the sender wrote into the header, and "
            "looks at no verdict about who that is",
            shown_by=partial(_with_header, mail, "Reply-To", "boss@example.com"),
            shows=partial(_called_with_gray, called),
        )


def _with_header(mail: partial[Witness], name: str, value: str) -> Witness:
    return replace(mail(), headers=((name, value),))


def _called(rule: str, index: int, reception: Reception) -> bool:
    return any(isinstance(one, Invoke) and (one.rule, one.action) == (rule, index) for one in reception.effects)


def _called_with_gray(called: partial[bool], reception: Reception) -> bool:
    return called(reception) and reception.verdicts is not None and reception.verdicts.dmarc is Verdict.GRAY
