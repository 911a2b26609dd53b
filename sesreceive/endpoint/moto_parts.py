"""What of moto the endpoint uses, set up so: no CORS for all origins, functions that run, stacks that roll back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from sesreceive.control.service import Service
from sesreceive.endpoint.functions import FunctionRunner
from sesreceive.endpoint.moments import chance_of_moments
from sesreceive.endpoint.stacks import rolled_back
from sesreceive.errors import InputError, MissingExtraError

__all__ = ["moto_application", "prepared", "request_handler", "without_events"]

# Seconds that a client may take for the next part of its request.
_PATIENCE_S = 60.0


def require_moto() -> None:
    """Moto with all that its server needs is there.

    Raises
    ------
    MissingExtraError
        When it is not.
    """
    try:
        import moto.cloudformation.models
        import moto.moto_server.werkzeug_app  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("moto[server]", extra="endpoint", purpose="The endpoint") from error


def moto_application() -> Callable[..., Any]:
    """Moto's dispatcher, which finds the service of a request, without its CORS headers for every origin."""
    require_moto()
    from moto.moto_server import werkzeug_app

    def create(service: Any) -> Any:
        with patch.object(werkzeug_app, "DISABLE_GLOBAL_CORS", True):
            app = werkzeug_app.create_backend_app(service)
        app.debug = False
        # What moto cannot do is for the dispatcher to say.
        app.config["PROPAGATE_EXCEPTIONS"] = True
        return app

    application: Callable[..., Any] = werkzeug_app.DomainDispatcherApplication(create)
    return application


def request_handler() -> Any:
    """The class that reads requests; moto's keeps header names with underscores, which S3 metadata may have."""
    require_moto()
    from moto.moto_server.werkzeug_app import MotoRequestHandler

    class Quiet(MotoRequestHandler):
        timeout = _PATIENCE_S

        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
            """Nothing: the programs that ask say what came of it."""

    return Quiet


@contextmanager
def prepared(service: Service, runner: FunctionRunner, *, url: str = "") -> Iterator[None]:
    """Meanwhile, moto's functions run for real and its stacks know the resources of receiving, for this service.

    Parameters
    ----------
    service : Service
        The control planes.
    runner : FunctionRunner
        Runs the functions.
    url : str, optional
        Where custom resources of stacks answer.

    Raises
    ------
    InputError
        When another endpoint of the same account runs in this process: moto's state is one for each account.
    """
    require_moto()
    from moto import settings
    from moto.awslambda.models import LambdaFunction

    from sesreceive.endpoint.stack_resources import SERVICES

    account_id = service.account_id
    if account_id in SERVICES:
        raise InputError(f"an endpoint of the account `{account_id}` runs in this process already: stop it first")
    SERVICES[account_id] = service
    invoke = LambdaFunction._invoke_lambda

    def invoke_lambda(function: Any, event: str | None = None) -> tuple[str, bool, str]:
        if function.account_id != account_id:
            outer: tuple[str, bool, str] = invoke(function, event)
            return outer
        return runner.invoke(function, event)

    host, _, port = url.rpartition(":")
    try:
        with ExitStack() as stack:
            stack.enter_context(patch.object(LambdaFunction, "_invoke_lambda", invoke_lambda))
            stack.enter_context(rolled_back())
            stack.enter_context(chance_of_moments())
            if url:
                stack.enter_context(patch.object(settings, "moto_server_host", lambda: host))
                stack.enter_context(patch.object(settings, "moto_server_port", lambda: port))
            yield
    finally:
        del SERVICES[account_id]
        forget(account_id)


@contextmanager
def without_events() -> Iterator[None]:
    """Meanwhile, buckets tell nobody what is stored in them: they did the first time."""
    from moto.s3 import notifications

    def tell(*args: object, **kwargs: object) -> None:
        """Nothing."""

    with patch.object(notifications, "send_event", tell), patch.object(notifications, "send_test_event", tell):
        yield


def forget(account_id: str) -> None:
    """What moto holds of an account is gone, so that the next endpoint begins empty."""
    from moto.core.base_backend import BackendDict
    from moto.s3.models import s3_backends

    for storage in s3_backends[account_id].values() if account_id in s3_backends else ():
        storage.reset()  # closes the file of each object
    known: Any = BackendDict
    for backends in tuple(known._instances):
        backends.pop(account_id, None)
    _forget_bucket_names(account_id)


def _forget_bucket_names(account_id: str) -> None:
    """Bucket names are one name space over all accounts."""
    from moto.s3.models import s3_backends

    owners = s3_backends.bucket_accounts
    for name in [name for name, (_, owner) in owners.items() if owner == account_id]:
        del owners[name]
