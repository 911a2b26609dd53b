"""Ready rule sets with mail that shows them: drop spam, plus addressing, quarantine, tickets; loadable by name.

::

    entry = ses.gallery.load("quarantine")
    entry.account            # the rule set, to change and to export
    entry.run()              # its mail, received, and what each message left behind
"""

from __future__ import annotations

from sesreceive.gallery.collection import Gallery, everything, load, names
from sesreceive.gallery.entry import Entry, Played
from sesreceive.gallery.sample_mail import SampleMail

__all__ = ["Entry", "Gallery", "Played", "SampleMail", "everything", "load", "names"]
