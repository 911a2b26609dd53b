"""The zoo of odd mail: small messages with one oddity each, what has to become of them, and what to learn."""

from __future__ import annotations

from making.write import Theme
from making.zoo import (
    addresses,
    chains,
    contents,
    encoded,
    envelopes,
    forged,
    header,
    machines,
    mime,
    policies,
    senders,
    signatures,
    world,
)
from making.zoo.case import ZOO_COLUMNS

COLUMNS = ZOO_COLUMNS
ZONE = world.ZONE + policies.ZONE + senders.ZONE

THEMES = (
    Theme(title="The header", first=1, samples=header.CASES),
    Theme(title="Character sets and encoded words", first=101, samples=encoded.CASES),
    Theme(title="Addresses", first=201, samples=addresses.CASES),
    Theme(title="The envelope", first=301, samples=envelopes.CASES),
    Theme(title="MIME", first=401, samples=mime.CASES),
    Theme(title="Forgeries", first=501, samples=forged.CASES),
    Theme(title="SPF", first=601, samples=senders.CASES),
    Theme(title="DKIM", first=701, samples=signatures.CASES),
    Theme(title="DMARC", first=801, samples=policies.CASES),
    Theme(title="ARC", first=901, samples=chains.CASES),
    Theme(title="Mail by machines", first=1001, samples=machines.CASES),
    Theme(title="Contents", first=1101, samples=contents.CASES),
)
