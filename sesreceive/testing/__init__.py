"""Tests of receipt rules with pytest: fixtures, builders of mail and accounts, and assertions that say why.

The fixtures come with the plugin (`sesreceive.testing.plugin`), which pytest finds by itself; strategies for hypothesis
are in `sesreceive.testing.strategies`. Builders and assertions work with any test runner. They load when they are used,
since pytest loads this package for every project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sesreceive.testing.assertions import (
        MailAssertionError,
        SoftAssertionWarning,
        assert_bounced,
        assert_delivered,
        assert_equivalent,
        assert_holds,
        assert_not_delivered,
        assert_refused,
    )
    from sesreceive.testing.builders import Mail, make_account, make_mail, make_rule

__all__ = [
    "Mail",
    "MailAssertionError",
    "SoftAssertionWarning",
    "assert_bounced",
    "assert_delivered",
    "assert_equivalent",
    "assert_holds",
    "assert_not_delivered",
    "assert_refused",
    "make_account",
    "make_mail",
    "make_rule",
]

_BUILDERS = ("Mail", "make_account", "make_mail", "make_rule")


def __getattr__(name: str) -> Any:
    """Load the module behind a public name when it is first used."""
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module `sesreceive.testing` has no attribute `{name}`")
    module = import_module("sesreceive.testing.builders" if name in _BUILDERS else "sesreceive.testing.assertions")
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
