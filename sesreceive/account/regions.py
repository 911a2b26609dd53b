"""The AWS regions in which SES receives mail.

AWS General Reference, "Amazon Simple Email Service endpoints and quotas", as of 2026; the guide of 2022 named three.
GovCloud does not receive.

>>> len(RECEIVING), "eu-west-1" in RECEIVING, "eu-central-2" in RECEIVING
(22, True, False)
"""

from __future__ import annotations

from difflib import get_close_matches

from sesreceive.errors import one_line

__all__ = ["AS_OF", "RECEIVING", "SOURCE", "WITHOUT_RECEIVING", "region_finding"]

AS_OF = "2026"
SOURCE = 'AWS General Reference, "Amazon Simple Email Service endpoints and quotas"'

RECEIVING: tuple[str, ...] = (
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "af-south-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ca-central-1",
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-south-1",
    "eu-north-1",
    "il-central-1",
    "me-south-1",
    "sa-east-1",
)

# Regions that have SES and do not receive, among others.
WITHOUT_RECEIVING: tuple[str, ...] = ("ap-south-2", "ap-southeast-5", "ca-west-1", "eu-central-2", "me-central-1")


def region_finding(region: str) -> str:
    """What is wrong with a region, as a sentence; empty where SES receives in it.

    Examples
    --------
    >>> region_finding("eu-central-2")
    'SES does not receive mail in `eu-central-2` (as of 2026)'
    >>> region_finding("eu-wst-1")
    'SES is not known to receive mail in `eu-wst-1` (as of 2026), did you mean `eu-west-1`?'
    >>> region_finding("eu-west-1")
    ''
    """
    if region in RECEIVING:
        return ""
    if region in WITHOUT_RECEIVING:
        return f"SES does not receive mail in `{region}` (as of {AS_OF})"
    near = get_close_matches(region, RECEIVING, n=1)
    hint = f", did you mean `{near[0]}`?" if near else ""
    return f"SES is not known to receive mail in `{one_line(region, 40)}` (as of {AS_OF}){hint}"
