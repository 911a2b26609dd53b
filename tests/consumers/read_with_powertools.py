"""Powertools for AWS Lambda reads an event: run by the test beside it, prints what its two readers make of it."""

import json
import sys
from typing import Any


def by_data_class(event: dict[str, Any]) -> dict[str, Any]:
    from aws_lambda_powertools.utilities.data_classes import SESEvent

    read = SESEvent(event)
    (record,) = read.records
    mail, receipt, headers = read.mail, record.ses.receipt, read.mail.common_headers
    return {
        "source": record.event_source, "version": record.event_version, "message_id": mail.message_id,
        "mail_from": mail.source, "destination": mail.destination, "timestamp": mail.timestamp,
        "truncated": mail.headers_truncated, "headers": [[one.name, one.value] for one in mail.headers],
        "from": headers.get_from, "to": headers.to, "cc": headers.cc, "bcc": headers.bcc, "subject": headers.subject,
        "return_path": headers.return_path, "date": headers.date, "header_message_id": headers.message_id,
        "recipients": receipt.recipients, "spam": receipt.spam_verdict.status, "virus": receipt.virus_verdict.status,
        "spf": receipt.spf_verdict.status, "dkim": receipt.dkim_verdict.status, "dmarc": receipt.dmarc_verdict.status,
        "action": receipt.action.get_type, "function": receipt.action.function_arn,
        "invocation": receipt.action.invocation_type, "took_ms": receipt.processing_time_millis,
    }  # fmt: skip


def by_model(event: dict[str, Any]) -> dict[str, Any]:
    from aws_lambda_powertools.utilities.parser import ValidationError, parse
    from aws_lambda_powertools.utilities.parser.models import SesModel

    try:
        model = parse(event=event, model=SesModel)
    except ValidationError as error:
        return {"errors": [[".".join(map(str, one["loc"])), one["type"]] for one in error.errors()]}
    return model.model_dump(mode="json", by_alias=True)["Records"][0]["ses"]


def main() -> None:
    events = json.load(sys.stdin)
    json.dump([[by_data_class(event), by_model(event)] for event in events], sys.stdout)


if __name__ == "__main__":
    main()
