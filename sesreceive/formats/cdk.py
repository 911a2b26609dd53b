"""CDK's output folder, ``cdk.out``: its manifest, the templates of its stacks, and the assets of its functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sesreceive.errors import InputError, one_line
from sesreceive.formats.cloudformation import read_resources
from sesreceive.formats.draft import Draft
from sesreceive.formats.intrinsics import Stack
from sesreceive.formats.place import Place
from sesreceive.formats.template_files import parsed
from sesreceive.formats.unresolved import is_open
from sesreceive.functions.handlers import Handler
from sesreceive.json_input import parse_json

__all__ = ["from_assembly", "is_assembly"]

FORMAT = "CDK"
_SOURCE = "CDK cloud assembly"
_ENVIRONMENT = re.compile(r"aws://([^/]+)/(.+)")
# What CDK writes where a stack belongs to no fixed account or region.
_UNKNOWN = ("unknown-account", "unknown-region")


def is_assembly(folder: Path) -> bool:
    """Whether the folder is a cloud assembly: ``cdk synth`` has written it."""
    manifest = folder / "manifest.json"
    try:
        return manifest.is_file() and '"artifacts"' in manifest.read_text("utf-8", "replace")[:200_000]
    except OSError:
        return False


def from_assembly(folder: Path, *, region: str | None = None, account_id: str | None = None) -> Iterator[Draft]:
    """One draft for each stack that is about receiving, nested assemblies (stages) included.

    Raises
    ------
    InputError
        When the manifest cannot be read.
    """
    manifest = _json(folder / "manifest.json")
    artifacts = manifest.get("artifacts")
    if not isinstance(artifacts, dict):
        raise InputError(f"expected artifacts in `{one_line(folder / 'manifest.json')}`")
    for name, artifact in artifacts.items():
        if not isinstance(artifact, dict):
            continue
        properties = artifact.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        if artifact.get("type") == "cdk:cloud-assembly":
            inner = _inside(folder, properties.get("directoryName"))
            if inner is not None and inner != folder and is_assembly(inner):
                yield from from_assembly(inner, region=region, account_id=account_id)
        elif artifact.get("type") == "aws:cloudformation:stack":
            yield _stack(folder, str(name), artifact, properties, region, account_id)


def _stack(
    folder: Path,
    name: str,
    artifact: Mapping[str, Any],
    properties: Mapping[str, Any],
    region: str | None,
    account_id: str | None,
) -> Draft:
    draft = Draft(origin=f"{folder}: stack {name}", format=FORMAT)
    template = properties.get("templateFile", "")
    path = _inside(folder, template)
    if path is None or not path.is_file():
        draft.problem(
            "manifest.json", f"stack {one_line(name, 80)}: there is no template `{one_line(template, 120)}`", _SOURCE
        )
        return draft
    account, where = _environment(artifact.get("environment"))
    draft.region, draft.account_id = region or where, account_id or account
    data = parsed(path, draft, path.name)
    if not isinstance(data, dict):
        return draft
    stack = read_resources(
        data, draft, file=path.name, variables={}, region=draft.region, account_id=draft.account_id, folder=folder
    )
    if stack is not None and draft.receives:
        _functions(stack, draft, folder, _assets(folder, artifact, draft))
        _findings(stack, draft)
    return draft


def _environment(text: Any) -> tuple[str | None, str | None]:
    match = _ENVIRONMENT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None, None
    account, region = (None if value in _UNKNOWN else value for value in match.groups())
    return account, region


def _inside(folder: Path, name: Any) -> Path | None:
    """A path inside the assembly; None for one that leads out of it."""
    if not isinstance(name, str) or not name:
        return None
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder.resolve()) else None


def _json(path: Path) -> dict[str, Any]:
    try:
        found = parse_json(path.read_bytes(), where=f"`{one_line(path)}`")
    except OSError as error:
        raise InputError(f"`{one_line(path)}` cannot be read: {one_line(error.strerror or error)}") from None
    if not isinstance(found, dict):
        raise InputError(f"expected a JSON object in `{one_line(path)}`")
    return found


def _assets(folder: Path, artifact: Mapping[str, Any], draft: Draft) -> dict[str, Path]:
    """The folders and files of the assets, by the key they are published under."""
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.assets.json")):
        try:
            files = _json(path).get("files", {})
        except InputError as error:
            draft.problem(path.name, one_line(error, 300), _SOURCE)
            continue
        for key, asset in files.items() if isinstance(files, dict) else ():
            source = asset.get("source", {}) if isinstance(asset, dict) else {}
            target = _inside(folder, source.get("path")) if isinstance(source, dict) else None
            if target is None:
                continue
            found[key] = target
            for one in asset.get("destinations", {}).values() if isinstance(asset.get("destinations"), dict) else ():
                if isinstance(one, dict) and isinstance(one.get("objectKey"), str):
                    found[one["objectKey"]] = target
    return found


def _functions(stack: Stack, draft: Draft, folder: Path, assets: Mapping[str, Path]) -> None:
    """The handlers of the functions that rules call, where their code is an asset that lies here."""
    for logical_id in stack.resources:
        if stack.type_of(logical_id) != "AWS::Lambda::Function":
            continue
        properties = stack.properties(logical_id)
        code = properties.get("Code")
        key = stack.value(code.get("S3Key")) if isinstance(code, dict) else None
        handler, runtime = properties.get("Handler"), str(stack.value(properties.get("Runtime")))
        path = assets.get(key) if isinstance(key, str) else None
        if path is None or not path.exists() or not isinstance(handler, str):
            continue
        if not runtime.startswith(("nodejs", "python")) and runtime != "None" and not is_open(runtime):
            # `Runtime` may be looked up by region; the files say then what it is.
            runtime = ""
        arn = stack.attribute(logical_id, "Arn", Place(stack.file), f"{logical_id}.Arn")
        kind = "nodejs" if runtime.startswith("nodejs") else "python" if runtime.startswith("python") else ""
        try:
            draft.functions.append((arn, Handler(path, handler, kind)))
        except InputError as error:
            place = stack.place(stack.resources, logical_id)
            draft.problem(place, f"{logical_id}: {one_line(error, 300)}", "sesreceive")


def _findings(stack: Stack, draft: Draft) -> None:
    """What CDK's constructs leave open and their names do not say."""
    blocks = [one for one in draft.filters if _cidr(one.values) == "0.0.0.0/0"]
    others = [one for one in draft.filters if ":" in str(_cidr(one.values))]
    if blocks and not others:
        message = (
            f"{blocks[0].key}: it blocks every IPv4 address and no IPv6 one, as AllowListReceiptFilter does; "
            "block `::/0` too where mail over IPv6 is not wanted"
        )
        draft.problem(blocks[0].place, message, "aws-cdk-lib aws-ses")


def _cidr(values: Mapping[str, Any]) -> Any:
    inner = values.get("IpFilter")
    return inner.get("Cidr") if isinstance(inner, dict) else None
