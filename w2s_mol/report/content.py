"""From finished runs to a report: what was asked, tables, figures, statistics, controls, runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pandas as pd

from w2s_mol._version import __version__
from w2s_mol.figures.budgets import BUDGETS
from w2s_mol.figures.panels import Slope
from w2s_mol.figures.pictures import SHEET, draw_pictures, is_papers_dataset, study_key
from w2s_mol.figures.style import Picture
from w2s_mol.progress import Progress, silent
from w2s_mol.report import findings, made, tables
from w2s_mol.report.advised import Advised, advice_on
from w2s_mol.report.blocks import (
    Block,
    Commands,
    Drawing,
    Report,
    Section,
    Text,
    Verdict,
    by_name,
)
from w2s_mol.report.commands import commands
from w2s_mol.report.overview import overview
from w2s_mol.runs import FinishedRun
from w2s_mol.selection.pairs import best_pairs
from w2s_mol.selection.rendering import number_of_labels, unusual_teaching
from w2s_mol.selection.tables import SelectorSplit, StudySelection, selections
from w2s_mol.statistics.cases import Cases, study_cases
from w2s_mol.statistics.controls import MOST_OF_ONE_MOLECULE, control_table
from w2s_mol.statistics.gain_misfit import gain_misfit_table, synthetic_table
from w2s_mol.statistics.ranking import ranking_table
from w2s_mol.statistics.resampling import REPLICATES
from w2s_mol.study.groups import NO_CONTROL, key_of
from w2s_mol.study.prediction_tables import read_predictions


@dataclass(frozen=True)
class _ReadOnce(FinishedRun):
    """A run whose results many parts of a report ask for."""

    read: dict[str, pd.DataFrame] = field(default_factory=dict)

    def table(self, name: str) -> pd.DataFrame:
        """Return a copy of a table: who changes his own changes no other's."""
        if name not in self.read:
            self.read[name] = super().table(name)
        return self.read[name].copy()


@dataclass(frozen=True)
class _Study:
    """Everything said of one study on one dataset."""

    cases: Cases
    selection: StudySelection
    papers_way: StudySelection
    statistics: pd.DataFrame
    ranking: pd.DataFrame
    is_papers: bool
    advised: Advised
    verdict: Verdict

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from all others."""
        return study_key(self.cases.study, self.cases.keys)

    @property
    def slope(self) -> Slope:
        """How gain goes with misfit, as the statistics have it."""
        slope = by_name(self.statistics, "statistic")["slope"]
        return Slope(slope["estimate"], slope["low"], slope["high"])


def today() -> str:
    """Return the date that a report made now is of."""
    return datetime.now(UTC).date().isoformat()


def build_report(
    runs: Sequence[FinishedRun],
    *,
    title: str = "Weak-to-strong studies",
    asked: Sequence[str] = (),
    replicates: int = REPLICATES,
    seed: int = 0,
    progress: Progress = silent,
    options: Sequence[str] = (),
    date: str = "",
) -> Report:
    """Build the report of a set of runs.

    Parameters
    ----------
    runs
        Studies, their null controls and synthetic runs.
    title
        Of the document.
    asked
        Sentences on what was to be run, and on what could not be.
    replicates, seed
        Of the bootstrap.
    progress
        Told the studies done.
    options
        Of the command that makes it again.
    date
        That it is made on.

    Raises
    ------
    InputError
        If a run cannot be read.
    """
    # A copy of a run says nothing new.
    runs = [_ReadOnce(one.folder, one.manifest) for one in {run.id: run for run in runs}.values()]
    every: list[Cases] = []
    studies: list[_Study] = []
    for run in runs:
        if run.kind == "study":
            results = run.table("results")
            found = list(study_cases(results, read_predictions(run)))
            every += found
            proper = [cases for cases in found if cases.control == NO_CONTROL]
            if not proper:
                continue
            advice = advice_on(run, replicates, seed)
            valid, test = _selected(results, "valid"), _selected(results, "test")
            for cases in proper:
                progress("statistics", len(studies), None)
                advised = advice.get(key_of(cases.keys), Advised())
                selected = (valid[key_of(cases.keys)], test[key_of(cases.keys)])
                studies.append(_study(cases, run, selected, advised, replicates, seed))
    synthetic = [run for run in runs if run.kind == "synthetic"]
    controls = control_table(every, replicates, seed)
    slopes = {one.key: one.slope for one in studies}
    pictures = draw_pictures(runs, slopes)
    sections = [
        Section("asked", "What was asked", [Text(sentence) for sentence in asked]),
        _found(studies, synthetic, controls),
        _overview(studies, pictures),
        _students_section(runs),
        _sheet(pictures),
        *(_study_section(n, study, pictures) for n, study in enumerate(studies)),
        *(_synthetic_section(run, pictures, replicates, seed) for run in synthetic),
        _control_section(controls),
        _encoder_section(pictures),
        _again_section(runs, options),
        _run_section(runs),
    ]
    return Report(title, [s for s in sections if s.blocks], __version__, date)


def _selected(
    results: pd.DataFrame, selector_split: SelectorSplit
) -> dict[tuple[str, ...], StudySelection]:
    """Return the selections of a run's studies proper by their keys."""
    return {
        key_of(found.keys): found
        for found in selections(results, selector_split)
        if found.control == NO_CONTROL
    }


def _study(
    cases: Cases,
    run: FinishedRun,
    selected: tuple[StudySelection, StudySelection],
    advised: Advised,
    replicates: int,
    seed: int,
) -> _Study:
    statistics = gain_misfit_table(cases, replicates, seed)
    selection, papers_way = selected
    return _Study(
        cases,
        selection,
        papers_way,
        statistics,
        ranking_table(cases, "valid", replicates, seed),
        is_papers_dataset(
            str(cases.keys["dataset"]), run.manifest.get("config", {}).get("dataset", [])
        ),
        advised,
        findings.of_study(cases, statistics, selection, advised.sentence),
    )


def _students_section(runs: Sequence[FinishedRun]) -> Section:
    studies = [run for run in runs if run.kind == "study"]
    blocks: list[Block] = [
        tables.students(pairs, run.id)
        for run in studies
        for pairs in best_pairs(run.table("results"))
    ]
    return Section("students", "Which strong encoder", blocks)


def _found(
    studies: Sequence[_Study], synthetic: Sequence[FinishedRun], controls: pd.DataFrame
) -> Section:
    blocks: list[Block] = [
        replace(study.verdict, section=_anchor(number)) for number, study in enumerate(studies)
    ]
    blocks += [Text(findings.of_synthetic(run.table("results")), (run.id,)) for run in synthetic]
    if not controls.empty:
        for (study_id, _), rows in controls.groupby(["study", "dataset"], sort=False):
            ids = dict.fromkeys([str(study_id), *map(str, rows["control_study"])])
            blocks.append(Text(findings.of_controls(rows), tuple(ids)))
    return Section("found", "What was found", blocks)


def _overview(studies: Sequence[_Study], pictures: Sequence[Picture]) -> Section:
    several = [(one.cases, one.statistics, one.selection) for one in studies]
    blocks = overview(several) if len(several) > 1 else []
    blocks += [Drawing(p, wide=True) for p in pictures if p.name.startswith(BUDGETS)]
    return Section("overview", "All datasets and students", blocks)


def _named(
    pictures: Sequence[Picture], beginning: str, run: str, key: tuple[str, ...] = ()
) -> list[Drawing]:
    """Return the pictures of a kind that are of one run, and about one study of it."""
    return [
        Drawing(picture)
        for picture in pictures
        if picture.name.startswith(beginning) and run in picture.runs and picture.study == key
    ]


def _sheet(pictures: Sequence[Picture]) -> Section:
    return Section(
        "sheet", "The paper's figures", [Drawing(p) for p in pictures if p.name == SHEET]
    )


def _anchor(number: int) -> str:
    """Return the anchor of a study's section."""
    return f"study-{number}"


def _study_section(number: int, study: _Study, pictures: Sequence[Picture]) -> Section:
    keys = study.cases.keys
    dataset = str(keys["dataset"])
    blocks: list[Block] = []
    for beginning in ("errors-by-hidden", f"{SHEET}-", "selection"):
        wide = beginning == "selection"
        found = _named(pictures, beginning, study.cases.study, study.key)
        blocks += [Drawing(one.picture, wide) for one in found]
        if beginning == f"{SHEET}-":
            blocks += study.advised.pictures
    blocks.append(tables.selection(study.selection, study.cases.study))
    if dataset == "lipop" and study.is_papers:
        blocks.append(tables.beside_the_paper(study.papers_way, study.cases.study))
    blocks += [
        tables.selectors(study.ranking, study.selection, study.cases),
        *tables.scores(study.selection, study.cases.study),
        tables.statistics(study.statistics, study.cases),
        *study.advised.uses,
        *study.advised.molecules,
    ]
    title = (
        f"{dataset}: strong {keys['strong']}{number_of_labels(keys)}, "
        f"protocol {keys['protocol']}, head {keys['head']}{unusual_teaching(keys)}"
    )
    return Section(_anchor(number), title, blocks)


def _synthetic_section(
    run: FinishedRun, pictures: Sequence[Picture], replicates: int, seed: int
) -> Section:
    study = run.id
    head = run.table("results")["head"].iloc[0]
    blocks: list[Block] = [
        tables.synthetic_means(run.table("results"), study),
        tables.synthetic_statistics(
            synthetic_table(run.table("results"), replicates, seed), run.table("results"), study
        ),
        *_named(pictures, f"{SHEET}-synthetic", study),
        *_named(pictures, "representations", study),
    ]
    setting = run.manifest["config"].get("setting")  # runs of 0.3 have none
    title = f"Synthetic experiments, heads: {head}" + (f", setting: {setting}" if setting else "")
    return Section(f"synthetic-{study}", title, blocks)


def _control_section(controls: pd.DataFrame) -> Section:
    if controls.empty:
        return Section("controls", "Null controls")
    blocks: list[Block] = [
        Text(
            "A control repeats a study with the one thing removed that an effect is said to come "
            "from. An effect survives where its interval lies above zero, so does that of its "
            "difference from the control on the same molecules, and p, that either of them is "
            "none, is below 0.05 after Holm's correction for all that is listed of the study. "
            f"A quantity of which one molecule has more than {MOST_OF_ONE_MOLECULE:.0%} gets no "
            "verdict: heads on random features extrapolate wildly on odd molecules. A permutation "
            "of labels and a random strong encoder are one draw each, and that chance is not in an "
            "interval: several are compared one by one."
        )
    ]
    for (_, _study_id), rows in controls.groupby(["dataset", "study"], sort=False):
        blocks.append(tables.controls(rows))
    return Section("controls", "Null controls", blocks)


def _encoder_section(pictures: Sequence[Picture]) -> Section:
    drawn: list[Block] = [Drawing(p) for p in pictures if p.name == "learning-curves"]
    return Section("encoders", "The weak encoders", drawn)


def _again_section(runs: Sequence[FinishedRun], options: Sequence[str]) -> Section:
    blocks: list[Block] = [
        made.runs_overview(runs),
        Commands("In the folder where they were made:", commands(runs, options)),
    ]
    return Section("again", "To make it again", blocks)


def _run_section(runs: Sequence[FinishedRun]) -> Section:
    blocks: list[Block] = [made.run_manifest(run) for run in runs]
    return Section("runs", "The runs", blocks)
