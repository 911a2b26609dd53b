"""DMARC and alignment.

SPF and DKIM speak of domains that a reader never sees. DMARC asks whether one of them is the domain in the field From.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sesreceive.gallery.pieces import account, rule, store
from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.exercise import Exercise, Mistake
from sesreceive.lessons.mail_goal import MailGoal
from sesreceive.lessons.played_mail import ENVELOPE, HELLO
from sesreceive.lessons.trials import Trial
from sesreceive.lessons.wanted import Wanted
from sesreceive.lessons.zone_goal import ZoneGoal

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK = "16-dmarc.ipynb"

OPEN = account(rule("everything", store("mail/")))
SPF = {
    "example.org": {"TXT": ["v=spf1 ip4:198.51.100.7 -all"]},
    "news.example.org": {"TXT": ["v=spf1 ip4:203.0.113.40 -all"]},
    "example.net": {"TXT": ["v=spf1 ip4:203.0.113.40 -all"]},
}
POLICY = {"_dmarc.example.org": {"TXT": ["v=DMARC1; p=reject"]}}
BY_PARTNER = replace(ENVELOPE, client_ip="203.0.113.40", mail_from="bounces@example.net", helo="mx.example.net")


def _policy(record: str, name: str = "_dmarc.example.org") -> dict[str, Any]:
    return {name: {"TXT": [record]}}


EXERCISES = (
    Exercise(
        name="reject",
        task="example.org has an SPF record. Publish what is missing, so that mail in its name from other hosts gets "
        "the DMARC verdict FAIL with the policy `reject`, and its own mail PASS.",
        start=SPF,
        goal=ZoneGoal(
            account=OPEN,
            zone=SPF,
            trials=(
                Trial(name="its own mail", wanted=Wanted(dmarc="PASS")),
                Trial(
                    name="a forged mail",
                    envelope=replace(ENVELOPE, client_ip="192.0.2.9"),
                    wanted=Wanted(dmarc="FAIL", dmarc_policy="reject"),
                ),
            ),
            answer=POLICY,
        ),
        also=(
            _policy("v=DMARC1; p=reject; sp=none; rua=mailto:dmarc@example.org"),
            _policy("v=DMARC1;p=reject;adkim=s"),
        ),
        mistakes=(
            Mistake(_policy("v=DMARC1; p=none"), "this only asks for reports."),
            Mistake(_policy("v=DMARC1; p=quarantine"), "this is the policy between the two."),
            Mistake(_policy("v=DMARC; p=reject"), "look at the version, letter by letter."),
            Mistake({"_dmarc.www.example.org": POLICY["_dmarc.example.org"]}, "for which domain does this name speak?"),
        ),
        fact="The policy is a TXT record at `_dmarc` below the domain in the field From",
        tag="standard",
        source="RFC 7489 section 6.1",
    ),
    Exercise(
        name="align",
        task="A partner, 203.0.113.40, sends this letter of ana@example.org with MAIL FROM bounces@example.net. SPF "
        "passes and DMARC fails. `start` has the DNS. Give an `Envelope` with which the partner's letter passes "
        "DMARC.",
        start={**SPF, **POLICY},
        goal=MailGoal(
            account=OPEN,
            zone={**SPF, **POLICY},
            trials=(Trial(name="your mail", raw=HELLO, envelope=BY_PARTNER, wanted=Wanted(dmarc="PASS")),),
            answer=replace(BY_PARTNER, mail_from="bounces@news.example.org"),
            gives="envelope",
            stays="client",
        ),
        mistakes=(
            Mistake(BY_PARTNER, "for which domain does SPF pass, and which is in the field From?"),
            Mistake(replace(BY_PARTNER, mail_from="ana@example.org"), "may this host send for example.org itself?"),
            Mistake(replace(BY_PARTNER, mail_from=""), "now SPF speaks of the name in EHLO."),
        ),
        fact="Relaxed alignment: the domain that passed and the domain of From belong to one organisation",
        tag="standard",
        source="RFC 7489 section 3.1",
    ),
    Exercise(
        name="then-what",
        task="A mail fails DMARC, and the policy of its domain is `reject`. No rule of yours asks for verdicts. What "
        "does SES do with the mail?",
        goal=ChoiceGoal(
            "it takes the mail, runs the rules, and says `FAIL` and `reject` in what it writes",
            {
                "it answers `550`": "verdicts never refuse a mail by themselves.",
                "it drops the mail after it was taken": "only your rules and functions drop anything.",
                "it puts the mail into a quarantine": "SES has none; a rule of yours could be one.",
            },
        ),
        fact="Authentication always runs and never refuses mail; to act on a verdict takes a Lambda function",
        source='Developer Guide, "Email receiving concepts"',
    ),
)
