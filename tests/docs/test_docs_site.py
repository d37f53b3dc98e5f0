"""The site: built without a warning, with every verb, option and public name, from here alone."""

import html
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from docs_modules import module_of_docs
from typer.main import get_command

import w2s_mol
from w2s_mol.cli.verbs import VERBS

ROOT = Path(__file__).parents[2]


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_the_page_of_the_library_has_every_public_name() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    named = re.findall(r"^::: w2s_mol\.(\w+)$", page, re.MULTILINE)
    assert set(w2s_mol.__all__) - {"__version__"} <= set(named)


def test_the_glossary_is_that_of_the_program() -> None:
    hooks = module_of_docs("hooks")
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert page == hooks.glossary_page(), "python docs/hooks.py"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs", reason="pip install '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_every_verb_has_a_page_with_every_option(site: Path) -> None:
    for name, verb in VERBS.items():
        page = html.unescape((site / "commands" / f"{name}.html").read_text(encoding="utf-8"))
        described = " ".join(re.findall(r"<dt><code>(.*?)</code></dt>", page))
        command = get_command(import_module(f"w2s_mol.cli.{verb.module}").app)
        for parameter in command.params:
            for option in parameter.opts if parameter.param_type_name == "option" else ():
                words = re.split(r"[,\s]+", described)
                assert option in words or parameter.hidden, f"{name} {option}"


def test_every_public_name_is_described(site: Path) -> None:
    page = (site / "api.html").read_text(encoding="utf-8")
    for name in set(w2s_mol.__all__) - {"__version__"}:
        assert f'id="w2s_mol.{name}"' in page or f'.{name}"' in page, name


def test_lists_and_tables_are_not_left_as_text(site: Path) -> None:
    """What GitHub reads as a list or table, MkDocs reads so only after an empty line."""
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for paragraph in re.findall(r"<p>(.*?)</p>", text, re.DOTALL):
            assert not re.search(r"^(- |\d+\. |\| )", paragraph, re.MULTILINE), (
                f"{page}: {paragraph}"
            )


def test_a_page_fetches_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        fetched = re.findall(
            r"<(?:script|img|link|iframe)\b[^>]*?(?:src|href)=\"?(https?:[^\" >]+)", text
        )
        assert not fetched, f"{page}: {fetched}"
