"""From finished runs to a report: what was asked, tables, figures, statistics, controls, runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from w2s_mol import __version__
from w2s_mol.figures.pictures import SHEET, draw_pictures
from w2s_mol.figures.style import Picture
from w2s_mol.progress import Progress, silent
from w2s_mol.report import findings, tables
from w2s_mol.report.blocks import Block, Drawing, Report, Section, Text
from w2s_mol.runs import FinishedRun
from w2s_mol.selection.tables import StudySelection, selections
from w2s_mol.statistics.cases import NO_CONTROL, Cases, study_cases
from w2s_mol.statistics.controls import control_table
from w2s_mol.statistics.gain_misfit import gain_misfit_table, synthetic_table
from w2s_mol.statistics.ranking import ranking_table
from w2s_mol.statistics.resampling import REPLICATES


@dataclass(frozen=True)
class _Study:
    """Everything said of one study on one dataset."""

    cases: Cases
    selection: StudySelection
    papers_way: StudySelection
    statistics: pd.DataFrame
    ranking: pd.DataFrame


def build_report(
    runs: Sequence[FinishedRun],
    *,
    title: str = "Weak-to-strong studies",
    asked: Sequence[str] = (),
    encoders: Sequence[dict[str, Any]] = (),
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
    encoders
        Metadata of the pretrained weak encoders, for their learning curves.
    replicates, seed
        Of the bootstrap.
    progress
        Told the studies done.

    Raises
    ------
    InputError
        If a run cannot be read.
    """
    every = [cases for run in runs if run.kind == "study" for cases in _cases(run)]
    proper = [cases for cases in every if cases.control == NO_CONTROL]
    results = {run.manifest.get("study"): run for run in runs}
    studies = []
    for done, cases in enumerate(proper):
        progress("statistics", done, len(every))
        studies.append(_study(cases, results[cases.study], replicates, seed))
    synthetic = [run for run in runs if run.kind == "synthetic"]
    controls = control_table(every, replicates, seed)
    progress("statistics", len(every), len(every))
    pictures = draw_pictures(runs, encoders)
    sections = [
        _asked(runs, asked),
        _found(studies, synthetic, controls),
        _sheet(pictures),
        *(_study_section(n, study, pictures) for n, study in enumerate(studies)),
        *(_synthetic_section(run, pictures, replicates, seed) for run in synthetic),
        _control_section(controls),
        _encoder_section(pictures),
        _run_section(runs),
    ]
    return Report(title, [s for s in sections if s.blocks], __version__)


def _cases(run: FinishedRun) -> list[Cases]:
    return list(study_cases(run.table("results"), run.table("predictions")))


def _study(cases: Cases, run: FinishedRun, replicates: int, seed: int) -> _Study:
    results = run.table("results")
    results = results[results["dataset"] == cases.keys["dataset"]]
    [selection] = selections(results, "valid")
    [papers_way] = selections(results, "test")
    return _Study(
        cases,
        selection,
        papers_way,
        gain_misfit_table(cases, replicates, seed),
        ranking_table(cases, "valid", replicates, seed),
    )


def _asked(runs: Sequence[FinishedRun], asked: Sequence[str]) -> Section:
    blocks: list[Block] = [Text(sentence) for sentence in asked]
    blocks.append(tables.runs_overview(runs))
    return Section("asked", "What was asked", blocks)


def _found(
    studies: Sequence[_Study], synthetic: Sequence[FinishedRun], controls: pd.DataFrame
) -> Section:
    blocks: list[Block] = [
        Text(sentence, strong=True)
        for run in synthetic
        for sentence in findings.of_synthetic(run.table("results"))
    ]
    for study in studies:
        sentences = findings.of_study(study.cases, study.statistics, study.selection)
        blocks.append(Text(sentences, strong=True))
    blocks += [Text(sentence, strong=True) for sentence in findings.of_controls(controls)]
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
    dataset, strong = str(keys["dataset"]), str(keys["strong"])
    blocks: list[Block] = [tables.selection(study.selection, study.cases.study)]
    if dataset == "lipop":
        blocks.append(tables.beside_the_paper(study.papers_way, study.cases.study))
    blocks += [
        tables.selectors(study.ranking, study.selection, study.cases),
        tables.statistics(study.statistics, study.cases),
    ]
    for beginning in ("selection", f"{SHEET}-", "errors-by-hidden"):
        blocks += _named(pictures, beginning, study.cases.study, dataset)
    title = f"{dataset}: strong {strong}, protocol {keys['protocol']}, head {keys['head']}"
    return Section(f"study-{number}", title, blocks)


def _synthetic_section(
    run: FinishedRun, pictures: Sequence[Picture], replicates: int, seed: int
) -> Section:
    study = str(run.manifest["study"])
    head = run.manifest["config"]["head"]
    blocks: list[Block] = [
        tables.synthetic_means(run.table("results"), study),
        tables.synthetic_statistics(
            synthetic_table(run.table("results"), replicates, seed), run.table("results"), study
        ),
        *_named(pictures, f"{SHEET}-synthetic", study),
        *_named(pictures, "representations", study),
    ]
    return Section(f"synthetic-{study}", f"Synthetic experiments, heads: {head}", blocks)


def _control_section(controls: pd.DataFrame) -> Section:
    if controls.empty:
        return Section("controls", "Null controls")
    blocks: list[Block] = [
        Text(
            "A control repeats a study with the one thing removed that an effect is said to come "
            "from. An effect survives where its interval lies above zero and so does that of its "
            "difference from the control, replicate by replicate on the same molecules."
        )
    ]
    for (_, _study_id), rows in controls.groupby(["dataset", "study"], sort=False):
        blocks.append(tables.controls(rows))
    return Section("controls", "Null controls", blocks)


def _encoder_section(pictures: Sequence[Picture]) -> Section:
    drawn: list[Block] = [Drawing(p) for p in pictures if p.name == "learning-curves"]
    return Section("encoders", "The weak encoders", drawn)


def _run_section(runs: Sequence[FinishedRun]) -> Section:
    blocks: list[Block] = [block for run in runs for block in tables.run_manifest(run)]
    return Section("runs", "The runs", blocks)
