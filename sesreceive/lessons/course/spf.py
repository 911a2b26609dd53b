"""SPF: which hosts may send for a domain.

A domain publishes them in a TXT record; SES asks for the domain of the envelope sender.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sesreceive.gallery.pieces import account, rule, store
from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.exercise import Exercise, Mistake
from sesreceive.lessons.known_value import ValueGoal
from sesreceive.lessons.played_mail import ENVELOPE, received
from sesreceive.lessons.trials import Trial
from sesreceive.lessons.wanted import Wanted
from sesreceive.lessons.zone_goal import ZoneGoal

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK = "14-spf.ipynb"

OPEN = account(rule("everything", store("mail/")))
PARTNER = {"example.net": {"TXT": ["v=spf1 ip4:203.0.113.0/24 -all"]}}


def _txt(record: str, name: str = "example.org") -> dict[str, Any]:
    return {name: {"TXT": [record]}}


def _from(client_ip: str, verdict: str) -> Trial:
    return Trial(
        name=f"a mail of ana@example.org from {client_ip}",
        envelope=replace(ENVELOPE, client_ip=client_ip),
        wanted=Wanted(spf=verdict),
    )


EXERCISES = (
    Exercise(
        name="one-host",
        task="Mail of example.org is sent by 198.51.100.7 and by no other host. Give the DNS records with which SPF "
        "says PASS for that host and FAIL for any other.",
        goal=ZoneGoal(
            account=OPEN,
            trials=(
                _from("198.51.100.7", "PASS"),
                _from("203.0.113.9", "FAIL"),
                _from("198.51.100.6", "FAIL"),  # the other address of the smallest network with the host
                _from("2001:db8::9", "FAIL"),
            ),
            answer=_txt("v=spf1 ip4:198.51.100.7 -all"),
        ),
        also=(
            'example.org. TXT "v=spf1 ip4:198.51.100.7/32 -all"',
            {"example.org": {"TXT": ["v=spf1 a:mx.example.org -all"]}, "mx.example.org": {"A": ["198.51.100.7"]}},
        ),
        mistakes=(
            Mistake(_txt("v=spf1 ip4:198.51.100.7 ~all"), "`~` says that the owner is not sure."),
            Mistake(_txt("v=spf1 ip4:198.51.100.7"), "what is said about all other hosts?"),
            Mistake(_txt("v=spf1 ip4:198.51.100.7 +all"), "this lets everybody send for the domain."),
            Mistake(_txt("v=spf1 ip4:198.51.100.0/24 -all"), "how many hosts are in that network?"),
            Mistake(_txt("v=spf1 ip4:198.51.100.7 -all", "_spf.example.org"), "at which name does SPF look?"),
            Mistake(_txt("v=spf1 ip4=198.51.100.7 -all"), "a mechanism and its value are joined by another sign."),
        ),
        fact="`-all` at the end is what makes other hosts fail; `~all` and nothing leave it open, which SES calls GRAY",
        tag="standard",
        source="RFC 7208 section 5.1",
    ),
    Exercise(
        name="partner",
        task="example.net sends the newsletters of example.org, from the hosts that its own SPF record names. Mail "
        "of example.org comes from 198.51.100.7, too. Give the record of example.org: PASS for all of them, FAIL for "
        "others.",
        start=PARTNER,
        goal=ZoneGoal(
            account=OPEN,
            zone=PARTNER,
            trials=(
                _from("198.51.100.7", "PASS"),
                _from("203.0.113.40", "PASS"),
                _from("203.0.113.200", "PASS"),
                _from("192.0.2.9", "FAIL"),
                _from("198.51.100.6", "FAIL"),  # next to the host
                _from("203.0.112.9", "FAIL"),  # next to the partner's network
            ),
            answer=_txt("v=spf1 ip4:198.51.100.7 include:example.net -all"),
        ),
        also=(
            _txt("v=spf1 include:example.net ip4:198.51.100.7 -all"),
            _txt("v=spf1 ip4:198.51.100.7 ip4:203.0.113.0/24 -all"),
            _txt("v=spf1 ip4:198.51.100.7 redirect=example.net"),
        ),
        mistakes=(
            Mistake(_txt("v=spf1 ip4:198.51.100.7 -all include:example.net"), "what is read behind `-all`?"),
            Mistake(
                {"example.org": {"TXT": ["v=spf1 ip4:198.51.100.7 -all", "v=spf1 include:example.net -all"]}},
                "how many SPF records may a domain have?",
            ),
            Mistake(_txt("v=spf1 ip4:198.51.100.7 a:example.net -all"), "`a:` asks for addresses, not for a record."),
            Mistake(_txt("v=spf1 ip4:198.51.100.7 ip4:203.0.113.40 -all"), "has the partner one host alone?"),
            Mistake(_txt("v=spf1 include:example.net -all"), "and 198.51.100.7?"),
        ),
        fact="A domain has one SPF record, read from left to right; `include:` asks another domain's",
        tag="standard",
        source="RFC 7208 sections 3.2 and 5.2",
    ),
    Exercise(
        name="null-sender",
        task="A bounce arrives: MAIL FROM is `<>`. The client said `EHLO mx.example.net`; the field From is "
        "postmaster@example.org. Which domain does SPF ask about?",
        goal=ValueGoal("name", lambda: _asked(received(OPEN, "ana@example.com", mail_from="", helo="mx.example.net"))),
        mistakes=(
            Mistake("example.org", "SPF never reads the field From."),
            Mistake("example.com", "this is the recipient's."),
            Mistake("example.net", "near; is it asked about the domain above the host?"),
        ),
        fact="For the null sender SPF takes postmaster at the name that the client said in EHLO",
        tag="standard",
        source="RFC 7208 section 2.4",
    ),
    Exercise(
        name="eleven",
        task="A record includes eleven other domains, and each exists. The client is in the last. What does SPF come "
        "to?",
        goal=ChoiceGoal(
            "permerror: more than ten look-ups",
            {
                "pass": "it would be found, but nobody looks so far.",
                "fail": "nothing in the record says that the host may not send.",
                "temperror": "this is for DNS that does not answer; it would end the same tomorrow.",
            },
        ),
        fact="An SPF record may cause ten look-ups; one more is permerror",
        tag="standard",
        source="RFC 7208 section 4.6.4",
    ),
)


def _asked(reception: Any) -> str:
    return str(reception.authentication.spf.envelope_from.rpartition("@")[2])
