"""CloudFormation and SAM templates: the receiving resources of a stack, and what else in it is about receiving."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sesreceive.errors import InputError, one_line
from sesreceive.formats.cloudformation_permissions import read_surroundings
from sesreceive.formats.draft import VARIABLES, Draft, Entry, RuleEntry
from sesreceive.formats.hints import all_text, take_hints
from sesreceive.formats.intrinsics import Stack, TooMuch, names_in
from sesreceive.formats.open_json import json_value
from sesreceive.formats.place import Place, Table
from sesreceive.formats.unresolved import Open, OpenText, first_open, is_open
from sesreceive.wording import expected

__all__ = ["from_template", "is_template", "read_resources"]

FORMAT = "CloudFormation"
_SOURCE = "AWS CloudFormation User Guide"
_NESTED = 5
# Types of SES that have nothing to do with receipt rules.
_OTHERS = tuple(
    f"AWS::SES::{name}"
    for name in (
        "ConfigurationSet", "ContactList", "CustomVerificationEmailTemplate", "DedicatedIpPool", "MailManager",
        "MultiRegionEndpoint", "Template", "Tenant", "VdmAttributes",
    )
)  # fmt: skip
# What code that makes rules or activates sets at run time has to name: an operation in any of its spellings.
_MAKES_RULES = re.compile(r"(?:create|update|clone)[_ ]?receipt[_ ]?rule", re.IGNORECASE)
_ACTIVATES = re.compile(r"set[_ ]?active[_ ]?receipt[_ ]?rule[_ ]?set", re.IGNORECASE)


def is_template(data: Any) -> bool:
    """Whether it looks like a CloudFormation template.

    Examples
    --------
    >>> is_template({"Resources": {"A": {"Type": "AWS::SES::ReceiptRuleSet"}}}), is_template({"Rules": []})
    (True, False)
    """
    if not isinstance(data, dict):
        return False
    resources = data.get("Resources")
    typed = isinstance(resources, dict) and any(isinstance(one, (dict, list)) for one in resources.values())
    return "AWSTemplateFormatVersion" in data or typed


def from_template(
    data: Mapping[str, Any],
    *,
    origin: str,
    file: str,
    variables: Mapping[str, Any] | None = None,
    region: str | None = None,
    account_id: str | None = None,
    folder: Path | None = None,
) -> Draft:
    """What a template describes.

    Parameters
    ----------
    data : mapping
        The parsed template, with places where they are known.
    origin, file : str
        What it is called as a whole, and in places.
    variables : mapping, optional
        Values of its parameters.
    region, account_id : str, optional
        Where it is deployed.
    folder : Path, optional
        Where local templates of nested stacks are looked for.
    """
    sam = "AWS::Serverless" in str(data.get("Transform", ""))
    draft = Draft(origin=origin, format="SAM" if sam else FORMAT, region=region, account_id=account_id)
    unknown = set(variables or {}) - set(data.get("Parameters") or {})
    for name in sorted(unknown):
        draft.problem(file, expected("a parameter of the template", name, data.get("Parameters") or {}), VARIABLES)
    metadata = data.get("Metadata")
    ours = metadata.get("sesreceive") if isinstance(metadata, dict) else None
    if isinstance(ours, dict):
        draft.region, draft.account_id = region or _word(ours, "Region"), account_id or _word(ours, "AccountId")
    take_hints(draft, all_text(data), Place(file))
    read_resources(
        data,
        draft,
        file=file,
        variables=variables or {},
        region=draft.region,
        account_id=draft.account_id,
        folder=folder,
    )
    if isinstance(ours, dict):
        _complete(draft, ours, Place(file))
    return draft


def _word(data: Mapping[str, Any], name: str) -> str | None:
    found = data.get(name)
    return None if found is None else str(found)


def _complete(draft: Draft, ours: Mapping[str, Any], place: Place) -> None:
    """Take over what `Account.to` writes in the metadata, since no resource says it."""
    draft.complete = True
    if "ActiveRuleSet" in ours:
        draft.active.append(Entry(key="Metadata", place=place, values=Table({"RuleSetName": ours["ActiveRuleSet"]})))
    identities, created = ours.get("Identities"), ours.get("CreatedTimestamps")
    if isinstance(identities, dict):
        for entry in draft.identities:
            name = entry.values.get("Identity")
            attributes = identities.get(name) if isinstance(name, str) else None
            if isinstance(attributes, dict):
                entry.values.update(attributes)
    if isinstance(created, dict):
        for entry in draft.rule_sets:
            name = entry.values.get("RuleSetName")
            if isinstance(name, str) and name in created:
                entry.values["CreatedTimestamp"] = created[name]


def read_resources(
    data: Mapping[str, Any],
    draft: Draft,
    *,
    file: str,
    variables: Mapping[str, Any],
    region: str | None,
    account_id: str | None,
    folder: Path | None = None,
    depth: int = 0,
) -> Stack | None:
    """Put the resources of a template in a draft; the evaluated stack, or None when it is too much."""
    try:
        stack = Stack(data, draft, file=file, variables=variables, region=region, account_id=account_id)
        reader = _Reader(stack, draft, folder, depth)
        for logical_id, resource in stack.resources.items():
            reader.resource(logical_id, resource)
        if draft.receives:
            read_surroundings(stack)
    except (TooMuch, RecursionError):
        draft.problem(file, "expected a template that can be evaluated but it expands or nests without bound", _SOURCE)
        return None
    return stack


class _Reader:
    def __init__(self, stack: Stack, draft: Draft, folder: Path | None, depth: int) -> None:
        self.stack, self.draft, self.folder, self.depth = stack, draft, folder, depth

    def resource(self, logical_id: str, resource: Any) -> None:
        place = self.stack.place(self.stack.resources, logical_id)
        if not isinstance(resource, Mapping):
            self.draft.problem(place, f"{logical_id}: {expected('a resource', resource)}", _SOURCE)
            return
        kind = resource.get("Type")
        if not isinstance(kind, str):
            self.draft.problem(place, f"{logical_id}: {expected('a resource with a Type', kind)}", _SOURCE)
            return
        if "Condition" in resource and not self.stack.holds(
            resource["Condition"], self.stack.place(resource, "Condition")
        ):
            return
        read = _TYPES.get(kind)
        if read is None:
            self._other(logical_id, kind, resource, place)
            return
        properties = resource.get("Properties")
        values = self.stack.value(properties) if properties is not None else Table(place=place)
        if not isinstance(values, dict):
            self.draft.problem(place, f"{logical_id}.Properties: {expected('a mapping', values)}", _SOURCE)
            return
        if unknown := values.keys() - _PROPERTIES[kind]:
            for name in sorted(unknown):
                wanted = expected(f"a property of {kind}", name, _PROPERTIES[kind])
                self.draft.problem(self.stack.place(values, name), f"{logical_id}: {wanted}", _SOURCE)
        read(self, logical_id, values, place, resource)

    # -------------------------------------------------------------- receiving

    def rule_set(self, logical_id: str, values: Mapping[str, Any], place: Place, resource: Mapping[str, Any]) -> None:
        table = Table({"RuleSetName": self.stack.name_of(logical_id, place)}, place)
        if (where := getattr(values, "places", {}).get("RuleSetName")) is not None:
            table.places["RuleSetName"] = where
        self.draft.rule_sets.append(Entry(key=logical_id, place=place, values=table))

    def rule(self, logical_id: str, values: Mapping[str, Any], place: Place, resource: Mapping[str, Any]) -> None:
        body = values.get("Rule")
        if not isinstance(body, dict):
            opened = first_open(body)
            what = f"`{opened.name}`, which is open" if opened else "nothing of the kind"
            self.draft.problem(place, f"{logical_id}: expected a Rule but got {what}", "AWS::SES::ReceiptRule")
            return
        if body.get("Name") in (None, ""):
            body["Name"] = self.stack.name_of(logical_id, place)
        rule_set = values.get("RuleSetName")
        if rule_set is None:
            self.draft.problem(
                place,
                f"{logical_id}: expected RuleSetName, which is required, but got nothing",
                "AWS::SES::ReceiptRule",
            )
            rule_set = Open("RuleSetName", place, "it is missing", hint="rule-set")
        self.draft.rules.append(
            RuleEntry(
                key=logical_id,
                place=place,
                values=body if isinstance(body, Table) else Table(body, place),
                rule_set=rule_set,
                after=values.get("After"),
                needs=frozenset(_needs(resource)),
            )
        )

    def filter(self, logical_id: str, values: Mapping[str, Any], place: Place, resource: Mapping[str, Any]) -> None:
        body = values.get("Filter")
        if not isinstance(body, dict):
            self.draft.problem(place, f"{logical_id}: expected a Filter with IpFilter", "AWS::SES::ReceiptFilter")
            return
        if body.get("Name") in (None, ""):
            body["Name"] = self.stack.name_of(logical_id, place)
        table = body if isinstance(body, Table) else Table(body, place)
        self.draft.filters.append(Entry(key=logical_id, place=place, values=table))

    def identity(self, logical_id: str, values: Mapping[str, Any], place: Place, resource: Mapping[str, Any]) -> None:
        where = self.stack.place(values, "EmailIdentity")
        self.draft.identities.append(
            Entry(key=logical_id, place=where, values=Table({"Identity": values.get("EmailIdentity")}, where))
        )

    # -------------------------------------------------------------- what may hide rules

    def _other(self, logical_id: str, kind: str, resource: Mapping[str, Any], place: Place) -> None:
        if kind == "AWS::CloudFormation::Stack" or kind == "AWS::Serverless::Application":
            self._nested(logical_id, resource, place)
            return
        if kind.startswith("AWS::SES::"):
            if not kind.startswith(_OTHERS):
                wanted = expected("a resource type of SES", kind, [*_TYPES, *_OTHERS])
                self.draft.problem(place, f"{logical_id}: {wanted}", _SOURCE)
            return
        text = all_text(resource)
        custom = kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource"
        if custom and (name := self._activated(resource)) is not None:
            values = Table({"RuleSetName": name}, place)
            self.draft.active.append(Entry(key=logical_id, place=place, values=values))
            return
        if _MAKES_RULES.search(text):
            what = "custom resource" if custom else kind
            message = f"{logical_id} ({what}) may make receipt rules when it runs; they are not seen here"
            self.draft.problem(place, message, "sesreceive")
        elif kind == "AWS::CloudFormation::StackSet":
            self.draft.problem(place, f"{logical_id} is a StackSet: rules it makes are not seen here", "sesreceive")
        elif custom and self._helper_activates(resource):
            found = resource.get("Properties")
            named = self.stack.value(found.get("RuleSetName")) if isinstance(found, Mapping) else None
            if isinstance(named, str) or is_open(named):
                self.draft.active.append(
                    Entry(key=logical_id, place=place, values=Table({"RuleSetName": named}, place))
                )
                message = (
                    f"{logical_id}: its function calls SetActiveReceiptRuleSet, so its RuleSetName is taken for active"
                )
                self.draft.problem(place, message, "sesreceive")
            else:
                message = f"{logical_id}: its function activates a rule set when it runs; which one is not seen here"
                self.draft.problem(place, message, "sesreceive")

    def _activated(self, resource: Mapping[str, Any]) -> Any:
        """The rule set that an AwsCustomResource of CDK activates; None where it is about something else."""
        properties = resource.get("Properties")
        if not isinstance(properties, Mapping):
            return None
        for name in ("Create", "Update"):
            # A text of JSON, most often joined from pieces with a Ref inside: resolve, then parse.
            call = self.stack.value(properties.get(name))
            if isinstance(call, (str, OpenText)):
                try:
                    call = json_value(call)
                except InputError:
                    continue
            if not isinstance(call, dict) or not _ACTIVATES.search(str(call.get("action", ""))):
                continue
            parameters = call.get("parameters")
            return parameters.get("RuleSetName") if isinstance(parameters, dict) else None
        return None

    def _helper_activates(self, resource: Mapping[str, Any]) -> bool:
        """Whether the function behind a custom resource calls SetActiveReceiptRuleSet."""
        for name in names_in(
            resource.get("Properties", {}).get("ServiceToken") if resource.get("Properties") else None
        ):
            helper = self.stack.resources.get(name)
            if helper is not None and _ACTIVATES.search(all_text(helper)):
                return True
        return False

    def _nested(self, logical_id: str, resource: Mapping[str, Any], place: Place) -> None:
        properties = resource.get("Properties")
        url = properties.get("TemplateURL", properties.get("Location")) if isinstance(properties, Mapping) else None
        inner = self.folder / url if self.folder is not None and isinstance(url, str) and "://" not in url else None
        if inner is None or not inner.is_file():
            shown = url if isinstance(url, str) else "a template that is made elsewhere"
            message = f"{logical_id} is a nested stack of `{one_line(shown, 120)}`: rules it makes are not seen here"
            self.draft.problem(place, message, "sesreceive")
            return
        from sesreceive.formats.template_files import parsed

        self.draft.uses.add(inner.resolve())
        data = parsed(inner, self.draft, str(url))
        given = properties.get("Parameters") if isinstance(properties, Mapping) else None
        parameters = {
            name: self.stack.value(value) for name, value in (given.items() if isinstance(given, Mapping) else ())
        }
        if self.depth >= _NESTED:
            self.draft.problem(
                place, f"{logical_id}: expected at most {_NESTED} nested stacks but it is deeper", _SOURCE
            )
        elif isinstance(data, dict):
            read_resources(
                data,
                self.draft,
                file=str(url),
                variables=parameters,
                region=self.stack.region,
                account_id=self.stack.account_id,
                folder=inner.parent,
                depth=self.depth + 1,
            )


def _needs(resource: Mapping[str, Any]) -> set[str]:
    depends = resource.get("DependsOn", [])
    named = {depends} if isinstance(depends, str) else {one for one in depends or [] if isinstance(one, str)}
    return named | set(names_in(resource.get("Properties")))


_TYPES: Mapping[str, Callable[[_Reader, str, Mapping[str, Any], Place, Mapping[str, Any]], None]] = {
    "AWS::SES::ReceiptRuleSet": _Reader.rule_set,
    "AWS::SES::ReceiptRule": _Reader.rule,
    "AWS::SES::ReceiptFilter": _Reader.filter,
    "AWS::SES::EmailIdentity": _Reader.identity,
}
_PROPERTIES: Mapping[str, frozenset[str]] = {
    "AWS::SES::ReceiptRuleSet": frozenset({"RuleSetName", "Tags"}),
    "AWS::SES::ReceiptRule": frozenset({"RuleSetName", "After", "Rule"}),
    "AWS::SES::ReceiptFilter": frozenset({"Filter"}),
    "AWS::SES::EmailIdentity": frozenset(
        {
            "EmailIdentity",
            "ConfigurationSetAttributes",
            "DkimAttributes",
            "DkimSigningAttributes",
            "FeedbackAttributes",
            "MailFromAttributes",
            "Tags",
        }
    ),
}
