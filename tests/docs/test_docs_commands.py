import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)


def commands(page: Path) -> list[str]:
    blocks = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [line for block in blocks for line in block.splitlines() if line.strip()]


PAGES = [page for page in sorted(DOCS.glob("*.md")) if commands(page)]


def test_the_tutorial_has_commands() -> None:
    assert "tutorial.md" in {page.name for page in PAGES}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_works_where_its_files_are(
    page: Path, tmp_path: Path, mirror: Path
) -> None:
    for file in DOCS.glob("*.csv"):
        shutil.copy(file, tmp_path)
    program = f"{sys.executable} -m w2s_mol"
    for command in commands(page):
        assert command.startswith("w2s-mol "), command
        done = subprocess.run(
            command.replace("w2s-mol", program, 1),
            shell=True,
            cwd=tmp_path,
            env={**os.environ, "W2S_MOL_MIRROR": str(mirror)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"


def test_links_between_pages_lead_somewhere() -> None:
    root = DOCS.parent
    for page in [root / "README.md", root / "ARCHITECTURE.md", *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if not target.startswith(("http:", "https:")):
                assert (page.parent / target).exists(), f"{page.name}: {target}"
