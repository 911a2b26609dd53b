"""Look for octets that break a law: ``python tests/fuzz/run.py [NAME …] [--seconds 60] [--runs 200000]``.

It needs the environment that `make fuzz` builds. Each law runs in a process of its own, because libFuzzer ends its
process. What it has learned stays in ``build/fuzz/corpus/NAME`` and makes the next run start further on; octets
that break the law are written to ``build/fuzz/broken/NAME``, one file each.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build" / "fuzz"
# One input may take this long: a law holds for a few kilobytes, so a second is a hundred times too long.
SLOW_S = 5
MEMORY_MB = 1024
TOLD = 4000  # characters of what a broken law has said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="laws (default: all)")
    parser.add_argument("--seconds", type=int, default=60, help="how long each law is tried (default: 60)")
    parser.add_argument("--runs", type=int, default=-1, help="end a law after so many inputs, if that is sooner")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)  # in the process of one law
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    if options.one:
        _fuzz(options.names[0], options.seconds, options.runs)
        return
    from tests.fuzz.laws import LAWS

    if unknown := [name for name in options.names if name not in LAWS]:
        parser.error(f"expected {', '.join(LAWS)} but got {', '.join(unknown)}")
    failed = [name for name in options.names or LAWS if not _run(name, options.seconds, options.runs)]
    if failed:
        sys.exit(f"broken: {', '.join(failed)}; the octets are in {BUILD.relative_to(ROOT)}/broken")


def _run(name: str, seconds: int, runs: int) -> bool:
    """Whether the law held; prints one line of what libFuzzer counted, and where the law broke, how and by what."""
    command = [sys.executable, __file__, name, "--one", "--seconds", str(seconds), "--runs", str(runs)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    counted = [
        line for line in done.stderr.splitlines() if line.startswith(("Done ", "stat::number_of_executed_units"))
    ]
    summary = counted[0] if counted else f"ended with {done.returncode}"
    print(f"{name:14} {'holds ' if done.returncode == 0 else 'BROKEN'} {summary}", flush=True)
    if done.returncode != 0:
        written = [line for line in done.stderr.splitlines() if "Test unit written" in line]
        print(done.stdout[-TOLD:], *written or [done.stderr[-TOLD:]], sep="\n")
    return done.returncode == 0


def _fuzz(name: str, seconds: int, runs: int) -> None:
    """Try one law until the time is up, it was tried so often, or it breaks; ends the process."""
    import atheris

    with atheris.instrument_imports(include=["sesreceive"]):
        from tests.fuzz.laws import LAWS
    law = LAWS[name]
    corpus, broken = BUILD / "corpus" / name, BUILD / "broken" / name
    for folder in (corpus, broken):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(law.seeds()):
        (corpus / f"seed-{number:04}").write_bytes(seed[: law.longest])
    words = BUILD / f"{name}.words"
    words.write_text("".join(map(_quoted, law.words)), "ascii")
    law.holds(b"")  # what is loaded on first use is loaded now
    atheris.Setup(
        [
            name,
            f"-max_total_time={seconds}",
            f"-runs={runs}",
            f"-max_len={law.longest}",
            f"-timeout={SLOW_S}",
            f"-rss_limit_mb={MEMORY_MB}",
            f"-artifact_prefix={broken}/",
            f"-dict={words}",
            str(corpus),
        ],
        law.holds,
    )
    atheris.Fuzz()


def _quoted(word: bytes) -> str:
    """A line of a libFuzzer dictionary."""
    return '"' + "".join(f"\\x{octet:02x}" for octet in word) + '"\n'


if __name__ == "__main__":
    main()
