"""Whether SES may write to what rules name: policies of buckets, topics, keys, functions and roles."""

from sesreceive.permissions.access import Access, Decision
from sesreceive.permissions.guard import Permissions
from sesreceive.permissions.policy import Policy
from sesreceive.permissions.refusal import Refusal
from sesreceive.permissions.target import Grant, Target

__all__ = ["Access", "Decision", "Grant", "Permissions", "Policy", "Refusal", "Target"]
