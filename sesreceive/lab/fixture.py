"""What SES did with one mail as files: what a function, a queue or a bucket is given, for tests in any language."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter

from sesreceive.effects import Invoke, Publish, PutObject, SendBounce
from sesreceive.errors import one_line
from sesreceive.reception import Reception

__all__ = ["fixture", "zipped"]


def fixture(reception: Reception) -> dict[str, bytes]:
    r"""The files of one mail by name: the mail and its envelope, and each effect byte for byte as it was performed.

    Returns
    -------
    dict of str to bytes
        ``message.eml`` and ``envelope.json``; then, numbered from 1 each, ``lambda-event-1.json``,
        ``notification-1.json``, ``object-1.eml`` and ``bounce-1.eml``; ``README.txt`` says of each where it went.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, actions=(ses.S3Action(bucket_name="inbox"),))
    >>> account = ses.Account(identities=("example.com",), active="main",
    ...                       rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),))
    >>> reception = ses.Receiver(account, seed=1).receive(b"Subject: hi\r\n\r\n", rcpt_to=["ana@example.com"])
    >>> list(fixture(reception))
    ['message.eml', 'envelope.json', 'object-1.eml', 'README.txt']
    """
    files = {
        "message.eml": reception.message.raw,
        "envelope.json": (json.dumps(reception.envelope.to_json(), indent=2) + "\n").encode(),
    }
    told = [
        f"What became of {one_line(reception.name or 'the message')}: {one_line(reception.reply)}",
        f"because {one_line(reception.decided.sentence, 2_000)}",
        "",
        "message.eml: the mail as it came",
        "envelope.json: what the client said before it",
    ]
    numbers: Counter[str] = Counter()
    for done in reception.performed:
        written = _file(done.effect)
        if written is None:
            continue
        kind, ending, content = written
        numbers[kind] += 1
        name = f"{kind}-{numbers[kind]}.{ending}"
        files[name] = content
        failed = f", failed: {one_line(done.outcome.error)}" if done.outcome.failed else ""
        told.append(f"{name}: {one_line(done.effect.describe(), 500)}, by rule {one_line(done.effect.rule)}{failed}")
    files["README.txt"] = ("\n".join(told) + "\n").encode("utf-8", "replace")
    return files


def _file(effect: object) -> tuple[str, str, bytes] | None:
    """Kind, ending and octets of the file of an effect; None for what hands nothing over."""
    if isinstance(effect, Invoke):
        return "lambda-event", "json", effect.payload.encode("utf-8", "surrogatepass")
    if isinstance(effect, Publish):
        return "notification", "json", effect.message.encode("utf-8", "surrogatepass")
    if isinstance(effect, PutObject):
        return "object", "eml", effect.body
    if isinstance(effect, SendBounce):
        return "bounce", "eml", effect.raw
    return None


def zipped(files: dict[str, bytes]) -> bytes:
    """The files as a ZIP archive, the same for the same files.

    Examples
    --------
    >>> zipped({"a.txt": b"x"}) == zipped({"a.txt": b"x"})
    True
    """
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            entry = zipfile.ZipInfo(re.sub(r"[^\w.-]", "-", name, flags=re.ASCII), (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return archive.getvalue()
