"""A sample: one message, how it comes in, and by hand what has to become of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

# One line for each column of expected.csv; the READMEs print this table.
COLUMNS = {
    "message": "file name in `mail/`, without `.eml`",
    "client_ip": "address of the connecting host, as in the envelope",
    "replies": "reply codes to the recipients, in order, joined by `;`; `250 x60` stands for sixty times `250`",
    "filter": "filter or provider list that decides about `client_ip`; empty when none contains it",
    "spf": "result of SPF (RFC 7208); like all results to its right empty when no recipient is accepted",
    "dkim": "result of each DKIM signature in the order of the header, joined by `|`; `none` when unsigned",
    "dmarc": "result of DMARC (RFC 7489)",
    "dmarc_policy": "policy that applies, where DMARC fails",
    "spf_verdict": "SES's `spfVerdict`",
    "dkim_verdict": "SES's `dkimVerdict`: it looks at signatures of exactly the From domain",
    "dmarc_verdict": "SES's `dmarcVerdict`",
    "spam_verdict": "SES's `spamVerdict` for the rules that scan; `DISABLED` when no matching rule does",
    "virus_verdict": "SES's `virusVerdict`, likewise",
    "rules": "rules that apply, in order, joined by `|`: enabled, matching, reached, and their TlsPolicy met",
    "actions": "actions performed, in order, as `rule:Action`, joined by `|`",
    "stopped_by": "rule whose action ends the evaluation of the rule set",
    "bounces": "bounces sent, as `rule:code status`, joined by `|`",
    "about": "why the message is here",
}

# When the first message arrives: where a seeded receiver's clock starts, too.
FIRST = datetime(2026, 1, 2, 10, 5, 5, 123_000, UTC)

# RFC result -> SES verdict (Developer Guide, "Contents of notifications"; where it is silent, public samples).
SPF_VERDICT = {
    "pass": "PASS",
    "none": "GRAY",
    "neutral": "GRAY",
    "softfail": "GRAY",
    "fail": "FAIL",
    "temperror": "PROCESSING_FAILED",
    "permerror": "PROCESSING_FAILED",
}
DMARC_VERDICT = {
    "pass": "PASS",
    "none": "GRAY",
    "fail": "FAIL",
    "temperror": "PROCESSING_FAILED",
    "permerror": "PROCESSING_FAILED",
}

_AUTH = re.compile(r"spf=(\w+) dkim=([\w|]+)/(\w+) dmarc=(\w+)(?:/(\w+))?")
_RULE = re.compile(r"([\w.-]+)\[([\w! ]*)\]")


@dataclass(frozen=True, kw_only=True)
class Host:
    """A sending server."""

    ip: str
    name: str = ""

    @property
    def helo(self) -> str:
        """How it introduces itself: by its name, or by its address when it has none."""
        if self.name:
            return self.name
        return f"[IPv6:{self.ip}]" if ":" in self.ip else f"[{self.ip}]"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One message and its row of the answer key.

    Attributes
    ----------
    slug : str
        The name in the file name.
    about : str
        Why it is here, as one sentence.
    raw : bytes
        The message as sent after DATA.
    host : Host
        Who connects.
    mail_from, rcpt_to, tls, helo
        The envelope; the name of the host is the HELO unless given.
    replies, filter : str
        As in the columns of these names.
    auth : str
        ``spf=RESULT dkim=RESULT[|RESULT]/VERDICT dmarc=RESULT[/POLICY]``.
    scan : str
        Spam and virus verdict, as ``FAIL PASS``.
    ran : str
        ``rule[Action Action] rule[]`` in order; ``!`` behind the action that ends the evaluation.
    bounces : str
        As in the column.
    """

    headings: ClassVar[tuple[str, ...]] = ("",)  # of the columns of `cells`

    slug: str
    about: str
    raw: bytes
    host: Host
    mail_from: str
    rcpt_to: tuple[str, ...]
    tls: bool = True
    helo: str = ""
    replies: str = "250"
    filter: str = ""
    auth: str = ""
    scan: str = "DISABLED DISABLED"
    ran: str = ""
    bounces: str = ""

    def envelope(self, position: int) -> str:
        """The ``.envelope.json`` beside the message, which arrives a tenth of a second after the one before."""
        value = {
            "client_ip": self.host.ip,
            "client_name": self.host.name,
            "helo": self.helo or self.host.helo,
            "mail_from": self.mail_from,
            "rcpt_to": list(self.rcpt_to),
            "tls": self.tls,
            "received_at": (FIRST + position * timedelta(milliseconds=100)).isoformat(),
        }
        return json.dumps(value, indent=2, ensure_ascii=False) + "\n"

    def cells(self) -> tuple[str, ...]:
        """What the README says about it."""
        return (self.about,)

    def row(self, name: str) -> dict[str, str]:
        """The row of the answer key."""
        row = dict.fromkeys(COLUMNS, "") | {
            "message": name,
            "about": self.about,
            "client_ip": self.host.ip,
            "replies": self.replies,
            "filter": self.filter,
        }
        if "250" not in self.replies:
            assert self.auth == self.ran == self.bounces == "", f"{name}: nothing happens to a refused message"
            return row
        found = _AUTH.fullmatch(self.auth)
        assert found, f"{name}: `{self.auth}` does not say what SPF, DKIM and DMARC have to find"
        spf, dkim, dkim_verdict, dmarc, policy = found.groups()
        spam, virus = self.scan.split()
        rules = _RULE.findall(self.ran)
        assert " ".join(f"{rule}[{actions}]" for rule, actions in rules) == self.ran, (
            f"{name}: cannot read `{self.ran}`"
        )
        steps = [(rule, action) for rule, actions in rules for action in actions.split()]
        return row | {
            "spf": spf,
            "dkim": dkim,
            "dmarc": dmarc,
            "dmarc_policy": policy or "",
            "spf_verdict": SPF_VERDICT[spf],
            "dkim_verdict": dkim_verdict,
            "dmarc_verdict": DMARC_VERDICT[dmarc],
            "spam_verdict": spam,
            "virus_verdict": virus,
            "rules": "|".join(rule for rule, _ in rules),
            "actions": "|".join(f"{rule}:{action.rstrip('!')}Action" for rule, action in steps),
            "stopped_by": next((rule for rule, action in steps if action.endswith("!")), ""),
            "bounces": self.bounces,
        }
