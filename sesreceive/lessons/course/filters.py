"""IP address filters, "allow only these", and the IPv6 hole.

A filter blocks or allows a network. An Allow wins over a Block, and a network that is named nowhere is let in.
"""

from __future__ import annotations

from sesreceive.account.filters import ReceiptFilter
from sesreceive.gallery.pieces import account, rule, store
from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.equivalence import FiltersGoal
from sesreceive.lessons.exercise import Exercise, Mistake

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK = "12-ip-filters.ipynb"
OPEN = account(rule("everything", store("mail/")))


def _block(*networks: str) -> tuple[ReceiptFilter, ...]:
    return tuple(ReceiptFilter.block(network, name=f"block-{at}") for at, network in enumerate(networks))


def _allow(*networks: str) -> tuple[ReceiptFilter, ...]:
    return tuple(ReceiptFilter.allow(network, name=f"allow-{at}") for at, network in enumerate(networks))


EXERCISES = (
    Exercise(
        name="block-network",
        task="Refuse mail from 203.0.113.0 to 203.0.113.255, and from nowhere else. Give the filters.",
        start=OPEN,
        goal=FiltersGoal(OPEN.replace(filters=_block("203.0.113.0/24"))),
        also=(_block("203.0.113.0/25", "203.0.113.128/25"), (*_block("203.0.113.0/24"), *_allow("198.51.100.0/24"))),
        mistakes=(
            Mistake(_block("203.0.113.0"), "this is one address. Which prefix stands for 256 of them?"),
            Mistake(_allow("203.0.113.0/24"), "an Allow lets in. Which policy refuses?"),
            Mistake(_block("203.0.113.0/25"), "look at the upper half of the network."),
            Mistake(_block("0.0.0.0/0"), "this refuses everybody."),
        ),
        fact="A filter names an address or a network in CIDR form; what no filter names is let in",
        source='Developer Guide, "IP address-based control"',
    ),
    Exercise(
        name="all-but-one",
        task="Refuse mail from 203.0.113.0/24, but take it from 203.0.113.25, the mail server of a partner there.",
        start=OPEN.replace(filters=_block("203.0.113.0/24")),
        goal=FiltersGoal(OPEN.replace(filters=(*_block("203.0.113.0/24"), *_allow("203.0.113.25")))),
        also=((*_allow("203.0.113.25/32"), *_block("203.0.113.0/25", "203.0.113.128/25")),),
        mistakes=(
            Mistake(_block("203.0.113.0/24"), "the partner is refused, too."),
            Mistake(_allow("203.0.113.25"), "now everybody of that network is let in."),
            Mistake(_block("203.0.113.25"), "this is the wrong way round."),
        ),
        fact="An Allow wins over a Block, whichever is the longer",
        source='Developer Guide, "Email receiving concepts"',
    ),
    Exercise(
        name="only-these",
        task="Take mail from 198.51.100.0/24 alone, and from no other address of any kind.",
        start=OPEN,
        goal=FiltersGoal(OPEN.replace(filters=(*_block("0.0.0.0/0", "::/0"), *_allow("198.51.100.0/24")))),
        also=(
            (*_allow("198.51.100.0/25", "198.51.100.128/25"), *_block("::/1", "8000::/1", "0.0.0.0/1", "128.0.0.0/1")),
        ),
        mistakes=(
            Mistake(
                (*_block("0.0.0.0/0"), *_allow("198.51.100.0/24")),
                "look at the address of the mail that still comes in: is it IPv4?",
            ),
            Mistake(_allow("198.51.100.0/24"), "an Allow alone refuses nobody: what no filter names is let in."),
            Mistake(_block("0.0.0.0/0", "::/0"), "now nobody is let in."),
            Mistake(
                (*_block("::/0"), *_allow("198.51.100.0/24")), "this refuses IPv6; what about the other addresses?"
            ),
        ),
        fact="0.0.0.0/0 is all of IPv4 and nothing of IPv6; to refuse both takes a Block of ::/0 as well",
        tag="observed",
        source="the allow list of the AWS CDK, which blocks 0.0.0.0/0 alone",
    ),
    Exercise(
        name="silent",
        task="A filter refuses the newsletter that your boss waits for. Where in AWS do you see that it was refused?",
        goal=ChoiceGoal(
            "nowhere: only the sender is told",
            {
                "in CloudWatch, as a metric of the rule": "no rule was asked, so no rule counts it.",
                "in an SNS notification": "notifications are sent by actions, and no action ran.",
                "in the bucket, under a prefix for refused mail": "a refused mail is not stored anywhere.",
            },
        ),
        fact="There is no log of what filters refuse",
        source='Developer Guide, "Email receiving concepts"',
    ),
    Exercise(
        name="ec2",
        task="An application on an EC2 instance sends to your SES domain and reads `550 5.7.1`. Your account has no "
        "filters. Why?",
        goal=ChoiceGoal(
            "the address is on a list that AWS keeps, and no Allow filter of yours has it",
            {
                "the application must sign in first": "port 25 of a receiving host takes mail from strangers; nobody "
                "signs in.",
                "a Lambda function of yours said so": "functions run after the mail was taken.",
                "SPF fails for instances": "SPF never refuses mail by itself.",
            },
        ),
        fact="AWS has lists of its own, and an Allow filter of yours wins over them; until about 2025 the guide had "
        "all of EC2 on them, today it says that EC2 itself stops outgoing mail",
        source='Developer Guide, "Email receiving concepts"',
    ),
)
