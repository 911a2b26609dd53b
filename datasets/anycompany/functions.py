"""The Lambda functions of AnyCompany, as Python callables: what a rule's LambdaAction runs.

Each takes what AWS Lambda would hand over (an event with one record, and a context) and may return a
``disposition``, which counts only where the rule invokes it as RequestResponse.
"""

from __future__ import annotations

from typing import Any


def drop_auto_replies(event: dict[str, Any], context: object) -> dict[str, str]:
    """Ends everything for mail written by a machine (RFC 3834), so that two robots do not answer each other."""
    said = _header(event, "Auto-Submitted").partition(";")[0].strip().lower()
    return {"disposition": "CONTINUE" if said in ("", "no") else "STOP_RULE_SET"}


def pass_clean_mail(event: dict[str, Any], context: object) -> dict[str, str]:
    """Leaves the quarantine rule for clean mail; spam and viruses go on to its next actions."""
    found = {_status(event, "spamVerdict"), _status(event, "virusVerdict")}
    return {"disposition": "CONTINUE" if "FAIL" in found else "STOP_RULE"}


def obey_dmarc_reject(event: dict[str, Any], context: object) -> dict[str, str] | None:
    """Ends everything where the author's domain asks to reject mail that fails DMARC.

    It answers in lower case, as one of AWS's own examples does, and with nothing at all for other mail.
    """
    if _status(event, "dmarcVerdict") == "FAIL" and event["Records"][0]["ses"]["receipt"]["dmarcPolicy"] == "reject":
        return {"disposition": "stop_rule_set"}
    return None


def open_ticket(event: dict[str, Any], context: object) -> dict[str, str]:
    """Opens a ticket under the label of the address. Invoked as Event, so what it returns has no effect."""
    recipient = event["Records"][0]["ses"]["receipt"]["recipients"][0]
    label = recipient.rpartition("@")[0].partition("+")[2]
    return {"ticket": label or "new", "disposition": "STOP_RULE_SET"}


def unsubscribe(event: dict[str, Any], context: object) -> dict[str, str]:
    """Takes the sender off the newsletter."""
    return {"unsubscribed": event["Records"][0]["ses"]["mail"]["source"]}


def read_report(event: dict[str, Any], context: object) -> dict[str, str]:
    """Notes who sent a DMARC or TLS report."""
    return {"report_from": event["Records"][0]["ses"]["mail"]["source"]}


def _status(event: dict[str, Any], verdict: str) -> str:
    return str(event["Records"][0]["ses"]["receipt"][verdict]["status"])


def _header(event: dict[str, Any], name: str) -> str:
    headers = event["Records"][0]["ses"]["mail"]["headers"]
    return next((str(item["value"]) for item in headers if item["name"].lower() == name.lower()), "")


# Function name, the last part of its ARN -> callable.
FUNCTIONS = {
    "drop-auto-replies": drop_auto_replies,
    "pass-clean-mail": pass_clean_mail,
    "obey-dmarc-reject": obey_dmarc_reject,
    "open-ticket": open_ticket,
    "unsubscribe": unsubscribe,
    "read-report": read_report,
}
