"""What a sweep costs beside its linear algebra, and what its cells take on disk.

python benchmarks/sweep.py [--workers 1 2]

A plan of 14 studies of ESOL, FreeSolv and Lipop, of the 24 shipped supervisors and the shipped
strong encoder: 1,008 cells of (dataset, split, supervisor). Embeddings are there before. The floor
is the time inside ``split_cells``: the fits and predictions of all heads, and the quantities.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from common import Claim, mirror_or_none, report

from w2s_mol.study import plan as study_plan
from w2s_mol.sweep.plan import studies_of
from w2s_mol.sweep.run import run_sweep

_SHARED = {"weak": ["shipped"], "strong": ["strong-h256-l6-s0"]}
PLAN = {
    **_SHARED,
    "dataset": [["esol"], ["freesolv"], ["lipop"]],
    "protocol": ["paper", "disjoint"],
    "shuffle_weak_labels": [False, True],
    "study": [{}, {"dataset": [["esol"], ["freesolv"]], "protocol": "paper", "head": "ols",
                   "shuffle_weak_labels": False}],
}  # fmt: skip
CELLS_A_STUDY = 3 * 24


def swept(folder: Path, workers: int) -> float:
    """Return how long the sweep takes."""
    studies = {folder / str(number): one for number, one in enumerate(studies_of(PLAN))}
    started = perf_counter()
    done = run_sweep(studies, mirror=mirror_or_none(), workers=workers)
    seconds = perf_counter() - started
    refused = [one.refused for one in done if one.refused]
    assert not refused, refused
    return seconds


class Floor:
    """The time spent in a generator, however it is used."""

    def __init__(self, original: Any) -> None:
        self._original, self.seconds = original, 0.0

    def __call__(self, *given: Any) -> Iterator[Any]:
        """Yield what it yields."""
        cells = self._original(*given)
        while True:
            started = perf_counter()
            found = next(cells, None)
            self.seconds += perf_counter() - started
            if found is None:
                return
            yield found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        os.environ["W2S_MOL_HOME"] = f"{place}/home"
        swept(Path(place) / "first", 1)  # embeds
        floor = study_plan.split_cells = Floor(study_plan.split_cells)  # type: ignore[assignment]
        counts = dict.fromkeys([1, *asked.workers])
        took = {workers: swept(Path(place) / str(workers), workers) for workers in counts}
        files = [p for p in (Path(place) / "1").rglob("*") if p.is_file()]
        size = sum(path.stat().st_size for path in files)
    cells = len(studies_of(PLAN)) * CELLS_A_STUDY
    lines = [
        f"{cells:,} cells: {floor.seconds:.1f} s of linear algebra, "
        + ", ".join(f"{each:.1f} s by {workers}" for workers, each in took.items()),
        f"{len(files)} files, {size / cells:,.0f} bytes a cell",
        f"{1e3 * took[1] / cells:.1f} ms a cell",
    ]
    report(
        "A sweep",
        lines,
        [Claim("a sweep by one process / its linear algebra", took[1] / floor.seconds, 1.2,
               at_least=False)],
    )  # fmt: skip


if __name__ == "__main__":
    main()
