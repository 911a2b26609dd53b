"""What Terraform itself says in JSON: ``terraform show -json`` of a plan or state, and a state file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sesreceive.account.action import ReceiptAction
from sesreceive.account.member import members
from sesreceive.errors import one_line
from sesreceive.formats.draft import Draft, Entry, RuleEntry
from sesreceive.formats.place import Place, Table
from sesreceive.formats.terraform_rules import ACTION_BLOCKS, IDENTITIES, actions_in_order, rule_members
from sesreceive.formats.unresolved import Open

__all__ = ["from_plan_or_state", "is_plan_or_state"]

_SOURCE = "Terraform JSON output format"


def is_plan_or_state(data: Any) -> bool:
    """Whether it looks like a plan or state in JSON.

    Examples
    --------
    >>> is_plan_or_state({"format_version": "1.2", "planned_values": {}}), is_plan_or_state({"Rules": []})
    (True, False)
    """
    if not isinstance(data, dict):
        return False
    shown = "format_version" in data and bool({"planned_values", "values"} & data.keys())
    return shown or ("terraform_version" in data and isinstance(data.get("resources"), list))


def from_plan_or_state(data: Mapping[str, Any], *, origin: str, file: str) -> Draft:
    """What a plan will make, or what a state holds; values only known after apply stay open."""
    planned = "planned_values" in data
    draft = Draft(origin=origin, format="Terraform plan" if planned else "Terraform state")
    draft.region = _region(data)
    reader = _Reader(draft, file)
    if "resources" in data and "format_version" not in data:
        for found in _of_state_file(data, file):
            reader.resource(found[0], found[1], found[2], {}, found[4], found[3])
        return draft
    top = data.get("planned_values" if planned else "values")
    unknown, needs = _changes(data)
    for one in _resources(top.get("root_module") if isinstance(top, dict) else None):
        address, kind, values = one.get("address"), one.get("type"), one.get("values")
        if isinstance(address, str) and isinstance(kind, str) and isinstance(values, dict):
            if one.get("mode") == "data" and kind not in IDENTITIES:
                continue
            place = getattr(one, "place", None) or Place(file)
            later = dict(unknown.get(address, {}))
            secret = one.get("sensitive_values")
            reader.resource(address, kind, values, later, secret if isinstance(secret, dict) else {}, place, needs)
    return draft


def _region(data: Mapping[str, Any]) -> str | None:
    configuration = data.get("configuration")
    providers = configuration.get("provider_config", {}) if isinstance(configuration, dict) else {}
    for one in providers.values() if isinstance(providers, dict) else ():
        expressions = one.get("expressions", {}) if isinstance(one, dict) else {}
        region = expressions.get("region", {}) if isinstance(expressions, dict) else {}
        if isinstance(region, dict) and one.get("name") == "aws" and "alias" not in one:
            found = region.get("constant_value")
            return found if isinstance(found, str) else None
    return None


def _resources(module: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if not isinstance(module, dict) or depth > 50:
        return
    yield from (one for one in module.get("resources", []) if isinstance(one, dict))
    for child in module.get("child_modules", []):
        yield from _resources(child, depth + 1)


def _changes(data: Mapping[str, Any]) -> tuple[dict[str, dict[str, Any]], dict[str, frozenset[str]]]:
    """What is known after apply only, by address, and what each address needs."""
    unknown: dict[str, dict[str, Any]] = {}
    for one in data.get("resource_changes", []) if isinstance(data.get("resource_changes"), list) else []:
        change = one.get("change") if isinstance(one, dict) else None
        if isinstance(change, dict) and isinstance(change.get("after_unknown"), dict):
            unknown[str(one.get("address"))] = change["after_unknown"]
    needs: dict[str, frozenset[str]] = {}
    configuration = data.get("configuration")
    root = configuration.get("root_module") if isinstance(configuration, dict) else None
    for one in root.get("resources", []) if isinstance(root, dict) else []:
        if isinstance(one, dict):
            needs[str(one.get("address"))] = frozenset(map(str, one.get("depends_on", []) or []))
    return unknown, needs


def _of_state_file(
    data: Mapping[str, Any], file: str
) -> Iterator[tuple[str, str, dict[str, Any], Place, dict[str, Any]]]:
    for one in data["resources"]:
        if not isinstance(one, dict) or not isinstance(one.get("instances"), list):
            continue
        kind, mode = str(one.get("type")), one.get("mode")
        if mode == "data" and kind not in IDENTITIES:
            continue
        name = ".".join(filter(None, (one.get("module"), f"{kind}.{one.get('name')}")))
        for instance in one["instances"]:
            if isinstance(instance, dict) and isinstance(instance.get("attributes"), dict):
                key = instance.get("index_key")
                address = name if key is None else f'{name}["{key}"]' if isinstance(key, str) else f"{name}[{key}]"
                place = getattr(instance, "place", None) or Place(file)
                yield address, kind, instance["attributes"], place, _marks(instance.get("sensitive_attributes"))


def _marks(paths: Any) -> dict[str, Any]:
    """The paths of a state file to sensitive values, as the nested truths that ``terraform show`` prints."""
    marks: dict[str, Any] = {}
    for path in paths if isinstance(paths, list) else []:
        steps = [step.get("value") for step in path if isinstance(step, dict)] if isinstance(path, list) else []
        if steps and isinstance(steps[0], str):
            # The rest of a path is a place in a list of blocks; all of a block is held back.
            marks[steps[0]] = True
    return marks


def _is_secret(mark: Any) -> bool:
    """Whether a mark, or any inside it, says that a value is sensitive."""
    if isinstance(mark, (list, dict)):
        return any(_is_secret(inner) for inner in (mark.values() if isinstance(mark, dict) else mark))
    return mark is True


class _Reader:
    def __init__(self, draft: Draft, file: str) -> None:
        self.draft, self.file = draft, file

    def resource(
        self,
        address: str,
        kind: str,
        values: Mapping[str, Any],
        unknown: Mapping[str, Any],
        secret: Mapping[str, Any],
        place: Place,
        needs: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        """Put one resource in the draft, where it is about receiving."""

        def value(name: str) -> Any:
            where = getattr(values, "places", {}).get(name, place)
            if _is_secret(secret.get(name)):
                return Open(f"{address}.{name}", where, "sensitive: its value is not shown", secret=True)
            if values.get(name) is None and unknown.get(name):
                return Open(
                    f"{address}.{name}", where, "known after apply", hint=f"{address.rpartition('.')[2]}-{name}"
                )
            return values.get(name)

        def table(names: Mapping[str, str]) -> Table:
            made = Table(place=place)
            for name, api in names.items():
                if (found := value(name)) is not None:
                    made.put(api, found, getattr(values, "places", {}).get(name, place))
            return made

        if kind in IDENTITIES:
            self.draft.identities.append(Entry(key=address, place=place, values=table({IDENTITIES[kind]: "Identity"})))
        elif kind == "aws_ses_receipt_rule_set":
            self.draft.rule_sets.append(Entry(key=address, place=place, values=table({"rule_set_name": "RuleSetName"})))
        elif kind == "aws_ses_active_receipt_rule_set":
            self.draft.active.append(Entry(key=address, place=place, values=table({"rule_set_name": "RuleSetName"})))
        elif kind == "aws_ses_receipt_filter":
            made = table({"name": "Name"})
            made.put("IpFilter", table({"cidr": "Cidr", "policy": "Policy"}), place)
            self.draft.filters.append(Entry(key=address, place=place, values=made))
        elif kind == "aws_ses_receipt_rule":
            body = table(rule_members())
            if not body.get("Recipients"):
                body.pop("Recipients", None)  # a state writes null or [] for a rule without recipients
            found = []
            for block, api in ACTION_BLOCKS.items():
                names = {item.name: item.api for item in members(ReceiptAction.registry[api])}
                later = unknown.get(block)
                written = values.get(block) or []
                for number, one in enumerate(written if isinstance(written, list) else [written]):
                    if not isinstance(one, dict):
                        message = f"{address}: {block}: expected objects but got `{one_line(one, 80)}`"
                        self.draft.problem(place, message, _SOURCE)
                        continue
                    marks = (_element(later, number), _element(secret.get(block), number))
                    action = self._action(f"{address}.{block}", one, names, marks, place)
                    found.append((api, action, one.get("position"), place))
            actions, problems = actions_in_order(found)
            for where, message in problems:
                self.draft.problem(where, f"{address}: {message}", _SOURCE)
            body.put("Actions", actions, place)
            self.draft.rules.append(
                RuleEntry(
                    key=address,
                    place=place,
                    values=body,
                    rule_set=value("rule_set_name"),
                    after=value("after") or None,
                    needs=(needs or {}).get(address, frozenset()),
                )
            )

    @staticmethod
    def _action(
        path: str, one: Mapping[str, Any], names: Mapping[str, str], marks: tuple[Any, Any], place: Place
    ) -> Table:
        """The arguments of a block; `marks` say what is known after apply only, and what is sensitive."""
        made = Table(place=getattr(one, "place", None) or place)
        unknown, secret = marks
        label = path.split(".")[-2]
        for name, api in names.items():
            found = one.get(name)
            if found is not None and (secret is True or (isinstance(secret, dict) and _is_secret(secret.get(name)))):
                found = Open(
                    f"{path}.{name}", place, "sensitive: its value is not shown", f"{label}-{name}", secret=True
                )
            elif found is None and isinstance(unknown, dict) and unknown.get(name):
                found = Open(f"{path}.{name}", place, "known after apply", f"{label}-{name}")
            # A state writes "" for a text that is not set, where the API has nothing.
            if found is not None and not (found == "" and name != "header_value"):
                made.put(api, found, getattr(one, "places", {}).get(name))
        return made


def _element(marks: Any, number: int) -> Any:
    """What the marks of a list of blocks say of one of them."""
    if isinstance(marks, list):
        return marks[number] if number < len(marks) else None
    return marks if marks is True else None
