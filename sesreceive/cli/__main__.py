"""``python -m sesreceive.cli``: the command line."""

import sys

from sesreceive.cli import main

if __name__ == "__main__":
    sys.exit(main())
