"""A web hook finds behind our endpoint what it finds behind SNS: sns-validator and django-anymail run unchanged.

Both have an environment of their own in ``tests/.cache``, made once; where no registry can be reached, they are skipped
and say so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.request
import venv
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.backends.sns_endpoint import DeliveryPolicy, SnsEndpoint
from sesreceive.backends.sns_signature import SnsSigner, string_to_sign
from sesreceive.errors import InputError
from tests.conftest import make_account, make_rule
from tests.patience import PATIENCE_S

TOPIC = "arn:aws:sns:us-east-1:111122223333:mail"
HERE = Path(__file__).parent
CACHE = HERE.parent / ".cache"
RAW = b"From: ana@example.org\r\nTo: bo@example.com\r\nSubject: hook\r\n\r\nbody of the mail\r\n"


def receive(endpoint: SnsEndpoint) -> ses.Reception:
    """A mail that is published, and delivered from the endpoint."""
    rule = make_rule("tell", ses.SNSAction(topic_arn=TOPIC))
    receiver = ses.Receiver(make_account(rule), seed=1, backend=endpoint.behind(ses.MemoryBackend()))
    return receiver.receive(RAW, mail_from="ana@example.org", rcpt_to=["bo@example.com"])


class Hook:
    """A subscriber that answers with the given statuses, then with 200, and keeps what came."""

    def __init__(self, *statuses: int) -> None:
        self.came: list[tuple[dict[str, str], bytes]] = []
        left = list(statuses)
        came = self.came

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                came.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(left.pop(0) if left else 200)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def __enter__(self) -> Hook:
        return self

    def __exit__(self, *error: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(PATIENCE_S)


def confirmed(endpoint: SnsEndpoint, hook: Hook, **options: Any) -> None:
    subscription = endpoint.subscribe(TOPIC, hook.url, **options)
    assert endpoint.drain(PATIENCE_S)
    assert endpoint.confirm(subscription.token)
    hook.came.clear()


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.slow
def test_the_signature_is_that_of_the_certificate_at_its_url(version: str) -> None:
    import base64
    import ssl

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    with SnsEndpoint(signature_version=version) as endpoint, Hook() as hook:
        confirmed(endpoint, hook)
        reception = receive(endpoint)
        assert endpoint.drain(PATIENCE_S)
        headers, body = hook.came[0]
        message = json.loads(body)
        context = ssl.create_default_context(cadata=endpoint.signer.pem)
        with urllib.request.urlopen(message["SigningCertURL"], context=context, timeout=PATIENCE_S) as answer:
            certificate = x509.load_pem_x509_certificate(answer.read())
    key: Any = certificate.public_key()
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
    key.verify(base64.b64decode(message["Signature"]), string_to_sign(message), padding.PKCS1v15(), algorithm)
    assert headers["x-amz-sns-message-type"] == "Notification"
    assert json.loads(message["Message"])["mail"]["messageId"] == reception.message_id


# What a subscriber answers, how often it is asked, and whether it took the notification in the end.
ANSWERS = [
    # statuses                 attempts  delivered
    ((),                       1,        True),
    ((500,),                   2,        True),
    ((503, 429, 500),          4,        True),
    ((500, 500, 500, 500),     4,        False),
    ((404,),                   1,        False),
    ((301,),                   1,        False),
]  # fmt: skip


@pytest.mark.parametrize("statuses, attempts, delivered", ANSWERS)
@pytest.mark.slow
def test_what_fails_is_tried_again_as_the_policy_says(statuses: Any, attempts: int, delivered: bool) -> None:
    with SnsEndpoint(pace=0) as endpoint, Hook(200, *statuses) as hook:
        confirmed(endpoint, hook)
        receive(endpoint)
        assert endpoint.drain(PATIENCE_S)
        assert len(hook.came) == attempts
        assert len({body for _, body in hook.came}) == 1
        last = endpoint.deliveries[-1]
    assert (last.attempt, last.delivered) == (attempts, delivered)
    assert last.reason == "delivered" if delivered else "given up" in last.reason


@pytest.mark.slow
def test_nothing_is_delivered_before_it_is_confirmed_and_after_it_is_ended() -> None:
    with SnsEndpoint(pace=0) as endpoint, Hook() as hook:
        subscription = endpoint.subscribe(TOPIC, hook.url)
        receive(endpoint)
        assert endpoint.drain(PATIENCE_S)
        assert [headers["x-amz-sns-message-type"] for headers, _ in hook.came] == ["SubscriptionConfirmation"]
        endpoint.confirm(subscription.token)
        endpoint.unsubscribe(subscription.arn)
        receive(endpoint)
        assert endpoint.drain(PATIENCE_S)
        assert len(hook.came) == 1


@pytest.mark.slow
def test_raw_delivery_is_the_message_alone() -> None:
    with SnsEndpoint() as endpoint, Hook() as hook:
        confirmed(endpoint, hook, raw=True)
        reception = receive(endpoint)
        assert endpoint.drain(PATIENCE_S)
        headers, body = hook.came[0]
    assert json.loads(body)["mail"]["messageId"] == reception.message_id
    assert headers["x-amz-sns-rawdelivery"] == "true"


@pytest.mark.slow
def test_nobody_is_there() -> None:
    with Hook() as hook:
        gone = hook.url
    with SnsEndpoint(pace=0, policy=DeliveryPolicy(retries=1)) as endpoint:
        endpoint.subscribe(TOPIC, gone)
        assert endpoint.drain(PATIENCE_S)
        assert [delivery.reason for delivery in endpoint.deliveries] == [
            "the subscriber was not reached: Connection refused; tried again after 20 s",
            "the subscriber was not reached: Connection refused; given up",
        ]


@pytest.mark.parametrize(
    "url", ["https://example.com/", "http://192.0.2.1/", "ftp://127.0.0.1/", "http://127.0.0.1:99999/", "", "http://["]
)
def test_nothing_leaves_this_machine(url: str) -> None:
    with pytest.raises(InputError, match="and a host of this machine"):
        SnsEndpoint().subscribe(TOPIC, url)


def test_what_no_signature_is_made_of() -> None:
    with pytest.raises(InputError, match="Type: expected `Notification`"):
        string_to_sign({"Type": "Other"})
    with pytest.raises(InputError, match="SignatureVersion: expected `1` or `2` but got `3`"):
        SnsSigner.make("localhost").sign({"Type": "Notification", "SignatureVersion": "3"})


# ---------------------------------------------------------------- code of others


class Program:
    """A hook in a process of its own, which prints its port and then a JSON line for what came."""

    def __init__(self, command: list[str], **environment: str) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
        )
        self.lines: Queue[str] = Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.port = int(self.lines.get(timeout=PATIENCE_S))

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(line)

    def next(self) -> Any:
        return json.loads(self.lines.get(timeout=PATIENCE_S))

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)
        self.reader.join(PATIENCE_S)
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()


def made(name: str, make: Any) -> Path:
    """An environment in the cache, made where it is not there; a skip with the reason where it cannot be."""
    kept = CACHE / name
    if not kept.exists():
        CACHE.mkdir(exist_ok=True)
        making = Path(tempfile.mkdtemp(dir=CACHE, prefix=f"{name}-"))
        try:
            done = make(making)
            why = (done.stderr.strip().splitlines() or ["no reason given"])[-1] if done.returncode else ""
        except (OSError, subprocess.SubprocessError) as error:
            why = str(error)
        if why:
            shutil.rmtree(making)
            pytest.skip(f"{name} cannot be installed: {why}")
        os.replace(making, kept)
    return kept


@pytest.fixture(scope="module")
def node_modules() -> Path:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "sns-validator@0.3.5"]
    return (
        made("sns-validator-0.3.5", lambda folder: subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
        ))
        / "node_modules"
    )  # fmt: skip


@pytest.fixture(scope="module")
def anymail_python() -> Path:
    def make(folder: Path) -> Any:
        venv.create(folder, with_pip=True)
        command = [_python(folder), "-m", "pip", "install", "--quiet", "--retries", "1"]
        packages = ["django-anymail[amazon-ses]==15.2", "django==5.2.8"]
        return subprocess.run([*command, *packages], capture_output=True, text=True, timeout=300, check=False)

    return _python(made(f"anymail-15.2-py{sys.version_info.major}.{sys.version_info.minor}", make))


def _python(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


@pytest.fixture
def certificate(tmp_path: Path) -> Iterator[Path]:
    return tmp_path / "certificate.pem"  # type: ignore[return-value]


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(400)
@pytest.mark.parametrize("version", ["1", "2"])
def test_sns_validator_confirms_and_verifies(node_modules: Path, certificate: Path, version: str) -> None:
    name = "sns.us-east-1.amazonaws.com"  # the host that sns-validator insists on
    with SnsEndpoint(signature_version=version, host_name=name) as endpoint:
        certificate.write_text(endpoint.signer.pem)
        command = ["node", "--require", str(HERE / "name_leads_here.cjs"), str(HERE / "validator_hook.cjs")]
        trust = {
            "NODE_PATH": str(node_modules),
            "NODE_EXTRA_CA_CERTS": str(certificate),
            "SNS_PORT": str(endpoint.port),
        }
        with Program(command, **trust) as hook:
            url = f"http://127.0.0.1:{hook.port}/"
            endpoint.subscribe(TOPIC, url)
            assert hook.next()["type"] == "SubscriptionConfirmation"
            assert endpoint.wait(lambda sns: all(one.confirmed for one in sns.subscriptions), PATIENCE_S)
            reception = receive(endpoint)
            came = hook.next()
            assert came["type"] == "Notification"
            assert json.loads(came["message"])["mail"]["messageId"] == reception.message_id
            forged = json.dumps({**_last(endpoint, reception), "Message": "forged"}).encode()
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(urllib.request.Request(url, forged), timeout=PATIENCE_S)
            assert hook.next()["refused"] == "The message signature is invalid."


def _last(endpoint: SnsEndpoint, reception: ses.Reception) -> dict[str, Any]:
    """A message with a good signature of the endpoint."""
    message = {
        "Type": "Notification", "MessageId": reception.message_id, "TopicArn": TOPIC, "Message": "true",
        "Timestamp": "2026-01-01T00:00:00.000Z", "SignatureVersion": endpoint.signature_version,
        "SigningCertURL": endpoint.url + endpoint.signer.path,
    }  # fmt: skip
    return {**message, "Signature": endpoint.signer.sign(message)}


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(400)
def test_anymail_confirms_and_takes_the_mail(anymail_python: Path, certificate: Path) -> None:
    with SnsEndpoint() as endpoint:
        certificate.write_text(endpoint.signer.pem)
        with Program([str(anymail_python), str(HERE / "anymail_hook.py"), endpoint.url, str(certificate)]) as hook:
            endpoint.subscribe(TOPIC, f"http://user:secret@127.0.0.1:{hook.port}/anymail/amazon_ses/inbound/")
            assert endpoint.wait(lambda sns: all(one.confirmed for one in sns.subscriptions), PATIENCE_S)
            receive(endpoint)
            came = hook.next()
    assert came == {"esp": "Amazon SES", "subject": "hook", "from": "ana@example.org", "text": "body of the mail\n"}
