"""What MkDocs takes from elsewhere: the commands from the program, two pages from the root.

``python docs/hooks.py`` writes docs/glossary.md, which is read on GitHub as well.
"""

from __future__ import annotations

import html
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from typer.main import get_command

from w2s_mol.cli.application import help_sections
from w2s_mol.cli.verbs import PROGRAM, VERBS, help_text
from w2s_mol.glossary import GLOSSARY

ROOT = Path(__file__).parents[1]
COMMANDS = "commands/index.md"
_FROM_ROOT = {"changelog.md": "CHANGELOG.md", "architecture.md": "ARCHITECTURE.md"}


def on_config(config: Any) -> Any:
    """Put a page for each verb where the navigation has that of all verbs."""
    of_verbs = [COMMANDS, *({name: f"commands/{name}.md"} for name in VERBS)]
    for section in config.nav:
        for pages in section.values():
            if isinstance(pages, list) and COMMANDS in pages:
                pages[pages.index(COMMANDS)] = {"Commands": of_verbs}
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that no file in docs/ holds."""
    from mkdocs.structure.files import File

    for name, text in made_pages().items():
        files.append(File.generated(config, name, content=text))
    return files


def made_pages() -> dict[str, str]:
    """Return the text of each page that is made, by its place in the site."""
    pages = {name: _from_root(ROOT / file) for name, file in _FROM_ROOT.items()}
    pages |= {f"commands/{name}.md": command_page(name) for name in VERBS}
    return {**pages, COMMANDS: _all_commands()}


def glossary_page() -> str:
    """Return the page of the words, each with an anchor to link to."""
    rows = [
        f'| <a id="{word.replace(" ", "-")}"></a>{word} | {_plain(meaning)} |'
        for word, meaning in GLOSSARY.items()
    ]
    before = [
        "# Glossary",
        "",
        "What tables, figures and messages mean by their words.",
        "",
        "| word | meaning |",
        "| --- | --- |",
    ]
    after = [
        "",
        "Errors are squared differences where labels are numbers, log losses where they are",
        "[classes](classes.md). [theory.md](theory.md) has the same words as formulas,",
        "[results.md](results.md) the columns that hold them.",
        "",
    ]
    return "\n".join([*before, *rows, *after])


def command_page(name: str) -> str:
    """Return the page of a verb: what its ``--help`` says, option by option."""
    command = get_command(import_module(f"w2s_mol.cli.{VERBS[name].module}").app)
    context = command.make_context(name, [], resilient_parsing=True)
    usage = " ".join(command.collect_usage_pieces(context))
    parts = [f"# {name}", f"```text\n{PROGRAM} {name} {usage}\n```", *_described(command.help)]
    for heading, records in help_sections(command.get_params(context), context).items():
        parts += [f"## {heading}", *(_record(*record) for record in records)]
    return "\n\n".join(parts) + "\n"


def _record(names: str, says: str) -> str:
    return f"`{names}`\n\n:   {_plain(says) or '&nbsp;'}"


def _described(text: str | None) -> Iterator[str]:
    for paragraph in inspect.cleandoc(text or "").replace("\b\n", "").split("\n\n"):
        what, _, command = paragraph.partition(f": {PROGRAM} ")
        if command:  # Example: w2s-mol run ...
            yield f"{_plain(what)}:\n\n```text\n{PROGRAM} {command}\n```"
        else:
            yield _plain(paragraph)


def _all_commands() -> str:
    rows = [f"| [`{name}`]({name}.md) | {_plain(verb.what)} |" for name, verb in VERBS.items()]
    return "\n".join(
        [
            "# Commands",
            "",
            f"`{PROGRAM} VERB --help` says in the terminal what these pages say.",
            "",
            "| verb | what it does |",
            "| --- | --- |",
            *rows,
            "",
            f"`{PROGRAM} --help`:",
            "",
            "```text",
            help_text(),
            "```",
            "",
        ]
    )


def _plain(text: str) -> str:
    """Return text that Markdown shows as it stands."""
    return re.sub(r"([\\`*_\[\]|~])", r"\\\1", html.escape(" ".join(text.split()), quote=False))


def _from_root(path: Path) -> str:
    """Return a page of the repository's root with its links as they are seen from docs/."""
    return path.read_text(encoding="utf-8").replace("](docs/", "](")


if __name__ == "__main__":
    (ROOT / "docs" / "glossary.md").write_text(glossary_page(), encoding="utf-8")
