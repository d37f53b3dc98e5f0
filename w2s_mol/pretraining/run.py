"""From settings and a prepared corpus to encoders on disk: what is done, resumed or refused."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from w2s_mol import files
from w2s_mol._version import __version__
from w2s_mol.encoders.folder import METADATA, UNFINISHED
from w2s_mol.encoders.smiles_bert import MAX_POSITIONS, save_encoder
from w2s_mol.errors import InputError
from w2s_mol.pretraining.checkpoints import (
    checkpoints_folder,
    full_disk_told,
    hold,
    last_whole_checkpoint,
)
from w2s_mol.pretraining.corpus import PreparedCorpus
from w2s_mol.pretraining.devices import (
    decided_by_the_first,
    is_first_process,
    join_processes,
    tune_cpu_memory,
    wait_for_all,
)
from w2s_mol.pretraining.model import Family
from w2s_mol.pretraining.model_card import model_card
from w2s_mol.pretraining.objectives import Objectives
from w2s_mol.pretraining.recipes import (
    Recipe,
    account,
    finished,
    read_recipe,
    refuse_other_recipe,
    shared_recipe,
)
from w2s_mol.pretraining.settings import EncoderSettings, TrainingSettings
from w2s_mol.pretraining.shards import Preparation
from w2s_mol.pretraining.training import train_family
from w2s_mol.progress import Progress, silent

_RECIPES = "recipes.json"


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
    for corpus in (train, validation):
        check_lengths(settings.objectives, corpus.renumberings, int(corpus.lengths.max()))
    shared = shared_recipe(settings, train, validation)
    recipes = {name: {**asdict(one), **shared} for name, one in encoders.items()}
    with ExitStack() as lock:
        work = decided_by_the_first(lambda: _take_up(output_dir, recipes, resume, lock))
        made: dict[str, Recipe] = {}
        if work.recipes:
            together = {name: encoders[name] for name in work.recipes}
            with full_disk_told(output_dir, "run it again with --resume"):
                made = _train(work, together, settings, train, validation, device, progress)
    return {name: work.finished.get(name) or made[name] for name in encoders}


def check_before_preparing(
    encoders: Mapping[str, EncoderSettings],
    settings: TrainingSettings,
    preparation: Preparation,
    output_dir: Path,
    resume: bool,
) -> None:
    """Refuse at once what would be refused after preparing a corpus, which may take an hour.

    Parameters
    ----------
    encoders, settings, output_dir, resume
        As in ``pretrain_encoders``.
    preparation
        How the corpus would be prepared.

    Raises
    ------
    InputError
        If the objectives need another preparation, ``output_dir`` cannot be a folder, holds
        something else under these names, or encoders made with other settings, or unfinished ones
        that are not to be resumed, or not like this.
    """
    check_lengths(settings.objectives, preparation.renumberings, preparation.max_length)
    if place := files.file_in_the_way(output_dir / METADATA):
        raise InputError(f"{place} is not a folder. Choose another --output-dir.")
    recipes = {name: {**asdict(one), **asdict(settings)} for name, one in encoders.items()}
    work = _what_to_do(output_dir, recipes)
    _check_resumable(work, resume)


@dataclass(frozen=True)
class _Work:
    """What is finished, and what is to be trained together from which checkpoint."""

    output_dir: Path
    finished: dict[str, Recipe]
    recipes: dict[str, Recipe]
    checkpoints: Path
    checkpoint: str | None = None


def _what_to_do(output_dir: Path, recipes: Mapping[str, Recipe]) -> _Work:
    found = {name: finished(output_dir / name, recipe) for name, recipe in recipes.items()}
    done = {name: made for name, made in found.items() if made is not None}
    missing = set(recipes) - set(done)
    together = _begun_together(output_dir, missing, set(recipes)) or missing
    checkpoints = checkpoints_folder(output_dir, together or recipes)
    to_train = {name: recipes[name] for name in sorted(together)} if missing else {}
    return _Work(output_dir, done, to_train, checkpoints)


def _take_up(
    output_dir: Path, recipes: Mapping[str, Recipe], resume: bool, lock: ExitStack
) -> _Work:
    """Decide what is to be done, and keep others from it from here on."""
    work = _what_to_do(output_dir, recipes)
    if not work.recipes:  # the last run may have been killed before it tidied up
        shutil.rmtree(work.checkpoints, ignore_errors=True)
        return work
    hold(work.checkpoints, lock)
    _check_resumable(work, resume)
    checkpoint = last_whole_checkpoint(work.checkpoints)
    files.write_json(work.checkpoints / _RECIPES, work.recipes)
    return replace(work, checkpoint=checkpoint)


def _train(
    work: _Work,
    encoders: Mapping[str, EncoderSettings],
    settings: TrainingSettings,
    train: PreparedCorpus,
    validation: PreparedCorpus,
    device: torch.device,
    progress: Progress,
) -> dict[str, Recipe]:
    """Train encoders together and save them; return how each was made."""
    if work.checkpoint and not Path(work.checkpoint).is_dir():
        raise InputError(
            f"{work.checkpoint} is not seen by every process. Choose an --output-dir that is the "
            "same folder for all of them."
        )
    family = Family.new(encoders, settings.objectives)
    first, *others = encoders
    title = f"pretraining {first}" + (f" and {len(others)} more" if others else "")
    trained = train_family(
        family,
        settings,
        train,
        validation,
        work.checkpoints,
        work.checkpoint,
        device,
        title,
        progress,
    )
    made = {
        name: {"w2s_mol": __version__, **work.recipes[name], **account(trained, name, device)}
        for name in encoders
    }
    if is_first_process():
        for name, metadata in made.items():
            if name not in work.finished:
                _save(family, name, work.output_dir / name, metadata)
        shutil.rmtree(work.checkpoints, ignore_errors=True)
    wait_for_all()
    return made


def check_lengths(
    objectives: Objectives, renumberings: int, max_length: int, positions: int = MAX_POSITIONS
) -> None:
    """Refuse a corpus whose molecules cannot be paired, or are longer than encoders read."""
    pairs = "pairs" in objectives.used()
    if pairs and renumberings < 2:
        raise InputError(
            "the objective pairs needs two atom orders of each molecule, and the corpus is "
            "prepared with --renumberings 1. Take 2 or more."
        )
    longest = 2 * max_length - 1 if pairs else max_length  # a pair shares one [CLS]
    if longest > positions:
        most = (positions + 1) // 2 if pairs else positions
        raise InputError(
            f"a {'pair of ' if pairs else ''}SMILES can have {longest} tokens, and encoders read "
            f"{positions}. Take a --max-length of at most {most}."
        )


def _save(family: Family, name: str, folder: Path, metadata: Recipe) -> None:
    with files.atomic_folder(folder) as temporary:
        save_encoder(family.members()[name].encoder, temporary, model_card(name, metadata))
        files.write_json(temporary / METADATA, metadata)


def _begun_together(output_dir: Path, missing: set[str], asked: set[str]) -> set[str]:
    """Return the encoders of an unfinished training that has all that is missing, if there is one.

    A kill between two saves leaves some of them finished, and the checkpoints of all.
    """
    under_way = map(set, _under_way(output_dir).values())
    return next((names for names in under_way if missing <= names <= asked), set())


def _under_way(output_dir: Path) -> dict[Path, dict[str, Recipe]]:
    """Return the folders of unfinished trainings and the recipes of their encoders."""
    found = sorted(output_dir.glob(f".*{UNFINISHED}/{_RECIPES}"))
    return {path.parent: read_recipe(path, path.parent) for path in found}


def _check_resumable(work: _Work, resume: bool) -> None:
    """Refuse encoders that an unfinished training holds, unless it is to be resumed as it is."""
    for folder, begun in _under_way(work.output_dir).items():
        shared = sorted(set(begun) & set(work.recipes))
        if shared and folder != work.checkpoints:
            raise InputError(
                f"{folder} holds an unfinished training of {', '.join(shared)} with other "
                "encoders. Ask for the same ones again with --resume, or remove that folder."
            )
        if shared and not resume:
            raise InputError(
                f"{folder} holds unfinished encoders. Pass --resume to go on with them, or remove "
                "that folder to start again."
            )
        for name in shared:
            refuse_other_recipe(folder, begun[name], work.recipes[name])
