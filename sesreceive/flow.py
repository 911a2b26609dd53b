"""Where evaluation goes after an action, in the words of the Lambda ``disposition``."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Flow"]


class Flow(StrEnum):
    """Where evaluation goes next (Developer Guide, "Lambda function action").

    ``STOP_RULE`` leaves the rule, ``STOP_RULE_SET`` the whole set; everything else goes on.
    """

    CONTINUE = "CONTINUE"
    STOP_RULE = "STOP_RULE"
    STOP_RULE_SET = "STOP_RULE_SET"
