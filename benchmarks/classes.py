"""Which methods help on classes? The comparison of docs/classes.md.

python benchmarks/classes.py FOLDER [--quick] [--docs DOCS] [--workers N]

BACE and BBBP, on ChemBench's scaffold split (its three are one) and on five stratified random
splits of our own; 100, 400 and all true labels (few are drawn anew in each split); the 24 shipped
supervisors; student strong-h256-l6-s0. Every method of Burns et al. 2023 that there is stands
beside the paper's student: taught classes, fitted by reverse KL, mixtures, AdamW with the
confidence loss and without, chains, an encoder adapted to all but the test molecules (of the five
random splits: to the three fifths of them that none of them tests on); and the other uses of the
same labels. Methods that descend have one seed of each size and are compared under these alone.
Runs go to FOLDER and are not repeated; tables are printed, and go to DOCS/classes-tables.md.

Differences are paired over the same test molecules (over scaffolds, where splits keep these
together), means over supervisors, with the intervals of docs/statistics.md.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from common import MIRROR
from numpy.typing import NDArray

from w2s_mol import adapt, run_study
from w2s_mol.manifest import processor
from w2s_mol.runs import FinishedRun, find_runs
from w2s_mol.statistics.cases import Cases, study_cases
from w2s_mol.statistics.intervals import Interval, of_influences
from w2s_mol.study.prediction_tables import USES, read_predictions

DATASETS = ("bace", "bbbp")
STRONG = "strong-h256-l6-s0"
SPLITS: dict[str, dict[str, Any]] = {
    "scaffold": {},
    "random": {"split": "stratified", "split_repeats": 5},
}
LABELS = ("100", "400", "all")
ONE_SEED = tuple(f"weak-h{size}-s0" for size in (8, 12, 16, 24, 32, 48, 64, 96))
ADAMW = {"head": "adamw", "head_epochs": 50, "weak": ONE_SEED}
MIXTURE = {"head": "mixture", "weak": ONE_SEED}
"""Those that descend take one seed of each size, and are compared under these."""
NAIVE, ADAPTED = "naive", "adapted"
HOW_ADAPTED: dict[str, Any] = {"epochs": 2, "head_epochs": 1, "renumberings": 3}
METHODS: dict[str, tuple[dict[str, Any], str]] = {
    NAIVE: ({}, ""),
    "classes taught": ({"teach": "classes"}, NAIVE),
    "reverse KL": ({"loss": "reverse-kl"}, NAIVE),
    "mixture of 4": (MIXTURE, NAIVE),
    "mixture of 4, reverse KL": ({**MIXTURE, "loss": "reverse-kl"}, NAIVE),
    "AdamW": (ADAMW, NAIVE),
    "AdamW, confidence 0.5": ({**ADAMW, "confidence": 0.5}, "AdamW"),
    ADAPTED: ({}, NAIVE),
}
"""Each with its settings, and the method that it is compared with."""
BESIDE = ("weak", "direct", "delta", "stack", "both", "ceiling")
"""What stands beside the student in the run of ``naive``, compared with it."""
SIZES = (8, 12, 16, 24, 32, 48, 64, 96)
SEEDS = (0, 1, 2)


_INTRODUCTION = """# Methods on classes: every table

Written by `python benchmarks/classes.py FOLDER --docs docs`; what it means is in
[classes.md](classes.md#which-methods-help-bace-and-bbbp). Means over supervisors; in brackets 95 %
intervals of the difference from the naive student on the same test molecules, bold where they leave
out zero.

"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--docs", type=Path)
    parser.add_argument("--dataset", nargs="*", choices=DATASETS, default=DATASETS)
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    os.environ.setdefault("W2S_MOL_MIRROR", MIRROR)
    texts = []
    for dataset in asked.dataset[: 1 if asked.quick else None]:
        for name, splits in SPLITS.items():
            work = _Work(asked.folder / dataset / name, dataset, splits, asked)
            texts += [f"### {dataset.upper()}, {name} splits\n", *work.tables()]
    machine = f"{processor()}, {os.cpu_count()} cores, {datetime.now(UTC):%Y-%m-%d}"
    text = _INTRODUCTION + "\n".join([*texts, f"Made by `benchmarks/classes.py`: {machine}.", ""])
    print(text)
    if asked.docs:
        (asked.docs / "classes-tables.md").write_text(text, encoding="utf-8")


class _Work:
    """The runs of one dataset and way to split it."""

    def __init__(
        self, folder: Path, dataset: str, splits: dict[str, Any], asked: argparse.Namespace
    ) -> None:
        self._folder, self._workers = folder, asked.workers
        self._labels = LABELS[:1] if asked.quick else LABELS
        self._shared = {"dataset": dataset, "on_invalid": "skip", **splits}

    def tables(self) -> Iterator[str]:
        """Yield a table for each number of labels, then the chains'."""
        runs = {name: self._run(name, settings) for name, (settings, _) in METHODS.items()}
        each = {name: _cases(run) for name, run in runs.items()}
        beside = {use: _cases(runs[NAIVE], use) for use in BESIDE}
        for labels in self._labels:
            rows: list[_Row] = [("student, naive", _mean(each[NAIVE][labels]), None)]
            for use, cases in beside.items():
                rows.append((use, _mean(cases[labels]), _difference(cases, each[NAIVE], labels)))
            for name, (_, against) in METHODS.items():
                if against:
                    minus = _difference(each[name], each[against], labels)
                    told = name if against == NAIVE else f"{name} (beside {against})"
                    rows.append((told, _mean(each[name][labels]), minus))
            yield f"#### {labels} labels\n\n{_markdown(rows)}\n"
        yield f"#### Chains, from small to large\n\n{self._chains()}\n"

    def _run(self, name: str, settings: dict[str, Any]) -> FinishedRun:
        settings = dict(settings)
        if name == ADAPTED:
            settings["strong"] = self._adapted()
        return self._study(name, {"strong": STRONG, "labels": self._labels, **settings})

    def _study(self, name: str, settings: dict[str, Any]) -> FinishedRun:
        folder = self._folder / name.replace(", ", "-").replace(" ", "-")
        print(f"{folder} ...", flush=True)
        run_study(
            output_dir=folder,
            workers=self._workers,
            keep="predictions",
            **{**self._shared, **settings},
        )
        [run] = find_runs([folder])
        return run

    def _adapted(self) -> str:
        """Return the folder of the student's encoder, adapted to all but test molecules."""
        folder = self._folder / "encoder"
        adapt(STRONG, output_dir=folder, **self._shared, **HOW_ADAPTED)
        return str(folder)

    def _chains(self) -> str:
        """Return a line a first size: its student, and that of the chain from there to the end."""
        singles = [f"weak-h{size}-s{seed}" for size in SIZES[:-1] for seed in SEEDS]
        chains = [
            "chain:" + ">".join(f"weak-h{size}-s{seed}" for size in SIZES[place:])
            for place in range(len(SIZES) - 1)
            for seed in SEEDS
        ]
        settings = {"strong": STRONG, "weak": (*singles, *chains), "labels": self._labels}
        every = _cases(self._study("chains", settings))
        lines = [
            "| labels | from | alone: log loss | chain - that | alone: ROC-AUC | chain - that |",
            "| --- | ---: | ---: | ---: | ---: | ---: |",
        ]
        for labels in self._labels:
            cases = every[labels]
            names = list(map(str, cases.supervisors["weak"]))
            for place, size in enumerate(SIZES[:-1]):
                some = slice(place * len(SEEDS), (place + 1) * len(SEEDS))
                alone = np.array([names.index(name) for name in singles[some]])
                chained = np.array([names.index(name) for name in chains[some]])
                cells = []
                for quantity in ("w2s_error", "w2s_roc_auc"):
                    values, influences = cases.sample("test", (quantity,)).of(quantity)
                    minus = values[chained].mean() - values[alone].mean()
                    of_minus = influences[:, chained].mean(1) - influences[:, alone].mean(1)
                    cells += [f"{values[alone].mean():.3f}", _told(of_influences(minus, of_minus))]
                lines.append(f"| {labels} | {size} | {' | '.join(cells)} |")
        return "\n".join(lines)


_Row = tuple[str, tuple[float, float], tuple[Interval, Interval] | None]


def _cases(run: FinishedRun, use: str = "w2s") -> dict[str, Cases]:
    """Return a run's cases by number of labels, with a use in the student's place."""
    predictions = read_predictions(run)
    column = f"{use}_prediction"
    if use != "w2s":
        if column not in predictions:
            keys = ["dataset", "split", "strong", "family", "weak", "row"]
            uses = run.table(USES)[[*keys, column]]
            for key in keys[:-1]:
                uses[key], predictions[key] = uses[key].astype(str), predictions[key].astype(str)
            predictions = predictions.merge(uses, on=keys, how="left")
        predictions = predictions.assign(w2s_prediction=predictions[column])
    found = study_cases(run.table("results"), predictions)
    return {str(cases.keys["labels"]): cases for cases in found}


def _like(cases: Cases, other: Cases) -> NDArray[np.int64]:
    """Return the places in some cases of the supervisors of others."""
    names = list(map(str, cases.supervisors["weak"]))
    return np.array([names.index(str(name)) for name in other.supervisors["weak"]])


def _mean(cases: Cases) -> tuple[float, float]:
    means = (cases.means("test", name).mean() for name in ("w2s_error", "w2s_roc_auc"))
    error, score = means
    return float(error), float(score)


def _difference(
    of: dict[str, Cases], against: dict[str, Cases], labels: str
) -> tuple[Interval, Interval]:
    """Return how errors and scores differ, means over supervisors on the same molecules."""
    one, other = of[labels], against[labels]
    assert one.molecules == other.molecules
    found = []
    for name in ("w2s_error", "w2s_roc_auc"):
        values, influences = one.sample("test", (name,)).of(name)
        others, of_others = other.sample("test", (name,)).of(name)
        alike = _like(other, one)
        minus = influences.mean(axis=1) - of_others[:, alike].mean(axis=1)
        found.append(of_influences(float(values.mean() - others[alike].mean()), minus))
    return found[0], found[1]


def _markdown(rows: list[_Row]) -> str:
    lines = [
        "| method | log loss | less naive's | ROC-AUC | less naive's |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, (error, score), minus in rows:
        of_error, of_score = ("", "") if minus is None else map(_told, minus)
        lines.append(f"| {name} | {error:.3f} | {of_error} | {score:.3f} | {of_score} |")
    return "\n".join(lines)


def _told(found: Interval) -> str:
    sure = "" if found.low <= 0 <= found.high or pd.isna(found.low) else "**"
    return f"{sure}{found.estimate:+.3f} [{found.low:+.3f}, {found.high:+.3f}]{sure}"


if __name__ == "__main__":
    main()
