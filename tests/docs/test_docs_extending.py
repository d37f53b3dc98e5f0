"""The examples of docs/extending.md, run as they stand, one after another."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"


@pytest.mark.slow
def test_every_example_of_the_page_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 6
    (tmp_path / "examples.py").write_text("\n".join(blocks))
    done = subprocess.run(
        [sys.executable, "examples.py"],
        cwd=tmp_path,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for student in ("ecfp", "rdkit2d"):  # the toy supervisor beside an encoder, under two students
        assert re.search(rf"{student}\s+length-0.05", done.stdout)
        assert re.search(rf"{student}\s+weak-h8-s0", done.stdout)
