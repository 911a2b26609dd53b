"""The ``Received`` header of SES: folded at three fixed places, ``with SMTP`` whatever the session was [observed]."""

from __future__ import annotations

from datetime import datetime

from sesreceive.assumption import Assumptions
from sesreceive.mail.envelope import Envelope
from sesreceive.writing.authentication_results import UNKNOWN_CLIENT, single_line
from sesreceive.writing.dates import received_date

__all__ = ["inbound_host", "received"]


def inbound_host(region: str) -> str:
    """Name of the host that receives mail in a region (Developer Guide, "Publishing an MX record").

    Examples
    --------
    >>> inbound_host("eu-west-1")
    'inbound-smtp.eu-west-1.amazonaws.com'
    """
    return f"inbound-smtp.{region}.amazonaws.com"


def received(
    envelope: Envelope, *, message_id: str, region: str, received_at: datetime, assumptions: Assumptions
) -> tuple[str, ...]:
    """The parts of the value, one a line of the header; joined by a space they are the unfolded value.

    The only accepted recipient is named, as it was sent; where several were accepted, none is [observed]. A client
    without reverse DNS is printed as its address alone [inferred].

    Examples
    --------
    >>> from datetime import UTC
    >>> envelope = Envelope(client_ip="192.0.2.1", helo="mx.example.org", client_name="mail.example.org",
    ...                     mail_from="ana@example.org", rcpt_to=("Bo+x@example.com",))
    >>> for part in received(envelope, message_id="7k3v", region="eu-west-1", assumptions=Assumptions(),
    ...                      received_at=datetime(2026, 1, 2, 10, 5, 5, tzinfo=UTC)):
    ...     print(part)
    from mx.example.org (mail.example.org [192.0.2.1])
    by inbound-smtp.eu-west-1.amazonaws.com with SMTP id 7k3v
    for Bo+x@example.com;
    Fri, 02 Jan 2026 10:05:05 +0000 (UTC)
    """
    instead = {"none": "", "helo": envelope.helo, "unknown": "unknown"}[assumptions.received_without_rdns]
    name = envelope.client_name or instead
    address = envelope.client_ip or UNKNOWN_CLIENT
    client = f"{name} [{address}]" if name else f"[{address}]"
    named = envelope.rcpt_to if len(envelope.rcpt_to) == 1 else ()
    by = f"by {inbound_host(region)} with SMTP id {message_id}"
    return (
        single_line(f"from {envelope.helo} ({client})"),
        *((by, single_line(f"for {named[0]};")) if named else (f"{by};",)),
        received_date(received_at),
    )
