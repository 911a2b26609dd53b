"""Make the sample messages, zones and answer keys anew: ``python datasets/make.py [--out FOLDER]``.

Nothing depends on the machine, the day or chance: the files come out byte for byte the same on every run.
Needs the packages `dkimpy`, `authres`, `pynacl` and `cryptography` (``pip install 'sesreceive[dev]'``).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from making import anycompany, first_steps, zoo
from making.sample import COLUMNS
from making.write import write

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to (default: this one)")
    out = parser.parse_args().out
    for name, dataset in {"anycompany": anycompany, "first-steps": first_steps, "zoo": zoo}.items():
        columns = getattr(dataset, "COLUMNS", COLUMNS)
        count = write(out / name, HERE / name / "README.md", dataset.THEMES, dataset.ZONE, columns)
        print(f"{name}: {count} messages")


if __name__ == "__main__":
    main()
