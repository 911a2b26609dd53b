"""What moto asks of every resource of a stack, where the name is all that there is to say."""

from __future__ import annotations

__all__ = ["NamedResource"]


class NamedResource:
    """A resource whose name is the physical id and what ``Ref`` gives; it has no attributes, and is made at once.

    Parameters
    ----------
    name : str
        The name.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def physical_resource_id(self) -> str:
        """The name."""
        return self.name

    @staticmethod
    def cloudformation_name_type() -> str:
        """The property that is the name; empty where moto is not to look for one."""
        return ""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Whether ``Fn::GetAtt`` finds something."""
        return False

    def is_created(self) -> bool:
        """Whether the stack need not wait for it."""
        return True
