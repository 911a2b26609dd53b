"""The project itself: what is public, what an import loads, what is shipped, which versions are tested."""

import ast
import inspect
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import entry_points, packages_distributions, version
from pathlib import Path
from typing import Any

import pytest

import sesreceive

ROOT = Path(__file__).resolve().parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

DISTRIBUTIONS = packages_distributions()
EXTRA_OF_PART = {
    "endpoint": "endpoint",
    "magics": "notebook",
    "plot": "notebook",
    "ui": "notebook",
    "testing": "testing",
}
HEAVY = ["boto3", "botocore", "ipywidgets", "IPython", "matplotlib", "numpy", "pandas", "pyarrow"]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required_names(requirements: list[str]) -> set[str]:
    return {canonical(re.split(r"[\[<>=!~; ]", line, maxsplit=1)[0]) for line in requirements}


def imported_names(tree: ast.AST, *, also_lazily: bool) -> Iterator[str]:
    """Top-level names of what a module imports when it is loaded; `also_lazily`, of what its functions import too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        elif also_lazily or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from imported_names(node, also_lazily=also_lazily)


def undeclared(names: set[str], requirements: list[str]) -> set[str]:
    """Imported libraries that none of the requirements brings."""
    declared = required_names(requirements)
    return {
        name
        for name in names - set(sys.stdlib_module_names) - {"sesreceive"}
        if not declared & {canonical(found) for found in DISTRIBUTIONS.get(name, [])}
    }


def test_every_public_name_exists_once() -> None:
    assert len(set(sesreceive.__all__)) == len(sesreceive.__all__)
    for name in sesreceive.__all__:
        assert getattr(sesreceive, name) is not None


def test_every_name_of_ours_that_a_reader_can_see_is_public() -> None:
    visible = {
        name
        for name, value in vars(sesreceive).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("sesreceive.")
    }
    assert visible <= set(sesreceive.__all__)


@pytest.mark.parametrize("name", sesreceive.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    value = getattr(sesreceive, name)
    if inspect.isclass(value) or inspect.isroutine(value) or inspect.ismodule(value):
        assert (value.__doc__ or "").strip()


@pytest.mark.slow
def test_what_a_module_imports_when_loaded_is_a_core_requirement_or_of_its_extra() -> None:
    """`pip install sesreceive` is enough for everything but pictures, widgets and the cloud."""
    extras = PROJECT["optional-dependencies"]
    for path in sorted((ROOT / "sesreceive").rglob("*.py")):
        part = path.relative_to(ROOT / "sesreceive").parts[0]
        allowed = [*PROJECT["dependencies"], *extras.get(EXTRA_OF_PART.get(part, ""), [])]
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not undeclared(set(imported_names(tree, also_lazily=False)), allowed), path
        users = [extra for extra in extras if extra not in {"dev", "docs"}]
        anything = [*PROJECT["dependencies"], *(line for extra in users for line in extras[extra])]
        assert not undeclared(set(imported_names(tree, also_lazily=True)), anything), path


def test_importing_loads_no_tables_pictures_widgets_or_clouds() -> None:
    code = f"import sys, sesreceive; print([name for name in {HEAVY} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.slow
def test_importing_is_silent_even_where_nothing_was_compiled_before(tmp_path: Path) -> None:
    command = [sys.executable, "-X", f"pycache_prefix={tmp_path}", "-c", "import sesreceive, sesreceive.cli"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout + result.stderr == ""


def test_the_command_line_is_where_the_package_says() -> None:
    (script,) = entry_points(group="console_scripts", name="sesreceive")
    assert callable(script.load())


def test_the_installed_version_is_the_one_in_the_project_file() -> None:
    assert version("sesreceive") == PROJECT["version"]


def test_constraints_are_names_and_versions_only_and_cover_every_requirement() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    for line in pins:
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][0-9A-Za-z.+!]*( ; python_version [<>=]+ '3\.\d+')?", line), line
    required = required_names(PROJECT["dependencies"]).union(
        *(required_names(extra) for extra in PROJECT["optional-dependencies"].values())
    )
    assert required - {"sesreceive"} <= {line.split("==")[0] for line in pins}


def test_the_changelog_has_a_place_for_the_next_change() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_wheel_holds_the_package_the_sample_mail_and_nothing_else(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    info = f"sesreceive-{PROJECT['version']}.dist-info"
    assert {name.split("/")[0] for name in names} == {"sesreceive", info}
    assert "sesreceive/py.typed" in names
    assets = [path for kind in ("css", "js") for path in (ROOT / "sesreceive").rglob(f"*.{kind}")]
    assert {path.relative_to(ROOT).as_posix() for path in assets} == {n for n in names if n.endswith((".css", ".js"))}
    assert len(assets) >= 8
    for account in (ROOT / "datasets").glob("*/account.json"):
        assert f"sesreceive/_datasets/{account.parent.name}/account.json" in names
    assert not [name for name in names if re.match(r"sesreceive/_datasets/(keys|making|make\.py)", name)]
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".ipynb"))]


# Who may look at a clock: what waits with a limit, and what compares two costs. Nobody asserts seconds.
CLOCK_READERS = {
    "tests/browser/lab.py",
    "tests/cost.py",
    "tests/patience.py",
    "tests/soak/soak_smtp.py",
}


@pytest.mark.slow
def test_no_test_asserts_how_long_something_takes() -> None:
    """A slow machine is no defect: see `tests/cost.py` for what something costs, `tests/patience.py` for waiting."""
    clock = re.compile(r"\b(process_time|perf_counter|monotonic|time\.time)(_ns)?\(\)")
    folders = {".cache", "benchmarks"}
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").rglob("*.py")
        if not folders & set(path.relative_to(ROOT).parts) and clock.search(path.read_text(encoding="utf-8"))
    }
    assert readers == CLOCK_READERS
