"""Many messages through one receiver, one after the other or on any executor, with the same result."""

from sesreceive.replay.done import Before
from sesreceive.replay.known_results import Known, KnownResults
from sesreceive.replay.progress import Progress
from sesreceive.replay.replay_folder import ReplayFolder
from sesreceive.replay.replaying import Source, replay
from sesreceive.replay.streaming import replay_to

__all__ = ["Before", "Known", "KnownResults", "Progress", "ReplayFolder", "Source", "replay", "replay_to"]
