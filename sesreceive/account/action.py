"""The base of the receipt actions, and the register of their classes under the API's names.

A new action is one new class: fields with `member` metadata, and what it asks of the world. It is then known
to the importers, the exporters, the forms and the documentation. The actions of SES are in
`sesreceive.actions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from sesreceive.account.value import Value
from sesreceive.flow import Flow

if TYPE_CHECKING:
    from sesreceive.actions.context import ActionContext
    from sesreceive.effects import Effect

__all__ = ["ReceiptAction", "short_name", "title_of"]


class ReceiptAction(Value):
    """Base of the receipt actions; a subclass registers itself under its API name.

    Attributes
    ----------
    api_name : str
        The API's name of the action, such as ``S3Action``; the name of the class where it says nothing else.
    title : str
        What it does, as a form or a menu says it.
    final : bool
        Whether it has to be the last action of its rule.
    registry : dict
        The known action classes by API name.

    Examples
    --------
    >>> import dataclasses, sesreceive as ses
    >>> from sesreceive.account.member import member
    >>> @dataclasses.dataclass(frozen=True, kw_only=True)
    ... class TagAction(ses.ReceiptAction):
    ...     tag: str = dataclasses.field(metadata=member("Tag", doc="what to call the message", required=True))
    >>> ses.ReceiptRule.from_api({"Name": "r", "Actions": [{"TagAction": {"Tag": "x"}}]}).actions
    (TagAction(tag='x'),)
    >>> del ses.ReceiptAction.registry["TagAction"]
    """

    __slots__ = ()

    title: ClassVar[str] = ""
    final: ClassVar[bool] = False
    registry: ClassVar[dict[str, type[ReceiptAction]]] = {}

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Register the class; one defined again in the same module, as by re-running a cell, replaces itself."""
        super().__init_subclass__(**arguments)
        if "api_name" not in cls.__dict__:
            cls.api_name = cls.__name__
        known = ReceiptAction.registry.get(cls.api_name, cls)
        if known.__module__ != cls.__module__:
            raise TypeError(f"action `{cls.api_name}` is already registered by `{known.__module__}`")
        ReceiptAction.registry[cls.api_name] = cls

    def describe(self, context: ActionContext) -> str:
        """What the action does to this message, as a sentence of the trace."""
        return self.title or self.api_name

    def refuses(self, context: ActionContext) -> tuple[str, Sequence[Effect]] | None:
        """Why the action cannot take this message, and the effects that follow from that; None when it can."""
        return None

    def adds_headers(self, context: ActionContext) -> Iterable[tuple[str, str]]:
        """Headers, as name and value, that later actions see in front of the sender's."""
        return ()

    def effects(self, context: ActionContext) -> Sequence[Effect]:
        """What the action asks the world to do."""
        return ()

    def notifies(self, context: ActionContext) -> Mapping[str, Any] | None:
        """The ``receipt.action`` object told to ``topic_arn`` after the action; None when none is."""
        return None

    def sets_up(self, at: datetime) -> Sequence[Effect]:
        """Effects of creating or updating a rule with this action: SES writes to its targets to see whether it can."""
        return ()

    def flow(self) -> Flow:
        """Where evaluation goes after the action, whatever its effects answer."""
        return Flow.CONTINUE


def short_name(cls: type[ReceiptAction]) -> str:
    """The API's name without the word they all end with.

    Examples
    --------
    >>> import sesreceive as ses
    >>> short_name(ses.S3Action)
    'S3'
    """
    return cls.api_name.removesuffix("Action") or cls.api_name


def title_of(cls: type[ReceiptAction]) -> str:
    """What an action does, and its name."""
    return f"{cls.title} ({short_name(cls)})" if cls.title else cls.api_name
