"""Run the commands of pages; put what they print below them: python docs/shown.py tutorial.md ...

A block ``sh`` holds commands, one a line or ended by a backslash. A block ``text`` that follows it
at once holds what they print; with ``<!-- first N lines -->`` between them it holds the beginning.
A block ``python`` or ``toml`` whose first line is ``# NAME`` is a file of that name. Each page
begins in a folder with the tables of docs/.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

DOCS = Path(__file__).parent
_BLOCK = re.compile(
    r"^```sh\n(?P<commands>.*?)^```\n"
    r"(?P<between>\n(?:<!-- first (?P<first>\d+) lines -->\n+)?)?"
    r"(?(between)(?P<shown>```text\n.*?^```\n)?)",
    re.DOTALL | re.MULTILINE,
)
_FILE = re.compile(
    r"^```(?:python|toml)\n# (\S+\.(?:py|toml))\n(.*?)^```", re.DOTALL | re.MULTILINE
)


def commands(page: Path) -> list[str]:
    """Return the commands of a page that are run, in their order."""
    blocks = _BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [line for block in blocks for line in _lines(block["commands"])]


def _lines(block: str) -> list[str]:
    return [line for line in re.sub(r"\\\n\s*", "", block).splitlines() if line.strip()]


def prepare(page: Path, folder: Path) -> None:
    """Put into a folder what the commands of a page find beside them."""
    for table in DOCS.glob("*.csv"):
        shutil.copy(table, folder)
    for name, text in _FILE.findall(page.read_text(encoding="utf-8")):
        (folder / name).write_text(text, encoding="utf-8")


def printed(command: str, folder: Path) -> str:
    """Return what a command prints on a terminal of 80 columns.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    here = f"{sys.executable} -m w2s_mol"
    done = subprocess.run(
        re.sub(r"^w2s-mol\b", here, command),
        shell=True,
        cwd=folder,
        env={**os.environ, "COLUMNS": "80", "PYTHONPATH": f"{DOCS.parent}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command}\n{done.stderr}")
    return done.stdout


def as_printed(page: Path, folder: Path, run: Callable[[str, Path], str] = printed) -> str:
    """Return the text of a page with what its commands print, run in a prepared folder."""

    def again(block: re.Match[str]) -> str:
        text = "".join(run(line, folder) for line in _lines(block["commands"]))
        if block["shown"] is None:
            return block[0]
        if block["first"] and len(text.splitlines()) > int(block["first"]):
            text = "\n".join([*text.splitlines()[: int(block["first"])], "..."])
        kept = block[0].removesuffix(block["shown"])
        shown = "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
        return f"{kept}```text\n{shown}\n```\n"

    return _BLOCK.sub(again, page.read_text(encoding="utf-8"))


def main() -> None:
    """Write the pages that are named."""
    for name in sys.argv[1:]:
        page = DOCS / Path(name).name
        with tempfile.TemporaryDirectory() as folder:
            prepare(page, Path(folder))
            page.write_text(as_printed(page, Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
