"""Many messages through one receiver, one after the other or on any executor, with the same result."""

from sesreceive.replay.progress import Progress
from sesreceive.replay.replaying import Source, replay

__all__ = ["Progress", "Source", "replay"]
