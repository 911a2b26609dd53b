"""Stacks whose resources are refused: an event says why, and the stack is rolled back.

moto lets what a resource raises become the answer of the request, often HTTP 500, which boto3 tries again.
A bucket that is not empty it leaves where it is, in silence; every bucket of a receipt rule has SES's setup object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

from sesreceive.errors import ApiError, ServerError, one_line

__all__ = ["rolled_back"]

_VIRTUAL_HOST = re.compile(r"(?P<bucket>.+)\.s3[.-](.+\.)?amazonaws\.com(\.cn)?")


@contextmanager
def rolled_back() -> Iterator[None]:
    """Meanwhile, an operation that refuses ends in ROLLBACK_COMPLETE, UPDATE_ROLLBACK_COMPLETE or DELETE_FAILED."""
    from moto.cloudformation import parsing, responses
    from moto.cloudformation.exceptions import ValidationError
    from moto.cloudformation.models import ChangeSet, CloudFormationBackend, Stack
    from moto.s3.models import FakeBucket, S3Backend

    from sesreceive.endpoint.stack_calls import StackSdkCall
    from sesreceive.endpoint.stack_grants import permission_without_conditions, put_readable_policy

    create, update, delete, execute, parse = (
        Stack.create_resources,
        Stack.update,
        CloudFormationBackend.delete_stack,
        CloudFormationBackend.execute_change_set,
        Stack.parse_template,
    )

    def create_resources(stack: Any) -> None:
        try:
            create(stack)
        except Exception as error:  # noqa: BLE001 - whatever a resource raises
            _raise_wrong_use(error)
            _roll_back_creation(stack, error)

    def update_stack(stack: Any, *args: Any, **kwargs: Any) -> None:
        before = stack.template
        try:
            update(stack, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whatever a resource raises
            _raise_wrong_use(error)
            _roll_back_update(stack, before, error)

    def parse_template(template: str) -> dict[str, Any]:
        try:
            read: Any = parse(template)
        except Exception as error:
            raise ValidationError(message=f"Template format error: {one_line(error)}") from error
        if not isinstance(read, dict) or not isinstance(read.get("Resources"), dict):
            raise ValidationError(message="Template format error: At least one Resources member must be defined.")
        return read

    def delete_stack(backend: Any, name_or_stack_id: str) -> None:
        stack = backend.stacks.get(name_or_stack_id)
        try:
            delete(backend, name_or_stack_id)
        except Exception as error:
            _raise_wrong_use(error)
            if stack is None:  # by name: moto calls this again, by id, and it has returned there
                raise
            backend.stacks[stack.stack_id] = stack
            _forget_what_is_gone(stack)
            _event(stack, "DELETE_FAILED", error)

    def execute_change_set(backend: Any, change_set_name: str, stack_name: str | None = None) -> None:
        change_set = _change_set(backend, change_set_name)
        before = change_set.stack.template if change_set is not None else None
        try:
            execute(backend, change_set_name, stack_name)
        except Exception as error:  # noqa: BLE001 - whatever a resource raises
            _raise_wrong_use(error)
            assert isinstance(change_set, ChangeSet)
            change_set.execution_status = "EXECUTE_FAILED"
            if change_set.change_set_type == "CREATE":
                _roll_back_creation(change_set.stack, error)
            else:
                _roll_back_update(change_set.stack, before, error)

    with (
        patch.object(Stack, "create_resources", create_resources),
        patch.object(Stack, "update", update_stack),
        patch.object(CloudFormationBackend, "delete_stack", delete_stack),
        patch.object(CloudFormationBackend, "execute_change_set", execute_change_set),
        patch.object(Stack, "parse_template", staticmethod(parse_template)),
        patch.object(FakeBucket, "delete_from_cloudformation_json", classmethod(_delete_bucket)),
        patch.object(FakeBucket, "get_permission", permission_without_conditions),
        patch.object(S3Backend, "put_bucket_policy", put_readable_policy),
        patch.object(parsing, "CustomModel", StackSdkCall),
        patch.object(responses, "get_stack_from_s3_url", _template_at),
    ):
        yield


def _raise_wrong_use(error: Exception) -> None:
    """What is wrong with the request itself is its answer."""
    from moto.cloudformation.exceptions import CloudFormationError

    if isinstance(error, CloudFormationError):
        raise error


def _template_at(template_url: str, account_id: str, partition: str) -> str:
    """The template of a ``TemplateURL``, of S3 or of the endpoint, which has the bucket in the path.

    moto knows the second form from the host ``localhost`` alone, and takes ``127`` for the bucket of ``127.0.0.1``.
    """
    from moto.cloudformation.exceptions import ValidationError
    from moto.s3.models import s3_backends

    url = urlsplit(template_url)
    path = unquote(url.path).lstrip("/")
    virtual = _VIRTUAL_HOST.fullmatch(url.hostname or "")
    bucket, _, key = (virtual["bucket"], "/", path) if virtual is not None else path.partition("/")
    stored = s3_backends[account_id][partition].get_object(bucket, key)
    if stored is None:
        raise ValidationError(message=f"S3 error: there is no object {one_line(key)} in the bucket {one_line(bucket)}")
    return stored.value.decode("utf-8", "replace")


def _delete_bucket(
    bucket_class: type, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
) -> None:
    from moto.s3.models import s3_backends
    from moto.utilities.utils import get_partition

    backend = s3_backends[account_id][get_partition(region_name)]
    if resource_name in backend.buckets and backend.delete_bucket(resource_name) is None:
        raise ServerError("The bucket you tried to delete is not empty (Service: S3, Error Code: BucketNotEmpty)")


def _change_set(backend: Any, name: str) -> Any:
    known = backend.change_sets
    return known.get(name) or next((one for one in known.values() if one.change_set_name == name), None)


def _event(stack: Any, status: str, error: Exception | None = None) -> None:
    reason = (
        f"{error.message} (Service: Ses, Error Code: {error.code})" if isinstance(error, ApiError) else _told(error)
    )
    stack._add_stack_event(status, resource_status_reason=reason if error is not None else None)
    stack.status = status


def _told(error: Exception | None) -> str:
    message = getattr(error, "message", None)
    return str(message if isinstance(message, str) else error)


def _roll_back_creation(stack: Any, error: Exception) -> None:
    _event(stack, "CREATE_FAILED", error)
    _event(stack, "ROLLBACK_IN_PROGRESS", error)
    failed = _attempt(stack.resource_map.delete)
    _forget_what_is_gone(stack)
    _event(stack, "ROLLBACK_FAILED" if failed else "ROLLBACK_COMPLETE", failed)


def _roll_back_update(stack: Any, template: Any, error: Exception) -> None:
    _event(stack, "UPDATE_FAILED", error)
    _event(stack, "UPDATE_ROLLBACK_IN_PROGRESS", error)
    resources = stack.resource_map
    # What was not made need not be taken back.
    resources._resource_json_map = _there(resources)
    stack.template = template
    stack._parse_template()
    failed = _attempt(lambda: resources.update(stack.template_dict))
    stack.output_map = stack._create_output_map()
    _event(stack, "UPDATE_ROLLBACK_FAILED" if failed else "UPDATE_ROLLBACK_COMPLETE", failed)


def _there(resources: Any) -> dict[str, Any]:
    """Of the resources of a template those that are there."""
    known = resources._resource_json_map
    return {name: known[name] for name in resources._parsed_resources if name in known}


def _forget_what_is_gone(stack: Any) -> None:
    """The stack has the resources that are there and no outputs: moto makes what is asked for and not there."""
    resources = stack.resource_map
    resources._resource_json_map = _there(resources)
    stack.template_dict = stack.template_dict | {"Resources": resources._resource_json_map, "Outputs": {}}
    stack.output_map = stack._create_output_map()


def _attempt(step: Callable[[], object]) -> Exception | None:
    try:
        step()
    except Exception as error:  # noqa: BLE001 - what cannot be undone is left, as CloudFormation leaves it
        return error
    return None
