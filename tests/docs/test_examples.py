"""The notebooks, executed from top to bottom as a reader would, beside docs/ with its tables."""

import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))


def test_there_are_three() -> None:
    assert [page.stem for page in NOTEBOOKS] == ["figures", "own_table", "study"]


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda page: page.stem)
def test_a_notebook_runs(notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "docs").mkdir()
    for table in (ROOT / "docs").glob("*.csv"):
        shutil.copy(table, tmp_path / "docs")
    (tmp_path / "examples").mkdir()
    pages = nbformat.read(notebook, as_version=4)
    assert not any(cell.get("outputs") for cell in pages.cells), "stored without outputs"
    client = nbclient.NotebookClient(
        pages, timeout=280, resources={"metadata": {"path": str(tmp_path / "examples")}}
    )
    client.execute()
    said = str([cell.get("outputs") for cell in pages.cells])
    assert "error:" not in said
