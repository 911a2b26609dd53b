"""The eight actions a receipt rule can take, one file each: the fields, the effects it asks for, what comes next."""

from sesreceive.account.action import ReceiptAction
from sesreceive.actions.add_header import AddHeaderAction
from sesreceive.actions.bounce import BounceAction, BounceTemplate
from sesreceive.actions.connect import ConnectAction
from sesreceive.actions.lambda_ import InvocationType, LambdaAction
from sesreceive.actions.s3 import S3Action
from sesreceive.actions.sns import SNSAction, SNSEncoding
from sesreceive.actions.stop import StopAction, StopScope
from sesreceive.actions.workmail import WorkmailAction

__all__ = [
    "AddHeaderAction",
    "BounceAction",
    "BounceTemplate",
    "ConnectAction",
    "InvocationType",
    "LambdaAction",
    "ReceiptAction",
    "S3Action",
    "SNSAction",
    "SNSEncoding",
    "StopAction",
    "StopScope",
    "WorkmailAction",
]
