"""A live account through boto3: what is read, never written, and what may not be read is a problem."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sesreceive.errors import InputError, one_line
from sesreceive.formats.draft import Draft, Entry, RuleEntry
from sesreceive.formats.place import Place, Table

__all__ = ["from_client", "is_client", "is_session"]

FORMAT = "live account"
_PER_CALL = 100  # identities GetIdentityVerificationAttributes takes at once [documented]


def is_client(source: Any) -> bool:
    """Whether it is a client of boto3."""
    return hasattr(source, "meta") and hasattr(source.meta, "service_model")


def is_session(source: Any) -> bool:
    """Whether it is a session of boto3, which has clients of all services."""
    return all(hasattr(source, name) for name in ("client", "get_credentials", "region_name"))


def from_client(client: Any) -> Draft:
    """What an account has, asked of the SES API (version 1) with read operations only.

    Raises
    ------
    InputError
        When it is the client of another service.
    """
    service = client.meta.service_model.service_name
    if service != "ses":
        raise InputError(f"expected boto3.client('ses') but got the client of `{one_line(service, 40)}`")
    region = client.meta.region_name
    draft = Draft(origin=f"SES in {region}", format=FORMAT, complete=True, region=region)
    _Reader(client, draft).read()
    return draft


class _Reader:
    def __init__(self, client: Any, draft: Draft) -> None:
        self.client, self.draft = client, draft

    def read(self) -> None:
        for one in self.answer("list_receipt_filters").get("Filters", []):
            self.draft.filters.append(self.entry(f"filter {one.get('Name')}", "list_receipt_filters", one))
        self._identities()
        for metadata in self.pages("list_receipt_rule_sets", "RuleSets"):
            name = metadata["Name"]
            call = "describe_receipt_rule_set"
            self.draft.rule_sets.append(self.entry(f"rule set {name}", call, {"RuleSetName": name, **metadata}))
            self.rules(call, name, self.answer(call, RuleSetName=name))
        call = "describe_active_receipt_rule_set"
        answered = self.answer(call)
        metadata = answered.get("Metadata", {})
        active = metadata.get("Name")
        if active is not None:
            if all(entry.values["RuleSetName"] != active for entry in self.draft.rule_sets):
                # Where the sets may not be listed, the active one can be known all the same.
                self.draft.rule_sets.append(self.entry(f"rule set {active}", call, {"RuleSetName": active, **metadata}))
                self.rules(call, active, answered)
            self.draft.active.append(self.entry("active rule set", call, {"RuleSetName": active}))

    def rules(self, call: str, rule_set: str, answered: dict[str, Any]) -> None:
        """Take over the rules of one set."""
        for rule in answered.get("Rules", []):
            key = f"rule {rule.get('Name')} of {rule_set}"
            entry = RuleEntry(key=key, place=Place(call), values=Table(rule), rule_set=rule_set, ordered=True)
            self.draft.rules.append(entry)

    def _identities(self) -> None:
        names = list(self.pages("list_identities", "Identities"))
        for start in range(0, len(names), _PER_CALL):
            some = names[start : start + _PER_CALL]
            call = "get_identity_verification_attributes"
            attributes = self.answer(call, Identities=some).get("VerificationAttributes", {})
            for name in some:
                values = {"VerificationStatus": "NotStarted", **attributes.get(name, {}), "Identity": name}
                self.draft.identities.append(self.entry(f"identity {name}", call, values))

    @staticmethod
    def entry(key: str, call: str, values: dict[str, Any]) -> Entry:
        return Entry(key=key, place=Place(call), values=Table(values))

    def answer(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """What an operation answers; nothing, and a problem, where it may not be called."""
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            answered: dict[str, Any] = getattr(self.client, operation)(**arguments)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            about = error.response.get("Error", {}).get("Message", "")
            hint = ""
            if "AccessDenied" in code or "Unauthorized" in code:
                hint = f"; allow `ses:{_action(operation)}` to read it"
            self.draft.problem(
                operation, f"{one_line(code, 80)}: {one_line(about, 300)}{hint}", f"SES API {_action(operation)}"
            )
            return {}
        except (BotoCoreError, NotImplementedError, ResponseParserError) as error:
            self.draft.problem(operation, one_line(error, 300), f"SES API {_action(operation)}")
            return {}
        return answered

    def pages(self, operation: str, key: str) -> Iterator[Any]:
        """The elements of all pages."""
        token: dict[str, str] = {}
        seen: set[str] = set()
        while True:
            answered = self.answer(operation, **token)
            yield from answered.get(key, [])
            following = answered.get("NextToken")
            if not following or following in seen:
                return
            seen.add(following)
            token = {"NextToken": following}


def _action(operation: str) -> str:
    return "".join(word.capitalize() for word in operation.split("_"))
