"""Stacks whose resources are refused: an event says why, and the stack is rolled back.

moto lets what a resource raises become HTTP 500, which boto3 tries again and so hides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sesreceive.errors import ApiError, SesReceiveError

__all__ = ["rolled_back"]


@contextmanager
def rolled_back() -> Iterator[None]:
    """Meanwhile, an operation that refuses ends in ROLLBACK_COMPLETE, UPDATE_ROLLBACK_COMPLETE or DELETE_FAILED."""
    from moto.cloudformation.models import ChangeSet, CloudFormationBackend, Stack

    create, update, delete, execute = (
        Stack.create_resources,
        Stack.update,
        CloudFormationBackend.delete_stack,
        CloudFormationBackend.execute_change_set,
    )

    def create_resources(stack: Any) -> None:
        try:
            create(stack)
        except SesReceiveError as error:
            _roll_back_creation(stack, error)

    def update_stack(stack: Any, *args: Any, **kwargs: Any) -> None:
        before = stack.template
        try:
            update(stack, *args, **kwargs)
        except SesReceiveError as error:
            _roll_back_update(stack, before, error)

    def delete_stack(backend: Any, name_or_stack_id: str) -> None:
        stack = backend.stacks.get(name_or_stack_id)
        try:
            delete(backend, name_or_stack_id)
        except SesReceiveError as error:
            if stack is None:  # by name: moto calls this again, by id, and it has returned there
                raise
            backend.stacks[stack.stack_id] = stack
            _event(stack, "DELETE_FAILED", error)

    def execute_change_set(backend: Any, change_set_name: str, stack_name: str | None = None) -> None:
        change_set = _change_set(backend, change_set_name)
        before = change_set.stack.template if change_set is not None else None
        try:
            execute(backend, change_set_name, stack_name)
        except SesReceiveError as error:
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
    ):
        yield


def _change_set(backend: Any, name: str) -> Any:
    known = backend.change_sets
    return known.get(name) or next((one for one in known.values() if one.change_set_name == name), None)


def _event(stack: Any, status: str, error: Exception | None = None) -> None:
    reason = f"{error.message} (Service: Ses, Error Code: {error.code})" if isinstance(error, ApiError) else str(error)
    stack._add_stack_event(status, resource_status_reason=reason if error is not None else None)
    stack.status = status


def _roll_back_creation(stack: Any, error: Exception) -> None:
    _event(stack, "CREATE_FAILED", error)
    _event(stack, "ROLLBACK_IN_PROGRESS", error)
    _attempt(stack.resource_map.delete)
    _event(stack, "ROLLBACK_COMPLETE")


def _roll_back_update(stack: Any, template: Any, error: Exception) -> None:
    _event(stack, "UPDATE_FAILED", error)
    _event(stack, "UPDATE_ROLLBACK_IN_PROGRESS", error)
    stack.template = template
    stack._parse_template()
    failed = _attempt(lambda: stack.resource_map.update(stack.template_dict))
    _event(stack, "UPDATE_ROLLBACK_FAILED" if failed else "UPDATE_ROLLBACK_COMPLETE", failed)


def _attempt(step: Callable[[], object]) -> Exception | None:
    try:
        step()
    except Exception as error:  # noqa: BLE001 - what cannot be undone is left, as CloudFormation leaves it
        return error
    return None
