"""The AWS backend over a local server, for handlers that talk to it."""

from tests.backends.conftest import aws, clients, lambda_running, lambda_server, moto_url

__all__ = ["aws", "clients", "lambda_running", "lambda_server", "moto_url"]
