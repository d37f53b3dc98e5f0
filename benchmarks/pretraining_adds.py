"""What pretraining adds, at each size: errors and gains beside those of nets never trained.

Reads runs of ``w2s-mol reproduce`` or ``run``: a study, and its controls with random weak and
random strong encoders and with peers. Differences are paired, on the same molecules and splits;
intervals are those of ``w2s_mol.statistics``: of these encoders, on other molecules to learn from
and to measure on.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from common import report

from w2s_mol.runs import find_runs
from w2s_mol.statistics.cases import Cases, study_cases
from w2s_mol.statistics.intervals import of_influences
from w2s_mol.study.groups import NO_CONTROL
from w2s_mol.study.prediction_tables import read_predictions

QUANTITIES = ("weak_error", "ceiling_error", "gain")
ALL = "all"


@dataclass(frozen=True)
class Measured:
    """A mean over supervisors and splits, and its influences, shape (m,)."""

    mean: float
    influences: np.ndarray

    def __sub__(self, other: Measured) -> Measured:
        return Measured(self.mean - other.mean, self.influences - other.influences)

    def __str__(self) -> str:
        found = of_influences(self.mean, self.influences)
        return f"{self.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


class Of:
    """The test quantities of one or several studies that are draws of the same."""

    def __init__(self, several: Sequence[Cases]) -> None:
        self.cases = several[0]
        self._samples = [cases.sample("test", QUANTITIES) for cases in several]

    def of(self, quantity: str, hidden: object = ALL) -> Measured:
        """Return the mean over splits and the supervisors of a size."""
        sizes = self.cases.supervisors["hidden"].to_numpy()
        chosen = np.ones(len(sizes), dtype=bool) if hidden == ALL else sizes == hidden
        each = [sample.of(quantity) for sample in self._samples]
        mean = float(np.mean([values[chosen].mean() for values, _ in each]))
        influences = np.mean([of[:, chosen].mean(axis=1) for _, of in each], axis=0)
        return Measured(mean, influences)


def of_dataset(every: list[Cases], dataset: str) -> list[str]:
    """Return the lines of a dataset."""
    here = [cases for cases in every if cases.keys["dataset"] == dataset]
    assert len({cases.molecules for cases in here}) == 1, "the runs are of other molecules"

    def found(control: str, family: str | None = None) -> Of:
        return Of(
            [
                cases
                for cases in here
                if cases.control == control
                and (family is None or set(cases.supervisors["family"]) == {family})
            ]
        )

    study = found(NO_CONTROL)
    untrained, as_bert = found("random weak", "random"), found("random weak", "random-bert")
    strong, peer = found("random strong"), found("peer")
    sizes = list(dict.fromkeys(study.cases.supervisors["hidden"]))
    lines = [
        f"{dataset}, weak error on test, and differences from the pretrained (it)",
        "| hidden | pretrained | untrained | as BERT's | untrained - it | as BERT's - it |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for hidden in sizes:
        three = [one.of("weak_error", hidden) for one in (study, untrained, as_bert)]
        errors = " | ".join(f"{one.mean:.3f}" for one in three)
        apart = " | ".join(str(one - three[0]) for one in three[1:])
        lines.append(f"| {hidden:.0f} | {errors} | {apart} |")
    both = [one.of("ceiling_error") for one in (study, strong)]
    errors = " | ".join(f"{one.mean:.3f}" for one in both)
    lines += [f"| strong (ceiling) | {errors} | | {both[1] - both[0]} | |", ""]
    lines += [
        f"{dataset}, gain on test, in the study and in its controls, and differences",
        "| hidden | gain | peer | random strong | untrained weak | - peer's | - random strong's |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for hidden in (*sizes, ALL):
        four = [one.of("gain", hidden) for one in (study, peer, strong, untrained)]
        gains = " | ".join(f"{one.mean:.3f}" for one in four)
        name = hidden if isinstance(hidden, str) else f"{hidden:.0f}"
        apart = " | ".join(str(four[0] - one) for one in four[1:3])
        lines.append(f"| {name} | {gains} | {apart} |")
    return [*lines, ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path, help="run folders, or folders of these")
    arguments = parser.parse_args()
    every = [
        cases
        for run in find_runs(arguments.runs)
        if run.kind == "study"
        for cases in study_cases(run.table("results"), read_predictions(run))
        if cases.control in (NO_CONTROL, "random weak", "random strong", "peer")
    ]
    lines = [
        line
        for dataset in dict.fromkeys(cases.keys["dataset"] for cases in every)
        for line in of_dataset(every, dataset)
    ]
    report("What pretraining adds", lines, [])


if __name__ == "__main__":
    main()
