"""The lessons, a file each: its first line is the subject.

A file has ``EXERCISES`` and, where a notebook teaches it, ``NOTEBOOK``. A new exercise is a value in the file of its
lesson; a new lesson is a new file and its name in `ORDER`. ``tests/lessons`` holds the solution, the further right
answers and every wrong one against what the file says.
"""

ORDER = (
    "path",
    "filters",
    "conditions",
    "order",
    "envelope",
    "spf",
    "dkim",
    "dmarc",
    "forwarding",
    "scanning",
    "storage",
    "functions",
    "bounces",
    "failures",
    "smtp",
    "own-mail",
    "own-template",
    "proving",
    "capstone",
)
