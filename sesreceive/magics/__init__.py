"""Magics of a notebook (``%load_ext sesreceive``), and the plain functions that do the same.

=================  ===========================================================  ================
magic              what it does                                                 plain function
=================  ===========================================================  ================
``%%ses_message``  receives the mail that stands in the cell                    `receive_text`
``%ses_explain``   says why everything happened to a mail that was received     `explain`
``%%ses_zone``     reads the DNS records that stand in the cell                 `read_zone`
=================  ===========================================================  ================
"""

from sesreceive.magics.plain import explain, read_zone, receive_text

__all__ = ["explain", "read_zone", "receive_text"]
