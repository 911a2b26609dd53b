"""What is configured: identities, filters, rule sets and rules, in the nouns of the SES API.

Values are frozen; an edit gives a new one. `problems` tells what SES would refuse, `to_api` and `from_api` speak
boto3's dicts, `to_code` writes the Python that makes an equal value.
"""

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.filters import Policy, ReceiptFilter
from sesreceive.account.identities import Identity, VerificationStatus
from sesreceive.account.member import Kind, Member, member, members
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet, TlsPolicy

__all__ = [
    "Account",
    "Identity",
    "Kind",
    "Member",
    "Policy",
    "ReceiptAction",
    "ReceiptFilter",
    "ReceiptRule",
    "ReceiptRuleSet",
    "TlsPolicy",
    "VerificationStatus",
    "member",
    "members",
]
