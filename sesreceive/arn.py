"""An Amazon Resource Name as a value: ``arn:partition:service:region:account-id:resource``.

The one place that knows where its parts are; the patterns of those that SES takes are in `sesreceive.limits`.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Arn"]


class Arn(NamedTuple):
    """The parts of an ARN.

    Attributes
    ----------
    partition, service, region, account_id : str
        Region and account are empty where the service has none, as for a bucket or a role.
    resource : str
        All that stands behind, colons and slashes included.

    Examples
    --------
    >>> Arn.parse("arn:aws:sns:eu-west-1:111122223333:mail")
    Arn(partition='aws', service='sns', region='eu-west-1', account_id='111122223333', resource='mail')
    >>> print(Arn.parse("arn:aws:sns:eu-west-1:111122223333:mail")._replace(region="us-east-1"))
    arn:aws:sns:us-east-1:111122223333:mail

    References
    ----------
    AWS General Reference, "Amazon Resource Names (ARNs)".
    """

    partition: str
    service: str
    region: str
    account_id: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn | None:
        """The parts of an ARN; None where the text is none.

        Examples
        --------
        >>> Arn.parse("gate") is None, Arn.parse("arn:aws:sns") is None
        (True, True)
        """
        parts = text.split(":", 5)
        return cls(*parts[1:]) if len(parts) == 6 and parts[0] == "arn" else None

    @property
    def function_name(self) -> str:
        """Of a Lambda function the plain name, without version or alias; of any other resource all of it.

        Examples
        --------
        >>> Arn.parse("arn:aws:lambda:us-east-1:111122223333:function:gate:live").function_name
        'gate'
        """
        kind, colon, rest = self.resource.partition(":")
        return rest.partition(":")[0] if colon and kind == "function" else self.resource

    @property
    def names(self) -> tuple[str, ...]:
        """What one may call the resource for short: for a function also with its version or alias.

        Examples
        --------
        >>> Arn.parse("arn:aws:lambda:us-east-1:111122223333:function:gate:live").names
        ('gate:live', 'gate')
        >>> Arn.parse("arn:aws:sns:us-east-1:111122223333:mail").names
        ('mail',)
        """
        return tuple(dict.fromkeys((self.resource.removeprefix("function:"), self.function_name)))

    def __str__(self) -> str:
        """The ARN as text."""
        return ":".join(("arn", *self))
