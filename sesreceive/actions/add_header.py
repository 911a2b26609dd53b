"""AddHeaderAction: a header that later actions find in the message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from sesreceive import limits
from sesreceive.account.action import ReceiptAction
from sesreceive.account.member import member
from sesreceive.errors import one_line

if TYPE_CHECKING:
    from sesreceive.actions.context import ActionContext

__all__ = ["AddHeaderAction"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AddHeaderAction(ReceiptAction):
    """Add a header to the message, for the actions and rules that come after.

    Attributes
    ----------
    header_name : str
        Up to 50 printable ASCII characters without spaces and ``:``.
    header_value : str
        Up to 2048 characters, no control characters but tab; may be empty.

    Examples
    --------
    >>> AddHeaderAction(header_name="X-Team", header_value="billing")
    AddHeaderAction(header_name='X-Team', header_value='billing')

    References
    ----------
    Amazon SES Developer Guide, "Add header action"; API Reference, AddHeaderAction.
    """

    api_name: ClassVar[str] = "AddHeaderAction"
    title: ClassVar[str] = "Add header"

    header_name: str = field(
        metadata=member(
            "HeaderName",
            doc="name of the header to add",
            required=True,
            min=1,
            max=limits.HEADER_NAME_LENGTH.value,
            pattern=limits.HEADER_NAME,
            example="X-Team",
        )
    )
    header_value: str = field(
        metadata=member(
            "HeaderValue",
            doc="what the header says; may be empty",
            required=True,
            max=limits.HEADER_VALUE_LENGTH.value,
            pattern=limits.HEADER_VALUE,
            example="billing",
        )
    )

    def describe(self, context: ActionContext) -> str:
        """The header that later actions see."""
        return f"adds `{one_line(self.header_name)}: {one_line(self.header_value, 60)}` for the actions that follow"

    def adds_headers(self, context: ActionContext) -> Iterable[tuple[str, str]]:
        """The header, as name and value."""
        return ((self.header_name, self.header_value),)
