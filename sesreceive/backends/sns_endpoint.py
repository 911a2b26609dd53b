"""SNS on this machine for web hooks: subscriptions that are confirmed, signed messages, deliveries that are retried.

A web hook finds what it would find behind SNS: a SubscriptionConfirmation to answer, a certificate to fetch, a
signature to verify, a second try after a 500. Nothing is delivered anywhere but to this machine.
"""

from __future__ import annotations

import hashlib
import heapq
import http.client
import ipaddress
import itertools
import ssl
import tempfile
import threading
import time
import urllib.parse
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from xml.sax.saxutils import escape

from sesreceive.backends.sns_envelope import sns_message_id
from sesreceive.backends.sns_signature import SnsSigner
from sesreceive.effects import Effect, Outcome, Publish
from sesreceive.errors import InputError, ServerError, one_line
from sesreceive.shown import Shown
from sesreceive.wording import count
from sesreceive.writing.dates import timestamp
from sesreceive.writing.mail_object import compact_json

__all__ = ["Delivery", "DeliveryPolicy", "SnsEndpoint", "Subscription"]

_AGENT = "Amazon Simple Notification Service Agent"
# SNS Developer Guide, "Amazon SNS message delivery retries": how long it waits for an answer.
_TIMEOUT_S = 15.0
_REMEMBERED = 10_000
_BODY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPolicy:
    """When a delivery is tried again; the defaults are SNS's own for HTTP [documented].

    Attributes
    ----------
    min_delay_s, max_delay_s : float
        Seconds before the first and the last retry of the backoff phase.
    retries : int
        All retries together.
    at_once, at_min, at_max : int
        Retries without delay, with the smallest and, at the end, with the largest.

    Examples
    --------
    >>> list(DeliveryPolicy().delays())
    [20.0, 20.0, 20.0]
    >>> list(DeliveryPolicy(min_delay_s=1, max_delay_s=3, retries=5, at_once=1, at_max=1).delays())
    [0.0, 1.0, 2.0, 3.0, 3.0]
    """

    min_delay_s: float = 20.0
    max_delay_s: float = 20.0
    retries: int = 3
    at_once: int = 0
    at_min: int = 0
    at_max: int = 0

    def __post_init__(self) -> None:
        """Refuse what SNS would refuse."""
        if not 0 < self.min_delay_s <= self.max_delay_s <= 3600:
            raise InputError("delivery policy: expected 0 < min_delay_s <= max_delay_s <= 3600")
        if min(self.retries, self.at_once, self.at_min, self.at_max) < 0 or self.retries > 100:
            raise InputError("delivery policy: expected from 0 to 100 retries")

    def delays(self) -> Iterator[float]:
        """Seconds before each retry; the backoff between the phases is linear, as it is by default."""
        backoff = max(0, self.retries - self.at_once - self.at_min - self.at_max)
        span = self.max_delay_s - self.min_delay_s
        steps = [self.min_delay_s + span * step / max(1, backoff - 1) for step in range(backoff)]
        delays = [0.0] * self.at_once + [self.min_delay_s] * self.at_min + steps + [self.max_delay_s] * self.at_max
        yield from map(float, delays[: self.retries])


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """An HTTP or HTTPS subscription to a topic.

    Attributes
    ----------
    raw : bool
        Whether the message alone is delivered, without the envelope and so without a signature.
    confirmed : bool
        Whether notifications are delivered to it.
    """

    arn: str
    topic_arn: str
    url: str
    token: str = field(repr=False)
    raw: bool = False
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One attempt to deliver.

    Attributes
    ----------
    kind : str
        ``Notification`` or ``SubscriptionConfirmation``.
    attempt : int
        From 1.
    status : int
        HTTP status of the answer; 0 where none came.
    reason : str
        What follows from it, as one sentence.
    """

    kind: str
    message_id: str
    topic_arn: str
    url: str
    attempt: int
    status: int
    reason: str

    @property
    def delivered(self) -> bool:
        """Whether the subscriber took it."""
        return 200 <= self.status < 300


class SnsEndpoint(Shown):
    """Delivers what is published to web hooks on this machine, signed and with retries.

    Parameters
    ----------
    signature_version : {'1', '2'}
        ``SignatureVersion``: SHA-1, SNS's default, or SHA-256.
    host_name : str, optional
        Host of ``SigningCertURL``, ``SubscribeURL`` and ``UnsubscribeURL``, such as
        ``sns.us-east-1.amazonaws.com`` for code that accepts no other; that name then has to lead to this endpoint
        (a hosts file, a network alias of a container). By default the address of the endpoint.
    port : int
        0 takes any free one.
    policy : DeliveryPolicy, optional
        When a delivery is tried again.
    pace : float
        What the delays of the policy are multiplied by: 0 for a test that does not want to wait.

    Examples
    --------
    >>> with SnsEndpoint(pace=0) as sns:
    ...     sns.subscribe("arn:aws:sns:us-east-1:111122223333:mail", "https://example.com/hook")
    Traceback (most recent call last):
    sesreceive.errors.InputError: url: expected `http://` or `https://` and a host of this machine but got ...
    """

    def __init__(
        self,
        *,
        signature_version: str = "1",
        host_name: str = "",
        port: int = 0,
        policy: DeliveryPolicy | None = None,
        pace: float = 1.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if signature_version not in ("1", "2"):
            raise InputError(f"signature_version: expected `1` or `2` but got `{one_line(signature_version)}`")
        self.signature_version = signature_version
        self.policy, self.pace = policy or DeliveryPolicy(), pace
        self._clock, self._port, self._host_name = clock, port, host_name
        self.signer = SnsSigner.make(*filter(None, (host_name, "127.0.0.1", "localhost")))
        self._changed = threading.Condition()
        self._subscriptions: dict[str, Subscription] = {}
        self._due: list[tuple[float, int, _Post]] = []
        self._numbers = itertools.count(1)
        self._under_way = 0
        self._stopping = False
        self._deliveries: deque[Delivery] = deque(maxlen=_REMEMBERED)
        self._server: ThreadingHTTPServer | None = None
        self._threads: list[threading.Thread] = []

    # ---------------------------------------------------------------- life

    def start(self) -> SnsEndpoint:
        """Serve the certificate and the confirmations on 127.0.0.1, and deliver."""
        if self._server is not None:
            return self
        handler = type("Handler", (_Handler,), {"endpoint": self})
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", self._port), handler)
        except OSError as error:
            raise ServerError(f"port `{self._port}`: {one_line(error.strerror or error)}") from None
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            chain = Path(folder) / "chain.pem"
            chain.touch(mode=0o600)
            chain.write_text(self.signer.pem + self.signer.key_pem, encoding="ascii")
            context.load_cert_chain(chain)
        # The handshake is done in the thread of the connection: a client that does none holds up nobody.
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._stopping = False
        for name, run in (("serve", self._server.serve_forever), ("deliver", self._deliver)):
            thread = threading.Thread(target=run, name=f"sesreceive-sns-{name}", daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    def stop(self) -> None:
        """Deliver nothing more and free the port; what was to be tried again is given up."""
        server, self._server = self._server, None
        if server is None:
            return
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        server.shutdown()
        server.server_close()
        for thread in self._threads:
            thread.join(_TIMEOUT_S + 1)
        self._threads.clear()

    def __enter__(self) -> SnsEndpoint:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def port(self) -> int:
        """The port of the endpoint."""
        return self._port if self._server is None else int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Where it is, as messages name it."""
        return f"https://{self._host_name or f'127.0.0.1:{self.port}'}"

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """All there are, confirmed or not, in order."""
        return tuple(self._subscriptions.values())

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """The attempts so far, in order, the latest ten thousand."""
        return tuple(self._deliveries)

    # ---------------------------------------------------------------- what SNS does

    def subscribe(self, topic_arn: str, url: str, *, raw: bool = False) -> Subscription:
        """A subscription that gets a SubscriptionConfirmation, and notifications once it is confirmed.

        Raises
        ------
        InputError
            When the URL leads away from this machine.
        """
        _check(url)
        number = next(self._numbers)
        digest = hashlib.sha256(f"{topic_arn} {url} {number} {self.signer.pem}".encode()).hexdigest()
        arn = f"{topic_arn}:{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
        subscription = Subscription(arn=arn, topic_arn=topic_arn, url=url, token=digest * 2, raw=raw)
        with self._changed:
            self._subscriptions[arn] = subscription
        query = urllib.parse.urlencode(
            {"Action": "ConfirmSubscription", "TopicArn": topic_arn, "Token": subscription.token}
        )
        message = {
            "Type": "SubscriptionConfirmation",
            "MessageId": sns_message_id(topic_arn, subscription.token),
            "Token": subscription.token,
            "TopicArn": topic_arn,
            "Message": f"You have chosen to subscribe to the topic {topic_arn}.\n"
            "To confirm the subscription, visit the SubscribeURL included in this message.",
            "SubscribeURL": f"{self.url}/?{query}",
            "Timestamp": self._now(),
        }
        self._post(subscription, message)
        return subscription

    def confirm(self, token: str) -> Subscription | None:
        """The subscription of that token, confirmed; None where there is none."""
        with self._changed:
            for arn, subscription in self._subscriptions.items():
                if subscription.token == token:
                    confirmed = self._subscriptions[arn] = replace(subscription, confirmed=True)
                    self._changed.notify_all()
                    return confirmed
        return None

    def unsubscribe(self, arn: str) -> None:
        """Deliver nothing more there."""
        with self._changed:
            self._subscriptions.pop(arn, None)

    def publish(self, topic_arn: str, subject: str, message: str) -> str:
        """Deliver a notification to all confirmed subscriptions of the topic; the id it has."""
        message_id = sns_message_id(topic_arn, message)
        for subscription in self.subscriptions:
            if subscription.topic_arn != topic_arn or not subscription.confirmed:
                continue
            query = urllib.parse.urlencode({"Action": "Unsubscribe", "SubscriptionArn": subscription.arn})
            notification = {
                "Type": "Notification",
                "MessageId": message_id,
                "TopicArn": topic_arn,
                **({"Subject": subject} if subject else {}),
                "Message": message,
                "Timestamp": self._now(),
                "UnsubscribeURL": f"{self.url}/?{query}",
            }
            self._post(subscription, notification)
        return message_id

    def behind(self, backend: Any) -> SubscribedBackend:
        """The backend, with its notifications also delivered from here."""
        return SubscribedBackend(backend, self)

    def wait(self, until: Callable[[SnsEndpoint], object], timeout: float = 10.0) -> bool:
        """Whether something holds within `timeout` seconds; asked after each delivery and confirmation."""
        with self._changed:
            return bool(self._changed.wait_for(lambda: until(self), timeout))

    def drain(self, timeout: float = 60.0) -> bool:
        """Whether nothing is left to deliver or to try again within `timeout` seconds."""
        return self.wait(lambda endpoint: not endpoint._due and not endpoint._under_way, timeout)

    # ---------------------------------------------------------------- delivering

    def _now(self) -> str:
        return timestamp(datetime.fromtimestamp(self._clock(), UTC))

    def _post(self, subscription: Subscription, message: dict[str, Any]) -> None:
        signed = message | {
            "SignatureVersion": self.signature_version,
            "SigningCertURL": self.url + self.signer.path,
        }
        signed["Signature"] = self.signer.sign(signed)
        raw = subscription.raw and message["Type"] == "Notification"
        body = message["Message"] if raw else compact_json(signed)
        headers = {
            "x-amz-sns-message-type": message["Type"],
            "x-amz-sns-message-id": message["MessageId"],
            "x-amz-sns-topic-arn": message["TopicArn"],
            "Content-Type": "text/plain; charset=UTF-8",
            "User-Agent": _AGENT,
        }
        if message["Type"] == "Notification":
            headers["x-amz-sns-subscription-arn"] = subscription.arn
        if raw:
            headers["x-amz-sns-rawdelivery"] = "true"
        post = _Post(subscription.url, body.encode("utf-8", "replace"), headers, self.policy.delays())
        self._at(post, 0.0)

    def _at(self, post: _Post, delay_s: float) -> None:
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + delay_s * self.pace, next(self._numbers), post))
            self._changed.notify_all()

    def _deliver(self) -> None:
        with ThreadPoolExecutor(4, thread_name_prefix="sesreceive-sns-post") as pool:
            while True:
                with self._changed:
                    while not self._stopping and not (self._due and self._due[0][0] <= time.monotonic()):
                        self._changed.wait(self._due[0][0] - time.monotonic() if self._due else None)
                    if self._stopping:
                        return
                    post = heapq.heappop(self._due)[2]
                    self._under_way += 1
                pool.submit(self._attempt, post)

    def _attempt(self, post: _Post) -> None:
        post.attempts += 1
        status, trouble = _send(post)
        # SNS Developer Guide, "HTTP/HTTPS: retries": 5xx and 429 are tried again, other client errors are not.
        again = status == 0 or status == 429 or status >= 500 or status < 200
        delay_s = next(post.delays, None) if again else None
        if 200 <= status < 300:
            reason = "delivered"
        else:
            what = f"the subscriber answered {status}" if status else f"the subscriber was not reached: {trouble}"
            what_next = f"tried again after {delay_s:g} s" if delay_s is not None else "given up"
            reason = f"{what}; {what_next}"
        delivery = Delivery(
            kind=post.headers["x-amz-sns-message-type"],
            message_id=post.headers["x-amz-sns-message-id"],
            topic_arn=post.headers["x-amz-sns-topic-arn"],
            url=post.url,
            attempt=post.attempts,
            status=status,
            reason=reason,
        )
        if delay_s is not None:
            self._at(post, delay_s)
        with self._changed:
            self._under_way -= 1
            self._deliveries.append(delivery)
            self._changed.notify_all()

    def __repr__(self) -> str:
        """One line: where it is, and how much was delivered."""
        delivered = sum(delivery.delivered for delivery in self._deliveries)
        subscriptions = count(len(self._subscriptions), "subscription")
        attempts = f"{delivered} of {len(self._deliveries)} attempts delivered"
        return f"<SnsEndpoint {one_line(self.url)}, {subscriptions}, {attempts}>"


class SubscribedBackend:
    """Another backend whose notifications are also delivered by an `SnsEndpoint`; everything else is that backend's."""

    def __init__(self, backend: Any, endpoint: SnsEndpoint) -> None:
        self._backend, self._endpoint = backend, endpoint

    def perform(self, effect: Effect) -> Outcome:
        """Carry the effect out, and deliver it where it is a notification that was published."""
        outcome: Outcome = self._backend.perform(effect)
        if isinstance(effect, Publish) and not outcome.failed:
            self._endpoint.publish(effect.topic_arn, effect.subject, effect.message)
        return outcome

    def __getattr__(self, name: str) -> Any:
        """What the other backend has under this name."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._backend, name)

    def __repr__(self) -> str:
        """One line: the backend and the endpoint."""
        return f"<SubscribedBackend of {self._backend!r}, {self._endpoint!r}>"


@dataclass
class _Post:
    """A delivery that is under way, and the delays it still has."""

    url: str
    body: bytes
    headers: dict[str, str]
    delays: Iterator[float]
    attempts: int = 0


def _check(url: str) -> urllib.parse.SplitResult:
    try:
        parts = urllib.parse.urlsplit(url)
        host = parts.hostname or ""
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
        local = local and parts.port != 0 and not any(ord(character) <= 32 for character in url)
    except ValueError:
        local = False
    if not local or parts.scheme not in ("http", "https"):
        raise InputError(
            f"url: expected `http://` or `https://` and a host of this machine but got `{one_line(url)}`: nothing is "
            "delivered anywhere else"
        )
    return parts


def _send(post: _Post) -> tuple[int, str]:
    """The status of the answer, or 0 and why there was none."""
    parts = _check(post.url)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        # Only hosts of this machine are reached, and whose certificate would vouch for them?
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(str(parts.hostname), parts.port, timeout=_TIMEOUT_S, context=context)
    else:
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=_TIMEOUT_S)
    headers = dict(post.headers)
    if parts.username is not None:  # SNS takes user and password from the URL
        import base64

        user = urllib.parse.unquote(f"{parts.username}:{parts.password or ''}")
        headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode("ascii")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, post.body, headers)
        answer = connection.getresponse()
        answer.read(_BODY_BYTES)
        return answer.status, ""
    except (OSError, http.client.HTTPException) as error:
        return 0, one_line(getattr(error, "strerror", "") or str(error) or type(error).__name__)
    finally:
        connection.close()


class _Handler(BaseHTTPRequestHandler):
    """The certificate, and the two operations a subscriber calls."""

    endpoint: SnsEndpoint
    timeout = _TIMEOUT_S
    server_version, sys_version = "sesreceive", ""

    def do_GET(self) -> None:
        """The certificate, or an operation in the query."""
        parts = urllib.parse.urlsplit(self.path)
        if parts.path == self.endpoint.signer.path:
            self._answer(200, self.endpoint.signer.pem, "application/x-pem-file")
        else:
            self._operation(parts.query)

    def do_POST(self) -> None:
        """An operation in a form, as SDKs send it."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _BODY_BYTES:
            self._error(413, "RequestEntityTooLarge", "expected a form of at most 1 MB")
            return
        self._operation(self.rfile.read(int(length)).decode("utf-8", "replace"))

    def _operation(self, form: str) -> None:
        fields = dict(urllib.parse.parse_qsl(form))
        action = fields.get("Action", "")
        if action == "ConfirmSubscription":
            confirmed = self.endpoint.confirm(fields.get("Token", ""))
            if confirmed is None or confirmed.topic_arn != fields.get("TopicArn", ""):
                self._error(400, "InvalidParameter", "Invalid token")
                return
            result = f"<SubscriptionArn>{escape(confirmed.arn)}</SubscriptionArn>"
        elif action == "Unsubscribe":
            self.endpoint.unsubscribe(fields.get("SubscriptionArn", ""))
            result = ""
        else:
            self._error(400, "InvalidAction", "expected ConfirmSubscription or Unsubscribe")
            return
        inside = f"<{action}Result>{result}</{action}Result>" if result else ""
        self._answer(200, _xml(f"{action}Response", inside), "text/xml")

    def _error(self, status: int, code: str, message: str) -> None:
        inside = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        self._answer(status, _xml("ErrorResponse", inside), "text/xml")

    def _answer(self, status: int, text: str, kind: str) -> None:
        body = text.encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name is http.server's
        """Nothing: what was delivered is in `SnsEndpoint.deliveries`."""


def _xml(name: str, inside: str) -> str:
    metadata = "<ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata>"
    return f'<{name} xmlns="http://sns.amazonaws.com/doc/2010-03-31/">{inside}{metadata}</{name}>'
