"""A whole study: datasets x splits x weak encoders, kept in a run folder that can go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from w2s_mol.crews.named import Asked
from w2s_mol.encoders.devices import check_device_name
from w2s_mol.engine.finished import Finished, finished_as
from w2s_mol.errors import InputError
from w2s_mol.progress import Progress, silent
from w2s_mol.settings_check import Count, check, made, wrong
from w2s_mol.study.asked import asked_for
from w2s_mol.study.config import StudyConfig

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class StudyResult:
    """What a study found.

    Attributes
    ----------
    finished
        The run, whose tables are read when they are asked for.
    notes
        What a reader should know of each dataset.
    seconds
        How long each piece of work took.
    folder
        Where it is written, if anywhere.
    computed
        False if a finished run was found in the folder and nothing was computed.
    mended
        Names of its files that were found damaged or lost and are written again.
    """

    finished: Finished
    notes: dict[str, list[str]]
    seconds: dict[str, float]
    folder: Path | None = None
    computed: bool = True
    mended: tuple[str, ...] = ()

    @property
    def results(self) -> pd.DataFrame:
        """One row a supervisor, student, split and part; columns in ``result_columns``."""
        return self.finished.table("results")

    @property
    def predictions(self) -> pd.DataFrame:
        """One row a supervisor, student, split and molecule, with its label and SMILES or text."""
        from w2s_mol.study.prediction_tables import MOLECULES, PREDICTIONS, with_molecules

        return with_molecules(self.finished.table(PREDICTIONS), self.finished.table(MOLECULES))


def run_study(
    config: StudyConfig | None = None,
    *,
    output_dir: str | Path | None = None,
    device: str = "auto",
    mirror: str | None = None,
    offline: bool = False,
    workers: int = 1,
    cluster: str | None = None,
    progress: Progress = silent,
    note: Callable[[str], None] = lambda _: None,
    **settings: Any,
) -> StudyResult:
    """Run a weak-to-strong study.

    Parameters
    ----------
    config
        What to study; or give the fields of ``StudyConfig`` as keywords.
    output_dir
        A run folder: ``results.csv`` and ``.parquet``, ``predictions.parquet``,
        ``molecules.parquet``, ``models.parquet`` and ``scalers.parquet`` (if they are kept),
        ``config.toml`` and ``manifest.json``. A folder with the same study goes on where it
        stopped, and a finished one is read, not repeated. None writes nothing.
    device
        ``auto``, ``cpu`` or ``cuda``.
    mirror, offline, progress
        As in ``fetch``.
    workers
        Processes that share the work; more than one need an ``output_dir``. Several calls with the
        same settings and folder share it too. What a script registers (a supervisor of its own) is
        not known to them.
    cluster, note
        As in ``crews.named.Asked``: who works instead, and who is told where that can be watched.

    Raises
    ------
    InputError
        If a setting, a dataset or an encoder cannot be used, or ``output_dir`` holds another
        study.
    DownloadError
        If something cannot be fetched.

    Examples
    --------
    >>> study = run_study(dataset="computed-logp", weak="weak-h8-s0", strong="weak-h32-s0")
    >>> len(study.results)  # 1 supervisor x 3 splits x train, valid, test
    9
    """
    if config is not None and settings:
        raise InputError("give either a StudyConfig or its fields, not both.")
    if not isinstance(config, StudyConfig | None):
        raise wrong("config", config, "a StudyConfig")
    config = config or made(StudyConfig, settings)
    folder, device = check("output_dir", output_dir, str | None), check("device", device, str)
    mirror, offline = check("mirror", mirror, str | None), check("offline", offline, bool)
    check_device_name(device)
    where = Path(folder) if folder else None
    if where and (finished := recognised(config, where)):
        return _result(finished)
    asked = Asked(check("workers", workers, Count), check("cluster", cluster, str | None), note)
    if asked.several and where is None:
        raise InputError("workers share a folder, and there is none. Give output_dir.")
    from w2s_mol.embeddings.finding import Finder
    from w2s_mol.study.plan import StudyPlan

    finder = Finder(config.pooling, device, config.items, mirror, offline, progress)
    plan = StudyPlan(config, finder)
    if asked.several and where is not None:
        from w2s_mol.engine.handing_out import carry_out_together

        [(_, found)] = carry_out_together([(plan, where)], asked, progress)
        if isinstance(found, InputError):
            raise found
        finished = found
    else:
        from w2s_mol.engine.folder import carry_out

        finished = carry_out(plan, where, progress)
    return _result(finished)


def recognised(config: StudyConfig, folder: Path) -> Finished | None:
    """Return the study of a folder if it is finished, whole and plainly the one asked for."""
    return finished_as(folder, lambda: asked_for(config))


def _result(finished: Finished) -> StudyResult:
    notes, seconds = finished.manifest["notes"], finished.manifest["seconds"]
    return StudyResult(
        finished, notes, seconds, finished.folder, finished.computed, finished.mended
    )
