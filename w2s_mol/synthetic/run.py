"""The synthetic experiments as a run: every seed of every experiment, kept in a run folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from w2s_mol import files
from w2s_mol.engine.finished import Finished
from w2s_mol.engine.folder import carry_out
from w2s_mol.engine.run import Part
from w2s_mol.errors import InputError
from w2s_mol.progress import Progress, silent
from w2s_mol.settings_check import check, made, wrong
from w2s_mol.synthetic.config import ALL, SyntheticConfig
from w2s_mol.synthetic.experiment import SYNTHETIC_FORMAT, run_experiment
from w2s_mol.threads import one_thread


def run_synthetic(
    config: SyntheticConfig | None = None,
    *,
    output_dir: str | Path | None = None,
    progress: Progress = silent,
    **settings: Any,
) -> Finished:
    """Run the paper's synthetic experiments.

    Parameters
    ----------
    config
        What to run; or give the fields of ``SyntheticConfig`` as keywords.
    output_dir
        A run folder: ``results.csv`` and ``.parquet``, ``curves.parquet`` (how the
        representations trained), ``config.toml`` and ``manifest.json``. A folder with the same
        run goes on where it stopped; a finished one is read. None writes nothing.
    progress
        Told the epochs of each pretraining.

    Returns
    -------
    Finished
        ``tables["results"]`` has one row a seed, experiment and finetuning task.

    Raises
    ------
    InputError
        If a setting cannot be used, or ``output_dir`` holds another run.

    Examples
    --------
    >>> found = run_synthetic(experiment="perturbation", finetuning_tasks=3)
    >>> len(found.tables["results"])
    3
    """
    if config is not None and settings:
        raise InputError("give either a SyntheticConfig or its fields, not both.")
    if not isinstance(config, SyntheticConfig | None):
        raise wrong("config", config, "a SyntheticConfig")
    folder = check("output_dir", output_dir, str | None)
    run = _SyntheticRun(config or made(SyntheticConfig, settings))
    return carry_out(run, Path(folder) if folder else None, progress)


class _SyntheticRun:
    """An ``engine.run.Run``; a part is one experiment with one seed."""

    kind = "synthetic"
    format = SYNTHETIC_FORMAT
    tables: tuple[str, ...] = ("results", "curves")

    def __init__(self, config: SyntheticConfig) -> None:
        self._config = config
        asked = {**config.as_toml(), "experiment": config.experiments}
        del asked["setting"]  # what it says is there; who says it is the same
        self.run_id = files.sha256_json([SYNTHETIC_FORMAT, asked])[:16]
        self._places = {
            f"{name}-{seed}": (name, seed) for name in config.experiments for seed in config.seeds
        }

    def config(self) -> dict[str, Any]:
        return self._config.as_toml()

    def chosen(self) -> dict[str, Any]:
        return self._config.chosen()

    def manifest(self) -> dict[str, Any]:
        every = ALL in self._config.experiment
        return {"notes": {}, "experiments": self._config.experiments, "all_experiments": every}

    def measured(self) -> dict[str, Any]:
        return {"device": "cpu"}

    def part_names(self) -> list[str]:
        return list(self._places)

    def do(self, part: str, progress: Progress) -> Part:
        name, seed = self._places[part]
        started = time.monotonic()
        with one_thread(torch_too=True):
            results, curves = run_experiment(self._config, name, seed, self.run_id, progress)
        progress("synthetic experiments", [*self._places].index(part) + 1, len(self._places))
        seconds = {part: round(time.monotonic() - started, 3)}
        return Part({"results": results, "curves": curves}, seconds=seconds)
