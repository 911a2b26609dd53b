"""django-anymail's webhook for inbound mail of Amazon SES, called as SNS calls it: run by the test beside it.

Takes JSON on standard input: the endpoint of S3 and KMS, and notifications, each with its headers and perhaps a key.
Prints for each the answer of the webhook and what its `inbound` signal told.
"""

import base64
import json
import sys
from typing import Any


def told(event: Any) -> dict[str, Any]:
    message = event.message
    return {
        "event_type": event.event_type,
        "event_id": event.event_id,
        "timestamp": event.timestamp.isoformat(),
        "envelope_sender": message.envelope_sender,
        "envelope_recipient": message.envelope_recipient,
        "spam_detected": message.spam_detected,
        "from": [message.from_email.display_name, message.from_email.addr_spec],
        "to": [one.addr_spec for one in message.to],
        "cc": [one.addr_spec for one in message.cc],
        "subject": message.subject,
        "date": message.date.isoformat(),
        "message_id": message["Message-ID"],
        "text": message.text,
        "attachments": [
            [one.get_filename(), base64.b64encode(one.get_content_bytes()).decode()] for one in message.attachments
        ],
    }


def main() -> None:
    question = json.load(sys.stdin)

    import django
    from django.conf import settings

    settings.configure(
        ALLOWED_HOSTS=["testserver"],
        ANYMAIL={
            "WEBHOOK_SECRET": "user:word",
            "AMAZON_SES_SESSION_PARAMS": {"aws_access_key_id": "test", "aws_secret_access_key": "test"},
            "AMAZON_SES_CLIENT_PARAMS": {
                "region_name": question["region"],
                "endpoint_url": question["endpoint"],
                "config": {"s3": {"addressing_style": "path"}},
            },
        },
        INSTALLED_APPS=["anymail"],
        ROOT_URLCONF="anymail.urls",
        SECRET_KEY="x",
        USE_TZ=True,
    )
    django.setup()

    from anymail.signals import inbound
    from django.test import Client

    seen = []

    def keep(sender: Any, event: Any, esp_name: str, **_: Any) -> None:
        seen.append({**told(event), "esp_name": esp_name})

    inbound.connect(keep)
    answers = []
    for notification in question["notifications"]:
        settings.ANYMAIL["AMAZON_SES_INBOUND_KMS_KEY_ID"] = notification["kms_key_id"]
        seen.clear()
        answer = Client().post(
            "/amazon_ses/inbound/", data=notification["body"], content_type="text/plain; charset=UTF-8",
            headers={
                **notification["headers"], "Authorization": "Basic " + base64.b64encode(b"user:word").decode(),
            },
        )  # fmt: skip
        answers.append({"status": answer.status_code, "events": list(seen)})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
