"""Plus addressing: one mailbox, many addresses.

A condition without a label is for the address with any label; one with a label is for that label only, and
needs no identity of its own. So ana@example.com gives each shop another address, and finds out who passed hers
on.
"""

from __future__ import annotations

from sesreceive.gallery.pieces import STOP, account, rule, store
from sesreceive.gallery.sample_mail import SampleMail

__all__ = ["ACCOUNT", "MAIL"]

ACCOUNT = account(
    rule("shop", store("shop/"), STOP, to=("ana+shop@example.com",)),
    rule("ana", store("ana/"), to=("ana@example.com",)),
)
MAIL = (
    SampleMail(name="plain", to=("ana@example.com",), rules=("ana",), leaves=("s3 inbox/ana/{plain}",)),
    SampleMail(name="shop", to=("ana+shop@example.com",), rules=("shop",), leaves=("s3 inbox/shop/{shop}",)),
    SampleMail(name="news", to=("ana+news@example.com",), rules=("ana",), leaves=("s3 inbox/ana/{news}",)),
    SampleMail(name="anna", to=("anna+shop@example.com",), reply=550),
)
