# ruff: noqa: E501 - a case of a table is a line
"""Lambda functions as Python callables: what they are told, what they may answer, what SES makes of it."""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import sys
import threading
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.backends.memory import MemoryBackend
from sesreceive.effects import Flow, Invoke, Outcome
from sesreceive.errors import InputError
from sesreceive.functions.lambda_context import LambdaContext
from sesreceive.functions.registry import Always, Functions, disposition
from sesreceive.functions.result import read_answer
from tests.patience import PATIENCE_S

GATE = "arn:aws:lambda:us-east-1:111122223333:function:gate"
EVENT = '{"Records":[{"ses":{"mail":{"timestamp":"2026-01-02T10:05:05.123Z"}}}]}'


def call(function: Any, kind: str = "RequestResponse", *, limit_s: float = 5.0, **fields: Any) -> Outcome:
    backend = MemoryBackend(Functions({"gate": function}, limit_s=limit_s))
    return backend.perform(Invoke(function_arn=GATE, invocation_type=kind, payload=EVENT, message_id="0vfh", **fields))


# Developer Guide, "Lambda function action": null, missing and invalid mean CONTINUE; case does not matter.
NONE_OF = "the disposition is none of `CONTINUE`, `STOP_RULE`, `STOP_RULE_SET`, so evaluation continues"
ANSWERS = [
    # returned                            flow                 reason
    ({"disposition": "CONTINUE"},         Flow.CONTINUE,       "returned the disposition `CONTINUE`"),
    ({"disposition": "STOP_RULE"},        Flow.STOP_RULE,      "returned the disposition `STOP_RULE`"),
    ({"disposition": "STOP_RULE_SET"},    Flow.STOP_RULE_SET,  "returned the disposition `STOP_RULE_SET`"),
    ({"disposition": "stop_rule_set"},    Flow.STOP_RULE_SET,  "returned the disposition `stop_rule_set`"),
    ({"disposition": "Stop_Rule"},        Flow.STOP_RULE,      "returned the disposition `Stop_Rule`"),
    ({"disposition": "STOP_RULE", "x": 1}, Flow.STOP_RULE,     "returned the disposition `STOP_RULE`"),
    (None,                                Flow.CONTINUE,       "returned `null`: no disposition, so evaluation continues"),
    ({},                                  Flow.CONTINUE,       "returned `{}`: no disposition, so evaluation continues"),
    ({"disposition": None},               Flow.CONTINUE,       'returned `{"disposition":null}`: no disposition, so evaluation continues'),
    ({"Disposition": "STOP_RULE"},        Flow.CONTINUE,       'returned `{"Disposition":"STOP_RULE"}`: no disposition, so evaluation continues'),
    ("STOP_RULE",                         Flow.CONTINUE,       'returned `"STOP_RULE"`: no disposition, so evaluation continues'),
    ([{"disposition": "STOP_RULE"}],      Flow.CONTINUE,       'returned `[{"disposition":"STOP_RULE"}]`: no disposition, so evaluation continues'),
    ({"disposition": "STOP"},             Flow.CONTINUE,       f'returned `{{"disposition":"STOP"}}`: {NONE_OF}'),
    ({"disposition": " STOP_RULE"},       Flow.CONTINUE,       f'returned `{{"disposition":" STOP_RULE"}}`: {NONE_OF}'),
    ({"disposition": "ſTOP_RULE"},        Flow.CONTINUE,       f'returned `{{"disposition":"ſTOP_RULE"}}`: {NONE_OF}'),
    ({"disposition": 1},                  Flow.CONTINUE,       f'returned `{{"disposition":1}}`: {NONE_OF}'),
    ({"disposition": ["STOP_RULE"]},      Flow.CONTINUE,       f'returned `{{"disposition":["STOP_RULE"]}}`: {NONE_OF}'),
    ({"disposition": "a\n\x1b[1m"},       Flow.CONTINUE,       f'returned `{{"disposition":"a\\n\\u001b[1m"}}`: {NONE_OF}'),
]  # fmt: skip


@pytest.mark.parametrize("returned, flow, reason", ANSWERS)
def test_the_disposition_steers_evaluation(returned: Any, flow: Flow, reason: str) -> None:
    assert disposition(returned) == (flow, reason)
    outcome = call(Always(returned))
    assert (outcome.flow, outcome.reason, outcome.error) == (flow, f"function `gate` {reason}", "")
    assert outcome.value == returned


@pytest.mark.parametrize("returned, flow, reason", ANSWERS)
def test_an_event_function_steers_nothing_and_is_told_so(returned: Any, flow: Flow, reason: str) -> None:
    outcome = call(Always(returned), "Event")
    assert (outcome.flow, outcome.error, outcome.value) == (Flow.CONTINUE, "", returned)
    said = isinstance(returned, dict) and returned.get("disposition") is not None
    assert outcome.reason.endswith("which SES ignores: it does not wait for an `Event` invocation") is said


SCALARS = st.none() | st.booleans() | st.floats() | st.text(max_size=20)


@given(SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(max_size=5), SCALARS, max_size=3))
def test_any_answer_has_a_meaning(returned: Any) -> None:
    flow, reason = disposition({"disposition": returned})
    assert flow in Flow
    assert reason
    assert reason == reason.splitlines()[0]


def test_the_event_is_the_payload_and_belongs_to_the_call_alone() -> None:
    seen = []

    def function(event: Any, context: Any) -> None:
        seen.append(json.dumps(event, separators=(",", ":")))
        event["Records"].clear()

    backend = MemoryBackend({"gate": function})
    for _ in range(2):
        backend.perform(Invoke(function_arn=GATE, payload=EVENT))
    assert seen == [EVENT, EVENT]


def test_the_context_is_lambdas_and_the_same_for_the_same_message() -> None:
    seen: list[Any] = []
    for _ in range(2):
        call(lambda event, context: seen.append(context), limit_s=9)
    one, other = seen
    assert (one.function_name, one.function_version, one.invoked_function_arn) == ("gate", "$LATEST", GATE)
    assert (one.memory_limit_in_mb, one.log_group_name) == ("128", "/aws/lambda/gate")
    assert one.log_stream_name.startswith("2026/01/02/[$LATEST]")
    assert one.identity.cognito_identity_id is None
    assert one.client_context is None
    assert one.aws_request_id == other.aws_request_id
    assert len(one.aws_request_id) == 36
    assert 0 < one.get_remaining_time_in_millis() <= 9000
    call(lambda event, context: seen.append(context), rule="other")
    assert seen[2].aws_request_id != one.aws_request_id


def test_what_it_prints_and_logs_is_the_log_and_nothing_else_is(capsys: pytest.CaptureFixture[str]) -> None:
    ids = []

    def function(event: Any, context: Any) -> None:
        ids.append(context.aws_request_id)
        print("out")
        print("err", file=sys.stderr)
        logging.getLogger("mine").warning("careful %s", 1)
        context.log("through the context")

    before = sys.stdout, sys.stderr, list(logging.getLogger().handlers)
    outcome = call(function)
    assert (sys.stdout, sys.stderr, list(logging.getLogger().handlers)) == before
    assert outcome.log == f"out\nerr\n[WARNING]\t{ids[0]}\tcareful 1\nthrough the context\n"
    print("ours")
    assert capsys.readouterr().out == "ours\n"


def test_the_stream_below_is_flushed_by_no_thread_of_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
    # A notebook's stream keeps a socket for each thread that flushed it: 10,000 mails would be 10,000 sockets.
    class Stream(io.StringIO):
        def flush(self) -> None:
            flushed.append(threading.current_thread().name)

    flushed: list[str] = []
    monkeypatch.setattr(sys, "stdout", Stream())
    for _ in range(3):
        call(lambda event, context: print("said", flush=True))
    assert not any(name.startswith("lambda") for name in flushed)
    assert not sys.stdout.closed


def test_functions_of_several_threads_do_not_mix_their_logs() -> None:
    started = threading.Barrier(8)

    def function(event: Any, context: Any) -> str:
        started.wait(PATIENCE_S)
        for number in range(50):
            print(context.aws_request_id, number)
        return str(context.aws_request_id)

    backend = MemoryBackend({"gate": function})
    outcomes: list[Outcome] = []

    def work(number: int) -> None:
        effect = Invoke(function_arn=GATE, invocation_type="RequestResponse", payload=EVENT, message_id=str(number))
        outcomes.append(backend.perform(effect))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({outcome.value for outcome in outcomes}) == 8
    for outcome in outcomes:
        assert outcome.log == "".join(f"{outcome.value} {number}\n" for number in range(50))
    assert len(backend.invocations) == 8


class MuteError(Exception):
    def __str__(self) -> str:
        raise ValueError


def raises(error: BaseException) -> Any:
    def function(event: Any, context: Any) -> None:
        raise error

    return function


FAULTS = [
    # function                                           error
    (raises(ValueError("no such customer")),             "function `gate` raised ValueError: no such customer"),
    (raises(KeyError("x\ny")),                           "function `gate` raised KeyError: 'x\\ny'"),
    (raises(RuntimeError("a\n\x1b[31m" + "b" * 300)),    "function `gate` raised RuntimeError: a\\x0a\\x1b[31m" + "b" * 192 + "…"),
    (raises(RuntimeError()),                             "function `gate` raised RuntimeError"),
    (raises(MuteError()),                                     "function `gate` raised MuteError: (its text cannot be read)"),
    (raises(SystemExit(3)),                              "function `gate` raised SystemExit: 3"),
    (raises(KeyboardInterrupt()),                        "function `gate` raised KeyboardInterrupt"),
    (raises(RecursionError("deep")),                     "function `gate` raised RecursionError: deep"),
    (lambda event: None,                                 "function `gate` raised TypeError: <lambda>() takes 1 positional argument but 2 were given"),
    (Always({1, 2}),                                     "function `gate` raised Runtime.MarshalError: Unable to marshal response: Object of type set is not JSON serializable"),
    (Always(b"x"),                                       "function `gate` raised Runtime.MarshalError: Unable to marshal response: Object of type bytes is not JSON serializable"),
    (Always("x" * 6_291_600),                            "function `gate` returned 6291602 bytes, Lambda allows 6291556"),
]  # fmt: skip


@pytest.mark.parametrize("function, error", FAULTS)
def test_a_function_that_fails_is_a_failure_of_the_action_in_one_sentence(function: Any, error: str) -> None:
    outcome = call(function)
    assert outcome.error == error
    assert outcome.value is None
    assert len(outcome.error.splitlines()) == 1


@pytest.mark.parametrize("function, error", FAULTS)
def test_ses_does_not_see_that_an_event_function_fails(function: Any, error: str) -> None:
    outcome = call(function, "Event")
    assert outcome.error == ""
    assert outcome.reason == f"{error}; SES does not see it: it does not wait for an `Event` invocation"


def test_a_traceback_is_in_the_log_only_and_starts_in_the_function() -> None:
    backend = MemoryBackend({"gate": raises(ValueError("no such customer"))})
    outcome = backend.perform(Invoke(function_arn=GATE, invocation_type="RequestResponse", payload=EVENT))
    lines = outcome.log.splitlines()
    assert lines[:2] == ["[ERROR] ValueError: no such customer", "Traceback (most recent call last):"]
    assert __file__ in lines[2]
    assert "callables.py" not in outcome.log
    (run,) = backend.invocations
    assert run.error == "raised ValueError: no such customer"
    assert (run.returned["errorType"], run.returned["errorMessage"]) == ("ValueError", "no such customer")


def test_what_json_changes_is_changed_as_lambda_does() -> None:
    assert call(Always({"a": (1, Decimal("1.5"))})).value == {"a": [1, 1.5]}


def test_a_function_that_takes_too_long_is_given_up_and_its_later_words_are_dropped() -> None:
    go_on = threading.Event()
    ended = threading.Event()

    def slow(event: Any, context: Any) -> dict[str, str]:
        print("before")
        go_on.wait(PATIENCE_S)
        print("after")
        ended.set()
        return {"disposition": "STOP_RULE"}

    outcome = call(slow, limit_s=0.1)
    assert not ended.is_set()  # it is still at work
    assert (outcome.error, outcome.flow, outcome.log) == (
        "function `gate` timed out after 0.1 s",
        Flow.CONTINUE,
        "before\n",
    )
    go_on.set()
    assert ended.wait(PATIENCE_S)


def test_a_function_that_is_always_too_slow_is_not_waited_for_on_every_retry() -> None:
    release = threading.Event()
    runs = []

    def slow(event: Any, context: Any) -> None:
        runs.append(1)
        release.wait(PATIENCE_S)

    backend = MemoryBackend(Functions({"gate": slow}, limit_s=0.05))
    effect = Invoke(function_arn=GATE, invocation_type="RequestResponse", payload=EVENT)
    errors = [backend.perform(effect).error for _ in range(4)]
    assert (
        errors
        == ["function `gate` timed out after 0.05 s"] * 2
        + ["function `gate` timed out after 0.05 s (so it did 2 times, and was not run again)"] * 2
    )
    again = Invoke(function_arn=GATE, invocation_type="RequestResponse", payload=EVENT)
    assert backend.perform(again).error == errors[0]
    assert len(runs) == 3
    release.set()


def test_a_log_has_an_end() -> None:
    def chatty(event: Any, context: Any) -> None:
        for _ in range(300):
            print("x" * 10_000)

    log = call(chatty).log
    assert len(log) < 1_001_000
    assert log.endswith("… the rest of the log was cut\n")


ARNS = [
    # registered                 called                           found
    ("gate",                     GATE,                            True),
    ("gate",                     f"{GATE}:live",                  True),
    ("gate:live",                f"{GATE}:live",                  True),
    ("gate:live",                GATE,                            False),
    (GATE,                       GATE,                            True),
    (GATE,                       f"{GATE}:live",                  True),
    (GATE,                       GATE.replace("us-east-1", "eu-west-1"), False),
    ("gate",                     GATE.replace("us-east-1", "eu-west-1"), True),
    ("gat",                      GATE,                            False),
    ("function",                 GATE,                            False),
    ("gate",                     "gate",                          True),
]  # fmt: skip


@pytest.mark.parametrize("registered, called, found", ARNS)
def test_a_function_is_found_by_arn_or_plain_name(registered: str, called: str, found: bool) -> None:
    assert (Functions({registered: print}).find(called) is print) is found


def test_the_more_exact_name_wins() -> None:
    functions = Functions({"gate": Always(1), GATE: Always(2), f"{GATE}:live": Always(3)})
    assert [functions.find(arn).returned for arn in (f"{GATE}:live", GATE, GATE.replace("us-east-1", "eu-west-1"))] == [
        3,
        2,
        1,
    ]


@pytest.mark.parametrize("name, function, words", [
    ("gate", "gate.py", "function `gate`: expected a callable `f(event, context)` or a Handler but got `gate.py`; for a file use Handler(path, handler)"),
    ("gate", None, "function `gate`: expected a callable `f(event, context)` or a Handler but got `None`; for a file use Handler(path, handler)"),
    ("", print, "expected the ARN or plain name of a function but got ``"),
])  # fmt: skip
def test_what_is_no_function_is_refused_when_it_is_registered(name: str, function: Any, words: str) -> None:
    backend = MemoryBackend()
    with pytest.raises(TypeError) as caught:
        backend.functions[name] = function
    assert str(caught.value) == words


def test_a_function_that_cannot_be_sent_to_another_process_is_one_clear_error() -> None:
    backend = MemoryBackend({"ok": Always({"disposition": "STOP_RULE"}), "gate": lambda event, context: None})
    with pytest.raises(
        InputError, match=r"^function `gate` cannot be sent to another process: define it with `def` at the top"
    ):
        pickle.dumps(backend)
    del backend.functions["gate"]
    assert pickle.loads(pickle.dumps(backend)).functions["ok"](None, None) == {"disposition": "STOP_RULE"}


def test_a_copy_of_the_registry_has_the_same_functions_and_is_its_own() -> None:
    functions = Functions({"gate": lambda event, context: None}, limit_s=2, environment={"A": "1"})
    other = copy.deepcopy(functions)
    assert dict(other) == dict(functions)
    assert (other.limit_s, other.environment) == (2, {"A": "1"})
    del other["gate"]
    assert "gate" in functions


@pytest.mark.parametrize("left", [b"", b"[]", b"{", b"null", b"{}", b'{"error": 5}', b"\xff", b"[" * 100_000])
def test_what_is_left_that_is_no_answer_is_a_function_that_ended_without_one(left: bytes) -> None:
    context = LambdaContext.of("gate", limit_s=1, seed="", day="2026-01-02")
    assert read_answer(left, context, "").error == "exited before it answered"
