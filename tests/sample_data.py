"""The sample data, its answer key, and what becomes of each message; read once for all tests of them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import sesreceive as ses
from sesreceive import datasets
from sesreceive.datasets import Dataset
from sesreceive.effects import SendBounce
from sesreceive.reception import Reception
from sesreceive.trace.events import Kind, Op

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "datasets"
NAMES = ("anycompany", "first-steps")  # the zoo has its own rules: see test_zoo.py
EVERY_NAME = (*NAMES, "zoo")
ALL_ACTIONS = {"AddHeader", "Bounce", "Connect", "Lambda", "S3", "SNS", "Stop", "Workmail"}


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name / "expected.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


EVERY_MESSAGE = [(name, row["message"]) for name in NAMES for row in rows(name)]
KEY = {(name, row["message"]): row for name in EVERY_NAME for row in rows(name)}


@cache
def dataset(name: str) -> Dataset:
    return datasets.load(name)


@cache
def received(name: str) -> dict[str, Reception]:
    receiver, found = dataset(name).receiver(), {}
    for path in sorted(dataset(name).mail.glob("*.eml")):
        envelope = ses.Envelope.from_json(path.with_suffix(".envelope.json").read_bytes())
        found[path.stem] = receiver.receive(path.read_bytes(), envelope, name=path.stem)
    return found


def said(column: str, name: str = "anycompany") -> set[str]:
    """Everything a column of the answer key says, `|` and `;` taken apart."""
    return {word for row in rows(name) for word in re.split(r"[|;]", row[column]) if word}


def expanded(replies: str) -> list[str]:
    """`250 x60` written out."""
    many = re.fullmatch(r"(.+) x(\d+)", replies)
    return [many[1]] * int(many[2]) if many else replies.split(";")


def answer(reception: Reception) -> dict[str, object]:
    """What sesreceive says, in the words of the answer key."""
    said: dict[str, object] = {
        "client_ip": reception.envelope.client_ip,
        "replies": [" ".join(filter(None, (str(r.code), r.enhanced))) for r in reception.replies],
        "filter": reception.decision.decided_by,
    }
    columns = (
        *("spf", "dkim", "dmarc", "dmarc_policy", "spf_verdict", "dkim_verdict", "dmarc_verdict"),
        *("spam_verdict", "virus_verdict", "rules", "actions", "stopped_by", "bounces"),
    )
    if not reception.accepted:
        return said | dict.fromkeys(columns, "")
    found, verdicts = reception.authentication, reception.verdicts
    assert found is not None
    assert verdicts is not None
    return said | {
        "spf": found.spf.status,
        "dkim": "|".join(one.status for one in found.dkim) or "none",
        "dmarc": found.dmarc.status,
        "dmarc_policy": verdicts.dmarc_policy,
        "spf_verdict": verdicts.spf,
        "dkim_verdict": verdicts.dkim,
        "dmarc_verdict": verdicts.dmarc,
        "spam_verdict": verdicts.spam,
        "virus_verdict": verdicts.virus,
        "rules": "|".join(reception.rules),
        "actions": "|".join(performed(reception)),
        "stopped_by": reception.stopped_by,
        "bounces": "|".join(
            f"{bounce.rule}:{bounce.smtp_reply_code} {bounce.status_code}".strip() for bounce in bounces(reception)
        ),
    }


def bounces(reception: Reception) -> list[SendBounce]:
    return [effect for effect in reception.effects if isinstance(effect, SendBounce)]


def performed(reception: Reception) -> Iterable[str]:
    """The actions that were carried out; a bounce that nobody is sent was not."""
    sent = {(bounce.rule, bounce.action) for bounce in bounces(reception)}
    for event in reception.trace.select(kind=Kind.ACTION, op=Op.EFFECT):
        if event.subject != "BounceAction" or (event.rule, event.action) in sent:
            yield f"{event.rule}:{event.subject}"
