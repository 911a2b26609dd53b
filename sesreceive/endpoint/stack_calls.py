"""The calls of SES that stacks make: CDK's ``AwsCustomResource``, which is how a stack activates a rule set.

It is a resource of the type ``Custom::AWS`` that holds a call of the API for its creation, its update and its
deletion, each as a text of JSON. In AWS a function of CDK makes the call with the SDK that the Lambda runtime brings;
there is none here, so the call goes straight to the control plane that serves the account, and meets its checks.
Calls of other services and other custom resources go the way that moto has for them, through their function.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from moto.cloudformation.custom_model import CustomModel

from sesreceive.endpoint.stack_resources import SERVICES
from sesreceive.errors import ApiError, InputError, ServerError, one_line
from sesreceive.json_input import parse_json

__all__ = ["StackSdkCall"]

_TYPE = "Custom::AWS"
# CDK takes the names of the SDK for JavaScript, versions 2 and 3.
_SES = ("SES", "@aws-sdk/client-ses")
_PHYSICAL_ID = "PHYSICAL:RESOURCEID:"


class StackSdkCall(CustomModel):
    """``Custom::AWS`` whose calls are of SES; every other custom resource is moto's.

    Parameters
    ----------
    properties : mapping of str to object
        Of the resource, references resolved.
    account_id, region : str
        Where the call is made.
    name : str
        The physical id where the calls name none.
    """

    def __init__(self, properties: Mapping[str, Any], account_id: str, region: str, name: str) -> None:
        super().__init__(region, "", name, name)
        self.properties, self.account_id = properties, account_id
        self.set_data({})

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> CustomModel:
        properties = cloudformation_json["Properties"]
        if kwargs.get("ResourceType") != _TYPE or not _is_of_ses(properties):
            return super().create_from_cloudformation_json(
                resource_name, cloudformation_json, account_id, region_name, **kwargs
            )
        made = cls(properties, account_id, region_name, resource_name)
        made.make("Create")
        return made

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> CustomModel:
        # moto has no update of a custom resource: those that are not ours stay as they were made.
        if not isinstance(original_resource, cls):
            return original_resource  # type: ignore[no-any-return]
        made = cls(cloudformation_json["Properties"], account_id, region_name, original_resource.resource_name)
        made.make("Update")
        return made

    def delete(self, account_id: str, region_name: str) -> None:
        """The call for the deletion is made, if there is one."""
        self.make("Delete")

    def make(self, moment: str) -> None:
        """The call of this moment is made: its answer is the data of the resource, and its id may be in it.

        Parameters
        ----------
        moment : str
            ``"Create"``, ``"Update"`` or ``"Delete"``; nothing happens where the resource has no call for it.

        Raises
        ------
        ApiError
            When SES refuses the call, and the resource does not ignore that error.
        """
        call = _call_of(self.properties, moment)
        if call is None:
            return
        region = str(call.get("region") or self.region_name)
        request = _with_id(call.get("parameters") or {}, self.resource_name)
        try:
            answer = SERVICES[self.account_id][region].call(_operation(call), request)
        except ApiError as error:
            ignored = call.get("ignoreErrorCodesMatching")
            if ignored is None or not re.search(str(ignored), error.code):
                raise
            answer = {}
        data = {**dict(_flat(answer)), "region": region, "apiVersion": None}
        paths = call.get("outputPaths")
        self.set_data(data if paths is None else {path: data[path] for path in data if path.startswith(tuple(paths))})
        named = call.get("physicalResourceId") or {}
        self.resource_name = str(named.get("id") or data.get(str(named.get("responsePath"))) or self.resource_name)


def _is_of_ses(properties: Mapping[str, Any]) -> bool:
    calls = (_call_of(properties, moment) for moment in ("Create", "Update", "Delete"))
    services = {call.get("service") for call in calls if call is not None}
    return bool(services) and all(str(service).casefold() in map(str.casefold, _SES) for service in services)


def _call_of(properties: Mapping[str, Any], moment: str) -> dict[str, Any] | None:
    text = properties.get(moment)
    if text is None:
        return None
    try:
        call = parse_json(text, where="the call") if isinstance(text, str) else text
    except InputError as error:
        raise ServerError(f"{moment}: {one_line(error)}") from error
    if not isinstance(call, dict) or not isinstance(call.get("action"), str):
        raise ServerError(
            f"{moment}: expected a call with service and action, of AwsCustomResource, but got {one_line(text, 120)}"
        )
    return call


def _operation(call: Mapping[str, Any]) -> str:
    """The operation of an action of the SDK.

    >>> _operation({"action": "setActiveReceiptRuleSet"}), _operation({"action": "CreateReceiptRuleCommand"})
    ('SetActiveReceiptRuleSet', 'CreateReceiptRule')
    """
    action = call["action"].removesuffix("Command")
    return str(action[:1].upper() + action[1:])


def _with_id(value: Any, physical_id: str) -> Any:
    """A request with the physical id where a ``PhysicalResourceIdReference`` was put."""
    if isinstance(value, Mapping):
        return {name: _with_id(item, physical_id) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_id(item, physical_id) for item in value]
    return physical_id if value == _PHYSICAL_ID else value


def _flat(answer: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """An answer as `getResponseField` names its parts.

    >>> dict(_flat({"Rules": [{"Name": "store"}], "Enabled": True}))
    {'Rules.0.Name': 'store', 'Enabled': True}
    """
    items = answer.items() if isinstance(answer, Mapping) else enumerate(answer) if isinstance(answer, list) else None
    if items is None:
        yield path, answer
        return
    for name, value in items:
        yield from _flat(value, f"{path}.{name}" if path else str(name))
