"""What may be in the wheel and the sdist: `.ci/check_dist.py`, on files made for it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
INFO = "w2s_mol-1.dist-info"
SHIPPED = (
    "data/computed-logp.csv",
    "checkpoints/LICENSE",
    "checkpoints/weak-h8-s0/README.md",
    "checkpoints/weak-h8-s0/config.json",
    "checkpoints/weak-h8-s0/model.safetensors",
)
PACKAGE = ("w2s_mol/cli/main.py", "w2s_mol/report/templates/report.md.j2", "w2s_mol/py.typed")
WHEEL = (
    *PACKAGE,
    *(f"w2s_mol/_shipped/{name}" for name in SHIPPED),
    f"{INFO}/METADATA",
    f"{INFO}/licenses/LICENSE",
)
SDIST = (
    *(*PACKAGE, *SHIPPED, "pyproject.toml", "LICENSE", "Makefile", ".ci/run"),
    *(".github/workflows/ci.yml", "tests/unit/test_files.py", "tests/golden/selection.txt"),
    *("docs/tutorial.md", "docs/hooks.py", "examples/study.ipynb", "benchmarks/cell.py"),
)


@pytest.fixture(scope="module")
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_dist", ROOT / ".ci" / "check_dist.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Path]:
    """Return the maker of a folder with a wheel and an sdist of the files that are named."""

    def make(
        wheel: tuple[str, ...] = WHEEL,
        sdist: tuple[str, ...] = SDIST,
        description: str = "[docs](https://example.org)",
        size: int = 1,
    ) -> Path:
        dist = tmp_path / "dist"
        dist.mkdir()
        with zipfile.ZipFile(dist / "w2s_mol-1-py3-none-any.whl", "w") as packed:
            for name in wheel:
                is_told = name.endswith("/METADATA")
                packed.writestr(
                    name, f"Name: w2s-mol\n\n{description}\n" if is_told else size * "x"
                )
        (tmp_path / "file").write_text("x")
        with tarfile.open(dist / "w2s_mol-1.tar.gz", "w:gz") as archive:
            for name in sdist:
                archive.add(tmp_path / "file", f"w2s_mol-1/{name}")
        return dist

    return make


def test_files_that_have_a_reason_pass_and_are_told(
    check: ModuleType, made: Callable, capsys: pytest.CaptureFixture
) -> None:
    assert check.main(made()) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "w2s_mol-1-py3-none-any.whl: 0.0 MB, 10 files" in said.out
    assert "2 files   0.00 MB  the shipped encoders" in said.out
    assert "largest: " in said.out


@pytest.mark.parametrize(
    "name",
    [
        "tests/unit/test_files.py",
        "runs/demo/results.csv",
        "w2s_mol/__pycache__/main.cpython-311.pyc",
        "w2s_mol/_shipped/checkpoints/weak-h8-s0/optimizer.pt",
        "w2s_mol/_shipped/data/chembench/ESOL/ESOL.csv.gz",
        "w2s_mol/cli/notes.txt",
    ],
)
def test_a_file_without_a_reason_fails_a_wheel(
    check: ModuleType, made: Callable, capsys: pytest.CaptureFixture, name: str
) -> None:
    assert check.main(made(wheel=(*WHEEL, name))) == 1
    assert f"whl: {name} is in it without a reason" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name",
    ["runs/demo/results.csv", "tests/unit/__pycache__/a.pyc", ".venv/pyvenv.cfg", "tests/esol.csv"],
)
def test_a_file_without_a_reason_fails_an_sdist(
    check: ModuleType, made: Callable, capsys: pytest.CaptureFixture, name: str
) -> None:
    assert check.main(made(sdist=(*SDIST, name))) == 1
    assert f"gz: {name} is in it without a reason" in capsys.readouterr().err


def test_what_is_lacking_fails(
    check: ModuleType, made: Callable, capsys: pytest.CaptureFixture
) -> None:
    without = tuple(name for name in WHEEL if "licenses" not in name)
    assert check.main(made(wheel=without)) == 1
    assert "there is no file of" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("[a](docs/theory.md)", 1),
        ("![a](docs/a.svg)", 1),
        ('<img src="docs/a.svg">', 1),
        ("[a]: docs/theory.md", 1),
        ("[a](https://example.org/docs) and [b](#below)", 0),
        ('<a href="https://example.org"><img src="https://example.org/a.svg"></a>', 0),
    ],
)
def test_a_link_that_leads_nowhere_on_an_index_fails(
    check: ModuleType, made: Callable, text: str, faults: int
) -> None:
    assert check.main(made(description=text)) == faults


def test_a_wheel_that_grows_fails(
    check: ModuleType, made: Callable, capsys: pytest.CaptureFixture
) -> None:
    assert check.main(made(size=4 * check.MB)) == 1
    assert "more than 27: see checkpoints/README.md" in capsys.readouterr().err


def test_every_file_that_the_sdist_takes_has_a_reason(check: ModuleType) -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    taken = pyproject["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    git = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if git.returncode:
        pytest.skip("there is no repository")

    def is_taken(name: str) -> bool:
        return any(fnmatch(f"/{name.partition('/')[0]}", pattern) for pattern in taken)

    names = [name for name in git.stdout.splitlines() if is_taken(name)]
    assert "examples/study.ipynb" in names
    assert check.without_reason(names, check.SDIST) == []
