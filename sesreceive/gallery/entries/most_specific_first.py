"""The most specific rule first.

Every rule that matches runs, and rules run in their order. Who wants only the best match puts the address
first, then the domain, then the subdomains, then everybody, each with a Stop. `.example.com` is the subdomains
without the domain.
"""

from __future__ import annotations

from sesreceive.gallery.pieces import STOP, account, rule, store
from sesreceive.gallery.sample_mail import SampleMail

__all__ = ["ACCOUNT", "MAIL"]

ACCOUNT = account(
    rule("address", store("ana/"), STOP, to=("ana@example.com",)),
    rule("domain", store("domain/"), STOP, to=("example.com",)),
    rule("subdomains", store("subdomains/"), STOP, to=(".example.com",)),
    rule("everybody", store("rest/")),
    domains=("example.com", "example.net"),
)
MAIL = (
    SampleMail(name="to-ana", to=("ana@example.com",), rules=("address",), leaves=("s3 inbox/ana/{to-ana}",)),
    SampleMail(name="to-bo", to=("bo@example.com",), rules=("domain",), leaves=("s3 inbox/domain/{to-bo}",)),
    SampleMail(
        name="to-eu", to=("ana@eu.example.com",), rules=("subdomains",), leaves=("s3 inbox/subdomains/{to-eu}",)
    ),
    SampleMail(name="to-net", to=("ana@example.net",), rules=("everybody",), leaves=("s3 inbox/rest/{to-net}",)),
    SampleMail(
        name="to-both",
        to=("bo@example.com", "ana@example.com"),
        rules=("address",),
        leaves=("s3 inbox/ana/{to-both}",),
    ),
)
