import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from typer.main import get_command

from w2s_mol.cli.verbs import VERBS

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


def mentioned(page: Path) -> list[tuple[str, str]]:
    """Return each verb and option that a page's code blocks name together."""
    text = "".join(re.findall(r"^```\w*\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE))
    calls = re.findall(r"(?:w2s-mol|-m w2s_mol) +(\S+)([^#\n]*)", text.replace("\\\n", " "))
    return [
        (verb, option)
        for verb, rest in calls
        for option in [verb, *re.findall(r"(?<=\s)--?[a-z][a-z-]*", rest)]
    ]


def test_every_verb_and_option_that_the_pages_name_is_there() -> None:
    named = {pair for page in [DOCS.parent / "README.md", *DOCS.glob("*.md")]
             for pair in mentioned(page)}  # fmt: skip
    assert {("pretrain-strong", "--objectives"), ("run", "--weak"), ("embed", "-o")} <= named
    for verb, option in sorted(named):
        app = import_module(f"w2s_mol.cli.{VERBS[verb].module}").app
        known = [name for parameter in get_command(app).params for name in parameter.opts]
        assert option in [verb, *known], f"w2s-mol {verb} has no {option}"


def test_links_between_pages_lead_somewhere() -> None:
    root = DOCS.parent
    for page in [root / "README.md", root / "ARCHITECTURE.md", *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if not target.startswith(("http:", "https:")):
                assert (page.parent / target).exists(), f"{page.name}: {target}"
