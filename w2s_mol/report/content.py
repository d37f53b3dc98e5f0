"""From finished runs to a report: what was asked, tables, figures, statistics, controls, runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from w2s_mol._version import __version__
from w2s_mol.figures.pictures import SHEET, draw_pictures, is_papers_dataset
from w2s_mol.figures.style import Picture
from w2s_mol.progress import Progress, silent
from w2s_mol.report import findings, tables
from w2s_mol.report.advised import Advised, advice_on, key_of
from w2s_mol.report.blocks import Block, Drawing, Report, Section, Text
from w2s_mol.runs import FinishedRun
from w2s_mol.selection.pairs import best_pairs
from w2s_mol.selection.rendering import number_of_labels, unusual_teaching
from w2s_mol.selection.tables import SelectorSplit, StudySelection, selections
from w2s_mol.statistics.cases import Cases, study_cases
from w2s_mol.statistics.controls import MOST_OF_ONE_MOLECULE, control_table
from w2s_mol.statistics.gain_misfit import gain_misfit_table, synthetic_table
from w2s_mol.statistics.ranking import ranking_table
from w2s_mol.statistics.resampling import REPLICATES
from w2s_mol.study.groups import NO_CONTROL
from w2s_mol.study.prediction_tables import read_predictions


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


def build_report(
    runs: Sequence[FinishedRun],
    *,
    title: str = "Weak-to-strong studies",
    asked: Sequence[str] = (),
    replicates: int = REPLICATES,
    seed: int = 0,
    progress: Progress = silent,
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

    Raises
    ------
    InputError
        If a run cannot be read.
    """
    runs = list({run.id: run for run in runs}.values())  # a copy of a run says nothing new
    every: list[Cases] = []
    studies: list[_Study] = []
    for run in runs:
        if run.kind == "study":
            results = run.table("results")
            found = list(study_cases(results, read_predictions(run)))
            every += found
            proper = [cases for cases in found if cases.control == NO_CONTROL]
            advice = advice_on(run, replicates, seed)
            for cases in proper:
                progress("statistics", len(studies), None)
                advised = advice.get(key_of(cases.keys), Advised())
                studies.append(_study(cases, run, results, advised, replicates, seed))
    synthetic = [run for run in runs if run.kind == "synthetic"]
    controls = control_table(every, replicates, seed)
    pictures = draw_pictures(runs)
    sections = [
        _asked(runs, asked),
        _found(studies, synthetic, controls),
        _students_section(runs),
        _sheet(pictures),
        *(_study_section(n, study, pictures) for n, study in enumerate(studies)),
        *(_synthetic_section(run, pictures, replicates, seed) for run in synthetic),
        _control_section(controls),
        _encoder_section(pictures),
        _run_section(runs),
    ]
    return Report(title, [s for s in sections if s.blocks], __version__)


def _study(
    cases: Cases,
    run: FinishedRun,
    results: pd.DataFrame,
    advised: Advised,
    replicates: int,
    seed: int,
) -> _Study:
    def selected(selector_split: SelectorSplit) -> StudySelection:
        return next(
            found
            for found in selections(results, selector_split)
            if found.keys == cases.keys and found.control == cases.control
        )

    return _Study(
        cases,
        selected("valid"),
        selected("test"),
        gain_misfit_table(cases, replicates, seed),
        ranking_table(cases, "valid", replicates, seed),
        is_papers_dataset(
            str(cases.keys["dataset"]), run.manifest.get("config", {}).get("dataset", [])
        ),
        advised,
    )


def _students_section(runs: Sequence[FinishedRun]) -> Section:
    studies = [run for run in runs if run.kind == "study"]
    blocks: list[Block] = [
        tables.students(pairs, run.id)
        for run in studies
        for pairs in best_pairs(run.table("results"))
    ]
    return Section("students", "Which strong encoder", blocks)


def _asked(runs: Sequence[FinishedRun], asked: Sequence[str]) -> Section:
    blocks: list[Block] = [Text(sentence) for sentence in asked]
    blocks.append(tables.runs_overview(runs))
    return Section("asked", "What was asked", blocks)


def _found(
    studies: Sequence[_Study], synthetic: Sequence[FinishedRun], controls: pd.DataFrame
) -> Section:
    blocks: list[Block] = [
        Text(findings.of_synthetic(run.table("results")), (run.id,)) for run in synthetic
    ]
    for study in studies:
        sentences = findings.of_study(study.cases, study.statistics, study.selection)
        blocks += [Text(sentences, (study.cases.study,)), *study.advised.sentence]
    if not controls.empty:
        for (study_id, _), rows in controls.groupby(["study", "dataset"], sort=False):
            ids = dict.fromkeys([str(study_id), *map(str, rows["control_study"])])
            blocks.append(Text(findings.of_controls(rows), tuple(ids)))
    return Section("found", "What was found", blocks)


def _named(pictures: Sequence[Picture], beginning: str, run: str, dataset: str = "") -> list[Block]:
    """Return the pictures of a kind that are of one run, and about one dataset."""
    return [
        Drawing(picture)
        for picture in pictures
        if picture.name.startswith(beginning) and run in picture.runs and picture.dataset == dataset
    ]


def _sheet(pictures: Sequence[Picture]) -> Section:
    return Section(
        "sheet", "The paper's figures", [Drawing(p) for p in pictures if p.name == SHEET]
    )


def _study_section(number: int, study: _Study, pictures: Sequence[Picture]) -> Section:
    keys = study.cases.keys
    dataset = str(keys["dataset"])
    blocks: list[Block] = [tables.selection(study.selection, study.cases.study)]
    if dataset == "lipop" and study.is_papers:
        blocks.append(tables.beside_the_paper(study.papers_way, study.cases.study))
    blocks += [
        tables.selectors(study.ranking, study.selection, study.cases),
        *tables.scores(study.selection, study.cases.study),
        tables.statistics(study.statistics, study.cases),
        *study.advised.uses,
        *study.advised.molecules,
    ]
    for beginning in ("selection", f"{SHEET}-", "errors-by-hidden"):
        blocks += _named(pictures, beginning, study.cases.study, dataset)
    title = (
        f"{dataset}: strong {keys['strong']}{number_of_labels(keys)}, "
        f"protocol {keys['protocol']}, head {keys['head']}{unusual_teaching(keys)}"
    )
    return Section(f"study-{number}", title, blocks)


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


def _run_section(runs: Sequence[FinishedRun]) -> Section:
    blocks: list[Block] = [tables.run_manifest(run) for run in runs]
    return Section("runs", "The runs", blocks)
