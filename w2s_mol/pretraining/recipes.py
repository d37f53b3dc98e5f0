"""What the weights of an encoder depend on, as JSON: written beside them, and compared."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from w2s_mol import files, manifest
from w2s_mol.encoders.folder import METADATA
from w2s_mol.errors import InputError
from w2s_mol.pretraining.batches import BATCHES_FORMAT
from w2s_mol.pretraining.corpus import PreparedCorpus
from w2s_mol.pretraining.devices import number_of_processes
from w2s_mol.pretraining.settings import TrainingSettings
from w2s_mol.pretraining.training import Trained

Recipe = dict[str, Any]
"""All that the weights of one encoder depend on, as JSON."""


def shared_recipe(
    settings: TrainingSettings, train: PreparedCorpus, validation: PreparedCorpus
) -> Recipe:
    """Return what all encoders of a training depend on."""
    return {
        **asdict(settings),
        "batches": BATCHES_FORMAT,
        "corpus": train.name,
        "corpus_sha256": train.sha256,
        "molecules": len(train),
        "content_sha256": train.content,
        "molecules_left_out_of": list(train.without),
        "renumberings": train.renumberings,
        "validation_corpus": validation.name,
        "validation_sha256": validation.sha256,
        "validation_molecules": len(validation),
        "validation_content_sha256": validation.content,
    }


def account(trained: Trained, name: str, device: torch.device) -> Recipe:
    """Return what came of a training of an encoder, beside its weights."""
    return {
        "steps": trained.steps,
        "final": trained.final[name],
        "seconds": round(trained.seconds, 1),
        "trained_beside": [other for other in trained.final if other != name],
        "device": _device_name(device),
        "processes": number_of_processes(),
        "history": trained.history[name],
    }


def finished(folder: Path, recipe: Recipe) -> Recipe | None:
    """Return how the encoder in a folder was made, None if there is none.

    Raises
    ------
    InputError
        If the folder holds something else, or an encoder of another recipe.
    """
    if not folder.exists():
        return None
    if not (folder / METADATA).is_file():
        raise InputError(f"{folder} holds something else. Choose another --output-dir.")
    there = read_recipe(folder / METADATA, folder)
    refuse_other_recipe(folder, there, recipe)
    return there


def read_recipe(path: Path, folder: Path) -> dict[str, Any]:
    """Return what a file in a folder says.

    Raises
    ------
    InputError
        If it cannot be read; the way out is to remove the folder.
    """
    try:
        return dict(files.read_json(path))
    except (ValueError, TypeError) as error:
        raise InputError(f"{path} is not JSON: {error}. Remove {folder}.") from error


def refuse_other_recipe(folder: Path, there: Recipe, recipe: Recipe) -> None:
    """Raise InputError if what is in a folder was begun with another recipe."""
    for name, value in recipe.items():
        if there.get(name) != value:
            raise InputError(
                f"{folder} was begun with {name} {there.get(name)}, not {value}. Use the same "
                "settings and corpus, choose another --output-dir, or remove it."
            )


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"{manifest.processor()}, {threads} thread{'s' if threads > 1 else ''}"
