# ruff: noqa: E501 - a case of a table is a line
"""Real Lambda handlers, files and zips, in processes of their own."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sesreceive.backends.aws import AwsBackend
from sesreceive.backends.base import BaseBackend
from sesreceive.backends.directory import DirectoryBackend
from sesreceive.backends.memory import MemoryBackend
from sesreceive.effects import Flow, Invoke, Outcome, PutObject
from sesreceive.errors import InputError
from sesreceive.functions.registry import Functions, Handler
from tests.patience import PATIENCE_S, until

GATE = "arn:aws:lambda:eu-west-1:111122223333:function:gate"
EVENT = (
    '{"Records":[{"eventSource":"aws:ses","ses":{"mail":{"timestamp":"2026-01-02T10:05:05.123Z","messageId":"0vfh"}}}]}'
)

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")


def run(
    handler: Handler, backend: BaseBackend | None = None, kind: str = "RequestResponse", payload: str = EVENT
) -> Outcome:
    backend = backend or MemoryBackend()
    backend.functions["gate"] = handler
    return backend.perform(Invoke(function_arn=GATE, invocation_type=kind, payload=payload, message_id="0vfh"))


def file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


PYTHON = """
import logging, sys
print("cold start")
def lambda_handler(event, context):
    print("mail", event["Records"][0]["ses"]["mail"]["messageId"], "in", context.function_name)
    print("to stderr", file=sys.stderr)
    logging.getLogger().setLevel(logging.INFO)
    logging.info("id %s", len(context.aws_request_id))
    assert 0 < context.get_remaining_time_in_millis() <= 30_000
    assert context.invoked_function_arn.endswith(":gate"), context.memory_limit_in_mb == "128"
    return {"disposition": "stop_rule"}
def event(event, context):
    return event
def fails(event, context):
    raise ValueError("no such\\ncustomer")
def leaves(event, context):
    sys.exit(3)
def crashes(event, context):
    import os, signal
    os.kill(os.getpid(), signal.SIGSEGV)
def unserialisable(event, context):
    return {1, 2}
def large(event, context):
    return "x" * 6_291_600
def decimals(event, context):
    from decimal import Decimal
    return {"n": Decimal("1.5"), "t": (1, 2)}
def silent(event, context):
    pass
"""

NODE = """
console.log("cold start");
export const handler = async (event, context) => {
  console.log("mail", event.Records[0].ses.mail.messageId, "in", context.functionName);
  console.error("to stderr");
  if (!(context.getRemainingTimeInMillis() > 0 && context.invokedFunctionArn.endsWith(":gate"))) throw new Error("context");
  return { disposition: "stop_rule" };
};
export const event = async (event) => event;
export const fails = async () => { throw new TypeError("no such\\ncustomer"); };
export const throws = () => { throw "a text"; };
export const rejects = () => { Promise.reject(new Error("nobody waits")); };
export const later = () => { setTimeout(() => { throw new RangeError("later"); }, 5); };
export const leaves = () => { process.exit(3); };
export const large = async () => "x".repeat(6_291_600);
export const unserialisable = async () => { const a = {}; a.a = a; return a; };
export const silent = () => {};
export const callback = (event, context, callback) => { setTimeout(() => callback(null, { disposition: "STOP_RULE_SET" }), 5); };
export const fails_back = (event, context, callback) => { callback(new Error("called back")); };
export const at_once = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = false;
  setInterval(() => {}, 1000);
  callback(null, { disposition: "STOP_RULE" });
};
export const succeeds = (event, context) => { context.succeed({ disposition: "STOP_RULE" }); };
export const nested = { deep: { mail: async () => ({ disposition: "STOP_RULE" }) } };
export const number = 7;
"""

COMMON_JS = """
exports.handler = (event, context, callback) => callback(null, { disposition: "STOP_RULE", records: event.Records.length });
exports.event = async (event) => event;
"""

# file, handler, flow, returned (… for anything), error
RUNS: list[tuple[str, str, Flow, Any, str]] = [
    ("gate.py", "", Flow.STOP_RULE, {"disposition": "stop_rule"}, ""),
    ("gate.py", "gate.lambda_handler", Flow.STOP_RULE, {"disposition": "stop_rule"}, ""),
    ("gate.py", "lambda_handler", Flow.STOP_RULE, {"disposition": "stop_rule"}, ""),
    ("gate.py", "silent", Flow.CONTINUE, None, ""),
    ("gate.py", "decimals", Flow.CONTINUE, {"n": 1.5, "t": [1, 2]}, ""),
    ("gate.py", "fails", Flow.CONTINUE, ..., "function `gate` raised ValueError: no such\\x0acustomer"),
    ("gate.py", "leaves", Flow.CONTINUE, ..., "function `gate` exited with status 3 before it answered"),
    ("gate.py", "crashes", Flow.CONTINUE, ..., "function `gate` was ended by SIGSEGV"),
    ("gate.py", "unserialisable", Flow.CONTINUE, ..., "function `gate` raised Runtime.MarshalError: Unable to marshal response: Object of type set is not JSON serializable"),
    ("gate.py", "large", Flow.CONTINUE, ..., "function `gate` returned 6291602 bytes, Lambda allows 6291556"),
    ("gate.py", "nothing", Flow.CONTINUE, ..., "function `gate` raised Runtime.HandlerNotFound: Handler 'nothing' missing on module 'gate'"),
    ("broken.py", "", Flow.CONTINUE, ..., "function `gate` raised Runtime.UserCodeSyntaxError: Syntax error in module 'broken': '(' was never closed (broken.py, line 1)"),
    ("imports.py", "", Flow.CONTINUE, ..., "function `gate` raised Runtime.ImportModuleError: Unable to import module 'imports': No module named 'nothing_like_it'"),
    ("index.mjs", "", Flow.STOP_RULE, {"disposition": "stop_rule"}, ""),
    ("index.mjs", "silent", Flow.CONTINUE, None, ""),
    ("index.mjs", "callback", Flow.STOP_RULE_SET, {"disposition": "STOP_RULE_SET"}, ""),
    ("index.mjs", "at_once", Flow.STOP_RULE, {"disposition": "STOP_RULE"}, ""),
    ("index.mjs", "succeeds", Flow.STOP_RULE, {"disposition": "STOP_RULE"}, ""),
    ("index.mjs", "index.nested.deep.mail", Flow.STOP_RULE, {"disposition": "STOP_RULE"}, ""),
    ("index.mjs", "fails", Flow.CONTINUE, ..., "function `gate` raised TypeError: no such\\x0acustomer"),
    ("index.mjs", "throws", Flow.CONTINUE, ..., "function `gate` raised string: a text"),
    ("index.mjs", "rejects", Flow.CONTINUE, ..., "function `gate` raised Runtime.UnhandledPromiseRejection: Error: nobody waits"),
    ("index.mjs", "later", Flow.CONTINUE, ..., "function `gate` raised RangeError: later"),
    ("index.mjs", "fails_back", Flow.CONTINUE, ..., "function `gate` raised Error: called back"),
    ("index.mjs", "leaves", Flow.CONTINUE, ..., "function `gate` exited with status 3 before it answered"),
    ("index.mjs", "large", Flow.CONTINUE, ..., "function `gate` returned 6291602 bytes, Lambda allows 6291556"),
    ("index.mjs", "unserialisable", Flow.CONTINUE, ..., "function `gate` raised Runtime.MarshalError: Unable to stringify response body"),
    ("index.mjs", "nothing", Flow.CONTINUE, ..., "function `gate` raised Runtime.HandlerNotFound: index.nothing is undefined or not exported"),
    ("index.mjs", "number", Flow.CONTINUE, ..., "function `gate` raised Runtime.HandlerNotFound: index.number is not a function"),
    ("common.js", "", Flow.STOP_RULE, {"disposition": "STOP_RULE", "records": 1}, ""),
    ("common.cjs", "", Flow.STOP_RULE, {"disposition": "STOP_RULE", "records": 1}, ""),
    ("module/index.js", "index.handler", Flow.STOP_RULE, {"disposition": "stop_rule"}, ""),
    ("broken.mjs", "", Flow.CONTINUE, ..., "function `gate` raised Runtime.UserCodeSyntaxError: SyntaxError: Unexpected end of input"),
    ("imports.mjs", "", Flow.CONTINUE, ..., "function `gate` raised Runtime.ImportModuleError: Error: Cannot find package 'nothing-like-it'"),
]  # fmt: skip


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("functions")
    for name, text in {
        "gate.py": PYTHON,
        "broken.py": "def lambda_handler(",
        "imports.py": "import nothing_like_it",
        "index.mjs": NODE,
        "common.js": COMMON_JS,
        "common.cjs": COMMON_JS,
        "module/index.js": NODE,
        "module/package.json": '{"type": "module"}',
        "broken.mjs": "export const handler = () => {",
        "imports.mjs": 'import "nothing-like-it"; export const handler = () => {};',
    }.items():
        file(folder, name, text)
    return folder


@pytest.mark.parametrize(
    "name, handler, flow, returned, error",
    [
        pytest.param(*row, marks=() if row[0].endswith(".py") else needs_node, id=f"{row[0]}-{row[1] or 'default'}")
        for row in RUNS
    ],
)
@pytest.mark.slow
def test_a_handler_answers_as_it_would_in_lambda(
    functions: Path, name: str, handler: str, flow: Flow, returned: Any, error: str
) -> None:
    backend = MemoryBackend()
    outcome = run(Handler(functions / name, handler), backend)
    if error.startswith("function `gate` raised Runtime") and name.endswith(("mjs", "py")):
        assert outcome.error.startswith(error)
    else:
        assert outcome.error == error
    assert outcome.flow is flow
    (invocation,) = backend.invocations
    if returned is ...:
        # Lambda's error object.
        assert {"errorType", "errorMessage"} <= set(invocation.returned)
        assert outcome.value is None
    else:
        assert invocation.returned == outcome.value == returned


@pytest.mark.parametrize(
    "name, log",
    [
        ("gate.py", "cold start\nmail 0vfh in gate\nto stderr\n[INFO]\t{id}\tid 36\n"),
        pytest.param(
            "index.mjs",
            "{id}\tINFO\tcold start\n{id}\tINFO\tmail 0vfh in gate\n{id}\tERROR\tto stderr\n",
            marks=needs_node,
        ),
    ],
)
def test_the_log_is_what_was_written_in_order_and_the_same_on_every_run(functions: Path, name: str, log: str) -> None:
    first, second = (run(Handler(functions / name)).log for _ in range(2))
    assert first == second
    request_id = next(
        word for word in first.replace("\n", "\t").split("\t") if len(word) == 36 and word.count("-") == 4
    )
    assert first == log.format(id=request_id)


@pytest.mark.parametrize("name", ["gate.py", pytest.param("index.mjs", marks=needs_node)])
def test_an_error_object_and_the_log_show_the_users_lines_and_no_others(functions: Path, name: str) -> None:
    backend = MemoryBackend()
    outcome = run(Handler(functions / name, "fails"), backend)
    problem = backend.invocations[0].returned
    trace = "".join(problem.get("stackTrace") or problem["trace"])
    assert name in trace
    for text in (trace, outcome.log):
        assert "bootstrap" not in text
    assert "no such\ncustomer" in outcome.log or "no such\\ncustomer" in outcome.log


@pytest.mark.parametrize(
    "name", ["gate.py", pytest.param("index.mjs", marks=needs_node), pytest.param("common.js", marks=needs_node)]
)
def test_large_events_and_answers_pass_unharmed(functions: Path, name: str) -> None:
    event = {"text": 'é😀\ud83d\x00\\"' * 150_000, "rest": list(range(1000))}
    outcome = run(Handler(functions / name, "event"), payload=json.dumps(event))
    assert outcome.error == ""
    assert outcome.value == event


@pytest.mark.parametrize(
    "name, text",
    [
        ("slow.py", "import subprocess, sys, time\ndef lambda_handler(e, c):\n  child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n  print('child', child.pid)\n  time.sleep(600)\n"),
        pytest.param("slow.mjs", "import { spawn } from 'node:child_process';\nexport const handler = async () => { console.log('child', spawn('sleep', ['600']).pid); await new Promise(() => setTimeout(() => {}, 600000)); };\n", marks=needs_node),
    ],
)  # fmt: skip
@pytest.mark.slow
def test_at_the_time_limit_everything_the_handler_started_is_ended(tmp_path: Path, name: str, text: str) -> None:
    for limit_s in (1.5, 6.5, 26.5):  # a busy machine may need longer until the handler has started its child
        backend = MemoryBackend(Functions(limit_s=limit_s))
        outcome = run(Handler(file(tmp_path, name, text)), backend)
        assert outcome.error == f"function `gate` timed out after {limit_s} s"
        assert backend.invocations[0].returned["errorType"] == "Sandbox.Timedout"
        if outcome.log:
            break
    ended(int(outcome.log.split()[-1]))


def test_what_a_handler_leaves_running_is_ended_with_it(tmp_path: Path) -> None:
    text = "import subprocess, sys\ndef lambda_handler(e, c):\n  print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid)\n"
    outcome = run(Handler(file(tmp_path, "gate.py", text)))
    assert outcome.error == ""
    ended(int(outcome.log))


# what the handler leaves running → it prints the number of the process, if it is one
LEFTOVERS = {
    "a thread that is no daemon": "import threading, time\ndef lambda_handler(e, c):\n  threading.Thread(target=time.sleep, args=(600,)).start()\n  return {'disposition': 'STOP_RULE'}\n",
    "a process in a session of its own": "import subprocess\ndef lambda_handler(e, c):\n  print(subprocess.Popen(['sleep', '600'], start_new_session=True).pid)\n  return {'disposition': 'STOP_RULE'}\n",
    "an orphan in a session of its own": "import os, subprocess\ndef lambda_handler(e, c):\n  r, w = os.pipe()\n  if os.fork() == 0:\n    os.setsid()\n    os.write(w, b'%d' % subprocess.Popen(['sleep', '600']).pid)\n    os._exit(0)\n  os.wait()\n  print(os.read(r, 20).decode())\n  return {'disposition': 'STOP_RULE'}\n",
    "a copy that returns, too": "import os\ndef lambda_handler(e, c):\n  if os.fork() == 0:\n    return {'disposition': 'CONTINUE'}\n  os.wait()\n  return {'disposition': 'STOP_RULE'}\n",
}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems hand no orphans over")
@pytest.mark.parametrize("name", LEFTOVERS)
def test_the_answer_counts_when_the_handler_returns_and_what_it_leaves_is_ended(tmp_path: Path, name: str) -> None:
    backend = MemoryBackend()
    outcome = run(Handler(file(tmp_path, "gate.py", LEFTOVERS[name])), backend)
    assert (outcome.error, outcome.flow) == ("", Flow.STOP_RULE)
    assert len(backend.invocations) == 1
    if outcome.log:
        ended(int(outcome.log))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems hand no orphans over")
@pytest.mark.slow
def test_at_the_time_limit_processes_of_other_sessions_are_ended_too(tmp_path: Path) -> None:
    text = "import subprocess, time\ndef lambda_handler(e, c):\n  print(subprocess.Popen(['sleep', '600'], start_new_session=True).pid)\n  time.sleep(600)\n"
    for limit_s in (1.5, 6.5, 26.5):  # a busy machine may need longer until the handler has started its child
        outcome = run(Handler(file(tmp_path, "gate.py", text)), MemoryBackend(Functions(limit_s=limit_s)))
        assert outcome.error == f"function `gate` timed out after {limit_s} s"
        if outcome.log:
            break
    ended(int(outcome.log))


@pytest.mark.parametrize("as_file", [True, False])
def test_half_a_surrogate_pair_in_an_exception_is_in_the_error_object(tmp_path: Path, as_file: bool) -> None:
    def broken(event: Any, context: Any) -> Any:
        raise ValueError("half \ud800")

    text = "def lambda_handler(e, c):\n  raise ValueError('half \\ud800')\n"
    backend = MemoryBackend()
    backend.functions["gate"] = Handler(file(tmp_path, "gate.py", text)) if as_file else broken
    outcome = backend.perform(
        Invoke(function_arn=GATE, invocation_type="RequestResponse", payload=EVENT, message_id="0vfh")
    )
    assert outcome.error == "function `gate` raised ValueError: half \\ud800"
    assert backend.invocations[0].returned["errorMessage"] == "half \ud800"
    assert outcome.error.encode()


def ended(pid: int) -> None:
    """Wait until the process runs no more."""

    def gone() -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
        except OSError:
            return True

    until(gone, f"the end of process {pid}")


def test_a_handler_has_its_own_time_limit_which_the_context_knows(tmp_path: Path) -> None:
    text = "import time\ndef lambda_handler(event, context):\n  return context.get_remaining_time_in_millis()\n"
    outcome = run(Handler(file(tmp_path, "gate.py", text), timeout_s=29))
    assert 0 < outcome.value <= 29_000
    longer = run(Handler(tmp_path / "gate.py", timeout_s=900), kind="Event")
    assert 800_000 < longer.value <= 900_000
    waits = run(Handler(tmp_path / "gate.py", timeout_s=900))
    assert waits.value <= 30_000


ENVIRONMENT = "import os\ndef lambda_handler(event, context):\n  return dict(os.environ)\n"


def test_the_environment_is_lambdas_and_holds_nothing_of_the_callers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MY_SECRET", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_PROFILE", "HOME", "PYTHONPATH"):
        monkeypatch.setenv(name, "secret")
    backend = MemoryBackend(Functions(environment={"ALL": "1", "TABLE": "shared"}))
    handler = Handler(file(tmp_path, "gate.py", ENVIRONMENT), env={"TABLE": "customers"})
    environment = run(handler, backend).value
    assert "secret" not in environment.values()
    expected = {
        "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_LAMBDA_FUNCTION_NAME": "gate",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/gate", "_HANDLER": "gate.lambda_handler", "TZ": ":UTC",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
        "LAMBDA_TASK_ROOT": str(tmp_path), "TABLE": "customers", "ALL": "1",
    }  # fmt: skip
    assert {name: environment.get(name) for name in expected} == expected
    assert "customers" not in repr(handler)


def test_aws_clients_in_a_handler_cannot_reach_real_aws(tmp_path: Path) -> None:
    text = (
        "import boto3\ndef lambda_handler(event, context):\n  boto3.client('s3').get_object(Bucket='inbox', Key='k')\n"
    )
    outcome = run(Handler(file(tmp_path, "gate.py", text)))
    assert outcome.error.startswith(
        "function `gate` raised EndpointConnectionError: Could not connect to the endpoint URL"
    )
    assert "127.0.0.1:9/" in outcome.error


READS = """
import os, pathlib
def lambda_handler(event, context):
    folder = pathlib.Path(os.environ["SESRECEIVE_BUCKETS"])
    key = event["Records"][0]["ses"]["mail"]["messageId"]
    return (folder / "inbox" / "invoices" / key).read_text()
"""


@pytest.mark.parametrize("kind", ["memory", "directory"])
def test_a_handler_reads_the_objects_that_were_stored_before_it_ran(tmp_path: Path, kind: str) -> None:
    backend = MemoryBackend() if kind == "memory" else DirectoryBackend(tmp_path / "backend")
    handler = Handler(file(tmp_path, "gate.py", READS))
    for body in (b"first", b"second"):
        backend.perform(PutObject(bucket="inbox", key="invoices/0vfh", body=body))
        assert run(handler, backend).value == body.decode()


def test_the_folder_for_handlers_goes_with_its_backend(tmp_path: Path) -> None:
    backend = MemoryBackend()
    folder = Path(run(Handler(file(tmp_path, "gate.py", ENVIRONMENT)), backend).value["SESRECEIVE_BUCKETS"])
    assert folder.is_dir()
    del backend
    assert not folder.exists()


def test_a_handler_of_an_aws_backend_finds_the_services_at_its_endpoint(tmp_path: Path, aws: AwsBackend) -> None:
    text = "import boto3\ndef lambda_handler(event, context):\n  return boto3.client('s3').get_object(Bucket='inbox', Key='0vfh')['Body'].read().decode()\n"
    aws.client("s3").create_bucket(Bucket="inbox")
    aws.perform(PutObject(bucket="inbox", key="0vfh", body=b"hello"))
    outcome = run(Handler(file(tmp_path, "gate.py", text)), aws)
    assert (outcome.error, outcome.value) == ("", "hello")


@pytest.mark.parametrize("names, handler, runtime, value", [
    ({"lambda_function.py": "def lambda_handler(e, c): return 'default'"}, "", "", "default"),
    ({"app.py": "import other\ndef run(e, c): return other.NAME", "other.py": "NAME = 'sibling'"}, "app.run", "", "sibling"),
    ({"src/app.py": "def run(e, c): return __name__"}, "src/app.run", "", "src.app"),
    ({"pkg/__init__.py": "", "pkg/mod.py": "def run(e, c): return __name__"}, "pkg.mod.run", "python3.12", "pkg.mod"),
    ({"pkg/__init__.py": "def run(e, c): return __name__"}, "pkg.run", "", "pkg"),
    ({"index.py": "def handler(e, c): return 'py'", "index.js": "exports.handler = async () => 'js'"}, "index.handler", "python", "py"),
    ({"data.txt": "x", "app.py": "def run(e, c): return open('data.txt').read()"}, "app.run", "", "x"),
    ({"app.py": "import sys\ndef run(e, c): return 'sesreceive' in sys.modules"}, "app.run", "", False),
])  # fmt: skip
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.slow
def test_a_folder_and_a_zip_run_alike(
    tmp_path: Path, names: dict[str, str], handler: str, runtime: str, value: Any, packed: bool
) -> None:
    path = tmp_path / "function"
    for name, text in names.items():
        file(path, name, text)
    if packed:
        with zipfile.ZipFile(tmp_path / "function.zip", "w") as archive:
            for name, text in names.items():
                archive.writestr(name, text)
        path = tmp_path / "function.zip"
    outcome = run(Handler(path, handler, runtime))
    assert (outcome.error, outcome.value) == ("", value)
    assert not list(tmp_path.rglob("__pycache__"))


@needs_node
def test_a_zip_of_node_modules_runs(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        archive.writestr("index.js", "const a = require('answer'); exports.handler = async () => a.value;")
        archive.writestr("node_modules/answer/index.js", "exports.value = 42;")
    assert run(Handler(str(tmp_path / "f.zip"))).value == 42


def test_the_file_is_read_anew_on_every_run(tmp_path: Path) -> None:
    path = file(tmp_path, "gate.py", "def lambda_handler(e, c): return 1")
    handler = Handler(path)
    assert run(handler).value == 1
    file(tmp_path, "gate.py", "def lambda_handler(e, c): return 'two'")
    assert run(handler).value == "two"
    path.unlink()
    assert run(handler).error.startswith("function `gate` raised Runtime.ImportModuleError")


def test_a_zip_with_names_that_lead_outside_stays_inside(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        archive.writestr("../../outside.txt", "x")
        archive.writestr("app.py", "import os\ndef run(e, c): return os.listdir()")
    assert set(run(Handler(tmp_path / "f.zip", "app.run")).value) == {"outside.txt", "app.py"}
    assert not (tmp_path.parent / "outside.txt").exists()


def test_a_flood_of_output_is_cut(tmp_path: Path) -> None:
    text = "def lambda_handler(e, c):\n  for _ in range(300): print('x' * 10_000)\n  return 1\n"
    outcome = run(Handler(file(tmp_path, "gate.py", text)))
    assert outcome.value == 1
    assert outcome.log.endswith("… the rest of the log was cut\n")
    assert len(outcome.log) < 1_001_000


def test_a_handler_that_would_fill_the_disk_is_ended(tmp_path: Path) -> None:
    text = "import sys\ndef lambda_handler(e, c):\n  while True: sys.stdout.write('x' * 1_000_000)\n"
    outcome = run(Handler(file(tmp_path, "gate.py", text)))
    assert outcome.error == "function `gate` wrote more than 64 MB to its log and was ended"


def test_handlers_run_side_by_side(tmp_path: Path) -> None:
    """Each waits until all six have begun, so none ends where one waits for the end of another."""
    text = (
        "import pathlib, time\n"
        "def lambda_handler(e, c):\n"
        f"  here = pathlib.Path({str(tmp_path)!r})\n"
        "  (here / f'{e[\"n\"]}.begun').touch()\n"
        "  while len(list(here.glob('*.begun'))) < 6: time.sleep(0.01)\n"
        "  return e['n']\n"
    )
    backend = MemoryBackend(Functions({"gate": Handler(file(tmp_path, "gate.py", text))}, limit_s=PATIENCE_S))
    values: list[int] = []

    def work(n: int) -> None:
        effect = Invoke(function_arn=GATE, invocation_type="RequestResponse", payload=json.dumps({"n": n}))
        values.append(backend.perform(effect).value)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(values) == list(range(6))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to count open files")
def test_a_handler_leaves_no_open_files_behind(tmp_path: Path) -> None:
    handler = Handler(file(tmp_path, "gate.py", "def lambda_handler(e, c): return 1"))
    run(handler)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        run(handler)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("make, words", [
    (lambda p: Handler(Path("nowhere.py")), "function `nowhere.py`: there is no such file or folder"),
    (lambda p: Handler(file(p, "a.txt", "")), "expected a .py, .js, .mjs, .cjs or .zip file, or a folder"),
    (lambda p: Handler(file(p, "a.py", ""), "b.run"), "the handler `b.run` needs `b.py` or `b.js` or `b.mjs` or `b.cjs`, which is not there"),
    (lambda p: Handler(file(p, "a.py", ""), "a.run", "nodejs20.x"), "the handler `a.run` needs `a.js` or `a.mjs` or `a.cjs`, which is not there"),
    (lambda p: Handler(file(p, "a.py", ""), "a.run", "ruby"), "expected the runtime `python` or `nodejs` but got `ruby`"),
    (Handler, "expected the handler as `module.function` but got none, and there is none of lambda_function.py, index.mjs, index.js, index.cjs, index.py"),
    (lambda p: Handler(p, "run"), "expected the handler as `module.function` but got `run`"),
    (lambda p: Handler(file(p, "a.zip", "no zip"), "a.run"), "cannot be read as a zip: File is not a zip file"),
    (lambda p: Handler(file(p, "a.py", ""), timeout_s=0), "expected a time limit above 0 s but got `0`"),
])  # fmt: skip
def test_what_cannot_run_is_refused_when_it_is_configured(tmp_path: Path, make: Any, words: str) -> None:
    with pytest.raises(InputError) as caught:
        make(tmp_path)
    assert str(caught.value).endswith(words)
    assert str(caught.value).startswith("function `")


def test_a_handler_that_always_fails_is_not_started_on_every_retry(tmp_path: Path) -> None:
    backend = MemoryBackend({"gate": Handler(file(tmp_path, "gate.py", "def lambda_handler(e, c): 1 / 0"))})
    effect = Invoke(function_arn=GATE, invocation_type="RequestResponse", payload=EVENT)
    errors = [backend.perform(effect).error for _ in range(7)]
    assert errors[:5] == ["function `gate` raised ZeroDivisionError: division by zero"] * 5
    assert errors[5:] == [f"{errors[0]} (so it did 5 times, and was not run again)"] * 2
    assert len(backend.invocations) == 5


def test_a_handler_can_be_sent_to_another_process(tmp_path: Path) -> None:
    handler = Handler(file(tmp_path, "gate.py", "def lambda_handler(e, c): return 1"), env={"A": "1"})
    assert pickle.loads(pickle.dumps(handler)) == handler
