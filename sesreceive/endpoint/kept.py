"""What an endpoint keeps in its data folder: accounts as files, and the requests that made buckets, topics, queues.

Requests are kept rather than moto's objects: a request means the same to every version of moto, a pickled object does
not. What is kept is on the disk before the client has its answer, and is asked again, in order, at the next start.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from sesreceive.account.account import Account
from sesreceive.backends.durable_files import JsonLines, Root
from sesreceive.errors import InputError, one_line

__all__ = ["Kept", "is_kept"]

# Query operations of SNS and IAM, and targets of SQS, that make or change what is there. Messages are not kept.
_CHANGES = (
    "Create",
    "Delete",
    "Set",
    "Put",
    "Attach",
    "Detach",
    "Add",
    "Remove",
    "Tag",
    "Untag",
    "Subscribe",
    "Update",
)
_HEADERS = ("CONTENT_TYPE", "HTTP_X_AMZ_", "HTTP_CONTENT_", "HTTP_AUTHORIZATION", "HTTP_HOST", "HTTP_CACHE_CONTROL")


def is_kept(service: str, environ: Mapping[str, Any], body: bytes) -> bool:
    """Whether a request makes or changes something that lasts.

    Parameters
    ----------
    service : str
        The signing name: ``s3``, ``sns`` …
    environ : mapping
        The WSGI environment.
    body : bytes
        The whole body.

    Examples
    --------
    >>> is_kept("sns", {"REQUEST_METHOD": "POST"}, b"Action=CreateTopic&Name=mail")
    True
    >>> is_kept("sns", {"REQUEST_METHOD": "POST"}, b"Action=Publish&Message=hello")
    False
    """
    method = environ["REQUEST_METHOD"]
    query = environ.get("QUERY_STRING", "")
    if service == "s3":
        # The parts of an upload have an id that another run would not give.
        return method in ("PUT", "DELETE", "POST") and "uploadId" not in query and "uploads" not in query
    if service == "lambda":
        path = environ.get("PATH_INFO", "")
        return method in ("PUT", "DELETE", "POST") and "/functions" in path and not path.endswith("/invocations")
    if service in ("sns", "iam"):
        action = parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]
        return action.startswith(_CHANGES)
    if service == "sqs":
        target = str(environ.get("HTTP_X_AMZ_TARGET", "")).rpartition(".")[2]
        return target.startswith(_CHANGES) and "Message" not in target
    return False


class Kept:
    """The data folder of an endpoint.

    Parameters
    ----------
    folder : str or Path
        ``accounts/<region>.json`` and ``requests.jsonl`` lie there; made when it is not there.

    Raises
    ------
    InputError
        When it is a file, or nothing can be written there.
    """

    def __init__(self, folder: str | Path) -> None:
        self.path = Path(folder)
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"`{one_line(folder)}` is a file: expected a folder, or nothing yet")
        try:
            self._root = Root(self.path.resolve())
            self._accounts = self._root.folder(self._root.path / "accounts")
        except OSError as error:
            raise InputError(f"cannot write to `{one_line(folder)}`: {one_line(error.strerror)}") from error
        self._requests = JsonLines(self._root, self._root.path / "requests.jsonl")

    @property
    def spool(self) -> Path:
        """Where the SMTP server keeps what it has accepted until it is processed."""
        return self._root.path / "spool"

    def accounts(self) -> list[Account]:
        """The accounts as they were left, one a region.

        Raises
        ------
        InputError
            When a file there is none of an account.
        """
        return [Account.load(path) for path in sorted(self._accounts.glob("*.json"))]

    def keep_account(self, account: Account) -> None:
        """The account is on the disk."""
        path = self._accounts / f"{account.region}.json"
        with self._root.writing():
            text = json.dumps(account.to_api(), indent=2, ensure_ascii=False) + "\n"
            # A lone surrogate, which UTF-8 cannot hold, becomes the escape that JSON has for it.
            self._root.write(path, text.encode("utf-8", "backslashreplace"))
            self._root.settle(path.parent)

    def keep_request(self, environ: Mapping[str, Any], body: bytes) -> None:
        """The request is on the disk."""
        headers = {name: text for name, text in environ.items() if name.startswith(_HEADERS) and isinstance(text, str)}
        self._requests.append(
            {
                "method": environ["REQUEST_METHOD"],
                "path": environ.get("PATH_INFO", ""),
                "query": environ.get("QUERY_STRING", ""),
                "headers": headers,
                "body": base64.b64encode(body).decode("ascii"),
            }
        )

    def replay(self, application: Callable[..., Iterable[bytes]]) -> list[str]:
        """Ask everything again; what was refused this time, as sentences."""
        return [sentence for record in self._requests.records() if (sentence := _ask(application, record))]


def _ask(application: Callable[..., Iterable[bytes]], record: Mapping[str, Any]) -> str:
    from werkzeug.test import EnvironBuilder, run_wsgi_app

    body = base64.b64decode(record["body"])
    builder = EnvironBuilder(method=record["method"], path="/", input_stream=io.BytesIO(body))
    environ = builder.get_environ() | record["headers"]
    environ |= {
        "PATH_INFO": record["path"],
        "QUERY_STRING": record["query"],
        "CONTENT_LENGTH": str(len(body)),
        "RAW_URI": record["path"] + (f"?{record['query']}" if record["query"] else ""),
    }
    _, status, _ = run_wsgi_app(application, environ, buffered=True)
    what = f"{record['method']} {record['path']}"
    return "" if status.startswith("2") else f"{one_line(what, 200)}: {one_line(status, 40)}"
