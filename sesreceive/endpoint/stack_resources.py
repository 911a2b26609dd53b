"""The resources of receiving in moto's CloudFormation: rule sets, rules, filters, identities.

moto finds the direct subclasses of its ``CloudFormationModel``. They call the operations of the control plane that
serves the account, so a stack meets the checks of the API. What an operation refuses, CloudFormation says as an event
of the stack, which is `sesreceive.endpoint.stacks`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from moto.core.common_models import CloudFormationModel

from sesreceive.control.service import Service
from sesreceive.endpoint.named_resource import NamedResource

__all__ = ["SERVICES", "StackEmailIdentity", "StackReceiptFilter", "StackReceiptRule", "StackReceiptRuleSet"]

# The service of each account that an endpoint runs for; moto calls class methods, so it is looked up here.
SERVICES: dict[str, Service] = {}

_NAME_LENGTH = 64
_DKIM_ATTRIBUTES = tuple(f"DkimDNSToken{part}{number}" for part in ("Name", "Value") for number in (1, 2, 3))


def _call(account_id: str, region: str, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    return SERVICES[account_id][region].call(operation, request)


def _generated(resource_name: str) -> str:
    """A name as CloudFormation makes it, ``stack-LogicalId-suffix``, within the 64 characters of a name."""
    if len(resource_name) <= _NAME_LENGTH:
        return resource_name
    head, _, suffix = resource_name.rpartition("-")
    return f"{head[: _NAME_LENGTH - 1 - len(suffix)].rstrip('-')}-{suffix}"


def _bare(properties: Any) -> Any:
    """Properties as the API takes them: text for numbers and flags as flags, None left out.

    >>> _bare({"Enabled": "true", "SmtpReplyCode": 550, "After": None})
    {'Enabled': True, 'SmtpReplyCode': '550'}
    """
    if isinstance(properties, Mapping):
        return {
            name: _flag(value) if name in ("Enabled", "ScanEnabled") else _bare(value)
            for name, value in properties.items()
            if value is not None
        }
    if isinstance(properties, list):
        return [_bare(value) for value in properties if value is not None]
    return str(properties) if isinstance(properties, int) and not isinstance(properties, bool) else properties


def _flag(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


class StackReceiptRuleSet(NamedResource, CloudFormationModel):
    """``AWS::SES::ReceiptRuleSet``."""

    @staticmethod
    def cloudformation_name_type() -> str:
        return "RuleSetName"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SES::ReceiptRuleSet"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> StackReceiptRuleSet:
        name = cloudformation_json["Properties"].get("RuleSetName") or _generated(resource_name)
        _call(account_id, region_name, "CreateReceiptRuleSet", {"RuleSetName": name})
        return cls(name)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> StackReceiptRuleSet:
        name = cloudformation_json["Properties"].get("RuleSetName")
        if name is None or name == original_resource.name:
            return original_resource  # type: ignore[no-any-return]
        made = cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)
        _call(account_id, region_name, "DeleteReceiptRuleSet", {"RuleSetName": original_resource.name})
        return made

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        _call(account_id, region_name, "DeleteReceiptRuleSet", {"RuleSetName": resource_name})


class StackReceiptRule(NamedResource, CloudFormationModel):
    """``AWS::SES::ReceiptRule``; without ``After`` it comes first, as with the API."""

    def __init__(self, name: str, rule_set: str, after: str | None) -> None:
        super().__init__(name)
        self.rule_set, self.after = rule_set, after

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SES::ReceiptRule"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> StackReceiptRule:
        request = _bare(cloudformation_json["Properties"])
        rule = {"Name": _generated(resource_name)} | request.get("Rule", {})
        _call(account_id, region_name, "CreateReceiptRule", request | {"Rule": rule})
        return cls(rule["Name"], request.get("RuleSetName", ""), request.get("After"))

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> StackReceiptRule:
        request = _bare(cloudformation_json["Properties"])
        rule = {"Name": original_resource.name} | request.get("Rule", {})
        rule_set, after = request.get("RuleSetName", ""), request.get("After")
        if (rule_set, rule["Name"]) != (original_resource.rule_set, original_resource.name):
            made = cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)
            _delete_rule(original_resource, account_id, region_name)
            return made
        _call(account_id, region_name, "UpdateReceiptRule", {"RuleSetName": rule_set, "Rule": rule})
        if after != original_resource.after:
            position = {"RuleSetName": rule_set, "RuleName": rule["Name"]} | ({"After": after} if after else {})
            _call(account_id, region_name, "SetReceiptRulePosition", position)
        return cls(rule["Name"], rule_set, after)

    def delete(self, account_id: str, region_name: str) -> None:
        """The rule is gone; so it is where its set went before it."""
        _delete_rule(self, account_id, region_name)


def _delete_rule(rule: StackReceiptRule, account_id: str, region: str) -> None:
    sets = SERVICES[account_id][region].receiver.account.rule_sets
    if any(rule_set.name == rule.rule_set for rule_set in sets):
        _call(account_id, region, "DeleteReceiptRule", {"RuleSetName": rule.rule_set, "RuleName": rule.name})


class StackReceiptFilter(NamedResource, CloudFormationModel):
    """``AWS::SES::ReceiptFilter``; a change makes it anew, since no operation changes one."""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SES::ReceiptFilter"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> StackReceiptFilter:
        wanted = {"Name": _generated(resource_name)} | _bare(cloudformation_json["Properties"]).get("Filter", {})
        _call(account_id, region_name, "CreateReceiptFilter", {"Filter": wanted})
        return cls(wanted["Name"])

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> StackReceiptFilter:
        # As with every replacement, the new one comes first, so its own name may not be that of the old.
        name = cloudformation_json["Properties"].get("Filter", {}).get("Name")
        if name == original_resource.name:
            cls.delete_from_cloudformation_json(name, cloudformation_json, account_id, region_name)
            return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)
        made = cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)
        cls.delete_from_cloudformation_json(original_resource.name, cloudformation_json, account_id, region_name)
        return made

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        _call(account_id, region_name, "DeleteReceiptFilter", {"FilterName": resource_name})


class StackEmailIdentity(NamedResource, CloudFormationModel):
    """``AWS::SES::EmailIdentity``: a domain or an address; another name makes another one."""

    def __init__(self, name: str, tokens: Sequence[str] = ()) -> None:
        super().__init__(name)
        self.tokens = tuple(tokens)

    @staticmethod
    def cloudformation_name_type() -> str:
        return "EmailIdentity"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SES::EmailIdentity"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in _DKIM_ATTRIBUTES

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """The names and values of the CNAME records for Easy DKIM."""
        token = self.tokens[int(attribute_name[-1]) - 1]
        return f"{token}._domainkey.{self.name}" if "Name" in attribute_name else f"{token}.dkim.amazonses.com"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> StackEmailIdentity:
        name = str(cloudformation_json["Properties"].get("EmailIdentity", ""))
        if "@" in name:
            _call(account_id, region_name, "VerifyEmailIdentity", {"EmailAddress": name})
            return cls(name)
        _call(account_id, region_name, "VerifyDomainIdentity", {"Domain": name})
        return cls(name, _call(account_id, region_name, "VerifyDomainDkim", {"Domain": name})["DkimTokens"])

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> StackEmailIdentity:
        made = cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)
        if made.name != original_resource.name:
            cls.delete_from_cloudformation_json(original_resource.name, cloudformation_json, account_id, region_name)
        return made

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        _call(account_id, region_name, "DeleteIdentity", {"Identity": resource_name})
