"""AnyCompany: a company of some size that receives its mail through Amazon SES. One module a theme."""

from making.anycompany import authors, business, filters, odd, recipients, scanning, senders, signatures
from making.anycompany.world import ZONE
from making.write import Theme

__all__ = ["THEMES", "ZONE"]

THEMES = (
    Theme(title="A working day", first=1, samples=business.SAMPLES),
    Theme(title="Recipients and TLS", first=101, samples=recipients.SAMPLES),
    Theme(title="IP filters", first=201, samples=filters.SAMPLES),
    Theme(title="SPF", first=301, samples=senders.SAMPLES),
    Theme(title="DKIM", first=401, samples=signatures.SAMPLES),
    Theme(title="DMARC", first=501, samples=authors.SAMPLES),
    Theme(title="Scanning and size", first=601, samples=scanning.SAMPLES),
    Theme(title="Odd messages", first=701, samples=odd.SAMPLES),
)
