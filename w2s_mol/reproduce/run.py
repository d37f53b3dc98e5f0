"""Carrying out a plan, run by run, and writing its report and figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from w2s_mol.errors import DownloadError, W2SMolError
from w2s_mol.figures.style import FORMATS, save
from w2s_mol.progress import Progress, silent
from w2s_mol.report.content import build_report, today
from w2s_mol.report.render import pictures_in, write_report
from w2s_mol.reproduce.asked import what_was_asked, write_asked
from w2s_mol.reproduce.plan import Plan, Step, make_plan
from w2s_mol.runs import FinishedRun, find_runs
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.run import run_study
from w2s_mol.synthetic.run import run_synthetic

TITLE = "Quantifying the gain in weak-to-strong generalization, reproduced"
REPORT = "report.html"
FIGURES = "figures"


def reproduce(
    output_dir: str | Path,
    plan: Plan | None = None,
    *,
    device: str = "auto",
    mirror: str | None = None,
    offline: bool = False,
    progress: Progress = silent,
    announce: Callable[[str], None] = lambda _: None,
) -> Path:
    """Run everything of the paper that can run here, then write the report.

    Parameters
    ----------
    output_dir
        Gets a run folder a step, ``figures/`` and ``report.html``. Stopped, the same call goes
        on; finished runs are read.
    plan
        As ``make_plan`` returns it, which is the default.
    device, mirror, offline, progress
        As in ``run_study``.
    announce
        Told each step before it begins.

    Returns
    -------
    Path
        Of the report.

    Raises
    ------
    InputError
        If the folder cannot be used.
    W2SMolError
        If no step could be run.
    """
    plan = plan or make_plan(mirror, offline)
    output_dir = Path(output_dir)
    access: dict[str, Any] = {"device": device, "mirror": mirror, "offline": offline}
    done: list[Step] = []
    gaps = list(plan.gaps)
    for number, step in enumerate(plan.steps, start=1):
        announce(f"{number} of {len(plan.steps)}: {step.what}")
        try:
            _run(step, output_dir / step.name, access, progress)
        except DownloadError as error:
            gaps.append(f"{step.what} Not run: {error}")
        else:
            done.append(step)
    if not done:
        raise W2SMolError("nothing could be run:\n" + "\n".join(gaps))
    runs = find_runs([output_dir / step.name for step in done])
    return _report(output_dir, runs, [step.what for step in done], gaps, progress)


def _run(step: Step, folder: Path, access: dict[str, Any], progress: Progress) -> None:
    if isinstance(step.config, StudyConfig):
        run_study(step.config, output_dir=folder, progress=progress, **access)
    else:
        run_synthetic(step.config, output_dir=folder, progress=progress)


def _report(
    output_dir: Path, runs: list[FinishedRun], what: list[str], gaps: list[str], progress: Progress
) -> Path:
    write_asked(output_dir, what, gaps)
    asked = what_was_asked(output_dir)
    report = build_report(
        runs,
        title=TITLE,
        asked=asked,
        progress=progress,
        options=("--output", str(output_dir / REPORT), "--title", TITLE),
        date=today(),
    )
    for picture in pictures_in(report):
        save(picture, output_dir / FIGURES, FORMATS)
    write_report(report, output_dir / REPORT, "html")
    return output_dir / REPORT
