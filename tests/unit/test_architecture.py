"""The house is as ARCHITECTURE.md draws it: imports run one way, and modules are small."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = "w2s_mol"
ROOT = Path(__file__).parents[2]
MOST_LINES, MEDIAN_LINES = 400, 150


def rooms_on_the_map(text: str) -> list[str]:
    """Return the rooms and top modules in the order of the map, the first code block of a text.

    A line is two blanks, names parted by commas, two blanks or more, and what they are.
    """
    [block] = re.findall(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[:1]
    lines = [line for line in block.splitlines()[1:] if line.strip()]
    names = [re.split(r"\s{2,}", line.strip())[0] for line in lines]
    return [name.strip().removesuffix("/") for line in names for name in line.split(",")]


def rooms_that_stand(package: Path) -> set[str]:
    """Return the names of the package's top modules and of its folders with modules."""
    return {room_of(path, package) for path in package.rglob("*.py")}


def room_of(path: Path, package: Path) -> str:
    return path.relative_to(package).with_suffix("").parts[0]


def imports_of(path: Path, package: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and dotted name of each import of the package's own, wherever it stands."""
    here = [package.name, *path.relative_to(package).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = here[: len(here) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            named = [f"{origin}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from ((node.lineno, name) for name in named if name.split(".")[0] == package.name)


def imports_from_below(package: Path, rooms: list[str]) -> list[str]:
    """Return each import of a room that stands below the importing one, with file and line."""
    found = []
    place = {room: number for number, room in enumerate(rooms)}
    for path in sorted(package.rglob("*.py")):
        own = room_of(path, package)
        for line, name in imports_of(path, package):
            # A name that is no room is one that the package itself offers.
            target = [*name.split("."), "__init__"][1]
            target = target if target in place else "__init__"
            if place[target] > place.get(own, len(place)):
                where = f"{path.relative_to(package.parent)}:{line}"
                found.append(f"{where} imports {name}, but {target} is below {own}")
    return found


@pytest.fixture(scope="module")
def rooms() -> list[str]:
    return rooms_on_the_map((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))


def test_every_room_is_on_the_map_once(rooms: list[str]) -> None:
    assert sorted(rooms) == sorted(rooms_that_stand(ROOT / PACKAGE))


def test_imports_run_one_way(rooms: list[str]) -> None:
    found = imports_from_below(ROOT / PACKAGE, rooms)
    assert not found, "\n".join(found)


UNTESTED = {
    "__init__": "the names it offers are tested where they live",
    "__main__": "every test of the command line goes through it",
    "_version": "a number",
    "progress": "a type, and a function that does nothing",
}


def test_every_room_has_tests_of_its_own(rooms: list[str]) -> None:
    tests = ROOT / "tests" / "unit"
    there = {path.stem.removeprefix("test_") for path in tests.glob("test_*.py")}
    there |= {path.parent.name for path in tests.glob("*/test_*.py")}
    assert set(rooms) - there == set(UNTESTED)


def test_modules_are_small() -> None:
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / PACKAGE).rglob("*.py")
        if path.name != "__init__.py"
    }
    assert [name for name, size in sizes.items() if size > MOST_LINES] == []
    assert statistics.median(sizes.values()) <= MEDIAN_LINES


MAP = """# House

```
house/
  errors, files   what goes wrong, and where
  cellar/         deep
  attic/          high
  __init__        the door
```

```
other
```
"""


def test_the_map_is_read_in_order() -> None:
    assert rooms_on_the_map(MAP) == ["errors", "files", "cellar", "attic", "__init__"]


@pytest.mark.parametrize(
    "text",
    [
        "import house.attic.roof",
        "from house import attic",
        "from house.attic import roof as r",
        "from house.attic.roof import tile",
        "def f():\n    from house.attic import roof",
        "if TYPE_CHECKING:\n    from house.attic import roof",
        "from .. import attic",
        "from ..attic import roof",
        "from house import __version__",
        "import house",
    ],
)
def test_an_import_from_below_is_found_wherever_it_stands(tmp_path: Path, text: str) -> None:
    place = tmp_path / "house" / "cellar" / "wine.py"
    place.parent.mkdir(parents=True)
    fine = "import json\nfrom house.errors import Mishap\nfrom house import files\n"
    place.write_text(f"{fine}from . import beer\nfrom house.cellar.beer import Beer\n")
    rooms = rooms_on_the_map(MAP)
    assert imports_from_below(tmp_path / "house", rooms) == []
    place.write_text(fine + text)
    [found] = imports_from_below(tmp_path / "house", rooms)
    line = 3 + len(text.splitlines())
    assert found.startswith(f"house/cellar/wine.py:{line} imports house")
    assert found.endswith(" is below cellar")


def test_a_room_below_may_import_any_above(tmp_path: Path) -> None:
    place = tmp_path / "house" / "attic" / "roof.py"
    place.parent.mkdir(parents=True)
    place.write_text("from house.cellar import wine\nfrom house import errors\n")
    assert imports_from_below(tmp_path / "house", rooms_on_the_map(MAP)) == []
