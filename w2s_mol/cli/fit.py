"""``w2s-mol fit``: one model on all labelled molecules, from what a run found."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app

app = new_app()


@app.command()
def fit(
    run: options.TheRun,
    output_dir: Annotated[Path, options.output_dir("A folder that is not there yet.")],
    dataset: options.OfDataset = None,
    weak: options.OfWeak = "recommended",
    strong: options.OfStrong = None,
    use: options.OfUse = "recommended",
    device: options.Device = "auto",
    mirror: options.Mirror = None,
    offline: options.Offline = False,
) -> None:
    """Fit one model on all labelled molecules of a run's dataset.

    Supervisor, use, penalties and weights are those that the run chose on validation. Writes a
    folder: safetensors, JSON, and a model card with the run's errors. In Python,
    w2s_mol.load_model(FOLDER).predict(["CCO"]).

    Example: w2s-mol fit --run runs/lipop -o models/lipop
    """
    from w2s_mol.embeddings.finding import Finder
    from w2s_mol.errors import InputError
    from w2s_mol.prediction.choosing import choose
    from w2s_mol.prediction.fit import fit as fit_model
    from w2s_mol.prediction.library import the_run
    from w2s_mol.study.kept_models import KeptModels

    if output_dir.exists():
        raise InputError(f"{output_dir} exists. Choose another --output-dir, or remove it.")
    found = the_run(run)
    choice = choose(found, KeptModels(found), dataset, weak, strong, use)
    with output.progress_bars() as progress:
        finder = Finder(None, device, mirror=mirror, offline=offline, progress=progress)
        model = fit_model(found, choice, finder, progress)
    model.save(output_dir)
    facts = model.facts
    output.note(choice.words)
    output.note(
        f"{facts['dataset']}: use {model.use}, weak {facts['weak']}, fitted on "
        f"{facts['labelled']:,} labelled molecules; written to {shlex.quote(str(output_dir))}."
    )
