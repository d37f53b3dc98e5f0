"""From settings and a prepared corpus to encoders on disk: what is done, resumed or refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers.trainer_utils import get_last_checkpoint

from w2s_mol import __version__, files, manifest
from w2s_mol.encoders.smiles_bert import save_encoder
from w2s_mol.errors import InputError, W2SMolError
from w2s_mol.pretraining.corpus import PreparedCorpus
from w2s_mol.pretraining.devices import (
    is_first_process,
    join_processes,
    tune_cpu_memory,
    wait_for_all,
)
from w2s_mol.pretraining.model import Family
from w2s_mol.pretraining.model_card import METADATA, model_card
from w2s_mol.pretraining.settings import EncoderSettings, TrainingSettings
from w2s_mol.pretraining.training import Trained, train_family
from w2s_mol.progress import Progress, silent

_RECIPES = "recipes.json"

Recipe = dict[str, Any]
"""All that the weights of one encoder depend on, as JSON."""


def pretrain_encoders(
    encoders: Mapping[str, EncoderSettings],
    settings: TrainingSettings,
    train: PreparedCorpus,
    validation: PreparedCorpus,
    output_dir: Path,
    *,
    resume: bool = False,
    device: torch.device | None = None,
    progress: Progress = silent,
) -> dict[str, dict[str, Any]]:
    """Pretrain encoders side by side and save each as a folder that ``AutoModel`` loads.

    Parameters
    ----------
    encoders
        By name, which becomes the folder's. Each ends as it would if trained alone.
    settings, train, validation
        What to train on what; the validation loss is logged and written, and chooses nothing.
    output_dir
        Where the folders go. A finished encoder made in the same way is left as it is. While
        training, ``checkpoints_folder`` in it holds what a resumed run needs.
    resume
        Go on from the last checkpoint, if there is one; the result is that of a run never
        stopped (bit for bit on a CPU).
    device
        Where to train; a CPU by default.
    progress
        Told the steps done.

    Returns
    -------
    dict
        For each encoder how it was made, as in its ``w2s_mol.json``: settings, corpus, losses.

    Raises
    ------
    InputError
        If a folder holds another encoder, or unfinished ones and ``resume`` is not asked for.
    W2SMolError
        If a loss becomes NaN or infinite, or the disk is full.
    """
    device = device or torch.device("cpu")
    join_processes(device)
    if device.type == "cpu":
        tune_cpu_memory()
    recipes = {name: _recipe(one, settings, train, validation) for name, one in encoders.items()}
    made = {name: _finished(output_dir / name, recipe) for name, recipe in recipes.items()}
    missing = {name: encoders[name] for name, found in made.items() if found is None}
    if not missing:
        return {name: found for name, found in made.items() if found is not None}
    # A kill between two saves leaves some finished, and the checkpoints of all.
    together = encoders if checkpoints_folder(output_dir, encoders).exists() else missing
    checkpoints = checkpoints_folder(output_dir, together)
    last = _checkpoint_to_resume(checkpoints, {n: recipes[n] for n in together}, resume)
    wait_for_all()  # until each has looked: the first one writes there now
    if is_first_process():
        files.write_json(checkpoints / _RECIPES, {name: recipes[name] for name in together})
    family = Family(together, settings.objectives)
    work = f"pretraining {next(iter(together))}"
    work += f" and {len(together) - 1} more" if len(together) > 1 else ""
    try:
        trained = train_family(
            family, settings, train, validation, checkpoints, last, device, work, progress
        )
        if is_first_process():
            for name in missing:
                account = _account(trained, name, list(together), device)
                metadata = {"w2s_mol": __version__, **recipes[name], **account}
                _save(family, name, output_dir / name, metadata)
                made[name] = metadata
            shutil.rmtree(checkpoints, ignore_errors=True)
    except (OSError, RuntimeError, SafetensorError) as error:
        if isinstance(error, W2SMolError) or not files.disk_is_full(output_dir):
            raise
        raise W2SMolError(
            f"no space left in {output_dir}. Free some and run it again with --resume."
        ) from error
    wait_for_all()
    return {name: found for name, found in made.items() if found is not None}


def checkpoints_folder(output_dir: Path, names: Mapping[str, Any]) -> Path:
    """Return the folder that holds the checkpoints of encoders while they are trained together."""
    first, *others = names
    beside = f"-with-{files.sha256_json(others)[:8]}" if others else ""
    return output_dir / f".{first}{beside}.training"


def _recipe(
    encoder: EncoderSettings,
    settings: TrainingSettings,
    train: PreparedCorpus,
    validation: PreparedCorpus,
) -> Recipe:
    return {
        **asdict(encoder),
        **asdict(settings),
        "corpus": train.name,
        "corpus_sha256": train.sha256,
        "molecules": len(train),
        "molecules_left_out_of": list(train.without),
        "renumberings": train.renumberings,
        "validation_corpus": validation.name,
        "validation_sha256": validation.sha256,
        "validation_molecules": len(validation),
    }


def _account(trained: Trained, name: str, together: list[str], device: torch.device) -> Recipe:
    return {
        "steps": trained.steps,
        "final": trained.final[name],
        "seconds": round(trained.seconds, 1),
        "trained_beside": [other for other in together if other != name],
        "device": _device_name(device),
        "history": trained.history[name],
    }


def _save(family: Family, name: str, folder: Path, metadata: Recipe) -> None:
    with files.atomic_folder(folder) as temporary:
        save_encoder(family.members()[name].encoder, temporary, model_card(name, metadata))
        files.write_json(temporary / METADATA, metadata)


def _finished(folder: Path, recipe: Recipe) -> Recipe | None:
    """Return how the encoder in a folder was made, None if there is none."""
    if not folder.exists():
        return None
    if not (folder / METADATA).is_file():
        raise InputError(f"{folder} holds something else. Choose another --output-dir.")
    there = _read(folder / METADATA, folder)
    _refuse_other_recipe(folder, there, recipe)
    return there


def _checkpoint_to_resume(folder: Path, recipes: Mapping[str, Recipe], resume: bool) -> str | None:
    if not (folder / _RECIPES).exists():
        return None
    if not resume:
        raise InputError(
            f"{folder} holds unfinished encoders. Pass --resume to go on with them, or remove "
            "that folder to start again."
        )
    there = _read(folder / _RECIPES, folder)
    for name, recipe in recipes.items():
        _refuse_other_recipe(folder, there.get(name, {}), recipe)
    return _last_whole_checkpoint(folder)


def _last_whole_checkpoint(folder: Path) -> str | None:
    """Return the newest whole checkpoint, removing those that a kill left half-written.

    The Trainer writes a checkpoint's ``trainer_state.json`` last.
    """
    while checkpoint := get_last_checkpoint(str(folder)):
        try:
            json.loads((Path(checkpoint) / "trainer_state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            shutil.rmtree(checkpoint, ignore_errors=True)
        else:
            return str(checkpoint)
    return None


def _read(path: Path, folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise InputError(f"{path} is not JSON: {error}. Remove {folder}.") from error


def _refuse_other_recipe(folder: Path, there: Recipe, recipe: Recipe) -> None:
    for name, value in recipe.items():
        if there.get(name) != value:
            raise InputError(
                f"{folder} was begun with {name} {there.get(name)}, not {value}. Use the same "
                "settings and corpus, choose another --output-dir, or remove it."
            )


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{manifest.processor()}, {torch.get_num_threads()} threads"
