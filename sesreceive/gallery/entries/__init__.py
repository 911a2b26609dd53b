"""The entries of the gallery, a file each: its first line is the title.

A file has ``ACCOUNT``, ``MAIL`` and, where its rules call functions, ``HANDLERS``. A new entry is a new file
here; its name, with hyphens, is what `load` knows it by. ``tests/gallery`` receives its mail.
"""
