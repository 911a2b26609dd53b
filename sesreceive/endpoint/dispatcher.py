"""One HTTP application for all of it: the receiving operations are ours, everything else is moto's.

request ── may it come? ── /health, /messages ── a receiving operation ── control plane
                                              └─ anything else ───────── moto
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import nullcontext
from typing import Any
from uuid import uuid4

from sesreceive.clock import Clock
from sesreceive.control.query import is_receiving
from sesreceive.control.service import Service
from sesreceive.endpoint.callers import Scope, refusal, scope_of
from sesreceive.endpoint.kept import Kept, is_kept, operation_of
from sesreceive.endpoint.moments import Moment, during
from sesreceive.endpoint.moto_identities import follow_account, follow_moto
from sesreceive.endpoint.observing import Page, messages_page
from sesreceive.endpoint.received_mail import ReceivedMail
from sesreceive.endpoint.receiving import Answered, answer, control_in, error_answer
from sesreceive.errors import ApiError, SesReceiveError, one_line

__all__ = ["Dispatcher"]

_log = logging.getLogger(__name__)

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# A rule with a million recipients is a form of 30 MiB, and one refusal.
_FORM_BYTES = 64 * 1024 * 1024
_REASONS = {200: "OK", 400: "BAD REQUEST", 403: "FORBIDDEN", 404: "NOT FOUND", 413: "CONTENT TOO LARGE"}
_REASONS |= {500: "INTERNAL SERVER ERROR", 501: "NOT IMPLEMENTED", 503: "SERVICE UNAVAILABLE"}
# What in moto's own console changes or shows all accounts of the process.
_NOT_OURS = ("/moto-api", "/favicon.ico")


class Dispatcher:
    """The WSGI application of an endpoint.

    Parameters
    ----------
    service : Service
        The control planes; the first region is that of requests that are not signed.
    moto : callable
        Moto's application, see `sesreceive.endpoint.moto_parts.moto_application`.
    mail : ReceivedMail
        What ``/messages`` tells of.
    clock : callable
        Seconds since 1970.
    hosts : collection of str
        Names by which it may be asked besides those of loopback.
    health : callable
        What ``/health`` tells.
    """

    def __init__(
        self,
        service: Service,
        moto: Application,
        *,
        mail: ReceivedMail,
        clock: Clock,
        hosts: Collection[str] = (),
        health: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        self.service, self.mail, self.hosts, self.health = service, mail, frozenset(hosts), health
        self.kept: Kept | None = None  # from when what it holds was asked again
        self._moto, self._clock = moto, clock
        self._region = next(iter(service))

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        if sentence := refusal(environ, self.hosts):
            return _send(start_response, Page.of({"error": sentence}, 403))
        scope, path = scope_of(environ), environ.get("PATH_INFO", "")
        if not scope.service and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            if path == "/health":
                health = self.health()
                return _send(start_response, Page.of(health, 503 if health.get("status") == "starting" else 200))
            if path == "/messages" or path.startswith("/messages/"):
                return _send(start_response, messages_page(path, environ.get("QUERY_STRING", ""), self.mail))
        if path.startswith(_NOT_OURS):
            return _send(start_response, Page.of({"error": f"there is nothing at `{one_line(path)}`"}, 404))
        length = environ.get("CONTENT_LENGTH", "").strip()
        if length and not (length.isascii() and length.isdigit() and len(length) < 19):
            return _send(start_response, Page.of({"error": "Content-Length: expected a number"}, 400))
        return self._answer(environ, start_response, scope)

    # ---------------------------------------------------------------- ours

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any], scope: Scope) -> Iterable[bytes]:
        body: bytes | None = None
        if scope.service == "ses" or not scope.service:
            form = "form-urlencoded" in environ.get("CONTENT_TYPE", "")
            if form and int(environ.get("CONTENT_LENGTH") or 0) > _FORM_BYTES:
                refused = ApiError("RequestEntityTooLarge", f"expected a form of at most {_FORM_BYTES} bytes")
                return _send_answer(start_response, error_answer(refused))
            body = _body(environ) if form else b""
            asked = body if form else environ.get("QUERY_STRING", "").encode("latin-1")
            if _is_receiving(environ, scope, asked):
                return self._receiving(environ, start_response, scope, asked)
            body = body if form else None
        return self._other(environ, start_response, scope, body)

    def _receiving(
        self, environ: dict[str, Any], start_response: Callable[..., Any], scope: Scope, form: bytes
    ) -> Iterable[bytes]:
        moment = Moment.now(self._clock)
        changes = self.kept is not None and is_kept(environ, form)
        answered = answer(
            self.service, scope.region or self._region, form, meanwhile=during(moment) if changes else None
        )
        if changes and self.kept is not None and answered.status == 200:
            self.kept.keep(environ, form if environ["REQUEST_METHOD"] == "POST" else b"", moment)
        return _send_answer(start_response, answered)

    # ---------------------------------------------------------------- moto's

    def _other(
        self, environ: dict[str, Any], start_response: Callable[..., Any], scope: Scope, body: bytes | None
    ) -> Iterable[bytes]:
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self.service.account_id
        form = "form-urlencoded" in environ.get("CONTENT_TYPE", "")
        if body is None and (form or self.kept is not None) and environ["REQUEST_METHOD"] != "GET":
            body = _body(environ)
        changes = is_kept(environ, body or b"")
        kept = dict(environ) if changes and self.kept is not None else None
        if body is not None:
            _put_back(environ, body)
        moment = Moment.now(self._clock)
        heard: list[tuple[str, Any]] = []

        def hear(status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], object]:
            heard[:] = [(status, headers)]
            return lambda data: None

        try:
            with during(moment) if kept is not None else nullcontext():
                chunks = self._moto(environ, hear)
                # What is changed is kept before anybody hears of it; a long object need not be held.
                if kept is not None:
                    chunks = list(chunks)
        except NotImplementedError as error:
            return _not_implemented(environ, start_response, scope, body or b"", error)
        except Exception as error:  # noqa: BLE001 - what moto cannot do raises whatever it does
            _log.exception("%s %s", scope.service or "s3", one_line(operation_of(environ, body or b"")))
            return _trouble(environ, start_response, ApiError("InternalFailure", f"moto: {one_line(error)}"), 500)
        status, headers = heard[0]
        if changes and status.startswith("2"):
            if sentence := self._follow(scope, environ):
                return _trouble(environ, start_response, sentence, 400)
            if kept is not None and self.kept is not None:
                self.kept.keep(kept, body or b"", moment)
        start_response(status, headers)
        return chunks

    def _follow(self, scope: Scope, environ: Mapping[str, Any]) -> ApiError | None:
        """Both sides know the same identities again; why not, where that is refused."""
        if scope.service == "cloudformation":
            for control in self.service.values():
                follow_account(control)
        elif scope.service == "ses" and environ.get("PATH_INFO", "").startswith("/v2/email/identities"):
            control = control_in(self.service, scope.region or self._region)
            try:
                follow_moto(control)
            except SesReceiveError as error:
                follow_account(control)
                return error if isinstance(error, ApiError) else ApiError("BadRequestException", str(error))
        return None


def _is_receiving(environ: Mapping[str, Any], scope: Scope, form: bytes) -> bool:
    """Whether a request is for the control plane: its operations, and what is none of SES."""
    if environ.get("PATH_INFO", "/") not in ("", "/") or environ.get("HTTP_X_AMZ_TARGET"):
        return False
    named = operation_of({"CONTENT_TYPE": "form-urlencoded"}, form)
    ours = is_receiving(named)
    if not scope.service:
        # Nothing but the operation tells the service then.
        return ours is True
    return ours is not False


# -------------------------------------------------------------------- bodies and answers


def _body(environ: dict[str, Any]) -> bytes:
    from werkzeug.wsgi import get_input_stream

    return bytes(get_input_stream(environ, safe_fallback=True).read())


def _put_back(environ: dict[str, Any], body: bytes) -> None:
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ.pop("wsgi.input_terminated", None)


def _start(start_response: Callable[..., Any], status: int, content_type: str, body: bytes, request_id: str) -> None:
    headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
    if request_id:
        headers.append(("x-amzn-RequestId", request_id))
    start_response(f"{status} {_REASONS[status]}", headers)


def _send(start_response: Callable[..., Any], page: Page) -> list[bytes]:
    body = page.text.encode("utf-8", "backslashreplace")
    _start(start_response, page.status, page.content_type, body, "")
    return [body]


def _send_answer(start_response: Callable[..., Any], answered: Answered) -> list[bytes]:
    _start(start_response, answered.status, "text/xml", answered.document, answered.request_id)
    return [answered.document]


def _not_implemented(
    environ: Mapping[str, Any], start_response: Callable[..., Any], scope: Scope, body: bytes, error: Exception
) -> list[bytes]:
    """What moto has not; 501, which clients do not try again."""
    operation = operation_of(environ, body) or environ.get("PATH_INFO", "")
    sentence = f"moto has no {scope.service or 's3'} {one_line(operation)}: {one_line(error)}".removesuffix(": ")
    return _trouble(environ, start_response, ApiError("NotImplemented", sentence), 501)


def _trouble(
    environ: Mapping[str, Any], start_response: Callable[..., Any], error: ApiError, status: int
) -> list[bytes]:
    """A refusal in the protocol of the request: XML, or JSON where the request has a target or is SESv2's."""
    if environ.get("HTTP_X_AMZ_TARGET") or "json" in environ.get("CONTENT_TYPE", ""):
        body = json.dumps({"__type": error.code, "message": error.message}).encode()
        request_id = str(uuid4())
        _start(start_response, status, "application/x-amz-json-1.0", body, request_id)
        return [body]
    return _send_answer(start_response, error_answer(error)._replace(status=status))
