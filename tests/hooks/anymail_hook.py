"""A Django project with django-anymail's inbound web hook: run by the test beside it, in an environment of its own.

Takes the URL of the endpoint and the file of its certificate. Prints its port, then a JSON line for each message that
Anymail's ``inbound`` signal hands over.
"""

import json
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

urlpatterns = []


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


def received(sender, event, esp_name, **rest):  # type: ignore[no-untyped-def]
    message = event.message
    row = {"esp": esp_name, "subject": message.subject, "from": message.envelope_sender, "text": message.text}
    print(json.dumps(row), flush=True)


def main() -> None:
    import django
    from django.conf import settings

    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        SECRET_KEY="only for the test",
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["anymail"],
        ANYMAIL={
            "WEBHOOK_SECRET": "user:secret",
            "AMAZON_SES_CLIENT_PARAMS": {
                "endpoint_url": sys.argv[1],
                "verify": sys.argv[2],
                "aws_access_key_id": "test",
                "aws_secret_access_key": "test",
            },
        },
    )
    django.setup()

    from anymail.signals import inbound
    from django.core.wsgi import get_wsgi_application
    from django.urls import include, path

    urlpatterns.append(path("anymail/", include("anymail.urls")))
    inbound.connect(received)
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
