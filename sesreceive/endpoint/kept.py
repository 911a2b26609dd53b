"""What an endpoint keeps in its data folder: the requests that made or changed something, in order.

Requests are kept rather than moto's objects: a request means the same to every version of moto, a pickled object does
not. What is kept is on the disk before the client has its answer, and is asked again, at its own moment, at the next
start. Of credentials nothing is kept but the region and service they were for.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from sesreceive.account.account import Account
from sesreceive.backends.durable_files import JsonLines, Root
from sesreceive.endpoint.callers import scope_of
from sesreceive.endpoint.moments import Moment, during
from sesreceive.errors import InputError, one_line
from sesreceive.json_input import parse_json

__all__ = ["Kept", "is_kept"]

# How the names of operations begin that make or change what is there.
_CHANGES = (
    "Add", "Associate", "Attach", "BatchWrite", "Cancel", "Clone", "Confirm", "Create", "Delete", "Detach", "Disable",
    "Disassociate", "Enable", "Execute", "Import", "Put", "Register", "Remove", "Reorder", "Restore", "Schedule", "Set",
    "Subscribe", "Tag", "TransactWrite", "Unsubscribe", "Untag", "Update", "Verify",
)  # fmt: skip
# Of these the ones that pass messages on; messages are not kept.
_MESSAGES = ("DeleteMessage", "DeleteMessageBatch", "PutEvents", "PutLogEvents", "PutRecord", "PutRecords")
_MESSAGE_PATHS = ("/invocations", "/invoke-async", "/outbound-emails", "/response-streaming-invocations")

_HEADERS = ("CONTENT_TYPE", "HTTP_X_AMZ_", "HTTP_CONTENT_", "HTTP_HOST", "HTTP_CACHE_CONTROL", "HTTP_IF_")
# What lets somebody in: session tokens, and the keys that a client encrypts its objects with.
_SECRET = ("HTTP_X_AMZ_SECURITY_TOKEN", "_CUSTOMER_KEY", "_CUSTOMER_KEY_MD5")
_SECRET_FIELDS = ("x-amz-signature", "x-amz-security-token", "x-amz-credential", "signature", "awsaccesskeyid")


def operation_of(environ: Mapping[str, Any], body: bytes) -> str:
    """The operation that a request names in its target, form or query; empty where method and path say it."""
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    if target:
        return target.rpartition(".")[2]
    if "form-urlencoded" in environ.get("CONTENT_TYPE", ""):
        return _action(body.decode("utf-8", "replace"))
    return _action(environ.get("QUERY_STRING", ""))


def _action(form: str) -> str:
    # Of a million fields no more are read than it takes.
    at = 0 if form.startswith("Action=") else form.find("&Action=") + 1
    return parse_qs(form[at:].partition("&")[0]).get("Action", [""])[0] if at or form.startswith("Action=") else ""


def is_kept(environ: Mapping[str, Any], body: bytes) -> bool:
    """Whether a request makes or changes something that lasts.

    Parameters
    ----------
    environ : mapping
        The WSGI environment.
    body : bytes
        The whole body, where it is a form; what is in others does not matter.

    Examples
    --------
    >>> form = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/x-www-form-urlencoded"}
    >>> is_kept(form, b"Action=CreateTopic&Name=mail"), is_kept(form, b"Action=Publish&Message=hello")
    (True, False)
    """
    if operation := operation_of(environ, body):
        return operation.startswith(_CHANGES) and operation not in _MESSAGES
    writes = environ["REQUEST_METHOD"] in ("PUT", "DELETE", "POST", "PATCH")
    return writes and not environ.get("PATH_INFO", "").endswith(_MESSAGE_PATHS)


class Kept:
    """The data folder of an endpoint, for as long as it runs.

    Parameters
    ----------
    folder : str or Path
        ``requests.jsonl`` lies there, and the spool of the mail server; made when it is not there.

    Raises
    ------
    InputError
        When it is a file, nothing can be written there, or another process uses it.
    """

    def __init__(self, folder: str | Path) -> None:
        self.path = Path(folder)
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"`{one_line(folder)}` is a file: expected a folder, or nothing yet")
        try:
            # Bodies are kept as they came, and some hold what is nobody else's business.
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._in_use: IO[bytes] = open(self.path / "in-use", "ab")  # noqa: SIM115 - open as long as this lives
        except OSError as error:
            raise InputError(f"cannot write to `{one_line(folder)}`: {one_line(error.strerror)}") from error
        if not _lock(self._in_use):
            self._in_use.close()
            raise InputError(f"another process uses `{one_line(folder)}`: stop it first, or give another folder")
        root = Root(self.path.resolve())
        self._file = root.path / "requests.jsonl"
        self._requests = JsonLines(root, self._file)

    def close(self) -> None:
        """Another process may use the folder."""
        self._in_use.close()

    @property
    def spool(self) -> Path:
        """Where the SMTP server keeps what it has accepted until it is processed."""
        return self.path / "spool"

    def account(self) -> Account | None:
        """The account that the first endpoint here began with; None where there was none yet.

        Raises
        ------
        InputError
            When the first line of the file is none of ours.
        """
        first = next(self._records(), None)
        if first is None:
            return None
        if first.get("format") != 1 or not isinstance(first.get("account"), dict):
            raise InputError(f"`{one_line(self._file)}` line 1: expected the account that an endpoint began with")
        return Account.from_api(first["account"])

    def begin(self, account: Account) -> None:
        """The account is on the disk, as what the requests to come change."""
        self._requests.append({"format": 1, "account": account.to_api()})

    def keep(self, environ: Mapping[str, Any], body: bytes, moment: Moment) -> None:
        """The request is on the disk, with its moment."""
        headers = {
            name: text
            for name, text in environ.items()
            if name.startswith(_HEADERS) and not name.endswith(_SECRET) and isinstance(text, str)
        }
        scope = scope_of(environ)
        self._requests.append(
            {
                "at": moment.at_s,
                "seed": moment.seed,
                "region": scope.region,
                "service": scope.service,
                "method": environ["REQUEST_METHOD"],
                "path": environ.get("PATH_INFO", ""),
                "uri": str(environ.get("RAW_URI", "")).partition("?")[0],
                "query": _without_secrets(environ.get("QUERY_STRING", "")),
                "headers": headers,
                "body": base64.b64encode(body).decode("ascii"),
            }
        )

    def replay(self, application: Callable[..., Iterable[bytes]]) -> list[str]:
        """Ask everything again, each at its moment; what was refused this time, as sentences.

        Raises
        ------
        InputError
            When a line of the file cannot be read.
        """
        sentences = []
        for number, record in enumerate(self._records(), 1):
            if number == 1:
                continue
            try:
                sentence = _ask(application, record)
            except (KeyError, TypeError, ValueError) as error:
                raise InputError(f"`{one_line(self._file)}` line {number}: expected a request") from error
            if sentence:
                sentences.append(sentence)
        return sentences

    def _records(self) -> Iterator[dict[str, Any]]:
        """The lines; the last one only when it is whole, since no answer was given before it was."""
        if not self._file.exists():
            return
        with open(self._file, "rb") as stream:
            for number, line in enumerate(stream, 1):
                if not line.endswith(b"\n"):
                    return
                record = parse_json(line, where=f"`{one_line(self._file)}` line {number}")
                if not isinstance(record, dict):
                    raise InputError(f"`{one_line(self._file)}` line {number}: expected a JSON object")
                yield record


def _without_secrets(query: str) -> str:
    fields = parse_qsl(query, keep_blank_values=True)
    kept = [(name, text) for name, text in fields if name.lower() not in _SECRET_FIELDS]
    return query if len(kept) == len(fields) else urlencode(kept)


def _ask(application: Callable[..., Iterable[bytes]], record: Mapping[str, Any]) -> str:
    from werkzeug.test import EnvironBuilder, run_wsgi_app

    body, query = base64.b64decode(record["body"]), record["query"]
    environ = EnvironBuilder(method=record["method"], path="/", input_stream=io.BytesIO(body)).get_environ()
    environ |= record["headers"]
    environ |= {
        "PATH_INFO": record["path"],
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)),
        "RAW_URI": record["uri"] + (f"?{query}" if query else ""),
        "REQUEST_URI": record["uri"] + (f"?{query}" if query else ""),
    }
    if record["region"]:
        scope = f"kept/20260101/{record['region']}/{record['service']}/aws4_request"
        environ["HTTP_AUTHORIZATION"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    with during(Moment(at_s=float(record["at"]), seed=int(record["seed"]))):
        _, status, _ = run_wsgi_app(application, environ, buffered=True)
    what = f"{record['method']} {record['path']} {operation_of(environ, body)}".strip()
    return "" if status.startswith("2") else f"{one_line(what)}: {one_line(status, 40)}"


def _lock(stream: IO[bytes]) -> bool:
    """Whether no other process held the lock, which this one holds from now on until the file is closed."""
    try:
        import fcntl
    except ImportError:  # not a POSIX system: one process at a time is the caller's business
        return True
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
