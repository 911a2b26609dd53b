"""The lessons as a JupyterLite site: Python runs in the reader's browser, and nothing is asked of another host.

``make lite`` runs this with what it needs: JupyterLite and its kernel from PyPI, the core of Pyodide from npm. Pyodide
has a list of packages, ``pyodide-lock.json``, with files on another host. Here the list is made anew: every package in
it is pure Python, comes from PyPI when the site is built, and lies in the site. A notebook that imports one gets it
from there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

# The lessons that are in the site: all that need no server, no other program and no package built for one machine.
LESSONS = range(1, 9)

# What the kernel starts with, at the versions that Pyodide's own list names.
KERNEL = ("ipython", "jedi", "micropip", "traitlets")

# What sesreceive and its widgets need: package → the name a notebook imports; versions are those of constraints.txt.
NEEDED = {
    "aiosmtpd": "aiosmtpd",
    "anywidget": "anywidget",
    "atpublic": "public",
    "attrs": "attr",
    "comm": "comm",
    "dkimpy": "dkim",
    "dnspython": "dns",
    "idna": "idna",
    "ipywidgets": "ipywidgets",
    "jupyterlab-widgets": "jupyterlab_widgets",
    "lark": "lark",
    "psygnal": "psygnal",
    "publicsuffixlist": "publicsuffixlist",
    "pyspf": "spf",
    "python-hcl2": "hcl2",
    "pyyaml": "yaml",
    "tqdm": "tqdm",
    "typing-extensions": "typing_extensions",
}

# What is imported for a use that no lesson has: a compiled package → a module that says so when it is used.
ABSENT = {
    "regex": '''"""Not the package of this name, which is compiled: python-hcl2 imports it to write HCL, not to read."""


class _Absent:
    def __getattr__(self, name):
        raise ImportError("`regex` is compiled, so it is not there in a browser")


regex = _Absent()
'''
}

# The tag of a cell that cannot run in a browser → the sentence that the cell prints there.
LACKING = {
    "needs-cryptography": "Not in a browser: encrypting needs `cryptography`, which is compiled. The lesson goes on.",
}

CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "package.json")
SETTINGS = "@jupyterlite/pyodide-kernel-extension:kernel"


def main() -> None:
    """Build the site into ``--output``, with what is kept for the next time in ``--work``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pyodide", type=Path, required=True, help="folder of the npm package pyodide, unpacked")
    parser.add_argument("--work", type=Path, required=True, help="folder for what the site is made of")
    parser.add_argument("--output", type=Path, required=True, help="folder of the site")
    options = parser.parse_args()
    expect_version(options.pyodide)
    site, output = (options.work / "site").resolve(), options.output.resolve()
    shutil.rmtree(site, ignore_errors=True)
    packages = site / "static" / "pyodide"
    packages.mkdir(parents=True)
    for name in CORE:
        shutil.copy(options.pyodide / name, packages)
    lock = json.loads((options.pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
    lock["packages"] = dict(locked(lock["packages"], packages, options.work / "wheels"))
    (packages / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    (site / "jupyter-lite.json").write_text(json.dumps(settings()), encoding="utf-8")
    copy_lessons(site / "files")
    shutil.rmtree(output, ignore_errors=True)
    build(site, output)


def expect_version(pyodide: Path) -> None:
    """End the program where the core is of another version than the kernel was made for."""
    from jupyterlite_pyodide_kernel.constants import PYODIDE_VERSION

    version = json.loads((pyodide / "package.json").read_text(encoding="utf-8"))["version"]
    if version != PYODIDE_VERSION:
        sys.exit(f"make lite: expected Pyodide {PYODIDE_VERSION}, which the kernel names, but got {version}")


def settings() -> dict[str, Any]:
    """What JupyterLite is told: where Python lies, and that nothing is to be asked of PyPI."""
    kernel = {
        "pyodideUrl": "./static/pyodide/pyodide.mjs",
        "disablePyPIFallback": True,
        "loadPyodideOptions": {"packages": ["sesreceive"]},
    }
    return {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": "sesreceive",
            "exposeAppInBrowser": True,
            "litePluginSettings": {SETTINGS: kernel},
        },
    }


# ---------------------------------------------------------------- packages


def locked(known: dict[str, Any], folder: Path, wheels: Path) -> Iterator[tuple[str, Any]]:
    """The entries of the list, each with its file in the folder."""
    wheels.mkdir(parents=True, exist_ok=True)
    of_kernel = closure(known, KERNEL) - set(NEEDED)
    download([f"{name}=={known[name]['version']}" for name in sorted(of_kernel)], wheels)
    pins = dict(re.findall(r"(?m)^([a-z0-9-]+)==(\S+)", (ROOT / "constraints.txt").read_text(encoding="utf-8")))
    fetch([f"{name}=={pins[name]}" for name in NEEDED], wheels)
    for old in wheels.glob("sesreceive-*.whl"):
        old.unlink()
    fetch([str(ROOT)], wheels)
    for name in sorted(of_kernel):
        wheel = wheel_of(name, known[name]["version"], wheels)
        yield name, entry(name, wheel, folder, known[name]["imports"], list(map(canonical, known[name]["depends"])))
    for name, module in NEEDED.items():
        yield name, entry(name, wheel_of(name, pins[name], wheels), folder, [module], [])
    for name, text in ABSENT.items():
        yield name, entry(name, without(name, text, wheels), folder, [name], [])
    (ours,) = wheels.glob("sesreceive-*.whl")
    yield "sesreceive", entry("sesreceive", ours, folder, ["sesreceive"], [*NEEDED, *ABSENT, "traitlets", "ipython"])


def canonical(name: str) -> str:
    """The name of a package as the keys of the list spell it."""
    return name.lower().replace("_", "-")


def closure(known: dict[str, Any], names: Iterable[str]) -> set[str]:
    """These packages and what they need."""
    reached: set[str] = set()
    left = list(names)
    while left:
        name = canonical(left.pop())
        if name in known and name not in reached:
            reached.add(name)
            left.extend(known[name]["depends"])
    return reached


PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


def download(requirements: Sequence[str], wheels: Path) -> None:
    """The wheels of these requirements for the browser's Python, which may be newer than the one that runs this."""
    from jupyterlite_pyodide_kernel.constants import PYODIDE_PYTHON_VERSION as VERSION

    if wanted := missing(requirements, wheels):
        options = ["--no-deps", "--only-binary=:all:", f"--python-version={VERSION}", "--dest", str(wheels)]
        subprocess.run([*PIP, "download", *options, *wanted], check=True)


def fetch(requirements: Sequence[str], wheels: Path) -> None:
    """The wheels of these requirements, built where a package is published as source only."""
    if wanted := missing(requirements, wheels):
        subprocess.run([*PIP, "wheel", "--no-deps", "--wheel-dir", str(wheels), *wanted], check=True)


def missing(requirements: Sequence[str], wheels: Path) -> list[str]:
    """The requirements whose wheels do not lie there from the last time."""
    return [one for one in requirements if "==" not in one or found(*one.split("=="), wheels) is None]


def found(name: str, version: str, wheels: Path) -> Path | None:
    """The file of a package, where it lies there."""
    start = f"{name.replace('-', '_')}-{version}-".lower()
    # Some write the dots and capitals of a name into the file's.
    return next((path for path in sorted(wheels.glob("*.whl")) if path.name.lower().startswith(start)), None)


def wheel_of(name: str, version: str, wheels: Path) -> Path:
    """The file of a package."""
    path = found(name, version, wheels)
    return path if path is not None else sys.exit(f"make lite: there is no wheel of {name} {version}")


def without(name: str, text: str, wheels: Path) -> Path:
    """The file of a package that is one module with this text."""
    path = wheels / f"{name}-0-py3-none-any.whl"
    about = f"{name}-0.dist-info"
    files = {
        f"{name}.py": text,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: make lite\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{about}/RECORD"] = "".join(f"{file},,\n" for file in (*files, f"{about}/RECORD"))
    with zipfile.ZipFile(path, "w") as written:
        for file, content in files.items():
            written.writestr(zipfile.ZipInfo(file), content)
    return path


def entry(name: str, wheel: Path, folder: Path, imports: list[str], depends: list[str]) -> dict[str, Any]:
    """The entry of a package, whose wheel is copied into the folder without what was compiled for this machine."""
    tag = re.sub(r"-(cp|py)\d[^-]*-[^-]+-[^-]+\.whl$", "-py3-none-any.whl", wheel.name)
    target = folder / tag
    with zipfile.ZipFile(wheel) as read, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
        for item in read.infolist():
            if not item.filename.endswith((".so", ".pyd")):
                written.writestr(zipfile.ZipInfo(item.filename), read.read(item), zipfile.ZIP_DEFLATED)
    return {
        "name": name,
        "version": wheel.name.split("-")[1],
        "file_name": target.name,
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        "install_dir": "site",
        "package_type": "package",
        "imports": imports,
        "depends": depends,
        "unvendored_tests": False,
    }


# ---------------------------------------------------------------- notebooks


def copy_lessons(folder: Path) -> None:
    """The lessons, for the kernel of the browser; with the name of another kernel a dialog would ask."""
    folder.mkdir(parents=True)
    for number in LESSONS:
        (path,) = (ROOT / "notebooks").glob(f"{number:02}-*.ipynb")
        notebook = json.loads(path.read_text(encoding="utf-8"))
        notebook["metadata"]["kernelspec"] = {
            "name": "python",
            "display_name": "Python (Pyodide)",
            "language": "python",
        }
        notebook["metadata"].pop("widgets", None)  # a saved state is of another kernel
        for cell in notebook["cells"]:
            say_what_lacks(cell)
        (folder / path.name).write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")


def say_what_lacks(cell: dict[str, Any]) -> None:
    """Have a cell that cannot run print why; what it would do is kept as a comment."""
    sentences = [LACKING[tag] for tag in cell["metadata"].get("tags", ()) if tag in LACKING]
    if sentences:
        lines = "".join(cell["source"]).splitlines()
        cell["source"] = "\n".join([f"print({sentences[0]!r})", *(f"# {line}".rstrip() for line in lines)])


def build(site: Path, output: Path) -> None:
    """The site itself."""
    command = [sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", str(site), "--output-dir", str(output)]
    options = ["--contents", str(site / "files"), "--no-sourcemaps", "--no-unused-shared-packages", "--apps", "lab"]
    ended = subprocess.run([*command, *options], check=False, cwd=site, capture_output=True, text=True)
    if ended.returncode:
        sys.exit(
            f"{ended.stdout}{ended.stderr}make lite: JupyterLite ended with {ended.returncode}, for the reason above"
        )


if __name__ == "__main__":
    main()
