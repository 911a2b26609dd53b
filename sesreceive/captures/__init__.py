"""What real SES wrote for you: objects, notifications, events, bounces and transcripts, read and paired by mail.

::

    captures = ses.captures.read("captures/")       # any mix of files
    ses.fidelity(captures, account=account)          # how far the kit agrees with them
"""

from __future__ import annotations

from sesreceive.captures.capture import Capture, Kind, Unrecognised
from sesreceive.captures.pairing import CapturedMail, Captures
from sesreceive.captures.sources import read

__all__ = ["Capture", "CapturedMail", "Captures", "Kind", "Unrecognised", "read"]
