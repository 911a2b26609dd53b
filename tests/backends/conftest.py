"""The three backends behind one face, and a server that speaks AWS's protocols on loopback."""

from __future__ import annotations

import base64
import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from moto_server import moto_server

from sesreceive.backends.aws import AwsBackend
from sesreceive.backends.base import BaseBackend
from sesreceive.backends.directory import DirectoryBackend
from sesreceive.backends.memory import MemoryBackend

REGION = "us-east-1"


@dataclass
class Place:
    """A backend and how its buckets, topics and keys come into being; `reopen` looks at the same content anew."""

    backend: BaseBackend
    create_bucket: Callable[[str], object]
    create_topic: Callable[[str], str]
    create_key: Callable[[], str]
    reopen: Callable[[], BaseBackend]


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    with moto_server() as url:
        yield url


class LambdaServer(ThreadingHTTPServer):
    """Lambda's Invoke operation (moto runs functions in Docker only): `functions` by ARN, given and giving JSON."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), LambdaRequest)
        self.functions: dict[str, Callable[[Any], Any]] = {}
        self.url = f"http://127.0.0.1:{self.server_port}"


class LambdaRequest(BaseHTTPRequestHandler):
    server: LambdaServer

    def do_POST(self) -> None:
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        function = self.server.functions.get(unquote(self.path.split("/")[3]))
        headers = {}
        if function is None:
            status, answer = 404, {"Type": "User", "Message": f"Function not found: {self.path}"}
            headers["x-amzn-ErrorType"] = "ResourceNotFoundException"
        elif self.headers["X-Amz-Invocation-Type"] == "Event":
            status, answer = 202, None
            function(event)
        else:
            status, answer = 200, function(event)
            if self.headers.get("X-Amz-Log-Type") == "Tail":
                headers["X-Amz-Log-Result"] = base64.b64encode("START é\n".encode()).decode()
            if isinstance(answer, dict) and "errorMessage" in answer:
                headers["X-Amz-Function-Error"] = "Unhandled"
        body = b"" if status == 202 else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def lambda_running() -> Iterator[LambdaServer]:
    with LambdaServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def clients(moto_url: str, lambda_running: LambdaServer) -> Iterator[dict[str, Any]]:
    """Clients made once, as AwsBackend makes them: that takes longer than most tests."""
    at_moto = AwsBackend(endpoint_url=moto_url, region=REGION)
    made = {service: at_moto.client(service) for service in ("s3", "sns", "kms")}
    made["lambda"] = AwsBackend(endpoint_url=lambda_running.url, region=REGION).client("lambda")
    yield made
    for client in made.values():
        client.close()


@pytest.fixture
def lambda_server(lambda_running: LambdaServer) -> LambdaServer:
    """Lambda, with no function yet."""
    lambda_running.functions.clear()
    return lambda_running


@pytest.fixture
def aws(moto_url: str, lambda_server: LambdaServer, clients: dict[str, Any]) -> AwsBackend:
    """An AwsBackend at an empty account."""
    request = urllib.request.Request(f"{moto_url}/moto-api/reset", method="POST")
    urllib.request.urlopen(request, timeout=60).close()
    return AwsBackend(endpoint_url=moto_url, region=REGION, clients=clients)


def arn_of(topic: str) -> str:
    """The ARN a topic gets in moto's account."""
    return f"arn:aws:sns:{REGION}:123456789012:{topic}"


def memory_place() -> Place:
    backend = MemoryBackend(strict=True)

    def create_topic(name: str) -> str:
        backend.create_topic(arn_of(name))
        return arn_of(name)

    return Place(backend, backend.create_bucket, create_topic, lambda: f"arn:aws:kms:{REGION}:1:key/k", lambda: backend)


def directory_place(path: Path) -> Place:
    backend = DirectoryBackend(path, strict=True)

    def create_topic(name: str) -> str:
        backend.create_topic(arn_of(name))
        return arn_of(name)

    return Place(
        backend,
        backend.create_bucket,
        create_topic,
        lambda: f"arn:aws:kms:{REGION}:1:key/k",
        lambda: DirectoryBackend(path, strict=True),
    )


def aws_place(backend: AwsBackend) -> Place:
    def create_key() -> str:
        return str(backend.client("kms").create_key()["KeyMetadata"]["Arn"])

    def create_topic(name: str) -> str:
        return str(backend.client("sns").create_topic(Name=name)["TopicArn"])

    def create_bucket(name: str) -> None:
        backend.client("s3").create_bucket(Bucket=name)

    return Place(backend, create_bucket, create_topic, create_key, lambda: backend)


@pytest.fixture(params=["memory", "directory", "aws"])
def place(request: Any, tmp_path: Path) -> Place:
    """Each backend in turn, where what was not made is not there."""
    match request.param:
        case "memory":
            return memory_place()
        case "directory":
            return directory_place(tmp_path / "backend")
    return aws_place(request.getfixturevalue("aws"))
