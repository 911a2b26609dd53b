"""`load`: the account in a template, an API dump, a folder of them, or a live account."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sesreceive.errors import InputError, SesReceiveError, one_line
from sesreceive.formats import cdk, cloudformation, serverless, terraform_json
from sesreceive.formats.api_dump import from_api_dump, is_api_dump
from sesreceive.formats.assembly import assemble
from sesreceive.formats.draft import Draft
from sesreceive.formats.live_account import from_client, is_client, is_session
from sesreceive.formats.loaded import Loaded
from sesreceive.formats.permission_assembly import refusal_problem
from sesreceive.formats.place import Place
from sesreceive.formats.template_files import MAX_BYTES, parsed

__all__ = ["load"]

# Folders that hold other people's templates, or none.
_SKIPPED = frozenset(
    (
        ".git",
        ".hg",
        ".terraform",
        ".terragrunt-cache",
        ".serverless",
        ".aws-sam",
        ".venv",
        "venv",
        "node_modules",
        "site-packages",
        "__pycache__",
        ".tox",
    )
)
_MAX_FILES = 20_000
_TEMPLATES = (".yaml", ".yml", ".json", ".template")
# What a file has to say to be parsed at all when a folder is searched.
_WORTH = re.compile(
    rb"AWS::SES::|ReceiptRule|ReceiptFilter|\"?IpFilter\"?|\"Recipients\"|\"Rules\"|aws_ses_|VerificationAttributes|\"Identities\""
)

# What a program of CDK says that makes receipt rules.
_CONSTRUCTS = re.compile(rb"ReceiptRule|ReceiptFilter")


def load(
    source: Any, *, variables: Mapping[str, Any] | None = None, region: str | None = None, account_id: str | None = None
) -> Loaded:
    """The account that a template, an API dump, a folder of them or a live account describes.

    Nothing is guessed: what the source leaves open has a legal stand-in and is listed in ``placeholders``, what is
    wrong or missing is in ``problems``, both with file and line. Nothing is run and nothing is written.

    Parameters
    ----------
    source : str, path, mapping, list, boto3 session or client
        A CloudFormation or SAM template, a Terraform folder (or a file in one), plan or state, a ``cdk.out`` folder, a
        ``serverless.yml``, JSON of the SES API, a folder that holds any of these, or ``boto3.client("ses")``. A
        ``boto3.Session`` tells of the policies around the rules, too.
    variables : mapping, optional
        Values for Terraform variables or CloudFormation parameters.
    region, account_id : str, optional
        Where it is deployed, for ARNs and pseudo parameters; what the source says by default.

    Returns
    -------
    Loaded
        ``account``, ``problems``, ``placeholders``; ``others`` where a folder holds more than one stack or root module.

    Raises
    ------
    InputError
        When there is no such file, or nothing about receiving in it.

    Examples
    --------
    >>> found = load({"Resources": {"Main": {"Type": "AWS::SES::ReceiptRule", "Properties": {
    ...     "RuleSetName": {"Ref": "Set"}, "Rule": {"Enabled": True, "Recipients": ["example.com"]}}},
    ...     "Set": {"Type": "AWS::SES::ReceiptRuleSet"}}})
    >>> found.account["Set"].rules
    (<ReceiptRule Main: enabled, example.com → no action>,)
    >>> print(found.placeholders[0])
    Set stands for the name of Set, template (CloudFormation makes up a name)
    """
    options = _Options(dict(variables or {}), region, account_id)
    if is_session(source):
        return _live(source, region, account_id)
    if is_client(source):
        return assemble(from_client(source), region=region, account_id=account_id)
    if isinstance(source, (Mapping, list)):
        draft = _from_data(source, "", "template", options, None)
        if draft is None:
            raise InputError("expected a template or JSON of the SES API but got something else")
        return options.assembled(draft)
    if not isinstance(source, (str, os.PathLike)):
        raise InputError(
            f"expected a path, a mapping or a boto3 client but got `{one_line(type(source).__name__, 80)}`"
        )
    path = Path(source)
    if path.is_dir():
        drafts = list(_from_folder(path, options))
        # What another template is put together from is no template of its own.
        used = {file for draft in drafts for file in draft.uses}
        drafts = [draft for draft in drafts if not used or Path(draft.origin).resolve() not in used]
    elif path.is_file():
        drafts = list(_from_file(path, options))
    else:
        raise InputError(f"expected a file or folder but there is no `{one_line(path)}`")
    return _joined(path, drafts, options)


def _live(session: Any, region: str | None, account_id: str | None) -> Loaded:
    """The account of a session with the policies around it, which a client of SES alone cannot ask for."""
    from sesreceive.formats.live_permissions import live_permissions

    def client(service: str) -> Any:
        return session.client(service, region_name=region or session.region_name)

    draft = from_client(client("ses"))
    draft.account_id = account_id or str(client("sts").get_caller_identity()["Account"])
    loaded = assemble(draft, region=region, account_id=draft.account_id)
    permissions, problems = live_permissions(loaded.account, client)
    refused = (refusal_problem(one, f"SES in {loaded.account.region}") for one in permissions.refusals(loaded.account))
    return replace(loaded, permissions=permissions, problems=(*loaded.problems, *problems, *refused))


class _Options:
    def __init__(self, variables: dict[str, Any], region: str | None, account_id: str | None) -> None:
        self.variables, self.region, self.account_id = variables, region, account_id

    def assembled(self, draft: Draft) -> Loaded:
        return assemble(draft, region=self.region, account_id=self.account_id)


def _joined(path: Path, drafts: Iterable[Draft], options: _Options) -> Loaded:
    """The drafts as one value: that with the most rules, the others behind it."""
    drafts = list(drafts)
    told = [draft for draft in drafts if draft.receives or draft.problems or draft.complete]
    told = told or [draft for draft in drafts if draft.identities]
    if not told:
        raise InputError(f"expected receipt rules but found nothing about receiving mail in `{one_line(path)}`")
    found = [options.assembled(draft) for draft in told]
    found.sort(key=lambda one: -sum(len(rule_set.rules) for rule_set in one.account.rule_sets))
    return replace(found[0], others=tuple(found[1:]))


# ---------------------------------------------------------------- one file


def _from_file(path: Path, options: _Options) -> Iterator[Draft]:
    name = path.name
    if name.endswith((".tf", ".tf.json", ".tofu", ".tfvars")):
        yield _terraform(path.parent, path.parent, options)
        return
    draft = Draft(origin=str(path), format="template")
    data = parsed(path, draft, name)
    if data is None:
        yield draft
        return
    made = _from_data(data, str(path), name, options, path.parent)
    if made is None:
        draft.problem(Place(name), "expected a template or JSON of the SES API but it is neither", "sesreceive")
        yield draft
        return
    made.problems[:0] = draft.problems
    yield made


def _from_data(data: Any, origin: str, file: str, options: _Options, folder: Path | None) -> Draft | None:
    """What parsed YAML or JSON describes; None where it is nothing known."""
    if cloudformation.is_template(data):
        return cloudformation.from_template(
            data,
            origin=origin,
            file=file,
            variables=options.variables,
            region=options.region,
            account_id=options.account_id,
            folder=folder,
        )
    if serverless.is_service(data):
        return serverless.from_service(
            data,
            origin=origin,
            file=file,
            folder=folder,
            variables=options.variables,
            region=options.region,
            account_id=options.account_id,
        )
    if terraform_json.is_plan_or_state(data):
        return terraform_json.from_plan_or_state(data, origin=origin, file=file)
    if is_api_dump(data):
        return from_api_dump(data, origin=origin, place=Place(file))
    return None


# ---------------------------------------------------------------- folders


def _from_folder(folder: Path, options: _Options) -> Iterator[Draft]:
    if cdk.is_assembly(folder):
        yield from _assembly(folder, options)
        return
    terraform: dict[Path, None] = {}
    dumps: dict[Path, Draft] = {}
    assemblies: list[Path] = []
    apps: list[Path] = []
    for path in _files(folder):
        name = path.name
        if any(inside in path.parents for inside in assemblies):
            continue
        if name == "manifest.json" and cdk.is_assembly(path.parent):
            assemblies.append(path.parent)
            yield from _assembly(path.parent, options)
        elif name.endswith((".tf", ".tf.json", ".tofu")):
            terraform[path.parent] = None
        elif name.endswith(_TEMPLATES) and (name.startswith("serverless.") or _worth_reading(path)):
            draft = _searched(path, folder, options)
            if draft is None:
                continue
            if draft.format == "API JSON":
                _merge(dumps.setdefault(path.parent, Draft(origin=str(path.parent), format=draft.format)), draft)
            else:
                yield draft
        elif name == "cdk.json" and _is_receiving_app(path.parent):
            apps.append(path)
        elif name in ("serverless.ts", "serverless.js") and _worth_reading(path):
            draft = Draft(origin=str(path), format=serverless.FORMAT)
            draft.problem(
                _relative(path, folder),
                "the service is a program, which is not run here: its rules are not seen",
                "sesreceive",
            )
            yield draft
    for path in apps:
        if not any(inside.is_relative_to(path.parent) for inside in assemblies):
            draft = Draft(origin=str(path.parent), format=cdk.FORMAT)
            what = "a CDK app, which is not run here: `cdk synth` makes a `cdk.out` of it, which is read"
            draft.problem(_relative(path, folder), what, "sesreceive")
            yield draft
    for draft in dumps.values():
        yield draft
    if terraform:
        yield from _terraform_roots(folder, list(terraform), options)


def _files(folder: Path) -> Iterator[Path]:
    """The files of a folder, in order of their names; at most so many, and not those of other people's packages."""
    number = 0
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        # A manifest makes everything beside it part of one assembly.
        for name in sorted(files, key=lambda one: (one != "manifest.json", one)):
            number += 1
            if number > _MAX_FILES:
                raise InputError(
                    f"expected at most {_MAX_FILES} files in `{one_line(folder)}`; load a folder inside it"
                )
            yield Path(root, name)


def _is_receiving_app(folder: Path) -> bool:
    """Whether a program below the folder of a ``cdk.json`` has constructs for receiving."""
    programs = (path for path in _files(folder) if path.suffix in (".ts", ".js", ".py", ".java", ".cs", ".go"))
    return any(_says(path, _CONSTRUCTS) for path in programs)


def _says(path: Path, pattern: re.Pattern[bytes]) -> bool:
    try:
        return path.stat().st_size <= MAX_BYTES and pattern.search(path.read_bytes()) is not None
    except OSError:
        return False


def _worth_reading(path: Path) -> bool:
    return _says(path, _WORTH)


def _searched(path: Path, folder: Path, options: _Options) -> Draft | None:
    """What a file that was come across describes; None where it is about something else."""
    name = _relative(path, folder)
    draft = Draft(origin=str(path), format="template")
    data = parsed(path, draft, name)
    if data is None:
        # Text that names receipt rules and cannot be parsed is a problem only where it is a template.
        return draft if path.suffix != ".json" or "Resources" in path.read_text("utf-8", "replace") else None
    made = _from_data(data, str(path), name, options, path.parent)
    if made is None or not (made.receives or made.identities or made.problems):
        return None
    made.problems[:0] = draft.problems
    return made


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _merge(into: Draft, draft: Draft) -> None:
    """Dumps beside each other are of one account: rules in one file, filters in another."""
    for name in ("identities", "filters", "rule_sets", "rules", "active", "problems", "assumed"):
        getattr(into, name).extend(getattr(draft, name))
    into.complete |= draft.complete
    into.region, into.account_id = into.region or draft.region, into.account_id or draft.account_id


def _assembly(path: Path, options: _Options) -> Iterator[Draft]:
    """The stacks of a cloud assembly; an error in one does not hide the others."""
    try:
        yield from cdk.from_assembly(path, region=options.region, account_id=options.account_id)
    except SesReceiveError as error:
        draft = Draft(origin=str(path), format=cdk.FORMAT)
        draft.problem(str(path), one_line(error, 500), "sesreceive")
        yield draft


def _terraform(folder: Path, top: Path, options: _Options) -> Draft:
    from sesreceive.formats import terraform

    return terraform.from_folder(
        folder, top=top, variables=options.variables, region=options.region, account_id=options.account_id
    )


def _terraform_roots(top: Path, folders: list[Path], options: _Options) -> Iterator[Draft]:
    """One draft for each folder that no other one calls as a module."""
    from sesreceive.formats import terraform

    for root in terraform.roots(folders):
        yield _terraform(root, top, options)
