"""What the rules of a given account name is there: buckets, topics and keys, so that its mail has where to go."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from sesreceive.account.account import Account
from sesreceive.arn import Arn
from sesreceive.endpoint.moments import Moment, during
from sesreceive.errors import one_line

__all__ = ["provide"]


def provide(account: Account) -> list[str]:
    """Moto has what the rules name; what it refuses to make, as sentences.

    Of topics and keys those of the account in its own region; functions are made by whoever has their code.
    """
    from moto.kms.models import kms_backends
    from moto.s3.models import s3_backends
    from moto.sns.models import sns_backends

    account_id, region = account.account_id, account.region
    buckets, topics, keys = s3_backends[account_id]["aws"], sns_backends[account_id][region], kms_backends[account_id]
    refused = []
    for kind, name in _named(account):
        # A key is made of chance: the same on every start.
        with during(Moment(at_s=0.0, seed=crc32(name.encode("utf-8", "surrogatepass")))):
            try:
                if kind == "bucket":
                    buckets.create_bucket(name, region)
                elif kind == "topic":
                    topics.create_topic(name)
                else:
                    _make_key(keys[region], name)
            except Exception as error:  # noqa: BLE001 - moto's own for each service
                why = getattr(error, "message", None) or error
                refused.append(f"the {kind} `{one_line(name)}`: {one_line(why)}")
    return refused


def _named(account: Account) -> list[tuple[str, str]]:
    named: dict[tuple[str, str], None] = {}
    for action in (action for one in account.rule_sets for rule in one.rules for action in rule.actions):
        if bucket := getattr(action, "bucket_name", ""):
            named["bucket", bucket] = None
        for kind, attribute in (("topic", "topic_arn"), ("key", "kms_key_arn")):
            arn = Arn.parse(getattr(action, attribute, None) or "")
            if arn is not None and (arn.region, arn.account_id) == (account.region, account.account_id):
                named[kind, arn.resource] = None
    return list(named)


def _make_key(backend: Any, resource: str) -> None:
    kind, _, name = resource.partition("/")
    key = backend.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", None)
    if kind == "alias":
        backend.create_alias(key.id, resource)
        return
    del backend.keys[key.id]
    key.arn = key.arn.replace(key.id, name)
    key.id = name
    backend.keys[name] = key
