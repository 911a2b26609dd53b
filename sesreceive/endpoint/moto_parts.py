"""What of moto the endpoint uses, set up so: no CORS for all origins, functions that run, stacks that roll back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

from sesreceive.control.service import Service
from sesreceive.endpoint.functions import FunctionRunner
from sesreceive.endpoint.stacks import rolled_back
from sesreceive.errors import InputError, MissingExtraError

__all__ = ["moto_application", "prepared", "request_handler"]


def _require() -> None:
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
    _require()
    from moto.moto_server import werkzeug_app

    def create(service: Any) -> Any:
        with patch.object(werkzeug_app, "DISABLE_GLOBAL_CORS", True):
            app = werkzeug_app.create_backend_app(service)
        # What moto cannot do is its HTTP 500, not a page with a debugger.
        app.debug = False
        return app

    application: Callable[..., Any] = werkzeug_app.DomainDispatcherApplication(create)
    return application


def request_handler() -> Any:
    """The class that reads requests; moto's keeps header names with underscores, which S3 metadata may have."""
    from moto.moto_server.werkzeug_app import MotoRequestHandler

    class Quiet(MotoRequestHandler):
        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
            """Nothing: the programs that ask say what came of it."""

    return Quiet


@contextlib.contextmanager
def prepared(service: Service, runner: FunctionRunner) -> Iterator[None]:
    """Meanwhile, moto's functions run for real and its stacks know the resources of receiving, for this service.

    Raises
    ------
    InputError
        When another endpoint of the same account runs in this process: moto's state is one for each account.
    """
    _require()
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

    try:
        with patch.object(LambdaFunction, "_invoke_lambda", invoke_lambda), rolled_back():
            yield
    finally:
        del SERVICES[account_id]
        forget(account_id)


def forget(account_id: str) -> None:
    """What moto holds of an account is gone, so that the next endpoint begins empty."""
    from moto.core.base_backend import BackendDict

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
