"""The Python of pages, run as it stands: the blocks of a page one after another, in one script."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def printed(page: Path, folder: Path, blocks: int) -> str:
    """Return what the Python of a page prints, run in a folder."""
    found = re.findall(
        r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert len(found) == blocks
    (folder / "examples.py").write_text("\n".join(found), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "examples.py"],
        cwd=folder,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_every_example_of_extending_runs(tmp_path: Path) -> None:
    said = printed(DOCS / "extending.md", tmp_path, blocks=6)
    # The toy supervisor beside an encoder, under two students.
    for student in ("weak-h32-s0", "weak-h96-s0"):
        assert re.search(rf"{student}\s+length-0.05", said)
        assert re.search(rf"{student}\s+weak-h8-s0", said)


@pytest.mark.slow
def test_the_example_of_the_readme_runs(tmp_path: Path) -> None:
    printed(ROOT / "README.md", tmp_path, blocks=1)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_example_of_from_python_runs(tmp_path: Path) -> None:
    smiles = pd.read_csv(DOCS / "molecules.csv")["smiles"]
    (tmp_path / "my.smi").write_text("\n".join(smiles) + "\n", encoding="utf-8")
    printed(DOCS / "python.md", tmp_path, blocks=2)
    made = {folder.name for folder in (tmp_path / "my-family").iterdir() if folder.is_dir()}
    assert made >= {"weak-h8-s0", "weak-h32-s0"}
