import re
import shlex
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from docs_modules import module_of_docs
from ready_program import Finished
from typer.main import get_command

from w2s_mol.cli.verbs import VERBS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


shown = module_of_docs("shown")
PAGES = [page for page in sorted(DOCS.glob("*.md")) if shown.commands(page)]


def test_every_tutorial_has_commands() -> None:
    tutorials = {page.name for page in DOCS.glob("tutorial*.md")}
    assert len(tutorials) == 6
    assert tutorials <= {page.name for page in PAGES}


def but_for_digits(text: str) -> list[str]:
    """Return what a page shows, line by line, as it is whatever the last digits are."""
    return [re.sub(r"[-\d.,]*\d|[─━]+|\s+", " ", line).strip() for line in text.splitlines()]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_works_where_its_files_are_and_prints_what_is_shown(
    page: Path, tmp_path: Path, mirror: Path, cli: Callable[..., Finished]
) -> None:
    def printed(command: str, _folder: Path) -> str:
        program, *words = shlex.split(command)
        assert program == "w2s-mol"
        done = cli(*words, W2S_MOL_MIRROR=str(mirror), COLUMNS="80")
        assert done.code == 0, (command, done.err)
        return done.out

    shown.prepare(page, tmp_path)
    now = but_for_digits(shown.as_printed(page, tmp_path, printed))
    # Rows may change places where they differ in their last digits.
    again = f"python docs/shown.py {page.name}"
    assert sorted(now) == sorted(but_for_digits(page.read_text(encoding="utf-8"))), again


def mentioned(page: Path) -> list[tuple[str, str]]:
    """Return each verb and option that a page's code blocks name together."""
    text = "".join(re.findall(r"^```\w*\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE))
    calls = re.findall(r"^(?:.*-m w2s_mol|.*\bw2s-mol) +([a-z][a-z-]*)([^#\n]*)",
                       text.replace("\\\n", " "), re.MULTILINE)  # fmt: skip
    return [
        (verb, option)
        for verb, rest in calls
        for option in [verb, *re.findall(r"(?<=\s)--?[a-z][a-z-]*", rest)]
    ]


def test_every_verb_and_option_that_the_pages_name_is_there() -> None:
    named = {pair for page in [ROOT / "README.md", *DOCS.glob("*.md")]
             for pair in mentioned(page)}  # fmt: skip
    assert {("pretrain-strong", "--objectives"), ("run", "--weak"), ("embed", "-o")} <= named
    for verb, option in sorted(named):
        app = import_module(f"w2s_mol.cli.{VERBS[verb].module}").app
        known = [name for parameter in get_command(app).params for name in parameter.opts]
        assert option in [verb, *known], f"w2s-mol {verb} has no {option}"


def test_links_between_pages_lead_somewhere() -> None:
    made = {DOCS / name for name in module_of_docs("hooks").made_pages()}
    for page in [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if not target.startswith(("http:", "https:")):
                place = page.parent / target
                assert place.exists() or (page.parent == DOCS and place in made), (
                    f"{page}: {target}"
                )
