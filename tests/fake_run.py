"""A run of three small parts, for whatever keeps runs in folders."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from w2s_mol.engine.folder import carry_out
from w2s_mol.engine.run import Part
from w2s_mol.progress import Progress, silent

ALL_FILES = {"results.csv", "results.parquet", "extra.parquet", "config.toml", "manifest.json"}
TABLE_FILES = ("results.csv", "results.parquet", "extra.parquet")


@dataclass
class FakeRun:
    """Three parts of two tables; ``stop_before`` a part, it is killed.

    The tables that parts have and lack are as in studies: part ``c`` alone has a column ``only_c``
    in its results, and all but ``b`` have the table ``extra``.
    """

    run_id: str = "0123"
    kind: str = "study"
    format: int = 7
    tables: tuple[str, ...] = ("results", "extra")
    names: tuple[str, ...] = ("a", "b", "c")
    factor: int = 1
    stop_before: str | None = None
    before: Callable[[str], object] = lambda _: None
    computed: list[str] = field(default_factory=list)

    def config(self) -> dict[str, Any]:
        return {"factor": self.factor, "names": list(self.names)}

    def chosen(self) -> dict[str, Any]:
        return {} if self.factor == 1 else {"factor": self.factor}

    def part_names(self) -> list[str]:
        return list(self.names)

    def do(self, part: str, progress: Progress) -> Part:
        if part == self.stop_before:
            raise KeyboardInterrupt
        self.before(part)
        self.computed.append(part)
        number = self.names.index(part)
        values = [self.factor * number / 3, self.factor * number / 7]
        results = pd.DataFrame({"part": [part] * 2, "value": values})
        if part == "c":
            results["only_c"] = [1.5, None]
        tables = {"results": results}
        if part != "b":
            tables["extra"] = pd.DataFrame({"part": [part], "number": [number]})
        found = {name: table for name, table in tables.items() if name in self.tables}
        notes = {"a": ["a note", f"a note of {part}"], f"part {part}": ["its own"]}
        return Part(found, notes, {"work": 1.5, part: 0.25})

    def manifest(self) -> dict[str, Any]:
        return {"notes": {"a": ["a note"]}}

    def measured(self) -> dict[str, Any]:
        return {"device": "cpu"}


def stopped(folder: Path, before: str = "c", **other: Any) -> None:
    """Carry out a run that is stopped before one of its parts."""
    with pytest.raises(KeyboardInterrupt):
        carry_out(FakeRun(stop_before=before, **other), folder, silent)


def visible(folder: Path) -> set[str]:
    """Return the names of a folder's files that are not hidden."""
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def contents(folder: Path) -> dict[Path, bytes]:
    """Return every file below a folder."""
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def changed_manifest(folder: Path, **changed: Any) -> None:
    """Change fields of a run's manifest; None takes one away."""
    path = folder / "manifest.json"
    manifest = {**json.loads(path.read_text()), **changed}
    path.write_text(json.dumps({n: v for n, v in manifest.items() if v is not None}))
