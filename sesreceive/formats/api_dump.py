"""The API's own JSON: what describe and list commands print, and what create commands are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sesreceive.account.account import Account
from sesreceive.account.member import members
from sesreceive.formats.draft import Draft, Entry, RuleEntry
from sesreceive.formats.hints import all_text, take_hints
from sesreceive.formats.place import Place, Table, place_in
from sesreceive.formats.unresolved import Open

__all__ = ["from_api_dump", "is_api_dump"]

FORMAT = "API JSON"
_ACCOUNT = frozenset(item.api for item in members(Account))


def is_api_dump(data: Any) -> bool:
    """Whether it looks like something the SES API takes or gives.

    Examples
    --------
    >>> is_api_dump({"Metadata": {"Name": "main"}, "Rules": []}), is_api_dump({"Resources": {}})
    (True, False)
    """
    if isinstance(data, list):
        return bool(data) and all(isinstance(one, dict) and is_api_dump(one) for one in data)
    return isinstance(data, dict) and any(recognise(data) for recognise, _ in _FORMS)


def from_api_dump(data: Any, *, origin: str, place: Place) -> Draft:
    """What a piece of the API's JSON describes.

    Any of: the answers of DescribeReceiptRuleSet, DescribeActiveReceiptRuleSet, DescribeReceiptRule,
    ListReceiptFilters, ListReceiptRuleSets, ListIdentities and GetIdentityVerificationAttributes; the input of
    CreateReceiptRule, CreateReceiptRuleSet and CreateReceiptFilter, or a ``Rule`` or ``Filter`` alone, as
    ``--rule file://rule.json`` takes it; an account as `Account.save` writes it; a list of these.
    """
    draft = Draft(origin=origin, format=FORMAT)
    for one in data if isinstance(data, list) else [data]:
        form = next((add for recognise, add in _FORMS if isinstance(one, dict) and recognise(one)), None)
        if form is None:
            draft.problem(place, "expected something the SES API takes or gives but got another object", "SES API")
        else:
            form(draft, one, place)
    take_hints(draft, all_text(data), place)
    return draft


def _entry(key: str, values: Mapping[str, Any], place: Place) -> Entry:
    table = values if isinstance(values, Table) else Table(dict(values), place)
    return Entry(key=key, place=table.place or place, values=table)


def _rule(draft: Draft, rule: Any, rule_set: Any, place: Place, key: str, *, after: Any = None, ordered: bool) -> None:
    if not isinstance(rule, dict):
        draft.problem(place, f"{key}: expected an object with the members of ReceiptRule", "SES API ReceiptRule")
        return
    values = rule if isinstance(rule, Table) else Table(dict(rule), place)
    name = values.get("Name")
    draft.rules.append(
        RuleEntry(
            key=f"rule {name}" if isinstance(name, str) else key,
            place=values.place or place,
            values=values,
            rule_set=rule_set,
            after=after,
            ordered=ordered,
        )
    )


def _described_set(draft: Draft, data: Mapping[str, Any], place: Place) -> None:
    metadata = data.get("Metadata")
    name = metadata.get("Name") if isinstance(metadata, dict) else None
    values = Table({"RuleSetName": name}, place_in(data, ["Metadata"], place))
    if isinstance(metadata, dict):
        if "CreatedTimestamp" in metadata:
            values["CreatedTimestamp"] = metadata["CreatedTimestamp"]
        for extra in metadata.keys() - {"Name", "CreatedTimestamp"}:
            draft.problem(place_in(data, ["Metadata", extra], place), f"Metadata: no such member `{extra}`", "SES API")
    if not isinstance(name, str):
        values["RuleSetName"] = name = Open("the rule set", place, "the dump has no Metadata.Name", hint="rule-set")
    draft.rule_sets.append(
        Entry(key=f"rule set {name if isinstance(name, str) else ''}".strip(), place=place, values=values)
    )
    rules = data.get("Rules", [])
    if not isinstance(rules, list):
        draft.problem(
            place_in(data, ["Rules"], place), "Rules: expected a list of rules", "SES API DescribeReceiptRuleSet"
        )
        return
    for number, rule in enumerate(rules):
        where = place_in(data, ["Rules", number], place)
        _rule(draft, rule, name, where, f"Rules[{number}]", ordered=True)


def _single_rule(draft: Draft, data: Mapping[str, Any], place: Place) -> None:
    name = data.get("RuleSetName")
    if name is None:
        name = Open("--rule-set-name", place, "the file holds the rule alone", hint="rule-set")
    else:
        draft.rule_sets.append(_entry(f"rule set {name}", {"RuleSetName": name}, place))
    rule = data.get("Rule", data)
    _rule(draft, rule, name, place_in(data, ["Rule"], place), "Rule", after=data.get("After"), ordered=False)
    if "RuleSetName" not in data:
        draft.rule_sets.append(_entry("the rule set", {"RuleSetName": name}, place))


def _filters(draft: Draft, data: Mapping[str, Any], place: Place) -> None:
    inner = data.get("Filters", data.get("Filter", data))
    for number, one in enumerate(inner if isinstance(inner, list) else [inner]):
        if isinstance(one, dict):
            draft.filters.append(_entry(f"filter {one.get('Name', number)}", one, place))
        else:
            draft.problem(
                place, f"Filters[{number}]: expected an object with Name and IpFilter", "SES API ReceiptFilter"
            )


def _identities(draft: Draft, data: Mapping[str, Any], place: Place) -> None:
    found = data.get("VerificationAttributes", data.get("Identities"))
    if isinstance(found, dict):
        for name, attributes in found.items():
            values = {"Identity": name, **(attributes if isinstance(attributes, dict) else {})}
            draft.identities.append(_entry(f"identity {name}", values, place_in(found, [name], place)))
    elif isinstance(found, list):
        for name in found:
            draft.identities.append(_entry(f"identity {name}", {"Identity": name}, place))
    else:
        draft.problem(place, "Identities: expected a list of names, or an object", "SES API ListIdentities")


def _named_sets(draft: Draft, data: Mapping[str, Any], place: Place) -> None:
    sets = data.get("RuleSets")
    for one in sets if isinstance(sets, list) else []:
        if isinstance(one, dict) and "Metadata" in one:
            _described_set(draft, one, getattr(one, "place", None) or place)
        elif isinstance(one, dict):
            values = {"RuleSetName": one.get("Name"), **{k: v for k, v in one.items() if k == "CreatedTimestamp"}}
            draft.rule_sets.append(_entry(f"rule set {one.get('Name')}", values, getattr(one, "place", None) or place))


def _account(draft: Draft, data: Mapping[str, Any], place: Place) -> None:
    draft.complete = True
    for name, value in data.items():
        if name not in _ACCOUNT and name != "ResponseMetadata":
            draft.problem(place_in(data, [name], place), f"no such member `{name}`", "sesreceive Account")
        elif name == "Region" and isinstance(value, str):
            draft.region = value
        elif name == "AccountId" and value is not None:
            draft.account_id = str(value)
    if "RuleSets" in data:
        _named_sets(draft, data, place)
    if "Filters" in data:
        _filters(draft, data, place)
    if "Identities" in data:
        _identities(draft, data, place)
    if data.get("ActiveRuleSet") is not None:
        values = {"RuleSetName": data["ActiveRuleSet"]}
        draft.active.append(_entry("ActiveRuleSet", values, place_in(data, ["ActiveRuleSet"], place)))


# What tells a form, and what reads it; the first that fits is taken.
_FORMS: tuple[tuple[Callable[[Mapping[str, Any]], bool], Callable[[Draft, Mapping[str, Any], Place], None]], ...] = (
    (lambda data: "ActiveRuleSet" in data or "AccountId" in data, _account),
    (
        lambda data: "Rules" in data and ("Metadata" in data or set(data) <= {"Rules", "ResponseMetadata"}),
        _described_set,
    ),
    (lambda data: "Metadata" in data and set(data) <= {"Metadata", "ResponseMetadata"}, _described_set),
    (lambda data: "Rule" in data and set(data) <= {"Rule", "RuleSetName", "After", "ResponseMetadata"}, _single_rule),
    (lambda data: "Filter" in data or "IpFilter" in data, _filters),
    (lambda data: "RuleSets" in data and set(data) & {"Identities", "Filters", "Region"} != set(), _account),
    (lambda data: "RuleSets" in data, _named_sets),
    (lambda data: "Filters" in data and set(data) <= {"Filters", "ResponseMetadata"}, _filters),
    (lambda data: "VerificationAttributes" in data or set(data) == {"Identities"}, _identities),
    (lambda data: "Identities" in data and set(data) <= {"Identities", "NextToken", "ResponseMetadata"}, _identities),
    (lambda data: set(data) <= _ACCOUNT and bool(set(data) & _ACCOUNT) and "Name" not in data, _account),
    (
        lambda data: (
            "Name" in data and bool(set(data) & {"Recipients", "Actions", "TlsPolicy", "ScanEnabled", "Enabled"})
        ),
        _single_rule,
    ),
)
