"""An entry of the gallery: a rule set, the functions that it calls, and mail that shows what it does."""

from __future__ import annotations

import html
import inspect
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from sesreceive._html import code, details, escape, table, ticked
from sesreceive.account.account import Account
from sesreceive.account.display import body
from sesreceive.backends.memory import MemoryBackend
from sesreceive.dns.zone import Zone
from sesreceive.errors import one_line
from sesreceive.gallery.bucket_client import BucketClient
from sesreceive.gallery.sample_mail import SampleMail
from sesreceive.lab.sign import SigningKey
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.shown import Shown
from sesreceive.wording import count

__all__ = ["Entry", "Played"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Played(Shown):
    """A message of an entry, received.

    Attributes
    ----------
    mail : SampleMail
        The message, with what has to become of it.
    reception : Reception
        What became of it, and why.
    leaves : tuple of str
        What is there now that was not before: ``s3 BUCKET/KEY``, ``sns TOPIC``, ``lambda FUNCTION`` with its
        disposition, ``bounce to ADDRESS``; in keys, a message id is the name of its mail in braces.
    """

    mail: SampleMail
    reception: Reception
    leaves: tuple[str, ...]

    @property
    def as_expected(self) -> bool:
        """Whether reply, rules and what is left are what the mail says they have to be."""
        wanted = (self.mail.reply, self.mail.rules, self.mail.leaves)
        return wanted == (self.reception.reply.code, self.reception.rules, self.leaves)

    def __repr__(self) -> str:
        """One line: the mail, its rules, and what is left of it."""
        left = one_line("; ".join(self.leaves) or "nothing", 300)
        rules = one_line(", ".join(self.reception.rules) or "no rule", 200)
        return f"<Played {one_line(self.mail.name)}: {self.reception.reply.code}, {rules}, leaves {left}>"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Entry(Shown):
    """A ready rule set with mail that shows it.

    Attributes
    ----------
    name : str
        What `load` knows it by.
    title : str
        What it does, in one line.
    shows : str
        What there is to learn from it.
    account : Account
        Domains and rules.
    handlers : mapping of str to callable
        The Lambda functions by name: ``f(event, context)``. One with a third parameter, ``s3``, is given a client with
        boto3's ``get_object`` and ``put_object``.
    mail : tuple of SampleMail
        The messages, in the order in which they arrive.
    """

    name: str
    title: str
    shows: str
    account: Account
    handlers: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    mail: tuple[SampleMail, ...] = ()

    @property
    def zone(self) -> Zone:
        """The DNS of example.org, which every message of the gallery comes from."""
        key = _key()
        return Zone(
            {
                "example.org": {"TXT": ["v=spf1 ip4:198.51.100.7 -all"]},
                "_dmarc.example.org": {"TXT": ["v=DMARC1; p=reject"]},
                key.name: {"TXT": [key.record]},
            }
        )

    def receiver(self, **options: Any) -> Receiver:
        """A new receiver of this account with its functions and DNS; ids and times are the same on every run.

        Parameters
        ----------
        **options
            Other arguments of `Receiver`, in the place of the entry's own, such as ``account``.
        """
        backend = MemoryBackend()
        s3 = BucketClient(backend)
        for name, handler in self.handlers.items():
            wants_s3 = "s3" in inspect.signature(handler).parameters
            backend.functions[name] = partial(handler, s3=s3) if wants_s3 else handler
        mine: dict[str, Any] = {"resolver": self.zone, "backend": backend, "seed": 1}
        return Receiver(options.pop("account", self.account), **{**mine, **options})

    def run(self, account: Account | None = None) -> tuple[Played, ...]:
        """Every message of the entry received by one receiver, one after the other.

        Parameters
        ----------
        account : Account, optional
            Another account in the place of the entry's own: what a change would do.
        """
        receiver = self.receiver(account=account or self.account)
        ids: dict[str, str] = {}
        played = []
        for mail in self.mail:
            before = Counter(_all_of(receiver.backend))
            # A mail that names one before it which was refused is sent to an address that is none's.
            reception = receiver.receive(mail.message(_key()), mail.envelope(ids), name=mail.name)
            ids[mail.name] = reception.message_id or "refused"
            new = (Counter(_all_of(receiver.backend)) - before).elements()
            played.append(Played(mail=mail, reception=reception, leaves=tuple(_named(text, ids) for text in new)))
        return tuple(played)

    def code(self) -> str:
        """The functions as Python."""
        return "\n\n".join(inspect.getsource(handler).strip() for handler in self.handlers.values())

    def __repr__(self) -> str:
        """One line: name, title, how many messages."""
        return f"<Entry {one_line(self.name)}: {one_line(self.title)}, {count(len(self.mail), 'message')}>"

    def _plain(self) -> str:
        """Title, what it shows, and a line a message."""
        lines = (f"  {one_line(mail.name)}: {one_line('; '.join(mail.leaves) or 'nothing')}" for mail in self.mail)
        return "\n".join((repr(self), one_line(self.shows, 2_000), *lines))

    def __str__(self) -> str:
        """What is shown where there is no HTML."""
        return self._plain()

    def _rich(self) -> str:
        rows = (
            (
                escape(mail.name),
                escape(", ".join(mail.to)),
                ticked(mail.reply == 250, mail.reply),
                escape(", ".join(mail.rules) or "none"),
                "<br>".join(map(code, mail.leaves)) or escape("nothing"),
            )
            for mail in self.mail
        )
        head = f"<p><strong>{escape(self.title)}</strong></p><p>{escape(self.shows)}</p>"
        messages = table(("message", "to", "reply", "rules", "leaves"), rows)
        rules = body(self.account)
        functions = details("functions", f"<pre>{html.escape(self.code())}</pre>") if self.handlers else ""
        return head + messages + rules + functions


@cache
def _key() -> SigningKey:
    """The key of example.org: a new one in each process, since nothing that is shown depends on it."""
    return SigningKey.generate("example.org", "s1")


def _all_of(backend: Any) -> Iterator[str]:
    """All that a backend has, a line each."""
    for name in backend.buckets:
        for key in backend.buckets[name]:
            yield f"s3 {name}/{key}"
    for arn, published in backend.topics.items():
        for _ in published:
            yield f"sns {arn.rpartition(':')[2]}"
    for run in backend.invocations:
        disposition = run.returned.get("disposition", "") if isinstance(run.returned, dict) else ""
        yield f"lambda {run.function_arn.rpartition(':')[2]} {disposition}".rstrip()
    for bounce in backend.bounces:
        yield f"bounce to {bounce.destination}"


def _named(text: str, ids: Mapping[str, str]) -> str:
    """The line with names of mail in the place of message ids."""
    for name, message_id in ids.items():
        text = text.replace(message_id, f"{{{name}}}")
    return text
